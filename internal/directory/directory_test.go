package directory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/apigw"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

const home store.Scope = "123456789012/us-east-1"

func value(i int) string { return fmt.Sprintf("%020d", i) }

func apiKey(i int) apigw.APIKey {
	return apigw.APIKey{ID: apigw.KeyID(fmt.Sprint("k", i)), Name: fmt.Sprint("name", i), Enabled: true, Value: seal.Hide(value(i))}
}

func update(t testing.TB, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if _, err := db.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// start runs a directory until the test ends.
func start(t testing.TB, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
}

// await waits for something that another goroutine is about to do.
func await(done func() bool) {
	for !done() {
		runtime.Gosched()
	}
}

// flaky is a store that can fail, stall and count.
type flaky struct {
	store.DB
	broken  atomic.Pointer[error]
	trimmed atomic.Bool // the next Watch finds its revisions gone
	views   atomic.Int64
	gate    chan struct{} // when it is set, each View takes one from it before it reads
	hold    chan struct{} // when it is set, each View takes two from it after it has read
}

func (f *flaky) View(ctx context.Context, fn func(store.Tx) error) error {
	f.views.Add(1)
	if f.gate != nil {
		<-f.gate
	}
	if err := f.broken.Load(); err != nil {
		return *err
	}
	err := f.DB.View(ctx, fn)
	if f.hold != nil {
		<-f.hold
		<-f.hold
	}
	return err
}

func (f *flaky) Watch(ctx context.Context, after store.Rev) iter.Seq2[store.Change, error] {
	if f.trimmed.Swap(false) {
		return func(yield func(store.Change, error) bool) { yield(store.Change{}, store.ErrTrimmed) }
	}
	return f.DB.Watch(ctx, after)
}

func TestAPIKeysFind(t *testing.T) {
	db, all := store.NewMemory(), tables.New(seal.NewKey())
	update(t, db, func(tx store.Tx) error {
		off := apiKey(2)
		off.Enabled = false
		return errors.Join(
			all.APIKeys.Insert(tx, home, apiKey(1)), all.APIKeys.Insert(tx, home, off), all.APIKeys.Insert(tx, "away", apiKey(3)),
			all.PlanKeys.Insert(tx, home, apigw.PlanKey{Plan: "p2", Key: "k1"}), all.PlanKeys.Insert(tx, home, apigw.PlanKey{Plan: "p1", Key: "k1"}),
			all.PlanKeys.Insert(tx, "away", apigw.PlanKey{Plan: "p3", Key: "k1"}),
		)
	})
	keys := NewAPIKeys(db, all, home)
	for _, test := range []struct {
		name, value string
		want        Key
		found       bool
	}{
		{"unknown", value(9), Key{}, false},
		{"empty", "", Key{}, false},
		{"of another account", value(3), Key{}, false},
		{"a prefix", value(1)[:19], Key{}, false},
		{"with a space", value(1) + " ", Key{}, false},
		{"not UTF-8", value(1) + "\xff\x00", Key{}, false},
		{"long", strings.Repeat("x", 10240), Key{}, false},
		{"in two plans", value(1), Key{"k1", "name1", true, []apigw.PlanKey{{Plan: "p1", Key: "k1"}, {Plan: "p2", Key: "k1"}}}, true},
		{"disabled", value(2), Key{"k2", "name2", false, nil}, true},
	} {
		for _, round := range []string{"from the store", "from the cache"} {
			got, found, err := keys.Find(t.Context(), test.value)
			if diff := cmp.Diff(test.want, got); diff != "" || found != test.found || err != nil {
				t.Errorf("%s, %s: found %v, %v (-want +got):\n%s", test.name, round, found, err, diff)
			}
		}
	}
}

// What Update returned from is seen by the next Find, whether or not the feed was followed so far.
func TestReadYourWrites(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprint("running ", running), func(t *testing.T) {
			db, all := store.NewMemory(), tables.New(seal.NewKey())
			keys := NewAPIKeys(db, all, home)
			if running {
				start(t, keys.Run)
			}
			find := func() (Key, bool) {
				t.Helper()
				k, ok, err := keys.Find(t.Context(), value(1))
				if err != nil {
					t.Fatal(err)
				}
				return k, ok
			}
			for i := range 300 {
				if k, ok := find(); ok {
					t.Fatalf("round %d: found %v before it was created", i, k)
				}
				key := apiKey(1)
				key.ID = apigw.KeyID(fmt.Sprint("k", i)) // a new key with the same value
				update(t, db, func(tx store.Tx) error { return all.APIKeys.Insert(tx, home, key) })
				if k, ok := find(); !ok || !k.Enabled || k.ID != key.ID || len(k.Plans) > 0 {
					t.Fatalf("round %d: after Insert: got %+v, %v", i, k, ok)
				}
				update(t, db, func(tx store.Tx) error {
					return all.PlanKeys.Insert(tx, home, apigw.PlanKey{Plan: "p", Key: key.ID})
				})
				if k, _ := find(); len(k.Plans) != 1 {
					t.Fatalf("round %d: after it joined a plan: got %+v", i, k)
				}
				update(t, db, func(tx store.Tx) error {
					return all.APIKeys.Update(tx, home, string(key.ID), func(k *apigw.APIKey) error { k.Enabled = false; return nil })
				})
				if k, _ := find(); k.Enabled {
					t.Fatalf("round %d: after it was disabled: got %+v", i, k)
				}
				update(t, db, func(tx store.Tx) error {
					return errors.Join(all.PlanKeys.Delete(tx, home, tables.InPlan("p", key.ID)), all.APIKeys.Delete(tx, home, string(key.ID)))
				})
			}
		})
	}
}

// Readers never see less than what was committed when they asked, while writers and the feed race.
func TestConcurrentChanges(t *testing.T) {
	db, all := store.NewMemory(), tables.New(seal.NewKey())
	update(t, db, func(tx store.Tx) error { return all.APIKeys.Insert(tx, home, apiKey(1)) })
	keys := NewAPIKeys(db, all, home)
	start(t, keys.Run)
	var committed atomic.Int64
	stop := make(chan struct{})
	var readers, noise sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				floor := committed.Load()
				k, ok, err := keys.Find(t.Context(), value(1))
				var got int64
				if _, scanErr := fmt.Sscanf(k.Name, "name%d", &got); scanErr != nil || !ok || err != nil {
					t.Errorf("Find: got %+v, %v, %v", k, ok, err)
					return
				}
				if floor > 0 && got < floor {
					t.Errorf("Find: got version %d after version %d was committed", got, floor)
					return
				}
			}
		})
	}
	noise.Go(func() { // changes of other kinds move the revision, too
		for i := range 500 {
			update(t, db, func(tx store.Tx) error {
				return all.Stages.Put(tx, home, apigw.Stage{API: "a", Name: apigw.StageName(fmt.Sprint(i))})
			})
		}
	})
	for i := int64(2); i < 500; i++ {
		update(t, db, func(tx store.Tx) error {
			return all.APIKeys.Update(tx, home, "k1", func(k *apigw.APIKey) error { k.Name = fmt.Sprint("name", i); return nil })
		})
		committed.Store(i)
	}
	noise.Wait()
	close(stop)
	readers.Wait()
}

// A store that fails makes an error, never "unknown", and the error is not remembered.
func TestStoreFailure(t *testing.T) {
	all := tables.New(seal.NewKey())
	db := &flaky{DB: store.NewMemory()}
	update(t, db, func(tx store.Tx) error { return all.APIKeys.Insert(tx, home, apiKey(1)) })
	keys := NewAPIKeys(db, all, home)
	if _, ok, err := keys.Find(t.Context(), value(1)); !ok || err != nil {
		t.Fatalf("Find: got %v, %v", ok, err)
	}
	down := errors.New("the disk is away")
	db.broken.Store(&down)
	for _, i := range []int{2, 3} {
		if _, ok, err := keys.Find(t.Context(), value(i)); ok || !errors.Is(err, down) || strings.Contains(err.Error(), value(i)) {
			t.Errorf("Find while the store fails: got %v, %v, want its error without the value", ok, err)
		}
	}
	if _, ok, err := keys.Find(t.Context(), value(1)); !ok || err != nil {
		t.Errorf("Find of what is cached and current while the store fails: got %v, %v", ok, err)
	}
	update(t, db, func(tx store.Tx) error {
		return all.APIKeys.Update(tx, home, "k1", func(k *apigw.APIKey) error { k.Enabled = false; return nil })
	})
	if k, ok, err := keys.Find(t.Context(), value(1)); !errors.Is(err, down) {
		t.Errorf("Find of what changed while the store fails: got %+v, %v, %v, want its error", k, ok, err)
	}
	db.broken.Store(nil)
	if _, ok, err := keys.Find(t.Context(), value(2)); ok || err != nil {
		t.Errorf("Find of an unknown key after the store is back: got %v, %v", ok, err)
	}
}

func TestSingleFlight(t *testing.T) {
	all := tables.New(seal.NewKey())
	db := &flaky{DB: store.NewMemory(), gate: make(chan struct{})}
	update(t, db, func(tx store.Tx) error { return all.APIKeys.Insert(tx, home, apiKey(1)) })
	keys := NewAPIKeys(db, all, home)
	var wg sync.WaitGroup
	var asked atomic.Int64
	find := func() {
		asked.Add(1)
		if _, ok, err := keys.Find(t.Context(), value(1)); !ok || err != nil {
			t.Errorf("Find: got %v, %v", ok, err)
		}
	}
	wg.Go(find)
	await(func() bool { return db.views.Load() == 1 }) // the first is inside the store and stays there
	for range 20 {
		wg.Go(find)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := keys.Find(ctx, value(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Find whose caller leaves: got %v", err)
	}
	db.gate <- struct{}{}
	wg.Wait()
	if got := db.views.Load(); got != 1 {
		t.Errorf("%d look-ups read the store %d times, want once", asked.Load(), got)
	}

	// A look-up that begins after an Update does not join a reading that began before it.
	keys = NewAPIKeys(db, all, home)
	wg.Go(func() { keys.Find(t.Context(), value(1)) })
	await(func() bool { return db.views.Load() == 2 })
	update(t, db, func(tx store.Tx) error {
		return all.APIKeys.Update(tx, home, "k1", func(k *apigw.APIKey) error { k.Enabled = false; return nil })
	})
	wg.Go(func() {
		if k, _, err := keys.Find(t.Context(), value(1)); k.Enabled || err != nil {
			t.Errorf("Find after an Update: got %+v, %v", k, err)
		}
	})
	close(db.gate)
	wg.Wait()
}

// A change that passes between a reading and its keeping must not leave the old record in the cache.
func TestChangeOvertakesReading(t *testing.T) {
	all := tables.New(seal.NewKey())
	db := &flaky{DB: store.NewMemory(), hold: make(chan struct{})}
	update(t, db, func(tx store.Tx) error { return all.APIKeys.Insert(tx, home, apiKey(1)) })
	keys := NewAPIKeys(db, all, home)
	start(t, keys.Run)
	var wg sync.WaitGroup
	wg.Go(func() { keys.Find(t.Context(), value(1)) })
	db.hold <- struct{}{} // it has read
	update(t, db, func(tx store.Tx) error {
		return all.APIKeys.Update(tx, home, "k1", func(k *apigw.APIKey) error { k.Enabled = false; return nil })
	})
	await(func() bool { return keys.records.seen.Load() == uint64(db.Rev()) })
	close(db.hold) // it keeps
	wg.Wait()
	if k, ok, err := keys.Find(t.Context(), value(1)); !ok || k.Enabled || err != nil {
		t.Errorf("Find after the change: got %+v, %v, %v, want a disabled key", k, ok, err)
	}
}

// A watcher that fell behind the kept feed forgets everything and goes on.
func TestTrimmedFeed(t *testing.T) {
	all := tables.New(seal.NewKey())
	db := &flaky{DB: store.NewMemory()}
	update(t, db, func(tx store.Tx) error { return all.APIKeys.Insert(tx, home, apiKey(1)) })
	keys := NewAPIKeys(db, all, home)
	for _, i := range []int{1, 2} {
		if _, ok, err := keys.Find(t.Context(), value(i)); ok != (i == 1) || err != nil {
			t.Fatalf("Find(%d): got %v, %v", i, ok, err)
		}
	}
	update(t, db, func(tx store.Tx) error {
		return errors.Join(all.APIKeys.Delete(tx, home, "k1"), all.APIKeys.Insert(tx, home, apiKey(2)))
	})
	db.trimmed.Store(true)
	start(t, keys.Run)
	await(func() bool { return keys.records.seen.Load() == uint64(db.Rev()) })
	for _, i := range []int{1, 2} {
		if k, ok, err := keys.Find(t.Context(), value(i)); ok != (i == 2) || err != nil {
			t.Errorf("Find(%d) afterwards: got %+v, %v, %v", i, k, ok, err)
		}
	}
	update(t, db, func(tx store.Tx) error { return all.APIKeys.Delete(tx, home, "k2") })
	await(func() bool { return keys.records.seen.Load() == uint64(db.Rev()) }) // it follows again
	if k, ok, err := keys.Find(t.Context(), value(2)); ok || err != nil {
		t.Errorf("Find of a key that was deleted later: got %+v, %v, %v", k, ok, err)
	}
}

// The caches stay within their sizes, and what they hold by name stays in step.
func TestBounded(t *testing.T) {
	db, all := store.NewMemory(), tables.New(seal.NewKey())
	const n = 1000
	update(t, db, func(tx store.Tx) error {
		for i := range n {
			if err := all.APIKeys.Insert(tx, home, apiKey(i)); err != nil {
				return err
			}
		}
		return nil
	})
	keys := NewAPIKeys(db, all, home)
	r := keys.records
	r.found, r.absent = newCache[seal.Digest, Key](64), newCache[seal.Digest, Key](64)
	for i := range 2 * n {
		if _, ok, err := keys.Find(t.Context(), value(i)); ok != (i < n) || err != nil {
			t.Fatalf("Find(%d): got %v, %v", i, ok, err)
		}
	}
	if r.found.size > 64 || r.absent.size > 64 || r.found.size < 32 || r.absent.size < 32 || len(r.names) != r.found.size {
		t.Errorf("after %d look-ups: %d found, %d absent, %d names, want 32 to 64 each", 2*n, r.found.size, r.absent.size, len(r.names))
	}
	start(t, keys.Run)
	update(t, db, func(tx store.Tx) error {
		for i := range n {
			if err := all.APIKeys.Delete(tx, home, string(apiKey(i).ID)); err != nil {
				return err
			}
		}
		return nil
	})
	await(func() bool { return r.seen.Load() == uint64(db.Rev()) })
	if r.found.size != 0 || r.absent.size != 0 || len(r.names) != 0 {
		t.Errorf("after all were deleted: %d found, %d absent, %d names", r.found.size, r.absent.size, len(r.names))
	}
}

// Who can write to the database cannot make one key's value open another key.
func TestForgedIndexEntry(t *testing.T) {
	db, all := store.NewMemory(), tables.New(seal.NewKey())
	update(t, db, func(tx store.Tx) error {
		if err := all.APIKeys.Insert(tx, home, apiKey(1)); err != nil {
			return err
		}
		doc, err := tx.Get(all.APIKeys.Kind(), home, "k1")
		if err != nil {
			return err
		}
		return tx.Put(all.APIKeys.Kind(), home, "k1", doc.Body, []store.Ref{{Name: tables.ByLookup, Value: all.Lookup(value(2)), Unique: true}}, false, true)
	})
	if k, ok, err := NewAPIKeys(db, all, home).Find(t.Context(), value(2)); ok || err == nil {
		t.Errorf("Find by a forged index entry: got %+v, %v, %v, want an error", k, ok, err)
	}
}

func TestRunEndsWithTheStore(t *testing.T) {
	db, all := store.NewMemory(), tables.New(seal.NewKey())
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	keys := NewAPIKeys(db, all, home)
	if err := keys.Run(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Run on a closed store: got %v, want ErrClosed", err)
	}
	if _, ok, err := keys.Find(t.Context(), value(1)); ok || !errors.Is(err, store.ErrClosed) {
		t.Errorf("Find on a closed store: got %v, %v, want ErrClosed", ok, err)
	}
}
