package policy

import (
	"fmt"
	"strings"

	"gatehouse/internal/policy/condition"
)

// check is the second pass: what the document says. The order decides which of several faults is reported.
func check(d *draft) error {
	if kinds[d.Kind].principal {
		return checkResourceFamily(d)
	}
	return checkIdentityFamily(d)
}

// checkIdentityFamily goes through the document once for each fault, as IAM does [emu: which fault wins when there
// are two].
func checkIdentityFamily(d *draft) error {
	r := &kinds[d.Kind]
	if err := checkFrame(d); err != nil {
		return err
	}
	for i := range d.statements {
		if err := checkEffect(d, &d.statements[i]); err != nil {
			return err
		}
	}
	if r.version2012 && !d.Variables() {
		return d.Kind.fail(oldVersion, d.startAt, fmt.Sprintf("a %s needs \"Version\": \"2012-10-17\"", d.Kind))
	}
	for _, step := range [...]func(*draft, *draftStatement) error{
		checkNoPrincipal, checkCaseOfEffect, checkConditions, checkLegacyResources, checkSid, checkActionsExist, checkResources, checkActions, checkResourcesExist,
	} {
		for i := range d.statements {
			if err := step(d, &d.statements[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkResourceFamily goes through the statements one by one.
func checkResourceFamily(d *draft) error {
	if err := checkFrame(d); err != nil {
		return err
	}
	for i := range d.statements {
		s := &d.statements[i]
		for _, step := range [...]func(*draft, *draftStatement) error{
			checkEffect, checkCaseOfEffect, checkPrincipals, checkConditions, checkActionsExist, checkActions, checkResourcesExist, checkLegacyResources, checkResources, checkSid,
		} {
			if err := step(d, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkFrame(d *draft) error {
	switch {
	case d.versionAt != Position{} && d.Version != "2012-10-17" && d.Version != "2008-10-17":
		return d.Kind.fail(badVersion, d.versionAt, fmt.Sprintf("there is no version %q; write \"2012-10-17\"", d.Version))
	case !d.hasStmt:
		return d.Kind.fail(missingStatement, d.startAt, "the document has no member Statement")
	case len(d.statements) == 0 && !kinds[d.Kind].empty:
		return d.Kind.fail(emptyStatement, d.startAt, "the document has no statement")
	}
	return nil
}

func checkEffect(d *draft, s *draftStatement) error {
	switch {
	case s.has&hasEffect == 0:
		return d.Kind.fail(missingEffect, s.Start, "the statement has no Effect")
	case !condition.EqualFold(s.effect, "Allow") && !condition.EqualFold(s.effect, "Deny"):
		return d.Kind.fail(badEffect, s.Start, fmt.Sprintf("the effect is %q; write \"Allow\" or \"Deny\"", s.effect), s.effect)
	}
	return nil
}

func checkCaseOfEffect(d *draft, s *draftStatement) error {
	switch s.effect {
	case "Allow":
		s.Effect = Allow
	case "Deny":
		s.Effect = Deny
	default:
		return d.Kind.fail(effectInOtherCase, s.Start, fmt.Sprintf("the effect is %q; case matters: \"Allow\" or \"Deny\"", s.effect), s.effect)
	}
	return nil
}

func checkNoPrincipal(d *draft, s *draftStatement) error {
	if s.has&(hasPrincipal|hasNotPrincipal) != 0 {
		return d.Kind.fail(prohibitedPrincipal, s.Start, fmt.Sprintf("a %s applies to whom it is attached; remove the principal", d.Kind))
	}
	return nil
}

func checkPrincipals(d *draft, s *draftStatement) error {
	k, list := d.Kind, &s.Principals
	switch {
	case list.Not && s.Effect == Allow:
		return k.fail(allowNotPrincipal, s.Start, "this would let everybody else in, also without credentials; name the principals")
	case k == Trust && list.Not:
		return k.fail(trustNotPrincipal, s.Start, "name the principals, or use a condition on aws:PrincipalArn")
	case s.has&(hasPrincipal|hasNotPrincipal) == 0:
		return k.fail(missingPrincipal, s.Start, "the statement names no principal; write \"Principal\": …")
	case k == Trust && list.Everyone:
		return k.fail(starPrincipal, s.Start, "write {\"AWS\": \"*\"} for every AWS principal")
	case !list.Everyone && len(list.Entries) == 0:
		return k.fail(emptyPrincipal, s.Start, "the list of principals is empty")
	}
	for _, p := range list.Entries {
		if _, ok := compilePrincipal(p, k); !ok {
			return k.fail(badPrincipal, s.Start, fmt.Sprintf("%q is no principal of type %s: write an account, the ARN of a user, role or session, "+
				"a service or a provider, without wildcards", p.Value, p.Type), string(p.Type), p.Value)
		}
	}
	return nil
}

func checkOperator(k Kind, operator string, at Position) error {
	if _, err := condition.ParseOperator(operator); err != nil {
		return k.fail(unknownOperator, at, err.Error()+" (names are case-sensitive)", operator)
	}
	return nil
}

func checkConditions(d *draft, s *draftStatement) error {
	seen := map[[2]string]bool{}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if _, err := c.compile(d.Variables()); err != nil {
			return d.Kind.fail(badCondition, c.At, err.Error())
		}
		k := [2]string{c.Operator, condition.Lower(c.Key)}
		if seen[k] {
			return d.Kind.fail(badShape, c.At, fmt.Sprintf("%s has the key %s twice (keys are not case-sensitive)", c.Operator, c.Key))
		}
		seen[k] = true
	}
	return nil
}

func checkSid(d *draft, s *draftStatement) error {
	if s.Sid == "" {
		return nil
	}
	if !kinds[d.Kind].freeSid && strings.Trim(s.Sid, alphanumeric) != "" {
		return d.Kind.fail(badSid, s.Start, fmt.Sprintf("the statement id %q may have letters and digits only", s.Sid))
	}
	if d.sids[s.Sid] {
		return d.Kind.fail(repeatedSid, s.Start, fmt.Sprintf("two statements have the id %q", s.Sid))
	}
	d.sids[s.Sid] = true
	return nil
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func checkActionsExist(d *draft, s *draftStatement) error {
	if len(s.Actions.Values) == 0 {
		return d.Kind.fail(missingAction, s.Start, "the statement names no action")
	}
	return nil
}

func checkActions(d *draft, s *draftStatement) error {
	for _, a := range s.Actions.Values {
		vendor, name, _ := strings.Cut(a, ":")
		switch n := strings.Count(a, ":"); {
		case a != "*" && n == 0:
			return d.Kind.fail(bareAction, s.Start, fmt.Sprintf("the action %q has no service; write service:Action", a))
		case n > 1:
			return d.Kind.fail(colonsInAction, s.Start, fmt.Sprintf("the action %q has more than one colon", a))
		case kinds[d.Kind].stsOnly && !condition.EqualFold(vendor, "sts"):
			return d.Kind.fail(notSTS, s.Start, fmt.Sprintf("the action %q is not one of sts", a))
		case a != "*" && (vendor != "*" || name != "*") && (vendor == "" || strings.Trim(vendor, alphanumeric+"-.") != ""):
			return d.Kind.fail(badVendor, s.Start, fmt.Sprintf("the service of the action %q must be written out", a), vendor)
		}
	}
	return nil
}

func checkResourcesExist(d *draft, s *draftStatement) error {
	named := len(s.Resources.Values) > 0
	switch {
	case !kinds[d.Kind].noResource && !named:
		return d.Kind.fail(missingResource, s.Start, "the statement names no resource; write \"Resource\": …")
	case kinds[d.Kind].noResource && s.has&hasNotResource != 0:
		return d.Kind.fail(prohibitedNotResource, s.Start, "a role trust policy is about its own role; remove NotResource")
	case kinds[d.Kind].noResource && s.has&hasResource != 0:
		return d.Kind.fail(prohibitedResource, s.Start, "a role trust policy is about its own role; remove Resource")
	}
	return nil
}

// resourceFault is what is wrong with the resources of a statement. A fault that IAM names comes before one that it
// only calls legacy.
func (s *draftStatement) resourceFault(d *draft) *resourceFault {
	var found *resourceFault
	for _, text := range s.Resources.Values {
		if _, f := compileResource(text, d.Kind, d.Variables()); f != nil && (found == nil || found.fault == legacy) {
			found = f
		}
	}
	return found
}

// checkLegacyResources reports early what has no sentence of its own.
func checkLegacyResources(d *draft, s *draftStatement) error {
	if f := s.resourceFault(d); f != nil && f.fault == legacy {
		return d.Kind.fail(legacy, s.Start, f.detail)
	}
	return nil
}

func checkResources(d *draft, s *draftStatement) error {
	if f := s.resourceFault(d); f != nil {
		return d.Kind.fail(f.fault, s.Start, f.detail, f.values...)
	}
	return nil
}
