package archtest

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// plan is the picture of docs/architecture.md as text. A line is a floor, from the ground up; a package may
// import every lower floor, its own sub-packages, and on its own floor what stands to its left. On a floor
// marked with ! packages do not import each other at all.
const plan = `
F0   arn seal verdict meter route mapping javaregexp jsonpath velocity sigv4 policy/condition policy shape awsapi/*
F1   document identity vpc apigw function stack event template template/serverless template/sam
F2   model snapshot gateway/exchange gateway/check gateway/integration gateway
F3   store store/keyfile store/sqlite store/postgres store/storetest tables directory counter counter/* definitions lambdahost upstream wire telemetry
F4 ! service/* publish
F5 ! edge controlplane cloudformation ops
F6   config project server cli archtest gatetest
`

// pure floors never touch the world.
var pure = []string{"F0", "F1", "F2"}

// banned imports of the pure floors, with the reason.
var banned = map[string]string{
	"os":           "pure floors read no files; text comes in as an argument",
	"os/exec":      "pure floors start no processes",
	"net":          "pure floors open no sockets (net/netip is fine)",
	"net/http":     "HTTP engines live in edge, upstream and wire",
	"database/sql": "pure floors know no store",
	"log/slog":     "pure floors return values; they do not log",
	"log":          "pure floors return values; they do not log",
}

// exempt names the packages that may break a ban, with the reason.
var exempt = map[string]string{
	"seal log/slog": "a Secret tells slog how not to print it",
}

// modules allows third-party modules, with the reason; docs/architecture.md has the long form.
var modules = map[string]string{
	"go.yaml.in/yaml/v3":                    "YAML with node positions and tags",
	"github.com/go-json-experiment/json":    "strict JSON: names are case-sensitive, duplicates refused",
	"github.com/alecthomas/kong":            "the command line as one struct",
	"github.com/fsnotify/fsnotify":          "dev: reload on change",
	"github.com/prometheus/client_golang":   "metrics",
	"github.com/prometheus/client_model":    "metrics, in tests",
	"github.com/google/go-cmp":              "tests: readable differences",
	"github.com/google/uuid":                "identifiers",
	"github.com/rogpeppe/go-internal":       "tests: txtar stories",
	"github.com/santhosh-tekuri/jsonschema": "request models, JSON schema draft 4",
	"golang.org/x/sync":                     "single flight, error groups",
	"golang.org/x/sys":                      "process control of functions",
	"modernc.org/sqlite":                    "the embedded store",
}

type pkg struct {
	path    string // below internal/
	files   map[string]*ast.File
	imports map[string]string // import path → a file that has it (tests not counted)
}

func load(t *testing.T) (*token.FileSet, map[string]*pkg) {
	t.Helper()
	fset := token.NewFileSet()
	pkgs := map[string]*pkg{}
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		dir, _ := filepath.Rel(root, filepath.Dir(path))
		dir = filepath.ToSlash(dir)
		p := pkgs[dir]
		if p == nil {
			p = &pkg{path: dir, files: map[string]*ast.File{}, imports: map[string]string{}}
			pkgs[dir] = p
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "_test.go") {
			return nil
		}
		p.files[path] = f
		for _, i := range f.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			p.imports[name] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fset, pkgs
}

type place struct {
	floor, index int
	name         string
	strict       bool
}

func floors(t *testing.T) []struct {
	name   string
	strict bool
	pkgs   []string
} {
	t.Helper()
	var out []struct {
		name   string
		strict bool
		pkgs   []string
	}
	s := bufio.NewScanner(strings.NewReader(plan))
	for s.Scan() {
		f := strings.Fields(s.Text())
		if len(f) == 0 {
			continue
		}
		e := struct {
			name   string
			strict bool
			pkgs   []string
		}{name: f[0]}
		f = f[1:]
		if f[0] == "!" {
			e.strict, f = true, f[1:]
		}
		e.pkgs = f
		out = append(out, e)
	}
	return out
}

func locate(t *testing.T, path string) (place, bool) {
	t.Helper()
	for i, f := range floors(t) {
		for j, p := range f.pkgs {
			if p == path || strings.HasSuffix(p, "/*") && strings.HasPrefix(path, strings.TrimSuffix(p, "*")) {
				return place{i, j, f.name, f.strict}, true
			}
		}
	}
	return place{}, false
}

func TestImportsGoDown(t *testing.T) {
	_, pkgs := load(t)
	for _, p := range pkgs {
		if len(p.files) == 0 {
			continue
		}
		from, ok := locate(t, p.path)
		if !ok {
			t.Errorf("package internal/%s has no place in the floor plan", p.path)
			continue
		}
		for path, file := range p.imports {
			dep, ours := strings.CutPrefix(path, "gatehouse/internal/")
			if !ours {
				continue
			}
			to, ok := locate(t, dep)
			if !ok || strings.HasPrefix(dep, p.path+"/") {
				continue
			}
			switch {
			case to.floor > from.floor:
				t.Errorf("%s: %s (%s) imports %s (%s): imports go down", file, p.path, from.name, dep, to.name)
			case to.floor == from.floor && from.strict:
				t.Errorf("%s: %s imports its neighbour %s: %s packages know only lower floors", file, p.path, dep, from.name)
			case to.floor == from.floor && to.index > from.index:
				t.Errorf("%s: %s imports %s, which stands to its right", file, p.path, dep)
			}
		}
	}
}

func TestPureFloors(t *testing.T) {
	fset, pkgs := load(t)
	for _, p := range pkgs {
		at, ok := locate(t, p.path)
		if !ok || !slices.Contains(pure, at.name) {
			continue
		}
		for path, file := range p.imports {
			if why := banned[path]; why != "" && exempt[p.path+" "+path] == "" {
				t.Errorf("%s imports %s: %s", file, path, why)
			}
		}
		for name, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Sleep") {
					t.Errorf("%s calls time.%s (%s): time is an argument on the pure floors", name, sel.Sel.Name, fset.Position(n.Pos()))
				}
				return true
			})
		}
	}
}

func TestHabits(t *testing.T) {
	fset, pkgs := load(t)
	for _, p := range pkgs {
		doc := false
		for name, f := range p.files {
			doc = doc || f.Doc != nil
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: func init: wiring belongs in package server", fset.Position(fn.Pos()))
				}
			}
			reassigned(t, fset, name, f)
		}
		if len(p.files) > 0 && !doc {
			t.Errorf("package internal/%s has no package comment", p.path)
		}
		for path, file := range p.imports {
			if strings.HasPrefix(path, "gatehouse/") || !strings.Contains(strings.Split(path, "/")[0], ".") {
				continue
			}
			known := false
			for m := range modules {
				known = known || path == m || strings.HasPrefix(path, m+"/")
			}
			if !known {
				t.Errorf("%s imports %s, which is not in the list of modules", file, path)
			}
		}
	}
}

// reassigned finds package variables that the same file assigns to after their declaration.
func reassigned(t *testing.T, fset *token.FileSet, name string, f *ast.File) {
	vars := map[string]bool{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			for _, n := range s.(*ast.ValueSpec).Names {
				vars[n.Name] = true
			}
		}
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			a, ok := n.(*ast.AssignStmt)
			if !ok || a.Tok != token.ASSIGN {
				return true
			}
			for _, l := range a.Lhs {
				id, ok := l.(*ast.Ident)
				if ok && vars[id.Name] && (id.Obj == nil || id.Obj.Kind == ast.Var && isPackageLevel(f, id)) {
					t.Errorf("%s: package variable %s is assigned again", fset.Position(a.Pos()), id.Name)
				}
			}
			return true
		})
	}
	_ = name
}

func isPackageLevel(f *ast.File, id *ast.Ident) bool {
	return f.Scope != nil && f.Scope.Lookup(id.Name) == id.Obj
}

// TestPlanIsDocumented keeps the picture in the documentation in step with the plan above.
func TestPlanIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range floors(t) {
		for _, p := range f.pkgs {
			if strings.Contains(p, "*") || slices.Contains([]string{"velocity", "policy", "template/sam", "store/postgres", "gatetest"}, p) {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(p))); err != nil {
				continue // planned, not built
			}
			if !strings.Contains(string(page), fmt.Sprintf("`%s`", p)) {
				t.Errorf("docs/architecture.md does not name the package `%s`", p)
			}
		}
	}
}
