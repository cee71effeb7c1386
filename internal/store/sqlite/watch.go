package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"gatehouse/internal/store"
)

// watchPage is how many changes a watcher reads at a time.
const watchPage = 256

// Watch implements store.DB.
func (db *DB) Watch(ctx context.Context, after store.Rev) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		for {
			news, open := db.news()
			if !open {
				yield(store.Change{}, store.ErrClosed)
				return
			}
			for upTo := db.Rev(); after != upTo; {
				changes, err := db.changes(ctx, after, upTo)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					yield(store.Change{}, err)
					return
				}
				for _, c := range changes {
					if ctx.Err() != nil || !yield(c, nil) {
						return
					}
					after = c.Rev
				}
			}
			select {
			case <-news:
			case <-ctx.Done():
				return
			}
		}
	}
}

// changes reads the next changes after a revision, at least one.
func (db *DB) changes(ctx context.Context, after, upTo store.Rev) ([]store.Change, error) {
	if after > upTo {
		return nil, fmt.Errorf("revision %d was never written, the last one is %d", after, upTo)
	}
	var changes []store.Change
	err := db.read(ctx, func(c *conn) error {
		return c.all("SELECT rev, kind, scope, id FROM change WHERE rev>? AND rev<=? ORDER BY rev LIMIT ?",
			[]any{int64(after), int64(upTo), watchPage}, func(rows *sql.Rows) error {
				var c store.Change
				err := rows.Scan(&c.Rev, &c.Kind, &c.Scope, &c.ID)
				changes = append(changes, c)
				return err
			})
	})
	if err != nil {
		return nil, explain(err)
	}
	if len(changes) == 0 || changes[0].Rev != after+1 {
		return nil, store.ErrTrimmed
	}
	return changes, nil
}

// news returns a channel that is closed when there is something new, and whether the database is open.
func (db *DB) news() (<-chan struct{}, bool) {
	db.feed.Lock()
	defer db.feed.Unlock()
	db.life.Lock()
	defer db.life.Unlock()
	return db.feed.news, !db.life.closed
}

func (db *DB) announce() {
	db.feed.Lock()
	defer db.feed.Unlock()
	close(db.feed.news)
	db.feed.news = make(chan struct{})
}
