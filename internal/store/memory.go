package store

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Memory is the backend without a disk: for tests and for --ephemeral. Every committed state is an
// immutable tree, so that a View costs nothing and waits for nobody.
type Memory struct {
	write sync.Mutex
	seed  maphash.Seed
	state atomic.Pointer[state]
	keeps int // changes for watchers; FeedKeeps but in tests
}

// state is one committed state.
type state struct {
	rev    Rev
	docs   *node[entry]
	refs   *node[refEntry]
	feed   []Change // consecutive revisions, the last one is rev; shared between states, only appended to
	closed bool
	over   chan struct{} // closed when a newer state replaces this one
}

type entry struct {
	doc  Doc
	refs []Ref
}

type refEntry struct {
	id     string
	unique bool
}

// NewMemory returns an empty database.
func NewMemory() *Memory {
	m := &Memory{seed: maphash.MakeSeed(), keeps: FeedKeeps}
	m.state.Store(&state{over: make(chan struct{})})
	return m
}

var _ DB = (*Memory)(nil)

// View implements DB.
func (m *Memory) View(ctx context.Context, fn func(Tx) error) error {
	s := m.state.Load()
	if s.closed {
		return ErrClosed
	}
	tx := &memoryTx{ctx: ctx, seed: m.seed, state: *s}
	defer tx.end()
	return fn(tx)
}

// Update implements DB.
func (m *Memory) Update(ctx context.Context, fn func(Tx) error) (Rev, error) {
	m.write.Lock()
	defer m.write.Unlock()
	old := m.state.Load()
	if old.closed {
		return 0, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	tx := &memoryTx{ctx: ctx, seed: m.seed, state: *old, writes: true}
	defer tx.end()
	if err := fn(tx); err != nil {
		return 0, err
	}
	next := tx.state
	if len(next.feed) > 2*m.keeps {
		next.feed = append([]Change(nil), next.feed[len(next.feed)-m.keeps:]...)
	}
	m.replace(old, &next)
	return next.rev, nil
}

func (m *Memory) replace(old, next *state) {
	next.over = make(chan struct{})
	m.state.Store(next)
	close(old.over)
}

// Watch implements DB.
func (m *Memory) Watch(ctx context.Context, after Rev) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for {
			s := m.state.Load()
			if s.closed {
				yield(Change{}, ErrClosed)
				return
			}
			if after > s.rev {
				yield(Change{}, fmt.Errorf("revision %d was never written, the last one is %d", after, s.rev))
				return
			}
			missing := s.rev - after
			if missing > Rev(len(s.feed)) {
				yield(Change{}, ErrTrimmed)
				return
			}
			for _, c := range s.feed[len(s.feed)-int(missing):] {
				if ctx.Err() != nil || !yield(c, nil) {
					return
				}
				after = c.Rev
			}
			select {
			case <-s.over:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Rev implements DB.
func (m *Memory) Rev() Rev { return m.state.Load().rev }

// Close implements DB.
func (m *Memory) Close() error {
	m.write.Lock()
	defer m.write.Unlock()
	if old := m.state.Load(); !old.closed {
		m.replace(old, &state{rev: old.rev, closed: true})
	}
	return nil
}

// memoryTx works on its own copy of a state's head; the trees below it are never changed in place.
type memoryTx struct {
	ctx    context.Context
	seed   maphash.Seed
	state  state
	writes bool
	ended  bool
}

func (tx *memoryTx) end() { tx.ended = true }

func (tx *memoryTx) ready(write bool) error {
	switch {
	case tx.ended:
		return ErrEnded
	case write && !tx.writes:
		return ErrReadOnly
	}
	return tx.ctx.Err()
}

func (tx *memoryTx) Get(kind string, scope Scope, id string) (Doc, error) {
	if err := tx.ready(false); err != nil {
		return Doc{}, err
	}
	e, ok := tx.state.docs.get(head(kind, string(scope)) + id)
	if !ok {
		return Doc{}, ErrNotFound
	}
	return e.doc, nil
}

func (tx *memoryTx) Put(kind string, scope Scope, id string, body []byte, refs []Ref, mustNotExist, watched bool) error {
	if err := tx.ready(true); err != nil {
		return err
	}
	key := head(kind, string(scope)) + id
	old, exists := tx.state.docs.get(key)
	if exists && mustNotExist {
		return ErrExists
	}
	for _, r := range refs {
		if !r.Unique {
			continue
		}
		for _, held := range tx.state.refs.within(refHead(kind, scope, r.Name, r.Value), "") {
			if held.unique && held.id != id {
				return fmt.Errorf("%s: %w", r.Name, ErrExists)
			}
		}
	}
	for _, r := range old.refs {
		tx.state.refs = tx.state.refs.remove(refHead(kind, scope, r.Name, r.Value) + id)
	}
	for _, r := range refs {
		k := refHead(kind, scope, r.Name, r.Value) + id
		tx.state.refs = tx.state.refs.put(k, tx.rank(k), refEntry{id, r.Unique})
	}
	doc := Doc{ID: id, Rev: tx.note(kind, scope, id, watched), Body: append([]byte(nil), body...)}
	tx.state.docs = tx.state.docs.put(key, tx.rank(key), entry{doc, append([]Ref(nil), refs...)})
	return nil
}

func (tx *memoryTx) Delete(kind string, scope Scope, id string, watched bool) error {
	if err := tx.ready(true); err != nil {
		return err
	}
	key := head(kind, string(scope)) + id
	old, exists := tx.state.docs.get(key)
	if !exists {
		return ErrNotFound
	}
	for _, r := range old.refs {
		tx.state.refs = tx.state.refs.remove(refHead(kind, scope, r.Name, r.Value) + id)
	}
	tx.state.docs = tx.state.docs.remove(key)
	tx.note(kind, scope, id, watched)
	return nil
}

func (tx *memoryTx) List(kind string, scope Scope, prefix, after string) iter.Seq2[Doc, error] {
	return func(yield func(Doc, error) bool) {
		if err := tx.ready(false); err != nil {
			yield(Doc{}, err)
			return
		}
		base := head(kind, string(scope))
		for _, e := range tx.state.docs.within(base+prefix, base+after) {
			if e.doc.ID <= after {
				continue
			}
			if err := tx.ready(false); err != nil {
				yield(Doc{}, err)
				return
			}
			if !yield(e.doc, nil) {
				return
			}
		}
	}
}

func (tx *memoryTx) By(kind string, scope Scope, name, value string) iter.Seq2[Doc, error] {
	return func(yield func(Doc, error) bool) {
		if err := tx.ready(false); err != nil {
			yield(Doc{}, err)
			return
		}
		for _, r := range tx.state.refs.within(refHead(kind, scope, name, value), "") {
			doc, err := tx.Get(kind, scope, r.id)
			if err == ErrNotFound {
				continue // deleted while iterating
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// note appends a watched change to the feed and returns its revision.
func (tx *memoryTx) note(kind string, scope Scope, id string, watched bool) Rev {
	if !watched {
		return 0
	}
	tx.state.rev++
	tx.state.feed = append(tx.state.feed, Change{tx.state.rev, kind, scope, id})
	return tx.state.rev
}

func (tx *memoryTx) rank(key string) uint64 { return maphash.String(tx.seed, key) }

// head begins a key of a tree: each part after its length, so that parts cannot run into each other.
func head(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strconv.Itoa(len(p)))
		b.WriteByte(':')
		b.WriteString(p)
	}
	return b.String()
}

func refHead(kind string, scope Scope, name, value string) string {
	return head(kind, string(scope), name, value)
}
