package jsonpath

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func meter() *Meter { return &Meter{Steps: 1_000_000, Bytes: 64 << 20} }

func mustParse(t *testing.T, text string) any {
	t.Helper()
	v, err := Parse(text, meter())
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return v
}

func print(t *testing.T, v any) string {
	t.Helper()
	b, err := AppendJSON(nil, v, meter())
	if err != nil {
		t.Fatalf("AppendJSON: %v", err)
	}
	return string(b)
}

// The lenient rows follow the bodies that MOCK integrations and templates of API Gateway were recorded to
// accept [recorded], and json-smart's permissive mode for the rest [inferred].
func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"b":1,"a":[true,false,null,"x"]}`, `{"b":1,"a":[true,false,null,"x"]}`},
		{` {"a" : 1.50 , "b":1E3,"c":-0.0} `, `{"a":1.50,"b":1E3,"c":-0.0}`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`{"n":1234567890123456789012345678901234567890}`, `{"n":1234567890123456789012345678901234567890}`},
		{`{"n":1e400}`, `{"n":1e400}`},
		{`{"n":007,"m":-00.5,"z":0}`, `{"n":7,"m":-0.5,"z":0}`},
		{`{"s":"\u00e9\n\"\\\/\ud83d\ude00"}`, `{"s":"é\n\"\\/😀"}`},
		{`{"s":"\ud800","t":"\ud800x","u":"\udc00\ud83d\ude00"}`, `{"s":"�","t":"�x","u":"�😀"}`},
		{"{\"s\":\"a\nb\x00c\"}", `{"s":"abc"}`},
		{`["€ \u007f \u0085 \u2028 \u20ff \u2100 \b\f\u0001 <>&'/"]`, `["\u20AC \u007F \u0085 \u2028 \u20FF ℀ \b\f\u0001 <>&'/"]`}, // json-smart
		{`{statusCode:200}`, `{"statusCode":200}`},
		{`{statusCode: 200, }`, `{"statusCode":200}`},
		{`{"statusCode": 200 ,, }`, `{"statusCode":200}`},
		{`{'statusCode': 200, '': ''}`, `{"statusCode":200,"":""}`},
		{`{statusCode: 200,super{ f}oo: [ba r]}`, `{"statusCode":200,"super{ f}oo":["ba r"]}`},
		{`{statusCode: 200, }foo: [ba r]}`, `{"statusCode":200}`},
		{`{"statusCode": 200 , null: null }`, `{"statusCode":200,"null":null}`},
		{`[1,,2,]`, `[1,2]`},
		{`a=1&b={"x":[`, `"a=1&b={\"x\":["`},
		{`12 apples`, `"12 apples"`},
		{`1.`, `"1."`},
		{`-`, `"-"`},
		{`1e`, `"1e"`},
		{` 12 `, `12`},
		{`true`, `true`},
		{`""`, `""`},
	} {
		if got := print(t, mustParse(t, c.in)); got != c.want {
			t.Errorf("Parse(%q) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{``, `offset 0: the text is empty`},
		{"  \n", `offset 3: the text is empty`},
		{`}`, `offset 0: unexpected '}'`},
		{`{"a":1`, `offset 6: the text ends too early`},
		{`{"statusCode": 200`, `offset 18: the text ends too early`},
		{`{"statusCode': 200 }`, `offset 20: the text ends too early`},
		{`{'statusCode: 200 }`, `offset 19: the text ends too early`},
		{`{statusCode: 200, {foo: [ba r]}`, `offset 18: unexpected '{'`},
		{`{"a":}`, `offset 5: unexpected '}'`},
		{`{"a" 1}`, `offset 5: unexpected '1'`},
		{`{"a":"1" "b":2}`, `offset 9: unexpected '"'`},
		{`[1`, `offset 2: the text ends too early`},
		{`["a" "b"]`, `offset 5: unexpected '"'`},
		{`[}`, `offset 1: unexpected '}'`},
		{`{"a":"\u12g4"}`, `offset 7: unexpected 'u'`},
		{`"abc`, `offset 4: the text ends too early`},
		{`"a\`, `offset 3: the text ends too early`},
	} {
		_, err := Parse(c.in, meter())
		if err == nil || err.Error() != c.want {
			t.Errorf("Parse(%q) error = %v, want %s", c.in, err, c.want)
		}
	}
}

func TestParseLimits(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + "1" + strings.Repeat("]", MaxDepth)
	if _, err := Parse(deep, meter()); err != nil {
		t.Errorf("Parse(%d levels): %v", MaxDepth, err)
	}
	if _, err := Parse("["+deep+"]", meter()); !errors.Is(err, ErrDepth) {
		t.Errorf("Parse(%d levels) error = %v, want %v", MaxDepth+1, err, ErrDepth)
	}
	// 10 MB of empty objects may not cost many times their size.
	if _, err := Parse("["+strings.Repeat("{},", 3<<20)+"]", &Meter{Steps: 1 << 30, Bytes: 64 << 20}); !errors.Is(err, ErrBytes) {
		t.Errorf("Parse(many objects) error = %v, want %v", err, ErrBytes)
	}
	if _, err := Parse(`[1,2,3,4]`, &Meter{Steps: 3, Bytes: 1 << 20}); !errors.Is(err, ErrSteps) {
		t.Errorf("Parse(few steps) error = %v, want %v", err, ErrSteps)
	}
}

func TestObjectKeepsOrder(t *testing.T) {
	o := new(Object)
	names := []string{"k", "j", "i", "h", "g", "f", "e", "d", "c", "b", "a"}
	for i, n := range names {
		o.Put(n, int64(i))
	}
	if old := o.Put("d", "new"); old != int64(7) {
		t.Errorf("Put gave %v, want 7", old)
	}
	if v, ok := o.Delete("i"); !ok || v != int64(2) {
		t.Errorf("Delete gave %v, %v", v, ok)
	}
	if _, ok := o.Delete("i"); ok {
		t.Error("Delete found a name twice")
	}
	o.Put("i", int64(99))
	var got []string
	for _, m := range o.Members() {
		got = append(got, m.Name)
		if v, ok := o.Get(m.Name); !ok || v != m.Value {
			t.Errorf("Get(%q) = %v, %v, want %v", m.Name, v, ok, m.Value)
		}
	}
	want := []string{"k", "j", "h", "g", "f", "e", "d", "c", "b", "a", "i"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
}

func TestAppendFloat(t *testing.T) { // Double.toString [docs]
	for _, c := range []struct {
		in   float64
		want string
	}{
		{2, "2.0"}, {0.05, "0.05"}, {-0.5, "-0.5"}, {0, "0.0"}, {9999999, "9999999.0"}, {1e7, "1.0E7"},
		{1.25e-4, "1.25E-4"}, {0.001, "0.001"}, {123456789.5, "1.234567895E8"}, {1e300, "1.0E300"},
	} {
		if got := string(AppendFloat(nil, c.in)); got != c.want {
			t.Errorf("AppendFloat(%g) = %s, want %s", c.in, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null]}`, `{a:'b',}`, `a=b&c`, `"\ud800\u"`, `[[[[`, `{"a":{"b":-1e5}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s, meter())
		if err != nil {
			return
		}
		once, err := AppendJSON(nil, v, meter())
		if err != nil {
			t.Fatalf("AppendJSON: %v", err)
		}
		again, err := Parse(string(once), meter())
		if err != nil {
			t.Fatalf("Parse(%q), printed from %q: %v", once, s, err)
		}
		twice, err := AppendJSON(nil, again, meter())
		if err != nil || string(twice) != string(once) {
			t.Fatalf("printed %q, then %q (%v)", once, twice, err)
		}
	})
}
