// Package storetest is the one suite that every backend of package store passes.
//
// It owns the meaning of the contract: what store.DB and store.Tx say in words is said here in tests. It
// does not know any backend.
package storetest

import (
	"errors"
	"fmt"
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
