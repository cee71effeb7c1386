package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// disturbed is the share of the machine, in percent, from which strangers are thought to have changed a
// figure; rows above it are marked.
const disturbed = 10

// report collects the figures of all rounds: peer → row → figure → one value a round.
type report struct {
	machine machine
	o       options
	tool    string
	skipped []string
	broken  []string
	values  map[[3]string][]float64
}

func newReport(m machine, o options, tool string, skipped []string) *report {
	return &report{machine: m, o: o, tool: tool, skipped: skipped, values: map[[3]string][]float64{}}
}

func (r *report) add(peer, row, figure string, v float64) {
	k := [3]string{peer, row, figure}
	r.values[k] = append(r.values[k], v)
}

func (r *report) failed(peer string, err error) {
	r.broken = append(r.broken, fmt.Sprintf("%s: %v", peer, err))
}

// median returns the median of a figure over the rounds.
func (r *report) median(peer, row, figure string) (float64, bool) {
	v := slices.Sorted(slices.Values(r.values[[3]string{peer, row, figure}]))
	n := len(v)
	switch {
	case n == 0:
		return 0, false
	case n%2 == 1:
		return v[n/2], true
	}
	return (v[n/2-1] + v[n/2]) / 2, true
}

// cell formats a median, or a dash where there is none.
func (r *report) cell(peer, row, figure, format string) string {
	v, ok := r.median(peer, row, figure)
	if !ok {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

// ratio formats a median as a multiple of Gatehouse's figure of another row.
func (r *report) ratio(peer, row, figure, ours string) string {
	v, ok := r.median(peer, row, figure)
	base, known := r.median("Gatehouse", ours, figure)
	if !ok || !known || base == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", v/base)
}

// write prints the report as Markdown.
func (r *report) write(w io.Writer, peers []peer) {
	fmt.Fprintf(w, "Measured %s on %s; %s; %s.\n", r.machine.date.Format("2006-01-02"), r.machine, runtime.Version(), r.tool)
	fmt.Fprintf(w, "Medians of %d rounds of %d s a row, after 1 s of warm-up; one peer at a time, the load tool and the backend on the same cores.\n\n", r.o.rounds, r.o.seconds)

	t := table{head: []string{"peer", "version", "what it does"}}
	for _, p := range peers {
		t.add(p.name, p.version, p.note)
	}
	t.write(w)

	r.proxies(w, peers)
	r.functions(w, peers)
	r.starts(w, peers)
	r.goals(w)

	for _, s := range r.skipped {
		fmt.Fprintf(w, "Skipped: %s\n\n", s)
	}
	for _, s := range r.broken {
		fmt.Fprintf(w, "Failed: %s\n\n", s)
	}
}

func (r *report) proxies(w io.Writer, peers []peer) {
	fmt.Fprintf(w, "### Forwarding: %d connections, answers of 1 KB\n\n", proxyConnections)
	t := table{head: []string{"peer", "row", "CPU µs/request", "× Gatehouse", "requests/s", "× Gatehouse", "p50 ms", "p99 ms", "peak MB", "others %"}, left: 2}
	for _, kind := range []string{rowOpen, rowKey, rowJWT} {
		for _, p := range peers {
			if _, ok := r.median(p.name, kind, "cpu"); !ok {
				continue
			}
			ours := kind
			if kind == rowJWT {
				ours = rowKey // the nearest control that Gatehouse has here
			}
			t.add(p.name, kind,
				r.cell(p.name, kind, "cpu", "%.1f"), r.ratio(p.name, kind, "cpu", ours),
				r.cell(p.name, kind, "rate", "%.0f"), r.ratio(p.name, kind, "rate", ours),
				r.cell(p.name, kind, "p50", "%.2f"), r.cell(p.name, kind, "p99", "%.2f"),
				r.cell(p.name, kind, "peak MB", "%.0f"), r.strangers(p.name, kind))
		}
	}
	t.write(w)
}

func (r *report) functions(w io.Writer, peers []peer) {
	fmt.Fprintf(w, "### Function calls: the same Node handler, warm\n\n")
	t := table{head: []string{"peer", "connections", "calls/s", "× Gatehouse", "p50 ms", "p99 ms", "CPU µs/call", "of it the gateway", "peak MB", "others %"}, left: 1}
	for _, n := range functionConnections {
		row := functionRow(n)
		for _, p := range peers {
			if _, ok := r.median(p.name, row, "rate"); !ok {
				continue
			}
			t.add(p.name, fmt.Sprint(n),
				r.cell(p.name, row, "rate", "%.0f"), r.ratio(p.name, row, "rate", row),
				r.cell(p.name, row, "p50", "%.2f"), r.cell(p.name, row, "p99", "%.2f"),
				r.cell(p.name, row, "cpu", "%.0f"), r.cell(p.name, row, "own", "%.0f"),
				r.cell(p.name, row, "peak MB", "%.0f"), r.strangers(p.name, row))
		}
	}
	t.write(w)
	fmt.Fprintf(w, "CPU and memory are those of the process with all processes it started. serverless-offline runs functions in its own process.\n\n")
}

func (r *report) starts(w io.Writer, peers []peer) {
	fmt.Fprintf(w, "### Start and rest\n\n")
	t := table{head: []string{"peer", "first answer ms", "first function answer ms", "idle MB"}, left: 1}
	for _, p := range peers {
		if _, ok := r.median(p.name, "start", "ready ms"); !ok {
			continue
		}
		function := r.cell(p.name, "start", "function ms", "%.0f")
		if p.ready.url == p.rows[0].url && strings.HasPrefix(p.rows[0].name, rowFunction) {
			function = r.cell(p.name, "start", "ready ms", "%.0f")
		}
		t.add(p.name, r.cell(p.name, "start", "ready ms", "%.0f"), function, r.cell(p.name, "start", "idle MB", "%.0f"))
	}
	t.write(w)
	fmt.Fprintf(w, "From exec to the first successful answer over HTTP. Idle is the resident memory one second later, before any load and before any function has run (serverless-offline: after its first call).\n\n")
}

// goals says what Gatehouse aims at and where it stands.
func (r *report) goals(w io.Writer) {
	goals := []struct {
		text        string
		row, figure string
		bound       float64
		atLeast     bool
		format      string
	}{
		{"proxy with an API key, CPU of the process ≤ 60 µs/request", rowKey, "cpu", 60, false, "%.1f µs"},
		{"warm Node function, 1 connection ≥ 2,500 calls/s", functionRow(1), "rate", 2500, true, "%.0f/s"},
		{"warm Node function, 1 connection, p50 ≤ 0.4 ms", functionRow(1), "p50", 0.4, false, "%.2f ms"},
		{"warm Node function, 16 connections ≥ 7,500 calls/s", functionRow(16), "rate", 7500, true, "%.0f/s"},
		{"ready ≤ 150 ms after the binary starts", "start", "ready ms", 150, false, "%.0f ms"},
		{"idle ≤ 30 MB", "start", "idle MB", 30, false, "%.1f MB"},
	}
	t := table{head: []string{"Gatehouse aims at", "measured", "met"}, left: 1}
	for _, g := range goals {
		v, ok := r.median("Gatehouse", g.row, g.figure)
		if !ok {
			continue
		}
		met := "no"
		if v == g.bound || v > g.bound == g.atLeast {
			met = "yes"
		}
		t.add(g.text, fmt.Sprintf(g.format, v), met)
	}
	if len(t.rows) == 0 {
		return
	}
	fmt.Fprintf(w, "### Aims\n\n")
	t.write(w)
}

// strangers formats how much of the machine others used, marked where that may have changed the row.
func (r *report) strangers(peer, row string) string {
	v, ok := r.median(peer, row, "others")
	if !ok {
		return "-"
	}
	mark := ""
	if v >= disturbed {
		mark = " disturbed"
	}
	return fmt.Sprintf("%.0f%s", v, mark)
}

// table is a Markdown table whose columns line up in plain text too.
type table struct {
	head []string
	rows [][]string
	left int // columns set to the left; 0 is all of them
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write prints the table; one without rows leaves a word instead.
func (t *table) write(w io.Writer) {
	if len(t.rows) == 0 {
		fmt.Fprintf(w, "No figures.\n\n")
		return
	}
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, c := range row {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	right := func(i int) bool { return t.left > 0 && i >= t.left }
	line := func(cells []string) {
		for i, c := range cells {
			pad := strings.Repeat(" ", width[i]-len([]rune(c)))
			if right(i) {
				c = pad + c
			} else {
				c += pad
			}
			fmt.Fprintf(w, "| %s ", c)
		}
		fmt.Fprintln(w, "|")
	}
	line(t.head)
	for i := range t.head {
		rule := strings.Repeat("-", width[i]+2)
		if right(i) {
			rule = rule[1:] + ":"
		}
		fmt.Fprintf(w, "|%s", rule)
	}
	fmt.Fprintln(w, "|")
	for _, row := range t.rows {
		line(row)
	}
	fmt.Fprintln(w)
}

// The marks between which replaceFigures writes.
const (
	figuresBegin = "<!-- figures: written by make bench -->"
	figuresEnd   = "<!-- end of figures -->"
)

// replaceFigures replaces what stands between the marks of a page.
func replaceFigures(path, figures string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(page), figuresBegin)
	_, tail, closed := strings.Cut(rest, figuresEnd)
	if !ok || !closed {
		return fmt.Errorf("%s: no lines %q and %q to write between", path, figuresBegin, figuresEnd)
	}
	return os.WriteFile(path, []byte(head+figuresBegin+"\n\n"+figures+figuresEnd+tail), 0o644)
}
