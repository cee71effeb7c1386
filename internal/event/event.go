// Package event writes the JSON documents that functions receive and reads what they answer.
//
// It owns the members, their order and their spelling: the event of a REST API's Lambda proxy integration
// (payload 1.0 without a version), and the proxy response. It follows the developer guide, "Lambda proxy
// integrations in API Gateway", and recordings of events where the guide is silent. It does not know how a
// function is called, nor which headers of an answer are renamed on their way to the client.
//
// Nothing here reflects or builds maps: an event is appended to a buffer in one pass.
//
// # Order
//
// JavaScript shows the order of an object's members, so it is kept as AWS has it. The members of the event
// are in the order of the guide. Headers are in alphabetical order without regard to case. Objects made
// from names that the definition or the caller chose, and requestContext and identity, are in the order of
// a Java hash map: [recorded] for requestContext, identity (with and without an API key, which differ) and
// a stage's variables, [inferred] for query and path parameters.
//
// # Text
//
// All text is UTF-8 without escapes but those JSON demands, as Jackson writes it. Bytes that are no UTF-8
// become U+FFFD, one for each maximal part of a sequence, as Java and JavaScript decode them.
package event

import "time"

// Field is a name with a value: a header line, or a parameter.
type Field struct{ Name, Value string }

// REST is one call of a REST API, as a function with proxy integration sees it.
type REST struct {
	// Resource is the template of the path, "/store/{id}".
	Resource string
	// Path is the path without the stage, ContextPath the path with it, both as they were sent.
	Path, ContextPath string
	Method            string
	// Header is what the caller sent, in order, with the names as they were sent. Headers that AWS drops
	// are left out, those that it adds are put in: see Forwarded.
	Header []Field
	// Signed drops the Authorization header: it is the caller's SigV4 signature.
	Signed bool
	// Forwarded is what the gateway says in headers of its own.
	Forwarded Forwarded
	// Query is the raw query, without the question mark.
	Query string
	// Params are the path parameters as they were sent.
	Params []Field
	// StageVariables is the JSON object of the stage's variables (see Object), or empty.
	StageVariables []byte

	AccountID, APIID, DeploymentID, Stage string
	ResourceID                            string
	DomainName, DomainPrefix              string
	RequestID, ExtendedRequestID          string
	At                                    time.Time
	// Authorizer is the JSON object of requestContext.authorizer, or empty.
	Authorizer []byte
	Identity   Identity

	Body []byte
	// Binary sends the body as base64 (see IsBinary).
	Binary bool
}

// Forwarded is what the gateway tells a function about the connection. An empty member is not sent, and a
// caller's header of that name is kept; For is added to what the caller sent.
type Forwarded struct {
	TraceID string // X-Amzn-Trace-Id
	For     string // X-Forwarded-For, the address of the caller
	Port    string // X-Forwarded-Port
	Proto   string // X-Forwarded-Proto
}

// Identity is requestContext.identity; empty members are null.
type Identity struct {
	// KeyRequired tells that the method requires an API key: only then are there members for it.
	KeyRequired                   bool
	APIKey, APIKeyID              string
	AccessKey, AccountID, Caller  string
	CognitoAuthenticationProvider string
	CognitoAuthenticationType     string
	CognitoIdentityID             string
	CognitoIdentityPoolID         string
	PrincipalOrgID                string
	SourceIP                      string
	// VPCID and VPCEndpointID are for calls through a VPC endpoint; others have no such members.
	VPCID, VPCEndpointID     string
	User, UserAgent, UserARN string
}
