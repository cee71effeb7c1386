package velocity

import (
	"math/big"
	"strconv"
	"strings"

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
		return r.printJSON(v)
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

// printJSON prints a list from JSON: json-smart's toString writes / as \/, its JSON for $input.json does not.
func (r *run) printJSON(a *jsonpath.Array) error {
	b, err := jsonpath.AppendJSON(nil, a, &r.m)
	if err != nil {
		return err
	}
	return r.write(strings.ReplaceAll(string(b), "/", `\/`))
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
		if err := r.printIn(a, "(this Collection)", item, depth); err != nil {
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
		if err := r.printIn(o, "(this Map)", m.Value, depth); err != nil {
			return err
		}
	}
	if o.Len() == 0 {
		return r.write("{}")
	}
	return r.write("}")
}

// printIn prints what a container holds; a container that holds itself does not print itself again.
func (r *run) printIn(container any, self string, v any, depth int) error {
	if v == container {
		return r.write(self)
	}
	return r.print(v, depth+1)
}
