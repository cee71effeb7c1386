package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
	"gatehouse/internal/store/storetest"
)

const home store.Scope = "123456789012/us-east-1"

func openTest(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func update(t testing.TB, db *DB, fn func(store.Tx) error) store.Rev {
	t.Helper()
	rev, err := db.Update(context.Background(), fn)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func put(id, body string) func(store.Tx) error {
	return func(tx store.Tx) error {
		return tx.Put("k", home, id, []byte(body), []store.Ref{{Name: "u", Value: id, Unique: true}}, false, true)
	}
}

func get(t testing.TB, db *DB, id string) string {
	t.Helper()
	var body string
	if err := db.View(context.Background(), func(tx store.Tx) error {
		doc, err := tx.Get("k", home, id)
		body = string(doc.Body)
		return err
	}); err != nil {
		t.Fatalf("Get %s: %v", id, err)
	}
	return body
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.DB { return openTest(t, filepath.Join(t.TempDir(), "a b?c#d%41.db")) })
}

// What durability rests on (https://www.sqlite.org/pragma.html#pragma_synchronous): 2 is FULL.
func TestSettings(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "db"))
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "locking_mode": "normal"} {
		var got string
		if err := db.writer.one("PRAGMA "+pragma, nil, &got); err != nil || got != want {
			t.Errorf("PRAGMA %s: got %q, %v, want %q", pragma, got, err, want)
		}
	}
}

func TestTrims(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "db"))
	db.keeps = 100
	storetest.RunTrimmed(t, db, 100)
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "gatehouse.db")
	db := openTest(t, path)
	want := update(t, db, put("a", "1"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + "*")
	if diff := cmp.Diff([]string{path, path + ".lock"}, left); diff != "" || err != nil {
		t.Errorf("files after Close: %v (-want +got):\n%s", err, diff)
	}
	db = openTest(t, path)
	if got := db.Rev(); got != want {
		t.Errorf("Rev after reopening: got %d, want %d", got, want)
	}
	if got := get(t, db, "a"); got != "1" {
		t.Errorf("Get after reopening: got %q, want 1", got)
	}
	if got := update(t, db, put("b", "2")); got != want+1 {
		t.Errorf("Update after reopening: got revision %d, want %d", got, want+1)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}

func TestFileModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "gatehouse.db")
	db := openTest(t, path)
	update(t, db, put("a", "1"))
	for name, want := range map[string]fs.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("mode of %s: got %v, %v, want %o", filepath.Base(name), info, err, want)
		}
	}
	db.Close()
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "mode 0640") || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("Open of a file that others may read: got %v, want its mode and what to do", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	valid := func(t *testing.T, path string) { openTest(t, path).Close() }
	script := func(t *testing.T, path, text string) {
		db := openTest(t, path)
		if err := db.writer.script(text); err != nil {
			t.Fatal(err)
		}
		db.Close()
	}
	overwrite := func(t *testing.T, path string, at int, with []byte) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copy(b[at:], with)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		setup func(t *testing.T, path string)
		want  error
		text  string
	}{
		{"a newer schema", func(t *testing.T, path string) { script(t, path, "PRAGMA user_version=2") }, ErrNewer, "schema 2"},
		{"in use", func(t *testing.T, path string) { openTest(t, path) }, ErrInUse, "another process"},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("hello\n"), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged, "not a database"},
		{"another application's database", func(t *testing.T, path string) { script(t, path, "PRAGMA application_id=1") }, nil, "not one of Gatehouse"},
		{"a database of nobody", func(t *testing.T, path string) { script(t, path, "PRAGMA application_id=0; PRAGMA user_version=0") }, nil, "not one of Gatehouse"},
		{"a damaged header", func(t *testing.T, path string) { valid(t, path); overwrite(t, path, 0, []byte("xxxx")) }, ErrDamaged, ""},
		{"a damaged page", func(t *testing.T, path string) {
			valid(t, path)
			overwrite(t, path, 4096, bytes.Repeat([]byte{0xa5}, 4096))
		}, ErrDamaged, ""},
		{"a lost page", func(t *testing.T, path string) {
			valid(t, path)
			if err := os.Truncate(path, 4096); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged, ""},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, nil, "not a regular file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			test.setup(t, path)
			db, err := Open(t.Context(), path)
			if err == nil {
				db.Close()
				t.Fatal("Open: got no error")
			}
			if test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), path) {
				t.Errorf("Open: got %v, want %v, %q and the path", err, test.want, test.text)
			}
		})
	}
}

// Damage that Open does not see is reported where it is met, and by Check.
func TestDamageIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db := openTest(t, path)
	update(t, db, func(tx store.Tx) error {
		for i := range 300 {
			if err := put(fmt.Sprintf("%04d", i), strings.Repeat("x", 10_000))(tx); err != nil {
				return err
			}
		}
		return nil
	})
	db.Close()
	b, err := os.ReadFile(path)
	if err != nil || len(b) < quickCheckBelow {
		t.Fatalf("the database has only %d bytes, %v", len(b), err)
	}
	for at := 20 * 4096; at < len(b); at += 10 * 4096 {
		copy(b[at:], bytes.Repeat([]byte{0xa5}, 100))
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err = Open(t.Context(), path)
	if err == nil {
		defer db.Close()
		if err := db.Check(t.Context()); !errors.Is(err, ErrDamaged) {
			t.Errorf("Check: got %v, want ErrDamaged", err)
		}
		err = db.View(t.Context(), func(tx store.Tx) error {
			for _, err := range tx.List("k", home, "", "") {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("reading a damaged database: got %v, want ErrDamaged", err)
	}
}

// A full disk refuses one write, for all who share its flush, and is over when there is space again (R4).
func TestDiskFull(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "db"))
	update(t, db, put("before", "1"))
	if err := db.writer.script("PRAGMA max_page_count=20"); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<20)
	var wg sync.WaitGroup
	acknowledged := make([]bool, 8)
	for i := range acknowledged {
		wg.Go(func() {
			body := "small"
			if i%2 == 0 {
				body = big
			}
			_, err := db.Update(t.Context(), put(fmt.Sprint(i), body))
			if acknowledged[i] = err == nil; acknowledged[i] && body == big {
				t.Errorf("Update %d on a full disk: got no error", i)
			}
		})
	}
	wg.Wait()
	if _, err := db.Update(t.Context(), func(tx store.Tx) error {
		put("swallowed", big)(tx) // the error is lost, the transaction must not be kept
		return nil
	}); err == nil {
		t.Error("Update that hides a failed write: got no error")
	}
	if err := db.Broken(); err != nil {
		t.Errorf("Broken after a full disk: %v", err)
	}
	if err := db.writer.script("PRAGMA max_page_count=100000"); err != nil {
		t.Fatal(err)
	}
	update(t, db, put("after", big))
	if got := get(t, db, "before"); got != "1" {
		t.Errorf("Get of what was there before: got %q", got)
	}
	ids := map[string]bool{}
	if err := db.View(t.Context(), func(tx store.Tx) error {
		for doc, err := range tx.List("k", home, "", "") {
			if err != nil {
				return err
			}
			ids[doc.ID] = true
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i, ok := range acknowledged {
		if ids[fmt.Sprint(i)] != ok {
			t.Errorf("Update %d: acknowledged %v, stored %v", i, ok, ids[fmt.Sprint(i)])
		}
	}
	if ids["swallowed"] {
		t.Error("a transaction whose write failed was kept")
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// Updates that wait for each other share a flush; each still fails alone.
func TestGroup(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "db"))
	inside, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := db.Update(t.Context(), func(tx store.Tx) error {
			close(inside)
			<-release
			return put("first", "1")(tx)
		})
		if err != nil {
			t.Errorf("Update first: %v", err)
		}
	})
	<-inside
	refused := errors.New("refused")
	for i := range 10 {
		wg.Go(func() {
			_, err := db.Update(t.Context(), func(tx store.Tx) error {
				if err := put(fmt.Sprint(i), "1")(tx); err != nil {
					return err
				}
				if i%2 == 0 {
					return refused
				}
				return nil
			})
			if i%2 == 0 && !errors.Is(err, refused) || i%2 == 1 && err != nil {
				t.Errorf("Update %d: %v", i, err)
			}
		})
	}
	for db.waiting.Load() < 10 {
		runtime.Gosched() // until all have queued up behind the first
	}
	close(release)
	wg.Wait()
	var ids []string
	if err := db.View(t.Context(), func(tx store.Tx) error {
		for doc, err := range tx.List("k", home, "", "") {
			if err != nil {
				return err
			}
			ids = append(ids, doc.ID)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1", "3", "5", "7", "9", "first"}, ids); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if got := db.Rev(); got != 6 {
		t.Errorf("Rev: got %d, want 6: what failed takes no revision", got)
	}
}
