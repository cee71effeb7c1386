package velocity

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/jsonpath"
)

// testEnv is the call that the tests render for.
type testEnv struct {
	body                      string
	path, query, header, vars []Param
	context                   func() *jsonpath.Object
}

func (e testEnv) Body() string { return e.body }

func (e testEnv) Params(p Place) []Param {
	return [][]Param{e.path, e.query, e.header, e.vars}[p]
}

func (e testEnv) Context() *jsonpath.Object {
	if e.context != nil {
		return e.context()
	}
	identity := NewContext()
	identity.Put("sourceIp", "192.0.2.1")
	identity.Put("userAgent", "it's \"curl\"")
	identity.Put("caller", nil)
	c := NewContext()
	c.Put("httpMethod", "POST")
	c.Put("stage", "dev")
	c.Put("resourcePath", "/pets/{petId}")
	c.Put("requestTimeEpoch", int64(1700000000000))
	c.Put("identity", identity)
	return c
}

func render(template string, env testEnv) (string, error) {
	t, err := Parse(template, Options{})
	if err != nil {
		return "", err
	}
	out, err := t.Render(env, NewOverrides())
	return string(out), err
}

type row struct{ template, want string }

func check(t *testing.T, env testEnv, rows []row) {
	t.Helper()
	for _, c := range rows {
		got, err := render(c.template, env)
		if err != nil {
			t.Errorf("%s\nerror %v, want %q", c.template, err, c.want)
		} else if got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.template, got, c.want)
		}
	}
}

// with makes a template that reads variables from the body, as the recordings were made.
func with(names, template string) string {
	var b strings.Builder
	b.WriteString("#set($bodyJSON = $util.parseJson($input.body))")
	for _, n := range strings.Fields(names) {
		b.WriteString(" #set($" + n + " = $bodyJSON." + n + ")")
	}
	return b.String() + "\n" + template
}

// Every row was recorded from API Gateway in 2023-2025, except where it says otherwise [recorded].
func TestRecorded(t *testing.T) {
	check(t, testEnv{}, []row{
		{"<html></html>", "<html></html>"},
		{"Hello $ ", "Hello $ "},
		{"Hello $name", "Hello "},
		{"Hello $!name", "Hello "},
		{"#if($!{a.b.c})yes!#end", "yes!"},
		{"#if($!a.b.c)yes!#end", "yes!"},
		{"#if ($some_value)hide me#end", "hide me"},
		{"#set ($v = true)$v", "true"},
		{"#set ($v = false)$v", "false"},
		{"#foreach ($i in [1, 2, 3])$i. #if ($velocityHasNext)yes#end, #end", "1. yes, 2. yes, 3. , "},
		{"#foreach ($i in [1, 2, 3])$i. #if ($foreach.hasNext)yes#end, #end", "1. yes, 2. yes, 3. , "},
		{"#foreach ($i in [1, 2, 3])$i. #if ($foreach.first)yes#end, #end", "1. yes, 2. , 3. , "},
		{"#foreach ($i in [1, 2, 3])$i. #if ($foreach.last)yes#end, #end", "1. , 2. , 3. yes, "},
		{"#set ($value = 10)$value", "10"},
		{"#set ($value = \"Steve\")$value", "Steve"},
		{"#set ($value = 'Steve')$value", "Steve"},
		{"## comment\nStuff\nMore stuff## more comments $blah", "Stuff\nMore stuff"},
		{"Stuff#*\n more comments *#\n and more stuff", "Stuff\n and more stuff"},
		{`#set ($name = "\\batman\nand robin")$name`, `\\batman\nand robin`},
		{`#set($d = '{"a": 2}')$d`, `{"a": 2}`},
		{`#set($d = "{""a"": 2}")$d`, `{"a": 2}`},
		{`#set($d = "1\\""2""3")$d`, `1\\"2"3`},
		{"#if ($value) true #else false #end", " true "},
		{"#if($value)true#{else}false#end", "true"},
		{"#if($value)true#{end}monkey", "truemonkey"},
		{"\n#set( $email = \"foo\" )\n$email\n\\$email\n\\\\$email\n\\\n\\\\ \\# \\$\n\\#end\n\\# end\n\\#set( $email = \"foo\" )\n",
			"\nfoo\n$email\n\\foo\n\\\n\\\\ \\# \\$\n#end\n\\# end\n#set( foo = \"foo\" )\n"},
		{"#define ( $hello)hi#end$hello()$hello()", "hi()hi()"},
		{"#define ( $showindex )$foreach.index#end#foreach($x in [1,2,3])$showindex#end", "012"},
		{"\n#define( $myfunc )$ctx#end\n#set( $ctx = 'foo' )\n$myfunc\n#set( $ctx = 'bar' )\n$myfunc\n", "\nfoo\nbar\n"},
		{"#set($values = [1..5])#foreach($value in $values)$value,#end", "1,2,3,4,5,"},
		{"#set($values = [2..-2])#foreach($value in $values)$value,#end", "2,1,0,-1,-2,"},
		{`#set($a = {"dog": "cat" , "horse":15})$a.dog`, "cat"},
		{"#set($values = [[\"Hello \", \"Steve\"], [\"Hello\", \" Chris\"]])#foreach($pair in $values)#foreach($word in $pair)$word#end. #end", "Hello Steve. Hello Chris. "},
		{" $user.name ", "  "},
		{`<span style="color: #13ff93">`, `<span style="color: #13ff93">`},
		{`"#"`, `"#"`},
		{`<a href="#">bob</a>`, `<a href="#">bob</a>`},
		{"#foreach($value in $values)foo#end", ""},
		{"#set( $v = \"\" )#set( $y = '' ).$v.$y.", "..."},
		{"#foreach( $v in [1..5] )$v\n#end", "1\n2\n3\n4\n5\n"},
		{"#foreach( $v in [5..-2] )$v,#end", "5,4,3,2,1,0,-1,-2,"},
		{"hello #stop world", "hello "},
		{"#set($a = (5 + 4))$a", "9"},
		{"#set($b = 5)#set($a = ($b + 4))$a", "9"},
		{"#set($a = 4 > 2 + 5)$a", "false"},
		{"#set($a = (5 + 4) > 2)$a", "true"},
		{"#set($a = 5 + 4 > 2)$a", "true"},
		{"#set($a = 5 * 4 - 2)$a", "18"},
		{"#set($a = 2 + 5 * 4)$a", "22"},
		{"#set($a = {})$a", "{}"},
		{"\n#if(true)\nhello##\n#end", "\nhello"},
		{"#set($a = 100.0 / 50)$a", "2.0"},
		{"#set($x = .5*.1)$x", "0.05"},
		{"#set($i = 1)$i,#foreach ($i in [2, 3, 4])$i,#set($i = $i)#end$i", "1,2,3,4,1"},
		{"#foreach ($j in [1,2])#foreach ($i in [3, 4])$foreach.count,#end$foreach.count|#end", "1,2,1|1,2,2|"},
		{"#set($foo = [1,2,3]) $foo.size()", " 3"},
		{"#set($foo = [1,2,3]) #if($foo.contains(1))found#end", " found"},
		{"#set($foo = [1,2,3]) #if($foo.contains(10))found#end", " "},
		{"#set($foo = [1,2,3]) $foo.get(1)", " 2"},
		{"#set($foo = [1,2,3])#set( $ignore = $foo.add('string value') )#foreach($item in $foo)$item,#end", "1,2,3,string value,"},
		{"#set($foo = [1, 2, 3]) $foo.isEmpty()", " false"},
		{"#set($foo = 'foobar123') $foo.length()", " 9"},
		{"#set($foo = 'foobar123bab') $foo.replaceAll('ba.', 'foo')", " foofoo123foo"},
		{"#set($foo = 'foobar123') #if($foo.startsWith('foo'))yes!#end", " yes!"},
		{"#set($foo = 'nofoobar123') #if($foo.startsWith('foo'))yes!#end", " "},
		{"#set($foo = 'foobar123') #if($foo.contains('foo'))yes!#end", " yes!"},
		{"#set($foo = 'something') $foo.indexOf('e')", " 3"},
		{"#set($foo = 'something') $foo.substring(3, 6)", " eth"},
		{"#set($test_dict = {} )#set($key = 'bar')#set( $test_dict[$key] = 'foo' )$test_dict.toString()", "{bar=foo}"},
		{"#set($test_dict = {} )#set($key = 'bar')#set( $test_dict[\"$key\"] = 'foo' )$test_dict.toString()", "{bar=foo}"},
		{"#set($test_dict = {} )#set($key = 'bar')#set( $test_dict[\"$key\"] = {} )#set($test_dict[\"$key\"].nested = \"foo\")$test_dict.bar[\"nested\"]", "foo"},
		{"#set($test_dict = {})#set($test_dict[\"$key\"] = \"foo\")$test_dict.toString()", "{=foo}"},
		{"#set($test_array = ['one', 'two', 'three'] )#set($i = 1)#set( $test_array[$i] = 'foo' )#foreach ($item in $test_array)$item#end", "onefoothree"},
		{"#set($test_array = ['one', 'two', 'three'] )$test_array.set(1, 'foo')#foreach ($item in $test_array)$item#end", "twoonefoothree"},
		{"#set( $myMap = {} )#set($ignore = $myMap.put('k', null))#if(\"$myMap.k\" == \"\")does-not-have-value#else has-value#end", "does-not-have-value"},
		{"\n        #set( $myObject = {\n          \"userId\": \"user1\",\n          \"domain\": \"domain1\"\n        } )\n        {\n          \"key\": \"$myObject.userId\"\n        }\n",
			"\n                {\n          \"key\": \"user1\"\n        }\n"},
		{"#set( $myObject = {'k1': 'v1', 'k2': 'v2'} )$myObject.toString()", "{k1=v1, k2=v2}"},
		{"#set( $myString = '123456789' )$myString.matches( '[0-9]*' )", "true"},
		{"#set( $myString = 'd123' )$myString.matches( '[0-9]*' )", "false"},
		{`#set( $myString = "2020-01-20T08:00:00.000Z" )$myString.matches("^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00\.000Z$")`, "true"},
		{"#set( $myString = \"\\{\n\t\r\\%\x05\" )$myString", "\\{\n\t\r\\%\x05"},
		{"'\\{\n\t\r\\%\x05'", "'\\{\n\t\r\\%\x05'"},
		// Macros and #evaluate are not offered.
		{"#macro ( recur $number)#if ($number > 0)#set($number = $number - 1)#recur($number)X#end#end#recur(5)", "#recur(5)"},
		{"\n#macro ( blah )\nhello##\n#end\n#blah()", "\n#blah()"},
		{"\n#set($source1 = \"abc\")\n#set($select = \"1\")\n#set($dynamicsource = \"$source$select\")\n## $dynamicsource is now the string '$source1'\n#evaluate($dynamicsource)",
			"\n#evaluate($dynamicsource)"},
		{"#set($v1 = {})#set($ignore = $v1.put('foo', 'bar'))#return($v1)", "#return($v1)"},
	})
}

func TestRecordedWithVariables(t *testing.T) { // [recorded]
	for _, c := range []struct{ body, names, template, want string }{
		{`{"name":"Chris"}`, "name", "Hello $name", "Hello Chris"},
		{`{"name":"World"}`, "name", "Hello ${name}.", "Hello World."},
		{`{"name":"World"}`, "name", "Hello $name}.", "Hello World}."},
		{`{"a":{"b":{"c":"d"}}}`, "a", "#if(${a.b.c})yes!#end", "yes!"},
		{`{"a":{"b":{"c":false}}}`, "a", "#if(${a.b.c})yes!#end", ""},
		{`{"a":false}`, "a", "#if(${a})yes!#end", ""},
		{`{"some_value":null}`, "some_value", "#if ($some_value)hide me#end", "hide me"},
		{`{"show_greeting":true,"name":"Steve"}`, "name show_greeting", "Hello #if ($show_greeting)your name is ${name}.#if ($is_birthday) Happy Birthday.#end#end Good to see you", "Hello your name is Steve. Happy Birthday. Good to see you"},
		{`{"name":"Steve","show_greeting":true,"is_birthday":true}`, "name show_greeting is_birthday", "hello #if ($show_greeting)${name}.\n#if($is_birthday)Happy Birthday\n#end.\n#end Off out later?", "hello Steve.\nHappy Birthday\n.\n Off out later?"},
		{`{"names":["Chris","Steve"]}`, "names", "#foreach ($name in $names)Hello $name. #end$name", "Hello Chris. Hello Steve. "},
		{`{"greetings":["Hello","Goodbye"],"names":["Chris","Steve"]}`, "greetings names", "#foreach ($word in $greetings)$word to#foreach ($word in $names) $word#end. #end", "Hello to Chris Steve. Goodbye to Chris Steve. "},
		{`{"greetings":["Hello","Goodbye"],"names":["Chris","Steve"]}`, "greetings names", "#foreach ($word in $greetings)Outer $velocityCount#foreach ($word in $names), inner $velocityCount#end. #end", "Outer 1, inner 1, inner 2. Outer 2, inner 1, inner 2. "},
		{`{"value1":false,"value2":true}`, "value1 value2", "#if ($value1) one #elseif ($value2) two #end", " two "},
		{`{"value1":false,"value2":false}`, "value1 value2", "#if ($value1) one #elseif ($value2) two #else three #end", " three "},
		{`{"value":0}`, "value", "#if ( $value > 1 )yes#end", ""},
		{`{"value":2}`, "value", "#if ( $value gt 1 )yes#end", "yes"},
		{`{"value":1}`, "value", "#if ( $value >= 1 )yes#end", "yes"},
		{`{"value":0}`, "value", "#if ( $value ge 1 )yes#end", ""},
		{`{"value":0}`, "value", "#if ( $value < 1 )yes#end", "yes"},
		{`{"value":1}`, "value", "#if ( $value lt 1 )yes#end", ""},
		{`{"value":1}`, "value", "#if ( $value <= 1 )yes#end", "yes"},
		{`{"value":2}`, "value", "#if ( $value le 1 )yes#end", ""},
		{`{"value":1}`, "value", "#if ( $value == 1 )yes#end", "yes"},
		{`{"value":2}`, "value", "#if ( $value eq 1 )yes#end", ""},
		{`{"value1":true,"value2":false}`, "value1 value2", "#if ( $value1 || $value2 )yes#end", "yes"},
		{`{"value1":false,"value2":false}`, "value1 value2", "#if ( $value1 or $value2 )yes#end", ""},
		{`{"value1":true,"value2":false}`, "value1 value2", "#if ( $value1 && $value2 )yes#end", ""},
		{`{"value1":1,"value2":2}`, "value1 value2", "#if ( ($value1 == 1) && ($value2 == 2) )yes#end", "yes"},
		{`{"value1":1,"value2":1}`, "value1 value2", "#if ( $value1 == 1 && $value2 == 2 )yes#end", ""},
		{`{"value":true}`, "value", "#if ( ($value) )yes#end", "yes"},
		{`{"value":false}`, "value", "#if ( !$value )yes#end", "yes"},
		{`{"value":null}`, "value", "#if ( not $value )yes#end", ""},
		{`{"value1":false,"value2":false}`, "value1 value2", "#if ( !$value1 && !$value2 )yes#end", "yes"},
		{`{"person":"Chris"}`, "person", "blah\n#set($valuesInList = [\"Hello \", $person, \", your lucky number is \", 7])\n#foreach($value in $valuesInList)$value#end\n\nblah", "blah\nHello Chris, your lucky number is 7\nblah"},
		{`{"horse":"cow"}`, "horse", `#set($a = {"dog": "$horse"})$a.dog`, "cow"},
		{`{"user":{"items":"1;2;3"}}`, "user", " $user.name ", "  "},
		{`{"name":"Steve"}`, "name", `#set($hello="hello, $name is my name")$hello`, "hello, Steve is my name"},
		{`{"name":"Steve"}`, "name", `#set($hello="hello, \$name is my name")$hello`, "hello, $name is my name"},
		{`{"value":"Grüße"}`, "value", "$value", "Grüße"},
		{`{"value":3}`, "value", "#set( $modulus = ($value % 2) )$modulus", "1"},
		{`{"a":["foo",["bar1","bar2"]]}`, "a", "$a[1][1]", "bar2"},
		{`{"a":["foo",{"bar1":"bar2"}]}`, "a", "$a[1].bar1", "bar2"},
		{`{"a":{"foo":"bar"}}`, "a", `$a["foo"]`, "bar"},
		{`{"a":{"b":{"c":{"foo:bar":"baz"}}}}`, "a", "$a.b.c['foo:bar']", "baz"},
		{`{"a":["foo","bar"]}`, "a", "#set($i = 1)$a[ $i ]", "bar"},
		{`{"items":[2,3,4]}`, "items", "#set($var = 1)#foreach ($i in $items)$var,#set($var = $i)#end$var", "1,2,3,4"},
		{`{"test_dict":{"k":"initial value"}}`, "test_dict", "#set( $ignore = $test_dict.put('k', 'new value') )$ignore - $test_dict.k", "initial value - new value"},
		{`{"test_dict":{"k1":"v1"}}`, "test_dict", "#set( $ignore = $test_dict.putAll({'k1': 'v3', 'k2': 'v2'}))$test_dict.k1 - $test_dict.k2", "v3 - v2"},
	} {
		got, err := render(with(c.names, c.template), testEnv{body: c.body})
		if err != nil || got != c.want {
			t.Errorf("%s with %s\ngot  %q, %v\nwant %q", c.template, c.body, got, err, c.want)
		}
	}
	got, err := render(with("map", "#define( $loop ) {\n    #foreach($e in $map.keySet())\n        #set( $k = $e )\n        #set( $v = $map.get($k))\n        \"$k\": \"$v\"\n        #if( $foreach.hasNext ) , #end\n    #end\n}\n#end\n$loop\n#set( $map = {'foo':'bar'} )\n$loop\n"),
		testEnv{body: `{"map":{"test":123,"test2":"abc"}}`})
	if got, want := strings.Join(strings.Fields(got), " "), `{ "test": "123" , "test2": "abc" } { "foo": "bar" }`; err != nil || got != want {
		t.Errorf("loop block: got %q, %v, want %q", got, err, want)
	}
}

func TestRefusesToParse(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"Hello $", "line 1, column 7: a template cannot end in $"}, // [recorded] 500
		{"Hello $!", "line 1, column 7: a template cannot end in $"},
		{"#", "line 1, column 1: a template cannot end in #"}, // [recorded] 500
		{"a\nb ${name.", "line 2, column 3: ${name is not closed by }"},
		{"${a|'x'}", "line 1, column 1: ${a is not closed by }"},                    // [recorded] alternates are not offered
		{`#set ($name = "\"batman\"")$name`, `line 1, column 18: #set: expected )`}, // [recorded] 500
		{"hello #if ($a)x\n#endOff", "line 1, column 7: #if is not closed by #end"}, // [recorded] 500
		{"#if (1)true!#end #end ", "line 1, column 18: #end without #if, #foreach or #define"},
		{"#if ($a) one #else two #elseif($b) three #end", "line 1, column 24: #elseif inside #else"},
		{"#else", "line 1, column 1: #else without #if, #foreach or #define"},
		{"#foreach($a in $b) #else #end", "line 1, column 20: #else inside #foreach"},
		{"#foreach($a of $b)#end", "line 1, column 13: #foreach: expected in"},
		{"#foreach($a.b in $c)#end", "line 1, column 10: #foreach: expected a variable such as $x"},
		{"#foreach($a in $b", "line 1, column 18: #foreach: expected )"},
		{"#if $x", "line 1, column 5: #if needs an opening bracket"},
		{"#if()", "line 1, column 5: expected a reference, a text, a number, a list, a map, true or false"},
		{"#if($x", "line 1, column 7: #if: expected )"},
		{"#if($x)", "line 1, column 1: #if is not closed by #end"},
		{"#set($x 1)", "line 1, column 9: #set: expected ="},
		{"#set(x = 1)", "line 1, column 6: #set: expected a variable such as $x"},
		{"#set($x = )", "line 1, column 11: expected a reference, a text, a number, a list, a map, true or false"},
		{"#set($x.y() = 1)", "line 1, column 6: #set cannot assign to the result of a method"},
		{"#set($x = 1 +)", "line 1, column 14: expected a reference, a text, a number, a list, a map, true or false"},
		{"#set($x = 'abc)", "line 1, column 11: the text is not closed by '"},
		{"#set($x = [1, 2)", "line 1, column 16: list: expected ]"},
		{"#set($x = [1,])", "line 1, column 14: expected a reference, a text, a number, a list, a map, true or false"},
		{"#set($x = [1..2,3])", "line 1, column 18: a range has two ends only"},
		{"#set($x = {'a' 1})", "line 1, column 16: map: expected :"},
		{"#set($x = -)", "line 1, column 11: expected a number"},
		{`#set($x = "\u12")`, `line 1, column 11: \u in a text needs four digits`},
		{`#set($x = "a #if(true)")`, `line 1, column 14: #if is not closed by #end`},
		{"$x.get($i + 1)", "line 1, column 11: arguments of get: expected )"},
		{"$x.get(1,)", "line 1, column 10: expected a reference, a text, a number, a list, a map, true or false"},
		{"$x[", "line 1, column 4: the template ends inside an expression"},
		{"$x[0", "line 1, column 5: index: expected ]"},
		{"#include('x')", "line 1, column 1: #include is not offered: a template has no files"},
		{"#parse('x')", "line 1, column 1: #parse is not offered: a template has no files"},
		{"#@foo()x#end", "line 1, column 1: #@foo: macros with a body are not offered"},
		{"#[[ open", "line 1, column 1: #[[ is not closed by ]]#"},
		{"é #* open", "line 1, column 3: the comment #* is not closed by *#"},
		{"#macro()#end", "line 1, column 8: #macro: expected a name"},
		{"#macro(if)#end", "line 1, column 1: #macro: if is a directive"},
		{"$x.matches('(?=a)')", "line 1, column 3: matches: invalid or unsupported Perl syntax: \"(?=\" (patterns are RE2: no look-around, no back-references)"},
		{"$input.path('$.a[')", "line 1, column 7: path: JSONPath \"$.a[\" at offset 4: expected a quoted name, an index, * or ?( … )"},
		{strings.Repeat("#if(true)", 200), "line 1, column 896: the template nests deeper than 100 levels"},
		{"#set($x = " + strings.Repeat("[", 200), "line 1, column 109: the template nests deeper than 100 levels"},
		{"#set($x = " + strings.Repeat("!", 600) + "true)", "line 1, column 512: an expression has more than 500 operators"},
		{"#set($x = 1" + strings.Repeat("+1", 600) + ")", "line 1, column 1012: an expression has more than 500 operators"},
		{strings.Repeat("x", MaxTemplate+1), "line 1, column 1: the template is longer than 307200 bytes"},
	} {
		_, err := Parse(c.template, Options{})
		var at *SyntaxError
		if !errors.As(err, &at) || err.Error() != "template "+c.want {
			t.Errorf("Parse(%.60q)\ngot  %v\nwant template %s", c.template, err, c.want)
		}
	}
}

// Parsing is linear: a template at the limit takes milliseconds, whatever it repeats.
func TestParsesLargeTemplates(t *testing.T) {
	for _, unit := range []string{"# ", "$ ", "#set($x = 1)", "$x ", "## c\n", "#* *#", "\\", "a", "#if(true)x#end", "#foo", "#set($x = '')", "#set    "} {
		if _, err := Parse(strings.Repeat(unit, MaxTemplate/len(unit)-1)+" ", Options{}); err != nil {
			t.Errorf("%q repeated: %v", unit, err)
		}
	}
}
