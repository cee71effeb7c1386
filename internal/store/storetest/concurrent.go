package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
)

// isolation: a View keeps its snapshot while others commit, and waits for nobody; what an Update has not
// committed is seen by nobody else.
func isolation(t *testing.T, db store.DB) {
	before := update(t, db, put("a"))
	view(t, db, func(tx store.Tx) error {
		if _, err := tx.Get("k", home, "a"); err != nil {
			return err
		}
		update(t, db, func(tx store.Tx) error {
			if err := put("b")(tx); err != nil {
				return err
			}
			view(t, db, func(other store.Tx) error {
				if _, err := other.Get("k", home, "b"); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("Get of what is not committed: got %v, want ErrNotFound", err)
				}
				return nil
			})
			return nil
		})
		update(t, db, func(tx store.Tx) error { return tx.Delete("k", home, "a", true) })
		ids, err := list(tx, "", "")
		if diff := cmp.Diff([]string{"a"}, ids); diff != "" {
			t.Errorf("List in a View that began earlier (-want +got):\n%s", diff)
		}
		return err
	})
	if got := db.Rev(); got != before+2 {
		t.Errorf("Rev: got %d, want %d", got, before+2)
	}
}

// concurrentUpdates: read, add one, write: nothing is lost.
func concurrentUpdates(t *testing.T, db store.DB) {
	const workers, rounds = 8, 25
	update(t, db, func(tx store.Tx) error { return tx.Put("k", home, "n", []byte("0"), nil, true, true) })
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				_, err := db.Update(t.Context(), func(tx store.Tx) error {
					doc, err := tx.Get("k", home, "n")
					if err != nil {
						return err
					}
					n, err := strconv.Atoi(string(doc.Body))
					if err != nil {
						return err
					}
					if err := tx.Put("k", home, fmt.Sprintf("w%d/%d", w, i), nil, nil, true, false); err != nil {
						return err
					}
					return tx.Put("k", home, "n", []byte(strconv.Itoa(n+1)), nil, false, true)
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
				if _, err := db.Update(t.Context(), func(tx store.Tx) error {
					if err := tx.Put("k", home, "n", []byte("-1"), nil, false, true); err != nil {
						return err
					}
					return errors.ErrUnsupported // a neighbour that fails must not matter
				}); !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("Update that fails: got %v", err)
				}
			}
		})
	}
	wg.Wait()
	view(t, db, func(tx store.Tx) error {
		doc, err := tx.Get("k", home, "n")
		if got, want := string(doc.Body), strconv.Itoa(workers*rounds); got != want {
			t.Errorf("counter: got %s, want %s", got, want)
		}
		ids, err2 := list(tx, "w", "")
		if len(ids) != workers*rounds {
			t.Errorf("documents: got %d, want %d", len(ids), workers*rounds)
		}
		return errors.Join(err, err2)
	})
}

func concurrentInserts(t *testing.T, db store.DB) {
	const workers = 16
	won := make(chan int, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			_, err := db.Update(t.Context(), func(tx store.Tx) error {
				return tx.Put("k", home, fmt.Sprint(w), nil, []store.Ref{single("u", "x")}, true, true)
			})
			switch {
			case err == nil:
				won <- w
			case !errors.Is(err, store.ErrExists):
				t.Errorf("Update: got %v, want ErrExists", err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Errorf("%d of %d workers took one unique value", len(won), workers)
	}
}

func cancelled(t *testing.T, db store.DB) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := db.Update(ctx, func(tx store.Tx) error {
		if err := put("a")(tx); err != nil {
			return err
		}
		cancel()
		return put("b")(tx)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update cancelled half-way: got %v, want context.Canceled", err)
	}
	if _, err := db.Update(ctx, put("c")); !errors.Is(err, context.Canceled) {
		t.Errorf("Update with a cancelled context: got %v, want context.Canceled", err)
	}
	if err := db.View(ctx, func(tx store.Tx) error { _, err := list(tx, "", ""); return err }); !errors.Is(err, context.Canceled) {
		t.Errorf("View with a cancelled context: got %v, want context.Canceled", err)
	}
	view(t, db, func(tx store.Tx) error {
		ids, err := list(tx, "", "")
		if len(ids) > 0 {
			t.Errorf("List: got %v, want nothing", ids)
		}
		return err
	})
	update(t, db, put("d"))
}

// closed: Close ends Watch, and everything afterwards is refused.
func closed(t *testing.T, db store.DB) {
	update(t, db, put("a"))
	watched := make(chan error, 1)
	go func() {
		var last error
		for _, err := range db.Watch(t.Context(), 0) {
			last = err
		}
		watched <- last
	}()
	if err := db.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := <-watched; !errors.Is(err, store.ErrClosed) {
		t.Errorf("Watch at Close: got %v, want ErrClosed", err)
	}
	if _, err := db.Update(t.Context(), put("b")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update after Close: got %v, want ErrClosed", err)
	}
	if err := db.View(t.Context(), func(store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View after Close: got %v, want ErrClosed", err)
	}
	for _, err := range db.Watch(t.Context(), 0) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("Watch after Close: got %v, want ErrClosed", err)
		}
	}
	if err := db.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
