package check

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/identity"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/verdict"
)

// skew is how far a caller's clock may be off for calls of APIs; control planes allow 15 minutes [observed].
const skew = 5 * time.Minute

// Signature finds out who signed a call of an AWS_IAM method ("Signature Version 4 for API requests", IAM user
// guide). What the caller may do is decided later.
func Signature(env *Env, ctx context.Context, x *exchange.Exchange) verdict.Decision {
	caller, d := verify(env, ctx, x.Request, x.Snapshot.Home())
	x.Caller = caller
	return d
}

// verify checks the signature of a request on what was received: presence, form, time, scope, key, signature,
// in AWS's order. The body's hash is verified always.
func verify(env *Env, ctx context.Context, r *exchange.Request, home identity.Home) (*identity.Caller, verdict.Decision) {
	if env.Assume != nil {
		return env.Assume, verdict.Allowed(verdict.SignatureAccepted, env.Assume.ARN+" (assumed)")
	}
	if d, ok := unsigned(r); ok {
		return nil, d
	}
	if env.Callers == nil {
		return nil, verdict.Refuse(verdict.AccessDenied, verdict.SignatureRefused, "signatures are not verified by this server")
	}
	now := env.Wall()
	p, f := sigv4.Read(&sigv4.Request{
		Method: r.Method, RawPath: r.RawPath, RawQuery: r.RawQuery, Host: r.Host, PayloadHash: sigv4.HashPayload(r.Body),
		Header: func(yield func(string, string) bool) {
			for i := range r.Header {
				if !yield(r.Header[i].Name, r.Header[i].Value) {
					return
				}
			}
		},
	})
	if f == nil {
		f = p.Check(now, sigv4.Expected{Region: string(home.Region), Service: "execute-api", Skew: skew, AmzUnsigned: true})
	}
	if f != nil {
		return nil, refusedSignature(f, "")
	}
	caller, err := env.Callers.FindCaller(ctx, identity.AccessKeyID(p.KeyID), p.Token, now)
	switch {
	case errors.Is(err, ErrUnknownCaller):
		return nil, verdict.Refuse(verdict.UnrecognizedClient, verdict.CallerUnknown, p.KeyID)
	case errors.Is(err, ErrExpiredCaller):
		return nil, verdict.Refuse(verdict.ExpiredToken, verdict.CallerExpired, p.KeyID)
	case err != nil:
		return nil, verdict.Refuse(verdict.APIConfigurationError, verdict.DirectoryDown, err.Error())
	}
	if f := p.Verify(caller.Secret, env.SigningKeys); f != nil {
		return nil, refusedSignature(f, p.KeyID)
	}
	// Only now: whoever guesses the id of a key has not used it.
	env.Callers.CallerUsed(caller, now)
	return caller, verdict.Allowed(verdict.SignatureAccepted, caller.ARN)
}

// refusedSignature makes the decision. Where the signature itself is wrong, API Gateway shows the caller the
// canonical request that it made [observed].
func refusedSignature(f *sigv4.Failure, key string) verdict.Decision {
	kind := verdict.InvalidSignature
	switch f.Code {
	case sigv4.MissingToken:
		kind = verdict.MissingAuthenticationToken
	case sigv4.Incomplete, sigv4.MalformedQuery:
		kind = verdict.IncompleteSignature
	case sigv4.InvalidToken:
		kind = verdict.UnrecognizedClient
	case sigv4.ExpiredToken:
		kind = verdict.ExpiredToken
	}
	d := verdict.Refuse(kind, verdict.SignatureRefused, key)
	d.Message = f.Message
	if f.Canonical != "" {
		d.Message += "\n\nThe Canonical String for this request should have been\n'" + f.Canonical +
			"'\n\nThe String-to-Sign should have been\n'" + f.StringToSign + "'\n"
	}
	return d
}
