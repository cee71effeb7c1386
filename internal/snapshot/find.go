package snapshot

import (
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/route"
	"gatehouse/internal/verdict"
)

// Address is what a request's host and path say about its API.
type Address struct {
	API *API
	// Path is the raw path from the stage on: "/prod/pets".
	Path string
	// Host is true when the caller named the API by host; events then show that host.
	Host bool
	// Alias is true for a host that only an associated VPC endpoint has.
	Alias bool
}

// Locate finds the API of a request. open tells that the door takes the path form /{stage}/… of laptops,
// where the stage alone names the API.
//
// Hosts: {api}.execute-api.{region}.{suffix} and {api}.execute-api.localhost, with any port. Paths:
// /_aws/execute-api/{api}/{stage}/…, /restapis/{api}/{stage}/_user_request_/… and, if open, /{stage}/….
func (s *Snapshot) Locate(host, path string, open bool) (Address, verdict.Decision) {
	if id, ok := apiOfHost(host); ok {
		if api := s.apis[id]; api != nil {
			return Address{API: api, Path: path, Host: true}, verdict.Yes
		}
		return Address{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, host)
	}
	if rest, ok := strings.CutPrefix(path, "/_aws/execute-api/"); ok {
		id, rest, _ := strings.Cut(rest, "/")
		return s.byID(id, "/"+rest)
	}
	if rest, ok := strings.CutPrefix(path, "/restapis/"); ok {
		id, rest, _ := strings.Cut(rest, "/")
		stage, rest, _ := strings.Cut(rest, "/")
		if rest, ok := strings.CutPrefix(rest, "_user_request_"); ok && (rest == "" || rest[0] == '/') {
			return s.byID(id, "/"+stage+rest)
		}
	}
	if !open {
		return Address{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, host)
	}
	stage, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	switch found := s.stages[apigw.StageName(stage)]; len(found) {
	case 1:
		return Address{API: s.apis[found[0].API], Path: path}, verdict.Yes
	case 0:
		return Address{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownStage, stage)
	default:
		return Address{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost,
			"several APIs have a stage "+stage+": name one by host, {api}.execute-api.localhost")
	}
}

// Find looks a route of the stage up. Parameters are appended to buf[:0].
func (st *Stage) Find(path, verb string, buf []route.Param) (*Route, []route.Param, route.Result) {
	return st.tree.Find(path, verb, buf)
}

func (s *Snapshot) byID(id, path string) (Address, verdict.Decision) {
	if api := s.apis[apigw.APIID(id)]; api != nil {
		return Address{API: api, Path: path}, verdict.Yes
	}
	return Address{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, id)
}

// IsAPIHost reports whether a host names an API, whether or not it exists.
func IsAPIHost(host string) bool {
	_, ok := apiOfHost(host)
	return ok
}

// apiOfHost reads the API id from {api}.execute-api.…; ASCII letters are compared without case.
func apiOfHost(host string) (apigw.APIID, bool) {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		host = host[:i]
	}
	host = strings.TrimSuffix(host, ".")
	id, rest, ok := strings.Cut(host, ".")
	if !ok || id == "" {
		return "", false
	}
	const label = "execute-api."
	if len(rest) <= len(label) || lower(rest[:len(label)]) != label {
		return "", false
	}
	return apigw.APIID(lower(id)), true
}

// lower folds A-Z only. strings.ToLower would fold the Kelvin sign and others into ASCII letters.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
