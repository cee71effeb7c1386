package integration

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"

	"gatehouse/internal/apigw"
	"gatehouse/internal/event"
	"gatehouse/internal/function"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// lambdaProxy calls a function with the event of the request and reads its answer strictly ("Set up Lambda
// proxy integrations in API Gateway").
func lambdaProxy(ctx context.Context, b *Backends, x *exchange.Exchange, in *snapshot.Integration) (*exchange.Response, verdict.Decision) {
	// Both are a 500 of the integration on AWS, with the reason in the execution log.
	if in.Function == nil {
		return fail(x, verdict.APIConfigurationError, verdict.FunctionMissing, "there is no function "+in.FunctionARN)
	}
	if in.Permitted&snapshot.VerbBit(x.Method) == 0 {
		return fail(x, verdict.APIConfigurationError, verdict.PermissionMissing,
			"invalid permissions on Lambda function: "+in.FunctionARN+" has no permission for apigateway.amazonaws.com on this route")
	}
	payload := payloads.Get().(*[]byte)
	*payload = event.AppendREST((*payload)[:0], restEvent(x, in))
	wait, cancel := context.WithTimeout(ctx, in.Timeout)
	result, err := b.Functions.Invoke(wait, in.Function, function.Invocation{
		RequestID:  newRequestID(),
		TraceID:    x.TraceID,
		InvokedARN: in.FunctionARN,
		Payload:    *payload,
	})
	timedOut := wait.Err() != nil && ctx.Err() == nil
	cancel()
	if err == nil {
		// After an error the host may still be reading the payload.
		payloads.Put(payload)
	}
	switch {
	case err != nil && timedOut:
		return fail(x, verdict.IntegrationTimeout, verdict.IntegrationSlow, "no answer within "+in.Timeout.String())
	case err != nil:
		return fail(x, verdict.APIConfigurationError, verdict.FunctionThrottled, err.Error())
	case result.Err != "":
		return fail(x, verdict.MalformedFunctionResponse, verdict.FunctionError, result.Err+": "+clip(result.Payload))
	}
	return answer(x, in, result.Payload)
}

// payloads are buffers for events.
var payloads = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

// answer makes the response of a proxy answer.
func answer(x *exchange.Exchange, in *snapshot.Integration, payload []byte) (*exchange.Response, verdict.Decision) {
	a, err := event.ParseAnswer(payload)
	if err != nil {
		return fail(x, verdict.MalformedFunctionResponse, verdict.FunctionMalformed, err.Error())
	}
	accept, _ := x.Request.Header.Get("Accept")
	body, err := a.Content(accept, in.Binary)
	if err != nil {
		return fail(x, verdict.APIConfigurationError, verdict.FunctionMalformed, err.Error())
	}
	x.Integration.Status = a.Status
	resp := &exchange.Response{Status: a.Status, Body: body}
	resp.Header = make(exchange.Header, 0, len(a.Header)+5)
	typed := false
	for _, f := range a.Header {
		switch rename, keep := answered(f.Name); {
		case !keep:
			continue
		case rename:
			resp.Add("x-amzn-Remapped-"+f.Name, f.Value)
			continue
		}
		// A function's content type of any spelling replaces the default.
		typed = typed || exchange.EqualASCIIFold(f.Name, "Content-Type")
		resp.Header = append(resp.Header, f)
	}
	if !typed {
		resp.Add("Content-Type", "application/json")
	}
	return resp, verdict.Yes
}

// answered tells which headers of a function belong to the connection or to the gateway: they are renamed
// or dropped, as those of HTTP back ends are [recorded there, inferred here].
func answered(name string) (rename, keep bool) {
	if exchange.EqualASCIIFold(name, "transfer-encoding") {
		return false, false
	}
	return remapped(name)
}

func restEvent(x *exchange.Exchange, in *snapshot.Integration) *event.REST {
	r, st, route := x.Request, x.Stage, x.Route
	e := &event.REST{
		Resource:    route.Path,
		Path:        x.Path,
		ContextPath: x.FullPath,
		Method:      x.Method,
		Header:      r.Header,
		// Functions see the well-known port and scheme of API Gateway on any listener: one that redirects to
		// https would loop otherwise.
		Forwarded:         event.Forwarded{TraceID: tracedAs(x), For: r.Peer.String(), Port: "443", Proto: "https"},
		Query:             r.RawQuery,
		StageVariables:    st.VariablesJSON,
		AccountID:         string(x.Snapshot.Home().Account),
		APIID:             string(st.API),
		DeploymentID:      string(st.Deployment),
		Stage:             string(st.Name),
		ResourceID:        string(route.Resource),
		DomainName:        x.DomainName,
		RequestID:         r.ID,
		ExtendedRequestID: r.ExtendedID,
		At:                r.At,
		Body:              r.Body,
	}
	e.DomainPrefix, _, _ = strings.Cut(x.DomainName, ".")
	if len(x.Params) > 0 {
		e.Params = make([]event.Field, len(x.Params))
		for i, p := range x.Params {
			e.Params[i] = event.Field{Name: p.Name, Value: p.Value}
		}
	}
	e.Identity.SourceIP = r.Peer.String()
	e.Identity.VPCID, e.Identity.VPCEndpointID = r.VPC, r.VPCEndpoint
	e.Identity.UserAgent, _ = r.Header.Get("User-Agent")
	if c := x.Caller; c != nil && route.Auth == apigw.AuthIAM {
		// The signature is the gateway's business: functions do not see it.
		e.Signed = true
		e.Identity.AccessKey, e.Identity.AccountID, e.Identity.UserARN = string(c.Key), string(c.Account), c.ARN
		e.Identity.User, e.Identity.Caller = c.UserID(), c.UserID()
		if cognito := c.Cognito(); cognito != nil {
			e.Identity.CognitoIdentityID, e.Identity.CognitoIdentityPoolID = cognito.IdentityID, cognito.PoolID
			e.Identity.CognitoAuthenticationProvider = cognito.AuthenticationProvider
			e.Identity.CognitoAuthenticationType = "unauthenticated"
			if cognito.Authenticated {
				e.Identity.CognitoAuthenticationType = "authenticated"
			}
		}
	}
	if route.Needs.Has(snapshot.NeedKey) {
		e.Identity.KeyRequired = true
		e.Identity.APIKey, e.Identity.APIKeyID = x.Key.Value, string(x.Key.ID)
	}
	if len(r.Body) > 0 && len(in.Binary) > 0 {
		contentType, _ := r.Header.Get("Content-Type")
		e.Binary = event.IsBinary(contentType, in.Binary)
	}
	return e
}

// tracedAs is what the event's X-Amzn-Trace-Id header holds: what the caller sent if it was complete, else the
// root alone [recorded].
func tracedAs(x *exchange.Exchange) string {
	if sent, ok := x.Request.Header.Get("X-Amzn-Trace-Id"); ok && sent == x.TraceID {
		return sent
	}
	root, _, _ := strings.Cut(x.TraceID, ";")
	return root
}

// newRequestID makes the id of the invocation. It is not the caller's request id: a function must not be
// able to guess the id of another call.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:], b[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// clip bounds a function's error text in the record, as AWS cuts log events.
func clip(b []byte) string {
	if len(b) > 1024 {
		b = b[:1024]
	}
	return string(b)
}
