// Package policy is the IAM policy language: parse a document strictly, compile it once, evaluate it for a request
// without allocating, combine the policies that apply to a request into one Decision, and explain that decision
// statement by statement.
//
// It owns the grammar with IAM's refusals (Parse, Error), the compiled form (Policy), the caller as policies see
// one (Caller), the order of evaluation (Decide, and Authorize for API Gateway's four authorization types) and the
// words in which AWS gives the reason (Decision.Because). It does not know where policies are stored or attached,
// who signed a request, or what a refusal looks like on the wire. Condition elements are package condition.
//
// Sources: IAM user guide, "Grammar of the IAM JSON policy language", "Policy evaluation logic", "Cross-account
// policy evaluation logic", "Access denied error messages"; API Gateway developer guide, "How resource policies
// affect authorization workflow" (tables A and B).
//
//	policy    = { ["Version",] ["Id",] "Statement": statement | [ statement, … ] }
//	statement = { ["Sid",] "Effect", ["Principal" | "NotPrincipal",] "Action" | "NotAction",
//	              ["Resource" | "NotResource",] ["Condition"] }
//
// Names are case-sensitive, a name may appear once, and nothing may follow the document. A value and a list of one
// value are the same. The rules that differ by kind of policy stand in one table (kinds, in kind.go).
//
// Where AWS's own texts are silent or disagree, the stricter reading is taken:
//
//   - What cannot be evaluated is refused when it is written: operators that do not exist (AWS takes one without
//     keys), values that their operator cannot compare with, wildcards in the service of an action or a resource,
//     condition keys that differ in case only. A Deny that can never match would be a hole.
//   - A policy that is stored and no longer compiles denies everything (Broken), and so does one of a kind that does
//     not belong where it is used.
//   - NotPrincipal stands with Deny only. It spares a caller if the list names each of its identities: the session,
//     the role and the account.
//   - Allow with NotResource does not apply while a variable in it has no value.
//   - A COGNITO_USER_POOLS method in an API with a resource policy needs that policy's Allow.
//   - A resource whose account is unknown belongs to somebody else.
//
// Policies are immutable and safe for concurrent use. Evaluation is a pure function of the request, so that
// Explain can repeat it later.
package policy
