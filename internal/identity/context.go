package identity

import "context"

type callerKey struct{}

// WithCaller marks the context of a call with who makes it.
func WithCaller(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, callerKey{}, p)
}

// CallerFrom returns who makes a call. Calls that the house makes itself (a deployment of dev) have no
// caller: nil.
func CallerFrom(ctx context.Context) *Principal {
	p, _ := ctx.Value(callerKey{}).(*Principal)
	return p
}
