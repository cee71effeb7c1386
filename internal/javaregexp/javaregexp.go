// Package javaregexp compiles the regular expressions of java.util.regex.Pattern, which API Gateway uses in
// mapping templates, in JSONPath filters and in selection patterns, to Go's RE2 engine.
//
// It owns the differences between the two languages, and it tells what a match may cost. It refuses what
// RE2 cannot express (look-around, back-references, possessive and atomic groups) and what RE2 would read
// in another sense (unions and intersections of character classes): a pattern that is misread would decide
// wrongly in silence.
//
// It follows the documentation of java.util.regex.Pattern and Matcher (Java 8) and was compared with them on
// random patterns. What remains different: $ without (?m) matches only at the very end, (?m) knows only \n, \b
// and (?i) see ASCII words and Unicode cases respectively, and an empty match directly after another match
// does not count.
package javaregexp

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	// maxPattern is how long a pattern may be, in bytes.
	maxPattern = 4096
	// maxProgram is how large a pattern may become when its repetitions are written out.
	maxProgram = 10_000
	// maxMatches is how many matches with groups one replacement makes.
	maxMatches = 100_000
)

// Regexp is a compiled pattern, safe for concurrent use.
type Regexp struct {
	find, full *regexp.Regexp
	perByte    int
	literal    string
	isLiteral  bool
}

// Compile reads a pattern. flags are letters of "ims", as they stand in (?ims).
func Compile(pattern, flags string) (*Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("the pattern is longer than %d bytes", maxPattern)
	}
	if flags == "" && !strings.ContainsAny(pattern, `\.+*?()|[]{}^$`) {
		return compile(pattern, flags, pattern, true)
	}
	if flags == "" && len(pattern) > 1 && pattern[0] == '\\' && isPunctuation(pattern[1]) &&
		!strings.ContainsAny(pattern[2:], `\.+*?()|[]{}^$`) {
		return compile(pattern, flags, pattern[1:], true) // \' and the like, the most frequent pattern of all
	}
	return compile(pattern, flags, "", false)
}

func isPunctuation(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
}

func compile(pattern, flags, literal string, isLiteral bool) (*Regexp, error) {
	text, err := translate(pattern, strings.Contains(flags, "s"))
	if err != nil {
		return nil, err
	}
	prefix := ""
	if flags != "" {
		prefix = "(?" + flags + ")"
	}
	tree, err := syntax.Parse(prefix+text, syntax.Perl)
	if err != nil {
		var at *syntax.Error
		if errors.As(err, &at) {
			return nil, fmt.Errorf("%s: %q (patterns are RE2: no look-around, no back-references)", at.Code, at.Expr)
		}
		return nil, err
	}
	size := size(tree)
	if size > maxProgram {
		return nil, errors.New("the pattern repeats too much")
	}
	find, err := regexp.Compile(prefix + text)
	if err != nil {
		return nil, err
	}
	full, err := regexp.Compile(prefix + `\A(?:` + text + `)\z`)
	if err != nil {
		return nil, err
	}
	return &Regexp{find: find, full: full, perByte: 1 + size/8, literal: literal, isLiteral: isLiteral}, nil
}

// size estimates how many instructions a pattern becomes.
func size(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)/8
	for _, sub := range re.Sub {
		n += size(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxProgram+1)
}

// Cost is the work of matching n bytes, in units of some tens of nanoseconds.
func (r *Regexp) Cost(n int) int {
	if r.isLiteral {
		return 1 + n/64
	}
	return 1 + n*r.perByte
}

// Matches reports whether the whole text matches, as String.matches.
func (r *Regexp) Matches(s string) bool {
	if r.isLiteral {
		return s == r.literal
	}
	return r.full.MatchString(s)
}

// Find reports whether the text has a part that matches, as Matcher.find and the patterns of JSON schemas.
func (r *Regexp) Find(s string) bool {
	if r.isLiteral {
		return strings.Contains(s, r.literal)
	}
	return r.find.MatchString(s)
}

// ErrTooLong is returned when a result would be longer than the limit.
var ErrTooLong = errors.New("the result of the replacement is too long")

// Replace replaces n matches, all if n < 0, as String.replaceAll and replaceFirst do: in the replacement,
// $1 and ${name} stand for groups and a backslash makes the next character plain. The result has at most
// limit bytes.
func (r *Regexp) Replace(s, replacement string, n, limit int) (string, error) {
	if !strings.ContainsAny(replacement, `$\`) {
		return r.replacePlain(s, replacement, n, limit)
	}
	pieces, err := r.pieces(replacement)
	if err != nil {
		return "", err
	}
	if len(pieces) == 1 && pieces[0].group < 0 {
		return r.replacePlain(s, pieces[0].text, n, limit)
	}
	count := maxMatches + 1
	if n >= 0 {
		count = min(n, count)
	}
	matches := r.find.FindAllStringSubmatchIndex(s, count)
	if len(matches) > maxMatches {
		return "", ErrTooLong
	}
	var b strings.Builder
	last := 0
	for _, m := range matches {
		b.WriteString(s[last:m[0]])
		for _, p := range pieces {
			if p.group < 0 {
				b.WriteString(p.text)
			} else if m[2*p.group] >= 0 {
				b.WriteString(s[m[2*p.group]:m[2*p.group+1]])
			}
		}
		if last = m[1]; b.Len() > limit {
			return "", ErrTooLong
		}
	}
	b.WriteString(s[last:])
	if b.Len() > limit {
		return "", ErrTooLong
	}
	return b.String(), nil
}

// replacePlain replaces by a text without groups.
func (r *Regexp) replacePlain(s, with string, n, limit int) (string, error) {
	left := limit - len(s)
	if r.isLiteral && r.literal != "" {
		if grown := len(with) - len(r.literal); grown > 0 && strings.Count(s, r.literal) > left/grown {
			return "", ErrTooLong
		}
		return strings.Replace(s, r.literal, with, n), nil
	}
	if n == 1 {
		m := r.find.FindStringIndex(s)
		if m == nil {
			return s, nil
		}
		return s[:m[0]] + with + s[m[1]:], nil
	}
	out := r.find.ReplaceAllStringFunc(s, func(match string) string {
		if left -= len(with) - len(match); left < 0 {
			return ""
		}
		return with
	})
	if left < 0 {
		return "", ErrTooLong
	}
	return out, nil
}

// piece is plain text, or a group when group is not negative.
type piece struct {
	text  string
	group int
}

func (r *Regexp) pieces(s string) ([]piece, error) {
	var out []piece
	var plain []byte
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\':
			if i+1 == len(s) {
				return nil, errors.New(`a replacement cannot end in a backslash`)
			}
			plain = append(plain, s[i+1])
			i += 2
		case s[i] == '$':
			group, size, err := r.group(s[i+1:])
			if err != nil {
				return nil, err
			}
			if len(plain) > 0 {
				out = append(out, piece{string(plain), -1})
				plain = nil
			}
			out = append(out, piece{"", group})
			i += 1 + size
		default:
			plain = append(plain, s[i])
			i++
		}
	}
	if len(plain) > 0 {
		out = append(out, piece{string(plain), -1})
	}
	return out, nil
}

// group reads what follows a dollar sign: a number, as long as there is such a group, or {name}.
func (r *Regexp) group(s string) (group, size int, err error) {
	if strings.HasPrefix(s, "{") {
		name, _, ok := strings.Cut(s[1:], "}")
		if group = r.find.SubexpIndex(name); !ok || group < 0 {
			return 0, 0, fmt.Errorf("a replacement names the group %q, which does not exist", name)
		}
		return group, len(name) + 2, nil
	}
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, 0, errors.New("a dollar sign in a replacement must name a group ($1); write \\$ for the sign itself")
	}
	group = int(s[0] - '0')
	for size = 1; size < len(s) && s[size] >= '0' && s[size] <= '9'; size++ {
		longer := group*10 + int(s[size]-'0')
		if longer > r.find.NumSubexp() {
			break
		}
		group = longer
	}
	if group > r.find.NumSubexp() {
		return 0, 0, fmt.Errorf("a replacement uses group %d, which does not exist", group)
	}
	return group, size, nil
}

// Split cuts a text at the matches, as String.split(regex, limit) does: limit 0 drops empty strings at the
// end, a positive limit is the greatest number of parts. Not more than most parts are made.
func (r *Regexp) Split(s string, limit, most int) ([]string, error) {
	if s == "" {
		return []string{""}, nil
	}
	var parts []string
	last := 0
	for _, m := range r.find.FindAllStringIndex(s, most+1) {
		if limit > 0 && len(parts) == limit-1 {
			break
		}
		if m[1] == 0 {
			continue // an empty match in front makes no empty part
		}
		if len(parts) >= most {
			return nil, ErrTooLong
		}
		parts = append(parts, s[last:m[0]])
		last = m[1]
	}
	parts = append(parts, s[last:])
	for limit == 0 && len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts, nil
}
