package condition

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Pattern is text with wildcards and policy variables, compiled. * matches any run of characters, slashes and
// colons included, ? exactly one character (not byte); brackets and backslashes mean themselves.
type Pattern struct {
	form form
	// lit is the text of an exact pattern, or what precedes the star of a prefix pattern.
	lit   string
	parts []part
}

type form uint8

const (
	exactForm   form = iota // no wildcard, no variable
	prefixForm              // text and one star at its end
	generalForm             // anything without variables
	varForm                 // with variables
)

type part struct {
	kind partKind
	// text is the literal text, or the default of a variable.
	text string
	key  *conditionKey
	// def says that a variable has a default.
	def bool
}

type partKind uint8

const (
	literal partKind = iota
	anyOne
	anyRun
	variable
)

// Syntax says what is special in the text of a pattern.
type Syntax uint8

// The bits of a Syntax. Without any, a pattern is literal text.
const (
	Wildcards Syntax = 1 << iota // * and ?
	Variables                    // ${key}, ${key, 'default'}, ${*}, ${?}, ${$}
)

// ParsePattern compiles a pattern. It returns an error for a ${ that begins no variable.
func ParsePattern(s string, syntax Syntax) (Pattern, error) {
	var p Pattern
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			p.parts = append(p.parts, part{kind: literal, text: lit.String()})
			lit.Reset()
		}
	}
	vars := false
	for s != "" {
		switch {
		case syntax&Wildcards != 0 && s[0] == '*':
			flush()
			if n := len(p.parts); n == 0 || p.parts[n-1].kind != anyRun {
				p.parts = append(p.parts, part{kind: anyRun})
			}
			s = s[1:]
		case syntax&Wildcards != 0 && s[0] == '?':
			flush()
			p.parts = append(p.parts, part{kind: anyOne})
			s = s[1:]
		case syntax&Variables != 0 && strings.HasPrefix(s, "${"):
			v, rest, err := parseVariable(s)
			if err != nil {
				return Pattern{}, err
			}
			if s = rest; v.kind == literal {
				lit.WriteString(v.text)
				continue
			}
			flush()
			p.parts = append(p.parts, v)
			vars = true
		default:
			lit.WriteByte(s[0])
			s = s[1:]
		}
	}
	flush()
	p.form = generalForm
	switch n := len(p.parts); {
	case vars:
		p.form = varForm
	case n == 0:
		p.form = exactForm
	case n == 1 && p.parts[0].kind == literal:
		p.form, p.lit = exactForm, p.parts[0].text
	case n == 1 && p.parts[0].kind == anyRun:
		p.form = prefixForm
	case n == 2 && p.parts[0].kind == literal && p.parts[1].kind == anyRun:
		p.form, p.lit = prefixForm, p.parts[0].text
	}
	return p, nil
}

// parseVariable reads the variable at the beginning of s. A quote in a default is written twice.
func parseVariable(s string) (v part, rest string, err error) {
	bad := func(why string) (part, string, error) {
		return part{}, "", fmt.Errorf("the policy variable at %q %s", clip(s), why)
	}
	end := strings.IndexAny(s, ",}")
	if end < 0 {
		return bad("has no closing brace")
	}
	name := strings.Trim(s[2:end], " ")
	switch {
	case s[end] == '}' && (name == "*" || name == "?" || name == "$"):
		return part{kind: literal, text: name}, s[end+1:], nil
	case name == "" || strings.ContainsAny(name, "*?$'\"{"):
		return bad("has no key")
	}
	k := parseKey(name)
	v = part{kind: variable, key: &k}
	if s[end] == '}' {
		return v, s[end+1:], nil
	}
	v.def = true
	text := strings.TrimLeft(s[end+1:], " ")
	if text == "" || text[0] != '\'' {
		return bad("has a default without quotes")
	}
	text = text[1:]
	for {
		i := strings.IndexByte(text, '\'')
		if i < 0 {
			return bad("has a default without closing quote")
		}
		v.text += text[:i]
		text = text[i+1:]
		if text == "" || text[0] != '\'' {
			break
		}
		v.text += "'"
		text = text[1:]
	}
	if text = strings.TrimLeft(text, " "); text == "" || text[0] != '}' {
		return bad("has no closing brace behind its default")
	}
	return v, text[1:], nil
}

// clip shortens text for an error.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// Match reports whether text matches. Variables take their values from the context; one without value and
// default makes the whole pattern match nothing. Time is at worst proportional to the product of both lengths.
func (p *Pattern) Match(text string, c *Context) bool { return p.match(text, c, false) }

func (p *Pattern) match(text string, c *Context, fold bool) bool {
	switch p.form {
	case exactForm:
		if fold {
			return EqualFold(text, p.lit)
		}
		return text == p.lit
	case prefixForm: // from here on, only text with variables is folded
		return strings.HasPrefix(text, p.lit)
	case generalForm:
		return matchParts(p.parts, text, false)
	}
	var buf [16]part
	parts := append(buf[:0], p.parts...)
	for i := range parts {
		if v := &parts[i]; v.kind == variable {
			s, ok := v.key.variable(c)
			if !ok && !v.def {
				return false
			}
			if ok {
				v.text = s
			}
			v.kind = literal
		}
	}
	return matchParts(parts, text, fold)
}

// Resolves reports whether every variable has a value or a default.
func (p *Pattern) Resolves(c *Context) bool {
	for i := range p.parts {
		if v := &p.parts[i]; v.kind == variable && !v.def {
			if _, ok := v.key.variable(c); !ok {
				return false
			}
		}
	}
	return true
}

// matchParts matches from left to right and, after a mismatch, lets the last star take more, up to the next place of
// the text behind it. No earlier star need ever be tried again: the text between two stars is found at its first
// place, and a later place would leave less for the rest.
func matchParts(parts []part, s string, fold bool) bool {
	i, at := 0, 0
	star, mark := -1, 0
	for {
		if i == len(parts) {
			if at == len(s) {
				return true
			}
		} else if p := &parts[i]; p.kind == anyRun {
			if i++; i == len(parts) {
				return true
			}
			star, mark = i, at
			continue
		} else if p.kind == anyOne {
			if at < len(s) {
				at += width(s[at:])
				i++
				continue
			}
		} else if n := len(p.text); len(s)-at >= n && (s[at:at+n] == p.text || fold && EqualFold(s[at:at+n], p.text)) {
			at += n
			i++
			continue
		}
		if star < 0 || mark == len(s) {
			return false
		}
		mark += width(s[mark:])
		// Text that is folded has no stars, and a ? has no text: it is found at once.
		n := strings.Index(s[mark:], parts[star].text)
		if n < 0 {
			return false
		}
		mark += n
		i, at = star, mark
	}
}

// width is the size of the first character.
func width(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}
