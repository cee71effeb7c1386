package directory

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"gatehouse/internal/identity"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// Sizes of the access key cache.
const (
	accessKeysFound  = 1 << 12
	accessKeysAbsent = 1 << 10
)

// AccessKeys finds access keys by id, for those who verify signatures.
type AccessKeys struct {
	records *records[identity.AccessKeyID, identity.AccessKey]
}

// NewAccessKeys makes the directory of one scope. Without Run it reads the store for every look-up that
// follows a change.
func NewAccessKeys(db store.DB, t *tables.Tables, scope store.Scope) *AccessKeys {
	seed := maphash.MakeSeed()
	return &AccessKeys{newRecords(db, source[identity.AccessKeyID, identity.AccessKey]{
		hash: func(id identity.AccessKeyID) uint64 { return maphash.String(seed, string(id)) },
		text: func(id identity.AccessKeyID) string { return string(id) },
		name: func(k *identity.AccessKey) string { return string(k.ID) },
		load: func(tx store.Tx, id identity.AccessKeyID) (identity.AccessKey, bool, error) {
			k, err := t.AccessKeys.Get(tx, scope, string(id))
			switch {
			case errors.Is(err, store.ErrNotFound):
				return identity.AccessKey{}, false, nil
			case err == nil && k.Secret.IsZero():
				err = fmt.Errorf("access key %s has no secret, so anybody could sign with it", id)
			}
			return k, err == nil, err
		},
		concerns: func(c store.Change) (string, bool, bool) {
			return c.ID, true, c.Scope == scope && c.Kind == t.AccessKeys.Kind()
		},
	}, accessKeysFound, accessKeysAbsent)}
}

// Find returns the access key with an id, active or not; false when there is none. An error means that
// nobody knows: the caller refuses. What an Update had committed before the call is always seen.
func (a *AccessKeys) Find(ctx context.Context, id identity.AccessKeyID) (identity.AccessKey, bool, error) {
	if id == "" || len(id) > maxAccessKeyID {
		return identity.AccessKey{}, false, nil
	}
	k, err := a.records.find(ctx, id)
	if err != nil {
		return identity.AccessKey{}, false, fmt.Errorf("look up an access key: %w", err)
	}
	if k == nil {
		return identity.AccessKey{}, false, nil
	}
	return *k, true, nil
}

// Run keeps the cache up with the change feed until ctx ends or the store is closed.
func (a *AccessKeys) Run(ctx context.Context) error { return a.records.run(ctx) }
