package lambdahost

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/function"
	"gatehouse/internal/identity"
)

// fixture is a host with a log that tests can read.
type fixture struct {
	*Host
	mu    sync.Mutex
	lines []LogLine
}

func (f *fixture) log(l LogLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, l)
}

// text is the log so far.
func (f *fixture) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, l := range f.lines {
		b.WriteString(string(l.Stream) + " " + l.Text + "\n")
	}
	return b.String()
}

// newHost starts a host that is closed, and found empty, at the end of the test.
func newHost(t testing.TB, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{}
	c := Config{
		RunDir: filepath.Join(t.TempDir(), "run"),
		Home:   identity.Home{Partition: "aws", Account: "123456789012", Region: "eu-west-1"},
		Logger: slog.New(slog.DiscardHandler),
		Log:    f.log,
	}
	if change != nil {
		change(&c)
	}
	h, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	f.Host = h
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if got := h.Stats().Environments; got != 0 {
			t.Errorf("environments after Close: got %d, want 0", got)
		}
	})
	return f
}

// need skips a test when an interpreter is missing.
func need(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed", tool)
	}
}

// code writes files and returns their directory.
func code(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// config describes a function.
func config(runtime, handler, dir string) *function.Config {
	return &function.Config{
		ARN: "arn:aws:lambda:eu-west-1:123456789012:function:probe", Name: "probe", Version: function.Latest,
		Runtime: runtime, Handler: handler, Role: "arn:aws:iam::123456789012:role/probe", CodeDir: dir,
		Timeout: 10 * time.Second, MemoryMB: 256, Digest: dir + "/" + runtime + "/" + handler,
	}
}

// event is an invocation with a payload.
func event(payload string) function.Invocation {
	return function.Invocation{RequestID: uuid.NewString(), Payload: []byte(payload)}
}

// call invokes and fails the test on an error of the host.
func invoke(t testing.TB, h *fixture, cfg *function.Config, inv function.Invocation) function.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := h.Invoke(ctx, cfg, inv)
	if err != nil {
		t.Fatalf("Invoke: %v\nlog:\n%s", err, h.text())
	}
	return r
}

// fields decodes an error document.
func fields(t testing.TB, r function.Result) (errorType, message string) {
	t.Helper()
	var d struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}
	if err := json.Unmarshal(r.Payload, &d); err != nil {
		t.Fatalf("payload %q: %v", r.Payload, err)
	}
	return d.ErrorType, d.ErrorMessage
}
