package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/internal/arn"
	"gatehouse/internal/policy/condition"
)

// diff compares contexts, whose addresses have no exported fields.
func diff(x, y condition.Context) string {
	return cmp.Diff(x, y, cmpopts.EquateComparable(x.SourceIP))
}

func TestActions(t *testing.T) {
	for _, tt := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "execute-api:Invoke", true},
		{"*:*", "execute-api:Invoke", true},
		{"execute-api:*", "execute-api:Invoke", true},
		{"EXECUTE-API:invoke", "execute-api:Invoke", true},
		{"execute-api:Invoke", "Execute-Api:INVOKE", true},
		{"execute-api:In*ke", "execute-api:Invoke", true},
		{"execute-api:Invok?", "execute-api:Invoke", true},
		{"execute-api:Invoke?", "execute-api:Invoke", false},
		{"execute-api:Invo\u212ae", "execute-api:Invoke", false}, // the Kelvin sign is no k
		{"execute-api:Invalidate*", "execute-api:Invoke", false},
		{"s3:*", "execute-api:Invoke", false},
		{"execute-api: Invoke", "execute-api:Invoke", false},
		{"execute-api:", "execute-api:Invoke", false},
	} {
		p := must(t, Identity, `{"Effect":"Allow","Action":"`+tt.pattern+`","Resource":"*"}`)
		not := must(t, Identity, `{"Effect":"Allow","NotAction":"`+tt.pattern+`","Resource":"*"}`)
		r := &Request{Action: action(t, tt.action)}
		if got, _ := p.Evaluate(r); (got == Allow) != tt.want {
			t.Errorf("Action %q, asked for %q: got %v", tt.pattern, tt.action, got)
		}
		if got, _ := not.Evaluate(r); (got == Allow) == tt.want {
			t.Errorf("NotAction %q, asked for %q: got %v", tt.pattern, tt.action, got)
		}
	}
	for _, s := range []string{"", "x", ":x", "x:", "x:y:z", "x:*", "x:?", "x: y", "x:y\n"} {
		if _, err := ParseAction(s); err == nil {
			t.Errorf("ParseAction(%q): no error", s)
		}
	}
	if got := action(t, "S3:GetObject").String(); got != "S3:GetObject" {
		t.Errorf("got %q", got)
	}
}

func TestResources(t *testing.T) {
	const pets = "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets"
	for _, tt := range []struct {
		pattern, resource string
		want              bool
	}{
		{"*", pets, true},
		{"*", "", true},
		{"arn:aws:execute-api:*:*:*", "", false}, // an action without resource
		{pets, pets, true},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/get/pets", pets, false},
		{"arn:aws:execute-api:*:*:*", pets, true},
		{"arn:aws:execute-api:*:*:abc/*", pets, true},
		{"arn:aws:execute-api:us-*-1:1111*:abc/*/GET/*", pets, true},
		{"arn:aws:execute-api:us-east-?:111122223333:abc/prod/???/pets", pets, true},
		{"arn:*:execute-api:us-east-1:111122223333:abc/*", pets, true},
		{"arn:aws-cn:execute-api:us-east-1:111122223333:abc/*", pets, false},
		{"arn:aws:execute-api:us-east-1*:abc/*", pets, false}, // five parts; the star does not cross
		{"arn:aws:execute-api", pets, true},                   // short: the rest is anything
		{"arn:aws:execute-api:eu-west-1", pets, false},
		{"arn:aws:s3:::*", pets, false},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/", true},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/*", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/", true},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/*/x", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/a:b/x", true},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/${aws:username}", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/a*", true},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/${aws:username}", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/ab", false},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/${aws:userid}", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/", false},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/${aws:userid, 'nobody'}", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/nobody", true},
		{"arn:aws:execute-api:us-east-1:111122223333:abc/${*}/GET/pets", pets, false},
	} {
		r := &Request{Action: action(t, "execute-api:Invoke"), Context: &condition.Context{Username: "a*"}}
		if tt.resource != "" {
			var err error
			if r.Resource, err = arn.Parse(tt.resource); err != nil {
				t.Fatal(err)
			}
		}
		p := must(t, Identity, `{"Effect":"Deny","Action":"*","Resource":"`+tt.pattern+`"}`)
		not := must(t, Identity, `{"Effect":"Deny","Action":"*","NotResource":"`+tt.pattern+`"}`)
		if got, _ := p.Evaluate(r); (got == Deny) != tt.want {
			t.Errorf("Resource %q, asked for %q: got %v", tt.pattern, tt.resource, got)
		}
		if got, _ := not.Evaluate(r); (got == Deny) == tt.want {
			t.Errorf("NotResource %q, asked for %q: got %v", tt.pattern, tt.resource, got)
		}
	}
}

// TestUnresolved: a variable without value must not widen what a statement allows.
func TestUnresolved(t *testing.T) {
	const mine, public = `"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/${aws:username}"`, `"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets"`
	for _, tt := range []struct {
		element string
		want    map[string]bool
	}{
		{`"Resource":[` + mine + `,` + public + `]`, map[string]bool{"Allow": true, "Deny": true}},
		{`"Resource":` + mine, map[string]bool{"Allow": false, "Deny": false}},
		{`"NotResource":` + mine, map[string]bool{"Allow": false, "Deny": true}},
		{`"NotResource":[` + public + `,` + mine + `]`, map[string]bool{"Allow": false, "Deny": false}},
	} {
		for effect, want := range tt.want {
			p := must(t, Identity, `{"Effect":"`+effect+`","Action":"*",`+tt.element+`}`)
			if got, _ := p.Evaluate(call(t, nil)); (got != Silent) != want {
				t.Errorf("%s %s: got %v, applies should be %v", effect, tt.element, got, want)
			}
		}
	}
}

func TestExpand(t *testing.T) {
	const api = "arn:aws:execute-api:us-east-1:111122223333:abc"
	doc, err := Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["`+home+`"]},"Action":["execute-api:Invoke"],`+
		`"Resource":["execute-api:/*"]}}`, Resource)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(doc, "api"); err == nil || !strings.Contains(err.Error(), "expanded") {
		t.Errorf("compiling a shorthand: got error %v", err)
	}
	before := doc.String()
	e := doc.Expand(api)
	// Recorded: the shorthand becomes an ARN, lists of one value become that value.
	want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + home + `"},"Action":"execute-api:Invoke","Resource":"` + api + `/*"}]}`
	if d := cmp.Diff(e.String(), want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if doc.String() != before {
		t.Error("Expand changed its document")
	}
	p, err := Compile(e, "api")
	if err != nil {
		t.Fatal(err)
	}
	if p.Document() != e {
		t.Error("Document is another one")
	}
	if got, i := p.Evaluate(call(t, user(home))); got != Allow || i != 0 {
		t.Errorf("got %v, %d", got, i)
	}
	several, err := Parse(wrap(`{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","NotResource":["execute-api:/prod/GET/pets","*","execute-api:/*/*/*"]}`), Resource)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(several.Expand(api).Statements[0].Resources, List{true, []string{api + "/prod/GET/pets", "*", api + "/*/*/*"}}); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

// TestCompileRefuses: a document made by hand is not trusted.
func TestCompileRefuses(t *testing.T) {
	base := func(change func(*Document)) *Document {
		d, err := Parse(wrap(okIdentity), Identity)
		if err != nil {
			t.Fatal(err)
		}
		change(d)
		return d
	}
	for name, d := range map[string]*Document{
		"kind":     base(func(d *Document) { d.Kind = 0 }),
		"effect":   base(func(d *Document) { d.Statements[0].Effect = Silent }),
		"resource": base(func(d *Document) { d.Statements[0].Resources.Values[0] = "x" }),
		"condition": base(func(d *Document) {
			d.Statements[0].Conditions = []Condition{{Operator: "Bool", Key: "k", Values: []string{"x"}}}
		}),
		"not": base(func(d *Document) {
			d.Kind = Resource
			d.Statements[0].Principals = Principals{Not: true, Everyone: true}
		}),
		"principal": base(func(d *Document) {
			d.Kind = Resource
			d.Statements[0].Principals.Entries = []Principal{{"Nobody", "x"}}
		}),
	} {
		if _, err := Compile(d, name); err == nil || name != "kind" && !strings.HasPrefix(err.Error(), `compile policy "`+name+`": statement 1: `) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	_, err := Load("{", Identity, "x")
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("Load of no policy: got %v", err)
	}
	if Kind(0).String() != "unknown kind of policy" || Trust.String() != "role trust policy" {
		t.Error("names of kinds")
	}
}

// TestEvaluateOrder: a Deny wins wherever it stands; the first Allow of the strongest kind is named.
func TestEvaluateOrder(t *testing.T) {
	for _, tt := range []struct {
		statements string
		effect     Effect
		index      int
	}{
		{`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, Silent, -1},
		{`{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}`, Allow, 1},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}`, Deny, 1},
		{`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},{"Effect":"Allow","Action":"*","Resource":"*"}`, Allow, 1},
		{`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"},"Null":{"aws:SourceVpc":true}}},{"Effect":"Allow","Action":"*","Resource":"*"}`, Deny, 0},
	} {
		r := call(t, nil)
		r.Context.SecureTransport = condition.True
		got, i := must(t, Identity, tt.statements).Evaluate(r)
		if got != tt.effect || i != tt.index {
			t.Errorf("%s: got %v by %d, want %v by %d", tt.statements, got, i, tt.effect, tt.index)
		}
	}
	// A request that asks for nothing is nobody's to allow.
	if got, i := must(t, Identity, `{"Effect":"Allow","Action":"*","Resource":"*"}`).Evaluate(&Request{}); got != Deny || i != -1 {
		t.Errorf("a request without action: got %v by %d", got, i)
	}
	// An authorizer may return no statement at all [inferred]; then it says nothing.
	p, err := Load(`{"Statement":[]}`, Authorizer, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := p.Evaluate(call(t, nil)); got != Silent {
		t.Errorf("got %v", got)
	}
}

// TestOldVersion: without version a variable is text.
func TestOldVersion(t *testing.T) {
	p, err := Load(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}}`, Identity, "")
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Action: action(t, "s3:x"), Context: &condition.Context{Username: "ann"}, Resource: arn.ARN{Partition: "aws", Service: "s3", Resource: "ann"}}
	if got, _ := p.Evaluate(r); got != Silent {
		t.Errorf("a variable of an old version was expanded: got %v", got)
	}
}

func TestPrint(t *testing.T) {
	doc, err := Parse(` { "Statement" : { "Resource":["*"], "Condition":{"Bool":{"a":[true]},"Null":{"a":"true","b":["true","false"]}},
		"Action":["s3:a","s3:b"], "Effect":"Deny", "Sid":"x" }, "Id":"i", "Version":"2012-10-17" } `, Identity)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"x","Effect":"Deny","Action":["s3:a","s3:b"],"Resource":"*",` +
		`"Condition":{"Bool":{"a":"true"},"Null":{"a":"true","b":["true","false"]}}}]}`
	if d := cmp.Diff(doc.String(), want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}
