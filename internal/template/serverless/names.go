package serverless

import (
	"strings"
	"unicode/utf8"
)

// The logical ids that the framework gives. They are not free of collisions; compile reports those.

// functionID is the beginning of every id that belongs to a function or an authorizer.
func functionID(key string) string {
	return upperFirst(strings.NewReplacer("-", "Dash", "_", "Underscore").Replace(key))
}

// pathID names a resource of the tree: "store/{id}" is StoreIdVar. Of each part only letters and digits
// stay, and only its first letter keeps its case.
func pathID(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(path, "/") {
		b.WriteString(partID(part))
	}
	return b.String()
}

func partID(part string) string {
	s := strings.ToLower(part)
	if _, n := utf8.DecodeRuneInString(part); n > 0 {
		s = strings.ToUpper(part[:n]) + strings.ToLower(part[n:])
	}
	s = strings.ReplaceAll(s, "-", "Dash")
	// {name} anywhere in the part, from the first brace to the last.
	if i := strings.IndexByte(s, '{'); i >= 0 {
		if j := strings.LastIndexByte(s, '}'); j > i {
			s = s[:i] + s[i+1:j] + "Var" + s[j+1:]
		}
	}
	return upperFirst(alphanumeric(s))
}

func alphanumeric(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && isAlphanumeric(byte(r)) {
			return r
		}
		return -1
	}, s)
}

func upperFirst(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// pascalCase joins the words of s, each with an upper-case first letter and the rest lower-case.
func pascalCase(s string) string {
	var b strings.Builder
	for _, w := range words(s) {
		b.WriteString(upperFirst(asciiLower(w)))
	}
	return b.String()
}

// startCase joins the words of s, each with an upper-case first letter and the rest as it is.
func startCase(s string) string {
	var b strings.Builder
	for _, w := range words(s) {
		b.WriteString(upperFirst(w))
	}
	return b.String()
}

// words splits as lodash does: at everything but letters and digits, between letters and digits, before an
// upper-case letter that follows a lower-case one, and before the last of several that a lower-case one
// follows (HTTPThing is HTTP, Thing).
func words(s string) []string {
	var out []string
	for i := 0; i < len(s); {
		start, c := i, class(s[i])
		for i < len(s) && class(s[i]) == c {
			i++
		}
		switch {
		case c == other:
			continue
		case c == upper && i < len(s) && class(s[i]) == lower:
			if i-start > 1 {
				out = append(out, s[start:i-1])
			}
			start = i - 1
			for i < len(s) && class(s[i]) == lower {
				i++
			}
		}
		out = append(out, s[start:i])
	}
	return out
}

type charClass uint8

const (
	other charClass = iota
	upper
	lower
	digit
)

func class(c byte) charClass {
	switch {
	case c >= 'A' && c <= 'Z':
		return upper
	case c >= 'a' && c <= 'z':
		return lower
	case c >= '0' && c <= '9':
		return digit
	}
	return other
}
