package directory

import "sync/atomic"

// ways is how many entries share a set. Keys spread evenly, so that a set of eight is hardly ever full
// long before its cache is.
const ways = 8

// cache is a bounded hash table with lock-free reading: each key has one set of slots, an entry in a slot
// never changes, a full set gives up an entry that was not used lately. Writers take turns (records.mu).
type cache[K comparable, V any] struct {
	slots []atomic.Pointer[entry[K, V]]
	mask  uint64
	hand  uint64
	size  int
}

type entry[K comparable, V any] struct {
	key   K
	value V
	used  atomic.Bool
}

// newCache makes a cache for at least ways entries, the size rounded up to a power of two.
func newCache[K comparable, V any](size int) *cache[K, V] {
	sets := 1
	for sets*ways < size {
		sets *= 2
	}
	return &cache[K, V]{slots: make([]atomic.Pointer[entry[K, V]], sets*ways), mask: uint64(sets - 1)}
}

func (c *cache[K, V]) set(h uint64) []atomic.Pointer[entry[K, V]] {
	first := (h & c.mask) * ways
	return c.slots[first : first+ways : first+ways]
}

// get returns the entry of a key, or nil.
func (c *cache[K, V]) get(h uint64, k K) *entry[K, V] {
	set := c.set(h)
	for i := range set {
		if e := set[i].Load(); e != nil && e.key == k {
			if !e.used.Load() { // not written again and again: the line would travel between processors
				e.used.Store(true)
			}
			return e
		}
	}
	return nil
}

// put adds an entry and returns the one that had to go for it, or nil: the one with the same key, else
// one that was not used lately when the set is full.
func (c *cache[K, V]) put(h uint64, e *entry[K, V]) *entry[K, V] {
	set := c.set(h)
	free := -1
	for i := range set {
		switch old := set[i].Load(); {
		case old == nil:
			free = i
		case old.key == e.key:
			set[i].Store(e)
			return old
		}
	}
	if free >= 0 {
		set[free].Store(e)
		c.size++
		return nil
	}
	for {
		c.hand++
		slot := &set[c.hand%ways]
		victim := slot.Load()
		if victim.used.CompareAndSwap(true, false) {
			continue // a second chance
		}
		slot.Store(e)
		return victim
	}
}

// remove takes the entry of a key out and returns it, or nil.
func (c *cache[K, V]) remove(h uint64, k K) *entry[K, V] {
	set := c.set(h)
	for i := range set {
		if e := set[i].Load(); e != nil && e.key == k {
			set[i].Store(nil)
			c.size--
			return e
		}
	}
	return nil
}

func (c *cache[K, V]) clear() {
	if c.size == 0 {
		return
	}
	for i := range c.slots {
		c.slots[i].Store(nil)
	}
	c.size = 0
}
