package apigw

import (
	"slices"
	"strings"
)

// Op is the operation of a patch.
type Op string

// The operations that the wire knows. Most nouns take only some of them.
const (
	OpAdd     Op = "add"
	OpRemove  Op = "remove"
	OpReplace Op = "replace"
	OpCopy    Op = "copy"
)

// PatchOp is one operation of AWS's dialect of JSON Patch (RFC 6902): paths address members of one
// resource, values are always text, an absent value is the same as an empty one, and lists are addressed
// by their elements instead of by index. See "Patch operations" in the API Gateway API reference.
type PatchOp struct {
	Op    Op
	Path  string
	From  string
	Value string
}

// edit changes v. name is the last segment of the path, unescaped, where the rule has a star there.
type edit[T any] func(v *T, name, value string) error

// rule is one line of a noun's patch table. An operation without an edit is not allowed.
type rule[T any] struct {
	// path is fixed text, or ends in "/*", which stands for one segment.
	path                 string
	replace, add, remove edit[T]
}

func (r rule[T]) edit(op Op) edit[T] {
	switch op {
	case OpReplace:
		return r.replace
	case OpAdd:
		return r.add
	case OpRemove:
		return r.remove
	}
	return nil
}

// wording words the answer to an operation that the table does not allow. allowed holds the paths that
// take the operation, ops the operations that the path takes; ops is empty for an unknown path.
type wording func(op PatchOp, allowed []string, ops []string) error

// patch applies the operations in order. It stops at the first refusal; v is then half changed and must
// be thrown away.
func patch[T any](v *T, ops []PatchOp, rules []rule[T], refuse wording) error {
	for _, op := range ops {
		name, r, known := find(rules, op.Path)
		if e := r.edit(op.Op); known && e != nil {
			if err := e(v, name, op.Value); err != nil {
				return err
			}
			continue
		}
		var allowed, takes []string
		for _, other := range rules {
			if other.edit(op.Op) != nil {
				allowed = append(allowed, other.path)
			}
		}
		for _, o := range []Op{OpAdd, OpRemove, OpReplace} {
			if known && r.edit(o) != nil {
				takes = append(takes, string(o))
			}
		}
		return refuse(op, allowed, takes)
	}
	return nil
}

func find[T any](rules []rule[T], path string) (name string, r rule[T], ok bool) {
	for _, r := range rules {
		prefix, star := strings.CutSuffix(r.path, "*")
		if !star {
			if path == r.path {
				return "", r, true
			}
			continue
		}
		rest, under := strings.CutPrefix(path, prefix)
		if !under || rest == "" || strings.Contains(rest, "/") {
			continue
		}
		if name, ok := unescape(rest); ok {
			return name, r, true
		}
	}
	return "", rule[T]{}, false
}

// unescape decodes one segment of a JSON pointer (RFC 6901): ~1 is a slash and ~0 a tilde; any other
// tilde is a fault.
func unescape(s string) (string, bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '~' && (i+1 == len(s) || (s[i+1] != '0' && s[i+1] != '1')) {
			return "", false
		}
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(s), true
}

// listed is how keys, plans, resources, models, validators and authorizers refuse a patch, two spaces
// included [recorded]; the lists by operation are from an answer to UpdateUsagePlan [observed].
func listed(op PatchOp, allowed, _ []string) error {
	text := "Please choose supported operations"
	if len(allowed) > 0 {
		text = "Must be one of: [" + strings.Join(allowed, ", ") + "]"
	}
	return Refuse(BadRequest, "Invalid patch path  '%s' specified for op '%s'. %s", op.Path, op.Op, text)
}

// terse is how APIs, methods, integrations and their responses refuse a patch [recorded].
func terse(op PatchOp, _, ops []string) error {
	if len(ops) == 0 {
		return badPath(op, nil, nil)
	}
	return Refuse(BadRequest, "Invalid patch operation specified. Must be one of: [%s]", strings.Join(ops, ", "))
}

// badPath is how gateway responses refuse whatever they do not take [recorded].
func badPath(op PatchOp, _, _ []string) error {
	path := op.Path
	if path == "" {
		path = "null"
	}
	return Refuse(BadRequest, "Invalid patch path %s", path)
}

// text makes the edit of a plain member.
func text[T any](field func(*T) *string) edit[T] {
	return func(v *T, _, value string) error {
		*field(v) = value
		return nil
	}
}

// clear makes the edit that removes a plain member.
func clearText[T any](field func(*T) *string) edit[T] {
	return func(v *T, _, _ string) error {
		*field(v) = ""
		return nil
	}
}

// flag makes the edit of a boolean. What is not "true" is false [recorded].
func flag[T any](field func(*T) *bool) edit[T] {
	return func(v *T, _, value string) error {
		*field(v) = isTrue(value)
		return nil
	}
}

// isTrue reads a boolean as Java does: the word true in any case, everything else is false.
func isTrue(s string) bool {
	const word = "true"
	if len(s) != len(word) {
		return false
	}
	for i := range len(s) {
		if s[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// entries makes the rule of a map member: add sets an entry, replace and remove want it to exist. A map
// that loses its last entry is gone, and the answer does not show it [recorded].
func entries[T any, V any](path string, field func(*T) *map[string]V, parse func(string) (V, error), missing error) rule[T] {
	set := func(v *T, name, value string) error {
		parsed, err := parse(value)
		if err != nil {
			return err
		}
		m := field(v)
		next := make(map[string]V, len(*m)+1)
		for k, old := range *m {
			next[k] = old
		}
		next[name] = parsed
		*m = next
		return nil
	}
	return rule[T]{
		path: path,
		add:  set,
		replace: func(v *T, name, value string) error {
			if _, ok := (*field(v))[name]; !ok {
				return missing
			}
			return set(v, name, value)
		},
		remove: func(v *T, name, _ string) error {
			m := field(v)
			if _, ok := (*m)[name]; !ok {
				return missing
			}
			var next map[string]V
			for k, old := range *m {
				if k == name {
					continue
				}
				if next == nil {
					next = make(map[string]V, len(*m))
				}
				next[k] = old
			}
			*m = next
			return nil
		},
	}
}

// The two ways in which AWS says that an entry of a map member does not exist [recorded].
func noParameter() error   { return Refuse(NotFound, "Invalid parameter name specified") }
func noContentType() error { return Refuse(NotFound, "Content-Type specified was not found") }

func asText(s string) (string, error) { return s, nil }
func asFlag(s string) (bool, error)   { return isTrue(s), nil }

// addTo and dropFrom keep a list of distinct values; both return a new list.
func addTo(list []string, value string) []string {
	if slices.Contains(list, value) {
		return list
	}
	return append(slices.Clone(list), value)
}

func dropFrom(list []string, value string) []string {
	out := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == value })
	if len(out) == 0 {
		return nil
	}
	return out
}
