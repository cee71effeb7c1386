package jsonpath

import (
	"errors"
	"testing"
)

// bookstore is the document of the article that defined JSONPath, as Jayway's README uses it.
const bookstore = `{"store":{"book":[
{"category":"reference","author":"Nigel Rees","title":"Sayings of the Century","price":8.95},
{"category":"fiction","author":"Evelyn Waugh","title":"Sword of Honour","price":12.99},
{"category":"fiction","author":"Herman Melville","title":"Moby Dick","isbn":"0-553-21311-3","price":8.99},
{"category":"fiction","author":"J. R. R. Tolkien","title":"The Lord of the Rings","isbn":"0-395-19395-8","price":22.99}],
"bicycle":{"color":"red","price":19.95}},"expensive":10}`

const missing = "(nothing)"

func eval(t *testing.T, doc, path string) string {
	t.Helper()
	p, err := Compile(path)
	if err != nil {
		t.Fatalf("Compile(%q): %v", path, err)
	}
	v, found, err := p.Eval(mustParse(t, doc), meter())
	if err != nil {
		t.Fatalf("Eval(%q): %v", path, err)
	}
	if !found {
		return missing
	}
	return print(t, v)
}

func TestEvalBookstore(t *testing.T) { // [docs] Jayway's README, "Path Examples"
	for _, c := range []struct{ path, want string }{
		{`$.store.book[*].author`, `["Nigel Rees","Evelyn Waugh","Herman Melville","J. R. R. Tolkien"]`},
		{`$..author`, `["Nigel Rees","Evelyn Waugh","Herman Melville","J. R. R. Tolkien"]`},
		{`$.store..price`, `[8.95,12.99,8.99,22.99,19.95]`},
		{`$..book[2].title`, `["Moby Dick"]`},
		{`$..book[-2].title`, `["Moby Dick"]`},
		{`$..book[0,1].price`, `[8.95,12.99]`},
		{`$..book[:2].price`, `[8.95,12.99]`},
		{`$..book[1:2].price`, `[12.99]`},
		{`$..book[-2:].price`, `[8.99,22.99]`},
		{`$..book[2:].price`, `[8.99,22.99]`},
		{`$..book[?(@.isbn)].price`, `[8.99,22.99]`},
		{`$.store.book[?(@.price < 10)].title`, `["Sayings of the Century","Moby Dick"]`},
		{`$..book[?(@.price <= $['expensive'])].price`, `[8.95,8.99]`},
		{`$..book[?(@.author =~ /.*REES/i)].author`, `["Nigel Rees"]`},
		{`$.store.book.length()`, `4`},
		{`$.store.bicycle.keys()`, `["color","price"]`},
		{`$..price.max()`, `22.99`},
		{`$..book[(@.length-1)].price`, `[22.99]`},
	} {
		if got := eval(t, bookstore, c.path); got != c.want {
			t.Errorf("%s = %s, want %s", c.path, got, c.want)
		}
	}
}

func TestEval(t *testing.T) { // Jayway 2.x [docs]; rows marked * are [inferred]
	const doc = `{"a":{"b":[1,2,3,{"c":"x","d":null}],"e f":true,"g.h":"dotted"},"n":[5,1.5,"t"],"s":"text","nil":null,
"list":[{"id":1,"t":["x","y"],"ok":true},{"id":2,"t":[],"name":"two"},{"id":"1","t":["z"]},7]}`
	for _, c := range []struct{ path, want string }{
		{`$.a.b[0]`, `1`},
		{`a.b[1]`, `2`},
		{` $.s `, `"text"`},
		{`$['a']["e f"]`, `true`},
		{`$.a['g.h']`, `"dotted"`},
		{`$.a.b[-1].c`, `"x"`},
		{`$.a.b[(@.length-1)].c`, `"x"`},
		{`$.a.b[9]`, missing},
		{`$.a.b[-9]`, missing},
		{`$.a.b.c`, missing},
		{`$.missing`, missing},
		{`$.missing.x.y`, missing},
		{`$.s.x`, missing},
		{`$.nil`, `null`},
		{`$.a.b[3].d`, `null`},
		{`$.list[*].id`, `[1,2,"1"]`},
		{`$.missing[*]`, `[]`},
		{`$.missing[0:1].x`, `[]`},
		{`$.s.x[*]`, missing},
		{`$.s[0:1]`, missing},
		{`$.s[0,1]`, missing},
		{`$.s[?(@.x)]`, missing},
		{`$.n[9][*]`, `[]`},
		{`$.s[*]`, `[]`},
		{`$.list[*].missing`, `[]`},
		{`$..zzz`, `[]`},
		{`$.a['e f','g.h']`, `{"e f":true,"g.h":"dotted"}`},
		{`$.list[0]['id','ok','none']`, `{"id":1,"ok":true}`},
		{`$..['id','name']`, `[{"id":2,"name":"two"}]`},
		{`$['a','list']['b']`, `[[1,2,3,{"c":"x","d":null}]]`},
		{`$.n[0:9]`, `[5,1.5,"t"]`},
		{`$.n[1:-1]`, `[1.5]`},
		{`$.n[-9:1]`, `[5]`},
		{`$.n[2:1]`, `[]`},
		{`$.n[:]`, `[5,1.5,"t"]`},
		{`$.n[0,2,9]`, `[5,"t"]`},
		{`$.list[?(@.id == 1)].id`, `[1]`},
		{`$.list[?(@.id == '1')].id`, `["1"]`},
		{`$.list[?(@.id == 1.0)].id`, `[1]`},
		{`$.list[?(@.id != 1)].id`, `[2,"1"]`},
		{`$.list[?(@.id === 2)].name`, `["two"]`},
		{`$.list[?(@.ok)].id`, `[1]`},
		{`$.list[?(!@.ok)].id`, `[2,"1"]`},
		{`$.list[?(!(@.id == 2))].id`, `[1,"1"]`},
		{`$.list[?(@.id > 0 && @.id < 2)].id`, `[1]`},
		{`$.list[?(@.id == 2 || @.ok == true)].id`, `[1,2]`},
		{`$.list[?((@.id == 2 || @.ok == true) && @.name)].id`, `[2]`},
		{`$.list[?(@.name == "two")].id`, `[2]`},
		{`$.list[?(@.id in [2, '1'])].id`, `[2,"1"]`},
		{`$.list[?(@.id nin [2, '1'])].id`, `[1]`},
		{`$.list[?(@.t contains 'x')].id`, `[1]`},
		{`$.list[?(@.name contains 'w')].id`, `[2]`},
		{`$.list[?(@.t anyof ['y','z'])].id`, `[1,"1"]`},
		{`$.list[?(@.t noneof ['y','z'])].id`, `[2]`},
		{`$.list[?(@.t subsetof ['x','y','q'])].id`, `[1,2]`},
		{`$.list[?(@.t size 2)].id`, `[1]`},
		{`$.list[?(@.t empty true)].id`, `[2]`},
		{`$.list[?(@.t.length() > 0)].id`, `[1,"1"]`},
		{`$.list[?(@.t[0] == 'z')].id`, `["1"]`},
		{`$.list[?(@['name'])].id`, `[2]`},
		{`$.list[?(@.t == ['z'])].id`, `["1"]`},
		{`$.list[?(@ == 7)]`, `[7]`},
		{`$.list[?(@.missing == null)]`, `[]`},
		{`$.list[?($.nil == null)].id`, `[1,2,"1"]`},
		{`$.list[?(1 == 1)].id`, `[1,2,"1"]`},
		{`$.a[?(@.b)]`, `[{"b":[1,2,3,{"c":"x","d":null}],"e f":true,"g.h":"dotted"}]`},
		{`$..[?(@.id == 2)].name`, `["two"]`},
		{`$..[0]`, `[1,5,{"id":1,"t":["x","y"],"ok":true},"x","z"]`},
		{`$.list..t[0]`, `["x","z"]`},
		{`$.n.sum()`, `6.5`},
		{`$.n.min()`, `1.5`},
		{`$.n.avg()`, `3.25`},
		{`$.n.stddev()`, `1.75`},
		{`$.n.first()`, `5`},
		{`$.n.last()`, `"t"`},
		{`$.list[*].id.length()`, `3`},
		{`$.s.length()`, `null`},
	} {
		if got := eval(t, doc, c.path); got != c.want {
			t.Errorf("%s = %s, want %s", c.path, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{``, `JSONPath "" at offset 0: the path is empty`},
		{`$a`, `JSONPath "$a" at offset 1: expected . or [`},
		{`$.`, `JSONPath "$." at offset 2: expected a name`},
		{`$..`, `JSONPath "$.." at offset 3: expected a name`},
		{`$.a b`, `JSONPath "$.a b" at offset 3: expected . or [`},
		{`$.a[`, `JSONPath "$.a[" at offset 4: expected a quoted name, an index, * or ?( … )`},
		{`$.a[x]`, `JSONPath "$.a[x]" at offset 4: expected a quoted name, an index, * or ?( … )`},
		{`$.a['x]`, `JSONPath "$.a['x]" at offset 4: the quote is not closed`},
		{`$.a['x',1]`, `JSONPath "$.a['x',1]" at offset 8: expected a quoted name`},
		{`$.a[1`, `JSONPath "$.a[1" at offset 5: expected ]`},
		{`$.a[99999999999]`, `JSONPath "$.a[99999999999]" at offset 4: expected a whole number of 32 bits`},
		{`$.a[?(@.b ==)]`, `JSONPath "$.a[?(@.b ==)]" at offset 12: expected @, $, a quoted text, a number, true, false or null`},
		{`$.a[?(@.b ~ 1)]`, `JSONPath "$.a[?(@.b ~ 1)]" at offset 10: expected )`},
		{`$.a[?(@.b like 1)]`, `JSONPath "$.a[?(@.b like 1)]" at offset 10: unknown operator`},
		{`$.a[?(1)]`, `JSONPath "$.a[?(1)]" at offset 7: expected an operator`},
		{`$.a[?(@.b =~ /(?=x)/)]`, "JSONPath \"$.a[?(@.b =~ /(?=x)/)]\" at offset 13: invalid or unsupported Perl syntax: \"(?=\" (patterns are RE2: no look-around, no back-references)"},
		{`$.a.concat(1)`, `JSONPath "$.a.concat(1)" at offset 4: unknown function concat()`},
		{`$.a.length(`, `JSONPath "$.a.length(" at offset 11: expected )`},
	} {
		_, err := Compile(c.path)
		if err == nil || err.Error() != c.want {
			t.Errorf("Compile(%q) error = %v, want %s", c.path, err, c.want)
		}
	}
}

func TestEvalIsBounded(t *testing.T) {
	loop := new(Object)
	loop.Put("self", loop)
	p, err := Compile("$..x")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Eval(loop, meter()); !errors.Is(err, ErrDepth) {
		t.Errorf("Eval(loop) error = %v, want %v", err, ErrDepth)
	}
	if _, err := AppendJSON(nil, loop, meter()); !errors.Is(err, ErrDepth) {
		t.Errorf("AppendJSON(loop) error = %v, want %v", err, ErrDepth)
	}
	if _, err := Equal(loop, &Object{members: loop.members}, meter()); !errors.Is(err, ErrDepth) {
		t.Errorf("Equal(loop) error = %v, want %v", err, ErrDepth)
	}
	wide, err := Parse(`[[1,2,3,4,5,6,7,8],[1,2,3,4,5,6,7,8]]`, meter())
	if err != nil {
		t.Fatal(err)
	}
	if p, err = Compile("$..*"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Eval(wide, &Meter{Steps: 10, Bytes: 1 << 20}); !errors.Is(err, ErrSteps) {
		t.Errorf("Eval($..*) error = %v, want %v", err, ErrSteps)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`$.a.b[0]`, `$..a[?(@.b == 'x' && !@.c)]`, `$['a','b'][1:2]`, `$.a[?(@.b =~ /x/i)].length()`, `$[?(@.a in [1,{"b":2}])]`} {
		f.Add(s)
	}
	doc, err := Parse(bookstore, meter())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Compile(s)
		if err != nil {
			return
		}
		if _, _, err := p.Eval(doc, &Meter{Steps: 100_000, Bytes: 1 << 20}); err != nil && !errors.Is(err, ErrSteps) &&
			!errors.Is(err, ErrBytes) && !errors.Is(err, ErrDepth) && !errors.Is(err, errNoNumbers) {
			t.Fatalf("Eval(%q): %v", s, err)
		}
	})
}

func BenchmarkEval(b *testing.B) {
	doc, err := Parse(bookstore, meter())
	if err != nil {
		b.Fatal(err)
	}
	p, err := Compile("$.store.book[1].title")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := p.Eval(doc, meter()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(bookstore, meter()); err != nil {
			b.Fatal(err)
		}
	}
}
