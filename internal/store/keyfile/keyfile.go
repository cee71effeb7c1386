// Package keyfile keeps the master key in a file.
//
// It owns the file's form and its permissions. It does not know what is sealed with the key (seal, tables).
// The form is one line of text that names itself, so that a key is recognised when it turns up somewhere.
package keyfile

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/seal"
)

// prefix begins the line.
const prefix = "GATEHOUSE-KEY-1-"

// ErrMissing tells that there is no key file.
var ErrMissing = errors.New("the key file is missing")

// Load reads a key file. It refuses one that others than its owner may read or write (mode 0600 or less);
// ErrMissing tells that there is none.
func Load(path string) (*seal.Key, error) {
	key, err := load(path)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return key, nil
}

func load(path string) (*seal.Key, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The open file is asked, not the name, which could change in between.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("it has mode %04o, others may open it: chmod 600 it", mode)
	}
	text := make([]byte, 256)
	n, err := f.Read(text)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	return Parse(string(text[:n]))
}

// Parse reads the text of a key file, for keys that come by another way, such as the environment.
func Parse(text string) (*seal.Key, error) {
	coded, ok := strings.CutPrefix(strings.TrimSpace(text), prefix)
	if !ok {
		return nil, fmt.Errorf("it does not begin with %s", prefix)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(coded)
	if err != nil {
		return nil, errors.New("it is not a key: part of it is missing or changed") // err would show the text
	}
	return seal.KeyOf(raw)
}

// Create makes a random key and writes it to a new file of mode 0600, in a directory that is made with
// mode 0700 when it is missing. When Create returns, the file survives a loss of power: what is sealed
// with a key that is gone is gone too.
func Create(path string) (*seal.Key, error) {
	key := seal.NewKey()
	if err := write(path, prefix+base64.RawURLEncoding.EncodeToString(key.Bytes())+"\n"); err != nil {
		return nil, fmt.Errorf("create key file: %w", err)
	}
	return key, nil
}

// write makes the file whole or not at all: a crash must not leave half a key behind.
func write(path, text string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil { // unlike a rename, never over another key
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
