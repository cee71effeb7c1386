// Command bench puts Gatehouse beside other gateways: the same backend, the same load tool, the same
// connections, one peer at a time, in rounds whose medians are printed.
//
// It owns how a peer is started, loaded, watched through /proc and stopped, and how the figures become a
// table. It does not install anything (run.sh does) and it knows of Gatehouse only what a user knows: the
// command line. A peer that is not there is skipped and named.
//
// It runs on Linux: the CPU time and memory of a process are read from /proc, as described in proc(5).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are the flags of the program.
type options struct {
	dir     string // the bench directory: definition, configurations, wrk script
	cache   string // what run.sh prepared: binaries and node modules
	seconds int    // of load per row and round
	rounds  int
	only    string // comma-separated peer names; empty is all
	record  string // the page whose figures are replaced; empty is none
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "backend" {
		fail(serveBackend(os.Args[2]))
		return
	}
	var o options
	flag.StringVar(&o.dir, "dir", "bench", "directory of the definition and the configurations")
	flag.StringVar(&o.cache, "cache", "", "directory with the binaries and modules that run.sh prepared")
	flag.IntVar(&o.seconds, "seconds", 5, "seconds of load for each row and round")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; medians are printed")
	flag.StringVar(&o.only, "only", "", "measure only these peers, separated by commas")
	flag.StringVar(&o.record, "record", "", "replace the figures in this page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(run(ctx, o, os.Stdout, os.Stderr))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures every peer that is there and prints the report to out; progress goes to log.
func run(ctx context.Context, o options, out, log io.Writer) error {
	if o.seconds < 1 || o.rounds < 1 {
		return errors.New("-seconds and -rounds must be at least 1")
	}
	work, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	// nginx's workers give up root and must still reach their temporary directories.
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	for _, p := range []*string{&o.dir, &o.cache} {
		if *p, err = filepath.Abs(*p); err != nil {
			return err
		}
	}
	tool, err := newTool(o.dir)
	if err != nil {
		return err
	}
	back, err := startBackend(ctx, work)
	if err != nil {
		return err
	}
	defer back.stop()

	s, err := newSetting(o, work, back.address)
	if err != nil {
		return err
	}
	peers, skipped := peersOf(ctx, s)
	rep := newReport(machineOf(), o, tool.version, skipped)
	for round := range o.rounds {
		for i := range peers {
			p := &peers[i]
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintf(log, "round %d of %d: %s\n", round+1, o.rounds, p.name)
			if err := measure(ctx, p, back, tool, o, rep, log); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				// One broken peer does not spoil the others' figures; the report says what happened.
				rep.failed(p.name, err)
				fmt.Fprintf(log, "  %s: %v\n", p.name, err)
			}
		}
	}
	var text strings.Builder
	rep.write(&text, peers)
	if _, err := io.WriteString(out, text.String()); err != nil {
		return err
	}
	if o.record != "" {
		return replaceFigures(o.record, text.String())
	}
	return nil
}

// measure starts a peer, watches it idle, loads each of its rows and stops it.
func measure(ctx context.Context, p *peer, back *backend, tool *tool, o options, rep *report, log io.Writer) error {
	proc, began, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer func() { proc.stop() }()
	first, err := proc.await(ctx, p.ready, began)
	if err != nil {
		return err
	}
	rep.add(p.name, "start", "ready ms", millis(first))
	// Memory settles after the first garbage collection and the first idle moment of worker threads.
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	idle, err := readTree(proc.pid())
	if err != nil {
		return err
	}
	rep.add(p.name, "start", "idle MB", megabytes(idle.rss))

	for _, r := range p.rows {
		if r.fresh {
			// A cold function: a new process, and the time to its first answer.
			proc.stop()
			if proc, began, err = p.start(ctx); err != nil {
				return err
			}
			cold, err := proc.await(ctx, r, began)
			if err != nil {
				return err
			}
			rep.add(p.name, "start", "function ms", millis(cold))
		}
		if err := r.prove(ctx); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if _, err := tool.load(ctx, r, 1); err != nil { // warm-up
			return fmt.Errorf("%s: %w", r.name, err)
		}
		m, err := calmest(func() (figures, error) {
			return watch(ctx, proc.pid(), back.pid(), func() (result, error) { return tool.load(ctx, r, o.seconds) })
		})
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		m.addTo(rep, p.name, r.name)
		fmt.Fprintf(log, "  %-22s %7.1f µs CPU  %8.0f /s  p50 %.2f ms  p99 %.2f ms  others %.0f%%\n", r.name, m.cpu, m.rate, m.p50, m.p99, m.others)
	}
	return nil
}

// calmest repeats a disturbed measurement, twice at most, and returns the one that was disturbed least.
func calmest(measure func() (figures, error)) (figures, error) {
	best, err := measure()
	for range 2 {
		if err != nil || best.others < disturbed {
			break
		}
		var again figures
		if again, err = measure(); err == nil && again.others < best.others {
			best = again
		}
	}
	return best, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func megabytes(bytes int64) float64  { return float64(bytes) / 1e6 }
func cores() int                     { return runtime.NumCPU() }
