package jsonpath

// maxWalk is how deep a walk may recurse: segments of the path and levels of the value together. A template
// can put an object into itself.
const maxWalk = 10 * MaxDepth

// evaluation is one walk over one document.
type evaluation struct {
	root  any
	m     *Meter
	depth int
}

// Eval finds the path in a value. A definite path that leads nowhere gives found false; any other path
// gives an Array. What it returns is part of the value, not a copy.
func (p *Path) Eval(root any, m *Meter) (v any, found bool, err error) {
	e := &evaluation{root: root, m: m}
	return e.eval(p, root)
}

func (e *evaluation) eval(p *Path, at any) (v any, found bool, err error) {
	if p.definite {
		if v, found, err = e.single(p.steps, at); err != nil || !found {
			return nil, false, err
		}
	} else if v, found, err = e.several(p.steps, at); err != nil || !found {
		return nil, false, err
	}
	if p.function != "" {
		v, err = e.call(p.function, v)
		return v, err == nil, err
	}
	return v, true, nil
}

// single follows a definite path.
func (e *evaluation) single(steps []step, at any) (any, bool, error) {
	for i := range steps {
		if err := e.m.Spend(1); err != nil {
			return nil, false, err
		}
		var ok bool
		if at, ok = steps[i].child(at); !ok {
			return nil, false, nil
		}
	}
	return at, true, nil
}

// several follows a path that gives a list. As in Jayway, a member that is missing on the definite way in
// front gives an empty list, a value of the wrong kind gives nothing at all.
func (e *evaluation) several(steps []step, at any) (any, bool, error) {
	list := new(Array)
	for len(steps) > 0 && !steps[0].deep {
		s := &steps[0]
		_, isArray := at.(*Array)
		_, isObject := at.(*Object)
		switch s.kind {
		case stepName:
			if !isObject {
				return nil, false, nil
			}
		case stepIndex, stepFromEnd, stepIndexes, stepSlice:
			if !isArray {
				return nil, false, nil
			}
		case stepFilter:
			if !isArray && !isObject {
				return nil, false, nil
			}
		}
		if s.kind != stepName && s.kind != stepIndex && s.kind != stepFromEnd {
			break
		}
		if err := e.m.Spend(1); err != nil {
			return nil, false, err
		}
		var ok bool
		if at, ok = s.child(at); !ok {
			return list, true, nil
		}
		steps = steps[1:]
	}
	err := e.walk(steps, at, list)
	return list, true, err
}

// child is what a step of a definite path leads to.
func (s *step) child(at any) (any, bool) {
	switch s.kind {
	case stepName:
		if o, ok := at.(*Object); ok {
			return o.Get(s.name)
		}
	case stepNames:
		o, ok := at.(*Object)
		if !ok {
			return nil, false
		}
		picked := new(Object)
		for _, name := range s.names {
			if v, ok := o.Get(name); ok {
				picked.Put(name, v)
			}
		}
		return picked, !s.deep || picked.Len() == len(s.names)
	case stepIndex, stepFromEnd:
		a, ok := at.(*Array)
		if !ok {
			return nil, false
		}
		i := s.index
		if s.kind == stepFromEnd {
			i = -i
		}
		if i < 0 {
			i += len(a.Items)
		}
		if i >= 0 && i < len(a.Items) {
			return a.Items[i], true
		}
	}
	return nil, false
}

// walk collects what the steps lead to, parents before children.
func (e *evaluation) walk(steps []step, at any, out *Array) error {
	if len(steps) == 0 {
		if err := e.m.Alloc(valueCost); err != nil {
			return err
		}
		out.Items = append(out.Items, at)
		return e.m.Spend(1)
	}
	if err := e.m.Spend(1); err != nil {
		return err
	}
	if e.depth++; e.depth > maxWalk {
		return ErrDepth
	}
	defer func() { e.depth-- }()
	if err := e.step(steps, at, out); err != nil || !steps[0].deep {
		return err
	}
	return each(at, func(v any) error {
		if !isContainer(v) {
			return nil
		}
		return e.walk(steps, v, out)
	})
}

// step takes the first step from a value and walks on.
func (e *evaluation) step(steps []step, at any, out *Array) error {
	s, rest := &steps[0], steps[1:]
	a, isArray := at.(*Array)
	switch s.kind {
	case stepAny:
		return each(at, func(v any) error { return e.walk(rest, v, out) })
	case stepNames:
		if len(rest) == 0 {
			break
		}
		if o, ok := at.(*Object); ok {
			for _, name := range s.names {
				if v, ok := o.Get(name); ok {
					if err := e.walk(rest, v, out); err != nil {
						return err
					}
				}
			}
		}
		return nil
	case stepIndexes:
		for _, i := range s.indexes {
			if !isArray {
				break
			}
			if v, ok := (&step{kind: stepIndex, index: i}).child(at); ok {
				if err := e.walk(rest, v, out); err != nil {
					return err
				}
			}
		}
		return nil
	case stepSlice:
		if !isArray {
			return nil
		}
		from, to := s.slice(len(a.Items))
		for i := from; i < to; i++ {
			if err := e.walk(rest, a.Items[i], out); err != nil {
				return err
			}
		}
		return nil
	case stepFilter:
		return e.filter(s, rest, at, out)
	}
	if v, ok := s.child(at); ok {
		return e.walk(rest, v, out)
	}
	return nil
}

// filter tests the items of a list, or an object itself; a deep scan meets the items by itself.
func (e *evaluation) filter(s *step, rest []step, at any, out *Array) error {
	test := func(v any) error {
		if ok, err := s.filter.holds(e, v); err != nil || !ok {
			return err
		}
		return e.walk(rest, v, out)
	}
	switch at := at.(type) {
	case *Object:
		return test(at)
	case *Array:
		for i := 0; i < len(at.Items) && !s.deep; i++ {
			if err := test(at.Items[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// slice gives the bounds for a list of n items; negative ones count from the end.
func (s *step) slice(n int) (from, to int) {
	to = n
	if s.from.set {
		from = s.from.n
	}
	if s.to.set {
		to = s.to.n
	}
	if from < 0 {
		from = max(0, n+from)
	}
	if to < 0 {
		to += n
	}
	return from, min(to, n)
}

func isContainer(v any) bool {
	switch v.(type) {
	case *Array, *Object:
		return true
	}
	return false
}

// each calls f with the items of a list or the values of an object.
func each(at any, f func(any) error) error {
	switch at := at.(type) {
	case *Array:
		for _, v := range at.Items {
			if err := f(v); err != nil {
				return err
			}
		}
	case *Object:
		for i := range at.members {
			if err := f(at.members[i].Value); err != nil {
				return err
			}
		}
	}
	return nil
}
