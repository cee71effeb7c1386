package condition

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDecimals compares numbers as texts with exact fractions.
func TestDecimals(t *testing.T) {
	words := []string{"0", "-0", "1", "-1", "10", "010", "1e1", "1E+1", "100e-1", "0.1", ".1", "1.", "9007199254740993", "9007199254740992",
		"0.00100", "1e-3", "+5", "-5", "123.456", "123.4560", "1e400", "1e1000", "1e399", "-1e400", "0e9", "12345678901234567890.1", "99", "9.9e1"}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		words = append(words, fmt.Sprintf("%d.%de%d", r.IntN(200)-100, r.IntN(1000), r.IntN(7)-3))
	}
	for _, x := range words {
		for _, y := range words {
			a, okA := parseDecimal(x)
			b, okB := parseDecimal(y)
			if !okA || !okB {
				t.Fatalf("%q or %q is no number", x, y)
			}
			p, _ := new(big.Rat).SetString(x)
			q, _ := new(big.Rat).SetString(y)
			if got, want := a.compare(&b), p.Cmp(q); got != want {
				t.Fatalf("%s against %s: got %d, want %d", x, y, got, want)
			}
		}
	}
	for _, s := range []string{"", "-", "+", ".", "e1", "1e", "1e+", "1e12345", "0x10", "1_000", " 1", "1 ", "1,5", "NaN", "Infinity", "--1", "1.2.3", "１"} {
		if _, ok := parseDecimal(s); ok {
			t.Errorf("%q is taken for a number", s)
		}
	}
}

func TestInstants(t *testing.T) {
	good := map[string]string{
		"2026-11-21T02:03:04Z":             "2026-11-21T02:03:04Z",
		"2026-11-21T02:03:04":              "2026-11-21T02:03:04Z",
		"2026-11-21t02:03:04z":             "2026-11-21T02:03:04Z",
		"2026-11-21T02:03:04.5Z":           "2026-11-21T02:03:04.5Z",
		"2026-11-21T02:03:04+01:00":        "2026-11-21T01:03:04Z",
		"2026-11-21T02:03:04-0130":         "2026-11-21T03:33:04Z",
		"2026-11-21T02:03+05":              "2026-11-20T21:03:00Z",
		"2026-11-21T02:03Z":                "2026-11-21T02:03:00Z",
		"2026-11-21T02":                    "2026-11-21T02:00:00Z",
		"2026-11-21":                       "2026-11-21T00:00:00Z",
		"2026-11":                          "2026-11-01T00:00:00Z",
		"2026T":                            "2026-01-01T00:00:00Z",
		"01T":                              "0001-01-01T00:00:00Z", // this and the next three: taken by AWS [emu]
		"2016-12-13t2:00:00.593194+23":     "2016-12-12T03:00:00.593194Z",
		"2016-12-13T21:20:37.593194+00:00": "2016-12-13T21:20:37.593194Z",
		"+2026-1-2":                        "2026-01-02T00:00:00Z",
		"2024-02-29":                       "2024-02-29T00:00:00Z",
		"0-01-01":                          "0000-01-01T00:00:00Z",
		"2026-11-21T02:03:04.000Z":         "2026-11-21T02:03:04Z",
		"2026-11-21TZ":                     "2026-11-21T00:00:00Z",
		"0":                                "1970-01-01T00:00:00Z",
		"1795226584":                       "2026-11-21T02:03:04Z",
		"2026":                             "1970-01-01T00:33:46Z", // seconds, not a year
	}
	for s, want := range good {
		got, ok := parseInstant(s)
		if !ok {
			t.Errorf("%q is no date", s)
			continue
		}
		if d := cmp.Diff(time.Unix(got.sec, int64(got.nsec)).UTC().Format(time.RFC3339Nano), want); d != "" {
			t.Errorf("%q (-got +want):\n%s", s, d)
		}
	}
	if old, ok := parseInstant("-292275054"); !ok || old.sec > -9e15 {
		t.Errorf("the year -292275054: got %v, %v", old, ok) // taken by AWS [emu]
	}
	for _, s := range []string{"", "b", "sdfdsf", "234-13", "2016-12-13t2:00:00.593194+1", "2016-12-13t2:00:00.1999999999+10:59", "9223372036854775808",
		"2023-02-29", "2026-13-01", "2026-00-01", "2026-01-32", "2026-01-00", "2026-1-1-1", "2026-11-21T24:00", "2026-11-21T02:60", "2026-11-21T02:03:60",
		"2026-11-21T02:03:04:05", "2026-11-21T02:03:04.Z", "2026-11-21T02:03:04Zx", "2026-11-21T02:03:04+1:00", "2026-11-21T02:03:04+24:00",
		"2026-11-21T02:03:04+01:60", "2026-11-21T:03", "2026--21", "--2026", "300000000T", "+5", " 5", "0x10", "2026-11-21 02:03"} {
		if got, ok := parseInstant(s); ok {
			t.Errorf("%q is taken for a date: %v", s, got)
		}
	}
}

func TestSet(t *testing.T) {
	var c Context
	sets := []struct {
		name   string
		values []string
	}{
		{"aws:CurrentTime", []string{"2026-11-21T02:03:04Z"}},
		{"aws:TokenIssueTime", []string{"2026-11-21T01:03:04Z"}},
		{"AWS:multifactorauthage", []string{"60"}},
		{"aws:SourceIp", []string{"::ffff:10.0.0.1"}},
		{"aws:VpcSourceIp", []string{"10.0.0.2"}},
		{"aws:SecureTransport", []string{"TRUE"}},
		{"aws:username", []string{"ann"}},
		{"aws:PrincipalTag/Team", []string{"blue"}},
		{"aws:RequestTag/a", []string{"1"}},
		{"aws:ResourceTag/b", []string{"2"}},
		{"aws:TagKeys", []string{"a", "b"}},
		{"svc:Key", []string{"x", "y"}},
	}
	for _, s := range sets {
		if err := c.Set(s.name, s.values...); err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range map[string]string{
		"aws:CurrentTime": "2026-11-21T02:03:04Z", "aws:EpochTime": "1795226584", "aws:TokenIssueTime": "2026-11-21T01:03:04Z",
		"aws:MultiFactorAuthAge": "60", "aws:SourceIp": "10.0.0.1", "aws:VpcSourceIp": "10.0.0.2", "aws:SecureTransport": "true",
		"aws:username": "ann", "aws:PrincipalTag/team": "blue", "aws:RequestTag/A": "1", "aws:ResourceTag/B": "2",
		"aws:TagKeys": "a b", "SVC:key": "x y",
	} {
		test, _ := New("StringEquals", key, nil, true)
		if got := strings.Join(test.Saw(&c), " "); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	for _, bad := range [][]string{
		{"aws:SourceIp", "x"}, {"aws:SourceIp", "10.0.0.1", "10.0.0.2"}, {"aws:SecureTransport", "yes"}, {"aws:CurrentTime", "now"},
		{"aws:username"}, {"aws:CalledViaFirst", "x"}, {"aws:MultiFactorAuthAge", "long"},
	} {
		if err := c.Set(bad[0], bad[1:]...); err == nil {
			t.Errorf("Set(%q): no error", bad)
		}
	}
	if err := new(Context).Set("aws:MultiFactorAuthAge", "60"); err == nil {
		t.Error("an age without a time: no error")
	}
}

// TestEveryKey gives each global key a value and looks whether it, and nothing else of its kind, is found under
// its name: a swapped field would let one key answer for another.
func TestEveryKey(t *testing.T) {
	for name, id := range keyIDs {
		var c Context
		value := "2026-11-21T02:03:04Z" // a date, and text
		set := name
		switch {
		case c.flag(id) != nil:
			value = "true"
		case c.address(id) != nil:
			value = "10.0.0.1"
		case c.tags(id) != nil:
			set = name + "k"
		case id == mfaAge:
			c.Time, value = at("2026-11-21T02:03:04Z"), "60"
		case id == calledViaFirst, id == calledViaLast:
			continue // derived; see TestHolds
		}
		if err := c.Set(set, value); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		found := 0
		for other := range keyIDs {
			test, _ := New("Null", other, []string{"false"}, true)
			test.key = parseKey(other)
			if keyIDs[other] == id {
				test.key = parseKey(set)
			}
			if test.Holds(&c) {
				found++
			}
		}
		want := 1
		switch id {
		case currentTime, epochTime: // one field
			want = 2
		case mfaAge, calledVia: // with what it is counted from; with its two ends
			want = 3
		}
		if found != want {
			t.Errorf("%s: %d keys are present, want %d", name, found, want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"Invoke", "iNVOKE", true}, {"AZ", "az", true}, {"aZ", "Az", true}, {"Invoke", "Invo\u212ae", false}, {"s", "\u017f", false}, {"a", "ab", false}, {"[", "{", false}, {"@", "`", false},
	} {
		if got := EqualFold(tt.a, tt.b); got != tt.want {
			t.Errorf("EqualFold(%q, %q): got %v", tt.a, tt.b, got)
		}
		if got := Lower(tt.a) == Lower(tt.b); got != tt.want {
			t.Errorf("Lower(%q) == Lower(%q): got %v", tt.a, tt.b, got)
		}
	}
	if got := Lower("lower Case É"); got != "lower case É" {
		t.Errorf("got %q", got)
	}
}
