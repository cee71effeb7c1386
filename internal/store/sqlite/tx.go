package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"gatehouse/internal/store"
)

// page is how many rows List and By read at a time. No statement stays open between pages, so that the
// caller may write while it iterates.
const page = 32

type tx struct {
	ctx    context.Context
	conn   *conn
	writes bool
	ended  bool
	rev    store.Rev
	failed error // the first failure of SQLite itself
}

func (t *tx) ready(write bool) error {
	switch {
	case t.ended:
		return store.ErrEnded
	case write && !t.writes:
		return store.ErrReadOnly
	case t.failed != nil:
		return t.failed
	}
	return t.ctx.Err()
}

// fail remembers a failure of SQLite: the transaction can no longer be committed.
func (t *tx) fail(err error) error {
	if err != nil && t.failed == nil {
		t.failed = explain(err)
	}
	return t.failed
}

func (t *tx) Get(kind string, scope store.Scope, id string) (store.Doc, error) {
	if err := t.ready(false); err != nil {
		return store.Doc{}, err
	}
	doc := store.Doc{ID: id}
	err := t.conn.one("SELECT rev, body FROM doc WHERE kind=? AND scope=? AND id=?", []any{kind, string(scope), id}, &doc.Rev, &doc.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Doc{}, store.ErrNotFound
	}
	if err != nil {
		return store.Doc{}, t.fail(err)
	}
	return doc, nil
}

func (t *tx) Put(kind string, scope store.Scope, id string, body []byte, refs []store.Ref, mustNotExist, watched bool) error {
	if err := t.ready(true); err != nil {
		return err
	}
	if mustNotExist {
		var one int
		err := t.conn.one("SELECT 1 FROM doc WHERE kind=? AND scope=? AND id=?", []any{kind, string(scope), id}, &one)
		if err == nil {
			return store.ErrExists
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return t.fail(err)
		}
	}
	// There is one writer: what is looked up here stays true until it is written.
	for _, r := range refs {
		if !r.Unique {
			continue
		}
		var holder string
		err := t.conn.one("SELECT id FROM ref WHERE kind=? AND scope=? AND name=? AND value=? AND uniq=1 AND id<>? LIMIT 1",
			[]any{kind, string(scope), r.Name, r.Value, id}, &holder)
		if err == nil {
			return fmt.Errorf("%s: %w", r.Name, store.ErrExists)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return t.fail(err)
		}
	}
	if err := t.putRefs(kind, scope, id, refs); err != nil {
		return t.fail(err)
	}
	rev, err := t.note(kind, scope, id, watched)
	if err != nil {
		return t.fail(err)
	}
	_, err = t.conn.exec(`INSERT INTO doc (kind, scope, id, rev, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kind, scope, id) DO UPDATE SET rev=excluded.rev, body=excluded.body`,
		kind, string(scope), id, int64(rev), string(body))
	return t.fail(err)
}

// putRefs makes the index entries of a document be refs, writing only what differs.
func (t *tx) putRefs(kind string, scope store.Scope, id string, refs []store.Ref) error {
	missing := make(map[store.Ref]bool, len(refs))
	for _, r := range refs {
		missing[r] = true
	}
	var stale []store.Ref
	err := t.conn.all("SELECT name, value, uniq FROM ref WHERE kind=? AND scope=? AND id=?", []any{kind, string(scope), id}, func(rows *sql.Rows) error {
		var r store.Ref
		if err := rows.Scan(&r.Name, &r.Value, &r.Unique); err != nil {
			return err
		}
		if missing[r] {
			delete(missing, r)
		} else {
			stale = append(stale, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range stale {
		if _, err := t.conn.exec("DELETE FROM ref WHERE kind=? AND scope=? AND name=? AND value=? AND id=?", kind, string(scope), r.Name, r.Value, id); err != nil {
			return err
		}
	}
	for r := range missing {
		if _, err := t.conn.exec("INSERT INTO ref (kind, scope, name, value, id, uniq) VALUES (?, ?, ?, ?, ?, ?)", kind, string(scope), r.Name, r.Value, id, r.Unique); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Delete(kind string, scope store.Scope, id string, watched bool) error {
	if err := t.ready(true); err != nil {
		return err
	}
	n, err := t.conn.exec("DELETE FROM doc WHERE kind=? AND scope=? AND id=?", kind, string(scope), id)
	if err != nil {
		return t.fail(err)
	}
	if n == 0 {
		return store.ErrNotFound
	}
	if _, err := t.conn.exec("DELETE FROM ref WHERE kind=? AND scope=? AND id=?", kind, string(scope), id); err != nil {
		return t.fail(err)
	}
	_, err = t.note(kind, scope, id, watched)
	return t.fail(err)
}

// note writes a watched change into the feed and returns its revision.
func (t *tx) note(kind string, scope store.Scope, id string, watched bool) (store.Rev, error) {
	if !watched {
		return 0, nil
	}
	_, err := t.conn.exec("INSERT INTO change (rev, kind, scope, id) VALUES (?, ?, ?, ?)", int64(t.rev+1), kind, string(scope), id)
	if err != nil {
		return 0, err
	}
	t.rev++
	return t.rev, nil
}

func (t *tx) List(kind string, scope store.Scope, prefix, after string) iter.Seq2[store.Doc, error] {
	// Ids are UTF-8, in which the byte 0xff does not occur: all ids that begin with prefix lie below it.
	return t.pages(after, func(after string) (string, []any) {
		return "SELECT id, rev, body FROM doc WHERE kind=? AND scope=? AND id>? AND id>=? AND id<? ORDER BY id LIMIT ?",
			[]any{kind, string(scope), after, prefix, prefix + "\xff", page}
	})
}

func (t *tx) By(kind string, scope store.Scope, name, value string) iter.Seq2[store.Doc, error] {
	return t.pages("", func(after string) (string, []any) {
		return `SELECT doc.id, doc.rev, doc.body FROM ref CROSS JOIN doc ON doc.kind=ref.kind AND doc.scope=ref.scope AND doc.id=ref.id
			WHERE ref.kind=? AND ref.scope=? AND ref.name=? AND ref.value=? AND ref.id>? ORDER BY ref.id LIMIT ?`,
			[]any{kind, string(scope), name, value, after, page}
	})
}

// pages yields the rows of a query that takes them in order of their ids, page by page.
func (t *tx) pages(after string, query func(after string) (string, []any)) iter.Seq2[store.Doc, error] {
	return func(yield func(store.Doc, error) bool) {
		for {
			if err := t.ready(false); err != nil {
				yield(store.Doc{}, err)
				return
			}
			docs := make([]store.Doc, 0, 1)
			text, args := query(after)
			err := t.conn.all(text, args, func(rows *sql.Rows) error {
				var doc store.Doc
				err := rows.Scan(&doc.ID, &doc.Rev, &doc.Body)
				docs = append(docs, doc)
				return err
			})
			if err != nil {
				yield(store.Doc{}, t.fail(err))
				return
			}
			for _, doc := range docs {
				if !yield(doc, nil) {
					return
				}
			}
			if len(docs) < page {
				return
			}
			after = docs[len(docs)-1].ID
		}
	}
}
