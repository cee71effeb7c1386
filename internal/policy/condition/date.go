package condition

import (
	"strconv"
	"strings"
	"time"
)

// instant is a moment in UTC.
type instant struct {
	sec  int64
	nsec int
}

func (a instant) compare(b instant) int {
	if a.sec != b.sec {
		return order(a.sec < b.sec)
	}
	if a.nsec != b.nsec {
		return order(a.nsec < b.nsec)
	}
	return 0
}

// parseInstant reads a date as IAM does: whole seconds since 1970, or an ISO 8601 date with an optional time and
// zone (the profiles of the W3C note, and what else AWS was seen to take: years of any length, one digit where
// two are usual, a lower-case t or z). Text with neither a hyphen nor a t is a number of seconds, so "2026" is
// no year. Without zone it is UTC.
func parseInstant(s string) (instant, bool) {
	if !strings.ContainsAny(s, "-tT") {
		n, err := strconv.ParseInt(s, 10, 64)
		return instant{sec: n}, err == nil && s[0] != '+'
	}
	date, clock := s, ""
	if i := strings.IndexAny(s, "tT"); i >= 0 {
		date, clock = s[:i], s[i+1:]
	}
	year, month, day, ok := parseDay(date)
	if !ok {
		return instant{}, false
	}
	clock, zone, ok := cutZone(clock)
	if !ok {
		return instant{}, false
	}
	hour, minute, sec, nsec, ok := parseClock(clock)
	if !ok {
		return instant{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, sec, 0, time.UTC)
	if t.Day() != day {
		return instant{}, false // 30 February
	}
	return instant{t.Unix() - int64(zone), nsec}, true
}

// parseDay reads year[-month[-day]].
func parseDay(s string) (year, month, day int, ok bool) {
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	month, day = 1, 1
	y, s, more := strings.Cut(s, "-")
	year, ok = field(y, 9, 0, 292278993)
	if ok && more {
		var m string
		m, s, more = strings.Cut(s, "-")
		month, ok = field(m, 2, 1, 12)
		if ok && more {
			day, ok = field(s, 2, 1, 31)
		}
	}
	return sign * year, month, day, ok
}

// parseClock reads hour[:minute[:second[.fraction]]], or nothing.
func parseClock(s string) (hour, minute, sec, nsec int, ok bool) {
	if s == "" {
		return 0, 0, 0, 0, true
	}
	h, s, more := strings.Cut(s, ":")
	hour, ok = field(h, 2, 0, 23)
	if ok && more {
		var m string
		m, s, more = strings.Cut(s, ":")
		minute, ok = field(m, 2, 0, 59)
	}
	if ok && more {
		whole, frac, dot := strings.Cut(s, ".")
		sec, ok = field(whole, 2, 0, 59)
		if ok && dot {
			nsec, ok = field(frac, 9, 0, 999999999)
			for range 9 - len(frac) {
				nsec *= 10
			}
		}
	}
	return hour, minute, sec, nsec, ok
}

// cutZone takes Z, +hh, +hhmm or +hh:mm off the end of a time; the zone is in seconds east of Greenwich.
func cutZone(s string) (clock string, zone int, ok bool) {
	i := strings.IndexAny(s, "zZ+-")
	if i < 0 {
		return s, 0, true
	}
	clock, z := s[:i], s[i+1:]
	var h, m string
	switch {
	case s[i] == 'z' || s[i] == 'Z':
		return clock, 0, z == ""
	case len(z) == 2:
		h, m = z, "0"
	case len(z) == 4:
		h, m = z[:2], z[2:]
	case len(z) == 5 && z[2] == ':':
		h, m = z[:2], z[3:]
	}
	hours, okHours := field(h, 2, 0, 23)
	minutes, okMinutes := field(m, 2, 0, 59)
	zone = hours*3600 + minutes*60
	if s[i] == '-' {
		zone = -zone
	}
	return clock, zone, okHours && okMinutes
}

// field reads a number of up to width digits between low and high.
func field(s string, width, low, high int) (int, bool) {
	if s == "" || len(s) > width || digits(s) != len(s) {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		n = n*10 + int(c-'0')
	}
	return n, low <= n && n <= high
}
