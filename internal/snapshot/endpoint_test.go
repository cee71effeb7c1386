package snapshot

import (
	"testing"

	"gatehouse/internal/verdict"
	"gatehouse/internal/vpc"
)

var zone = Zone{"us-east-1", "amazonaws.com"}

const (
	mine   = vpc.EndpointID("vpce-0123456789abcdef0")
	theirs = vpc.EndpointID("vpce-0fedcba9876543210")
)

// TestParseEndpointHost: the forms of the developer guide, "How to invoke a private API" [docs], and what is
// near to them.
func TestParseEndpointHost(t *testing.T) {
	for host, want := range map[string]*EndpointHost{
		"": nil, ":80": nil, ".": nil, "..": nil, "evil.test": nil, "execute-api.us-east-1.amazonaws.com": nil, ".execute-api.us-east-1.amazonaws.com": nil,
		"abc.execute-api.us-east-2.amazonaws.com":                                             nil,
		"abc.execute-api.us-east-1.evil.test":                                                 nil,
		"abc.execute-api.us-east-1.amazonaws.com.evil.test":                                   nil,
		"abc.execute-api.us-east-1.amazonaws.com..":                                           nil,
		"abc.execute-api.us-east-1.amazonaws.com:":                                            nil,
		"abc.execute-api.us-east-1.amazonaws.com:80x":                                         nil,
		"abc.execute-api.us-east-1.amazonaws.com:80:80":                                       nil,
		"a.b.execute-api.us-east-1.amazonaws.com":                                             nil,
		"abc.execute-api.us-east-1.vpce.amazonaws.com":                                        nil,
		"abc-vpce-0123456789abcdef0.execute-api.us-east-1.vpce.amazonaws.com":                 nil,
		"abc-vpce-.execute-api.us-east-1.amazonaws.com":                                       nil,
		"abc-vpce-xyz.execute-api.us-east-1.amazonaws.com":                                    nil,
		"abc-vpce-0123456789abcdef0-x.execute-api.us-east-1.amazonaws.com":                    nil,
		"-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com":                         nil,
		"a-vpce-0123456789abcdef0-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com": nil,
		"vpce-0123456789abcdef0-abcdefgh.execute-api.us-east-1.amazonaws.com":                 nil,
		"vpce-0123456789abcdef0.execute-api.us-east-1.vpce.amazonaws.com":                     nil,
		"vpce-0123456789abcdef0-.execute-api.us-east-1.vpce.amazonaws.com":                    nil,
		"vpce-012345678-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com":                    nil,
		"vpce-0123456789abcdef0-abcdefgh.execute-api.us-east-2.vpce.amazonaws.com":            nil,
		"vpce-0123456789abcdef0-abcdefgh.execute-api.us-east-1.vpce.evil.test":                nil,
		"\u212aab.execute-api.us-east-1.amazonaws.com":                                        {API: "\u212aab"}, // the Kelvin sign is no k
		"localhost.evil.test": nil,
		"[localhost]":         nil,
		"[::1":                nil,
		"1.2.3.4.5":           nil,
		"abc.execute-api.us-east-1.amazonaws.com":                                                  {API: "abc"},
		"abc.execute-api.us-east-1.amazonaws.com:8443":                                             {API: "abc"},
		"abc.execute-api.us-east-1.amazonaws.com.":                                                 {API: "abc"},
		"ABC.Execute-API.us-EAST-1.AmazonAWS.com":                                                  {API: "abc"},
		"abc.execute-api.localhost:3000":                                                           {API: "abc"},
		"abc-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com":                           {API: "abc", Endpoint: mine},
		"ABC-VPCE-0123456789ABCDEF0.execute-api.us-east-1.amazonaws.com":                           {API: "abc", Endpoint: mine},
		"abc-vpce-0123456789abcdef0.execute-api.localhost":                                         {API: "abc", Endpoint: mine},
		"vpce-0123456789abcdef0-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com":                 {Endpoint: mine},
		"vpce-0123456789abcdef0-abcdefgh-us-east-1a.execute-api.us-east-1.vpce.amazonaws.com:8443": {Endpoint: mine},
		"10.1.0.1:8443": {}, "10.1.0.1": {}, "[fd00::1]:8443": {}, "[fd00::1]": {}, "localhost:8443": {}, "LOCALHOST": {},
	} {
		got, ok := ParseEndpointHost(host, zone)
		if ok != (want != nil) || want != nil && got != *want {
			t.Errorf("ParseEndpointHost(%q) = %+v, %v, want %+v", host, got, ok, want)
		}
	}
}

func TestThroughEndpoint(t *testing.T) {
	const (
		private = "abc.execute-api.us-east-1.amazonaws.com"
		alias   = "abc-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com"
		own     = "vpce-0123456789abcdef0-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com"
	)
	for _, c := range []struct {
		name, host, header string
		at                 vpc.EndpointID
		want               *EndpointTarget
	}{
		{"no API", own, "", mine, nil},
		{"an address alone", "10.1.0.1:8443", "", mine, nil},
		{"another endpoint's alias", alias, "", theirs, nil},
		{"another endpoint's name", own, "abc", theirs, nil},
		{"two APIs", private, "xyz", mine, nil},
		{"two APIs, by alias", alias, "xyz", mine, nil},
		{"two APIs that differ in case", private, "ABC", mine, nil},
		{"a foreign host, whatever the header", "evil.test", "abc", mine, nil},
		{"no host", "", "abc", mine, nil},
		{"private DNS", private, "", mine, &EndpointTarget{API: "abc"}},
		{"private DNS and the header", private, "abc", mine, &EndpointTarget{API: "abc"}},
		{"alias", alias, "", mine, &EndpointTarget{"abc", true}},
		{"alias and the header", alias, "abc", mine, &EndpointTarget{"abc", true}},
		{"own name", own, "abc", mine, &EndpointTarget{API: "abc"}},
		{"address", "[fd00::1]:8443", "abc", mine, &EndpointTarget{API: "abc"}},
	} {
		got, d := ThroughEndpoint(c.at, c.host, c.header, zone)
		if c.want == nil {
			if d.Kind != verdict.Forbidden || got != (EndpointTarget{}) {
				t.Errorf("%s: got %+v, %v, want Forbidden", c.name, got, d)
			}
			continue
		}
		if d.Refused() || got != *c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, d, *c.want)
		}
	}
}

func FuzzParseEndpointHost(f *testing.F) {
	for _, s := range []string{"abc.execute-api.us-east-1.amazonaws.com:80", "abc-vpce-01234567.execute-api.localhost", "[::1]:80", "vpce-01234567-x.execute-api.us-east-1.vpce.amazonaws.com."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		h, ok := ParseEndpointHost(host, zone)
		if !ok && h != (EndpointHost{}) {
			t.Errorf("%q is refused and yet says %+v", host, h)
		}
		if h.Endpoint == "" {
			return
		}
		if _, err := vpc.ParseEndpointID(string(h.Endpoint)); err != nil {
			t.Errorf("%q: %v", host, err)
		}
	})
}
