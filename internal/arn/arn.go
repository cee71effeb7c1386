// Package arn parses and builds Amazon Resource Names and matches them against patterns.
//
// It owns the text form (arn:partition:service:region:account:resource, see the IAM user guide, "Amazon
// Resource Names") and the glob that policies use, in which * and ? match any character, slashes and
// colons included. It does not know which resources exist.
package arn

import (
	"errors"
	"strings"
)

// ARN is a parsed name.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// ErrSyntax is returned for text that is not an ARN.
var ErrSyntax = errors.New("not an ARN (arn:partition:service:region:account:resource)")

// Parse splits an ARN. The resource may contain colons.
func Parse(s string) (ARN, error) {
	if !strings.HasPrefix(s, "arn:") {
		return ARN{}, ErrSyntax
	}
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[1] == "" || p[2] == "" || p[5] == "" {
		return ARN{}, ErrSyntax
	}
	return ARN{p[1], p[2], p[3], p[4], p[5]}, nil
}

// String is the text form.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Match reports whether text matches a policy pattern: * matches any run of characters, also none, ?
// exactly one; everything else is literal and case-sensitive. It runs in linear space and
// O(len(pattern)·len(text)) time at worst.
func Match(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// Like is the condition operator ArnLike: each of the six parts of the ARN is matched on its own, so that
// a * in the account does not reach into the resource (IAM user guide, "ARN condition operators").
func Like(pattern, text string) bool {
	p, t := strings.SplitN(pattern, ":", 6), strings.SplitN(text, ":", 6)
	if len(p) != 6 || len(t) != 6 {
		return false
	}
	for i := range p {
		if !Match(p[i], t[i]) {
			return false
		}
	}
	return true
}
