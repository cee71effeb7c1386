// Package apigw holds the nouns of API Gateway: what an operator defined, exactly as it was written.
//
// It owns the values, their validation and the patch rules. It does not know how a definition is stored
// (tables), what the wire calls its members (awsapi) or how it is served (snapshot).
package apigw

import "time"

// Distinct types for distinct ids.
type (
	// APIID is 10 characters of [a-z0-9].
	APIID string
	// ResourceID is 6-10 characters of [a-z0-9].
	ResourceID string
	// DeploymentID is 6 characters of [a-z0-9].
	DeploymentID string
	// AuthorizerID, ValidatorID, PlanID and KeyID are short ids of [a-z0-9].
	AuthorizerID string
	ValidatorID  string
	PlanID       string
	KeyID        string
	// StageName is 1-128 characters of [A-Za-z0-9_-].
	StageName string
	// ModelName is alphanumeric.
	ModelName string
)

// AuthType is how a method knows its caller.
type AuthType string

// The authorization types of REST methods.
const (
	AuthNone    AuthType = "NONE"
	AuthIAM     AuthType = "AWS_IAM"
	AuthCustom  AuthType = "CUSTOM"
	AuthCognito AuthType = "COGNITO_USER_POOLS"
)

// KeySource tells where the API key of a request is read.
type KeySource string

// The two key sources.
const (
	KeyFromHeader     KeySource = "HEADER"
	KeyFromAuthorizer KeySource = "AUTHORIZER"
)

// RestAPI is the head of a REST API; its resources, methods and the rest are records of their own,
// gathered in a Definition.
type RestAPI struct {
	ID          APIID
	Name        string
	Description string
	Version     string
	Created     time.Time
	Root        ResourceID
	// Policy is the resource policy as JSON text, "" when there is none.
	Policy    string
	KeySource KeySource
	Endpoint  Endpoint
	// BinaryMediaTypes are compared with the first Accept and the Content-Type.
	BinaryMediaTypes          []string
	MinimumCompressionSize    *int32
	DisableExecuteAPIEndpoint bool
	Tags                      map[string]string
}

// Endpoint is where an API can be reached.
type Endpoint struct {
	// Types holds one of EDGE, REGIONAL, PRIVATE.
	Types          []string
	VPCEndpointIDs []string
	IPAddressType  string
}

// Resource is one node of the path tree, with its methods by verb ("GET", … or "ANY").
type Resource struct {
	API      APIID
	ID       ResourceID
	Parent   ResourceID
	PathPart string
	// Path is the whole template, "/store/{id}".
	Path    string
	Methods map[string]*Method
}

// Method is what may be done with a resource, and by whom.
type Method struct {
	Verb          string
	Auth          AuthType
	Authorizer    AuthorizerID
	Scopes        []string
	KeyRequired   bool
	OperationName string
	Validator     ValidatorID
	// Params are the declared parameters, "method.request.querystring.page" → required.
	Params map[string]bool
	// Models maps a content type to the model of the request body.
	Models      map[string]ModelName
	Responses   map[string]*MethodResponse
	Integration *Integration
}

// MethodResponse declares one status that a method may answer.
type MethodResponse struct {
	Status string
	Params map[string]bool
	Models map[string]ModelName
}

// Integration is what stands behind a method.
type Integration struct {
	// Type is AWS, AWS_PROXY, HTTP, HTTP_PROXY or MOCK.
	Type string
	// HTTPMethod is the verb used towards the backend (POST for Lambda).
	HTTPMethod     string
	URI            string
	Credentials    string
	ConnectionType string
	ConnectionID   string
	// Passthrough is WHEN_NO_MATCH, WHEN_NO_TEMPLATES or NEVER.
	Passthrough     string
	ContentHandling string
	// Timeout is 50 ms to 29 s, 0 means 29 s.
	Timeout       time.Duration
	CacheNS       string
	CacheKeys     []string
	RequestParams map[string]string
	Templates     map[string]string
	Responses     map[string]*IntegrationResponse
	// InsecureTLS switches off the verification of the backend's certificate.
	InsecureTLS bool
}

// IntegrationResponse maps what came back to one status of the method.
type IntegrationResponse struct {
	Status          string
	Pattern         string
	Params          map[string]string
	Templates       map[string]string
	ContentHandling string
}

// Authorizer is a Lambda or user-pool authorizer of an API.
type Authorizer struct {
	API            APIID
	ID             AuthorizerID
	Name           string
	Type           string // TOKEN, REQUEST or COGNITO_USER_POOLS
	ProviderARNs   []string
	AuthType       string
	URI            string
	Credentials    string
	IdentitySource string
	ValidationExpr string
	// TTLSeconds is nil when it was not given: AWS then uses 300.
	TTLSeconds *int32
}

// Model is a JSON schema with a name.
type Model struct {
	API         APIID
	ID          string
	Name        ModelName
	Description string
	Schema      string
	ContentType string
}

// RequestValidator says which parts of a request are validated.
type RequestValidator struct {
	API    APIID
	ID     ValidatorID
	Name   string
	Body   bool
	Params bool
}

// GatewayResponse customises how a refusal is written.
type GatewayResponse struct {
	API       APIID
	Type      string
	Status    string
	Params    map[string]string
	Templates map[string]string
}

// Definition is everything that a deployment freezes.
type Definition struct {
	API              RestAPI
	Resources        []Resource
	Authorizers      []Authorizer
	Models           []Model
	Validators       []RequestValidator
	GatewayResponses []GatewayResponse
}

// Deployment is an immutable copy of a definition.
type Deployment struct {
	API         APIID
	ID          DeploymentID
	Description string
	Created     time.Time
	// Digest is the SHA-256 of the canonical form of Frozen, in hex: equal definitions share it.
	Digest string
	Frozen Definition
}

// Stage serves one deployment under a name.
type Stage struct {
	API         APIID
	Name        StageName
	Deployment  DeploymentID
	Description string
	Variables   map[string]string
	// Methods holds the method settings by key: "*/*" or a path and a verb, in the spelling of whoever
	// wrote it first ("pets/GET", "~1pets~1{id}/GET"). Stage.Setting looks one up.
	Methods       map[string]MethodSetting
	CacheEnabled  bool
	CacheSize     string
	ClientCert    string
	AccessLog     *AccessLog
	Canary        *Canary
	Tracing       bool
	WebACL        string
	Documentation string
	Tags          map[string]string
	Created       time.Time
	Updated       time.Time
}

// AccessLog is where and in which format access records go.
type AccessLog struct{ Destination, Format string }

// Canary sends a share of the traffic to another deployment.
type Canary struct {
	Percent    float64
	Deployment DeploymentID
	Variables  map[string]string
	UseCache   bool
}

// MethodSetting is what a stage sets for one method, or for all.
type MethodSetting struct {
	Metrics      bool
	LoggingLevel string
	DataTrace    bool
	// Burst and Rate are the stage throttle; nil when it is not set (AWS reports -1 and -1.0, or the
	// account's limits).
	Burst               *int32
	Rate                *float64
	Caching             bool
	CacheTTL            int32
	CacheEncrypted      bool
	RequireAuthForCache bool
	CacheUnauthorized   string
}

// Limit is a token bucket: capacity Burst, Rate tokens a second.
type Limit struct {
	Burst int32
	Rate  float64
}

// Quota is a number of requests per period.
type Quota struct {
	Limit int32
	// Offset is subtracted in the first period.
	Offset int32
	// Period is DAY, WEEK or MONTH.
	Period string
}

// PlanStage is one stage that a plan covers, with its per-method limits ("/pets/GET").
type PlanStage struct {
	API      APIID
	Stage    StageName
	Throttle map[string]Limit
}

// UsagePlan limits the holders of API keys.
type UsagePlan struct {
	ID          PlanID
	Name        string
	Description string
	Stages      []PlanStage
	Throttle    *Limit
	Quota       *Quota
	ProductCode string
	Tags        map[string]string
	Created     time.Time
}
