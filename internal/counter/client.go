package counter

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/meter"
)

// Result is the answer to a Spend.
type Result uint8

// The results; only Admitted lets a request pass. They are in the order in which they are looked for.
const (
	// PlanThrottled: the plan's bucket of the key is empty (429 TooManyRequests).
	PlanThrottled Result = iota + 1
	// MethodThrottled: the key's bucket of this method is empty (429 TooManyRequests).
	MethodThrottled
	// QuotaSpent: the window's quota is used up (429 LimitExceeded).
	QuotaSpent
	Admitted
)

// String says it for the log.
func (r Result) String() string {
	switch r {
	case PlanThrottled:
		return "plan throttled"
	case MethodThrottled:
		return "method throttled"
	case QuotaSpent:
		return "quota spent"
	case Admitted:
		return "admitted"
	}
	return "unknown result"
}

// MethodID names a method that a plan limits by itself. A plan's limits of a method are per key, stage and
// method; build the id once, with the snapshot, not per request.
type MethodID struct {
	API    apigw.APIID
	Stage  apigw.StageName
	Method string // as the plan writes it: "/pets/GET"
}

// Spend is the limits that one request must pass. Nil is no limit. It is not changed and may be shared.
type Spend struct {
	// Limit is the plan's bucket, one for the key over all stages of the plan.
	Limit *apigw.Limit
	// Method and MethodLimit are the plan's bucket for the method.
	Method      MethodID
	MethodLimit *apigw.Limit
	// Quota is counted over all stages of the plan. A period that does not exist admits nothing.
	Quota *apigw.Quota
}

// Client is what one key has used of one plan.
type Client struct {
	id    ID
	local *Local

	mu      sync.Mutex
	plan    bucket
	methods map[MethodID]*bucket

	days []count // by day, ascending
	// joined is the day on which the key came into the plan; first the same, or the first day known.
	joined, first       meter.Day
	hasJoined, hasFirst bool

	// What the days amount to for the day and period of the last request.
	day     meter.Day
	period  string
	today   int // index of day in days
	window  meter.Window
	used    int64
	granted int64

	dirty bool // is in Local.dirty
}

// bucket is a token bucket and the limit that it was last used with, which tells when it is full again.
type bucket struct {
	meter.Bucket
	limit apigw.Limit
}

func (b *bucket) full(at int64) bool {
	return b.Tokens(at, b.limit.Burst, b.limit.Rate) >= float64(max(0, b.limit.Burst))
}

// count is what was used on a day.
type count struct {
	day           meter.Day
	used, granted int64
	changed       bool // since it was saved
}

// Spend charges one request to all the limits, or to none of them if one refuses.
func (c *Client) Spend(now time.Time, s *Spend) Result {
	at := int64(now.Sub(c.local.start))
	day := meter.DayOf(now)

	c.mu.Lock()
	defer c.mu.Unlock()

	var plan, method meter.Bucket
	var ofMethod *bucket
	var ok bool
	if l := s.Limit; l != nil {
		if plan, ok = c.plan.Take(at, l.Burst, l.Rate); !ok {
			c.plan.Bucket, c.plan.limit = plan, *l
			return PlanThrottled
		}
	}
	if l := s.MethodLimit; l != nil {
		ofMethod = c.method(s.Method)
		if method, ok = ofMethod.Take(at, l.Burst, l.Rate); !ok {
			ofMethod.Bucket, ofMethod.limit = method, *l
			return MethodThrottled
		}
	}
	if q := s.Quota; q != nil {
		c.turn(day, q.Period)
		if c.remaining(q) == 0 {
			return QuotaSpent
		}
	} else {
		c.turn(day, "")
	}

	if s.Limit != nil {
		c.plan.Bucket, c.plan.limit = plan, *s.Limit
	}
	if s.MethodLimit != nil {
		ofMethod.Bucket, ofMethod.limit = method, *s.MethodLimit
	}
	c.charge(1)
	return Admitted
}

// Refund takes back an admitted Spend, given the same arguments: for a request that is refused by a limit
// further on, which must not have used anything.
func (c *Client) Refund(now time.Time, s *Spend) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Limit != nil {
		c.plan.Bucket = c.plan.Give()
	}
	if s.MethodLimit != nil {
		b := c.method(s.Method)
		b.Bucket = b.Give()
	}
	period := ""
	if s.Quota != nil {
		period = s.Quota.Period
	}
	c.turn(meter.DayOf(now), period)
	if c.days[c.today].used > 0 { // not after a Reset
		c.charge(-1)
	}
}

func (c *Client) method(id MethodID) *bucket {
	b := c.methods[id]
	if b == nil {
		if c.methods == nil {
			c.methods = make(map[MethodID]*bucket)
		}
		b = new(bucket)
		c.methods[id] = b
	}
	return b
}

// charge counts n requests on the day that was turned to.
func (c *Client) charge(n int64) {
	today := &c.days[c.today]
	today.used = meter.Add(today.used, n)
	today.changed = true
	c.used = meter.Add(c.used, n)
	c.touch()
}

// touch has the client saved with the next batch.
func (c *Client) touch() {
	if !c.dirty {
		c.dirty = true
		c.local.enqueue(c)
	}
}

// remaining is what the quota has left in the window that was turned to. A period that does not exist has
// an empty window, which has nothing.
func (c *Client) remaining(q *apigw.Quota) int64 {
	if c.window == (meter.Window{}) {
		return 0
	}
	return meter.Remaining(q.Limit, q.Offset, c.initial(c.window), c.granted, c.used)
}

// initial reports whether a window is the one in which the key came into the plan.
func (c *Client) initial(w meter.Window) bool { return c.hasFirst && w.Contains(c.first) }

// turn makes a day and a period the current ones. Nearly always they are already.
func (c *Client) turn(day meter.Day, period string) {
	if day == c.day && period == c.period && c.today < len(c.days) {
		return
	}
	c.day, c.period = day, period
	c.today = c.find(day)
	if !c.hasFirst {
		c.first, c.hasFirst = c.days[0].day, true
	}
	c.window, c.used, c.granted = meter.Window{}, 0, 0
	p, err := meter.ParsePeriod(period)
	if err != nil {
		return // no quota, or one that admits nothing: see remaining
	}
	c.window = p.Window(day)
	for _, d := range c.days {
		if c.window.Contains(d.day) {
			c.used = meter.Add(c.used, d.used)
			c.granted = meter.Add(c.granted, d.granted)
		}
	}
}

// find returns the index of a day's count, which it makes if there is none.
func (c *Client) find(day meter.Day) int {
	i := len(c.days)
	for i > 0 && c.days[i-1].day >= day {
		i--
	}
	if i < len(c.days) && c.days[i].day == day {
		return i
	}
	c.days = append(c.days, count{})
	copy(c.days[i+1:], c.days[i:])
	c.days[i] = count{day: day}
	return i
}

// load fills a new client from the store.
func (c *Client) load(totals []Total) {
	for _, t := range totals {
		d := &c.days[c.find(t.Day)]
		d.used, d.granted = t.Used, t.Granted
	}
	c.today = len(c.days) // none: the next request turns to its day
}

// reset makes the client a new one.
func (c *Client) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plan, c.methods, c.days, c.today, c.dirty = bucket{}, nil, nil, 0, false
	c.first, c.hasFirst = c.joined, c.hasJoined
}

// SetRemaining gives the window of the time now exactly n more requests (UpdateUsage), whatever is spent
// meanwhile, and saves that before it returns. An error after which the new number holds in memory but is
// not saved yet says so.
func (c *Client) SetRemaining(ctx context.Context, now time.Time, q *apigw.Quota, n int64) error {
	if q == nil {
		return fmt.Errorf("usage plan %s has no quota", c.id.Plan)
	}
	if _, err := meter.ParsePeriod(q.Period); err != nil {
		return fmt.Errorf("usage plan %s: %w", c.id.Plan, err)
	}
	if n < 0 {
		return fmt.Errorf("remaining quota %d is negative", n)
	}
	c.mu.Lock()
	c.turn(meter.DayOf(now), q.Period)
	// What makes limit - offset + granted - used equal n; computed without the floor at zero.
	base := int64(max(0, q.Limit))
	if c.initial(c.window) {
		base -= int64(max(0, q.Offset))
	}
	change := meter.Add(n, -meter.Add(meter.Add(base, c.granted), -c.used))
	today := &c.days[c.today]
	today.granted = meter.Add(today.granted, change)
	today.changed = true
	c.granted = meter.Add(c.granted, change)
	c.touch()
	c.mu.Unlock()

	c.local.saving.Lock()
	defer c.local.saving.Unlock()
	if err := c.local.save(ctx, []*Client{c}); err != nil {
		return fmt.Errorf("remaining quota is set but not saved yet: %w", err)
	}
	return nil
}

// Remaining is what a quota has left in the window of the time now.
func (c *Client) Remaining(now time.Time, q *apigw.Quota) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(meter.DayOf(now), q.Period)
	return c.remaining(q)
}
