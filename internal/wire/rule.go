package wire

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/shape"
)

// rule is a compiled shape.Rule.
type rule struct {
	// constraints in the order in which AWS lists them: upper bound, lower bound, pattern, values.
	constraints []constraint
	sensitive   bool
	percent     bool
}

// constraint is one demand, with the text of its refusal.
type constraint struct {
	holds func(reflect.Value) bool
	text  string
}

func (c *compiler) rule(name string, k kind) (*rule, error) {
	id := name + "/" + strconv.Itoa(int(k))
	if r, ok := c.compiled[id]; ok {
		return r, nil
	}
	s, ok := c.rules[name]
	if !ok {
		return nil, fmt.Errorf("no rule for shape %s", name)
	}
	r := &rule{sensitive: s.Sensitive, percent: s.Percent}
	noun := "length"
	if k == whole || k == double {
		noun = "value"
	}
	if s.Max != nil {
		r.add("Member must have "+noun+" less than or equal to "+bound(*s.Max, k),
			func(v reflect.Value) bool { return size(v, k) <= *s.Max })
	}
	if s.Min != nil {
		r.add("Member must have "+noun+" greater than or equal to "+bound(*s.Min, k),
			func(v reflect.Value) bool { return size(v, k) >= *s.Min })
	}
	if err := r.addPattern(s); err != nil {
		return nil, fmt.Errorf("shape %s: %w", name, err)
	}
	if len(s.Enum) > 0 {
		r.add("Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]",
			func(v reflect.Value) bool { return slices.Contains(s.Enum, v.String()) })
	}
	c.compiled[id] = r
	return r, nil
}

func (r *rule) add(text string, holds func(reflect.Value) bool) {
	r.constraints = append(r.constraints, constraint{holds, text})
}

func (r *rule) addPattern(s shape.Rule) error {
	if s.Pattern == "" {
		return nil
	}
	match := s.Match
	if match == "" {
		match = s.Pattern
	}
	must, err := regexp.Compile(`\A(?:` + match + `)\z`)
	if err != nil {
		return err
	}
	var not *regexp.Regexp
	if s.Except != "" {
		if not, err = regexp.Compile(`\A(?:` + s.Except + `)\z`); err != nil {
			return err
		}
	}
	r.add("Member must satisfy regular expression pattern: "+s.Pattern, func(v reflect.Value) bool {
		return must.MatchString(v.String()) && (not == nil || !not.MatchString(v.String()))
	})
	return nil
}

// broken reports whether a value breaks any constraint.
func (r *rule) broken(v reflect.Value) bool {
	return slices.ContainsFunc(r.constraints, func(c constraint) bool { return !c.holds(v) })
}

// all lists the texts of all constraints, which is how AWS refuses an element.
func (r *rule) all() string {
	var b strings.Builder
	for _, c := range r.constraints {
		b.WriteString(c.text)
		b.WriteString(", ")
	}
	return b.String() + "Member must not be null"
}

// size is the length of a value, in UTF-16 units for text as in Java, or the number itself.
func size(v reflect.Value, k kind) float64 {
	switch k {
	case text:
		return float64(utf16Len(v.String()))
	case whole:
		return float64(v.Int())
	case double:
		return v.Float()
	}
	return float64(v.Len())
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// bound prints a limit as Java prints a number of that type: limits of doubles have a fraction.
func bound(f float64, k kind) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if k == double && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// violations collects what is wrong with the members of one request.
type violations struct {
	texts []string
	count int
}

// maxViolations is how many violations a refusal spells out; the rest is only counted.
const maxViolations = 50

func (vs *violations) add(text string) {
	vs.count++
	if vs.count <= maxViolations {
		vs.texts = append(vs.texts, text)
	}
}

// err is the refusal, or nil. Its text is the same in all protocols, its code is not.
func (vs *violations) err(code string) error {
	if vs.count == 0 {
		return nil
	}
	noun := "errors"
	if vs.count == 1 {
		noun = "error"
	}
	return &Error{Code: code, Status: http.StatusBadRequest,
		Message: fmt.Sprintf("%d validation %s detected: %s", vs.count, noun, strings.Join(vs.texts, "; "))}
}

func (vs *violations) null(path string) {
	vs.add("Value null at '" + path + "' failed to satisfy constraint: Member must not be null")
}

// check tests a value and, for lists and maps of scalars, its elements.
func (vs *violations) check(t *typ, v reflect.Value, path func() string) {
	report := func(text string) {
		shown := ""
		if s, ok := show(t, v); ok {
			shown = "'" + s + "' "
		}
		vs.add("Value " + shown + "at '" + path() + "' failed to satisfy constraint: " + text)
	}
	if t.rule != nil {
		for _, c := range t.rule.constraints {
			if !c.holds(v) {
				report(c.text)
			}
		}
	}
	switch t.kind {
	case list:
		if t.elem.rule != nil && slices.ContainsFunc(elements(v), t.elem.rule.broken) {
			report("Member must satisfy constraint: [" + t.elem.rule.all() + "]")
		}
	case dict:
		if t.key != nil && slices.ContainsFunc(v.MapKeys(), t.key.broken) {
			report("Map keys must satisfy constraint: [" + t.key.all() + "]")
		}
		if t.elem.rule != nil && slices.ContainsFunc(slices.Collect(maps.Values(entries(v))), t.elem.rule.broken) {
			report("Map value must satisfy constraint: [" + t.elem.rule.all() + "]")
		}
	}
}

func elements(v reflect.Value) []reflect.Value {
	out := make([]reflect.Value, v.Len())
	for i := range out {
		out[i] = v.Index(i)
	}
	return out
}

func entries(v reflect.Value) map[string]reflect.Value {
	out := make(map[string]reflect.Value, v.Len())
	for it := v.MapRange(); it.Next(); {
		out[it.Key().String()] = it.Value()
	}
	return out
}

// show prints a value as Java's toString would, or false for one that must not or cannot be repeated.
func show(t *typ, v reflect.Value) (string, bool) {
	if t.rule != nil && t.rule.sensitive || t.key != nil && t.key.sensitive {
		return "", false
	}
	switch t.kind {
	case text:
		return strings.ToValidUTF8(v.String(), string(utf8.RuneError)), true
	case whole:
		return strconv.FormatInt(v.Int(), 10), true
	case double:
		return bound(v.Float(), double), true
	case flag:
		return strconv.FormatBool(v.Bool()), true
	case moment:
		return v.Interface().(time.Time).UTC().Format(time.RFC3339), true
	case list:
		var parts []string
		for _, e := range elements(v) {
			s, ok := show(t.elem, e)
			if !ok {
				return "", false
			}
			parts = append(parts, s)
		}
		return "[" + strings.Join(parts, ", ") + "]", true
	case dict:
		var parts []string
		all := entries(v)
		for _, k := range slices.Sorted(maps.Keys(all)) {
			s, ok := show(t.elem, all[k])
			if !ok {
				return "", false
			}
			parts = append(parts, k+"="+s)
		}
		return "{" + strings.Join(parts, ", ") + "}", true
	}
	return "", false
}
