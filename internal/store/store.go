// Package store keeps documents: tables of typed values with unique and secondary indexes, serialisable
// transactions and a change feed.
//
// It owns the contract that every backend fulfils (memory here, SQLite and PostgreSQL in their own
// packages, one suite in storetest) and the generic Table on top of it. It does not know what a
// document means.
package store

import (
	"context"
	"errors"
	"iter"
)

// Rev numbers the changes of watched kinds, from 1 and without gaps: revision order is commit order. A
// transaction that makes three changes takes three revisions and becomes visible as a whole.
type Rev uint64

// Scope separates tenants: "account/region".
type Scope string

// Change is one line of the change feed.
type Change struct {
	Rev   Rev
	Kind  string
	Scope Scope
	ID    string
}

// The errors of the contract. Backends wrap them; callers test with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	// ErrClosed is returned by everything after Close.
	ErrClosed = errors.New("the store is closed")
	// ErrTrimmed ends a Watch that asks for revisions older than the feed keeps (FeedKeeps changes): read
	// everything again and watch from the revision before that reading.
	ErrTrimmed = errors.New("the change feed no longer reaches back that far")
)

// Mistakes of a caller, answered alike by every backend.
var (
	ErrEnded    = errors.New("the transaction has ended")
	ErrReadOnly = errors.New("a View cannot write")
)

// FeedKeeps is how many changes a backend keeps at least for those who Watch.
const FeedKeeps = 1 << 16

// DB is a backend.
type DB interface {
	// View runs fn on a consistent snapshot, which holds at least every change up to Rev.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn in a serialisable transaction and returns the revision of its commit: that of its
	// last watched change, or the one of the moment when it made none. fn may run again and must have
	// no effect beyond tx; when it returns an error nothing is changed. When Update returns nil the
	// change is durable. An Update inside an Update waits for ever.
	Update(ctx context.Context, fn func(Tx) error) (Rev, error)
	// Watch yields the changes of watched kinds after a revision, each once and in order, then waits for
	// more until ctx ends. An error (ErrTrimmed, ErrClosed, a failure of the backend) ends it.
	Watch(ctx context.Context, after Rev) iter.Seq2[Change, error]
	// Rev returns the newest revision that this process knows of, which is never older than one that
	// Update returned here. It costs an atomic load, so that caches can ask on every look-up.
	Rev() Rev
	// Close waits for the transactions under way.
	Close() error
}

// Doc is a stored document. Rev is the revision that wrote it, 0 in an unwatched kind. Body belongs to the
// store: read it, do not write to it.
type Doc struct {
	ID   string
	Rev  Rev
	Body []byte
}

// Ref is one index entry of a document. Unique entries belong to one document at a time.
type Ref struct {
	Name, Value string
	Unique      bool
}

// Tx is the five verbs that a backend offers inside a transaction. Tables are built on it, and check ids
// and values; nothing else should call it. A Tx belongs to the goroutine that runs fn and ends with it.
//
// A document that is written or deleted while a List or By of the same transaction is running may be
// yielded in its old form, in its new form or not at all; all others are yielded once.
type Tx interface {
	// Get returns ErrNotFound when there is no such document.
	Get(kind string, scope Scope, id string) (Doc, error)
	// Put writes a document and replaces its index entries. mustNotExist makes it return ErrExists
	// when the id is taken; a unique entry that another document holds is ErrExists always. After an
	// error the transaction is as it was before the call.
	Put(kind string, scope Scope, id string, body []byte, refs []Ref, mustNotExist, watched bool) error
	// Delete removes a document and its index entries; ErrNotFound when there is none.
	Delete(kind string, scope Scope, id string, watched bool) error
	// List yields documents by ascending id (byte order), strictly after "after", with ids that begin
	// with prefix.
	List(kind string, scope Scope, prefix, after string) iter.Seq2[Doc, error]
	// By yields the documents whose index entry name equals value, by ascending id.
	By(kind string, scope Scope, name, value string) iter.Seq2[Doc, error]
}
