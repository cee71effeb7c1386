package sigv4

import (
	"crypto/sha256"
	"sync"

	"gatehouse/internal/seal"
)

// Keys caches derived signing keys. A signing key serves for one access key, day, region and service, so
// a busy client needs one derivation a day. The cache knows a secret by its digest only: a rotated secret
// has its own entry, and the old entry verifies nothing any more. The zero value caches nothing; nil too.
type Keys struct {
	max   int
	mu    sync.RWMutex
	known map[keyID]signingKey
}

type signingKey [sha256.Size]byte

type keyID struct {
	id, date, region, service string
	secret                    [sha256.Size]byte
}

// NewKeys makes a cache of at most max keys. When it is full it starts anew.
func NewKeys(max int) *Keys { return &Keys{max: max, known: map[keyID]signingKey{}} }

func (k *Keys) get(id string, secret seal.Secret, date, region, service string) signingKey {
	if k == nil || k.max <= 0 {
		return derive(secret, date, region, service)
	}
	name := keyID{id, date, region, service, sha256.Sum256([]byte(secret.Reveal()))}
	k.mu.RLock()
	key, ok := k.known[name]
	k.mu.RUnlock()
	if ok {
		return key
	}
	key = derive(secret, date, region, service)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.known) >= k.max {
		clear(k.known)
	}
	k.known[name] = key
	return key
}

// derive makes the signing key: a chain of HMACs over the parts of the scope.
func derive(secret seal.Secret, date, region, service string) signingKey {
	key := []byte("AWS4" + secret.Reveal())
	for _, part := range []string{date, region, service, terminator} {
		key = sum(key, []byte(part))
	}
	return signingKey(key)
}
