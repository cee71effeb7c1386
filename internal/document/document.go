// Package document reads YAML and JSON text into ordered values that remember where they stood.
//
// It owns the value tree, the CloudFormation short tags (!Ref, !GetAtt, !Sub …), the two scalar schemas
// (js-yaml's for serverless.yml, PyYAML's for CloudFormation and SAM) and the limits that keep a YAML
// bomb from costing memory. It does not know what any key means.
package document

import (
	"fmt"
	"strings"
)

// Pos is a place in a source file. The zero value means "unknown".
type Pos struct {
	File      string
	Line, Col int
}

// String is file:line, the form that terminals and editors make clickable.
func (p Pos) String() string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Kind is what a Value is.
type Kind uint8

// The kinds, as in JSON.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
)

// String names the kind as a message to a person does: "a list".
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "a boolean"
	case Number:
		return "a number"
	case String:
		return "a string"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Value is one node of a document. Values are shared freely and must not be changed after loading;
// transformations build new ones.
type Value struct {
	Kind Kind
	Pos  Pos
	// Bool holds a boolean.
	Bool bool
	// Text holds a string, or a number in its JSON spelling (1, 2.5, 1e3).
	Text string
	// Source is the spelling in the file of an unquoted scalar that the schema turned into a number or
	// a boolean, where it differs from the JSON spelling (012345678901, yes). Empty otherwise.
	Source string
	// Items holds a list.
	Items []*Value
	// Fields holds a map, in source order, names unique.
	Fields []Field
}

// Field is one entry of a map.
type Field struct {
	Name string
	// Pos is the place of the name.
	Pos   Pos
	Value *Value
}

// Get returns the value of a field, or nil when v is nil, no map, or has no such field.
func (v *Value) Get(name string) *Value {
	if v == nil || v.Kind != Map {
		return nil
	}
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			return v.Fields[i].Value
		}
	}
	return nil
}

// Has says whether v is a map with that field, whatever its value.
func (v *Value) Has(name string) bool { return v.Get(name) != nil }

// Scalar is the text of a string, number or boolean as it was written, which is what a property of type
// string receives: the account id 012345678901 keeps its zero. It is false for null, lists and maps.
func (v *Value) Scalar() (string, bool) {
	switch {
	case v == nil:
		return "", false
	case v.Kind == String:
		return v.Text, true
	case (v.Kind == Number || v.Kind == Bool) && v.Source != "":
		return v.Source, true
	case v.Kind == Number:
		return v.Text, true
	case v.Kind == Bool && v.Bool:
		return "true", true
	case v.Kind == Bool:
		return "false", true
	}
	return "", false
}

// Error is a fault at a place, with what to do about it.
type Error struct {
	Pos  Pos
	Msg  string
	Hint string
}

// Error is "file:line: message (hint)".
func (e *Error) Error() string {
	s := e.Msg
	if e.Pos.File != "" {
		s = e.Pos.String() + ": " + s
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Errors is several faults, one per line, in the order they were found.
type Errors []*Error

// Error joins the faults with newlines.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the single faults.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// Err is nil without faults, the fault itself when there is one, else all of them.
func (e Errors) Err() error {
	switch len(e) {
	case 0:
		return nil
	case 1:
		return e[0]
	}
	return e
}
