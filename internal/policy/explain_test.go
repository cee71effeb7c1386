package policy

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/policy/condition"
)

// TestExplain is the whole story of one refusal: an address on the deny list of a resource policy.
func TestExplain(t *testing.T) {
	text := `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"},
    {"Sid": "Blocked", "Effect": "Deny", "Principal": {"AWS": "*"}, "NotAction": "s3:*",
     "NotResource": "arn:aws:s3:::*",
     "Condition": {
       "IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7"]},
       "StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}
     }}
  ]
}`
	resource, err := Load(text, Resource, "abc")
	if err != nil {
		t.Fatal(err)
	}
	r := call(t, nil)
	r.Context.SourceIP = netip.MustParseAddr("203.0.113.9")
	l := &Layers{Resource: resource, Authorizer: says(t, "allow", Authorizer, "")}
	got := ExplainCall(Custom, r, l)
	pets := []string{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets"}
	invoke, anonymous, everyone := []string{"execute-api:Invoke"}, []string{"anonymous"}, []string{"*"}
	first, second := Position{4, 5}, Position{5, 5}
	want := &Explanation{
		Decision: Decision{Effect: Deny, Layer: ResourceLayer, Policy: "abc", Sid: "Blocked", Statement: 1},
		Findings: []Finding{
			{Layer: ResourceLayer, Policy: "abc", Effect: Allow, Start: first, End: Position{4, 90}, Applies: true, Elements: []Element{
				{Name: "Principal", Matched: true, Wrote: everyone, Saw: anonymous, At: first},
				{Name: "Action", Matched: true, Wrote: invoke, Saw: invoke, At: first},
				{Name: "Resource", Matched: true, Wrote: everyone, Saw: pets, At: first},
			}},
			{Layer: ResourceLayer, Policy: "abc", Index: 1, Sid: "Blocked", Effect: Deny, Start: second, End: Position{10, 7}, Applies: true, Elements: []Element{
				{Name: "Principal", Matched: true, Wrote: []string{"AWS *"}, Saw: anonymous, At: second},
				{Name: "NotAction", Matched: true, Wrote: []string{"s3:*"}, Saw: invoke, At: second},
				{Name: "NotResource", Matched: true, Wrote: []string{"arn:aws:s3:::*"}, Saw: pets, At: second},
				{Name: "IpAddress", Key: "aws:SourceIp", Matched: true, Wrote: []string{"203.0.113.0/24", "198.51.100.7"}, Saw: []string{"203.0.113.9"}, At: Position{8, 22}},
				{Name: "StringEqualsIfExists", Key: "aws:SourceVpce", Matched: true, Wrote: []string{"vpce-1"}, At: Position{9, 33}},
			}},
			{Layer: IdentityLayer, Policy: "authorizer policy", Sid: "A", Effect: Allow, Start: Position{1, 38}, End: Position{1, 110}, Applies: true, Elements: []Element{
				{Name: "Action", Matched: true, Wrote: invoke, Saw: invoke, At: Position{1, 38}},
				{Name: "Resource", Matched: true, Wrote: everyone, Saw: pets, At: Position{1, 38}},
			}},
		},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if d := cmp.Diff(got.Missing(), []string{"aws:SourceVpce"}); d != "" {
		t.Errorf("Missing (-got +want):\n%s", d)
	}
	const lines = `refused: explicit deny in the resource-based policy "abc", statement 2
resource-based policy "abc", statement 1 (line 4, column 5): Allow applies
    Principal ["*"]: the request has ["anonymous"], match
    Action ["execute-api:Invoke"]: the request has ["execute-api:Invoke"], match
    Resource ["*"]: the request has ["arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets"], match
resource-based policy "abc", statement 2 "Blocked" (line 5, column 5): Deny applies
    Principal ["AWS *"]: the request has ["anonymous"], match
    NotAction ["s3:*"]: the request has ["execute-api:Invoke"], match
    NotResource ["arn:aws:s3:::*"]: the request has ["arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets"], match
    IpAddress aws:SourceIp ["203.0.113.0/24" "198.51.100.7"]: the request has ["203.0.113.9"], match (line 8, column 22)
    StringEqualsIfExists aws:SourceVpce ["vpce-1"]: the request has none, match (line 9, column 33)
`
	if text := got.String(); !strings.HasPrefix(text, lines) {
		t.Errorf("(-got +want):\n%s", cmp.Diff(text, lines))
	}
}

// TestExplainShowsAll: elements behind one that fails are evaluated too, and every layer has its turn.
func TestExplainShowsAll(t *testing.T) {
	r := call(t, user(home))
	r.Context.SecureTransport = condition.True
	one := func(kind Kind, principal string) *Policy {
		return must(t, kind, `{"Effect":"Allow",`+principal+`"Action":"s3:*","Resource":"arn:aws:s3:::*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`)
	}
	broken := Broken(Session, "old", errors.New("unreadable"))
	l := &Layers{Endpoint: one(Endpoint, `"Principal":"*",`), Resource: one(Resource, `"Principal":{"AWS":"444455556666"},`), Caller: &Set{
		SCP: [][]*Policy{{one(SCP, "")}}, Identity: list(one(Identity, "")), Boundary: one(Boundary, ""), Session: list(broken)}}
	e := Explain(r, l)
	var layers []string
	for _, f := range e.Findings {
		layers = append(layers, f.Layer.String())
		if f.Broken != nil {
			if !f.Applies || f.Effect != Deny || f.Index != -1 {
				t.Errorf("the broken policy: %+v", f)
			}
			continue
		}
		last := f.Elements[len(f.Elements)-1]
		if f.Applies || last.Name != "Bool" || !last.Matched {
			t.Errorf("%v: %+v", f.Layer, f)
		}
	}
	want := []string{"VPC endpoint policy", "service control policy", "resource-based policy", "identity-based policy", "permissions boundary", "session policy"}
	if d := cmp.Diff(layers, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if e.Missing() != nil {
		t.Errorf("Missing: got %q", e.Missing())
	}
	text := e.String()
	for _, part := range []string{
		`refused: explicit deny in the session policy "old"` + "\n",
		`session policy "old" is broken and denies everything: unreadable`,
		`does not apply`, `Principal ["AWS 444455556666"]: the request has ["arn:aws:iam::111122223333:user/team/ann"], no match`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
}

func TestExplainSentences(t *testing.T) {
	r := call(t, user(home))
	r.Resource.Service = "" // an action without resource
	r.Owner = home
	for _, tt := range []struct {
		got  *Explanation
		want string
	}{
		{Explain(r, &Layers{}), "refused: no identity-based policy allows it\n"},
		{ExplainCall(IAM, r, &Layers{Private: true}), "refused: no resource-based policy allows it\n"},
		{ExplainCall(None, r, &Layers{Authorizer: says(t, "deny", Authorizer, "")}), "allowed: no policy is needed\n"},
		{ExplainCall(None, r, &Layers{}), "allowed: no policy is needed\n"},
		{Explain(r, &Layers{Caller: &Set{Identity: list(says(t, "allow", Identity, ""))}}), `allowed by the identity-based policy "identity policy", statement 1
identity-based policy "identity policy", statement 1 "A" (line 1, column 38): Allow applies
    Action ["execute-api:Invoke"]: the request has ["execute-api:Invoke"], match
    Resource ["*"]: the request has ["*"], match
`},
	} {
		if d := cmp.Diff(tt.got.String(), tt.want); d != "" {
			t.Errorf("(-got +want):\n%s", d)
		}
	}
	twice := must(t, Identity, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"svc:B":"true","svc:a":"true"},"Null":{"SVC:b":"true"}}}`)
	broken := Broken(Endpoint, "old", errors.New("unreadable"))
	e := Explain(r, &Layers{Endpoint: broken, Caller: &Set{Identity: list(twice)}})
	if d := cmp.Diff(e.Missing(), []string{"svc:B", "svc:a"}); d != "" {
		t.Errorf("Missing (-got +want):\n%s", d)
	}
	if text := e.String(); strings.Count(text, "\n") != 8 {
		t.Errorf("a broken policy hides the others:\n%s", text)
	}
	trust := must(t, Trust, `{"Effect":"Allow","Principal":{"Service":"x"},"Action":"sts:AssumeRole"}`)
	if f := Explain(r, &Layers{Resource: trust}).Findings[0]; f.Layer != TrustLayer || len(f.Elements) != 2 {
		t.Errorf("got %+v", f)
	}
}
