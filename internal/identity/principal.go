package identity

import (
	"maps"
	"slices"

	"gatehouse/internal/policy/condition"
)

// Kind is what sort of caller a principal is.
type Kind uint8

// The kinds of principals. The zero value is nobody and may do nothing.
const (
	Nobody Kind = iota
	// RootUser is the account itself.
	RootUser
	// IAMUser is a user, with a key of its own or with credentials of GetSessionToken.
	IAMUser
	// RoleSession is whoever has assumed a role: a user, a service, a web identity, a Cognito identity.
	RoleSession
	// FederatedUser has credentials of GetFederationToken.
	FederatedUser
	// Service is an AWS service that calls on its own account.
	Service
)

// String names the kind as aws:PrincipalType does.
func (k Kind) String() string {
	switch k {
	case RootUser:
		return "Account"
	case IAMUser:
		return "User"
	case RoleSession:
		return "AssumedRole"
	case FederatedUser:
		return "FederatedUser"
	case Service:
		return "Service"
	}
	return "Anonymous"
}

// Principal is who a verified signature stands for. It is made when a key is looked up, shared by all calls
// that are signed with it, and never changed.
type Principal struct {
	Kind    Kind
	Account AccountID
	// ARN is the caller as messages and events show it: a session's is
	// "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION", without the path of the role.
	ARN string
	// ID is the unique id: "AIDA…" of a user, "AROA…" of a role session's role, the account id of the
	// account itself and of its federated users.
	ID string
	// Name is that of the user, of the role session or of the federated user; for a service its host name.
	Name string
	// Issuer is the ARN of what gave a session its rights: the role with its path, or the user or
	// account behind a federated user. Without a session it is ARN.
	Issuer string
	// Key is the access key that signed.
	Key AccessKeyID
	// Tags are those of the user, or of the role under those of the session.
	Tags map[string]string
	// Session is nil for long-term credentials.
	Session *Session
}

// UserID is aws:userid and, in events of API Gateway, "user" and "caller": "AIDA…" of a user,
// "AROA…:session" of a role session, the account id of the account, "account:name" of a federated user.
func (p *Principal) UserID() string {
	switch p.Kind {
	case RoleSession, FederatedUser:
		return p.ID + ":" + p.Name
	}
	return p.ID
}

// PolicyARN is aws:PrincipalArn: the ARN, but of a role session the ARN of its role.
func (p *Principal) PolicyARN() string {
	if p.Kind == RoleSession {
		return p.Issuer
	}
	return p.ARN
}

// Cognito returns what is known of the Cognito identity behind a session, nil for every other caller.
func (p *Principal) Cognito() *Cognito {
	if p.Session == nil {
		return nil
	}
	return p.Session.Cognito
}

// Describe fills in what policies may ask about the caller. It overwrites those fields of the context and
// no others (IAM user guide, "AWS global condition context keys", properties of the principal and of the
// role session).
func (p *Principal) Describe(c *condition.Context) {
	c.PrincipalARN, c.PrincipalAccount, c.PrincipalType = p.PolicyARN(), string(p.Account), p.Kind.String()
	c.UserID, c.Username = p.UserID(), ""
	c.PrincipalTags = tagsOf(p.Tags)
	c.PrincipalIsAWSService = condition.FlagOf(p.Kind == Service)
	c.PrincipalServiceName, c.PrincipalServiceNames = "", nil
	switch p.Kind {
	case IAMUser:
		c.Username = p.Name
	case Service:
		c.PrincipalServiceName, c.PrincipalServiceNames = p.Name, []string{p.Name}
	case Nobody:
		c.UserID, c.PrincipalIsAWSService = "anonymous", condition.Absent
	}
	if s := p.Session; s != nil {
		c.TokenIssueTime, c.SourceIdentity, c.FederatedProvider = s.Issued, s.SourceIdentity, s.Provider
		// There are no second factors here; the key exists for temporary credentials only.
		c.MFAPresent = condition.False
		c.More = append(c.More, s.Attributes()...)
	}
}

// tagsOf lists tags by name, in a fixed order.
func tagsOf(tags map[string]string) []condition.Tag {
	if len(tags) == 0 {
		return nil
	}
	out := make([]condition.Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, condition.Tag{Key: k, Value: tags[k]})
	}
	return out
}
