package sqlite

import (
	"path/filepath"
	"testing"

	"gatehouse/internal/store"
	"gatehouse/internal/store/storetest"
)

func openTest(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.DB { return openTest(t, filepath.Join(t.TempDir(), "a b?c#d%41.db")) })
}
