package policy

import (
	"errors"
	"testing"

	"gatehouse/internal/arn"
	"gatehouse/internal/policy/condition"
)

const (
	home    = "111122223333"
	foreign = "444455556666"
)

// must compiles a policy of one statement; its Sid is "S".
func must(t testing.TB, kind Kind, statements string) *Policy {
	t.Helper()
	p, err := Load(wrap(statements), kind, kind.String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func action(t testing.TB, s string) Action {
	t.Helper()
	a, err := ParseAction(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// call is a request for GET /pets of an API in the home account.
func call(t testing.TB, c *Caller) *Request {
	x := &condition.Context{}
	c.Describe(x)
	return &Request{
		Action:   action(t, "execute-api:Invoke"),
		Resource: arn.ARN{Partition: "aws", Service: "execute-api", Region: "us-east-1", Account: home, Resource: "abc/prod/GET/pets"},
		Caller:   c, Context: x,
	}
}

func user(account string) *Caller {
	return &Caller{Type: User, Account: account, ARN: "arn:aws:iam::" + account + ":user/team/ann", ID: "AIDAEXAMPLEEXAMPLE", Name: "ann"}
}

func session(account string) *Caller {
	return &Caller{Type: AssumedRole, Account: account, ARN: "arn:aws:sts::" + account + ":assumed-role/R/s1",
		RoleARN: "arn:aws:iam::" + account + ":role/path/R", ID: "AROAEXAMPLEEXAMPLE:s1"}
}

func federated(account string) *Caller {
	return &Caller{Type: FederatedUser, Account: account, ARN: "arn:aws:sts::" + account + ":federated-user/bob", ID: account + ":bob"}
}

func root(account string) *Caller {
	return &Caller{Type: Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", ID: account}
}

// says makes a policy that says what the word asks for: "allow", "deny", "silent" (about something else), or nothing
// ("none").
func says(t testing.TB, word string, kind Kind, principal string) *Policy {
	if kinds[kind].principal {
		principal = `"Principal":` + principal + `,`
	} else {
		principal = ""
	}
	switch word {
	case "allow":
		return must(t, kind, `{"Sid":"A","Effect":"Allow",`+principal+`"Action":"execute-api:Invoke","Resource":"*"}`)
	case "deny":
		return must(t, kind, `{"Sid":"O","Effect":"Allow",`+principal+`"Action":"execute-api:*","Resource":"*"},
			{"Sid":"D","Effect":"Deny",`+principal+`"Action":"execute-api:Invoke","Resource":"*"}`)
	case "silent":
		return must(t, kind, `{"Effect":"Allow",`+principal+`"Action":"execute-api:ManageConnections","Resource":"*"}`)
	}
	return nil
}

func list(p *Policy) []*Policy {
	if p == nil {
		return nil
	}
	return []*Policy{p}
}

// verdict is a decision in one word.
func verdict(d Decision) string {
	switch d.Effect {
	case Allow:
		return "allow"
	case Deny:
		return "explicit"
	}
	return "implicit"
}

// TestTables are tables A and B of the API Gateway guide, all cells, with a user, with a role session, and, for A,
// with a Lambda authorizer [docs].
func TestTables(t *testing.T) {
	type cell struct{ own, resource, a, b string }
	for _, c := range []cell{
		{"allow", "allow", "allow", "allow"},
		{"allow", "silent", "allow", "implicit"},
		{"allow", "none", "allow", "implicit"},
		{"allow", "deny", "explicit", "explicit"},
		{"silent", "allow", "allow", "implicit"},
		{"silent", "silent", "implicit", "implicit"},
		{"silent", "none", "implicit", "implicit"},
		{"silent", "deny", "explicit", "explicit"},
		{"deny", "allow", "explicit", "explicit"},
		{"deny", "silent", "explicit", "explicit"},
		{"deny", "none", "explicit", "explicit"},
		{"deny", "deny", "explicit", "explicit"},
	} {
		for name, who := range map[string]func(string) *Caller{"user": user, "role": session} {
			for account, want := range map[string]string{home: c.a, foreign: c.b} {
				caller := who(account)
				named := caller.ARN
				if caller.RoleARN != "" {
					named = caller.RoleARN
				}
				l := &Layers{Resource: says(t, c.resource, Resource, `{"AWS":"`+named+`"}`), Caller: &Set{Identity: list(says(t, c.own, Identity, ""))}}
				if got := verdict(Authorize(IAM, call(t, caller), l)); got != want {
					t.Errorf("%s of %s: own policies %s, resource policy %s: got %s, want %s", name, account, c.own, c.resource, got, want)
				}
			}
		}
		l := &Layers{Resource: says(t, c.resource, Resource, `"*"`), Authorizer: says(t, c.own, Authorizer, "")}
		if got := verdict(Authorize(Custom, call(t, nil), l)); got != c.a {
			t.Errorf("authorizer %s, resource policy %s: got %s, want %s", c.own, c.resource, got, c.a)
		}
		first, refused := First(call(t, nil), l.Resource)
		if refused != (c.resource == "deny") || refused && (first.Effect != Deny || first.Layer != ResourceLayer || first.Sid != "D") {
			t.Errorf("resource policy %s before the authorizer: got %v, %+v", c.resource, refused, first)
		}
	}
}

// TestAuthTypes are the types that the tables are not about, and what every type has in common.
func TestAuthTypes(t *testing.T) {
	tests := []struct {
		auth               AuthType
		private            bool
		endpoint, resource string
		authorizer         string
		want, layer        string
	}{
		{None, false, "none", "none", "", "allow", ""},
		{None, false, "none", "allow", "", "allow", "resource-based policy"},
		{None, false, "none", "silent", "", "implicit", "resource-based policy"},
		{None, false, "none", "deny", "", "explicit", "resource-based policy"},
		{None, false, "none", "none", "deny", "allow", ""}, // nobody asked an authorizer
		{Cognito, false, "none", "none", "", "allow", ""},
		{Cognito, false, "none", "allow", "", "allow", "resource-based policy"},
		{Cognito, false, "none", "silent", "", "implicit", "resource-based policy"},
		{Cognito, false, "none", "deny", "", "explicit", "resource-based policy"},
		{Custom, false, "none", "none", "none", "implicit", "identity-based policy"}, // an authorizer that said nothing
		{Custom, false, "none", "silent", "silent", "implicit", "identity-based policy"},
		{IAM, false, "none", "none", "allow", "implicit", "resource-based policy"}, // anonymous
		{AuthType(9), false, "none", "none", "allow", "implicit", "resource-based policy"},
		{AuthType(9), false, "allow", "allow", "allow", "implicit", "resource-based policy"},
		{AuthType(0), false, "none", "allow", "allow", "implicit", "resource-based policy"},
		{AuthType(0), false, "none", "none", "allow", "implicit", "resource-based policy"},
		// Private APIs [docs].
		{None, true, "none", "none", "", "implicit", "resource-based policy"},
		{Custom, true, "none", "none", "allow", "implicit", "resource-based policy"},
		{IAM, true, "none", "none", "", "implicit", "resource-based policy"},
		{None, true, "none", "allow", "", "allow", "resource-based policy"},
		{None, true, "allow", "allow", "", "allow", "resource-based policy"},
		{None, true, "silent", "allow", "", "implicit", "VPC endpoint policy"},
		{None, true, "deny", "deny", "", "explicit", "VPC endpoint policy"},
		{None, true, "silent", "deny", "", "explicit", "resource-based policy"}, // explicit before implicit
		{IAM, true, "silent", "allow", "", "implicit", "VPC endpoint policy"},
		{Custom, true, "silent", "allow", "allow", "implicit", "VPC endpoint policy"},
	}
	for _, tt := range tests {
		l := &Layers{Private: tt.private, Endpoint: says(t, tt.endpoint, Endpoint, `"*"`), Resource: says(t, tt.resource, Resource, `"*"`),
			Authorizer: says(t, tt.authorizer, Authorizer, "")}
		got := Authorize(tt.auth, call(t, nil), l)
		if verdict(got) != tt.want || got.Layer.String() != tt.layer {
			t.Errorf("type %d, private %v, endpoint %s, resource %s, authorizer %s: got %s by %q, want %s by %q",
				tt.auth, tt.private, tt.endpoint, tt.resource, tt.authorizer, verdict(got), got.Layer, tt.want, tt.layer)
		}
		if got.Allowed() != (tt.want == "allow") {
			t.Errorf("Allowed: got %v for %s", got.Allowed(), tt.want)
		}
		e := ExplainCall(tt.auth, call(t, nil), l)
		if e.Decision != got {
			t.Errorf("ExplainCall decides %+v, Authorize %+v", e.Decision, got)
		}
	}
	for word, want := range map[string]string{"none": "allow", "allow": "allow", "silent": "implicit", "deny": "explicit"} {
		got := AtEndpoint(call(t, user(foreign)), says(t, word, Endpoint, `"*"`))
		if verdict(got) != want || want != "allow" && got.Layer != EndpointLayer || (word == "none" || word == "silent") && got.Statement != -1 {
			t.Errorf("AtEndpoint with a policy that says %s: got %+v, want %s", word, got, want)
		}
	}
}

// TestAnonymousSees: without IAM the resource policy sees an anonymous caller, whoever was authenticated [docs].
func TestAnonymousSees(t *testing.T) {
	r := call(t, user(home))
	l := &Layers{Resource: says(t, "allow", Resource, `{"AWS":"`+r.Caller.ARN+`"}`), Authorizer: says(t, "silent", Authorizer, "")}
	for _, auth := range []AuthType{None, Custom, Cognito} {
		if d := Authorize(auth, r, l); d.Allowed() {
			t.Errorf("type %d: a grant to a user let an anonymous caller in", auth)
		}
	}
	if got, want := Authorize(IAM, r, l), (Decision{Effect: Allow, Layer: ResourceLayer, Policy: "resource policy", Sid: "A"}); got != want {
		t.Errorf("IAM: got %+v, want %+v", got, want)
	}
}

// TestGrants is the table of who is named in the resource's policy and what else must allow then [docs: IAM user
// guide, "Policy evaluation for requests within a single account"].
func TestGrants(t *testing.T) {
	const yes = "allow"
	type limits struct{ own, boundary, session string }
	tests := []struct {
		caller *Caller
		named  string
		limits
		want string // allow, or the silent layer
	}{
		{user(home), `{"AWS":"arn:aws:iam::111122223333:user/team/ann"}`, limits{"silent", "silent", ""}, yes},
		{user(home), `{"AWS":"AIDAEXAMPLEEXAMPLE"}`, limits{"silent", "silent", ""}, yes},
		{user(home), `"*"`, limits{"silent", "silent", ""}, yes},
		{user(home), `{"AWS":"*"}`, limits{"silent", "silent", ""}, yes},
		{user(home), `{"AWS":"111122223333"}`, limits{"silent", "", ""}, "identity-based policy"},
		{user(home), `{"AWS":"arn:aws:iam::111122223333:root"}`, limits{"silent", "", ""}, "identity-based policy"},
		{user(home), `{"AWS":"111122223333"}`, limits{"allow", "silent", ""}, "permissions boundary"},
		{user(home), `{"AWS":"111122223333"}`, limits{"allow", "allow", ""}, yes},
		{user(home), `{"AWS":["111122223333","arn:aws:iam::111122223333:user/team/ann"]}`, limits{"silent", "silent", ""}, yes},
		{session(home), `{"AWS":"arn:aws:sts::111122223333:assumed-role/R/s1"}`, limits{"silent", "silent", "silent"}, yes},
		{session(home), `{"AWS":"arn:aws:iam::111122223333:role/path/R"}`, limits{"silent", "", ""}, yes},
		{session(home), `{"AWS":"AROAEXAMPLEEXAMPLE"}`, limits{"silent", "", ""}, yes},
		{session(home), `{"AWS":"arn:aws:iam::111122223333:role/path/R"}`, limits{"silent", "silent", ""}, "permissions boundary"},
		{session(home), `{"AWS":"arn:aws:iam::111122223333:role/path/R"}`, limits{"silent", "allow", "silent"}, "session policy"},
		{session(home), `{"AWS":"arn:aws:iam::111122223333:role/path/R"}`, limits{"silent", "allow", "allow"}, yes},
		{session(home), `"*"`, limits{"silent", "silent", ""}, "permissions boundary"},
		{session(home), `{"AWS":["arn:aws:iam::111122223333:role/path/R","arn:aws:sts::111122223333:assumed-role/R/s1"]}`, limits{"silent", "silent", "silent"}, yes},
		{session(home), `{"AWS":"111122223333"}`, limits{"silent", "", ""}, "identity-based policy"},
		{session(home), `{"AWS":"111122223333"}`, limits{"allow", "", "silent"}, "session policy"},
		{federated(home), `{"AWS":"arn:aws:sts::111122223333:federated-user/bob"}`, limits{"silent", "", "silent"}, yes},
		{federated(home), `{"AWS":"111122223333"}`, limits{"allow", "", ""}, "session policy"}, // made without session policy
		{federated(home), `{"AWS":"111122223333"}`, limits{"allow", "", "allow"}, yes},
		{root(home), `{"AWS":"444455556666"}`, limits{"", "", ""}, yes},
		// Not named: the caller's own policies decide.
		{user(home), `{"AWS":"444455556666"}`, limits{"allow", "", ""}, yes},
		{user(home), `{"AWS":"444455556666"}`, limits{"silent", "", ""}, "identity-based policy"},
		{user(home), `{"AWS":"444455556666"}`, limits{"allow", "silent", ""}, "permissions boundary"},
		{session(home), `{"AWS":"444455556666"}`, limits{"allow", "allow", "silent"}, "session policy"},
		// Across accounts both must allow, however the caller is named.
		{user(foreign), `{"AWS":"arn:aws:iam::444455556666:user/team/ann"}`, limits{"silent", "", ""}, "identity-based policy"},
		{user(foreign), `{"AWS":"arn:aws:iam::444455556666:root"}`, limits{"allow", "", ""}, yes},
		{user(foreign), `{"AWS":"arn:aws:iam::444455556666:user/team/ann"}`, limits{"allow", "silent", ""}, "permissions boundary"},
		{session(foreign), `{"AWS":"arn:aws:sts::444455556666:assumed-role/R/s1"}`, limits{"allow", "", "silent"}, "session policy"},
		{user(foreign), `{"AWS":"111122223333"}`, limits{"allow", "", ""}, "resource-based policy"},
		{root(foreign), `{"AWS":"444455556666"}`, limits{"", "", ""}, yes},
		{root(foreign), `{"AWS":"111122223333"}`, limits{"", "", ""}, "resource-based policy"},
		// Callers without account have the resource's policy only.
		{&Caller{Type: Service, Service: "lambda.amazonaws.com"}, `{"Service":"lambda.amazonaws.com"}`, limits{"", "", ""}, yes},
		{&Caller{Type: Service, Service: "lambda.amazonaws.com"}, `{"Service":"apigateway.amazonaws.com"}`, limits{"", "", ""}, "resource-based policy"},
		{&Caller{Type: WebIdentity, Provider: "accounts.google.com"}, `{"Federated":"accounts.google.com"}`, limits{"", "", ""}, yes},
		{nil, `"*"`, limits{"", "", ""}, yes},
		{user(foreign), `{"CanonicalUser":"x"}`, limits{"allow", "", ""}, "resource-based policy"},
		{nil, `{"AWS":"111122223333"}`, limits{"", "", ""}, "resource-based policy"},
		{&Caller{Type: 77}, `{"AWS":"111122223333"}`, limits{"", "", ""}, "resource-based policy"},
	}
	for _, tt := range tests {
		set := &Set{Identity: list(says(t, tt.own, Identity, "")), Boundary: says(t, tt.boundary, Boundary, ""), Session: list(says(t, tt.session, Session, ""))}
		got := Decide(call(t, tt.caller), &Layers{Caller: set, Resource: says(t, "allow", Resource, tt.named)})
		text := got.Layer.String()
		if got.Allowed() {
			text = yes
		}
		if text != tt.want {
			t.Errorf("%s, named %s, %+v: got %+v (%s), want %s", tt.caller, tt.named, tt.limits, got, text, tt.want)
		}
	}
}

// TestOwner: a resource whose account nobody knows is foreign.
func TestOwner(t *testing.T) {
	r := call(t, user(home))
	r.Resource = arn.ARN{Partition: "aws", Service: "apigateway", Region: "us-east-1", Resource: "/restapis/abc"}
	l := &Layers{Caller: &Set{Identity: list(says(t, "allow", Identity, ""))}}
	if d := Decide(r, l); d.Allowed() {
		t.Errorf("a resource without owner: got %+v", d)
	}
	r.Owner = home
	if d := Decide(r, l); !d.Allowed() {
		t.Errorf("an own resource: got %+v", d)
	}
	r.Owner = foreign
	if d := Decide(r, l); d.Allowed() {
		t.Errorf("a foreign resource: got %+v", d)
	}
}

func TestSCP(t *testing.T) {
	level := func(words ...string) (l []*Policy) {
		for _, w := range words {
			l = append(l, says(t, w, SCP, ""))
		}
		return l
	}
	for _, tt := range []struct {
		levels [][]*Policy
		caller *Caller
		want   string
		layer  Layer
	}{
		{[][]*Policy{level("allow"), level("silent", "allow")}, user(home), "allow", IdentityLayer},
		{[][]*Policy{level("allow"), level("silent")}, user(home), "implicit", SCPLayer},
		{[][]*Policy{level("silent"), level("allow")}, user(home), "implicit", SCPLayer},
		{[][]*Policy{level("silent"), level("allow", "deny")}, user(home), "explicit", SCPLayer},
		{[][]*Policy{level("allow"), {}}, user(home), "implicit", SCPLayer},
		{[][]*Policy{level("silent")}, root(home), "implicit", SCPLayer},
		{[][]*Policy{level("deny")}, root(home), "explicit", SCPLayer},
		{[][]*Policy{level("allow")}, root(home), "allow", IdentityLayer},
	} {
		got := Decide(call(t, tt.caller), &Layers{Caller: &Set{SCP: tt.levels, Identity: list(says(t, "allow", Identity, ""))}})
		if verdict(got) != tt.want || got.Layer != tt.layer {
			t.Errorf("%s: got %+v, want %s by %v", tt.caller, got, tt.want, tt.layer)
		}
	}
}

// TestTrust: a trust policy must allow even in its own account [docs].
func TestTrust(t *testing.T) {
	trust := func(principal string) *Policy {
		return must(t, Trust, `{"Sid":"T","Effect":"Allow","Principal":`+principal+`,"Action":["sts:AssumeRole*","sts:TagSession"]}`)
	}
	own := func(word string) *Set {
		switch word {
		case "allow":
			return &Set{Identity: list(must(t, Identity, `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/*"}`))}
		case "deny":
			return &Set{Identity: list(must(t, Identity, `{"Effect":"Deny","Action":"sts:*","Resource":"*"}`))}
		}
		return nil
	}
	for _, tt := range []struct {
		caller    *Caller
		principal string
		own       string
		want      string
		layer     Layer
	}{
		{user(home), `{"AWS":"arn:aws:iam::111122223333:user/team/ann"}`, "", "allow", TrustLayer},
		{user(home), `{"AWS":"arn:aws:iam::111122223333:user/team/ann"}`, "deny", "explicit", IdentityLayer},
		{user(home), `{"AWS":"111122223333"}`, "", "implicit", IdentityLayer},
		{user(home), `{"AWS":"111122223333"}`, "allow", "allow", IdentityLayer},
		{user(home), `{"AWS":"444455556666"}`, "allow", "implicit", TrustLayer},
		{user(foreign), `{"AWS":"444455556666"}`, "", "implicit", IdentityLayer},
		{user(foreign), `{"AWS":"444455556666"}`, "allow", "allow", IdentityLayer},
		{user(home), `{"AWS":"*"}`, "", "allow", TrustLayer},
		// "*" is every AWS principal, not everybody.
		{nil, `{"AWS":"*"}`, "", "implicit", TrustLayer},
		{&Caller{Type: Service, Service: "lambda.amazonaws.com"}, `{"AWS":"*"}`, "", "implicit", TrustLayer},
		{&Caller{Type: WebIdentity, Provider: "p"}, `{"AWS":"*"}`, "", "implicit", TrustLayer},
		{&Caller{Type: Service, Service: "lambda.amazonaws.com"}, `{"Service":["x","lambda.amazonaws.com"]}`, "", "allow", TrustLayer},
		{&Caller{Type: WebIdentity, Provider: "p"}, `{"Federated":"p"}`, "", "allow", TrustLayer},
		{&Caller{Type: WebIdentity, Provider: "P"}, `{"Federated":"p"}`, "", "implicit", TrustLayer},
	} {
		r := call(t, tt.caller)
		r.Action = action(t, "sts:AssumeRole")
		r.Resource = arn.ARN{Partition: "aws", Service: "iam", Account: home, Resource: "role/R"}
		got := Decide(r, &Layers{Caller: own(tt.own), Resource: trust(tt.principal)})
		if verdict(got) != tt.want || got.Layer != tt.layer {
			t.Errorf("%s, trust %s, own %s: got %+v, want %s by the %v", tt.caller, tt.principal, tt.own, got, tt.want, tt.layer)
		}
	}
	got := Decide(call(t, nil), &Layers{Resource: must(t, Trust, `{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:*"}`)})
	if want := "because no role trust policy allows the execute-api:Invoke action"; got.Because(action(t, "execute-api:Invoke")) != want {
		t.Errorf("got %+v", got)
	}
}

// TestNotPrincipal [security.md E11; docs]: a caller is spared only if all of its identities are listed, and never with
// a permissions boundary.
func TestNotPrincipal(t *testing.T) {
	const (
		account = `"111122223333"`
		ann     = `"arn:aws:iam::111122223333:user/team/ann"`
		role    = `"arn:aws:iam::111122223333:role/path/R"`
		one     = `"arn:aws:sts::111122223333:assumed-role/R/s1"`
		bob     = `"arn:aws:sts::111122223333:federated-user/bob"`
	)
	service := &Caller{Type: Service, Service: "lambda.amazonaws.com"}
	web := &Caller{Type: WebIdentity, Provider: "p"}
	bounded := user(home)
	bounded.Bounded = true
	for _, tt := range []struct {
		caller *Caller
		list   string
		denied bool
	}{
		{user(home), `{"AWS":[` + ann + `,` + account + `]}`, false},
		{user(home), `{"AWS":["AIDAEXAMPLEEXAMPLE",` + account + `]}`, false},
		{user(home), `{"AWS":` + ann + `}`, true},
		{user(home), `{"AWS":` + account + `}`, true},
		{user(home), `{"AWS":"444455556666"}`, true},
		{user(home), `"*"`, false},
		{user(home), `{"AWS":"*"}`, false},
		{bounded, `{"AWS":[` + ann + `,` + account + `]}`, true},
		{bounded, `"*"`, true},
		{root(home), `{"AWS":` + account + `}`, false},
		{root(home), `{"AWS":` + ann + `}`, true},
		{session(home), `{"AWS":[` + one + `,` + role + `,` + account + `]}`, false},
		{session(home), `{"AWS":[` + one + `,"AROAEXAMPLEEXAMPLE",` + account + `]}`, false},
		{session(home), `{"AWS":[` + one + `,` + role + `]}`, true},
		{session(home), `{"AWS":[` + one + `,` + account + `]}`, true},
		{session(home), `{"AWS":[` + role + `,` + account + `]}`, true},
		{federated(home), `{"AWS":[` + bob + `,` + account + `]}`, false},
		{service, `{"Service":"lambda.amazonaws.com"}`, false},
		{service, `{"Service":"x.amazonaws.com"}`, true},
		{web, `{"Federated":"p"}`, false},
		{nil, `{"AWS":` + account + `}`, true},
		{nil, `{"CanonicalUser":"x"}`, true},
		{user(home), `{"CanonicalUser":"x"}`, true},
		{nil, `"*"`, false},
	} {
		p := must(t, Resource, `{"Effect":"Deny","NotPrincipal":`+tt.list+`,"Action":"*","Resource":"*"}`)
		if got, _ := p.Evaluate(call(t, tt.caller)); (got == Deny) != tt.denied {
			t.Errorf("NotPrincipal %s, %s: got %v, denied should be %v", tt.list, tt.caller, got, tt.denied)
		}
	}
}

// TestBroken: a stored policy that does not compile denies, wherever it stands.
func TestBroken(t *testing.T) {
	broken := Broken(Identity, "old", errors.New("no longer understood"))
	if broken.Err() == nil || broken.Name() != "old" || says(t, "allow", Identity, "").Err() != nil {
		t.Error("Err or Name of a broken policy")
	}
	good := says(t, "allow", Identity, "")
	for name, l := range map[string]*Layers{
		"identity": {Caller: &Set{Identity: []*Policy{good, broken}}},
		"boundary": {Caller: &Set{Identity: list(good), Boundary: broken}},
		"session":  {Caller: &Set{Identity: list(good), Session: list(broken)}},
		"SCP":      {Caller: &Set{Identity: list(good), SCP: [][]*Policy{{good, broken}}}},
		"resource": {Caller: &Set{Identity: list(good)}, Resource: broken},
		"endpoint": {Caller: &Set{Identity: list(good)}, Endpoint: broken},
	} {
		if d := Authorize(IAM, call(t, user(home)), l); d.Effect != Deny || d.Policy != "old" || d.Statement != -1 {
			t.Errorf("%s: got %+v", name, d)
		}
	}
}

// TestMisplaced: a policy in a place that it was not written for must not open anything.
func TestMisplaced(t *testing.T) {
	identity, resource := says(t, "allow", Identity, ""), says(t, "allow", Resource, `"*"`)
	good := list(identity)
	for name, l := range map[string]*Layers{
		"identity policy of a resource":  {Resource: identity},
		"identity policy of an endpoint": {Resource: resource, Endpoint: identity},
		"resource policy of an identity": {Caller: &Set{Identity: list(resource)}},
		"resource policy as boundary":    {Caller: &Set{Identity: good, Boundary: resource}},
		"resource policy of a session":   {Caller: &Set{Identity: good, Session: list(resource)}},
		"resource policy as SCP":         {Caller: &Set{Identity: good, SCP: [][]*Policy{list(resource)}}},
		"authorizer":                     {Authorizer: resource},
	} {
		auth := IAM
		if l.Authorizer != nil {
			auth = Custom
		}
		if d := Authorize(auth, call(t, user(home)), l); d.Effect != Deny {
			t.Errorf("%s: got %+v", name, d)
		}
	}
	if d := Authorize(None, call(t, nil), &Layers{Resource: identity}); d.Effect != Deny {
		t.Errorf("NONE: got %+v", d)
	}
	if _, refused := First(call(t, nil), identity); !refused {
		t.Error("First: not refused")
	}
	if d := AtEndpoint(call(t, nil), identity); d.Effect != Deny {
		t.Errorf("AtEndpoint: got %+v", d)
	}
}

// TestBecause are AWS's reasons [docs: IAM user guide, "Access denied error messages"; observed for API Gateway].
func TestBecause(t *testing.T) {
	invoke := action(t, "execute-api:Invoke")
	for _, tt := range []struct {
		d    Decision
		want string
	}{
		{Decision{}, ""},
		{Decision{Effect: Allow, Layer: IdentityLayer}, ""},
		{Decision{Layer: layers}, ""},
		{silent(IdentityLayer), "because no identity-based policy allows the execute-api:Invoke action"},
		{silent(ResourceLayer), "because no resource-based policy allows the execute-api:Invoke action"},
		{silent(BoundaryLayer), "because no permissions boundary allows the execute-api:Invoke action"},
		{silent(SessionLayer), "because no session policy allows the execute-api:Invoke action"},
		{silent(SCPLayer), "because no service control policy allows the execute-api:Invoke action"},
		{silent(EndpointLayer), "because no VPC endpoint policy allows the execute-api:Invoke action"},
		{silent(TrustLayer), "because no role trust policy allows the execute-api:Invoke action"},
		{Decision{Effect: Deny, Layer: IdentityLayer}, "with an explicit deny in an identity-based policy"},
		{Decision{Effect: Deny, Layer: ResourceLayer}, "with an explicit deny in a resource-based policy"},
		{Decision{Effect: Deny, Layer: BoundaryLayer}, "with an explicit deny in a permissions boundary"},
		{Decision{Effect: Deny, Layer: SessionLayer}, "with an explicit deny in a session policy"},
		{Decision{Effect: Deny, Layer: SCPLayer}, "with an explicit deny in a service control policy"},
		{Decision{Effect: Deny, Layer: EndpointLayer}, "with an explicit deny in a VPC endpoint policy"},
		{Decision{Effect: Deny, Layer: TrustLayer}, "with an explicit deny in the role trust policy"},
	} {
		if got := tt.d.Because(invoke); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.d, got, tt.want)
		}
	}
	if Layer(200).String() != "" {
		t.Error("an unknown layer has a name")
	}
	r := call(t, nil)
	got := silent(ResourceLayer).Message(nil, invoke, MaskAccount(r.Resource))
	want := "User: anonymous is not authorized to perform: execute-api:Invoke on resource: " +
		"arn:aws:execute-api:us-east-1:********3333:abc/prod/GET/pets because no resource-based policy allows the execute-api:Invoke action" // [observed]
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := (Decision{}).Message(user(home), invoke, ""), "User: arn:aws:iam::111122223333:user/team/ann is not authorized to perform: execute-api:Invoke"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, c := range []*Caller{{Type: Service, Service: "x"}, {Type: WebIdentity, Provider: "x"}} {
		if c.String() != "x" {
			t.Errorf("got %q", c)
		}
	}
	if got := MaskAccount(arn.ARN{Partition: "aws", Service: "s3", Resource: "b"}); got != "arn:aws:s3:::b" {
		t.Errorf("got %q", got)
	}
}

// TestDescribe is the table of principal variables [docs].
func TestDescribe(t *testing.T) {
	tagged := user(home)
	tagged.Tags = []condition.Tag{{Key: "team", Value: "blue"}}
	for _, tt := range []struct {
		caller *Caller
		want   condition.Context
	}{
		{nil, condition.Context{PrincipalType: "Anonymous", UserID: "anonymous"}},
		{&Caller{Type: callerTypes, Account: home}, condition.Context{PrincipalType: "Anonymous", UserID: "anonymous"}},
		{root(home), condition.Context{PrincipalType: "Account", UserID: home, PrincipalAccount: home, PrincipalARN: "arn:aws:iam::111122223333:root", PrincipalIsAWSService: condition.False}},
		{tagged, condition.Context{PrincipalType: "User", UserID: "AIDAEXAMPLEEXAMPLE", Username: "ann", PrincipalAccount: home,
			PrincipalARN: "arn:aws:iam::111122223333:user/team/ann", PrincipalIsAWSService: condition.False, PrincipalTags: tagged.Tags}},
		{session(home), condition.Context{PrincipalType: "AssumedRole", UserID: "AROAEXAMPLEEXAMPLE:s1", PrincipalAccount: home,
			PrincipalARN: "arn:aws:iam::111122223333:role/path/R", PrincipalIsAWSService: condition.False}},
		{federated(home), condition.Context{PrincipalType: "FederatedUser", UserID: home + ":bob", PrincipalAccount: home,
			PrincipalARN: "arn:aws:sts::111122223333:federated-user/bob", PrincipalIsAWSService: condition.False}},
		{&Caller{Type: Service, Service: "lambda.amazonaws.com"}, condition.Context{PrincipalIsAWSService: condition.True, PrincipalServiceName: "lambda.amazonaws.com"}},
	} {
		var got condition.Context
		tt.caller.Describe(&got)
		if d := diff(got, tt.want); d != "" {
			t.Errorf("%s (-got +want):\n%s", tt.caller, d)
		}
	}
}
