package velocity

import (
	"errors"

	"gatehouse/internal/jsonpath"
)

// node is a statement.
type node interface {
	render(r *run) error
}

// block is a list of statements.
type block []node

func (b block) render(r *run) error {
	for _, n := range b {
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

// errBreak and errStop travel as errors: they end loops and renderings, they are no faults.
var (
	errBreak = errors.New("#break")
	errStop  = errors.New("#stop")
)

type (
	textNode string
	signal   struct{ err error }
	// output is a reference in the text.
	output struct {
		ref     *reference
		source  string
		prefix  string // backslashes to print
		escaped bool
	}
	setNode struct {
		at     int
		target *reference
		value  expr
	}
	ifNode struct {
		at        int
		branches  []branch
		otherwise block
	}
	branch struct {
		condition expr
		then      block
	}
	foreachNode struct {
		at   int
		slot int
		list expr
		body block
	}
	defineNode struct {
		at     int
		slot   int
		source string
		body   block
	}
)

func (n textNode) render(r *run) error { return r.write(string(n)) }

func (n signal) render(*run) error { return n.err }

func (n *output) render(r *run) error {
	if n.escaped {
		return r.write(n.prefix + n.source)
	}
	v, err := n.ref.eval(r)
	if err != nil {
		return err
	}
	if n.prefix != "" {
		if err := r.write(n.prefix); err != nil {
			return err
		}
	}
	switch v := v.(type) {
	case string:
		return r.at(n.ref.at, r.write(v))
	case *defined:
		ok, err := r.expand(v)
		if err == nil && !ok && !n.ref.quiet {
			err = r.write(n.source)
		}
		return err
	}
	return r.at(n.ref.at, r.print(v, 0))
}

func (n *setNode) render(r *run) error {
	v, err := n.value.eval(r)
	if err != nil || v == nil { // Velocity does not assign null
		return err
	}
	return r.at(n.at, n.target.assign(r, v))
}

func (n *ifNode) render(r *run) error {
	for i := range n.branches {
		if err := r.at(n.at, r.m.Spend(1)); err != nil {
			return err
		}
		ok, err := n.branches[i].condition.truth(r)
		if err != nil {
			return err
		}
		if ok {
			return n.branches[i].then.render(r)
		}
	}
	return n.otherwise.render(r)
}

// loop is $foreach.
type loop struct {
	index   int
	hasNext bool
	parent  *loop
}

func (n *foreachNode) render(r *run) error {
	v, err := n.list.eval(r)
	if err != nil {
		return err
	}
	a, isList := v.(*jsonpath.Array)
	o, isMap := v.(*jsonpath.Object)
	if !isList && !isMap { // nothing else can be run over, and that is no error
		return nil
	}
	length := func() int {
		if isList {
			return len(a.Items)
		}
		return o.Len()
	}
	saved, count := r.vals[n.slot], length()
	r.loop = &loop{parent: r.loop}
	defer func() { r.loop, r.vals[n.slot] = r.loop.parent, saved }()
	for i := 0; i < count && i < MaxIterations; i++ {
		if length() != count {
			return r.at(n.at, errors.New("the list changed while #foreach ran over it"))
		}
		if isList {
			v = a.Items[i]
		} else {
			v = o.Members()[i].Value
		}
		r.loop.index, r.loop.hasNext, r.vals[n.slot] = i, i+1 < count, v
		if err := r.at(n.at, r.m.Spend(1)); err != nil {
			return err
		}
		if err := n.body.render(r); err == errBreak {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// defined is the value of a #define: a block that is rendered wherever its reference stands.
type defined struct {
	node  *defineNode
	depth int
}

func (n *defineNode) render(r *run) error {
	if err := r.at(n.at, r.m.Alloc(32)); err != nil {
		return err
	}
	r.vals[n.slot] = &defined{node: n}
	return nil
}

// maxRecursion is how often Velocity lets a block stand inside itself before it prints its name instead.
const maxRecursion = 2

// expand renders a defined block, false when it stands inside itself too often.
func (r *run) expand(d *defined) (bool, error) {
	if d.depth == maxRecursion {
		return false, nil
	}
	if r.depth++; r.depth > MaxDepth {
		return false, r.at(d.node.at, jsonpath.ErrDepth)
	}
	d.depth++
	err := d.node.body.render(r)
	d.depth--
	r.depth--
	if err == errBreak {
		err = nil
	}
	return true, err
}

// run is one rendering.
type run struct {
	t         *Template
	env       Env
	overrides *Overrides
	m         jsonpath.Meter
	out       []byte
	vals      []any // variables by slot; nil is undefined
	args      []any // arguments of the calls under way
	loop      *loop
	depth     int
	input     input
}

var (
	errOutput     = errors.New("the output is longer than 10485760 bytes")
	errMacroDepth = errors.New("macros call each other too deeply")
)

func (r *run) write(s string) error {
	if len(r.out)+len(s) > MaxOutput {
		return errOutput
	}
	r.out = append(r.out, s...)
	return r.m.Spend(1 + len(s)/64)
}

// at gives an error the position of a node, if it has none yet.
func (r *run) at(offset int, err error) error {
	if err == nil || err == errStop || err == errBreak {
		return err
	}
	var placed *RenderError
	if errors.As(err, &placed) {
		return err
	}
	line, column := r.t.position(offset)
	return &RenderError{line, column, err}
}

// capture renders into a text.
func (r *run) capture(render func() error) (string, error) {
	mark := len(r.out)
	err := render()
	text := string(r.out[mark:])
	r.out = r.out[:mark]
	if err == nil {
		err = r.m.Alloc(len(text))
	}
	return text, err
}

// roots are the variables that the engine provides.
type root int

const (
	rootInput root = iota
	rootUtil
	rootContext
	rootStageVariables
	rootForeach
	rootCount
	rootHasNext
)

var rootNames = [...]string{"input", "util", "context", "stageVariables", "foreach", "velocityCount", "velocityHasNext"}

// load turns a root into what it stands for now.
func (r *run) load(slot int, v root) any {
	switch v {
	case rootContext:
		context := r.env.Context()
		context.Put("requestOverride", r.overrides.request)
		context.Put("responseOverride", r.overrides.response)
		r.vals[slot] = context
		return context
	case rootStageVariables:
		vars := object(r.env.Params(StageVariable))
		r.vals[slot] = vars
		return vars
	case rootInput, rootUtil:
		return v
	}
	if r.loop == nil {
		return nil
	}
	switch v {
	case rootCount:
		return int64(r.loop.index + 1)
	case rootHasNext:
		return r.loop.hasNext
	}
	return r.loop
}

func object(params []Param) *jsonpath.Object {
	o := new(jsonpath.Object)
	for _, p := range params {
		o.Put(p.Name, p.Value)
	}
	return o
}
