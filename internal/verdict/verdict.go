// Package verdict is the vocabulary of yes and no: what a check answers, why, and what decided it.
//
// It owns Decision, Kind, Reason and Trace. It does not know what a check looks at, nor how a refusal
// is written to a client (package gateway, refuse.go).
package verdict

import "time"

// Decision is the answer of one check. It is a small value and is never allocated.
type Decision struct {
	// Kind is Allow, or the gateway-response type that the refusal becomes.
	Kind Kind
	// Reason is a stable code: log field, metric label and documentation anchor in one.
	Reason Reason
	// Ref names what decided: a plan id, an authorizer id, a statement id, a parameter list.
	Ref string
	// Message replaces the default message of Kind when it is not empty.
	Message string
}

// Refused reports whether the request stops here.
func (d Decision) Refused() bool { return d.Kind != Allow }

// Yes is the decision of a check that has nothing against the request.
var Yes = Decision{}

// Allowed says why a check let the request pass.
func Allowed(r Reason, ref string) Decision { return Decision{Reason: r, Ref: ref} }

// Refuse stops the request.
func Refuse(k Kind, r Reason, ref string) Decision { return Decision{Kind: k, Reason: r, Ref: ref} }

// Kind is what a decision becomes on the wire. The zero value is Allow; the others are the
// gateway-response types of API Gateway, plus the refusals that no gateway response exists for.
type Kind uint8

// The kinds, in the order in which AWS lists its gateway-response types.
const (
	Allow Kind = iota
	RequestTooLarge
	ResourceNotFound
	AuthorizerConfigurationError
	MissingAuthenticationToken
	BadRequestBody
	InvalidSignature
	InvalidAPIKey
	BadRequestParameters
	AuthorizerFailure
	Unauthorized
	IntegrationTimeout
	AccessDenied
	WAFFiltered
	QuotaExceeded
	Throttled
	APIConfigurationError
	UnsupportedMediaType
	IntegrationFailure
	ExpiredToken
	// Forbidden is a refusal made outside any API (unknown host, stage or disabled endpoint): no
	// gateway response can be customised for it.
	Forbidden
	// IncompleteSignature is an Authorization header that is no signature at all.
	IncompleteSignature
	// URITooLong is a target over the limit, refused before any API is known.
	URITooLong
	// HeadersTooLarge is a header block over the limit, refused before any API is known.
	HeadersTooLarge
	// BadRequest is a message that cannot be read one way only.
	BadRequest
	// MalformedFunctionResponse is a 502 of the 5XX family: the function failed, or returned what no proxy
	// response looks like.
	MalformedFunctionResponse
	// UnrecognizedClient is a signature with an access key that nobody has.
	UnrecognizedClient

	kinds
)

// Kinds is the number of kinds, for tables indexed by Kind.
const Kinds = int(kinds)

// Trace collects what each check of one request decided, in order. A nil Trace records nothing and
// costs one compare.
type Trace struct {
	Steps []Step
}

// Step is one line of a trace.
type Step struct {
	Gate     string
	Decision Decision
	Took     time.Duration
}

// On reports whether anybody looks.
func (t *Trace) On() bool { return t != nil }

// Note records the decision of a gate.
func (t *Trace) Note(gate string, d Decision) {
	if t == nil {
		return
	}
	t.Steps = append(t.Steps, Step{Gate: gate, Decision: d})
}

// kindNames are the names of AWS's gateway-response types; the refusals that no gateway response exists for
// have names of the same form.
var kindNames = [kinds]string{
	Allow:                        "allow",
	RequestTooLarge:              "REQUEST_TOO_LARGE",
	ResourceNotFound:             "RESOURCE_NOT_FOUND",
	AuthorizerConfigurationError: "AUTHORIZER_CONFIGURATION_ERROR",
	MissingAuthenticationToken:   "MISSING_AUTHENTICATION_TOKEN",
	BadRequestBody:               "BAD_REQUEST_BODY",
	InvalidSignature:             "INVALID_SIGNATURE",
	InvalidAPIKey:                "INVALID_API_KEY",
	BadRequestParameters:         "BAD_REQUEST_PARAMETERS",
	AuthorizerFailure:            "AUTHORIZER_FAILURE",
	Unauthorized:                 "UNAUTHORIZED",
	IntegrationTimeout:           "INTEGRATION_TIMEOUT",
	AccessDenied:                 "ACCESS_DENIED",
	WAFFiltered:                  "WAF_FILTERED",
	QuotaExceeded:                "QUOTA_EXCEEDED",
	Throttled:                    "THROTTLED",
	APIConfigurationError:        "API_CONFIGURATION_ERROR",
	UnsupportedMediaType:         "UNSUPPORTED_MEDIA_TYPE",
	IntegrationFailure:           "INTEGRATION_FAILURE",
	ExpiredToken:                 "EXPIRED_TOKEN",
	Forbidden:                    "FORBIDDEN",
	IncompleteSignature:          "INCOMPLETE_SIGNATURE",
	URITooLong:                   "URI_TOO_LONG",
	HeadersTooLarge:              "HEADERS_TOO_LARGE",
	BadRequest:                   "BAD_REQUEST",
	MalformedFunctionResponse:    "MALFORMED_FUNCTION_RESPONSE",
	UnrecognizedClient:           "UNRECOGNIZED_CLIENT",
}

// String is the name of the gateway-response type.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "UNKNOWN"
}
