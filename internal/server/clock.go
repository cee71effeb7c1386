package server

import (
	"sync/atomic"
	"time"
)

// clock is the one source of time of a house. In dev it can be moved, so that next month can be tried in a
// second; signatures and sockets use the machine's time always.
type clock struct{ offset atomic.Int64 }

// Now is the machine's time plus the offset, in UTC.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// Advance moves the clock.
func (c *clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// Set moves the clock to a moment, from where it goes on.
func (c *clock) Set(t time.Time) { c.offset.Store(int64(time.Until(t))) }

// Real goes back to the machine's time.
func (c *clock) Real() { c.offset.Store(0) }
