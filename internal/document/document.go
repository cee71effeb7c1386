// Package document reads YAML and JSON text into ordered values that remember where they stood.
//
// It owns the value tree, the CloudFormation short tags (!Ref, !GetAtt, !Sub …), the two scalar schemas
// (js-yaml's for serverless.yml, PyYAML's for CloudFormation and SAM) and the limits that keep a YAML
// bomb from costing memory. It does not know what any key means.
package document

import "fmt"

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

// Value is one node of a document. Values are shared freely and must not be changed after loading;
// transformations build new ones.
type Value struct {
	Kind Kind
	Pos  Pos
	// Bool holds a boolean.
	Bool bool
	// Text holds a string, or a number in its JSON spelling (1, 2.5, 1e3).
	Text string
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
