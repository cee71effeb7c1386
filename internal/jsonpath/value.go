// Package jsonpath reads JSON leniently, keeps its order and the text of its numbers, and finds values in
// it by JSONPath, as the mapping templates of API Gateway do through Jayway's JsonPath on json-smart.
//
// It owns three things: the values (Object, Array, Number and Go's nil, bool and string), the lenient
// reader, and the path language. It knows neither templates nor requests. It never panics, and its work is
// bounded by a Meter that the caller hands in; nesting is bounded by MaxDepth.
//
// Grammar of paths (Jayway 2.x, "Operators" and "Functions" of its README):
//
//	path     = ["$"] { segment } [ "." function "()" ]
//	segment  = "." name | ".." ( name | "*" | bracket ) | ".*" | bracket
//	bracket  = "[" ( names | "*" | indexes | slice | filter ) "]"
//	names    = quoted { "," quoted }
//	indexes  = integer { "," integer }
//	slice    = [integer] ":" [integer]
//	filter   = "?(" condition ")"
//
// A path without ".", wildcard, list of indexes, slice and filter is definite and gives one value; any other
// path gives an Array, which may be empty.
package jsonpath

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// MaxDepth is how deep values may nest, and how deep conditions of filters may.
const MaxDepth = 100

// Errors of the Meter and of nesting.
var (
	ErrSteps = errors.New("step budget spent")
	ErrBytes = errors.New("memory budget spent")
	ErrDepth = errors.New("nested deeper than " + strconv.Itoa(MaxDepth) + " levels")
)

// Meter bounds the work and the memory of one piece of work. It is spent, never refilled.
type Meter struct {
	// Steps is what is left of the work: about one for each value visited, some tens of nanoseconds.
	Steps int
	// Bytes is what is left of the memory that may be allocated, roughly counted.
	Bytes int
}

// Spend takes n steps.
func (m *Meter) Spend(n int) error {
	if n > m.Steps {
		m.Steps = 0
		return ErrSteps
	}
	m.Steps -= n
	return nil
}

// Alloc takes n bytes, and the time it takes to write them.
func (m *Meter) Alloc(n int) error {
	if n > m.Bytes {
		m.Bytes = 0
		return ErrBytes
	}
	m.Bytes -= n
	return m.Spend(n / 64)
}

// Number is a JSON number as it was written.
type Number string

// Int returns the value of a whole number that fits.
func (n Number) Int() (int64, bool) {
	v, err := strconv.ParseInt(string(n), 10, 64)
	return v, err == nil
}

// Float returns the nearest double; a number out of range is an infinity, as in Java.
func (n Number) Float() float64 {
	v, _ := strconv.ParseFloat(string(n), 64)
	return v
}

// Big returns the value of a whole number that Int cannot hold, or nil.
func (n Number) Big() *big.Int {
	if strings.ContainsAny(string(n), ".eE") || len(n) > 1000 {
		return nil
	}
	v, ok := new(big.Int).SetString(string(n), 10)
	if !ok {
		return nil
	}
	return v
}

// Array is a list. JSON lists print as JSON; lists that a template wrote print as Java prints them.
type Array struct {
	Items []any
	// Java asks for Java's form: [a, b] instead of ["a","b"].
	Java bool
}

// Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// Object is a map that keeps the order in which its names came. The zero Object is empty and ready.
type Object struct {
	members []Member
	index   map[string]int // nil while the object is small
	// Opaque objects print as nothing: $context and the maps in it.
	Opaque bool
}

// smallObject is how many members are looked for one after the other.
const smallObject = 8

// Len returns the number of members.
func (o *Object) Len() int { return len(o.members) }

// Members returns the members in order. They must not be changed.
func (o *Object) Members() []Member { return o.members }

func (o *Object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Name == name {
			return i
		}
	}
	return -1
}

// Get returns the value of a name.
func (o *Object) Get(name string) (any, bool) {
	if i := o.find(name); i >= 0 {
		return o.members[i].Value, true
	}
	return nil, false
}

// Put sets the value of a name and returns the one before. A name keeps its place.
func (o *Object) Put(name string, v any) any {
	if i := o.find(name); i >= 0 {
		old := o.members[i].Value
		o.members[i].Value = v
		return old
	}
	if o.members == nil {
		o.members = make([]Member, 0, smallObject/2)
	}
	o.members = append(o.members, Member{name, v})
	switch {
	case o.index != nil:
		o.index[name] = len(o.members) - 1
	case len(o.members) > smallObject:
		o.reindex()
	}
	return nil
}

// Delete removes a name and returns its value. It costs as much as the object is long.
func (o *Object) Delete(name string) (any, bool) {
	i := o.find(name)
	if i < 0 {
		return nil, false
	}
	old := o.members[i].Value
	o.members = append(o.members[:i], o.members[i+1:]...)
	if o.index != nil {
		o.reindex()
	}
	return old, true
}

// Clear removes all members.
func (o *Object) Clear() { o.members, o.index = nil, nil }

func (o *Object) reindex() {
	o.index = make(map[string]int, 2*len(o.members))
	for i := range o.members {
		o.index[o.members[i].Name] = i
	}
}
