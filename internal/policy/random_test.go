package policy

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/arn"
	"gatehouse/internal/policy/condition"
)

// maker makes random policies and requests from a small vocabulary, so that they often concern each other.
type maker struct{ *rand.Rand }

func pick[T any](m maker, list []T) T { return list[m.IntN(len(list))] }

// some is a value or a list of up to three.
func some[T any](m maker, list []T) any {
	if m.IntN(2) == 0 {
		return pick(m, list)
	}
	all := []any{}
	for range 1 + m.IntN(3) {
		all = append(all, pick(m, list))
	}
	return all
}

var (
	randomActions = []string{"execute-api:Invoke", "execute-api:Invoke", "EXECUTE-API:invoke", "execute-api:*", "execute-api:In?oke", "execute-api:*e", "s3:*",
		"*", "*:*", "execute-api:ManageConnections", "execute-api:I*k?"}
	randomResources = []string{"*", "*", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets", "arn:aws:execute-api:*:*:*",
		"arn:aws:execute-api:*:*:abc/*/GET/*", "arn:aws:execute-api:us-east-?:1111*:a?c/prod/*", "arn:aws:execute-api:*:*:abc/prod/GET/${aws:username}",
		"arn:aws:execute-api:*:*:abc/prod/GET/${svc:Key, 'pets'}", "arn:aws:execute-api:*:*:abc/prod/GET/${svc:Key}", "arn:aws:execute-api:*:*:*/${aws:TagKeys, 'pets'}",
		"arn:aws:execute-api:*:*:abc/prod/GET/${*}", "arn:*:execute-api:us-east-1:111122223333:*pets", "arn:aws-cn:execute-api:*:*:*", "arn:aws:s3:::*"}
	randomShort      = []string{"arn:aws:execute-api", "arn:aws:execute-api:us-east-1", "arn:aws:execute-api:eu-west-1", "arn:aws:execute-api:us-east-1:111122223333", "arn:aws:s3"}
	randomPrincipals = []string{"*", home, foreign, "arn:aws:iam::" + home + ":root", "arn:aws:iam::" + home + ":user/team/ann", "arn:aws:iam::" + foreign + ":user/team/ann",
		"arn:aws:iam::" + home + ":role/path/R", "arn:aws:sts::" + home + ":assumed-role/R/s1", "arn:aws:sts::" + home + ":federated-user/bob",
		"AIDAEXAMPLEEXAMPLE", "AROAEXAMPLEEXAMPLE"}
	randomCallers = []*Caller{nil, user(home), user(home), user(foreign), session(home), session(home), session(foreign), federated(home), root(home), root(foreign),
		{Type: Service, Service: "lambda.amazonaws.com"}, {Type: WebIdentity, Provider: "accounts.google.com"}}

	randomTexts = []string{"ann", "Ann", "a*", "", "*", "?nn", "blue", "${aws:username}", "${svc:Key}", "${svc:Key, 'ann'}", "${ AWS:UserName , 'it''s' }", "a${?}n", "${*}",
		"${$}", "arn:aws:iam::111122223333:role/path/R", "é", "?", "*n*", "ann*", "x${aws:TagKeys}"}
	randomNumbers = []any{"0", "10", "10.0", "1e1", "010", "-3", "3.5", 10, 9.75, "1795226584", "3600"}
	randomDates   = []string{"2026-11-21T02:03:04Z", "2026-11-21T02:03:04.5Z", "2026-11-21T03:03:04+01:00", "2026-11-21", "1795226584", "0", "2027-01-01"}
	randomBlocks  = []string{"203.0.113.0/24", "203.0.113.9", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "::/0", "2001:db8::1", "203.0.113.77/25"}
	randomARNs    = []string{"arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/path/R", "arn:*:*:*:*:*", "arn:aws:iam::111122223333:user/${aws:username}",
		"arn:aws:iam::${aws:PrincipalAccount}:*", "${aws:PrincipalArn}", "arn:aws:sts::*:federated-user/b?b", "a:b:c:d:e:f", "arn:aws:iam::${svc:Key, 'a:b'}:role/*"}
	randomBools    = []any{"true", "false", "TRUE", true, false}
	randomBinaries = []string{"QmluYXJ5", "QQ==", ""}
	randomKeys     = []string{"aws:username", "AWS:UserName", "aws:userid", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:SourceIp", "aws:CurrentTime", "aws:EpochTime",
		"aws:SecureTransport", "aws:MultiFactorAuthAge", "aws:TagKeys", "aws:CalledVia", "aws:PrincipalTag/Team", "svc:Key", "svc:Many", "svc:None", "aws:SourceVpce", "aws:PrincipalType"}
	randomFamilies = []struct {
		operators []string
		values    func(m maker) any
	}{
		{[]string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"}, func(m maker) any { return some(m, randomTexts) }},
		{[]string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"}, func(m maker) any { return some(m, randomNumbers) }},
		{[]string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"}, func(m maker) any { return some(m, randomDates) }},
		{[]string{"Bool"}, func(m maker) any { return some(m, randomBools) }},
		{[]string{"Null"}, func(m maker) any { return some(m, randomBools) }},
		{[]string{"BinaryEquals"}, func(m maker) any { return some(m, randomBinaries) }},
		{[]string{"IpAddress", "NotIpAddress"}, func(m maker) any { return some(m, randomBlocks) }},
		{[]string{"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"}, func(m maker) any { return some(m, randomARNs) }},
	}
)

func (m maker) condition() map[string]any {
	c := map[string]any{}
	for range m.IntN(3) {
		f := pick(m, randomFamilies)
		operator := pick(m, []string{"", "", "ForAllValues:", "ForAnyValue:"}) + pick(m, f.operators)
		if m.IntN(4) == 0 && !strings.HasSuffix(operator, "Null") {
			operator += "IfExists"
		}
		keys := map[string]any{}
		for range 1 + m.IntN(2) {
			key := pick(m, randomKeys)
			if _, twice := keys[strings.ToLower(key)]; !twice && keys["AWS:UserName"] == nil && keys["aws:username"] == nil {
				keys[key] = f.values(m)
				if m.IntN(30) == 0 {
					keys[key] = []any{}
				}
			}
		}
		c[operator] = keys
	}
	return c
}

func (m maker) principal() any {
	if m.IntN(4) == 0 {
		return "*"
	}
	p := map[string]any{"AWS": some(m, randomPrincipals)}
	if m.IntN(3) == 0 {
		p["Service"] = pick(m, []string{"lambda.amazonaws.com", "apigateway.amazonaws.com"})
	}
	if m.IntN(3) == 0 {
		p["Federated"] = "accounts.google.com"
	}
	return p
}

func (m maker) policy(kind Kind) source {
	doc := map[string]any{}
	if m.IntN(8) != 0 || kinds[kind].version2012 {
		doc["Version"] = "2012-10-17"
	}
	var statements []any
	for range 1 + m.IntN(4) {
		s := map[string]any{"Effect": pick(m, []string{"Allow", "Allow", "Allow", "Deny"})}
		s[pick(m, []string{"Action", "Action", "Action", "NotAction"})] = some(m, randomActions)
		resources := randomResources
		if kinds[kind].shortARN && m.IntN(4) == 0 {
			resources = randomShort
		}
		s[pick(m, []string{"Resource", "Resource", "Resource", "NotResource"})] = some(m, resources)
		if kinds[kind].principal {
			name := "Principal"
			if s["Effect"] == "Deny" && m.IntN(2) == 0 {
				name = "NotPrincipal"
			}
			s[name] = m.principal()
		}
		if m.IntN(2) == 0 {
			s["Condition"] = m.condition()
		}
		if kind == Trust {
			s["Action"] = some(m, []string{"sts:AssumeRole", "sts:*", "STS:assumerole", "sts:TagSession"})
			p := m.principal()
			if p == "*" {
				p = map[string]any{"AWS": "*"}
			}
			s["Principal"] = p
			delete(s, "NotAction")
			delete(s, "Resource")
			delete(s, "NotResource")
			delete(s, "NotPrincipal")
		}
		statements = append(statements, s)
	}
	doc["Statement"] = statements
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	if doc["Version"] == nil && strings.Contains(string(text), `"${aws:PrincipalArn}"`) {
		return m.policy(kind) // as text that is no ARN
	}
	return newSource(kind, string(text))
}

func (m maker) policies(kind Kind, n int) []source {
	var list []source
	for range n {
		list = append(list, m.policy(kind))
	}
	return list
}

func (m maker) maybe(kind Kind) *source {
	if m.IntN(2) == 0 {
		return nil
	}
	s := m.policy(kind)
	return &s
}

// question makes a request twice: as texts and as the package wants it.
func (m maker) question(trust bool) (question, *Request) {
	q := question{action: pick(m, []string{"execute-api:Invoke", "execute-api:invoke", "execute-api:ManageConnections"}), keys: map[string][]string{}}
	q.resource = pick(m, []string{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets",
		"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/ann", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/*", "arn:aws:s3:::b", ""})
	q.owner = pick(m, []string{"", "", home, foreign})
	q.caller = pick(m, randomCallers)
	if q.caller != nil && m.IntN(4) == 0 {
		bounded := *q.caller
		bounded.Bounded = true
		q.caller = &bounded
	}
	if trust {
		q.action, q.resource = "sts:AssumeRole", "arn:aws:iam::111122223333:role/R"
	}
	var x condition.Context
	q.caller.Describe(&x)
	put := func(key, value string) {
		if value != "" {
			q.keys[key] = []string{value}
		}
	}
	put("aws:userid", x.UserID)
	put("aws:username", x.Username)
	put("aws:principalarn", x.PrincipalARN)
	put("aws:principalaccount", x.PrincipalAccount)
	put("aws:principaltype", x.PrincipalType)
	set := func(name string, values ...string) {
		if err := x.Set(name, values...); err != nil {
			panic(err)
		}
		q.keys[strings.ToLower(name)] = values
	}
	if m.IntN(8) != 0 {
		set("aws:CurrentTime", "2026-11-21T02:03:04Z")
		q.keys["aws:epochtime"] = []string{"1795226584"}
		if m.IntN(2) == 0 {
			set("aws:MultiFactorAuthAge", pick(m, []string{"0", "3600", "10"}))
		}
	}
	if m.IntN(4) != 0 {
		set("aws:SourceIp", pick(m, []string{"203.0.113.9", "10.1.2.3", "2001:db8::1", "198.51.100.1"}))
	}
	if m.IntN(2) == 0 {
		set("aws:SecureTransport", pick(m, []string{"true", "false"}))
	}
	if m.IntN(3) == 0 {
		set("aws:TagKeys", pick(m, [][]string{{"ann"}, {"ann", "blue"}, {"x", "y", "ann"}})...)
	}
	if m.IntN(3) == 0 {
		set("aws:CalledVia", "ann", "arn:aws:iam::111122223333:role/x")
	}
	if m.IntN(3) == 0 {
		set("aws:PrincipalTag/Team", pick(m, []string{"blue", "", "ann", "*", "10"}))
	}
	if m.IntN(2) == 0 {
		set("svc:Key", pick(m, []string{"ann", "pets", "*", "", "10", "2026-11-21", "010.0.0.1", "10.0.0.1", "true", "QQ==", "arn:aws:iam::111122223333:role/x", "é", "${aws:username}"}))
	}
	if m.IntN(3) == 0 {
		set("svc:Many", pick(m, [][]string{{"ann", "blue"}, {"10", "3.5"}, {"10", "word"}, {"10.0.0.1", "x"}, {"2026-11-21", "0"}, {}})...)
	}
	if m.IntN(3) == 0 {
		set("svc:None")
	}
	r := &Request{Owner: q.owner, Caller: q.caller, Context: &x}
	var err error
	if r.Action, err = ParseAction(q.action); err != nil {
		panic(err)
	}
	if q.resource != "" {
		if r.Resource, err = arn.Parse(q.resource); err != nil {
			panic(err)
		}
	}
	return q, r
}

// TestRandom compares the package with the slow evaluator. POLICY_CASES sets the number of cases; a failure prints
// what is needed to repeat it.
func TestRandom(t *testing.T) {
	cases := 100_000
	if raceDetector {
		cases = 20_000
	}
	if s := os.Getenv("POLICY_CASES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		cases = n
	}
	const perSet = 16
	seen := map[string]int{}
	for seed := range uint64(cases / perSet) {
		m := maker{rand.New(rand.NewPCG(seed, 20261121))}
		trust := m.IntN(6) == 0
		auth := AuthType(1 + m.IntN(4))
		private := m.IntN(6) == 0
		slow := slowLayers{endpoint: m.maybe(Endpoint), resource: m.maybe(Resource), boundary: m.maybe(Boundary), identity: m.policies(Identity, m.IntN(3))}
		if m.IntN(3) != 0 {
			slow.endpoint = nil
		}
		if m.IntN(3) == 0 {
			slow.session = m.policies(Session, 1+m.IntN(2))
			if m.IntN(4) == 0 {
				slow.session = []source{}
			}
		}
		for range m.IntN(3) / 2 * 2 {
			slow.scp = append(slow.scp, m.policies(SCP, 1+m.IntN(2)))
		}
		if trust {
			s := m.policy(Trust)
			slow.resource = &s
		} else if auth == Custom { // what an authorizer returned is one policy, or none yet
			slow.identity = m.policies(Authorizer, m.IntN(2))
		}
		layers := compileLayers(t, slow, private)
		for range perSet {
			q, r := m.question(trust)
			var got Decision
			var want answer
			var story *Explanation
			if trust {
				got, want, story = Decide(r, layers), slowDecide(q, slow), Explain(r, layers)
			} else {
				got, want, story = Authorize(auth, r, layers), slowAuthorize(auth, q, slow, private), ExplainCall(auth, r, layers)
			}
			if a := (answer{got.Effect.String(), got.Layer.String(), got.Statement}); a != want {
				t.Fatalf("seed %d, type %d: got %+v, want %+v\nquestion %+v\npolicies %+v\n%s", seed, auth, a, want, q, slow, story)
			}
			checkStory(t, seed, story)
			seen[want.effect+" "+want.layer]++
		}
	}
	t.Logf("%d cases: %v", cases, seen)
	for _, word := range []string{"Allow", "Deny", "implicit deny"} {
		for _, layer := range []string{"resource-based policy", "identity-based policy", "role trust policy"} {
			if seen[word+" "+layer] < cases/5000 {
				t.Errorf("only %d cases end with %s by the %s: they test little", seen[word+" "+layer], word, layer)
			}
		}
	}
}

// checkStory: an explanation must tell the same story as the decision.
func checkStory(t *testing.T, seed uint64, e *Explanation) {
	t.Helper()
	if e.Decision.Statement < 0 || e.Decision.Effect == Silent {
		return
	}
	for _, f := range e.Findings {
		if f.Layer == e.Decision.Layer && f.Policy == e.Decision.Policy && f.Index == e.Decision.Statement {
			if !f.Applies || f.Effect != e.Decision.Effect {
				t.Fatalf("seed %d: the deciding statement does not apply:\n%s", seed, e)
			}
			return
		}
	}
	t.Fatalf("seed %d: no finding for the deciding statement:\n%s", seed, e)
}

func compileLayers(t *testing.T, slow slowLayers, private bool) *Layers {
	n := 0
	one := func(s *source) *Policy {
		if s == nil {
			return nil
		}
		n++
		p, err := Load(s.text, s.kind, strconv.Itoa(n))
		if err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
		return p
	}
	all := func(list []source) []*Policy {
		if list == nil {
			return nil
		}
		out := []*Policy{}
		for i := range list {
			out = append(out, one(&list[i]))
		}
		return out
	}
	l := &Layers{Endpoint: one(slow.endpoint), Resource: one(slow.resource), Private: private,
		Caller: &Set{Identity: all(slow.identity), Boundary: one(slow.boundary), Session: all(slow.session)}}
	for _, level := range slow.scp {
		l.Caller.SCP = append(l.Caller.SCP, all(level))
	}
	if len(slow.identity) == 1 {
		l.Authorizer = l.Caller.Identity[0]
	}
	return l
}
