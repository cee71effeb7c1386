// Package counter spends the tokens and quotas of usage plans, and the tokens of stages and the account.
//
// It owns who has used how much: the bucket and the daily counts of every (plan, key), their way to the
// store and back. The arithmetic is package meter's; which limits apply to a request, in which order the
// checks run and what a refusal says is decided elsewhere. It follows the developer guide, "Usage plans
// and API keys", and promises more than AWS, which calls its limits targets: on one node
//
//   - quotas are exact: a window admits its limit and not one request more, whatever the concurrency;
//   - a bucket admits at most burst + rate·T + 1 requests in T seconds;
//   - a request is charged to all of its limits or to none: who is refused has used nothing.
//
// # What is kept
//
// Counts are kept per day, and a window's use is the sum of its days. So nothing is ever reset: a new
// window is new days, a quota that changes from MONTH to DAY finds the right number, and GetUsage reads
// the same records that the limit is enforced with. Counts are saved every second and on Close: a crash
// forgets a second at most. Buckets are not saved; a restart fills them.
//
// # Handles
//
// A Client is the state of one key in one plan, a Bucket that of one throttle which all callers share.
// Whoever resolves keys and routes keeps them beside what else it knows, so that a request finds its
// counters by a pointer. There is one of them for an id as long as anybody holds it, it has something to
// save, or its tokens are not all back; then it is collected.
//
// Lock order: Local.saving, then Client.mu or Bucket.mu, then Local.mu. Only saving is held during a call of
// Totals.
package counter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"
	"weak"

	"gatehouse/internal/apigw"
	"gatehouse/internal/meter"
)

// ID names a client: one key in one plan.
type ID struct {
	Plan apigw.PlanID
	Key  apigw.KeyID
}

// Total is what a client used on one day.
type Total struct {
	ID  ID
	Day meter.Day
	// Used is the number of requests that were admitted.
	Used int64
	// Granted was added to the quota of the window by hand (UpdateUsage), or taken away when negative.
	Granted int64
}

// Totals keeps daily totals where they survive a restart.
type Totals interface {
	// Load returns the totals of a client for the days from..to, both included, in any order. Days
	// without a record may be left out.
	Load(ctx context.Context, id ID, from, to meter.Day) ([]Total, error)
	// Save replaces the records of the given (client, day) pairs, all or none.
	Save(ctx context.Context, totals []Total) error
}

// Config is what a Local needs.
type Config struct {
	Totals Totals
	// Now is the clock whose readings are given to Spend.
	Now func() time.Time
	// Log gets a line when totals cannot be saved and when they can again.
	Log *slog.Logger
	// Every is the time between two saves, a second if it is zero.
	Every time.Duration
}

// Limits of the house-keeping.
const (
	// remembered is how many days back a client knows its counts: a month's window, and a second one for
	// clocks that are set back.
	remembered = 62
	// idle is how long after its last admitted request a client is kept although nobody holds it.
	idle = 10 * time.Minute
	// batch is the number of totals handed to one Save.
	batch = 1000
	// patience is how long one periodic save may take.
	patience = 10 * time.Second
)

// Local counts on a single node.
type Local struct {
	totals Totals
	now    func() time.Time
	log    *slog.Logger
	start  time.Time // bucket time is measured from here, on the monotonic clock

	// saving serialises saves, so that an older count never overwrites a newer one.
	saving  sync.Mutex
	failing bool // the last save failed
	// What is kept although nobody may hold it: clients since their last save, buckets until they are full.
	clientsHeld map[*Client]time.Time
	bucketsHeld map[*Bucket]struct{}

	mu      sync.RWMutex
	clients map[ID]weak.Pointer[Client]
	buckets map[string]weak.Pointer[Bucket]
	dirty   []*Client // have something to save
	taken   []*Bucket // are to be held

	stop context.CancelFunc
	done chan struct{}
}

// New starts a counter; Close must be called.
func New(cfg Config) (*Local, error) {
	if cfg.Totals == nil || cfg.Now == nil || cfg.Log == nil {
		return nil, errors.New("counter: Totals, Now and Log are needed")
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &Local{
		totals:      cfg.Totals,
		now:         cfg.Now,
		log:         cfg.Log,
		start:       cfg.Now(),
		clientsHeld: make(map[*Client]time.Time),
		bucketsHeld: make(map[*Bucket]struct{}),
		clients:     make(map[ID]weak.Pointer[Client]),
		buckets:     make(map[string]weak.Pointer[Bucket]),
		stop:        stop,
		done:        make(chan struct{}),
	}
	every := cfg.Every
	if every <= 0 {
		every = time.Second
	}
	go l.run(ctx, every)
	return l, nil
}

// Close saves what is not saved yet. Requests should have ended: what is spent later is not saved.
func (l *Local) Close(ctx context.Context) error {
	l.stop()
	select {
	case <-l.done:
	case <-ctx.Done():
		return fmt.Errorf("usage totals are not saved: %w", ctx.Err())
	}
	return l.Flush(ctx)
}

// Reset forgets all counts and fills all buckets. It saves nothing: whoever calls it has emptied the store.
func (l *Local) Reset() {
	l.saving.Lock()
	defer l.saving.Unlock()
	l.mu.Lock()
	l.dirty = nil
	clients := slices.Collect(maps.Values(l.clients))
	buckets := slices.Collect(maps.Values(l.buckets))
	l.mu.Unlock()
	for _, p := range clients {
		if c := p.Value(); c != nil {
			c.reset()
		}
	}
	for _, p := range buckets {
		if b := p.Value(); b != nil {
			b.mu.Lock()
			b.state = bucket{}
			b.mu.Unlock()
		}
	}
}

// Client returns the counters of a key in a plan, reading its totals when they are not in memory. joined is
// when the key was put into the plan: the quota's offset applies to the window of that day only. When it
// is zero, the window of the first request known counts as the first.
func (l *Local) Client(ctx context.Context, id ID, joined time.Time) (*Client, error) {
	if c := l.client(id); c != nil {
		return c, nil
	}
	today := meter.DayOf(l.now())
	totals, err := l.totals.Load(ctx, id, today-remembered, today+remembered)
	if err != nil {
		return nil, fmt.Errorf("usage of key %s in plan %s: %w", id.Key, id.Plan, err)
	}
	c := &Client{id: id, local: l}
	if !joined.IsZero() {
		c.joined, c.hasJoined = meter.DayOf(joined), true
		c.first, c.hasFirst = c.joined, true
	}
	c.load(totals)

	l.mu.Lock()
	defer l.mu.Unlock()
	if other := l.clients[id].Value(); other != nil {
		return other, nil
	}
	p := weak.Make(c)
	l.clients[id] = p
	runtime.AddCleanup(c, func(id ID) { forget(l, l.clients, id, p) }, id)
	return c, nil
}

func (l *Local) client(id ID) *Client {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.clients[id].Value()
}

// forget removes the entry of a collected value, if it was not replaced meanwhile.
func forget[K comparable, V any](l *Local, m map[K]weak.Pointer[V], key K, p weak.Pointer[V]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m[key] == p {
		delete(m, key)
	}
}
