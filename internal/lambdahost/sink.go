package lambdahost

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/function"
)

// Stream says where a log line comes from.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
	// Platform marks the lines that the host writes itself: INIT_START, START, END, REPORT.
	Platform Stream = "platform"
)

// LogLine is one line of a function's log.
type LogLine struct {
	Function function.Name
	// RequestID is the invocation during which the line was written; "" between invocations.
	RequestID string
	Stream    Stream
	// Text has no line end. Line breaks inside one message of a managed runtime are carriage returns,
	// as in CloudWatch.
	Text string
	At   time.Time
}

// The bounds of the queue between functions and the log writer.
const (
	queueLines = 8192
	queueBytes = 16 << 20
)

// sink hands log lines to a writer that may be slow or stuck, and never waits for it: what does not
// fit is dropped and counted.
type sink struct {
	write   func(LogLine)
	lines   chan LogLine
	bytes   atomic.Int64
	dropped atomic.Uint64
	done    sync.WaitGroup
}

// newSink returns nil when nobody listens.
func newSink(write func(LogLine)) *sink {
	if write == nil {
		return nil
	}
	s := &sink{write: write, lines: make(chan LogLine, queueLines)}
	s.done.Go(s.run)
	return s
}

func (s *sink) run() {
	var told uint64
	for l := range s.lines {
		s.bytes.Add(-int64(len(l.Text)))
		s.write(l)
		if d := s.dropped.Load(); d != told && len(s.lines) == 0 {
			s.write(LogLine{Stream: Platform, At: l.At, Text: strconv.FormatUint(d-told, 10) +
				" log lines were dropped: they came faster than they could be written"})
			told = d
		}
	}
}

// put queues a line.
func (s *sink) put(l LogLine) {
	if s == nil {
		return
	}
	if s.bytes.Add(int64(len(l.Text))) <= queueBytes {
		select {
		case s.lines <- l:
			return
		default:
		}
	}
	s.bytes.Add(-int64(len(l.Text)))
	s.dropped.Add(1)
}

// close waits until everything queued was written, or ctx ends. Nobody may call put afterwards.
func (s *sink) close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	close(s.lines)
	written := make(chan struct{})
	go func() { s.done.Wait(); close(written) }()
	select {
	case <-written:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-written:
		return nil
	case <-time.After(stopGrace):
		return errors.New("the function log writer is stuck: lines are lost")
	}
}
