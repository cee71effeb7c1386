package snapshot

import (
	"net/netip"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/identity"
	"gatehouse/internal/verdict"
	"gatehouse/internal/vpc"
)

// Zone is what the hosts of a house end with: {region}.{suffix}.
type Zone struct {
	Region identity.Region
	// Suffix stands for amazonaws.com.
	Suffix string
}

// EndpointHost is what a host says inside of a private network. What it does not say is "".
type EndpointHost struct {
	API      apigw.APIID
	Endpoint vpc.EndpointID
}

// ParseEndpointHost reads a host, with any port. False is a host that nothing in a private network has.
//
//	{api}.execute-api.{region}.{suffix}            the API: private DNS, or a Host header of the caller's
//	{api}-{vpce}.execute-api.{region}.{suffix}     both: the alias of an API with an associated endpoint
//	{vpce}-….execute-api.{region}.vpce.{suffix}    the endpoint: its own DNS name
//	an address, localhost                          neither: a listener that nobody has given a name
//
// For the first two {region}.{suffix} may be localhost, as on public listeners. The forms are those of the
// developer guide, "How to invoke a private API"; the last line is ours.
func ParseEndpointHost(host string, z Zone) (EndpointHost, bool) {
	name, ok := hostname(host)
	if !ok {
		return EndpointHost{}, false
	}
	if _, err := netip.ParseAddr(name); err == nil || name == "localhost" {
		return EndpointHost{}, true
	}
	label, rest, _ := strings.Cut(name, ".")
	zone, ok := strings.CutPrefix(rest, "execute-api.")
	if !ok {
		return EndpointHost{}, false
	}
	region, suffix := lower(string(z.Region)), lower(z.Suffix)
	switch zone {
	case region + ".vpce." + suffix:
		id, ok := endpointOfLabel(label)
		return EndpointHost{Endpoint: id}, ok
	case region + "." + suffix, "localhost":
		return apiOfLabel(label)
	}
	return EndpointHost{}, false
}

// endpointOfLabel reads {vpce}-{random} and {vpce}-{random}-{zone}.
func endpointOfLabel(label string) (vpc.EndpointID, bool) {
	digits, ok := strings.CutPrefix(label, "vpce-")
	digits, random, hyphen := strings.Cut(digits, "-")
	id, err := vpc.ParseEndpointID("vpce-" + digits)
	return id, ok && hyphen && random != "" && err == nil
}

// apiOfLabel reads {api} and {api}-{vpce}. Ids of APIs have no hyphen.
func apiOfLabel(label string) (EndpointHost, bool) {
	api, digits, both := strings.Cut(label, "-vpce-")
	if api == "" || strings.Contains(api, "-") {
		return EndpointHost{}, false
	}
	if !both {
		return EndpointHost{API: apigw.APIID(api)}, true
	}
	id, err := vpc.ParseEndpointID("vpce-" + digits)
	if err != nil {
		return EndpointHost{}, false
	}
	return EndpointHost{API: apigw.APIID(api), Endpoint: id}, true
}

// EndpointTarget is the API that a call through a VPC endpoint is for.
type EndpointTarget struct {
	API apigw.APIID
	// Alias is true when the caller used the form that exists only for an endpoint which the API is associated
	// with.
	Alias bool
}

// ThroughEndpoint finds the API of a call that came through a VPC endpoint, from its host and from
// x-apigw-api-id, which is "" when it was not sent. A caller that sends it more than once must be refused
// before. Whether the API exists is not looked at.
//
// A host that names another endpoint, or no API where the header names none either, is Forbidden [docs]; so is
// a host that names another API than the header, where AWS's choice is not known.
func ThroughEndpoint(at vpc.EndpointID, host, header string, z Zone) (EndpointTarget, verdict.Decision) {
	h, ok := ParseEndpointHost(host, z)
	switch {
	case !ok:
		return EndpointTarget{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, host)
	case h.Endpoint != "" && h.Endpoint != at:
		return EndpointTarget{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, host+" names another VPC endpoint")
	case h.API == "" && header == "":
		return EndpointTarget{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, "neither the host nor x-apigw-api-id names an API")
	case h.API != "" && header != "" && string(h.API) != header:
		return EndpointTarget{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, "the host and x-apigw-api-id name different APIs")
	case h.API == "":
		return EndpointTarget{API: apigw.APIID(header)}, verdict.Yes
	}
	return EndpointTarget{API: h.API, Alias: h.Endpoint != ""}, verdict.Yes
}

// hostname is a host without port, brackets and final dot, in lower case.
func hostname(host string) (string, bool) {
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		port := host[i+1:]
		if port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "" {
			return "", false
		}
		name = host[:i]
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		name, ok = strings.CutSuffix(inner, "]")
		_, err := netip.ParseAddr(name)
		return name, ok && err == nil
	}
	name = strings.TrimSuffix(name, ".")
	return lower(name), name != "" && !strings.Contains(name, ":")
}

// LocateThrough finds the API of a request that came through a VPC endpoint. header is x-apigw-api-id.
func (s *Snapshot) LocateThrough(at vpc.EndpointID, host, header, path string) (Address, verdict.Decision) {
	target, d := ThroughEndpoint(at, host, header, s.zone)
	if d.Refused() {
		return Address{}, d
	}
	api := s.apis[target.API]
	if api == nil {
		return Address{}, verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, string(target.API))
	}
	return Address{API: api, Path: path, Host: true, Alias: target.Alias}, verdict.Yes
}
