// Package check holds the checks that a request passes, one file and one function each. A check looks at
// the exchange and at the few collaborators in Env, and answers a verdict.Decision.
//
// It owns what each check asks. It does not know the order (gateway/order.go), nor how a refusal is
// written (gateway/refuse.go). A collaborator that fails makes its check refuse.
package check

import (
	"context"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Func is one check.
type Func func(*Env, context.Context, *exchange.Exchange) verdict.Decision

// Env is all that checks may ask.
type Env struct {
	Keys     Keys
	Counters Counters
	// Signatures verifies a signed call to a route that does not exist; nil refuses such calls.
	Signatures Signatures
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

// Signatures verifies AWS signatures.
type Signatures interface {
	// VerifyUnknown checks the signature of a call to a route that does not exist. It returns Yes when the
	// signature is good.
	VerifyUnknown(ctx context.Context, r *exchange.Request) verdict.Decision
}
