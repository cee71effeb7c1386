package iam

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"gatehouse/internal/store"
)

// Sizes of pages [docs].
const (
	defaultItems = 100
	maxItems     = 1000
)

// paging is which page of a listing is wanted. list names the listing with all its filters: a marker is bound
// to it and to the account, so that it cannot be carried elsewhere.
type paging struct {
	marker *string
	items  *int32
	list   string
}

func (p paging) of(list string, filters ...string) paging {
	for _, f := range filters {
		list += fmt.Sprintf(" %q", f)
	}
	p.list = list
	return p
}

// page cuts one page out of rows that come by ascending key. Markers are sealed with the master key, so that
// the next page may be asked of another node.
func page[T, O any](s *Service, p paging, rows func(after string) iter.Seq2[T, error], key func(*T) string, keep func(*T) bool, show func(*T) O) (out []O, more *bool, next *string, err error) {
	position := ""
	bound := string(s.scope) + " " + p.list
	if p.marker != nil {
		if position, err = s.markers.Open(*p.marker, bound); err != nil {
			return nil, nil, nil, invalid("Invalid Marker.")
		}
	}
	n := defaultItems
	if p.items != nil && *p.items > 0 {
		n = min(int(*p.items), maxItems)
	}
	out, last := []O{}, ""
	for v, err := range rows(position) {
		if err != nil {
			return nil, nil, nil, err
		}
		if !keep(&v) {
			continue
		}
		if len(out) == n {
			marker := s.markers.Seal(last, bound)
			return out, new(true), &marker, nil
		}
		out, last = append(out, show(&v)), key(&v)
	}
	return out, new(false), nil, nil
}

// after makes rows of a list in memory.
func after[T any](list []T, key func(*T) string) func(string) iter.Seq2[T, error] {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return strings.Compare(key(&a), key(&b)) })
	return func(after string) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for _, v := range list {
				if (after == "" || key(&v) > after) && !yield(v, nil) {
					return
				}
			}
		}
	}
}

func same(s *string) string      { return *s }
func identical(s *string) string { return *s }

// every keeps every row.
func every[T any](*T) bool { return true }

// stored makes rows of a whole table.
func stored[T any](tx store.Tx, scope store.Scope, t *store.Table[T]) func(string) iter.Seq2[T, error] {
	return func(after string) iter.Seq2[T, error] { return t.List(tx, scope, "", after) }
}
