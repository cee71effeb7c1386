package condition

import (
	"errors"
	"fmt"
	"strings"
)

// ErrOperator is returned for a name that is no condition operator.
var ErrOperator = errors.New("not a condition operator")

// ErrValue is returned for a value that its operator cannot compare with.
var ErrValue = errors.New("not a value for this condition operator")

// Operator is a condition operator with its set prefix and its suffix.
type Operator struct {
	set      set
	family   family
	relation relation
	ifExists bool
}

// set says how an operator treats a key with several values.
type set uint8

const (
	single set = iota
	forAll
	forAny
)

// family says what kind of values an operator compares.
type family uint8

const (
	null family = iota
	texts
	textsFold // …IgnoreCase
	globs     // …Like
	numbers
	dates
	bools
	binaries
	addresses
	arns
)

// relation is the comparison; the request's value stands on the left.
type relation uint8

const (
	equal relation = iota
	notEqual
	less
	lessEqual
	greater
	greaterEqual
)

var operators = map[string]Operator{
	"StringEquals":              {family: texts},
	"StringNotEquals":           {family: texts, relation: notEqual},
	"StringEqualsIgnoreCase":    {family: textsFold},
	"StringNotEqualsIgnoreCase": {family: textsFold, relation: notEqual},
	"StringLike":                {family: globs},
	"StringNotLike":             {family: globs, relation: notEqual},
	"NumericEquals":             {family: numbers},
	"NumericNotEquals":          {family: numbers, relation: notEqual},
	"NumericLessThan":           {family: numbers, relation: less},
	"NumericLessThanEquals":     {family: numbers, relation: lessEqual},
	"NumericGreaterThan":        {family: numbers, relation: greater},
	"NumericGreaterThanEquals":  {family: numbers, relation: greaterEqual},
	"DateEquals":                {family: dates},
	"DateNotEquals":             {family: dates, relation: notEqual},
	"DateLessThan":              {family: dates, relation: less},
	"DateLessThanEquals":        {family: dates, relation: lessEqual},
	"DateGreaterThan":           {family: dates, relation: greater},
	"DateGreaterThanEquals":     {family: dates, relation: greaterEqual},
	"Bool":                      {family: bools},
	"BinaryEquals":              {family: binaries},
	"IpAddress":                 {family: addresses},
	"NotIpAddress":              {family: addresses, relation: notEqual},
	// ArnEquals and ArnLike behave alike (IAM user guide, "ARN condition operators").
	"ArnEquals":    {family: arns},
	"ArnLike":      {family: arns},
	"ArnNotEquals": {family: arns, relation: notEqual},
	"ArnNotLike":   {family: arns, relation: notEqual},
	"Null":         {family: null},
}

// ParseOperator reads the name of an operator. Names are case-sensitive. Null takes a set prefix, which changes
// nothing, and no IfExists.
func ParseOperator(name string) (Operator, error) {
	base := name
	set := single
	if s, ok := strings.CutPrefix(base, "ForAllValues:"); ok {
		base, set = s, forAll
	} else if s, ok := strings.CutPrefix(base, "ForAnyValue:"); ok {
		base, set = s, forAny
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	op, ok := operators[base]
	if !ok || ifExists && op.family == null {
		return Operator{}, fmt.Errorf("%q is %w", name, ErrOperator)
	}
	op.set, op.ifExists = set, ifExists
	return op, nil
}

// negated operators hold when the key is absent and when no value of the policy matches.
func (o Operator) negated() bool { return o.relation == notEqual }

// holds says whether a comparison (-1, 0 or 1) satisfies the positive form of the relation.
func (r relation) holds(cmp int) bool {
	switch r {
	case less:
		return cmp < 0
	case lessEqual:
		return cmp <= 0
	case greater:
		return cmp > 0
	case greaterEqual:
		return cmp >= 0
	}
	return cmp == 0
}
