package counter_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/internal/apigw"
	"gatehouse/internal/counter"
	"gatehouse/internal/counter/countertest"
	"gatehouse/internal/meter"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

type local struct{ *counter.Local }

func (l local) Client(ctx context.Context, id counter.ID, joined time.Time) (countertest.Client, error) {
	return l.Local.Client(ctx, id, joined)
}

func open(t testing.TB, totals counter.Totals, now func() time.Time) *counter.Local {
	t.Helper()
	l, err := counter.New(counter.Config{Totals: totals, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestConformance(t *testing.T) {
	countertest.Run(t, func(t testing.TB, totals counter.Totals, now func() time.Time) countertest.Counter {
		return local{open(t, totals, now)}
	})
}

func TestNewRefusesAHalfConfig(t *testing.T) {
	for _, cfg := range []counter.Config{
		{},
		{Totals: new(countertest.Totals), Now: time.Now},
		{Totals: new(countertest.Totals), Log: slog.Default()},
		{Now: time.Now, Log: slog.Default()},
	} {
		if l, err := counter.New(cfg); err == nil {
			t.Errorf("New(%+v) = %v, want an error", cfg, l)
		}
	}
}

var (
	noon = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)
	id   = counter.ID{Plan: "plan", Key: "key"}
	ten  = &apigw.Quota{Limit: 10, Period: "MONTH"}
)

func fixed() time.Time { return noon }

func client(t testing.TB, l *counter.Local, id counter.ID) *counter.Client {
	t.Helper()
	c, err := l.Client(context.Background(), id, noon.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A key whose totals cannot be read gets no counters: nobody knows what it may still use.
func TestClientNeedsItsTotals(t *testing.T) {
	totals := new(countertest.Totals)
	l := open(t, totals, fixed)
	defer l.Close(context.Background())
	totals.Broken.Store(true)
	if c, err := l.Client(context.Background(), id, time.Time{}); err == nil || !strings.Contains(err.Error(), "key key in plan plan") {
		t.Errorf("Client = %v, %v, want an error that names the key", c, err)
	}
}

func TestOneClientForAll(t *testing.T) {
	l := open(t, new(countertest.Totals), fixed)
	defer l.Close(context.Background())
	clients := make([]*counter.Client, 50)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() { clients[i] = client(t, l, id) })
	}
	wg.Wait()
	for _, c := range clients {
		if c != clients[0] {
			t.Fatal("two clients for one key in one plan")
		}
	}
}

// Totals are saved every second; what cannot be saved is kept and saved later, once and whole.
func TestSaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		totals := new(countertest.Totals)
		l, err := counter.New(counter.Config{Totals: totals, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		load := func() []counter.Total {
			today := meter.DayOf(time.Now())
			got, err := totals.Load(context.Background(), id, today, today)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		c := client(t, l, id)
		today := meter.DayOf(time.Now())
		spend := func(n int) {
			for range n {
				c.Spend(time.Now(), &counter.Spend{})
			}
		}
		wait := func(d time.Duration) { time.Sleep(d); synctest.Wait() }

		spend(3)
		wait(1100 * time.Millisecond)
		if diff := cmp.Diff(load(), []counter.Total{{ID: id, Day: today, Used: 3}}); diff != "" {
			t.Errorf("after a second: (-got +want)\n%s", diff)
		}
		wait(10 * time.Second)
		if got := totals.Saves.Load(); got != 1 {
			t.Errorf("saved %d times although nothing was spent, want 1", got)
		}

		totals.Broken.Store(true)
		spend(2)
		wait(3 * time.Second)
		spend(1)
		if err := c.SetRemaining(context.Background(), time.Now(), ten, 7); err == nil {
			t.Error("SetRemaining succeeded without a store")
		}
		totals.Broken.Store(false)
		wait(time.Second)
		if diff := cmp.Diff(load(), []counter.Total{{ID: id, Day: today, Used: 6, Granted: 3}}); diff != "" {
			t.Errorf("after the store came back: (-got +want)\n%s", diff)
		}
		if got := strings.Count(log.String(), "cannot be saved"); got != 1 {
			t.Errorf("%d lines about one failure:\n%s", got, log.String())
		}
		if !strings.Contains(log.String(), "saved again") {
			t.Errorf("no line about the recovery:\n%s", log.String())
		}

		spend(1)
		if err := l.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(load(), []counter.Total{{ID: id, Day: today, Used: 7, Granted: 3}}); diff != "" {
			t.Errorf("after Close: (-got +want)\n%s", diff)
		}
	})
}

func TestCloseReportsWhatIsLost(t *testing.T) {
	totals := new(countertest.Totals)
	l := open(t, totals, fixed)
	client(t, l, id).Spend(noon, &counter.Spend{})
	totals.Broken.Store(true)
	if err := l.Close(context.Background()); err == nil {
		t.Error("Close succeeded although the totals were not saved")
	}
}

// Many clients are saved in several batches, all of them.
func TestManyClients(t *testing.T) {
	totals := new(countertest.Totals)
	l := open(t, totals, fixed)
	const n = 2500
	clients := make([]*counter.Client, n)
	for i := range clients {
		clients[i] = client(t, l, counter.ID{Plan: "plan", Key: apigw.KeyID(rune('a' + i))})
		clients[i].Spend(noon, &counter.Spend{})
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	again := open(t, totals, fixed)
	defer again.Close(context.Background())
	for i := range clients {
		if got := client(t, again, counter.ID{Plan: "plan", Key: apigw.KeyID(rune('a' + i))}).Remaining(noon, ten); got != 9 {
			t.Fatalf("client %d has %d left after a restart, want 9", i, got)
		}
	}
}

// A client that nobody holds is collected, but not before it is saved, idle and its tokens are back.
func TestIdleClientsAreCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := counter.New(counter.Config{Totals: new(countertest.Totals), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close(context.Background())
		slow := &counter.Spend{Limit: &apigw.Limit{Burst: 1, Rate: 1.0 / 3600}}
		fast := &counter.Spend{Limit: &apigw.Limit{Burst: 1, Rate: 100}}
		spendOnce := func(key apigw.KeyID, s *counter.Spend) counter.Result {
			return client(t, l, counter.ID{Plan: "plan", Key: key}).Spend(time.Now(), s)
		}
		spendOnce("slow", slow)
		spendOnce("fast", fast)
		limit := &apigw.Limit{Burst: 1, Rate: 1.0 / 3600}
		if !l.Take(time.Now(), "stage", limit) {
			t.Fatal("the first token of a bucket was refused")
		}

		time.Sleep(30 * time.Minute)
		synctest.Wait()
		runtime.GC()
		if got := spendOnce("slow", slow); got != counter.PlanThrottled {
			t.Errorf("after half an hour: %v, want plan throttled", got)
		}
		if l.Take(time.Now(), "stage", limit) {
			t.Error("after half an hour: the shared bucket has a token again")
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := spendOnce("slow", slow); got != counter.Admitted {
			t.Errorf("after two hours more: %v, want admitted", got)
		}
	})
}

func TestCollected(t *testing.T) {
	l := open(t, new(countertest.Totals), fixed)
	defer l.Close(context.Background())
	for i := range 100 {
		client(t, l, counter.ID{Plan: "plan", Key: apigw.KeyID(rune('a' + i))}) // opened, never spent
		l.Bucket(string(rune('a' + i)))
	}
	for range 100 {
		runtime.GC()
		if l.Known() == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d clients and buckets are still known", l.Known())
}

func TestBucket(t *testing.T) {
	l := open(t, new(countertest.Totals), fixed)
	defer l.Close(context.Background())
	limit := &apigw.Limit{Burst: 2, Rate: 1}
	if l.Take(noon, "other", &apigw.Limit{}) {
		t.Error("a bucket of 0/0 admitted") // [observed]
	}
	b := l.Bucket("stage")
	if !b.Take(noon, limit) || !l.Take(noon, "stage", limit) || b.Take(noon, limit) || l.Take(noon, "stage", limit) {
		t.Error("a bucket of two did not admit two")
	}
	b.Give()
	if !l.Take(noon, "stage", limit) || b.Take(noon, limit) {
		t.Error("a token that was given back did not admit one")
	}
	if !b.Take(noon.Add(time.Second), limit) {
		t.Error("no token after a second")
	}
}

func TestReset(t *testing.T) {
	totals := new(countertest.Totals)
	l := open(t, totals, fixed)
	c := client(t, l, id)
	s := &counter.Spend{Limit: &apigw.Limit{Burst: 2}, Quota: ten}
	b := l.Bucket("stage")
	for range 2 {
		c.Spend(noon, s)
		b.Take(noon, s.Limit)
	}
	l.Reset()
	c.Refund(noon, s) // of a request that was admitted before
	if got := c.Remaining(noon, ten); got != 10 {
		t.Errorf("Remaining = %d after Reset, want 10", got)
	}
	if got := c.Spend(noon, s); got != counter.Admitted {
		t.Errorf("Spend = %v after Reset", got)
	}
	if !b.Take(noon, s.Limit) {
		t.Error("the shared bucket is empty after Reset")
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	today := meter.DayOf(noon)
	got, _ := totals.Load(context.Background(), id, today, today)
	if diff := cmp.Diff(got, []counter.Total{{ID: id, Day: today, Used: 1}}); diff != "" {
		t.Errorf("saved after Reset: (-got +want)\n%s", diff)
	}
}

func TestStored(t *testing.T) {
	db := store.NewMemory()
	defer db.Close()
	s := &counter.Stored{DB: db, Tables: tables.New(seal.NewKey()), Scope: "123456789012/us-east-1"}
	ctx := context.Background()
	var want []counter.Total
	for d := meter.Day(19999); d < 20005; d++ {
		want = append(want, counter.Total{ID: id, Day: d, Used: int64(d), Granted: -3})
	}
	other := counter.Total{ID: counter.ID{Plan: "plan", Key: "key2"}, Day: 20000, Used: 1}
	if err := s.Save(ctx, append(want[:len(want):len(want)], other)); err != nil {
		t.Fatal(err)
	}
	want[1].Used = 7
	if err := s.Save(ctx, want[1:2]); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(ctx, id, 20000, 20003)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want[1:5]); diff != "" {
		t.Errorf("Load: (-got +want)\n%s", diff)
	}
	got, err = s.Load(ctx, counter.ID{Plan: "plan", Key: "ke"}, 0, 30000)
	if diff := cmp.Diff(got, []counter.Total{}, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("Load of an unknown key: %v (-got +want)\n%s", err, diff)
	}
}

func TestSpendDoesNotAllocate(t *testing.T) {
	l := open(t, new(countertest.Totals), fixed)
	defer l.Close(context.Background())
	c := client(t, l, id)
	s := everything()
	now := noon
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Microsecond)
		c.Spend(now, s)
		l.Take(now, "stage", s.Limit)
	}); n != 0 {
		t.Errorf("Spend and Take allocate %v times, want 0", n)
	}
}

func everything() *counter.Spend {
	return &counter.Spend{
		Limit:       &apigw.Limit{Burst: 2000, Rate: 1e9},
		Method:      counter.MethodID{API: "abcdefghij", Stage: "dev", Method: "/stores/{id}/GET"},
		MethodLimit: &apigw.Limit{Burst: 2000, Rate: 1e9},
		Quota:       &apigw.Quota{Limit: 1 << 30, Offset: 2, Period: "MONTH"},
	}
}

func BenchmarkSpend(b *testing.B) {
	l := open(b, new(countertest.Totals), time.Now)
	defer l.Close(context.Background())
	now := time.Now()
	for _, bb := range []struct {
		name  string
		spend *counter.Spend
	}{
		{"all", everything()},
		{"plan+quota", &counter.Spend{Limit: everything().Limit, Quota: everything().Quota}},
		{"refused", &counter.Spend{Limit: &apigw.Limit{}}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			c := client(b, l, counter.ID{Plan: "plan", Key: apigw.KeyID(bb.name)})
			b.ReportAllocs()
			at := now
			for b.Loop() {
				at = at.Add(100)
				c.Spend(at, bb.spend)
			}
		})
		b.Run(bb.name+"/one key, parallel", func(b *testing.B) {
			c := client(b, l, counter.ID{Plan: "plan", Key: apigw.KeyID(bb.name + "p")})
			b.RunParallel(func(pb *testing.PB) {
				at := now
				for pb.Next() {
					at = at.Add(100)
					c.Spend(at, bb.spend)
				}
			})
		})
	}
	b.Run("bucket", func(b *testing.B) {
		limit := everything().Limit
		bucket := l.Bucket("stage")
		at := now
		for b.Loop() {
			at = at.Add(100)
			bucket.Take(at, limit)
		}
	})
	b.Run("bucket by id", func(b *testing.B) {
		limit := everything().Limit
		at := now
		for b.Loop() {
			at = at.Add(100)
			l.Take(at, "abcdefghij/dev/stores/{id}/GET", limit)
		}
	})
}
