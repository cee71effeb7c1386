package policy

import (
	"strings"

	"gatehouse/internal/arn"
)

// Layer is a kind of policy in the order of evaluation.
type Layer uint8

// The layers.
const (
	NoLayer Layer = iota
	EndpointLayer
	SCPLayer
	ResourceLayer
	TrustLayer
	IdentityLayer // also what a Lambda authorizer returned
	BoundaryLayer
	SessionLayer
	layers
)

// layerNames are AWS's names, with the article that the messages use.
var layerNames = [layers]struct{ article, name string }{
	EndpointLayer: {"a ", "VPC endpoint policy"},
	SCPLayer:      {"a ", "service control policy"},
	ResourceLayer: {"a ", "resource-based policy"},
	TrustLayer:    {"the ", "role trust policy"},
	IdentityLayer: {"an ", "identity-based policy"},
	BoundaryLayer: {"a ", "permissions boundary"},
	SessionLayer:  {"a ", "session policy"},
}

// String is the name of the layer in AWS's messages; empty for NoLayer.
func (l Layer) String() string {
	if l < layers {
		return layerNames[l].name
	}
	return ""
}

// Decision is the answer to a Request. The zero value refuses. It is a small value and is never allocated.
type Decision struct {
	// Effect is Allow, Deny (explicit) or Silent (implicit deny).
	Effect Effect
	// Layer is where the explicit deny stands, which layer was silent, or which granted.
	Layer Layer
	// Policy is the name of the deciding policy, Sid the id of its statement and Statement its index in the
	// document; -1 if no statement decided: nothing matched, the policy is broken, or the caller is root.
	Policy, Sid string
	Statement   int
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Effect == Allow }

// Because is AWS's reason of a refusal, without a leading space (IAM user guide, "Access denied error messages"):
// "because no identity-based policy allows the execute-api:Invoke action" or "with an explicit deny in a
// resource-based policy". It is empty for an allowed request and where no layer is to blame.
func (d Decision) Because(action Action) string {
	name := d.Layer.String()
	switch {
	case name == "" || d.Effect == Allow:
		return ""
	case d.Effect == Deny:
		return "with an explicit deny in " + layerNames[d.Layer].article + name
	}
	return "because no " + name + " allows the " + action.text + " action"
}

// Message is the whole sentence: "User: … is not authorized to perform: … on resource: … because …". The resource is
// left out when it is empty; API Gateway masks its account (MaskAccount) and names no caller but anonymous for
// authorizers.
func (d Decision) Message(caller *Caller, action Action, resource string) string {
	var b strings.Builder
	b.WriteString("User: " + caller.String() + " is not authorized to perform: " + action.text)
	if resource != "" {
		b.WriteString(" on resource: " + resource)
	}
	if because := d.Because(action); because != "" {
		b.WriteString(" " + because)
	}
	return b.String()
}

// MaskAccount is the ARN as API Gateway shows it to a caller that it refuses: the owner's account but for its last
// four digits behind asterisks [observed].
func MaskAccount(a arn.ARN) string {
	if n := len(a.Account); n > 4 {
		a.Account = strings.Repeat("*", n-4) + a.Account[n-4:]
	}
	return a.String()
}

// decided makes the decision from what one policy said.
func decided(l Layer, o outcome) Decision {
	d := Decision{Effect: o.effect, Layer: l, Statement: o.statement}
	if o.policy != nil {
		d.Policy = o.policy.name
		if o.statement >= 0 {
			d.Sid = o.policy.doc.Statements[o.statement].Sid
		}
	}
	return d
}

// silent is the implicit deny that a layer is to blame for.
func silent(l Layer) Decision { return Decision{Layer: l, Statement: -1} }
