package sqlite

import (
	"context"

	"gatehouse/internal/store"
)

// View implements store.DB.
func (db *DB) View(ctx context.Context, fn func(store.Tx) error) error {
	return db.read(ctx, func(c *conn) error {
		// A deferred transaction takes its snapshot with the first read and no lock that a writer minds.
		if _, err := c.exec("BEGIN"); err != nil {
			return explain(err)
		}
		t := &tx{ctx: ctx, conn: c}
		defer func() {
			t.ended = true
			c.exec("ROLLBACK")
		}()
		return fn(t)
	})
}

// read lends a reader to fn. There is always one: a reader that waited for another could wait for ever,
// since a View may be opened inside a View.
func (db *DB) read(ctx context.Context, fn func(*conn) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.life.active.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	c := db.takeReader()
	if c == nil {
		var err error
		if c, err = db.connect(ctx, readerCache); err != nil {
			return explain(err)
		}
	}
	defer db.giveReader(c)
	return fn(c)
}

func (db *DB) takeReader() *conn {
	db.life.Lock()
	defer db.life.Unlock()
	n := len(db.life.idle)
	if n == 0 {
		return nil
	}
	c := db.life.idle[n-1]
	db.life.idle = db.life.idle[:n-1]
	return c
}

func (db *DB) giveReader(c *conn) {
	db.life.Lock()
	if len(db.life.idle) < idleReaders {
		db.life.idle = append(db.life.idle, c)
		c = nil
	}
	db.life.Unlock()
	if c != nil {
		c.close()
	}
}
