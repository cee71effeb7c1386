package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/function"
	"gatehouse/internal/seal"
)

// scratch is a directory for all tests together.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "lambdahost-test-"); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(status)
}

// builtBootstrap is the directory of the test function, compiled once.
var builtBootstrap = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "build", "-o", filepath.Join(scratch, "bootstrap"), "./testdata/bootstrap")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return scratch, nil
})

// bootstrap describes the test function; its event is {"do": what, "text": …}.
func bootstrap(t testing.TB) *function.Config {
	t.Helper()
	need(t, "go")
	dir, err := builtBootstrap()
	if err != nil {
		t.Fatalf("build the test function: %v", err)
	}
	return config("provided.al2023", "any.handler", dir)
}

func do(what string) function.Invocation { return event(`{"do":"` + what + `","text":"hello"}`) }

// tree lists the files below a directory.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		names = append(names, p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

// The answers are those of AWS's runtime emulator [facts 5.1].
func TestRuntimeAPI(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	for _, tt := range []struct {
		do, want, err string
	}{
		{"echo", `"hello"`, ""},
		{"stream", `"hello"`, ""},
		{"cwd", `"` + cfg.CodeDir + `"`, ""},
		{"fail", `{"errorMessage":"refused","errorType":"errorString"}`, "Unhandled"},
		{"other-id", "400 {\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n", ""},
		{"next-again", "403 {\"errorMessage\":\"State transition from Running to Ready failed for runtime. Error: State transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}\n", ""},
		{"init-late", "403 {\"errorMessage\":\"State transition from Running to InitError failed for runtime. Error: State transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}\n", ""},
		{"restore", "403 {\"errorMessage\":\"State transition from Running to Restoring failed for runtime. Error: State transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}\n", ""},
		{"unknown", "404", ""},
		{"huge", `{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}`, "Unhandled"},
		{"stream-huge", `{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}`, "Unhandled"},
		{"twice", `"hello"`, ""},
		{"echo", `"hello"`, ""},
	} {
		r := invoke(t, h, cfg, do(tt.do))
		if got := string(r.Payload); got != tt.want || r.Err != tt.err {
			t.Errorf("%s: got %q %s, want %q %s", tt.do, r.Err, got, tt.err, tt.want)
		}
	}
	for _, want := range []string{
		`second answer: 403 {"errorMessage":"State transition from ResponseSent to InvocationResponse`,
		"answered 413", "answered 202",
	} {
		await(t, want, func() bool { return strings.Contains(h.text(), want) })
	}
	if got := h.Stats().Environments; got != 1 {
		t.Errorf("environments: got %d, want the same one for all calls", got)
	}
}

func TestProvidedWithoutBootstrap(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := config("provided.al2023", "x", t.TempDir())
	inv := event(`{}`)
	r := invoke(t, h, cfg, inv)
	want := `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ` + inv.RequestID +
		` Error: Couldn't find valid bootstrap(s): [` + cfg.CodeDir + `/bootstrap]"}`
	if got := string(r.Payload); got != want || r.Err != "Unhandled" {
		t.Errorf("got %q %s, want %s", r.Err, got, want)
	}
}

// [recorded] a wrapper that does not exist ends as in a shell.
func TestMissingWrapper(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	cfg := config("nodejs20.x", "index.handler", code(t, nodeProject))
	cfg.Env = map[string]seal.Secret{"AWS_LAMBDA_EXEC_WRAPPER": seal.Hide("/opt/nowhere")}
	r := invoke(t, h, cfg, event(`{}`))
	if _, got := fields(t, r); !strings.HasSuffix(got, "Error: Runtime exited with error: exit status 127") {
		t.Errorf("message: got %q", got)
	}
}

func TestWrapper(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	cfg := config("nodejs20.x", "index.handler", code(t, map[string]string{
		"wrap":     "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n",
		"index.js": "exports.handler = async () => process.env.WRAPPED",
	}))
	cfg.Env = map[string]seal.Secret{"AWS_LAMBDA_EXEC_WRAPPER": seal.Hide(cfg.CodeDir + "/wrap")}
	if r := invoke(t, h, cfg, event(`{}`)); string(r.Payload) != `"yes"` {
		t.Errorf("got %s", r.Payload)
	}
}

// Every invocation after a failed initialisation initialises again; after a few failures in a row the
// last one is repeated for a while.
func TestInitError(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	cfg.Digest += "-fail"
	cfg.Env = map[string]seal.Secret{"FAIL_INIT": seal.Hide("1")}
	for range 8 {
		r := invoke(t, h, cfg, do("echo"))
		if got, want := string(r.Payload), `{"errorType":"Custom","errorMessage":"no database"}`; got != want || r.Err != "Unhandled" {
			t.Fatalf("got %q %s, want %s", r.Err, got, want)
		}
	}
	await(t, "the log", func() bool { return strings.Count(h.text(), "INIT_START") >= patience })
	if starts := strings.Count(h.text(), "INIT_START"); starts > 7 {
		t.Errorf("initialisations for 8 calls: got %d, want fewer", starts)
	}
}

// [recorded 2025-11] the payload of a timeout.
func TestTimeout(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	for _, what := range []string{"hang", "spin", "stubborn"} {
		cfg := bootstrap(t)
		cfg.Timeout, cfg.Digest = 250*time.Millisecond, cfg.Digest+what
		inv := do(what)
		inv.Tail = true
		r := invoke(t, h, cfg, inv)
		want := `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ` + inv.RequestID + ` Error: Task timed out after 0.25 seconds"}`
		if got := string(r.Payload); got != want || r.Err != "Unhandled" {
			t.Errorf("%s: got %q %s, want %s", what, r.Err, got, want)
		}
		if !strings.Contains(string(r.Log), " "+inv.RequestID+" Task timed out after 0.25 seconds\n") || !strings.HasSuffix(string(r.Log), "\tStatus: timeout\n") {
			t.Errorf("%s: log %s", what, r.Log)
		}
		if r := invoke(t, h, cfg, do("echo")); string(r.Payload) != `"hello"` {
			t.Errorf("after %s: got %s", what, r.Payload)
		}
	}
}

// An initialisation over the limit is tried again, and its time counts against the invocation.
func TestSlowInit(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	cfg.Digest += "-slow"
	cfg.Timeout = 250 * time.Millisecond
	cfg.Env = map[string]seal.Secret{"SLOW_INIT": seal.Hide("60s")}
	p, _, err := h.enter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.late = true // as if the first attempt had taken ten seconds
	p.mu.Unlock()
	h.routines.Done()
	r := invoke(t, h, cfg, do("echo"))
	if got, _ := fields(t, r); got != "Sandbox.Timedout" {
		t.Errorf("got %s", r.Payload)
	}
}

// A caller who stops waiting does not stop the function: its environment stays busy.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	cfg.Timeout = 250 * time.Millisecond
	invoke(t, h, cfg, do("echo"))
	await(t, "an idle process", func() bool { return h.Stats().Idle == 1 })
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("integration timeout"))
	defer cancel()
	if _, err := h.Invoke(ctx, cfg, do("hang")); err == nil || err.Error() != "integration timeout" {
		t.Errorf("error: got %v, want the cause of the context", err)
	}
	if r := invoke(t, h, cfg, do("echo")); string(r.Payload) != `"hello"` {
		t.Errorf("another call: got %s", r.Payload)
	}
	await(t, "the timeout in the log", func() bool { return strings.Contains(h.text(), "Task timed out") })
}

// A runtime that answers and does not come back keeps nobody waiting, and ends with its timeout.
func TestRuntimeLingers(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	cfg.Timeout = 250 * time.Millisecond
	for range 3 {
		if r := invoke(t, h, cfg, do("linger")); string(r.Payload) != `"hello"` {
			t.Errorf("got %s", r.Payload)
		}
	}
	await(t, "the end of those that linger", func() bool { return h.Stats().Environments == 0 })
}

// await polls until something is so.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// The environment is built from empty: nothing of the server's reaches a function, and reserved names
// cannot be set from outside [facts 5.2].
func TestEnvironmentVariables(t *testing.T) {
	t.Setenv("GATEHOUSE_CANARY", "server-secret")
	h := newHost(t, func(c *Config) {
		c.Extra = func(*function.Config) []string { return []string{"IS_OFFLINE=true", "BOTH=host", "AWS_REGION=evil"} }
		c.Credentials = func(cfg *function.Config) []string {
			return []string{"AWS_ACCESS_KEY_ID=ASIA" + cfg.Role[len(cfg.Role)-5:], "AWS_SECRET_ACCESS_KEY=s", "AWS_SESSION_TOKEN=t"}
		}
	})
	cfg := bootstrap(t)
	cfg.Env = map[string]seal.Secret{"TABLE": seal.Hide("stores"), "BOTH": seal.Hide("own"), "TZ": seal.Hide("Europe/Berlin"),
		"AWS_LAMBDA_RUNTIME_API": seal.Hide("10.0.0.1:80"), "_HANDLER": seal.Hide("other")}
	var list []string
	if err := json.Unmarshal(invoke(t, h, cfg, do("env")).Payload, &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, nv := range list {
		name, value, _ := strings.Cut(nv, "=")
		got[name] = value
	}
	for name, want := range map[string]string{
		"TABLE": "stores", "BOTH": "own", "IS_OFFLINE": "true", "TZ": "Europe/Berlin", "LANG": "en_US.UTF-8",
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "_HANDLER": "any.handler",
		"AWS_LAMBDA_FUNCTION_NAME": "probe", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/probe",
		"LAMBDA_TASK_ROOT": cfg.CodeDir, "AWS_ACCESS_KEY_ID": "ASIAprobe", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
		"AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR", "PATH": "/usr/local/bin:/usr/bin:/bin",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
		delete(got, name)
	}
	var rest []string
	for name := range got {
		rest = append(rest, name)
	}
	slices.Sort(rest)
	// [recorded 2026-01] provided.al2023 has no AWS_EXECUTION_ENV, PWD or SHLVL.
	want := "AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API HOME LAMBDA_RUNTIME_DIR LD_LIBRARY_PATH TMPDIR"
	if s := strings.Join(rest, " "); s != want {
		t.Errorf("other variables: got %s, want %s", s, want)
	}
	if !strings.HasPrefix(got["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:") {
		t.Errorf("AWS_LAMBDA_RUNTIME_API: got %q", got["AWS_LAMBDA_RUNTIME_API"])
	}
}

// Close ends functions that ignore SIGTERM, and the calls in them.
func TestCloseWithRunningCall(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	got := make(chan function.Result, 1)
	go func() {
		r, _ := h.Invoke(context.Background(), cfg, do("stubborn"))
		got <- r
	}()
	await(t, "the start", func() bool { return strings.Contains(h.text(), "START RequestId") })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if r := <-got; !strings.Contains(string(r.Payload), "Runtime exited with error: signal: ") {
		t.Errorf("payload: got %s", r.Payload)
	}
}

func TestLogBounds(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	invoke(t, h, cfg, do("binary"))
	invoke(t, h, cfg, do("long-line"))
	if r := invoke(t, h, cfg, do("flood")); string(r.Payload) != `"flooded"` {
		t.Errorf("flood: got %s", r.Payload)
	}
	invoke(t, h, cfg, do("echo"))
	await(t, "the end of the log", func() bool { return strings.Count(h.text(), "REPORT ") == 4 })
	h.mu.Lock()
	defer h.mu.Unlock()
	longest, dropped, bytes, binary := 0, false, 0, false
	for _, l := range h.lines {
		longest = max(longest, len(l.Text))
		bytes += len(l.Text)
		dropped = dropped || strings.HasSuffix(l.Text, "lines were dropped: the function logs too fast")
		binary = binary || l.Text == "\uFFFD\x00" || l.Text == "\uFFFD\uFFFD\x00"
	}
	if longest != maxLine {
		t.Errorf("longest line: got %d bytes, want %d", longest, maxLine)
	}
	if !dropped || bytes > 3*logBurst {
		t.Errorf("40 MB of log: dropped %v, %d bytes kept", dropped, bytes)
	}
	if !binary {
		t.Errorf("a line that is no UTF-8 was not repaired")
	}
}
