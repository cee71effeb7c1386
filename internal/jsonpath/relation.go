package jsonpath

import "strings"

func (l allOf) holds(e *evaluation, at any) (bool, error) {
	for _, c := range l {
		if ok, err := c.holds(e, at); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (l anyOf) holds(e *evaluation, at any) (bool, error) {
	for _, c := range l {
		if ok, err := c.holds(e, at); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

func (n negate) holds(e *evaluation, at any) (bool, error) {
	ok, err := n.c.holds(e, at)
	return !ok && err == nil, err
}

func (x exists) holds(e *evaluation, at any) (bool, error) {
	v, ok, err := e.operand(&x.o, at)
	if a, list := v.(*Array); ok && list && !x.o.path.definite {
		ok = len(a.Items) > 0
	}
	return ok, err
}

func (e *evaluation) operand(o *operand, at any) (any, bool, error) {
	if o.path == nil {
		return o.value, true, nil
	}
	if o.fromRoot {
		at = e.root
	}
	return e.eval(o.path, at)
}

func (r relation) holds(e *evaluation, at any) (bool, error) {
	if err := e.m.Spend(1); err != nil {
		return false, err
	}
	left, lok, err := e.operand(&r.left, at)
	if err != nil {
		return false, err
	}
	if r.op == "=~" {
		s, ok := left.(string)
		if !ok {
			return false, nil
		}
		if err := e.m.Spend(r.pattern.Cost(len(s))); err != nil {
			return false, err
		}
		return r.pattern.Matches(s), nil
	}
	right, rok, err := e.operand(&r.right, at)
	if err != nil {
		return false, err
	}
	if !lok || !rok { // nothing equals nothing else
		return (r.op == "!=" || r.op == "!==" || r.op == "nin" || r.op == "noneof") && lok != rok, nil
	}
	switch r.op {
	case "==", "===":
		return Equal(left, right, e.m)
	case "!=", "!==":
		ok, err := Equal(left, right, e.m)
		return !ok && err == nil, err
	case "<", "<=", ">", ">=":
		c, ok := compare(left, right)
		return ok && (c < 0 && r.op[0] == '<' || c > 0 && r.op[0] == '>' || c == 0 && len(r.op) == 2), nil
	}
	return e.membership(r.op, left, right)
}

func (e *evaluation) membership(op string, left, right any) (bool, error) {
	l, lok := left.(*Array)
	r, rok := right.(*Array)
	switch op {
	case "in", "nin":
		found, err := e.contains(r, left)
		return err == nil && rok && found == (op == "in"), err
	case "contains":
		if s, ok := left.(string); ok {
			sub, ok := right.(string)
			return ok && strings.Contains(s, sub), e.m.Spend(len(s) / 64)
		}
		return e.contains(l, right)
	case "size":
		n, ok := length(left)
		c, comparable := compare(int64(n), right)
		return ok && comparable && c == 0, nil
	case "empty":
		n, ok := length(left)
		want, isBool := right.(bool)
		return ok && isBool && want == (n == 0), nil
	}
	if !lok || !rok {
		return false, nil
	}
	hits := 0
	for _, v := range l.Items {
		found, err := e.contains(r, v)
		if err != nil {
			return false, err
		}
		if found {
			hits++
		}
	}
	switch op {
	case "anyof":
		return hits > 0, nil
	case "noneof":
		return hits == 0, nil
	}
	return hits == len(l.Items), nil // subsetof
}

func (e *evaluation) contains(a *Array, v any) (bool, error) {
	if a == nil {
		return false, nil
	}
	for _, item := range a.Items {
		if ok, err := Equal(item, v, e.m); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}
