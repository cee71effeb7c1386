package document

import (
	"cmp"
	"strconv"
)

// NewNull makes a null.
func NewNull(at Pos) *Value { return &Value{Pos: at} }

// NewBool makes a boolean.
func NewBool(at Pos, b bool) *Value { return &Value{Kind: Bool, Pos: at, Bool: b} }

// NewNumber makes a number from its JSON spelling, which is not checked.
func NewNumber(at Pos, text string) *Value { return &Value{Kind: Number, Pos: at, Text: text} }

// NewInt makes a number.
func NewInt(at Pos, n int64) *Value { return NewNumber(at, strconv.FormatInt(n, 10)) }

// NewString makes a string.
func NewString(at Pos, s string) *Value { return &Value{Kind: String, Pos: at, Text: s} }

// NewList makes a list. It keeps items.
func NewList(at Pos, items ...*Value) *Value { return &Value{Kind: List, Pos: at, Items: items} }

// NewMap makes a map. It keeps fields; their names must differ.
func NewMap(at Pos, fields ...Field) *Value { return &Value{Kind: Map, Pos: at, Fields: fields} }

// NewField makes a field whose name stands where its value stands.
func NewField(name string, v *Value) Field {
	var at Pos
	if v != nil {
		at = v.Pos
	}
	return Field{Name: name, Pos: at, Value: v}
}

// With returns a copy of the map v in which name is value: replaced where it stands, or added at the end.
// A nil v is an empty map.
func (v *Value) With(name string, value *Value) *Value {
	out := &Value{Kind: Map}
	if v != nil {
		out.Pos = v.Pos
		out.Fields = append(make([]Field, 0, len(v.Fields)+1), v.Fields...)
	}
	for i := range out.Fields {
		if out.Fields[i].Name == name {
			out.Fields[i].Value = value
			return out
		}
	}
	out.Fields = append(out.Fields, NewField(name, value))
	out.Pos = cmp.Or(out.Pos, value.Pos)
	return out
}

// Without returns a copy of the map v without a field.
func (v *Value) Without(name string) *Value {
	out := &Value{Kind: Map, Pos: v.Pos, Fields: make([]Field, 0, len(v.Fields))}
	for _, f := range v.Fields {
		if f.Name != name {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}
