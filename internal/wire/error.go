package wire

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is a refusal as a client sees it. Services return it; every other error becomes an internal
// failure without details.
type Error struct {
	// Code is the error's name in AWS's model, "NotFoundException".
	Code string
	// Message is the text, exactly as AWS words it.
	Message string
	// Status is the HTTP status. Zero takes the status that the model gives to Code, or 400.
	Status int
	// Type is "User" or "Service" for services whose errors say whose fault it is (Lambda). Empty is
	// "User" below status 500 and "Service" from there.
	Type string
	// Header is sent along: "Retry-After".
	Header http.Header
	// Members are further members of the error's body: Lambda's "Reason".
	Members map[string]string
	// Cause is for the log and never sent.
	Cause error
}

// Errorf makes a refusal with a modelled code.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error is for logs and for callers inside the process.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Message + ": " + e.Cause.Error()
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes two refusals with the same code equal for errors.Is, so that a caller inside the process can
// test for &Error{Code: "NotFoundException"}.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf returns the code of a refusal anywhere in err's chain, or "".
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
