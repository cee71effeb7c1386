// Package model is request models: JSON schema draft 4 as API Gateway restricts it, and the words in which its
// validator says what is wrong with a body.
//
// It owns compiling the models of one API together, because they may refer to each other, and validating a body
// against one of them. It does not know which model a request is held against (gateway/check), nor how a
// refusal is written (gateway). It follows "Data models for REST APIs" and "Request validation for REST APIs in
// API Gateway" of the developer guide, and the draft at json-schema.org/draft-04.
package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"gatehouse/internal/javaregexp"
)

// base is where the models of an API stand: a schema refers to another as
// https://apigateway.amazonaws.com/restapis/{api}/models/{name} [recorded].
const base = "https://apigateway.amazonaws.com/restapis/"

// Set compiles the models of one API.
type Set struct {
	api      string
	compiler *jsonschema.Compiler
	faults   map[string]error
	compiled map[string]*Schema
}

// Schema is a compiled model.
type Schema struct{ schema *jsonschema.Schema }

// NewSet begins the models of an API.
func NewSet(api string) *Set {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.UseLoader(nowhere{})
	c.UseRegexpEngine(func(pattern string) (jsonschema.Regexp, error) {
		re, err := javaregexp.Compile(pattern, "")
		if err != nil {
			return nil, err
		}
		return expression{pattern, re}, nil
	})
	// Formats that draft 4 does not define mean nothing to AWS's validator.
	for _, name := range []string{
		"json-pointer", "relative-json-pointer", "uuid", "duration", "period", "date", "time", "uri-reference",
		"iri", "iri-reference", "idn-hostname", "idn-email", "uri-template", "semver",
	} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(any) error { return nil }})
	}
	return &Set{api: api, compiler: c, faults: map[string]error{}, compiled: map[string]*Schema{}}
}

// Add adds a model by name. A schema that is no JSON is an error only for those who use it.
func (s *Set) Add(name, schema string) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err == nil {
		// Every schema is read as draft 4, whatever it says of itself.
		if object, ok := doc.(map[string]any); ok {
			delete(object, "$schema")
		}
		err = s.compiler.AddResource(s.url(name), doc)
	}
	if err != nil {
		s.faults[name] = fmt.Errorf("model %s: %w", name, err)
	}
}

func (s *Set) url(name string) string { return base + s.api + "/models/" + name }

// Compile compiles a model that was added, with the models that it refers to.
func (s *Set) Compile(name string) (*Schema, error) {
	if c := s.compiled[name]; c != nil {
		return c, nil
	}
	if err := s.faults[name]; err != nil {
		return nil, err
	}
	schema, err := s.compiler.Compile(s.url(name))
	if err != nil {
		err = fmt.Errorf("model %s: %w", name, err)
		s.faults[name] = err
		return nil, err
	}
	c := &Schema{schema}
	s.compiled[name] = c
	return c, nil
}

// nowhere refuses to load what is not a model of the API: schemas are never fetched.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is no model of this API", url)
}

// expression is a pattern; like the ECMA 262 expressions of the draft it matches anywhere in the text.
type expression struct {
	pattern string
	re      *javaregexp.Regexp
}

func (e expression) String() string            { return e.pattern }
func (e expression) MatchString(s string) bool { return e.re.Find(s) }

const (
	// maxExponent bounds numbers: an exact 1e1000000000 has a billion digits.
	maxExponent = 4096
	maxDigits   = 4096
)

// Validate holds a body against the model. It returns what is wrong in the words of AWS's validator, nothing when
// the body is valid. A body that is no JSON is invalid; an empty one counts as {} [inferred from recordings of GET
// requests].
func (s *Schema) Validate(body []byte) []string {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return []string{"the body is no JSON: " + err.Error()}
	}
	if err := bounded(doc); err != nil {
		return []string{err.Error()}
	}
	err = s.schema.Validate(doc)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []string{err.Error()}
	}
	return violations(invalid, nil)
}

// bounded refuses numbers that would be written out in full.
func bounded(doc any) error {
	switch v := doc.(type) {
	case map[string]any:
		for _, e := range v {
			if err := bounded(e); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := bounded(e); err != nil {
				return err
			}
		}
	case json.Number:
		digits, exponent := string(v), ""
		if i := strings.IndexAny(digits, "eE"); i >= 0 {
			digits, exponent = digits[:i], strings.TrimLeft(digits[i+1:], "+-0")
		}
		// Four digits of exponent are at most 9999; the bound is checked on its length first.
		if len(digits) > maxDigits || len(exponent) > 4 || len(exponent) == 4 && exponent > "4096" {
			return errors.New("a number is out of range")
		}
	}
	return nil
}
