package model

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func set(t *testing.T, models ...string) *Set {
	t.Helper()
	s := NewSet("api0000001")
	for i := 0; i < len(models); i += 2 {
		s.Add(models[i], models[i+1])
	}
	return s
}

func compiled(t *testing.T, schema string) *Schema {
	t.Helper()
	c, err := set(t, "M", schema).Compile("M")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestValidate: what a body is refused for, and in which words. The first sentence is observed in API Gateway's
// validationErrorString, the others are those of the library that it uses [inferred].
func TestValidate(t *testing.T) {
	for _, c := range []struct{ schema, body, want string }{
		{
			`{"type":"object","required":["bar"],"properties":{"bar":{}},"additionalProperties":false}`, `{"foo":1}`,
			`object has missing required properties (["bar"]), object instance has properties which are not allowed by the schema: ["foo"]`,
		},
		{`{"type":"object","required":["b","a"]}`, ``, `object has missing required properties (["a","b"])`},
		{`{"type":"object"}`, ``, ``},
		{`{"type":"object"}`, `[]`, `instance type (array) does not match any allowed primitive type (allowed: ["object"])`},
		{`{"type":"object"}`, `{`, `the body is no JSON: unexpected EOF`},
		{`{"type":"object"}`, `{} {}`, `the body is no JSON: invalid character after top-level value`},
		{`{"type":"number","minimum":2}`, `1.5`, `numeric instance is lower than the required minimum (minimum: 2, found: 3/2)`},
		{`{"type":"integer"}`, `1e99999999999`, `a number is out of range`},
		{`{"type":"integer"}`, `1e0000000000000000001`, ``},
		{`{"type":"array"}`, `[[1e4097]]`, `a number is out of range`},
		{`{"enum":["dog","cat"]}`, `"cow"`, `instance value ("cow") not found in enum (possible values: ["dog","cat"])`},
		{`{"type":"string","pattern":"^[a-z]+$"}`, `"A"`, `ECMA 262 regex "^[a-z]+$" does not match input string "A"`},
		{`{"type":"string","pattern":"b"}`, `"abc"`, ``},
		{`{"type":"string","format":"date-time"}`, `"yesterday"`, `string "yesterday" is invalid against requested format date-time`},
		{`{"type":"string","format":"uuid"}`, `"not draft 4"`, ``},
		{`{"exclusiveMinimum":true,"minimum":3}`, `3`, `numeric instance is not strictly greater than the required minimum 3`},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","const":1}`, `2`, ``}, // const is not of draft 4
		{`{"oneOf":[{"type":"null"},{"type":"string"}]}`, `1`, `instance failed to match exactly one schema (matched 0)`},
		{`{"oneOf":[{"type":"null"},{"type":"string"}]}`, `null`, ``},
		{`{"type":"object","properties":{"p":{"$ref":"#/definitions/p"}},"definitions":{"p":{"type":"integer"}}}`, `{"p":"x"}`,
			`instance type (string) does not match any allowed primitive type (allowed: ["integer"])`},
	} {
		got := strings.Join(compiled(t, c.schema).Validate([]byte(c.body)), ", ")
		if got != c.want {
			t.Errorf("%s\nbody %s\n got  %s\n want %s", c.schema, c.body, got, c.want)
		}
	}
}

// TestReferences: models refer to each other by the URL of API Gateway, in circles too [recorded]. Nothing is
// fetched.
func TestReferences(t *testing.T) {
	const url = "https://apigateway.amazonaws.com/restapis/api0000001/models/"
	s := set(t,
		"Pets", `{"type":"array","items":{"$ref":"`+url+`Pet"}}`,
		"Pet", `{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"friends":{"$ref":"`+url+`Pets"}}}`,
		"Broken", `{"$ref":"`+url+`Nobody"}`,
		"Abroad", `{"$ref":"http://127.0.0.1:9/schema"}`,
		"File", `{"$ref":"file:///etc/passwd"}`,
		"Text", `no JSON`,
		"Wrong", `{"type":"strnig"}`,
	)
	pets, err := s.Compile("Pets")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`object has missing required properties (["id"])`}
	if got := pets.Validate([]byte(`[{"id":1,"friends":[{"name":"x"}]}]`)); !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"Broken", "Abroad", "File", "Text", "Wrong", "Missing"} {
		if _, err := s.Compile(name); err == nil {
			t.Errorf("model %s compiles", name)
		}
	}
}

// FuzzValidate: no schema and no body brings the house down.
func FuzzValidate(f *testing.F) {
	f.Add(`{"type":"object","required":["a"]}`, `{"a":1}`)
	f.Add(`{"patternProperties":{"^a":{"type":"array","uniqueItems":true}}}`, `{"ab":[1,1.0,"1"]}`)
	f.Fuzz(func(t *testing.T, schema, body string) {
		s := NewSet("a")
		s.Add("M", schema)
		if m, err := s.Compile("M"); err == nil {
			m.Validate([]byte(body))
		}
	})
}
