// Package function holds the nouns of Lambda: functions, their code, their configuration and the
// result of one invocation.
//
// It owns the values and the rules that need nothing but them. It does not know how a process is run
// (lambdahost), how a function is stored (tables) or what the wire calls it (service/lambda).
package function

import (
	"time"

	"gatehouse/internal/arn"
	"gatehouse/internal/seal"
)

// ARN is the full ARN of a function, without a qualifier unless the text has one:
// arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER].
type ARN string

// Name is the bare name of a function, 1-64 characters of [A-Za-z0-9-_].
type Name string

// Version is "$LATEST" or a decimal number.
type Version string

// Latest is the version that code and configuration updates change.
const Latest Version = "$LATEST"

// Halted is the Config.Concurrency of a function whose reserved concurrency is 0: every call is
// throttled.
const Halted = -1

// MaxPayload is the limit of a synchronous event and of its response, in bytes: 6 MiB and 100 bytes
// for the envelope.
const MaxPayload = 6<<20 + 100

// Config is everything that running one version of a function needs. It is a value that never changes
// after it was made: an update makes a new Config with another Digest.
type Config struct {
	ARN     ARN
	Name    Name
	Version Version
	// Runtime is AWS's identifier, for instance "nodejs20.x", "python3.12" or "provided.al2023".
	Runtime string
	Handler string
	Role    string
	// CodeDir is the directory that holds the unpacked code; absolute.
	CodeDir string
	// Linked is true when CodeDir is the user's own working tree (gatehouse dev): it may change while
	// we serve, and nothing may be written to it.
	Linked bool
	// Env is the declared environment; sealed at rest, opened only into the child process.
	Env map[string]seal.Secret
	// Timeout of one invocation; AWS allows 1-900 seconds.
	Timeout time.Duration
	// MemoryMB is 128-10240.
	MemoryMB int
	// LogGroup is /aws/lambda/NAME unless configured otherwise.
	LogGroup string
	// Concurrency limits the invocations that may run at once; 0 means the account's limit and Halted
	// none at all.
	Concurrency int
	// Digest identifies code and configuration. Warm environments are kept per Digest.
	Digest string
}

// Invocation is one call of a function.
type Invocation struct {
	// RequestID is a UUID.
	RequestID string
	// TraceID is the X-Amzn-Trace-Id header, handed on in Lambda-Runtime-Trace-Id.
	TraceID string
	// InvokedARN is the ARN as the caller wrote it, with its qualifier.
	InvokedARN string
	// ClientContext is the decoded X-Amz-Client-Context header, JSON or empty.
	ClientContext []byte
	// Payload is the event, JSON; at most 6 MiB + 100 bytes.
	Payload []byte
	// Tail asks for the last 4 KB of the log in Result.Log.
	Tail bool
}

// Result is how an invocation that ran ended.
type Result struct {
	// Payload is what the function returned, or the error document when Err is set.
	Payload []byte
	// Err is "" for a response and "Unhandled" when the function reported an error, crashed or ran
	// out of time. It is known from the Runtime API call that was used, never from the payload.
	Err string
	// Version is the version that ran.
	Version Version
	// Log is the tail of the log when it was asked for.
	Log []byte
	// Duration of the handler, and of the initialisation when this call was a cold start.
	Duration, Init time.Duration
}

// Permission is one statement of a function's resource policy, as AddPermission made it (see "Using
// resource-based policies for Lambda" in the Lambda guide).
type Permission struct {
	Sid string
	// Principal is a service ("apigateway.amazonaws.com"), an account number, an ARN or "*".
	Principal string
	// Action is lambda:InvokeFunction, lambda:* or another lambda action.
	Action string
	// SourceARN and SourceAccount narrow the caller; "" means that the condition was not given.
	SourceARN     string
	SourceAccount string
	// Other lists conditions that only later issues evaluate. A permission that has one admits nobody.
	Other []string
}

// AdmitsService reports whether the permission lets a service invoke the function on behalf of a
// resource. Patterns in SourceARN match as ArnLike does: * and ? span slashes.
func (p Permission) AdmitsService(service, sourceARN, account string) bool {
	if len(p.Other) > 0 || (p.Principal != service && p.Principal != "*") {
		return false
	}
	if !arn.Match(p.Action, "lambda:InvokeFunction") {
		return false
	}
	if p.SourceARN != "" && !arn.Like(p.SourceARN, sourceARN) {
		return false
	}
	return p.SourceAccount == "" || p.SourceAccount == account
}
