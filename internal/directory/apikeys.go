package directory

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// Sizes of the API key cache: an entry takes about 250 bytes.
const (
	apiKeysFound  = 1 << 16
	apiKeysAbsent = 1 << 13
)

// maxValue is more bytes than the 128 characters of an API key can have: longer values are no key, and are
// not worth hashing.
const maxValue = 512

// Key is what the gateway needs to know of an API key. Plans belongs to the directory: do not write to it.
type Key struct {
	ID      apigw.KeyID
	Name    string
	Enabled bool
	// Plans are the usage plans that the key is in, and since when, by ascending id.
	Plans []apigw.PlanKey
}

// APIKeys finds API keys by value. The value itself is neither kept nor compared, only its keyed digest.
type APIKeys struct {
	tables  *tables.Tables
	records *records[seal.Digest, Key]
}

// NewAPIKeys makes the directory of one scope. Without Run it reads the store for every look-up that
// follows a change.
func NewAPIKeys(db store.DB, t *tables.Tables, scope store.Scope) *APIKeys {
	return &APIKeys{t, newRecords(db, source[seal.Digest, Key]{
		hash: func(d seal.Digest) uint64 { return binary.LittleEndian.Uint64(d[:]) },
		text: seal.Digest.Hex,
		name: func(k *Key) string { return string(k.ID) },
		load: func(tx store.Tx, d seal.Digest) (Key, bool, error) { return loadAPIKey(tx, t, scope, d) },
		concerns: func(c store.Change) (string, bool, bool) {
			switch {
			case c.Scope != scope:
				return "", false, false
			case c.Kind == t.APIKeys.Kind():
				return c.ID, true, true
			case c.Kind == t.PlanKeys.Kind():
				_, key, _ := strings.Cut(c.ID, "/") // tables.InPlan
				return key, false, true
			}
			return "", false, false
		},
	}, apiKeysFound, apiKeysAbsent)}
}

// Find returns the key with a value; false when there is none. An error means that nobody knows: the
// caller refuses. What an Update had committed before the call is always seen.
func (a *APIKeys) Find(ctx context.Context, value string) (Key, bool, error) {
	if value == "" || len(value) > maxValue {
		return Key{}, false, nil
	}
	k, err := a.records.find(ctx, a.tables.Digest(value))
	if err != nil {
		return Key{}, false, fmt.Errorf("look up an API key: %w", err)
	}
	if k == nil {
		return Key{}, false, nil
	}
	return *k, true, nil
}

// Run keeps the cache up with the change feed until ctx ends or the store is closed.
func (a *APIKeys) Run(ctx context.Context) error { return a.records.run(ctx) }

func loadAPIKey(tx store.Tx, t *tables.Tables, scope store.Scope, d seal.Digest) (Key, bool, error) {
	k, err := t.APIKeys.One(tx, scope, tables.ByLookup, d.Hex())
	if errors.Is(err, store.ErrNotFound) {
		return Key{}, false, nil
	}
	if err != nil {
		return Key{}, false, err
	}
	// The index is not sealed: who can write to the database must not be able to lend a key's value to
	// another key.
	if t.Digest(k.Value.Reveal()) != d {
		return Key{}, false, fmt.Errorf("the index entry of API key %s does not fit its value", k.ID)
	}
	found := Key{ID: k.ID, Name: k.Name, Enabled: k.Enabled}
	for p, err := range t.PlanKeys.By(tx, scope, tables.ByKey, string(k.ID)) {
		if err != nil {
			return Key{}, false, err
		}
		found.Plans = append(found.Plans, p)
	}
	return found, true, nil
}
