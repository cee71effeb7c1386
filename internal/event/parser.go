package event

import (
	"unicode/utf16"
	"unicode/utf8"
)

// parser reads JSON (RFC 8259) as far as proxy responses need it: objects and lists where they are
// expected, scalars as their text. What is not expected is refused where it begins, so nothing is ever
// skipped and depth is bounded by the callers.
type parser struct {
	in []byte
	at int
}

// space skips white space and returns the next byte, 0 at the end.
func (p *parser) space() byte {
	for p.at < len(p.in) {
		switch c := p.in[p.at]; c {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return c
		}
	}
	return 0
}

// more reports whether anything but white space is left.
func (p *parser) more() bool {
	p.space()
	return p.at < len(p.in)
}

// next consumes c if it is what comes next.
func (p *parser) next(c byte) bool {
	if p.space() != c || p.at == len(p.in) {
		return false
	}
	p.at++
	return true
}

// null consumes null.
func (p *parser) null() bool { return p.space() == 'n' && p.word("null") }

func (p *parser) word(w string) bool {
	if len(p.in)-p.at < len(w) || string(p.in[p.at:p.at+len(w)]) != w {
		return false
	}
	p.at += len(w)
	return true
}

func (p *parser) object(what string, member func(name []byte) error) error {
	if !p.next('{') {
		return malformed("%s is not an object", what)
	}
	if p.next('}') {
		return nil
	}
	for {
		name, err := p.text("a name in " + what)
		if err != nil {
			return err
		}
		if !p.next(':') {
			return malformed("a colon is missing in %s", what)
		}
		if err := member(name); err != nil {
			return err
		}
		if p.next('}') {
			return nil
		}
		if !p.next(',') {
			return malformed("%s is not an object of values and commas", what)
		}
	}
}

func (p *parser) list(what string, element func() error) error {
	if !p.next('[') {
		return malformed("%s is not a list", what)
	}
	if p.next(']') {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if p.next(']') {
			return nil
		}
		if !p.next(',') {
			return malformed("%s is not a list of values and commas", what)
		}
	}
}

// scalar returns the text of a string, number or boolean.
func (p *parser) scalar(what string) (string, error) {
	switch c := p.space(); {
	case c == '"':
		text, err := p.text(what)
		return string(text), err
	case c == '-' || '0' <= c && c <= '9':
		if n := number(p.in[p.at:]); n > 0 {
			text := string(p.in[p.at : p.at+n])
			p.at += n
			return text, nil
		}
	case c == 't' && p.word("true"):
		return "true", nil
	case c == 'f' && p.word("false"):
		return "false", nil
	}
	return "", malformed("%s is neither a string nor a number nor a boolean", what)
}

// number measures the number at the beginning of s, 0 if there is none.
func number(s []byte) int {
	i := 0
	digits := func() bool {
		from := i
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if !digits() {
		return 0
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return 0
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return 0
		}
	}
	return i
}

// text reads a string. Without escapes the result is a part of the input.
func (p *parser) text(what string) ([]byte, error) {
	if !p.next('"') {
		return nil, malformed("%s is not a string", what)
	}
	from := p.at
	for p.at < len(p.in) {
		switch c := p.in[p.at]; {
		case c == '"':
			p.at++
			return p.in[from : p.at-1 : p.at-1], nil
		case c == '\\':
			return p.escaped(what, from)
		case c < 0x20:
			return nil, malformed("%s has a control character", what)
		case c < utf8.RuneSelf:
			p.at++
		default:
			valid, size := sequence(p.in[p.at:])
			if !valid {
				return nil, malformed("%s is not UTF-8", what)
			}
			p.at += size
		}
	}
	return nil, malformed("%s does not end", what)
}

// escaped is text from the first escape on; what is before it begins at from.
func (p *parser) escaped(what string, from int) ([]byte, error) {
	out := append(make([]byte, 0, min(len(p.in)-from, 2*(p.at-from)+512)), p.in[from:p.at]...)
	for p.at < len(p.in) {
		// All that needs no attention is copied at once.
		plain := p.at
		for p.at < len(p.in) && p.in[p.at] >= 0x20 && p.in[p.at] < utf8.RuneSelf && p.in[p.at] != '"' && p.in[p.at] != '\\' {
			p.at++
		}
		out = append(out, p.in[plain:p.at]...)
		if p.at == len(p.in) {
			break
		}
		switch c := p.in[p.at]; {
		case c == '"':
			p.at++
			return out, nil
		case c < 0x20:
			return nil, malformed("%s has a control character", what)
		case c >= utf8.RuneSelf:
			valid, size := sequence(p.in[p.at:])
			if !valid {
				return nil, malformed("%s is not UTF-8", what)
			}
			out = append(out, p.in[p.at:p.at+size]...)
			p.at += size
			continue
		}
		r, ok := p.escape()
		if !ok {
			return nil, malformed("%s has a broken escape", what)
		}
		out = utf8.AppendRune(out, r)
	}
	return nil, malformed("%s does not end", what)
}

// escape reads one escape, or two that make a surrogate pair. A surrogate alone becomes U+FFFD.
func (p *parser) escape() (rune, bool) {
	if p.at+1 >= len(p.in) {
		return 0, false
	}
	c := p.in[p.at+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, ok := p.unit(p.at)
		if !ok {
			return 0, false
		}
		p.at += 6
		if !utf16.IsSurrogate(r) {
			return r, true
		}
		if low, ok := p.unit(p.at); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				p.at += 6
				return pair, true
			}
		}
		return utf8.RuneError, true
	default:
		return 0, false
	}
	p.at += 2
	return rune(c), true
}

// unit reads \uXXXX.
func (p *parser) unit(at int) (r rune, ok bool) {
	if at+6 > len(p.in) || p.in[at] != '\\' || p.in[at+1] != 'u' {
		return 0, false
	}
	for _, c := range p.in[at+2 : at+6] {
		d := hex(c)
		if d > 15 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
