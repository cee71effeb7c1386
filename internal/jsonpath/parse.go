package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What a value costs in bytes, roughly.
const (
	valueCost     = 32
	containerCost = 64
	memberCost    = 48
	stringCost    = 16
)

// SyntaxError says where a text stops being JSON, even for a lenient reader.
type SyntaxError struct {
	// Offset is the position in bytes.
	Offset int
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("offset %d: %s", e.Offset, e.Msg) }

// Parse reads a value as json-smart does in its permissive mode, which is what API Gateway's templates and
// MOCK integrations were recorded to accept: names and strings without quotes or in single quotes, commas
// too many, anything after the value. A text that is no JSON at all is a string, so that a form body can be
// split. A name that comes twice keeps its first place and its last value.
func Parse(text string, m *Meter) (any, error) {
	p := &parser{s: text, m: m}
	p.space()
	switch {
	case p.i == len(p.s):
		return nil, p.fail("the text is empty")
	case strings.IndexByte(":}]", p.s[p.i]) >= 0:
		return nil, p.unexpected()
	}
	return p.value("", 0)
}

type parser struct {
	s string
	i int
	m *Meter
}

func (p *parser) fail(msg string) error { return &SyntaxError{p.i, msg} }

func (p *parser) unexpected() error {
	if p.i >= len(p.s) {
		return p.fail("the text ends too early")
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.i:])
	return p.fail(fmt.Sprintf("unexpected %q", r))
}

func (p *parser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t' || p.s[p.i] == '\r') {
		p.i++
	}
}

// value reads a value; an unquoted one ends before any byte of stop.
func (p *parser) value(stop string, depth int) (any, error) {
	if depth > MaxDepth {
		return nil, ErrDepth
	}
	if err := p.m.Spend(1); err != nil {
		return nil, err
	}
	if err := p.m.Alloc(valueCost); err != nil {
		return nil, err
	}
	switch p.s[p.i] {
	case '{', '[':
		if err := p.m.Alloc(containerCost); err != nil {
			return nil, err
		}
		if p.s[p.i] == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case '"', '\'':
		return p.quoted()
	}
	word, err := p.word(stop)
	if err != nil {
		return nil, err
	}
	switch word {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if n, ok := number(word); ok {
		return n, nil
	}
	return word, nil
}

func (p *parser) object(depth int) (any, error) {
	p.i++ // {
	o := new(Object)
	comma := true
	for {
		p.space()
		if p.i == len(p.s) {
			return nil, p.unexpected()
		}
		switch p.s[p.i] {
		case ':', ']', '[', '{':
			return nil, p.unexpected()
		case '}':
			p.i++
			return o, nil
		case ',':
			comma = true
			p.i++
			continue
		}
		if !comma {
			return nil, p.unexpected()
		}
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.i == len(p.s) || p.s[p.i] != ':' {
			return nil, p.unexpected()
		}
		p.i++
		if p.space(); p.i == len(p.s) || p.s[p.i] == '}' || p.s[p.i] == ']' || p.s[p.i] == ':' {
			return nil, p.unexpected()
		}
		if err := p.m.Alloc(memberCost); err != nil {
			return nil, err
		}
		v, err := p.value(",}", depth+1)
		if err != nil {
			return nil, err
		}
		o.Put(name, v)
		comma = false
	}
}

func (p *parser) name() (string, error) {
	if c := p.s[p.i]; c == '"' || c == '\'' {
		return p.quoted()
	}
	return p.word(":")
}

func (p *parser) array(depth int) (any, error) {
	p.i++ // [
	a := new(Array)
	comma := true
	for {
		p.space()
		if p.i == len(p.s) {
			return nil, p.unexpected()
		}
		switch p.s[p.i] {
		case ':', '}':
			return nil, p.unexpected()
		case ']':
			p.i++
			return a, nil
		case ',':
			comma = true
			p.i++
			continue
		}
		if !comma {
			return nil, p.unexpected()
		}
		v, err := p.value(",]", depth+1)
		if err != nil {
			return nil, err
		}
		a.Items = append(a.Items, v)
		comma = false
	}
}

// word reads up to a byte of stop, or to the end.
func (p *parser) word(stop string) (string, error) {
	rest := p.s[p.i:]
	if n := strings.IndexAny(rest, stop); n >= 0 {
		rest = rest[:n]
	} else if stop != "" {
		p.i = len(p.s)
		return "", p.unexpected()
	}
	p.i += len(rest)
	return strings.TrimRight(rest, " \t\r\n"), p.m.Spend(len(rest) / 64)
}

// quoted reads a string in double or single quotes. Raw control characters are dropped.
func (p *parser) quoted() (string, error) {
	quote := p.s[p.i]
	start := p.i + 1
	for p.i = start; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == quote:
			p.i++
			return p.s[start : p.i-1], p.m.Spend((p.i - start) / 64)
		case c == '\\' || c < ' ' || c == 0x7f:
			return p.escaped(quote, start)
		}
	}
	return "", p.unexpected()
}

func (p *parser) escaped(quote byte, start int) (string, error) {
	b := make([]byte, 0, p.i-start+stringCost)
	b = append(b, p.s[start:p.i]...)
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == quote:
			return string(b), p.m.Alloc(len(b) + stringCost)
		case c < ' ' || c == 0x7f:
		case c != '\\':
			b = append(b, c)
		case p.i < len(p.s):
			if r, ok := p.escape(); ok {
				b = utf8.AppendRune(b, r)
			} else {
				return "", p.unexpected()
			}
		}
	}
	return "", p.unexpected()
}

// escape reads what follows a backslash. Half of a surrogate pair becomes U+FFFD.
func (p *parser) escape() (rune, bool) {
	c := p.s[p.i]
	switch c {
	case 'u':
		r, ok := p.hex()
		if !ok {
			return 0, false
		}
		if utf16.IsSurrogate(r) {
			second := utf8.RuneError
			if strings.HasPrefix(p.s[p.i:], `\u`) {
				before := p.i
				p.i++
				low, ok := p.hex()
				if second = utf16.DecodeRune(r, low); !ok || second == utf8.RuneError {
					p.i = before
				}
			}
			return second, true
		}
		return r, true
	case 'b', 'f', 'n', 'r', 't':
		p.i++
		return rune("\b\f\n\r\t"[strings.IndexByte("bfnrt", c)]), true
	}
	r, size := utf8.DecodeRuneInString(p.s[p.i:])
	p.i += size
	return r, true
}

// hex reads u and four digits.
func (p *parser) hex() (rune, bool) {
	if p.i+5 > len(p.s) {
		p.i = len(p.s)
		return 0, false
	}
	v, err := strconv.ParseUint(p.s[p.i+1:p.i+5], 16, 32)
	if err != nil {
		return 0, false
	}
	p.i += 5
	return rune(v), true
}

// number reads a word as a number: JSON's own form, and zeros in front, which are dropped.
func number(s string) (Number, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		return "", false
	}
	i := span(digits)
	if i < len(digits) && digits[i] == '.' {
		n := span(digits[i+1:])
		if n == 0 {
			return "", false
		}
		i += 1 + n
	}
	if i < len(digits) && (digits[i] == 'e' || digits[i] == 'E') {
		e := digits[i+1:]
		if e != "" && (e[0] == '+' || e[0] == '-') {
			e = e[1:]
		}
		if e == "" || span(e) != len(e) {
			return "", false
		}
		i = len(digits)
	}
	if i != len(digits) {
		return "", false
	}
	plain := strings.TrimLeft(digits, "0")
	if plain == "" || plain[0] < '0' || plain[0] > '9' {
		plain = "0" + plain
	}
	if len(plain) == len(digits) {
		return Number(s), true
	}
	return Number(s[:len(s)-len(digits)] + plain), true
}

// span counts the digits in front.
func span(s string) int {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}
