package policy

import (
	"strings"

	"gatehouse/internal/arn"
)

// principals are the compiled Principal or NotPrincipal.
type principals struct {
	none     bool // the kind has no principals: the statement is about whoever it is attached to
	not      bool
	trust    bool // "everyone" then means every AWS principal
	everyone bool
	list     []principal
}

type principal struct {
	level     level
	partition string // of an account; empty is any
	text      string
}

// level is what an entry of a Principal element names, as bits, because a caller has several identities.
type level uint8

const (
	accountLevel level = 1 << iota // the account, or its root user
	entityLevel                    // a user, a role or a federated user
	sessionLevel                   // a session of a role
	uniqueLevel                    // a user or role by its unique id, which counts as entityLevel
	serviceLevel
	providerLevel
	nobodyLevel // canonical users, whom nobody here ever is
	everyLevel  // "*" in a list
)

// grant is how strong the Allow of a resource-based policy is for its caller (IAM user guide, "Policy evaluation
// for requests within a single account").
type grant uint8

const (
	noGrant grant = iota
	// delegated: the account is named; the caller's own policies decide.
	delegated
	// limited: the role is named; its boundary and session policies must allow too.
	limited
	// direct: the caller itself is named; an implicit deny elsewhere does not matter.
	direct
)

// compilePrincipal reads one entry; ok is false for what names nobody.
func compilePrincipal(p Principal, k Kind) (principal, bool) {
	v := p.Value
	if v == "" || v != "*" && strings.ContainsAny(v, "*?") {
		return principal{}, false
	}
	switch p.Type {
	case PrincipalAWS:
		return compileAWS(v)
	case PrincipalService:
		return principal{level: serviceLevel, text: v}, v != "*"
	case PrincipalFederated:
		return principal{level: providerLevel, text: v}, v != "*"
	case PrincipalCanonicalUser:
		return principal{level: nobodyLevel}, v != "*" && k != Trust
	}
	return principal{}, false
}

func compileAWS(v string) (principal, bool) {
	switch {
	case v == "*":
		return principal{level: everyLevel}, true
	case isAccount(v):
		return principal{level: accountLevel, text: v}, true
	case isUniqueID(v):
		return principal{level: uniqueLevel, text: v}, true
	}
	a, err := arn.Parse(v)
	if err != nil || !isPartition(a.Partition) || !isAccount(a.Account) || a.Region != "" {
		return principal{}, false
	}
	what, name, _ := strings.Cut(a.Resource, "/")
	switch {
	case a.Service == "iam" && a.Resource == "root":
		return principal{accountLevel, a.Partition, a.Account}, true
	case name == "":
		return principal{}, false
	case a.Service == "iam" && (what == "user" || what == "role"), a.Service == "sts" && what == "federated-user":
		return principal{level: entityLevel, text: v}, true
	case a.Service == "sts" && what == "assumed-role" && strings.Contains(name, "/"):
		return principal{level: sessionLevel, text: v}, true
	}
	return principal{}, false
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// isUniqueID recognises what AWS puts in the place of the ARN of a deleted user or role.
func isUniqueID(s string) bool {
	return len(s) >= 16 && (strings.HasPrefix(s, "AIDA") || strings.HasPrefix(s, "AROA")) && strings.Trim(s, alphanumeric) == ""
}

func compilePrincipals(l Principals, k Kind) (principals, bool) {
	p := principals{none: !kinds[k].principal, not: l.Not, trust: k == Trust, everyone: l.Everyone}
	for _, e := range l.Entries {
		c, ok := compilePrincipal(e, k)
		if !ok {
			return p, false
		}
		if c.level == everyLevel {
			p.everyone = true
			continue
		}
		p.list = append(p.list, c)
	}
	return p, true
}

// match says whether a statement applies to the caller, and how strong it would be as an Allow.
func (p *principals) match(c *Caller) grant {
	if p.none {
		return direct
	}
	named := level(0)
	for i := range p.list {
		if e := &p.list[i]; e.names(c) {
			named |= e.level
		}
	}
	if named&uniqueLevel != 0 {
		named |= entityLevel
	}
	if p.not {
		return p.except(c, named)
	}
	return p.strength(c, named)
}

// except is NotPrincipal, which stands with Deny only. It spares a caller if every one of its identities is listed,
// and never one with a permissions boundary (IAM user guide, "NotPrincipal").
func (p *principals) except(c *Caller, named level) grant {
	need := c.identities()
	if bounded := c != nil && c.Bounded; !bounded && (p.everyone || need != 0 && named&need == need) {
		return noGrant
	}
	return direct
}

// strength is the grant of a Principal element that names these identities of the caller.
func (p *principals) strength(c *Caller, named level) grant {
	g := noGrant
	switch {
	case p.everyone && !(p.trust && c.identities()&accountLevel == 0):
		g = c.ownGrant()
	case named&accountLevel != 0:
		g = delegated
	}
	switch {
	case named&(sessionLevel|serviceLevel|providerLevel) != 0:
		return direct
	case named&entityLevel != 0:
		return max(g, c.ownGrant())
	}
	return g
}

// names says whether the entry names one of the identities of the caller.
func (e *principal) names(c *Caller) bool {
	if c == nil {
		return false
	}
	switch e.level {
	case accountLevel:
		return c.identities()&accountLevel != 0 && c.Account == e.text && (e.partition == "" || e.partition == c.partition())
	case entityLevel:
		if c.Type == AssumedRole {
			return c.RoleARN == e.text
		}
		return (c.Type == User || c.Type == FederatedUser) && c.ARN == e.text
	case sessionLevel:
		return c.Type == AssumedRole && c.ARN == e.text
	case uniqueLevel:
		id, _, _ := strings.Cut(c.ID, ":")
		return (c.Type == User || c.Type == AssumedRole) && id == e.text
	case serviceLevel:
		return c.Type == Service && c.Service == e.text
	case providerLevel:
		return c.Type == WebIdentity && c.Provider == e.text
	}
	return false
}
