package jsonpath

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON writes a value as compact JSON. Besides the values of this package it takes int64, *big.Int and
// float64, which templates make; any other value is written as text, by its String method.
func AppendJSON(b []byte, v any, m *Meter) ([]byte, error) { return appendJSON(b, v, m, 0) }

func appendJSON(b []byte, v any, m *Meter, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return b, ErrDepth
	}
	if err := m.Spend(1); err != nil {
		return b, err
	}
	before := len(b)
	switch v := v.(type) {
	case nil:
		b = append(b, "null"...)
	case bool:
		b = strconv.AppendBool(b, v)
	case string:
		b = AppendString(b, v)
	case Number:
		b = append(b, v...)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case *big.Int:
		b = v.Append(b, 10)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			b = append(b, "null"...)
		} else {
			b = AppendFloat(b, v)
		}
	case *Array:
		return appendArray(b, v, m, depth)
	case *Object:
		return appendObject(b, v, m, depth)
	case fmt.Stringer:
		b = AppendString(b, v.String())
	default:
		return b, fmt.Errorf("a value of type %T has no JSON form", v)
	}
	return b, m.Alloc(len(b) - before)
}

func appendArray(b []byte, a *Array, m *Meter, depth int) ([]byte, error) {
	var err error
	b = append(b, '[')
	for i, item := range a.Items {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, item, m, depth+1); err != nil {
			return b, err
		}
	}
	return append(b, ']'), m.Alloc(2 + len(a.Items))
}

func appendObject(b []byte, o *Object, m *Meter, depth int) ([]byte, error) {
	var err error
	b = append(b, '{')
	for i := range o.members {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, o.members[i].Name)
		b = append(b, ':')
		if err = m.Alloc(len(o.members[i].Name) + 4); err != nil {
			return b, err
		}
		if b, err = appendJSON(b, o.members[i].Value, m, depth+1); err != nil {
			return b, err
		}
	}
	return append(b, '}'), m.Alloc(2)
}

// AppendFloat writes a double as Java's Double.toString does: 2.0, 0.05, 1.0E10.
func AppendFloat(b []byte, f float64) []byte {
	abs := math.Abs(f)
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	case f == 0 || abs >= 1e-3 && abs < 1e7:
		start := len(b)
		b = strconv.AppendFloat(b, f, 'f', -1, 64)
		if !bytes.Contains(b[start:], []byte{'.'}) {
			b = append(b, ".0"...)
		}
		return b
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	b = append(b, mantissa...)
	if !strings.Contains(mantissa, ".") {
		b = append(b, ".0"...)
	}
	n, _ := strconv.Atoi(exponent)
	return strconv.AppendInt(append(b, 'E'), int64(n), 10)
}

// AppendString writes a text as a JSON string. Bytes that are no UTF-8 become U+FFFD; control characters and
// punctuation above U+2000 are escaped, as json-smart does.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		var esc string
		switch c {
		case '"':
			esc = `\"`
		case '\\':
			esc = `\\`
		case '\b':
			esc = `\b`
		case '\f':
			esc = `\f`
		case '\n':
			esc = `\n`
		case '\r':
			esc = `\r`
		case '\t':
			esc = `\t`
		default:
			if c < ' ' || c == 0x7f {
				esc = `\u00` + string([]byte{hex[c>>4], hex[c&15]})
				break
			}
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				esc = "\uFFFD"
			case r <= 0x9f || r >= 0x2000 && r <= 0x20ff: // as json-smart
				esc = `\u` + string([]byte{hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15]})
			default:
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		b = append(b, esc...)
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
