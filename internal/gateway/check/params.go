package check

import (
	"context"
	"strings"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// Params wants the request parameters that the method declares as required, when its validator asks for
// them. A blank value counts as missing.
func Params(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	var missing []string
	for _, p := range x.Route.Required {
		if v, ok := x.Value(p.Place, p.Name); !ok || strings.TrimSpace(v) == "" {
			missing = append(missing, p.Name)
		}
	}
	if missing == nil {
		return verdict.Yes
	}
	d := verdict.Refuse(verdict.BadRequestParameters, verdict.ParameterMissing, strings.Join(missing, ", "))
	d.Message = "Missing required request parameters: [" + d.Ref + "]"
	return d
}
