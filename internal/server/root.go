package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatehouse/internal/config"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

// rootFile holds the root access key in the state directory, mode 0600. The master key, which opens the
// sealed copy in the database, lies beside it: the file gives nothing away that the directory does not.
const rootFile = "root-access-key.json"

// rootKey makes the root access key known: the configured one, the one of an earlier start, or a new one.
func (s *Server) rootKey(ctx context.Context) error {
	id, secret := s.cfg.RootKey.ID, s.cfg.RootKey.Secret
	if id == "" {
		var err error
		if id, secret, err = RootKeyOf(s.cfg); err != nil {
			return err
		}
	}
	s.root = identity.AccessKey{ID: id, Secret: secret, Root: true, Active: true}
	scope := store.Scope(s.cfg.Home.Global())
	_, err := s.db.Update(ctx, func(tx store.Tx) error {
		// One root key at a time: the one that is configured now.
		for k, err := range s.tables.AccessKeys.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			if k.ID == id && k.Secret.Equal(secret) && k.Active {
				return nil
			}
			if k.Root && k.ID != id {
				if err := s.tables.AccessKeys.Delete(tx, scope, string(k.ID)); err != nil {
					return err
				}
			}
		}
		return s.tables.AccessKeys.Put(tx, scope, s.root)
	})
	if err != nil {
		return fmt.Errorf("root access key: %w", err)
	}
	return nil
}

type rootKeyFile struct {
	AccessKeyID     identity.AccessKeyID `json:"accessKeyId"`
	SecretAccessKey string               `json:"secretAccessKey"`
}

// RootKeyOf returns the root access key of a configuration's state directory, making it if there is none
// yet. Without a state directory every call makes another one.
func RootKeyOf(cfg config.Config) (identity.AccessKeyID, seal.Secret, error) {
	if id, secret, err := ReadRootKey(cfg); !errors.Is(err, fs.ErrNotExist) {
		return id, secret, err
	}
	k := newRootKey()
	if cfg.StateDir != "" {
		if err := os.MkdirAll(cfg.StateDir, 0o700); err != nil {
			return "", seal.Secret{}, fmt.Errorf("state directory: %w", err)
		}
		text, err := json.Marshal(k)
		if err != nil {
			return "", seal.Secret{}, err
		}
		if err := os.WriteFile(filepath.Join(cfg.StateDir, rootFile), text, 0o600); err != nil {
			return "", seal.Secret{}, fmt.Errorf("root access key: %w", err)
		}
	}
	return k.AccessKeyID, seal.Hide(k.SecretAccessKey), nil
}

// ReadRootKey returns the root access key that is configured or kept in the state directory, or
// fs.ErrNotExist.
func ReadRootKey(cfg config.Config) (identity.AccessKeyID, seal.Secret, error) {
	if cfg.RootKey.ID != "" {
		return cfg.RootKey.ID, cfg.RootKey.Secret, nil
	}
	if cfg.StateDir == "" {
		return "", seal.Secret{}, fs.ErrNotExist
	}
	path := filepath.Join(cfg.StateDir, rootFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", seal.Secret{}, fmt.Errorf("root access key: %w", err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm()&0o077 != 0 {
		return "", seal.Secret{}, fmt.Errorf("root access key: others may read %s: chmod 600 it", path)
	}
	var k rootKeyFile
	if err := json.Unmarshal(text, &k); err != nil || k.AccessKeyID == "" || k.SecretAccessKey == "" {
		return "", seal.Secret{}, fmt.Errorf("root access key: %s cannot be read: remove it to get a new key", path)
	}
	return k.AccessKeyID, seal.Hide(k.SecretAccessKey), nil
}

// newRootKey draws a key of AWS's shape: AKIA and 16 letters or digits, and 40 characters of base64.
func newRootKey() rootKeyFile {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b [46]byte
	_, _ = rand.Read(b[:]) // never fails
	id := make([]byte, 16)
	for i := range id {
		id[i] = alphabet[b[i]&31]
	}
	return rootKeyFile{"AKIA" + identity.AccessKeyID(id), base64.StdEncoding.EncodeToString(b[16:])}
}
