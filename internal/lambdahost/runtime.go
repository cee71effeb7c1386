package lambdahost

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"gatehouse/internal/function"
)

//go:embed bootstrap/node.cjs bootstrap/python.py
var bootstraps embed.FS

// writeBootstraps empties the host's directory and writes our runtime clients into it. Their directory
// becomes LAMBDA_RUNTIME_DIR.
func writeBootstraps(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return "", err
	}
	for _, old := range []string{"tmp", "runtime"} {
		if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
			return "", err
		}
	}
	boot := filepath.Join(dir, "runtime")
	if err := os.Mkdir(boot, 0o700); err != nil {
		return "", err
	}
	for _, name := range []string{"node.cjs", "python.py"} {
		b, err := bootstraps.ReadFile("bootstrap/" + name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(boot, name), b, 0o600); err != nil {
			return "", err
		}
	}
	return boot, nil
}

// language is a family of runtimes.
type language uint8

const (
	provided language = iota // bootstrap at the task root
	goLegacy                 // go1.x: the handler is the executable
	node
	python
)

// runtimeSpec is how a function is started.
type runtimeSpec struct {
	language language
	// version is shown in INIT_START.
	version string
	// tool is the interpreter, "" for provided.
	tool string
	// boot is our runtime client for the interpreter.
	boot string
}

// runtimeOf decides how a function is run, or refuses it by name. What can be known before a process
// is started is refused here.
func (h *Host) runtimeOf(cfg *function.Config) (runtimeSpec, error) {
	refuse := func(problem string) (runtimeSpec, error) {
		return runtimeSpec{}, &RuntimeError{cfg.Name, cfg.Runtime, problem}
	}
	if info, err := os.Stat(cfg.CodeDir); err != nil || !info.IsDir() || !filepath.IsAbs(cfg.CodeDir) {
		return runtimeSpec{}, &CodeError{cfg.Name, cfg.CodeDir, "the code directory does not exist"}
	}
	if cfg.Timeout <= 0 || cfg.MemoryMB <= 0 {
		return runtimeSpec{}, fmt.Errorf("function %s: timeout and memory size must be positive", cfg.Name)
	}
	switch {
	case cfg.Runtime == "provided.al2023", cfg.Runtime == "provided.al2", cfg.Runtime == "provided":
		return runtimeSpec{language: provided, version: cfg.Runtime}, nil
	case cfg.Runtime == "go1.x":
		if !filepath.IsLocal(cfg.Handler) {
			return runtimeSpec{}, &CodeError{cfg.Name, cfg.Handler, "the handler of go1.x must name a file inside the code"}
		}
		return runtimeSpec{language: goLegacy, version: cfg.Runtime}, nil
	case strings.HasPrefix(cfg.Runtime, "nodejs"):
		tool, version := h.tools.find("node")
		if tool == "" {
			return refuse("node was not found on PATH: install Node.js 18 or newer")
		}
		if source := typescript(cfg); source != "" {
			return runtimeSpec{}, &CodeError{cfg.Name, source, "TypeScript is not compiled here yet: compile it to JavaScript beside the source"}
		}
		return runtimeSpec{node, cfg.Runtime + " (node " + version + ")", tool, filepath.Join(h.boot, "node.cjs")}, nil
	case strings.HasPrefix(cfg.Runtime, "python"):
		tool, version := h.tools.find(cfg.Runtime, "python3")
		if tool == "" {
			return refuse("python3 was not found on PATH: install Python 3.8 or newer")
		}
		return runtimeSpec{python, cfg.Runtime + " (python " + version + ")", tool, filepath.Join(h.boot, "python.py")}, nil
	case cfg.Runtime == "":
		return refuse("the function has no runtime; container images cannot be run here")
	default:
		return refuse("this runtime is not supported; nodejs*, python* and provided.* are. An executable named " +
			"bootstrap that speaks the Runtime API runs as provided.al2023")
	}
}

// typescript returns the handler's source when there is only TypeScript for it.
func typescript(cfg *function.Config) string {
	dir, base := filepath.Split(cfg.Handler)
	file, _, _ := strings.Cut(base, ".")
	if file == "" || !filepath.IsLocal(cfg.Handler) {
		return ""
	}
	path := filepath.Join(cfg.CodeDir, dir, file)
	for _, ext := range []string{"", ".js", ".mjs", ".cjs"} {
		if _, err := os.Stat(path + ext); err == nil {
			return ""
		}
	}
	for _, ext := range []string{".ts", ".mts", ".cts", ".tsx"} {
		if _, err := os.Stat(path + ext); err == nil {
			return path + ext
		}
	}
	return ""
}

// noEntrypointError says where an executable was looked for.
type noEntrypointError struct{ tried []string }

func (e *noEntrypointError) Error() string {
	return fmt.Sprintf("no executable found: tried %v", e.tried)
}

// args is the argument vector of a function's process. Handlers never become arguments: runtimes read
// _HANDLER.
func (r runtimeSpec) args(cfg *function.Config) ([]string, error) {
	switch r.language {
	case node:
		// V8 gives up before the memory watch does, and says why.
		heap := "--max-old-space-size=" + strconv.Itoa(max(32, cfg.MemoryMB*9/10))
		return wrapped(cfg, []string{r.tool, heap, r.boot}), nil
	case python:
		args := []string{r.tool, "-u", r.boot}
		if cfg.Linked {
			args = []string{r.tool, "-u", "-B", r.boot} // write no __pycache__ into the user's tree
		}
		return wrapped(cfg, args), nil
	default:
		name := "bootstrap"
		if r.language == goLegacy {
			name = cfg.Handler
		}
		path := filepath.Join(cfg.CodeDir, name)
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return nil, &noEntrypointError{[]string{path}}
		}
		return []string{path}, nil
	}
}

// wrapped puts AWS_LAMBDA_EXEC_WRAPPER in front: a script that starts the runtime.
func wrapped(cfg *function.Config, args []string) []string {
	w, ok := cfg.Env["AWS_LAMBDA_EXEC_WRAPPER"]
	if !ok || w.IsZero() {
		return args
	}
	path := w.Reveal()
	if !filepath.IsAbs(path) {
		path = filepath.Join(cfg.CodeDir, path)
	}
	return append([]string{path}, args...)
}

// toolbox finds interpreters, each once.
type toolbox struct {
	mu    sync.Mutex
	found map[string]tool
}

type tool struct{ path, version string }

// find returns the first of names that is on PATH and runs.
func (t *toolbox) find(names ...string) (path, version string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		f, known := t.found[name]
		if !known {
			f = locate(name)
			if t.found == nil {
				t.found = map[string]tool{}
			}
			t.found[name] = f
		}
		if f.path != "" {
			return f.path, f.version
		}
	}
	return "", ""
}

// locate finds an interpreter and asks it where it really is: version managers put scripts on PATH
// which need an environment that functions do not get, and cost time with every start.
func locate(name string) tool {
	path, err := exec.LookPath(name)
	if err != nil {
		return tool{}
	}
	ask := []string{"-c", "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3])"}
	if name == "node" {
		ask = []string{"-p", `process.execPath + "\n" + process.versions.node`}
	}
	out, err := exec.Command(path, ask...).Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != 2 || !filepath.IsAbs(lines[0]) {
		return tool{}
	}
	return tool{strings.TrimSpace(lines[0]), strings.TrimSpace(lines[1])}
}
