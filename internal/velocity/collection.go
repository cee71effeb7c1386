package velocity

import (
	"errors"
	"math"
	"slices"
	"strconv"

	"gatehouse/internal/jsonpath"
)

// entry is a Map.Entry.
type entry struct {
	key   string
	value any
}

func (c *call) ofEntry(e *entry) (any, error) {
	switch c.name {
	case "getKey":
		return e.key, nil
	case "getValue":
		return e.value, nil
	}
	return nil, nil
}

// ofList calls a method of java.util.List.
func (c *call) ofList(a *jsonpath.Array) (any, error) {
	n := len(a.Items)
	switch len(c.args) {
	case 0:
		switch c.name {
		case "size", "count": // [docs] count() of older pages
			return int64(n), nil
		case "isEmpty":
			return n == 0, nil
		case "clear":
			a.Items = nil
			return "", nil
		case "iterator", "toArray":
			return a, nil
		}
		return nil, nil
	case 1:
		return c.listWithOne(a)
	case 2:
		i, ok := c.intArg(0)
		if !ok {
			return nil, nil
		}
		switch c.name {
		case "set":
			at, err := bounds(a, max(i, -1-int64(n)))
			if err != nil || i < 0 {
				return nil, outside(i, n)
			}
			old := a.Items[at]
			a.Items[at] = c.args[1]
			return old, nil
		case "add":
			if i < 0 || i > int64(n) {
				return nil, outside(i, n)
			}
			a.Items = slices.Insert(a.Items, int(i), c.args[1])
			return "", c.grow(1, n)
		case "subList":
			to, ok := c.intArg(1)
			if !ok {
				return nil, nil
			}
			if i < 0 || to > int64(n) || i > to {
				return nil, outside(to, n)
			}
			part := &jsonpath.Array{Java: a.Java, Items: slices.Clone(a.Items[i:to])}
			return part, c.grow(len(part.Items), 0)
		}
	}
	return nil, nil
}

func outside(i int64, n int) error {
	return errors.New("index " + strconv.FormatInt(i, 10) + " is outside of a list of " + strconv.Itoa(n))
}

// grow pays for new elements of a list, and for elements that were moved.
func (c *call) grow(added, moved int) error {
	if err := c.m.Spend(moved / 8); err != nil {
		return err
	}
	return c.m.Alloc(48 + 32*added)
}

func (c *call) listWithOne(a *jsonpath.Array) (any, error) {
	arg, n := c.args[0], len(a.Items)
	switch c.name {
	case "get":
		i, ok := whole(arg)
		if !ok {
			return nil, nil
		}
		if i < 0 || i >= int64(n) {
			return nil, outside(i, n)
		}
		return a.Items[i], nil
	case "add":
		a.Items = append(a.Items, arg)
		return true, c.grow(1, 0)
	case "addAll":
		more, ok := arg.(*jsonpath.Array)
		if !ok {
			return nil, nil
		}
		if err := c.grow(len(more.Items), 0); err != nil {
			return nil, err
		}
		a.Items = append(a.Items, more.Items...)
		return len(more.Items) > 0, nil
	case "contains", "indexOf", "lastIndexOf":
		i, err := c.search(a, arg, c.name == "lastIndexOf")
		if c.name == "contains" {
			return i >= 0, err
		}
		return int64(i), err
	case "containsAll":
		all, ok := arg.(*jsonpath.Array)
		if !ok {
			return nil, nil
		}
		for _, v := range all.Items {
			if i, err := c.search(a, v, false); err != nil || i < 0 {
				return false, err
			}
		}
		return true, nil
	case "remove":
		if i, ok := whole(arg); ok {
			if i < 0 || i >= int64(n) {
				return nil, outside(i, n)
			}
			old := a.Items[i]
			a.Items = slices.Delete(a.Items, int(i), int(i)+1)
			return old, c.grow(0, n)
		}
		i, err := c.search(a, arg, false)
		if err != nil || i < 0 {
			return false, err
		}
		a.Items = slices.Delete(a.Items, i, i+1)
		return true, c.grow(0, n)
	}
	return nil, nil
}

// search finds an equal element, -1 if there is none.
func (c *call) search(a *jsonpath.Array, v any, backwards bool) (int, error) {
	for k := range a.Items {
		i := k
		if backwards {
			i = len(a.Items) - 1 - k
		}
		if ok, err := jsonpath.Equal(a.Items[i], v, &c.m); err != nil || ok {
			return i, err
		}
	}
	return -1, nil
}

// ofMap calls a method of java.util.Map. Keys are texts: what is none is taken by what it prints.
func (c *call) ofMap(o *jsonpath.Object) (any, error) {
	if len(c.args) == 0 {
		return c.mapAlone(o)
	}
	if c.name == "putAll" {
		more, ok := c.args[0].(*jsonpath.Object)
		if !ok {
			return nil, nil
		}
		for _, m := range slices.Clone(more.Members()) {
			if err := c.put(o, m.Name, m.Value); err != nil {
				return nil, err
			}
		}
		return "", nil
	}
	if c.name == "containsValue" {
		for _, m := range o.Members() {
			if ok, err := jsonpath.Equal(m.Value, c.args[0], &c.m); err != nil || ok {
				return ok, err
			}
		}
		return false, nil
	}
	key, err := c.text(c.args[0])
	if err != nil {
		return nil, err
	}
	old, found := o.Get(key)
	if len(c.args) == 1 {
		switch c.name {
		case "get":
			return old, nil
		case "containsKey":
			return found, nil
		case "remove":
			if err := c.m.Spend(1 + o.Len()); err != nil {
				return nil, err
			}
			o.Delete(key)
			return old, nil
		}
		return nil, nil
	}
	switch c.name {
	case "put":
		return old, c.put(o, key, c.args[1])
	case "putIfAbsent":
		if old == nil {
			err = c.put(o, key, c.args[1])
		}
		return old, err
	case "getOrDefault":
		if !found {
			return c.args[1], nil
		}
		return old, nil
	}
	return nil, nil
}

func (c *call) mapAlone(o *jsonpath.Object) (any, error) {
	switch c.name {
	case "size":
		return int64(o.Len()), nil
	case "isEmpty":
		return o.Len() == 0, nil
	case "clear":
		o.Clear()
		return "", nil
	case "keySet", "values", "entrySet":
	default:
		return nil, nil
	}
	if err := c.m.Alloc(48 + 48*o.Len()); err != nil {
		return nil, err
	}
	a := &jsonpath.Array{Java: true, Items: make([]any, o.Len())}
	for i, m := range o.Members() {
		switch c.name {
		case "keySet":
			a.Items[i] = m.Name
		case "values":
			a.Items[i] = m.Value
		default:
			a.Items[i] = &entry{m.Name, m.Value}
		}
	}
	return a, nil
}

// ofLoop calls a method of $foreach.
func (c *call) ofLoop(l *loop) (any, error) {
	switch c.name {
	case "hasNext":
		return l.hasNext, nil
	case "getIndex":
		return int64(l.index), nil
	case "getCount":
		return int64(l.index + 1), nil
	case "isFirst":
		return l.index == 0, nil
	case "isLast":
		return !l.hasNext, nil
	}
	return nil, nil
}

func (c *call) ofBool(b bool) (any, error) {
	switch c.name {
	case "booleanValue":
		return b, nil
	case "parseBoolean", "valueOf":
		if s, ok := c.textArg(0); ok {
			return asciiLower(s) == "true", nil
		}
	}
	return nil, nil
}

// ofNumber calls a method of Integer, Long or Double; $n.parseInt("5") is how templates make numbers of texts.
func (c *call) ofNumber(v any) (any, error) {
	n := numeric(v)
	if n == nil {
		return nil, nil
	}
	switch c.name {
	case "intValue":
		if i, ok := n.(int64); ok {
			return int64(int32(i)), nil
		}
		return int64(max(math.MinInt32, min(double(n), math.MaxInt32))), nil
	case "longValue":
		if i, ok := n.(int64); ok {
			return i, nil
		}
		return truncated(double(n)), nil
	case "doubleValue", "floatValue":
		return double(n), nil
	case "compareTo":
		if len(c.args) == 1 {
			if order, ok := jsonpath.CompareNumbers(n, c.args[0]); ok {
				return int64(order), nil
			}
		}
		return nil, nil
	}
	s, ok := c.textArg(0)
	if !ok || len(c.args) != 1 {
		return nil, nil
	}
	_, isDouble := n.(float64)
	switch {
	case c.name == "parseInt" && !isDouble:
		return parseWhole(s, 32)
	case c.name == "parseLong" && !isDouble:
		return parseWhole(s, 64)
	case c.name == "valueOf" && !isDouble:
		return parseWhole(s, 64)
	case isDouble && (c.name == "parseDouble" || c.name == "parseFloat" || c.name == "valueOf"):
		f, err := strconv.ParseFloat(s, 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, errors.New(strconv.Quote(s) + " is no number")
		}
		return f, nil
	}
	return nil, nil
}

// truncated is Double.longValue, which stops at the ends of the range.
func truncated(f float64) int64 {
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

func parseWhole(s string, bits int) (any, error) {
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		return nil, errors.New(strconv.Quote(s) + " is no whole number of " + strconv.Itoa(bits) + " bits")
	}
	return n, nil
}
