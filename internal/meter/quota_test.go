package meter

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func day(t testing.TB, s string) Day {
	t.Helper()
	d, err := ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParsePeriodRefuses(t *testing.T) {
	for _, s := range []string{"", "day", "Day", "DAYS", "HOUR", "YEAR", "ＤＡＹ"} {
		if p, err := ParsePeriod(s); err == nil || p != 0 {
			t.Errorf("ParsePeriod(%q) = %v, %v, want an error", s, p, err)
		}
	}
	for _, p := range []Period{PerDay, PerWeek, PerMonth} {
		if got, err := ParsePeriod(p.String()); err != nil || got != p {
			t.Errorf("ParsePeriod(%q) = %v, %v", p.String(), got, err)
		}
	}
	if w := Period(0).Window(20000); w.Contains(20000) || w != (Window{}) {
		t.Errorf("the invalid period has the window %v", w)
	}
}

func TestParseDayRefuses(t *testing.T) {
	for _, s := range []string{"", "2026-1-1", "2026-02-30", "2026-01-01T00:00:00Z", "01/02/2026"} {
		if d, err := ParseDay(s); err == nil {
			t.Errorf("ParseDay(%q) = %v, want an error", s, d)
		}
	}
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		period          Period
		day, start, end string
	}{
		{PerDay, "2026-03-01", "2026-03-01", "2026-03-02"},
		{PerDay, "2023-12-31", "2023-12-31", "2024-01-01"},
		{PerWeek, "2026-02-28", "2026-02-22", "2026-03-01"}, // Saturday
		{PerWeek, "2026-03-01", "2026-03-01", "2026-03-08"}, // Sunday
		{PerWeek, "2026-03-02", "2026-03-01", "2026-03-08"},
		{PerWeek, "2024-12-31", "2024-12-29", "2025-01-05"},
		{PerWeek, "1970-01-01", "1969-12-28", "1970-01-04"},
		{PerWeek, "1969-12-27", "1969-12-21", "1969-12-28"},
		{PerMonth, "2026-03-01", "2026-03-01", "2026-04-01"},
		{PerMonth, "2024-02-29", "2024-02-01", "2024-03-01"},
		{PerMonth, "2026-02-28", "2026-02-01", "2026-03-01"},
		{PerMonth, "2026-12-31", "2026-12-01", "2027-01-01"},
	} {
		got := tt.period.Window(day(t, tt.day))
		if got.Start.String() != tt.start || got.End.String() != tt.end {
			t.Errorf("%v window of %s = %v to %v, want %s to %s", tt.period, tt.day, got.Start, got.End, tt.start, tt.end)
		}
	}
}

// Windows of a period follow one another without gap or overlap.
func TestWindowsTile(t *testing.T) {
	for _, p := range []Period{PerDay, PerWeek, PerMonth} {
		w := p.Window(day(t, "1969-11-15"))
		for d := w.Start; d < day(t, "2030-01-01"); d++ {
			if d == w.End {
				next := p.Window(d)
				if next.Start != w.End {
					t.Fatalf("%v: %v is followed by %v", p, w, next)
				}
				w = next
			}
			if got := p.Window(d); got != w || !w.Contains(d) {
				t.Fatalf("%v: the window of %v is %v, want %v", p, d, got, w)
			}
		}
		if w.Contains(w.Start-1) || w.Contains(w.End) {
			t.Errorf("%v: %v contains its neighbours", p, w)
		}
	}
}

func TestDayOf(t *testing.T) {
	zone := time.FixedZone("east", 14*3600)
	for _, tt := range []struct {
		time time.Time
		want string
	}{
		{time.Date(2026, 2, 28, 23, 59, 59, 999999999, time.UTC), "2026-02-28"},
		{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "2026-03-01"},
		{time.Date(2026, 3, 1, 13, 59, 0, 0, zone), "2026-02-28"},
		{time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), "1969-12-31"},
		{time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), "1969-12-31"},
	} {
		if got := DayOf(tt.time); got.String() != tt.want {
			t.Errorf("DayOf(%v) = %v, want %s", tt.time, got, tt.want)
		}
	}
	if got := dayOfUnix(math.MinInt64); got != math.MinInt32 {
		t.Errorf("day of the first second = %d", got)
	}
	if got := dayOfUnix(math.MaxInt64); got != math.MaxInt32 {
		t.Errorf("day of the last second = %d", got)
	}
}

func TestRemaining(t *testing.T) {
	for _, tt := range []struct {
		limit, offset int32
		initial       bool
		granted, used int64
		want          int64
	}{
		{0, 0, false, 0, 0, 0},
		{-1, 0, false, 0, 0, 0},
		{math.MinInt32, math.MinInt32, true, 0, 0, 0},
		{1000, 0, false, 0, 0, 1000},
		{5000, 2, true, 0, 0, 4998},
		{5000, 2, false, 0, 0, 5000},
		{5000, -2, true, 0, 0, 5000},
		{5, 7, true, 0, 0, 0},
		{1000, 0, false, 0, 999, 1},
		{1000, 0, false, 0, 1000, 0},
		{1000, 0, false, 0, 1001, 0},
		{1000, 0, false, 500, 1000, 500},
		{1000, 0, false, -400, 500, 100},
		{0, 0, false, 3, 2, 1},
		{math.MaxInt32, 0, false, math.MaxInt64, 0, math.MaxInt64},
		{1, 0, false, math.MinInt64, math.MaxInt64, 0},
		{1, 0, false, 0, math.MinInt64, math.MaxInt64},
	} {
		if got := Remaining(tt.limit, tt.offset, tt.initial, tt.granted, tt.used); got != tt.want {
			t.Errorf("Remaining(%d, %d, %v, %d, %d) = %d, want %d", tt.limit, tt.offset, tt.initial, tt.granted, tt.used, got, tt.want)
		}
	}
}

func TestAdd(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	draw := func() int64 { return int64(rnd.Uint64()) >> rnd.IntN(64) }
	for range 100_000 {
		a, b := draw(), draw()
		got := Add(a, b)
		switch f := float64(a) + float64(b); {
		case f > 1.01*math.MaxInt64:
			if got != math.MaxInt64 {
				t.Fatalf("Add(%d, %d) = %d, want the maximum", a, b, got)
			}
		case f < 1.01*math.MinInt64:
			if got != math.MinInt64 {
				t.Fatalf("Add(%d, %d) = %d, want the minimum", a, b, got)
			}
		case math.Abs(f) < 0.99*math.MaxInt64:
			if got != a+b {
				t.Fatalf("Add(%d, %d) = %d, want %d", a, b, got, a+b)
			}
		}
	}
}
