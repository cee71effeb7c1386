package serverless

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/document"
)

// resolved resolves a file whose last section is custom:, and returns that.
func resolved(t *testing.T, o Options) (string, error) {
	t.Helper()
	r := newResolver(&o, filepath.Dir(o.File))
	raw, err := r.loadService()
	if err != nil {
		t.Fatal(err)
	}
	r.root = raw
	stage, _, ok := r.builtin("sls:stage", source{}, raw.Pos)
	if ok {
		(&compiler{o: &o, warned: map[string]bool{}}).useDotenv(r, raw, stage.Text)
	}
	cfg := r.resolve(raw)
	if len(r.errs) > 0 {
		return "", sorted(r.errs)
	}
	return string(document.JSON(cfg.value.Get("custom"))), nil
}

// with are options for a service whose custom section is text, beside other files.
func with(text string, files map[string]string) Options {
	all := map[string]string{"serverless.yml": "service: svc\nprovider: {name: aws, runtime: nodejs20.x}\ncustom:\n" + text + "\n"}
	maps.Copy(all, files)
	env := map[string]string{"SET": "value", "EMPTY": "", "INNER": "in ${self:service}", "HOME": "/home/me"}
	return Options{
		File: "serverless.yml", ReadFile: memory(all), Account: "123456789012", InstanceID: "id",
		Getenv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Params: map[string]string{"cli": "from ${self:service}"},
		Opts:   map[string]string{"o": "opt"},
	}
}

// [observed] Every line marked so was printed by sls print 3.40.0; the others are kinder than it.
func TestVariables(t *testing.T) {
	files := map[string]string{
		"c.yml": "a: 1\nb: x\nlist: [{k: v}]\nvar: ${self:service}\nnull: ~\ntag: !Ref X\n", "c.json": `{"k":"${self:service}"}`, "c.txt": "text ${self:service}\n",
		"dev.yml": "x: 1\n", "sub/c.yml": "a: ${file(./c.txt)}\n", "/home/me/h.txt": "home",
	}
	for _, c := range []struct{ text, want string }{
		// Escapes and what is no variable. [observed]
		{`  a: \${self:service}`, `{"a":"${self:service}"}`},
		{`  a: \\${self:service}`, `{"a":"\\svc"}`},
		{`  a: '\\\${self:service}'`, `{"a":"\\${self:service}"}`},
		{`  a: x\${b}y`, `{"a":"x${b}y"}`},
		{`  a: "${AWS::Region} ${Foo} ${Foo.Bar} ${Foo:bar} ${!Lit}"`, `{"a":"${AWS::Region} ${Foo} ${Foo.Bar} ${Foo:bar} ${!Lit}"}`},
		{`  a: "$a ${} $ {x} ${1} ${"`, `{"a":"$a ${} $ {x} ${1} ${"}`},
		{`  a: ${foo}`, `{"a":"${foo}"}`},
		{`  a: '${ self:service }'`, `{"a":"${ self:service }"}`},
		{`  k${self:service}: 1`, `{"k${self:service}":1}`},
		{`  a: {'Fn::Sub': '${AWS::X} ${self:service}'}`, `{"a":{"Fn::Sub":"${AWS::X} svc"}}`},
		// What was resolved is not read again.
		{"  a: \\${self:nope}\n  b: x${self:custom.a}", `{"a":"${self:nope}","b":"x${self:nope}"}`},

		// self. [observed]
		{"  a: ${self:custom.o}\n  o: {k: [1, {z: 9}]}", `{"a":{"k":[1,{"z":9}]},"o":{"k":[1,{"z":9}]}}`},
		{"  a: ${self:custom.o.k.1.z}\n  o: {k: [1, {z: 9}]}", `{"a":9,"o":{"k":[1,{"z":9}]}}`},
		{"  a: '${self: service}'", `{"a":"svc"}`},
		{"  a: '${self:service , 4}'", `{"a":"svc"}`},
		{"  a: ${self:custom.b}${self:custom.b}\n  b: x", `{"a":"xx","b":"x"}`},
		{"  a: x${self:custom.n}${self:custom.b}\n  n: 1.50\n  b: true", `{"a":"x1.5true","n":1.5,"b":true}`},
		{"  a: x${self:custom.l}\n  l: [1, b]", `{"a":"x1,b","l":[1,"b"]}`},
		{"  a: ${self:custom.l.0.k}\n  l: ['${self:custom.o}']\n  o: {k: 1}", `{"a":1,"l":[{"k":1}],"o":{"k":1}}`},
		{"  x.y: 1\n  a: ${self:custom.x.y, 2}", `{"x.y":1,"a":2}`},
		{"  a: ${self:custom.${self:custom.p}}\n  p: q\n  q: r", `{"a":"r","p":"q","q":"r"}`},
		{"  a: {b: '${self:custom.a.c}', c: 1}", `{"a":{"b":1,"c":1}}`},
		{"  a: ${self:custom.d}\n  d: 2012-10-17", `{"a":"2012-10-17","d":"2012-10-17"}`},
		{"  a: >-\n    ${self:nope,\n    self:service}", `{"a":"svc"}`},

		// Fallbacks. [observed, but the nested ones]
		{"  a: ${opt:no, 'a, b'}", `{"a":"a, b"}`},
		{"  a: ${opt:no, 12}", `{"a":12}`},
		{"  a: ${opt:no, -1.5e3}", `{"a":-1500}`},
		{"  a: ${opt:no, true}", `{"a":true}`},
		{"  a: ${opt:no, null}", `{"a":null}`},
		{"  a: ${opt:no, ''}", `{"a":""}`},
		{`  a: ${opt:no, "a\"b\\n\n"}`, `{"a":"a\"b\\n\n"}`},
		{"  a: ${opt:no, env:NOPE, self:service}", `{"a":"svc"}`},
		{"  a: ${self:custom.n, 3}\n  n: null", `{"a":3,"n":null}`},
		{"  a: ${self:custom.n, 3}\n  n: false", `{"a":false,"n":false}`},
		{"  a: ${self:custom.n, 3}\n  n: ''", `{"a":"","n":""}`},
		{"  a: ${self:custom.${opt:no, 'x'}, 'n-${self:service}'}", `{"a":"n-svc"}`},
		{"  a: ${opt:no, ${env:NOPE, ${self:service}}}", `{"a":"svc"}`},
		{"  a: ${opt:no, 'x${AWS::Region}y'}", `{"a":"x${AWS::Region}y"}`},
		{`  a: ${opt:no, 'it\'s'}`, `{"a":"it's"}`},
		{"  a: ${opt:no, ${self:custom.o}}\n  o: {k: 1}", `{"a":{"k":1},"o":{"k":1}}`},
		{"  a: ${cf:stack.out, 'x'}\n  b: ${ssm:/a/b, 'y'}\n  c: ${s3:b/k, 'z'}\n  d: ${cf.us-east-1:s.o, 'w'}\n  e: ${ssm(us-east-1, raw):/a, 'v'}", `{"a":"x","b":"y","c":"z","d":"w","e":"v"}`},

		// Other sources. [observed]
		{"  a: ${env:SET}-${env:EMPTY}-${opt:o}-${sls:stage}-${aws:region}-${aws:accountId}-${sls:instanceId}", `{"a":"value--opt-dev-us-east-1-123456789012-id"}`},
		{"  a: ${env:INNER}\n  b: x${env:INNER}", `{"a":"in svc","b":"xin svc"}`},
		{"  a: ${param:cli}", `{"a":"from svc"}`},
		{"  a: ${strToBool(true)}\n  b: ${strToBool('FALSE')}\n  c: ${strToBool(1)}\n  d: ${strToBool(${env:NOPE, '0'})}", `{"a":true,"b":false,"c":true,"d":false}`},
		{"  a: ${file(./c.yml):a}\n  b: ${file(c.yml):list.0.k}\n  c: ${file('c.yml'):var}\n  d: ${file(./c.yml):tag}", `{"a":1,"b":"v","c":"svc","d":{"Ref":"X"}}`},
		{"  a: ${file(./c.yml):nope, 'x'}\n  b: ${file(./c.yml):null, 'y'}\n  c: ${file(./no.yml):a, 'z'}\n  d: ${file(./no.txt), 'w'}", `{"a":"x","b":"y","c":"z","d":"w"}`},
		{"  a: ${file(./c.json):k}\n  b: x${file(./c.txt)}y\n  c: ${file(./${sls:stage}.yml):x}\n  d: ${file(~/h.txt)}", `{"a":"svc","b":"xtext svc\ny","c":1,"d":"home"}`},
		{"  a: ${file(sub/c.yml)}", `{"a":{"a":"text svc\n"}}`},
	} {
		got, err := resolved(t, with(c.text, files))
		if err != nil {
			t.Errorf("%s\n%v", c.text, err)
		} else if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// custom: itself may come from a file that refers back to it. [observed]
func TestVariablesInFileOfSection(t *testing.T) {
	o := with("", map[string]string{
		"serverless.yml": "service: svc\nprovider: aws\ncustom: ${file(./c.yml)}\n",
		"c.yml":          "a: 1\nb: ${self:custom.a}\n",
	})
	if got, err := resolved(t, o); err != nil || got != `{"a":1,"b":1}` {
		t.Errorf("custom = %s, %v", got, err)
	}
}

func TestVariablesRefuse(t *testing.T) {
	files := map[string]string{"c.yml": "a: 1\n", "dup.yml": "a: 1\na: 2\n", "c.txt": "t", "loop.yml": "a: ${file(loop.yml)}\n", "p.ts": "", "p.js": "", "bad.yml": "a: ${self:nope}\n"}
	for _, c := range []struct{ text, want string }{
		{"  a: ${self:custom.nope}", "serverless.yml:4: ${self:custom.nope} has no value (define custom.nope in serverless.yml, or add a fallback: ${self:custom.nope, 'value'})"},
		{"  a: ${self:custom.n}\n  n: null", "serverless.yml:4: ${self:custom.n} is null (give it a value or a fallback: ${self:custom.n, 'value'})"},
		{"  a: ${env:NOPE}", "serverless.yml:4: ${env:NOPE} has no value (set the environment variable NOPE, or add a fallback: ${env:NOPE, 'value'})"},
		{"  a: ${opt:nope}", "serverless.yml:4: ${opt:nope} has no value (options other than --stage and --region are not taken: pass --param nope=VALUE and write ${param:nope}, or add a fallback: ${opt:nope, 'value'})"},
		{"  a: ${opt:stage}", "serverless.yml:4: ${opt:stage} has no value (write ${sls:stage}, which has a default, or add a fallback: ${opt:stage, 'value'})"},
		{"  a: ${param:nope}", "serverless.yml:4: ${param:nope} has no value (pass --param nope=VALUE or define params.default.nope, or add a fallback: ${param:nope, 'value'})"},
		{"  a: ${ssm:/x}", "serverless.yml:4: ${ssm:/x} has no value (nothing answers for ssm here: deploy to AWS, or add a fallback: ${ssm:/x, 'value'})"},
		{"  a: ${cf(eu-west-1):s.o}", "serverless.yml:4: ${cf(eu-west-1):s.o} has no value (nothing answers for cf here: deploy to AWS, or add a fallback: ${cf(eu-west-1):s.o, 'value'})"},
		{"  a: ${git:sha1, 'x'}", "serverless.yml:4: unknown variable source git in ${git:sha1} (known are self, opt, env, file, sls, aws, param, strToBool, cf, ssm and s3; write \\${ for a literal ${)"},
		{"  a: ${sls:foo, 1}", "serverless.yml:4: ${sls:foo} does not exist (known are sls:stage, sls:instanceId, aws:region and aws:accountId)"},
		{"  a: ${env:}", "serverless.yml:4: ${env:} names no variable (write ${env:NAME})"},
		{"  a: ${file():x}", "serverless.yml:4: ${file():x} names no file (write ${file(./config.yml):address})"},
		{"  a: ${strToBool(maybe)}", "serverless.yml:4: ${strToBool(maybe)} needs one of true, false, 1 and 0 (give it such a value)"},
		{"  a: ${file(./no.yml)}", "serverless.yml:4: file no.yml does not exist (create it, or add a fallback: ${file(./no.yml), 'value'})"},
		{"  a: ${file(./c.yml):x.y}", "serverless.yml:4: c.yml has no x.y (define it there, or add a fallback: ${file(./c.yml):x.y, 'value'})"},
		{"  a: ${file(c.txt):x}", "serverless.yml:4: c.txt is plain text and has no x (remove the address after the colon)"},
		{"  a: ${file(dup.yml):b, 1}", "dup.yml:2: duplicate name \"a\" (it stands first on dup.yml:1; remove one)"},
		{"  a: ${file(bad.yml)}", "bad.yml:1: ${self:nope} has no value (define nope in serverless.yml, or add a fallback: ${self:nope, 'value'})"},
		{"  a: ${file(p.ts)}", "serverless.yml:4: cannot evaluate p.ts (TypeScript is not run here: compile it to JavaScript first)"},
		{"  a: ${file(p.js)}", "serverless.yml:4: cannot evaluate p.js (allow it with --run-js: it executes code with your rights)"},
		{"  a: x${self:custom.o}\n  o: {k: 1}", "serverless.yml:4: ${self:custom.o} is a map and stands inside a text (only strings, numbers and booleans can; let it be the whole value, or name a part of it)"},
		{"  a: x${opt:no, null}", "serverless.yml:4: ${opt:no} is null and stands inside a text (only strings, numbers and booleans can; let it be the whole value, or name a part of it)"},
		// Cycles.
		{"  a: ${self:custom.a}", "serverless.yml:4: variable refers to itself: serverless.yml:4 → serverless.yml:4 (break the cycle)"},
		{"  a: ${self:custom.b}\n  b: x${self:custom.a}", "serverless.yml:4: variable refers to itself: serverless.yml:4 → serverless.yml:5 → serverless.yml:4 (break the cycle)"},
		{"  a: {b: '${self:custom.a}'}", "serverless.yml:4: variable refers to itself: serverless.yml:4 → serverless.yml:4 → serverless.yml:4 (break the cycle)"},
		{"  a: ${file(loop.yml)}", "loop.yml:1: variable refers to itself: loop.yml:1 → loop.yml:1 → loop.yml:1 (break the cycle)"},
		// One error for its cause, none for what depends on it.
		{"  a: ${self:custom.b, 'x'}\n  b: ${opt:nope}\n  c: ${self:custom.b}", "serverless.yml:5: ${opt:nope} has no value (options other than --stage and --region are not taken: pass --param nope=VALUE and write ${param:nope}, or add a fallback: ${opt:nope, 'value'})"},
		{"  a: ${self:x}\n  b: ${env:Y}", "serverless.yml:4: ${self:x} has no value (define x in serverless.yml, or add a fallback: ${self:x, 'value'})\nserverless.yml:5: ${env:Y} has no value (set the environment variable Y, or add a fallback: ${env:Y, 'value'})"},
		// Syntax.
		{"  a: '${self:custom'", "serverless.yml:4: missing closing brace in ${self:custom (close it with }, or write \\${ for a literal ${)"},
		{"  a: ${opt:x, foo bar}", "serverless.yml:4: fallback \"foo bar\" is no literal and no source (quote it: 'foo bar')"},
		{"  a: ${opt:x, }", "serverless.yml:4: a fallback is missing in ${opt:x, } (write '' for an empty string, or remove the comma)"},
		{"  a: ${opt:x, 'y}", "serverless.yml:4: missing closing quote in 'y} (close it with ')"},
		{"  a: ${file(x}", "serverless.yml:4: missing closing parenthesis in (x} (close it with ))"},
		{"  a: ${opt:x, 'y' z}", "serverless.yml:4: unexpected \"z}\" in ${opt:x, 'y' z} (separate fallbacks with commas)"},
		{"  a: ${opt:x, ${AWS::Region}}", "serverless.yml:4: unexpected \"${AWS::Regio\" (a fallback is 'text', a number, true, false, null or source:address)"},
		{"  a: " + strings.Repeat("${self:", 30) + strings.Repeat("}", 30), "serverless.yml:4: variables are nested too deeply (take the inner ones out into custom:)"},
	} {
		_, err := resolved(t, with(c.text, files))
		if err == nil {
			t.Errorf("%s\nresolved", c.text)
		} else if diff := cmp.Diff(err.Error(), c.want); diff != "" {
			t.Errorf("%s (-got +want)\n%s", c.text, diff)
		}
	}
}

// Ten short lines that stand for gigabytes are refused by their size, not built.
func TestVariablesRefuseBombs(t *testing.T) {
	text := "  a0: " + strings.Repeat("x", 100) + "\n"
	list := "  a0: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
	for i := 1; i < 40; i++ {
		self := "${self:custom.a" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10)) + "}"
		if i == 1 {
			self = "${self:custom.a0}"
		}
		name := "  a" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		text += name + ": " + self + self + "\n"
		list += name + ": ['" + self + "', '" + self + "']\n"
	}
	for what, c := range map[string]struct{ text, want string }{
		"text": {text, "multiply this text beyond 8 MiB"},
		"list": {list, "multiply this value beyond 200000 parts"},
	} {
		_, err := resolved(t, with(c.text, nil))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %.200v, want one with %q", what, err, c.want)
		}
	}
}

// The command line wins for sls: and aws:, but ${self:} is what the file says. [observed]
func TestStageAndRegion(t *testing.T) {
	o := with("", map[string]string{"serverless.yml": "service: s\nprovider: {name: aws, stage: dev, region: eu-west-1}\nparams: {default: {x: d, y: d, a.b: dot}, qa: {x: '${sls:stage}!'}}\n" +
		"custom: ['${self:provider.stage}', '${sls:stage}', '${opt:stage}', '${self:provider.region}', '${aws:region}', '${param:x}', '${param:y}', '${param:a.b}']\n"})
	o.Stage, o.Region = "qa", "us-west-2"
	if got, err := resolved(t, o); err != nil || got != `["dev","qa","qa","eu-west-1","us-west-2","qa!","d","dot"]` {
		t.Errorf("custom = %s, %v", got, err)
	}
	o.Stage, o.Opts = "", map[string]string{}
	if _, err := resolved(t, o); err == nil || !strings.Contains(err.Error(), "${opt:stage} has no value") {
		t.Errorf("error = %v, want one about opt:stage", err)
	}
}

// Versions 1 and 2 had defaults for the stage and region that the file does not set.
func TestLegacyStage(t *testing.T) {
	o := service("service: s\nprovider: aws\nfunctions: {f: {handler: h.a, name: 'x-${self:provider.stage}-${self:provider.region}'}}\n")
	if got := compiled(t, o).Functions[0].Name; got != "x-dev-us-east-1" {
		t.Errorf("name = %s", got)
	}
	o.Compat = StrictV3
	if _, err := Compile(o); err == nil {
		t.Error("version 3 has no such defaults: want an error")
	}
}

// [observed]
func TestDotenv(t *testing.T) {
	const custom = "useDotenv: true\ncustom: {a: \"${env:A, 'no'}\", b: \"${env:B, 'no'}\", home: \"${env:HOME}\"}\n"
	for name, c := range map[string]struct {
		provider string
		files    map[string]string
		want     string
	}{
		"one file":         {"aws", map[string]string{".env": "A=1\nHOME=x\n"}, `{"a":"1","b":"no","home":"/home/me"}`},
		"of the stage":     {"aws", map[string]string{".env": "A=1\n", ".env.dev": "B=2\n"}, `{"a":"no","b":"2","home":"/home/me"}`},
		"of another stage": {"{name: aws, stage: qa}", map[string]string{".env": "A=1\n", ".env.dev": "B=2\n"}, `{"a":"1","b":"no","home":"/home/me"}`},
		"none":             {"aws", nil, `{"a":"no","b":"no","home":"/home/me"}`},
		"variables inside": {"aws", map[string]string{".env": "A=\\${self:service}\nB=x$A"}, `{"a":"svc","b":"xsvc","home":"/home/me"}`},
	} {
		o := with("", c.files)
		files := map[string]string{"serverless.yml": "service: svc\nprovider: " + c.provider + "\n" + custom}
		maps.Copy(files, c.files)
		o.ReadFile = memory(files)
		if got, err := resolved(t, o); err != nil || got != c.want {
			t.Errorf("%s: custom = %s, %v; want %s", name, got, err, c.want)
		}
	}
	o := with("", map[string]string{"serverless.yml": "service: svc\nprovider: {name: aws, stage: \"${env:A, 'dev'}\"}\n" + custom, ".env": "A=1\n"})
	want := "serverless.yml:2: the stage depends on A, which .env defines for that stage (set A in the environment, or the stage with --stage)"
	if _, err := resolved(t, o); err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestParseDotenv(t *testing.T) {
	const text = "A=1\n# comment\nexport B=x$A\nC='x$A\\n'\nD=a#b\nE=a #b\nF=\"l1\\nl2\" # c\nG\nH= sp  \nI=${NOPE:-dd}\nJ=${NOPE}\nK=\"two\nlines\"\nL=\\$A\r\nM=$M$M\nN=`t`\nO=\nP=$OUT"
	got := parseDotenv(text, func(name string) (string, bool) { return "env", name == "OUT" })
	want := map[string]string{"A": "1", "B": "x1", "C": "x1\\n", "D": "a", "E": "a", "F": "l1\nl2", "H": "sp", "I": "dd", "J": "", "K": "two\nlines", "L": "$A", "M": "", "N": "t", "O": "", "P": "env"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("parseDotenv (-got +want):\n%s", diff)
	}
}

// Everything that was looked for is listed, also what is missing: a watcher waits for it to appear.
func TestFiles(t *testing.T) {
	o := Options{File: filepath.Join("dir", "serverless.yml"), ReadFile: memory(map[string]string{
		"dir/serverless.yml": "service: s\nuseDotenv: true\nprovider: aws\ncustom: {a: '${file(./a.yml):x}', b: '${file(./b.yml):x, 1}', c: '${file(../c.yml):x, 2}', d: '${file(./a.yml):x}'}\n",
		"dir/a.yml":          "x: 1\n", "dir/.env": "A=1\n",
	})}
	got := compiled(t, o).Files
	if diff := cmp.Diff(got, []string{"dir/serverless.yml", "dir/.env.dev", "dir/.env", "dir/a.yml", "dir/b.yml", "c.yml"}); diff != "" {
		t.Errorf("files (-got +want):\n%s", diff)
	}
}

func TestRunJS(t *testing.T) {
	o := with("  a: ${file(./conf.js):k.x}\n  b: ${file(no.js):k, 'none'}", nil)
	o.RunJS = func(path string) ([]byte, error) {
		switch path {
		case "conf.js":
			return []byte(`{"k": {"x": "${self:service}"}}`), nil
		case "bad.js":
			return nil, errors.New("boom")
		case "text.js":
			return []byte("undefined"), nil
		}
		return nil, os.ErrNotExist
	}
	if got, err := resolved(t, o); err != nil || got != `{"a":"svc","b":"none"}` {
		t.Errorf("custom = %s, %v", got, err)
	}
	for file, want := range map[string]string{
		"bad.js":  "serverless.yml:4: cannot evaluate bad.js: boom (run it with node to see why)",
		"text.js": "serverless.yml:4: what text.js exports is no JSON (export an object, or a function that returns one)",
	} {
		bad := with("  a: ${file("+file+")}", nil)
		bad.RunJS = o.RunJS
		if _, err := resolved(t, bad); err == nil || err.Error() != want {
			t.Errorf("%s: error = %v, want %s", file, err, want)
		}
	}
	js := Options{File: "serverless.js", RunJS: func(string) ([]byte, error) { return []byte(`{"service":"js","provider":{"name":"aws"}}`), nil }}
	if got := compiled(t, js).Service; got != "js" {
		t.Errorf("service of serverless.js = %s", got)
	}
}

func FuzzParseText(f *testing.F) {
	for _, s := range []string{"${self:a.b, 'x'}", `\${a:b}\\${c(d, "e${f:g}"):h${i:j}, null}`, "${a:b,-1e9}", "${a:'}'}", "${a(b:${c:d})}", `${a:"\u00e9"}`, "${AWS::Region}${"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pieces, err := parseText(s)
		if err != nil {
			return
		}
		if len(pieces) == 1 && pieces[0].sources == nil && !strings.Contains(s, `\`) && pieces[0].text != s {
			t.Fatalf("parseText(%q) changed text without variables to %q", s, pieces[0].text)
		}
		for _, p := range pieces {
			if p.sources == nil && p.text == "" {
				t.Fatalf("parseText(%q) has an empty piece", s)
			}
		}
	})
}

// Whatever the file says, compiling it ends, with a template or with errors that name a place.
func FuzzCompile(f *testing.F) {
	f.Add(legacyFile, "a: 1\n")
	f.Add(head+"  f: {handler: h.a, events: [{http: {path: a, method: get, cors: {origins: [a]}, integration: lambda}}, {httpApi: GET /}], url: true}\n", "")
	f.Add("service: ${file(o.yml):a}\nprovider: ${self:custom}\ncustom: {name: aws, x: '${self:custom.x}'}\n", "a: ${env:A, 'b'}\n")
	f.Add("service: s\nprovider: {name: aws, httpApi: {authorizers: {a: {audience: x}}}, iam: {role: {statements: [1]}}}\nresources: {extensions: {}}\nfunctions: [a: {handler: b}]\n", "x")
	f.Fuzz(func(t *testing.T, text, other string) {
		o := Options{
			File: "serverless.yml", ReadFile: memory(map[string]string{"serverless.yml": text, "o.yml": other, ".env": other}),
			Getenv: func(name string) (string, bool) { return other, name == "A" },
		}
		result, err := Compile(o)
		if err != nil {
			for _, one := range faults(err) {
				if one.Pos.File == "" || one.Pos.Line < 1 {
					t.Fatalf("error without a place: %v", one)
				}
			}
			return
		}
		again, err := Compile(o)
		if err != nil || !document.Equal(result.Template, again.Template) {
			t.Fatalf("compiled twice, with two results: %v", err)
		}
	})
}

func faults(err error) []*document.Error {
	if all, ok := errors.AsType[document.Errors](err); ok {
		return all
	}
	one, _ := errors.AsType[*document.Error](err)
	return []*document.Error{one}
}

// Example 05 as the framework resolves it, when the larger golden set is there. [observed]
func TestPrinted(t *testing.T) {
	dir := "../../../../shared/golden/sls/05-variables"
	for stage, c := range map[string]struct {
		region string
		params map[string]string
	}{"qa": {"", nil}, "prod": {"us-west-2", map[string]string{"flag": "1"}}} {
		text, err := os.ReadFile(filepath.Join(dir, "print."+stage+".yml"))
		if err != nil {
			t.Skip("the golden set is not here")
		}
		want, err := document.Load("print.yml", text, document.JSYAML)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{File: filepath.Join(dir, "serverless.yml"), ReadFile: os.ReadFile, Stage: stage, Region: c.region, Params: c.params,
			RunJS: func(string) ([]byte, error) { return []byte(`{"value":"js-` + stage + `"}`), nil }}
		r := newResolver(&o, dir)
		if r.root, err = r.loadService(); err != nil {
			t.Fatal(err)
		}
		r.loadDotenv(stage)
		got := r.resolve(r.root)
		if len(r.errs) > 0 {
			t.Fatal(r.errs)
		}
		for _, section := range []string{"custom", "functions", "resources", "provider"} {
			g, w := got.value.Get(section), want.Get(section)
			if section == "provider" { // print shows --stage and --region there
				g, w = g.Get("environment"), w.Get("environment")
			}
			if diff := cmp.Diff(tree(t, document.JSON(g)), tree(t, document.JSON(w))); diff != "" {
				t.Errorf("stage %s, %s (-got +want):\n%s", stage, section, diff)
			}
		}
	}
}
