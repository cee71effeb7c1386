package policy

// AuthType is the authorization type of a method of a REST API. The zero value is none of them and refuses.
type AuthType uint8

// The authorization types.
const (
	None    AuthType = 1 + iota // NONE
	Custom                      // CUSTOM, a Lambda authorizer
	IAM                         // AWS_IAM
	Cognito                     // COGNITO_USER_POOLS
)

// Authorize combines the policies for one call of a REST API, after its authorizer has run (API Gateway developer
// guide, "How resource policies affect authorization workflow"):
//
//	type     without resource policy     with one
//	NONE     open                        it must allow
//	CUSTOM   the authorizer must allow   table A: either must allow
//	IAM      Decide                      table A in one account, table B across accounts: Decide
//	COGNITO  open, once the token is in  it must allow (the guide's table says otherwise than its text; this is
//	                                     the stricter)
//
// An explicit deny refuses everywhere, and a private API without resource policy refuses everybody. Except with IAM
// the resource policy sees an anonymous caller, whoever the authorizer or the token says it is.
func Authorize(t AuthType, r *Request, l *Layers) Decision {
	if l.Private && l.Resource == nil || t < None || t > Cognito {
		return silent(ResourceLayer)
	}
	if t == IAM {
		return Decide(r, l)
	}
	anonymous := *r
	anonymous.Caller = nil
	j := judged{endpoint: naming.one(&anonymous, l.Endpoint), resource: naming.one(&anonymous, l.Resource),
		identity: nothing, boundary: nothing, session: nothing, scp: nothing}
	if t == Custom {
		j.identity = attached.one(&anonymous, l.Authorizer)
	}
	if d, ok := j.denied(ResourceLayer); ok {
		return d
	}
	switch {
	case l.Endpoint != nil && j.endpoint.effect != Allow:
		return silent(EndpointLayer)
	case t == Custom && j.identity.effect == Allow:
		return decided(IdentityLayer, j.identity)
	case j.resource.effect == Allow:
		return decided(ResourceLayer, j.resource)
	case t == Custom:
		return silent(IdentityLayer)
	case l.Resource != nil:
		return silent(ResourceLayer)
	}
	return Decision{Effect: Allow, Statement: -1}
}

// First is the pass before the authorizer runs: an explicit deny of the resource policy spares the call of a Lambda
// authorizer. The second result is false when there is nothing to say yet.
func First(r *Request, resource *Policy) (Decision, bool) {
	anonymous := *r
	anonymous.Caller = nil
	if o := naming.one(&anonymous, resource); o.effect == Deny {
		return decided(ResourceLayer, o), true
	}
	return Decision{}, false
}

// AtEndpoint is the answer of a VPC endpoint policy, which stands before every other check of a private API. The
// caller is the one that the Authorization header proves; without proof it is anonymous. A nil policy lets everybody
// through.
func AtEndpoint(r *Request, endpoint *Policy) Decision {
	if endpoint == nil {
		return Decision{Effect: Allow, Statement: -1}
	}
	return decided(EndpointLayer, naming.one(r, endpoint))
}
