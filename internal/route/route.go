// Package route matches request paths against the resource tree of a REST API.
//
// It owns the compiled tree, the order in which resources are tried and the reading of a path: what
// separates segments, which spellings are one and the same, and which are refused. It does not know what
// a route leads to (the value is generic), nor what is answered when there is none.
//
// # Which resource serves a request
//
// Resolution is on the (resource, verb) pair: a resource that does not declare the verb, nor ANY, is not
// there for that request, and the next less specific one is tried: level by level, a literal part before
// {param} before {proxy+}. [recorded] for OPTIONS falling through to a greedy resource, [observed] on real
// accounts for methodless parents and for {param} siblings of a literal (ministack #1423, floci #3399);
// the sentence behind it is in the developer guide, "api-gateway-method-settings-method-request": a method
// request against a specific resource takes precedence at the same level of the hierarchy. On one resource
// the explicit verb beats ANY. HEAD is not answered by GET. {proxy+} needs at least one segment.
//
// # One reading of a path
//
// A path is matched as it was sent, bytes compared with bytes, upper and lower case being different:
//
//   - A run of slashes separates like one slash and a trailing slash means nothing for matching [recorded];
//     inside the value of a greedy parameter the run is kept as it was sent [recorded].
//   - A parameter's value is a substring of the request, never decoded [recorded].
//   - A literal part is also matched by its percent-encoded spelling (/%61dmin is /admin): a backend would
//     read the two alike, so the rules of /admin must hold for both. An encoded slash or backslash never
//     separates and never matches. [inferred]: AWS is silent.
//   - Dot segments are refused, not resolved, in every spelling that some backend resolves: ".", "..",
//     %2e, any depth of double encoding, behind %2f, %5c or a backslash, and with ;parameters. So are
//     parameters of an empty segment (/;x/). What AWS does with them is not documented; a gateway that
//     resolves them serves a path that nobody wrote, one that forwards them lets /{proxy+} reach what
//     another route protects (Envoy CVE-2019-9901, CVE-2026-73551). No honest client sends them:
//     browsers, curl and the SDKs resolve dot segments before they send.
//   - Control characters, space, "#" and "?" in a path and broken percent escapes are refused.
//
// Everything else, ;parameters on ordinary segments included, is data.
//
// HTTP API route keys and base-path mappings will live beside the tree; neither needs anything from it
// but the reading of segments.
package route

import (
	"errors"
	"fmt"
	"strings"
)

// Any is the verb of a route that serves all seven verbs which its resource does not declare itself.
const Any = "ANY"

// Verbs of a REST API; ANY stands for exactly these. Other methods of HTTP match nothing.
const (
	vDELETE = iota
	vGET
	vHEAD
	vOPTIONS
	vPATCH
	vPOST
	vPUT
	verbs
)

// verbIndex returns the number of a verb, -1 for a method that no resource can declare.
func verbIndex(verb string) int {
	switch verb {
	case "DELETE":
		return vDELETE
	case "GET":
		return vGET
	case "HEAD":
		return vHEAD
	case "OPTIONS":
		return vOPTIONS
	case "PATCH":
		return vPATCH
	case "POST":
		return vPOST
	case "PUT":
		return vPUT
	}
	return -1
}

// Entry is one method of one resource.
type Entry[T any] struct {
	// Path is the whole template of the resource: "/", "/store/{id}", "/files/{path+}".
	Path string
	// Verb is one of the seven verbs, or ANY.
	Verb  string
	Value T
}

// Tree is a compiled set of routes. It never changes, so any number of goroutines may use it.
type Tree[T any] struct {
	root   node
	values []T
	params int
}

// node is one resource, or a part of a path that is no resource of its own.
type node struct {
	// serves holds, by verb, 1 + the index of the value; 0 is "not served here".
	serves [verbs]int32
	// own marks the verbs declared by name, which ANY must not replace.
	own [verbs]bool
	any bool
	// below has a bit for every verb that this node or one under it serves, so that a search does not
	// descend in vain.
	below uint8

	static map[string]*node
	// variable is the one {param} or {param+} child that a resource may have.
	variable *node
	name     string
	greedy   bool
}

// Compile builds the tree. It reports everything that is wrong with the entries, in their order.
func Compile[T any](entries []Entry[T]) (*Tree[T], error) {
	t := &Tree[T]{values: make([]T, 0, len(entries))}
	var faults []error
	for i := range entries {
		e := &entries[i]
		n, depth, err := t.root.insert(e.Path)
		if err == nil {
			err = n.declare(e.Verb, int32(len(t.values)+1))
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("route %s %s: %w", e.Verb, e.Path, err))
			continue
		}
		t.values = append(t.values, e.Value)
		t.params = max(t.params, depth)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	t.root.finish()
	return t, nil
}

// MaxParams is the largest number of path parameters that Find can return: a buffer of this capacity is
// never grown.
func (t *Tree[T]) MaxParams() int { return t.params }

// insert walks down a template, making the nodes that are missing, and tells how many variables it passed.
func (n *node) insert(template string) (leaf *node, variables int, err error) {
	if template == "/" {
		return n, 0, nil
	}
	rest, ok := strings.CutPrefix(template, "/")
	if !ok {
		return nil, 0, errors.New("the path must begin with a slash")
	}
	var seen []string
	for part := range strings.SplitSeq(rest, "/") {
		if n.greedy {
			return nil, 0, fmt.Errorf("cannot create a child of a resource with a greedy path variable: {%s+}", n.name)
		}
		name, greedy, err := variable(part)
		if err != nil {
			return nil, 0, err
		}
		if name == "" {
			n = n.literal(part)
			continue
		}
		for _, s := range seen {
			if s == name {
				return nil, 0, fmt.Errorf("the path variable {%s} appears twice", name)
			}
		}
		seen = append(seen, name)
		if n, err = n.capture(name, greedy); err != nil {
			return nil, 0, err
		}
	}
	return n, len(seen), nil
}

// variable reads one part of a template: the name of its variable, "" for a literal part.
func variable(part string) (name string, greedy bool, err error) {
	if part == "" {
		return "", false, errors.New("the path has an empty part; write it without a double or trailing slash")
	}
	if !strings.HasPrefix(part, "{") || !strings.HasSuffix(part, "}") {
		if strings.ContainsAny(part, "{}%\\?#") || inspect("/"+part) != Found {
			return "", false, fmt.Errorf("the path part %q is neither a literal nor a {variable}", part)
		}
		return "", false, nil
	}
	name, greedy = strings.CutSuffix(part[1:len(part)-1], "+")
	if name == "" || strings.ContainsAny(name, "{}+") {
		return "", false, fmt.Errorf("the path variable %q has no proper name", part)
	}
	return name, greedy, nil
}

func (n *node) literal(part string) *node {
	child := n.static[part]
	if child == nil {
		child = new(node)
		if n.static == nil {
			n.static = make(map[string]*node)
		}
		n.static[part] = child
	}
	return child
}

func (n *node) capture(name string, greedy bool) (*node, error) {
	v := n.variable
	if v == nil {
		v = &node{name: name, greedy: greedy}
		n.variable = v
	}
	if v.name != name || v.greedy != greedy {
		plus := ""
		if v.greedy {
			plus = "+"
		}
		return nil, fmt.Errorf("a sibling ({%s%s}) of this resource already has a variable path part, only one is allowed", v.name, plus)
	}
	return v, nil
}

// declare makes the node serve a verb.
func (n *node) declare(verb string, value int32) error {
	if verb == Any {
		if n.any {
			return errors.New("declared twice")
		}
		n.any = true
		for v := range n.serves {
			if !n.own[v] {
				n.serves[v] = value
			}
		}
		return nil
	}
	v := verbIndex(verb)
	switch {
	case v < 0:
		return errors.New("not a verb of a REST API; valid are GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD and ANY")
	case n.own[v]:
		return errors.New("declared twice")
	}
	n.own[v] = true
	n.serves[v] = value
	return nil
}

// finish computes what lies below each node.
func (n *node) finish() uint8 {
	for v, value := range n.serves {
		if value != 0 {
			n.below |= 1 << v
		}
	}
	for _, child := range n.static {
		n.below |= child.finish()
	}
	if n.variable != nil {
		n.below |= n.variable.finish()
	}
	return n.below
}
