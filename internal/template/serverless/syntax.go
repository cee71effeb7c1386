package serverless

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// The grammar of variables, as Serverless Framework 3 was observed to read it:
//
//	text     = { characters | escape | variable }
//	escape   = "\${"                          an even number of backslashes is half as many, and a variable
//	variable = "${" source { "," fallback } "}"
//	source   = name [ "(" param { "," param } ")" ] [ ":" address ]
//	fallback = source | variable | quoted | number | "true" | "false" | "null"
//	address, param = characters and variables up to "," "}" or ")", or quoted
//
// A name starts with a lower-case letter. "${" before anything else is left alone: ${AWS::Region} and
// ${LogicalId} belong to CloudFormation. Quoted text may hold variables; the double-quoted form has JSON's
// escapes.

// piece is a run of characters, or a variable when sources is not empty.
type piece struct {
	text    string
	sources []source
}

// source is one place to look for a value. A source without a name is a literal, or stands for a nested
// variable.
type source struct {
	name    string
	params  [][]piece
	address []piece
	text    string // as written, for messages
	literal literal
	nested  []piece // literalText: the text; literalVariable: the one variable
}

type literal uint8

const (
	notLiteral literal = iota
	literalText
	literalNumber
	literalTrue
	literalFalse
	literalNull
	literalVariable
)

// maxNesting bounds ${a:${b:${c:…}}}.
const maxNesting = 20

// syntaxError is a fault in the text of a variable.
type syntaxError struct{ msg, hint string }

func (e *syntaxError) Error() string { return e.msg }

// hasVariables is false when there is nothing to resolve in s, not even an escape.
func hasVariables(s string) bool { return strings.Contains(s, "${") }

// parseText splits a scalar into text and variables.
func parseText(s string) ([]piece, *syntaxError) {
	p := &parser{s: s}
	return p.text("", 0)
}

type parser struct {
	s string
	i int
}

// text reads up to one of the stop characters, which it does not consume; without any, to the end.
func (p *parser) text(stop string, depth int) ([]piece, *syntaxError) {
	var pieces []piece
	var run strings.Builder
	flush := func() {
		if run.Len() > 0 {
			pieces = append(pieces, piece{text: run.String()})
			run.Reset()
		}
	}
	for p.i < len(p.s) {
		c := p.s[p.i]
		if stop != "" && strings.IndexByte(stop, c) >= 0 {
			break
		}
		if c == '\\' {
			n := 0
			for p.i+n < len(p.s) && p.s[p.i+n] == '\\' {
				n++
			}
			if !strings.HasPrefix(p.s[p.i+n:], "${") {
				run.WriteString(p.s[p.i : p.i+n])
				p.i += n
				continue
			}
			run.WriteString(strings.Repeat(`\`, n/2))
			p.i += n
			if n%2 == 1 {
				run.WriteString("${")
				p.i += 2
			}
			continue
		}
		if c == '$' && opensVariable(p.s[p.i:]) {
			flush()
			sources, err := p.variable(depth + 1)
			if err != nil {
				return nil, err
			}
			pieces = append(pieces, piece{sources: sources})
			continue
		}
		run.WriteByte(c)
		p.i++
	}
	flush()
	return pieces, nil
}

// opensVariable reports whether s begins with ${name: or ${name(.
func opensVariable(s string) bool {
	if !strings.HasPrefix(s, "${") {
		return false
	}
	n := nameLength(s[2:])
	return n > 0 && len(s) > 2+n && (s[2+n] == ':' || s[2+n] == '(')
}

// nameLength is the length of the source name that s begins with, 0 without one.
func nameLength(s string) int {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return 0
	}
	n := 1
	for n < len(s) && (isAlphanumeric(s[n]) || s[n] == '-' || s[n] == '_' || s[n] == '.') {
		n++
	}
	return n
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func (p *parser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

// variable reads from "${" to "}" inclusive.
func (p *parser) variable(depth int) ([]source, *syntaxError) {
	if depth > maxNesting {
		return nil, &syntaxError{"variables are nested too deeply", "take the inner ones out into custom:"}
	}
	start := p.i
	p.i += len("${")
	var sources []source
	for {
		p.space()
		s, err := p.source(depth)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
		p.space()
		switch {
		case p.i >= len(p.s):
			return nil, &syntaxError{"missing closing brace in " + p.s[start:], "close it with }, or write \\${ for a literal ${"}
		case p.s[p.i] == '}':
			p.i++
			return sources, nil
		case p.s[p.i] == ',':
			p.i++
		default:
			return nil, &syntaxError{"unexpected " + strconv.Quote(p.rest()) + " in " + p.s[start:], "separate fallbacks with commas"}
		}
	}
}

// rest is a short look at what comes next.
func (p *parser) rest() string {
	r := p.s[p.i:]
	for i := range r {
		if i >= 12 {
			return r[:i]
		}
	}
	return r
}

func (p *parser) source(depth int) (source, *syntaxError) {
	start := p.i
	if p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '\'' || c == '"':
			text, err := p.quoted(depth)
			return source{literal: literalText, nested: text, text: p.s[start:p.i]}, err
		case c == '$':
			if !opensVariable(p.s[p.i:]) {
				return source{}, &syntaxError{"unexpected " + strconv.Quote(p.rest()), "a fallback is 'text', a number, true, false, null or source:address"}
			}
			inner, err := p.variable(depth + 1)
			return source{literal: literalVariable, nested: []piece{{sources: inner}}, text: p.s[start:p.i]}, err
		}
	}
	n := nameLength(p.s[p.i:])
	if end := p.i + n; n == 0 || end >= len(p.s) || p.s[end] != ':' && p.s[end] != '(' {
		return p.literal()
	}
	s := source{name: p.s[p.i : p.i+n]}
	p.i += n
	if p.s[p.i] == '(' {
		params, err := p.params(depth)
		if err != nil {
			return source{}, err
		}
		s.params = params
	}
	if p.i < len(p.s) && p.s[p.i] == ':' {
		p.i++
		address, err := p.argument(",}", depth)
		if err != nil {
			return source{}, err
		}
		s.address = address
	}
	s.text = strings.TrimRight(p.s[start:p.i], " \t\r\n")
	return s, nil
}

// literal reads a bare word.
func (p *parser) literal() (source, *syntaxError) {
	end := strings.IndexAny(p.s[p.i:], ",}")
	if end < 0 {
		end = len(p.s) - p.i
	}
	word := strings.TrimSpace(p.s[p.i : p.i+end])
	s := source{text: word}
	switch word {
	case "true":
		s.literal = literalTrue
	case "false":
		s.literal = literalFalse
	case "null":
		s.literal = literalNull
	case "":
		return source{}, &syntaxError{"a fallback is missing in " + p.s, "write '' for an empty string, or remove the comma"}
	default:
		if _, err := strconv.ParseFloat(word, 64); err != nil || strings.ContainsAny(word, "xXpPnN_") {
			return source{}, &syntaxError{"fallback " + strconv.Quote(word) + " is no literal and no source", "quote it: '" + word + "'"}
		}
		s.literal = literalNumber
	}
	p.i += end
	return s, nil
}

func (p *parser) params(depth int) ([][]piece, *syntaxError) {
	start := p.i
	p.i++ // the opening parenthesis
	var params [][]piece
	for {
		param, err := p.argument(",)", depth)
		if err != nil {
			return nil, err
		}
		if len(param) > 0 {
			params = append(params, param)
		}
		if p.i >= len(p.s) {
			return nil, &syntaxError{"missing closing parenthesis in " + p.s[start:], "close it with )"}
		}
		p.i++
		if p.s[p.i-1] == ')' {
			return params, nil
		}
	}
}

// argument reads a quoted or bare text up to a stop character.
func (p *parser) argument(stop string, depth int) ([]piece, *syntaxError) {
	p.space()
	if p.i < len(p.s) && (p.s[p.i] == '\'' || p.s[p.i] == '"') {
		text, err := p.quoted(depth)
		if err != nil {
			return nil, err
		}
		p.space()
		return text, nil
	}
	pieces, err := p.text(stop, depth)
	if err != nil {
		return nil, err
	}
	if n := len(pieces); n > 0 && pieces[n-1].sources == nil {
		pieces[n-1].text = strings.TrimRight(pieces[n-1].text, " \t\r\n")
		if pieces[n-1].text == "" {
			pieces = pieces[:n-1]
		}
	}
	return pieces, nil
}

// quoted reads '…' or "…", with the variables inside. The result is never nil.
func (p *parser) quoted(depth int) ([]piece, *syntaxError) {
	start, quote := p.i, p.s[p.i]
	p.i++
	pieces := []piece{}
	var run strings.Builder
	flush := func() {
		if run.Len() > 0 {
			pieces = append(pieces, piece{text: run.String()})
			run.Reset()
		}
	}
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == quote:
			p.i++
			flush()
			return pieces, nil
		case c == '\\' && p.i+1 < len(p.s):
			n, err := unescape(&run, p.s[p.i:], quote)
			if err != nil {
				return nil, err
			}
			p.i += n
		case c == '$' && opensVariable(p.s[p.i:]):
			flush()
			sources, err := p.variable(depth + 1)
			if err != nil {
				return nil, err
			}
			pieces = append(pieces, piece{sources: sources})
		default:
			run.WriteByte(c)
			p.i++
		}
	}
	return nil, &syntaxError{"missing closing quote in " + p.s[start:], "close it with " + string(quote)}
}

// unescape writes what the escape at the start of s stands for and returns its length. Between single
// quotes only \' and \\ are escapes.
func unescape(out *strings.Builder, s string, quote byte) (int, *syntaxError) {
	c := s[1]
	if c == quote || c == '\\' {
		out.WriteByte(c)
		return 2, nil
	}
	if strings.HasPrefix(s[1:], "${") {
		out.WriteString("${")
		return 3, nil
	}
	if quote == '\'' {
		out.WriteByte('\\')
		return 1, nil
	}
	switch c {
	case 'n':
		out.WriteByte('\n')
	case 't':
		out.WriteByte('\t')
	case 'r':
		out.WriteByte('\r')
	case 'b':
		out.WriteByte('\b')
	case 'f':
		out.WriteByte('\f')
	case '/':
		out.WriteByte('/')
	case 'u':
		if len(s) >= 6 {
			if n, err := strconv.ParseUint(s[2:6], 16, 32); err == nil && utf8.ValidRune(rune(n)) {
				out.WriteRune(rune(n))
				return 6, nil
			}
		}
		return 0, &syntaxError{`\u needs four hexadecimal digits of a character`, `write it as \u00e9`}
	default:
		return 0, &syntaxError{"unknown escape " + s[:2], `write \\ for a backslash`}
	}
	return 2, nil
}
