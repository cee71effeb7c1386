// Package directory finds records that are too many for the snapshot: API keys by their value, callers with
// all their policies by their credentials. Each kind has a bounded read-through cache in front of the store.
//
// It owns the caches and the rule when they may answer: never with less than what an Update of this process
// had committed when the look-up began, and never with a guess when the store fails. It does not know what
// a record permits (gateway/check, sigv4).
//
// How staleness is excluded: every look-up compares the store's revision with the one up to which the
// cache has followed the change feed. Behind by one, and the store is asked instead. So a cache that
// nobody feeds is slow, not wrong.
package directory

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"gatehouse/internal/store"
)

const (
	// loadTimeout bounds one reading of the store, whoever waits for it.
	loadTimeout = 3 * time.Second
	// maxLoads bounds how many readings run at once: a flood of unknown keys must not open a flood of
	// transactions.
	maxLoads = 8
	// retryAfter is how long Run waits when the feed failed.
	retryAfter = time.Second
)

// source says what a directory holds.
type source[K comparable, V any] struct {
	hash func(K) uint64
	// text names a key for single flight.
	text func(K) string
	// load reads one record; false when there is none.
	load func(store.Tx, K) (V, bool, error)
	// name is the stored id of a record, by which changes refer to it.
	name func(*V) string
	// shares are further names that changes refer to the record by, and that other records have too: what
	// it was put together from. Nil for records of one row.
	shares func(*V) []string
	// concerns tells which record a change is about, and whether that record may have been unknown
	// before. ok is false for changes that do not matter here.
	concerns func(store.Change) (name string, fresh, ok bool)
}

// records is one directory.
type records[K comparable, V any] struct {
	db     store.DB
	source source[K, V]
	found  *cache[K, V]
	absent *cache[K, V]
	seen   atomic.Uint64 // the revision up to which the feed has been followed
	flight singleflight.Group
	slots  chan struct{}

	mu      sync.Mutex   // held for every change of the caches and the three below
	touched store.Rev    // of the last change that concerned this directory
	names   map[string]K // what found holds, by stored id
	sharers map[string]map[K]struct{}
}

func newRecords[K comparable, V any](db store.DB, s source[K, V], found, absent int) *records[K, V] {
	r := &records[K, V]{
		db: db, source: s, found: newCache[K, V](found), absent: newCache[K, V](absent),
		slots: make(chan struct{}, maxLoads), names: map[string]K{}, sharers: map[string]map[K]struct{}{},
	}
	r.seen.Store(uint64(db.Rev()))
	return r
}

// find returns a record. The path of a hit takes no lock and allocates nothing.
func (r *records[K, V]) find(ctx context.Context, k K) (*V, error) {
	v, known, now := r.peek(k)
	if known {
		return v, nil
	}
	return r.pull(ctx, k, now)
}

// peek returns what the caches know of a record, and the revision at which they were asked.
func (r *records[K, V]) peek(k K) (v *V, known bool, now store.Rev) {
	now = r.db.Rev()
	if store.Rev(r.seen.Load()) >= now {
		h := r.source.hash(k)
		if e := r.found.get(h, k); e != nil {
			return &e.value, true, now
		}
		if e := r.absent.get(h, k); e != nil {
			return nil, true, now
		}
	}
	return nil, false, now
}

// pull asks the store, once for all who ask for the same key at the same revision: those who come after
// an Update must not be given what was read before it.
func (r *records[K, V]) pull(ctx context.Context, k K, now store.Rev) (*V, error) {
	flight := strconv.FormatUint(uint64(now), 10) + " " + r.source.text(k)
	result := r.flight.DoChan(flight, func() (any, error) {
		// The reading is not the first caller's alone and does not end with it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return r.load(ctx, k, now)
	})
	select {
	case res := <-result:
		if res.Err != nil {
			return nil, res.Err
		}
		return res.Val.(*V), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// load reads a record in a snapshot that holds at least the changes up to now, and keeps it.
func (r *records[K, V]) load(ctx context.Context, k K, now store.Rev) (*V, error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var value V
	var ok bool
	err := r.db.View(ctx, func(tx store.Tx) (err error) {
		value, ok, err = r.source.load(tx, k)
		return err
	})
	if err != nil {
		return nil, err
	}
	e := &entry[K, V]{key: k, value: value}
	r.keep(e, ok, now)
	if !ok {
		return nil, nil
	}
	return &e.value, nil
}

// keep puts what was read into the cache, unless a change has passed that the reading may not have seen:
// its eviction would have come too early.
func (r *records[K, V]) keep(e *entry[K, V], ok bool, now store.Rev) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.touched > now {
		return
	}
	h := r.source.hash(e.key)
	if !ok {
		r.absent.put(h, e)
		return
	}
	if old := r.found.put(h, e); old != nil {
		r.unname(old)
	}
	r.names[r.source.name(&e.value)] = e.key
	for _, s := range r.shares(e) {
		if r.sharers[s] == nil {
			r.sharers[s] = map[K]struct{}{}
		}
		r.sharers[s][e.key] = struct{}{}
	}
}

// unname forgets by which names an entry was to be found that is no longer in the cache.
func (r *records[K, V]) unname(e *entry[K, V]) {
	delete(r.names, r.source.name(&e.value))
	for _, s := range r.shares(e) {
		delete(r.sharers[s], e.key)
		if len(r.sharers[s]) == 0 {
			delete(r.sharers, s)
		}
	}
}

func (r *records[K, V]) shares(e *entry[K, V]) []string {
	if r.source.shares == nil {
		return nil
	}
	return r.source.shares(&e.value)
}

// run follows the change feed until ctx ends or the store is closed.
func (r *records[K, V]) run(ctx context.Context) error {
	for {
		err := r.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, store.ErrClosed):
			return err
		case errors.Is(err, store.ErrTrimmed):
			r.forgetAll()
			continue
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *records[K, V]) follow(ctx context.Context) error {
	for c, err := range r.db.Watch(ctx, store.Rev(r.seen.Load())) {
		if err != nil {
			return err
		}
		if name, fresh, ok := r.source.concerns(c); ok {
			r.forget(c.Rev, name, fresh)
		}
		r.seen.Store(uint64(c.Rev))
	}
	return nil
}

func (r *records[K, V]) forget(rev store.Rev, name string, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = rev
	if k, ok := r.names[name]; ok {
		r.drop(k)
	}
	for k := range maps.Clone(r.sharers[name]) {
		r.drop(k)
	}
	if fresh {
		r.absent.clear() // a record is known by its id here, not by the key that was not found
	}
}

func (r *records[K, V]) drop(k K) {
	if e := r.found.remove(r.source.hash(k), k); e != nil {
		r.unname(e)
	}
}

func (r *records[K, V]) forgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = r.db.Rev()
	r.found.clear()
	r.absent.clear()
	clear(r.names)
	clear(r.sharers)
	r.seen.Store(uint64(r.touched))
}
