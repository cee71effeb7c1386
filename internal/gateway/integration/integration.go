// Package integration calls what stands behind a route and turns its answer into the gateway's.
//
// It owns the integration types (Lambda and HTTP, proxied or mapped, and mock) and the rules of
// headers on the way in and out. It does not know how a function is run or a socket is opened: Backends
// says what it needs.
package integration

import (
	"context"
	"time"

	"gatehouse/internal/function"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Backends are the collaborators of integrations.
type Backends struct {
	Functions Functions
	HTTP      HTTP
	Now       func() time.Time
}

// Functions runs Lambda functions. Errors are failures of the host: no free environment, no such runtime;
// what the function itself did wrong is in the Result.
type Functions interface {
	Invoke(ctx context.Context, fn *function.Config, call function.Invocation) (function.Result, error)
}

// HTTP calls an HTTP back end.
type HTTP interface {
	Do(ctx context.Context, r *Outgoing) (*Incoming, error)
}

// Outgoing is a request to an HTTP back end.
type Outgoing struct {
	Scheme, Address, Host string
	InsecureTLS           bool
	Method                string
	// Target is path and query, as they go out.
	Target string
	Header exchange.Header
	Body   []byte
	// Timeout bounds the whole call, its body included. It is a field and not a deadline of the context, because a
	// context with a deadline costs more than all checks of the call together.
	Timeout time.Duration
}

// Incoming is its answer. Either Body is whole or Stream gives it.
type Incoming struct {
	Status int
	Header exchange.Header
	Body   []byte
	Stream interface {
		Read([]byte) (int, error)
		Close() error
	}
	Length int64
}

// Run calls the integration of x.Route. A refused decision replaces the response.
func Run(ctx context.Context, b *Backends, x *exchange.Exchange) (*exchange.Response, verdict.Decision) {
	in := &x.Route.Integration
	start := b.Now()
	defer func() { x.Integration.Latency = b.Now().Sub(start) }()
	switch in.Type {
	case snapshot.LambdaProxy:
		return lambdaProxy(ctx, b, x, in)
	case snapshot.HTTPProxy:
		return httpProxy(ctx, b, x, in)
	case snapshot.Mock:
		return mock(x, in.Mock)
	case snapshot.MockMapped, snapshot.Lambda, snapshot.HTTP:
		return mapped(ctx, b, x, in)
	default:
		x.Integration.Error = in.Reason
		return nil, verdict.Refuse(verdict.APIConfigurationError, verdict.IntegrationBroken, in.Reason)
	}
}

// fail records why an integration did not answer.
func fail(x *exchange.Exchange, k verdict.Kind, r verdict.Reason, text string) (*exchange.Response, verdict.Decision) {
	x.Integration.Error = text
	return nil, verdict.Refuse(k, r, text)
}
