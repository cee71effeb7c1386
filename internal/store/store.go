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

// Rev numbers the committed changes of a database, from 1, without gaps that readers could mistake for
// lost changes: revision order is commit order.
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

// The two errors of the contract. Backends wrap them; callers test with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
)

// DB is a backend.
type DB interface {
	// View runs fn on a consistent snapshot.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn in a serialisable transaction and returns the revision of its commit. fn may run
	// again and must have no effect beyond tx. When Update returns nil the change is durable.
	Update(ctx context.Context, fn func(Tx) error) (Rev, error)
	// Watch yields the changes of watched kinds after a revision, then waits for more until ctx ends.
	Watch(ctx context.Context, after Rev) iter.Seq2[Change, error]
	// Rev returns the revision of the last commit.
	Rev(ctx context.Context) (Rev, error)
	Close() error
}

// Doc is a stored document.
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

// Tx is the five verbs that a backend offers inside a transaction. Tables are built on it; nothing else
// should call it.
type Tx interface {
	// Get returns ErrNotFound when there is no such document.
	Get(kind string, scope Scope, id string) (Doc, error)
	// Put writes a document and replaces its index entries. mustNotExist makes it return ErrExists
	// when the id is taken; a unique entry that another document holds is ErrExists always.
	Put(kind string, scope Scope, id string, body []byte, refs []Ref, mustNotExist, watched bool) error
	// Delete removes a document and its index entries; ErrNotFound when there is none.
	Delete(kind string, scope Scope, id string, watched bool) error
	// List yields documents by ascending id, strictly after "after", with ids that begin with prefix.
	List(kind string, scope Scope, prefix, after string) iter.Seq2[Doc, error]
	// By yields the documents whose index entry name equals value, by ascending id.
	By(kind string, scope Scope, name, value string) iter.Seq2[Doc, error]
}
