package identity

import (
	"context"
	"sync/atomic"
	"time"

	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/seal"
)

// Caller is a principal with what verifies its signatures and what decides over its calls. The directory makes
// it; it is shared by all calls that are signed with the same credentials, and never changed.
type Caller struct {
	Principal
	// Secret is what signatures are verified with.
	Secret seal.Secret
	// Policies are those of the principal, compiled. A policy that does not compile denies everything.
	Policies *policy.Set
	// Subject is the principal as policies see it.
	Subject *policy.Caller
	// Unmodelled are the policies of AWS that are attached, but whose text this server does not have: they
	// grant nothing.
	Unmodelled []string

	// noted is when a use was last written down, in seconds since 1970.
	noted atomic.Int64
}

// NewCaller makes a caller of a principal.
func NewCaller(p Principal, secret seal.Secret, set *policy.Set) *Caller {
	subject := p.Subject()
	subject.Bounded = set != nil && set.Boundary != nil
	return &Caller{Principal: p, Secret: secret, Policies: set, Subject: subject}
}

// Describe fills in what policies may ask about the caller, in a context that describes nobody yet (IAM user
// guide, "AWS global condition context keys", properties of the principal and of the role session). The nil
// Caller is anonymous.
func (c *Caller) Describe(x *condition.Context) {
	if c == nil {
		(*policy.Caller)(nil).Describe(x)
		return
	}
	c.Subject.Describe(x)
	c.Session.describe(x)
}

type callerKey struct{}

// WithCaller marks the context of a call with who makes it.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns who makes a call. Calls that the house makes itself (a deployment of dev) have no
// caller: nil.
func CallerFrom(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}

// noteEvery is how far apart two notes of one credential's use are at least.
const noteEvery = 15 * time.Minute

// NoteDue reports whether the use of the credentials is to be written down now: at most once in a quarter of
// an hour, whoever asks.
func (c *Caller) NoteDue(now time.Time) bool {
	last, n := c.noted.Load(), now.Unix()
	return n-last >= int64(noteEvery/time.Second) && c.noted.CompareAndSwap(last, n)
}

type conditionsKey struct{}

// WithConditions marks the context of a call with what policies may ask about its request, for services that
// decide themselves: the trust policy of a role may want the caller's address.
func WithConditions(ctx context.Context, x *condition.Context) context.Context {
	return context.WithValue(ctx, conditionsKey{}, x)
}

// ConditionsFrom returns a copy of what WithConditions noted; a context that knows nothing when it noted
// nothing.
func ConditionsFrom(ctx context.Context) condition.Context {
	if x, _ := ctx.Value(conditionsKey{}).(*condition.Context); x != nil {
		out := *x
		out.More = out.More[:len(out.More):len(out.More)]
		return out
	}
	return condition.Context{}
}
