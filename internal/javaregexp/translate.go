package javaregexp

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// translate rewrites what the two languages spell differently.
func translate(p string, dotAll bool) (string, error) {
	var b strings.Builder
	var outer []bool // dotAll outside of the groups that are open
	inClass := false
	for i := 0; i < len(p); {
		c := p[i]
		switch {
		case c == '\\':
			if i+1 == len(p) {
				return "", errors.New("the pattern ends in a backslash")
			}
			if p[i+1] == 'Q' {
				if inClass {
					return "", errors.New(`\Q inside a character class is not supported`)
				}
				end := strings.Index(p[i:], `\E`)
				if end < 0 {
					end = len(p) - i
				}
				b.WriteString(regexp.QuoteMeta(p[i+2 : i+end]))
				i += min(end+2, len(p)-i)
				continue
			}
			_, size := utf8.DecodeRuneInString(p[i+1:])
			if inClass && (p[i+1] == 'h' || p[i+1] == 'v') && (p[i-1] == '-' || strings.HasPrefix(p[i+2:], "-")) {
				return "", fmt.Errorf(`\%c beside a dash in a character class is not supported`, p[i+1])
			}
			escape, used, err := escape(p[i+1:], size, inClass)
			if err != nil {
				return "", err
			}
			b.WriteString(escape)
			i += 1 + used
			continue
		case inClass && c == '[':
			return "", errors.New("a character class inside a character class (a union) is not supported")
		case inClass && strings.HasPrefix(p[i:], "&&"):
			return "", errors.New("the intersection of character classes (&&) is not supported")
		case inClass && c == ']':
			inClass = false
		case !inClass && c == '[':
			inClass = true
			b.WriteByte('[')
			if i++; i < len(p) && p[i] == '^' {
				b.WriteByte('^')
				i++
			}
			if i < len(p) && p[i] == ']' {
				return "", errors.New("an empty character class")
			}
			continue
		case !inClass && c == '.' && !dotAll:
			b.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
			i++
			continue
		case !inClass && c == '(':
			flags, group, err := groupFlags(p[i:])
			if err != nil {
				return "", err
			}
			if group {
				outer = append(outer, dotAll)
			}
			on, off, _ := strings.Cut(flags, "-")
			dotAll = (dotAll || strings.Contains(on, "s")) && !strings.Contains(off, "s")
			if !group {
				n := len("(?)") + len(flags)
				b.WriteString(p[i : i+n])
				i += n
				continue
			}
		case !inClass && c == ')' && len(outer) > 0:
			dotAll, outer = outer[len(outer)-1], outer[:len(outer)-1]
		}
		b.WriteByte(c)
		i++
	}
	return b.String(), nil
}

// groupFlags reads the flags behind an opening bracket; group is false for (?s), which opens none.
func groupFlags(p string) (flags string, group bool, err error) {
	rest, ok := strings.CutPrefix(p, "(?")
	if !ok {
		return "", true, nil
	}
	end := strings.TrimLeft(rest, "idmsuxU-")
	flags = rest[:len(rest)-len(end)]
	if strings.ContainsAny(flags, "duxU") {
		return "", false, fmt.Errorf("the flags %q are not supported", flags)
	}
	return flags, !strings.HasPrefix(end, ")") || flags == "", nil
}

// classes are the escapes that RE2 has not, or has in another sense; the text goes inside a class.
var classes = map[byte]string{
	's': `[:space:]`, // the same six characters as Java's
	'h': ` \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`,
	'v': `\n\x0B\f\r\x{85}\x{2028}\x{2029}`,
}

// posix maps Java's names of ASCII classes.
var posix = map[string]string{
	"Lower": "[:lower:]", "Upper": "[:upper:]", "ASCII": "[:ascii:]", "Alpha": "[:alpha:]", "Digit": "[:digit:]",
	"Alnum": "[:alnum:]", "Punct": "[:punct:]", "Graph": "[:graph:]", "Print": "[:print:]", "Blank": "[:blank:]",
	"Cntrl": "[:cntrl:]", "XDigit": "[:xdigit:]", "Space": "[:space:]",
}

// escape translates what follows a backslash and tells how many bytes it used.
func escape(s string, size int, inClass bool) (string, int, error) {
	switch c := s[0]; c {
	case 's', 'h', 'v':
		if inClass {
			return classes[c], 1, nil
		}
		return "[" + classes[c] + "]", 1, nil
	case 'S', 'H', 'V':
		if inClass && c == 'S' {
			return "[:^space:]", 1, nil
		}
		if inClass {
			return "", 0, fmt.Errorf(`\%c inside a character class is not supported`, c)
		}
		return "[^" + classes[c|0x20] + "]", 1, nil
	case 'e':
		return `\x1B`, 1, nil
	case 'Z', '0':
		return "", 0, fmt.Errorf(`\%c is not supported`, c)
	case 'u':
		if len(s) < 5 {
			return "", 0, errors.New(`\u needs four digits`)
		}
		return `\x{` + s[1:5] + `}`, 5, nil
	case 'p', 'P':
		name, _, ok := strings.Cut(s[1:], "}")
		class, known := posix[strings.TrimPrefix(name, "{")]
		if !ok || !known {
			return `\` + s[:1], 1, nil
		}
		if c == 'P' {
			class = "[:^" + class[2:]
		}
		if !inClass {
			class = "[" + class + "]"
		}
		return class, len(name) + 2, nil
	case 'b', 'B':
		if inClass {
			return "", 0, fmt.Errorf(`\%c inside a character class is not supported`, c)
		}
	default:
		if c >= utf8.RuneSelf {
			return s[:size], size, nil
		}
	}
	return `\` + s[:1], 1, nil
}
