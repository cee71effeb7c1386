package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
)

// KeySize is the length of a master key in bytes.
const KeySize = 32

// ErrOpen tells that a sealed text cannot be opened: it was sealed with another key, belongs to another
// place or was changed.
var ErrOpen = errors.New("sealed text does not open: it was made with another key, moved from its place or changed")

// envelope begins every sealed text. The number is the version of the whole construction (cipher,
// derivation, encoding) and is part of what is authenticated.
const envelope = "gh1."

// Key is a master key. Nothing is sealed with it directly: each purpose has a key derived from it, so
// that no two of them share a nonce space. A Key is safe for concurrent use.
type Key struct {
	master [KeySize]byte
	lookup [sha256.Size]byte
	macs   sync.Pool
}

// NewKey returns a random key.
func NewKey() *Key {
	raw := make([]byte, KeySize)
	rand.Read(raw) // never fails: crypto/rand ends the program instead
	k, err := KeyOf(raw)
	if err != nil {
		panic("unreachable: " + err.Error())
	}
	return k
}

// KeyOf makes a key of KeySize random bytes. The bytes are copied.
func KeyOf(raw []byte) (*Key, error) {
	if len(raw) != KeySize {
		return nil, fmt.Errorf("a key has %d bytes, not %d", KeySize, len(raw))
	}
	k := &Key{}
	copy(k.master[:], raw)
	k.lookup = k.derive("lookup")
	k.macs.New = func() any { return &mac{h: hmac.New(sha256.New, k.lookup[:])} }
	return k, nil
}

// Bytes returns a copy of the key, for the one place that keeps it.
func (k *Key) Bytes() []byte { return append([]byte(nil), k.master[:]...) }

// String hides the key from fmt.
func (*Key) String() string { return hidden }

// Format hides the key from every verb of fmt.
func (*Key) Format(f fmt.State, _ rune) { f.Write([]byte(hidden)) }

func (k *Key) derive(purpose string) (out [32]byte) {
	key, err := hkdf.Key(sha256.New, k.master[:], nil, "gatehouse "+envelope+" "+purpose, len(out))
	if err != nil {
		panic("unreachable: " + err.Error()) // only for lengths beyond 255 hashes
	}
	copy(out[:], key)
	return out
}

// Box seals and opens texts with a key of its own.
type Box struct{ aead cipher.AEAD }

// Box returns the box of a purpose, usually a table.
func (k *Key) Box(purpose string) *Box {
	key := k.derive("box " + purpose)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("unreachable: " + err.Error()) // 32 bytes are an AES-256 key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("unreachable: " + err.Error())
	}
	return &Box{aead}
}

// Seal encrypts a text with AES-256-GCM and a random nonce. It opens only with the same bound text, which
// says where the sealed text lives: table, row and column. A box may seal 2³² texts.
func (b *Box) Seal(plain, bound string) string {
	return envelope + base64.RawURLEncoding.EncodeToString(b.aead.Seal(nil, nil, []byte(plain), []byte(envelope+bound)))
}

// Open returns what Seal was given, or ErrOpen.
func (b *Box) Open(sealed, bound string) (string, error) {
	text, ok := strings.CutPrefix(sealed, envelope)
	if !ok || strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return "", ErrOpen
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", ErrOpen
	}
	plain, err := b.aead.Open(nil, nil, raw, []byte(envelope+bound))
	if err != nil {
		return "", ErrOpen
	}
	return string(plain), nil
}

// Digest is the keyed digest of a secret, by which it can be found without being kept in clear.
type Digest [sha256.Size]byte

// Hex returns the digest as 64 hexadecimal digits.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// Lookup returns the HMAC-SHA256 of a value under a key of its own. Without the master key a digest can
// neither be computed nor searched for, so comparing digests needs no constant time.
func (k *Key) Lookup(value string) (d Digest) {
	m := k.macs.Get().(*mac)
	m.h.Reset()
	m.in = append(m.in[:0], value...)
	m.h.Write(m.in)
	m.out = m.h.Sum(m.out[:0])
	copy(d[:], m.out)
	clear(m.in)
	k.macs.Put(m)
	return d
}

// mac is a ready HMAC with its buffers: Lookup allocates nothing.
type mac struct {
	h   hash.Hash
	in  []byte
	out []byte
}
