package policy

import (
	"fmt"
	"strings"
)

// Error says why a document was refused.
type Error struct {
	// Message is AWS's sentence, to be sent with the code MalformedPolicyDocument.
	Message string
	// Detail says what is wrong and what to do.
	Detail string
	// At is where; the zero Position is the document as a whole.
	At Position
}

// Error joins the parts for people.
func (e *Error) Error() string {
	if e.At == (Position{}) {
		return fmt.Sprintf("%s (%s)", e.Detail, e.Message)
	}
	return fmt.Sprintf("line %d, column %d: %s (%s)", e.At.Line, e.At.Column, e.Detail, e.Message)
}

// Position is a place in the text of a document. Both numbers begin at 1; columns count characters.
type Position struct{ Line, Column int }

// fault is a way to be wrong. AWS has two parsers with sentences of their own: IAM's, for policies of identities,
// and that of the access policy language, for policies of resources and for trust.
type fault uint8

const (
	badJSON fault = iota
	badShape
	unknownField // field
	prohibitedPrincipal
	prohibitedResource    // field
	prohibitedNotResource // field
	badVersion
	oldVersion
	missingStatement
	emptyStatement
	badSid
	repeatedSid
	missingEffect
	badEffect         // value
	effectInOtherCase // value
	missingPrincipal
	emptyPrincipal
	badPrincipal // type, value
	starPrincipal
	allowNotPrincipal
	trustNotPrincipal
	missingAction
	bareAction // value
	colonsInAction
	badVendor // vendor
	notSTS
	missingResource
	notARN // value
	badPartition
	badResourceVendor
	legacy
	unknownOperator // operator
	badCondition
	faults
)

// Marks: [rec] recorded, [emu] an emulator's table that was written against AWS, [pasted] by users, [inf] inferred.
var iamSentences = [faults]string{
	badJSON:             "Syntax errors in policy.", // [emu], as are the others without mark
	badShape:            "Syntax errors in policy.",
	unknownField:        "Syntax errors in policy.",
	prohibitedPrincipal: "Policy document should not specify a principal.", // [pasted]
	badVersion:          "Syntax errors in policy.",
	oldVersion:          "Policy document must be version 2012-10-17 or greater.",
	missingStatement:    "Syntax errors in policy.",
	emptyStatement:      "Syntax errors in policy.",
	badSid:              "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", // [rec]
	repeatedSid:         "Statement IDs (SID) in a single policy must be unique.",
	missingEffect:       "Syntax errors in policy.",
	badEffect:           "Syntax errors in policy.",
	effectInOtherCase:   "The policy failed legacy parsing",
	missingAction:       "Policy statement must contain actions.",
	bareAction:          "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
	colonsInAction:      "Actions/Condition can contain only one colon.",
	badVendor:           "Vendor %s is not valid",
	missingResource:     "Policy statement must contain resources.",
	notARN:              "Resource %s must be in ARN format or \"*\".", // [rec]
	badPartition:        "Partition \"%s\" is not valid for resource \"%s\".",
	badResourceVendor:   "Resource vendor must be fully qualified and cannot contain regexes.",
	legacy:              "The policy failed legacy parsing",
	unknownOperator:     "Syntax errors in policy.",
	badCondition:        "The policy failed legacy parsing", // dates [emu], other values [inf]
}

var aplSentences = [faults]string{
	badJSON:               "This policy contains invalid Json", // [rec]
	badShape:              "Syntax errors in policy.",
	unknownField:          "Unknown field %s",
	prohibitedResource:    "Has prohibited field Resource",
	prohibitedNotResource: "AssumeRole policy must not contain resources.",
	badVersion:            "The policy must contain a valid version string",
	missingStatement:      "Missing required field Statement",
	emptyStatement:        "Could not parse the policy: Statement is empty!",
	repeatedSid:           "The Statement Ids in the policy are not unique",
	missingEffect:         "Missing required field Effect",
	badEffect:             "Invalid effect: %s",
	effectInOtherCase:     "Invalid effect: %s",
	missingPrincipal:      "Missing required field Principal", // [pasted]
	emptyPrincipal:        "Missing required field Principal cannot be empty!",
	badPrincipal:          "Invalid principal in policy: \"%s\":\"%s\"",                       // [pasted]
	starPrincipal:         "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".", // [pasted]
	allowNotPrincipal:     "Allow with NotPrincipal is not allowed.",                          // [pasted]; that it is refused: [docs]
	trustNotPrincipal:     "AssumeRole policy must not contain NotPrincipal field.",
	missingAction:         "Missing required field Action",
	bareAction:            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", // [inf], as are the rest
	colonsInAction:        "Actions/Condition can contain only one colon.",
	badVendor:             "Vendor %s is not valid",
	notSTS:                "AssumeRole policy may only specify STS AssumeRole actions.", // [pasted]
	missingResource:       "Missing required field Resource",
	notARN:                "Resource %s must be in ARN format or \"*\".",
	badPartition:          "Partition \"%s\" is not valid for resource \"%s\".",
	badResourceVendor:     "Resource vendor must be fully qualified and cannot contain regexes.",
	legacy:                "The policy failed legacy parsing",
	unknownOperator:       "Invalid Condition type : %s", // [pasted, of S3]
	badCondition:          "The policy failed legacy parsing",
}

// fail makes an Error with the sentence of the kind. The values fill the placeholders of the sentence, as far as it
// has any.
func (k Kind) fail(f fault, at Position, detail string, values ...any) *Error {
	s := kinds[k].sentences[f]
	return &Error{Message: fmt.Sprintf(s, values[:strings.Count(s, "%s")]...), Detail: detail, At: at}
}
