package lambdahost

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/function"
)

// state is where an environment stands in the life cycle of the Runtime API:
//
//	starting → ready → busy → answered → ready → … → dead
//	        ↘ failed ───────────────────────────────↗
type state uint8

const (
	// starting: the process was started and has not asked for work yet.
	starting state = iota
	// ready: a poll for the next invocation is parked.
	ready
	// busy: an invocation was handed out.
	busy
	// answered: the response arrived, the next poll has not.
	answered
	// failed: the runtime reported that it could not initialise; it is about to end.
	failed
	// dead: killed or ended.
	dead
)

// String is the name that AWS's emulator gives to the state.
func (s state) String() string {
	return [...]string{"Started", "Ready", "Running", "ResponseSent", "InitError", "Exited"}[s]
}

// environment is one process with its own Runtime API, running one invocation at a time.
type environment struct {
	host *Host
	pool *pool
	cfg  *function.Config
	// generation is the pool's at the time of the start: older ones are not used again.
	generation uint64
	// late is true for the second attempt of an initialisation that took longer than its limit; its
	// time counts against the first invocation.
	late    bool
	spawned time.Time

	// id is 32 hexadecimal digits, unique; they end the name of the log stream.
	id       string
	proc     Process
	listener net.Listener
	// tmp is the private temporary directory.
	tmp string
	log journal
	// gone is closed when the process has ended.
	gone chan struct{}
	// routines are the goroutines that end by themselves once the process has.
	routines sync.WaitGroup
	deadline *time.Timer

	// usedMB is the largest memory use that the watch saw.
	usedMB atomic.Int64

	// mu guards what follows. It is never held during I/O, and only pool.mu may be taken under it.
	mu     sync.Mutex
	state  state
	parked *apiConn
	call   *call
	conns  map[*apiConn]struct{}

	// Guarded by pool.mu: whether the pool has forgotten it, counts it among its starting or its
	// returning environments, and since when it is idle.
	removed, counted, returning bool
	idleSince                   time.Time
}

// call is one invocation in an environment. Calls are pooled; done receives exactly one outcome.
type call struct {
	id       string
	tail     bool
	began    time.Time
	limit    time.Duration
	initTime time.Duration
	done     chan outcome
	timer    *time.Timer
}

// outcome is how an invocation ended.
type outcome struct {
	payload  []byte
	err      string
	log      []byte
	duration time.Duration
}

func newCall() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &call{done: make(chan outcome, 1), timer: t}
}

// unhandled is the only function error that managed runtimes still report.
const unhandled = "Unhandled"

// start opens the Runtime API and starts the process.
func (e *environment) start() error {
	stdout, stderr, err := e.log.open()
	if err != nil {
		return err
	}
	defer func() { _, _ = stdout.Close(), stderr.Close() }()
	if e.listener, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		e.log.close()
		return err
	}
	if err := e.spawn(stdout, stderr); err != nil {
		_ = e.listener.Close()
		e.log.close()
		_ = os.RemoveAll(e.tmp)
		return err
	}
	e.deadline = time.AfterFunc(e.initLimit(), e.overdue)
	e.routines.Go(func() { e.log.read(0) })
	e.routines.Go(func() { e.log.read(1) })
	e.routines.Go(e.accept)
	e.host.routines.Go(e.await)
	return nil
}

// spawn starts the process.
func (e *environment) spawn(stdout, stderr *os.File) error {
	if e.host.isClosing() {
		return ErrClosed
	}
	if err := os.MkdirAll(e.tmp, 0o700); err != nil {
		return err
	}
	args, err := e.pool.runtime.args(e.cfg)
	if err != nil {
		return err
	}
	mark := logStreamVariable + "=" + e.logStream()
	cmd := &Command{Args: args, Env: e.variables(), Dir: e.cfg.CodeDir, Stdout: stdout, Stderr: stderr,
		MemoryMB: e.cfg.MemoryMB, Mark: mark}
	e.log.platform("INIT_START Runtime Version: " + e.pool.runtime.version)
	if e.proc, err = e.host.sandbox.Start(cmd); err != nil {
		return err
	}
	e.host.born(e)
	return nil
}

// initLimit is 10 seconds, and the function's own timeout for the second attempt.
func (e *environment) initLimit() time.Duration {
	if e.late {
		return e.cfg.Timeout
	}
	return initTimeout
}

// overdue ends what takes too long: an initialisation, a runtime that reported an error in it and stays,
// one that has answered and does not come back for more.
func (e *environment) overdue() {
	if e.isIn(answered) {
		if e.pool.away(e) {
			e.deadline.Reset(e.cfg.Timeout)
			return
		}
		if e.leave(answered, dead) {
			e.proc.Kill()
		}
		return
	}
	if e.leave(failed, dead) {
		e.proc.Kill()
	}
	if !e.leave(starting, dead) {
		return
	}
	e.proc.Kill()
	d := time.Since(e.spawned)
	e.log.initReport(d, "timeout", "")
	e.pool.initFailed(e, failure{overrun: true, limit: e.cfg.Timeout, took: d})
}

// isIn reports whether the environment is in a state now.
func (e *environment) isIn(s state) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == s
}

// leave changes the state if it is the expected one.
func (e *environment) leave(from, to state) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != from {
		return false
	}
	e.state = to
	return true
}

// await joins the process and cleans up after it.
func (e *environment) await() {
	exit := e.proc.Wait()
	e.deadline.Stop()

	e.mu.Lock()
	was, c := e.state, e.call
	e.state, e.call, e.parked = dead, nil, nil
	e.mu.Unlock()

	switch {
	case was == starting:
		d := time.Since(e.spawned)
		e.log.initReport(d, "error", "Runtime.ExitError")
		e.pool.initFailed(e, failure{exit: exit, took: d})
	case c != nil:
		d := time.Since(c.began)
		log := e.log.finish(c.id, report{duration: d, init: c.initTime, memoryMB: e.cfg.MemoryMB,
			usedMB: e.memoryUsed(), status: "error", errorType: "Runtime.ExitError"})
		c.done <- outcome{payload: exited(c.id, exit), err: unhandled, log: log, duration: d}
	}

	_ = e.listener.Close()
	close(e.gone)
	e.mu.Lock()
	for c := range e.conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.log.close()
	e.routines.Wait()
	_ = os.RemoveAll(e.tmp)
	e.host.buried(e)
	e.pool.gone(e)
}

// stop ends an environment that is not in use: SIGTERM, and SIGKILL after the grace time.
func (e *environment) stop() {
	e.proc.Terminate()
	e.host.routines.Go(func() {
		t := time.NewTimer(stopGrace)
		defer t.Stop()
		select {
		case <-e.gone:
		case <-t.C:
			e.proc.Kill()
		}
	})
}

// invoke runs one invocation. The caller has taken the environment out of the pool. errGone means that
// the event was not delivered.
func (e *environment) invoke(ctx context.Context, inv *function.Invocation, cold time.Duration) (function.Result, error) {
	c := e.host.calls.Get().(*call)
	conn := e.begin(c, inv, cold)
	if conn == nil {
		e.host.calls.Put(c)
		return function.Result{}, errGone
	}
	if err := e.deliver(conn, c, inv); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return e.result(c, e.expire(c)), nil
		}
		if e.abandon(c) {
			return function.Result{}, errGone
		}
		return e.result(c, <-c.done), nil
	}
	c.timer.Reset(c.limit - time.Since(c.began))
	select {
	case out := <-c.done:
		c.timer.Stop()
		return e.result(c, out), nil
	case <-c.timer.C:
		return e.result(c, e.expire(c)), nil
	case <-ctx.Done():
		// The caller stops waiting; the function goes on until its own timeout, as on AWS.
		e.host.routines.Go(func() {
			select {
			case <-c.done:
				c.timer.Stop()
			case <-c.timer.C:
				e.expire(c)
			}
			e.host.calls.Put(c)
		})
		return function.Result{}, context.Cause(ctx)
	}
}

// begin makes the environment busy and returns the connection whose poll is parked, or nil when the
// environment has died.
func (e *environment) begin(c *call, inv *function.Invocation, cold time.Duration) *apiConn {
	c.id, c.tail, c.limit, c.initTime = inv.RequestID, inv.Tail, e.cfg.Timeout, cold
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != ready {
		return nil
	}
	conn := e.parked
	e.state, e.parked, e.call = busy, nil, c
	c.began = time.Now()
	if e.late && cold > 0 {
		c.began = e.spawned
	}
	return conn
}

// deliver answers the parked poll.
func (e *environment) deliver(conn *apiConn, c *call, inv *function.Invocation) error {
	e.log.start(c.id, e.cfg.Version, c.tail)
	conn.invocation(e.cfg, inv, c.began.Add(c.limit))
	if len(inv.Payload) > 32<<10 {
		// More than the socket's buffer may hold: a function that does not read must not hold us.
		_ = conn.SetWriteDeadline(c.began.Add(c.limit))
		defer func() { _ = conn.SetWriteDeadline(time.Time{}) }()
	}
	if err := conn.send(inv.Payload); err != nil {
		return err
	}
	conn.sent <- struct{}{}
	return nil
}

// abandon gives up an invocation whose event could not be written. It returns false when the end of the
// process has answered it already.
func (e *environment) abandon(c *call) bool {
	e.mu.Lock()
	mine := e.call == c
	if mine {
		e.call, e.state = nil, dead
	}
	e.mu.Unlock()
	e.proc.Kill()
	if mine {
		_ = e.log.finish(c.id, report{memoryMB: e.cfg.MemoryMB, status: "error"})
		e.host.calls.Put(c)
	}
	return mine
}

// expire ends an invocation that ran out of time, unless it has just been answered.
func (e *environment) expire(c *call) outcome {
	e.mu.Lock()
	if e.call != c {
		e.mu.Unlock()
		return <-c.done
	}
	e.call, e.state = nil, dead
	e.mu.Unlock()
	e.proc.Kill()
	payload := timedOut(c.id, c.limit)
	log := e.log.finish(c.id, report{duration: c.limit, init: c.initTime, memoryMB: e.cfg.MemoryMB,
		usedMB: e.memoryUsed(), status: "timeout", note: timeoutNote(time.Now(), c.id, c.limit)})
	return outcome{payload: payload, err: unhandled, log: log, duration: c.limit}
}

// result turns an outcome into the caller's value and gives the call back.
func (e *environment) result(c *call, out outcome) function.Result {
	r := function.Result{Payload: out.payload, Err: out.err, Version: e.cfg.Version,
		Log: out.log, Duration: out.duration, Init: c.initTime}
	e.host.calls.Put(c)
	return r
}
