package exchange

import (
	"strconv"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/identity"
	"gatehouse/internal/mapping"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/route"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Exchange is one call and everything learnt about it: filled in by the router, the checks and the
// integration, in that order, and read once at the end by the access record.
type Exchange struct {
	Request  *Request
	Snapshot *snapshot.Snapshot
	Stage    *snapshot.Stage
	// Route is nil when the caller asked for nothing that exists.
	Route  *snapshot.Route
	Params []route.Param
	// Method is the verb that routing, policy and limits see: X-HTTP-Method-Override is applied.
	Method string
	// Path is the event's path, without stage; FullPath is requestContext.path, with it.
	Path, FullPath string
	DomainName     string
	// Key is the API key in use, once the check accepted it.
	Key Key
	// Caller is who signed the request, once the signature is verified; nil is anonymous.
	Caller *identity.Caller
	// Asked is the question that policies were asked, kept so that it can be explained later.
	Asked *Question
	// TraceID is the X-Amzn-Trace-Id for the integration and, by type, for the answer.
	TraceID string

	Trace    *verdict.Trace
	Decision verdict.Decision
	// Status and Sent describe the answer.
	Status int
	Sent   int64
	// Integration tells what the back end did.
	Integration IntegrationResult

	paramBuf [8]route.Param
	trace    verdict.Trace
}

// Question is what the policies of a call were asked.
type Question struct {
	Auth    policy.AuthType
	Request policy.Request
	Layers  policy.Layers
	// Context is what Request points to.
	Context condition.Context
}

// Key is an accepted API key.
type Key struct {
	ID    apigw.KeyID
	Name  string
	Value string
	Plan  *snapshot.Plan
	// Joined is when the key came into the plan.
	Joined time.Time
	// Spent is true once the plan was charged, so that a limit further on can give it back.
	Spent bool
}

// IntegrationResult is what is known of the back end's part.
type IntegrationResult struct {
	Status  int
	Latency time.Duration
	// Error is the operator's text; it never reaches the caller.
	Error string
}

// New starts an exchange. trace asks for the record of every check.
func New(r *Request, s *snapshot.Snapshot, trace bool) *Exchange {
	x := &Exchange{Request: r, Snapshot: s, Method: r.Method}
	x.Params = x.paramBuf[:0]
	if trace {
		x.trace.Steps = make([]verdict.Step, 0, 4)
		x.Trace = &x.trace
	}
	return x
}

// Value is the source of mapping expressions for this call.
func (x *Exchange) Value(p mapping.Place, name string) (string, bool) {
	switch p {
	case mapping.MethodHeader:
		return x.lastHeader(name)
	case mapping.MethodPath:
		for i := range x.Params {
			if x.Params[i].Name == name {
				return x.Params[i].Value, true
			}
		}
	case mapping.MethodQuery:
		return lastQuery(x.Request.RawQuery, name)
	case mapping.StageVariable:
		v, ok := x.Stage.Variables[name]
		return v, ok
	case mapping.Context:
		return x.Context(name)
	case mapping.MethodBody:
		if name == "" {
			return string(x.Request.Body), true
		}
	}
	return "", false
}

// lastHeader is the value that single-value views show: the last one of a repeated header.
func (x *Exchange) lastHeader(name string) (string, bool) {
	h := x.Request.Header
	for i := len(h) - 1; i >= 0; i-- {
		if EqualASCIIFold(h[i].Name, name) {
			return h[i].Value, true
		}
	}
	return "", false
}

// Context returns the $context properties that exist before the integration.
func (x *Exchange) Context(name string) (string, bool) {
	switch name {
	case "requestId":
		return x.Request.ID, true
	case "extendedRequestId":
		return x.Request.ExtendedID, true
	case "httpMethod":
		return x.Method, true
	case "path":
		return x.FullPath, true
	case "protocol":
		return "HTTP/1.1", true
	case "domainName":
		return x.DomainName, true
	case "accountId":
		return string(x.Snapshot.Home().Account), true
	case "identity.sourceIp":
		return x.Request.Peer.String(), true
	case "identity.userAgent":
		return x.lastHeader("User-Agent")
	case "requestTime":
		return x.Request.At.UTC().Format("02/Jan/2006:15:04:05 -0700"), true
	case "requestTimeEpoch":
		return strconv.FormatInt(x.Request.At.UnixMilli(), 10), true
	}
	if c := x.Caller; c != nil {
		switch name {
		case "identity.accessKey":
			return string(c.Key), true
		case "identity.accountId":
			return string(c.Account), true
		case "identity.userArn":
			return c.ARN, true
		case "identity.user", "identity.caller":
			return c.UserID(), true
		}
	}
	if x.Stage == nil {
		return "", false
	}
	switch name {
	case "apiId":
		return string(x.Stage.API), true
	case "stage":
		return string(x.Stage.Name), true
	case "deploymentId":
		return string(x.Stage.Deployment), true
	}
	if x.Route == nil {
		return "", false
	}
	switch name {
	case "resourceId":
		return string(x.Route.Resource), true
	case "resourcePath":
		return x.Route.Path, true
	case "identity.apiKeyId":
		return string(x.Key.ID), x.Key.ID != ""
	case "identity.apiKey":
		return x.Key.Value, x.Key.ID != ""
	}
	return "", false
}
