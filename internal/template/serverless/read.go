package serverless

import (
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/document"
)

// The readers below take a value of the service file as a type, with the conversions of the framework's
// validator (AJV with coercion): "5" is 5, true is "true", x is [x] and [x] is x. A value that cannot be
// converted is recorded as an error, under the name that what gives it.

func (c *compiler) fail(at document.Pos, msg, hint string) {
	c.errs = append(c.errs, &document.Error{Pos: at, Msg: msg, Hint: hint})
}

// warn records a warning once per text.
func (c *compiler) warn(at document.Pos, msg string) {
	if !c.warned[msg] {
		c.warned[msg] = true
		c.warnings = append(c.warnings, Warning{Pos: at, Msg: msg})
	}
}

func (c *compiler) wrongType(v *document.Value, what, want string) {
	c.fail(v.Pos, what+" must be "+want+", not "+v.Kind.String(), "correct its type")
}

// given is false for what is absent or null.
func given(v *document.Value) bool { return v != nil && v.Kind != document.Null }

// single unwraps a list of one.
func single(v *document.Value) *document.Value {
	if v != nil && v.Kind == document.List && len(v.Items) == 1 {
		return v.Items[0]
	}
	return v
}

// text reads a string; "" when absent.
func (c *compiler) text(v *document.Value, what string) string {
	if !given(v) {
		return ""
	}
	s, ok := single(v).Scalar()
	if !ok {
		c.wrongType(v, what, "a string")
	}
	return s
}

// textValue reads a string as a value; nil when absent.
func (c *compiler) textValue(v *document.Value, what string) *document.Value {
	if !given(v) {
		return nil
	}
	return document.NewString(v.Pos, c.text(v, what))
}

// textOrFunction reads a string or a CloudFormation function; nil when absent.
func (c *compiler) textOrFunction(v *document.Value, what string) *document.Value {
	if isFunction(v) {
		return v
	}
	return c.textValue(v, what)
}

// isFunction recognises a CloudFormation function: {Ref: x} or {Fn::…: …}.
func isFunction(v *document.Value) bool {
	return v != nil && v.Kind == document.Map && len(v.Fields) == 1 &&
		(v.Fields[0].Name == "Ref" || strings.HasPrefix(v.Fields[0].Name, "Fn::"))
}

// flag reads a boolean; false when absent.
func (c *compiler) flag(v *document.Value, what string) bool {
	if !given(v) {
		return false
	}
	switch s := single(v); {
	case s.Kind == document.Bool:
		return s.Bool
	case s.Text == "true" || s.Kind == document.Number && s.Text == "1":
		return true
	case s.Text == "false" || s.Kind == document.Number && s.Text == "0":
		return false
	}
	c.fail(v.Pos, what+" must be true or false", "write true or false")
	return false
}

// flagValue reads a boolean as a value; nil when absent.
func (c *compiler) flagValue(v *document.Value, what string) *document.Value {
	if !given(v) {
		return nil
	}
	return document.NewBool(v.Pos, c.flag(v, what))
}

// number reads a number as a value; nil when absent.
func (c *compiler) number(v *document.Value, what string) *document.Value {
	if !given(v) {
		return nil
	}
	s := single(v)
	if s.Kind == document.Number {
		return s
	}
	if s.Kind == document.String {
		if f, err := strconv.ParseFloat(s.Text, 64); err == nil && !strings.ContainsAny(s.Text, "xXpPnN_") {
			return document.NewNumber(s.Pos, strconv.FormatFloat(f, 'f', -1, 64))
		}
	}
	if isFunction(s) {
		return s
	}
	c.wrongType(v, what, "a number")
	return nil
}

// fields reads a map; none when absent.
func (c *compiler) fields(v *document.Value, what string) []document.Field {
	if !given(v) {
		return nil
	}
	if v.Kind != document.Map {
		c.wrongType(v, what, "a map")
		return nil
	}
	return v.Fields
}

// items reads a list; a lone value is a list of one.
func (c *compiler) items(v *document.Value) []*document.Value {
	switch {
	case !given(v):
		return nil
	case v.Kind == document.List:
		return v.Items
	}
	return []*document.Value{v}
}

// listValue reads a list as a value; nil when absent.
func (c *compiler) listValue(v *document.Value) *document.Value {
	if !given(v) || v.Kind == document.List {
		if given(v) {
			return v
		}
		return nil
	}
	return document.NewList(v.Pos, v)
}

// oneOf reads one of a few words, in any letter case; "" when absent.
func (c *compiler) oneOf(v *document.Value, what string, words ...string) string {
	if !given(v) {
		return ""
	}
	s := c.text(v, what)
	if i := slices.IndexFunc(words, func(w string) bool { return asciiUpper(w) == asciiUpper(s) }); i >= 0 {
		return words[i]
	}
	if s != "" {
		c.fail(v.Pos, what+" is "+strconv.Quote(s), "it must be one of "+strings.Join(words, ", "))
	}
	return ""
}

func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// unknown warns about names that the compiler does not know.
func (c *compiler) unknown(v *document.Value, where string, known []string) {
	if v == nil {
		return
	}
	for _, f := range v.Fields {
		if !slices.Contains(known, f.Name) {
			c.warn(f.Pos, where+f.Name+" is not known and has no effect")
		}
	}
}
