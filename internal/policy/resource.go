package policy

import (
	"fmt"
	"strings"

	"gatehouse/internal/arn"
	"gatehouse/internal/policy/condition"
)

// resources are the compiled Resource or NotResource.
type resources struct {
	not  bool
	list []resource
}

// resource is one pattern. * and ? stay inside the partition, region and account that they stand in; behind the
// fifth colon * crosses everything. The service is literal.
type resource struct {
	every                    bool
	service                  string
	rest                     condition.Pattern
	partition, region, owner condition.Pattern
}

// resourceFault is a resource that cannot be compiled.
type resourceFault struct {
	fault  fault
	detail string
	values []any
}

const shorthandPrefix = "execute-api:/"

// compileResource reads one resource of a policy.
func compileResource(text string, k Kind, vars bool) (resource, *resourceFault) {
	if text == "*" {
		return resource{every: true}, nil
	}
	if kinds[k].shorthand && strings.HasPrefix(text, shorthandPrefix) {
		// The shorthand is expanded before the policy is compiled; for now only its variables are looked at.
		return resource{}, compileRest(&resource{}, text, vars)
	}
	p := strings.SplitN(text, ":", 6)
	bad := func(f fault, detail string, values ...any) (resource, *resourceFault) {
		return resource{}, &resourceFault{f, fmt.Sprintf("the resource %q ", text) + detail, values}
	}
	switch {
	case len(p) == 1:
		return bad(notARN, "is neither an ARN nor \"*\"", text)
	case !isPartition(p[1]):
		whole := "arn:" + strings.Join(p[1:], ":") + strings.Repeat(":*", 6-len(p))
		return bad(badPartition, "is of no known partition", p[1], whole)
	case p[0] != "arn":
		return bad(notARN, "does not begin with arn:", text)
	case len(p) == 2:
		return bad(badResourceVendor, "names no service")
	case p[2] == "":
		return bad(legacy, "names no service")
	case strings.ContainsAny(p[2], "*?$"):
		return bad(badResourceVendor, "must write its service out")
	case len(p) < 6 && strings.Contains(text, "::"):
		return bad(legacy, "has fewer than six parts, and an empty one among them")
	case len(p) < 6 && !kinds[k].shortARN:
		return bad(notARN, "has fewer than six parts", text)
	}
	for len(p) < 6 {
		p = append(p, "*")
	}
	if vars && strings.Contains(p[3]+p[4], "${") {
		return bad(legacy, "has a policy variable before its fifth colon")
	}
	r := resource{service: p[2]}
	// Without variables no text is a bad pattern.
	r.partition, _ = condition.ParsePattern(p[1], condition.Wildcards)
	r.region, _ = condition.ParsePattern(p[3], condition.Wildcards)
	r.owner, _ = condition.ParsePattern(p[4], condition.Wildcards)
	return r, compileRest(&r, p[5], vars)
}

func compileRest(r *resource, text string, vars bool) *resourceFault {
	syntax := condition.Wildcards
	if vars {
		syntax |= condition.Variables
	}
	var err error
	if r.rest, err = condition.ParsePattern(text, syntax); err != nil {
		return &resourceFault{fault: legacy, detail: err.Error()}
	}
	return nil
}

// isPartition accepts aws and its relatives (aws-cn, aws-us-gov, …), and patterns of them.
func isPartition(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-*?") == "" &&
		(s == "aws" || strings.HasPrefix(s, "aws-") || strings.ContainsAny(s, "*?"))
}

// match says whether the element applies. A pattern whose variable has no value matches nothing; an Allow with
// NotResource does not apply then, because nobody knows what it was to leave out.
func (l *resources) match(r *Request, effect Effect) bool {
	for i := range l.list {
		p := &l.list[i]
		if p.match(&r.Resource, r.Context) {
			return !l.not
		}
		if l.not && effect == Allow && !p.rest.Resolves(r.Context) {
			return false
		}
	}
	return l.not
}

// match compares with a resource. A request without one (the zero ARN) is matched by a lone * only, for every other
// pattern names a service. The part behind the fifth colon comes first because it differs most often.
func (p *resource) match(a *arn.ARN, c *condition.Context) bool {
	return p.every || p.rest.Match(a.Resource, c) && a.Service == p.service &&
		p.partition.Match(a.Partition, nil) && p.region.Match(a.Region, nil) && p.owner.Match(a.Account, nil)
}
