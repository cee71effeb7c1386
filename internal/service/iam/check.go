package iam

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Sizes of policies, in characters that are not white space [docs].
const (
	maxTrust  = 2048
	maxInline = 10240
)

var (
	namePattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]+$`)
	pathPattern = regexp.MustCompile(`^(/|/[\x21-\x7e]+/)$`)
	// documentPattern is the pattern of policyDocumentType.
	documentPattern = regexp.MustCompile(`^[\t\n\r\x{20}-\x{ff}]+$`)
	policyPattern   = regexp.MustCompile(`^arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/[\x21-\x7e]+$`)
)

// checkName refuses a name in the words of the constraint that it breaks.
func checkName(member, name string, limit int) error {
	switch {
	case name == "":
		return invalid("1 validation error detected: Value '' at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", member)
	case len(name) > limit:
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", name, member, limit)
	case !namePattern.MatchString(name):
		return invalid(`The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`, member)
	}
	return nil
}

func checkPath(path string) error {
	if len(path) > 512 || !pathPattern.MatchString(path) {
		return invalid("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

// checkDocument wants a JSON object without names that occur twice: "Effect" beside a second "Effect" is
// read differently by different readers.
func checkDocument(document, fault string) error {
	v := jsontext.Value(document)
	if !utf8.ValidString(document) || !documentPattern.MatchString(document) || !v.IsValid() || v.Kind() != '{' {
		return refuse(400, "MalformedPolicyDocument", "%s", fault)
	}
	return nil
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

func checkTags(tags map[string]string) error {
	if len(tags) > 50 {
		return invalid("The number of tags has reached the maximum limit of 50.")
	}
	for k, v := range tags {
		if k == "" || utf8.RuneCountInString(k) > 128 || utf8.RuneCountInString(v) > 256 {
			return invalid("A tag has a key of 1-128 and a value of at most 256 characters.")
		}
	}
	return nil
}
