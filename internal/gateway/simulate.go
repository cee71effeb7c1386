package gateway

import (
	"context"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/gateway/check"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/identity"
)

// Simulate judges a request without running what stands behind it, and without spending anything. caller is
// taken to have signed the request; nil leaves it as it is. The exchange that comes back holds the trace.
func (g *Gateway) Simulate(ctx context.Context, r *exchange.Request, caller *identity.Caller, open bool) *exchange.Exchange {
	dry := *g
	dry.env.Assume = caller
	dry.env.Counters = generous{}
	x := exchange.New(r, g.live.Load(), true)
	switch d := dry.find(x, open); {
	case d.Refused():
		x.Trace.Note("route", d)
		x.Decision = d
	case x.Route == nil:
		x.Decision = check.Nowhere(&dry.env, ctx, x)
		x.Trace.Note("route", x.Decision)
	default:
		x.Decision = dry.judge(ctx, RESTOrder, x)
	}
	x.Status = 200
	if x.Decision.Refused() {
		x.Status = Refuse(x.Decision).Status
	}
	return x
}

// generous admits everything: a simulation asks who may call, not how much is left.
type generous struct{}

func (generous) Spend(context.Context, time.Time, check.Charge) (check.Outcome, error) {
	return check.Admitted, nil
}
func (generous) Return(context.Context, time.Time, check.Charge) {}
func (generous) Take(time.Time, string, *apigw.Limit) bool       { return true }
