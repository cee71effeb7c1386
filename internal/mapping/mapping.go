// Package mapping compiles and evaluates the parameter mapping expressions of API Gateway: the values of
// requestParameters and responseParameters ("Amazon API Gateway API request and response data mapping
// reference").
//
// It owns the expression language. It does not know where a value comes from: the caller hands in a
// Source. Mapping templates (VTL) are another language and another package.
package mapping

import (
	"fmt"
	"strings"
)

// Place is the part of a call that an expression reads.
type Place uint8

// The places. Literal is a value in single quotes.
const (
	Literal Place = iota
	MethodPath
	MethodQuery
	MethodMultiQuery
	MethodHeader
	MethodMultiHeader
	MethodBody
	IntegrationHeader
	IntegrationMultiHeader
	IntegrationBody
	Context
	StageVariable
)

// Expression is one compiled mapping value.
type Expression struct {
	Place Place
	// Name is the parameter, context property or variable; the text itself for a Literal.
	Name string
}

var prefixes = []struct {
	prefix string
	place  Place
}{
	{"method.request.path.", MethodPath},
	{"method.request.querystring.", MethodQuery},
	{"method.request.multivaluequerystring.", MethodMultiQuery},
	{"method.request.header.", MethodHeader},
	{"method.request.multivalueheader.", MethodMultiHeader},
	{"method.request.body.", MethodBody},
	{"integration.response.header.", IntegrationHeader},
	{"integration.response.multivalueheader.", IntegrationMultiHeader},
	{"integration.response.body.", IntegrationBody},
	{"context.", Context},
	{"stageVariables.", StageVariable},
}

// Parse compiles an expression.
func Parse(s string) (Expression, error) {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return Expression{Literal, s[1 : len(s)-1]}, nil
	}
	switch s {
	case "method.request.body":
		return Expression{MethodBody, ""}, nil
	case "integration.response.body":
		return Expression{IntegrationBody, ""}, nil
	}
	for _, p := range prefixes {
		if name, ok := strings.CutPrefix(s, p.prefix); ok && name != "" {
			return Expression{p.place, name}, nil
		}
	}
	return Expression{}, fmt.Errorf("invalid mapping expression %q: want 'literal', method.request.{path|querystring|header}.name, integration.response.header.name, context.name or stageVariables.name", s)
}

// Source gives the values of one call. Value returns false when there is none.
type Source interface {
	Value(p Place, name string) (string, bool)
}

// Eval returns the value of an expression, false when the source has none.
func (e Expression) Eval(s Source) (string, bool) {
	if e.Place == Literal {
		return e.Name, true
	}
	return s.Value(e.Place, e.Name)
}

// Target is the left side of a mapping: "integration.request.header.X" or "method.response.header.X".
type Target struct {
	// Location is header, querystring, path (requests) or header (responses).
	Location string
	Name     string
}

// ParseTarget splits the left side of a mapping.
func ParseTarget(s string) (Target, error) {
	for _, prefix := range []string{"integration.request.", "method.response.", "gatewayresponse."} {
		rest, ok := strings.CutPrefix(s, prefix)
		if !ok {
			continue
		}
		location, name, ok := strings.Cut(rest, ".")
		if ok && name != "" && (location == "header" || location == "querystring" || location == "path") {
			return Target{location, name}, nil
		}
	}
	return Target{}, fmt.Errorf("invalid mapping target %q: want integration.request.{path|querystring|header}.name or method.response.header.name", s)
}
