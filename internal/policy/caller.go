package policy

import (
	"strings"

	"gatehouse/internal/policy/condition"
)

// Caller is who asks, as policies see it. A nil Caller, like the zero one, is anonymous.
type Caller struct {
	Type CallerType
	// Account is the account of the caller; empty for anonymous callers, services and web identities.
	Account string
	// ARN is that of the root user, the user, the federated user or the session of a role
	// (arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION).
	ARN string
	// RoleARN is the ARN of the role of a session, path included: it cannot be made from the ARN of the session.
	RoleARN string
	// ID is aws:userid: AIDA…, AROA…:SESSION, ACCOUNT:NAME, or the number of the account for its root user.
	ID string
	// Name is the name of a user.
	Name string
	// Service is a service principal such as apigateway.amazonaws.com.
	Service string
	// Provider is the identity provider of a web identity, as a trust policy names it under Federated.
	Provider string
	// Tags are those of the user, or of the role and its session together.
	Tags []condition.Tag
	// Bounded says that the user or role has a permissions boundary, Set.Boundary: no NotPrincipal spares it.
	Bounded bool
}

// CallerType is a kind of principal.
type CallerType uint8

// The types of callers.
const (
	Anonymous     CallerType = iota
	Root                     // the root user of an account
	User                     // an IAM user, also with credentials of GetSessionToken
	AssumedRole              // a session of a role
	FederatedUser            // credentials of GetFederationToken
	Service                  // an AWS service on its own account
	WebIdentity              // a token of an identity provider, before any role is assumed
	callerTypes
)

// callerTypeNames are the values of aws:PrincipalType.
var callerTypeNames = [callerTypes]string{
	Anonymous: "Anonymous", Root: "Account", User: "User", AssumedRole: "AssumedRole", FederatedUser: "FederatedUser",
}

// kind is the type; anonymous for nobody and for types that do not exist.
func (c *Caller) kind() CallerType {
	if c == nil || c.Type >= callerTypes {
		return Anonymous
	}
	return c.Type
}

// String is the caller in the messages of AWS.
func (c *Caller) String() string {
	switch c.kind() {
	case Anonymous:
		return "anonymous"
	case Service:
		return c.Service
	case WebIdentity:
		return c.Provider
	}
	return c.ARN
}

// Describe fills the keys of the context that say who calls (IAM user guide, "Principal key values"). For resource
// policies API Gateway has these keys on AWS_IAM methods only, so do not call it for other methods.
func (c *Caller) Describe(x *condition.Context) {
	k := c.kind()
	x.PrincipalType = callerTypeNames[k]
	if k == Anonymous {
		x.UserID = "anonymous"
		return
	}
	x.PrincipalIsAWSService = condition.FlagOf(k == Service)
	x.PrincipalAccount, x.PrincipalARN, x.UserID, x.PrincipalTags = c.Account, c.ARN, c.ID, c.Tags
	switch k {
	case User:
		x.Username = c.Name
	case AssumedRole:
		x.PrincipalARN = c.RoleARN
	case Service:
		x.PrincipalServiceName = c.Service
	}
}

// identities are what a NotPrincipal with Deny must name, every one of them, to spare the caller; none for callers
// that it cannot spare.
func (c *Caller) identities() level {
	switch c.kind() {
	case Root:
		return accountLevel
	case User, FederatedUser:
		return accountLevel | entityLevel
	case AssumedRole:
		return accountLevel | entityLevel | sessionLevel
	case Service:
		return serviceLevel
	case WebIdentity:
		return providerLevel
	}
	return 0
}

// ownGrant is the strength of an Allow that names the caller by its own ARN, or everybody: a role session stays
// within the boundary and the session policies [inferred for everybody].
func (c *Caller) ownGrant() grant {
	if c.kind() == AssumedRole {
		return limited
	}
	return direct
}

func (c *Caller) partition() string {
	p, _, _ := strings.Cut(strings.TrimPrefix(c.ARN, "arn:"), ":")
	return p
}
