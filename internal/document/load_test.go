package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, file, text string, schema Schema) *Value {
	t.Helper()
	v, err := Load(file, []byte(text), schema)
	if err != nil {
		t.Fatalf("Load(%q) = %v", text, err)
	}
	return v
}

func TestLoadRefuses(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+2) + strings.Repeat("]", MaxDepth+2)
	wide := "[" + strings.Repeat("1,", MaxNodes) + "1]"
	for name, c := range map[string]struct{ file, text, want string }{
		"duplicate name":          {"a.yml", "a: 1\nb: 2\na: 3\n", `a.yml:3: duplicate name "a" (it stands first on a.yml:1; remove one)`},
		"duplicate number name":   {"a.yml", "200: 1\n200.0: 2\n", `a.yml:2: duplicate name "200" (it stands first on a.yml:1; remove one)`},
		"duplicate in json":       {"a.json", "{\n \"a\": 1,\n \"a\": 2}", `a.json:3: duplicate name "a" (it stands first on a.json:2; remove one)`},
		"unknown tag":             {"a.yml", "a: 1\nb: !Reff x\n", "a.yml:2: unknown tag !Reff (only CloudFormation's short forms are known, such as !Ref and !Sub)"},
		"binary tag":              {"a.yml", "b: !!binary aGk=\n", "a.yml:1: unknown tag !!binary (write the value as a plain string, number or boolean)"},
		"wrong core tag":          {"a.yml", "b: !!int x\n", `a.yml:1: "x" is not of type !!int (remove the tag)`},
		"map as name":             {"a.yml", "? {a: 1}\n: 2\n", "a.yml:1: a name must be a scalar (quote it)"},
		"syntax":                  {"a.yml", "a: 1\nb: [1\nc: 2\n", "a.yml:2: yaml: did not find expected ',' or ']' (check indentation and quotes here and on the line before)"},
		"tab":                     {"a.yml", "a:\n\tb: 1\n", "a.yml:2: yaml: found character that cannot start any token (check indentation and quotes here and on the line before)"},
		"second document":         {"a.yml", "a: 1\n---\nb: 1\n", "a.yml:2: a second document starts here (keep one document per file)"},
		"unknown alias":           {"a.yml", "a: 1\nb: *x\n", "a.yml:2: yaml: unknown anchor 'x' referenced (write &x before the value that is meant, or quote a text that begins with an asterisk)"},
		"alias of itself":         {"a.yml", "a: &x\n  b: *x\n", "a.yml:2: alias *x contains itself (remove the alias)"},
		"merge of a scalar":       {"a.yml", "a: &x 1\nb:\n  <<: *x\n", "a.yml:3: a merge key (<<) takes a map, not a number (name an anchored map)"},
		"infinity":                {"a.yml", "a: .inf\n", "a.yml:1: .inf cannot be written as JSON (quote it, or give a finite number)"},
		"json: text after":        {"a.json", "{} x", "a.json:1: json: more text after the end of the document (remove it)"},
		"json: ends early":        {"a.json", "{\"a\":\n[1", "a.json:2: json: the document ends too early (close every bracket and quote)"},
		"json: empty":             {"a.json", "", "a.json:1: json: the document ends too early (close every bracket and quote)"},
		"json: yaml in json file": {"a.json", "a: 1", "a.json:1: json: invalid character 'a' looking for beginning of value (check the syntax)"},
		"deep":                    {"a.yml", deep, "a.yml:1: lists and maps are nested deeper than 200 levels (flatten the document)"},
		"deep yaml":               {"a.yml", "x: " + deep, "a.yml:1: lists and maps are nested deeper than 200 levels (flatten the document)"},
		"many":                    {"a.json", wide, "a.json:1: the document is too large (split it)"},
		"long":                    {"a.yml", strings.Repeat(" ", MaxBytes+1), "a.yml:1: the file is larger than 1 MiB (split it)"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Load(c.file, []byte(c.text), JSYAML)
			if err == nil {
				t.Fatalf("Load succeeded: %.200s", JSON(v))
			}
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("Load error is a %T, want *Error", err)
			}
			if got := err.Error(); got != c.want {
				t.Errorf("Load error\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// Bombs: texts of a few hundred bytes that stand for gigabytes. Refused by arithmetic on weights, so the
// test needs neither time nor memory; it would need both if they were expanded.
func TestLoadRefusesBombs(t *testing.T) {
	laughs := "a0: &a0 lol\n"
	nested := "a0: &a0 {x: 1}\n"
	merges := "a0: &a0 {x0: 1}\n"
	for i := 1; i < 40; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9))
		nested += fmt.Sprintf("a%d: &a%d {l: *a%d, r: *a%d}\n", i, i, i-1, i-1)
		merges += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d], x%d: 1}\n", i, i, i-1, i-1, i)
	}
	text := "s: &s " + strings.Repeat("x", 500_000) + "\nl: [" + strings.Repeat("*s,", 1000) + "]\n"
	tall := "a0: &a0 [1]\n"
	for i := 1; i < 300; i++ {
		tall += fmt.Sprintf("a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"billion laughs": {laughs, "a.yml:7: the document is too large once its aliases are expanded (remove nested aliases or split the file)"},
		"maps":           {nested, "a.yml:17: the document is too large once its aliases are expanded (remove nested aliases or split the file)"},
		"merge keys":     {merges, "a.yml:16: the document is too large once its aliases are expanded (remove nested aliases or split the file)"},
		"long text":      {text, "a.yml:2: the document is too large once its aliases are expanded (remove nested aliases or split the file)"},
		"tall":           {tall, "a.yml:199: lists and maps are nested deeper than 200 levels (flatten the document)"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Load("a.yml", []byte(c.text), JSYAML)
			if err == nil {
				t.Fatalf("Load succeeded: %.200s", JSON(v))
			}
			if got := err.Error(); got != c.want {
				t.Errorf("Load error\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// [observed] Both columns of facts table 6.4 were measured with js-yaml 4.3 and PyYAML; dates are kinder
// than js-yaml (6.4.1): they stay what was written.
func TestScalars(t *testing.T) {
	for _, c := range []struct{ text, js, py string }{
		{"yes", `"yes"`, `true`},
		{"on", `"on"`, `true`},
		{"NO", `"NO"`, `false`},
		{"True", `true`, `true`},
		{"y", `"y"`, `"y"`},
		{"0755", `755`, `493`},
		{"0o755", `493`, `"0o755"`},
		{"0x1F", `31`, `31`},
		{"0b101", `5`, `5`},
		{"012345678901", `12345678901`, `"012345678901"`},
		{"123456789012", `123456789012`, `123456789012`},
		{"2012-10-17", `"2012-10-17"`, `"2012-10-17"`},
		{"12:30:45", `"12:30:45"`, `45045`},
		{"1e3", `1000`, `"1e3"`},
		{"1.5e+3", `1500`, `1500`},
		{"1.50", `1.5`, `1.5`},
		{"1.0", `1`, `1`},
		{".5", `0.5`, `0.5`},
		{"+1", `1`, `1`},
		{"-7", `-7`, `-7`},
		{"-0", `0`, `0`},
		{"1_000", `1000`, `1000`},
		{"1_", `"1_"`, `1`},
		{"0.0000001", `1e-7`, `1e-7`},
		{"1.5e+22", `1.5e+22`, `1.5e+22`},
		{"9007199254740993", `9007199254740993`, `9007199254740993`},
		{"1.2.3", `"1.2.3"`, `"1.2.3"`},
		{"~", `null`, `null`},
		{"Null", `null`, `null`},
		{"", `null`, `null`},
		{`"1"`, `"1"`, `"1"`},
		{`'yes'`, `"yes"`, `"yes"`},
		{"!!str 1", `"1"`, `"1"`},
		{"!!int 0b11", `3`, `3`},
		{"|-\n  1", `"1"`, `"1"`},
	} {
		for schema, want := range map[Schema]string{JSYAML: c.js, PyYAML: c.py} {
			v := load(t, "a.yml", "v: "+c.text+"\n", schema)
			if got := string(JSON(v.Get("v"))); got != want {
				t.Errorf("schema %d: %q = %s, want %s", schema, c.text, got, want)
			}
		}
	}
}

func TestScalarKeepsSpelling(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"012345678901", "012345678901"}, {"1e3", "1e3"}, {"1.0", "1.0"}, {"true", "true"}, {"True", "True"}, {"x", "x"}, {"5", "5"},
	} {
		v := load(t, "a.yml", "v: "+c.text, JSYAML)
		if got, ok := v.Get("v").Scalar(); got != c.want || !ok {
			t.Errorf("Scalar(%s) = %q, %v; want %q", c.text, got, ok, c.want)
		}
	}
	for _, text := range []string{"~", "[1]", "{a: 1}"} {
		if got, ok := load(t, "a.yml", "v: "+text, JSYAML).Get("v").Scalar(); ok {
			t.Errorf("Scalar(%s) = %q, want none", text, got)
		}
	}
}

func TestStructure(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"ref":               {"a.yml", "v: !Ref Api", `{"v":{"Ref":"Api"}}`},
		"condition":         {"a.yml", "v: !Condition C", `{"v":{"Condition":"C"}}`},
		"ref of a number":   {"a.yml", "v: !Ref 123", `{"v":{"Ref":"123"}}`},
		"getatt":            {"a.yml", "v: !GetAtt A.Outputs.B", `{"v":{"Fn::GetAtt":["A","Outputs.B"]}}`},
		"getatt list":       {"a.yml", "v: !GetAtt [A, B]", `{"v":{"Fn::GetAtt":["A","B"]}}`},
		"getatt no dot":     {"a.yml", "v: !GetAtt A", `{"v":{"Fn::GetAtt":"A"}}`},
		"sub with map":      {"a.yml", "v: !Sub\n - ${x}\n - x: !Ref Y", `{"v":{"Fn::Sub":["${x}",{"x":{"Ref":"Y"}}]}}`},
		"getazs of nothing": {"a.yml", "v: !GetAZs ''", `{"v":{"Fn::GetAZs":""}}`},
		"if":                {"a.yml", "v: !If [C, 1, !Ref AWS::NoValue]", `{"v":{"Fn::If":["C",1,{"Ref":"AWS::NoValue"}]}}`},
		"transform":         {"a.yml", "v: !Transform {Name: AWS::Include}", `{"v":{"Fn::Transform":{"Name":"AWS::Include"}}}`},
		"alias of a tag":    {"a.yml", "a: &x !Ref Y\nb: *x", `{"a":{"Ref":"Y"},"b":{"Ref":"Y"}}`},
		"merge":             {"a.yml", "b: &b {x: 1, y: 2}\nv:\n  y: 3\n  <<: *b\n  z: 4", `{"b":{"x":1,"y":2},"v":{"y":3,"x":1,"z":4}}`},
		"merge before":      {"a.yml", "b: &b {x: 1, y: 2}\nv:\n  <<: *b\n  y: 3", `{"b":{"x":1,"y":2},"v":{"x":1,"y":3}}`},
		"merge list":        {"a.yml", "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nv: {<<: [*a, *b]}", `{"a":{"x":1},"b":{"x":2,"y":2},"v":{"x":1,"y":2}}`},
		"quoted <<":         {"a.yml", "v: {'<<': 1}", `{"v":{"<<":1}}`},
		"scalar names":      {"a.yml", "{200: a, true: b, null: c, 0x10: d, 1.0: e}", `{"200":"a","true":"b","null":"c","16":"d","1":"e"}`},
		"anchored name":     {"a.yml", "&k a: 1\nb: {*k : 2}", `{"a":1,"b":{"a":2}}`},
		"empty":             {"a.yml", "# nothing\n", `null`},
		"flow yaml":         {"a.yml", "{a: 1, b: [x, 'y']}", `{"a":1,"b":["x","y"]}`},
		"json in yml":       {"a.yml", "{\"a\": \"\\ud83d\\ude00\\/\", \"n\": 1.50}", `{"a":"😀/","n":1.5}`},
		"json bom":          {"a.json", "\xef\xbb\xbf[1]", `[1]`},
		"json yes":          {"a.json", `{"Version":"2012-10-17","n":-0,"big":12345678901234567890}`, `{"Version":"2012-10-17","n":0,"big":12345678901234567890}`},
		"escapes":           {"a.yml", `v: "\u0001\t\"<\u2028"`, "{\"v\":\"\\u0001\\t\\\"<\u2028\"}"},
	} {
		t.Run(name, func(t *testing.T) {
			v := load(t, c.file, c.text, JSYAML)
			if got := string(JSON(v)); got != c.want {
				t.Errorf("Load(%q)\n got %s\nwant %s", c.text, got, c.want)
			}
		})
	}
}

func TestPositions(t *testing.T) {
	yml := load(t, "a.yml", "a:\n  - x\n  - b: !Ref C\n", JSYAML)
	jsn := load(t, "a.json", "{\n  \"a\" :\n  [ \"x\",\n    {\"b\": 1}]}\n", JSYAML)
	for _, c := range []struct {
		what string
		got  Pos
		want Pos
	}{
		{"yaml item", yml.Get("a").Items[0].Pos, Pos{"a.yml", 2, 5}},
		{"yaml name", yml.Get("a").Items[1].Fields[0].Pos, Pos{"a.yml", 3, 5}},
		{"yaml tag", yml.Get("a").Items[1].Get("b").Get("Ref").Pos, Pos{"a.yml", 3, 8}},
		{"json name", jsn.Fields[0].Pos, Pos{"a.json", 2, 3}},
		{"json list", jsn.Get("a").Pos, Pos{"a.json", 3, 3}},
		{"json item", jsn.Get("a").Items[0].Pos, Pos{"a.json", 3, 5}},
		{"json map", jsn.Get("a").Items[1].Pos, Pos{"a.json", 4, 5}},
		{"json value", jsn.Get("a").Items[1].Get("b").Pos, Pos{"a.json", 4, 11}},
	} {
		if c.got != c.want {
			t.Errorf("%s stands at %+v, want %+v", c.what, c.got, c.want)
		}
	}
}

// An alias costs no memory: both places are the same value.
func TestAliasesShare(t *testing.T) {
	v := load(t, "a.yml", "a: &x {k: 1}\nb: *x\n", JSYAML)
	if v.Get("a") != v.Get("b") {
		t.Error("an alias was copied")
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"a: 1\nb: [x, !Ref Y]\n", "{\"a\": [1, 2.5e3, null]}", "a: &x {b: 1}\nc: {<<: *x}\n", "? [a]\n: b\n",
		"a: |\n  text\n", "!GetAtt a.b", "- - - 1", "\xef\xbb\xbfa: 0o17", "a: 12:30:45\nb: 1_0.5e-3", "a: *a", "%YAML 1.1\n---\na",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, schema := range []Schema{JSYAML, PyYAML} {
			v, err := Load("f.yml", []byte(text), schema)
			if err != nil {
				if e, ok := errors.AsType[*Error](err); !ok || e.Pos.Line < 1 {
					t.Fatalf("error without a place: %v", err)
				}
				continue
			}
			// What was read can be written, and reads back the same.
			out := JSON(v)
			again, err := Load("f.json", out, schema)
			if err != nil {
				if len(out) > MaxBytes {
					continue
				}
				t.Fatalf("JSON(Load(%q)) = %s, which does not load: %v", text, out, err)
			}
			if !Equal(v, again) {
				t.Fatalf("JSON(Load(%q)) = %s reads back as %s", text, out, JSON(again))
			}
		}
	})
}

func TestMerge(t *testing.T) {
	for _, c := range []struct{ dst, src, want string }{
		{`{"a":1,"b":{"c":1}}`, `{"b":{"d":2},"e":3}`, `{"a":1,"b":{"c":1,"d":2},"e":3}`},
		{`{"l":[1,2,3]}`, `{"l":[9]}`, `{"l":[9,2,3]}`},
		{`{"l":[{"a":1},2]}`, `{"l":[{"b":1},3,4]}`, `{"l":[{"a":1,"b":1},3,4]}`},
		{`{"a":{"b":1}}`, `{"a":null}`, `{"a":null}`},
		{`{"a":"x"}`, `{"a":["y"]}`, `{"a":["y"]}`},
		{`{"a":["y"]}`, `{"a":{"Ref":"x"}}`, `{"a":{"Ref":"x"}}`},
		{`null`, `{"a":1}`, `{"a":1}`},
	} {
		dst, src := load(t, "d.json", c.dst, JSYAML), load(t, "s.json", c.src, JSYAML)
		if diff := cmp.Diff(string(JSON(Merge(dst, src))), c.want); diff != "" {
			t.Errorf("Merge(%s, %s): %s", c.dst, c.src, diff)
		}
		if got := string(JSON(dst)); got != c.dst {
			t.Errorf("Merge changed its first argument to %s", got)
		}
	}
	one := NewInt(Pos{}, 1)
	if Merge(one, nil) != one || Merge(nil, one) != one {
		t.Error("Merge with nothing must give the other")
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{`[1,2]`, `[2,1]`, false},
		{`[1]`, `[1,1]`, false},
		{`{"a":null}`, `{}`, false},
		{`{"a":null}`, `{"b":null}`, false},
		{`1`, `"1"`, false},
		{`1000`, `1e3`, true},
		{`true`, `false`, false},
	} {
		if got := Equal(load(t, "a.json", c.a, JSYAML), load(t, "b.json", c.b, JSYAML)); got != c.want {
			t.Errorf("Equal(%s, %s) = %v", c.a, c.b, got)
		}
	}
}
