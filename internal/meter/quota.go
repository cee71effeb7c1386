package meter

import (
	"fmt"
	"math"
	"time"
)

// Day is a day in UTC, counted from 1 January 1970.
type Day int32

// DayOf returns the day of a time. Times beyond 5.8 million years are at the edge of the range.
func DayOf(t time.Time) Day { return dayOfUnix(t.Unix()) }

func dayOfUnix(seconds int64) Day {
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return Day(min(max(day, math.MinInt32), math.MaxInt32))
}

// Time returns 00:00 UTC of the day.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String writes the day as GetUsage does: 2006-01-02.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// ParseDay reads what String writes.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date like 2006-01-02", s)
	}
	return DayOf(t), nil
}

// Period is the length of a quota's windows. The zero value is none: it is not valid.
type Period uint8

// The three periods.
const (
	PerDay Period = iota + 1
	PerWeek
	PerMonth
)

// ParsePeriod reads the name that the API uses: DAY, WEEK or MONTH.
func ParsePeriod(s string) (Period, error) {
	switch s {
	case "DAY":
		return PerDay, nil
	case "WEEK":
		return PerWeek, nil
	case "MONTH":
		return PerMonth, nil
	}
	return 0, fmt.Errorf("quota period %q is not one of DAY, WEEK, MONTH", s)
}

// String is the name that the API uses.
func (p Period) String() string {
	switch p {
	case PerDay:
		return "DAY"
	case PerWeek:
		return "WEEK"
	case PerMonth:
		return "MONTH"
	}
	return fmt.Sprintf("Period(%d)", uint8(p))
}

// Window is a run of days: Start is in it, End is not.
type Window struct{ Start, End Day }

// Contains reports whether a day lies in the window.
func (w Window) Contains(d Day) bool { return w.Start <= d && d < w.End }

// Window returns the window of a period that a day lies in. Weeks begin on Sunday: the one published hint
// is an earlier text of the service model on QuotaSettings, which let weeks start there [docs, older];
// months begin on the first. The window of an invalid period is empty.
func (p Period) Window(d Day) Window {
	switch p {
	case PerDay:
		return Window{d, d + 1}
	case PerWeek:
		weekday := (int64(d) + 4) % 7 // 1 January 1970 was a Thursday
		if weekday < 0 {
			weekday += 7
		}
		start := d - Day(weekday)
		return Window{start, start + 7}
	case PerMonth:
		y, m, _ := d.Time().Date()
		return Window{
			DayOf(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)),
			DayOf(time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC)),
		}
	}
	return Window{}
}

// Remaining is how many requests a window has left: the limit, less the offset in the initial window of a
// key, plus what was granted by hand (UpdateUsage; negative when it took away), less what was used. It is
// never below zero and does not overflow.
func Remaining(limit, offset int32, initial bool, granted, used int64) int64 {
	n := max(0, int64(limit))
	if initial {
		n -= max(0, int64(offset))
	}
	return max(0, Add(Add(n, granted), -max(used, -math.MaxInt64)))
}

// Add adds without overflow: a sum out of range is the nearest value in it.
func Add(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}
