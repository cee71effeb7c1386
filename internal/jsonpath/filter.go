package jsonpath

import (
	"slices"
	"strings"

	"gatehouse/internal/javaregexp"
)

// condition is the inside of ?( … ).
type condition interface {
	holds(e *evaluation, at any) (bool, error)
}

type (
	allOf  []condition
	anyOf  []condition
	negate struct{ c condition }
	exists struct{ o operand }
	// relation compares two operands.
	relation struct {
		op          string
		left, right operand
		pattern     *javaregexp.Regexp // of =~
	}
)

// operand is a literal, or a path from the item (@) or the root ($).
type operand struct {
	path     *Path
	fromRoot bool
	value    any
}

// operators lists the longer ones before their prefixes.
var operators = []string{"===", "!==", "==", "!=", "=~", "<=", ">=", "<", ">"}

var wordOperators = []string{"in", "nin", "contains", "subsetof", "anyof", "noneof", "size", "empty"}

func (c *compiler) condition() condition {
	if c.depth++; c.depth > MaxDepth {
		c.fail("conditions nest too deeply")
		return allOf{}
	}
	defer func() { c.depth-- }()
	var or anyOf
	for {
		var and allOf
		for {
			and = append(and, c.term())
			if c.space(); c.err != nil || !c.accept("&&") {
				break
			}
		}
		if or = append(or, simple(and)); c.err != nil || !c.accept("||") {
			return simple(or)
		}
	}
}

// simple takes the only condition out of its list.
func simple[L interface {
	~[]condition
	condition
}](list L) condition {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (c *compiler) term() condition {
	switch c.space(); {
	case c.accept("!"):
		if c.depth++; c.depth > MaxDepth {
			c.fail("conditions nest too deeply")
			return allOf{}
		}
		defer func() { c.depth-- }()
		return negate{c.term()}
	case c.accept("("):
		inner := c.condition()
		c.expect(")")
		return inner
	}
	left := c.operand()
	op := c.operator()
	if op == "" {
		if left.path == nil {
			c.fail("expected an operator")
		}
		return exists{left}
	}
	r := relation{op: op, left: left}
	if op == "=~" {
		r.pattern = c.pattern()
	} else {
		r.right = c.operand()
	}
	return r
}

func (c *compiler) operator() string {
	c.space()
	for _, op := range operators {
		if c.accept(op) {
			return op
		}
	}
	start := c.i
	for c.peek() >= 'a' && c.peek() <= 'z' || c.peek() >= 'A' && c.peek() <= 'Z' {
		c.i++
	}
	word := asciiLower(c.s[start:c.i])
	if slices.Contains(wordOperators, word) {
		return word
	}
	if c.i = start; word != "" {
		c.fail("unknown operator")
	}
	return ""
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func (c *compiler) operand() operand {
	c.space()
	switch b := c.peek(); {
	case b == '@' || b == '$':
		c.i++
		return operand{path: c.path(), fromRoot: b == '$'}
	case b == '\'' || b == '"':
		return operand{value: c.literalString()}
	case b == '[' || b == '{':
		return operand{value: c.literalJSON()}
	}
	start := c.i
	for c.i < len(c.s) && !strings.ContainsRune(" \t\r\n)]&|=!<>,", rune(c.s[c.i])) {
		c.i++
	}
	switch word := c.s[start:c.i]; word {
	case "true", "false":
		return operand{value: word == "true"}
	case "null":
		return operand{}
	default:
		n, ok := number(word)
		if !ok {
			c.i = start
			c.fail("expected @, $, a quoted text, a number, true, false or null")
		}
		return operand{value: n}
	}
}

// literalJSON reads a list or an object.
func (c *compiler) literalJSON() any {
	p := &parser{s: c.s, i: c.i, m: &Meter{Steps: maxPath, Bytes: maxPath * valueCost}}
	v, err := p.value("", 0)
	if err != nil {
		c.i = min(p.i, len(c.s))
		c.fail("%v", err)
		return nil
	}
	c.i = p.i
	return v
}

// pattern reads /expression/i.
func (c *compiler) pattern() *javaregexp.Regexp {
	c.space()
	start := c.i
	if !c.accept("/") {
		c.fail("expected /pattern/")
		return nil
	}
	var b strings.Builder
	for c.i < len(c.s) && c.s[c.i] != '/' {
		if c.s[c.i] == '\\' && c.i+1 < len(c.s) {
			if c.i++; c.s[c.i] != '/' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(c.s[c.i])
		c.i++
	}
	if !c.accept("/") {
		c.fail("the pattern is not closed")
		return nil
	}
	flags := ""
	for strings.IndexByte("ims", c.peek()) >= 0 && c.peek() != 0 {
		flags += c.s[c.i : c.i+1]
		c.i++
	}
	re, err := javaregexp.Compile(b.String(), flags)
	if err != nil {
		c.i = start
		c.fail("%v", err)
	}
	return re
}
