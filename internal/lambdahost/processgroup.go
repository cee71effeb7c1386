//go:build unix

package lambdahost

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
)

// processGroups is the default Sandbox.
//
// One goroutine, locked to its thread for as long as the sandbox lives, starts all processes: the
// kernel delivers the parent-death signal when the *thread* that forked ends, not the process.
type processGroups struct {
	starts chan startRequest
	done   sync.WaitGroup
	null   *os.File
}

type startRequest struct {
	cmd    *Command
	result chan<- startResult
}

type startResult struct {
	proc *os.Process
	err  error
}

func newProcessGroups() (*processGroups, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	s := &processGroups{starts: make(chan startRequest), null: null}
	s.done.Go(s.spawn)
	return s, nil
}

// spawn starts processes until Close.
func (s *processGroups) spawn() {
	// Never unlocked: the thread ends with the goroutine.
	runtime.LockOSThread()
	for r := range s.starts {
		proc, err := os.StartProcess(r.cmd.Args[0], r.cmd.Args, &os.ProcAttr{
			Dir:   r.cmd.Dir,
			Env:   r.cmd.Env,
			Files: []*os.File{s.null, r.cmd.Stdout, r.cmd.Stderr},
			Sys:   childAttributes(),
		})
		r.result <- startResult{proc, err}
	}
}

// Start implements Sandbox.
func (s *processGroups) Start(c *Command) (Process, error) {
	result := make(chan startResult, 1)
	s.starts <- startRequest{c, result}
	r := <-result
	if r.err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Args[0], r.err)
	}
	limit(r.proc.Pid, c.MemoryMB)
	return &group{proc: r.proc, mark: c.Mark}, nil
}

// Close implements Sandbox.
func (s *processGroups) Close() {
	close(s.starts)
	s.done.Wait()
	_ = s.null.Close()
}

// group is one process and its group.
type group struct {
	proc *os.Process
	mark string

	mu sync.Mutex
	// reaped is set before the process id may belong to somebody else.
	reaped bool
}

func (g *group) PID() int   { return g.proc.Pid }
func (g *group) Terminate() { g.signal(syscall.SIGTERM) }
func (g *group) Kill()      { g.signal(syscall.SIGKILL) }

func (g *group) signal(sig syscall.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.reaped {
		_ = syscall.Kill(-g.proc.Pid, sig)
	}
}

// Wait implements Process. Where the system allows it, the group is killed while its leader is still a
// zombie: until then no other process can get the same id.
func (g *group) Wait() Exit {
	var state *os.ProcessState
	var err error
	if !awaitExit(g.proc.Pid) {
		state, err = g.proc.Wait()
	}
	g.mu.Lock()
	_ = syscall.Kill(-g.proc.Pid, syscall.SIGKILL)
	sweep(g.mark)
	g.reaped = true
	g.mu.Unlock()
	if state == nil && err == nil {
		state, err = g.proc.Wait()
	}
	if err != nil {
		return Exit{Code: 1}
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return Exit{Signal: status.Signal()}
	}
	return Exit{Code: state.ExitCode()}
}
