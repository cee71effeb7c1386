package lambdahost

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"time"

	"gatehouse/internal/function"
)

// The limits of one pool.
const (
	// maxWaiting bounds the calls that wait for an environment.
	maxWaiting = 1000
	// patience is how many initialisations may fail in a row before calls are answered with the last
	// failure for a while instead of starting one more process.
	patience = 3
	// firstPause doubles with every further failure, up to lastPause.
	firstPause, lastPause = 100 * time.Millisecond, 5 * time.Second
)

// pool keeps the environments of one function version: the same code and the same configuration.
//
// An idle environment is taken last in, first out, so that few stay warm and the rest can be reaped. A
// call that finds none waits, and a process is started for it unless one that starts or returns
// already will do; whichever is free first takes the longest waiting call.
type pool struct {
	host    *Host
	cfg     *function.Config
	runtime runtimeSpec

	mu   sync.Mutex
	idle []*environment
	// waiting is in order of arrival.
	waiting []*waiter
	// live counts processes, starting those which have not asked for work yet, returning those which
	// have answered and not asked for more yet.
	live, starting, returning int
	// generation grows when the code changes.
	generation uint64
	// retired pools are out of the host's map; they end with their last waiting call.
	retired bool
	// late is true after an initialisation overran its limit: the next ones may take the function's
	// timeout instead.
	late bool
	// failures counts failed initialisations in a row; last is repeated until pauseEnd.
	failures int
	last     failure
	pauseEnd time.Time
}

// waiter is a call that waits for an environment.
type waiter struct{ ch chan grant }

// grant is what a waiter gets: an environment, or why there is none.
type grant struct {
	env  *environment
	cold time.Duration
	fail *failure
}

// failure is how an initialisation ended. It becomes the result of the invocation that asked for it.
type failure struct {
	// body is the error document that the runtime reported.
	body []byte
	// overrun says that it took longer than limit.
	overrun bool
	limit   time.Duration
	// tried lists the places where no executable was found.
	tried []string
	// exit is how the process ended otherwise.
	exit Exit
	// err is set when the host could not start a process; the function is not to blame.
	err  error
	took time.Duration
}

// startFailure says what became of a process that could not be started. A missing or unusable
// executable is the function's fault, and looks as if a shell had tried.
func startFailure(err error) failure {
	var none *noEntrypointError
	switch {
	case errors.As(err, &none):
		return failure{tried: none.tried}
	case errors.Is(err, fs.ErrNotExist):
		return failure{exit: Exit{Code: 127}}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC):
		return failure{exit: Exit{Code: 126}}
	default:
		return failure{err: err}
	}
}

// payload is the error document for one caller.
func (f *failure) payload(id string) []byte {
	switch {
	case f.body != nil:
		return f.body
	case f.overrun:
		return timedOut(id, f.limit)
	case f.tried != nil:
		return invalidEntrypoint(id, f.tried)
	default:
		return exited(id, f.exit)
	}
}

// acquire takes an environment, or waits for one.
func (p *pool) acquire(ctx context.Context) (grant, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		e := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return grant{env: e}, nil
	}
	if p.failures >= patience && time.Now().Before(p.pauseEnd) {
		f := p.last
		p.mu.Unlock()
		return grant{fail: &f}, nil
	}
	if len(p.waiting) >= maxWaiting {
		p.mu.Unlock()
		return grant{}, &ThrottledError{p.cfg.Name, ReasonAccount}
	}
	w := &waiter{make(chan grant, 1)}
	p.waiting = append(p.waiting, w)
	p.grow()
	p.mu.Unlock()

	select {
	case g := <-w.ch:
		return g, nil
	case <-ctx.Done():
	case <-p.host.closing:
	}
	p.mu.Lock()
	if i := slices.Index(p.waiting, w); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		p.mu.Unlock()
	} else {
		p.mu.Unlock()
		if g := <-w.ch; g.env != nil {
			p.ready(g.env, 0)
		}
	}
	if ctx.Err() != nil {
		return grant{}, context.Cause(ctx)
	}
	return grant{}, ErrClosed
}

// grow starts processes for the waiting calls, mu held, and asks the keeper for room when there are no
// places. At most as many start at once as there are processors, so that a burst of calls does not become
// a burst of cold starts: a quick function serves its queue from the environments that it has.
func (p *pool) grow() {
	if !p.tryGrow() {
		p.host.starve()
	}
}

// tryGrow is grow without a call for room. It returns false when places are missing.
func (p *pool) tryGrow() bool {
	want := min(len(p.waiting)-p.starting-p.returning, p.host.parallel-p.starting)
	for range want {
		if !p.host.reserve(p.live == 0) {
			return false
		}
		p.launch()
	}
	return true
}

// launch starts one process, mu held; its place is reserved.
func (p *pool) launch() {
	p.live++
	p.starting++
	e := p.host.newEnvironment(p)
	p.host.routines.Go(func() {
		if err := e.start(); err != nil {
			p.host.log.Warn("a function's process could not be started", "function", p.cfg.Name, "error", err)
			p.initFailed(e, startFailure(err))
			p.gone(e)
		}
	})
}

// ready takes in an environment that asks for work. took is its initialisation time when it asks for
// the first time.
func (p *pool) ready(e *environment, took time.Duration) {
	p.mu.Lock()
	if e.removed {
		p.mu.Unlock()
		return
	}
	if e.counted {
		e.counted = false
		p.starting--
		p.failures, p.late = 0, false
	}
	if e.returning {
		e.returning = false
		p.returning--
	}
	if e.generation != p.generation || p.retired && len(p.waiting) == 0 || p.host.isClosing() {
		p.grow()
		p.mu.Unlock()
		e.stop()
		return
	}
	if len(p.waiting) > 0 {
		w := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		w.ch <- grant{env: e, cold: took}
		p.grow() // a place to start is free again
		p.mu.Unlock()
		return
	}
	e.idleSince = p.host.now()
	p.idle = append(p.idle, e)
	p.mu.Unlock()
	if p.host.crowded.Load() {
		p.host.starve()
	}
}

// answered notes that an environment will be back soon.
func (p *pool) answered(e *environment) {
	p.mu.Lock()
	if !e.removed && !e.returning {
		e.returning = true
		p.returning++
	}
	p.mu.Unlock()
}

// away stops counting on an environment that has answered and works on. It returns false when nobody
// counted on it any more.
func (p *pool) away(e *environment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !e.returning {
		return false
	}
	e.returning = false
	p.returning--
	p.grow()
	return true
}

// discard takes an environment out of the pool before it is gone.
func (p *pool) discard(e *environment) {
	p.mu.Lock()
	p.remove(e)
	p.mu.Unlock()
}

// remove forgets an environment, mu held.
func (p *pool) remove(e *environment) {
	if e.removed {
		return
	}
	e.removed = true
	if e.counted {
		e.counted = false
		p.starting--
	}
	if e.returning {
		e.returning = false
		p.returning--
	}
	if i := slices.Index(p.idle, e); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
}

// gone forgets an environment whose process has ended.
func (p *pool) gone(e *environment) {
	p.mu.Lock()
	p.remove(e)
	p.live--
	p.host.release()
	p.grow()
	p.mu.Unlock()
	p.host.starve() // another pool may wait for the place
}

// initFailed answers the longest waiting call with the failure, or all of them once the function has
// failed too often in a row. The first overrun of the limit is no failure: the next attempt may take
// longer.
func (p *pool) initFailed(e *environment, f failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(e)
	if e.generation != p.generation {
		p.grow()
		return
	}
	if f.overrun && !e.late {
		p.late = true
		p.grow()
		return
	}
	p.failures++
	p.last = f
	answer := 1
	if p.failures >= patience {
		pause := min(firstPause<<min(p.failures-patience, 10), lastPause)
		p.pauseEnd = time.Now().Add(pause)
		answer = len(p.waiting)
	}
	for range min(answer, len(p.waiting)) {
		w := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		w.ch <- grant{fail: &f}
	}
	p.grow()
}

// warm starts a first environment.
func (p *pool) warm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live == 0 && p.host.reserve(true) {
		p.launch()
	}
}

// recycle ends the idle environments and lets the busy ones finish what they do; the next call starts
// a new one.
func (p *pool) recycle(retire bool) {
	p.mu.Lock()
	p.generation++
	p.retired = p.retired || retire
	p.failures, p.late = 0, false
	idle := p.idle
	p.idle = nil
	for _, e := range idle {
		p.remove(e)
	}
	p.mu.Unlock()
	for _, e := range idle {
		e.stop()
	}
}

// reap ends the environments that were idle since before a time, and returns how many are left.
func (p *pool) reap(before time.Time) (left int) {
	p.mu.Lock()
	// The list is in order of return: the oldest come first.
	n := 0
	for n < len(p.idle) && p.idle[n].idleSince.Before(before) {
		n++
	}
	old := slices.Clone(p.idle[:n])
	for _, e := range old {
		p.remove(e)
	}
	left = p.live
	p.mu.Unlock()
	for _, e := range old {
		e.stop()
	}
	return left
}

// uses reports whether an environment is of the current generation.
func (p *pool) uses(e *environment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return e.generation == p.generation
}

// oldest returns when the longest idle environment became idle.
func (p *pool) oldest() (since time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return time.Time{}, false
	}
	return p.idle[0].idleSince, true
}
