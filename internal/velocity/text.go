package velocity

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gatehouse/internal/javaregexp"
	"gatehouse/internal/jsonpath"
)

// maxParts is how many parts one split may make.
const maxParts = 100_000

// ofText calls a method of java.lang.String. Positions count UTF-16 units, as in Java.
func (c *call) ofText(s string) (any, error) {
	if err := c.m.Spend(1 + len(s)/64); err != nil {
		return nil, err
	}
	switch len(c.args) {
	case 0:
		return c.textAlone(s)
	case 1:
		if v, err := c.textWithText(s); v != nil || err != nil {
			return v, err
		}
	}
	switch c.name {
	case "charAt":
		if i, ok := c.intArg(0); ok {
			return c.cut(s, i, i+1)
		}
	case "substring", "subSequence":
		from, ok := c.intArg(0)
		to := int64(units(s))
		if len(c.args) == 2 && ok {
			to, ok = c.intArg(1)
		}
		if ok {
			return c.cut(s, from, to)
		}
	case "indexOf", "lastIndexOf":
		return c.position(s)
	case "startsWith":
		prefix, ok := c.textArg(0)
		from, isInt := c.intArg(1)
		if !ok || !isInt || len(c.args) != 2 {
			return nil, nil
		}
		if n := int64(units(s)); from < 0 || from > n {
			return false, nil
		}
		rest, err := c.cut(s, from, int64(units(s)))
		return strings.HasPrefix(rest, prefix), err
	case "replace":
		return c.replace(s)
	case "replaceAll", "replaceFirst":
		return c.replacePattern(s)
	case "split":
		return c.split(s)
	case "repeat":
		n, ok := c.intArg(0)
		if !ok {
			return nil, nil
		}
		if n < 0 || len(s) > 0 && n > int64(MaxOutput/len(s)) {
			return nil, errOutput
		}
		return strings.Repeat(s, int(n)), c.m.Alloc(len(s) * int(n))
	case "valueOf":
		if len(c.args) == 1 {
			return c.text(c.args[0])
		}
	}
	return nil, nil
}

func (c *call) textAlone(s string) (any, error) {
	var out string
	switch c.name {
	case "length":
		return int64(units(s)), nil
	case "isEmpty":
		return s == "", nil
	case "isBlank":
		return strings.TrimSpace(s) == "", nil
	case "trim":
		return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }), nil
	case "strip":
		return strings.TrimSpace(s), nil
	case "intern":
		return s, nil
	case "toLowerCase":
		out = strings.ToLower(s)
	case "toUpperCase":
		out = strings.ToUpper(s)
	case "hashCode":
		var h int32
		for _, u := range utf16.Encode([]rune(s)) {
			h = 31*h + int32(u)
		}
		return int64(h), c.m.Alloc(6 * len(s))
	default:
		return nil, nil
	}
	return out, c.m.Alloc(len(out))
}

// textWithText calls a method with one text; nil when there is none such.
func (c *call) textWithText(s string) (any, error) {
	t, ok := c.textArg(0)
	if !ok {
		return nil, nil
	}
	switch c.name {
	case "contains":
		return strings.Contains(s, t), nil
	case "startsWith":
		return strings.HasPrefix(s, t), nil
	case "endsWith":
		return strings.HasSuffix(s, t), nil
	case "equalsIgnoreCase":
		return strings.EqualFold(s, t), nil
	case "contentEquals":
		return s == t, nil
	case "compareTo":
		return c.compareTexts(s, t)
	case "compareToIgnoreCase":
		return c.compareTexts(strings.ToLower(s), strings.ToLower(t))
	case "concat":
		if len(s)+len(t) > MaxOutput {
			return nil, errOutput
		}
		return s + t, c.m.Alloc(len(s) + len(t))
	case "matches":
		re, err := c.regexp(t, len(s))
		if err != nil {
			return nil, err
		}
		return re.Matches(s), nil
	}
	return nil, nil
}

// compareTexts is String.compareTo: the difference of the first units that differ, or of the lengths.
func (c *call) compareTexts(s, t string) (any, error) {
	if err := c.m.Alloc(6 * (len(s) + len(t))); err != nil {
		return nil, err
	}
	a, b := utf16.Encode([]rune(s)), utf16.Encode([]rune(t))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return int64(a[i]) - int64(b[i]), nil
		}
	}
	return int64(len(a) - len(b)), nil
}

// units is String.length.
func units(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// cut is String.substring. Half of a surrogate pair becomes U+FFFD.
func (c *call) cut(s string, from, to int64) (string, error) {
	n := units(s)
	if from < 0 || to > int64(n) || from > to {
		return "", fmt.Errorf("position %d to %d is outside of a text of %d", from, to, n)
	}
	if n == len(s) { // ASCII
		return s[from:to], nil
	}
	if err := c.m.Alloc(8 * len(s)); err != nil {
		return "", err
	}
	return string(utf16.Decode(utf16.Encode([]rune(s))[from:to])), nil
}

// position is String.indexOf and lastIndexOf, for a text or the code of a character, with an optional start.
func (c *call) position(s string) (any, error) {
	t, ok := c.textArg(0)
	if code, isCode := c.intArg(0); isCode {
		t, ok = string(rune(code)), true
	}
	if !ok || len(c.args) > 2 {
		return nil, nil
	}
	n := int64(units(s))
	from, given := c.intArg(1)
	if len(c.args) == 2 && !given {
		return nil, nil
	}
	if c.name == "indexOf" {
		from = max(0, min(from, n))
		rest, err := c.cut(s, from, n)
		if err != nil {
			return nil, err
		}
		i := strings.Index(rest, t)
		if i < 0 {
			return int64(-1), nil
		}
		return from + int64(units(rest[:i])), nil
	}
	if !given {
		from = n
	}
	if from < 0 {
		return int64(-1), nil
	}
	head, err := c.cut(s, 0, min(n, from+int64(units(t))))
	if err != nil {
		return nil, err
	}
	i := strings.LastIndex(head, t)
	if i < 0 {
		return int64(-1), nil
	}
	return int64(units(head[:i])), nil
}

// replace is String.replace of a plain text.
func (c *call) replace(s string) (any, error) {
	old, ok := c.textArg(0)
	with, ok2 := c.textArg(1)
	if !ok || !ok2 || len(c.args) != 2 {
		return nil, nil
	}
	if grown := len(with) - len(old); grown > 0 && strings.Count(s, old) > (MaxOutput-len(s))/grown {
		return nil, errOutput
	}
	out := strings.ReplaceAll(s, old, with)
	return out, c.m.Alloc(len(out))
}

// regexp is the pattern of a call and what it costs on n bytes.
func (c *call) regexp(text string, n int) (*javaregexp.Regexp, error) {
	re := c.pattern
	if re == nil {
		if err := c.m.Spend(100 + 10*len(text)); err != nil {
			return nil, err
		}
		var err error
		if re, err = javaregexp.Compile(text, ""); err != nil {
			return nil, err
		}
	}
	return re, c.m.Spend(re.Cost(n))
}

func (c *call) replacePattern(s string) (any, error) {
	text, ok := c.textArg(0)
	with, ok2 := c.textArg(1)
	if !ok || !ok2 || len(c.args) != 2 {
		return nil, nil
	}
	re, err := c.regexp(text, len(s))
	if err != nil {
		return nil, err
	}
	n := -1
	if c.name == "replaceFirst" {
		n = 1
	}
	out, err := re.Replace(s, with, n, MaxOutput)
	if errors.Is(err, javaregexp.ErrTooLong) {
		return nil, errOutput
	}
	if err != nil {
		return nil, err
	}
	return out, c.m.Alloc(len(out))
}

func (c *call) split(s string) (any, error) {
	text, ok := c.textArg(0)
	limit, isInt := c.intArg(1)
	if !ok || len(c.args) > 2 || len(c.args) == 2 && !isInt {
		return nil, nil
	}
	re, err := c.regexp(text, len(s))
	if err != nil {
		return nil, err
	}
	parts, err := re.Split(s, int(max(-1, min(limit, maxParts))), maxParts)
	if err != nil {
		return nil, fmt.Errorf("more than %d parts", maxParts)
	}
	if err := c.m.Alloc(48 * (1 + len(parts))); err != nil {
		return nil, err
	}
	a := &jsonpath.Array{Java: true, Items: make([]any, len(parts))}
	for i, part := range parts {
		a.Items[i] = part
	}
	return a, nil
}
