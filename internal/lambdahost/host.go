// Package lambdahost runs functions: it keeps processes warm, hands them invocations through the
// genuine Lambda Runtime API and returns how each one ended.
//
// It owns process pools, the Runtime API server (one loopback listener for every environment), our
// bootstraps for Node and Python, the environment variables, the time and memory limits and the log of
// the functions. It does not know how functions are stored or named on the wire (service/lambda), who
// may call them (gateway) or what an event means. It follows the AWS Lambda developer guide, "Using the
// Lambda runtime API", "Lambda execution environment" and "Using Lambda environment variables".
//
// Isolation is that of a process: each environment has its own process group, an environment built
// from empty, its own temporary directory and resource limits; its descendants are killed with it. A
// function is not kept from reading what the server's user may read. A process outside the
// environment's group is refused at its Runtime API port, on Linux. The memory limit is kept by a watch
// over the private resident memory of the group four times a second, with RLIMIT_DATA far behind it.
package lambdahost

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/function"
	"gatehouse/internal/identity"
)

// The times of the life cycle [facts 5.4].
const (
	// initTimeout is how long an initialisation may take before it is tried again within the timeout
	// of the first invocation.
	initTimeout = 10 * time.Second
	// initErrorGrace is how long a runtime may live after it reported an initialisation error.
	initErrorGrace = 500 * time.Millisecond
	// returnsIn is how long a call waits for an environment that has answered to ask for more, before
	// a process is started for it.
	returnsIn = 200 * time.Millisecond
	// stopGrace is the time between SIGTERM and SIGKILL.
	stopGrace = 2 * time.Second
	// defaultIdle is when an unused environment is stopped.
	defaultIdle = 10 * time.Minute
	// defaultEnvironments bounds the processes of a host.
	defaultEnvironments = 64
)

// Config is what a Host needs.
type Config struct {
	// RunDir is a private directory for bootstraps and temporary directories. It belongs to one Host
	// at a time, which empties it at start.
	RunDir string
	// Home gives functions their AWS_REGION.
	Home identity.Home
	// Logger receives what concerns the host itself; nil discards it.
	Logger *slog.Logger
	// Log receives the functions' log, line by line, from one goroutine. It may be slow: lines that
	// come faster than it takes them are dropped and counted. nil discards them.
	Log func(LogLine)
	// Extra returns more environment variables for a function, "NAME=value": IS_OFFLINE, for
	// instance. The function's own ones win over them, reserved ones over both.
	Extra func(*function.Config) []string
	// Credentials returns AWS_ACCESS_KEY_ID and its companions for a function's execution role. nil gives
	// functions no credentials.
	Credentials func(*function.Config) []string
	// MaxAge is after what time an environment is replaced, so that its credentials never run out; 0 keeps
	// it for as long as it is used.
	MaxAge time.Duration
	// IdleAfter is how long an unused environment stays warm; 0 means 10 minutes.
	IdleAfter time.Duration
	// MaxEnvironments bounds the processes; 0 means 64. Every function may have its first one all
	// the same, so that no function can shut out the others.
	MaxEnvironments int
	// Now is the clock for idle times; nil means time.Now.
	Now func() time.Time
	// Sandbox starts the processes; nil means process groups. The Host closes it.
	Sandbox Sandbox
}

// Host runs functions. Its methods may be called from any goroutine.
type Host struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	sandbox  Sandbox
	sink     *sink
	tools    toolbox
	boot     string
	parallel int
	// guarded is true when callers of a Runtime API can be told from each other.
	guarded bool
	calls   sync.Pool
	// places counts the processes.
	places atomic.Int64
	// crowded is true while a pool waits for a place and nothing is idle.
	crowded atomic.Bool
	// hungry wakes the keeper when a pool waits for a place.
	hungry chan struct{}
	// closing is closed by Close.
	closing chan struct{}
	// routines are the goroutines of processes, and the calls that run.
	routines sync.WaitGroup
	keeping  sync.WaitGroup

	mu     sync.RWMutex
	closed bool
	// pools is by digest, running by ARN.
	pools   map[string]*pool
	running map[function.ARN]*atomic.Int64

	// aliveMu guards alive, the environments that have a process.
	aliveMu sync.Mutex
	alive   map[*environment]struct{}
}

// New makes a Host: it writes the bootstraps to RunDir and starts no process yet.
func New(c Config) (*Host, error) {
	if c.RunDir == "" {
		return nil, errors.New("lambdahost: RunDir is not set")
	}
	dir, err := filepath.Abs(c.RunDir)
	if err != nil {
		return nil, err
	}
	c.RunDir = dir
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.IdleAfter <= 0 {
		c.IdleAfter = defaultIdle
	}
	if c.MaxEnvironments <= 0 {
		c.MaxEnvironments = defaultEnvironments
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	boot, err := writeBootstraps(dir)
	if err != nil {
		return nil, fmt.Errorf("prepare the function host's directory: %w", err)
	}
	if c.Sandbox == nil {
		if c.Sandbox, err = newProcessGroups(); err != nil {
			return nil, err
		}
	}
	h := &Host{
		cfg: c, log: c.Logger, now: c.Now, sandbox: c.Sandbox, boot: boot,
		sink:     newSink(c.Log),
		parallel: max(2, runtime.GOMAXPROCS(0)),
		calls:    sync.Pool{New: newCall},
		hungry:   make(chan struct{}, 1),
		closing:  make(chan struct{}),
		pools:    map[string]*pool{},
		running:  map[function.ARN]*atomic.Int64{},
		alive:    map[*environment]struct{}{},
		guarded:  canTellCallers(),
	}
	if !h.guarded {
		h.log.Warn("any local process can reach the runtime API of a function: this system does not show who owns a socket")
	}
	h.keeping.Go(h.keep)
	h.keeping.Go(h.watchMemory)
	return h, nil
}

// Invoke runs one invocation and waits for its end. The function's own failures are Results with Err
// set; errors are *ThrottledError, *CodeError, *RuntimeError, *PayloadError, ErrClosed, and the cause
// of ctx when the caller stopped waiting: the function then runs on until its own timeout.
func (h *Host) Invoke(ctx context.Context, cfg *function.Config, inv function.Invocation) (function.Result, error) {
	if len(inv.Payload) > function.MaxPayload {
		return function.Result{}, &PayloadError{cfg.Name, len(inv.Payload), function.MaxPayload}
	}
	if !validID(inv.RequestID) {
		return function.Result{}, fmt.Errorf("function %s: the request id %q is no UUID", cfg.Name, inv.RequestID)
	}
	p, running, err := h.enter(cfg)
	if err != nil {
		return function.Result{}, err
	}
	defer h.routines.Done()
	if cfg.Concurrency != 0 {
		defer running.Add(-1)
		if n := running.Add(1); cfg.Concurrency < 0 || n > int64(cfg.Concurrency) {
			return function.Result{}, &ThrottledError{cfg.Name, ReasonReserved}
		}
	}
	for {
		g, err := p.acquire(ctx)
		if err != nil {
			return function.Result{}, err
		}
		if g.fail != nil {
			return h.failed(cfg, &inv, g.fail)
		}
		r, err := g.env.invoke(ctx, &inv, g.cold)
		if err == errGone {
			continue
		}
		return r, err
	}
}

// failed is the result of a call whose environment could not be initialised.
func (h *Host) failed(cfg *function.Config, inv *function.Invocation, f *failure) (function.Result, error) {
	if f.err != nil {
		return function.Result{}, fmt.Errorf("function %s: %w", cfg.Name, f.err)
	}
	return function.Result{Payload: f.payload(inv.RequestID), Err: unhandled, Version: cfg.Version, Init: f.took}, nil
}

// enter counts a call in and finds its pool.
func (h *Host) enter(cfg *function.Config) (*pool, *atomic.Int64, error) {
	h.mu.RLock()
	p, running := h.pools[cfg.Digest], h.running[cfg.ARN]
	closed := h.closed
	if !closed && p != nil && running != nil {
		h.routines.Add(1)
		h.mu.RUnlock()
		return p, running, nil
	}
	h.mu.RUnlock()
	if closed {
		return nil, nil, ErrClosed
	}
	spec, err := h.runtimeOf(cfg)
	if err != nil {
		return nil, nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, ErrClosed
	}
	if p = h.pools[cfg.Digest]; p == nil {
		p = &pool{host: h, cfg: cfg, runtime: spec}
		h.pools[cfg.Digest] = p
	}
	if running = h.running[cfg.ARN]; running == nil {
		running = new(atomic.Int64)
		h.running[cfg.ARN] = running
	}
	h.routines.Add(1)
	return p, running, nil
}

// Prewarm starts a first environment of a function and does not wait for it.
func (h *Host) Prewarm(cfg *function.Config) error {
	p, _, err := h.enter(cfg)
	if err != nil {
		return err
	}
	defer h.routines.Done()
	p.warm()
	return nil
}

// Recycle replaces the environments of a version because its code changed where it lies. Calls that run
// finish on the old code.
func (h *Host) Recycle(digest string) {
	h.mu.RLock()
	p := h.pools[digest]
	h.mu.RUnlock()
	if p != nil {
		p.recycle(false)
	}
}

// Retire ends the environments of a version that is not called any more, because another digest took
// its place. Calls that run or wait still finish.
func (h *Host) Retire(digest string) {
	h.mu.Lock()
	p := h.pools[digest]
	delete(h.pools, digest)
	h.mu.Unlock()
	if p != nil {
		p.recycle(true)
	}
}

// Stats is a count of what a Host holds.
type Stats struct {
	// Environments is the number of processes, Idle how many of them wait for work.
	Environments, Idle int
	// DroppedLines counts log lines that the log writer was too slow for.
	DroppedLines uint64
}

// Stats counts processes.
func (h *Host) Stats() Stats {
	s := Stats{Environments: int(h.places.Load())}
	if h.sink != nil {
		s.DroppedLines = h.sink.dropped.Load()
	}
	for _, p := range h.list() {
		p.mu.Lock()
		s.Idle += len(p.idle)
		p.mu.Unlock()
	}
	return s
}

// Close ends all processes: SIGTERM, and SIGKILL after two seconds or when ctx ends. It returns when
// every process is reaped and every goroutine joined; only a log writer that is stuck beyond ctx is
// left behind, with an error. Calls that still run get the exit of their process as their result.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	close(h.closing)
	h.mu.Unlock()

	h.each(Process.Terminate)
	done := make(chan struct{})
	go func() { h.routines.Wait(); close(done) }()
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	case <-ctx.Done():
	}
	for kill := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-done:
			kill.Stop()
			h.keeping.Wait()
			h.sandbox.Close()
			return h.sink.close(ctx)
		default:
			// Again and again: a process may have been on its way into life.
			h.each(Process.Kill)
			<-kill.C
		}
	}
}

func (h *Host) isClosing() bool {
	select {
	case <-h.closing:
		return true
	default:
		return false
	}
}

func (h *Host) list() []*pool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	pools := make([]*pool, 0, len(h.pools))
	for _, p := range h.pools {
		pools = append(pools, p)
	}
	return pools
}

// newEnvironment makes the record of a process to be started, pool.mu held.
func (h *Host) newEnvironment(p *pool) *environment {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	name := hex.EncodeToString(id)
	return &environment{
		host: h, pool: p, cfg: p.cfg, generation: p.generation, late: p.late,
		id: name, tmp: filepath.Join(h.cfg.RunDir, "tmp", name), spawned: time.Now(),
		log:  journal{name: p.cfg.Name, sink: h.sink, now: time.Now},
		gone: make(chan struct{}), conns: map[*apiConn]struct{}{}, counted: true,
	}
}

// validID reports whether a request id can stand in a URL and a header.
func validID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}
