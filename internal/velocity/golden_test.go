package velocity

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/jsonpath"
)

// serverless reads a request template of Serverless Framework as the translator writes it into stacks.
func serverless(t testing.TB, body string) *Template {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{body, "event.vtl"} {
		part, err := os.ReadFile("../template/serverless/mapping/" + name)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(part)
	}
	tpl, err := Parse(strings.Replace(b.String(), "@CLAIMS@", `"email": "$context.authorizer.claims.email",`, 1), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// serverlessCall is a call with something in every place.
func serverlessCall(body string) testEnv {
	return testEnv{
		body:   body,
		path:   []Param{{"id", "7"}},
		query:  []Param{{"q", "it's \"quoted\""}, {"empty", ""}},
		header: []Param{{"Accept", "*/*"}, {"User-Agent", "Mozilla/5.0 (é)"}},
		vars:   []Param{{"table", "pets"}},
		context: func() *jsonpath.Object {
			claims := NewContext()
			claims.Put("sub", "abc-123")
			claims.Put("email", "a@example.com")
			authorizer := NewContext()
			authorizer.Put("claims", claims)
			authorizer.Put("principalId", "user|1")
			identity := NewContext()
			identity.Put("sourceIp", "192.0.2.1")
			identity.Put("caller", nil)
			c := NewContext()
			c.Put("httpMethod", "POST")
			c.Put("stage", "dev")
			c.Put("resourcePath", "/pets/{id}")
			c.Put("authorizer", authorizer)
			c.Put("identity", identity)
			return c
		},
	}
}

// The two default request templates of `integration: lambda` give the event that functions of the framework
// expect. The exact text was made with Apache Velocity 1.7, json-smart 2.2 and commons-lang 2.6; only $context
// prints as recorded.
func TestServerlessTemplates(t *testing.T) {
	rest := map[string]any{
		"method": "POST", "principalId": "user|1", "stage": "dev", "requestPath": "/pets/{id}",
		"cognitoPoolClaims":   map[string]any{"email": "a@example.com", "sub": "abc-123"},
		"enhancedAuthContext": map[string]any{"claims": "", "principalId": "user|1"},
		"headers":             map[string]any{"Accept": "*/*", "User-Agent": "Mozilla/5.0 (é)"},
		"query":               map[string]any{"q": `it's "quoted"`, "empty": ""},
		"path":                map[string]any{"id": "7"},
		"identity":            map[string]any{"sourceIp": "192.0.2.1", "caller": ""},
		"stageVariables":      map[string]any{"table": "pets"},
	}
	for _, c := range []struct {
		template, body string
		want           any
	}{
		{"json.vtl", `{"name":"Rex","tags":["a","b"],"age":3}`, map[string]any{"name": "Rex", "tags": []any{"a", "b"}, "age": 3.0}},
		{"json.vtl", ``, map[string]any{}},
		{"json.vtl", `[1]`, []any{1.0}},
		{"form.vtl", `name=Rex+the+%22dog%22&note=it%27s&flag&none=`, map[string]any{"name": `Rex the "dog"`, "note": "it's", "flag": "", "none": ""}},
		{"form.vtl", ``, map[string]any{}},
	} {
		out, err := serverless(t, c.template).Render(serverlessCall(c.body), NewOverrides())
		if err != nil {
			t.Errorf("%s: %v", c.template, err)
			continue
		}
		var got map[string]any
		if err := json.Unmarshal(out, &got); err != nil {
			t.Errorf("%s with %s: %v\n%s", c.template, c.body, err, out)
			continue
		}
		rest["body"] = c.want
		if d := cmp.Diff(rest, got); d != "" {
			t.Errorf("%s with %s (-want +got):\n%s", c.template, c.body, d)
		}
	}
	out, err := serverless(t, "json.vtl").Render(serverlessCall(`{"a":1}`), NewOverrides())
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/serverless-json.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(out)); d != "" {
		t.Errorf("exact text (-want +got):\n%s", d)
	}
}

// cors is the response template that Serverless Framework writes for several origins.
const cors = `#set($origin = $input.params("Origin"))
#if($origin == "") #set($origin = $input.params("origin")) #end
#if($origin.matches("https://b[.]com") || $origin.matches("http://.+[.]c[.]com")) #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end`

func TestServerlessCORS(t *testing.T) {
	tpl, err := Parse(cors, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		header Param
		allow  string
		out    string
	}{
		{Param{"Origin", "https://b.com"}, "https://b.com", " "},
		{Param{"origin", "https://b.com"}, "https://b.com", "  "},
		{Param{"Origin", "http://x.c.com"}, "http://x.c.com", " "},
		{Param{"Origin", "https://b.com.evil.example"}, "", ""},
		{Param{"Origin", "https://bxcom"}, "", ""},
		{Param{"Origin", "http://c.com"}, "", ""},
		{Param{"Origin", "http://x.c.com\nhttps://b.com"}, "", ""},
		{Param{"Other", "https://b.com"}, "", " "},
	} {
		o := NewOverrides()
		out, err := tpl.Render(testEnv{header: []Param{c.header}}, o)
		if err != nil {
			t.Errorf("%v: %v", c.header, err)
			continue
		}
		var want []Override
		if c.allow != "" {
			want = []Override{{"Access-Control-Allow-Origin", []string{c.allow}}}
		}
		got, err := o.ResponseHeaders()
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%v: headers (%v, -want +got):\n%s", c.header, err, d)
		}
		if string(out) != c.out {
			t.Errorf("%v: body %q, want %q", c.header, out, c.out)
		}
	}
}

// passthrough is the console's "Method Request passthrough" template, as its documentation prints it.
const passthrough = `#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : {
    "stage" : "$context.stage",
    "source-ip" : "$context.identity.sourceIp",
    "user-arn" : "$context.identity.userArn"
    }
}
`

func TestPassthroughTemplate(t *testing.T) {
	tpl, err := Parse(passthrough, Options{})
	if err != nil {
		t.Fatal(err)
	}
	env := serverlessCall(`{"a":[1,2.50]}`)
	env.query = []Param{{"q", "x"}}
	out, err := tpl.Render(env, NewOverrides())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"body-json":{"a":[1,2.50]},"params":{"path":{"id":"7"},"querystring":{"q":"x"},"header":{"Accept":"*\/*","User-Agent":"Mozilla\/5.0(\u00E9)"}},"stage-variables":{"table":"pets"},"context":{"stage":"dev","source-ip":"192.0.2.1","user-arn":""}}`
	if got := strings.Join(strings.Fields(string(out)), ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		cors, passthrough, "#set($x = {'a': [1..3], \"b$y\": -1.5e3})${x.a[0].b('c', $!d)}#[[raw]]# ## c\n#* d *#",
		"#define($a)#foreach($i in $input.path('$..x'))$foreach.parent.index#break#end#end\\#if \\\\$a #{end}",
		"#macro(m $a $b)$a#end#m(1 'x')#stop", "#if(!$a && ($b or 1 <= 2) == 'it''s')#{else}#elseif(true)#end",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, o := range []Options{{}, {Macros: true}} {
			_, err := Parse(s, o)
			var at *SyntaxError
			if err != nil && !errors.As(err, &at) {
				t.Fatalf("error of type %T: %v", err, err)
			}
			if err != nil && (at.Line < 1 || at.Column < 1) {
				t.Fatalf("position %d:%d", at.Line, at.Column)
			}
		}
	})
}

func FuzzRender(f *testing.F) {
	body := `{"a":[1,{"b":"x","c":null}],"n":1.5,"s":"it's"}`
	for _, s := range []string{
		cors, passthrough,
		"#set($l = [1,2])#set($l[$input.path('$.a').size()] = $l)$l",
		"#set($m = {})#set($m.m = $m)$m.keySet()$m.entrySet()#foreach($e in $m)$e#end",
		"#set($n = 9223372036854775807)#set($n = $n * $n - -1 % 7 / 2.5)$n",
		"$input.body.split('')[3].replaceAll('(.)', '$1$1').substring(1).indexOf('x', -1)",
		"#define($d)$d$input.json('$..*')#end$d.toString()#if($d == $d)x#end",
		"$util.parseJson($util.escapeJavaScript($input.body)) $util.base64Decode($util.urlDecode($input.params('q')))",
	} {
		f.Add(s, body)
	}
	f.Fuzz(func(t *testing.T, s, body string) {
		for _, o := range []Options{{}, {Macros: true}} {
			tpl, err := Parse(s, o)
			if err != nil {
				return
			}
			overrides := NewOverrides()
			out, err := tpl.Render(serverlessCall(body), overrides)
			var at *RenderError
			if err != nil && !errors.As(err, &at) {
				t.Fatalf("error of type %T: %v", err, err)
			}
			if len(out) > MaxOutput {
				t.Fatalf("%d bytes of output", len(out))
			}
			_, _ = overrides.Request(Header)
			_, _ = overrides.Status()
			_, _ = MockStatus(string(out))
		}
	})
}

func BenchmarkRender(b *testing.B) {
	simple, err := Parse(`{"id":"$input.params('id')","method":"$context.httpMethod","body":$input.json('$.name')}`, Options{})
	if err != nil {
		b.Fatal(err)
	}
	cors, err := Parse(cors, Options{})
	if err != nil {
		b.Fatal(err)
	}
	env := serverlessCall(`{"name":"Rex","tags":["a","b"],"age":3}`)
	for name, tpl := range map[string]*Template{"simple": simple, "cors": cors, "serverless": serverless(b, "json.vtl")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tpl.Render(env, NewOverrides()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(passthrough, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// One compiled template serves all calls at once; -race watches.
func TestRendersConcurrently(t *testing.T) {
	tpl := serverless(t, "json.vtl")
	want, err := tpl.Render(serverlessCall(`{"a":1}`), NewOverrides())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := tpl.Render(serverlessCall(`{"a":1}`), NewOverrides())
				if err != nil || string(got) != string(want) {
					t.Errorf("got %s, %v", got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
