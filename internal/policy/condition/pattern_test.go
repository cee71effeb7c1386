package condition

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// oracle is the pattern as a regular expression, for patterns without variables.
func oracle(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	for _, c := range pattern {
		switch c {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String())
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "a/b:c", true},
		{"**", "x", true},
		{"?", "", false},
		{"?", "a", true},
		{"?", "é", true}, // a character, not a byte
		{"??", "é", false},
		{"*??", "é", false},
		{"*é", "aé", true},
		{"a*", "b", false},
		{"*a", "ba", true},
		{"*a?c", "aaabc", true},
		{"*ab*ab*", "ab-ab", true},
		{"*ab*ab*", "ab-a", false},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z", true},
		{"[ab]", "a", false},
		{"[ab]", "[ab]", true},
		{`\*`, "*", false},
		{`\*`, `\x`, true},
		{"$*", "$x", true},
		{"{x}", "{x}", true},
		{"a*b", "a*b", true},
	}
	for _, tt := range tests {
		p, err := ParsePattern(tt.pattern, Wildcards|Variables)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(tt.text, nil); got != tt.want {
			t.Errorf("%q matches %q: got %v, want %v", tt.pattern, tt.text, got, tt.want)
		}
	}
}

// TestMatchAgainstRegexp compares random patterns with a regular expression.
func TestMatchAgainstRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(alphabet []rune, n int) string {
		var b strings.Builder
		for range r.IntN(n) {
			b.WriteRune(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	hits := 0
	for range 30000 {
		pattern, text := word([]rune("ab*?é"), 8), word([]rune("abé"), 10)
		p, err := ParsePattern(pattern, Wildcards)
		if err != nil {
			t.Fatal(err)
		}
		want := oracle(pattern).MatchString(text)
		if got := p.Match(text, nil); got != want {
			t.Fatalf("%q matches %q: got %v, want %v", pattern, text, got, want)
		}
		if want {
			hits++
		}
	}
	if hits < 3000 {
		t.Errorf("only %d of the cases match: they test little", hits)
	}
}

func TestResolves(t *testing.T) {
	c := &Context{Username: "ann", TagKeys: []string{"one"}}
	for pattern, want := range map[string]bool{
		"plain*": true, "${aws:username}": true, "${aws:userid}": false, "${aws:userid, 'x'}": true,
		"${aws:username}/${aws:userid}": false, "${aws:TagKeys}": false, "${*}": true,
	} {
		p, err := ParsePattern(pattern, Wildcards|Variables)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Resolves(c); got != want {
			t.Errorf("%q resolves: got %v, want %v", pattern, got, want)
		}
	}
}

func TestVariableText(t *testing.T) {
	c := &Context{Username: "ann"}
	for pattern, want := range map[string]string{
		"${aws:username}":           "ann",
		"<${ aws:UserName }>":       "<ann>",
		"${x, 'it''s ${*} }'}":      "it's ${*} }", // one round only
		"${x ,''}":                  "",
		"${x,  'y'  }":              "y",
		"${$}{aws:username}":        "${aws:username}",
		"$${aws:username}":          "$ann",
		"${*}${?}${$}":              "*?$",
		"${x, ''''}${aws:username}": "'ann",
	} {
		p, err := ParsePattern(pattern, Wildcards|Variables)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		if !p.Match(want, c) {
			t.Errorf("%q does not match %q", pattern, want)
		}
		if p.Match(want+"x", c) || want != "" && p.Match(want[1:], c) {
			t.Errorf("%q matches more than %q", pattern, want)
		}
	}
}

// TestManyParts: more parts than the stack has room for.
func TestManyParts(t *testing.T) {
	p, err := ParsePattern(strings.Repeat("${aws:username}?", 20)+"*", Wildcards|Variables)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Match(strings.Repeat("ann-", 20)+"tail", &Context{Username: "ann"}) {
		t.Error("no match")
	}
}

// TestSlowPatterns are made to be slow [security.md E7]: an exponential matcher would never come back.
func TestSlowPatterns(t *testing.T) {
	text := strings.Repeat("a", 4096)
	for _, pattern := range []string{
		strings.Repeat("*a", 40) + "b",
		strings.Repeat("a*", 40) + "b",
		strings.Repeat("*?", 40) + "b",
		"*" + strings.Repeat("a?", 1000) + "b",
		strings.Repeat("*", 4000) + "b",
	} {
		p, err := ParsePattern(pattern, Wildcards)
		if err != nil {
			t.Fatal(err)
		}
		if p.Match(text, nil) {
			t.Errorf("%.20q… matches", pattern)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("a*b?", "axb-")
	f.Add("${aws:username}*", "ann")
	f.Add("${x, 'y''z'}", "y'z")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		c := &Context{Username: "ann"}
		p, err := ParsePattern(pattern, Wildcards|Variables)
		if err != nil {
			return
		}
		got := p.Match(text, c)
		if strings.Contains(pattern, "${") || strings.ToValidUTF8(pattern, "") != pattern || strings.ToValidUTF8(text, "") != text || len(pattern) > 100 {
			return
		}
		if want := oracle(pattern).MatchString(text); got != want {
			t.Errorf("%q matches %q: got %v, want %v", pattern, text, got, want)
		}
	})
}
