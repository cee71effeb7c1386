package sqlite

import (
	"context"
	"errors"
	"fmt"

	lib "modernc.org/sqlite/lib"

	"gatehouse/internal/store"
)

// groupLimit bounds how many Updates share one flush, so that the first of them does not wait for ever.
const groupLimit = 64

// group is one SQLite transaction, shared by the Updates that queued up while it was open: each runs
// alone, inside a savepoint, and sees what the ones before it did; one flush makes all durable.
type group struct {
	members int
	rev     store.Rev     // of the last change
	err     error         // what failed for all
	done    chan struct{} // closed after the commit or its failure
}

// Update implements store.DB.
func (db *DB) Update(ctx context.Context, fn func(store.Tx) error) (store.Rev, error) {
	if err := db.enter(); err != nil {
		return 0, err
	}
	defer db.life.active.Done()
	g, rev, err := db.join(ctx, fn)
	if err != nil {
		return 0, explain(err)
	}
	<-g.done
	if g.err != nil {
		return 0, explain(g.err)
	}
	return rev, nil
}

// join waits for its turn, runs fn in the open group and closes the group when nobody else waits. The
// turn is taken even when ctx has ended meanwhile: somebody has to close the group.
func (db *DB) join(ctx context.Context, fn func(store.Tx) error) (*group, store.Rev, error) {
	db.waiting.Add(1)
	db.turn.Lock()
	db.waiting.Add(-1)
	defer db.turn.Unlock()
	defer db.closeGroup()

	if err := db.Broken(); err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if db.group == nil {
		if _, err := db.writer.exec("BEGIN IMMEDIATE"); err != nil {
			return nil, 0, err
		}
		db.group = &group{rev: db.Rev(), done: make(chan struct{})}
	}
	g := db.group
	rev, err := db.run(ctx, g, fn)
	if err != nil {
		return nil, 0, err
	}
	g.rev = rev
	g.members++
	return g, rev, nil
}

// run runs fn inside a savepoint. A panic of fn passes through after the rollback.
func (db *DB) run(ctx context.Context, g *group, fn func(store.Tx) error) (store.Rev, error) {
	if _, err := db.writer.exec("SAVEPOINT member"); err != nil {
		g.err = err
		return 0, err
	}
	t := &tx{ctx: ctx, conn: db.writer, writes: true, rev: g.rev}
	kept := false
	defer func() {
		t.ended = true
		if kept {
			return
		}
		// A severe error (disk full, input or output) has ended the whole transaction already: then there
		// is no savepoint to go back to, and what the others of the group did is gone as well.
		if _, err := db.writer.exec("ROLLBACK TO member"); err != nil {
			g.err = fmt.Errorf("another update of the same group failed: %w", errors.Join(t.failed, err))
			return
		}
		if _, err := db.writer.exec("RELEASE member"); err != nil {
			g.err = err
		}
	}()
	if err := fn(t); err != nil {
		return 0, err
	}
	if t.failed != nil {
		return 0, t.failed // fn did not pass it on, but half of a transaction is none
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if _, err := db.writer.exec("RELEASE member"); err != nil {
		return 0, err
	}
	kept = true
	return t.rev, nil
}

// closeGroup commits the open group unless the next Update is waiting to join it.
func (db *DB) closeGroup() {
	g := db.group
	if g == nil || g.err == nil && g.members < groupLimit && db.waiting.Load() > 0 {
		return
	}
	db.group = nil
	defer close(g.done)
	if g.err == nil {
		g.err = db.commit(g)
	}
	if g.err == nil {
		return
	}
	// After a severe error the transaction may have ended by itself; then this fails, which is right.
	db.writer.exec("ROLLBACK")
	if primary(g.err) == lib.SQLITE_IOERR {
		g.err = fmt.Errorf("%w (%w)", ErrBroken, g.err)
		db.broken.CompareAndSwap(nil, &g.err)
	}
}

func (db *DB) commit(g *group) error {
	if trimEvery := max(1, db.keeps/64); g.rev/trimEvery != db.Rev()/trimEvery && g.rev > db.keeps {
		if _, err := db.writer.exec("DELETE FROM change WHERE rev <= ?", int64(g.rev-db.keeps)); err != nil {
			return err
		}
	}
	if _, err := db.writer.exec("COMMIT"); err != nil {
		return err
	}
	if uint64(g.rev) != db.rev.Load() {
		db.rev.Store(uint64(g.rev))
		db.announce()
	}
	return nil
}
