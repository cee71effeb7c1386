package apigateway_test

import (
	"context"
	"sync"

	"gatehouse/internal/apigw"
	"gatehouse/internal/counter"
	"gatehouse/internal/meter"
)

// usage is a counter in which nothing was used.
type usage struct {
	mu        sync.Mutex
	remaining map[apigw.PlanKey]int64
}

func (u *usage) Days(_ context.Context, plan *apigw.UsagePlan, member apigw.PlanKey, from, to meter.Day) ([]counter.DayUse, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []counter.DayUse
	for d := from; d <= to; d++ {
		left := int64(-1)
		if plan.Quota != nil {
			left = int64(plan.Quota.Limit)
		}
		if n, ok := u.remaining[member]; ok {
			left = n
		}
		out = append(out, counter.DayUse{Day: d, Remaining: left})
	}
	return out, nil
}

func (u *usage) SetRemaining(_ context.Context, _ *apigw.UsagePlan, member apigw.PlanKey, n int64) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.remaining == nil {
		u.remaining = map[apigw.PlanKey]int64{}
	}
	u.remaining[member] = n
	return nil
}
