package identity

import (
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"io"

	"gatehouse/internal/seal"
)

// UserID is the unique id of a user, "AIDA" and 17 characters. An entity that is deleted and made again gets
// another one, so that nothing that refers to the old one comes back to life.
type UserID string

// GroupID is the unique id of a group, "AGPA…".
type GroupID string

// RoleID is the unique id of a role, "AROA…".
type RoleID string

// PolicyID is the unique id of a managed policy, "ANPA…".
type PolicyID string

// Prefixes of unique ids and access keys (IAM user guide, "Unique identifiers").
const (
	UserPrefix    = "AIDA"
	GroupPrefix   = "AGPA"
	RolePrefix    = "AROA"
	PolicyPrefix  = "ANPA"
	KeyPrefix     = "AKIA"
	SessionPrefix = "ASIA"
)

// NewID draws a unique id: a prefix and 17 characters of A-Z and 2-7.
func NewID[ID ~string](random io.Reader, prefix string) (ID, error) {
	text, err := draw(random, 17)
	return ID(prefix + text), err
}

// NewAccessKey draws an access key id (a prefix and 16 characters of A-Z and 2-7) and a secret of 40
// characters of base64, 240 random bits.
func NewAccessKey(random io.Reader, prefix string) (AccessKeyID, seal.Secret, error) {
	id, err := draw(random, 16)
	if err != nil {
		return "", seal.Secret{}, err
	}
	var secret [30]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return "", seal.Secret{}, fmt.Errorf("draw a secret access key: %w", err)
	}
	return AccessKeyID(prefix + id), seal.Hide(base64.StdEncoding.EncodeToString(secret[:])), nil
}

func draw(random io.Reader, n int) (string, error) {
	var raw [20]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	return base32.StdEncoding.EncodeToString(raw[:])[:n], nil
}
