package route

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree compiles lines of "VERB /path" whose value is the line itself.
func tree(t testing.TB, lines ...string) *Tree[string] {
	t.Helper()
	var entries []Entry[string]
	for _, line := range lines {
		verb, path, _ := strings.Cut(line, " ")
		entries = append(entries, Entry[string]{Path: path, Verb: verb, Value: line})
	}
	tr, err := Compile(entries)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return tr
}

func TestRefusedPaths(t *testing.T) {
	tr := tree(t, "ANY /", "ANY /{proxy+}", "GET /admin")
	for path, want := range map[string]Result{
		"":                     BadPath,
		"admin":                BadPath,
		"*":                    BadPath,
		"http://victim/":       BadPath,
		"/a#/../admin":         BadPath,
		"/a?b":                 BadPath,
		"/a b":                 BadPath,
		"/a\x00":               BadPath,
		"/a\r\nHost: x":        BadPath,
		"/a\x7f":               BadPath,
		"/100%":                BadPath,
		"/%4":                  BadPath,
		"/%zz":                 BadPath,
		"/%u002e":              BadPath,
		"/.":                   DotSegment,
		"/..":                  DotSegment,
		"/./admin":             DotSegment,
		"/x/../admin":          DotSegment,
		"/admin/.":             DotSegment,
		"/admin/..":            DotSegment,
		"/%2e%2e/admin":        DotSegment,
		"/%2E./admin":          DotSegment,
		"/.%2e/admin":          DotSegment,
		"/%2e":                 DotSegment,
		"/x/%252e%252e/admin":  DotSegment,
		"/x/%25252e./admin":    DotSegment,
		"/x/..%2fadmin":        DotSegment,
		"/x/..%2Fadmin":        DotSegment,
		"/x/..%252fadmin":      DotSegment,
		"/x%2f..%2fadmin":      DotSegment,
		"/x/..%5cadmin":        DotSegment,
		`/x/..\admin`:          DotSegment,
		`/x\..\admin`:          DotSegment,
		"/x/..;/admin":         DotSegment,
		"/x/..;a=b/admin":      DotSegment,
		"/x/%2e%2e%3b/admin":   DotSegment,
		"/x/.;/admin":          DotSegment,
		"/;/admin":             DotSegment,
		"/;a=1/admin":          DotSegment,
		"/x/%3b/admin":         DotSegment,
		"//..//admin":          DotSegment,
		"/admin/../admin/../x": DotSegment,
	} {
		for _, verb := range []string{"GET", "POST"} {
			got, params, r := tr.Find(path, verb, nil)
			if r != want || got != "" || len(params) != 0 {
				t.Errorf("Find(%q, %s) = %q, %v, %v, want nothing and %v", path, verb, got, params, r, want)
			}
		}
	}
}

// What looks like a trick and is only data, and what is another spelling of /admin.
func TestSpellings(t *testing.T) {
	tr := tree(t, "GET /admin", "GET /users:search", "ANY /{proxy+}")
	for path, want := range map[string]string{
		"/admin":                  "GET /admin",
		"//admin":                 "GET /admin", // [recorded]
		"/admin/":                 "GET /admin", // [recorded]
		"/admin//":                "GET /admin", // [inferred]
		"///admin///":             "GET /admin",
		"/%61dmin":                "GET /admin",
		"/%61%64%6d%69%6E":        "GET /admin",
		"/users:search":           "GET /users:search",
		"/users%3Asearch":         "GET /users:search",
		"/Admin":                  "ANY /{proxy+}",
		"/ADMIN":                  "ANY /{proxy+}",
		"/%41dmin":                "ANY /{proxy+}",
		"/admin.":                 "ANY /{proxy+}",
		"/.admin":                 "ANY /{proxy+}",
		"/...":                    "ANY /{proxy+}",
		"/..x":                    "ANY /{proxy+}",
		"/a..b/.well-known":       "ANY /{proxy+}",
		"/admin;x":                "ANY /{proxy+}",
		"/admin%2f":               "ANY /{proxy+}",
		"/%2fadmin":               "ANY /{proxy+}",
		"/%5cadmin":               "ANY /{proxy+}",
		"/%2561dmin":              "ANY /{proxy+}",
		"/admin%00":               "ANY /{proxy+}",
		"/adm\u0131n":             "ANY /{proxy+}",
		"/\uff0e\uff0e/admin":     "ANY /{proxy+}", // full-width dots are bytes like others
		"/\xc0\xae\xc0\xae/admin": "ANY /{proxy+}",
	} {
		if got, _, r := tr.Find(path, "GET", nil); got != want {
			t.Errorf("Find(%q) = %q, %v, want %q", path, got, r, want)
		}
	}
}

func TestFind(t *testing.T) {
	type answer struct {
		Route  string
		Params string
	}
	measured := []string{"ANY /{proxy+}", "GET /jobs/{operation_type}", "OPTIONS /cors_only"}
	siblings := []string{"GET /users/{userId}", "PATCH /users/me"}
	for _, tt := range []struct {
		name       string
		routes     []string
		verb, path string
		want       answer
	}{
		{"root", []string{"GET /"}, "GET", "/", answer{"GET /", ""}},
		{"root, slashes only", []string{"GET /"}, "GET", "//", answer{"GET /", ""}},
		{"greedy does not match its parent", []string{"ANY /{proxy+}"}, "GET", "/", answer{}},
		{"greedy does not match its parent below", []string{"ANY /a/{proxy+}"}, "GET", "/a/", answer{}},

		// [observed] ministack #1423, five probes
		{"exact pair", measured, "GET", "/jobs/reboot", answer{"GET /jobs/{operation_type}", "operation_type=reboot"}},
		{"methodless parent", measured, "GET", "/jobs", answer{"ANY /{proxy+}", "proxy=jobs"}},
		{"methodless parent, any verb", measured, "POST", "/jobs", answer{"ANY /{proxy+}", "proxy=jobs"}},
		{"verb mismatch", measured, "POST", "/jobs/reboot", answer{"ANY /{proxy+}", "proxy=jobs/reboot"}},
		{"only OPTIONS", measured, "GET", "/cors_only", answer{"ANY /{proxy+}", "proxy=cors_only"}},
		{"OPTIONS itself", measured, "OPTIONS", "/cors_only", answer{"OPTIONS /cors_only", ""}},

		// [observed] floci #3399 and #3547
		{"parameter sibling takes over", siblings, "GET", "/users/me", answer{"GET /users/{userId}", "userId=me"}},
		{"literal keeps its verb", siblings, "PATCH", "/users/me", answer{"PATCH /users/me", ""}},
		{"neither has the verb", siblings, "POST", "/users/me", answer{}},

		// [recorded]
		{"literal before greedy", []string{"GET /part1/{param+}", "GET /part1/hardcoded"}, "GET", "/part1/hardcoded", answer{"GET /part1/hardcoded", ""}},
		{"trailing slash", []string{"ANY /{proxy+}"}, "GET", "/proxy-value/", answer{"ANY /{proxy+}", "proxy=proxy-value"}},
		{"inner slashes", []string{"ANY /{proxy+}"}, "GET", "/proxy-value//double-slash", answer{"ANY /{proxy+}", "proxy=proxy-value//double-slash"}},
		{"not decoded", []string{"ANY /{proxy+}"}, "GET", "/test%2Balias@gmail.com/plus/test+alias@gmail.com", answer{"ANY /{proxy+}", "proxy=test%2Balias@gmail.com/plus/test+alias@gmail.com"}},

		// [docs]
		{"verb before ANY", []string{"ANY /x", "GET /x"}, "GET", "/x", answer{"GET /x", ""}},
		{"ANY for the others", []string{"GET /x", "ANY /x"}, "PUT", "/x", answer{"ANY /x", ""}},
		{"HEAD is not GET", []string{"GET /x"}, "HEAD", "/x", answer{}},
		{"ANY serves HEAD", []string{"ANY /x"}, "HEAD", "/x", answer{"ANY /x", ""}},
		{"ANY is no verb of a request", []string{"ANY /x"}, "ANY", "/x", answer{}},
		{"TRACE", []string{"ANY /x"}, "TRACE", "/x", answer{}},
		{"lower case", []string{"ANY /x"}, "get", "/x", answer{}},

		{"ANY above beats nothing below", []string{"ANY /a/{x}", "GET /{proxy+}"}, "GET", "/a/b", answer{"ANY /a/{x}", "x=b"}},
		{"nearest greedy", []string{"ANY /{proxy+}", "ANY /a/{rest+}"}, "GET", "/a/b/c", answer{"ANY /a/{rest+}", "rest=b/c"}},
		{"nearest greedy that has the verb", []string{"ANY /{proxy+}", "GET /a/{rest+}"}, "PUT", "/a/b/c", answer{"ANY /{proxy+}", "proxy=a/b/c"}},
		{"back out of a literal", []string{"GET /a/x/c", "GET /{p}/b/d"}, "GET", "/a/b/d", answer{"GET /{p}/b/d", "p=a"}},
		{"back out of a parameter", []string{"GET /{p}/b/d", "GET /q/{r}/e"}, "GET", "/q/b/e", answer{"GET /q/{r}/e", "r=b"}},
		{"several parameters", []string{"GET /{a}/x/{b}/{c+}"}, "GET", "//1//x/2/3//4/", answer{"GET /{a}/x/{b}/{c+}", "a=1 b=2 c=3//4"}},
		{"encoded slash is data", []string{"GET /f/{name}"}, "GET", "/f/a%2Fb", answer{"GET /f/{name}", "name=a%2Fb"}},
		{"too long", []string{"GET /a"}, "GET", "/a/b", answer{}},
		{"too short", []string{"GET /a/b"}, "GET", "/a", answer{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			value, params, _ := tree(t, tt.routes...).Find(tt.path, tt.verb, nil)
			var text []string
			for _, p := range params {
				text = append(text, p.Name+"="+p.Value)
			}
			if got := (answer{value, strings.Join(text, " ")}); got != tt.want {
				t.Errorf("Find(%q, %s) = %+v, want %+v", tt.path, tt.verb, got, tt.want)
			}
		})
	}
}

func TestCompileErrors(t *testing.T) {
	for _, tt := range []struct {
		routes []string
		want   string
	}{
		{[]string{"GET /a", "GET /a"}, "route GET /a: declared twice"},
		{[]string{"ANY /a", "GET /a", "ANY /a"}, "route ANY /a: declared twice"},
		{[]string{"GET /a/{x}", "GET /a/{y}"}, "route GET /a/{y}: a sibling ({x}) of this resource already has a variable path part, only one is allowed"},
		{[]string{"GET /{proxy+}", "GET /{id}"}, "route GET /{id}: a sibling ({proxy+}) of this resource already has a variable path part, only one is allowed"},
		{[]string{"GET /{proxy+}/x"}, "route GET /{proxy+}/x: cannot create a child of a resource with a greedy path variable: {proxy+}"},
		{[]string{"GET a"}, "route GET a: the path must begin with a slash"},
		{[]string{"GET "}, "route GET : the path must begin with a slash"},
		{[]string{"GET /a/"}, "route GET /a/: the path has an empty part; write it without a double or trailing slash"},
		{[]string{"GET /a//b"}, "route GET /a//b: the path has an empty part; write it without a double or trailing slash"},
		{[]string{"GET /{}"}, `route GET /{}: the path variable "{}" has no proper name`},
		{[]string{"GET /{+}"}, `route GET /{+}: the path variable "{+}" has no proper name`},
		{[]string{"GET /a{b}"}, `route GET /a{b}: the path part "a{b}" is neither a literal nor a {variable}`},
		{[]string{"GET /a%20b"}, `route GET /a%20b: the path part "a%20b" is neither a literal nor a {variable}`},
		{[]string{"GET /.."}, `route GET /..: the path part ".." is neither a literal nor a {variable}`},
		{[]string{"GET /{id}/x/{id}"}, "route GET /{id}/x/{id}: the path variable {id} appears twice"},
		{[]string{"TRACE /a"}, "route TRACE /a: not a verb of a REST API; valid are GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD and ANY"},
		{[]string{"get /a", "GET b"}, "route get /a: not a verb of a REST API; valid are GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD and ANY\nroute GET b: the path must begin with a slash"},
	} {
		var entries []Entry[int]
		for _, line := range tt.routes {
			verb, path, _ := strings.Cut(line, " ")
			entries = append(entries, Entry[int]{Path: path, Verb: verb})
		}
		tr, err := Compile(entries)
		if err == nil || tr != nil {
			t.Errorf("Compile(%q) succeeded, want %q", tt.routes, tt.want)
			continue
		}
		if diff := cmp.Diff(err.Error(), tt.want); diff != "" {
			t.Errorf("Compile(%q): (-got +want)\n%s", tt.routes, diff)
		}
	}
}

func TestEmptyTree(t *testing.T) {
	if _, _, r := tree(t).Find("/", "GET", nil); r != NoRoute {
		t.Errorf("Find in an empty tree = %v, want %v", r, NoRoute)
	}
}

func TestParamsReuseBuffer(t *testing.T) {
	tr := tree(t, "GET /{a}/{b}")
	if got := tr.MaxParams(); got != 2 {
		t.Fatalf("MaxParams = %d, want 2", got)
	}
	buf := make([]Param, 0, 2)
	_, params, _ := tr.Find("/1/2", "GET", buf)
	if &params[0] != &buf[:1][0] {
		t.Error("Find did not use the buffer it was given")
	}
}

// thousand is 1,000 routes as a large API has them.
func thousand(t testing.TB) *Tree[string] {
	var lines []string
	for i := range 125 {
		base := fmt.Sprintf("/service%d", i)
		lines = append(lines,
			"GET "+base, "POST "+base, "GET "+base+"/{id}", "DELETE "+base+"/{id}",
			"GET "+base+"/{id}/orders", "POST "+base+"/{id}/orders",
			"GET "+base+"/{id}/orders/{order}", "ANY "+base+"/{id}/files/{path+}")
	}
	return tree(t, lines...)
}

func TestFindDoesNotAllocate(t *testing.T) {
	tr := thousand(t)
	buf := make([]Param, 0, tr.MaxParams())
	for _, path := range []string{"/service77/42/orders/7", "/service3/1/files/a/b.txt", "/service3/%6frders/x", "/nowhere"} {
		if n := testing.AllocsPerRun(100, func() { tr.Find(path, "GET", buf) }); n != 0 {
			t.Errorf("Find(%q) allocates %v times, want 0", path, n)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	tr := thousand(b)
	buf := make([]Param, 0, tr.MaxParams())
	for _, path := range []string{"/service77", "/service77/42/orders/7", "/service124/42/files/a/b/c.txt", "/nowhere/at/all"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tr.Find(path, "GET", buf)
			}
		})
	}
}
