package policy

import (
	"fmt"

	"gatehouse/internal/arn"
	"gatehouse/internal/policy/condition"
)

// Policy is a compiled document.
type Policy struct {
	name string
	doc  *Document
	// denies and allows are the statements by effect, in the order of the document.
	denies, allows []statement
	// broken is why the document does not compile; such a policy denies everything.
	broken error
}

type statement struct {
	index      int
	effect     Effect
	principals principals
	actions    actions
	resources  resources
	tests      []condition.Test
}

// Request is one question: may the caller perform the action on the resource?
type Request struct {
	Action Action
	// Resource is what the action is performed on; the zero ARN for actions without a resource, which only a
	// Resource of "*" covers.
	Resource arn.ARN
	// Owner is the account that the resource belongs to, where its ARN does not say. A resource without owner
	// is foreign to every caller.
	Owner string
	// Caller is nil for anonymous callers.
	Caller *Caller
	// Context holds the condition keys; nil has none.
	Context *condition.Context
}

// Load parses and compiles a document. The name says in explanations where the policy comes from: the ARN of a
// managed policy, the name of an inline one.
func Load(text string, kind Kind, name string) (*Policy, error) {
	doc, err := Parse(text, kind)
	if err != nil {
		return nil, err
	}
	return Compile(doc, name)
}

// Compile makes the evaluated form. It fails for documents that Parse would not return, and for API Gateway's
// shorthand resources, which must be expanded first.
func Compile(doc *Document, name string) (*Policy, error) {
	if !doc.Kind.valid() {
		return nil, fmt.Errorf("compile policy %q: no such kind of policy", name)
	}
	p := &Policy{name: name, doc: doc}
	for i := range doc.Statements {
		s, err := compileStatement(doc, i)
		switch {
		case err != nil:
			return nil, fmt.Errorf("compile policy %q: statement %d: %w", name, i+1, err)
		case s.effect == Deny:
			p.denies = append(p.denies, s)
		default:
			p.allows = append(p.allows, s)
		}
	}
	return p, nil
}

func compileStatement(doc *Document, i int) (statement, error) {
	src := &doc.Statements[i]
	s := statement{index: i, effect: src.Effect, actions: compileActions(src.Actions), resources: resources{not: src.Resources.Not}}
	if s.effect != Allow && s.effect != Deny {
		return s, fmt.Errorf("it has no effect")
	}
	if s.effect == Allow && src.Principals.Not {
		return s, fmt.Errorf("it has NotPrincipal with Allow")
	}
	var ok bool
	if s.principals, ok = compilePrincipals(src.Principals, doc.Kind); !ok {
		return s, fmt.Errorf("a principal names nobody")
	}
	for _, text := range src.Resources.Values {
		if isShorthand(text) {
			return s, fmt.Errorf("the resource %q must be expanded first", text)
		}
		r, err := compileResource(text, doc.Kind, doc.Variables())
		if err != nil {
			return s, fmt.Errorf("%s", err.detail)
		}
		s.resources.list = append(s.resources.list, r)
	}
	if kinds[doc.Kind].noResource {
		s.resources = resources{list: []resource{{every: true}}}
	}
	for j := range src.Conditions {
		t, err := src.Conditions[j].compile(doc.Variables())
		if err != nil {
			return s, err
		}
		s.tests = append(s.tests, t)
	}
	return s, nil
}

// Broken stands for a stored policy that no longer compiles: it denies everything, so that a deny which it may have
// held cannot get lost.
func Broken(kind Kind, name string, err error) *Policy {
	return &Policy{name: name, doc: &Document{Kind: kind}, broken: err}
}

// Err is why a policy is broken; nil for others.
func (p *Policy) Err() error { return p.broken }

// Name is the name that was given to Load or Compile.
func (p *Policy) Name() string { return p.name }

// Document is the source of the policy. It must not be changed.
func (p *Policy) Document() *Document { return p.doc }

// outcome is what one policy says to one request.
type outcome struct {
	effect    Effect
	grant     grant // of an Allow
	policy    *Policy
	statement int // index, -1 without
}

// evaluate looks for a Deny first, then for the strongest Allow.
func (p *Policy) evaluate(r *Request) outcome {
	o := outcome{policy: p, statement: -1}
	if p.broken != nil || r.Action == (Action{}) {
		o.effect = Deny // a request that asks for nothing is a mistake of ours
		return o
	}
	for i := range p.denies {
		if s := &p.denies[i]; s.match(r) != noGrant {
			o.effect, o.statement = Deny, s.index
			return o
		}
	}
	for i := range p.allows {
		s := &p.allows[i]
		if g := s.match(r); g > o.grant {
			o.effect, o.grant, o.statement = Allow, g, s.index
			if g == direct {
				break
			}
		}
	}
	return o
}

// match says whether every element of the statement applies.
func (s *statement) match(r *Request) grant {
	if !s.actions.match(r) || !s.resources.match(r, s.effect) {
		return noGrant
	}
	g := s.principals.match(r.Caller)
	if g == noGrant {
		return noGrant
	}
	for i := range s.tests {
		if !s.tests[i].Holds(r.Context) {
			return noGrant
		}
	}
	return g
}

// Evaluate is what this policy alone says: Silent, Allow or Deny, and the index of the deciding statement in the
// document, -1 if there is none. Most callers want Decide or Authorize, which know how policies combine.
func (p *Policy) Evaluate(r *Request) (Effect, int) {
	o := p.evaluate(r)
	return o.effect, o.statement
}
