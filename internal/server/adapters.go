package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/directory"
	"gatehouse/internal/function"
	"gatehouse/internal/gateway/check"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/gateway/integration"
	"gatehouse/internal/identity"
	"gatehouse/internal/lambdahost"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/store"
	"gatehouse/internal/upstream"
	"gatehouse/internal/verdict"
)

// keys gives checks the directory of API keys.
type keys struct{ d *directory.APIKeys }

// FindKey implements check.Keys.
func (k keys) FindKey(ctx context.Context, value string) (check.KeyRecord, bool, error) {
	found, ok, err := k.d.Find(ctx, value)
	return check.KeyRecord(found), ok, err
}

// functions gives integrations the host of functions.
type functions struct{ host *lambdahost.Host }

// Invoke implements integration.Functions.
func (f functions) Invoke(ctx context.Context, fn *function.Config, call function.Invocation) (function.Result, error) {
	return f.host.Invoke(ctx, fn, call)
}

// executeAPISkew is how far a caller's clock may be off for signed calls of APIs; the control plane allows 15
// minutes.
const executeAPISkew = 5 * time.Minute

// signatures verifies signed calls to routes that do not exist, with the machine's clock.
type signatures struct{ s *Server }

// VerifyUnknown implements check.Signatures.
func (g signatures) VerifyUnknown(ctx context.Context, r *exchange.Request) verdict.Decision {
	p, f := sigv4.Read(&sigv4.Request{
		Method: r.Method, RawPath: r.RawPath, RawQuery: r.RawQuery, Host: r.Host,
		Header: func(yield func(string, string) bool) {
			for _, h := range r.Header {
				if !yield(h.Name, h.Value) {
					return
				}
			}
		},
		PayloadHash: sigv4.HashPayload(r.Body),
	})
	if f == nil {
		f = p.Check(time.Now(), sigv4.Expected{
			Region: string(g.s.cfg.Home.Region), Service: "execute-api", Skew: executeAPISkew, AmzUnsigned: true,
		})
	}
	if f != nil {
		return signatureRefused(f)
	}
	key, ok, err := g.s.access.Find(ctx, identity.AccessKeyID(p.KeyID))
	switch {
	case err != nil:
		return verdict.Refuse(verdict.APIConfigurationError, verdict.DirectoryDown, err.Error())
	case !ok || !key.Active || p.Token != "":
		return signatureRefused(sigv4.ErrKey)
	}
	if f := p.Verify(key.Secret, nil); f != nil {
		return signatureRefused(f)
	}
	return verdict.Yes
}

// signatureRefused makes the decision of a refused signature. Where the signature itself is wrong, API
// Gateway shows the caller the canonical request that it made.
func signatureRefused(f *sigv4.Failure) verdict.Decision {
	kind := verdict.InvalidSignature
	switch f.Code {
	case sigv4.MissingToken:
		kind = verdict.MissingAuthenticationToken
	case sigv4.Incomplete, sigv4.MalformedQuery:
		kind = verdict.IncompleteSignature
	case sigv4.ExpiredToken:
		kind = verdict.ExpiredToken
	}
	d := verdict.Refuse(kind, verdict.SignatureRefused, "")
	d.Message = f.Message
	if f.Canonical != "" {
		d.Message += "\n\nThe Canonical String for this request should have been\n'" + f.Canonical +
			"'\n\nThe String-to-Sign should have been\n'" + f.StringToSign + "'\n"
	}
	return d
}

// outgoing gives integrations the HTTP client.
type outgoing struct{ client *upstream.Client }

// Do implements integration.HTTP.
func (o outgoing) Do(ctx context.Context, r *integration.Outgoing) (*integration.Incoming, error) {
	out := upstream.Request{
		Target: upstream.Target{TLS: r.Scheme == "https", Address: r.Address, Insecure: r.InsecureTLS},
		Method: r.Method, Host: r.Host, Path: r.Target, Body: r.Body, Header: make([]upstream.Field, len(r.Header)),
	}
	for i, f := range r.Header {
		out.Header[i] = upstream.Field(f)
	}
	resp, err := o.client.Do(ctx, &out)
	if err != nil {
		if e, ok := errors.AsType[*upstream.Error](err); ok {
			switch e.Kind {
			case upstream.Timeout:
				return nil, fmt.Errorf("%w: %w", integration.ErrTimeout, err)
			case upstream.Refused, upstream.Invalid:
				return nil, fmt.Errorf("%w: %w", integration.ErrEgress, err)
			}
		}
		return nil, err
	}
	in := &integration.Incoming{Status: resp.Status, Body: resp.Body, Length: resp.Length, Header: make(exchange.Header, len(resp.Header))}
	for i, f := range resp.Header {
		in.Header[i] = exchange.Field(f)
	}
	if resp.Stream != nil {
		in.Stream = resp.Stream
	}
	return in, nil
}

// loadFunctions gives the publisher the functions with their permissions.
func (s *Server) loadFunctions(tx store.Tx) ([]snapshot.FunctionInput, error) {
	all, err := s.functions.All(tx)
	if err != nil {
		return nil, err
	}
	out := make([]snapshot.FunctionInput, len(all))
	for i, d := range all {
		out[i] = snapshot.FunctionInput{ARN: string(d.ARN), Config: d.Config, Permissions: d.Permissions}
	}
	return out, nil
}
