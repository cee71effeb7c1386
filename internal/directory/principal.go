package directory

import (
	"errors"
	"fmt"
	"maps"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// load puts a caller together in one snapshot of the store; false when the credentials are nobody's.
func (c *Callers) load(tx store.Tx, k credentials) (held, bool, error) {
	l := &loading{Callers: c, tx: tx}
	var p *identity.Principal
	var secret seal.Secret
	var err error
	if k.token == "" {
		p, secret, err = l.longTerm(k.key)
	} else {
		p, secret, err = l.temporary(k)
	}
	if err != nil || p == nil {
		return held{}, false, err
	}
	p.Key = k.key
	caller := identity.NewCaller(*p, secret, &l.set)
	caller.Unmodelled = l.unmodelled
	return held{caller, l.rows}, true, nil
}

// loading is one caller in the making.
type loading struct {
	*Callers
	tx         store.Tx
	set        policy.Set
	rows       []string
	unmodelled []string
}

func (l *loading) longTerm(id identity.AccessKeyID) (*identity.Principal, seal.Secret, error) {
	k, err := l.tables.AccessKeys.Get(l.tx, l.scope, string(id))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, seal.Secret{}, nil
	case err != nil:
		return nil, seal.Secret{}, err
	case k.Secret.IsZero():
		return nil, seal.Secret{}, fmt.Errorf("access key %s has no secret, so anybody could sign with it", id)
	case !k.Active:
		return nil, seal.Secret{}, nil
	case k.Root:
		return l.root(), k.Secret, nil
	}
	u, err := l.user(k.User)
	if err != nil || u == nil {
		return nil, seal.Secret{}, err
	}
	return l.asUser(u), k.Secret, l.grants(u)
}

func (l *loading) temporary(k credentials) (*identity.Principal, seal.Secret, error) {
	// The directory has looked at the clock already, and does so again on every hit.
	s, err := l.tokens.Read(k.key, k.token)
	if err != nil {
		return nil, seal.Secret{}, nil
	}
	p, err := l.holder(s)
	if err != nil || p == nil {
		return nil, seal.Secret{}, err
	}
	p.Session = s
	return p, s.Secret, l.session(s)
}

// holder is the principal of a session, with the policies of whoever its rights come from.
func (l *loading) holder(s *identity.Session) (*identity.Principal, error) {
	switch {
	case s.Role != "":
		r, err := l.tables.Roles.One(l.tx, l.scope, tables.ByID, string(s.Role))
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		l.rows = append(l.rows, row(l.tables.Roles, l.tables.Roles.ID(&r)))
		return &identity.Principal{
			Kind: identity.RoleSession, Account: l.home.Account, ID: string(r.ID), Name: s.Name, Issuer: r.ARN,
			ARN: l.home.SessionARN("assumed-role/" + string(r.Name) + "/" + s.Name), Tags: merged(r.Tags, s.Tags),
		}, l.carried(r.Grants, r.Boundary)
	case s.Root:
		p := l.root()
		if s.Name != "" {
			l.set.Identity = append(l.set.Identity, l.compiled.get(policy.Identity, p.ARN, everything))
			return l.federated(p, s), nil
		}
		return p, nil
	}
	u, err := l.user(s.User)
	if err != nil || u == nil {
		return nil, err
	}
	p := l.asUser(u)
	if s.Name != "" {
		p = l.federated(p, s)
	}
	return p, l.grants(u)
}

// everything is what the account itself may do, and passes to the federated users that it makes.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func (l *loading) root() *identity.Principal {
	return &identity.Principal{
		Kind: identity.RootUser, Account: l.home.Account, ARN: l.home.RootARN(), Issuer: l.home.RootARN(), ID: string(l.home.Account),
	}
}

func (l *loading) asUser(u *identity.User) *identity.Principal {
	return &identity.Principal{
		Kind: identity.IAMUser, Account: l.home.Account, ARN: u.ARN, Issuer: u.ARN, ID: string(u.ID), Name: string(u.Name), Tags: u.Tags,
	}
}

// federated is the federated user that a user or the account made. Its tags are those of the session alone.
func (l *loading) federated(issuer *identity.Principal, s *identity.Session) *identity.Principal {
	return &identity.Principal{
		Kind: identity.FederatedUser, Account: l.home.Account, ARN: l.home.SessionARN("federated-user/" + s.Name),
		Issuer: issuer.ARN, ID: string(l.home.Account), Name: s.Name, Tags: s.Tags,
	}
}

// merged are the tags of a role under those of its session. Two keys that differ by the case of their letters
// are one, and the session's counts.
func merged(role, session map[string]string) map[string]string {
	if len(session) == 0 {
		return role
	}
	out := maps.Clone(session)
	folded := map[string]bool{}
	for k := range session {
		folded[identity.Fold(k)] = true
	}
	for k, v := range role {
		if !folded[identity.Fold(k)] {
			out[k] = v
		}
	}
	return out
}

// user reads a user by unique id; nil when there is none.
func (l *loading) user(id identity.UserID) (*identity.User, error) {
	u, err := l.tables.Users.One(l.tx, l.scope, tables.ByID, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.rows = append(l.rows, row(l.tables.Users, l.tables.Users.ID(&u)))
	return &u, nil
}

// grants compiles the policies of a user and of its groups.
func (l *loading) grants(u *identity.User) error {
	if err := l.carried(u.Grants, u.Boundary); err != nil {
		return err
	}
	for _, id := range u.Groups {
		g, err := l.tables.Groups.One(l.tx, l.scope, tables.ByID, string(id))
		if err != nil {
			return fmt.Errorf("group %s of user %s: %w", id, u.Name, err)
		}
		l.rows = append(l.rows, row(l.tables.Groups, l.tables.Groups.ID(&g)))
		if err := l.carried(g.Grants, ""); err != nil {
			return err
		}
	}
	return nil
}
