package upstream

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// inline is up to which size a body is sent in one piece with the head.
const inline = 8 << 10

// appendHead writes the request line and the header, and a small body. It refuses what would be read as
// something else than what was meant.
func appendHead(dst []byte, r *Request) ([]byte, error) {
	if !isToken(r.Method) || r.Method == "CONNECT" {
		return dst, fmt.Errorf("method %q cannot be sent", r.Method)
	}
	if !isTarget(r.Path) {
		return dst, fmt.Errorf("path %.100q cannot be sent", r.Path)
	}
	host := r.Host
	if host == "" {
		host = r.Target.Address
		if name, port, err := net.SplitHostPort(host); err == nil && port == map[bool]string{false: "80", true: "443"}[r.Target.TLS] {
			host = name
			if host != "" && host[len(host)-1] != ']' && isIPv6(host) {
				host = "[" + host + "]"
			}
		}
	}
	if !isHost(host) {
		return dst, fmt.Errorf("host %.100q cannot be sent", host)
	}
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = append(dst, r.Path...)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, host...)
	dst = append(dst, '\r', '\n')
	for i := range r.Header {
		f := &r.Header[i]
		if isOurs(f.Name) {
			continue
		}
		if !isToken(f.Name) || !isValue(f.Value) {
			return dst, fmt.Errorf("header %.100q cannot be sent", f.Name)
		}
		dst = append(dst, f.Name...)
		dst = append(dst, ':', ' ')
		dst = append(dst, f.Value...)
		dst = append(dst, '\r', '\n')
	}
	if len(r.Body) > 0 || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH" {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(r.Body)), 10)
		dst = append(dst, '\r', '\n')
	}
	dst = append(dst, '\r', '\n')
	if len(r.Body) <= inline {
		dst = append(dst, r.Body...)
	}
	if r.Target.Address == "" {
		return dst, errors.New("no address")
	}
	return dst, nil
}

// isOurs tells the headers that belong to the connection.
func isOurs(name string) bool {
	switch len(name) {
	case 2:
		return equalFold(name, "te")
	case 4:
		return equalFold(name, "host")
	case 6:
		return equalFold(name, "expect")
	case 7:
		return equalFold(name, "trailer") || equalFold(name, "upgrade")
	case 10:
		return equalFold(name, "connection") || equalFold(name, "keep-alive")
	case 14:
		return equalFold(name, "content-length")
	case 16:
		return equalFold(name, "proxy-connection")
	case 17:
		return equalFold(name, "transfer-encoding")
	}
	return false
}

// equalFold compares a name with one in lower case, folding ASCII letters only.
func equalFold(name, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// token has the characters of method and header names (RFC 9110 5.6.2).
var token = func() (t [256]bool) {
	for c := range t {
		t[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !token[s[i]] {
			return false
		}
	}
	return s != ""
}

// isValue reports whether s may be the value of a header: no control character but the tab.
func isValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func isTarget(s string) bool {
	if s == "*" {
		return true
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= 0x20 || c == 0x7f || c == '#' {
			return false
		}
	}
	return s != "" && s[0] == '/'
}

func isHost(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= 0x20, c >= 0x7f, c == '/', c == '?', c == '#', c == '@', c == '\\', c == ',':
			return false
		}
	}
	return s != ""
}

func isIPv6(host string) bool {
	for i := 0; i < len(host); i++ {
		if host[i] == ':' {
			return true
		}
	}
	return false
}
