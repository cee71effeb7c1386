package policy

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/policy/condition"
)

// twenty is a policy of twenty statements as an operator would write it: most are about something else, some about
// the request but for their conditions, and the last one allows.
func twenty(t testing.TB, kind Kind) *Policy {
	principal := ""
	if kinds[kind].principal {
		principal = `"Principal":"*",`
	}
	var s []string
	for i := range 8 {
		s = append(s, fmt.Sprintf(`{"Effect":"Allow",%s"Action":["execute-api:Invoke","execute-api:ManageConnections"],`+
			`"Resource":["arn:aws:execute-api:us-east-1:111122223333:api%d/prod/*","arn:aws:execute-api:us-east-1:111122223333:api%d/test/GET/*"]}`, principal, i, i))
	}
	for i := range 5 {
		s = append(s, fmt.Sprintf(`{"Effect":"Deny",%s"Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*",`+
			`"Condition":{"IpAddress":{"aws:SourceIp":["198.51.100.%d","192.0.2.0/24"]}}}`, principal, i))
	}
	for i := range 3 {
		s = append(s, fmt.Sprintf(`{"Effect":"Deny",%s"Action":"execute-api:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalAccount":["111122223333","44445555666%d"]},`+
			`"DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}}`, principal, i))
	}
	s = append(s,
		`{"Effect":"Allow",`+principal+`"Action":"s3:*","Resource":"*"}`,
		`{"Effect":"Allow",`+principal+`"NotAction":"execute-api:*","Resource":"*"}`,
		`{"Effect":"Allow",`+principal+`"Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/${aws:username}"}`,
		`{"Effect":"Allow",`+principal+`"Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:*:abc/*/GET/*","Condition":{"Bool":{"aws:SecureTransport":"true"},`+
			`"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}}}`)
	p := must(t, kind, strings.Join(s, ","))
	if n := len(p.doc.Statements); n != 20 {
		t.Fatalf("%d statements", n)
	}
	return p
}

func warm(t testing.TB) *Request {
	r := call(t, user(home))
	r.Context.Time = time.Date(2026, 11, 21, 2, 3, 4, 0, time.UTC)
	r.Context.SecureTransport = condition.True
	r.Context.SourceIP = netip.MustParseAddr("203.0.113.9")
	return r
}

// TestAllocations: evaluation, with everything around it, allocates nothing.
func TestAllocations(t *testing.T) {
	r := warm(t)
	identity, resource := twenty(t, Identity), twenty(t, Resource)
	l := &Layers{Resource: resource, Caller: &Set{Identity: list(identity), Boundary: says(t, "allow", Boundary, "")}, Authorizer: identity}
	for name, f := range map[string]func(){
		"Evaluate":  func() { identity.Evaluate(r) },
		"Decide":    func() { Decide(r, l) },
		"Authorize": func() { Authorize(Custom, r, l) },
		"First":     func() { First(r, resource) },
		"Describe":  func() { r.Caller.Describe(r.Context) },
	} {
		if n := testing.AllocsPerRun(10, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if e, i := identity.Evaluate(r); e != Allow || i != 19 {
		t.Errorf("got %v by %d", e, i)
	}
}

func BenchmarkEvaluate20(b *testing.B) {
	r, p := warm(b), twenty(b, Identity)
	b.ReportAllocs()
	for b.Loop() {
		if e, _ := p.Evaluate(r); e != Allow {
			b.Fatal(e)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	r := warm(b)
	l := &Layers{Resource: twenty(b, Resource), Caller: &Set{Identity: list(twenty(b, Identity))}}
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(r, l); !d.Allowed() {
			b.Fatal(d)
		}
	}
}

func BenchmarkLoad20(b *testing.B) {
	text := twenty(b, Identity).doc.String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(text, Identity, "p"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	r := warm(b)
	l := &Layers{Caller: &Set{Identity: list(twenty(b, Identity))}}
	for b.Loop() {
		Explain(r, l)
	}
}
