package identity

import (
	"maps"
	"slices"

	"gatehouse/internal/policy"
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

// Cognito returns what is known of the Cognito identity behind a session, nil for every other caller.
func (p *Principal) Cognito() *Cognito {
	if p.Session == nil {
		return nil
	}
	return p.Session.Cognito
}

// Subject is the principal as policies see it.
func (p *Principal) Subject() *policy.Caller {
	c := &policy.Caller{
		Type: p.Kind.subject(), Account: string(p.Account), ARN: p.ARN, ID: p.UserID(), Tags: tagsOf(p.Tags),
	}
	switch p.Kind {
	case IAMUser:
		c.Name = p.Name
	case RoleSession:
		c.RoleARN = p.Issuer
	case Service:
		c.Service = p.Name
	}
	return c
}

func (k Kind) subject() policy.CallerType {
	switch k {
	case RootUser:
		return policy.Root
	case IAMUser:
		return policy.User
	case RoleSession:
		return policy.AssumedRole
	case FederatedUser:
		return policy.FederatedUser
	case Service:
		return policy.Service
	}
	return policy.Anonymous
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
