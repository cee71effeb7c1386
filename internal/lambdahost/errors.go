package lambdahost

import (
	"errors"
	"fmt"

	"gatehouse/internal/function"
)

// ErrClosed is returned by Invoke once Close was called.
var ErrClosed = errors.New("the function host is closed")

// The reasons of a ThrottledError, as the Lambda API spells them in TooManyRequestsException.
const (
	// ReasonReserved says that the function's own reserved concurrency is used up.
	ReasonReserved = "ReservedFunctionConcurrentInvocationLimitExceeded"
	// ReasonAccount says that no environment is free and the waiting queue is full.
	ReasonAccount = "ConcurrentInvocationLimitExceeded"
)

// ThrottledError says that a call was refused because too many run already; the Lambda API answers it
// with 429 TooManyRequestsException.
type ThrottledError struct {
	Function function.Name
	// Reason is ReasonReserved or ReasonAccount.
	Reason string
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("function %s: too many concurrent invocations (%s)", e.Function, e.Reason)
}

// CodeError says that there is no code to run: the code directory is missing, or the handler's source
// has to be compiled first. What is wrong inside the code (a syntax error, a missing module) is a
// function.Result instead, as it is on AWS.
type CodeError struct {
	Function function.Name
	// Path is the directory or file in question.
	Path string
	// Problem says what is wrong and what to do.
	Problem string
}

func (e *CodeError) Error() string {
	return fmt.Sprintf("function %s: %s: %s", e.Function, e.Path, e.Problem)
}

// RuntimeError says that a function's runtime cannot be run here.
type RuntimeError struct {
	Function function.Name
	// Runtime is the identifier from the definition, "java21" for instance.
	Runtime string
	// Problem says why, and what to install or to write instead.
	Problem string
}

func (e *RuntimeError) Error() string {
	return fmt.Sprintf("function %s: runtime %q: %s", e.Function, e.Runtime, e.Problem)
}

// PayloadError says that an event is larger than Lambda accepts; the API answers 413
// RequestTooLargeException.
type PayloadError struct {
	Function function.Name
	// Size and Limit are in bytes.
	Size, Limit int
}

func (e *PayloadError) Error() string {
	return fmt.Sprintf("function %s: the event has %d bytes, the limit is %d", e.Function, e.Size, e.Limit)
}

// errGone is returned inside the package when an environment died before it was given the event: the
// call takes another one.
var errGone = errors.New("the environment is gone")
