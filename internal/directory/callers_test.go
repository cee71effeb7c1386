package directory

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/arn"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

var (
	where = identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"}
	now   = time.Date(2026, 11, 21, 2, 3, 4, 0, time.UTC)
)

const iamScope store.Scope = "123456789012/aws-global"

func allow(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

func deny(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"` + action + `","Resource":"*"}]}`
}

// house is a store with a user in a group, a role and a managed policy.
type house struct {
	t      *testing.T
	db     *flaky
	all    *tables.Tables
	c      *Callers
	user   identity.User
	group  identity.Group
	role   identity.Role
	policy identity.ManagedPolicy
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, db: &flaky{DB: store.NewMemory()}, all: tables.New(seal.NewKey())}
	h.c = NewCallers(h.db, h.all, where)
	start(t, h.c.Run)
	h.group = identity.Group{Name: "Devs", ID: "AGPA1", Path: "/", ARN: where.ARN("group/Devs"),
		Grants: identity.Grants{Managed: []string{"arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"}}}
	h.user = identity.User{Name: "ada", ID: "AIDA1", Path: "/team/", ARN: where.ARN("user/team/ada"), Groups: []identity.GroupID{"AGPA1"},
		Tags: map[string]string{"team": "blue"}, Grants: identity.Grants{Policies: map[string]string{"own": allow("lambda:*", "*")}}}
	h.role = identity.Role{Name: "Deploy", ID: "AROA1", Path: "/team/", ARN: where.ARN("role/team/Deploy"), MaxSession: time.Hour,
		Tags: map[string]string{"Team": "red", "env": "dev"}, Grants: identity.Grants{Managed: []string{where.ARN("policy/p/Mine")}}}
	h.policy = identity.ManagedPolicy{Name: "Mine", ID: "ANPA1", Path: "/p/", ARN: where.ARN("policy/p/Mine"), Default: 2, Last: 2,
		Versions: []identity.PolicyVersion{{Number: 1, Document: allow("s3:*", "*")}, {Number: 2, Document: allow("apigateway:*", "*")}}}
	h.update(func(tx store.Tx) error {
		return errors.Join(
			h.all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIAROOT", Secret: seal.Hide("r"), Root: true, Active: true}),
			h.all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIAUSER", Secret: seal.Hide("u"), User: "AIDA1", Active: true}),
			h.all.Groups.Put(tx, iamScope, h.group), h.all.Users.Put(tx, iamScope, h.user),
			h.all.Roles.Put(tx, iamScope, h.role), h.all.Policies.Put(tx, iamScope, h.policy),
		)
	})
	return h
}

func (h *house) update(fn func(store.Tx) error) {
	h.t.Helper()
	update(h.t, h.db, fn)
}

func (h *house) token(s identity.Session) string {
	h.t.Helper()
	if s.Secret.IsZero() {
		s.Secret = seal.Hide("temporary")
	}
	s.Issued = now
	if s.Expires.IsZero() {
		s.Expires = now.Add(time.Hour)
	}
	text, err := h.all.Tokens().Seal(&s)
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

func (h *house) find(key identity.AccessKeyID, token string) *identity.Caller {
	h.t.Helper()
	c, err := h.c.Find(h.t.Context(), key, token, now)
	if err != nil {
		h.t.Fatalf("Find(%s): %v", key, err)
	}
	return c
}

// may asks the policies of a caller.
func may(c *identity.Caller, action string) policy.Effect {
	a, err := policy.ParseAction(action)
	if err != nil {
		panic(err)
	}
	x := &condition.Context{Time: now}
	c.Describe(x)
	return policy.Decide(&policy.Request{
		Action: a, Resource: arn.ARN{Partition: "aws", Service: "execute-api", Region: "us-east-1", Account: string(where.Account), Resource: "a/b/GET/"},
		Caller: c.Subject, Context: x,
	}, &policy.Layers{Caller: c.Policies}).Effect
}

func TestCallersRefuse(t *testing.T) {
	h := newHouse(t)
	h.update(func(tx store.Tx) error {
		return errors.Join(
			h.all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIAOFF", Secret: seal.Hide("u"), User: "AIDA1"}),
			h.all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIAOFFROOT", Secret: seal.Hide("u"), Root: true}),
			h.all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIAGONE", Secret: seal.Hide("u"), User: "AIDA9", Active: true}),
			h.all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIANOBODY", Secret: seal.Hide("u"), Active: true}),
			h.all.AccessKeys.Insert(tx, home, identity.AccessKey{ID: "AKIAELSEWHERE", Secret: seal.Hide("u"), User: "AIDA1", Active: true}),
		)
	})
	role := h.token(identity.Session{Key: "ASIA1", Role: "AROA1", Name: "s"})
	for name, tt := range map[string]struct {
		key   identity.AccessKeyID
		token string
		at    time.Time
		want  error
	}{
		"no key":                       {"", "", now, ErrUnknown},
		"an unknown key":               {"AKIANONE", "", now, ErrUnknown},
		"no id at all":                 {"\x00", "", now, ErrUnknown},
		"a very long key":              {identity.AccessKeyID(strings.Repeat("A", 5000)), "", now, ErrUnknown},
		"a very long token":            {"ASIA1", strings.Repeat("A", 50000), now, ErrUnknown},
		"a key of another account":     {"AKIAELSEWHERE", "", now, ErrUnknown},
		"an inactive key":              {"AKIAOFF", "", now, ErrUnknown},
		"an inactive root key":         {"AKIAOFFROOT", "", now, ErrUnknown},
		"the key of a user that is no": {"AKIAGONE", "", now, ErrUnknown},
		"nobody's key":                 {"AKIANOBODY", "", now, ErrUnknown},
		"a user's key with a token":    {"AKIAUSER", role, now, ErrUnknown},
		"a session without its token":  {"ASIA1", "", now, ErrUnknown},
		"a token of another key":       {"ASIA2", role, now, ErrUnknown},
		"a token that was made up":     {"ASIA1", "AAAA", now, ErrUnknown},
		"a session at its end":         {"ASIA1", role, now.Add(time.Hour), ErrExpired},
		"of a role that is no":         {"ASIA3", h.token(identity.Session{Key: "ASIA3", Role: "AROA9", Name: "s"}), now, ErrUnknown},
		"of a user that is no":         {"ASIA4", h.token(identity.Session{Key: "ASIA4", User: "AIDA9"}), now, ErrUnknown},
	} {
		for range 2 { // the second time from the cache
			if got, err := h.c.Find(t.Context(), tt.key, tt.token, tt.at); !errors.Is(err, tt.want) || got != nil {
				t.Errorf("%s: got %v, %v, want %v", name, got, err, tt.want)
			}
		}
	}
	if h.find("ASIA1", role).Session == nil {
		t.Error("the session is not known before its end")
	}
	// A cached session ends too.
	if got, err := h.c.Find(t.Context(), "ASIA1", role, now.Add(time.Hour)); !errors.Is(err, ErrExpired) {
		t.Errorf("a cached session at its end: got %v, %v, want ErrExpired", got, err)
	}
	failure := errors.New("disk")
	h.db.broken.Store(&failure)
	if got, err := h.c.Find(t.Context(), "AKIANEW", "", now); !errors.Is(err, failure) || got != nil {
		t.Errorf("a store that fails: got %v, %v", got, err)
	}
	h.db.broken.Store(nil)
	h.update(func(tx store.Tx) error {
		return h.all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIAEMPTY", User: "AIDA1", Active: true})
	})
	if got, err := h.c.Find(t.Context(), "AKIAEMPTY", "", now); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("a key without secret: got %v, %v, want a failure", got, err)
	}
	// A user of a group that is not there has policies that nobody knows.
	h.update(func(tx store.Tx) error { return h.all.Groups.Delete(tx, iamScope, "devs") })
	if got, err := h.c.Find(t.Context(), "AKIAUSER", "", now); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("a user of a group that is gone: got %v, %v, want a failure", got, err)
	}
}

func TestCallersFind(t *testing.T) {
	h := newHouse(t)
	for name, tt := range map[string]struct {
		key                            identity.AccessKeyID
		session                        identity.Session
		kind                           identity.Kind
		arn, id                        string
		invoke, api, function, nothing policy.Effect
	}{
		"root":            {"AKIAROOT", identity.Session{}, identity.RootUser, "arn:aws:iam::123456789012:root", "123456789012", policy.Allow, policy.Allow, policy.Allow, policy.Allow},
		"user":            {"AKIAUSER", identity.Session{}, identity.IAMUser, "arn:aws:iam::123456789012:user/team/ada", "AIDA1", policy.Allow, policy.Silent, policy.Allow, policy.Silent},
		"user's session":  {"ASIA1", identity.Session{User: "AIDA1"}, identity.IAMUser, "arn:aws:iam::123456789012:user/team/ada", "AIDA1", policy.Allow, policy.Silent, policy.Allow, policy.Silent},
		"root's session":  {"ASIA2", identity.Session{Root: true}, identity.RootUser, "arn:aws:iam::123456789012:root", "123456789012", policy.Allow, policy.Allow, policy.Allow, policy.Allow},
		"role":            {"ASIA3", identity.Session{Role: "AROA1", Name: "s"}, identity.RoleSession, "arn:aws:sts::123456789012:assumed-role/Deploy/s", "AROA1:s", policy.Silent, policy.Allow, policy.Silent, policy.Silent},
		"role, limited":   {"ASIA4", identity.Session{Role: "AROA1", Name: "s", Policy: allow("*", "*")}, identity.RoleSession, "arn:aws:sts::123456789012:assumed-role/Deploy/s", "AROA1:s", policy.Silent, policy.Allow, policy.Silent, policy.Silent},
		"role, disjoint":  {"ASIA5", identity.Session{Role: "AROA1", Name: "s", Policy: allow("lambda:*", "*")}, identity.RoleSession, "arn:aws:sts::123456789012:assumed-role/Deploy/s", "AROA1:s", policy.Silent, policy.Silent, policy.Silent, policy.Silent},
		"role, by ARN":    {"ASIA6", identity.Session{Role: "AROA1", Name: "s", PolicyARNs: []string{"arn:aws:iam::aws:policy/AmazonAPIGatewayAdministrator", where.ARN("policy/p/Mine")}}, identity.RoleSession, "arn:aws:sts::123456789012:assumed-role/Deploy/s", "AROA1:s", policy.Silent, policy.Allow, policy.Silent, policy.Silent},
		"role, ARN gone":  {"ASIA7", identity.Session{Role: "AROA1", Name: "s", Policy: allow("*", "*"), PolicyARNs: []string{where.ARN("policy/Gone")}}, identity.RoleSession, "arn:aws:sts::123456789012:assumed-role/Deploy/s", "AROA1:s", policy.Deny, policy.Deny, policy.Deny, policy.Deny},
		"role, broken":    {"ASIA8", identity.Session{Role: "AROA1", Name: "s", Policy: `{"Statement":`}, identity.RoleSession, "arn:aws:sts::123456789012:assumed-role/Deploy/s", "AROA1:s", policy.Deny, policy.Deny, policy.Deny, policy.Deny},
		"federated":       {"ASIA9", identity.Session{User: "AIDA1", Name: "guest", Policy: allow("lambda:*", "*")}, identity.FederatedUser, "arn:aws:sts::123456789012:federated-user/guest", "123456789012:guest", policy.Silent, policy.Silent, policy.Allow, policy.Silent},
		"federated, bare": {"ASIA10", identity.Session{User: "AIDA1", Name: "guest"}, identity.FederatedUser, "arn:aws:sts::123456789012:federated-user/guest", "123456789012:guest", policy.Silent, policy.Silent, policy.Silent, policy.Silent},
		"root's guest":    {"ASIA11", identity.Session{Root: true, Name: "guest", Policy: allow("lambda:*", "*")}, identity.FederatedUser, "arn:aws:sts::123456789012:federated-user/guest", "123456789012:guest", policy.Silent, policy.Silent, policy.Allow, policy.Silent},
	} {
		token := ""
		if tt.session.Root || tt.session.User != "" || tt.session.Role != "" {
			tt.session.Key = tt.key
			token = h.token(tt.session)
		}
		c := h.find(tt.key, token)
		if c.Kind != tt.kind || c.ARN != tt.arn || c.UserID() != tt.id || c.Key != tt.key || c.Account != where.Account || c.Secret.IsZero() || (c.Session != nil) != (token != "") {
			t.Errorf("%s: got %v %s %s %s", name, c.Kind, c.ARN, c.UserID(), c.Key)
		}
		for action, want := range map[string]policy.Effect{"execute-api:Invoke": tt.invoke, "apigateway:GET": tt.api, "lambda:GetFunction": tt.function, "s3:GetObject": tt.nothing} {
			if got := may(c, action); got != want {
				t.Errorf("%s: %s: got %v, want %v", name, action, got, want)
			}
		}
	}
	c := h.find("ASIA12", h.token(identity.Session{Key: "ASIA12", Role: "AROA1", Name: "s", Tags: map[string]string{"team": "green"}}))
	if got := c.Tags; len(got) != 2 || got["team"] != "green" || got["env"] != "dev" {
		t.Errorf("tags of a role session: got %v, want those of the session over those of the role", got)
	}
	if c.Issuer != h.role.ARN {
		t.Errorf("issuer: got %s, want %s with its path", c.Issuer, h.role.ARN)
	}
}

// Whatever a caller was put together from may change, and the next look-up knows.
func TestCallersFollow(t *testing.T) {
	h := newHouse(t)
	role := h.token(identity.Session{Key: "ASIA1", Role: "AROA1", Name: "s"})
	caller := func() *identity.Caller { return h.find("AKIAUSER", "") }
	session := func() *identity.Caller { return h.find("ASIA1", role) }
	check := func(step string, c *identity.Caller, action string, want policy.Effect) {
		t.Helper()
		if got := may(c, action); got != want {
			t.Errorf("%s: %s: got %v, want %v", step, action, got, want)
		}
	}
	check("before", caller(), "execute-api:Invoke", policy.Allow)
	check("before", session(), "apigateway:GET", policy.Allow)

	h.group.Policies = map[string]string{"no": deny("execute-api:*")}
	h.update(func(tx store.Tx) error { return h.all.Groups.Put(tx, iamScope, h.group) })
	check("a deny in the group", caller(), "execute-api:Invoke", policy.Deny)

	h.user.Groups = nil
	h.update(func(tx store.Tx) error { return h.all.Users.Put(tx, iamScope, h.user) })
	check("out of the group", caller(), "execute-api:Invoke", policy.Silent)
	check("out of the group", caller(), "lambda:GetFunction", policy.Allow)

	h.user.Boundary = where.ARN("policy/p/Mine")
	h.update(func(tx store.Tx) error { return h.all.Users.Put(tx, iamScope, h.user) })
	check("with a boundary", caller(), "lambda:GetFunction", policy.Silent)

	h.policy.Default = 1
	h.update(func(tx store.Tx) error { return h.all.Policies.Put(tx, iamScope, h.policy) })
	check("another version in force", session(), "apigateway:GET", policy.Silent)
	check("another version in force", session(), "s3:GetObject", policy.Allow)

	h.policy.Default = 9
	h.update(func(tx store.Tx) error { return h.all.Policies.Put(tx, iamScope, h.policy) })
	if c, err := h.c.Find(t.Context(), "ASIA1", role, now); err == nil {
		t.Errorf("a policy without a version in force: got %v", c.ARN)
	}
	h.policy.Default, h.user.Boundary = 2, "arn:aws:iam::aws:policy/NobodyKnows"
	h.user.Managed = []string{"arn:aws:iam::aws:policy/NobodyKnowsEither"}
	h.update(func(tx store.Tx) error {
		return errors.Join(h.all.Policies.Put(tx, iamScope, h.policy), h.all.Users.Put(tx, iamScope, h.user))
	})
	check("a boundary of AWS that is not known", caller(), "lambda:GetFunction", policy.Deny)
	h.user.Boundary = ""
	h.update(func(tx store.Tx) error { return h.all.Users.Put(tx, iamScope, h.user) })
	check("a policy of AWS that is not known", caller(), "lambda:GetFunction", policy.Allow)
	if got := caller().Unmodelled; !slices.Equal(got, h.user.Managed) {
		t.Errorf("unmodelled: got %v", got)
	}

	h.update(func(tx store.Tx) error {
		again := h.role
		again.ID = "AROA2"
		return errors.Join(h.all.Roles.Delete(tx, iamScope, "deploy"), h.all.Roles.Insert(tx, iamScope, again))
	})
	if c, err := h.c.Find(t.Context(), "ASIA1", role, now); !errors.Is(err, ErrUnknown) {
		t.Errorf("a session of a role that was made again: got %v, %v, want ErrUnknown", c, err)
	}
	h.update(func(tx store.Tx) error {
		return h.all.AccessKeys.Update(tx, iamScope, "AKIAUSER", func(k *identity.AccessKey) error { k.Active = false; return nil })
	})
	if c, err := h.c.Find(t.Context(), "AKIAUSER", "", now); !errors.Is(err, ErrUnknown) {
		t.Errorf("a key that was switched off: got %v, %v, want ErrUnknown", c, err)
	}
	h.update(func(tx store.Tx) error {
		return h.all.AccessKeys.Update(tx, iamScope, "AKIAUSER", func(k *identity.AccessKey) error { k.Active = true; return nil })
	})
	if caller().ID != "AIDA1" {
		t.Error("a key that was switched on again is not known")
	}
	// The cache answered in between: nothing above was only right because nothing was kept.
	await(func() bool { return h.c.records.seen.Load() >= uint64(h.db.Rev()) })
	caller()
	before := h.db.views.Load()
	caller()
	if got := h.db.views.Load(); got != before {
		t.Errorf("a second look-up read the store %d times", got-before)
	}
}

func TestCallersUsed(t *testing.T) {
	h := newHouse(t)
	used := func(id string) (u identity.Use) {
		_ = h.db.View(t.Context(), func(tx store.Tx) (err error) {
			u, err = h.all.Uses.Get(tx, iamScope, id)
			return err
		})
		return u
	}
	user, role := h.find("AKIAUSER", ""), h.find("ASIA1", h.token(identity.Session{Key: "ASIA1", Role: "AROA1", Name: "s"}))
	h.c.Used(user, "iam", "us-east-1", now)
	h.c.Used(user, "sts", "us-east-1", now.Add(time.Minute))
	h.c.Used(role, "execute-api", "eu-west-1", now)
	await(func() bool { return used("AKIAUSER").ID != "" && used("AROA1").ID != "" })
	if got, want := used("AKIAUSER"), (identity.Use{ID: "AKIAUSER", At: now, Service: "iam", Region: "us-east-1"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	h.c.Used(user, "lambda", "us-east-1", now.Add(time.Hour))
	await(func() bool { return used("AKIAUSER").Service == "lambda" })
}

func BenchmarkCallersFind(b *testing.B) {
	db, all := store.NewMemory(), tables.New(seal.NewKey())
	c := NewCallers(db, all, where)
	update(b, db, func(tx store.Tx) error {
		return errors.Join(
			all.AccessKeys.Insert(tx, iamScope, identity.AccessKey{ID: "AKIAEXAMPLEEXAMPLE22", Secret: seal.Hide("r"), Root: true, Active: true}),
			all.Roles.Put(tx, iamScope, identity.Role{Name: "r", ID: "AROA1"}))
	})
	c.records.seen.Store(uint64(db.Rev()))
	s := identity.Session{Key: "ASIAEXAMPLEEXAMPLE22", Secret: seal.Hide("s"), Role: "AROA1", Name: "n", Expires: now.Add(time.Hour)}
	token, err := all.Tokens().Seal(&s)
	if err != nil {
		b.Fatal(err)
	}
	for name, k := range map[string]credentials{"key": {"AKIAEXAMPLEEXAMPLE22", ""}, "session": {s.Key, token}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Find(b.Context(), k.key, k.token, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
