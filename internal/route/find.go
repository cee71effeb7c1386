package route

import "strings"

// Param is a path parameter; its value is a substring of the request's path.
type Param struct{ Name, Value string }

// Result tells how a search ended.
type Result uint8

// The results. Everything but Found is a refusal.
const (
	// Found: the value and the parameters are those of the route.
	Found Result = iota
	// NoRoute: no resource matches both the path and the verb.
	NoRoute
	// DotSegment: the path holds a segment that is, or that a backend may take for, "." or "..".
	DotSegment
	// BadPath: the path does not begin with a slash, holds a byte that no path may hold, or a broken
	// percent escape.
	BadPath
)

// String says it for the log.
func (r Result) String() string {
	switch r {
	case Found:
		return "found"
	case NoRoute:
		return "no route"
	case DotSegment:
		return "dot segment in path"
	case BadPath:
		return "malformed path"
	}
	return "unknown result"
}

// Find looks up the route of a path and a verb. The path is that of the request target after the stage,
// as it was received; parameters are appended to buf[:0]. There is no allocation if buf has the capacity
// MaxParams. When the result is not Found, the value is zero and there are no parameters.
func (t *Tree[T]) Find(path, verb string, buf []Param) (T, []Param, Result) {
	var none T
	if r := inspect(path); r != Found {
		return none, buf[:0], r
	}
	v := verbIndex(verb)
	if v < 0 {
		return none, buf[:0], NoRoute
	}
	s := search{path: strings.TrimRight(path, "/"), verb: v, params: buf[:0]}
	value := s.walk(&t.root, 0)
	if value == 0 {
		return none, buf[:0], NoRoute
	}
	return t.values[value-1], s.params, Found
}

// search is one look-up under way.
type search struct {
	path   string // without trailing slashes
	verb   int
	params []Param
}

// walk tries a node for the path from pos on, most specific child first, and returns what serves it or 0.
func (s *search) walk(n *node, pos int) int32 {
	if n.below&(1<<s.verb) == 0 {
		return 0
	}
	for pos < len(s.path) && s.path[pos] == '/' {
		pos++
	}
	if pos == len(s.path) {
		return n.serves[s.verb]
	}
	end := len(s.path)
	if i := strings.IndexByte(s.path[pos:], '/'); i >= 0 {
		end = pos + i
	}
	part := s.path[pos:end]
	if child := n.find(part); child != nil {
		if value := s.walk(child, end); value != 0 {
			return value
		}
	}
	v := n.variable
	if v == nil {
		return 0
	}
	mark := len(s.params)
	if v.greedy {
		if value := v.serves[s.verb]; value != 0 {
			s.params = append(s.params, Param{v.name, s.path[pos:]})
			return value
		}
		return 0
	}
	s.params = append(s.params, Param{v.name, part})
	if value := s.walk(v, end); value != 0 {
		return value
	}
	s.params = s.params[:mark]
	return 0
}

// find returns the literal child that a segment of a request names, in any of its spellings.
func (n *node) find(part string) *node {
	if n.static == nil {
		return nil
	}
	if strings.IndexByte(part, '%') < 0 {
		return n.static[part]
	}
	for literal, child := range n.static {
		if spells(part, literal) {
			return child
		}
	}
	return nil
}

// spells reports whether a segment, percent-decoded once, is the literal. No literal holds a slash, a
// backslash or a percent sign, so the encoded forms of these match nothing.
func spells(part, literal string) bool {
	j := 0
	for i := 0; i < len(part); i++ {
		c := part[i]
		if c == '%' {
			c = hex(part[i+1])<<4 | hex(part[i+2]) // inspect has seen that both are there
			i += 2
		}
		if j == len(literal) || literal[j] != c {
			return false
		}
		j++
	}
	return j == len(literal)
}

// What a byte of a path means to inspect.
const (
	plain uint8 = iota
	closer
	never
)

var classes = func() (c [256]uint8) {
	for b := range 0x21 {
		c[b] = never
	}
	c[0x7f], c['#'], c['?'] = never, never, never
	c['.'], c['%'], c['\\'], c[';'] = closer, closer, closer, closer
	return c
}()

// inspect tells whether a path can be read one way only.
func inspect(path string) Result {
	if path == "" || path[0] != '/' {
		return BadPath
	}
	var seen uint8
	for i := 0; i < len(path); i++ {
		seen |= classes[path[i]]
	}
	switch {
	case seen&never != 0:
		return BadPath
	case seen&closer != 0:
		return inspectPieces(path)
	}
	return Found
}

// inspectPieces looks at what stands between separators, taking for a separator or a dot everything that
// any backend might take for one.
func inspectPieces(path string) Result {
	var (
		dots   int
		other  bool // the piece has something that is neither a dot nor a parameter
		params bool // past a semicolon
		found  bool
	)
	ends := func() {
		if !other && (dots == 1 || dots == 2 || dots == 0 && params) {
			found = true
		}
		dots, other, params = 0, false, false
	}
	for i := 0; i < len(path); {
		c, width := path[i], 1
		if c == '%' {
			if c, width = unescape(path[i:]); width == 0 {
				return BadPath
			}
		}
		i += width
		switch {
		case c == '/' || c == '\\':
			ends()
		case c == ';':
			params = true
		case params:
		case c == '.':
			dots++
		default:
			other = true
		}
	}
	ends()
	if found {
		return DotSegment
	}
	return Found
}

// unescape reads the percent escape at the beginning of s to the very end of a double encoding ("%252e" is
// a dot), and tells its length, 0 when it is broken.
func unescape(s string) (c byte, width int) {
	if !escaped(s, 1) {
		return 0, 0
	}
	at := 1
	c = hex(s[1])<<4 | hex(s[2])
	for c == '%' && escaped(s, at+2) {
		at += 2
		c = hex(s[at])<<4 | hex(s[at+1])
	}
	return c, at + 2
}

func escaped(s string, at int) bool {
	return at+1 < len(s) && isHex(s[at]) && isHex(s[at+1])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// hex is the value of a hexadecimal digit.
func hex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
