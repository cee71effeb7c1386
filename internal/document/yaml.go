package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func loadYAML(file string, text []byte, schema Schema) (*Value, error) {
	node, err := parseYAML(file, text)
	if err != nil {
		return nil, err
	}
	if node == nil {
		return &Value{Pos: Pos{file, 1, 1}}, nil
	}
	r := &reader{file: file, schema: schema, done: map[*yaml.Node]read{}, open: map[*yaml.Node]bool{}}
	v, _, fault := r.value(node, 0)
	if fault != nil {
		return nil, fault
	}
	return v, nil
}

// parseYAML returns the root node, nil for an empty text.
func parseYAML(file string, text []byte) (root *yaml.Node, err error) {
	// The parser answers some malformed texts with a panic of its own; bad input must never end the
	// process.
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, &Error{Pos{file, 1, 1}, fmt.Sprintf("yaml: %v", p), "check the syntax"}
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxError(file, text, err)
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, syntaxError(file, text, err)
	default:
		return nil, &Error{Pos{file, second.Line, second.Column}, "a second document starts here", "keep one document per file"}
	}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0], nil
	}
	return nil, nil
}

// syntaxError turns "yaml: line 3: what" into a fault at line 3.
func syntaxError(file string, text []byte, err error) *Error {
	msg, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if rest, ok := strings.CutPrefix(msg, "line "); ok {
		if number, what, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				line, msg = n, what
				if countedFromZero(what) {
					line++
				}
			}
		}
	}
	if rest, ok := strings.CutPrefix(msg, "unknown anchor '"); ok {
		// The one fault without a line: it is where the alias stands.
		name, _, _ := strings.Cut(rest, "'")
		if i := bytes.Index(text, []byte("*"+name)); i >= 0 {
			line += bytes.Count(text[:i], []byte("\n"))
		}
		return &Error{Pos{file, line, 1}, "yaml: " + msg, "write &" + name + " before the value that is meant, or quote a text that begins with an asterisk"}
	}
	return &Error{Pos{file, line, 1}, "yaml: " + msg, "check indentation and quotes here and on the line before"}
}

// countedFromZero knows the messages for which yaml.v3 (decode.go, parser.fail) prints its line numbers
// from 0: those of its parser. Those of its scanner count from 1.
func countedFromZero(msg string) bool {
	for _, what := range []string{"<document start>", "node content", "'-' indicator", "key", "',' or ']'", "',' or '}'"} {
		if msg == "did not find expected "+what {
			return true
		}
	}
	return false
}

// reader turns nodes into values. A node that several aliases name is read once and its value shared, so
// the work is bounded by the text; weights say what it would be written out.
type reader struct {
	file   string
	schema Schema
	done   map[*yaml.Node]read
	open   map[*yaml.Node]bool // collections being read: an alias to one of them is a cycle
}

type read struct {
	value  *Value
	weight weight
	height int // levels of lists and maps inside
}

func (r *reader) pos(n *yaml.Node) Pos { return Pos{r.file, n.Line, n.Column} }

func (r *reader) value(n *yaml.Node, depth int) (*Value, read, *Error) {
	if n.Kind == yaml.AliasNode {
		if r.open[n.Alias] {
			return nil, read{}, &Error{r.pos(n), "alias *" + n.Value + " contains itself", "remove the alias"}
		}
		n = n.Alias
	}
	if known, ok := r.done[n]; ok {
		if depth+known.height > MaxDepth {
			return nil, read{}, tooDeep(r.pos(n))
		}
		return known.value, known, nil
	}
	if depth > MaxDepth {
		return nil, read{}, tooDeep(r.pos(n))
	}
	r.open[n] = true
	got, fault := r.content(n, depth)
	delete(r.open, n)
	if fault != nil {
		return nil, read{}, fault
	}
	r.done[n] = got
	return got.value, got, nil
}

func (r *reader) content(n *yaml.Node, depth int) (read, *Error) {
	fn, err := longForm(n, r.pos(n))
	if err != nil {
		return read{}, err
	}
	var got read
	switch n.Kind {
	case yaml.ScalarNode:
		v, err := r.scalar(n, fn != "")
		if err != nil {
			return read{}, err
		}
		got = read{value: v, weight: weight{1, len(v.Text)}}
	case yaml.SequenceNode:
		got, err = r.list(n, depth)
	case yaml.MappingNode:
		got, err = r.mapping(n, depth)
	default:
		err = &Error{r.pos(n), "unexpected yaml node", "check the syntax"}
	}
	if err != nil || fn == "" {
		return got, err
	}
	got.value = wrap(fn, got.value)
	got.height++
	if !got.weight.plus(weight{1, len(fn)}) {
		return read{}, tooLarge(r.pos(n))
	}
	return got, nil
}

func (r *reader) list(n *yaml.Node, depth int) (read, *Error) {
	v := &Value{Kind: List, Pos: r.pos(n), Items: make([]*Value, 0, len(n.Content))}
	got := read{value: v, weight: weight{nodes: 1}}
	for _, item := range n.Content {
		child, sub, err := r.value(item, depth+1)
		if err != nil {
			return read{}, err
		}
		if !got.weight.plus(sub.weight) {
			return read{}, tooLarge(r.pos(item))
		}
		got.height = max(got.height, sub.height+1)
		v.Items = append(v.Items, child)
	}
	return got, nil
}

// entry is where a name stands in a map being read, and whether a merge key brought it.
type entry struct {
	at     int
	merged bool
}

func (r *reader) mapping(n *yaml.Node, depth int) (read, *Error) {
	v := &Value{Kind: Map, Pos: r.pos(n), Fields: make([]Field, 0, len(n.Content)/2)}
	got := read{value: v, weight: weight{nodes: 1}}
	seen := make(map[string]entry, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, item := n.Content[i], n.Content[i+1]
		child, sub, err := r.value(item, depth+1)
		if err != nil {
			return read{}, err
		}
		if !got.weight.plus(sub.weight) {
			return read{}, tooLarge(r.pos(item))
		}
		got.height = max(got.height, sub.height+1)
		if isMergeKey(key) {
			if err := mergeInto(v, seen, child, r.pos(item)); err != nil {
				return read{}, err
			}
			continue
		}
		name, err := r.name(key)
		if err != nil {
			return read{}, err
		}
		if !got.weight.plus(weight{text: len(name)}) {
			return read{}, tooLarge(r.pos(item))
		}
		f := Field{Name: name, Pos: r.pos(key), Value: child}
		switch e, ok := seen[name]; {
		case !ok:
			seen[name] = entry{at: len(v.Fields)}
			v.Fields = append(v.Fields, f)
		case e.merged:
			seen[name] = entry{at: e.at}
			v.Fields[e.at] = f
		default:
			return read{}, duplicate(f.Pos, name, v.Fields[e.at].Pos)
		}
	}
	return got, nil
}

// name is the text of a map's key. js-yaml and PyYAML both turn a number into its usual spelling.
func (r *reader) name(key *yaml.Node) (string, *Error) {
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	if key.Kind != yaml.ScalarNode {
		return "", &Error{r.pos(key), "a name must be a scalar", "quote it"}
	}
	v, err := r.scalar(key, false)
	if err != nil {
		return "", err
	}
	switch v.Kind {
	case Null:
		return "null", nil
	case Bool:
		return strconv.FormatBool(v.Bool), nil
	}
	return v.Text, nil
}

func isMergeKey(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Tag == "!!merge"
}

// mergeInto adds the fields of from (a map, or a list of maps of which earlier ones win) that v does not
// have yet.
func mergeInto(v *Value, seen map[string]entry, from *Value, at Pos) *Error {
	switch from.Kind {
	case Map:
		for _, f := range from.Fields {
			if _, ok := seen[f.Name]; !ok {
				seen[f.Name] = entry{at: len(v.Fields), merged: true}
				v.Fields = append(v.Fields, f)
			}
		}
		return nil
	case List:
		for _, item := range from.Items {
			if item.Kind != Map {
				return &Error{at, "a merge key (<<) takes a map or a list of maps, not " + item.Kind.String(), "name an anchored map"}
			}
			if err := mergeInto(v, seen, item, at); err != nil {
				return err
			}
		}
		return nil
	}
	return &Error{at, "a merge key (<<) takes a map, not " + from.Kind.String(), "name an anchored map"}
}
