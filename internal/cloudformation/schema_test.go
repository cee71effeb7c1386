package cloudformation

import (
	"errors"
	"testing"

	"gatehouse/internal/document"
	"gatehouse/internal/template"
)

func TestNormalise(t *testing.T) {
	props := []property{
		prop("T", text), prop("B", boolean), prop("I", integer), prop("N", number), prop("L", texts), prop("M", textMap),
		prop("F", boolMap), prop("G", tags), prop("J", jsonDoc), prop("A", anything),
		prop("O", object, prop("X", text).needed()), prop("S", objects, prop("X", text)), prop("P", objectMap, prop("X", integer)),
		refuse("No", "not here"),
	}
	unknown := template.Unknown("A", "")
	for _, c := range []struct{ in, want string }{
		{`{"T":1,"B":"true","I":"5","N":"2.50"}`, `{"T":"1","B":true,"I":5,"N":2.5}`},
		{`{"T":true,"B":false,"I":5,"N":1}`, `{"T":"true","B":false,"I":5,"N":1}`},
		{`{"L":["a",1],"M":{"k":2},"F":{"f":"false"}}`, `{"L":["a","1"],"M":{"k":"2"},"F":{"f":false}}`},
		{`{"G":[{"Key":"a","Value":1}]}`, `{"G":[{"Key":"a","Value":"1"}]}`},
		{`{"J":"{}"}`, `{"J":"{}"}`},
		{`{"J":{"Version":1,"x":[true]},"A":[1,{"b":2}]}`, `{"J":{"Version":1,"x":[true]},"A":[1,{"b":2}]}`},
		{`{"O":{"X":"1"},"S":[{"X":1},{}],"P":{"/a/GET":{"X":"3"}}}`, `{"O":{"X":"1"},"S":[{"X":"1"},{}],"P":{"/a/GET":{"X":3}}}`},
		{`{"B":"` + unknown + `","L":"` + unknown + `","O":"` + unknown + `"}`, `{"B":"` + unknown + `","L":"` + unknown + `","O":"` + unknown + `"}`},
	} {
		v, err := document.Load("t.json", []byte(c.in), document.PyYAML)
		if err != nil {
			t.Fatal(err)
		}
		got, err := normalise("R", props, v)
		if err != nil || string(document.JSON(got)) != c.want {
			t.Errorf("%s = %s, %v, want %s", c.in, document.JSON(got), err, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{`{"Z":1}`, `#: extraneous key [Z] is not permitted`},
		{`{"No":1}`, `#: property No is not supported`},
		{`{"O":{}}`, `#/O: required key [X] not found`},
		{`{"O":{"Y":1,"X":1}}`, `#/O: extraneous key [Y] is not permitted`},
		{`{"S":[{"X":1},{"Y":1}]}`, `#/S/1: extraneous key [Y] is not permitted`},
		{`{"P":{"k":{"X":"a"}}}`, `#/P/k/X: expected type: Integer, found: String`},
		{`{"G":[{"Key":"a"}]}`, `#/G/0: required key [Value] not found`},
		{`{"T":[]}`, `#/T: expected type: String, found: JSONArray`},
		{`{"B":"yes"}`, `#/B: expected type: Boolean, found: String`},
		{`{"B":1}`, `#/B: expected type: Boolean, found: Number`},
		{`{"I":1.5}`, `#/I: expected type: Integer, found: Number`},
		{`{"I":3000000000}`, `#/I: expected type: Integer, found: Number`},
		{`{"N":"NaNa"}`, `#/N: expected type: Number, found: String`},
		{`{"L":"a"}`, `#/L: expected type: JSONArray, found: String`},
		{`{"M":[]}`, `#/M: expected type: JSONObject, found: JSONArray`},
		{`{"J":[]}`, `#/J: expected type: JSONObject, found: JSONArray`},
	} {
		v, err := document.Load("t.json", []byte(c.in), document.PyYAML)
		if err != nil {
			t.Fatal(err)
		}
		_, err = normalise("R", props, v)
		var fault *document.Error
		want := "Properties validation failed for resource R with message: " + c.want
		if !errors.As(err, &fault) || fault.Msg != want {
			t.Errorf("%s: %v, want %s", c.in, err, want)
		} else if fault.Pos.Line != 1 {
			t.Errorf("%s: error without a place", c.in)
		}
	}
}

// TestTypesAreSound: the table of types has no row that cannot work.
func TestTypesAreSound(t *testing.T) {
	var check func(path string, props []property)
	check = func(path string, props []property) {
		seen := map[string]bool{}
		for _, p := range props {
			at := path + "/" + p.name
			if seen[p.name] {
				t.Errorf("%s is listed twice", at)
			}
			seen[p.name] = true
			nested := p.kind == object || p.kind == objects || p.kind == objectMap
			if p.kind == 0 || nested != (len(p.props) > 0) || (p.kind == refused) != (p.reason != "") {
				t.Errorf("%s: kind %d, %d nested, reason %q", at, p.kind, len(p.props), p.reason)
			}
			check(at, p.props)
		}
	}
	for name, row := range modelled() {
		if name != row.name || row.open != (len(row.props) == 0) {
			t.Errorf("%s: name %s, open %v, %d properties", name, row.name, row.open, len(row.props))
		}
		check(name, row.props)
		if row.provider == nil {
			continue
		}
		// A type that cannot be updated in place has nothing that could be.
		if _, fixed := row.provider(&Services{}).(interface{ isImmutable() }); fixed {
			for _, p := range row.props {
				if !p.createOnly && p.kind != refused {
					t.Errorf("%s/%s can change, but the type cannot be updated", name, p.name)
				}
			}
		}
	}
}
