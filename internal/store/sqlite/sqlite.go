// Package sqlite keeps a database in one file, with modernc.org/sqlite (no cgo).
//
// It owns the file: its schema of three tables, its mode, its lock, its durability and the order of
// commits. It does not know what a document means. Any SQLite tool can read the file; nothing but this
// package may write to it.
//
// Durability: the write-ahead log is flushed before Update returns (synchronous=FULL,
// https://www.sqlite.org/wal.html), so an acknowledged change survives kill -9 and loss of power. Updates
// that wait for each other share one flush. Views read a snapshot and wait for nobody.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	driver "modernc.org/sqlite"

	"gatehouse/internal/store"
)

var (
	// ErrInUse tells that another process has the database open.
	ErrInUse = errors.New("the database is in use by another process: stop that one first, or use another state directory")
	// ErrDamaged tells that the file is not what was written. Nothing is repaired silently.
	ErrDamaged = errors.New("the database is damaged: keep a copy of it and restore a backup")
	// ErrNewer tells that a newer version wrote the file.
	ErrNewer = errors.New("the database was written by a newer version: use that version")
	// ErrBroken tells that a write or a flush failed before. What the disk holds is not known for sure,
	// so nothing more is written until the database is opened again; reading goes on.
	ErrBroken = errors.New("the database takes no more writes since the disk failed: check the disk, then restart")
)

const (
	// schemaVersion is the number of the schema below, in PRAGMA user_version.
	schemaVersion = 1
	// applicationID marks our files ("Gate"), in PRAGMA application_id.
	applicationID = 0x47617465
)

const schema = `
CREATE TABLE doc (
	kind  TEXT NOT NULL,
	scope TEXT NOT NULL,
	id    TEXT NOT NULL,
	rev   INTEGER NOT NULL,
	body  TEXT NOT NULL,
	PRIMARY KEY (kind, scope, id)
) STRICT;
CREATE TABLE ref (
	kind  TEXT NOT NULL,
	scope TEXT NOT NULL,
	name  TEXT NOT NULL,
	value TEXT NOT NULL,
	id    TEXT NOT NULL,
	uniq  INTEGER NOT NULL,
	PRIMARY KEY (kind, scope, name, value, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ref_of_doc ON ref (kind, scope, id);
CREATE TABLE change (
	rev   INTEGER PRIMARY KEY,
	kind  TEXT NOT NULL,
	scope TEXT NOT NULL,
	id    TEXT NOT NULL
) STRICT;
`

// Cache sizes in KiB per connection, and how many idle readers are kept. A point read touches a handful
// of pages; the operating system caches the rest.
const (
	writerCache = 1024
	readerCache = 256
	idleReaders = 4
)

// DB is an open database.
type DB struct {
	pool *sql.DB
	lock *os.File

	turn    sync.Mutex   // held by the one Update that runs
	waiting atomic.Int64 // how many Updates want the turn
	writer  *conn        // belongs to the holder of turn
	group   *group       // the open transaction, nil between commits; belongs to the holder of turn
	broken  atomic.Pointer[error]

	rev   atomic.Uint64
	keeps store.Rev // changes for watchers; store.FeedKeeps but in tests
	feed  struct {
		sync.Mutex
		news chan struct{} // closed and replaced when rev moves, and at Close
	}

	life struct {
		sync.Mutex
		closed bool
		active sync.WaitGroup // transactions under way
		idle   []*conn        // readers
	}
}

var _ store.DB = (*DB)(nil)

// Open opens a database file, or makes it (mode 0600, its directory 0700). It refuses a file that others
// may read or write, one that is in use, damaged, foreign or newer than this version.
func Open(ctx context.Context, path string) (*DB, error) {
	db, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return db, nil
}

func open(ctx context.Context, path string) (_ *DB, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	size, err := prepareFile(path)
	if err != nil {
		return nil, err
	}
	lock, err := acquire(path + ".lock")
	if err != nil {
		return nil, err
	}
	db := &DB{lock: lock, keeps: store.FeedKeeps}
	db.feed.news = make(chan struct{})
	defer func() {
		if err != nil {
			db.Close()
		}
	}()

	name := url.URL{Scheme: "file", Path: path}
	connector, err := driver.NewConnector(name.String() + "?_dqs=0")
	if err != nil {
		return nil, err
	}
	db.pool = sql.OpenDB(connector)
	if db.writer, err = db.connect(ctx, writerCache); err != nil {
		return nil, explain(err)
	}
	if err := db.writer.prepareSchema(size); err != nil {
		return nil, explain(err)
	}
	var last sql.NullInt64
	if err := db.writer.one("SELECT max(rev) FROM change", nil, &last); err != nil {
		return nil, explain(err)
	}
	db.rev.Store(uint64(last.Int64))
	if size == 0 {
		// The new names must survive a loss of power too.
		if err := syncDir(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	return db, nil
}

// prepareFile makes the file or checks it, and returns its size. It must not stay open: closing any
// descriptor of the file would drop SQLite's locks (POSIX).
func prepareFile(path string) (size int64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return 0, err
		}
		return 0, f.Close()
	}
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("it is not a regular file")
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o077 != 0 {
			return 0, fmt.Errorf("%s has mode %04o, others may open it: chmod 600 it", filepath.Base(name), info.Mode().Perm())
		}
	}
	return info.Size(), nil
}

// quickCheckBelow is the size up to which a file is checked as a whole at Open, which takes a millisecond.
// A bigger one is checked by Check, and page by page as it is read.
const quickCheckBelow = 1 << 20

// prepareSchema sets up a new file and checks an old one.
func (c *conn) prepareSchema(size int64) error {
	var version, application int64
	if err := c.one("PRAGMA user_version", nil, &version); err != nil {
		return err
	}
	if err := c.one("PRAGMA application_id", nil, &application); err != nil {
		return err
	}
	switch {
	case version == 0 && application == 0:
		var tables int
		if err := c.one("SELECT count(*) FROM sqlite_schema", nil, &tables); err != nil {
			return err
		}
		if tables > 0 {
			return errors.New("it is a SQLite database, but not one of Gatehouse")
		}
		return c.script(fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", schema, applicationID, schemaVersion))
	case application != applicationID:
		return errors.New("it is a SQLite database, but not one of Gatehouse")
	case version > schemaVersion:
		return fmt.Errorf("%w (schema %d, this version knows %d)", ErrNewer, version, schemaVersion)
	}
	if size > quickCheckBelow {
		return nil
	}
	return c.check("PRAGMA quick_check(1)")
}

// Check reads the whole database and tells what is damaged.
func (db *DB) Check(ctx context.Context) error {
	return db.read(ctx, func(c *conn) error {
		if err := c.check("PRAGMA integrity_check(10)"); err != nil {
			return explain(err)
		}
		var orphans int
		err := c.one(`SELECT count(*) FROM ref WHERE NOT EXISTS
			(SELECT 1 FROM doc WHERE doc.kind = ref.kind AND doc.scope = ref.scope AND doc.id = ref.id)`, nil, &orphans)
		if err == nil && orphans > 0 {
			err = fmt.Errorf("%w: %d index entries belong to no document", ErrDamaged, orphans)
		}
		return explain(err)
	})
}

// Broken returns why the database takes no more writes, nil while it does. Health checks ask it.
func (db *DB) Broken() error {
	if err := db.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// Rev implements store.DB.
func (db *DB) Rev() store.Rev { return store.Rev(db.rev.Load()) }

// Close waits for the transactions under way, moves the write-ahead log into the file and closes it.
func (db *DB) Close() error {
	db.life.Lock()
	if db.life.closed {
		db.life.Unlock()
		return nil
	}
	db.life.closed = true
	db.life.Unlock()
	db.announce()
	db.life.active.Wait()

	var errs []error
	for _, c := range db.life.idle {
		errs = append(errs, c.close())
	}
	if db.writer != nil {
		// The last connection to close checkpoints the log and removes it.
		errs = append(errs, db.writer.close())
	}
	if db.pool != nil {
		errs = append(errs, db.pool.Close())
	}
	errs = append(errs, db.lock.Close())
	return explain(errors.Join(errs...))
}

// enter counts a transaction in, unless the database is closed.
func (db *DB) enter() error {
	db.life.Lock()
	defer db.life.Unlock()
	if db.life.closed {
		return store.ErrClosed
	}
	db.life.active.Add(1)
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
