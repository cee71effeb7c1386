package policy

import (
	"fmt"
	"strings"

	"gatehouse/internal/policy/condition"
)

// Explanation is a decision with everything that led to it. It is for operators, never for the caller.
type Explanation struct {
	Decision Decision
	// Findings are all statements of all policies, in the order in which a request meets the layers.
	Findings []Finding
}

// Finding is one statement and what it made of the request, or one policy that has no statement to show.
type Finding struct {
	Layer  Layer
	Policy string
	// Broken is why the policy does not compile; such a finding denies and has no statement.
	Broken error
	// Index counts the statements of a document from 0; -1 without statement.
	Index  int
	Sid    string
	Effect Effect
	// Start and End are the braces of the statement in its document.
	Start, End Position
	// Applies says that every element matched.
	Applies  bool
	Elements []Element
}

// Element is one element of a statement, or one line of its Condition.
type Element struct {
	// Name is the member of the statement: Principal, NotAction, …; for conditions the operator.
	Name string
	// Key is the condition key; empty for other elements.
	Key     string
	Matched bool
	// Wrote are the values of the policy, Saw what the request had; nil for an absent key.
	Wrote, Saw []string
	// At is the position of the condition key, or of the statement.
	At Position
}

// Explain decides as Decide does and tells why. It is a second evaluation, so that the first need not pay for it.
func Explain(r *Request, l *Layers) *Explanation {
	return &Explanation{Decide(r, l), findings(r, l)}
}

// ExplainCall decides as Authorize does and tells why.
func ExplainCall(t AuthType, r *Request, l *Layers) *Explanation {
	d := Authorize(t, r, l)
	if t == IAM {
		return &Explanation{d, findings(r, l)}
	}
	anonymous := *r
	anonymous.Caller = nil
	seen := Layers{Resource: l.Resource, Endpoint: l.Endpoint}
	if t == Custom && l.Authorizer != nil {
		seen.Caller = &Set{Identity: []*Policy{l.Authorizer}}
	}
	return &Explanation{d, findings(&anonymous, &seen)}
}

func findings(r *Request, l *Layers) []Finding {
	var all []Finding
	add := func(layer Layer, list ...*Policy) {
		for _, p := range list {
			if p != nil {
				all = append(all, p.findings(layer, r)...)
			}
		}
	}
	add(EndpointLayer, l.Endpoint)
	set := l.Caller
	if set == nil {
		set = &noPolicies
	}
	for _, level := range set.SCP {
		add(SCPLayer, level...)
	}
	add(resourceLayer(l.Resource), l.Resource)
	add(IdentityLayer, set.Identity...)
	add(BoundaryLayer, set.Boundary)
	add(SessionLayer, set.Session...)
	return all
}

func (p *Policy) findings(layer Layer, r *Request) []Finding {
	if p.broken != nil {
		return []Finding{{Layer: layer, Policy: p.name, Broken: p.broken, Index: -1, Effect: Deny, Applies: true}}
	}
	list := make([]Finding, len(p.doc.Statements))
	for _, half := range [][]statement{p.denies, p.allows} {
		for i := range half {
			s := &half[i]
			list[s.index] = s.finding(&p.doc.Statements[s.index], r)
			list[s.index].Layer, list[s.index].Policy = layer, p.name
		}
	}
	return list
}

// finding evaluates every element, whether or not an earlier one failed.
func (s *statement) finding(src *Statement, r *Request) Finding {
	f := Finding{Index: s.index, Sid: src.Sid, Effect: src.Effect, Start: src.Start, End: src.End, Applies: true}
	add := func(e Element) {
		f.Applies = f.Applies && e.Matched
		f.Elements = append(f.Elements, e)
	}
	if !s.principals.none {
		add(Element{Name: negate("Principal", src.Principals.Not), Matched: s.principals.match(r.Caller) != noGrant,
			Wrote: src.Principals.texts(), Saw: []string{r.Caller.String()}, At: src.Start})
	}
	add(Element{Name: negate("Action", src.Actions.Not), Matched: s.actions.match(r),
		Wrote: src.Actions.Values, Saw: []string{r.Action.text}, At: src.Start})
	if len(src.Resources.Values) > 0 {
		add(Element{Name: negate("Resource", src.Resources.Not), Matched: s.resources.match(r, s.effect),
			Wrote: src.Resources.Values, Saw: []string{r.resource()}, At: src.Start})
	}
	for i := range s.tests {
		c := &src.Conditions[i]
		add(Element{Name: c.Operator, Key: c.Key, Matched: s.tests[i].Holds(r.Context),
			Wrote: c.Values, Saw: s.tests[i].Saw(r.Context), At: c.At})
	}
	return f
}

func (p *Principals) texts() []string {
	if p.Everyone {
		return []string{"*"}
	}
	var texts []string
	for _, e := range p.Entries {
		texts = append(texts, string(e.Type)+" "+e.Value)
	}
	return texts
}

// resource is the resource as text, "*" for none.
func (r *Request) resource() string {
	if r.Resource.Service == "" {
		return "*"
	}
	return r.Resource.String()
}

// Missing are the condition keys that some statement asked for and the request does not have, as they were first
// written; what IAM's simulator calls missing context values.
func (e *Explanation) Missing() []string {
	var keys []string
	seen := map[string]bool{}
	for i := range e.Findings {
		for _, x := range e.Findings[i].Elements {
			if k := condition.Lower(x.Key); x.Key != "" && x.Saw == nil && !seen[k] {
				seen[k] = true
				keys = append(keys, x.Key)
			}
		}
	}
	return keys
}

// String is the explanation in lines: the decision, each statement and, below it, its elements.
func (e *Explanation) String() string {
	var b strings.Builder
	b.WriteString(e.Decision.sentence() + "\n")
	for i := range e.Findings {
		f := &e.Findings[i]
		switch {
		case f.Broken != nil:
			fmt.Fprintf(&b, "%s %q is broken and denies everything: %v\n", f.Layer, f.Policy, f.Broken)
			continue
		case f.Applies:
			fmt.Fprintf(&b, "%s: %s applies\n", f.place(), f.Effect)
		default:
			fmt.Fprintf(&b, "%s: %s does not apply\n", f.place(), f.Effect)
		}
		for _, x := range f.Elements {
			b.WriteString("    " + x.String() + "\n")
		}
	}
	return b.String()
}

func (f *Finding) place() string {
	s := fmt.Sprintf("%s %q, statement %d", f.Layer, f.Policy, f.Index+1)
	if f.Sid != "" {
		s += fmt.Sprintf(" %q", f.Sid)
	}
	return s + fmt.Sprintf(" (line %d, column %d)", f.Start.Line, f.Start.Column)
}

// String is one line: what was written, what was seen, and whether they match.
func (x Element) String() string {
	verdict := "no match"
	if x.Matched {
		verdict = "match"
	}
	saw := "the request has none"
	if x.Saw != nil {
		saw = fmt.Sprintf("the request has %q", x.Saw)
	}
	if x.Key == "" {
		return fmt.Sprintf("%s %q: %s, %s", x.Name, x.Wrote, saw, verdict)
	}
	return fmt.Sprintf("%s %s %q: %s, %s (line %d, column %d)", x.Name, x.Key, x.Wrote, saw, verdict, x.At.Line, x.At.Column)
}

// sentence is the decision for operators.
func (d Decision) sentence() string {
	var s string
	switch {
	case d.Effect == Silent:
		return fmt.Sprintf("refused: no %s allows it", d.Layer)
	case d.Effect == Deny:
		s = fmt.Sprintf("refused: explicit deny in the %s %q", d.Layer, d.Policy)
	case d.Statement < 0:
		return "allowed: no policy is needed"
	default:
		s = fmt.Sprintf("allowed by the %s %q", d.Layer, d.Policy)
	}
	if d.Statement >= 0 {
		s += fmt.Sprintf(", statement %d", d.Statement+1)
	}
	return s
}
