// Package telemetry tells the operator what happened: the last calls with the decision of every check, one
// structured event for each call, and Prometheus metrics.
//
// It owns the access record. It does not decide anything, and nothing of it reaches the caller. Header
// values, bodies and key values are never part of a record.
package telemetry

import (
	"time"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/policy"
	"gatehouse/internal/verdict"
)

// Record is one call as the operator sees it.
type Record struct {
	ID         string    `json:"requestId"`
	ExtendedID string    `json:"extendedRequestId"`
	At         time.Time `json:"at"`
	Method     string    `json:"method"`
	Host       string    `json:"host"`
	// Path is the path as it was sent, without the query, which may hold credentials.
	Path     string `json:"path"`
	Peer     string `json:"peer"`
	API      string `json:"api,omitempty"`
	Stage    string `json:"stage,omitempty"`
	Resource string `json:"resource,omitempty"`
	Status   int    `json:"status"`
	Bytes    int64  `json:"bytes"`
	// Micros is the whole time in the gateway, Integration the part of the back end.
	Micros      int64  `json:"micros"`
	Integration int64  `json:"integrationMicros,omitempty"`
	KeyID       string `json:"apiKeyId,omitempty"`
	PlanID      string `json:"usagePlanId,omitempty"`
	// Outcome is "allow" or the gateway-response type of the refusal.
	Outcome string         `json:"outcome"`
	Reason  verdict.Reason `json:"reason,omitempty"`
	Ref     string         `json:"ref,omitempty"`
	Error   string         `json:"error,omitempty"`
	Gates   []Gate         `json:"gates,omitempty"`
	// Caller is the ARN of who signed.
	Caller string `json:"caller,omitempty"`
	// Policies explains, statement by statement, what the policies of the call made of it: which element did
	// not match, which condition key was asked and the value it saw.
	Policies string `json:"policies,omitempty"`
}

// Gate is what one check decided.
type Gate struct {
	Gate    string         `json:"gate"`
	Outcome string         `json:"outcome"`
	Reason  verdict.Reason `json:"reason,omitempty"`
	Ref     string         `json:"ref,omitempty"`
}

// call is an exchange that has ended. It keeps no request body.
type call struct {
	x    *exchange.Exchange
	took time.Duration
}

// RecordOf is the record of an exchange that has ended, or was only simulated.
func RecordOf(x *exchange.Exchange, took time.Duration) Record { return call{x, took}.record() }

// record is everything that is known of a call.
func (c call) record() Record {
	rec, x := c.brief(), c.x
	if q := x.Asked; q != nil {
		// Evaluation is pure and its question is kept, so that the story is told again instead of recorded.
		rec.Policies = policy.ExplainCall(q.Auth, &q.Request, &q.Layers).String()
	}
	if x.Trace.On() {
		for _, s := range x.Trace.Steps {
			rec.Gates = append(rec.Gates, Gate{s.Gate, s.Decision.Kind.String(), s.Decision.Reason, s.Decision.Ref})
		}
	}
	return rec
}

// brief is what the log says of a call.
func (c call) brief() Record {
	x, r := c.x, c.x.Request
	rec := Record{
		ID: r.ID, ExtendedID: r.ExtendedID, At: r.At, Method: x.Method, Host: r.Host, Path: r.RawPath,
		Peer: r.Peer.String(), Status: x.Status, Bytes: x.Sent, Micros: c.took.Microseconds(),
		Integration: x.Integration.Latency.Microseconds(), KeyID: string(x.Key.ID),
		Outcome: x.Decision.Kind.String(), Reason: x.Decision.Reason, Ref: x.Decision.Ref, Error: x.Integration.Error,
	}
	if x.Stage != nil {
		rec.API, rec.Stage = string(x.Stage.API), string(x.Stage.Name)
	}
	if x.Route != nil {
		rec.Resource = x.Route.Path
	}
	if x.Key.Plan != nil {
		rec.PlanID = string(x.Key.Plan.ID)
	}
	if x.Caller != nil {
		rec.Caller = x.Caller.ARN
	}
	return rec
}
