package store

import (
	"iter"
	"strings"
)

// node is a persistent treap: a search tree by key that is a heap by rank. Ranks are hashes of the keys, so
// the tree is balanced whatever the order of insertion. Nothing is changed in place: put and remove copy
// the path to the root and share the rest. A nil node is the empty tree.
type node[V any] struct {
	key         string
	rank        uint64
	value       V
	left, right *node[V]
}

func (n *node[V]) get(key string) (V, bool) {
	for n != nil && n.key != key {
		if key < n.key {
			n = n.left
		} else {
			n = n.right
		}
	}
	if n == nil {
		var none V
		return none, false
	}
	return n.value, true
}

func (n *node[V]) put(key string, rank uint64, value V) *node[V] {
	if n == nil {
		return &node[V]{key: key, rank: rank, value: value}
	}
	c := *n
	switch {
	case key == n.key:
		c.value = value
	case key < n.key:
		c.left = n.left.put(key, rank, value)
		if l := c.left; l.rank > c.rank { // l is a fresh copy: rotate it up
			c.left, l.right = l.right, &c
			return l
		}
	default:
		c.right = n.right.put(key, rank, value)
		if r := c.right; r.rank > c.rank {
			c.right, r.left = r.left, &c
			return r
		}
	}
	return &c
}

func (n *node[V]) remove(key string) *node[V] {
	if n == nil {
		return nil
	}
	if key == n.key {
		return join(n.left, n.right)
	}
	c := *n
	if key < n.key {
		c.left = n.left.remove(key)
	} else {
		c.right = n.right.remove(key)
	}
	return &c
}

// join merges two trees, all keys of l being smaller than those of r.
func join[V any](l, r *node[V]) *node[V] {
	switch {
	case l == nil:
		return r
	case r == nil:
		return l
	case l.rank > r.rank:
		c := *l
		c.right = join(l.right, r)
		return &c
	default:
		c := *r
		c.left = join(l, r.left)
		return &c
	}
}

// within yields the keys that begin with prefix, from start on, ascending.
func (n *node[V]) within(prefix, start string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		n.ascend(max(prefix, start), func(key string, value V) bool {
			return strings.HasPrefix(key, prefix) && yield(key, value)
		})
	}
}

func (n *node[V]) ascend(start string, yield func(string, V) bool) bool {
	if n == nil {
		return true
	}
	if start <= n.key {
		if !n.left.ascend(start, yield) || !yield(n.key, n.value) {
			return false
		}
	}
	return n.right.ascend(start, yield)
}
