package sts

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/store"
)

// WebTokens verifies tokens of identity providers.
type WebTokens interface {
	// Verify checks the signature and the times of a token against the keys of an issuer (a URL without its
	// scheme) and returns its claims. The errors are ErrWebTokenExpired, ErrWebKeys when the keys cannot be
	// had, and others for a token that is not good.
	Verify(ctx context.Context, issuer, token string) (WebClaims, error)
}

// WebClaims are the claims that matter here.
type WebClaims struct {
	// Issuer is the iss claim with its scheme.
	Issuer, Subject string
	Audience        []string
	// Party is the azp claim: with it, the audience that a provider must accept is this one.
	Party string
	AMR   []string
}

// The errors of WebTokens that are told apart.
var (
	ErrWebTokenExpired = errors.New("the token has expired")
	ErrWebKeys         = errors.New("the keys of the identity provider cannot be had")
)

// AssumeRoleWithWebIdentity gives whoever holds a token of an identity provider credentials of a role that
// trusts the provider. The call is not signed.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in *api.AssumeRoleWithWebIdentityInput) (*api.AssumeRoleWithWebIdentityResponse, error) {
	if in.ProviderId != nil {
		return nil, badParameter("ProviderId is for www.amazon.com and graph.facebook.com, which are not offered by this server.")
	}
	issuer, err := issuerOf(in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	var provider identity.OIDCProvider
	err = s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		provider, err = s.c.Tables.OIDCProviders.Get(tx, s.scope, strings.TrimPrefix(issuer, "https://"))
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && issuer != "https://"+provider.URL {
		return nil, badToken("No OpenIDConnect provider found in your account for %s", issuer)
	}
	if err != nil {
		return nil, err
	}
	if s.c.WebTokens == nil {
		return nil, refuse(http.StatusBadRequest, "IDPCommunicationError", "This server does not fetch the keys of identity providers yet.")
	}
	claims, err := s.c.WebTokens.Verify(ctx, provider.URL, in.WebIdentityToken)
	switch {
	case errors.Is(err, ErrWebTokenExpired):
		return nil, refuse(http.StatusBadRequest, "ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time")
	case errors.Is(err, ErrWebKeys):
		return nil, badToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	case err != nil || claims.Issuer != issuer || claims.Subject == "":
		return nil, badToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	audience := claims.Audience
	if claims.Party != "" {
		audience = []string{claims.Party}
	}
	i := slices.IndexFunc(audience, func(a string) bool { return slices.Contains(provider.Clients, a) })
	if i < 0 {
		return nil, badToken("Incorrect token audience")
	}
	return s.assumeWeb(ctx, in, &provider, &claims, audience[i])
}

func (s *Service) assumeWeb(ctx context.Context, in *api.AssumeRoleWithWebIdentityInput, p *identity.OIDCProvider, claims *WebClaims, audience string) (*api.AssumeRoleWithWebIdentityResponse, error) {
	a := &assumption{
		role: in.RoleArn, name: in.RoleSessionName, action: "sts:AssumeRoleWithWebIdentity",
		subject: &policy.Caller{Type: policy.WebIdentity, Provider: p.ARN}, context: identity.ConditionsFrom(ctx),
		duration: in.DurationSeconds, longest: longestWeb,
	}
	if err := a.session.limit(in.Policy, in.PolicyArns); err != nil {
		return nil, err
	}
	a.session.Provider = p.ARN
	a.session.Web = map[string][]string{p.URL + ":aud": {audience}, p.URL + ":sub": {claims.Subject}}
	if len(claims.AMR) > 0 {
		a.session.Web[p.URL+":amr"] = claims.AMR
	}
	a.context.FederatedProvider = p.ARN
	a.context.More = append(a.context.More, identity.Attributes(a.session.Web)...)
	creds, err := s.assume(ctx, a)
	if err != nil {
		return nil, err
	}
	out := &api.AssumeRoleWithWebIdentityResponse{
		Credentials: creds, AssumedRoleUser: a.user, SubjectFromWebIdentityToken: &claims.Subject, Provider: &p.ARN, Audience: &audience,
	}
	out.PackedPolicySize, err = packedSize(&a.session.Session)
	return out, err
}

// longestWeb is the limit of any role session.
const longestWeb = 12 * defaultSession

func badToken(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "InvalidIdentityToken", format, args...)
}

// maxToken is the longest token that is looked at [docs].
const maxToken = 20000

// issuerOf reads the issuer of a token that nobody has verified yet, to find out whose keys to verify it with.
func issuerOf(token string) (string, error) {
	notJWT := badToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 {
		return "", notJWT
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return "", notJWT
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil || claims.Issuer == "" {
		return "", notJWT
	}
	return claims.Issuer, nil
}
