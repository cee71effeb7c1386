package controlplane

import (
	"iter"
	"net/http"

	"gatehouse/internal/identity"
	"gatehouse/internal/shape"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/wire"
)

// authenticate verifies the signature. The body is read only for a caller whose key exists: nobody else
// makes the server hold 70 MB.
func (c *call) authenticate(w http.ResponseWriter) error {
	protocol := c.service.Model().Protocol
	req := &sigv4.Request{
		Method: c.req.Method, RawPath: c.req.RawPath, RawQuery: c.req.RawQuery,
		Host: c.http.Host, Header: fields(c.http.Header),
	}
	presented, failure := sigv4.Read(req)
	if failure == nil {
		failure = presented.Check(c.Now(), sigv4.Expected{
			Region: string(c.Home.Region), Service: c.service.Model().SigningName, Skew: skew,
		})
	}
	if failure != nil {
		return refusal(protocol, failure)
	}
	key, found, err := c.Keys.Find(c.http.Context(), identity.AccessKeyID(presented.KeyID))
	if err != nil {
		return err
	}
	// There are no sessions yet: a session token belongs to no key.
	if !found || !key.Active || presented.Token != "" {
		return refusal(protocol, sigv4.ErrKey)
	}
	if err := c.body(w, c.service.Model().MaxBody); err != nil {
		return err
	}
	req.PayloadHash = sigv4.HashPayload(c.req.Body)
	if failure := presented.Verify(key.Secret, c.keys); failure != nil {
		return refusal(protocol, failure)
	}
	c.caller = key
	return nil
}

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
}

// refusal turns a failed signature into the protocol's error: 403 in rest-json; the JSON protocol answers
// 400 always, the query protocol for what it cannot read.
func refusal(p shape.Protocol, f *sigv4.Failure) error {
	names := codes[p]
	if names == nil {
		names = codes[shape.RESTJSON]
	}
	e := &wire.Error{Code: names[f.Code], Status: http.StatusForbidden, Message: f.Message}
	switch {
	case p == shape.JSON, f.Code == sigv4.MalformedQuery, p == shape.Query && f.Code == sigv4.Incomplete:
		e.Status = http.StatusBadRequest
	}
	if p == shape.Query && f.Code == sigv4.MissingToken {
		e.Message = "Request is missing Authentication Token"
	}
	return e
}
