package apigw

import "fmt"

// Kind says what sort of refusal an Error is. The services map it to the exception of the wire.
type Kind uint8

// The kinds of refusal.
const (
	// BadRequest is a value that cannot be accepted.
	BadRequest Kind = iota + 1
	// NotFound is an id or a name that does not exist.
	NotFound
	// Conflict is a clash with something that exists.
	Conflict
	// LimitExceeded is a quota of the service that would be passed.
	LimitExceeded
)

// Error is a refusal in AWS's own words: the text reaches clients as it is, and tools match on it.
type Error struct {
	Kind Kind
	Msg  string
}

// Error returns the text.
func (e *Error) Error() string { return e.Msg }

// Refuse makes an Error.
func Refuse(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}
