package apigateway

import (
	"context"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/counter"
	"gatehouse/internal/meter"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// Usage is the counter of requests as this service sees it.
type Usage interface {
	// Days returns what a key used of a plan on each day from..to, both included.
	Days(ctx context.Context, plan *apigw.UsagePlan, member apigw.PlanKey, from, to meter.Day) ([]counter.DayUse, error)
	// SetRemaining gives the current period exactly n more requests, whatever is spent meanwhile.
	SetRemaining(ctx context.Context, plan *apigw.UsagePlan, member apigw.PlanKey, n int64) error
}

// Counted is the Usage that a counter of this node keeps.
type Counted struct {
	Counter *counter.Local
	Now     func() time.Time
}

var _ Usage = Counted{}

// Days implements Usage.
func (c Counted) Days(ctx context.Context, plan *apigw.UsagePlan, member apigw.PlanKey, from, to meter.Day) ([]counter.DayUse, error) {
	client, err := c.Counter.Client(ctx, counter.ID{Plan: member.Plan, Key: member.Key}, member.Created)
	if err != nil {
		return nil, err
	}
	return client.Usage(ctx, plan.Quota, from, to)
}

// SetRemaining implements Usage.
func (c Counted) SetRemaining(ctx context.Context, plan *apigw.UsagePlan, member apigw.PlanKey, n int64) error {
	client, err := c.Counter.Client(ctx, counter.ID{Plan: member.Plan, Key: member.Key}, member.Created)
	if err != nil {
		return err
	}
	return client.SetRemaining(ctx, c.Now(), plan.Quota, n)
}

// maxUsageDays is the longest range of days of one report.
const maxUsageDays = 366

// GetUsage reports, for the keys of a plan, [used, remaining] for every day of a range. The pages are cut
// between keys.
func (s *Service) GetUsage(ctx context.Context, in *apigateway.GetUsageInput) (*apigateway.Usage, error) {
	out := &apigateway.Usage{
		UsagePlanId: new(in.UsagePlanId), StartDate: new(in.StartDate), EndDate: new(in.EndDate),
		Items: map[string][][]int64{},
	}
	var plan apigw.UsagePlan
	var members []apigw.PlanKey
	var from, to meter.Day
	err := s.view(ctx, func(tx store.Tx) (err error) {
		if plan, err = s.plan(tx, in.UsagePlanId); err != nil {
			return err
		}
		if from, to, err = usageRange(in.StartDate, in.EndDate); err != nil {
			return err
		}
		for m, err := range s.c.Tables.PlanKeys.List(tx, s.scope, tables.InPlan(plan.ID, ""), "") {
			if err != nil {
				return err
			}
			if id := text(in.KeyId); id == "" || id == string(m.Key) {
				members = append(members, m)
			}
		}
		members, out.Position, err = page(s, listing("GetUsage", in.UsagePlanId, text(in.KeyId), in.StartDate, in.EndDate), in.Position, in.Limit, members,
			func(m *apigw.PlanKey) string { return string(m.Key) })
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		days, err := s.c.Usage.Days(ctx, &plan, m, from, to)
		if err != nil {
			return nil, err
		}
		pairs := make([][]int64, len(days))
		for i, d := range days {
			pairs[i] = []int64{d.Used, d.Remaining}
		}
		out.Items[string(m.Key)] = pairs
	}
	return out, nil
}

// usageRange reads a range of days. The texts are inferred.
func usageRange(start, end string) (from, to meter.Day, err error) {
	if from, err = meter.ParseDay(start); err != nil {
		return 0, 0, apigw.Refuse(apigw.BadRequest, "Invalid startDate specified: %s. It must have the form YYYY-MM-DD", start)
	}
	if to, err = meter.ParseDay(end); err != nil {
		return 0, 0, apigw.Refuse(apigw.BadRequest, "Invalid endDate specified: %s. It must have the form YYYY-MM-DD", end)
	}
	if to < from {
		return 0, 0, apigw.Refuse(apigw.BadRequest, "Invalid date range specified: endDate is before startDate")
	}
	if to-from >= maxUsageDays {
		return 0, 0, apigw.Refuse(apigw.BadRequest, "Invalid date range specified: at most %d days can be reported", maxUsageDays)
	}
	return from, to, nil
}

// UpdateUsage sets what a key has left of a plan's quota in the current period, and reports today.
func (s *Service) UpdateUsage(ctx context.Context, in *apigateway.UpdateUsageInput) (*apigateway.Usage, error) {
	var plan apigw.UsagePlan
	var member apigw.PlanKey
	var remaining int64
	err := s.view(ctx, func(tx store.Tx) (err error) {
		if plan, err = s.plan(tx, in.UsagePlanId); err != nil {
			return err
		}
		k, err := s.member(tx, in.UsagePlanId, in.KeyId)
		if err != nil {
			return err
		}
		if member, err = s.c.Tables.PlanKeys.Get(tx, s.scope, tables.InPlan(plan.ID, k.ID)); err != nil {
			return err
		}
		if remaining, err = apigw.PatchUsage(patchOf(in.PatchOperations)); err != nil {
			return err
		}
		if plan.Quota == nil {
			return apigw.Refuse(apigw.BadRequest, "Usage Plan %s does not have a quota", plan.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.c.Usage.SetRemaining(ctx, &plan, member, remaining); err != nil {
		return nil, err
	}
	today := meter.DayOf(s.c.Now())
	days, err := s.c.Usage.Days(ctx, &plan, member, today, today)
	if err != nil {
		return nil, err
	}
	out := &apigateway.Usage{
		UsagePlanId: new(string(plan.ID)), StartDate: new(today.String()), EndDate: new(today.String()),
		Items: map[string][][]int64{},
	}
	for _, d := range days {
		out.Items[string(member.Key)] = append(out.Items[string(member.Key)], []int64{d.Used, d.Remaining})
	}
	return out, nil
}
