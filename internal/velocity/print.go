package velocity

import (
	"math/big"
	"strconv"

	"gatehouse/internal/jsonpath"
)

// text is what a value prints.
func (r *run) text(v any) (string, error) {
	if s, ok := scalar(v); ok {
		return s, nil
	}
	return r.capture(func() error { return r.print(v, 0) })
}

// scalar is the text of a value that is neither list nor map.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case jsonpath.Number:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return string(jsonpath.AppendFloat(nil, v)), true
	case *big.Int:
		return v.String(), true
	}
	return "", false
}

// print writes a value as Java's toString does: {a=1, b=x} and [1, x]. Lists from JSON print as JSON
// [recorded], the maps of $context print nothing [recorded].
func (r *run) print(v any, depth int) error {
	if depth > MaxDepth {
		return jsonpath.ErrDepth
	}
	if s, ok := scalar(v); ok {
		return r.write(s)
	}
	switch v := v.(type) {
	case nil:
		return r.write("null")
	case *jsonpath.Array:
		if v.Java {
			return r.printList(v, depth)
		}
		var err error
		if r.out, err = jsonpath.AppendJSON(r.out, v, &r.m); err == nil && len(r.out) > MaxOutput {
			err = errOutput
		}
		return err
	case *jsonpath.Object:
		return r.printMap(v, depth)
	case *entry:
		if err := r.write(v.key + "="); err != nil {
			return err
		}
		return r.print(v.value, depth+1)
	case *defined:
		ok, err := r.expand(v)
		if err == nil && !ok {
			err = r.write(v.node.source)
		}
		return err
	}
	return r.m.Spend(1) // $input, $util and $foreach print nothing
}

func (r *run) printList(a *jsonpath.Array, depth int) error {
	for i, item := range a.Items {
		before := ", "
		if i == 0 {
			before = "["
		}
		if err := r.write(before); err != nil {
			return err
		}
		if err := r.print(item, depth+1); err != nil {
			return err
		}
	}
	if len(a.Items) == 0 {
		return r.write("[]")
	}
	return r.write("]")
}

func (r *run) printMap(o *jsonpath.Object, depth int) error {
	if o.Opaque {
		return r.m.Spend(1)
	}
	for i, m := range o.Members() {
		before := ", "
		if i == 0 {
			before = "{"
		}
		if err := r.write(before + m.Name + "="); err != nil {
			return err
		}
		if err := r.print(m.Value, depth+1); err != nil {
			return err
		}
	}
	if o.Len() == 0 {
		return r.write("{}")
	}
	return r.write("}")
}
