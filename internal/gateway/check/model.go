package check

import (
	"context"
	"strings"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// Model holds the body against the model of its content type, when the method's validator asks for it ("Request
// validation for REST APIs"). A request without a content type counts as JSON; one whose type has no model, and
// there is none for $default, is not validated [docs].
func Model(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	contentType, _ := x.Request.Header.Get("Content-Type")
	contentType, _, _ = strings.Cut(contentType, ";")
	contentType = strings.ToLower(strings.TrimSpace(contentType))
	if contentType == "" {
		contentType = "application/json"
	}
	schema := x.Route.Models[contentType]
	if schema == nil {
		schema = x.Route.Models["$default"]
	}
	if schema == nil {
		return verdict.Yes
	}
	if wrong := schema.Validate(x.Request.Body); wrong != nil {
		return verdict.Refuse(verdict.BadRequestBody, verdict.BodyInvalid, "["+strings.Join(wrong, ", ")+"]")
	}
	return verdict.Allowed(verdict.BodyValid, contentType)
}
