package sts_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	awsiam "gatehouse/internal/awsapi/iam"
	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/identity"
	"gatehouse/internal/service/sts"
)

// tokens answers for an identity provider.
type tokens struct {
	claims sts.WebClaims
	err    error
	issuer string
}

func (w *tokens) Verify(_ context.Context, issuer, _ string) (sts.WebClaims, error) {
	w.issuer = issuer
	return w.claims, w.err
}

const issuer = "https://id.example.com/realm"

// token has an issuer, and a signature that only the tokens above know.
func token(issuer string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc([]byte(`{"iss":"`+issuer+`","sub":"s"}`)) + "." + enc([]byte("signature"))
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	const federated = `{"Federated":"arn:aws:iam::123456789012:oidc-provider/id.example.com/realm"}`
	const web, mine = `"sts:AssumeRoleWithWebIdentity"`, `{"StringEquals":{"id.example.com/realm:aud":"app","id.example.com/realm:sub":"s"}}`
	good := sts.WebClaims{Issuer: issuer, Subject: "s", Audience: []string{"app"}}
	for name, tt := range map[string]struct {
		tokens     *tokens
		trust      string
		in         api.AssumeRoleWithWebIdentityInput
		code, text string
	}{
		"good":                    {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "", ""},
		"no verifier":             {nil, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "IDPCommunicationError", ""},
		"no JWT":                  {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{WebIdentityToken: "abcd"}, "InvalidIdentityToken", ""},
		"no issuer":               {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{WebIdentityToken: "e30.e30.e30"}, "InvalidIdentityToken", ""},
		"very long":               {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{WebIdentityToken: token(issuer) + strings.Repeat("A", 20000)}, "InvalidIdentityToken", ""},
		"another issuer":          {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{WebIdentityToken: token("https://evil.example.com")}, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://evil.example.com"},
		"issuer without scheme":   {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{WebIdentityToken: token("id.example.com/realm")}, "InvalidIdentityToken", ""},
		"issuer with a slash":     {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{WebIdentityToken: token(issuer + "/")}, "InvalidIdentityToken", ""},
		"bad signature":           {&tokens{err: errors.New("no")}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "InvalidIdentityToken", ""},
		"expired":                 {&tokens{err: sts.ErrWebTokenExpired}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "ExpiredTokenException", ""},
		"no keys":                 {&tokens{err: sts.ErrWebKeys}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "InvalidIdentityToken", ""},
		"verified another issuer": {&tokens{claims: sts.WebClaims{Issuer: "https://evil.example.com", Subject: "s", Audience: []string{"app"}}}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "InvalidIdentityToken", ""},
		"no subject":              {&tokens{claims: sts.WebClaims{Issuer: issuer, Audience: []string{"app"}}}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "InvalidIdentityToken", ""},
		"another audience":        {&tokens{claims: sts.WebClaims{Issuer: issuer, Subject: "s", Audience: []string{"App"}}}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "InvalidIdentityToken", "Incorrect token audience"},
		"another party":           {&tokens{claims: sts.WebClaims{Issuer: issuer, Subject: "s", Audience: []string{"app"}, Party: "evil"}}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "InvalidIdentityToken", "Incorrect token audience"},
		"another subject":         {&tokens{claims: sts.WebClaims{Issuer: issuer, Subject: "t", Audience: []string{"app"}}}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another provider":        {&tokens{claims: good}, trust(`{"Federated":"arn:aws:iam::123456789012:oidc-provider/other.example.com"}`, web, ""), api.AssumeRoleWithWebIdentityInput{}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"trusts users only":       {&tokens{claims: good}, trust(house1, assume, ""), api.AssumeRoleWithWebIdentityInput{}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"no role":                 {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{RoleArn: "arn:aws:iam::123456789012:role/None"}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"too long a session":      {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{DurationSeconds: new(int32(3601))}, "ValidationError", ""},
		"another kind":            {&tokens{claims: good}, trust(federated, web, mine), api.AssumeRoleWithWebIdentityInput{ProviderId: new("www.amazon.com")}, "InvalidParameterValue", ""},
	} {
		var verifier sts.WebTokens
		if tt.tokens != nil {
			verifier = tt.tokens
		}
		h := newHouse(t, verifier)
		_, err := h.iam.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{Url: issuer, ClientIDList: []string{"other", "app"}})
		h.ok(err)
		if role := h.role("R", tt.trust); tt.in.RoleArn == "" {
			tt.in.RoleArn = role
		}
		if tt.in.WebIdentityToken == "" {
			tt.in.WebIdentityToken = token(issuer)
		}
		tt.in.RoleSessionName = "web"
		// The door calls with an unsigned caller.
		out, err := h.AssumeRoleWithWebIdentity(identity.WithCaller(t.Context(), &identity.Caller{}), &tt.in)
		if refused(t, name, err, tt.code, tt.text); tt.code != "" || err != nil {
			continue
		}
		if *out.Audience != "app" || *out.SubjectFromWebIdentityToken != "s" || *out.Provider != "arn:aws:iam::123456789012:oidc-provider/id.example.com/realm" || tt.tokens.issuer != "id.example.com/realm" {
			t.Errorf("%s: got %v", name, out)
		}
		c := identity.CallerFrom(h.with(out.Credentials))
		if c.ARN != "arn:aws:sts::123456789012:assumed-role/R/web" || c.Session.Provider != *out.Provider || c.Session.Web["id.example.com/realm:sub"][0] != "s" {
			t.Errorf("%s: got caller %s, %v", name, c.ARN, c.Session)
		}
	}
}
