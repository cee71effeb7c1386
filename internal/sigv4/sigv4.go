// Package sigv4 makes and verifies AWS Signature Version 4, in the Authorization header and in the query
// string (presigned).
//
// It owns the canonical request, the order of the checks and the words of each refusal. It does not know
// where secrets come from, what a caller may do, or in which form a refusal is sent. It follows the IAM
// user guide, "Create a signed AWS API request", for every service but S3: the path is normalised and
// encoded once more, and the hash of the received body is always what counts (UNSIGNED-PAYLOAD and
// STREAMING-… never verify). Where two readers could read a request differently - an authentication header
// or parameter given twice, a twin of a signed header with underscores - the request is refused.
//
// A verifier calls, in this order, Read (what is presented?), Presented.Check (is it in time and meant for
// us?) and, with the secret of Presented.KeyID, Presented.Verify.
package sigv4

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"time"
)

// Request is what is signed. Path and query are those of the wire: whoever decodes and re-encodes them
// changes the signature.
type Request struct {
	Method            string
	RawPath, RawQuery string
	// Host is the authority that the client used.
	Host string
	// Header yields the header fields in the order of the wire, at least among fields with one name. A
	// field named Host may be among them; it must then agree with Host. It may be nil.
	Header iter.Seq2[string, string]
	// PayloadHash is the SHA-256 of the body as received.
	PayloadHash [sha256.Size]byte
}

func (r *Request) fields() iter.Seq2[string, string] {
	if r.Header == nil {
		return func(func(string, string) bool) {}
	}
	return r.Header
}

// HashPayload is what belongs in Request.PayloadHash.
func HashPayload(body []byte) [sha256.Size]byte { return sha256.Sum256(body) }

// Code says what kind of refusal a Failure is. Each protocol has its own name for it.
type Code uint8

const (
	// MissingToken: the request is not signed at all.
	MissingToken Code = iota + 1
	// Incomplete: the signature cannot be read.
	Incomplete
	// MalformedQuery: the query string cannot be read.
	MalformedQuery
	// Mismatch: the signature is wrong, out of time, or made for somebody else.
	Mismatch
	// InvalidToken: the access key or the session token is not known.
	InvalidToken
	// ExpiredToken: the session is over.
	ExpiredToken
)

// Failure is a refusal in AWS's words.
type Failure struct {
	Code    Code
	Message string
	// Canonical and StringToSign are set when the signature itself is wrong. They hold nothing that the
	// client did not send, and no secret.
	Canonical, StringToSign string
}

// Error makes a Failure an error for those who want one. Mind that a nil *Failure is no nil error.
func (f *Failure) Error() string { return f.Message }

// The refusals that a caller makes itself, after looking up the key.
var (
	// ErrKey is for an access key that is unknown or switched off, and for a session token that does
	// not belong to the key.
	ErrKey = &Failure{Code: InvalidToken, Message: "The security token included in the request is invalid."}
	// ErrExpired is for a session that is over.
	ErrExpired = &Failure{Code: ExpiredToken, Message: "The security token included in the request is expired"}
)

func failf(code Code, format string, args ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, args...)}
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	// layout is ISO 8601 "basic format", which Go spells so.
	layout = "20060102T150405Z"
	day    = "20060102"
)

// MaxExpires is the longest life of a presigned request.
const MaxExpires = 7 * 24 * time.Hour

// lowerASCII returns s in small letters; other alphabets stay as they are.
func lowerASCII(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lowerByte(b[j])
			}
			return string(b)
		}
	}
	return s
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// isName reports whether name is the header lower, which is in small letters.
func isName(name, lower string) bool { return len(name) == len(lower) && compareFold(name, lower) == 0 }

// compareFold compares a header name with one in small letters.
func compareFold(name, lower string) int {
	for i := range min(len(name), len(lower)) {
		if c := lowerByte(name[i]); c != lower[i] {
			return int(c) - int(lower[i])
		}
	}
	return len(name) - len(lower)
}
