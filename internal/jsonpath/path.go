package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
)

// maxPath is how long a path may be, in bytes.
const maxPath = 4096

// Path is a compiled path. It is immutable and safe for concurrent use.
type Path struct {
	steps    []step
	function string
	definite bool
}

type stepKind uint8

const (
	stepName stepKind = iota + 1
	stepNames
	stepAny
	stepIndex
	stepIndexes
	stepSlice
	stepFromEnd // [(@.length-1)]
	stepFilter
)

// step is one segment of a path. With deep it is looked for in everything below, too.
type step struct {
	kind     stepKind
	deep     bool
	name     string
	names    []string
	index    int
	indexes  []int
	from, to bound
	filter   condition
}

type bound struct {
	set bool
	n   int
}

// PathError says where a path is wrong.
type PathError struct {
	Path string
	// Offset is the position in bytes.
	Offset int
	Msg    string
}

func (e *PathError) Error() string {
	return fmt.Sprintf("JSONPath %q at offset %d: %s", e.Path, e.Offset, e.Msg)
}

// Compile reads a path. A path that does not start with $ is taken to start with "$.", as Jayway does.
func Compile(text string) (*Path, error) {
	if len(text) > maxPath {
		return nil, &PathError{text[:32] + "…", maxPath, "longer than " + strconv.Itoa(maxPath) + " bytes"}
	}
	full := strings.TrimSpace(text)
	if full == "" {
		return nil, &PathError{text, 0, "the path is empty"}
	}
	if full[0] != '$' && full[0] != '@' {
		full = "$." + full
	}
	c := &compiler{s: full, i: 1}
	p := c.path()
	if c.err == nil && c.i < len(c.s) {
		c.fail("expected . or [")
	}
	if c.err != nil {
		return nil, c.err
	}
	return p, nil
}

type compiler struct {
	s     string
	i     int
	depth int
	err   *PathError
}

func (c *compiler) fail(format string, args ...any) {
	if c.err == nil {
		c.err = &PathError{c.s, c.i, fmt.Sprintf(format, args...)}
	}
}

func (c *compiler) peek() byte {
	if c.i < len(c.s) {
		return c.s[c.i]
	}
	return 0
}

func (c *compiler) space() {
	for c.i < len(c.s) && (c.s[c.i] == ' ' || c.s[c.i] == '\t' || c.s[c.i] == '\n' || c.s[c.i] == '\r') {
		c.i++
	}
}

// accept steps over a token.
func (c *compiler) accept(token string) bool {
	if strings.HasPrefix(c.s[c.i:], token) {
		c.i += len(token)
		return true
	}
	return false
}

func (c *compiler) expect(token string) {
	if c.space(); !c.accept(token) {
		c.fail("expected %s", token)
	}
}

// path reads segments until something comes that cannot start one.
func (c *compiler) path() *Path {
	p := &Path{definite: true}
	for c.err == nil && p.function == "" {
		var s step
		switch {
		case c.accept(".."):
			if s.deep = true; c.peek() == '[' {
				c.i++
				c.bracket(&s)
			} else {
				c.dotted(p, &s)
			}
		case c.accept("."):
			c.dotted(p, &s)
		case c.accept("["):
			c.bracket(&s)
		default:
			return p
		}
		if c.err != nil || p.function != "" {
			break
		}
		if s.deep || s.kind != stepName && s.kind != stepNames && s.kind != stepIndex && s.kind != stepFromEnd {
			p.definite = false
		}
		// Several names make one object at the end of a path, and several results before its end.
		if n := len(p.steps); n > 0 && p.steps[n-1].kind == stepNames {
			p.definite = false
		}
		p.steps = append(p.steps, s)
	}
	return p
}

// dotted reads what follows a dot: a name, a wildcard or a function.
func (c *compiler) dotted(p *Path, s *step) {
	start := c.i
	for c.i < len(c.s) && !strings.ContainsRune(".[]()=!<>&|, \t\r\n", rune(c.s[c.i])) {
		c.i++
	}
	name := c.s[start:c.i]
	if c.peek() == '(' && !s.deep {
		if !isFunction(name) {
			c.i = start
			c.fail("unknown function %s()", name)
			return
		}
		c.i++
		c.expect(")")
		p.function = name
		return
	}
	switch name {
	case "":
		c.fail("expected a name")
	case "*":
		s.kind = stepAny
	default:
		s.kind, s.name = stepName, name
	}
}

// bracket reads what follows an opening bracket, and the closing one.
func (c *compiler) bracket(s *step) {
	c.space()
	switch b := c.peek(); {
	case b == '*':
		c.i++
		s.kind = stepAny
	case b == '\'' || b == '"':
		c.names(s)
	case b == '?':
		c.i++
		c.expect("(")
		s.kind, s.filter = stepFilter, c.condition()
		c.expect(")")
	case b == '(':
		c.fromEnd(s)
	case b == ':' || b == '-' || b >= '0' && b <= '9':
		c.numbers(s)
	default:
		c.fail("expected a quoted name, an index, * or ?( … )")
	}
	c.expect("]")
}

func (c *compiler) names(s *step) {
	for c.err == nil {
		s.names = append(s.names, c.literalString())
		c.space()
		if !c.accept(",") {
			break
		}
		if c.space(); c.peek() != '\'' && c.peek() != '"' {
			c.fail("expected a quoted name")
		}
	}
	if s.kind = stepNames; len(s.names) == 1 {
		s.kind, s.name, s.names = stepName, s.names[0], nil
	}
}

// literalString reads a quoted text; a backslash stands before a character that means itself.
func (c *compiler) literalString() string {
	quote := c.peek()
	start := c.i
	var b strings.Builder
	for c.i++; c.i < len(c.s); c.i++ {
		switch ch := c.s[c.i]; {
		case ch == quote:
			c.i++
			return b.String()
		case ch == '\\' && c.i+1 < len(c.s):
			c.i++
			b.WriteByte(c.s[c.i])
		default:
			b.WriteByte(ch)
		}
	}
	c.i = start
	c.fail("the quote is not closed")
	return ""
}

func (c *compiler) integer() (int, bool) {
	start := c.i
	if c.peek() == '-' {
		c.i++
	}
	for c.peek() >= '0' && c.peek() <= '9' {
		c.i++
	}
	if c.i == start {
		return 0, false
	}
	n, err := strconv.ParseInt(c.s[start:c.i], 10, 32)
	if err != nil {
		c.i = start
		c.fail("expected a whole number of 32 bits")
	}
	return int(n), true
}

// numbers reads [1], [0,1], [1:2], [:2] or [-2:].
func (c *compiler) numbers(s *step) {
	n, ok := c.integer()
	if c.space(); c.accept(":") {
		s.kind, s.from = stepSlice, bound{ok, n}
		c.space()
		n, ok = c.integer()
		s.to = bound{ok, n}
		return
	}
	s.kind, s.index = stepIndex, n
	for c.err == nil {
		if c.space(); !c.accept(",") {
			break
		}
		if s.kind == stepIndex {
			s.kind, s.indexes = stepIndexes, []int{n}
		}
		c.space()
		if n, ok = c.integer(); !ok {
			c.fail("expected a number")
		}
		s.indexes = append(s.indexes, n)
	}
}

// fromEnd reads (@.length-1).
func (c *compiler) fromEnd(s *step) {
	for _, token := range []string{"(", "@", "."} {
		c.expect(token)
	}
	if !c.accept("length") && !c.accept("size") {
		c.fail("expected length")
	}
	c.accept("()")
	c.expect("-")
	c.space()
	n, ok := c.integer()
	if !ok || n < 1 {
		c.fail("expected a number from 1")
	}
	s.kind, s.index = stepFromEnd, n
	c.expect(")")
}
