package condition

import "strings"

// decimal is a number as it was written, so that neither large integers nor many decimals lose a digit:
// 0.d1d2d3… × 10^exp, where the digits d are those of whole followed by those of frac, without leading zeros.
type decimal struct {
	neg         bool
	exp         int
	whole, frac string
}

// parseDecimal reads [+-]digits[.digits][e[+-]digits], at least one digit before the exponent and an exponent of
// up to four digits. Leading zeros mean nothing.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.neg = s[0] == '-'
		s = s[1:]
	}
	n := digits(s)
	d.whole, s = s[:n], s[n:]
	if s != "" && s[0] == '.' {
		n = digits(s[1:])
		d.frac, s = s[1:1+n], s[1+n:]
	}
	if d.whole == "" && d.frac == "" {
		return decimal{}, false
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		sign := 1
		if s != "" && (s[0] == '-' || s[0] == '+') {
			if s[0] == '-' {
				sign = -1
			}
			s = s[1:]
		}
		n = digits(s)
		if n == 0 || n > 4 {
			return decimal{}, false
		}
		for _, c := range []byte(s[:n]) {
			d.exp = d.exp*10 + int(c-'0')
		}
		d.exp *= sign
		s = s[n:]
	}
	if s != "" {
		return decimal{}, false
	}
	d.whole = strings.TrimLeft(d.whole, "0")
	d.exp += len(d.whole)
	if d.whole == "" {
		n = len(d.frac)
		d.frac = strings.TrimLeft(d.frac, "0")
		d.exp -= n - len(d.frac)
		if d.frac == "" {
			return decimal{}, true // zero has no sign and no exponent
		}
	}
	return d, true
}

// digits counts the leading digits of s.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func (d *decimal) zero() bool { return d.whole == "" && d.frac == "" }

// digit is the i-th digit; behind the last one there are zeros.
func (d *decimal) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	if i -= len(d.whole); i < len(d.frac) {
		return d.frac[i]
	}
	return '0'
}

// compare is -1, 0 or 1.
func (d *decimal) compare(e *decimal) int {
	if d.zero() || e.zero() {
		return d.sign() - e.sign()
	}
	if d.neg != e.neg {
		return d.sign()
	}
	if c := d.magnitude(e); d.neg {
		return -c
	} else {
		return c
	}
}

func (d *decimal) sign() int {
	switch {
	case d.zero():
		return 0
	case d.neg:
		return -1
	}
	return 1
}

func (d *decimal) magnitude(e *decimal) int {
	if d.exp != e.exp {
		return order(d.exp < e.exp)
	}
	n := max(len(d.whole)+len(d.frac), len(e.whole)+len(e.frac))
	for i := range n {
		if x, y := d.digit(i), e.digit(i); x != y {
			return order(x < y)
		}
	}
	return 0
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}
