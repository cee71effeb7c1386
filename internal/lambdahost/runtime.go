package lambdahost

import (
	"embed"
	"fmt"
	"io"
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
		tool := h.tools.find("node")
		if tool == "" {
			return refuse("node was not found on PATH: install Node.js 18 or newer")
		}
		if source := typescript(cfg); source != "" {
			return runtimeSpec{}, &CodeError{cfg.Name, source, "TypeScript is not compiled here yet: compile it to JavaScript beside the source"}
		}
		return runtimeSpec{node, cfg.Runtime + " (" + tool + ")", tool, filepath.Join(h.boot, "node.cjs")}, nil
	case strings.HasPrefix(cfg.Runtime, "python"):
		tool := h.tools.find(cfg.Runtime, "python3")
		if tool == "" {
			return refuse("python3 was not found on PATH: install Python 3.8 or newer")
		}
		return runtimeSpec{python, cfg.Runtime + " (" + tool + ")", tool, filepath.Join(h.boot, "python.py")}, nil
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
	found map[string]func() string
}

// find returns the path of the first of names that is there, or "".
func (t *toolbox) find(names ...string) string {
	for _, name := range names {
		t.mu.Lock()
		if t.found == nil {
			t.found = map[string]func() string{}
		}
		search := t.found[name]
		if search == nil {
			search = sync.OnceValue(func() string { return locate(name) })
			t.found[name] = search
		}
		t.mu.Unlock()
		if path := search(); path != "" {
			return path
		}
	}
	return ""
}

// locate finds an interpreter on PATH. Version managers put scripts or programs of their own there, which
// need an environment that functions do not get, and cost time with every start: such a one is asked
// where the interpreter really is.
func locate(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	if path, err = filepath.Abs(path); err != nil {
		return ""
	}
	if isInterpreter(path) {
		return path
	}
	ask := []string{"-c", "import sys; print(sys.executable)"}
	if name == "node" {
		ask = []string{"-p", "process.execPath"}
	}
	out, err := exec.Command(path, ask...).Output()
	path = strings.TrimSpace(string(out))
	if err != nil || !filepath.IsAbs(path) {
		return ""
	}
	return path
}

// isInterpreter tells an interpreter from what stands in for it: a program, under its own name.
func isInterpreter(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	if base := filepath.Base(real); !strings.HasPrefix(base, "node") && !strings.HasPrefix(base, "python") {
		return false
	}
	f, err := os.Open(real)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 2)
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) != "#!"
}
