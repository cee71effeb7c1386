package policy

// Set are the policies of a caller. The nil Set has none.
type Set struct {
	// SCP are the service control policies by level, root, organisational units and account; every level must
	// allow. Without levels nothing is limited.
	SCP [][]*Policy
	// Identity are the inline and managed policies of the caller and of its groups.
	Identity []*Policy
	// Boundary is nil without permissions boundary.
	Boundary *Policy
	// Session are the policies that the session was made with, in union; nil if it was made without any, which
	// limits nothing (but leaves a federated user with nothing). Empty, but not nil, allows nothing.
	Session []*Policy
}

// Layers are all the policies that apply to a request.
type Layers struct {
	// Caller are the policies of the caller.
	Caller *Set
	// Resource is the resource-based or trust policy; nil without.
	Resource *Policy
	// Endpoint is the policy of the VPC endpoint; nil is full access, and for calls that came through none.
	Endpoint *Policy
	// Authorizer is what the Lambda authorizer of a method returned (Authorize only).
	Authorizer *Policy
	// Private says that the API is private: it refuses everybody without resource policy (Authorize only).
	Private bool
}

// judged is what each layer says to a request, before they are combined.
type judged struct {
	endpoint, resource, identity, boundary, session outcome
	// scp is a Deny, or Silent if one of the levels does not allow.
	scp outcome
	set *Set
}

var nothing = outcome{statement: -1}

// judge evaluates every policy once.
func judge(r *Request, l *Layers) judged {
	set := l.Caller
	if set == nil {
		set = &noPolicies
	}
	j := judged{
		endpoint: naming.one(r, l.Endpoint), resource: naming.one(r, l.Resource), boundary: attached.one(r, set.Boundary),
		identity: attached.union(r, set.Identity), session: attached.union(r, set.Session),
		scp: outcome{effect: Allow, statement: -1}, set: set,
	}
	for _, level := range set.SCP {
		o := attached.union(r, level)
		if o.effect == Deny {
			j.scp = o
			break
		}
		if o.effect == Silent {
			j.scp = nothing
		}
	}
	return j
}

var noPolicies Set

// place says whether the policies of a layer name principals, or apply to those that they are attached to. A policy
// in a place that it was not written for denies: an identity policy taken for a resource policy would let everybody
// in.
type place bool

const (
	naming   place = true
	attached place = false
)

func (at place) one(r *Request, p *Policy) outcome {
	switch {
	case p == nil:
		return nothing
	case p.broken == nil && kinds[p.doc.Kind].principal != bool(at):
		return outcome{effect: Deny, policy: p, statement: -1}
	}
	return p.evaluate(r)
}

// union is what several policies of one layer say together: a Deny wins, then the first Allow.
func (at place) union(r *Request, list []*Policy) outcome {
	allowed := nothing
	for _, p := range list {
		switch o := at.one(r, p); {
		case o.effect == Deny:
			return o
		case allowed.effect == Silent && o.effect == Allow:
			allowed = o
		}
	}
	return allowed
}

// denied finds an explicit deny. One is named, whatever other layers deny too; the order is that in which a request
// meets the layers.
func (j *judged) denied(resource Layer) (Decision, bool) {
	for _, l := range [...]struct {
		layer Layer
		o     *outcome
	}{
		{EndpointLayer, &j.endpoint}, {SCPLayer, &j.scp}, {resource, &j.resource},
		{IdentityLayer, &j.identity}, {BoundaryLayer, &j.boundary}, {SessionLayer, &j.session},
	} {
		if l.o.effect == Deny {
			return decided(l.layer, *l.o), true
		}
	}
	return Decision{}, false
}

// Decide combines the policies for one request (IAM user guide, "Policy evaluation logic"):
//
//  1. an explicit deny anywhere refuses;
//  2. the endpoint policy and every level of SCPs must allow;
//  3. across accounts, both the resource's policy and the caller's own policies must allow;
//  4. within one account, either suffices, but who is named in the resource's policy decides what else must allow:
//     nothing for a user, a session or a federated user; boundary and session policies for a role; the caller's own
//     policies for its account. A trust policy must allow in any case;
//  5. boundary and session policies, if there are any, must allow.
//
// The root user needs no policies of its own. Callers without account (anonymous, services, web identities) have
// nothing but the resource's policy.
func Decide(r *Request, l *Layers) Decision {
	resource := resourceLayer(l.Resource)
	j := judge(r, l)
	if d, ok := j.denied(resource); ok {
		return d
	}
	switch {
	case l.Endpoint != nil && j.endpoint.effect != Allow:
		return silent(EndpointLayer)
	case j.scp.effect != Allow:
		return silent(SCPLayer)
	}
	owner := r.Owner
	if owner == "" {
		owner = r.Resource.Account
	}
	named := j.resource.effect == Allow
	own := r.Caller.identities()&accountLevel != 0
	switch foreign := owner == "" || !own || owner != r.Caller.Account; {
	case !named && (foreign || resource == TrustLayer):
		return silent(resource)
	case !own, named && !foreign && j.resource.grant == direct:
		return decided(resource, j.resource)
	case named && !foreign && j.resource.grant == limited:
		return j.within(decided(resource, j.resource), r.Caller)
	case r.Caller.Type == Root:
		return Decision{Effect: Allow, Layer: IdentityLayer, Statement: -1}
	case j.identity.effect != Allow:
		return silent(IdentityLayer)
	}
	return j.within(decided(IdentityLayer, j.identity), r.Caller)
}

// resourceLayer is the layer of a resource-based policy, which is the trust policy when a role is the resource.
func resourceLayer(p *Policy) Layer {
	if p != nil && p.doc.Kind == Trust {
		return TrustLayer
	}
	return ResourceLayer
}

// within keeps an allow inside the boundary and the session policies.
func (j *judged) within(d Decision, c *Caller) Decision {
	switch {
	case j.set.Boundary != nil && j.boundary.effect != Allow:
		return silent(BoundaryLayer)
	case (j.set.Session != nil || c.Type == FederatedUser) && j.session.effect != Allow:
		return silent(SessionLayer)
	}
	return d
}
