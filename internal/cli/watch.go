package cli

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"gatehouse/internal/project"
	"gatehouse/internal/server"
	"gatehouse/internal/snapshot"
)

// settle is how long a burst of file events may last: editors write a file in several steps.
const settle = 100 * time.Millisecond

// watcher follows a definition and the code of its functions.
type watcher struct {
	fs   *fsnotify.Watcher
	done chan struct{}
	cmd  *devCmd
	s    *Streams
	srv  *server.Server
	// files are the definition's own files; anything else below dir is code.
	files []string
	dir   string
}

func (c *devCmd) watch(ctx context.Context, s *Streams, srv *server.Server, d *project.Definition) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{fs: n, done: make(chan struct{}), cmd: c, s: s, srv: srv, dir: d.Dir}
	w.follow(d)
	go w.run(ctx)
	return w, nil
}

func (w *watcher) close() {
	_ = w.fs.Close()
	<-w.done
}

// follow watches the directories of the definition's files and of the code. Directories, not files: editors
// replace files.
func (w *watcher) follow(d *project.Definition) {
	w.files = nil
	for _, f := range d.Files {
		if !filepath.IsAbs(f) {
			f = filepath.Join(d.Dir, f)
		}
		w.files = append(w.files, filepath.Clean(f))
		_ = w.fs.Add(filepath.Dir(f)) // a file that does not exist yet is named when the definition is read
	}
	_ = filepath.WalkDir(d.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return nil
		}
		if name := e.Name(); path != d.Dir && (name == "node_modules" || name == "__pycache__" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		_ = w.fs.Add(path)
		return nil
	})
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.done)
	var definition, code bool
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.fs.Events:
			if !ok {
				return
			}
			if e.Op == fsnotify.Chmod || w.ignored(e.Name) {
				continue
			}
			if slices.Contains(w.files, filepath.Clean(e.Name)) {
				definition = true
			} else {
				code = true
			}
			timer.Reset(settle)
		case err, ok := <-w.fs.Errors:
			if !ok {
				return
			}
			fmt.Fprintln(w.s.Err, "gatehouse: watching:", err)
		case <-timer.C:
			if definition {
				w.reload(ctx)
			}
			if code {
				w.srv.RecycleFunctions()
				fmt.Fprintln(w.s.Out, "code changed: functions start anew")
			}
			definition, code = false, false
		}
	}
}

// ignored tells files that no function is made of: state, caches, editors' own.
func (w *watcher) ignored(path string) bool {
	rel, err := filepath.Rel(w.dir, path)
	if err != nil {
		return false
	}
	if slices.Contains(w.files, filepath.Clean(path)) {
		return false
	}
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if part == "node_modules" || part == "__pycache__" || strings.HasPrefix(part, ".") && part != ".." || strings.HasSuffix(part, "~") || strings.HasSuffix(part, ".pyc") {
			return true
		}
	}
	return false
}

// reload deploys the changed definition. One that cannot be served leaves the last good one in force.
func (w *watcher) reload(ctx context.Context) {
	keep := func(err error) {
		fmt.Fprintf(w.s.Err, "gatehouse: %v\ngatehouse: the last good definition goes on being served\n", err)
	}
	d, err := w.cmd.load(w.s)
	if err != nil {
		keep(err)
		return
	}
	def, err := deployable(d, w.cmd.APIKey)
	if err != nil {
		keep(err)
		return
	}
	before := w.srv.Snapshot()
	if _, err := w.srv.Deploy(ctx, def); err != nil {
		keep(refused(err, w.s))
		return
	}
	w.follow(d)
	changes := changedRoutes(before, w.srv.Snapshot())
	if len(changes) == 0 {
		fmt.Fprintln(w.s.Out, "definition reloaded: no route changed")
	}
	for _, c := range changes {
		if strings.HasSuffix(c, "PUBLIC") {
			c = w.s.paint(red, c)
		}
		fmt.Fprintln(w.s.Out, c)
	}
}

// changedRoutes says what a reload changed, route by route: "GET /admin is now PUBLIC".
func changedRoutes(before, after *snapshot.Snapshot) []string {
	gates := func(s *snapshot.Snapshot) map[string]string {
		m := map[string]string{}
		for _, r := range routeRows(s) {
			g := strings.Join(r.Gates, ", ")
			if r.Public {
				g = "PUBLIC"
			}
			m[r.Method+" "+r.Path] = g
		}
		return m
	}
	old, now := gates(before), gates(after)
	var out []string
	for route, g := range now {
		switch was, ok := old[route]; {
		case !ok:
			out = append(out, route+" is new: "+g)
		case was != g:
			out = append(out, route+" is now "+g)
		}
	}
	for route := range old {
		if _, ok := now[route]; !ok {
			out = append(out, route+" is gone")
		}
	}
	slices.Sort(out)
	return out
}
