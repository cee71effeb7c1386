package verdict

// Reason is a stable code for why a check decided as it did. It is the reason label of the metric
// gatehouse_refusals_total, the field "reason" of the access record, and an anchor in the docs, so a
// code never changes its meaning.
type Reason string

// Reasons of the checks that exist. A new reason is one line here and one line in docs/reasons.md.
const (
	ReasonNone Reason = ""

	UnknownHost         Reason = "unknown-host"
	UnknownStage        Reason = "unknown-stage"
	UnknownRoute        Reason = "unknown-route"
	EndpointDisabled    Reason = "endpoint-disabled"
	NotEnforced         Reason = "control-not-enforced"
	StageBroken         Reason = "stage-does-not-compile"
	BodyTooLarge        Reason = "body-too-large"
	TargetTooLong       Reason = "target-too-long"
	HeadersOverLimit    Reason = "headers-too-large"
	Ambiguous           Reason = "ambiguous-request"
	KeyMissing          Reason = "api-key-missing"
	KeyAmbiguous        Reason = "api-key-ambiguous"
	KeyUnknown          Reason = "api-key-unknown"
	KeyDisabled         Reason = "api-key-disabled"
	KeyNotInPlan        Reason = "api-key-in-no-plan-of-stage"
	KeyAccepted         Reason = "api-key-accepted"
	DirectoryDown       Reason = "directory-unavailable"
	CountersDown        Reason = "counters-unavailable"
	PlanThrottled       Reason = "plan-throttle"
	PlanMethodThrottled Reason = "plan-method-throttle"
	PlanQuotaSpent      Reason = "plan-quota-spent"
	PlanAdmitted        Reason = "plan-admitted"
	StageThrottled      Reason = "stage-throttle"
	AccountThrottled    Reason = "account-throttle"
	ParameterMissing    Reason = "request-parameter-missing"
	PermissionMissing   Reason = "function-permission-missing"
	FunctionMissing     Reason = "function-missing"
	FunctionThrottled   Reason = "function-throttled"
	FunctionError       Reason = "function-error"
	FunctionMalformed   Reason = "function-response-malformed"
	IntegrationDown     Reason = "integration-unreachable"
	IntegrationSlow     Reason = "integration-timeout"
	IntegrationBroken   Reason = "integration-misconfigured"
	NoTemplate          Reason = "no-template-for-content-type"
	TemplateFailed      Reason = "mapping-template-failed"
	SignatureMissing    Reason = "signature-missing"
	SignatureMalformed  Reason = "signature-malformed"
	SignatureRefused    Reason = "signature-refused"
	SignatureAccepted   Reason = "signature-accepted"
	CallerUnknown       Reason = "caller-unknown"
	CallerExpired       Reason = "caller-expired"
	PolicyAllowed       Reason = "policy-allow"
	PolicyExplicitDeny  Reason = "policy-explicit-deny"
	PolicyImplicitDeny  Reason = "policy-implicit-deny"
	PrivateAPI          Reason = "private-api-from-outside"
	RouteNotFoundSigned Reason = "unknown-route-signed-caller"
)
