package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

type pet struct {
	Shop, Name string
	Chip       string
	Colours    []string
	Empty      []string
	Limit      *int32
	Wait       time.Duration
	Born       time.Time
	Token      seal.Secret
	Env        map[string]seal.Secret
	Old        []seal.Secret
}

func petTable(key *seal.Key) *store.Table[pet] {
	return store.NewTable(store.Spec[pet]{
		Kind:    "pet",
		ID:      func(p *pet) string { return p.Shop + "/" + p.Name },
		Watched: true,
		Unique:  map[string]func(*pet) []string{"chip": func(p *pet) []string { return []string{p.Chip} }},
		Index:   map[string]func(*pet) []string{"colour": func(p *pet) []string { return p.Colours }},
		Key:     key,
	})
}

const home store.Scope = "123456789012/us-east-1"

func TestTableRoundTrip(t *testing.T) {
	pets, db := petTable(seal.NewKey()), store.NewMemory()
	limit := int32(0)
	want := pet{
		Shop: "a", Name: "rex", Chip: "1", Colours: []string{"brown", "white"}, Empty: []string{}, Limit: &limit,
		Wait: 29 * time.Second, Born: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Token: seal.Hide("canary-token"),
		Env: map[string]seal.Secret{"A": seal.Hide("canary-a"), "B": {}}, Old: []seal.Secret{seal.Hide("canary-1"), seal.Hide("canary-2")},
	}
	update(t, db, func(tx store.Tx) error { return pets.Insert(tx, home, want) })
	err := db.View(t.Context(), func(tx store.Tx) error {
		got, err := pets.Get(tx, home, "a/rex")
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Get (-want +got):\n%s", diff)
		}
		doc, err := tx.Get("pet", home, "a/rex")
		if strings.Contains(string(doc.Body), "canary") {
			t.Errorf("the row shows a secret: %s", doc.Body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func update(t *testing.T, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if _, err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestTableWithoutKeyRefusesSecrets(t *testing.T) {
	pets, db := petTable(nil), store.NewMemory()
	_, err := db.Update(t.Context(), func(tx store.Tx) error { return pets.Put(tx, home, pet{Name: "x", Token: seal.Hide("canary")}) })
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Fatalf("Put of a secret without a key: got %v, want an error that does not show it", err)
	}
}

func TestTableUpdate(t *testing.T) {
	pets, db := petTable(seal.NewKey()), store.NewMemory()
	update(t, db, func(tx store.Tx) error { return pets.Put(tx, home, pet{Shop: "a", Name: "rex", Chip: "1"}) })
	stop := errors.New("stop")
	for _, test := range []struct {
		name string
		id   string
		fn   func(*pet) error
		want error
	}{
		{"missing", "a/none", func(*pet) error { return nil }, store.ErrNotFound},
		{"refused by fn", "a/rex", func(*pet) error { return stop }, stop},
		{"change", "a/rex", func(p *pet) error { p.Chip = "2"; return nil }, nil},
	} {
		_, err := db.Update(t.Context(), func(tx store.Tx) error { return pets.Update(tx, home, test.id, test.fn) })
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := db.Update(t.Context(), func(tx store.Tx) error {
		return pets.Update(tx, home, "a/rex", func(p *pet) error { p.Name = "other"; return nil })
	}); err == nil {
		t.Error("Update that changes the id: got no error")
	}
	err := db.View(t.Context(), func(tx store.Tx) error {
		if got, err := pets.One(tx, home, "chip", "2"); err != nil || got.Name != "rex" {
			t.Errorf("One of the new value: got %v, %v", got.Name, err)
		}
		if _, err := pets.One(tx, home, "chip", "1"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("One of the old value: got %v, want ErrNotFound", err)
		}
		if _, err := pets.One(tx, home, "colour", "1"); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("One of an index that is not unique: got %v, want another error", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
