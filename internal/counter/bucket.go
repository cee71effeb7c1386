package counter

import (
	"runtime"
	"sync"
	"time"
	"weak"

	"gatehouse/internal/apigw"
)

// Bucket is a token bucket that all callers share: that of a stage's method, or of the account.
type Bucket struct {
	local *Local
	mu    sync.Mutex
	state bucket
	held  bool // is in Local.taken or Local.bucketsHeld
}

// Bucket returns the bucket of an id: always the same one while any of its tokens is missing.
func (l *Local) Bucket(id string) *Bucket {
	l.mu.RLock()
	b := l.buckets[id].Value()
	l.mu.RUnlock()
	if b != nil {
		return b
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.buckets[id].Value(); b != nil {
		return b
	}
	b = &Bucket{local: l}
	p := weak.Make(b)
	l.buckets[id] = p
	runtime.AddCleanup(b, func(id string) { forget(l, l.buckets, id, p) }, id)
	return b
}

// Take takes a token from the bucket of an id; the form for callers who cannot keep the Bucket.
func (l *Local) Take(now time.Time, id string, limit *apigw.Limit) bool {
	return l.Bucket(id).Take(now, limit)
}

// Take takes one token, or nothing and returns false when there is none.
func (b *Bucket) Take(now time.Time, limit *apigw.Limit) bool {
	at := int64(now.Sub(b.local.start))
	b.mu.Lock()
	defer b.mu.Unlock()
	next, ok := b.state.Take(at, limit.Burst, limit.Rate)
	b.state = bucket{next, *limit}
	if !b.held {
		b.held = true
		b.local.hold(b)
	}
	return ok
}

// Give puts one token back, for a request that is refused by a limit further on.
func (b *Bucket) Give() {
	b.mu.Lock()
	b.state.Bucket = b.state.Give()
	b.mu.Unlock()
}

func (l *Local) hold(b *Bucket) {
	l.mu.Lock()
	l.taken = append(l.taken, b)
	l.mu.Unlock()
}

// release lets go of the bucket if it is full.
func (b *Bucket) release(at int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = !b.state.full(at)
	return !b.held
}
