package lambdahost

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"syscall"
	"time"
)

// document is the error document that the platform itself makes when a runtime could not [recorded
// against AWS 2025-11, facts 5.4].
func document(errorType, message string) []byte {
	b, err := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message})
	if err != nil {
		return []byte(`{"errorType":"` + errorType + `"}`)
	}
	return b
}

// tooLarge is the result of an invocation whose response exceeded the limit.
func tooLarge(limit int) []byte {
	return document("Function.ResponseSizeTooLarge",
		fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", limit))
}

// timedOut is the result of an invocation that ran out of time. AWS prints seconds with two decimals.
func timedOut(id string, limit time.Duration) []byte {
	return document("Sandbox.Timedout",
		fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, limit.Seconds()))
}

// timeoutNote is the log line of the same event.
func timeoutNote(now time.Time, id string, limit time.Duration) string {
	return fmt.Sprintf("%s %s Task timed out after %.2f seconds",
		now.UTC().Format("2006-01-02T15:04:05.000Z"), id, limit.Seconds())
}

// exited is the result of an invocation whose process ended.
func exited(id string, exit Exit) []byte {
	return document("Runtime.ExitError", "RequestId: "+id+" Error: "+exit.reason())
}

// invalidEntrypoint is the result of an invocation whose function has no executable.
func invalidEntrypoint(id string, tried []string) []byte {
	return document("Runtime.InvalidEntrypoint", fmt.Sprintf("RequestId: %s Error: Couldn't find valid bootstrap(s): %v", id, tried))
}

// reason describes an exit in AWS's words.
func (e Exit) reason() string {
	switch {
	case e.Signal != 0:
		return "Runtime exited with error: signal: " + signalName(e.Signal)
	case e.Code != 0:
		return "Runtime exited with error: exit status " + strconv.Itoa(e.Code)
	default:
		return "Runtime exited without providing a reason"
	}
}

// signalName gives the names that the platform uses: those of Go's runtime.
func signalName(s syscall.Signal) string {
	if s == syscall.SIGKILL {
		return "killed"
	}
	return s.String()
}

// errorTypeOf reads the errorType of an error document for the log; "" when there is none.
func errorTypeOf(payload []byte) string {
	var d struct {
		Type string `json:"errorType"`
	}
	if json.Unmarshal(payload, &d) != nil {
		return ""
	}
	return d.Type
}

// decodeTrailer decodes the error document of a streaming response; text that is no base64 is taken as
// it is.
func decodeTrailer(value []byte) []byte {
	if b, err := base64.StdEncoding.DecodeString(string(value)); err == nil {
		return b
	}
	return append([]byte(nil), value...)
}
