package check

import (
	"context"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// Plan takes one request from the caller's usage plan: the throttle of the method, the throttle of the
// client, then the quota.
func Plan(env *Env, ctx context.Context, x *exchange.Exchange) verdict.Decision {
	plan := x.Key.Plan
	if plan == nil {
		return verdict.Refuse(verdict.InvalidAPIKey, verdict.KeyNotInPlan, "")
	}
	outcome, err := env.Counters.Spend(ctx, x.Request.At, charge(x))
	switch {
	case err != nil:
		return verdict.Refuse(verdict.APIConfigurationError, verdict.CountersDown, err.Error())
	case outcome == Admitted:
		x.Key.Spent = true
		return verdict.Allowed(verdict.PlanAdmitted, string(plan.ID))
	case outcome == QuotaSpent:
		return verdict.Refuse(verdict.QuotaExceeded, verdict.PlanQuotaSpent, string(plan.ID))
	case outcome == MethodThrottled:
		return verdict.Refuse(verdict.Throttled, verdict.PlanMethodThrottled, string(plan.ID))
	default:
		return verdict.Refuse(verdict.Throttled, verdict.PlanThrottled, string(plan.ID))
	}
}

func charge(x *exchange.Exchange) Charge {
	return Charge{Key: x.Key.ID, Plan: x.Key.Plan, Stage: x.Stage, Method: x.Route.MethodKey, Joined: x.Key.Joined}
}

// Throttle applies the stage's throttle of the method and the account's. What a plan gave for a request
// that stops here is given back: refused requests burn no quota.
func Throttle(env *Env, ctx context.Context, x *exchange.Exchange) verdict.Decision {
	d := verdict.Yes
	switch {
	case x.Route.Limit != nil && !env.Counters.Take(x.Request.At, x.Route.LimitKey, x.Route.Limit):
		d = verdict.Refuse(verdict.Throttled, verdict.StageThrottled, x.Route.MethodKey)
	case env.Account != nil && !env.Counters.Take(x.Request.At, "account", env.Account):
		d = verdict.Refuse(verdict.Throttled, verdict.AccountThrottled, "")
	}
	if d.Refused() && x.Key.Spent {
		env.Counters.Return(ctx, x.Request.At, charge(x))
		x.Key.Spent = false
	}
	return d
}
