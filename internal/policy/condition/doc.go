// Package condition is the part of the IAM policy language that looks at a request: the Condition element with
// its operators and keys, and the patterns with wildcards and policy variables that resources use too.
//
// It owns the Context (what is known about one request, the global condition keys as typed fields), the Test
// (one operator, one key, its values, compiled) and the Pattern. It does not know statements, effects or
// principals (package policy), nor where a value of the context comes from (the gateway fills it).
//
// Sources: IAM user guide, "Condition operators", "Multivalued context keys", "Policy elements: variables and
// tags" and "AWS global condition context keys".
//
//	operator  = [ "ForAllValues:" | "ForAnyValue:" ] name [ "IfExists" ]        names are case-sensitive
//	key       = "aws:SourceIp" | "aws:PrincipalTag/" tag | …                    keys are not, in ASCII
//	value     = text with * and ? (…Like and ARN operators) and variables (string and ARN operators)
//	variable  = "${" key [ ", '" default "'" ] "}" | "${*}" | "${?}" | "${$}"   version 2012-10-17 only
//
// How the parts combine, with the readings that AWS leaves open marked [strict]:
//
//   - A key that is absent fails a positive operator, holds a negated one and every …IfExists, holds ForAllValues
//     and fails ForAnyValue, negated or not. An empty list is an absent key.
//   - A positive operator holds when one value of the policy matches; a negated one when none does.
//   - An operator without set prefix on a key with several values: positive holds when any of them matches,
//     negated when none does [strict].
//   - A value of the request that is no number, date or address fails numeric, date and address operators,
//     negated ones included. A value of the policy that is none is refused when the policy is written [strict]:
//     a Deny that can never match is a hole.
//   - Null takes a single empty text for an absent key [strict]; every other operator compares it.
//   - What a variable stands for is literal text: no * in it is a wildcard, no ${ in it is a variable.
//   - A variable without value and default matches nothing; a key with several values has none.
//   - Letters are folded in ASCII only, so that no other character equals one.
//
// Compiled tests are immutable and safe for concurrent use. Holds allocates nothing, except where a policy uses
// an address, a time or a number as text (StringLike on aws:SourceIp, ${aws:CurrentTime}), or where a pattern
// with variables has more than 16 parts.
package condition
