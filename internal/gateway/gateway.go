// Package gateway is the data plane: one list of checks, read from top to bottom, then the integration.
//
// It owns the order of checks (order.go), how refusals are written (refuse.go) and the access record. It
// does not know HTTP engines (package edge), processes (lambdahost), sockets (upstream) or stores: it is
// given what it asks through check.Env and integration.Backends.
package gateway

import (
	"context"
	"time"

	"gatehouse/internal/gateway/check"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/gateway/integration"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
	"gatehouse/internal/vpc"
)

// MaxBody is the largest request body, in bytes; more is refused with 413 before any check.
const MaxBody = 10 << 20

// Config is what a Gateway is built from.
type Config struct {
	Live     *snapshot.Live
	Env      check.Env
	Backends integration.Backends
	// Record is called once for each call, after the answer is known. It must not keep the exchange's
	// request body.
	Record func(*exchange.Exchange, *exchange.Response, time.Duration)
	// Trace asks for the decision of every check in the record.
	Trace bool
	Now   func() time.Time
}

// Gateway serves calls.
type Gateway struct {
	live     *snapshot.Live
	env      check.Env
	backends integration.Backends
	record   func(*exchange.Exchange, *exchange.Response, time.Duration)
	trace    bool
	now      func() time.Time
}

// New makes a Gateway.
func New(c Config) *Gateway {
	return &Gateway{live: c.Live, env: c.Env, backends: c.Backends, record: c.Record, trace: c.Trace, now: c.Now}
}

// Serve answers one call. open tells that the listener takes the path form /{stage}/… .
func (g *Gateway) Serve(ctx context.Context, r *exchange.Request, open bool) *exchange.Response {
	// One load: however long the call lives, it sees one set of definitions.
	x := exchange.New(r, g.live.Load(), g.trace)
	resp := g.serve(ctx, x, open)
	// The door answers requests it cannot read before any exchange exists; everything else comes through
	// here, so these headers are on every answer [recorded].
	resp.Header = append(resp.Header,
		exchange.Field{Name: "x-amzn-RequestId", Value: r.ID},
		exchange.Field{Name: "x-amz-apigw-id", Value: r.ExtendedID})
	x.Status, x.Sent = resp.Status, int64(len(resp.Body))
	if resp.Stream != nil {
		x.Sent = resp.Length
	}
	if g.record != nil {
		g.record(x, resp, g.now().Sub(r.At))
	}
	return resp
}

func (g *Gateway) serve(ctx context.Context, x *exchange.Exchange, open bool) *exchange.Response {
	if d := g.find(x, open); d.Refused() {
		x.Trace.Note("route", d)
		x.Decision = d
		return Refuse(d)
	}
	if x.Route == nil {
		d := check.Nowhere(&g.env, ctx, x)
		x.Trace.Note("route", d)
		x.Decision = d
		return Refuse(d)
	}
	if d := g.judge(ctx, RESTOrder, x); d.Refused() {
		x.Decision = d
		return Refuse(d)
	}
	integration.PrepareTrace(x)
	resp, d := integration.Run(ctx, &g.backends, x)
	if d.Refused() {
		x.Trace.Note("integration", d)
		x.Decision = d
		resp = Refuse(d)
	}
	if t := integration.ResponseTrace(x, d); t != "" {
		resp.Add("X-Amzn-Trace-Id", t)
	}
	return resp
}

// find fills in stage, route, parameters and the two paths of the call.
func (g *Gateway) find(x *exchange.Exchange, open bool) verdict.Decision {
	at, d := g.locate(x, open)
	if d.Refused() {
		return d
	}
	// AWS lets this header name the method; routing, limits and policy then all see that method.
	if m, ok := x.Request.Header.Get("X-HTTP-Method-Override"); ok && m != "" {
		if x.Request.Header.Count("X-HTTP-Method-Override") > 1 {
			return verdict.Refuse(verdict.BadRequest, verdict.Ambiguous, "X-HTTP-Method-Override")
		}
		x.Method = m
	}
	return x.Find(at)
}

// locate finds the API. A private listener has its own forms of host, and no form of path.
func (g *Gateway) locate(x *exchange.Exchange, open bool) (snapshot.Address, verdict.Decision) {
	r := x.Request
	if r.VPCEndpoint == "" {
		return x.Snapshot.Locate(r.Host, r.RawPath, open)
	}
	if r.Header.Count("x-apigw-api-id") > 1 {
		return snapshot.Address{}, verdict.Refuse(verdict.BadRequest, verdict.Ambiguous, "x-apigw-api-id")
	}
	header, _ := r.Header.Get("x-apigw-api-id")
	return x.Snapshot.LocateThrough(vpc.EndpointID(r.VPCEndpoint), r.Host, header, r.RawPath)
}
