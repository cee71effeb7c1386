package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/internal/store"
)

// fill makes a database of n documents, as a small installation has.
func fill(b *testing.B, n int) (path string, db *DB) {
	path = filepath.Join(b.TempDir(), "db")
	db = openTest(b, path)
	update(b, db, func(tx store.Tx) error {
		for i := range n {
			if err := put(fmt.Sprintf("%06d", i), strings.Repeat("x", 400))(tx); err != nil {
				return err
			}
		}
		return nil
	})
	return path, db
}

func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{0, 500, 10_000} {
		b.Run(fmt.Sprint(n, "docs"), func(b *testing.B) {
			path, db := fill(b, n)
			db.Close()
			for b.Loop() {
				db := openTest(b, path)
				b.StopTimer()
				db.Close()
				b.StartTimer()
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	_, db := fill(b, 10_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		get(b, db, fmt.Sprintf("%06d", i*7919%10_000))
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, parallel := range []int{1, 16} {
		b.Run(fmt.Sprint(parallel), func(b *testing.B) {
			_, db := fill(b, 1000)
			var n atomic.Int64
			b.SetParallelism(max(1, parallel/2))
			work := func() { update(b, db, put(fmt.Sprint("new", n.Add(1)), strings.Repeat("x", 400))) }
			if parallel == 1 {
				for b.Loop() {
					work()
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					work()
				}
			})
		})
	}
}
