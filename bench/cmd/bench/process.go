package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// startLimit bounds the time from exec to the first answer of a peer.
const startLimit = 60 * time.Second

// process is a started peer with everything it started itself.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when the process has ended
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// launch starts a command in a process group of its own, with its output in a file, and returns when it was
// started.
func launch(cmd *exec.Cmd, log string) (*process, time.Time, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, began, err
	}
	p := &process{cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		cmd.Wait() // how a peer ends does not matter: its log tells why it never answered
		close(p.done)
	}()
	return p, began, nil
}

// await asks for a row until it succeeds and returns the time since began.
func (p *process) await(ctx context.Context, r row, began time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var last error
	for {
		status, err := r.ask(ctx, true)
		if err == nil && status == http.StatusOK {
			return time.Since(began), nil
		}
		if err == nil {
			err = fmt.Errorf("status %d", status)
		}
		last = err
		select {
		case <-p.done:
			return 0, fmt.Errorf("ended before it answered: %s", p.tail())
		case <-ctx.Done():
			return 0, fmt.Errorf("no answer from %s: %w: %s", r.url, errors.Join(ctx.Err(), last), p.tail())
		case <-time.After(time.Millisecond):
		}
	}
}

// tail returns the end of the process's output.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-2000):]))
}

// stop ends the process politely, then firmly, and then whatever it has left behind. A process that never
// started (nil) or has ended already is left alone.
func (p *process) stop() {
	if p == nil {
		return
	}
	select {
	case <-p.done:
		return
	default:
	}
	family, _ := descendants(p.pid())
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		syscall.Kill(-p.pid(), syscall.SIGKILL)
		<-p.done
	}
	for _, s := range family {
		// The start time tells an orphan from a stranger that was given its number.
		if now, err := readStat(s.pid); err == nil && now.start == s.start {
			syscall.Kill(s.pid, syscall.SIGKILL)
		}
	}
}

// row is one thing to load: a URL, the header that opens it, and what it answers without that header.
type row struct {
	name        string
	url         string
	header      string // "name: value"; empty for an open route
	refusal     int    // the status without the header
	size        int64  // bytes of the answer; 0 is any
	connections int
	fresh       bool // load it in a new process, and time the first answer
}

// asker keeps no connections: a peer that restarts must not be asked through an old one.
var asker = &http.Client{
	Transport: &http.Transport{DisableKeepAlives: true},
	Timeout:   20 * time.Second,
}

// ask sends one request and returns the status. An answer of the wrong size is an error: it did not come from
// the backend.
func (r row) ask(ctx context.Context, withHeader bool) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return 0, err
	}
	if name, value, ok := strings.Cut(r.header, ": "); ok && withHeader {
		req.Header.Set(name, value)
	}
	resp, err := asker.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && r.size > 0 && resp.StatusCode == http.StatusOK && n != r.size {
		err = fmt.Errorf("%s: an answer of %d bytes, not %d", r.url, n, r.size)
	}
	return resp.StatusCode, err
}

// prove makes sure that the row does what its name says: it answers with its header and refuses without. A
// control that is switched off would be the fastest of all.
func (r row) prove(ctx context.Context) error {
	status, err := r.ask(ctx, true)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("answered %d, not 200", status)
	}
	if r.header == "" {
		return nil
	}
	status, err = r.ask(ctx, false)
	if err != nil {
		return err
	}
	if status != r.refusal {
		return fmt.Errorf("answered %d without its credential, not %d", status, r.refusal)
	}
	return nil
}
