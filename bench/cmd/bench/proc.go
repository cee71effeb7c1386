package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of CPU time in /proc: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// stat is what bench needs of /proc/PID/stat.
type stat struct {
	pid, parent int
	cpu         time.Duration // user and system, of the process and of its ended children
	start       uint64        // ticks since boot: with pid, the name of a process
	rss         int64         // bytes
}

// parseStat reads the text of /proc/PID/stat. The second field, the name, may hold spaces and parentheses.
func parseStat(text []byte) (stat, error) {
	open, shut := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || shut < open {
		return stat{}, fmt.Errorf("no process name in %q", text)
	}
	f := strings.Fields(string(text[shut+1:])) // f[0] is field 3 of proc(5)
	if len(f) < 22 {
		return stat{}, fmt.Errorf("%d fields after the process name", len(f))
	}
	number := func(field int) int64 {
		n, _ := strconv.ParseInt(f[field-3], 10, 64) // the kernel writes numbers
		return n
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:open])))
	if err != nil {
		return stat{}, err
	}
	return stat{
		pid:    pid,
		parent: int(number(4)),
		cpu:    time.Duration(number(14)+number(15)+number(16)+number(17)) * tick,
		start:  uint64(number(22)),
		rss:    number(24) * int64(os.Getpagesize()),
	}, nil
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(text)
}

// descendants returns the children of a process, their children, and so on.
func descendants(root int) ([]stat, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int][]stat{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil { // else it has just ended
			children[s.parent] = append(children[s.parent], s)
		}
	}
	var all []stat
	for next := []int{root}; len(next) > 0; next = next[1:] {
		for _, s := range children[next[0]] {
			all = append(all, s)
			next = append(next, s.pid)
		}
	}
	return all, nil
}

// usage is what a process, or a process with its descendants, has used.
type usage struct {
	cpu  time.Duration
	own  time.Duration // cpu of the process alone
	rss  int64
	size int // processes
}

func readTree(root int) (usage, error) {
	s, err := readStat(root)
	if err != nil {
		return usage{}, err
	}
	u := usage{cpu: s.cpu, own: s.cpu, rss: s.rss, size: 1}
	family, err := descendants(root)
	for _, s := range family {
		u.cpu += s.cpu
		u.rss += s.rss
		u.size++
	}
	return u, err
}

// busy returns the CPU time that the machine has spent on anything, including what its host took away.
func busy() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseBusy(string(text))
}

// parseBusy adds up the first line of /proc/stat without the idle columns, and without the guest columns,
// which user and nice contain already.
func parseBusy(text string) (time.Duration, error) {
	line, _, _ := strings.Cut(text, "\n")
	f := strings.Fields(line)
	if len(f) < 9 || f[0] != "cpu" {
		return 0, fmt.Errorf("unexpected first line of /proc/stat: %q", line)
	}
	var sum time.Duration
	for i, v := range f[1:9] {
		if i == 3 || i == 4 { // idle, iowait
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// ownCPU returns the CPU time of this program, which reads /proc while others are loaded.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// figures are what one load of one row has shown.
type figures struct {
	cpu    float64 // µs per request, the process and its descendants
	own    float64 // µs per request, the process alone
	rate   float64 // requests a second
	p50    float64 // ms
	p99    float64 // ms
	peak   float64 // MB, the process and its descendants
	others float64 // share of the machine that went to strangers, in percent
}

func (f figures) addTo(r *report, peer, row string) {
	r.add(peer, row, "cpu", f.cpu)
	r.add(peer, row, "own", f.own)
	r.add(peer, row, "rate", f.rate)
	r.add(peer, row, "p50", f.p50)
	r.add(peer, row, "p99", f.p99)
	r.add(peer, row, "peak MB", f.peak)
	r.add(peer, row, "others", f.others)
}

// watch runs a load and reads what the peer, the backend and everybody else used meanwhile.
func watch(ctx context.Context, pid, backend int, load func() (result, error)) (figures, error) {
	before, err := readTree(pid)
	if err != nil {
		return figures{}, err
	}
	backBefore, err := readTree(backend)
	if err != nil {
		return figures{}, err
	}
	allBefore, err := busy()
	if err != nil {
		return figures{}, err
	}
	self, began := ownCPU(), time.Now()
	peak := make(chan int64)
	sampling, stop := context.WithCancel(ctx)
	go func() {
		highest := before.rss
		for sleep(sampling, 200*time.Millisecond) == nil {
			if u, err := readTree(pid); err == nil {
				highest = max(highest, u.rss)
			}
		}
		peak <- highest
	}()
	got, err := load()
	stop()
	highest := <-peak
	took := time.Since(began)
	if err != nil {
		return figures{}, err
	}
	after, err := readTree(pid)
	if err != nil {
		return figures{}, fmt.Errorf("the process ended under load: %w", err)
	}
	backAfter, err := readTree(backend)
	if err != nil {
		return figures{}, err
	}
	allAfter, err := busy()
	if err != nil {
		return figures{}, err
	}
	known := after.cpu - before.cpu + backAfter.cpu - backBefore.cpu + got.cpu + ownCPU() - self
	n := float64(got.Requests)
	return figures{
		cpu:    float64((after.cpu - before.cpu).Microseconds()) / n,
		own:    float64((after.own - before.own).Microseconds()) / n,
		rate:   n / (float64(got.Micros) / 1e6),
		p50:    float64(got.P50) / 1000,
		p99:    float64(got.P99) / 1000,
		peak:   megabytes(max(highest, after.rss)),
		others: max(0, 100*float64(allAfter-allBefore-known)/(float64(took)*float64(cores()))),
	}, nil
}
