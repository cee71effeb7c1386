package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	fields := " S 7 1 1 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 5 0 9999 1000 3 0"
	for _, tt := range []struct {
		name, text string
		want       stat
	}{
		{"plain", "42 (nginx)" + fields, stat{pid: 42, parent: 7, cpu: 110 * tick, start: 9999, rss: 3 * int64(os.Getpagesize())}},
		{"spaces and parentheses in the name", "42 (a) b (c))" + fields, stat{pid: 42, parent: 7, cpu: 110 * tick, start: 9999, rss: 3 * int64(os.Getpagesize())}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseStat([]byte(tt.text))
			if err != nil || got != tt.want {
				t.Errorf("parseStat(%q) = %+v, %v, want %+v", tt.text, got, err, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "42 nginx S 7", "42 (nginx) S 7", "x (nginx)" + fields} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", bad, got)
		}
	}
}

func TestParseBusy(t *testing.T) {
	// user nice system idle iowait irq softirq steal guest guest_nice
	got, err := parseBusy("cpu  1 2 4 1000 2000 8 16 32 64 128\ncpu0 1 1 1 1\n")
	if want := 63 * tick; err != nil || got != want {
		t.Errorf("parseBusy = %v, %v, want %v", got, err, want)
	}
	if got, err := parseBusy("intr 1 2 3"); err == nil {
		t.Errorf("parseBusy of another file = %v, want an error", got)
	}
}

func TestParseResult(t *testing.T) {
	for _, tt := range []struct{ name, out, fault string }{
		{"refusals", `{"requests":10,"micros":5,"p50":1,"p99":2,"refused":1,"broken":0}`, "refused"},
		{"broken connections", `{"requests":10,"micros":5,"p50":1,"p99":2,"refused":0,"broken":3}`, "failed"},
		{"nothing answered", `{"requests":0,"micros":5,"p50":0,"p99":0,"refused":0,"broken":0}`, "no request"},
		{"no totals", "unable to connect", "no totals"},
		{"cut totals", `{"requests":10`, "totals"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseResult([]byte(tt.out))
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("parseResult(%q) = %v, want an error about %q", tt.out, err, tt.fault)
			}
		})
	}
	got, err := parseResult([]byte("Running 1s test\n  2 threads\n" + `{"requests":10,"micros":5,"p50":1,"p99":2,"refused":0,"broken":0}` + "\n"))
	if want := (result{Requests: 10, Micros: 5, P50: 1, P99: 2}); err != nil || got != want {
		t.Errorf("parseResult = %+v, %v, want %+v", got, err, want)
	}
}

func TestCalmest(t *testing.T) {
	for _, tt := range []struct {
		others      []float64 // of one measurement after the other
		want        float64
		measurement int
	}{
		{[]float64{disturbed - 1}, disturbed - 1, 1},
		{[]float64{50, 3}, 3, 2},
		{[]float64{50, 40, 60}, 40, 3},
	} {
		n := 0
		got, err := calmest(func() (figures, error) {
			n++
			return figures{others: tt.others[n-1]}, nil
		})
		if err != nil || got.others != tt.want || n != tt.measurement {
			t.Errorf("calmest of %v = %v, %v after %d measurements, want %v after %d", tt.others, got.others, err, n, tt.want, tt.measurement)
		}
	}
	if got, err := calmest(func() (figures, error) { return figures{}, os.ErrClosed }); err == nil {
		t.Errorf("calmest of a failure = %+v, want the error", got)
	}
}

func TestReadHead(t *testing.T) {
	for _, tt := range []struct {
		head string
		ok   bool
	}{
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", true},
		{"GET / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello", false},
		{"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\n", false},
	} {
		if err := readHead(bufio.NewReader(strings.NewReader(tt.head))); (err == nil) != tt.ok {
			t.Errorf("readHead(%q) = %v, want accepted: %t", tt.head, err, tt.ok)
		}
	}
}

func TestVersionIn(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"nginx version: nginx/1.22.1", "1.22.1"},
		{"HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", "2.6.12-1+deb12u4"},
		{"v20.20.2", "20.20.2"},
		{"no number", "no number"},
	} {
		if got := versionIn(tt.line); got != tt.want {
			t.Errorf("versionIn(%q) = %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestMedian(t *testing.T) {
	r := newReport(machine{}, options{}, "", nil)
	if got, ok := r.median("nginx", rowOpen, "cpu"); ok {
		t.Errorf("median of nothing = %v, want none", got)
	}
	for _, tt := range []struct{ add, want float64 }{{30, 30}, {10, 20}, {20, 20}} {
		r.add("nginx", rowOpen, "cpu", tt.add)
		if got, ok := r.median("nginx", rowOpen, "cpu"); !ok || got != tt.want {
			t.Errorf("median after adding %v = %v, %t, want %v", tt.add, got, ok, tt.want)
		}
	}
}

func TestReport(t *testing.T) {
	r := newReport(machine{date: time.Unix(0, 0)}, options{seconds: 1, rounds: 1}, "wrk", []string{"Caddy: not built"})
	figures{cpu: 50, rate: 1000, p50: 1, p99: 2, others: 3}.addTo(r, "Gatehouse", rowKey)
	figures{cpu: 75, rate: 500, p50: 1, p99: 2, others: 30}.addTo(r, "HAProxy", rowJWT)
	r.add("Gatehouse", functionRow(1), "rate", 2499)
	var b strings.Builder
	r.write(&b, []peer{{name: "Gatehouse", rows: []row{{}}}, {name: "HAProxy", rows: []row{{}}}})
	got := strings.Join(strings.Fields(b.String()), " ") // widths of columns are not the matter
	for _, want := range []string{
		"| HAProxy | JWT (RS256) | 75.0 | 1.50 | 500 | 0.50 |", // ratios to the row with a key
		"30 disturbed",
		"≤ 60 µs/request | 50.0 µs | yes |",
		"≥ 2,500 calls/s | 2499/s | no |",
		"Skipped: Caddy: not built",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report does not hold %q:\n%s", want, b.String())
		}
	}
}

func TestReplaceFigures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("no marks")
	if err := replaceFigures(path, "new\n"); err == nil {
		t.Error("replaceFigures of a page without marks succeeds")
	}
	write("before\n" + figuresBegin + "\nold\n" + figuresEnd + "\nafter\n")
	if err := replaceFigures(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := "before\n" + figuresBegin + "\n\nnew\n" + figuresEnd + "\nafter\n"; err != nil || string(got) != want {
		t.Errorf("page = %q, %v, want %q", got, err, want)
	}
}

func TestTokenIsThreeParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwt.pem")
	token, err := makeToken(path)
	if err != nil || strings.Count(token, ".") != 2 {
		t.Errorf("makeToken = %q, %v", token, err)
	}
	if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), "PRIVATE") {
		t.Errorf("the public key file holds %q, %v", text, err)
	}
}
