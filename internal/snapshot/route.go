package snapshot

import (
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/function"
	"gatehouse/internal/mapping"
	"gatehouse/internal/model"
)

// Need is one bit for each line of the order of checks. A route carries the bits of what it declared, so
// that an open route pays for nothing else and its exact list of checks can be printed.
type Need uint32

// The needs, in the order of gateway/order.go.
const (
	NeedClientCert Need = 1 << iota
	NeedFilter
	NeedEndpoint
	NeedSignature
	NeedPolicy
	NeedAuthorizer
	NeedDecision
	NeedKey
	NeedPlan
	NeedThrottle
	NeedParams
	NeedModel
	NeedCache
)

// Has reports whether all bits of want are set.
func (n Need) Has(want Need) bool { return n&want == want }

// Unmodelled names a declared control that this version does not enforce. A route that has one refuses
// every request, and the start stops unless the operator accepted the control by name.
type Unmodelled struct {
	// Control is the name that --accept-unenforced takes: "aws_iam", "resource_policy" …
	Control string
	API     apigw.APIID
	Stage   apigw.StageName
	// Path and Verb are empty when the whole API is concerned.
	Path, Verb string
}

// Route is one method of a deployed resource, compiled.
type Route struct {
	Stage    *Stage
	Resource apigw.ResourceID
	// Path is the template, "/store/{id}"; Verb the declared verb, "ANY" included.
	Path, Verb string
	Needs      Need
	// KeySource is where the API key is read.
	KeySource apigw.KeySource
	// MethodKey is how usage plans name the method: "/store/{id}/GET"; the root is "//GET".
	MethodKey string
	// Required lists the request parameters that must be present, in the order in which AWS names them.
	Required []Param
	// Models are what bodies are held against, by content type in lower case; "$default" is for all others.
	Models map[string]*model.Schema
	// Limit is the stage's throttle for this method, nil when there is none.
	Limit *apigw.Limit
	// LimitKey names the bucket of Limit. Methods under "*/*" share nothing: AWS keeps a bucket for each.
	LimitKey string

	Integration Integration
	// Unmodelled lists the controls that make this route refuse.
	Unmodelled []string
	// Auth is the declared authorization type; it picks the refusal of an unenforced control.
	Auth apigw.AuthType
}

// Param is one required request parameter.
type Param struct {
	Place mapping.Place
	Name  string
}

// IntegrationType is what stands behind a route.
type IntegrationType uint8

// The integration types that are served. Broken answers 500 API_CONFIGURATION_ERROR with its Reason.
const (
	Broken IntegrationType = iota
	LambdaProxy
	HTTPProxy
	// Mock answers from a constant template; MockMapped renders.
	Mock
	MockMapped
	// Lambda and HTTP are the types AWS and HTTP, with mapping.
	Lambda
	HTTP
)

// Integration is the compiled back end of a route.
type Integration struct {
	Type IntegrationType
	// Reason says why a Broken integration cannot run.
	Reason  string
	Timeout time.Duration

	// Function is the target of LambdaProxy; nil when there is no such function.
	Function *function.Config
	// FunctionARN is the ARN as the definition names it, with its qualifier.
	FunctionARN string
	// Permitted tells for which verbs the function's policy admits API Gateway; bit i is Verbs[i].
	Permitted uint8
	// BinaryMediaTypes of the API.
	Binary []string

	// HTTP is the target of HTTPProxy and HTTP.
	HTTP *HTTPTarget
	// Mapped is set for the types with mapping.
	Mapped *Mapped
	// Mock is the answer of a Mock integration.
	Mock *MockAnswer
}

// Verbs are the methods that ANY stands for.
var Verbs = [...]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// VerbBit returns the bit of a verb in Integration.Permitted, 0 for an unknown verb.
func VerbBit(verb string) uint8 {
	for i, v := range Verbs {
		if v == verb {
			return 1 << i
		}
	}
	return 0
}

// HTTPTarget is a compiled integration URI: built from its parts, so that no parameter can change the
// host (security rule P16).
type HTTPTarget struct {
	Method string // "" = the caller's
	Scheme string
	// Host as in the URI, port included if it was written; Address is host:port to connect to.
	Host, Address string
	InsecureTLS   bool
	// Path is the path template, in pieces.
	Path []PathPiece
	// Query is the literal query of the URI.
	Query string
	// Params are the mappings, in order of their targets.
	Params []ParamMapping
}

// PathPiece is literal text, or the name of a path parameter whose value goes there.
type PathPiece struct {
	Text  string
	Param string
}

// ParamMapping sets one header, query or path parameter of the integration request.
type ParamMapping struct {
	Target mapping.Target
	Value  mapping.Expression
}

// MockAnswer is what a Mock integration answers: the response of the status that the request template
// yields.
type MockAnswer struct {
	Status  int
	Headers []ParamMapping
	// Body is the response template by content type when it holds no VTL, otherwise "".
	Body        string
	ContentType string
}
