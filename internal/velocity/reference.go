package velocity

import (
	"fmt"

	"gatehouse/internal/javaregexp"
	"gatehouse/internal/jsonpath"
)

// reference is a variable and what follows it.
type reference struct {
	at    int
	slot  int
	links []link
	quiet bool
}

// link leads from a value to the next; nil when there is none.
type link interface {
	get(r *run, from any) (any, error)
}

type (
	property string
	index    struct {
		at  int
		key expr
	}
	method struct {
		at      int
		name    string
		args    []expr
		pattern *javaregexp.Regexp // of a constant first argument
		path    *jsonpath.Path     // of a constant first argument
	}
)

// root is the value of the variable itself.
func (f *reference) root(r *run) any {
	v := r.vals[f.slot]
	if engine, ok := v.(root); ok {
		return r.load(f.slot, engine)
	}
	return v
}

// eval follows the reference. API Gateway gives the empty text for what is undefined or null [recorded].
func (f *reference) eval(r *run) (any, error) {
	if err := r.m.Spend(1 + len(f.links)); err != nil {
		return nil, r.at(f.at, err)
	}
	v := f.root(r)
	for _, l := range f.links {
		if v == nil {
			return "", nil
		}
		var err error
		if v, err = l.get(r, v); err != nil {
			return nil, r.at(f.at, err)
		}
	}
	if v == nil {
		return "", nil
	}
	return v, nil
}

// truth is false only for false: Velocity takes every value for true, and what is undefined is a text here.
func (f *reference) truth(r *run) (bool, error) {
	v, err := f.eval(r)
	b, isBool := v.(bool)
	return err == nil && (b || !isBool), err
}

// assign sets what the reference names. What cannot be set is left alone, as in Velocity.
func (f *reference) assign(r *run, v any) error {
	if len(f.links) == 0 {
		r.vals[f.slot] = v
		return nil
	}
	at := f.root(r)
	last := len(f.links) - 1
	for _, l := range f.links[:last] {
		if at == nil {
			return nil
		}
		var err error
		if at, err = l.get(r, at); err != nil {
			return err
		}
	}
	switch l := f.links[last].(type) {
	case property:
		if o, ok := at.(*jsonpath.Object); ok {
			return r.put(o, string(l), v)
		}
	case *index:
		key, err := l.key.eval(r)
		if err != nil {
			return err
		}
		switch at := at.(type) {
		case *jsonpath.Object:
			name, err := r.text(key)
			if err != nil {
				return err
			}
			return r.put(at, name, v)
		case *jsonpath.Array:
			i, ok := whole(key)
			if !ok {
				return nil
			}
			if i, err = bounds(at, i); err == nil {
				at.Items[i] = v
			}
			return err
		}
	}
	return nil
}

// put sets a member and pays for it.
func (r *run) put(o *jsonpath.Object, name string, v any) error {
	if err := r.m.Alloc(64); err != nil {
		return err
	}
	o.Put(name, v)
	return nil
}

// bounds turns an index, from the end when negative, into one of the list.
func bounds(a *jsonpath.Array, i int64) (int64, error) {
	at := i
	if i < 0 {
		at += int64(len(a.Items))
	}
	if at < 0 || at >= int64(len(a.Items)) {
		return 0, fmt.Errorf("index %d is outside of a list of %d", i, len(a.Items))
	}
	return at, nil
}

func (p property) get(r *run, from any) (any, error) {
	name := string(p)
	switch from := from.(type) {
	case *jsonpath.Object:
		v, _ := from.Get(name)
		return v, nil
	case *jsonpath.Array:
		if name == "empty" {
			return len(from.Items) == 0, nil
		}
	case string:
		if name == "empty" {
			return from == "", nil
		}
	case *loop:
		return from.property(name), nil
	case *entry:
		switch name {
		case "key":
			return from.key, nil
		case "value":
			return from.value, nil
		}
	case root:
		if from == rootInput && name == "body" {
			return r.body(), nil
		}
	}
	return nil, nil
}

func (l *loop) property(name string) any {
	switch name {
	case "index":
		return int64(l.index)
	case "count":
		return int64(l.index + 1)
	case "hasNext":
		return l.hasNext
	case "first":
		return l.index == 0
	case "last":
		return !l.hasNext
	case "parent":
		if l.parent != nil {
			return l.parent
		}
	case "topmost":
		for l.parent != nil {
			l = l.parent
		}
		return l
	}
	return nil
}

func (x *index) get(r *run, from any) (any, error) {
	key, err := x.key.eval(r)
	if err != nil {
		return nil, err
	}
	switch from := from.(type) {
	case *jsonpath.Array:
		i, ok := whole(key)
		if !ok {
			return nil, nil
		}
		if i, err = bounds(from, i); err != nil {
			return nil, r.at(x.at, err)
		}
		return from.Items[i], nil
	case *jsonpath.Object:
		name, err := r.text(key)
		if err != nil {
			return nil, r.at(x.at, err)
		}
		v, _ := from.Get(name)
		return v, nil
	}
	return nil, nil
}

// call is one call of a method.
type call struct {
	*run
	*method
	args []any
}

func (m *method) get(r *run, from any) (any, error) {
	base := len(r.args)
	for _, a := range m.args {
		v, err := a.eval(r)
		if err != nil {
			return nil, err
		}
		r.args = append(r.args, v)
	}
	defer func() { r.args = r.args[:base] }()
	v, err := (&call{r, m, r.args[base:]}).invoke(from)
	if err == errBreak || err == errStop {
		return nil, err
	}
	if err != nil {
		return nil, r.at(m.at, fmt.Errorf("%s: %w", m.name, err))
	}
	return v, nil
}

// invoke calls the method of a value. A method that does not exist, or not with such arguments, gives nil, as
// in Velocity.
func (c *call) invoke(v any) (any, error) {
	if c.name == "toString" && len(c.args) == 0 {
		return c.text(v)
	}
	if c.name == "equals" && len(c.args) == 1 {
		if k := kind(v); k == kindOther || k != kind(c.args[0]) {
			return false, nil
		}
		return jsonpath.Equal(v, c.args[0], &c.m)
	}
	switch v := v.(type) {
	case string:
		return c.ofText(v)
	case *jsonpath.Array:
		return c.ofList(v)
	case *jsonpath.Object:
		return c.ofMap(v)
	case *entry:
		return c.ofEntry(v)
	case bool:
		return c.ofBool(v)
	case *loop:
		return c.ofLoop(v)
	case root:
		if v == rootInput {
			return c.ofInput()
		}
		return c.ofUtil()
	}
	return c.ofNumber(v)
}

// textArg is the argument i when it is a text.
func (c *call) textArg(i int) (string, bool) {
	if i >= len(c.args) {
		return "", false
	}
	switch v := c.args[i].(type) {
	case string:
		return v, true
	}
	return "", false
}

// intArg is the argument i when it is a whole number.
func (c *call) intArg(i int) (int64, bool) {
	if i >= len(c.args) {
		return 0, false
	}
	return whole(c.args[i])
}
