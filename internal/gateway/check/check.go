// Package check holds the checks that a request passes, one file and one function each. A check looks at
// the exchange and at the few collaborators in Env, and answers a verdict.Decision.
//
// It owns what each check asks. It does not know the order (gateway/order.go), nor how a refusal is
// written (gateway/refuse.go). A collaborator that fails makes its check refuse.
package check

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/identity"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Func is one check.
type Func func(*Env, context.Context, *exchange.Exchange) verdict.Decision

// Env is all that checks may ask.
type Env struct {
	Keys     Keys
	Counters Counters
	// Callers finds who signed; nil refuses every signed call.
	Callers Callers
	// SigningKeys caches derived signing keys.
	SigningKeys *sigv4.Keys
	// Wall is the machine's time, which signatures are held against, whatever the house's clock says.
	Wall func() time.Time
	// Assume stands for a signature in simulations: who is taken to have signed. nil outside of them.
	Assume *identity.Caller
	// Account is the throttle of the whole account; nil is none.
	Account *apigw.Limit
}

// Keys finds API keys by value.
type Keys interface {
	// FindKey returns false when no key has the value. An error means that nobody knows.
	FindKey(ctx context.Context, value string) (KeyRecord, bool, error)
}

// KeyRecord is what a check needs of an API key.
type KeyRecord struct {
	ID      apigw.KeyID
	Name    string
	Enabled bool
	// Plans are the usage plans that the key is in, and since when.
	Plans []apigw.PlanKey
}

// Outcome is how spending from a plan ended.
type Outcome uint8

// The outcomes of Counters.Spend.
const (
	Admitted Outcome = iota
	PlanThrottled
	MethodThrottled
	QuotaSpent
)

// Counters spends tokens and quotas. A refused request takes nothing.
type Counters interface {
	// Spend takes one request from a plan. An error means that nobody knows what is left.
	Spend(ctx context.Context, now time.Time, c Charge) (Outcome, error)
	// Return gives back what an admitted Spend took, because a later limit refuses the request.
	Return(ctx context.Context, now time.Time, c Charge)
	// Take takes one token from a bucket that belongs to no client.
	Take(now time.Time, bucket string, limit *apigw.Limit) bool
}

// Charge is who pays for a request, and what for.
type Charge struct {
	Key    apigw.KeyID
	Plan   *snapshot.Plan
	Stage  *snapshot.Stage
	Method string
	// Joined is when the key came into the plan: the quota's offset applies to the period of that day.
	Joined time.Time
}

// Callers finds who signs with an access key, and with a session token where there is one.
type Callers interface {
	// FindCaller returns ErrUnknownCaller or ErrExpiredCaller for credentials that are not good. Any other
	// error means that nobody knows.
	FindCaller(ctx context.Context, key identity.AccessKeyID, token string, now time.Time) (*identity.Caller, error)
	// CallerUsed notes that a verified caller made a call. It never waits.
	CallerUsed(caller *identity.Caller, now time.Time)
}

// The refusals of Callers.
var (
	ErrUnknownCaller = errors.New("the security token is invalid")
	ErrExpiredCaller = errors.New("the security token is expired")
)
