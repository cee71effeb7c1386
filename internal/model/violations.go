package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// maxViolations bounds what is told of one body.
const maxViolations = 32

// violations collects the leaves of a failed validation, in the words of the validator that AWS uses
// ($context.error.validationErrorString). Two of the sentences are observed, the others are those of the same
// library [inferred].
func violations(e *jsonschema.ValidationError, out []string) []string {
	if len(out) >= maxViolations {
		return out
	}
	if text := sentence(e.ErrorKind); text != "" {
		return append(out, text)
	}
	// What is missing is told before what is too much [observed].
	causes := slices.Clone(e.Causes)
	slices.SortStableFunc(causes, func(a, b *jsonschema.ValidationError) int { return rank(a) - rank(b) })
	for _, c := range causes {
		out = violations(c, out)
	}
	return out
}

func rank(e *jsonschema.ValidationError) int {
	switch e.ErrorKind.(type) {
	case *kind.Required:
		return 0
	case *kind.AdditionalProperties:
		return 1
	}
	return 2
}

// sentence says what one keyword found, "" for those that only group others.
func sentence(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		return ""
	case *kind.Required:
		return "object has missing required properties (" + quoted(k.Missing) + ")"
	case *kind.AdditionalProperties:
		return "object instance has properties which are not allowed by the schema: " + quoted(k.Properties)
	case *kind.Type:
		return fmt.Sprintf("instance type (%s) does not match any allowed primitive type (allowed: %s)", k.Got, quoted(k.Want))
	case *kind.Enum:
		return fmt.Sprintf("instance value (%s) not found in enum (possible values: %s)", text(k.Got), text(k.Want))
	case *kind.Pattern:
		return fmt.Sprintf("ECMA 262 regex %q does not match input string %q", k.Want, k.Got)
	case *kind.Format:
		return fmt.Sprintf("string %s is invalid against requested format %s", text(k.Got), k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("string is too short (length: %d, required minimum: %d)", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("string is too long (length: %d, maximum allowed: %d)", k.Got, k.Want)
	case *kind.Minimum:
		return fmt.Sprintf("numeric instance is lower than the required minimum (minimum: %s, found: %s)", k.Want.RatString(), k.Got.RatString())
	case *kind.Maximum:
		return fmt.Sprintf("numeric instance is greater than the required maximum (maximum: %s, found: %s)", k.Want.RatString(), k.Got.RatString())
	case *kind.ExclusiveMinimum:
		return "numeric instance is not strictly greater than the required minimum " + k.Want.RatString()
	case *kind.ExclusiveMaximum:
		return "numeric instance is not strictly lower than the required maximum " + k.Want.RatString()
	case *kind.MultipleOf:
		return fmt.Sprintf("remainder of division is not zero (%s and %s)", k.Got.RatString(), k.Want.RatString())
	case *kind.MinItems:
		return fmt.Sprintf("array is too short: must have at least %d elements but instance has %d elements", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("array is too long: must have at most %d elements but instance has %d elements", k.Want, k.Got)
	case *kind.UniqueItems:
		return "array must not contain duplicate elements"
	case *kind.MinProperties:
		return fmt.Sprintf("object has too few properties (found %d but schema requires at least %d)", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("object has too many properties (found %d but schema requires at most %d)", k.Got, k.Want)
	case *kind.AnyOf:
		return "instance failed to match at least one required schema"
	case *kind.OneOf:
		return fmt.Sprintf("instance failed to match exactly one schema (matched %d)", len(k.Subschemas))
	case *kind.Not:
		return "instance matched a schema which it should not have"
	}
	return "instance does not match the keyword " + strings.Join(k.KeywordPath(), "/")
}

// quoted is a JSON list of names, sorted as AWS's validator sorts them.
func quoted(names []string) string {
	sorted := slices.Sorted(slices.Values(names))
	for i, n := range sorted {
		sorted[i] = text(n)
	}
	return "[" + strings.Join(sorted, ",") + "]"
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	if len(b) > 200 {
		return strings.ToValidUTF8(string(b[:200]), "") + "…"
	}
	return string(b)
}
