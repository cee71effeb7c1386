package condition

import "strings"

// ARNPattern is a pattern of an ARN: the six parts are matched one by one, so that a * does not cross a colon
// before the sixth part; in the sixth it crosses everything.
type ARNPattern struct {
	parts [6]Pattern
	// whole is set for a pattern that is nothing but a variable, which stands for an entire ARN.
	whole *Pattern
}

// parseARNPattern compiles the value of an ARN operator. A value that is no ARN is refused: it could never match,
// and in a Deny that would be a hole.
func parseARNPattern(s string, syntax Syntax) (ARNPattern, bool) {
	var a ARNPattern
	text := s
	for i := range a.parts {
		end := len(s)
		if i < 5 {
			if end = colon(s, syntax); end < 0 {
				break
			}
		}
		p, err := ParsePattern(s[:end], syntax)
		if err != nil {
			return a, false
		}
		if a.parts[i] = p; i == 5 {
			return a, true
		}
		s = s[end+1:]
	}
	p, err := ParsePattern(text, syntax)
	if err != nil || p.form != varForm || len(p.parts) != 1 {
		return a, false
	}
	a.whole = &p
	return a, true
}

// colon finds the first colon outside variables, or -1.
func colon(s string, syntax Syntax) int {
	for i := 0; i < len(s); i++ {
		if s[i] == ':' {
			return i
		}
		if syntax&Variables != 0 && strings.HasPrefix(s[i:], "${") {
			_, rest, err := parseVariable(s[i:])
			if err != nil {
				return -1
			}
			i = len(s) - len(rest) - 1
		}
	}
	return -1
}

// splitARN cuts text into six parts; ok is false for text with fewer.
func splitARN(s string) (parts [6]string, ok bool) {
	for i := range 5 {
		if parts[i], s, ok = strings.Cut(s, ":"); !ok {
			return parts, false
		}
	}
	parts[5] = s
	return parts, true
}

func (a *ARNPattern) match(text string, parts *[6]string, c *Context) bool {
	if a.whole != nil {
		return a.whole.Match(text, c)
	}
	for i := range a.parts {
		if !a.parts[i].Match(parts[i], c) {
			return false
		}
	}
	return true
}
