package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
)

func revisions(t *testing.T, db store.DB) {
	if got := db.Rev(); got != 0 {
		t.Errorf("Rev of an empty database: got %d, want 0", got)
	}
	for _, test := range []struct {
		name string
		fn   func(store.Tx) error
		want store.Rev
	}{
		{"one change", put("a"), 1},
		{"three changes", put("a", "b", "c"), 4},
		{"nothing", func(store.Tx) error { return nil }, 4},
		{"unwatched", func(tx store.Tx) error { return tx.Put("quiet", home, "a", nil, nil, true, false) }, 4},
		{"unwatched delete", func(tx store.Tx) error { return tx.Delete("quiet", home, "a", false) }, 4},
		{"delete", func(tx store.Tx) error { return tx.Delete("k", home, "a", true) }, 5},
	} {
		if got := update(t, db, test.fn); got != test.want {
			t.Errorf("Update (%s): got revision %d, want %d", test.name, got, test.want)
		}
		if got := db.Rev(); got != test.want {
			t.Errorf("Rev after %s: got %d, want %d", test.name, got, test.want)
		}
	}
}

// take collects n changes after a revision.
func take(t *testing.T, db store.DB, after store.Rev, n int) []store.Change {
	t.Helper()
	var got []store.Change
	if n == 0 {
		return got
	}
	for c, err := range db.Watch(t.Context(), after) {
		if err != nil {
			t.Fatalf("Watch(%d): %v", after, err)
		}
		if got = append(got, c); len(got) == n {
			break
		}
	}
	return got
}

func watchOrder(t *testing.T, db store.DB) {
	update(t, db, put("b", "a"))
	update(t, db, func(tx store.Tx) error { return tx.Put("quiet", home, "q", nil, nil, true, false) })
	update(t, db, func(tx store.Tx) error { return tx.Put("other", away, "x", nil, nil, true, true) })
	update(t, db, func(tx store.Tx) error {
		return errors.Join(tx.Delete("k", home, "b", true), tx.Put("quiet", home, "q", nil, nil, false, false), put("a")(tx))
	})
	want := []store.Change{
		{Rev: 1, Kind: "k", Scope: home, ID: "b"},
		{Rev: 2, Kind: "k", Scope: home, ID: "a"},
		{Rev: 3, Kind: "other", Scope: away, ID: "x"},
		{Rev: 4, Kind: "k", Scope: home, ID: "b"},
		{Rev: 5, Kind: "k", Scope: home, ID: "a"},
	}
	if diff := cmp.Diff(want, take(t, db, 0, len(want))); diff != "" {
		t.Errorf("Watch (-want +got):\n%s", diff)
	}
}

func watchResumes(t *testing.T, db store.DB) {
	const n = 700
	for i := range n {
		if i%2 == 0 {
			update(t, db, put(fmt.Sprint(i), fmt.Sprint(i+1)))
		}
	}
	for _, after := range []store.Rev{0, 1, 255, 256, 257, n - 1} {
		got := take(t, db, after, n-int(after))
		for i, c := range got {
			if want := after + store.Rev(i) + 1; c.Rev != want || c.ID != fmt.Sprint(want-1) {
				t.Fatalf("Watch(%d): change %d is %+v, want revision %d", after, i, c, want)
			}
		}
	}
	for _, err := range db.Watch(t.Context(), n+1) { // a revision of some other database
		if err == nil {
			t.Errorf("Watch after a revision that was never written: got a change, want an error")
		}
		break
	}
}

func watchWaits(t *testing.T, db store.DB) {
	ctx, cancel := context.WithCancel(t.Context())
	rev := update(t, db, put("before"))
	got := make(chan store.Change)
	ended := make(chan error, 1)
	go func() {
		var last error
		for c, err := range db.Watch(ctx, rev) {
			if err != nil {
				last = err
				break
			}
			got <- c
		}
		ended <- last
	}()
	for i := range 3 {
		want := update(t, db, put("after"))
		if c := <-got; c.Rev != want {
			t.Errorf("Watch, change %d: got %+v, want revision %d", i, c, want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Watch whose context ends: got %v, want a quiet end", err)
	}
}

func watchConcurrent(t *testing.T, db store.DB) {
	const writers, each = 4, 50
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			after := store.Rev(0)
			for c, err := range db.Watch(t.Context(), 0) {
				if err != nil {
					t.Errorf("Watch: %v", err)
					return
				}
				if c.Rev != after+1 {
					t.Errorf("Watch: revision %d after %d", c.Rev, after)
					return
				}
				if now := db.Rev(); now < c.Rev {
					t.Errorf("Watch is ahead: revision %d, Rev says %d", c.Rev, now)
				}
				if after = c.Rev; after == writers*each {
					return
				}
			}
		})
	}
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				rev, err := db.Update(t.Context(), put(fmt.Sprintf("%d/%d", w, i)))
				if err != nil {
					t.Errorf("Update: %v", err)
				}
				// Read your writes: what Update returned is in the next View.
				err = db.View(t.Context(), func(tx store.Tx) error {
					doc, err := tx.Get("k", home, fmt.Sprintf("%d/%d", w, i))
					if err == nil && doc.Rev != rev {
						t.Errorf("Get: got revision %d, Update returned %d", doc.Rev, rev)
					}
					return err
				})
				if err != nil {
					t.Errorf("View after Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// RunTrimmed tests that a new, empty database which keeps so many changes drops older ones, and says so.
func RunTrimmed(t *testing.T, db store.DB, keeps store.Rev) {
	defer db.Close()
	for range 3 * keeps {
		update(t, db, put("a"))
	}
	for _, err := range db.Watch(t.Context(), 1) {
		if !errors.Is(err, store.ErrTrimmed) {
			t.Errorf("Watch(1) of a trimmed feed: got %v, want ErrTrimmed", err)
		}
		break
	}
	after := db.Rev() - keeps
	if got := take(t, db, after, int(keeps)); got[0].Rev != after+1 {
		t.Errorf("Watch(%d), the oldest kept: got %+v", after, got[0])
	}
	// Many changes at once: a watcher that was up to date has fallen behind.
	update(t, db, func(tx store.Tx) error {
		for range 3 * keeps {
			if err := put("a")(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if got := take(t, db, db.Rev()-keeps, int(keeps)); got[keeps-1].Rev != db.Rev() {
		t.Errorf("Watch after many changes at once: got %+v last", got[keeps-1])
	}
}
