// Package exchange holds one call and everything that is learnt about it on the way.
//
// The gateway knows neither http.Request nor ResponseWriter, only these types, so that the HTTP engine
// at the door (package edge) can be exchanged. Everything is parsed once, by the door, and read by the
// router, the checks, the event and the integration alike: nobody parses the target again.
package exchange

import (
	"io"
	"net/netip"
	"time"

	"gatehouse/internal/event"
)

// Field is one header line: the name exactly as it was sent, and its value without outer white space.
type Field = event.Field

// Header is an ordered list of header lines; duplicates are kept.
type Header []Field

// Get returns the first value of a header and whether there is one; names are compared without case
// (ASCII only, so that no Unicode folding makes two names equal).
func (h Header) Get(name string) (string, bool) {
	for i := range h {
		if EqualASCIIFold(h[i].Name, name) {
			return h[i].Value, true
		}
	}
	return "", false
}

// Count tells how often a header was sent.
func (h Header) Count(name string) int {
	n := 0
	for i := range h {
		if EqualASCIIFold(h[i].Name, name) {
			n++
		}
	}
	return n
}

// EqualASCIIFold compares two names without case, folding A-Z only.
func EqualASCIIFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}

// Request is what the caller sent.
type Request struct {
	// ID is the request id, a UUID; ExtendedID is the x-amz-apigw-id.
	ID, ExtendedID string
	Method         string
	// Host as the caller wrote it, port included.
	Host string
	// RawPath and RawQuery are kept byte for byte as received; RawPath begins with a slash.
	RawPath, RawQuery string
	Header            Header
	Body              []byte
	// Peer is the address of the caller: the socket's, or the one that a listed proxy vouches for.
	Peer netip.Addr
	TLS  bool
	At   time.Time
	// VPCEndpoint and VPC name the private listener that the request came through, "" for a public one. The
	// door sets them; nothing that a caller sends does.
	VPCEndpoint, VPC string
}

// Response is what goes back. Either Body or Stream holds the content.
type Response struct {
	Status int
	Header Header
	Body   []byte
	// Stream, when it is set, is copied to the client and closed by the door; Length is its size or -1.
	Stream io.ReadCloser
	Length int64
}

// Add appends a header line.
func (r *Response) Add(name, value string) {
	r.Header = append(r.Header, Field{Name: name, Value: value})
}
