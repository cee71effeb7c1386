package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"gatehouse/internal/shape"
)

// kind is what a value is in the model.
type kind uint8

const (
	text kind = iota
	flag
	whole
	double
	moment
	blob
	list
	dict
	record
)

// place is where a member stands in a message.
type place uint8

const (
	inBody place = iota
	inURI
	inQuery
	inHeader
	inStatus
	isPayload
)

// typ is the compiled form of a Go type that carries a value of the model. Pointers do not count: a
// field says itself whether it is one.
type typ struct {
	kind   kind
	rtype  reflect.Type
	rule   *rule
	key    *rule    // of dict
	elem   *typ     // of list and dict
	record *message // of record
}

// field is a member of a structure.
type field struct {
	// name is the member as refusals print it: the model's name with a small first letter.
	name string
	// wire is the member's name in its place, element that in XML.
	wire     string
	element  string
	place    place
	index    int
	pointer  bool
	required bool
	rest     bool // query:"*"
	typ      *typ
}

// message is a compiled structure.
type message struct {
	typ    reflect.Type
	fields []field
	// body finds body members by their name on the wire, folded by that name in small letters.
	body, folded map[string]int
	payload      *field
}

// compiler turns generated types into messages, each once.
type compiler struct {
	rules    map[string]shape.Rule
	compiled map[string]*rule
	messages map[reflect.Type]*message
}

func newCompiler(rules map[string]shape.Rule) *compiler {
	return &compiler{rules, map[string]*rule{}, map[reflect.Type]*message{}}
}

// message compiles a struct type. A type that contains itself is fine.
func (c *compiler) message(t reflect.Type) (*message, error) {
	if m, ok := c.messages[t]; ok {
		return m, nil
	}
	m := &message{typ: t, body: map[string]int{}, folded: map[string]int{}}
	c.messages[t] = m
	for i := range t.NumField() {
		f, err := c.field(t.Field(i))
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), t.Field(i).Name, err)
		}
		f.index = i
		if f.place == inBody && f.wire != "" {
			m.body[f.wire] = i
			m.folded[lower(f.wire)] = i
		}
		m.fields = append(m.fields, f)
	}
	for i := range m.fields {
		if m.fields[i].place == isPayload {
			m.payload = &m.fields[i]
		}
	}
	return m, nil
}

func (c *compiler) field(sf reflect.StructField) (field, error) {
	f := field{name: lowerFirst(sf.Name)}
	found := false
	for key, p := range map[string]place{"json": inBody, "form": inBody, "uri": inURI, "query": inQuery, "header": inHeader, "status": inStatus, "payload": isPayload} {
		if v, ok := sf.Tag.Lookup(key); ok {
			f.wire, f.place, found = v, p, true
		}
	}
	if f.element, found = sf.Tag.Get("xml"), found || sf.Tag.Get("xml") != ""; !found {
		return f, errors.New("no tag says where it stands")
	}
	f.required = sf.Tag.Get("required") == "true"
	f.rest = f.place == inQuery && f.wire == "*"
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		f.pointer, t = true, t.Elem()
	}
	var err error
	f.typ, err = c.typ(t, sf.Tag.Get("shape"))
	return f, err
}

// typ compiles the type of a value which must satisfy the rule of a named shape, or none.
func (c *compiler) typ(t reflect.Type, shape string) (*typ, error) {
	out := &typ{rtype: t}
	var member, key, value string
	if shape != "" {
		r, ok := c.rules[shape]
		if !ok {
			return nil, fmt.Errorf("no rule for shape %s", shape)
		}
		member, key, value = r.Member, r.Key, r.Value
	}
	var err error
	switch {
	case t == reflect.TypeFor[time.Time]():
		out.kind = moment
	case t.Kind() == reflect.String:
		out.kind = text
	case t.Kind() == reflect.Bool:
		out.kind = flag
	case t.Kind() == reflect.Int32 || t.Kind() == reflect.Int64:
		out.kind = whole
	case t.Kind() == reflect.Float64:
		out.kind = double
	case t == reflect.TypeFor[[]byte]():
		out.kind = blob
	case t.Kind() == reflect.Slice:
		out.kind = list
		out.elem, err = c.typ(t.Elem(), member)
	case t.Kind() == reflect.Map:
		out.kind = dict
		if out.elem, err = c.typ(t.Elem(), value); err == nil && key != "" {
			out.key, err = c.rule(key, text)
		}
	case t.Kind() == reflect.Struct:
		out.kind = record
		out.record, err = c.message(t)
	default:
		err = fmt.Errorf("type %v has no place in a model", t)
	}
	if err == nil && shape != "" {
		out.rule, err = c.rule(shape, out.kind)
	}
	return out, err
}

// lower folds ASCII letters only: other alphabets have no member names.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func lowerFirst(s string) string {
	return string(unicode.ToLower(rune(s[0]))) + s[1:]
}
