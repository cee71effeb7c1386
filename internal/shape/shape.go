// Package shape is the vocabulary in which an AWS service is described as data: its operations, its
// faults and the constraints of its named shapes.
//
// It owns the types that the generated packages under awsapi fill in and that package wire reads, and the
// grammar of the struct tags below. It does not know any service, nor how a message is encoded. The terms
// are those of the Smithy specification ("HTTP binding traits", "Constraint traits").
//
// A generated struct has one field per member, tagged with the place of the member in a message:
//
//	json:"name"     a member of the body document, with its name on the wire
//	uri:"label"     a label of the operation's URI template
//	query:"name"    a query parameter; query:"*" on a map takes every parameter that has no other field
//	header:"Name"   a header field
//	status:"code"   the status code of the answer
//	payload:"body"  the whole body, as bytes
//
// or, in the query protocol and its EC2 dialect, which read forms and answer in XML:
//
//	form:"Name"     a form parameter, or the first part of its name
//	xml:"name"      an element of the answer
//
// and with what the model demands of it:
//
//	required:"true"   the member must be there
//	shape:"Name"      the value must satisfy Service.Rules["Name"]
//
// Required scalars are plain values, optional ones pointers; timestamps are *time.Time, blobs []byte,
// lists slices and maps maps. A nil slice or map is absent, an empty one is written.
package shape

import "reflect"

// Protocol names how messages of a service are put on the wire.
type Protocol string

// The protocols of the services that Gatehouse offers.
const (
	RESTJSON Protocol = "rest-json"
	JSON     Protocol = "json"
	Query    Protocol = "query"
	// EC2 is a dialect of Query: lists have no "member" in their names, and answers no result element.
	EC2 Protocol = "ec2"
)

// Service describes one version of one AWS API.
type Service struct {
	// Name is the service as botocore and this repository call it: "apigateway".
	Name string
	// Version is the API version, a date.
	Version string
	// Protocol is how its messages are encoded.
	Protocol Protocol
	// SigningName is the service in a credential scope. Two services may share one.
	SigningName string
	// Global says that the service has one endpoint for all regions, whose requests are signed for the
	// first region of the partition.
	Global bool
	// Namespace is the XML namespace of answers; Query and EC2 only.
	Namespace string
	// TargetPrefix is what stands before the operation in X-Amz-Target; JSON only.
	TargetPrefix string
	// Violation is the code of refusals for input that breaks a rule, "" where it is the usual one of the
	// protocol.
	Violation string
	// ARN is what stands before the resource in the ARNs of the service, behind the partition:
	// "lambda:{region}:{account}:".
	ARN string
	// Keys are the condition keys whose values are members of inputs.
	Keys []Key
	// NestedBody says that the service reads the body into one member named after the operation, so that
	// its refusals name body members as "putMethodInput.authorizationType". See API Gateway.
	NestedBody bool
	// MaxBody is the largest request body in bytes.
	MaxBody int64
	// Operations are all operations of the model, by name. Those that nobody has listed for the
	// generator have neither Input nor Output. With Partial they are left out: of a very large model.
	Partial    bool
	Operations []Operation
	// Faults are the modelled errors, by name.
	Faults []Fault
	// Rules are the constraints of named shapes. A shape without constraints is not listed.
	Rules map[string]Rule
}

// Operation describes one call.
type Operation struct {
	// Name is the operation as SDKs call it: "PutMethod".
	Name string
	// Method and URI are the HTTP binding. The URI is a template with {label} and {label+} parts and,
	// rarely, fixed query parameters: "/restapis?mode=import".
	Method, URI string
	// Status is the HTTP status of success.
	Status int
	// Input and Output are the struct types of the messages. Output is nil when the answer has no body
	// and no headers; Input is nil when the operation was not generated.
	Input, Output reflect.Type
	// Faults are the names of the errors that the model lists for the operation.
	Faults []string
	// Action is the IAM action that a caller needs: "apigateway:POST", "lambda:InvokeFunction".
	Action string
	// Resource says what Action is performed on, as the last part of an ARN, or a whole one, in which
	// fields of the input have their places: "user/{UserName}", "user{Path:/}{UserName}" with a default,
	// "function:{FunctionName}{:Qualifier}" with a part that may be missing, "{PolicyArn}". In one that
	// begins with a slash values are percent-encoded. Empty is an action without resource.
	Resource string
	// Passes are the roles that the input hands to a service, for which iam:PassRole is needed.
	Passes []Pass
	// Unasked operations need no permission, or the service itself decides over them: sts:AssumeRole.
	Unasked bool
	// Unsigned operations are called without a signature: the input itself carries a proof of who calls.
	// IAM is not asked about them, and a signature is not looked at.
	Unsigned bool
}

// Key is a condition key with the field of the input that has its value.
type Key struct{ Name, Member string }

// Pass names a field with the ARN of a role, or with patch operations that set one.
type Pass struct {
	Member string
	// Path is the path of the patch operation, "" for a plain field.
	Path string
	// Service is who the role is passed to, "lambda.amazonaws.com".
	Service string
}

// Fault describes one modelled error.
type Fault struct {
	// Name is the error's shape: "NotFoundException", "NoSuchEntityException".
	Name string
	// Code is what the error is called on the wire where that is not Name: "NoSuchEntity".
	Code string
	// Status is the HTTP status it is sent with.
	Status int
	// Message is the name of the member that carries the text, "message" or "Message".
	Message string
	// Typed says that the error has a member Type, which is "User" or "Service".
	Typed bool
}

// Rule is what the model demands of the values of a named shape. Zero fields demand nothing.
type Rule struct {
	// Min and Max bound the length of strings, blobs, lists and maps, and the value of numbers.
	Min, Max *float64
	// Pattern is a regular expression, in the syntax of Java, that the whole string must match. It is
	// also what the refusal prints.
	Pattern string
	// Match and Except stand for a Pattern with a look-ahead, which Go does not have: the whole string
	// must match the one and must not match the other.
	Match, Except string
	// Enum lists the values that a string may have.
	Enum []string
	// Percent says that values are sent percent-encoded, every byte but RFC 3986's unreserved ones: the
	// policy documents of IAM. Services and their callers inside the process see them plain.
	Percent bool
	// Sensitive values are not repeated in refusals.
	Sensitive bool
	// Member names the shape of list elements, Key and Value those of map entries.
	Member, Key, Value string
}
