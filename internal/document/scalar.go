package document

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar reads one scalar node. Under a short tag it is always a string, as both loaders have it:
// !Ref 123 names "123".
func (r *reader) scalar(n *yaml.Node, tagged bool) (*Value, *Error) {
	at := r.pos(n)
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if tagged {
		return NewString(at, n.Value), nil
	}
	if n.Style&yaml.TaggedStyle != 0 {
		switch tag := strings.TrimPrefix(strings.TrimPrefix(n.Tag, "!!"), "tag:yaml.org,2002:"); tag {
		case "str", "!", "timestamp":
			return NewString(at, n.Value), nil
		case "int", "float", "bool", "null":
			v, err := r.resolve(n.Value, at)
			if err == nil && v.Kind == String {
				err = &Error{at, quoted(n.Value) + " is not of type !!" + tag, "remove the tag"}
			}
			return v, err
		default:
			return nil, &Error{at, "unknown tag !!" + tag, "write the value as a plain string, number or boolean"}
		}
	}
	if !plain {
		return NewString(at, n.Value), nil
	}
	return r.resolve(n.Value, at)
}

// resolve gives an unquoted scalar its type.
func (r *reader) resolve(s string, at Pos) (*Value, *Error) {
	if s == "" || s == "~" || s == "null" || s == "Null" || s == "NULL" {
		return &Value{Pos: at}, nil
	}
	if b, ok := boolean(s, r.schema); ok {
		v := NewBool(at, b)
		if s != strconv.FormatBool(b) {
			v.Source = s
		}
		return v, nil
	}
	if strings.IndexByte("+-.0123456789", s[0]) < 0 {
		return NewString(at, s), nil
	}
	if notFinite.MatchString(s) {
		return nil, &Error{at, s + " cannot be written as JSON", "quote it, or give a finite number"}
	}
	number, ok := "", false
	if r.schema == PyYAML {
		number, ok = pyNumber(s)
	} else {
		number, ok = jsNumber(s)
	}
	if !ok {
		return NewString(at, s), nil
	}
	v := NewNumber(at, number)
	if number != s {
		v.Source = s
	}
	return v, nil
}

func boolean(s string, schema Schema) (value, ok bool) {
	switch s {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	if schema != PyYAML {
		return false, false
	}
	switch s {
	case "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

// The spellings of numbers, as js-yaml 4 (lib/type) and PyYAML (resolver.py, YAML 1.1) know them.
// [observed: facts table 6.4 was measured with both]
var (
	notFinite = regexp.MustCompile(`^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)

	jsInt   = regexp.MustCompile(`^[-+]?(?:0b[01][01_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0o[0-7][0-7_]*|[0-9][0-9_]*)$`)
	jsFloat = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?)$`)

	pyInt     = regexp.MustCompile(`^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$`)
	pyFloat   = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$`)
	pyBase60  = regexp.MustCompile(`^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$`)
	pyBase60F = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$`)
)

// jsNumber returns the JSON spelling of what js-yaml takes for a number.
func jsNumber(s string) (string, bool) {
	if strings.HasSuffix(s, "_") {
		return "", false
	}
	if jsInt.MatchString(s) {
		sign, digits := signed(s)
		base := 10
		if len(digits) > 2 && digits[0] == '0' {
			switch digits[1] {
			case 'b':
				base, digits = 2, digits[2:]
			case 'x':
				base, digits = 16, digits[2:]
			case 'o':
				base, digits = 8, digits[2:]
			}
		}
		return integer(sign, digits, base)
	}
	if jsFloat.MatchString(s) {
		return float(s)
	}
	return "", false
}

// pyNumber returns the JSON spelling of what PyYAML takes for a number.
func pyNumber(s string) (string, bool) {
	switch {
	case pyInt.MatchString(s):
		sign, digits := signed(s)
		switch {
		case digits == "0":
			return "0", true
		case strings.HasPrefix(digits, "0b"):
			return integer(sign, digits[2:], 2)
		case strings.HasPrefix(digits, "0x"):
			return integer(sign, digits[2:], 16)
		case digits[0] == '0':
			return integer(sign, digits, 8)
		}
		return integer(sign, digits, 10)
	case pyFloat.MatchString(s):
		return float(s)
	case pyBase60.MatchString(s), pyBase60F.MatchString(s):
		return base60(s)
	}
	return "", false
}

func signed(s string) (sign, digits string) {
	switch s[0] {
	case '-':
		return "-", s[1:]
	case '+':
		return "", s[1:]
	}
	return "", s
}

func integer(sign, digits string, base int) (string, bool) {
	// A longer number is none that anybody meant, and costs more than linear time: it stays text.
	if len(digits) > 200 {
		return "", false
	}
	n, ok := new(big.Int).SetString(sign+strings.ReplaceAll(digits, "_", ""), base)
	if !ok {
		return "", false
	}
	return n.String(), true
}

func float(s string) (string, bool) {
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil {
		return "", false
	}
	return formatFloat(f), true
}

func base60(s string) (string, bool) {
	sign, digits := signed(strings.ReplaceAll(s, "_", ""))
	total := 0.0
	for part := range strings.SplitSeq(digits, ":") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return "", false
		}
		total = total*60 + f
	}
	if sign == "-" {
		total = -total
	}
	if math.IsInf(total, 0) {
		return "", false
	}
	return formatFloat(total), true
}

// formatFloat spells a number as JavaScript does: no exponent below 1e21, the fewest digits that read
// back the same.
func formatFloat(f float64) string {
	switch a := math.Abs(f); {
	case f == 0:
		return "0"
	case a >= 1e21 || a < 1e-6:
		s := strconv.FormatFloat(f, 'e', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "e")
		n, _ := strconv.Atoi(exponent) // FormatFloat always writes one
		if n > 0 {
			return mantissa + "e+" + strconv.Itoa(n)
		}
		return mantissa + "e" + strconv.Itoa(n)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
