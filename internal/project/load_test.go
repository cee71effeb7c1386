package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func noEnv(string) (string, bool) { return "", false }

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindWalksUp(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"serverless.yml": "service: s", "a/b/c.txt": ""})
	got, err := Find(filepath.Join(dir, "a", "b"), "")
	if err != nil || got != filepath.Join(dir, "serverless.yml") {
		t.Errorf("Find = %q, %v", got, err)
	}
	if _, err := Find(dir, "a"); err == nil || !strings.Contains(err.Error(), "no definition found") {
		t.Errorf("a directory without a definition: %v", err)
	}
	if _, err := Find(dir, "nothing"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a path that does not exist: %v", err)
	}
}

// TestBadDefinitions: one message with file and line, and what to do.
func TestBadDefinitions(t *testing.T) {
	const good = "service: s\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n  f:\n    handler: h.x\n"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"missing handler", good, []string{"serverless.yml:4:", `the handler "h.x" has no file`, "looked for h.js"}},
		{"image", "service: s\nprovider: {name: aws}\nfunctions:\n  f: {image: example.com/x}\n", []string{"serverless.yml:4:", `function "f" is a container image`, "give it a handler"}},
		{"no YAML", "service: [", []string{"serverless.yml:"}},
		{"unknown variable", good + "custom: {a: '${nope:x}'}\n", []string{"serverless.yml:6:", "nope"}},
		{"missing file", good + "custom: {a: '${file(gone.yml)}'}\n", []string{"serverless.yml:6:", "gone.yml"}},
		{"cycle", good + "custom: {a: '${self:custom.b}', b: '${self:custom.a}'}\n", []string{"serverless.yml:6:"}},
		{"YAML bomb", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n", []string{"serverless.yml:"}},
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"serverless.yml": c.text})
		_, err := Load(filepath.Join(dir, "serverless.yml"), Options{Account: "123456789012", Getenv: noEnv})
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q lacks %q", c.name, err, want)
			}
		}
	}
}

func TestExample(t *testing.T) {
	d, err := Load("../../examples/stores/serverless.yml", Options{Account: "123456789012", Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	if d.Stack != "stores-service-dev" || d.Stage != "dev" || len(d.Functions) != 3 || len(d.Keys) != 2 || len(d.Warnings) != 0 {
		t.Errorf("stack %q, stage %q, %d functions, keys %+v, warnings %+v", d.Stack, d.Stage, len(d.Functions), d.Keys, d.Warnings)
	}
}

func TestStackName(t *testing.T) {
	for in, want := range map[string]string{"my app": "my-app", "2fast": "stack-2fast", "ünï": "n", "": "stack-"} {
		if got := stackName(in); got != want {
			t.Errorf("stackName(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestCannotRun: what is declared and cannot be run is told before the first call fails.
func TestCannotRun(t *testing.T) {
	const text = "service: s\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n" +
		"  j: {handler: com.example.Handler, runtime: java21}\n  t: {handler: a.x}\n  b: {handler: b.x}\n"
	dir := t.TempDir()
	write(t, dir, map[string]string{"serverless.yml": text, "a.ts": "", "b.ts": "", "b.js": ""})
	d, err := Load(filepath.Join(dir, "serverless.yml"), Options{Account: "123456789012", Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range d.Warnings {
		got = append(got, filepath.Base(w.Pos.String())+": "+w.Msg)
	}
	want := []string{
		`serverless.yml:4: function "j" answers every call with an error: the runtime java21 is not run here (nodejs, python, provided and go1.x are)`,
		`serverless.yml:5: function "t" answers every call with an error: a.ts is not compiled here; compile it to JavaScript beside the source`,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("warnings (-got +want):\n%s", diff)
	}
}

// TestServiceUnderAnotherName: sls --config takes a service file of any name.
func TestServiceUnderAnotherName(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"api.yml": "service: s\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions: {f: {handler: h.x, environment: {A: '${self:service}'}}}\n", "h.js": ""})
	d, err := Load(filepath.Join(dir, "api.yml"), Options{Account: "123456789012", Getenv: noEnv})
	if err != nil || d.Stack != "s-dev" || len(d.Functions) != 1 {
		t.Errorf("got %+v, %v", d, err)
	}
}
