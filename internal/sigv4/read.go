package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSigned is how many headers a signature may cover.
const maxSigned = 200

// Presented is a signature as the client presents it. Nothing in it is verified before Verify.
type Presented struct {
	// KeyID, Date, Region and Service are the parts of the credential. They are empty before Check.
	KeyID, Date, Region, Service string
	// Token is the session token, if any.
	Token string
	// Presigned says that the signature stands in the query string.
	Presigned bool
	// At is the time of signing; Expires how long a presigned request lives, zero if it does not say.
	At      time.Time
	Expires time.Duration

	req        *Request
	credential string
	date       string // as written
	signature  string
	signed     []string
	values     []string
	query      []byte
	unsigned   string // an x-amz- header that is not signed
	hash       string // x-amz-content-sha256
}

// named are the headers that matter to a signature, each of which may occur once.
type named struct {
	authorization, amzDate, date, token, hash single
	host                                      single
}

type single struct {
	value string
	count int
}

func (s *single) set(v string) { s.value = v; s.count++ }

// Read finds the signature of a request and splits it into its parts. The checks and their order are those
// that were recorded of AWS: a query that can be read, one place of authentication, algorithm, form, missing
// parts, host, date format.
func Read(r *Request) (*Presented, *Failure) {
	query, f := parseQuery(r.RawQuery)
	if f != nil {
		return nil, f
	}
	var h named
	for name, value := range r.fields() {
		h.note(name, value)
	}
	p := &Presented{req: r, hash: h.hash.value}
	inQuery := slices.ContainsFunc(query, func(q parameter) bool {
		return q.name == "X-Amz-Algorithm" || q.name == "X-Amz-Credential" || q.name == "X-Amz-Signature"
	})
	switch {
	case h.authorization.count > 0 && inQuery:
		return nil, failf(Mismatch, "The request is signed in its Authorization header and in its query string: one of them must go.")
	case h.authorization.count == 0 && !inQuery:
		return nil, failf(MissingToken, "Missing Authentication Token")
	case h.authorization.count > 1 || h.amzDate.count > 1 || h.token.count > 1 || h.hash.count > 1 || h.host.count > 1:
		return nil, failf(Incomplete, "A header that authenticates the request is given more than once.")
	case h.host.count == 1 && strings.Trim(h.host.value, " \t") != r.Host:
		return nil, failf(Incomplete, "The request names two hosts.")
	}
	if inQuery {
		f = p.readQuery(query, &h)
	} else {
		f = p.readHeader(query, &h)
	}
	if f != nil {
		return nil, f
	}
	if f := p.collect(); f != nil {
		return nil, f
	}
	at, err := time.Parse(layout, p.date)
	if err != nil || len(p.date) != len(layout) {
		return nil, failf(Incomplete, "Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", p.date)
	}
	p.At = at
	p.query = canonicalQuery(query)
	return p, nil
}

func (h *named) note(name, value string) {
	switch len(name) {
	case len("host"):
		switch {
		case isName(name, "host"):
			h.host.set(value)
		case isName(name, "date"):
			h.date.set(value)
		}
	case len("x-amz-date"):
		if isName(name, "x-amz-date") {
			h.amzDate.set(value)
		}
	case len("authorization"):
		if isName(name, "authorization") {
			h.authorization.set(value)
		}
	case len("x-amz-content-sha256"): // and of x-amz-security-token
		switch {
		case isName(name, "x-amz-content-sha256"):
			h.hash.set(value)
		case isName(name, "x-amz-security-token"):
			h.token.set(value)
		}
	}
}

// readHeader reads "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…".
func (p *Presented) readHeader(query []parameter, h *named) *Failure {
	text := strings.Trim(h.authorization.value, " \t")
	hashed := func() string {
		sum := sha256.Sum256([]byte(text))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	name, rest, _ := strings.Cut(text, " ")
	if strings.Contains(name, "=") {
		return failf(Incomplete, "Authorization header must begin with the algorithm name, which cannot include an equal-sign (hashed with SHA-256 and encoded with Base64): '%s'.", hashed())
	}
	if name != algorithm && strings.HasPrefix(name, "AWS") {
		return failf(Incomplete, "Unsupported AWS 'algorithm': '%s'.", name)
	}
	var credential, signed, signature single
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.Trim(part, " \t")
		if part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			// [observed] 2024 and later; before that AWS repeated the header itself.
			return failf(Incomplete, "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '%s'.", hashed())
		}
		switch key {
		case "Credential":
			credential.set(value)
		case "SignedHeaders":
			signed.set(value)
		case "Signature":
			signature.set(value)
		}
	}
	if name != algorithm {
		return failf(Incomplete, "Unsupported AWS 'algorithm': '%s'.", name)
	}
	date := h.amzDate
	if date.count == 0 {
		date = h.date
	}
	var missing strings.Builder
	for _, m := range []struct {
		s    single
		text string
	}{
		{credential, "Authorization header requires 'Credential' parameter. "},
		{signature, "Authorization header requires 'Signature' parameter. "},
		{signed, "Authorization header requires 'SignedHeaders' parameter. "},
		{date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "},
	} {
		if m.s.value == "" {
			missing.WriteString(m.text)
		}
		if m.s.count > 1 {
			return failf(Incomplete, "A part of the Authorization header, or the date, is given more than once.")
		}
	}
	if missing.Len() > 0 {
		return failf(Incomplete, "%s(Hashed with SHA-256 and encoded with Base64) Authorization=%s", missing.String(), hashed())
	}
	if slices.ContainsFunc(query, func(q parameter) bool { return q.name == "X-Amz-Security-Token" }) {
		return failf(Mismatch, "The session token must stand where the signature stands: in the headers.")
	}
	p.credential, p.signature, p.date, p.Token = credential.value, signature.value, strings.Trim(date.value, " \t"), h.token.value
	return p.readSigned(signed.value)
}

// readQuery reads the parameters of a presigned request.
func (p *Presented) readQuery(query []parameter, h *named) *Failure {
	p.Presigned = true
	var alg, credential, date, expires, signed, token, signature single
	for _, q := range query {
		s := map[string]*single{
			"X-Amz-Algorithm": &alg, "X-Amz-Credential": &credential, "X-Amz-Date": &date, "X-Amz-Expires": &expires,
			"X-Amz-SignedHeaders": &signed, "X-Amz-Security-Token": &token, "X-Amz-Signature": &signature,
		}[q.name]
		if s == nil {
			continue
		}
		if s.set(decode(q.value)); s.count > 1 {
			return failf(Incomplete, "AWS query-string parameter '%s' is given more than once.", q.name)
		}
	}
	if alg.value != algorithm {
		return failf(Incomplete, "Unsupported AWS 'algorithm': '%s'.", alg.value)
	}
	var missing strings.Builder
	for _, m := range []struct{ value, name string }{
		{credential.value, "X-Amz-Credential"}, {signature.value, "X-Amz-Signature"},
		{signed.value, "X-Amz-SignedHeaders"}, {date.value, "X-Amz-Date"},
	} {
		if m.value == "" {
			missing.WriteString("AWS query-string parameters must include '" + m.name + "'. ")
		}
	}
	if missing.Len() > 0 {
		return failf(Incomplete, "%sRe-examine the query-string parameters.", missing.String())
	}
	if h.token.count > 0 {
		return failf(Mismatch, "The session token must stand where the signature stands: in the query string.")
	}
	if expires.count > 0 {
		n, err := strconv.ParseUint(expires.value, 10, 32)
		if err != nil || n == 0 || time.Duration(n)*time.Second > MaxExpires {
			return failf(Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800, not '%s'.", expires.value)
		}
		p.Expires = time.Duration(n) * time.Second
	}
	p.credential, p.signature, p.date, p.Token = credential.value, signature.value, date.value, token.value
	return p.readSigned(signed.value)
}

// readSigned splits and checks SignedHeaders.
func (p *Presented) readSigned(list string) *Failure {
	p.signed = strings.SplitN(list, ";", maxSigned+1)
	if len(p.signed) > maxSigned {
		return failf(Incomplete, "More than %d headers are signed.", maxSigned)
	}
	for i, name := range p.signed {
		if name == "" || name != lowerASCII(name) || i > 0 && name <= p.signed[i-1] {
			return failf(Mismatch, "SignedHeaders must be header names in small letters, sorted, each once.")
		}
	}
	if _, ok := slices.BinarySearch(p.signed, "host"); !ok {
		return failf(Mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}

// collect takes the values of the signed headers, and notes what ought to be signed and is not.
func (p *Presented) collect() *Failure {
	p.values = make([]string, len(p.signed))
	seen := make([]bool, len(p.signed))
	for name, value := range p.req.fields() {
		i, ok := slices.BinarySearchFunc(p.signed, name, func(lower, name string) int { return -compareFold(name, lower) })
		switch {
		case ok && p.signed[i] == "host":
		case ok && seen[i]:
			p.values[i] += "," + strings.Trim(value, " \t")
		case ok:
			p.values[i], seen[i] = strings.Trim(value, " \t"), true
		case strings.IndexByte(name, '_') >= 0:
			twin := strings.ReplaceAll(lowerASCII(name), "_", "-")
			if _, ok := slices.BinarySearch(p.signed, twin); ok || strings.HasPrefix(twin, "x-amz-") {
				return failf(Mismatch, "Header '%s' could be read as '%s'.", name, twin)
			}
		case len(name) > len("x-amz-") && isName(name[:len("x-amz-")], "x-amz-"):
			if p.unsigned == "" && !isName(name, "x-amz-content-sha256") {
				p.unsigned = lowerASCII(name)
			}
		}
	}
	for i, name := range p.signed {
		if name == "host" {
			p.values[i] = p.req.Host
		} else if !seen[i] {
			return failf(Mismatch, "Header '%s' is signed and was not sent.", name)
		}
	}
	return nil
}

// ServiceOf returns the service in the credential scope of a request, without checking anything, so that
// a listener can tell whom the request is for. It returns "" when there is none.
func ServiceOf(authorization, rawQuery string) string {
	_, credential, ok := strings.Cut(authorization, "Credential=")
	if !ok {
		for part := range strings.SplitSeq(rawQuery, "&") {
			name, value, _ := strings.Cut(part, "=")
			if name == "X-Amz-Credential" {
				coded, f := recode(value)
				if f != nil {
					return ""
				}
				credential = decode(coded)
			}
		}
	}
	credential, _, _ = strings.Cut(credential, ",")
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[len(parts)-2]
}
