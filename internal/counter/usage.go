package counter

import (
	"context"
	"fmt"

	"gatehouse/internal/apigw"
	"gatehouse/internal/meter"
)

// DayUse is what GetUsage says of one day.
type DayUse struct {
	Day  meter.Day
	Used int64
	// Remaining is what the day's window had left when the day ended, or has left now; -1 without a
	// quota.
	Remaining int64
}

// maxDays is the longest range of days that Usage answers.
const maxDays = 366

// Usage returns one DayUse for every day from..to, both included, under the quota as it is now.
func (c *Client) Usage(ctx context.Context, q *apigw.Quota, from, to meter.Day) ([]DayUse, error) {
	if to < from || int64(to)-int64(from) >= maxDays {
		return nil, fmt.Errorf("usage from %v to %v: the range must be of 1 to %d days", from, to, maxDays)
	}
	begin := from
	var period meter.Period
	if q != nil {
		var err error
		if period, err = meter.ParsePeriod(q.Period); err != nil {
			return nil, fmt.Errorf("usage plan %s: %w", c.id.Plan, err)
		}
		begin = period.Window(from).Start
	}
	counts, err := c.counts(ctx, begin, to)
	if err != nil {
		return nil, fmt.Errorf("usage of key %s in plan %s: %w", c.id.Key, c.id.Plan, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()

	uses := make([]DayUse, 0, to-from+1)
	var window meter.Window
	var used, granted int64
	for day := begin; day <= to; day++ {
		if q != nil && !window.Contains(day) {
			window, used, granted = period.Window(day), 0, 0
		}
		d := counts[day]
		used, granted = meter.Add(used, d.Used), meter.Add(granted, d.Granted)
		if day < from {
			continue
		}
		use := DayUse{Day: day, Used: d.Used, Remaining: -1}
		if q != nil {
			use.Remaining = meter.Remaining(q.Limit, q.Offset, c.initial(window), granted, used)
		}
		uses = append(uses, use)
	}
	return uses, nil
}

// counts returns the totals of days, those in memory being newer than those stored.
func (c *Client) counts(ctx context.Context, from, to meter.Day) (map[meter.Day]Total, error) {
	stored, err := c.local.totals.Load(ctx, c.id, from, to)
	if err != nil {
		return nil, err
	}
	counts := make(map[meter.Day]Total, len(stored))
	for _, t := range stored {
		counts[t.Day] = t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.days {
		if from <= d.day && d.day <= to {
			counts[d.day] = Total{Used: d.used, Granted: d.granted}
		}
	}
	return counts, nil
}
