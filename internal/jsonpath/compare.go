package jsonpath

import (
	"cmp"
	"math/big"
	"strings"
)

// Equal compares by value: numbers by amount, lists and objects member by member.
func Equal(a, b any, m *Meter) (bool, error) { return equal(a, b, m, 0) }

func equal(a, b any, m *Meter, depth int) (bool, error) {
	if depth > MaxDepth {
		return false, ErrDepth
	}
	if err := m.Spend(1); err != nil {
		return false, err
	}
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case string:
		y, ok := b.(string)
		return ok && x == y, m.Spend(len(x) / 64)
	case bool:
		y, ok := b.(bool)
		return ok && x == y, nil
	case *Array:
		y, ok := b.(*Array)
		if !ok || len(x.Items) != len(y.Items) {
			return false, nil
		}
		for i := range x.Items {
			if ok, err := equal(x.Items[i], y.Items[i], m, depth+1); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	case *Object:
		y, ok := b.(*Object)
		if !ok || len(x.members) != len(y.members) {
			return false, nil
		}
		for i := range x.members {
			v, ok := y.Get(x.members[i].Name)
			if !ok {
				return false, nil
			}
			if ok, err := equal(x.members[i].Value, v, m, depth+1); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}
	c, ok := compare(a, b)
	return ok && c == 0, nil
}

// compare orders two numbers or two texts.
func compare(a, b any) (int, bool) {
	if x, ok := a.(string); ok {
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	}
	return CompareNumbers(a, b)
}

// CompareNumbers orders two numbers of any kind; false when one is none. What is no number (NaN) is equal
// to nothing.
func CompareNumbers(a, b any) (int, bool) {
	x, xok := small(a)
	y, yok := small(b)
	if xok && yok {
		return cmp.Compare(x, y), true
	}
	f, fi, fok := amount(a)
	g, gi, gok := amount(b)
	switch {
	case !fok || !gok:
		return 0, false
	case fi != nil && gi != nil:
		return fi.Cmp(gi), true
	case f < g:
		return -1, true
	case f > g:
		return 1, true
	}
	return 0, f == g
}

func small(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case Number:
		return v.Int()
	}
	return 0, false
}

// amount is the value of a number, exact when it is whole.
func amount(v any) (float64, *big.Int, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), big.NewInt(v), true
	case float64:
		return v, nil, true
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, v, true
	case Number:
		if n, ok := v.Int(); ok {
			return float64(n), big.NewInt(n), true
		}
		return v.Float(), v.Big(), true
	}
	return 0, nil, false
}
