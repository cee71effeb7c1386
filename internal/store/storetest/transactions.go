package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
)

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
