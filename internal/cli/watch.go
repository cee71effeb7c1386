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

	"gatehouse/internal/cloudformation"
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
	// failed is set while the definition on disk is not the one that is served: then a change of anything may
	// be what it waits for, a handler or a file that was missing.
	failed bool
	// keys are the API keys that were printed, by name and value.
	keys map[server.KeyLine]bool
}

// watch begins to watch. Events wait until the watcher is started: a change while the server starts is not
// missed.
func (c *devCmd) watch(s *Streams, d *project.Definition) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{fs: n, done: make(chan struct{}), cmd: c, s: s, dir: d.Dir, keys: map[server.KeyLine]bool{}}
	w.follow(d)
	w.add(d.Dir)
	return w, nil
}

// start follows changes until ctx ends. keys are those that were printed.
func (w *watcher) start(ctx context.Context, srv *server.Server, keys []server.KeyLine) {
	w.srv = srv
	for _, k := range keys {
		w.keys[k] = true
	}
	go w.run(ctx)
}

func (w *watcher) close() {
	_ = w.fs.Close()
	if w.srv != nil {
		<-w.done
	}
}

// follow watches the directories of the definition's files. Directories, not files: editors replace files.
func (w *watcher) follow(d *project.Definition) {
	for _, f := range d.Files {
		if !filepath.IsAbs(f) {
			f = filepath.Join(d.Dir, f)
		}
		if f = filepath.Clean(f); slices.Contains(w.files, f) {
			continue
		}
		w.files = append(w.files, f)
		_ = w.fs.Add(filepath.Dir(f)) // a file that does not exist yet is named when the definition is read
	}
}

// add watches a directory of code and what is below it.
func (w *watcher) add(dir string) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return nil
		}
		if path != w.dir && w.ignored(path) {
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
			if e.Op.Has(fsnotify.Create) {
				w.add(e.Name) // nothing, unless it is a directory
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
			if definition || w.failed {
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
	d, out, before, err := w.deploy(ctx)
	if d != nil {
		w.follow(d)
	}
	if w.failed = err != nil; w.failed {
		fmt.Fprintf(w.s.Err, "gatehouse: %v\ngatehouse: the last good definition goes on being served\n", err)
		return
	}
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
	lines, err := w.srv.KeyLines(ctx, out)
	if err != nil {
		fmt.Fprintln(w.s.Err, "gatehouse:", err)
		return
	}
	printKeys(w.s.Out, slices.DeleteFunc(slices.Clone(lines), func(k server.KeyLine) bool { return w.keys[k] }))
	for _, k := range lines {
		w.keys[k] = true
	}
	printWarnings(w.s.Out, w.s, d, out)
}

// deploy reads and deploys the definition. The definition is returned beside an error as far as it was read.
func (w *watcher) deploy(ctx context.Context) (*project.Definition, *cloudformation.Outcome, *snapshot.Snapshot, error) {
	d, err := w.cmd.load(w.s)
	if err != nil {
		return d, nil, nil, err
	}
	def, err := deployable(d, w.cmd.APIKey)
	if err != nil {
		return d, nil, nil, err
	}
	before := w.srv.Snapshot()
	out, err := w.srv.Deploy(ctx, def)
	if err != nil {
		return d, nil, nil, refused(err, w.s)
	}
	return d, out, before, nil
}

// changedRoutes says what a reload changed, route by route: "GET /dev/admin is now PUBLIC".
func changedRoutes(before, after *snapshot.Snapshot) []string {
	gates := func(s *snapshot.Snapshot) map[string]string {
		m := map[string]string{}
		for _, r := range routeRows(s) {
			g := strings.Join(r.Gates, ", ")
			if r.Public {
				g = "PUBLIC"
			}
			m[r.Method+" /"+string(r.Stage)+strings.TrimSuffix(r.Path, "/")] = g
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
