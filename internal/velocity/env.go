package velocity

import (
	"fmt"
	"strconv"
	"strings"

	"gatehouse/internal/jsonpath"
)

// Place is where a parameter comes from.
type Place uint8

// The places, in the order in which $input.params('x') looks for x; stage variables are apart.
const (
	Path Place = iota
	Query
	Header
	StageVariable
)

// Param is one parameter. Repeated parameters are given once, with the value of the single-value view.
type Param struct{ Name, Value string }

// Env is what a template may ask about one call. Methods are called at most once in a rendering, and only
// if the template needs them.
type Env interface {
	// Body is the payload as text, "" when there is none.
	Body() string
	// Params lists the parameters of one place.
	Params(Place) []Param
	// Context is $context without the overrides. It and the maps in it are made by NewContext; the template
	// may change it.
	Context() *jsonpath.Object
}

// NewContext makes an empty map for $context, or for a map in it such as identity: such maps print nothing.
func NewContext() *jsonpath.Object { return &jsonpath.Object{Opaque: true} }

// Overrides is what the templates of one call assigned to $context.requestOverride and
// $context.responseOverride.
type Overrides struct{ request, response *jsonpath.Object }

// NewOverrides returns overrides for a new call, with nothing assigned.
func NewOverrides() *Overrides {
	o := &Overrides{NewContext(), NewContext()}
	for _, name := range []string{"path", "header", "querystring"} {
		o.request.Put(name, NewContext())
	}
	o.response.Put("header", NewContext())
	return o
}

// Override is one parameter that a template set: several values when it assigned a list.
type Override struct {
	Name   string
	Values []string
}

// Request lists what replaces the parameters of the integration request. A header that the gateway must
// write itself, and a name or value that cannot stand in a header line, is an error.
func (o *Overrides) Request(p Place) ([]Override, error) {
	switch p {
	case Path:
		return overrides(o.request, "path")
	case Query:
		return overrides(o.request, "querystring")
	case Header:
		list, err := overrides(o.request, "header")
		for _, h := range list {
			switch asciiLower(h.Name) {
			case "host", "content-length", "transfer-encoding":
				return nil, fmt.Errorf("$context.requestOverride.header.%s cannot be overridden", h.Name)
			}
		}
		return list, err
	}
	return nil, nil
}

// ResponseHeaders lists what replaces headers of the method response.
func (o *Overrides) ResponseHeaders() ([]Override, error) { return overrides(o.response, "header") }

// Status is the status that replaces the method response's, 0 when none was assigned.
func (o *Overrides) Status() (int, error) {
	v, ok := o.response.Get("status")
	if !ok || v == "" {
		return 0, nil
	}
	if n, ok := whole(v); ok && n >= 100 && n <= 599 {
		return int(n), nil
	}
	if s, ok := v.(string); ok {
		if n, err := strconv.Atoi(s); err == nil && n >= 100 && n <= 599 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("$context.responseOverride.status is no status code from 100 to 599")
}

func overrides(o *jsonpath.Object, name string) ([]Override, error) {
	v, _ := o.Get(name)
	params, ok := v.(*jsonpath.Object)
	if !ok {
		return nil, fmt.Errorf("$context overrides: %s is no longer a map", name)
	}
	var list []Override
	for _, m := range params.Members() {
		values := []any{m.Value}
		if a, ok := m.Value.(*jsonpath.Array); ok {
			values = a.Items
		}
		out := Override{Name: m.Name}
		for _, v := range values {
			text, ok := scalar(v)
			if !ok {
				return nil, fmt.Errorf("$context overrides: the value of %s %q is no text", name, m.Name)
			}
			if name == "header" && !headerSafe(m.Name, text) {
				return nil, fmt.Errorf("$context overrides: %q cannot be a header", m.Name)
			}
			out.Values = append(out.Values, text)
		}
		list = append(list, out)
	}
	return list, nil
}

// headerSafe reports whether a header line can carry name and value (RFC 9110, section 5).
func headerSafe(name, value string) bool {
	if name == "" {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
