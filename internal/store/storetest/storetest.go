// Package storetest is the one suite that every backend of package store passes.
//
// It owns the meaning of the contract: what store.DB and store.Tx say in words is said here in tests. It
// does not know any backend.
package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
)

// Run tests a backend. open returns a new, empty database for each test; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.DB) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, store.DB)
	}{
		{"get, put, delete", crud},
		{"insert refuses a taken id", insertTaken},
		{"scopes and kinds are separate", separate},
		{"list by prefix", listPrefix},
		{"list while writing", listWhileWriting},
		{"unique entries", unique},
		{"index entries follow the document", indexFollows},
		{"an error rolls back", rollback},
		{"a failed verb leaves the transaction usable", failedVerb},
		{"a panic rolls back", panics},
		{"a view cannot write", viewReadOnly},
		{"an ended transaction refuses", ended},
		{"odd ids", oddIDs},
		{"big bodies", bigBodies},
		{"bodies are copied", bodiesCopied},
		{"isolation", isolation},
		{"concurrent updates", concurrentUpdates},
		{"concurrent inserts of one id", concurrentInserts},
		{"cancelled contexts", cancelled},
		{"revisions", revisions},
		{"watch is in order and without gaps", watchOrder},
		{"watch resumes after a revision", watchResumes},
		{"watch waits and ends with its context", watchWaits},
		{"watch while others write", watchConcurrent},
		{"random transactions", againstModel},
		{"close", closed},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := open(t)
			defer db.Close()
			test.run(t, db)
		})
	}
}

const (
	home store.Scope = "123456789012/us-east-1"
	away store.Scope = "123456789012/eu-west-1"
)

// update runs fn and fails the test when it fails.
func update(t *testing.T, db store.DB, fn func(store.Tx) error) store.Rev {
	t.Helper()
	rev, err := db.Update(t.Context(), fn)
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	return rev
}

func view(t *testing.T, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put writes watched documents of kind "k" whose bodies are their ids.
func put(ids ...string) func(store.Tx) error {
	return func(tx store.Tx) error {
		for _, id := range ids {
			if err := tx.Put("k", home, id, []byte(id), nil, false, true); err != nil {
				return err
			}
		}
		return nil
	}
}

func entry(name, value string) store.Ref  { return store.Ref{Name: name, Value: value} }
func single(name, value string) store.Ref { return store.Ref{Name: name, Value: value, Unique: true} }

// list returns the ids that List yields.
func list(tx store.Tx, prefix, after string) ([]string, error) {
	var ids []string
	for doc, err := range tx.List("k", home, prefix, after) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, doc.ID)
	}
	return ids, nil
}

// by returns the ids that By yields.
func by(tx store.Tx, scope store.Scope, name, value string) ([]string, error) {
	var ids []string
	for doc, err := range tx.By("k", scope, name, value) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, doc.ID)
	}
	return ids, nil
}

func crud(t *testing.T, db store.DB) {
	view(t, db, func(tx store.Tx) error {
		if _, err := tx.Get("k", home, "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get of nothing: got %v, want ErrNotFound", err)
		}
		return nil
	})
	update(t, db, func(tx store.Tx) error {
		if err := tx.Delete("k", home, "a", true); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Delete of nothing: got %v, want ErrNotFound", err)
		}
		return tx.Put("k", home, "a", []byte("1"), nil, false, true)
	})
	rev := update(t, db, func(tx store.Tx) error { return tx.Put("k", home, "a", []byte("2"), nil, false, true) })
	view(t, db, func(tx store.Tx) error {
		got, err := tx.Get("k", home, "a")
		if diff := cmp.Diff(store.Doc{ID: "a", Rev: rev, Body: []byte("2")}, got); diff != "" {
			t.Errorf("Get (-want +got):\n%s", diff)
		}
		return err
	})
	update(t, db, func(tx store.Tx) error {
		if err := tx.Delete("k", home, "a", true); err != nil {
			return err
		}
		if _, err := tx.Get("k", home, "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get after Delete in one transaction: got %v, want ErrNotFound", err)
		}
		return nil
	})
	view(t, db, func(tx store.Tx) error {
		if _, err := tx.Get("k", home, "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get after Delete: got %v, want ErrNotFound", err)
		}
		return nil
	})
}

func insertTaken(t *testing.T, db store.DB) {
	update(t, db, put("a"))
	_, err := db.Update(t.Context(), func(tx store.Tx) error { return tx.Put("k", home, "a", []byte("2"), nil, true, true) })
	if !errors.Is(err, store.ErrExists) {
		t.Errorf("Put of a taken id that must be new: got %v, want ErrExists", err)
	}
	update(t, db, func(tx store.Tx) error {
		if err := tx.Delete("k", home, "a", true); err != nil {
			return err
		}
		return tx.Put("k", home, "a", []byte("3"), nil, true, true) // free again at once
	})
}

func separate(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) error {
		return errors.Join(
			tx.Put("k", home, "a", []byte("1"), []store.Ref{single("u", "x"), entry("i", "x")}, true, true),
			tx.Put("k", away, "a", []byte("2"), []store.Ref{single("u", "x"), entry("i", "x")}, true, true),
			tx.Put("other", home, "a", []byte("3"), []store.Ref{single("u", "x"), entry("i", "x")}, true, true),
			// Parts that run into each other when they are joined without care.
			tx.Put("k", "s", "ta", []byte("4"), nil, true, true),
			tx.Put("ks", "", "ta", []byte("5"), nil, true, true),
		)
	})
	view(t, db, func(tx store.Tx) error {
		doc, err := tx.Get("k", away, "a")
		if string(doc.Body) != "2" {
			t.Errorf("Get from another scope: got %q, want 2", doc.Body)
		}
		ids, err2 := list(tx, "", "")
		if diff := cmp.Diff([]string{"a"}, ids); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}
		for doc, err := range tx.By("other", home, "i", "x") {
			if err != nil || string(doc.Body) != "3" {
				t.Errorf("By of another kind: got %q, %v, want 3", doc.Body, err)
			}
		}
		return errors.Join(err, err2)
	})
	update(t, db, func(tx store.Tx) error { return tx.Delete("k", home, "a", true) })
	view(t, db, func(tx store.Tx) error {
		ids, err := by(tx, away, "u", "x")
		if diff := cmp.Diff([]string{"a"}, ids); diff != "" {
			t.Errorf("By of a scope after Delete in another (-want +got):\n%s", diff)
		}
		return err
	})
}

func listPrefix(t *testing.T, db store.DB) {
	update(t, db, put("b/2", "a", "b/1", "b", "b/", "b0", "c", "b/10", "B/1", "ä"))
	view(t, db, func(tx store.Tx) error {
		for _, test := range []struct {
			prefix, after string
			want          []string
		}{
			{"", "", []string{"B/1", "a", "b", "b/", "b/1", "b/10", "b/2", "b0", "c", "ä"}},
			{"b/", "", []string{"b/", "b/1", "b/10", "b/2"}},
			{"b/", "b/1", []string{"b/10", "b/2"}},
			{"b/", "a", []string{"b/", "b/1", "b/10", "b/2"}},
			{"b/", "b/11", []string{"b/2"}}, // "after" need not exist
			{"b/", "b/2", nil},
			{"b/", "zzz", nil},
			{"b/1", "b/1", []string{"b/10"}},
			{"nothing", "", nil},
			{"%", "", nil},
			{"_", "", nil},
			{"c", "", []string{"c"}},
			{"", "c", []string{"ä"}},
		} {
			got, err := list(tx, test.prefix, test.after)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("List(%q, %q): %v (-want +got):\n%s", test.prefix, test.after, err, diff)
			}
		}
		n := 0
		for range tx.List("k", home, "", "") {
			if n++; n == 3 {
				break // an iteration may be left
			}
		}
		_, err := tx.Get("k", home, "a")
		return err
	})
}

func listWhileWriting(t *testing.T, db store.DB) {
	var ids []string
	for i := range 150 {
		ids = append(ids, fmt.Sprintf("id%04d", i))
	}
	update(t, db, func(tx store.Tx) error {
		for _, id := range ids {
			if err := tx.Put("k", home, id, nil, []store.Ref{entry("all", "x")}, true, false); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, db, func(tx store.Tx) error {
		var got []string
		for doc, err := range tx.List("k", home, "", "") {
			if err != nil {
				return err
			}
			got = append(got, doc.ID)
			if err := tx.Put("k", home, doc.ID, []byte("seen"), []store.Ref{entry("all", "x")}, false, false); err != nil {
				return err
			}
			for inner, err := range tx.List("k", home, doc.ID, "") { // nested
				if err != nil || string(inner.Body) != "seen" {
					t.Errorf("nested List of %s: got %q, %v", doc.ID, inner.Body, err)
				}
			}
		}
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("List while each document is written (-want +got):\n%s", diff)
		}
		n := 0
		for doc, err := range tx.By("k", home, "all", "x") {
			if err != nil {
				return err
			}
			n++
			if err := tx.Delete("k", home, doc.ID, false); err != nil {
				return err
			}
		}
		if n != len(ids) {
			t.Errorf("By while each document is deleted: got %d documents, want %d", n, len(ids))
		}
		left, err := list(tx, "", "")
		if len(left) > 0 {
			t.Errorf("after deleting all: got %d documents, want none", len(left))
		}
		return err
	})
}

func unique(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) error { return tx.Put("k", home, "a", nil, []store.Ref{single("u", "x")}, true, true) })
	for _, test := range []struct {
		name string
		fn   func(store.Tx) error
		want error
	}{
		{"another document", func(tx store.Tx) error {
			return tx.Put("k", home, "b", nil, []store.Ref{single("u", "x")}, true, true)
		}, store.ErrExists},
		{"another document, as an update", func(tx store.Tx) error {
			return tx.Put("k", home, "b", nil, []store.Ref{single("u", "x")}, false, true)
		}, store.ErrExists},
		{"the second of two entries", func(tx store.Tx) error {
			return tx.Put("k", home, "b", nil, []store.Ref{single("u", "y"), single("u", "x")}, true, true)
		}, store.ErrExists},
		{"within one transaction", func(tx store.Tx) error {
			if err := tx.Put("k", home, "c", nil, []store.Ref{single("u", "z")}, true, true); err != nil {
				return err
			}
			return tx.Put("k", home, "d", nil, []store.Ref{single("u", "z")}, true, true)
		}, store.ErrExists},
		{"the same document", func(tx store.Tx) error {
			return tx.Put("k", home, "a", nil, []store.Ref{single("u", "x")}, false, true)
		}, nil},
		{"an index that is not unique", func(tx store.Tx) error {
			return tx.Put("k", home, "e", nil, []store.Ref{entry("v", "x")}, true, true)
		}, nil},
		{"another name", func(tx store.Tx) error {
			return tx.Put("k", home, "f", nil, []store.Ref{single("w", "x")}, true, true)
		}, nil},
		{"given up in the same transaction", func(tx store.Tx) error {
			if err := tx.Put("k", home, "a", nil, []store.Ref{single("u", "new")}, false, true); err != nil {
				return err
			}
			return tx.Put("k", home, "g", nil, []store.Ref{single("u", "x")}, true, true)
		}, nil},
		{"of a deleted document", func(tx store.Tx) error {
			if err := tx.Delete("k", home, "g", true); err != nil {
				return err
			}
			return tx.Put("k", home, "h", nil, []store.Ref{single("u", "x")}, true, true)
		}, nil},
	} {
		if _, err := db.Update(t.Context(), test.fn); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	view(t, db, func(tx store.Tx) error {
		ids, err := list(tx, "", "")
		if diff := cmp.Diff([]string{"a", "e", "f", "h"}, ids); diff != "" {
			t.Errorf("documents afterwards (-want +got):\n%s", diff)
		}
		return err
	})
}

func indexFollows(t *testing.T, db store.DB) {
	check := func(value string, want ...string) {
		t.Helper()
		view(t, db, func(tx store.Tx) error {
			got, err := by(tx, home, "colour", value)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("By(colour, %q) (-want +got):\n%s", value, diff)
			}
			return err
		})
	}
	update(t, db, func(tx store.Tx) error {
		return errors.Join(
			tx.Put("k", home, "b", []byte("b"), []store.Ref{entry("colour", "red"), entry("colour", "blue")}, true, true),
			tx.Put("k", home, "a", []byte("a"), []store.Ref{entry("colour", "red"), entry("colour", "")}, true, true),
			tx.Put("k", home, "c", []byte("c"), nil, true, true),
		)
	})
	check("red", "a", "b")
	check("blue", "b")
	check("", "a")
	check("re")
	check("green")
	update(t, db, func(tx store.Tx) error {
		return tx.Put("k", home, "b", []byte("b"), []store.Ref{entry("colour", "green")}, false, true)
	})
	check("red", "a")
	check("blue")
	check("green", "b")
	update(t, db, func(tx store.Tx) error { return tx.Delete("k", home, "b", true) })
	check("green")
}

func rollback(t *testing.T, db store.DB) {
	before := update(t, db, func(tx store.Tx) error {
		return tx.Put("k", home, "a", []byte("1"), []store.Ref{single("u", "x")}, true, true)
	})
	stop := errors.New("stop")
	_, err := db.Update(t.Context(), func(tx store.Tx) error {
		err := errors.Join(
			tx.Put("k", home, "a", []byte("2"), []store.Ref{single("u", "y")}, false, true),
			tx.Put("k", home, "b", []byte("2"), nil, true, true),
			tx.Delete("k", home, "b", true),
		)
		if err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("Update whose fn fails: got %v, want its error", err)
	}
	if got := db.Rev(); got != before {
		t.Errorf("Rev after a rollback: got %d, want %d", got, before)
	}
	view(t, db, func(tx store.Tx) error {
		doc, err := tx.Get("k", home, "a")
		if string(doc.Body) != "1" || doc.Rev != before {
			t.Errorf("Get after a rollback: got %q at %d, want 1 at %d", doc.Body, doc.Rev, before)
		}
		ids, err2 := by(tx, home, "u", "x")
		if diff := cmp.Diff([]string{"a"}, ids); diff != "" {
			t.Errorf("By after a rollback (-want +got):\n%s", diff)
		}
		return errors.Join(err, err2)
	})
	if got := update(t, db, put("c")); got != before+1 {
		t.Errorf("Update after a rollback: got revision %d, want %d", got, before+1)
	}
}

func failedVerb(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) error {
		return tx.Put("k", home, "a", []byte("1"), []store.Ref{single("u", "x")}, true, true)
	})
	update(t, db, func(tx store.Tx) error {
		if err := tx.Put("k", home, "b", []byte("1"), []store.Ref{entry("i", "1"), single("u", "x")}, false, true); !errors.Is(err, store.ErrExists) {
			t.Errorf("Put of a taken unique entry: got %v, want ErrExists", err)
		}
		if ids, err := by(tx, home, "i", "1"); err != nil || len(ids) > 0 {
			t.Errorf("By after the failed Put: got %v, %v, want nothing", ids, err)
		}
		return tx.Put("k", home, "c", []byte("1"), nil, true, true)
	})
	view(t, db, func(tx store.Tx) error {
		ids, err := list(tx, "", "")
		if diff := cmp.Diff([]string{"a", "c"}, ids); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}
		return err
	})
}

func panics(t *testing.T, db store.DB) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Update swallowed a panic")
			}
		}()
		db.Update(t.Context(), func(tx store.Tx) error {
			if err := put("a")(tx); err != nil {
				return err
			}
			panic("on purpose")
		})
	}()
	func() {
		defer func() { recover() }()
		db.View(t.Context(), func(store.Tx) error { panic("on purpose") })
	}()
	update(t, db, put("b"))
	view(t, db, func(tx store.Tx) error {
		ids, err := list(tx, "", "")
		if diff := cmp.Diff([]string{"b"}, ids); diff != "" {
			t.Errorf("List after a panic (-want +got):\n%s", diff)
		}
		return err
	})
}

func viewReadOnly(t *testing.T, db store.DB) {
	update(t, db, put("a"))
	view(t, db, func(tx store.Tx) error {
		if err := put("b")(tx); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Put in a View: got %v, want ErrReadOnly", err)
		}
		if err := tx.Delete("k", home, "a", true); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Delete in a View: got %v, want ErrReadOnly", err)
		}
		return nil
	})
	view(t, db, func(tx store.Tx) error {
		ids, err := list(tx, "", "")
		if diff := cmp.Diff([]string{"a"}, ids); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}
		return err
	})
}

func ended(t *testing.T, db store.DB) {
	for name, run := range map[string]func(func(store.Tx) error) error{
		"View":   func(fn func(store.Tx) error) error { return db.View(t.Context(), fn) },
		"Update": func(fn func(store.Tx) error) error { _, err := db.Update(t.Context(), fn); return err },
	} {
		var kept store.Tx
		if err := run(func(tx store.Tx) error { kept = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := kept.Get("k", home, "a"); !errors.Is(err, store.ErrEnded) {
			t.Errorf("%s: Get afterwards: got %v, want ErrEnded", name, err)
		}
		if err := put("a")(kept); !errors.Is(err, store.ErrEnded) {
			t.Errorf("%s: Put afterwards: got %v, want ErrEnded", name, err)
		}
		if _, err := list(kept, "", ""); !errors.Is(err, store.ErrEnded) {
			t.Errorf("%s: List afterwards: got %v, want ErrEnded", name, err)
		}
		if _, err := by(kept, home, "i", "x"); !errors.Is(err, store.ErrEnded) {
			t.Errorf("%s: By afterwards: got %v, want ErrEnded", name, err)
		}
	}
}

func oddIDs(t *testing.T, db store.DB) {
	ids := []string{
		" ", "a b", "'", `"`, "';--", "%", "_", "a%", "*", "[a-z]", "/", "//", "../..", "\\", "\n", "\t", "\x01", "\x7f",
		"ſ", "é", "e\u0301", "日本", "😀", "\U0010ffff", "null", "0", "00", "1e3", "A", "a", strings.Repeat("x", 4096), "{}", "${x}", "?1", ":a", "@b",
	}
	update(t, db, func(tx store.Tx) error {
		for _, id := range ids {
			if err := tx.Put("k", home, id, []byte(id), []store.Ref{single("u", id), entry("i", "'"+id)}, true, true); err != nil {
				return fmt.Errorf("%q: %w", id, err)
			}
		}
		return nil
	})
	want := slices.Sorted(slices.Values(ids))
	view(t, db, func(tx store.Tx) error {
		got, err := list(tx, "", "")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}
		for _, id := range ids {
			doc, err := tx.Get("k", home, id)
			if err != nil || doc.ID != id || string(doc.Body) != id {
				t.Errorf("Get(%q): got %q %q, %v", id, doc.ID, doc.Body, err)
			}
			for name, value := range map[string]string{"u": id, "i": "'" + id} {
				if got, err := by(tx, home, name, value); err != nil || !slices.Equal(got, []string{id}) {
					t.Errorf("By(%s, %q): got %q, %v", name, value, got, err)
				}
			}
			if got, err := list(tx, id, ""); err != nil || !slices.Contains(got, id) {
				t.Errorf("List(%q): got %q, %v", id, got, err)
			}
		}
		return err
	})
	update(t, db, func(tx store.Tx) error {
		for _, id := range ids {
			if err := tx.Delete("k", home, id, true); err != nil {
				return fmt.Errorf("%q: %w", id, err)
			}
		}
		return nil
	})
}

func bigBodies(t *testing.T, db store.DB) {
	sizes := []int{0, 1, 4095, 4096, 1 << 20, 10 << 20}
	update(t, db, func(tx store.Tx) error {
		for _, n := range sizes {
			if err := tx.Put("k", home, fmt.Sprint(n), []byte(strings.Repeat("é", n/2)+strings.Repeat("x", n%2)), nil, true, true); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(tx store.Tx) error {
		for _, n := range sizes {
			doc, err := tx.Get("k", home, fmt.Sprint(n))
			if err != nil || len(doc.Body) != n {
				t.Errorf("Get of %d bytes: got %d, %v", n, len(doc.Body), err)
			}
		}
		return nil
	})
}

func bodiesCopied(t *testing.T, db store.DB) {
	body := []byte("before")
	refs := []store.Ref{entry("i", "before")}
	update(t, db, func(tx store.Tx) error { return tx.Put("k", home, "a", body, refs, true, true) })
	copy(body, "after!")
	refs[0].Value = "after!"
	update(t, db, func(tx store.Tx) error { return tx.Put("k", home, "b", []byte("b"), nil, true, true) })
	view(t, db, func(tx store.Tx) error {
		doc, err := tx.Get("k", home, "a")
		if string(doc.Body) != "before" {
			t.Errorf("Get: got %q, want the body as it was at Put", doc.Body)
		}
		return err
	})
	update(t, db, func(tx store.Tx) error { return tx.Delete("k", home, "a", true) })
	view(t, db, func(tx store.Tx) error {
		ids, err := by(tx, home, "i", "before")
		if len(ids) > 0 {
			t.Errorf("By after Delete: got %v, want nothing", ids)
		}
		return err
	})
}
