package condition

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
)

// Test is one line of a Condition element, compiled: an operator, a key and the values of the policy.
type Test struct {
	op  Operator
	key conditionKey

	patterns []Pattern
	arns     []ARNPattern
	numbers  []decimal
	dates    []instant
	prefixes []netip.Prefix
	binaries []string
	// yes and no are the wanted booleans of Bool and Null.
	yes, no bool
}

// New compiles a test. Variables are recognised in the values of string and ARN operators if vars is set (policy
// version 2012-10-17). The error is ErrOperator or ErrValue, wrapped.
func New(operator, key string, values []string, vars bool) (Test, error) {
	op, err := ParseOperator(operator)
	if err != nil {
		return Test{}, err
	}
	t := Test{op: op, key: parseKey(key)}
	for _, v := range values {
		if err := t.add(v, vars); err != nil {
			return Test{}, fmt.Errorf("%s %s: %w", operator, key, err)
		}
	}
	return t, nil
}

func (t *Test) add(v string, vars bool) error {
	var syntax Syntax
	if vars {
		syntax = Variables
	}
	ok := false
	what := ""
	switch t.op.family {
	case texts, textsFold, globs:
		if t.op.family == globs {
			syntax |= Wildcards
		}
		p, err := ParsePattern(v, syntax)
		if err != nil {
			return fmt.Errorf("%q: %w (%w)", clip(v), ErrValue, err)
		}
		t.patterns = append(t.patterns, p)
		return nil
	case arns:
		var a ARNPattern
		a, ok = parseARNPattern(v, syntax|Wildcards)
		t.arns = append(t.arns, a)
		what = "six parts separated by colons, with * and ?"
	case numbers:
		var d decimal
		d, ok = parseDecimal(v)
		t.numbers = append(t.numbers, d)
		what = "a number"
	case dates:
		var at instant
		at, ok = parseInstant(v)
		t.dates = append(t.dates, at)
		what = "an ISO 8601 date or seconds since 1970"
	case addresses:
		var p netip.Prefix
		p, ok = parsePrefix(v)
		t.prefixes = append(t.prefixes, p)
		what = "an address or a CIDR block"
	case binaries:
		ok = isBase64(v)
		t.binaries = append(t.binaries, v)
		what = "Base64 with padding"
	default: // bools, null
		var f Flag
		f, ok = parseFlag(v)
		t.yes = t.yes || f == True
		t.no = t.no || f == False
		what = `"true" or "false"`
	}
	if !ok {
		return fmt.Errorf("%q: %w (write %s)", clip(v), ErrValue, what)
	}
	return nil
}

// isBase64 accepts the one canonical encoding of any bytes, so that comparing texts is comparing bytes.
func isBase64(s string) bool {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && base64.StdEncoding.EncodeToString(b) == s
}

// Holds evaluates the test.
func (t *Test) Holds(c *Context) bool {
	var v value
	t.key.load(c, &v)
	if t.op.family == null {
		absent := v.n == 0 || v.n == 1 && v.kind <= listValue && v.one == ""
		return absent && t.yes || !absent && t.no
	}
	if v.n == 0 {
		switch {
		case t.op.ifExists || t.op.set == forAll:
			return true
		case t.op.set == forAny:
			return false
		}
		return t.op.negated()
	}
	all := t.op.set == forAll || t.op.set == single && t.op.negated()
	for i := range v.n {
		if t.holdsFor(&v, i, c) != all {
			return !all
		}
	}
	return all
}

// holdsFor compares one value of the request with every value of the policy.
func (t *Test) holdsFor(v *value, i int, c *Context) bool {
	text, plain := v.plain(i)
	if !plain && t.op.family != addresses && t.op.family != dates {
		// Formatted here and not in a function of its own: text of up to 32 bytes stays on the stack.
		var buf [48]byte
		text = string(v.format(buf[:0]))
	}
	match := false
	switch t.op.family {
	case texts, textsFold, globs:
		for j := range t.patterns {
			if t.patterns[j].match(text, c, t.op.family == textsFold) {
				match = true
				break
			}
		}
	case arns:
		if parts, ok := splitARN(text); ok {
			for j := range t.arns {
				if t.arns[j].match(text, &parts, c) {
					match = true
					break
				}
			}
		}
	case numbers:
		d, ok := parseDecimal(text)
		if !ok {
			return false
		}
		for j := range t.numbers {
			if t.op.relation.holds(d.compare(&t.numbers[j])) {
				match = true
				break
			}
		}
	case dates:
		at, ok := v.instant(i)
		if !ok {
			return false
		}
		for _, d := range t.dates {
			if t.op.relation.holds(at.compare(d)) {
				match = true
				break
			}
		}
	case addresses:
		a, ok := v.address(i)
		if !ok {
			return false
		}
		for _, p := range t.prefixes {
			if p.Contains(a) {
				match = true
				break
			}
		}
	case binaries:
		match = slices.Contains(t.binaries, text)
	default: // bools
		f, _ := parseFlag(text)
		match = f == True && t.yes || f == False && t.no
	}
	return match != t.op.negated()
}

// instant and address are the i-th value of a typed key, or what its text means.

func (v *value) instant(i int) (instant, bool) {
	if v.kind == timeValue || v.kind == secsValue {
		return instant{sec: v.sec}, true
	}
	text, _ := v.plain(i)
	return parseInstant(text)
}

func (v *value) address(i int) (netip.Addr, bool) {
	if v.kind == addrValue {
		return v.addr, true
	}
	text, _ := v.plain(i)
	return parseAddress(text)
}

// Saw returns what the request has for the key, as text: nil for an absent key. It is for explanations and
// allocates.
func (t *Test) Saw(c *Context) []string {
	var v value
	t.key.load(c, &v)
	var saw []string
	for i := range v.n {
		saw = append(saw, v.text(i))
	}
	return saw
}
