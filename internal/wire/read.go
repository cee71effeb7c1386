package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// reader decodes one JSON document into a message and collects violations on the way.
type reader struct {
	dec *jsontext.Decoder
	*violations
	// path is where the reader stands, in the form of refusals: "environment", "variables".
	path []string
}

// serialization is the refusal for a body that cannot be read. The texts follow those of AWS's Java
// services where one is known ("NUMBER_VALUE can not be converted to a String").
func serialization(format string, args ...any) *Error {
	return &Error{Code: "SerializationException", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// readBody decodes a document into the body members of a message. An empty body is an empty document.
// prefix is put before the path of every member in a refusal.
func readBody(m *message, body []byte, into reflect.Value, vs *violations, prefix string) error {
	r := &reader{dec: jsontext.NewDecoder(bytes.NewReader(body)), violations: vs}
	if prefix != "" {
		r.path = []string{prefix}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		r.absent(m, make([]bool, len(m.fields)))
		return nil
	}
	if k := r.dec.PeekKind(); k != '{' && k != 0 {
		return serialization("Start of structure expected, the body is something else")
	}
	if err := r.record(m, into); err != nil {
		return err
	}
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return serialization("The body goes on after its document")
	}
	return nil
}

// syntax turns an error of the JSON reader into a refusal which does not repeat the document.
func syntax(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return serialization("A member occurs twice in one object")
	}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return serialization("The body is no JSON document: error at byte %d", s.ByteOffset)
	}
	return serialization("The body is no JSON document")
}

// record reads an object.
func (r *reader) record(m *message, into reflect.Value) error {
	if err := r.open('{'); err != nil {
		return err
	}
	seen := make([]bool, len(m.fields))
	for r.dec.PeekKind() != '}' {
		tok, err := r.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		name := tok.String()
		i, ok := m.body[name]
		if !ok {
			if i, ok := m.folded[lower(name)]; ok {
				return serialization("Member '%s' is spelt '%s'", m.fields[i].wire, name)
			}
			if err := r.dec.SkipValue(); err != nil {
				return syntax(err)
			}
			continue
		}
		if r.dec.PeekKind() == 'n' {
			if _, err := r.dec.ReadToken(); err != nil {
				return syntax(err)
			}
			continue
		}
		f := &m.fields[i]
		seen[i] = true
		r.path = append(r.path, f.name)
		v := into.Field(i)
		if f.pointer {
			v.Set(reflect.New(f.typ.rtype))
			v = v.Elem()
		}
		if err := r.value(f.typ, v); err != nil {
			return err
		}
		r.check(f.typ, v, r.where)
		r.path = r.path[:len(r.path)-1]
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	r.absent(m, seen)
	return nil
}

// absent reports the required members of a body that are not there.
func (r *reader) absent(m *message, seen []bool) {
	for i := range m.fields {
		if f := &m.fields[i]; f.place == inBody && f.required && !seen[i] {
			r.null(strings.Join(append(r.path[:len(r.path):len(r.path)], f.name), "."))
		}
	}
}

func (r *reader) where() string { return strings.Join(r.path, ".") }

// open reads the start of an object or list.
func (r *reader) open(want jsontext.Kind) error {
	if k := r.dec.PeekKind(); k != want && k != 0 {
		return r.unexpected(k)
	}
	_, err := r.dec.ReadToken()
	if err != nil {
		return syntax(err)
	}
	return nil
}

// value reads one value that is not null.
func (r *reader) value(t *typ, v reflect.Value) error {
	switch t.kind {
	case record:
		return r.record(t.record, v)
	case list:
		return r.list(t, v)
	case dict:
		return r.dict(t, v)
	}
	k := r.dec.PeekKind()
	if k == '{' || k == '[' {
		return r.unexpected(k)
	}
	tok, err := r.dec.ReadToken()
	if err != nil {
		return syntax(err)
	}
	want := jsontext.Kind('"')
	if t.kind == whole || t.kind == double || t.kind == moment {
		want = '0'
	}
	if t.kind == flag && (k == 't' || k == 'f') {
		v.SetBool(tok.Bool())
		return nil
	}
	if t.kind == flag || k != want {
		return serialization("%s can not be converted to %s", tokenName(k), t.kind.noun())
	}
	if t.kind == moment {
		seconds, err := strconv.ParseFloat(tok.String(), 64)
		if err != nil || math.Abs(seconds) > maxEpoch {
			return serialization("NUMBER_VALUE can not be converted to a Timestamp")
		}
		v.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()))
		return nil
	}
	if t.kind == blob {
		raw, err := base64.StdEncoding.Strict().DecodeString(tok.String())
		if err != nil {
			return serialization("STRING_VALUE can not be converted to a Blob: it is not base64")
		}
		v.SetBytes(raw)
		return nil
	}
	return fromText(t, v, tok.String())
}

// maxEpoch is the last second of the year 9999.
const maxEpoch = 253402300799

func (r *reader) list(t *typ, v reflect.Value) error {
	if err := r.open('['); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(t.rtype, 0, 0))
	for r.dec.PeekKind() != ']' {
		r.path = append(r.path, strconv.Itoa(v.Len()+1), "member")
		elem := reflect.New(t.elem.rtype).Elem()
		if err := r.element(t.elem, elem); err != nil {
			return err
		}
		v.Set(reflect.Append(v, elem))
		r.path = r.path[:len(r.path)-2]
	}
	_, err := r.dec.ReadToken()
	if err != nil {
		return syntax(err)
	}
	return nil
}

func (r *reader) dict(t *typ, v reflect.Value) error {
	if err := r.open('{'); err != nil {
		return err
	}
	v.Set(reflect.MakeMap(t.rtype))
	for r.dec.PeekKind() != '}' {
		tok, err := r.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		key := tok.String()
		r.path = append(r.path, key, "member")
		elem := reflect.New(t.elem.rtype).Elem()
		if err := r.element(t.elem, elem); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key), elem)
		r.path = r.path[:len(r.path)-2]
	}
	_, err := r.dec.ReadToken()
	if err != nil {
		return syntax(err)
	}
	return nil
}

// element reads a list element or map value. The models have no collections with holes.
func (r *reader) element(t *typ, v reflect.Value) error {
	if r.dec.PeekKind() != 'n' {
		return r.value(t, v)
	}
	r.null(r.where())
	_, err := r.dec.ReadToken()
	return err
}

func (r *reader) unexpected(k jsontext.Kind) error {
	switch k {
	case '[':
		return serialization("Start of list found where not expected")
	case '{':
		return serialization("Start of structure or map found where not expected.")
	}
	return serialization("Unexpected value type in payload")
}

func tokenName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "STRING_VALUE"
	case '0':
		return "NUMBER_VALUE"
	case 't':
		return "TRUE_VALUE"
	case 'f':
		return "FALSE_VALUE"
	}
	return "NULL_VALUE"
}

// noun is the kind as SerializationException names it.
func (k kind) noun() string {
	switch k {
	case flag:
		return "a Boolean"
	case whole:
		return "an Integer"
	case double:
		return "a Double"
	case moment:
		return "a Timestamp"
	case blob:
		return "a Blob"
	}
	return "a String"
}

// fromText fills in a scalar from its text in a URI, a query, a header or a JSON number or string.
func fromText(t *typ, v reflect.Value, s string) error {
	var err error
	switch t.kind {
	case text:
		v.SetString(s)
	case flag:
		if s != "true" && s != "false" {
			return serialization("'%s' can not be converted to a Boolean", s)
		}
		v.SetBool(s == "true")
	case whole:
		var n int64
		if n, err = strconv.ParseInt(s, 10, t.rtype.Bits()); err != nil {
			return serialization("'%s' can not be converted to an Integer", s)
		}
		v.SetInt(n)
	case double:
		var f float64
		if f, err = strconv.ParseFloat(s, 64); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return serialization("'%s' can not be converted to a Double", s)
		}
		v.SetFloat(f)
	case moment:
		var at time.Time
		if at, err = time.Parse(time.RFC3339, s); err != nil {
			return serialization("'%s' can not be converted to a Timestamp", s)
		}
		v.Set(reflect.ValueOf(at.UTC()))
	default:
		return serialization("a collection can not stand here")
	}
	return nil
}
