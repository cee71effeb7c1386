package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// Kind is what went wrong.
type Kind uint8

// The kinds of failure.
const (
	// Timeout: the deadline passed, or there was no free connection in time.
	Timeout Kind = iota + 1
	// Connect: there is no connection to the target.
	Connect
	// TLS: the handshake failed; the certificate does not stand for the target, for example.
	TLS
	// Refused: the egress rules do not allow the target.
	Refused
	// Protocol: the response breaks HTTP/1.1 or a limit.
	Protocol
	// Lost: the connection ended before the response did.
	Lost
	// Canceled: the caller gave up.
	Canceled
	// Invalid: the request cannot be written.
	Invalid
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case Timeout:
		return "timeout"
	case Connect:
		return "no connection"
	case TLS:
		return "tls"
	case Refused:
		return "not allowed"
	case Protocol:
		return "protocol"
	case Lost:
		return "connection lost"
	case Canceled:
		return "canceled"
	case Invalid:
		return "invalid request"
	}
	return "unknown"
}

// Error is a call that failed.
type Error struct {
	Kind    Kind
	Address string
	Err     error
}

func (e *Error) Error() string { return fmt.Sprintf("call %s: %v: %v", e.Address, e.Kind, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error of this package, 0 for others.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

func fail(k Kind, r *Request, err error) error {
	return &Error{Kind: k, Address: r.Target.Address, Err: err}
}

// violation is a response that breaks the protocol or a limit.
type violation string

func (v violation) Error() string { return string(v) }

func violated(format string, args ...any) error { return violation(fmt.Sprintf(format, args...)) }

// handshake is a failed TLS handshake.
type handshake struct{ error }

func (h handshake) Unwrap() error { return h.error }

// classify finds the kind of an error; otherwise is what it is when nothing better is known.
func classify(ctx context.Context, err error, otherwise Kind) Kind {
	if _, ok := errors.AsType[violation](err); ok {
		return Protocol
	}
	if _, ok := errors.AsType[refusal](err); ok {
		return Refused
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return Canceled
	}
	if isTimeout(err) {
		return Timeout
	}
	if _, ok := errors.AsType[handshake](err); ok {
		return TLS
	}
	return otherwise
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// isLost reports whether an error says that the other side closed the connection.
func isLost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
