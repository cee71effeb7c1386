package store

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/seal"
)

// Spec describes a table. Kind and ID are required.
type Spec[T any] struct {
	// Kind names the table for ever ("apigw.stage"); it is part of every row.
	Kind string
	// ID tells the id of a value, for instance "api/stage". 1-4096 bytes of UTF-8 without NUL.
	ID func(*T) string
	// Watched puts every change on the feed. High-rate records are better left unwatched.
	Watched bool
	// Unique and Index are the look-ups besides the id, by name. A function returns the values under
	// which a row is found, none when it is not to be found. A unique value belongs to one row of a
	// scope. Values are as ids are, and may be empty.
	Unique map[string]func(*T) []string
	Index  map[string]func(*T) []string
	// Key seals the members of type seal.Secret, each bound to its kind, scope, id and place in the
	// value. Without it a value that holds a Secret cannot be written.
	Key *seal.Key
	// Schema is the number of the current form of T; 0 counts as 1. A row of a newer schema is refused.
	Schema int
	// Upgrade brings the JSON of a row from one schema to the next. A sealed member must keep its place.
	// Index entries of old rows stay as they are until the row is written again.
	Upgrade func(from int, value []byte) ([]byte, error)
}

// Table keeps values of one type, by scope and id. Its methods work inside a transaction, so that they
// compose; a returned value belongs to the caller.
type Table[T any] struct {
	spec  Spec[T]
	codec codec
}

// NewTable makes a table. It panics when the specification lacks its kind or id, which is a mistake of the
// program and shows on its first start.
func NewTable[T any](spec Spec[T]) *Table[T] {
	if spec.Kind == "" || spec.ID == nil {
		panic("store: a table needs a kind and an id")
	}
	spec.Schema = max(spec.Schema, 1)
	return &Table[T]{spec: spec, codec: newCodec(spec.Kind, spec.Key)}
}

// Kind returns the name of the table as it stands in a Change.
func (t *Table[T]) Kind() string { return t.spec.Kind }

// ID returns the id of a value, for paging: List(…, prefix, t.ID(&last)).
func (t *Table[T]) ID(v *T) string { return t.spec.ID(v) }

// Get returns one value, or ErrNotFound.
func (t *Table[T]) Get(tx Tx, scope Scope, id string) (T, error) {
	if checkText("id", id) != nil {
		var none T
		return none, t.wrap(id, ErrNotFound) // ids come from requests; such a row cannot exist
	}
	doc, err := tx.Get(t.spec.Kind, scope, id)
	if err != nil {
		var none T
		return none, t.wrap(id, err)
	}
	return t.decode(scope, doc)
}

// Put writes a value, whether or not there is one of its id. ErrExists tells that a unique index entry is
// taken.
func (t *Table[T]) Put(tx Tx, scope Scope, v T) error { return t.put(tx, scope, &v, false) }

// Insert writes a value whose id must be new, else ErrExists.
func (t *Table[T]) Insert(tx Tx, scope Scope, v T) error { return t.put(tx, scope, &v, true) }

// Update reads a value, lets fn change it and writes it back. An error of fn is returned as it is; fn
// must not change what the id is made of.
func (t *Table[T]) Update(tx Tx, scope Scope, id string, fn func(*T) error) error {
	v, err := t.Get(tx, scope, id)
	if err != nil {
		return err
	}
	if err := fn(&v); err != nil {
		return err
	}
	if now := t.spec.ID(&v); now != id {
		return t.wrap(id, fmt.Errorf("an update cannot change the id to %q", now))
	}
	return t.put(tx, scope, &v, false)
}

// Delete removes a value, or returns ErrNotFound.
func (t *Table[T]) Delete(tx Tx, scope Scope, id string) error {
	if checkText("id", id) != nil {
		return t.wrap(id, ErrNotFound)
	}
	return t.wrap(id, tx.Delete(t.spec.Kind, scope, id, t.spec.Watched))
}

// List yields the values whose ids begin with prefix and come after "after", by ascending id. An error
// ends the iteration.
func (t *Table[T]) List(tx Tx, scope Scope, prefix, after string) iter.Seq2[T, error] {
	if err := errors.Join(checkText("prefix", prefix), checkText("position", after)); err != nil {
		return func(yield func(T, error) bool) {
			var none T
			yield(none, fmt.Errorf("list %s: %w", t.spec.Kind, err))
		}
	}
	return t.values(scope, tx.List(t.spec.Kind, scope, prefix, after))
}

// By yields the values that an index, unique or not, holds under a value, by ascending id.
func (t *Table[T]) By(tx Tx, scope Scope, index, value string) iter.Seq2[T, error] {
	if !t.indexed(index) {
		return func(yield func(T, error) bool) {
			var none T
			yield(none, fmt.Errorf("table %s has no index %q", t.spec.Kind, index))
		}
	}
	if checkText("value", value) != nil {
		return func(func(T, error) bool) {}
	}
	return t.values(scope, tx.By(t.spec.Kind, scope, index, value))
}

// One returns the value that a unique index holds under a value, or ErrNotFound.
func (t *Table[T]) One(tx Tx, scope Scope, index, value string) (T, error) {
	if _, unique := t.spec.Unique[index]; !unique {
		var none T
		return none, fmt.Errorf("table %s has no unique index %q", t.spec.Kind, index)
	}
	for v, err := range t.By(tx, scope, index, value) {
		return v, err
	}
	var none T
	// The value of an index may be derived from a secret: it is not repeated here.
	return none, fmt.Errorf("%s by %s: %w", t.spec.Kind, index, ErrNotFound)
}

func (t *Table[T]) indexed(name string) bool {
	return t.spec.Unique[name] != nil || t.spec.Index[name] != nil
}

func (t *Table[T]) put(tx Tx, scope Scope, v *T, mustNotExist bool) error {
	id := t.spec.ID(v)
	if err := checkText("id", id); err != nil {
		return t.wrap(id, err)
	}
	if id == "" {
		return t.wrap(id, errors.New("the id is empty"))
	}
	body, err := t.codec.encode(t.spec.Schema, place{scope, id}, v)
	if err != nil {
		return t.wrap(id, err)
	}
	refs, err := t.refs(v)
	if err != nil {
		return t.wrap(id, err)
	}
	return t.wrap(id, tx.Put(t.spec.Kind, scope, id, body, refs, mustNotExist, t.spec.Watched))
}

func (t *Table[T]) refs(v *T) ([]Ref, error) {
	var refs []Ref
	add := func(indexes map[string]func(*T) []string, unique bool) error {
		for name, values := range indexes {
			for _, value := range values(v) {
				if err := checkText("value of index "+name, value); err != nil {
					return err
				}
				if r := (Ref{Name: name, Value: value, Unique: unique}); !slices.Contains(refs, r) {
					refs = append(refs, r)
				}
			}
		}
		return nil
	}
	if err := add(t.spec.Unique, true); err != nil {
		return nil, err
	}
	if err := add(t.spec.Index, false); err != nil {
		return nil, err
	}
	return refs, nil
}

func (t *Table[T]) values(scope Scope, docs iter.Seq2[Doc, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for doc, err := range docs {
			if err != nil {
				var none T
				yield(none, fmt.Errorf("%s: %w", t.spec.Kind, err))
				return
			}
			v, err := t.decode(scope, doc)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// decode refuses a row that it cannot read whole: half of a definition could lack what protects it.
func (t *Table[T]) decode(scope Scope, doc Doc) (T, error) {
	var v, none T
	schema, value, err := t.codec.open(doc.Body)
	if err != nil {
		return none, t.wrap(doc.ID, err)
	}
	if schema > t.spec.Schema {
		return none, t.wrap(doc.ID, fmt.Errorf("the row has schema %d, this version reads up to %d: use a newer version", schema, t.spec.Schema))
	}
	for ; schema < t.spec.Schema; schema++ {
		if t.spec.Upgrade == nil {
			return none, t.wrap(doc.ID, fmt.Errorf("no upgrade from schema %d", schema))
		}
		if value, err = t.spec.Upgrade(schema, value); err != nil {
			return none, t.wrap(doc.ID, fmt.Errorf("upgrade from schema %d: %w", schema, err))
		}
	}
	if err := t.codec.decode(place{scope, doc.ID}, value, &v); err != nil {
		return none, t.wrap(doc.ID, err)
	}
	if id := t.spec.ID(&v); id != doc.ID {
		return none, t.wrap(doc.ID, fmt.Errorf("the row holds the value of %q", id))
	}
	return v, nil
}

func (t *Table[T]) wrap(id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %q: %w", t.spec.Kind, id, err)
}

// maxText bounds ids and index values, so that every backend can index them.
const maxText = 4096

func checkText(what, s string) error {
	switch {
	case len(s) > maxText:
		return fmt.Errorf("the %s has %d bytes, at most %d are kept", what, len(s), maxText)
	case !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0:
		return fmt.Errorf("the %s is not UTF-8 text without NUL", what)
	}
	return nil
}
