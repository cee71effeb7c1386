package stack

import "context"

type hintKey struct{}

// WithHint marks the context of one service call with the identity of the resource that it makes, so
// that a service which is built with deterministic ids gives the same physical id on every fresh start.
// A hint is "stack/LogicalID/generation"; the generation grows when a resource is replaced, because the
// old and the new one exist side by side for a while.
func WithHint(ctx context.Context, hint string) context.Context {
	return context.WithValue(ctx, hintKey{}, hint)
}

// Hint returns the hint of the call, "" outside of a stack: then an id has to be random.
func Hint(ctx context.Context) string {
	h, _ := ctx.Value(hintKey{}).(string)
	return h
}
