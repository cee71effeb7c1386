package iam

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/wire"
)

// Sizes of policies, in characters that are not white space [docs].
const (
	maxTrust   = 2048
	maxManaged = 6144
)

var (
	// documentPattern is the pattern of policyDocumentType.
	documentPattern = regexp.MustCompile(`^[\t\n\r\x{20}-\x{ff}]+$`)
	policyPattern   = regexp.MustCompile(`^arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/([\x21-\x7e]+/)?[A-Za-z0-9_+=,.@-]{1,128}$`)
)

// checkName refuses a name in the words of the constraint that it breaks.
func checkName(member, name string, limit int) error {
	switch {
	case name == "":
		return invalid("1 validation error detected: Value '' at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", member)
	case len(name) > limit:
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", name, member, limit)
	case !identity.ValidName(name, limit):
		return invalid(`The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`, member)
	}
	return nil
}

// pathOr reads an optional path.
func pathOr(path *string) (string, error) {
	if path == nil || *path == "" {
		return "/", nil
	}
	if !identity.ValidPath(*path) {
		return "", invalid("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return *path, nil
}

// checkDocument refuses a policy that could not be evaluated. The place of the fault is told in the detail of
// the refusal, where AWS leaves an empty element.
func checkDocument(document string, kind policy.Kind) error {
	if !utf8.ValidString(document) || !documentPattern.MatchString(document) {
		return malformed("The policy contains characters that are not allowed.")
	}
	_, err := policy.Load(document, kind, "")
	if e, ok := errors.AsType[*policy.Error](err); ok {
		refusal := malformed(e.Message)
		refusal.Cause = e
		refusal.Members = map[string]string{"Detail": fmt.Sprintf("line %d, column %d: %s", e.At.Line, e.At.Column, e.Detail)}
		return refusal
	}
	return err
}

func malformed(message string) *wire.Error {
	return &wire.Error{Code: "MalformedPolicyDocument", Status: http.StatusBadRequest, Message: message}
}

// dense counts the characters that are not white space.
func dense(document string) int {
	n := 0
	for _, r := range document {
		if !strings.ContainsRune(" \t\r\n", r) {
			n++
		}
	}
	return n
}

func checkPolicyARN(text string) error {
	if !policyPattern.MatchString(text) {
		return invalid("Invalid ARN:  Could not be parsed!")
	}
	return nil
}

// text reads an optional member: absent and empty are the same.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// shown writes an optional member: what is empty is left out.
func shown(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
