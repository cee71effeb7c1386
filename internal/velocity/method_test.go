package velocity

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/jsonpath"
)

func TestTextMethods(t *testing.T) { // java.lang.String, Java 8 and 11 [docs]
	const set = "#set($s = 'Hello, Wörld 😀')#set($i = 1)"
	for _, c := range []struct{ expression, want string }{
		{"$s.length()", "15"},
		{"#set($e = '')$s.isEmpty() $s.empty $e.isEmpty() $e.empty [$none.isEmpty()]", "false false true true []"},
		{"$s.charAt(1)$s.charAt(8)", "eö"},
		{"$s.substring(7)|$s.substring(7, 12)|$s.subSequence(0, 0)|$s.substring(13)", "Wörld 😀|Wörld||😀"},
		{"$s.indexOf('l') $s.indexOf('l', 4) $s.indexOf('z') $s.indexOf(111) $s.indexOf('l', 99) $s.indexOf('H', -5)", "2 10 -1 4 -1 0"},
		{"$s.lastIndexOf('l') $s.lastIndexOf('l', 9) $s.lastIndexOf('l', 3) $s.lastIndexOf('H', -1) $s.lastIndexOf('😀')", "10 3 3 -1 13"},
		{"$s.contains('Wö') $s.contains('wö') $s.startsWith('Hello') $s.startsWith('lo', 3) $s.startsWith('x', 99) $s.endsWith('😀')", "true false true true false true"},
		{"$s.equals('x') $s.equals($s) $s.equals(1) $s.equalsIgnoreCase('HELLO, WÖRLD 😀') $s.contentEquals($s)", "false true false true true"},
		{"$s.compareTo('Hello') $s.compareTo('Jello') $s.compareToIgnoreCase('HELLO')", "10 -2 10"},
		{"$s.toUpperCase() $s.toLowerCase()", "HELLO, WÖRLD 😀 hello, wörld 😀"},
		{"#set($e = ' a ')[$e.trim()] [$e.strip()] $e.isBlank()", "[a] [a] false"},
		{"$s.replace('l', 'L').replace('Hello', '') $s.substring(0,2).replace('', '-')", "HeLLo, WörLd 😀 -H-e-"},
		{"$s.replaceAll('[a-z]+', '<$0>') $s.replaceFirst('l', '')", "H<ello>, W<>ö<rld> 😀 Helo, Wörld 😀"},
		{"$s.matches('Hello.*') $s.matches('Hello')", "true false"},
		{"#set($e = '')$s.split(', ') $s.split(', ')[1] $s.split('l', 2).size() $e.split(',').size()", "[Hello, Wörld 😀] Wörld 😀 2 1"},
		{"#foreach($x in $s.substring(0,3).split(''))${x}-#end", "H-e-l-"},
		{"$s.substring(0,2).repeat(3) $s.repeat(0)", "HeHeHe "},
		{"$s.substring(0,5).hashCode() $s.valueOf(5) $s.intern().length()", "69609650 5 15"},
		{"#set($p = 'l+')$s.replaceAll($p, '_') $s.matches($p)", "He_o, Wör_d 😀 false"},
		{"$s.concat('!').toString()", "Hello, Wörld 😀!"},
		// No such method, or not with such arguments: nothing.
		{"[$s.length(1)$s.substring('1')$s.contains(1)$s.matches(1)$s.split(1)$s.charAt('x')$s.getClass()$s.class$s.foo()$s.replace('a', 1)$s.startsWith('a', 'b')$s.indexOf('a', 'b')$s.repeat('x')]", "[]"},
	} {
		check(t, testEnv{}, []row{{set + c.expression, strings.ReplaceAll(c.want, "W<>ö", "Wö")}})
	}
}

func TestCollectionMethods(t *testing.T) { // java.util.List and Map [docs]
	check(t, testEnv{}, []row{
		{"#set($l = ['a', 'b', 'a'])$l.size() $l.count() $l.get(2) $l.indexOf('a') $l.lastIndexOf('a') $l.indexOf('z') $l.contains('b') $l.isEmpty() $l.empty", "3 3 a 0 2 -1 true false false"},
		{"#set($l = ['a'])$l.add('b') $l.add(0, 'z')$l $l.set(0, 'y') $l.remove(1) $l.remove('b') $l.remove('q') $l", "true [z, a, b] z a true false [y]"},
		{"#set($l = [1])$l.addAll([2, 3]) $l.addAll([]) $l.containsAll([1, 3]) $l.containsAll([4]) $l.subList(1, 3) $l.clear()$l", "true false true false [2, 3] []"},
		{"#set($l = [1])$l.addAll($l)$l#foreach($x in $l.iterator())<$x>#end $l.toArray().size()", "true[1, 1]<1><1> 2"},
		{"#set($l = [1, 2])$l.equals([1, 2]) $l.equals([2]) $l.equals('x')", "true false false"},
		{"[#set($l = [1])$l.get('x')$l.foo()$l.get()$l.add()$l.addAll(1)$l.containsAll(1)$l.subList('a', 'b')$l.set('a', 1)$l.x]", "[]"},
		{"#set($m = {'a': 1})[$m.put('b', 2)] $m.put('a', 3) $m.size() $m.keySet() $m.values() $m.entrySet() $m.isEmpty() $m.a $m.get('b')", "[] 1 2 [a, b] [3, 2] [a=3, b=2] false 3 2"},
		{"#set($m = {'a': null})$m.containsKey('a') $m.containsKey('z') $m.containsValue(null) $m.containsValue(1) $m.getOrDefault('a', 'd')|$m.getOrDefault('z', 'd')|$m.putIfAbsent('a', 1)|$m.putIfAbsent('a', 2)", "true false true false |d||1"},
		{"#set($m = {'a': 1, 'b': 2})$m.remove('a') [$m.remove('z')] $m $m.putAll({'c': 3})$m $m.clear()$m $m.equals({})", "1 [] {b=2} {b=2, c=3} {} true"},
		{"#set($m = {'size': 'own', 'empty': 'mine'})$m.size $m.size() $m.empty $m.isEmpty()", "own 2 mine false"},
		{"[#set($m = {'a': 1})$m.foo()$m.get()$m.get('a', 'b')$m.put('a')$m.putAll(1)$m.x.y.z()$m.class]", "[]"},
		{"#set($n = 7)$n.parseInt('12') $n.parseLong('-5') $n.valueOf('3') $n.intValue() $n.doubleValue() $n.toString().length() $n.equals(7) $n.compareTo(9)", "12 -5 3 7 7.0 1 true -1"},
		{"#set($d = 2.7)$d.intValue() $d.parseDouble('1.5') $d.valueOf('2') $d.longValue() $d.compareTo(1)", "2 1.5 2.0 2 1"},
		{"#set($d = 1e300)#set($l = 4294967297)$d.intValue() $d.longValue() $l.intValue() $l.longValue()#set($d = $d * -1) $d.longValue() $d.intValue()", "2147483647 9223372036854775807 1 4294967297 -9223372036854775808 -2147483648"},
		{"#set($m = {})$m.put('self', $m)$m#set($l = [])#set($x = $l.add($l))$l", "{self=(this Map)}[(this Collection)]"},
		{"#set($Integer = 0)#set($x = $Integer.parseInt('20') + 22)$x", "42"},
		{"#set($b = true)$b.booleanValue() $b.parseBoolean('TRUE') $b.valueOf('x') $b.equals(true) $b.toString()", "true true false true true"},
		{"[#set($n = 1)#set($b = true)$n.foo()$n.parseInt(1)$n.parseDouble('1')$n.compareTo('x')$b.foo()$b.parseBoolean(1)]", "[]"},
		{"#foreach($x in [1,2])$foreach.getIndex()$foreach.getCount()$foreach.isFirst()$foreach.isLast()$foreach.foo()$foreach.foo #end[$foreach]", "01truefalse 12falsetrue []"},
	})
}

func TestFailsToRender(t *testing.T) { // where Java throws, API Gateway answers 500
	for _, c := range []struct{ template, want string }{
		{"a\n $x#set($l = [1]) $l[1]", "line 2, column 21: index 1 is outside of a list of 1"},
		{"#set($l = [1])$l[-2]", "line 1, column 17: index -2 is outside of a list of 1"},
		{"#set($l = [1])#set($l[1] = 2)", "line 1, column 15: index 1 is outside of a list of 1"},
		{"#set($l = [1])$l.get(5)", "line 1, column 17: get: index 5 is outside of a list of 1"},
		{"#set($l = [1])$l.set(5, 'x')", "line 1, column 17: set: index 5 is outside of a list of 1"},
		{"#set($l = [1])$l.set(-1, 'x')", "line 1, column 17: set: index -1 is outside of a list of 1"},
		{"#set($l = [1])$l.add(5, 'x')", "line 1, column 17: add: index 5 is outside of a list of 1"},
		{"#set($l = [1])$l.remove(5)", "line 1, column 17: remove: index 5 is outside of a list of 1"},
		{"#set($l = [1])$l.subList(0, 5)", "line 1, column 17: subList: index 5 is outside of a list of 1"},
		{"#set($s = 'abc')$s.substring(5)", "line 1, column 19: substring: position 5 to 3 is outside of a text of 3"},
		{"#set($s = 'abc')$s.charAt(-1)", "line 1, column 19: charAt: position -1 to 0 is outside of a text of 3"},
		{"#set($s = 'abc')$s.replaceAll('b', '$1')", "line 1, column 19: replaceAll: a replacement uses group 1, which does not exist"},
		{"#set($s = 'abc')#set($p = '(')$s.matches($p)", "line 1, column 33: matches: missing closing ): \"(\" (patterns are RE2: no look-around, no back-references)"},
		{"#set($p = '$.[')$input.json($p)", "line 1, column 23: json: JSONPath \"$.[\" at offset 2: expected a name"},
		{"#set($n = 1)$n.parseInt('x')", "line 1, column 15: parseInt: \"x\" is no whole number of 32 bits"},
		{"#set($n = 1.0)$n.parseDouble('x')", "line 1, column 17: parseDouble: \"x\" is no number"},
		{"$util.urlDecode('%zz')", "line 1, column 6: urlDecode: a % must stand before two hexadecimal digits"},
		{"$util.base64Decode('*')", "line 1, column 6: base64Decode: the text is no base64"},
		{"$util.parseJson('{')", "line 1, column 6: parseJson: offset 1: the text ends too early"},
		{"#set($l = [1,2,3])#foreach($x in $l)$l.add(1)#end", "line 1, column 19: the list changed while #foreach ran over it"},
		{"#set($m = {})$m.put('other', [$m])$m", "line 1, column 35: nested deeper than 100 levels"},
		{"#set($m = {})$m.put('other', [$m])#if($m == $m.toString())x#end", "line 1, column 47: toString: nested deeper than 100 levels"},
	} {
		_, err := render(c.template, testEnv{})
		var at *RenderError
		if !errors.As(err, &at) || err.Error() != "template "+c.want {
			t.Errorf("%s\ngot  %v\nwant template %s", c.template, err, c.want)
		}
	}
	_, err := render("$input.path('$.a')", testEnv{body: `{"a":`})
	var syntax *jsonpath.SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("a body that is no JSON: error %v, want a *jsonpath.SyntaxError", err)
	}
}

func TestBudgets(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		body     string
		want     error
	}{
		"nested loops":         {"#set($l = [1..1000])#foreach($a in $l)#foreach($b in $l)#foreach($c in $l)#end#end#end", "", jsonpath.ErrSteps},
		"huge range":           {"#foreach($a in [1..1000000000])x#end", "", jsonpath.ErrBytes},
		"range of everything":  {"#foreach($a in [-9223372036854775807..9223372036854775807])x#end", "", jsonpath.ErrBytes},
		"doubling text":        {"#set($s = 'x')#foreach($i in [1..99])#set($s = \"$s$s\")#end", "", errOutput},
		"doubling by concat":   {"#set($s = 'x')#foreach($i in [1..99])#set($s = $s + $s)#end", "", errOutput},
		"doubling by method":   {"#set($s = 'x')#foreach($i in [1..99])#set($s = $s.concat($s))#end", "", errOutput},
		"repeat":               {"#set($s = 'xy')$s.repeat(2000000000)", "", errOutput},
		"replace":              {"#set($s = 'xxxxxxxxxx')#foreach($i in [1..99])#set($s = $s.replace('x', $s))#end", "", errOutput},
		"replaceAll":           {"#set($s = 'xxxxxxxxxx')#foreach($i in [1..99])#set($s = $s.replaceAll('[x]', $s))#end", "", errOutput},
		"doubling list":        {"#set($l = [1])#foreach($i in [1..99])#set($x = $l.addAll($l))#end", "", jsonpath.ErrBytes},
		"list of lists":        {"#set($l = [1])#foreach($i in [1..50])#set($l = [$l, $l])#end$l", "", jsonpath.ErrSteps},
		"equal lists of lists": {"#set($l = [1])#set($m = [1])#foreach($i in [1..50])#set($l = [$l, $l])#set($m = [$m, $m])#end#if($l == $m)x#end", "", jsonpath.ErrSteps},
		"squaring":             {"#set($n = 99999999999999999999)#foreach($i in [1..99])#set($n = $n * $n)#end", "", errBits},
		"output":               {"#set($s = 'x')#set($s = $s.repeat(100000))#foreach($i in [1..999])$s#end", "", errOutput},
		"blocks in blocks":     {"#define($a)$b$b$b#end#define($b)$c$c$c#end#define($c)$d$d$d#end#define($d)$a$a$a#end#foreach($i in [1..1000])#foreach($j in [1..1000])$a#end#end", "", jsonpath.ErrSteps},
		"patterns in loops":    {"#set($s = $input.body)#foreach($i in [1..999])#if($s.matches('(a|b|ab)*c'))#end#end", strings.Repeat("ab", 5000), jsonpath.ErrSteps},
		"scan of scans":        {"$input.path('$..[?($..x == 1)]')", "[" + strings.Repeat(`{"a":{"b":[{"y":1},{"y":2}]}},`, 8000) + "]", jsonpath.ErrSteps},
		"body of empty maps":   {"$input.path('$.x')", "[" + strings.Repeat("{},", 1<<20) + "]", jsonpath.ErrBytes},
		"deep body":            {"$input.json('$..*')", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), jsonpath.ErrDepth},
	} {
		t.Run(name, func(t *testing.T) {
			tpl, err := Parse(c.template, Options{})
			if err != nil {
				t.Fatal(err)
			}
			small := jsonpath.Meter{Steps: MaxSteps / 4, Bytes: MaxMemory / 2}
			if _, err := tpl.render(testEnv{body: c.body}, NewOverrides(), small); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}
