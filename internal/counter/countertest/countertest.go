// Package countertest is the conformance suite of counters: every backend that spends the limits of usage
// plans runs it.
//
// It owns what a counter promises (package counter has it in words) and a Totals in memory. It knows no
// backend.
package countertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/apigw"
	"gatehouse/internal/counter"
	"gatehouse/internal/meter"
)

// Counter is what the suite needs of a backend.
type Counter interface {
	Client(ctx context.Context, id counter.ID, joined time.Time) (Client, error)
	Close(ctx context.Context) error
}

// Client is the state of a key in a plan.
type Client interface {
	Spend(now time.Time, s *counter.Spend) counter.Result
	Refund(now time.Time, s *counter.Spend)
	Remaining(now time.Time, q *apigw.Quota) int64
	SetRemaining(ctx context.Context, now time.Time, q *apigw.Quota, n int64) error
	Usage(ctx context.Context, q *apigw.Quota, from, to meter.Day) ([]counter.DayUse, error)
}

// Opener starts a backend on totals that may hold something already. The suite closes it.
type Opener func(t testing.TB, totals counter.Totals, now func() time.Time) Counter

// Totals is a counter.Totals in memory.
type Totals struct {
	mu      sync.Mutex
	records map[key]counter.Total
	// Broken makes Load and Save fail.
	Broken atomic.Bool
	// Saves counts the calls of Save that succeeded.
	Saves atomic.Int64
}

type key struct {
	id  counter.ID
	day meter.Day
}

var errBroken = errors.New("the store is away")

// Load implements counter.Totals.
func (m *Totals) Load(_ context.Context, id counter.ID, from, to meter.Day) ([]counter.Total, error) {
	if m.Broken.Load() {
		return nil, errBroken
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []counter.Total
	for k, t := range m.records {
		if k.id == id && from <= k.day && k.day <= to {
			out = append(out, t)
		}
	}
	return out, nil
}

// Save implements counter.Totals.
func (m *Totals) Save(_ context.Context, totals []counter.Total) error {
	if m.Broken.Load() {
		return errBroken
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records == nil {
		m.records = make(map[key]counter.Total)
	}
	for _, t := range totals {
		m.records[key{t.ID, t.Day}] = t
	}
	m.Saves.Add(1)
	return nil
}

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	for _, tt := range []struct {
		name string
		test func(*suite)
	}{
		{"RefusedUsesNothing", refusedUsesNothing},
		{"OddLimitsRefuse", oddLimitsRefuse},
		{"SetRemainingRefuses", setRemainingRefuses},
		{"OrderOfRefusals", orderOfRefusals},
		{"ClientsAreSeparate", clientsAreSeparate},
		{"MethodsAreSeparate", methodsAreSeparate},
		{"QuotaExact", quotaExact},
		{"ThrottleExact", throttleExact},
		{"AllOrNothing", allOrNothing},
		{"PeriodEdge", periodEdge},
		{"Offset", offset},
		{"Restart", restart},
		{"ChangedQuota", changedQuota},
		{"ChangedThrottle", changedThrottle},
		{"SetRemaining", setRemaining},
		{"SetRemainingRacesTraffic", setRemainingRacesTraffic},
		{"Refund", refund},
		{"Usage", usage},
		{"ClockBack", clockBack},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &suite{T: t, open: open, totals: new(Totals)}
			s.now.Store(noon.UnixNano())
			s.start()
			tt.test(s)
			s.stop()
		})
	}
}

var (
	noon   = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC) // a Wednesday
	before = noon.AddDate(-1, 0, 0)
	gold   = counter.ID{Plan: "plan-1", Key: "key-1"}
	day    = &apigw.Quota{Limit: 10, Period: "DAY"}
	month  = &apigw.Quota{Limit: 10, Period: "MONTH"}
)

type suite struct {
	*testing.T
	open    Opener
	totals  *Totals
	counter Counter
	now     atomic.Int64
}

func (s *suite) start() {
	s.Helper()
	s.counter = s.open(s.T, s.totals, func() time.Time { return time.Unix(0, s.now.Load()).UTC() })
}

func (s *suite) stop() {
	s.Helper()
	if err := s.counter.Close(context.Background()); err != nil {
		s.Fatalf("Close: %v", err)
	}
}

func (s *suite) client(id counter.ID, joined time.Time) Client {
	s.Helper()
	c, err := s.counter.Client(context.Background(), id, joined)
	if err != nil {
		s.Fatalf("Client(%v): %v", id, err)
	}
	return c
}

// spend spends n times and counts the results.
func spend(c Client, now time.Time, sp *counter.Spend, n int) (got [counter.Admitted + 1]int) {
	for range n {
		got[c.Spend(now, sp)]++
	}
	return got
}

func (s *suite) admits(c Client, now time.Time, sp *counter.Spend, want int) {
	s.Helper()
	if got := spend(c, now, sp, want+50)[counter.Admitted]; got != want {
		s.Errorf("admitted %d, want %d", got, want)
	}
}

// storm spends from 192 goroutines at once and counts the admitted.
func storm(c Client, requests int, at func(i int) (time.Time, *counter.Spend)) int {
	const workers = 192
	var admitted, next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(requests); i = next.Add(1) {
				now, sp := at(int(i))
				if c.Spend(now, sp) == counter.Admitted {
					admitted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(admitted.Load())
}

func (s *suite) usage(c Client, q *apigw.Quota, from, to string) []string {
	s.Helper()
	first, err := meter.ParseDay(from)
	if err != nil {
		s.Fatal(err)
	}
	last, err := meter.ParseDay(to)
	if err != nil {
		s.Fatal(err)
	}
	uses, err := c.Usage(context.Background(), q, first, last)
	if err != nil {
		s.Fatalf("Usage(%s, %s): %v", from, to, err)
	}
	var lines []string
	for _, u := range uses {
		lines = append(lines, fmt.Sprintf("%v %d %d", u.Day, u.Used, u.Remaining))
	}
	return lines
}

func (s *suite) same(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(got, want); diff != "" {
		s.Errorf("%s: (-got +want)\n%s", what, diff)
	}
}
