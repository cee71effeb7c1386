package lambdahost

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/function"
)

// What cannot be run is refused by name, before any process starts.
func TestRefusals(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, map[string]string{"only.ts": "", "index.js": ""})
	file := filepath.Join(dir, "index.js")
	for _, tt := range []struct {
		name   string
		change func(*function.Config, *function.Invocation)
		want   string
	}{
		{"java", func(c *function.Config, _ *function.Invocation) { c.Runtime = "java21" },
			`function probe: runtime "java21": this runtime is not supported`},
		{"image", func(c *function.Config, _ *function.Invocation) { c.Runtime = "" },
			`function probe: runtime "": the function has no runtime`},
		{"no directory", func(c *function.Config, _ *function.Invocation) { c.CodeDir = "/nowhere/at/all" },
			"function probe: /nowhere/at/all: the code directory does not exist"},
		{"a file", func(c *function.Config, _ *function.Invocation) { c.CodeDir = file },
			"function probe: " + file + ": the code directory does not exist"},
		{"typescript", func(c *function.Config, _ *function.Invocation) { c.Handler = "only.handler" },
			"function probe: " + filepath.Join(dir, "only.ts") + ": TypeScript is not compiled here yet"},
		{"go1.x outside", func(c *function.Config, _ *function.Invocation) { c.Runtime, c.Handler = "go1.x", "../../bin/sh" },
			"function probe: ../../bin/sh: the handler of go1.x must name a file inside the code"},
		{"event too large", func(_ *function.Config, i *function.Invocation) { i.Payload = make([]byte, function.MaxPayload+1) },
			"function probe: the event has 6291557 bytes, the limit is 6291556"},
		{"request id", func(_ *function.Config, i *function.Invocation) { i.RequestID = "a/../b" },
			`function probe: the request id "a/../b" is no UUID`},
		{"halted", func(c *function.Config, _ *function.Invocation) { c.Concurrency = function.Halted },
			"function probe: too many concurrent invocations (ReservedFunctionConcurrentInvocationLimitExceeded)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, inv := config("nodejs20.x", "index.handler", dir), event(`{}`)
			tt.change(cfg, &inv)
			cfg.Digest += tt.name
			if strings.HasPrefix(cfg.Runtime, "nodejs") {
				need(t, "node")
			}
			_, err := h.Invoke(t.Context(), cfg, inv)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	if got := h.Stats().Environments; got != 0 {
		t.Errorf("processes: got %d, want 0", got)
	}
}

func TestMissingInterpreter(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	h := newHost(t, nil)
	for runtime, want := range map[string]string{
		"nodejs22.x": `function probe: runtime "nodejs22.x": node was not found on PATH: install Node.js`,
		"python3.13": `function probe: runtime "python3.13": python3 was not found on PATH: install Python`,
	} {
		_, err := h.Invoke(t.Context(), config(runtime, "index.handler", t.TempDir()), event(`{}`))
		var re *RuntimeError
		if !errors.As(err, &re) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", runtime, err, want)
		}
	}
}

func TestReservedConcurrency(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	cfg.Concurrency, cfg.Timeout = 1, 2*time.Second
	invoke(t, h, cfg, do("echo"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := h.Invoke(ctx, cfg, do("hang"))
		done <- err
	}()
	await(t, "the first call", func() bool { return strings.Count(h.text(), "START RequestId") == 2 })
	_, err := h.Invoke(t.Context(), cfg, do("echo"))
	var te *ThrottledError
	if !errors.As(err, &te) || te.Reason != ReasonReserved {
		t.Errorf("second call: got %v, want a ThrottledError", err)
	}
	cancel()
	<-done
}

// Calls at the same time run in as many processes, none of them mixed up.
func TestConcurrency(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	cfg := config("nodejs20.x", "index.handler", code(t, map[string]string{
		"index.js": `exports.handler = async (e) => { await new Promise((r) => setTimeout(r, 30)); return e; }`}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				inv := event("")
				inv.Payload = []byte(`"` + inv.RequestID + `"`)
				r, err := h.Invoke(t.Context(), cfg, inv)
				if err != nil || string(r.Payload) != string(inv.Payload) {
					t.Errorf("got %s %v, want %s", r.Payload, err, inv.Payload)
				}
			}
		})
	}
	wg.Wait()
	if got := h.Stats().Environments; got < 2 || got > 8 {
		t.Errorf("environments: got %d, want 2 to 8", got)
	}
}

// together is a function whose calls end once as many run as the event says.
var together = map[string]string{"index.js": `
	const fs = require('fs');
	exports.handler = async (e) => {
		fs.writeFileSync(e.dir + '/' + e.id, '');
		while (fs.readdirSync(e.dir).length < e.n) await new Promise((r) => setTimeout(r, 5));
		return process.pid;
	}`}

func meet(dir string, n int) function.Invocation {
	inv := event("")
	inv.Payload = []byte(`{"dir":"` + dir + `","id":"` + inv.RequestID + `","n":` + strconv.Itoa(n) + `}`)
	return inv
}

// Every call gets its process in the end, however many may start at once.
func TestEveryCallGetsAProcess(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	cfg := config("nodejs20.x", "index.handler", code(t, together))
	n := 2*h.parallel + 1
	dir := t.TempDir()
	pids := make(chan string, n)
	for range n {
		go func() { pids <- string(invoke(t, h, cfg, meet(dir, n)).Payload) }()
	}
	seen := map[string]bool{}
	for range n {
		seen[<-pids] = true
	}
	if len(seen) != n {
		t.Errorf("processes: got %d for %d calls at once", len(seen), n)
	}
}

// When all places are taken, what becomes idle gives way to what waits.
func TestIdleGivesWay(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, func(c *Config) { c.MaxEnvironments = 2 })
	cfg := config("nodejs20.x", "index.handler", code(t, together))
	busy := *cfg
	busy.Digest += "-busy"
	gate, dir := t.TempDir(), t.TempDir()
	var wg sync.WaitGroup
	wg.Go(func() { invoke(t, h, &busy, meet(gate, 2)) })
	await(t, "the first function", func() bool { return strings.Count(h.text(), "START RequestId") == 1 })
	for range 2 {
		wg.Go(func() { invoke(t, h, cfg, meet(dir, 2)) })
	}
	await(t, "the second function", func() bool { return strings.Count(h.text(), "START RequestId") == 2 && h.crowded.Load() })
	if err := os.WriteFile(filepath.Join(gate, "open"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
}

// A function that hangs in all its processes leaves places for others, and idle processes give way.
func TestPlaces(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *Config) { c.MaxEnvironments = 2 })
	idle := bootstrap(t)
	idle.Digest += "-idle"
	invoke(t, h, idle, do("echo"))

	cfg := bootstrap(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { _, _ = h.Invoke(ctx, cfg, do("hang")) })
	}
	await(t, "two busy processes", func() bool { return strings.Count(h.text(), "START RequestId") == 3 })
	if s := h.Stats(); s.Environments > 2 {
		t.Errorf("environments: got %d, want at most 2", s.Environments)
	}
	other := bootstrap(t)
	other.Digest += "-other"
	if r := invoke(t, h, other, do("echo")); string(r.Payload) != `"hello"` {
		t.Errorf("another function: got %s", r.Payload)
	}
	cancel()
	wg.Wait()
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	p, _, err := h.enter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer h.routines.Done()
	p.mu.Lock()
	p.waiting = make([]*waiter, maxWaiting)
	p.mu.Unlock()
	_, err = h.Invoke(t.Context(), cfg, do("echo"))
	var te *ThrottledError
	if !errors.As(err, &te) || te.Reason != ReasonAccount {
		t.Errorf("got %v, want a ThrottledError", err)
	}
	p.mu.Lock()
	p.waiting = nil
	p.mu.Unlock()
}

// New code is picked up by the next call, while a call that runs finishes on the old one.
func TestRecycle(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, map[string]string{"index.js": `exports.handler = async (e) => { await new Promise((r) => setTimeout(r, e.ms)); return 'old'; }`})
	cfg := config("nodejs20.x", "index.handler", dir)
	invoke(t, h, cfg, event(`{"ms":0}`))
	running := make(chan function.Result, 1)
	go func() { running <- invoke(t, h, cfg, event(`{"ms":300}`)) }()
	await(t, "the running call", func() bool { return strings.Count(h.text(), "START RequestId") == 2 })

	if err := os.WriteFile(filepath.Join(dir, "index.js"), []byte(`exports.handler = async () => 'new'`), 0o644); err != nil {
		t.Fatal(err)
	}
	h.Recycle("another")
	h.Recycle(cfg.Digest)
	if r := invoke(t, h, cfg, event(`{}`)); string(r.Payload) != `"new"` {
		t.Errorf("after the change: got %s", r.Payload)
	}
	if r := <-running; string(r.Payload) != `"old"` {
		t.Errorf("the call that ran: got %s", r.Payload)
	}
	await(t, "the end of the old process", func() bool { return h.Stats().Environments == 1 })
	h.Retire(cfg.Digest)
	await(t, "the end of the retired process", func() bool { return h.Stats().Environments == 0 })
}

func TestIdleReap(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	h := newHost(t, func(c *Config) {
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		c.IdleAfter = time.Minute
	})
	cfg := bootstrap(t)
	invoke(t, h, cfg, do("echo"))
	await(t, "the idle process", func() bool { return h.Stats().Idle == 1 })
	h.reap()
	if got := h.Stats().Idle; got != 1 {
		t.Errorf("idle at once: got %d, want 1", got)
	}
	mu.Lock()
	now = now.Add(61 * time.Second)
	mu.Unlock()
	h.reap()
	if got := h.Stats().Idle; got != 0 {
		t.Errorf("idle after a minute: got %d, want 0", got)
	}
}

func TestPrewarm(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	if err := h.Prewarm(cfg); err != nil {
		t.Fatal(err)
	}
	await(t, "the warm process", func() bool { return h.Stats().Idle == 1 })
	if r := invoke(t, h, cfg, do("echo")); r.Init != 0 {
		t.Errorf("a warm call reports an initialisation of %v", r.Init)
	}
}
