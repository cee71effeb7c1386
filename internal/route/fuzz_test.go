package route

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// slowFind is the rule of the package comment in the most obvious form: try every route, keep those that
// match, take the most specific.
func slowFind(routes []string, path, verb string) (best string, params []Param) {
	var segments []string
	for s := range strings.SplitSeq(path, "/") {
		if s != "" {
			segments = append(segments, s)
		}
	}
	var bestRank string
	for _, r := range routes {
		v, template, _ := strings.Cut(r, " ")
		if v != verb && v != Any || !slices.Contains([]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}, verb) {
			continue
		}
		rank, p, ok := slowMatch(template, segments, path)
		if !ok {
			continue
		}
		if v == Any {
			rank += "z"
		}
		if best == "" || rank < bestRank {
			best, bestRank, params = r, rank, p
		}
	}
	return best, params
}

func slowMatch(template string, segments []string, path string) (rank string, params []Param, ok bool) {
	parts := strings.Split(strings.TrimPrefix(template, "/"), "/")
	if template == "/" {
		parts = nil
	}
	for i, part := range parts {
		if i >= len(segments) {
			return "", nil, false
		}
		name, isVariable := strings.CutPrefix(part, "{")
		name = strings.TrimSuffix(name, "}")
		name, greedy := strings.CutSuffix(name, "+")
		switch {
		case greedy:
			// The value runs from its first segment to the end, as it was sent.
			rest := path
			for range i {
				rest = strings.TrimLeft(rest, "/")
				rest = rest[strings.Index(rest, "/"):]
			}
			return rank + "c", append(params, Param{name, strings.Trim(rest, "/")}), true
		case isVariable:
			rank += "b"
			params = append(params, Param{name, segments[i]})
		default:
			decoded, err := url.PathUnescape(segments[i])
			if err != nil || decoded != part {
				return "", nil, false
			}
			rank += "a"
		}
	}
	return rank, params, len(parts) == len(segments)
}

// randomRoutes draws routes that compile together.
func randomRoutes(rnd *rand.Rand) []string {
	var routes []string
	for range 1 + rnd.IntN(12) {
		var b strings.Builder
		depth := rnd.IntN(5)
		for i := range depth {
			b.WriteByte('/')
			switch k := rnd.IntN(8); {
			case k == 0 && i == depth-1:
				b.WriteString("{r" + string(rune('0'+i)) + "+}")
			case k <= 2:
				b.WriteString("{p" + string(rune('0'+i)) + "}")
			default:
				b.WriteByte("abc"[rnd.IntN(3)])
			}
		}
		if depth == 0 {
			b.WriteByte('/')
		}
		line := []string{"GET", "POST", Any}[rnd.IntN(3)] + " " + b.String()
		if _, err := compileLines(append(routes, line)); err == nil {
			routes = append(routes, line)
		}
	}
	return routes
}

func compileLines(lines []string) (*Tree[string], error) {
	var entries []Entry[string]
	for _, line := range lines {
		verb, path, _ := strings.Cut(line, " ")
		entries = append(entries, Entry[string]{Path: path, Verb: verb, Value: line})
	}
	return Compile(entries)
}

func compare(t *testing.T, routes []string, path, verb string) {
	t.Helper()
	tr, err := compileLines(routes)
	if err != nil {
		t.Fatalf("Compile(%q): %v", routes, err)
	}
	got, params, r := tr.Find(path, verb, nil)
	if r == DotSegment || r == BadPath {
		if len(params) != 0 || got != "" {
			t.Fatalf("Find(%q) refused with %v and yet gave %q %v", path, r, got, params)
		}
		return
	}
	want, wantParams := slowFind(routes, path, verb)
	if got != want || !slices.Equal(params, wantParams) || (r == Found) != (want != "") {
		t.Fatalf("Find(%q, %s) among %q\n got %q %v %v\nwant %q %v", path, verb, routes, got, params, r, want, wantParams)
	}
	// A path that was accepted must mean the same to a backend that decodes and cleans it.
	if u, err := url.PathUnescape(path); err != nil {
		t.Fatalf("Find(%q) accepted a broken escape", path)
	} else if p := strings.ReplaceAll(u, `\`, "/"); slices.ContainsFunc(strings.Split(p, "/"), func(s string) bool {
		s, _, _ = strings.Cut(s, ";")
		return s == "." || s == ".."
	}) {
		t.Fatalf("Find(%q) accepted dot segments", path)
	}
}

func TestAgainstSlowMatcher(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		routes := randomRoutes(rnd)
		for range 10 {
			var path strings.Builder
			for range rnd.IntN(6) {
				path.WriteString([]string{"/", "//"}[rnd.IntN(2)])
				path.WriteString([]string{"a", "b", "c", "d", "%61", "%62x", "a;b"}[rnd.IntN(7)])
			}
			path.WriteString([]string{"", "/", "//"}[rnd.IntN(3)])
			if path.Len() == 0 {
				path.WriteByte('/')
			}
			compare(t, routes, path.String(), []string{"GET", "POST", "PUT", "TRACE"}[rnd.IntN(4)])
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, path := range []string{"/", "/a/b", "//a//", "/%61", "/a/%2e%2e/b", "/a;x/..;/b", `/..\a`, "/%252e/", "/a%2fb", "/\xff"} {
		f.Add(uint64(1), path, "GET")
	}
	f.Fuzz(func(t *testing.T, seed uint64, path, verb string) {
		compare(t, randomRoutes(rand.New(rand.NewPCG(seed, 0))), path, verb)
	})
}
