package counter

import (
	"context"
	"errors"
	"time"
)

// run saves at intervals until it is stopped.
func (l *Local) run(ctx context.Context, every time.Duration) {
	defer close(l.done)
	tick := time.NewTicker(every)
	defer tick.Stop()
	swept := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-tick.C:
			saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			_ = l.Flush(saving) // a failure was logged, and what it concerns stays queued
			cancel()
			if t.Sub(swept) >= idle/10 {
				swept = t
				l.sweep(t)
			}
		}
	}
}

// enqueue notes that a client has something to save.
func (l *Local) enqueue(c *Client) {
	l.mu.Lock()
	l.dirty = append(l.dirty, c)
	l.mu.Unlock()
}

// Flush saves everything that was spent before the call.
func (l *Local) Flush(ctx context.Context) error {
	l.saving.Lock()
	defer l.saving.Unlock()
	l.mu.Lock()
	clients := l.dirty
	l.dirty = nil
	l.mu.Unlock()
	return l.save(ctx, clients)
}

// save writes the changed counts of clients. What cannot be written is queued again. The caller holds
// saving.
func (l *Local) save(ctx context.Context, clients []*Client) error {
	var faults []error
	var totals []Total
	from := 0 // the first client whose counts are in totals
	for i, c := range clients {
		totals = c.collect(totals)
		l.clientsHeld[c] = time.Now()
		if len(totals) == 0 || len(totals) < batch && i+1 < len(clients) {
			continue
		}
		if err := l.totals.Save(ctx, totals); err != nil {
			faults = append(faults, err)
			for _, c := range clients[from : i+1] {
				c.unsaved(totals)
			}
		}
		totals, from = totals[:0], i+1
	}
	err := errors.Join(faults...)
	if len(clients) > 0 && l.failing != (err != nil) {
		l.failing = err != nil
		if l.failing {
			l.log.Error("usage totals cannot be saved, they are kept in memory", "error", err)
		} else {
			l.log.Info("usage totals are saved again")
		}
	}
	return err
}

// collect appends what is to be saved, and takes it for saved.
func (c *Client) collect(totals []Total) []Total {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirty = false
	for i := range c.days {
		if d := &c.days[i]; d.changed {
			d.changed = false
			totals = append(totals, Total{ID: c.id, Day: d.day, Used: d.used, Granted: d.granted})
		}
	}
	c.prune()
	return totals
}

// unsaved takes back what collect assumed.
func (c *Client) unsaved(totals []Total) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range totals {
		if t.ID == c.id {
			c.days[c.find(t.Day)].changed = true
		}
	}
	c.today = len(c.days) // find may have moved it
	c.touch()
}

// prune forgets days that no window can need.
func (c *Client) prune() {
	n := 0
	for n < len(c.days) && c.days[n].day < c.day-remembered && !c.days[n].changed {
		n++
	}
	if n > 0 {
		c.days = append(c.days[:0], c.days[n:]...)
		c.today -= n
		if c.today < 0 {
			c.today = len(c.days)
		}
	}
}

// sweep lets go of the clients that have been idle and owe nothing, and of the buckets that are full, so
// that they can be collected when nobody else holds them.
func (l *Local) sweep(t time.Time) {
	at := int64(l.now().Sub(l.start))
	l.saving.Lock()
	defer l.saving.Unlock()
	for c, since := range l.clientsHeld {
		if t.Sub(since) >= idle && c.settled(at) {
			delete(l.clientsHeld, c)
		}
	}
	l.mu.Lock()
	for _, b := range l.taken {
		l.bucketsHeld[b] = struct{}{}
	}
	l.taken = nil
	l.mu.Unlock()
	for b := range l.bucketsHeld {
		if b.release(at) {
			delete(l.bucketsHeld, b)
		}
	}
}

// settled reports whether a new client with the same totals would behave as this one does.
func (c *Client) settled(at int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirty || !c.plan.full(at) {
		return false
	}
	for _, b := range c.methods {
		if !b.full(at) {
			return false
		}
	}
	return true
}
