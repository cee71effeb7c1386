package exchange

import "strings"

// NextPair splits the first name=value pair off a raw query. Pairs end at & and, as on AWS, at ;.
func NextPair(query string) (name, value, rest string, ok bool) {
	for query != "" {
		var pair string
		if i := strings.IndexAny(query, "&;"); i >= 0 {
			pair, query = query[:i], query[i+1:]
		} else {
			pair, query = query, ""
		}
		if pair == "" {
			continue
		}
		name, value, _ = strings.Cut(pair, "=")
		return name, value, query, true
	}
	return "", "", "", false
}

// Unescape decodes %XX and + of a query part. What is no valid escape stays as it is.
func Unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			b = append(b, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func lastQuery(query, want string) (string, bool) {
	out, found := "", false
	for {
		name, value, rest, ok := NextPair(query)
		if !ok {
			return out, found
		}
		if Unescape(name) == want {
			out, found = Unescape(value), true
		}
		query = rest
	}
}
