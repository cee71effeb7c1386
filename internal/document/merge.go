package document

import "strconv"

// Merge lays src over dst and returns the result; neither is changed. It has the semantics of lodash's
// _.merge, with which Serverless Framework combines definitions: maps are merged name by name, lists index
// by index, anything else in src replaces what dst has, null included. A nil value counts as absent.
func Merge(dst, src *Value) *Value {
	switch {
	case src == nil:
		return dst
	case dst == nil || dst.Kind != src.Kind:
		return src
	case src.Kind == Map:
		return mergeMaps(dst, src)
	case src.Kind == List:
		return mergeLists(dst, src)
	}
	return src
}

func mergeMaps(dst, src *Value) *Value {
	out := &Value{Kind: Map, Pos: dst.Pos, Fields: append(make([]Field, 0, len(dst.Fields)+len(src.Fields)), dst.Fields...)}
	at := make(map[string]int, len(out.Fields))
	for i, f := range out.Fields {
		at[f.Name] = i
	}
	for _, f := range src.Fields {
		i, ok := at[f.Name]
		if !ok {
			out.Fields = append(out.Fields, f)
			continue
		}
		old := out.Fields[i]
		out.Fields[i] = Field{Name: f.Name, Pos: old.Pos, Value: Merge(old.Value, f.Value)}
	}
	return out
}

func mergeLists(dst, src *Value) *Value {
	out := &Value{Kind: List, Pos: dst.Pos, Items: append(make([]*Value, 0, max(len(dst.Items), len(src.Items))), dst.Items...)}
	for i, item := range src.Items {
		if i < len(out.Items) {
			out.Items[i] = Merge(out.Items[i], item)
		} else {
			out.Items = append(out.Items, item)
		}
	}
	return out
}

// Equal reports whether two values are the same JSON: positions and the order of a map's names do not
// count, and numbers compare by value. Two nils are equal.
func Equal(a, b *Value) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Bool:
		return a.Bool == b.Bool
	case Number:
		return a.Text == b.Text || sameNumber(a.Text, b.Text)
	case String:
		return a.Text == b.Text
	case List:
		if len(a.Items) != len(b.Items) {
			return false
		}
		for i := range a.Items {
			if !Equal(a.Items[i], b.Items[i]) {
				return false
			}
		}
		return true
	case Map:
		if len(a.Fields) != len(b.Fields) {
			return false
		}
		others := make(map[string]*Value, len(b.Fields))
		for _, f := range b.Fields {
			others[f.Name] = f.Value
		}
		for _, f := range a.Fields {
			if other, ok := others[f.Name]; !ok || !Equal(f.Value, other) {
				return false
			}
		}
	}
	return true
}

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}
