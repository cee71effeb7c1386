package velocity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// How values of JSON print: every row was recorded from API Gateway [recorded].
func TestPrintRecorded(t *testing.T) {
	const probe = `{"body": $result, "nested": $result.nested, "isNull": #if( $result == $null )"true"#else"false"#end, "isEmptyString": #if( $result == "" )"true"#else"false"#end}`
	for _, c := range []struct{ template, body, want string }{
		{`#set($result = $input.path("$.json"))$result`, `{"json":{"foo":"bar"}}`, `{foo=bar}`},
		{`#set($result = $input.path("$.json"))$result`, `{"json":[{"foo":"bar"}]}`, `[{"foo":"bar"}]`},
		{`#set($result = $input.path("$.json"))$result.nested`, `{"json":{"nested":{"foo":"bar"}}}`, `{foo=bar}`},
		{`#set($result = $input.path("$.json"))$result.nested`, `{"json":{"nested":[{"foo":"bar"}]}}`, `[{"foo":"bar"}]`},
		{`#set($result = $input.path("$.json"))$result[0]`, `{"json":[{"foo":"bar"}]}`, `{foo=bar}`},
		{`#set($result = $input.path("$.json"))$result[0]`, `{"json":[[{"foo":"bar"}]]}`, `[{"foo":"bar"}]`},
		{`#set($result = $input.path("$.json"))$result`, `{"json":{"foo":[{"nested":"bar"}]}}`, `{foo=[{"nested":"bar"}]}`},
		{`#set($result = $input.path("$.json"))$result`, `{"json":{"bigger":"dict","to":"test","with":"separators"}}`, `{bigger=dict, to=test, with=separators}`},
		{`#set($result = $input.path("$.json"))$result.toString()`, `{"json":{"list":[{"foo":"bar"}]}}`, `{list=[{"foo":"bar"}]}`},
		{`#set($result = $input.path("$.nonExisting"))` + probe, `{"json":null}`, `{"body": , "nested": , "isNull": "true", "isEmptyString": "true"}`},
		{`#set($result = $input.path("$.json.listValue"))` + probe, `{"json":{"listValue":[]}}`, `{"body": [], "nested": , "isNull": "false", "isEmptyString": "false"}`},
		{`#set($result = $input.path("$.json.listValue"))` + probe, `{"json":{"listValue":null}}`, `{"body": , "nested": , "isNull": "true", "isEmptyString": "true"}`},
		{`#set($result = $input.body)$result`, ``, `{}`},
		{`#set($result = $input.body)$result`, `{"some": "value"}`, `{"some": "value"}`},
		{`#set($result = $input.body)$result`, `some raw data`, `some raw data`},
		{`Action=SendMessage&MessageBody=$input.body`, ``, `Action=SendMessage&MessageBody={}`},
		{`#set($result = $input.body.testAccess)$result`, `{"some": "value"}`, ``},
		{`EncodedBody=$util.urlEncode($input.body)&EncodedBodyAccess=$util.urlEncode($input.body.testAccess)`, `{"some": "value"}`, `EncodedBody=%7B%22some%22%3A+%22value%22%7D&EncodedBodyAccess=`},
		{`EncodedBody=$util.urlEncode($input.body)&EncodedBodyAccess=$util.urlEncode($input.body.testAccess)`, `some raw data`, `EncodedBody=some+raw+data&EncodedBodyAccess=`},
		{`$input.params('Server')`, ``, ``},
	} {
		got, err := render(c.template, testEnv{body: c.body})
		if err != nil || got != c.want {
			t.Errorf("%s with %s\ngot  %s, %v\nwant %s", c.template, c.body, got, err, c.want)
		}
	}
}

func TestInput(t *testing.T) { // [docs] "Variables for data transformations" unless marked
	env := testEnv{
		body:   `{"pets":[{"id":1,"type":"dog","price":249.90},{"id":2,"type":"it's","price":1E2}],"n":null,"s":"a \"q\" / é","deep":{"x":true}}`,
		path:   []Param{{"petId", "7"}, {"both", "path"}},
		query:  []Param{{"type", "cat"}, {"both", "query"}, {"all", "q"}},
		header: []Param{{"Accept", "*/*"}, {"both", "header"}, {"all", "h"}, {"X-Test", "it's"}},
		vars:   []Param{{"url", "example.com"}, {"empty", ""}},
	}
	check(t, env, []row{
		{"$input.params('petId') $input.params('type') $input.params('Accept') $input.params('both') $input.params('all') [$input.params('none')]", "7 cat */* path q []"},
		{"$input.params().path.petId $input.params().querystring.get('type') $input.params().header['X-Test'] $input.params().keySet()", "7 cat it's [path, querystring, header]"},
		{"$input.params().path", "{petId=7, both=path}"},
		{"$input.json('$.pets')", `[{"id":1,"type":"dog","price":249.90},{"id":2,"type":"it's","price":1E2}]`},
		{"$input.json('$.s') $input.json('$.deep') $input.json('$.pets[0].id') $input.json('$.deep.x')", `"a \"q\" / é" {"x":true} 1 true`},
		{"$input.json('$.none') $input.json('$.n') $input.json('$.pets[*].none')", `"" "" []`}, // [observed]
		{"$input.path('$.pets').size() $input.path('$.pets').count() $input.path('$.pets[1].type') $input.path('$.pets[0].price')", "2 2 it's 249.90"},
		{"#set($root = $input.path('$'))#foreach($p in $root.pets)$p.id:$p.type#if($foreach.hasNext),#end#end", "1:dog,2:it's"},
		{"#set($p = '$.deep')$input.json($p) $input.path($p).x $input.path('pets[0].id')", `{"x":true} true 1`},
		{"#set($sum = $input.path('$.pets[0].price') + 1)$sum #if($input.path('$.pets[1].price') == 100)equal#end", "250.9 equal"},
		{"#set($root = $input.path('$'))#set($x = $root.put('new', [1]))#set($root.deep.y = 2)$input.json('$.new')$input.json('$.deep')", `[1]{"x":true,"y":2}`}, // [observed]
		{"[$input.json(1)$input.path()$input.foo()$input.foo$input$util$util.foo('x')$util.urlEncode()$util.foo]", `[""]`},
		{"$stageVariables.url ${stageVariables.url} $stageVariables['url'] ${stageVariables['url']} [$stageVariables.none$stageVariables.empty]", "example.com example.com example.com example.com []"},
		{"#foreach($k in $stageVariables.keySet())$k=$stageVariables.get($k);#end", "url=example.com;empty=;"},
		{"$context.stage $context.httpMethod $context.identity.sourceIp [$context.none.none $context.authorizer.principalId $context.identity.caller]", "dev POST 192.0.2.1 [  ]"},
		{`"$util.escapeJavaScript($input.params('X-Test')).replaceAll("\\'","'")"`, `"it's"`}, // as the documentation prints it
	})
	got, err := render("$input.json('$') $input.path('$')", testEnv{})
	if want := "{} {}"; err != nil || got != want {
		t.Errorf("empty body: got %q, %v, want %q", got, err, want)
	}
	got, err = render("#foreach($x in $input.path('$').split('&'))$x #end$input.json('$')", testEnv{body: "a=1&b=%7B"})
	if want := `a=1 b=%7B "a=1&b=%7B"`; err != nil || got != want {
		t.Errorf("form body: got %q, %v, want %q", got, err, want)
	}
}

func TestUtil(t *testing.T) {
	check(t, testEnv{body: `{"errorMessage":"{\"key1\":\"var1\",\"key2\":{\"arr\":[1,2,3]}}"}`}, []row{
		{"#set ($errorMessageObj = $util.parseJson($input.path('$.errorMessage')))\n{\n   \"errorMessageObjKey2ArrVal\" : $errorMessageObj.key2.arr[0]\n}\n", "{\n   \"errorMessageObjKey2ArrVal\" : 1\n}\n"}, // [docs]
		{"$util.parseJson('[1,2]')[1] $util.parseJson('\"x\"') $util.parseJson('1.50') $util.parseJson('true') [$util.parseJson('null')]", "2 x 1.50 true []"},
		{"#set($n = 'a\"b\\c/d''e')$util.escapeJavaScript($n)", `a\"b\\c\/d\'e`}, // commons-lang [inferred]
		{"$util.escapeJavaScript(\"\n\t\r\f\b\x01é😀plain\")", `\n\t\r\f\b\u0001\u00E9\uD83D\uDE00plain`},
		{"[$util.escapeJavaScript($none)] $util.escapeJavaScript(5) $util.escapeJavaScript(true) $util.escapeJavaScript([1])", "[] 5 true [1]"},
		{"$util.urlEncode('a b&c=é~*-_.') $util.urlDecode('a+b%26c%3D%C3%A9') $util.urlDecode('plain')", "a+b%26c%3D%C3%A9%7E*-_. a b&c=é plain"},
		{"$util.base64Encode('é>?') $util.base64Decode('w6k-Pw==') $util.base64Decode('w6k+Pw') $util.base64Decode('/w==')", "w6k+Pw== é>? é>? �"},
	})
}

// Values are data: what they hold is never read as a template.
func TestValuesAreNotTemplates(t *testing.T) {
	const evil = `#set($x = 1)$util.urlEncode('a')${context.stage}$!{x}#evaluate('#stop')`
	env := testEnv{body: `{"v":"` + evil + `"}`, query: []Param{{"v", evil}}}
	check(t, env, []row{
		{"$input.path('$.v')", evil},
		{"$input.params('v')", evil},
		{"#set($s = \"<$input.params('v')>\")$s", "<" + evil + ">"},
		{"#define($d)$input.params('v')#end#set($s = \"$d\")$s", evil},
		{"#set($m = {'k': \"$input.params('v')\"})$m.k#foreach($x in [$m.k])$x#end", evil + evil},
		{"#evaluate($input.params('v'))", "#evaluate($input.params('v'))"},
	})
}

// $context was recorded with its maps printing nothing and null members being kept [recorded].
func TestContextRecorded(t *testing.T) {
	got, err := render(`{#foreach( $key in $context.keySet() )\"$key\": \"$context.get($key)\"#if($foreach.hasNext),#end#end}`+
		`{#foreach( $key in $context.identity.keySet() )\"$key\": \"$context.identity.get($key)\"#if($foreach.hasNext),#end#end}`+
		`{#foreach( $key in $context.requestOverride.keySet() )\"$key\": \"$context.requestOverride.get($key)\"#if($foreach.hasNext),#end#end}`+
		`{#foreach( $key in $context.responseOverride.keySet() )\"$key\": \"$context.responseOverride.get($key)\"#if($foreach.hasNext),#end#end}`+
		`{#foreach( $key in $context.authorizer.keySet() )\"$key\": \"$util.escapeJavaScript($context.authorizer.get($key))\"#if($foreach.hasNext),#end#end}`, testEnv{})
	want := `{\"httpMethod\": \"POST\",\"stage\": \"dev\",\"resourcePath\": \"/pets/{petId}\",\"requestTimeEpoch\": \"1700000000000\",\"identity\": \"\",\"requestOverride\": \"\",\"responseOverride\": \"\"}` +
		`{\"sourceIp\": \"192.0.2.1\",\"userAgent\": \"it's "curl"\",\"caller\": \"\"}` +
		`{\"path\": \"\",\"header\": \"\",\"querystring\": \"\"}{\"header\": \"\"}{}`
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func renderBoth(t *testing.T, request, response string) (string, *Overrides) {
	t.Helper()
	o := NewOverrides()
	var out []byte
	for _, text := range []string{request, response} {
		tpl, err := Parse(text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if out, err = tpl.Render(testEnv{path: []Param{{"p", "cGF0aDE="}}}, o); err != nil {
			t.Fatal(err)
		}
	}
	return string(out), o
}

func TestOverridesRecorded(t *testing.T) { // [recorded]
	got, o := renderBoth(t, "\n#set($context.responseOverride.status = 444)\n#set($context.responseOverride.header.foo = \"bar\")\n#set($context.responseOverride.custom = \"is also passed around\")\n{\n  \"statusCode\": 200\n}\n",
		"$context.responseOverride.status $context.responseOverride.header.foo $context.responseOverride.custom")
	if want := "444 bar is also passed around"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if status, err := o.Status(); err != nil || status != 444 {
		t.Errorf("Status() = %d, %v, want 444", status, err)
	}
	headers, err := o.ResponseHeaders()
	if d := cmp.Diff([]Override{{"foo", []string{"bar"}}}, headers); d != "" || err != nil {
		t.Errorf("ResponseHeaders() (%v, -want +got):\n%s", err, d)
	}

	got, o = renderBoth(t, "\n#set($paramName = \"foo\")\n#set($context.requestOverride.querystring[$paramName] = \"bar\")\n#set($paramPutName = \"putfoo\")\n$context.requestOverride.querystring.put($paramPutName, \"putBar\")\n#set($context[\"requestOverride\"].querystring[\"nestedfoo\"] = \"nestedFoo\")\n{\n  \"statusCode\": 200\n}\n",
		"$context.requestOverride.querystring[\"foo\"] $context.requestOverride.querystring[\"putfoo\"] $context.requestOverride.querystring[\"nestedfoo\"]")
	if want := "bar putBar nestedFoo"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	query, err := o.Request(Query)
	if d := cmp.Diff([]Override{{"foo", []string{"bar"}}, {"putfoo", []string{"putBar"}}, {"nestedfoo", []string{"nestedFoo"}}}, query); d != "" || err != nil {
		t.Errorf("Request(Query) (%v, -want +got):\n%s", err, d)
	}

	got, _ = renderBoth(t, "#set($body = $util.base64Decode($input.params('p')))\n#set($context.requestOverride.path.body = $body)\n{\"statusCode\": 200}", "$context.requestOverride.path.body")
	if want := "path1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOverrides(t *testing.T) {
	_, o := renderBoth(t, `#set($context.requestOverride.header.X-Multi = ["a", 1])#set($context.requestOverride.path.id = 5)`, "")
	header, err := o.Request(Header)
	if d := cmp.Diff([]Override{{"X-Multi", []string{"a", "1"}}}, header); d != "" || err != nil {
		t.Errorf("Request(Header) (%v, -want +got):\n%s", err, d)
	}
	path, err := o.Request(Path)
	if d := cmp.Diff([]Override{{"id", []string{"5"}}}, path); d != "" || err != nil {
		t.Errorf("Request(Path) (%v, -want +got):\n%s", err, d)
	}
	if status, err := o.Status(); err != nil || status != 0 {
		t.Errorf("Status() = %d, %v, want 0", status, err)
	}
	if list, err := o.Request(StageVariable); list != nil || err != nil {
		t.Errorf("Request(StageVariable) = %v, %v", list, err)
	}
	for _, c := range []struct{ template, want string }{
		{`#set($context.requestOverride.header.HOST = "evil")`, "$context.requestOverride.header.HOST cannot be overridden"},
		{`#set($context.requestOverride.header.Content-Length = 5)`, "$context.requestOverride.header.Content-Length cannot be overridden"},
		{`#set($context.requestOverride.header.transfer-encoding = "chunked")`, "$context.requestOverride.header.transfer-encoding cannot be overridden"},
		{"#set($context.requestOverride.header.X = \"a\r\nSet-Cookie: b\")", `$context overrides: "X" cannot be a header`},
		{`#set($context.requestOverride.header["X: a"] = "b")`, `$context overrides: "X: a" cannot be a header`},
		{`#set($context.requestOverride.header[""] = "b")`, `$context overrides: "" cannot be a header`},
		{`#set($context.requestOverride.header.X = {})`, `$context overrides: the value of header "X" is no text`},
		{`#set($context.requestOverride.header = "x")`, "$context overrides: header is no longer a map"},
	} {
		_, o := renderBoth(t, c.template, "")
		if _, err := o.Request(Header); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %s", c.template, err, c.want)
		}
	}
	for value, want := range map[string]int{`404`: 404, `"404"`: 404, `""`: 0, `99`: -1, `600`: -1, `"x"`: -1, `[]`: -1} {
		_, o := renderBoth(t, "#set($context.responseOverride.status = "+value+")", "")
		got, err := o.Status()
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("status %s: got %d, %v, want %d", value, got, err, want)
		}
	}
}

func TestMockStatus(t *testing.T) {
	for in, want := range map[string]int{ // [recorded]
		`{"statusCode": 200}`:              200,
		`{statusCode:200}`:                 200,
		`{statusCode: 200}`:                200,
		"\n{\n  \"statusCode\": 201,\n}\n": 201,
		`{'statusCode': 444, x: {y: [1]}}`: 444,
		`{"a": 1, "statusCode": 0}`:        0,
	} {
		if got, err := MockStatus(in); err != nil || got != want {
			t.Errorf("MockStatus(%q) = %d, %v, want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		``:                          "the request template of the MOCK integration: offset 0: the text is empty",
		`{"statusCode": 200`:        "the request template of the MOCK integration: offset 18: the text ends too early",
		`{"statusCode": "200"}`:     "the statusCode of the MOCK integration must be a whole number, without quotes",
		`{"statusCode": 200.5}`:     "the statusCode of the MOCK integration must be a whole number, without quotes",
		`{"statusCode": 2e2}`:       "the statusCode of the MOCK integration must be a whole number, without quotes",
		`{"statusCode":9999999999}`: "the statusCode of the MOCK integration must be a whole number, without quotes",
		`{"statuscode": 200}`:       "the request template of the MOCK integration gives no statusCode",
		`statusCode: 200`:           "the request template of the MOCK integration must give an object with a statusCode",
		`[200]`:                     "the request template of the MOCK integration must give an object with a statusCode",
	} {
		if _, err := MockStatus(in); err == nil || err.Error() != want {
			t.Errorf("MockStatus(%q) error = %v, want %s", in, err, want)
		}
	}
}

func TestMacros(t *testing.T) { // Options.Macros, Velocity user guide [docs]
	for _, c := range []row{
		{"#macro( d )<tr>#end#d()#d()", "<tr><tr>"},
		{"#macro(pair $a, $b)$a+$b#end#pair(1 2) #pair('x', $y)#pair(1)", "1+2 x+1+"},
		{"#macro ( recur $number)#if ($number > 0)#set($number = $number - 1)#recur($number)X#end#end#recur(5)", "XXXXX"},
		{"#set($x = 'out')#macro(m $x)$x#end#m('in')$x#m", "inout#m"},
		{"#macro(m)a#{break}b#end#m()c#none(1)", "ac#none(1)"},
		{"#macro(m $a)$a#end#m(1 2)", "#m(1 2)"},
		{"#macro(m)x#end\\#m()\n#macro(m)again#end#m()", "\\#m()\nx"},
	} {
		tpl, err := Parse(c.template, Options{Macros: true})
		if err != nil {
			t.Errorf("Parse(%s): %v", c.template, err)
			continue
		}
		if got, err := tpl.Render(testEnv{}, NewOverrides()); err != nil || string(got) != c.want {
			t.Errorf("%s\ngot  %q, %v\nwant %q", c.template, got, err, c.want)
		}
	}
	tpl, err := Parse("#macro(m)#m()#end#m()", Options{Macros: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tpl.Render(testEnv{}, NewOverrides()); err == nil || !strings.Contains(err.Error(), "macros call each other too deeply") {
		t.Errorf("endless macro: error %v", err)
	}
}
