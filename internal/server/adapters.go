package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/directory"
	"gatehouse/internal/function"
	"gatehouse/internal/gateway/check"
	"gatehouse/internal/gateway/integration"
	"gatehouse/internal/identity"
	"gatehouse/internal/lambdahost"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/store"
	"gatehouse/internal/upstream"
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

// callers gives checks the directory of callers.
type callers struct {
	d      *directory.Callers
	region identity.Region
}

// FindCaller implements check.Callers.
func (c callers) FindCaller(ctx context.Context, key identity.AccessKeyID, token string, now time.Time) (*identity.Caller, error) {
	found, err := c.d.Find(ctx, key, token, now)
	switch {
	case errors.Is(err, directory.ErrUnknown):
		return nil, check.ErrUnknownCaller
	case errors.Is(err, directory.ErrExpired):
		return nil, check.ErrExpiredCaller
	case err != nil:
		return nil, err
	}
	return found, nil
}

// CallerUsed implements check.Callers.
func (c callers) CallerUsed(caller *identity.Caller, now time.Time) {
	c.d.Used(caller, "execute-api", c.region, now)
}

// outgoing gives integrations the HTTP client.
type outgoing struct{ client *upstream.Client }

// Do implements integration.HTTP.
func (o outgoing) Do(ctx context.Context, r *integration.Outgoing) (*integration.Incoming, error) {
	out := upstream.Request{
		Target: upstream.Target{TLS: r.Scheme == "https", Address: r.Address, Insecure: r.InsecureTLS},
		Method: r.Method, Host: r.Host, Path: r.Target, Body: r.Body, Header: r.Header, Timeout: r.Timeout,
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
	in := &integration.Incoming{Status: resp.Status, Body: resp.Body, Length: resp.Length, Header: resp.Header}
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
