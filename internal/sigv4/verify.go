package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/seal"
)

// Expected is what a verifier demands of a signature before it looks up the key.
type Expected struct {
	// Region and Service must be those of the credential scope.
	Region, Service string
	// Skew is how far the clocks may be apart: 15 minutes for control planes, 5 for execute-api. A
	// difference of exactly Skew is let pass.
	Skew time.Duration
	// AmzUnsigned lets x-amz- headers pass that are not signed, as data planes must: content delivery
	// networks add such headers. The hash of the body need never be signed, it is verified anyway.
	AmzUnsigned bool
}

// Check tests what can be tested without the secret: time first, then the form and the scope of the
// credential. After it, KeyID and the other parts of the credential are set.
func (p *Presented) Check(now time.Time, want Expected) *Failure {
	if f := p.checkTime(now, want.Skew); f != nil {
		return f
	}
	parts := strings.Split(p.credential, "/")
	if len(parts) != 5 {
		return failf(Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", p.credential)
	}
	p.KeyID, p.Date, p.Region, p.Service = parts[0], parts[1], parts[2], parts[3]
	var wrong strings.Builder
	if p.Region != want.Region {
		wrong.WriteString("Credential should be scoped to a valid region, not '" + p.Region + "'. ")
	}
	if p.Service != want.Service {
		wrong.WriteString("Credential should be scoped to correct service: '" + want.Service + "'. ")
	}
	if parts[4] != terminator {
		wrong.WriteString("Credential should be scoped with a valid terminator: '" + terminator + "', not '" + parts[4] + "'. ")
	}
	if p.Date != p.date[:len(day)] {
		wrong.WriteString("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			p.Date + "' != '" + p.date[:len(day)] + "', from '" + p.date + "'.")
	}
	if wrong.Len() > 0 {
		return failf(Mismatch, "%s", wrong.String())
	}
	if p.unsigned != "" && !want.AmzUnsigned {
		return failf(Mismatch, "'%s' must be a 'SignedHeader' in the AWS Authorization.", p.unsigned)
	}
	return nil
}

func (p *Presented) checkTime(now time.Time, skew time.Duration) *Failure {
	life := skew
	if p.Expires > 0 {
		life = p.Expires
	}
	minutes := func(d time.Duration) string {
		if d%time.Minute == 0 {
			return strconv.FormatInt(int64(d/time.Minute), 10) + " min."
		}
		return strconv.FormatInt(int64(d/time.Second), 10) + " sec."
	}
	at, t := p.date, now.UTC()
	switch {
	case t.After(p.At.Add(life)):
		return failf(Mismatch, "Signature expired: %s is now earlier than %s (%s - %s)",
			at, t.Add(-life).Format(layout), t.Format(layout), minutes(life))
	case p.At.After(t.Add(skew)):
		return failf(Mismatch, "Signature not yet current: %s is still later than %s (%s + %s)",
			at, t.Add(skew).Format(layout), t.Format(layout), minutes(skew))
	}
	return nil
}

// Verify tests the signature, and the hash of the body where the client sent one. keys may be nil; it
// then derives the signing key anew.
func (p *Presented) Verify(secret seal.Secret, keys *Keys) *Failure {
	c := canonical(p.req, p.query, p.signed, p.values)
	scope := p.Date + "/" + p.Region + "/" + p.Service + "/" + terminator
	text := stringToSign(p.date, scope, c)
	key := keys.get(p.KeyID, secret, p.Date, p.Region, p.Service)
	var want [2 * sha256.Size]byte
	hex.Encode(want[:], sum(key[:], text))
	if subtle.ConstantTimeCompare(want[:], []byte(p.signature)) != 1 || secret.IsZero() {
		return &Failure{
			Code: Mismatch,
			Message: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. " +
				"Consult the service documentation for details.",
			Canonical: string(c), StringToSign: string(text),
		}
	}
	if p.hash != "" && strings.Trim(p.hash, " \t") != hex.EncodeToString(p.req.PayloadHash[:]) {
		return failf(Mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return nil
}

func sum(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}
