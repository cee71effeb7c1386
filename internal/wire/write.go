package wire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// writeBody encodes the body members of a message as a JSON document.
func writeBody(m *message, from reflect.Value) ([]byte, error) {
	var b bytes.Buffer
	// What a service stored may hold broken UTF-8; an answer must be readable all the same.
	enc := jsontext.NewEncoder(&b, jsontext.AllowInvalidUTF8(true))
	if err := writeRecord(enc, m, from); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func writeRecord(enc *jsontext.Encoder, m *message, from reflect.Value) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i := range m.fields {
		f := &m.fields[i]
		v, ok := f.present(from)
		if !ok || f.place != inBody {
			continue
		}
		if err := enc.WriteToken(jsontext.String(f.wire)); err != nil {
			return err
		}
		if err := writeValue(enc, f.typ, v); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

// present returns the value of a member that is there.
func (f *field) present(from reflect.Value) (reflect.Value, bool) {
	v := from.Field(f.index)
	switch {
	case f.pointer:
		return v.Elem(), !v.IsNil()
	case f.typ.kind == list || f.typ.kind == dict || f.typ.kind == blob:
		return v, !v.IsNil()
	}
	return v, true
}

func writeValue(enc *jsontext.Encoder, t *typ, v reflect.Value) error {
	switch t.kind {
	case record:
		return writeRecord(enc, t.record, v)
	case list:
		return writeList(enc, t, v)
	case dict:
		return writeDict(enc, t, v)
	case flag:
		return enc.WriteToken(jsontext.Bool(v.Bool()))
	case whole:
		return enc.WriteToken(jsontext.Int(v.Int()))
	case double:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%v is no JSON number", f)
		}
		return enc.WriteToken(jsontext.Float(v.Float()))
	case moment:
		return enc.WriteValue(jsontext.Value(epoch(v.Interface().(time.Time))))
	case blob:
		return enc.WriteToken(jsontext.String(base64.StdEncoding.EncodeToString(v.Bytes())))
	}
	return enc.WriteToken(jsontext.String(v.String()))
}

func writeList(enc *jsontext.Encoder, t *typ, v reflect.Value) error {
	if err := enc.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for i := range v.Len() {
		if err := writeValue(enc, t.elem, v.Index(i)); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndArray)
}

func writeDict(enc *jsontext.Encoder, t *typ, v reflect.Value) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	all := entries(v)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if err := enc.WriteToken(jsontext.String(k)); err != nil {
			return err
		}
		if err := writeValue(enc, t.elem, all[k]); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

// epoch prints a time as seconds, with milliseconds where there are any.
func epoch(at time.Time) string {
	ms := at.UnixMilli()
	if ms%1000 == 0 {
		return strconv.FormatInt(ms/1000, 10)
	}
	return strings.TrimRight(strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64), "0")
}

// toText prints a scalar for a header.
func toText(t *typ, v reflect.Value) string {
	switch t.kind {
	case flag:
		return strconv.FormatBool(v.Bool())
	case whole:
		return strconv.FormatInt(v.Int(), 10)
	case double:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case moment:
		return v.Interface().(time.Time).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	}
	return v.String()
}
