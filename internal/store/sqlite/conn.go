package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// conn is one connection with its prepared statements. It serves one transaction at a time.
type conn struct {
	sql        *sql.Conn
	statements map[string]*sql.Stmt
}

// background is for the single statements: each is short, and the driver would start a goroutine for
// every statement whose context can end. Transactions look at their context between statements.
var background = context.Background()

func (db *DB) connect(ctx context.Context, cacheKiB int) (*conn, error) {
	sc, err := db.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &conn{sql: sc, statements: map[string]*sql.Stmt{}}
	var mode string
	err = c.one("PRAGMA journal_mode=WAL", nil, &mode)
	if err == nil && mode != "wal" {
		err = fmt.Errorf("the file system cannot hold a write-ahead log (journal mode %q): use a local disk", mode)
	}
	if err == nil {
		err = c.script(fmt.Sprintf(`PRAGMA synchronous=FULL; PRAGMA cache_size=-%d; PRAGMA busy_timeout=10000;
			PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=8388608`, cacheKiB))
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.sql.Close())...)
}

// script runs statements that are needed once.
func (c *conn) script(text string) error {
	_, err := c.sql.ExecContext(background, text)
	return err
}

func (c *conn) prepared(query string) (*sql.Stmt, error) {
	if s := c.statements[query]; s != nil {
		return s, nil
	}
	s, err := c.sql.PrepareContext(background, query)
	if err == nil {
		c.statements[query] = s
	}
	return s, err
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	s, err := c.prepared(query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(background, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one reads one row, or sql.ErrNoRows.
func (c *conn) one(query string, args []any, into ...any) error {
	s, err := c.prepared(query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(background, args...).Scan(into...)
}

// all reads all rows; scan is called once for each.
func (c *conn) all(query string, args []any, scan func(*sql.Rows) error) error {
	s, err := c.prepared(query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(background, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// check runs a checking pragma, which answers "ok" or one finding per row.
func (c *conn) check(pragma string) error {
	return c.all(pragma, nil, func(rows *sql.Rows) error {
		var finding string
		if err := rows.Scan(&finding); err != nil || finding == "ok" {
			return err
		}
		return fmt.Errorf("%w: %s", ErrDamaged, finding)
	})
}

// explain says what an error of SQLite means to the operator.
func explain(err error) error {
	switch primary(err) {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return err
}

// primary returns the primary result code of SQLite in an error, 0 when there is none.
func primary(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}
