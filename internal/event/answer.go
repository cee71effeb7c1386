package event

import (
	"encoding/base64"
	"fmt"
)

// Answer is what a function with proxy integration returned.
type Answer struct {
	// Status is 200 to 599.
	Status int
	// Header has the function's headers with the names as it wrote them: those with several values first.
	// Values hold no line breaks. What belongs to the connection (Content-Length and the like) is still in
	// there: the caller renames or drops it.
	Header []Field
	// Body is the text of the body; it may share memory with the payload.
	Body []byte
	// Base64 is the function's isBase64Encoded.
	Base64 bool
}

// Malformed says why a payload is no proxy response: 502 for the caller, "Malformed Lambda proxy response"
// and this text for the log.
type Malformed string

func (m Malformed) Error() string { return "malformed proxy response: " + string(m) }

func malformed(format string, args ...any) error { return Malformed(fmt.Sprintf(format, args...)) }

// Content is the body for a caller who sent this Accept header: the text, or what it encodes when the
// function says so and the API's binary media types have the first type that the caller accepts
// [recorded]. An error is a body that is no base64, which is a 500.
func (a *Answer) Content(accept string, binaryMediaTypes []string) ([]byte, error) {
	if !a.Base64 || !accepts(accept, binaryMediaTypes) {
		return a.Body, nil
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(a.Body)))
	n, err := base64.StdEncoding.Strict().Decode(out, a.Body)
	if err != nil {
		return nil, fmt.Errorf("the body of the proxy response is no base64: %w", err)
	}
	return out[:n], nil
}

// ParseAnswer reads the payload that a function returned. The contract is strict about names and kinds
// and lenient about scalars, as recorded:
//
//   - the payload is one object with at least one of the members statusCode, headers, multiValueHeaders,
//     body and isBase64Encoded, spelt so, and no other; null is the same as absent;
//   - statusCode is a number or a string of digits, 200 to 599 [range inferred]; 200 if it is absent;
//   - a header's value is a string, a number or a boolean, written as it stands; multiValueHeaders has lists
//     of these; null values are left out [inferred];
//   - a header in both maps has the list's values first and then, if it differs from all of them, the single
//     one, under the list's spelling;
//   - body is a string; isBase64Encoded a boolean, or its text [inferred].
//
// Names that are no header names, values with CR, LF or NUL, members that appear twice and text that is not
// UTF-8 are refused: none of them can be sent on in one way only. The error is a Malformed.
func ParseAnswer(payload []byte) (Answer, error) {
	p := parser{in: payload}
	a := Answer{Status: 200}
	var single, multi []Field
	var seen [5]bool
	some := false
	err := p.object("the payload", func(name []byte) error {
		member := -1
		for i, m := range members {
			if m == string(name) {
				member = i
			}
		}
		switch {
		case member < 0:
			return malformed("unknown member %q", name)
		case seen[member]:
			return malformed("member %q appears twice", name)
		}
		seen[member] = true
		if p.null() {
			return nil
		}
		some = true
		var err error
		switch member {
		case memberStatus:
			a.Status, err = p.status()
		case memberHeaders:
			single, err = p.headers(members[member], false)
		case memberMulti:
			multi, err = p.headers(members[member], true)
		case memberBody:
			a.Body, err = p.text(members[member])
		case memberBase64:
			a.Base64, err = p.boolean(members[member])
		}
		return err
	})
	switch {
	case err != nil:
		return Answer{}, err
	case p.more():
		return Answer{}, malformed("text after the object")
	case !some:
		return Answer{}, malformed("no member of a proxy response")
	}
	a.Header = merge(multi, single)
	return a, nil
}

const (
	memberStatus = iota
	memberHeaders
	memberMulti
	memberBody
	memberBase64
)

var members = [5]string{"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}

// merge puts single values behind the lists of the same name.
func merge(multi, single []Field) []Field {
	if len(multi) == 0 {
		return single
	}
	out := make([]Field, 0, len(multi)+len(single))
	used := make([]bool, len(single))
	for i, m := range multi {
		out = append(out, m)
		if i+1 < len(multi) && compareFold(multi[i+1].Name, m.Name) == 0 {
			continue // a single value comes after the last of the list
		}
		for j, s := range single {
			if used[j] || compareFold(s.Name, m.Name) != 0 {
				continue
			}
			used[j] = true
			if !hasField(multi, s) {
				out = append(out, Field{m.Name, s.Value})
			}
		}
	}
	for j, s := range single {
		if !used[j] {
			out = append(out, s)
		}
	}
	return out
}

func hasField(fields []Field, want Field) bool {
	for _, f := range fields {
		if f.Value == want.Value && compareFold(f.Name, want.Name) == 0 {
			return true
		}
	}
	return false
}

func (p *parser) status() (int, error) {
	text, err := p.scalar("statusCode")
	if err != nil {
		return 0, err
	}
	n := 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < '0' || c > '9' || i == 3 {
			return 0, malformed("statusCode %.20q is no status", text)
		}
		n = n*10 + int(text[i]-'0')
	}
	if n < 200 || n > 599 {
		return 0, malformed("statusCode %.20q is not in 200 to 599", text)
	}
	return n, nil
}

func (p *parser) boolean(what string) (bool, error) {
	text, err := p.scalar(what)
	if err != nil {
		return false, err
	}
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, malformed("%s is neither true nor false", what)
}

// headers reads one of the two maps.
func (p *parser) headers(what string, lists bool) ([]Field, error) {
	var fields []Field
	err := p.object(what, func(raw []byte) error {
		name := string(raw)
		if !isToken(name) {
			return malformed("%q in %s is no header name", name, what)
		}
		add := func() error {
			if p.null() {
				return nil
			}
			value, err := p.scalar(name)
			if err != nil {
				return err
			}
			if !isFieldValue(value) {
				return malformed("the value of header %s has a character that no header may have", name)
			}
			fields = append(fields, Field{name, value})
			return nil
		}
		switch {
		case !lists:
			return add()
		case p.null():
			return nil
		}
		return p.list(name, add)
	})
	return fields, err
}

// isToken reports whether s can be the name of a header (RFC 9110 5.6.2).
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '!', c == '#', c == '$', c == '%', c == '&', c == '\'', c == '*', c == '+', c == '-',
			c == '.', c == '^', c == '_', c == '`', c == '|', c == '~':
		default:
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether s can be the value of a header: no control character but the tab.
func isFieldValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
