package sigv4_test

import (
	"encoding/json"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/seal"
	"gatehouse/internal/sigv4"
)

type field = sigv4.Field

func header(fields []field) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, f := range fields {
			if !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

// message is a request that tests can change before it is verified.
type message struct {
	method, path, query, host string
	fields                    []field
	body                      string
}

func (m message) request() *sigv4.Request {
	return &sigv4.Request{
		Method: m.method, RawPath: m.path, RawQuery: m.query, Host: m.host,
		Header: header(m.fields), PayloadHash: sigv4.HashPayload([]byte(m.body)),
	}
}

func (m message) with(f ...field) message {
	m.fields = append(m.fields[:len(m.fields):len(m.fields)], f...)
	return m
}

// set replaces a header, or removes it when value is empty.
func (m message) set(name, value string) message {
	old := m.fields
	m.fields = nil
	for _, f := range old {
		if f.Name != name {
			m.fields = append(m.fields, f)
		}
	}
	if value != "" {
		m.fields = append(m.fields, field{Name: name, Value: value})
	}
	return m
}

func (m message) get(name string) string {
	for _, f := range m.fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

var (
	noon     = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	expected = sigv4.Expected{Region: "us-east-1", Service: "apigateway", Skew: 15 * time.Minute}
	creds    = sigv4.Credentials{KeyID: "AKIAEXAMPLE", Secret: seal.Hide(secret), Region: "us-east-1", Service: "apigateway"}
)

func verify(m message, now time.Time, want sigv4.Expected) *sigv4.Failure {
	p, f := sigv4.Read(m.request())
	if f == nil {
		f = p.Check(now, want)
	}
	if f == nil {
		f = p.Verify(seal.Hide(secret), nil)
	}
	return f
}

// plain is a request that an SDK might send.
func plain() message {
	return message{
		method: "POST", path: "/restapis/a%2Fb", query: "mode=import&b=1", host: "127.0.0.1:4566",
		fields: []field{{"Content-Type", "application/json"}, {"X-Amz-Thing", "1"}}, body: `{"name":"x"}`,
	}
}

func signed(t testing.TB, m message) message {
	t.Helper()
	add, f := sigv4.Sign(m.request(), creds, noon)
	if f != nil {
		t.Fatal(f)
	}
	return m.with(add...)
}

func presigned(t testing.TB, m message, expires time.Duration) message {
	t.Helper()
	query, f := sigv4.Presign(m.request(), creds, noon, expires)
	if f != nil {
		t.Fatal(f)
	}
	m.query = query
	return m
}

func TestRefusals(t *testing.T) {
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	head := signed(t, plain())
	authorization := head.get("Authorization")
	pre := presigned(t, plain(), time.Minute)
	replace := func(old, new string) message {
		if !strings.Contains(authorization, old) {
			t.Fatalf("%q is not in %q", old, authorization)
		}
		return head.set("Authorization", strings.Replace(authorization, old, new, 1))
	}
	requery := func(old, new string) message {
		m := pre
		if !strings.Contains(m.query, old) {
			t.Fatalf("%q is not in %q", old, m.query)
		}
		m.query = strings.Replace(m.query, old, new, 1)
		return m
	}
	later := func(d time.Duration) time.Time { return noon.Add(d) }
	tests := []struct {
		name string
		m    message
		now  time.Time
		code sigv4.Code
		want string
	}{
		{"unsigned", plain(), noon, sigv4.MissingToken, "Missing Authentication Token"},
		{"both places", func() message { m := pre; m.fields = head.fields; return m }(), noon, sigv4.Mismatch, "The request is signed in its Authorization header and in its query string: one of them must go."},
		{"two Authorization headers", head.with(field{"authorization", authorization}), noon, sigv4.Incomplete, "A header that authenticates the request is given more than once."},
		{"two dates", head.with(field{"x-amz-date", "20260102T120000Z"}), noon, sigv4.Incomplete, "A header that authenticates the request is given more than once."},
		{"another Host", head.with(field{"Host", "evil.test"}), noon, sigv4.Incomplete, "The request names two hosts."},

		// [observed] gateway.md §1.2 and §3.3: the forms of 2024 and later, which do not repeat the header.
		{"bearer", plain().with(field{"Authorization", "Bearer abc"}), noon, sigv4.Incomplete, "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'w1Xc6WwWEogNEZQP/dkBTThsJT4MNlKmzQanIm970rY='."},
		{"begins with an equal-sign", plain().with(field{"Authorization", "a=b"}), noon, sigv4.Incomplete, "Authorization header must begin with the algorithm name, which cannot include an equal-sign (hashed with SHA-256 and encoded with Base64): 'QhRPOTnD/7vwv4sfEq/7XCOkxb1B4P9nLVSldU8GIFg='."},
		{"SigV4a", replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), noon, sigv4.Incomplete, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{"version 2", plain().with(field{"Authorization", "AWS AKIA:sig"}), noon, sigv4.Incomplete, "Unsupported AWS 'algorithm': 'AWS'."},
		{"no credential, no date", head.set("X-Amz-Date", "").set("Authorization", strings.Replace(authorization, "Credential=", "X=", 1)), noon, sigv4.Incomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization="},
		{"nothing but the algorithm", plain().with(field{"Authorization", "AWS4-HMAC-SHA256"}), noon, sigv4.Incomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0="},
		{"part twice", replace("Signature=", "Signature=0, Signature="), noon, sigv4.Incomplete, "A part of the Authorization header, or the date, is given more than once."},
		{"host not signed", replace(";host;", ";"), noon, sigv4.Mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"names out of order", replace("content-type;host", "host;content-type"), noon, sigv4.Mismatch, "SignedHeaders must be header names in small letters, sorted, each once."},
		{"name twice", replace(";host;", ";host;host;"), noon, sigv4.Mismatch, "SignedHeaders must be header names in small letters, sorted, each once."},
		{"capital", replace("content-type", "Content-type"), noon, sigv4.Mismatch, "SignedHeaders must be header names in small letters, sorted, each once."},
		{"too many", replace("content-type;host", strings.Repeat("a;", 300)+"host"), noon, sigv4.Incomplete, "More than 200 headers are signed."},
		{"signed and absent", replace("content-type;host;", "content-type;host;nowhere;"), noon, sigv4.Mismatch, "Header 'nowhere' is signed and was not sent."},
		{"date form", head.set("X-Amz-Date", "2026-01-02T12:00:00Z"), noon, sigv4.Incomplete, "Date must be in ISO-8601 'basic format'. Got '2026-01-02T12:00:00Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"impossible date", head.set("X-Amz-Date", "20261302T120000Z"), noon, sigv4.Incomplete, "Date must be in ISO-8601 'basic format'. Got '20261302T120000Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		// [observed] gateway.md §3.3
		{"expired", head, later(15*time.Minute + time.Second), sigv4.Mismatch, "Signature expired: 20260102T120000Z is now earlier than 20260102T120001Z (20260102T121501Z - 15 min.)"},
		{"not yet", head, later(-15*time.Minute - time.Second), sigv4.Mismatch, "Signature not yet current: 20260102T120000Z is still later than 20260102T115959Z (20260102T114459Z + 15 min.)"},
		{"expired before scope", replace("us-east-1", "us-west-1"), later(time.Hour), sigv4.Mismatch, "Signature expired: 20260102T120000Z is now earlier than 20260102T124500Z (20260102T130000Z - 15 min.)"},
		{"four parts", replace("/aws4_request", ""), noon, sigv4.Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIAEXAMPLE/20260102/us-east-1/apigateway'"},
		{"six parts", replace("/aws4_request", "/aws4_request/"), noon, sigv4.Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIAEXAMPLE/20260102/us-east-1/apigateway/aws4_request/'"},
		{"whole scope", replace("20260102/us-east-1/apigateway/aws4_request", "20260101/us-east-2/s3/aws3_request"), noon, sigv4.Mismatch,
			"Credential should be scoped to a valid region, not 'us-east-2'. Credential should be scoped to correct service: 'apigateway'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260101' != '20260102', from '20260102T120000Z'."},
		{"unsigned x-amz header", head.with(field{"X-Amz-Other", "1"}), noon, sigv4.Mismatch, "'x-amz-other' must be a 'SignedHeader' in the AWS Authorization."},
		{"token beside the signature", head.with(field{"X-Amz-Security-Token", "t"}), noon, sigv4.Mismatch, "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization."},
		{"unsigned after an unsigned hash", head.with(field{"X-Amz-Content-Sha256", "x"}, field{"X-Amz-Other", "1"}), noon, sigv4.Mismatch, "'x-amz-other' must be a 'SignedHeader' in the AWS Authorization."},
		{"token in the other place", func() message { m := head; m.query += "&X-Amz-Security-Token=t"; return m }(), noon, sigv4.Mismatch, "The session token must stand where the signature stands: in the headers."},
		{"twin with underscores", head.with(field{"X_Amz_Thing", "2"}), noon, sigv4.Mismatch, "Header 'X_Amz_Thing' could be read as 'x-amz-thing'."},
		{"twin of a signed header", head.with(field{"content_type", "2"}), noon, sigv4.Mismatch, "Header 'content_type' could be read as 'content-type'."},
		{"unsigned duplicate", head.with(field{"content-type", "text/html"}), noon, sigv4.Mismatch, mismatch},
		{"other key", replace("AKIAEXAMPLE", "AKIAEXAMPLF"), noon, 0, ""}, // the key id is not part of what is signed
		{"method", func() message { m := head; m.method = "PUT"; return m }(), noon, sigv4.Mismatch, mismatch},
		{"body", func() message { m := head; m.body = "{}"; return m }(), noon, sigv4.Mismatch, mismatch},
		{"slash for %2F", func() message { m := head; m.path = "/restapis/a/b"; return m }(), noon, sigv4.Mismatch, mismatch},
		{"slash at the end", func() message { m := head; m.path += "/"; return m }(), noon, sigv4.Mismatch, mismatch},
		{"query moved", func() message { m := head; m.query = "mode=import"; return m }(), noon, sigv4.Mismatch, mismatch},
		{"parameter twice", func() message { m := head; m.query += "&b=1"; return m }(), noon, sigv4.Mismatch, mismatch},
		{"hash lies", head.with(field{"X-Amz-Content-Sha256", strings.Repeat("0", 64)}), noon, sigv4.Mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed."},
		{"unsigned payload", signed(t, plain().with(field{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"})), noon, sigv4.Mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed."},
		{"streaming", signed(t, plain().with(field{"X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"})), noon, sigv4.Mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed."},

		{"query escape", func() message { m := head; m.query = "a=%4"; return m }(), noon, sigv4.MalformedQuery, "Incomplete trailing escape % sequence"},
		{"query hex", func() message { m := head; m.query = "a=%zz"; return m }(), noon, sigv4.MalformedQuery, "Illegal hex character in escape % pattern: %zz"},

		{"presigned: nothing else", func() message { m := plain(); m.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256"; return m }(), noon, sigv4.Incomplete,
			"AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"presigned: algorithm", requery("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), noon, sigv4.Incomplete, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{"presigned: expired", pre, later(time.Minute + time.Second), sigv4.Mismatch, "Signature expired: 20260102T120000Z is now earlier than 20260102T120001Z (20260102T120101Z - 1 min.)"},
		{"presigned: not yet", pre, later(-16 * time.Minute), sigv4.Mismatch, "Signature not yet current: 20260102T120000Z is still later than 20260102T115900Z (20260102T114400Z + 15 min.)"},
		{"presigned: signature twice", requery("&X-Amz-Signature=", "&X-Amz-Signature=0&X-Amz-Signature="), noon, sigv4.Incomplete, "AWS query-string parameter 'X-Amz-Signature' is given more than once."},
		{"presigned: signature twice, once encoded", requery("&X-Amz-Signature=", "&X%2DAmz-Signature=0&X-Amz-Signature="), noon, sigv4.Incomplete, "AWS query-string parameter 'X-Amz-Signature' is given more than once."},
		{"presigned: expires 0", requery("X-Amz-Expires=60", "X-Amz-Expires=0"), noon, sigv4.Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800, not '0'."},
		{"presigned: expires -1", requery("X-Amz-Expires=60", "X-Amz-Expires=-1"), noon, sigv4.Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800, not '-1'."},
		{"presigned: expires 604801", requery("X-Amz-Expires=60", "X-Amz-Expires=604801"), noon, sigv4.Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800, not '604801'."},
		{"presigned: expires 900s", requery("X-Amz-Expires=60", "X-Amz-Expires=900s"), noon, sigv4.Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800, not '900s'."},
		{"presigned: expires 2^63", requery("X-Amz-Expires=60", "X-Amz-Expires=9223372036854775808"), noon, sigv4.Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800, not '9223372036854775808'."},
		{"presigned: longer", requery("X-Amz-Expires=60", "X-Amz-Expires=61"), noon, sigv4.Mismatch, mismatch},
		{"presigned: body", func() message { m := pre; m.body = ""; return m }(), noon, sigv4.Mismatch, mismatch},
		{"presigned: method", func() message { m := pre; m.method = "GET"; return m }(), noon, sigv4.Mismatch, mismatch},
		{"presigned: token in a header", pre.with(field{"X-Amz-Security-Token", "t"}), noon, sigv4.Mismatch, "The session token must stand where the signature stands: in the query string."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := verify(tt.m, tt.now, expected)
			if tt.want == "" {
				if f != nil {
					t.Fatalf("refused: %v", f)
				}
				return
			}
			if f == nil {
				t.Fatalf("accepted, want %s", tt.want)
			}
			if f.Code != tt.code || f.Message != tt.want && !(strings.HasSuffix(tt.want, "=") && strings.HasPrefix(f.Message, tt.want)) {
				t.Errorf("got  %d %s\nwant %d %s", f.Code, f.Message, tt.code, tt.want)
			}
			if (tt.want == mismatch) != (f.Canonical != "" && f.StringToSign != "") {
				t.Errorf("canonical request %q, string to sign %q", f.Canonical, f.StringToSign)
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	token := creds
	token.Token = "IQoJ+/="
	session, f := sigv4.Sign(plain().request(), token, noon)
	if f != nil {
		t.Fatal(f)
	}
	hash := sigv4.HashPayload([]byte(plain().body))
	const digits = "0123456789abcdef"
	var hexHash strings.Builder
	for _, b := range hash {
		hexHash.WriteByte(digits[b>>4])
		hexHash.WriteByte(digits[b&15])
	}
	head := signed(t, plain())
	tests := []struct {
		name string
		m    message
		now  time.Time
	}{
		{"header form", head, noon},
		{"at the end of the window", head, noon.Add(15 * time.Minute)},
		{"at its beginning", head, noon.Add(-15 * time.Minute)},
		{"presigned", presigned(t, plain(), time.Minute), noon.Add(time.Minute)},
		{"presigned for a week", presigned(t, plain(), sigv4.MaxExpires), noon.Add(sigv4.MaxExpires)},
		{"session token", plain().with(session...), noon},
		{"hash header that tells the truth", signed(t, plain().with(field{"X-Amz-Content-Sha256", hexHash.String()})), noon},
		{"the same, not signed", head.with(field{"x-amz-content-sha256", hexHash.String()}), noon},
		{"header that nobody signs", head.with(field{"User-Agent", "x"}, field{"Accept", "*/*"}), noon},
		{"Host among the headers", head.with(field{"host", head.host}), noon},
		{"no space after the commas", head.set("Authorization", strings.ReplaceAll(head.get("Authorization"), ", ", ",")), noon},
		{"unknown part", head.set("Authorization", head.get("Authorization")+", Extra=1"), noon},
		{"empty path", func() message { m := plain(); m.path = ""; m = signed(t, m); m.path = "/"; return m }(), noon},
	}
	for _, tt := range tests {
		if f := verify(tt.m, tt.now, expected); f != nil {
			t.Errorf("%s: %s", tt.name, f.Message)
		}
	}
	lax := expected
	lax.AmzUnsigned = true
	if f := verify(head.with(field{"X-Amz-Cf-Id", "1"}), noon, lax); f != nil {
		t.Errorf("unsigned x-amz header where that is allowed: %s", f.Message)
	}
}

// What Read and Check report of a request.
func TestPresented(t *testing.T) {
	token := creds
	token.Token = "IQoJ+/="
	m := plain()
	query, f := sigv4.Presign(m.request(), token, noon, time.Minute)
	if f != nil {
		t.Fatal(f)
	}
	m.query = query
	p, f := sigv4.Read(m.request())
	if f == nil {
		f = p.Check(noon, expected)
	}
	if f != nil {
		t.Fatal(f)
	}
	if p.KeyID != "AKIAEXAMPLE" || p.Token != "IQoJ+/=" || !p.Presigned || !p.At.Equal(noon) || p.Expires != time.Minute || p.Service != "apigateway" || p.Region != "us-east-1" || p.Date != "20260102" {
		t.Errorf("presented: %+v", p)
	}
	if f := p.Verify(seal.Secret{}, nil); f == nil {
		t.Error("verified with no secret at all")
	}
}

func TestServiceOf(t *testing.T) {
	head, pre := signed(t, plain()), presigned(t, plain(), time.Minute)
	tests := []struct{ authorization, query, want string }{
		{head.get("Authorization"), "", "apigateway"},
		{"", pre.query, "apigateway"},
		{"", "X-Amz-Credential=a%2fb%2fc%2flambda%2faws4_request", "lambda"},
		{"", "X-Amz-Credential=%zz", ""},
		{"Bearer x", "", ""},
		{"AWS4-HMAC-SHA256 Credential=a/b", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		if got := sigv4.ServiceOf(tt.authorization, tt.query); got != tt.want {
			t.Errorf("ServiceOf(%q, %q) = %q, want %q", tt.authorization, tt.query, got, tt.want)
		}
	}
}

// Requests signed by botocore, which shares no code with this package: testdata/make.py.
func TestBotocore(t *testing.T) {
	raw, err := os.ReadFile("testdata/botocore.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Key, Secret, Region, Service string
		Time                         time.Time
		Cases                        []struct {
			Name, Method, Path, Query, Host, Body string
			Headers                               [][2]string
		}
	}
	if err := json.Unmarshal(raw, &suite); err != nil {
		t.Fatal(err)
	}
	for _, c := range suite.Cases {
		m := message{method: c.Method, path: c.Path, query: c.Query, host: c.Host, body: c.Body}
		for _, h := range c.Headers {
			m.fields = append(m.fields, field{h[0], h[1]})
		}
		want := sigv4.Expected{Region: suite.Region, Service: suite.Service, Skew: 5 * time.Minute}
		if f := verify(m, suite.Time, want); f != nil {
			t.Errorf("%s: %s\n%s", c.Name, f.Message, f.Canonical)
		}
		m.host += "0"
		if f := verify(m, suite.Time, want); f == nil {
			t.Errorf("%s: accepted for another host", c.Name)
		}
	}
}

// Every change of one byte of what is signed is refused.
func TestMutations(t *testing.T) {
	refused := func(name, text string, put func(string) message) {
		t.Helper()
		for i := range len(text) {
			b := []byte(text)
			b[i] ^= 1
			if f := verify(put(string(b)), noon, expected); f == nil {
				t.Errorf("accepted with %s = %q", name, b)
			}
		}
	}
	for _, m := range []message{signed(t, plain()), presigned(t, plain(), time.Minute)} {
		refused("method", m.method, func(s string) message { m := m; m.method = s; return m })
		refused("path", m.path, func(s string) message { m := m; m.path = s; return m })
		refused("host", m.host, func(s string) message { m := m; m.host = s; return m })
		refused("body", m.body, func(s string) message { m := m; m.body = s; return m })
		for _, h := range []string{"X-Amz-Date", "Content-Type", "X-Amz-Thing"} {
			refused(h, m.get(h), func(s string) message { return m.set(h, s) })
		}
		// The key id chooses the secret; it is the one part of the header form that is not signed.
		before, after, _ := strings.Cut(m.get("Authorization"), "AKIAEXAMPLE")
		refused("Authorization", before, func(s string) message { return m.set("Authorization", s+"AKIAEXAMPLE"+after) })
		refused("Authorization", after, func(s string) message { return m.set("Authorization", before+"AKIAEXAMPLE"+s) })
		// In the query form it is signed with the rest of the query.
		refused("query", m.query, func(s string) message { m := m; m.query = s; return m })
	}
}

func TestKeys(t *testing.T) {
	m := signed(t, plain())
	keys := sigv4.NewKeys(2)
	check := func(secret string, accepted bool) {
		t.Helper()
		p, f := sigv4.Read(m.request())
		if f == nil {
			f = p.Check(noon, expected)
		}
		if f != nil {
			t.Fatal(f)
		}
		if f := p.Verify(seal.Hide(secret), keys); (f == nil) != accepted {
			t.Errorf("Verify = %v, want accepted %v", f, accepted)
		}
	}
	for range 2 {
		check(secret, true)
		check("rotated", false) // one key id, another secret: never the cached signing key of the old one
		check("again", false)
		check("more", false)
	}
}

func FuzzRead(f *testing.F) {
	m := signed(f, plain())
	f.Add(m.path, m.query, m.get("Authorization"), m.get("X-Amz-Date"), "X-Amz-Thing")
	p := presigned(f, plain(), time.Minute)
	f.Add(p.path, p.query, "", "", "x_amz_thing")
	f.Fuzz(func(t *testing.T, path, query, authorization, date, name string) {
		x := plain()
		x.path, x.query = path, query
		x.fields = append(x.fields, field{name, "v"})
		for _, h := range []field{{"Authorization", authorization}, {"X-Amz-Date", date}} {
			if h.Value != "" {
				x.fields = append(x.fields, h)
			}
		}
		if failure := verify(x, noon, expected); failure != nil && (failure.Code == 0 || failure.Message == "") {
			t.Fatalf("a refusal that says nothing: %+v", failure)
		}
		sigv4.ServiceOf(authorization, query)

		// Whatever can be signed verifies.
		y := message{method: "GET", path: path, query: query, host: "h", fields: []field{{"X-V", name}}}
		if add, failure := sigv4.Sign(y.request(), creds, noon); failure == nil && !strings.Contains(query, "X") && !strings.Contains(query, "%") {
			if failure := verify(y.with(add...), noon, expected); failure != nil {
				t.Fatalf("own signature refused: %s\n%s", failure.Message, failure.Canonical)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := signed(b, plain()).request()
	keys, hidden := sigv4.NewKeys(16), seal.Hide(secret)
	b.ReportAllocs()
	for b.Loop() {
		p, f := sigv4.Read(r)
		if f == nil {
			f = p.Check(noon, expected)
		}
		if f == nil {
			f = p.Verify(hidden, keys)
		}
		if f != nil {
			b.Fatal(f)
		}
	}
}
