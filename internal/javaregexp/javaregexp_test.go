package javaregexp

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func compileOK(t *testing.T, p string) *Regexp {
	t.Helper()
	r, err := Compile(p, "")
	if err != nil {
		t.Fatalf("Compile(%q): %v", p, err)
	}
	return r
}

func TestMatches(t *testing.T) { // java.util.regex.Pattern [docs]
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`https://b[.]com`, `https://b.com`, true},
		{`https://b[.]com`, `https://b.com.evil`, false},
		{`https://b[.]com`, `https://bXcom`, false},
		{`http://.+[.]example[.]com`, `http://a.example.com`, true},
		{`.+`, "a\nb", false},
		{`.+`, "a\rb", false},
		{`(?s).+`, "a\nb", true},
		{`[0-9]*`, `123`, true},
		{`[0-9]*`, `d123`, false},
		{`^\d{4}-\d{2}$`, `2020-01`, true},
		{`\s`, "\v", true},
		{`[\s]`, "\v", true},
		{`\S+`, "a\v", false},
		{`\Qa.b\E+`, `a.bb`, true},
		{`\Qa.b`, `a.b`, true},
		{`a\-z[a\-z]`, `a-z-`, true},
		{`[a\-z]`, `m`, false},
		{`\'`, `'`, true},
		{`\p{Alpha}+\p{Punct}`, `abc!`, true},
		{`[\p{Digit}x]+\P{Digit}`, `1x2y`, true},
		{`\p{Lu}`, `É`, true},
		{`\u0041`, `A`, true},
		{`(?i)error.*`, `ERROR: x`, true},
		{`[\s\S]*\[404\][\s\S]*`, "a [404]\nb\v", true}, // Serverless Framework's selection pattern
		{`[\S]+`, "a b", false},
		{`[\s-\]]`, `'`, false}, // the dash is plain, it makes no range
		{`[\s-\]]`, `-`, true},
		{`(?:(?s)a.)b.`, "a\nb\n", false}, // a flag ends with its group
		{`(?:(?s)a.)b.`, "a\nbc", true},
		{`(?s:a.)b.`, "a\nb\n", false},
		{`(?s)a(?-s:.)`, "a\n", false},
		{`(?s)a(?-s).`, "a\n", false},
		{`((?s).).`, "\n\n", false},
		{``, ``, true},
		{``, `a`, false},
		{`abc`, `abc`, true},
		{`abc`, `xabc`, false},
	} {
		r, err := Compile(c.pattern, "")
		if err != nil {
			t.Errorf("Compile(%q): %v", c.pattern, err)
			continue
		}
		if got := r.Matches(c.text); got != c.want {
			t.Errorf("%q matches %q = %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{`(?=a)`, "invalid or unsupported Perl syntax: \"(?=\" (patterns are RE2: no look-around, no back-references)"},
		{`(a)\1`, "invalid escape sequence: \"\\\\1\" (patterns are RE2: no look-around, no back-references)"},
		{`a++`, "invalid nested repetition operator: \"++\" (patterns are RE2: no look-around, no back-references)"},
		{`(a`, "missing closing ): \"(a\" (patterns are RE2: no look-around, no back-references)"},
		{`[a-z&&[^b]]`, "the intersection of character classes (&&) is not supported"},
		{`[a[b]]`, "a character class inside a character class (a union) is not supported"},
		{`[]a]`, "an empty character class"},
		{`(?U)a+`, `the flags "U" are not supported`},
		{`(?i-u)a`, `the flags "i-u" are not supported`},
		{`a\`, "the pattern ends in a backslash"},
		{`a\Z`, `\Z is not supported`},
		{`[\Qa-z\E]`, `\Q inside a character class is not supported`},
		{`[\h-z]`, `\h beside a dash in a character class is not supported`},
		{`[a-\v]`, `\v beside a dash in a character class is not supported`},
		{`[\b]`, `\b inside a character class is not supported`},
		{`\u12`, `\u needs four digits`},
		{strings.Repeat("a", maxPattern+1), "the pattern is longer than 4096 bytes"},
		{strings.Repeat("[ab]{1000}", 20), "the pattern repeats too much"},
	} {
		_, err := Compile(c.pattern, "")
		if err == nil || err.Error() != c.want {
			t.Errorf("Compile(%.20q) error = %v, want %s", c.pattern, err, c.want)
		}
	}
}

func TestReplace(t *testing.T) { // String.replaceAll, Matcher.appendReplacement [docs]
	for _, c := range []struct{ pattern, text, replacement, want string }{
		{`ba.`, `foobar123bab`, `foo`, `foofoo123foo`}, // [recorded]
		{`\\'`, `it\'s`, `'`, `it's`},                  // the escape that AWS's documentation gives
		{`'`, `it's`, `''`, `it''s`},
		{`\.`, `a.b.c`, ``, `abc`},
		{`(\w)(\w)`, `abcd`, `$2$1`, `badc`},
		{`(\w)`, `ab`, `$10`, `a0b0`},
		{`(?<x>\w)`, `ab`, `<${x}>`, `<a><b>`},
		{`a|(b)`, `ab`, `[$1]`, `[][b]`},
		{`b`, `abc`, `\$\\`, `a$\c`},
		{`x*`, `abc`, `-`, `-a-b-c-`},
		{``, `abc`, `-`, `-a-b-c-`},
		{`é`, `café`, `e`, `cafe`},
	} {
		got, err := compileOK(t, c.pattern).Replace(c.text, c.replacement, -1, 1<<20)
		if err != nil || got != c.want {
			t.Errorf("replace %q by %q in %q = %q, %v, want %q", c.pattern, c.replacement, c.text, got, err, c.want)
		}
	}
	for _, pattern := range []string{`a`, `[a]`, `([a])`} {
		if got, err := compileOK(t, pattern).Replace("aaa", "b", 1, 10); err != nil || got != "baa" {
			t.Errorf("replace the first %q = %q, %v", pattern, got, err)
		}
	}
}

func TestReplaceRefuses(t *testing.T) {
	for _, c := range []struct{ pattern, replacement, want string }{
		{`a`, `\`, `a replacement cannot end in a backslash`},
		{`a`, `$`, "a dollar sign in a replacement must name a group ($1); write \\$ for the sign itself"},
		{`a`, `$1`, `a replacement uses group 1, which does not exist`},
		{`a`, `${x}`, `a replacement names the group "x", which does not exist`},
		{`a`, strings.Repeat("b", 60), ErrTooLong.Error()},
		{`[a]`, strings.Repeat("b", 60), ErrTooLong.Error()},
		{`([a])`, "$1" + strings.Repeat("b", 60), ErrTooLong.Error()},
	} {
		_, err := compileOK(t, c.pattern).Replace("aa", c.replacement, -1, 100)
		if err == nil || err.Error() != c.want {
			t.Errorf("replace %q by %q: error = %v, want %s", c.pattern, c.replacement, err, c.want)
		}
	}
}

func TestSplit(t *testing.T) { // String.split, with the examples of its documentation [docs]
	for _, c := range []struct {
		pattern, text string
		limit         int
		want          []string
	}{
		{`:`, `boo:and:foo`, 2, []string{"boo", "and:foo"}},
		{`:`, `boo:and:foo`, 5, []string{"boo", "and", "foo"}},
		{`:`, `boo:and:foo`, -2, []string{"boo", "and", "foo"}},
		{`o`, `boo:and:foo`, 5, []string{"b", "", ":and:f", "", ""}},
		{`o`, `boo:and:foo`, -2, []string{"b", "", ":and:f", "", ""}},
		{`o`, `boo:and:foo`, 0, []string{"b", "", ":and:f"}},
		{`&`, `a=1&b=2`, 0, []string{"a=1", "b=2"}},
		{`=`, `a=`, 0, []string{"a"}},
		{`,`, `,a`, 0, []string{"", "a"}},
		{`,`, ``, 0, []string{""}},
		{`,`, `,`, 0, []string{}},
		{`,`, `a`, 0, []string{"a"}},
		{``, `abc`, 0, []string{"a", "b", "c"}},
		{`\s*,\s*`, `a , b,c`, 0, []string{"a", "b", "c"}},
	} {
		got, err := compileOK(t, c.pattern).Split(c.text, c.limit, 100)
		if err != nil {
			t.Errorf("split %q at %q: %v", c.text, c.pattern, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("split %q at %q, limit %d (-want +got):\n%s", c.text, c.pattern, c.limit, d)
		}
	}
	if _, err := compileOK(t, `,`).Split(strings.Repeat("a,", 20), 0, 10); !errors.Is(err, ErrTooLong) {
		t.Errorf("split into too many: error = %v, want %v", err, ErrTooLong)
	}
}

func TestCostGrowsWithThePattern(t *testing.T) {
	literal, simple, wide := compileOK(t, `a`), compileOK(t, `a.c`), compileOK(t, `(a|b|c|d){500}`)
	if l, s, w := literal.Cost(6400), simple.Cost(6400), wide.Cost(6400); l != 101 || s <= l || w <= 100*s {
		t.Errorf("costs = %d, %d, %d: want them far apart", l, s, w)
	}
}

// A literal is matched without the engine; both ways must agree.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`\'`, `a.b`, `[\s\S]*`, `(?i)x`, `\p{Alpha}`, `\Qa\E`, `[^\w-]+`} {
		f.Add(s, "it's a b")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		r, err := Compile(pattern, "")
		if err != nil {
			return
		}
		if r.isLiteral && r.full.MatchString(text) != r.Matches(text) {
			t.Fatalf("%q: the literal %q and the engine differ on %q", pattern, r.literal, text)
		}
		if quoted := regexp.QuoteMeta(text); len(quoted) < 1000 && !strings.ContainsRune(text, 0xfffd) {
			if q, err := Compile(quoted, ""); err == nil && !q.Matches(text) {
				t.Fatalf("%q does not match %q", quoted, text)
			}
		}
		if _, err := r.Replace(text, "x", -1, 1000); err != nil && !errors.Is(err, ErrTooLong) {
			t.Fatalf("Replace(%q): %v", pattern, err)
		}
		if _, err := r.Split(text, 0, 1000); err != nil && !errors.Is(err, ErrTooLong) {
			t.Fatalf("Split(%q): %v", pattern, err)
		}
	})
}
