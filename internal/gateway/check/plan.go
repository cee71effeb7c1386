package check

import (
	"context"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// Plan takes one request from the caller's usage plan: the throttle of the method, the throttle of the
// client, then the quota.
func Plan(env *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	plan := x.Key.Plan
	if plan == nil {
		return verdict.Refuse(verdict.InvalidAPIKey, verdict.KeyNotInPlan, "")
	}
	outcome, spent := env.Counters.Spend(x.Request.At, x.Key.ID, plan, x.Stage, x.Route.MethodKey)
	switch outcome {
	case Admitted:
		x.Key.Spent = spent
		return verdict.Allowed(verdict.PlanAdmitted, string(plan.ID))
	case QuotaSpent:
		return verdict.Refuse(verdict.QuotaExceeded, verdict.PlanQuotaSpent, string(plan.ID))
	case MethodThrottled:
		return verdict.Refuse(verdict.Throttled, verdict.PlanMethodThrottled, string(plan.ID))
	default:
		return verdict.Refuse(verdict.Throttled, verdict.PlanThrottled, string(plan.ID))
	}
}

// Throttle applies the stage's throttle of the method and the account's. What a plan gave for a request
// that stops here is given back: refused requests burn no quota.
func Throttle(env *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	d := verdict.Yes
	switch {
	case x.Route.Limit != nil && !env.Counters.Take(x.Request.At, x.Route.LimitKey, x.Route.Limit):
		d = verdict.Refuse(verdict.Throttled, verdict.StageThrottled, x.Route.MethodKey)
	case env.Account != nil && !env.Counters.Take(x.Request.At, "account", env.Account):
		d = verdict.Refuse(verdict.Throttled, verdict.AccountThrottled, "")
	}
	if d.Refused() && x.Key.Spent != nil {
		env.Counters.Return(x.Request.At, x.Key.Spent)
		x.Key.Spent = nil
	}
	return d
}
