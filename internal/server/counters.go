package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"gatehouse/internal/apigw"
	"gatehouse/internal/counter"
	"gatehouse/internal/gateway/check"
	"gatehouse/internal/meter"
	"gatehouse/internal/service/apigateway"
)

// counters gives checks the counters of package counter. It keeps a handle for each client it has seen, so
// that a request finds its counters without a lock; handles are weak, the counter decides what stays.
type counters struct {
	local   *counter.Local
	handles sync.Map // counter.ID → weak.Pointer[counter.Client]
	count   atomic.Int64
	now     func() time.Time
}

// maxHandles bounds the handles; when there are more, all are forgotten and found again.
const maxHandles = 1 << 16

func (c *counters) client(ctx context.Context, charge *check.Charge) (*counter.Client, error) {
	id := counter.ID{Plan: charge.Plan.ID, Key: charge.Key}
	if h, ok := c.handles.Load(id); ok {
		if client := h.(weak.Pointer[counter.Client]).Value(); client != nil {
			return client, nil
		}
	}
	client, err := c.local.Client(ctx, id, charge.Joined)
	if err != nil {
		return nil, err
	}
	if c.count.Add(1) > maxHandles {
		c.handles.Clear()
		c.count.Store(1)
	}
	c.handles.Store(id, weak.Make(client))
	return client, nil
}

func spendOf(charge *check.Charge) counter.Spend {
	return counter.Spend{
		Limit:       charge.Plan.Limit,
		Method:      counter.MethodID{API: charge.Stage.API, Stage: charge.Stage.Name, Method: charge.Method},
		MethodLimit: charge.Plan.Methods[charge.Method],
		Quota:       charge.Plan.Quota,
	}
}

// Spend implements check.Counters.
func (c *counters) Spend(ctx context.Context, now time.Time, charge check.Charge) (check.Outcome, error) {
	client, err := c.client(ctx, &charge)
	if err != nil {
		return check.PlanThrottled, err
	}
	spend := spendOf(&charge)
	switch client.Spend(now, &spend) {
	case counter.Admitted:
		return check.Admitted, nil
	case counter.MethodThrottled:
		return check.MethodThrottled, nil
	case counter.QuotaSpent:
		return check.QuotaSpent, nil
	default:
		return check.PlanThrottled, nil
	}
}

// Return implements check.Counters.
func (c *counters) Return(ctx context.Context, now time.Time, charge check.Charge) {
	if client, err := c.client(ctx, &charge); err == nil {
		spend := spendOf(&charge)
		client.Refund(now, &spend)
	}
}

// Take implements check.Counters.
func (c *counters) Take(now time.Time, bucket string, limit *apigw.Limit) bool {
	return c.local.Take(now, bucket, limit)
}

// Days implements apigateway.Usage.
func (c *counters) Days(ctx context.Context, plan *apigw.UsagePlan, member apigw.PlanKey, from, to meter.Day) ([]counter.DayUse, error) {
	return apigateway.Counted{Counter: c.local, Now: c.now}.Days(ctx, plan, member, from, to)
}

// SetRemaining implements apigateway.Usage.
func (c *counters) SetRemaining(ctx context.Context, plan *apigw.UsagePlan, member apigw.PlanKey, n int64) error {
	return apigateway.Counted{Counter: c.local, Now: c.now}.SetRemaining(ctx, plan, member, n)
}
