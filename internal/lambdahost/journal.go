package lambdahost

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"gatehouse/internal/function"
)

// The bounds of one environment's log.
const (
	// maxLine is where a line is cut, as CloudWatch cuts an event.
	maxLine = 1 << 20
	// tailSize is how much of the log X-Amz-Log-Result shows.
	tailSize = 4 << 10
	// logBurst and logRate bound the bytes that an environment may log at once and per second.
	logBurst, logRate = 8 << 20, 2 << 20
	// lineCost is added to each line's length, so that floods of short lines count too.
	lineCost = 64
)

// journal is the log of one environment: it reads what the processes write to stdout and stderr, cuts
// it into lines, attributes them to the invocation at hand and adds the platform's own lines.
//
// Reading happens under mu and never blocks, so that whoever finishes an invocation can read what is
// left in the pipes before the END line is written.
type journal struct {
	name function.Name
	sink *sink
	now  func() time.Time

	mu      sync.Mutex
	id      string
	out     [2]pipe
	buf     []byte
	tail    []byte
	tailing bool
	// budget is what may be logged now, as of refilled; dropped counts lines over it.
	budget   int
	refilled time.Time
	dropped  int
}

// pipe is the read end of stdout or stderr.
type pipe struct {
	stream  Stream
	file    *os.File
	raw     syscall.RawConn
	partial []byte
	// cut is true while the rest of an overlong line is skipped.
	cut    bool
	closed bool
}

// open makes the two pipes and returns their write ends for the child.
func (j *journal) open() (stdout, stderr *os.File, err error) {
	var ends [2]*os.File
	for i, stream := range []Stream{Stdout, Stderr} {
		r, w, err := os.Pipe()
		if err != nil {
			for k := range i {
				_ = j.out[k].file.Close()
				_ = ends[k].Close()
			}
			return nil, nil, err
		}
		raw, err := r.SyscallConn()
		if err != nil { // cannot happen for an open file
			_, _ = r.Close(), w.Close()
			return nil, nil, err
		}
		j.out[i], ends[i] = pipe{stream: stream, file: r, raw: raw}, w
	}
	j.buf = make([]byte, 16<<10)
	j.budget, j.refilled = logBurst, j.now()
	return ends[0], ends[1], nil
}

// read pumps one pipe until its end.
func (j *journal) read(i int) {
	p := &j.out[i]
	for ended := false; !ended; {
		err := p.raw.Read(func(fd uintptr) bool {
			j.mu.Lock()
			defer j.mu.Unlock()
			var wait bool
			wait, ended = j.pull(p, int(fd))
			return !wait
		})
		if err != nil {
			return
		}
	}
}

// pull reads once without waiting. wait is true when there is nothing to read now.
func (j *journal) pull(p *pipe, fd int) (wait, ended bool) {
	n, err := syscall.Read(fd, j.buf)
	switch {
	case n > 0:
		j.split(p, j.buf[:n])
		return false, false
	case errors.Is(err, syscall.EAGAIN):
		return true, false
	case errors.Is(err, syscall.EINTR):
		return false, false
	default: // end of file, or closed
		return false, true
	}
}

// drain reads what is in the pipes now, mu held.
func (j *journal) drain() {
	for i := range j.out {
		p := &j.out[i]
		if p.raw == nil || p.closed {
			continue
		}
		// Control, unlike Read, does not queue behind the goroutine that waits for more.
		_ = p.raw.Control(func(fd uintptr) {
			for limit := 0; limit < 64; limit++ {
				if wait, ended := j.pull(p, int(fd)); wait || ended {
					break
				}
			}
		})
		j.flush(p)
	}
}

// split cuts what was read into lines.
func (j *journal) split(p *pipe, b []byte) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		part, ended := b, false
		if i >= 0 {
			part, b, ended = b[:i], b[i+1:], true
		} else {
			b = nil
		}
		if room := maxLine - len(p.partial); len(part) > room {
			part = part[:room]
			if !p.cut {
				p.cut = true
				j.line(p, append(p.partial, part...))
				p.partial = p.partial[:0]
			}
		} else if !p.cut {
			if ended && len(p.partial) == 0 {
				j.line(p, part)
				continue
			}
			p.partial = append(p.partial, part...)
		}
		if ended {
			if !p.cut {
				j.line(p, p.partial)
			}
			p.cut = false
			p.partial = p.partial[:0]
		}
	}
	if cap(p.partial) > 64<<10 && len(p.partial) == 0 {
		p.partial = nil
	}
}

// flush ends an unfinished line.
func (j *journal) flush(p *pipe) {
	if len(p.partial) > 0 {
		j.line(p, p.partial)
		p.partial = p.partial[:0]
	}
}

// line logs one line of output, or drops it when the function floods.
func (j *journal) line(p *pipe, text []byte) {
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	cost := len(text) + lineCost
	if j.budget < cost {
		now := j.now()
		j.budget = min(logBurst, j.budget+int(now.Sub(j.refilled).Seconds()*logRate))
		j.refilled = now
		if j.budget < cost {
			j.dropped++
			return
		}
	}
	j.budget -= cost
	if j.dropped > 0 {
		j.put(Platform, strconv.Itoa(j.dropped)+" lines were dropped: the function logs too fast")
		j.dropped = 0
	}
	if j.sink == nil && !j.tailing {
		return
	}
	j.put(p.stream, strings.ToValidUTF8(string(text), "\uFFFD"))
}

// put hands on one line, mu held.
func (j *journal) put(s Stream, text string) {
	if j.tailing {
		j.tail = append(append(j.tail, text...), '\n')
		if n := len(j.tail); n > 2*tailSize {
			j.tail = append(j.tail[:0], j.tail[n-tailSize:]...)
		}
	}
	j.sink.put(LogLine{Function: j.name, RequestID: j.id, Stream: s, Text: text, At: j.now()})
}

// platform logs a line of the host's own.
func (j *journal) platform(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.put(Platform, text)
}

// start begins an invocation.
func (j *journal) start(id string, version function.Version, tail bool) {
	if j.sink == nil && !tail {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.id, j.tailing, j.tail = id, tail, j.tail[:0]
	j.put(Platform, "START RequestId: "+id+" Version: "+string(version))
}

// report is what the last line of an invocation says.
type report struct {
	duration, init time.Duration
	memoryMB       int
	usedMB         int
	// status is "", "error" or "timeout", errorType what AWS appends to an error.
	status, errorType string
	// note is a line before END: that the task timed out.
	note string
}

// finish ends an invocation and returns the tail of its log when that was asked for.
func (j *journal) finish(id string, r report) []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.sink == nil && !j.tailing {
		return nil
	}
	j.drain()
	if r.note != "" {
		j.put(Platform, r.note)
	}
	j.put(Platform, "END RequestId: "+id)
	j.put(Platform, r.text(id))
	var tail []byte
	if j.tailing {
		tail = lastBytes(j.tail, tailSize)
	}
	j.id, j.tailing = "", false
	return tail
}

// text is the REPORT line. Billed Duration is rounded up to the millisecond.
func (r report) text(id string) string {
	b := make([]byte, 0, 224)
	b = append(b, "REPORT RequestId: "...)
	b = append(b, id...)
	b = append(b, "\tDuration: "...)
	b = appendMillis(b, r.duration)
	b = append(b, " ms\tBilled Duration: "...)
	b = strconv.AppendInt(b, int64((r.duration+time.Millisecond-1)/time.Millisecond), 10)
	b = append(b, " ms\tMemory Size: "...)
	b = strconv.AppendInt(b, int64(r.memoryMB), 10)
	b = append(b, " MB\tMax Memory Used: "...)
	b = strconv.AppendInt(b, int64(r.usedMB), 10)
	b = append(b, " MB\t"...)
	if r.init > 0 {
		b = append(b, "Init Duration: "...)
		b = appendMillis(b, r.init)
		b = append(b, " ms\t"...)
	}
	if r.status != "" {
		b = append(b, "Status: "...)
		b = append(b, r.status...)
	}
	if r.errorType != "" {
		b = append(b, "\tError Type: "...)
		b = append(b, r.errorType...)
	}
	return string(b)
}

func appendMillis(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(d)/float64(time.Millisecond), 'f', 2, 64)
}

// lastBytes copies the end of b, beginning at a whole character.
func lastBytes(b []byte, n int) []byte {
	b = b[max(0, len(b)-n):]
	for len(b) > 0 && !utf8.RuneStart(b[0]) {
		b = b[1:]
	}
	return append([]byte(nil), b...)
}

// initReport logs how a failed initialisation ended.
func (j *journal) initReport(d time.Duration, status, errorType string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.drain()
	text := fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: init\tStatus: %s", float64(d)/float64(time.Millisecond), status)
	if errorType != "" {
		text += "\tError Type: " + errorType
	}
	j.put(Platform, text)
}

// close reads the rest and closes the pipes: descendants that still hold the other end get SIGPIPE.
func (j *journal) close() {
	j.mu.Lock()
	j.drain()
	if j.dropped > 0 {
		j.put(Platform, strconv.Itoa(j.dropped)+" lines were dropped: the function logs too fast")
	}
	for i := range j.out {
		j.out[i].closed = true
	}
	j.mu.Unlock()
	for i := range j.out {
		if f := j.out[i].file; f != nil {
			_ = f.Close()
		}
	}
}
