package tables

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/store/keyfile"
)

// ErrKey tells that a database is sealed with a key that we do not have.
var ErrKey = errors.New("the secrets in the database are sealed with another key")

// proof is a row that every sealed database holds since before its first secret: whether there are sealed
// rows, and whether a key is the right one, is known without reading them all.
type proof struct {
	Name string
	Word seal.Secret
}

const (
	proofScope store.Scope = "gatehouse"
	proofName  string      = "master-key"
	proofWord  string      = "this database is sealed with this key"
)

func proofs(key *seal.Key) *store.Table[proof] {
	return store.NewTable(store.Spec[proof]{Kind: "seal.proof", ID: func(p *proof) string { return p.Name }, Key: key})
}

// Open makes the tables of a database with the key in a file. On the first start it creates the file.
// It refuses when the database is sealed and the file is missing, or holds another key.
func Open(ctx context.Context, db store.DB, path string) (*Tables, error) {
	key, err := keyfile.Load(path)
	if errors.Is(err, keyfile.ErrMissing) {
		sealed, err := isSealed(ctx, db)
		if err != nil {
			return nil, err
		}
		if sealed {
			return nil, fmt.Errorf("key file %s is missing: %w: put the file back, or remove the database to start anew", path, ErrKey)
		}
		if key, err = keyfile.Create(path); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	t, err := Unlock(ctx, db, key)
	if errors.Is(err, ErrKey) {
		return nil, fmt.Errorf("key file %s: %w: put the right file back", path, err)
	}
	return t, err
}

// Unlock makes the tables of a database with a key. ErrKey tells that the database is sealed with another.
func Unlock(ctx context.Context, db store.DB, key *seal.Key) (*Tables, error) {
	table := proofs(key)
	_, err := db.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.Get(table.Kind(), proofScope, proofName); errors.Is(err, store.ErrNotFound) {
			return table.Insert(tx, proofScope, proof{Name: proofName, Word: seal.Hide(proofWord)})
		}
		p, err := table.Get(tx, proofScope, proofName)
		if errors.Is(err, seal.ErrOpen) || err == nil && p.Word.Reveal() != proofWord {
			return ErrKey
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return New(key), nil
}

func isSealed(ctx context.Context, db store.DB) (bool, error) {
	sealed := false
	err := db.View(ctx, func(tx store.Tx) error {
		_, err := tx.Get(proofs(nil).Kind(), proofScope, proofName)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		sealed = err == nil
		return err
	})
	return sealed, err
}
