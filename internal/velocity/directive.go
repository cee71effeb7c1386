package velocity

import "strings"

// directive reads what follows a #name other than set, else, elseif and end.
func (p *parser) directive(name string, at int) (node, error) {
	switch name {
	case "if":
		return p.ifs(at)
	case "foreach":
		return p.foreach(at)
	case "define":
		return p.define(at)
	case "macro":
		return p.macro(at)
	case "include", "parse":
		return nil, p.fail(at, "#%s is not offered: a template has no files", name)
	case "break", "stop":
		if _, err := p.arguments(name, at); err != nil {
			return nil, err
		}
		if name == "stop" {
			return signal{errStop}, nil
		}
		return signal{errBreak}, nil
	}
	if strings.HasPrefix(name, "@") {
		return nil, p.fail(at, "#%s: macros with a body are not offered", name)
	}
	args, err := p.arguments(name, at)
	if err != nil {
		return nil, err
	}
	// What is no directive prints itself, as calls of macros and #evaluate do on API Gateway.
	literal := textNode(p.src[at:p.i])
	if p.c.options.Macros && args != nil {
		return &macroCall{at: p.base + at, name: name, args: args, literal: literal}, nil
	}
	return literal, nil
}

// open steps over blanks and an opening bracket.
func (p *parser) open(name string) error {
	if p.space(); p.i == len(p.src) || p.src[p.i] != '(' {
		return p.fail(p.i, "#%s needs an opening bracket", name)
	}
	p.i++
	p.space()
	return nil
}

// close steps over a closing bracket and the rest of a line that is blank.
func (p *parser) close(name string) error {
	if p.space(); p.i == len(p.src) || p.src[p.i] != ')' {
		return p.fail(p.i, "#%s: expected )", name)
	}
	p.i++
	p.gobble()
	return nil
}

// arguments reads the arguments of a directive that needs none; nil without brackets.
func (p *parser) arguments(name string, at int) ([]expr, error) {
	if rest := strings.TrimLeft(p.src[p.i:], " \t\r\n"); !strings.HasPrefix(rest, "(") {
		return nil, nil
	}
	if err := p.open(name); err != nil {
		return nil, err
	}
	args := []expr{}
	for p.space(); p.i < len(p.src) && p.src[p.i] != ')'; p.space() {
		if p.src[p.i] == ',' {
			p.i++
			p.space()
		}
		if word := p.bareWord(); word != "" {
			args = append(args, literal{word})
			continue
		}
		arg, err := p.operand()
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, p.close(name)
}

// bareWord reads a word that is no operand.
func (p *parser) bareWord() string {
	end := p.i
	for end < len(p.src) && isWordByte(p.src[end]) {
		end++
	}
	word := p.src[p.i:end]
	if word == "" || isDigit(word[0]) || word == "true" || word == "false" || word == "null" {
		return ""
	}
	p.i = end
	return word
}

// body reads a block that only #end may close.
func (p *parser) body(name string, at int) (block, error) {
	b, end, err := p.block()
	switch {
	case err != nil:
		return nil, err
	case end.name == "":
		return nil, p.fail(at, "#%s is not closed by #end", name)
	case end.name != "end":
		return nil, p.fail(end.at, "#%s inside #%s", end.name, name)
	}
	return b, nil
}

func (p *parser) ifs(at int) (node, error) {
	n := new(ifNode)
	n.at = p.base + at
	for name := "if"; ; {
		if err := p.open(name); err != nil {
			return nil, err
		}
		condition, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.close(name); err != nil {
			return nil, err
		}
		then, end, err := p.block()
		if err != nil {
			return nil, err
		}
		n.branches = append(n.branches, branch{condition, then})
		switch end.name {
		case "elseif":
			name = end.name
			continue
		case "else":
			n.otherwise, err = p.body("else", at)
			return n, err
		case "end":
			return n, nil
		}
		return nil, p.fail(at, "#if is not closed by #end")
	}
}

// variable reads a reference without properties and returns its slot.
func (p *parser) variable(name string) (int, error) {
	at := p.i
	ref, err := p.reference()
	if err != nil {
		return 0, err
	}
	if ref == nil || len(ref.links) > 0 {
		return 0, p.fail(at, "#%s: expected a variable such as $x", name)
	}
	return ref.slot, nil
}

func (p *parser) foreach(at int) (node, error) {
	if err := p.open("foreach"); err != nil {
		return nil, err
	}
	n := &foreachNode{at: p.base + at}
	var err error
	if n.slot, err = p.variable("foreach"); err != nil {
		return nil, err
	}
	p.space()
	if word := p.i; p.bareWord() != "in" {
		return nil, p.fail(word, "#foreach: expected in")
	}
	p.space()
	if n.list, err = p.operand(); err != nil {
		return nil, err
	}
	if err := p.close("foreach"); err != nil {
		return nil, err
	}
	n.body, err = p.body("foreach", at)
	return n, err
}

func (p *parser) define(at int) (node, error) {
	if err := p.open("define"); err != nil {
		return nil, err
	}
	n := &defineNode{at: p.base + at}
	start := p.i
	var err error
	if n.slot, err = p.variable("define"); err != nil {
		return nil, err
	}
	n.source = p.src[start:p.i]
	if err := p.close("define"); err != nil {
		return nil, err
	}
	n.body, err = p.body("define", at)
	return n, err
}

// set reads the inside of #set( … ).
func (p *parser) set(at int) (node, error) {
	p.space()
	start := p.i
	ref, err := p.reference()
	if err != nil {
		return nil, err
	}
	if ref == nil {
		return nil, p.fail(start, "#set: expected a variable such as $x")
	}
	if n := len(ref.links); n > 0 {
		if _, ok := ref.links[n-1].(*method); ok {
			return nil, p.fail(start, "#set cannot assign to the result of a method")
		}
	}
	if p.space(); p.i == len(p.src) || p.src[p.i] != '=' || strings.HasPrefix(p.src[p.i:], "==") {
		return nil, p.fail(p.i, "#set: expected =")
	}
	p.i++
	value, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &setNode{at: p.base + at, target: ref, value: value}, p.close("set")
}
