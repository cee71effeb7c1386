package countertest

import (
	"context"
	"math"
	"sync"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/counter"
	"gatehouse/internal/meter"
)

func meterDay(n int) meter.Day { return meter.Day(n) }

var pets = counter.MethodID{API: "api", Stage: "dev", Method: "/pets/GET"}

func refusedUsesNothing(s *suite) {
	c := s.client(gold, before)
	full := &counter.Spend{
		Limit:  &apigw.Limit{Burst: 3},
		Method: pets, MethodLimit: &apigw.Limit{Burst: 3},
		Quota: &apigw.Quota{Limit: 3, Period: "DAY"},
	}
	// Each of the three refuses for a while; the others must not notice.
	for _, sp := range []counter.Spend{
		{Limit: &apigw.Limit{}, Method: pets, MethodLimit: full.MethodLimit, Quota: full.Quota},
		{Limit: full.Limit, Method: pets, MethodLimit: &apigw.Limit{}, Quota: full.Quota},
		{Limit: full.Limit, Method: pets, MethodLimit: full.MethodLimit, Quota: &apigw.Quota{Period: "DAY"}},
	} {
		if got := spend(c, noon, &sp, 100)[counter.Admitted]; got != 0 {
			s.Errorf("admitted %d, want 0", got)
		}
	}
	s.same("usage after refusals", s.usage(c, full.Quota, "2026-03-18", "2026-03-18"), []string{"2026-03-18 0 3"})
	s.admits(c, noon, full, 3)
	s.same("usage", s.usage(c, full.Quota, "2026-03-18", "2026-03-18"), []string{"2026-03-18 3 0"})
}

func oddLimitsRefuse(s *suite) {
	c := s.client(gold, before)
	for name, sp := range map[string]*counter.Spend{
		"quota 0":             {Quota: &apigw.Quota{Period: "DAY"}},
		"quota negative":      {Quota: &apigw.Quota{Limit: math.MinInt32, Period: "DAY"}},
		"quota below offset":  {Quota: &apigw.Quota{Limit: 1, Offset: 2, Period: "MONTH"}},
		"no period":           {Quota: &apigw.Quota{Limit: 10}},
		"unknown period":      {Quota: &apigw.Quota{Limit: 10, Period: "day"}},
		"throttle 0/0":        {Limit: &apigw.Limit{}},
		"burst 0":             {Limit: &apigw.Limit{Rate: 100}},
		"burst negative":      {Limit: &apigw.Limit{Burst: -1, Rate: 100}},
		"method throttle 0/0": {Method: pets, MethodLimit: &apigw.Limit{}},
	} {
		client := c
		if name == "quota below offset" {
			client = s.client(counter.ID{Plan: "plan-1", Key: "new"}, noon)
		}
		if got := spend(client, noon, sp, 10)[counter.Admitted]; got != 0 {
			s.Errorf("%s: admitted %d, want 0", name, got)
		}
	}
}

func setRemainingRefuses(s *suite) {
	c := s.client(gold, before)
	ctx := context.Background()
	for name, q := range map[string]*apigw.Quota{"no quota": nil, "no period": {Limit: 5}, "odd period": {Limit: 5, Period: "YEAR"}} {
		if err := c.SetRemaining(ctx, noon, q, 1); err == nil {
			s.Errorf("SetRemaining with %s succeeded", name)
		}
	}
	if err := c.SetRemaining(ctx, noon, day, -1); err == nil {
		s.Error("SetRemaining to -1 succeeded")
	}
	if got := c.Remaining(noon, day); got != 10 {
		s.Errorf("Remaining = %d after refused changes, want 10", got)
	}
}

func orderOfRefusals(s *suite) {
	c := s.client(gold, before)
	none, some := &apigw.Limit{}, &apigw.Limit{Burst: 100}
	empty := &apigw.Quota{Period: "DAY"}
	for _, tt := range []struct {
		spend counter.Spend
		want  counter.Result
	}{
		{counter.Spend{Limit: none, Method: pets, MethodLimit: none, Quota: empty}, counter.PlanThrottled},
		{counter.Spend{Limit: some, Method: pets, MethodLimit: none, Quota: empty}, counter.MethodThrottled},
		{counter.Spend{Limit: some, Method: pets, MethodLimit: some, Quota: empty}, counter.QuotaSpent},
		{counter.Spend{Limit: some, Method: pets, MethodLimit: some, Quota: day}, counter.Admitted},
		{counter.Spend{}, counter.Admitted},
	} {
		if got := c.Spend(noon, &tt.spend); got != tt.want {
			s.Errorf("Spend(%+v) = %v, want %v", tt.spend, got, tt.want)
		}
	}
}

func clientsAreSeparate(s *suite) {
	sp := &counter.Spend{Limit: &apigw.Limit{Burst: 5}, Quota: day}
	// Ids that would be one if they were joined without a mark between them.
	for _, id := range []counter.ID{{Plan: "a", Key: "bc"}, {Plan: "ab", Key: "c"}, {Plan: "a", Key: "b"}, {Plan: "b", Key: "a"}} {
		c := s.client(id, before)
		s.admits(c, noon, sp, 5)
		if got := s.client(id, before).Remaining(noon, day); got != 5 {
			s.Errorf("%v: remaining %d, want 5", id, got)
		}
	}
}

func methodsAreSeparate(s *suite) {
	c := s.client(gold, before)
	for _, id := range []counter.MethodID{pets, {API: "api", Stage: "prod", Method: "/pets/GET"}, {API: "api", Stage: "dev", Method: "/pets/POST"}, {API: "ap", Stage: "idev", Method: "/pets/GET"}} {
		s.admits(c, noon, &counter.Spend{Method: id, MethodLimit: &apigw.Limit{Burst: 2}}, 2)
	}
}

// [security K3] 192 workers against a quota of 1,000 admit exactly 1,000.
func quotaExact(s *suite) {
	c := s.client(gold, before)
	sp := &counter.Spend{Quota: &apigw.Quota{Limit: 1000, Period: "MONTH"}}
	if got := storm(c, 20_000, func(int) (time.Time, *counter.Spend) { return noon, sp }); got != 1000 {
		s.Errorf("admitted %d, want 1000", got)
	}
	s.same("usage", s.usage(c, sp.Quota, "2026-03-18", "2026-03-18"), []string{"2026-03-18 1000 0"})
}

func throttleExact(s *suite) {
	c := s.client(gold, before)
	sp := &counter.Spend{Limit: &apigw.Limit{Burst: 500, Rate: 100}}
	// 20,000 requests, a millisecond apart in tens: two seconds less a millisecond of refill.
	got := storm(c, 20_000, func(i int) (time.Time, *counter.Spend) {
		return noon.Add(time.Duration((i-1)/10) * time.Millisecond), sp
	})
	if got > 500+199+1 || got < 500+197 {
		s.Errorf("admitted %d, want 699 or 700", got)
	}
}

// Quota, plan and method run dry one after another under concurrency: what each has used is what was
// admitted.
func allOrNothing(s *suite) {
	c := s.client(gold, before)
	plan, quota := &apigw.Limit{Burst: 700}, &apigw.Quota{Limit: 1000, Period: "DAY"}
	method := &apigw.Limit{Burst: 300}
	first := &counter.Spend{Limit: plan, Method: pets, MethodLimit: method, Quota: quota}
	other := &counter.Spend{Limit: plan, Quota: quota}
	if got := storm(c, 5000, func(int) (time.Time, *counter.Spend) { return noon, first }); got != 300 {
		s.Errorf("method: admitted %d, want 300", got)
	}
	if got := storm(c, 5000, func(int) (time.Time, *counter.Spend) { return noon, other }); got != 400 {
		s.Errorf("plan: admitted %d, want 400", got)
	}
	if got := storm(c, 5000, func(int) (time.Time, *counter.Spend) { return noon, &counter.Spend{Quota: quota} }); got != 300 {
		s.Errorf("quota: admitted %d, want 300", got)
	}
}

// [security K4] Requests of both sides of the period's edge, mixed: each window admits its limit.
func periodEdge(s *suite) {
	for period, edge := range map[string]time.Time{
		"DAY":   time.Date(2026, 3, 19, 0, 0, 0, 0, time.UTC),
		"WEEK":  time.Date(2026, 3, 22, 0, 0, 0, 0, time.UTC),
		"MONTH": time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
	} {
		c := s.client(counter.ID{Plan: "edge", Key: apigw.KeyID(period)}, before)
		sp := &counter.Spend{Quota: &apigw.Quota{Limit: 500, Period: period}}
		at := func(i int) (time.Time, *counter.Spend) {
			return edge.Add(time.Duration(i%2*2-1) * time.Millisecond), sp
		}
		if got := storm(c, 6000, at); got != 1000 {
			s.Errorf("%s: admitted %d on both sides of the edge, want 1000", period, got)
		}
		for _, now := range []time.Time{edge.Add(-1), edge} {
			if got := c.Remaining(now, sp.Quota); got != 0 {
				s.Errorf("%s: remaining %d at %v, want 0", period, got, now)
			}
		}
	}
}

func offset(s *suite) {
	quota := &apigw.Quota{Limit: 10, Offset: 4, Period: "MONTH"}
	sp := &counter.Spend{Quota: quota}
	for _, tt := range []struct {
		name   string
		joined time.Time
		days   int
		want   int
	}{
		{"joined today", noon, 0, 6},
		{"joined this month", noon.AddDate(0, 0, -17), 0, 6},
		{"joined last month", noon.AddDate(0, 0, -18), 0, 10},
		{"joined last year", before, 0, 10},
		{"next month", noon, 14, 10},
		{"unknown, first month", time.Time{}, 0, 6},
	} {
		id := counter.ID{Plan: "offset", Key: apigw.KeyID(tt.name)}
		s.admits(s.client(id, tt.joined), noon.AddDate(0, 0, tt.days), sp, tt.want)
	}
	c := s.client(counter.ID{Plan: "offset", Key: "unknown, second month"}, time.Time{})
	s.admits(c, noon, sp, 6)
	s.admits(c, noon.AddDate(0, 1, 0), sp, 10)
}

func restart(s *suite) {
	sp := &counter.Spend{Quota: month}
	spend(s.client(gold, before), noon, sp, 4)
	s.stop()
	s.start()
	c := s.client(gold, before)
	s.same("usage", s.usage(c, month, "2026-03-17", "2026-03-18"), []string{"2026-03-17 0 10", "2026-03-18 4 6"})
	spend(c, noon.AddDate(0, 0, 1), sp, 1)
	if err := c.SetRemaining(context.Background(), noon.AddDate(0, 0, 1), month, 2); err != nil {
		s.Fatal(err)
	}
	s.stop()
	s.start()
	c = s.client(gold, before)
	s.same("usage", s.usage(c, month, "2026-03-18", "2026-03-19"), []string{"2026-03-18 4 6", "2026-03-19 1 2"})
	s.admits(c, noon.AddDate(0, 0, 2), sp, 2)
	s.admits(c, noon.AddDate(0, 1, 0), sp, 10)
}

// An edited plan acts at once and keeps what was used.
func changedQuota(s *suite) {
	c := s.client(gold, before)
	at := func(d int) time.Time { return noon.AddDate(0, 0, d) }
	quota := func(limit int32, period string) *counter.Spend {
		return &counter.Spend{Quota: &apigw.Quota{Limit: limit, Period: period}}
	}
	s.admits(c, at(-1), quota(4, "MONTH"), 4)
	s.admits(c, at(0), quota(4, "MONTH"), 0)
	s.admits(c, at(0), quota(6, "MONTH"), 2)  // raised
	s.admits(c, at(0), quota(3, "MONTH"), 0)  // lowered below what was used
	s.admits(c, at(0), quota(3, "DAY"), 1)    // shorter: only today counts, which has 2
	s.admits(c, at(0), quota(10, "WEEK"), 3)  // longer: yesterday's 4 and today's 3
	s.admits(c, at(0), quota(12, "MONTH"), 2) // and the whole month again
	spend(c, at(0), &counter.Spend{}, 7)      // the quota is taken away; use is still counted
	s.same("usage", s.usage(c, &apigw.Quota{Limit: 100, Period: "MONTH"}, "2026-03-16", "2026-03-18"),
		[]string{"2026-03-16 0 100", "2026-03-17 4 96", "2026-03-18 15 81"})
}

func changedThrottle(s *suite) {
	c := s.client(gold, before)
	s.admits(c, noon, &counter.Spend{Limit: &apigw.Limit{Burst: 5, Rate: 1}}, 5)
	s.admits(c, noon, &counter.Spend{Limit: &apigw.Limit{Burst: 8, Rate: 1}}, 3)
	s.admits(c, noon, &counter.Spend{Limit: &apigw.Limit{Burst: 2, Rate: 1}}, 0)
	s.admits(c, noon.Add(time.Second), &counter.Spend{Limit: &apigw.Limit{Burst: 2, Rate: 1}}, 1)
	s.admits(c, noon.Add(2*time.Second), &counter.Spend{Limit: &apigw.Limit{Burst: 2, Rate: 2}}, 2)
}

func setRemaining(s *suite) {
	ctx := context.Background()
	c := s.client(gold, noon)
	quota := &apigw.Quota{Limit: 10, Offset: 1, Period: "MONTH"}
	sp := &counter.Spend{Quota: quota}
	s.admits(c, noon, sp, 9)
	for _, n := range []int64{5, 25, 0, 3} { // 25 is above the limit: an extension
		if err := c.SetRemaining(ctx, noon, quota, n); err != nil {
			s.Fatal(err)
		}
		if got := c.Remaining(noon, quota); got != n {
			s.Errorf("Remaining = %d after it was set to %d", got, n)
		}
		s.admits(c, noon, sp, int(n))
	}
	s.same("usage", s.usage(c, quota, "2026-03-18", "2026-03-18"), []string{"2026-03-18 42 0"})
	if got := c.Remaining(noon.AddDate(0, 1, 0), quota); got != 10 {
		s.Errorf("Remaining of the next month = %d, want 10", got)
	}
}

// [security K12] While requests come, the remaining quota is set again and again: none of the two is lost.
func setRemainingRacesTraffic(s *suite) {
	c := s.client(gold, before)
	quota := &apigw.Quota{Limit: 1000, Period: "DAY"}
	sp := &counter.Spend{Quota: quota}
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 20 {
			if err := c.SetRemaining(context.Background(), noon, quota, 1000); err != nil {
				s.Errorf("SetRemaining: %v", err)
			}
		}
	})
	admitted := storm(c, 10_000, func(int) (time.Time, *counter.Spend) { return noon, sp })
	wg.Wait()
	// Afterwards all that is left is spent: from the last change on exactly 1,000 were admitted.
	if err := c.SetRemaining(context.Background(), noon, quota, 1000); err != nil {
		s.Fatal(err)
	}
	rest := storm(c, 5000, func(int) (time.Time, *counter.Spend) { return noon, sp })
	if rest != 1000 {
		s.Errorf("admitted %d after the last change, want 1000", rest)
	}
	uses, err := c.Usage(context.Background(), quota, 20530, 20530) // 18 March 2026
	if err != nil {
		s.Fatal(err)
	}
	s.same("usage", uses, []counter.DayUse{{Day: 20530, Used: int64(admitted + rest)}})
}

func refund(s *suite) {
	c := s.client(gold, before)
	sp := &counter.Spend{Limit: &apigw.Limit{Burst: 2}, Method: pets, MethodLimit: &apigw.Limit{Burst: 2}, Quota: &apigw.Quota{Limit: 2, Period: "DAY"}}
	for range 10 {
		if got := c.Spend(noon, sp); got != counter.Admitted {
			s.Fatalf("Spend = %v, want admitted", got)
		}
		c.Refund(noon, sp)
	}
	s.same("usage", s.usage(c, sp.Quota, "2026-03-18", "2026-03-18"), []string{"2026-03-18 0 2"})
	c.Refund(noon, sp) // one too many gives nothing
	s.admits(c, noon, sp, 2)
}

// [docs] GetUsage: one pair of used and remaining per day of the range.
func usage(s *suite) {
	c := s.client(gold, noon.AddDate(0, 0, -20)) // in February
	at := func(d int) time.Time { return noon.AddDate(0, 0, d) }
	quota := &apigw.Quota{Limit: 10, Offset: 5, Period: "MONTH"}
	for d, n := range map[int]int{-18: 3, -17: 2, 0: 4} {
		spend(c, at(d), &counter.Spend{}, n)
	}
	s.same("month", s.usage(c, quota, "2026-02-27", "2026-03-03"), []string{
		"2026-02-27 0 5", "2026-02-28 3 2", "2026-03-01 2 8", "2026-03-02 0 8", "2026-03-03 0 8",
	})
	s.same("day", s.usage(c, day, "2026-03-17", "2026-03-19"), []string{
		"2026-03-17 0 10", "2026-03-18 4 6", "2026-03-19 0 10",
	})
	s.same("no quota", s.usage(c, nil, "2026-03-18", "2026-03-18"), []string{"2026-03-18 4 -1"})
	for _, r := range [][2]int{{1, 0}, {0, 400}, {math.MinInt32, math.MaxInt32}} {
		if _, err := c.Usage(context.Background(), quota, meterDay(r[0]), meterDay(r[1])); err == nil {
			s.Errorf("Usage of the days %v succeeded", r)
		}
	}
}

// [security K7] A clock that goes back an hour, over the edge of the period, gives nothing.
func clockBack(s *suite) {
	c := s.client(gold, before)
	midnight := time.Date(2026, 3, 19, 0, 30, 0, 0, time.UTC)
	sp := &counter.Spend{Limit: &apigw.Limit{Burst: 100, Rate: 1}, Quota: day}
	s.admits(c, midnight.Add(-time.Hour), sp, 10)
	s.admits(c, midnight, sp, 10)
	s.admits(c, midnight.Add(-time.Hour), sp, 0)
	s.admits(c, midnight, sp, 0)
	s.admits(c, midnight, &counter.Spend{Limit: sp.Limit}, 90)
	s.admits(c, midnight.Add(-time.Hour), &counter.Spend{Limit: sp.Limit}, 0)
}
