package check

import (
	"context"
	"strings"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// The checks in this file stand for controls that this version does not evaluate yet. They refuse every
// request to a route that declares the control, whatever the request carries: the operator who accepted
// the control by name gets a closed route, never an open one.

// ClientCert refuses: mutual TLS is not evaluated yet.
func ClientCert(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	return notEnforced(verdict.Forbidden, x)
}

// Filter refuses: web ACLs are not evaluated yet.
func Filter(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	return notEnforced(verdict.WAFFiltered, x)
}

// Authorizer refuses: Lambda and user-pool authorizers are not called yet.
func Authorizer(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	return notEnforced(verdict.AuthorizerConfigurationError, x)
}

// CacheControl refuses: stages have no cache yet.
func CacheControl(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	return notEnforced(verdict.APIConfigurationError, x)
}

func notEnforced(k verdict.Kind, x *exchange.Exchange) verdict.Decision {
	return verdict.Refuse(k, verdict.NotEnforced, strings.Join(x.Route.Unmodelled, ", "))
}
