package directory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/store"
)

// carried adds what a user, group or role carries: inline policies by name, then managed ones, then the
// boundary. Policies of AWS whose text is not known here grant nothing; as a boundary they refuse everything.
func (l *loading) carried(g identity.Grants, boundary string) error {
	for _, name := range slices.Sorted(maps.Keys(g.Policies)) {
		l.set.Identity = append(l.set.Identity, l.compiled.get(policy.Identity, name, g.Policies[name]))
	}
	for _, arn := range g.Managed {
		text, known, err := l.managed(arn)
		switch {
		case err != nil:
			return err
		case !known:
			l.unmodelled = append(l.unmodelled, arn)
		default:
			l.set.Identity = append(l.set.Identity, l.compiled.get(policy.Identity, arn, text))
		}
	}
	if boundary == "" {
		return nil
	}
	text, known, err := l.managed(boundary)
	switch {
	case err != nil:
		return err
	case !known:
		l.set.Boundary = policy.Broken(policy.Boundary, boundary, errors.New("this server does not have the text of the policy"))
	default:
		l.set.Boundary = l.compiled.get(policy.Boundary, boundary, text)
	}
	return nil
}

// session adds the session policies. A session that was made with policies never has more rights than they
// give, even if none of them can be found any more.
func (l *loading) session(s *identity.Session) error {
	if !s.Limited() {
		return nil
	}
	l.set.Session = []*policy.Policy{}
	if s.Policy != "" {
		l.set.Session = append(l.set.Session, l.compiled.get(policy.Session, "session policy", s.Policy))
	}
	for _, arn := range s.PolicyARNs {
		text, known, err := l.managed(arn)
		switch {
		case errors.Is(err, store.ErrNotFound):
			// Deleted since. What it allowed is no longer allowed; what it denied nobody knows.
			l.set.Session = append(l.set.Session, policy.Broken(policy.Session, arn, err))
		case err != nil:
			return err
		case !known:
			l.set.Session = append(l.set.Session, policy.Broken(policy.Session, arn, errors.New("this server does not have the text of the policy")))
		default:
			l.set.Session = append(l.set.Session, l.compiled.get(policy.Session, arn, text))
		}
	}
	return nil
}

// managed returns the text in force of a managed policy; known is false for one of AWS that is not known here.
func (l *loading) managed(arn string) (text string, known bool, err error) {
	if identity.IsAWSPolicy(arn) {
		p, ok := identity.AWSPolicy(arn)
		if !ok {
			return "", false, nil
		}
		text, ok := p.Document()
		return text, ok, nil
	}
	id := identity.Fold(arn[strings.LastIndexByte(arn, '/')+1:])
	l.rows = append(l.rows, row(l.tables.Policies, id))
	p, err := l.tables.Policies.Get(l.tx, l.scope, id)
	switch {
	case err != nil:
		return "", false, err
	case p.ARN != arn:
		return "", false, fmt.Errorf("managed policy %s: %w", arn, store.ErrNotFound)
	}
	text, ok := p.Document()
	if !ok {
		return "", false, fmt.Errorf("managed policy %s has no version in force", arn)
	}
	return text, true, nil
}

// compiled keeps compiled policies, so that a thousand users of one group share one.
type compiled struct {
	mu   sync.Mutex
	byID map[document]*policy.Policy
}

type document struct {
	kind       policy.Kind
	name, text string
}

// maxCompiled bounds how many are kept; then all are given up, and those in use stay with their users.
const maxCompiled = 1 << 12

func newCompiled() *compiled { return &compiled{byID: map[document]*policy.Policy{}} }

// get compiles a document. One that does not compile denies everything.
func (c *compiled) get(kind policy.Kind, name, text string) *policy.Policy {
	d := document{kind, name, text}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.byID[d]; p != nil {
		return p
	}
	p, err := policy.Load(text, kind, name)
	if err != nil {
		p = policy.Broken(kind, name, err)
	}
	if len(c.byID) >= maxCompiled {
		clear(c.byID)
	}
	c.byID[d] = p
	return p
}
