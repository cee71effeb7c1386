package verdict

// explanations tell the operator what a reason means and what to do about it. docs/reasons.md is made from
// this table.
var explanations = map[Reason]string{
	UnknownHost:         "The host or path names no API that is deployed here. Check the API id; with several APIs that have a stage of this name, name one by host.",
	UnknownStage:        "The API has no stage of this name. The first segment of the path is the stage.",
	UnknownRoute:        "No resource of the stage has this path and verb.",
	EndpointDisabled:    "The API's default endpoint is switched off (disableExecuteApiEndpoint).",
	NotEnforced:         "The route declares a control that this version does not enforce. It refuses every request, because the control was accepted by name as unenforced.",
	StageBroken:         "The stage's definition does not compile and never did; the log has the reason.",
	BodyTooLarge:        "The body is larger than 10 MB.",
	TargetTooLong:       "The request target is longer than 10,240 bytes.",
	HeadersOverLimit:    "The headers have more than 10,240 bytes together.",
	Ambiguous:           "The request can be read in more than one way: dot segments in the path, a broken escape, or a header given twice.",
	KeyMissing:          "The route needs an API key and the request has no x-api-key header.",
	KeyAmbiguous:        "The request has more than one x-api-key header. Send one.",
	KeyUnknown:          "No API key has this value. Values are case-sensitive; the name of a key is not its value.",
	KeyDisabled:         "The API key exists and is switched off.",
	KeyNotInPlan:        "The API key is in no usage plan that covers this stage. Add the key to a plan (create-usage-plan-key), or the stage to the key's plan.",
	KeyAccepted:         "The API key is known, enabled, and in a usage plan of this stage.",
	DirectoryDown:       "Keys cannot be looked up, because the store does not answer. Requests are refused until it does.",
	CountersDown:        "What is left of the usage plan cannot be read, because the store does not answer.",
	PlanThrottled:       "The client's token bucket of the usage plan is empty: it sends faster than the plan's rate and burst.",
	PlanMethodThrottled: "The client's token bucket for this method is empty.",
	PlanQuotaSpent:      "The quota of the usage plan is spent for this period.",
	PlanAdmitted:        "One request was charged to the usage plan.",
	StageThrottled:      "The stage's token bucket for this method is empty. It is shared by all clients.",
	AccountThrottled:    "The account's token bucket is empty. It is shared by everything that is served.",
	BodyInvalid:         "The body does not fit the model of its content type. The record says where.",
	BodyValid:           "The body fits the model of its content type.",
	ParameterMissing:    "The request validator of the method wants parameters that are missing or blank.",
	PermissionMissing:   "The function's resource policy does not let API Gateway call it for this route. Add a permission for apigateway.amazonaws.com (aws lambda add-permission).",
	FunctionMissing:     "The integration names a function, version or alias that does not exist.",
	FunctionThrottled:   "The function could not be started: too many calls run already, its runtime is not installed, or its code is missing. The record has the error.",
	FunctionError:       "The function reported an error, crashed, or ran out of time. The function's log has more.",
	FunctionMalformed:   "The function answered something that is no proxy response: an object with statusCode, headers, multiValueHeaders, body (a string) and isBase64Encoded, and nothing else.",
	IntegrationDown:     "The back end cannot be reached, or broke the connection.",
	IntegrationSlow:     "The back end did not answer within the integration's timeout, 29 s at most.",
	IntegrationBroken:   "The integration's definition cannot be run. The record has the reason.",
	NoTemplate:          "The integration has no mapping template for the content type of the request, and does not pass it through.",
	TemplateFailed:      "A mapping template failed. The record has the error with its line.",
	SignatureMissing:    "The request is not signed. Unknown routes answer so as well, as on AWS.",
	SignatureMalformed:  "The Authorization header is no AWS signature.",
	SignatureRefused:    "The AWS signature was refused: wrong, out of time, for another region or service, or made with an unknown key.",
	SignatureAccepted:   "The AWS signature is good.",
	CallerUnknown:       "The access key is not known or switched off, or the session token does not belong to it.",
	CallerExpired:       "The temporary credentials have expired.",
	PolicyAllowed:       "The policies allow the call.",
	PolicyExplicitDeny:  "A statement of a policy denies the call.",
	PolicyImplicitDeny:  "No policy that must allow the call does.",
	PrivateAPI:          "The API is private: it answers only through a VPC endpoint.",
	RouteNotFoundSigned: "The request is well signed, and no resource has this path and verb.",
}

// Explain says what a reason means and what to do, "" for an unknown one.
func (r Reason) Explain() string { return explanations[r] }

// Reasons lists the reasons that have an explanation, in no order.
func Reasons() []Reason {
	out := make([]Reason, 0, len(explanations))
	for r := range explanations {
		out = append(out, r)
	}
	return out
}
