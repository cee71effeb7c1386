package lambda_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// entry is one entry of a hostile archive.
type entry struct {
	name, content string
	mode          fs.FileMode
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		head := &zip.FileHeader{Name: e.name}
		if e.content != "" {
			head.Method = zip.Deflate
		}
		head.SetMode(e.mode)
		f, err := w.CreateHeader(head)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload updates the code of function f and returns the answer.
func (h *house) upload(t *testing.T, data []byte) (int, string) {
	t.Helper()
	r := h.call(t, "PUT", at+"/f/code", `{"ZipFile":"`+base64.StdEncoding.EncodeToString(data)+`"}`)
	return r.Status, string(r.Body)
}

// Archives that would write elsewhere, or more than they say, leave nothing behind (security L1, L2).
func TestHostileArchives(t *testing.T) {
	many := make([]entry, 65536)
	for i := range many {
		many[i] = entry{name: strconv.Itoa(i), mode: 0o644}
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"parent":        {archive(t, entry{"../x", "", 0o644}), "leaves the directory of the code"},
		"parent inside": {archive(t, entry{"a/../../x", "", 0o644}), "leaves the directory of the code"},
		"absolute":      {archive(t, entry{"/etc/x", "", 0o644}), "leaves the directory of the code"},
		"drive":         {archive(t, entry{`C:\x`, "", 0o644}), "leaves the directory of the code"},
		"backslash":     {archive(t, entry{`a\..\x`, "", 0o644}), "leaves the directory of the code"},
		"nul":           {archive(t, entry{"a\x00b", "", 0o644}), "leaves the directory of the code"},
		"twice":         {archive(t, entry{"a", "1", 0o644}, entry{"a", "2", 0o644}), "twice"},
		"case twins":    {archive(t, entry{"Index.js", "1", 0o644}, entry{"index.js", "2", 0o644}), "twice"},
		"link out":      {archive(t, entry{"a", "../../etc", fs.ModeSymlink | 0o777}), "leaves the directory of the code"},
		"link absolute": {archive(t, entry{"a", "/etc", fs.ModeSymlink | 0o777}), "leaves the directory of the code"},
		"through link":  {archive(t, entry{"d/x", "", 0o644}, entry{"a", "d", fs.ModeSymlink | 0o777}, entry{"a/y", "", 0o644}), "leaves the directory of the code"},
		"device":        {archive(t, entry{"a", "", fs.ModeDevice | 0o644}), "neither a file nor a directory"},
		"file as dir":   {archive(t, entry{"a", "1", 0o644}, entry{"a/b", "2", 0o644}), "collides with another entry"},
		"bomb":          {archive(t, entry{"a", strings.Repeat("0", 60<<20), 0o644}), "times smaller than its content"},
		"empty":         {archive(t), "Uploaded file must be a non-empty zip"},
		"cut off":       {archive(t, entry{"a", "1", 0o644})[:40], "Could not unzip uploaded file."},
		"many":          {archive(t, many...), "the limit is 65535"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.create(t, "f", "")
			status, body := h.upload(t, tt.data)
			if status != 400 || !strings.Contains(body, tt.want) {
				t.Errorf("got %d %s, want 400 %s", status, body, tt.want)
			}
			left, err := os.ReadDir(h.dir)
			if err != nil || len(left) != 1 {
				t.Errorf("code directory: got %v %v, want the first code only", left, err)
			}
		})
	}
}

// Content that is larger than it claims is cut off by counting.
func TestLyingArchive(t *testing.T) {
	data := archive(t, entry{"a", strings.Repeat("0", 11<<20), 0o644})
	h := newHouse(t)
	h.create(t, "f", "")
	if status, body := h.upload(t, data); status != 400 || !strings.Contains(body, "times smaller") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestGoodArchive(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", "")
	status, body := h.upload(t, archive(t,
		entry{"./", "", fs.ModeDir | 0o755}, entry{"bin/", "", fs.ModeDir | 0o777}, entry{"bin/run", "#!", fs.ModeSetuid | 0o4777},
		entry{"./lib/a.js", "x", 0o600}, entry{"node_modules/.bin/run", "../../bin/run", fs.ModeSymlink | 0o777}))
	if status != 200 {
		t.Fatalf("got %d %s", status, body)
	}
	cfg, err := h.ConfigOf(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"bin/run": 0o755, "lib/a.js": 0o644, "node_modules/.bin/run": 0o755} {
		info, err := os.Stat(filepath.Join(cfg.CodeDir, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: got %v %v, want %v", name, info, err, want)
		}
	}

	// Collect keeps what is used.
	if err := h.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(h.dir)
	if err != nil || len(left) != 1 || left[0].Name() != filepath.Base(cfg.CodeDir) {
		t.Errorf("after Collect: %v %v", left, err)
	}
}
