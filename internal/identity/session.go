package identity

import (
	"maps"
	"slices"
	"time"

	"gatehouse/internal/policy/condition"
	"gatehouse/internal/seal"
)

// Session is a set of temporary credentials and all that was said when they were given. It says who is
// meant by unique ids: a session of a role or user that is gone, or was made again, is nobody's.
//
// Exactly one of Root, User and Role says whose rights it has.
type Session struct {
	Key     AccessKeyID
	Secret  seal.Secret
	Issued  time.Time
	Expires time.Time

	Root bool
	User UserID
	Role RoleID
	// Name is the role session name, or that of the federated user; "" for credentials of
	// GetSessionToken, which are the user or the account itself.
	Name string

	// SourceIdentity is aws:SourceIdentity; it stays through role chaining.
	SourceIdentity string
	// Tags are the session tags, Transitive the names of those that stay through role chaining.
	Tags       map[string]string
	Transitive []string
	// Chained is true when the credentials that assumed the role were those of a role.
	Chained bool

	// Policy and PolicyARNs are the session policies: they never add to the rights of Root, User or Role.
	Policy     string
	PolicyARNs []string

	// Provider is the web identity provider, aws:FederatedProvider; Web holds the claims that policies
	// may ask about, by condition key ("accounts.example.com:sub").
	Provider string
	Web      map[string][]string
	Cognito  *Cognito
}

// Cognito is what is known of a caller with credentials of an identity pool.
type Cognito struct {
	// IdentityID and PoolID are "region:uuid".
	IdentityID, PoolID string
	// Authenticated is false for guests.
	Authenticated bool
	// AuthenticationProvider is "PROVIDER,PROVIDER:CognitoSignIn:SUBJECT", "" for guests.
	AuthenticationProvider string
}

// Limited reports whether there are session policies. A federated user without any has no rights of its own.
func (s *Session) Limited() bool { return s.Policy != "" || len(s.PolicyARNs) > 0 }

// Expired reports whether the credentials are no longer good.
func (s *Session) Expired(now time.Time) bool { return !now.Before(s.Expires) }

// describe fills in the keys that temporary credentials have.
func (s *Session) describe(x *condition.Context) {
	if s == nil {
		return
	}
	x.TokenIssueTime, x.SourceIdentity, x.FederatedProvider = s.Issued, s.SourceIdentity, s.Provider
	// There are no second factors here, and the key exists for temporary credentials only.
	x.MFAPresent = condition.False
	x.More = append(x.More, Attributes(s.Web)...)
}

// Attributes are claims of an identity provider as condition keys, in a fixed order.
func Attributes(claims map[string][]string) []condition.Attribute {
	var out []condition.Attribute
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		out = append(out, condition.Attribute{Name: name, Values: claims[name]})
	}
	return out
}
