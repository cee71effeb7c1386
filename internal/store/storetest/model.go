package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
)

// model is the contract as a program: slow, obvious, and compared with the backend step by step.
type model map[string]modelDoc

type modelDoc struct {
	body string
	refs []store.Ref
}

func (m model) put(id, body string, refs []store.Ref, mustNotExist bool) error {
	if _, taken := m[id]; taken && mustNotExist {
		return store.ErrExists
	}
	for other, doc := range m {
		for _, r := range refs {
			if other != id && r.Unique && slices.Contains(doc.refs, r) {
				return store.ErrExists
			}
		}
	}
	m[id] = modelDoc{body, refs}
	return nil
}

func (m model) list(prefix, after string) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(id, prefix) && id > after {
			ids = append(ids, id)
		}
	}
	return ids
}

func (m model) by(name, value string) (ids []string) {
	for _, id := range m.list("", "") {
		if slices.ContainsFunc(m[id].refs, func(r store.Ref) bool { return r.Name == name && r.Value == value }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// againstModel runs random transactions, a third of which fail at their end.
func againstModel(t *testing.T, db store.DB) {
	rnd := rand.New(rand.NewPCG(3, 14))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	id := func() string { return pick("", "a/", "a/b/", "é/") + pick("1", "2", "10", "x", "\x7f", "日") }
	committed, stop := model{}, errors.New("stop")
	for round := range 150 {
		var next model
		fails := rnd.IntN(3) == 0
		_, err := db.Update(t.Context(), func(tx store.Tx) error {
			next = maps.Clone(committed)
			for range rnd.IntN(12) {
				if err := againstModelStep(tx, next, rnd.IntN(5), id, pick); err != nil {
					return err
				}
			}
			if fails {
				return stop
			}
			return nil
		})
		switch {
		case fails && errors.Is(err, stop):
		case !fails && err == nil:
			committed = next
		default:
			t.Fatalf("round %d: %v", round, err)
		}
		view(t, db, func(tx store.Tx) error { return sameAsModel(tx, committed) })
	}
}

func againstModelStep(tx store.Tx, m model, verb int, id func() string, pick func(...string) string) error {
	i := id()
	switch verb {
	case 0:
		want := error(store.ErrNotFound)
		if _, there := m[i]; there {
			want = nil
		}
		delete(m, i)
		if err := tx.Delete("k", home, i, true); !errors.Is(err, want) {
			return fmt.Errorf("Delete(%q): got %v, want %v", i, err, want)
		}
	default:
		body, mustNotExist := pick("1", "2", "3"), verb == 1
		var refs []store.Ref
		for _, r := range []store.Ref{single("u", pick("1", "2", "3", "4", "")), entry("i", pick("1", "2")), entry("i", "3"), single("v", i)} {
			if pick("y", "n") == "y" {
				refs = append(refs, r)
			}
		}
		want := m.put(i, body, refs, mustNotExist)
		if err := tx.Put("k", home, i, []byte(body), refs, mustNotExist, true); !errors.Is(err, want) {
			return fmt.Errorf("Put(%q, %v, %v): got %v, want %v", i, refs, mustNotExist, err, want)
		}
	}
	return sameAsModel(tx, m)
}

func sameAsModel(tx store.Tx, m model) error {
	var errs []error
	same := func(what string, got, want []string, err error) {
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			errs = append(errs, fmt.Errorf("%s: %v (-want +got):\n%s", what, err, diff))
		}
	}
	for _, at := range [][2]string{{"", ""}, {"a/", ""}, {"a/", "a/10"}, {"", "a/b/1"}, {"é", "b"}} {
		got, err := list(tx, at[0], at[1])
		same(fmt.Sprintf("List%q", at), got, m.list(at[0], at[1]), err)
	}
	for _, at := range [][2]string{{"u", "1"}, {"u", ""}, {"i", "2"}, {"i", "3"}, {"v", "a/1"}} {
		got, err := by(tx, home, at[0], at[1])
		same(fmt.Sprintf("By%q", at), got, m.by(at[0], at[1]), err)
	}
	for id, want := range m {
		doc, err := tx.Get("k", home, id)
		same("Get "+id, []string{string(doc.Body)}, []string{want.body}, err)
	}
	return errors.Join(errs...)
}
