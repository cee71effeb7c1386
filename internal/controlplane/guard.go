package controlplane

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Guard lets a request through to next only if no web page can have sent it: it must not come from
// another origin, and it must name a host that this server answers to, so that a name under somebody else's
// control cannot be pointed at a loopback listener (DNS rebinding). It sends no CORS header and answers no
// preflight. allow is asked with the Host of the request, port included.
func Guard(allow func(host string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, why := judge(allow, r)
		if status == 0 {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Connection", "close") // the body is not read
		w.WriteHeader(status)
		_, _ = w.Write([]byte(why + "\n"))
	})
}

// judge returns the status and the reason of a refusal, or zero.
func judge(allow func(string) bool, r *http.Request) (int, string) {
	for _, origin := range r.Header.Values("Origin") {
		if !sameOrigin(origin, r.Host) {
			return http.StatusForbidden, "requests from other origins are refused: a web page must not drive this server"
		}
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		// "same-site" is refused too: every port of localhost is one site.
		if site != "same-origin" && site != "none" {
			return http.StatusForbidden, "requests from other sites are refused: a web page must not drive this server"
		}
	}
	if r.Host == "" || !allow(r.Host) {
		return http.StatusMisdirectedRequest, "this server does not answer to the host name of the request: use 127.0.0.1 or localhost, or add the name to the configuration"
	}
	return 0, ""
}

// sameOrigin reports whether an Origin header names the host that it was sent to. An origin that is
// "null" is nobody's.
func sameOrigin(origin, host string) bool {
	scheme, rest, ok := strings.Cut(origin, "://")
	return ok && (scheme == "http" || scheme == "https") && rest == host
}

// Hosts returns a rule for Guard: loopback addresses, localhost and every name below it, and the given
// names. A name is given without port, and an IP address that is not loopback is a name like any other.
func Hosts(names ...string) func(host string) bool {
	exact := make([]string, len(names))
	for i, n := range names {
		exact[i] = lowerASCII(strings.Trim(n, "[]"))
	}
	return func(host string) bool {
		name := host
		if h, _, err := net.SplitHostPort(host); err == nil {
			name = h
		}
		name = lowerASCII(strings.Trim(name, "[]"))
		if ip, err := netip.ParseAddr(name); err == nil && ip.IsLoopback() {
			return true
		}
		return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(exact, name)
	}
}

// lowerASCII folds A-Z only: the Kelvin sign is no k in a host name.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
