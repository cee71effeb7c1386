package jsonpath

import (
	"errors"
	"math"
	"slices"
	"unicode/utf8"
)

// functions at the end of a path. concat and append, which change the document, are refused.
var functions = []string{"length", "size", "min", "max", "avg", "sum", "stddev", "keys", "first", "last"}

func isFunction(name string) bool { return slices.Contains(functions, name) }

var errNoNumbers = errors.New("a JSONPath function for numbers was given none")

func (e *evaluation) call(name string, v any) (any, error) {
	switch name {
	case "length", "size":
		if _, text := v.(string); text {
			return nil, nil
		}
		if n, ok := length(v); ok {
			return int64(n), nil
		}
		return nil, nil
	case "keys":
		o, ok := v.(*Object)
		if !ok {
			return nil, nil
		}
		if err := e.m.Alloc(valueCost * o.Len()); err != nil {
			return nil, err
		}
		keys := new(Array)
		for i := range o.members {
			keys.Items = append(keys.Items, o.members[i].Name)
		}
		return keys, nil
	}
	a, ok := v.(*Array)
	if !ok {
		return nil, nil
	}
	switch name {
	case "first", "last":
		if len(a.Items) == 0 {
			return nil, nil
		}
		if name == "first" {
			return a.Items[0], nil
		}
		return a.Items[len(a.Items)-1], nil
	}
	return e.aggregate(name, a)
}

func length(v any) (int, bool) {
	switch v := v.(type) {
	case *Array:
		return len(v.Items), true
	case *Object:
		return len(v.members), true
	case string:
		return utf8.RuneCountInString(v), true
	}
	return 0, false
}

// aggregate computes over the numbers of a list; the result is a double, as Jayway's is.
func (e *evaluation) aggregate(name string, a *Array) (any, error) {
	if err := e.m.Spend(len(a.Items)); err != nil {
		return nil, err
	}
	var n, sum, squares float64
	low, high := math.Inf(1), math.Inf(-1)
	for _, item := range a.Items {
		f, _, ok := amount(item)
		if !ok {
			continue
		}
		n++
		sum += f
		squares += f * f
		low, high = min(low, f), max(high, f)
	}
	if n == 0 {
		return nil, errNoNumbers
	}
	switch name {
	case "min":
		return low, nil
	case "max":
		return high, nil
	case "avg":
		return sum / n, nil
	case "stddev":
		return math.Sqrt(squares/n - sum*sum/n/n), nil
	}
	return sum, nil
}
