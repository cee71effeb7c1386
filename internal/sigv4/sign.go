package sigv4

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/seal"
)

// Credentials are what a client signs with.
type Credentials struct {
	KeyID  string
	Secret seal.Secret
	// Token belongs to temporary credentials.
	Token           string
	Region, Service string
}

// Field is a header field.
type Field struct{ Name, Value string }

// Sign returns the header fields to add to a request: X-Amz-Date, X-Amz-Security-Token if there is a
// token, and Authorization. It signs every header that a request has but those that proxies change.
func Sign(r *Request, c Credentials, at time.Time) ([]Field, *Failure) {
	date := at.UTC().Format(layout)
	add := []Field{{"X-Amz-Date", date}}
	if c.Token != "" {
		add = append(add, Field{"X-Amz-Security-Token", c.Token})
	}
	query, f := parseQuery(r.RawQuery)
	if f != nil {
		return nil, f
	}
	signed, values := r.toSign(add)
	signature := c.sign(r, date, canonicalQuery(query), signed, values)
	return append(add, Field{"Authorization", algorithm + " Credential=" + c.KeyID + "/" + c.scope(date) +
		", SignedHeaders=" + strings.Join(signed, ";") + ", Signature=" + signature}), nil
}

// Presign returns the query string of a request that may be sent by anybody until it expires.
func Presign(r *Request, c Credentials, at time.Time, expires time.Duration) (string, *Failure) {
	date := at.UTC().Format(layout)
	signed, values := r.toSign(nil)
	raw := r.RawQuery
	for _, p := range []parameter{
		{"X-Amz-Algorithm", algorithm},
		{"X-Amz-Credential", c.KeyID + "/" + c.scope(date)},
		{"X-Amz-Date", date},
		{"X-Amz-Expires", strconv.FormatInt(int64(expires/time.Second), 10)},
		{"X-Amz-SignedHeaders", strings.Join(signed, ";")},
		{"X-Amz-Security-Token", c.Token},
	} {
		if p.value == "" {
			continue
		}
		if raw != "" {
			raw += "&"
		}
		raw += p.name + "=" + string(appendEncoded(nil, p.value, false))
	}
	query, f := parseQuery(raw)
	if f != nil {
		return "", f
	}
	return raw + "&X-Amz-Signature=" + c.sign(r, date, canonicalQuery(query), signed, values), nil
}

func (c *Credentials) scope(date string) string {
	return date[:len(day)] + "/" + c.Region + "/" + c.Service + "/" + terminator
}

func (c *Credentials) sign(r *Request, date string, query []byte, signed, values []string) string {
	key := derive(c.Secret, date[:len(day)], c.Region, c.Service)
	text := stringToSign(date, c.scope(date), canonical(r, query, signed, values))
	return hex.EncodeToString(sum(key[:], text))
}

// toSign returns the names and values of the headers to sign, sorted by name.
func (r *Request) toSign(add []Field) (names, values []string) {
	byName := map[string]string{"host": r.Host}
	note := func(name, value string) {
		name, value = lowerASCII(name), strings.Trim(value, " \t")
		if slices.Contains(neverSigned, name) || name == "host" {
			return
		}
		if old, ok := byName[name]; ok {
			value = old + "," + value
		}
		byName[name] = value
		names = append(names, name)
	}
	for name, value := range r.fields() {
		note(name, value)
	}
	for _, f := range add {
		note(f.Name, f.Value)
	}
	names = append(names, "host")
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		values = append(values, byName[name])
	}
	return names, values
}

// neverSigned are the headers that botocore leaves out because the way to a server may change them.
var neverSigned = []string{
	"authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
	"trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
}
