package velocity

import (
	"fmt"
	"slices"
	"strings"
)

// compilation is what the parsers of a template and of the strings in it share.
type compilation struct {
	options Options
	t       *Template
	slots   map[string]int
	depth   int
}

// slot is the place of a variable.
func (c *compilation) slot(name string) int {
	if i, ok := c.slots[name]; ok {
		return i
	}
	i := len(c.t.names)
	c.slots[name] = i
	c.t.names = append(c.t.names, name)
	return i
}

// parser reads one text: the template, or a string in it that holds references.
type parser struct {
	c    *compilation
	src  string
	i    int
	base int // where src starts in the template
	// inString is set for the text of a string, which Velocity reads with a space behind it.
	inString bool
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &fault{p.base + at, fmt.Sprintf(format, args...)}
}

// deeper counts nesting; the caller defers shallower.
func (p *parser) deeper() error {
	if p.c.depth++; p.c.depth > MaxDepth {
		return p.fail(p.i, "the template nests deeper than %d levels", MaxDepth)
	}
	return nil
}

func (p *parser) shallower() { p.c.depth-- }

// terminator is a directive that ends a block.
type terminator struct {
	name string // end, else, elseif, or "" at the end of the text
	at   int
}

func (p *parser) template() (block, error) {
	b, end, err := p.block()
	if err == nil && end.name != "" {
		err = p.fail(end.at, "#%s without #if, #foreach or #define", end.name)
	}
	return b, err
}

// block reads statements up to a terminator.
func (p *parser) block() (block, terminator, error) {
	var b block
	var text []byte // texts side by side become one
	flush := func() {
		if len(text) > 0 {
			b = append(b, textNode(text))
			text = text[:0]
		}
	}
	if err := p.deeper(); err != nil {
		return nil, terminator{}, err
	}
	defer p.shallower()
	var end terminator
	for p.i < len(p.src) && end.name == "" {
		var n node
		var err error
		switch p.src[p.i] {
		case '$':
			n, err = p.dollar(0)
		case '#':
			n, end, err = p.hash()
		case '\\':
			n, err = p.backslash()
		default:
			n = p.plain()
		}
		if err != nil {
			return nil, end, err
		}
		switch n := n.(type) {
		case nil:
		case textNode:
			text = append(text, n...)
		default:
			flush()
			b = append(b, n)
		}
	}
	flush()
	return b, end, nil
}

// plain reads text up to the next special character. Blanks directly in front of #set are dropped: #set
// leaves no trace in the output.
func (p *parser) plain() node {
	start := p.i
	n := strings.IndexAny(p.src[start:], `$#\`)
	if n < 0 {
		n = len(p.src) - start
	}
	p.i += n
	text := p.src[start:p.i]
	if p.setAt(p.i) > 0 && strings.Trim(text, " \t") == "" {
		return nil
	}
	return textNode(text)
}

// setAt returns the position behind "#set(" if it stands at i, otherwise 0.
func (p *parser) setAt(i int) int {
	rest, ok := strings.CutPrefix(p.src[i:], "#set")
	if !ok {
		if rest, ok = strings.CutPrefix(p.src[i:], "#{set}"); !ok {
			return 0
		}
	}
	if rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), "("); ok {
		return len(p.src) - len(rest)
	}
	return 0
}

// gobble drops blanks and a line break behind a directive.
func (p *parser) gobble() {
	j := p.i
	for j < len(p.src) && (p.src[j] == ' ' || p.src[j] == '\t') {
		j++
	}
	switch {
	case strings.HasPrefix(p.src[j:], "\r\n"):
		p.i = j + 2
	case j < len(p.src) && (p.src[j] == '\n' || p.src[j] == '\r'):
		p.i = j + 1
	}
}

// backslash reads backslashes. They escape only references and directives.
func (p *parser) backslash() (node, error) {
	start := p.i
	for p.i < len(p.src) && p.src[p.i] == '\\' {
		p.i++
	}
	n := p.i - start
	if p.i == len(p.src) {
		return textNode(p.src[start:]), nil
	}
	if p.src[p.i] == '$' {
		return p.dollar(n)
	}
	name, end := p.word(p.i)
	switch {
	case p.src[p.i] != '#' || name == "":
	case n%2 == 1:
		kept := n
		if name == "set" || isDirective(name) {
			kept = (n - 1) / 2
		}
		text := p.src[start:start+kept] + p.src[p.i:end]
		p.i = end
		return textNode(text), nil
	case isDirective(name):
		return textNode(p.src[start : start+n/2]), nil
	}
	return textNode(p.src[start : start+n]), nil
}

// directives that Velocity knows; #set is a form of its own.
var directives = []string{"if", "elseif", "else", "end", "foreach", "define", "macro", "break", "stop", "include", "parse", "literal"}

func isDirective(name string) bool { return slices.Contains(directives, name) }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' || c == '@' }

// word reads the name of a directive, #name or #{name}, at a hash, and the position behind it.
func (p *parser) word(i int) (name string, end int) {
	start := i + 1
	braces := start < len(p.src) && p.src[start] == '{'
	if braces {
		start++
	}
	if start >= len(p.src) || !isLetter(p.src[start]) && p.src[start] != '_' && (braces || p.src[start] != '@') {
		return "", i
	}
	end = start
	for end < len(p.src) && isWordByte(p.src[end]) {
		end++
	}
	name = p.src[start:end]
	if braces {
		if end == len(p.src) || p.src[end] != '}' {
			return "", i
		}
		end++
	}
	return name, end
}

// hash reads a comment, a directive, or a plain #.
func (p *parser) hash() (node, terminator, error) {
	at, rest := p.i, p.src[p.i:]
	switch {
	case strings.HasPrefix(rest, "##"):
		if n := strings.IndexAny(rest, "\r\n"); n < 0 {
			p.i = len(p.src)
		} else {
			p.i += n
		}
		p.gobble()
		return nil, terminator{}, nil
	case strings.HasPrefix(rest, "#[["):
		n := strings.Index(rest, "]]#")
		if n < 0 {
			return nil, terminator{}, p.fail(at, "#[[ is not closed by ]]#")
		}
		p.i += n + 3
		return textNode(rest[3:n]), terminator{}, nil
	case strings.HasPrefix(rest, "#*"):
		n := strings.Index(rest[2:], "*#")
		if n < 0 {
			return nil, terminator{}, p.fail(at, "the comment #* is not closed by *#")
		}
		p.i += n + 4
		return nil, terminator{}, nil
	}
	name, end := p.word(at)
	if name == "" {
		if p.i++; p.i == len(p.src) && !p.inString {
			return nil, terminator{}, p.fail(at, "a template cannot end in #")
		}
		return textNode("#"), terminator{}, nil
	}
	if behind := p.setAt(at); behind > 0 {
		p.i = behind
		n, err := p.set(at)
		return n, terminator{}, err
	}
	p.i = end
	if name == "end" || name == "else" || name == "elseif" {
		if name != "elseif" {
			p.gobble()
		}
		return nil, terminator{name, at}, nil
	}
	n, err := p.directive(name, at)
	return n, terminator{}, err
}

// dollar reads a reference behind n backslashes, or a plain $.
func (p *parser) dollar(n int) (node, error) {
	at := p.i
	ref, err := p.reference()
	if err != nil {
		return nil, err
	}
	if ref == nil {
		if rest := p.src[at+1:]; !p.inString && (rest == "" || rest == "!") {
			return nil, p.fail(at, "a template cannot end in $")
		}
		p.i = at + 1
		return textNode(p.src[at-n : p.i]), nil
	}
	out := &output{ref: ref, source: p.src[at:p.i], prefix: p.src[at-n : at-n+n/2], escaped: n%2 == 1}
	return out, nil
}
