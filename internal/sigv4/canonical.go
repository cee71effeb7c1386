package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// canonical writes the canonical request. signed are the names in SignedHeaders, sorted, values their
// values in the same order; query is what canonicalQuery returned.
func canonical(r *Request, query []byte, signed, values []string) []byte {
	b := make([]byte, 0, 512+len(r.RawPath)+len(query))
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, r.RawPath)
	b = append(b, '\n')
	b = append(b, query...)
	b = append(b, '\n')
	for i, name := range signed {
		b = append(b, name...)
		b = append(b, ':')
		b = appendValue(b, values[i])
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range signed {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	return hex.AppendEncode(b, r.PayloadHash[:])
}

// stringToSign writes the text that the signature is the HMAC of.
func stringToSign(date, scope string, canonical []byte) []byte {
	sum := sha256.Sum256(canonical)
	b := make([]byte, 0, len(algorithm)+len(date)+len(scope)+3+2*len(sum))
	b = append(b, algorithm+"\n"...)
	b = append(b, date...)
	b = append(b, '\n')
	b = append(b, scope...)
	b = append(b, '\n')
	return hex.AppendEncode(b, sum[:])
}

// appendPath writes the path without dot segments and empty segments, every byte of what is left encoded
// once more unless it is unreserved. A slash at the end stays.
func appendPath(b []byte, path string) []byte {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") && strings.HasPrefix(path, "/") {
		return appendEncoded(b, path, true)
	}
	var keep []string
	slash := true
	for seg := range strings.SplitSeq(path, "/") {
		slash = false
		switch seg {
		case "", ".":
			slash = true
		case "..":
			slash = true
			if len(keep) > 0 {
				keep = keep[:len(keep)-1]
			}
		default:
			keep = append(keep, seg)
		}
	}
	for _, seg := range keep {
		b = append(b, '/')
		b = appendEncoded(b, seg, false)
	}
	if slash || len(keep) == 0 {
		b = append(b, '/')
	}
	return b
}

// appendEncoded percent-encodes everything but A-Z a-z 0-9 - . _ ~ and, where asked, the slash.
func appendEncoded(b []byte, s string, slash bool) []byte {
	for i := range len(s) {
		b = appendByte(b, s[i], slash)
	}
	return b
}

func appendByte(b []byte, c byte, slash bool) []byte {
	if unreserved(c) || c == '/' && slash {
		return append(b, c)
	}
	const digits = "0123456789ABCDEF"
	return append(b, '%', digits[c>>4], digits[c&15])
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// appendValue writes a header value without outer blanks and with inner runs of spaces made one.
func appendValue(b []byte, v string) []byte {
	v = strings.Trim(v, " \t")
	if !strings.Contains(v, "  ") {
		return append(b, v...)
	}
	for i := range len(v) {
		if v[i] == ' ' && v[i-1] == ' ' {
			continue
		}
		b = append(b, v[i])
	}
	return b
}

// parameter is a query parameter in canonical encoding.
type parameter struct{ name, value string }

// parseQuery decodes and encodes anew every parameter of a raw query. A plus sign is itself.
func parseQuery(raw string) ([]parameter, *Failure) {
	if raw == "" {
		return nil, nil
	}
	ps := make([]parameter, 0, 1+strings.Count(raw, "&"))
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, f := recode(name)
		if f != nil {
			return nil, f
		}
		v, f := recode(value)
		if f != nil {
			return nil, f
		}
		ps = append(ps, parameter{n, v})
	}
	return ps, nil
}

// recode decodes percent escapes and encodes in the canonical way.
func recode(s string) (string, *Failure) {
	plain := true
	for i := range len(s) {
		plain = plain && unreserved(s[i])
	}
	if plain {
		return s, nil
	}
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) {
				return "", failf(MalformedQuery, "Incomplete trailing escape %% sequence")
			}
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if !ok1 || !ok2 {
				return "", failf(MalformedQuery, "Illegal hex character in escape %% pattern: %s", s[i:i+3])
			}
			c = hi<<4 | lo
			i += 2
		}
		b = appendByte(b, c, false)
	}
	return string(b), nil
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// decode is the inverse of the canonical encoding.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			hi, _ := unhex(s[i+1])
			lo, _ := unhex(s[i+2])
			c = hi<<4 | lo
			i += 2
		}
		b = append(b, c)
	}
	return string(b)
}

// canonicalQuery sorts the parameters and writes all but the signature.
func canonicalQuery(ps []parameter) []byte {
	if len(ps) == 0 {
		return nil
	}
	slices.SortFunc(ps, func(a, b parameter) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b []byte
	for _, p := range ps {
		if p.name == "X-Amz-Signature" {
			continue
		}
		if len(b) > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = append(b, p.value...)
	}
	return b
}
