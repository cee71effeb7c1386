package wire

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxParameters is how many parameters a form may have. A stack has at most 200 parameters and 50
	// tags; simulations and lists of resources have the most.
	maxParameters = 10_000
	// maxParts is how many parts the name of a parameter may have; no model needs more than ten.
	maxParts = 20
)

// parameter is a node of the tree that the names of a form's parameters spell: Tags, member, 1, Key.
type parameter struct {
	value string
	given bool // there is a parameter of exactly this name
	// order are the names of the parts below, as they came.
	order []string
	parts map[string]*parameter
}

// malformed is the refusal for a form that cannot be read as the operation's input.
func malformed(text string) *Error {
	return &Error{Code: "MalformedInput", Status: http.StatusBadRequest, Message: text}
}

// readForm reads the parameters of a request from its query string and its body. Clients use one of them;
// a name that occurs twice is refused, wherever it stands, because two readers would see two requests. What
// belongs to a signature in the query is left out.
func readForm(r *Request) (*parameter, error) {
	if len(r.Body) > 0 && !IsForm(r.Header) {
		return nil, malformed("The Content-Type of the body must be application/x-www-form-urlencoded.")
	}
	root, count := &parameter{}, 0
	for _, source := range []struct {
		text string
		body bool
	}{{r.RawQuery, false}, {string(r.Body), true}} {
		for text := range strings.SplitSeq(source.text, "&") {
			if text == "" {
				continue
			}
			if count++; count > maxParameters {
				return nil, malformed("There are more than " + strconv.Itoa(maxParameters) + " parameters.")
			}
			name, value, _ := strings.Cut(text, "=")
			name, err := unescape(name, source.body)
			if err != nil {
				return nil, err
			}
			if value, err = unescape(value, source.body); err != nil {
				return nil, err
			}
			if !source.body && strings.HasPrefix(name, "X-Amz-") {
				continue
			}
			if err := root.add(name, value); err != nil {
				return nil, err
			}
		}
	}
	return root, nil
}

// IsForm reports whether a body is a form, by its Content-Type.
func IsForm(h http.Header) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 {
		return false
	}
	mediaType, _, _ := strings.Cut(types[0], ";")
	return lower(strings.TrimSpace(mediaType)) == "application/x-www-form-urlencoded"
}

// unescape decodes a name or value. A plus sign is a space in a form; in a query string it stays one, as
// it does in the canonical request of a signature. The refusals are AWS's [recorded].
func unescape(s string, form bool) (string, error) {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if len(s) < i+3 {
			return "", &Error{Code: "MalformedQueryString", Status: http.StatusBadRequest, Message: "Incomplete trailing escape % sequence"}
		}
		if !isHex(s[i+1]) || !isHex(s[i+2]) {
			return "", &Error{Code: "MalformedQueryString", Status: http.StatusBadRequest,
				Message: "Illegal hex character in escape % pattern: " + strings.ToValidUTF8(s[i:i+3], "?")}
		}
		i += 2
	}
	if form {
		s = strings.ReplaceAll(s, "+", " ")
	}
	s, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(s) {
		return "", malformed("A parameter is not encoded in UTF-8.")
	}
	return s, nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// add enters a parameter into the tree.
func (p *parameter) add(name, value string) error {
	if strings.Count(name, ".") >= maxParts {
		return malformed("The name of a parameter has more than " + strconv.Itoa(maxParts) + " parts.")
	}
	for part := range strings.SplitSeq(name, ".") {
		next := p.parts[part]
		if next == nil {
			if p.parts == nil {
				p.parts = map[string]*parameter{}
			}
			next = &parameter{}
			p.parts[part] = next
			p.order = append(p.order, part)
		}
		p = next
	}
	if p.given {
		return malformed("The parameter '" + name + "' is given more than once.")
	}
	p.value, p.given = value, true
	return nil
}

// text returns the value of a parameter without parts below the root, "" when there is none. A name that
// differs by the case of letters is refused.
func (p *parameter) text(name string) (string, error) {
	for _, other := range p.order {
		if other != name && lower(other) == lower(name) {
			return "", malformed("The parameter '" + name + "' is spelt '" + other + "'.")
		}
	}
	part := p.parts[name]
	if part == nil {
		return "", nil
	}
	return part.value, nil
}

// items returns the numbered parts, which must be 1, 2, 3 and so on without a gap.
func (p *parameter) items() ([]*parameter, error) {
	out := make([]*parameter, len(p.order))
	for i := range out {
		if out[i] = p.parts[strconv.Itoa(i+1)]; out[i] == nil {
			return nil, malformed("The elements of a list must be numbered 1, 2, 3 without a gap.")
		}
	}
	return out, nil
}
