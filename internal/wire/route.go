package wire

import (
	"fmt"
	"net/url"
	"strings"
)

// router finds operations by method and URI template. http.ServeMux cannot be used: it redirects paths
// that it would rather have clean, and has no way to tell two templates apart by a fixed query parameter.
type router struct{ root node }

// node is one path segment of all templates that share the segments before it.
type node struct {
	literal map[string]*node
	label   *node
	ops     []*routed
}

// routed is an operation at the end of its template.
type routed struct {
	op    *operation
	fixed []pair // query parameters that the template demands: ?mode=import
}

// add enters an operation.
func (r *router) add(op *operation) error {
	path, query, _ := strings.Cut(op.URI, "?")
	n := &r.root
	for seg := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if strings.HasSuffix(seg, "+}") {
			return fmt.Errorf("operation %s: greedy label in %s", op.Name, op.URI)
		}
		if strings.HasPrefix(seg, "{") {
			if n.label == nil {
				n.label = &node{}
			}
			n = n.label
			continue
		}
		next := n.literal[seg]
		if next == nil {
			if n.literal == nil {
				n.literal = map[string]*node{}
			}
			next = &node{}
			n.literal[seg] = next
		}
		n = next
	}
	fixed, err := parseQuery(query)
	if err != nil {
		return fmt.Errorf("operation %s: %w", op.Name, err)
	}
	for _, other := range n.ops {
		if other.op.Method == op.Method && len(other.fixed) == len(fixed) {
			return fmt.Errorf("operations %s and %s have the same URI", other.op.Name, op.Name)
		}
	}
	n.ops = append(n.ops, &routed{op, fixed})
	return nil
}

// find returns the operation for a target and the decoded values of its labels, in their order. The raw
// path is split before it is decoded, so that an ARN's %2F stays within its segment. One slash at the end
// is let pass: models of a few years ago had it.
func (r *router) find(method, rawPath, rawQuery string) (*operation, []string) {
	if !strings.HasPrefix(rawPath, "/") {
		return nil, nil
	}
	path := strings.TrimSuffix(rawPath[1:], "/")
	return r.root.find(method, strings.Split(path, "/"), rawQuery, nil)
}

func (n *node) find(method string, segs []string, rawQuery string, labels []string) (*operation, []string) {
	if len(segs) == 0 {
		return n.choose(method, rawQuery), labels
	}
	value, err := url.PathUnescape(segs[0])
	if err != nil {
		return nil, nil
	}
	if next := n.literal[value]; next != nil {
		if op, labels := next.find(method, segs[1:], rawQuery, labels); op != nil {
			return op, labels
		}
	}
	if n.label != nil && value != "" {
		return n.label.find(method, segs[1:], rawQuery, append(labels, value))
	}
	return nil, nil
}

// choose takes the operation of a method whose fixed parameters are all there, and of several the one
// that demands most.
func (n *node) choose(method, rawQuery string) *operation {
	var best *routed
	var given []pair
	for _, c := range n.ops {
		if c.op.Method != method {
			continue
		}
		if len(c.fixed) > 0 && given == nil {
			// A query that cannot be read matches no fixed parameter; decode refuses it.
			given, _ = parseQuery(rawQuery)
		}
		if holds(given, c.fixed) && (best == nil || len(c.fixed) > len(best.fixed)) {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	return best.op
}

// pair is a query parameter.
type pair struct{ name, value string }

func holds(given, want []pair) bool {
	for _, w := range want {
		found := false
		for _, g := range given {
			found = found || g == w
		}
		if !found {
			return false
		}
	}
	return true
}

// parseQuery splits a raw query into decoded pairs, in their order. net/url's parser is not used: it
// drops what it cannot read and has an opinion about semicolons. A plus sign stays one, as it does in the
// canonical request of SigV4: two readers of one query must not disagree.
func parseQuery(raw string) ([]pair, error) {
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.PathUnescape(name)
		if err != nil {
			return nil, err
		}
		v, err := url.PathUnescape(value)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{n, v})
	}
	return pairs, nil
}

// labelsOf lists the label names of a URI template.
func labelsOf(uri string) []string {
	var names []string
	path, _, _ := strings.Cut(uri, "?")
	for seg := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(seg, "{") {
			names = append(names, strings.Trim(seg, "{}"))
		}
	}
	return names
}
