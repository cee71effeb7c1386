package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
)

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
