package policy

import "gatehouse/internal/policy/condition"

// Document is a policy as it was written. Parse makes documents; do not change one that was compiled.
type Document struct {
	Kind Kind
	// Version is "2012-10-17", "2008-10-17", or empty, which means 2008.
	Version    string
	ID         string
	Statements []Statement
}

// Variables reports whether ${…} is a variable; before 2012 it is literal text.
func (d *Document) Variables() bool { return d.Version == "2012-10-17" }

// Statement is one statement as it was written.
type Statement struct {
	Sid        string
	Effect     Effect
	Principals Principals // empty in kinds that have none
	Actions    List
	Resources  List // empty in trust policies
	Conditions []Condition
	// Start and End are the positions of the braces.
	Start, End Position
}

// List is an element with its negation: Action or NotAction, Resource or NotResource.
type List struct {
	Not    bool
	Values []string
}

// Principals is Principal or NotPrincipal.
type Principals struct {
	Not bool
	// Everyone is the bare "*".
	Everyone bool
	Entries  []Principal
}

// Principal is one entry of a Principal element.
type Principal struct {
	Type  PrincipalType
	Value string
}

// PrincipalType is the member of the Principal element that an entry stands in.
type PrincipalType string

// The types of principals.
const (
	PrincipalAWS           PrincipalType = "AWS"
	PrincipalService       PrincipalType = "Service"
	PrincipalFederated     PrincipalType = "Federated"
	PrincipalCanonicalUser PrincipalType = "CanonicalUser"
)

// Condition is one key of a Condition element. Numbers and booleans are kept as the text that they were written as.
type Condition struct {
	Operator, Key string
	Values        []string
	// At is the position of the key.
	At Position
}

// Effect is what a statement, a policy or all policies together say to a request.
type Effect uint8

// The effects. The zero value refuses.
const (
	Silent Effect = iota // implicit deny: nothing that applies says a word
	Allow
	Deny // explicit deny
)

// String is the word of the policy language; Silent has none there.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return "implicit deny"
}

func (c *Condition) compile(vars bool) (condition.Test, error) {
	return condition.New(c.Operator, c.Key, c.Values, vars)
}
