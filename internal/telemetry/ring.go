package telemetry

import (
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/exchange"
)

// Ring keeps the last calls. Writers take no lock and copy nothing.
type Ring struct {
	next  atomic.Uint64
	slots []atomic.Pointer[call]
}

// NewRing makes a ring of n calls.
func NewRing(n int) *Ring { return &Ring{slots: make([]atomic.Pointer[call], n)} }

// Add keeps a call; the exchange must not be used by anybody else any more.
func (r *Ring) Add(x *exchange.Exchange, took time.Duration) {
	x.Request.Body = nil
	i := r.next.Add(1) - 1
	r.slots[i%uint64(len(r.slots))].Store(&call{x, took})
}

// Last returns up to n records, newest first.
func (r *Ring) Last(n int) []Record {
	end := r.next.Load()
	out := make([]Record, 0, min(n, len(r.slots)))
	for i := uint64(0); i < uint64(len(r.slots)) && len(out) < n && i < end; i++ {
		if c := r.slots[(end-1-i)%uint64(len(r.slots))].Load(); c != nil {
			out = append(out, c.record())
		}
	}
	return out
}

// Find returns the record of a request id.
func (r *Ring) Find(id string) (Record, bool) {
	for i := range r.slots {
		if c := r.slots[i].Load(); c != nil && c.x.Request.ID == id {
			return c.record(), true
		}
	}
	return Record{}, false
}

// Clear forgets all calls.
func (r *Ring) Clear() {
	for i := range r.slots {
		r.slots[i].Store(nil)
	}
}
