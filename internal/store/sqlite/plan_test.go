package sqlite

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/store"
)

// Every statement of a transaction finds its rows by an index: the cost of a request may not grow with
// the database.
func TestStatementsUseIndexes(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "db"))
	ref := []store.Ref{{Name: "u", Value: "x", Unique: true}}
	update(t, db, func(tx store.Tx) error {
		if err := tx.Put("k", home, "a", nil, ref, true, true); err != nil {
			return err
		}
		if err := tx.Put("k", home, "a", nil, nil, false, true); err != nil {
			return err
		}
		for _, err := range tx.List("k", home, "a", "") {
			if err != nil {
				return err
			}
		}
		for _, err := range tx.By("k", home, "u", "x") {
			if err != nil {
				return err
			}
		}
		_, err := tx.Get("k", home, "a")
		return err
	})
	update(t, db, func(tx store.Tx) error { return tx.Delete("k", home, "a", true) })
	for range db.Watch(t.Context(), 0) {
		break
	}
	reader := db.takeReader()
	defer db.giveReader(reader)
	checked := 0
	for _, c := range []*conn{db.writer, reader} {
		for text := range c.statements {
			switch verb, _, _ := strings.Cut(strings.TrimSpace(text), " "); verb {
			case "SELECT", "INSERT", "DELETE":
			default:
				continue
			}
			if strings.Contains(text, "sqlite_schema") {
				continue // asked once, of a new file
			}
			rows, err := db.pool.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			for rows.Next() {
				var id, parent, unused sql.NullInt64
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(detail, "SCAN") || strings.Contains(detail, "TEMP B-TREE") {
					t.Errorf("%s\n\t%s", text, detail)
				}
			}
			rows.Close()
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("only %d statements were checked", checked)
	}
}
