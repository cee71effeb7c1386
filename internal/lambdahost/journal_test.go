package lambdahost

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func deadlineOf(ms int64) time.Time { return time.UnixMilli(ms) }

// journalOf is a journal whose lines are collected.
func journalOf(t *testing.T) (j *journal, lines func() []string) {
	t.Helper()
	var got []string
	s := newSink(func(l LogLine) { got = append(got, string(l.Stream)+" "+l.RequestID+" "+l.Text) })
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	j = &journal{name: "f", sink: s, now: func() time.Time { return now }}
	stdout, stderr, err := j.open()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = stdout.Close(), stderr.Close()
	return j, func() []string {
		j.close()
		if err := s.close(context.Background()); err != nil {
			t.Fatal(err)
		}
		return got
	}
}

func TestJournalLines(t *testing.T) {
	j, lines := journalOf(t)
	p := &j.out[0]
	for _, chunk := range []string{"a\nb", "c\r\n", "\n", "rest"} {
		j.split(p, []byte(chunk))
	}
	j.flush(p)
	want := []string{"stdout  a", "stdout  bc", "stdout  ", "stdout  rest"}
	if d := cmp.Diff(lines(), want); d != "" {
		t.Errorf("got - want +\n%s", d)
	}
}

// [recorded] the form of the platform's lines.
func TestJournalInvocation(t *testing.T) {
	j, lines := journalOf(t)
	j.start("id", "$LATEST", true)
	j.mu.Lock()
	j.split(&j.out[1], []byte("oops\n"))
	j.mu.Unlock()
	tail := j.finish("id", report{duration: 1234567, init: 100 * time.Millisecond, memoryMB: 128, usedMB: 40})
	want := []string{
		"platform id START RequestId: id Version: $LATEST",
		"stderr id oops",
		"platform id END RequestId: id",
		"platform id REPORT RequestId: id\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 100.00 ms\t",
	}
	if d := cmp.Diff(lines(), want); d != "" {
		t.Errorf("got - want +\n%s", d)
	}
	if !strings.HasPrefix(string(tail), "START RequestId: id Version: $LATEST\noops\nEND ") {
		t.Errorf("tail: got %q", tail)
	}
}

func TestJournalTailIsTheLast4KB(t *testing.T) {
	j, lines := journalOf(t)
	j.start("id", "$LATEST", true)
	j.mu.Lock()
	for i := range 1000 {
		j.split(&j.out[0], []byte(fmt.Sprintf("ü%d\n", i)))
	}
	j.mu.Unlock()
	tail := string(j.finish("id", report{}))
	lines()
	if len(tail) > tailSize || len(tail) < tailSize-1 || !utf8.ValidString(tail) {
		t.Errorf("tail of %d bytes: %q…", len(tail), tail[:16])
	}
	if !strings.Contains(tail, "\nü999\nEND ") || strings.Contains(tail, "ü1\n") {
		t.Errorf("tail: got %q", tail)
	}
}

// A function that floods is cut off, and allowed again later.
func TestJournalFlood(t *testing.T) {
	var got []string
	s := newSink(func(l LogLine) { got = append(got, l.Text) })
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	j := &journal{sink: s, now: func() time.Time { return now }, budget: 1000, refilled: now}
	p := &pipe{stream: Stdout}
	for range 10 {
		j.split(p, []byte(strings.Repeat("x", 186)+"\n"))
	}
	now = now.Add(time.Second)
	j.split(p, []byte("later\n"))
	if err := s.close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(got) != 6 || got[4] != "6 lines were dropped: the function logs too fast" || got[5] != "later" {
		t.Errorf("got %d lines: %q", len(got), got)
	}
}

// A log writer that is stuck costs lines, never time.
func TestStuckLogWriter(t *testing.T) {
	release := make(chan struct{})
	var notes []string
	s := newSink(func(l LogLine) {
		<-release
		if l.Stream == Platform {
			notes = append(notes, l.Text)
		}
	})
	for range queueLines + 100 {
		s.put(LogLine{Stream: Stdout, Text: "x"})
	}
	for range 4 {
		s.put(LogLine{Stream: Stdout, Text: strings.Repeat("x", queueBytes)})
	}
	if got := s.dropped.Load(); got < 99 {
		t.Errorf("dropped: got %d, want about 100", got)
	}
	close(release)
	if err := s.close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.HasSuffix(notes[0], "log lines were dropped: they came faster than they could be written") {
		t.Errorf("notes: got %q", notes)
	}
}
