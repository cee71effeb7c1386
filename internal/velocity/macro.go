package velocity

import "slices"

// macro is a #macro definition, for Options.Macros. Arguments are passed by value.
type macro struct {
	params []int // slots
	body   block
}

type macroCall struct {
	at      int
	name    string
	args    []expr
	literal textNode
}

// macro reads #macro( name $a $b ) … #end. The definition itself prints nothing.
func (p *parser) macro(at int) (node, error) {
	if err := p.open("macro"); err != nil {
		return nil, err
	}
	name := p.bareWord()
	if name == "" {
		return nil, p.fail(p.i, "#macro: expected a name")
	}
	if name == "set" || isDirective(name) {
		return nil, p.fail(at, "#macro: %s is a directive", name)
	}
	m := new(macro)
	for p.space(); p.i < len(p.src) && p.src[p.i] != ')'; p.space() {
		if len(m.params) > 0 && p.src[p.i] == ',' {
			p.i++
			p.space()
		}
		slot, err := p.variable("macro")
		if err != nil {
			return nil, err
		}
		if slices.Contains(m.params, slot) {
			return nil, p.fail(at, "#macro: two parameters have one name")
		}
		m.params = append(m.params, slot)
	}
	if err := p.close("macro"); err != nil {
		return nil, err
	}
	var err error
	if m.body, err = p.body("macro", at); err != nil {
		return nil, err
	}
	if _, exists := p.c.t.macros[name]; !exists && p.c.options.Macros {
		p.c.t.macros[name] = m
	}
	return nil, nil
}

// maxMacroDepth is Velocity's limit for macros that call themselves.
const maxMacroDepth = 20

func (n *macroCall) render(r *run) error {
	m := r.t.macros[n.name]
	if m == nil || len(n.args) > len(m.params) {
		return n.literal.render(r)
	}
	if r.depth++; r.depth > maxMacroDepth {
		return r.at(n.at, errMacroDepth)
	}
	values := make([]any, len(m.params))
	for i, arg := range n.args {
		v, err := arg.eval(r)
		if err != nil {
			return err
		}
		values[i] = v
	}
	if err := r.at(n.at, r.m.Alloc(16*len(values))); err != nil {
		return err
	}
	for i, slot := range m.params {
		r.vals[slot], values[i] = values[i], r.vals[slot]
	}
	err := m.body.render(r)
	for i, slot := range m.params {
		r.vals[slot] = values[i]
	}
	if r.depth--; err == errBreak {
		err = nil
	}
	return err
}
