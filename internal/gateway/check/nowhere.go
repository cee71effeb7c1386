package check

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// Nowhere answers for a path or verb that no resource declares. AWS verifies such a call as if the method
// were AWS_IAM: unsigned → Missing Authentication Token, another scheme → IncompleteSignature, badly signed →
// the signature's own errors, well signed → 404 [recorded, observed].
func Nowhere(env *Env, ctx context.Context, x *exchange.Exchange) verdict.Decision {
	if _, d := verify(env, ctx, x.Request, x.Snapshot.Home()); d.Refused() {
		if d.Ref == "" {
			d.Ref = x.Method + " " + x.Path
		}
		return d
	}
	d := verdict.Refuse(verdict.ResourceNotFound, verdict.RouteNotFoundSigned, x.Method+" "+x.Path)
	d.Message = "No method found matching route " + strings.TrimPrefix(x.Path, "/") + " for http method " + x.Method + "."
	return d
}

// unsigned answers for a request that carries no AWS signature: none at all, or an Authorization header of
// another scheme.
func unsigned(r *exchange.Request) (verdict.Decision, bool) {
	header, ok := r.Header.Get("Authorization")
	if !ok || header == "" {
		if strings.Contains(r.RawQuery, "X-Amz-Signature=") || strings.Contains(r.RawQuery, "X-Amz-Credential=") {
			return verdict.Decision{}, false
		}
		return verdict.Refuse(verdict.MissingAuthenticationToken, verdict.SignatureMissing, ""), true
	}
	if strings.HasPrefix(header, "AWS4-") {
		return verdict.Decision{}, false
	}
	// The header is echoed as a hash since 2024; before, AWS echoed the token itself [observed].
	sum := sha256.Sum256([]byte(header))
	d := verdict.Refuse(verdict.IncompleteSignature, verdict.SignatureMalformed, "")
	d.Message = "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'."
	return d, true
}
