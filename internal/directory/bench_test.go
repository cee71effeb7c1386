package directory

import (
	"testing"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// BenchmarkFind shows that a look-up costs the same whatever the number of keys.
func BenchmarkFind(b *testing.B) {
	for _, size := range []struct {
		name string
		keys int
	}{{"100", 100}, {"1M", 1_000_000}} {
		db, all := store.NewMemory(), tables.New(seal.NewKey())
		update(b, db, func(tx store.Tx) error {
			for i := range size.keys {
				if err := all.APIKeys.Insert(tx, home, apiKey(i)); err != nil {
					return err
				}
			}
			return nil
		})
		keys := NewAPIKeys(db, all, home)
		values := make([]string, 100)
		for i := range values {
			values[i] = value(i)
		}
		b.Run("hit/"+size.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, ok, err := keys.Find(b.Context(), values[i%len(values)]); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
		b.Run("unknown/"+size.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := keys.Find(b.Context(), "an unknown value of a key"); ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
		b.Run("pull/"+size.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				keys.records.forget(0, string(apiKey(i%size.keys).ID), false)
				if _, ok, err := keys.Find(b.Context(), value(i%size.keys)); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
