package apigw

import (
	"slices"
	"strconv"
	"strings"
)

// The authorizer types.
const (
	AuthorizerToken   = "TOKEN"
	AuthorizerRequest = "REQUEST"
	AuthorizerCognito = "COGNITO_USER_POOLS"
)

const (
	// DefaultTTL is used by authorizers without a time to live, in seconds [docs].
	DefaultTTL = 300
	maxTTL     = 3600
)

// Check refuses an authorizer that could not decide about a request. The texts are inferred but for the
// time to live.
func (a *Authorizer) Check() error {
	if a.Name == "" {
		return Refuse(BadRequest, "Authorizer name cannot be empty")
	}
	if t := a.TTLSeconds; t != nil && (*t < 0 || *t > maxTTL) {
		return Refuse(BadRequest, "Invalid Authorizer TTL: %d. Authorizer TTL must be between 0 and %d seconds", *t, maxTTL)
	}
	switch a.Type {
	case AuthorizerToken:
		if !strings.HasPrefix(a.IdentitySource, "method.request.header.") || strings.Contains(a.IdentitySource, ",") {
			return Refuse(BadRequest, "Invalid identity source for the authorizer: a TOKEN authorizer needs one method.request.header")
		}
	case AuthorizerRequest:
		// Without caching the identity sources are optional [docs].
		if a.IdentitySource == "" {
			if a.TTLSeconds == nil || *a.TTLSeconds != 0 {
				return Refuse(BadRequest, "Identity source cannot be empty when caching is enabled for a REQUEST authorizer")
			}
			break
		}
		for _, source := range strings.Split(a.IdentitySource, ",") {
			if !identitySource(strings.TrimSpace(source)) {
				return Refuse(BadRequest, "Invalid identity source for the authorizer: %s", source)
			}
		}
	case AuthorizerCognito:
		if len(a.ProviderARNs) == 0 {
			return Refuse(BadRequest, "At least one Cognito user pool ARN is required for the authorizer")
		}
		return nil
	default:
		return Refuse(BadRequest, "Invalid authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS")
	}
	if !strings.HasPrefix(a.URI, "arn:") {
		return Refuse(BadRequest, "Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", a.URI)
	}
	return nil
}

func identitySource(s string) bool {
	for _, prefix := range []string{"method.request.header.", "method.request.querystring.", "stageVariables.", "context."} {
		if name, ok := strings.CutPrefix(s, prefix); ok {
			return name != ""
		}
	}
	return false
}

// PatchAuthorizer applies UpdateAuthorizer.
func PatchAuthorizer(a Authorizer, ops []PatchOp) (Authorizer, error) {
	if err := patch(&a, ops, authorizerRules, listed); err != nil {
		return Authorizer{}, err
	}
	return a, a.Check()
}

var authorizerRules = []rule[Authorizer]{
	{path: "/name", replace: text(func(a *Authorizer) *string { return &a.Name })},
	{path: "/type", replace: text(func(a *Authorizer) *string { return &a.Type })},
	{path: "/authType", replace: text(func(a *Authorizer) *string { return &a.AuthType })},
	{path: "/authorizerUri", replace: text(func(a *Authorizer) *string { return &a.URI })},
	{path: "/authorizerCredentials", replace: text(func(a *Authorizer) *string { return &a.Credentials })},
	{path: "/identitySource", replace: text(func(a *Authorizer) *string { return &a.IdentitySource })},
	{path: "/identityValidationExpression", replace: text(func(a *Authorizer) *string { return &a.ValidationExpr })},
	{path: "/authorizerResultTtlInSeconds", replace: func(a *Authorizer, _, value string) error {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return Refuse(BadRequest, "Invalid Authorizer TTL: %s. Authorizer TTL must be between 0 and %d seconds", value, maxTTL)
		}
		ttl := int32(n)
		a.TTLSeconds = &ttl
		return nil
	}},
	{
		path: "/providerARNs",
		add: func(a *Authorizer, _, value string) error {
			a.ProviderARNs = addTo(a.ProviderARNs, value)
			return nil
		},
		remove: func(a *Authorizer, _, value string) error {
			if !slices.Contains(a.ProviderARNs, value) {
				return Refuse(NotFound, "Invalid provider ARN specified")
			}
			a.ProviderARNs = dropFrom(a.ProviderARNs, value)
			return nil
		},
	},
}
