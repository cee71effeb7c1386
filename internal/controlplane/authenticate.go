package controlplane

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"gatehouse/internal/directory"
	"gatehouse/internal/identity"
	"gatehouse/internal/shape"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/wire"
)

// Callers finds out who signs.
type Callers interface {
	// Find returns the caller behind an access key and, with temporary credentials, a session token. The
	// errors are directory.ErrUnknown and directory.ErrExpired; every other one refuses the request as a
	// failure of the server.
	Find(ctx context.Context, key identity.AccessKeyID, token string, now time.Time) (*identity.Caller, error)
	// Used notes that credentials were used.
	Used(caller *identity.Caller, service string, region identity.Region, now time.Time)
}

// authenticate verifies the signature. Unless the operation stands in it, the body is read only for a caller
// whose key exists: nobody else makes the server hold 70 MB.
func (c *call) authenticate(w http.ResponseWriter) error {
	m := c.service.Model()
	if c.op.Operation.Unsigned {
		c.caller = &identity.Caller{} // nobody, who may do nothing
		return c.body(w, m.MaxBody)
	}
	req := &sigv4.Request{
		Method: c.req.Method, RawPath: c.req.RawPath, RawQuery: c.req.RawQuery,
		Host: c.http.Host, Header: fields(c.http.Header),
	}
	now := c.Now()
	presented, failure := sigv4.Read(req)
	if failure == nil {
		failure = c.check(presented, now)
	}
	if failure != nil {
		return refusal(m.Protocol, failure)
	}
	caller, err := c.Callers.Find(c.http.Context(), identity.AccessKeyID(presented.KeyID), presented.Token, now)
	switch {
	case errors.Is(err, directory.ErrExpired):
		return refusal(m.Protocol, sigv4.ErrExpired)
	case errors.Is(err, directory.ErrUnknown) && presented.Token != "":
		return refusal(m.Protocol, errToken)
	case errors.Is(err, directory.ErrUnknown):
		return refusal(m.Protocol, sigv4.ErrKey)
	case err != nil:
		return err
	}
	if err := c.body(w, m.MaxBody); err != nil {
		return err
	}
	req.PayloadHash = sigv4.HashPayload(c.req.Body)
	if failure := presented.Verify(caller.Secret, c.keys); failure != nil {
		return refusal(m.Protocol, failure)
	}
	c.caller, c.region = caller, identity.Region(presented.Region)
	c.Callers.Used(caller, m.SigningName, c.region, now)
	return nil
}

// errToken is for a session token that was not made here, was changed, or belongs to another key. Unlike the
// refusal of an unknown key it ends without a full stop [recorded].
var errToken = &sigv4.Failure{Code: sigv4.InvalidToken, Message: "The security token included in the request is invalid"}

// check tests time and scope. Requests to a service with one endpoint for all regions are signed for the
// first region of the partition; clients that are given an endpoint use their own region there, too.
func (c *call) check(p *sigv4.Presented, now time.Time) *sigv4.Failure {
	want := sigv4.Expected{Region: string(c.Home.Region), Service: c.service.Model().SigningName, Skew: skew}
	failure := p.Check(now, want)
	if failure != nil && c.service.Model().Global {
		want.Region = firstRegion[c.Home.Partition]
		if p.Check(now, want) == nil {
			return nil
		}
	}
	return failure
}

var firstRegion = map[identity.Partition]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// fields yields header fields as sigv4 wants them.
func fields(h http.Header) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, values := range h {
			for _, v := range values {
				if !yield(name, v) {
					return
				}
			}
		}
	}
}

// codes are the names of a failed signature, by protocol. The message of an unsigned call differs too.
var codes = map[shape.Protocol]map[sigv4.Code]string{
	shape.RESTJSON: {
		sigv4.MissingToken: "MissingAuthenticationTokenException", sigv4.Incomplete: "IncompleteSignatureException",
		sigv4.MalformedQuery: "MalformedQueryStringException", sigv4.Mismatch: "InvalidSignatureException",
		sigv4.InvalidToken: "UnrecognizedClientException", sigv4.ExpiredToken: "ExpiredTokenException",
	},
	shape.Query: {
		sigv4.MissingToken: "MissingAuthenticationToken", sigv4.Incomplete: "IncompleteSignature",
		sigv4.MalformedQuery: "MalformedQueryString", sigv4.Mismatch: "SignatureDoesNotMatch",
		sigv4.InvalidToken: "InvalidClientTokenId", sigv4.ExpiredToken: "ExpiredToken",
	},
	shape.EC2: {
		sigv4.MissingToken: "MissingAuthenticationToken", sigv4.Incomplete: "IncompleteSignature",
		sigv4.MalformedQuery: "MalformedQueryString", sigv4.Mismatch: "SignatureDoesNotMatch",
		sigv4.InvalidToken: "AuthFailure", sigv4.ExpiredToken: "RequestExpired",
	},
}

// refusal turns a failed signature into the protocol's error: 403 in rest-json; the JSON protocol answers
// 400 always, the query protocol for what it cannot read. EC2 says 401 for keys that it does not know.
func refusal(p shape.Protocol, f *sigv4.Failure) error {
	names := codes[p]
	if names == nil {
		names = codes[shape.RESTJSON]
	}
	e := &wire.Error{Code: names[f.Code], Status: http.StatusForbidden, Message: f.Message}
	switch {
	case p == shape.JSON, f.Code == sigv4.MalformedQuery, readsForms(p) && f.Code == sigv4.Incomplete:
		e.Status = http.StatusBadRequest
	case p == shape.EC2 && f.Code == sigv4.InvalidToken:
		e.Status, e.Message = http.StatusUnauthorized, "AWS was not able to validate the provided access credentials"
	}
	if readsForms(p) && f.Code == sigv4.MissingToken {
		e.Message = "Request is missing Authentication Token"
	}
	return e
}
