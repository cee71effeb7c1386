package identity

import (
	"time"

	"gatehouse/internal/seal"
)

// AccessKeyID is the public half of an access key, "AKIA…" for long-term keys and "ASIA…" for
// temporary ones.
type AccessKeyID string

// MaxAccessKeys is how many access keys a user may have [docs].
const MaxAccessKeys = 2

// AccessKey is a long-term credential that can sign requests: the account's own or a user's.
type AccessKey struct {
	ID     AccessKeyID
	Secret seal.Secret
	// Root marks the key of the account itself, the only one that exists at first.
	Root bool
	// Active is false for a key that was switched off; it verifies nothing.
	Active bool
	// User is whose key it is; empty for the root key.
	User    UserID
	Created time.Time
}

// Use is when and for what an access key or a role was last used. It is noted coarsely: a use that follows
// another within a quarter of an hour is not written down.
type Use struct {
	// ID is the access key or the unique id of the role.
	ID      string
	At      time.Time
	Service string
	Region  Region
}
