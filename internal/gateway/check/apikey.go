package check

import (
	"context"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// APIKey wants a known and enabled key that is in a usage plan of the stage ("API keys", API Gateway
// guide). Every way to miss gets the same answer. A key that is sent twice is refused: first-or-last is
// how filters in front are fooled.
func APIKey(env *Env, ctx context.Context, x *exchange.Exchange) verdict.Decision {
	refuse := func(r verdict.Reason, ref string) verdict.Decision {
		return verdict.Refuse(verdict.InvalidAPIKey, r, ref)
	}
	if len(x.Route.Unmodelled) > 0 && x.Route.KeySource != "HEADER" {
		return notEnforced(verdict.InvalidAPIKey, x)
	}
	value, ok := x.Request.Header.Get("x-api-key")
	if !ok || value == "" {
		return refuse(verdict.KeyMissing, "")
	}
	if x.Request.Header.Count("x-api-key") > 1 {
		return refuse(verdict.KeyAmbiguous, "")
	}
	key, ok, err := env.Keys.FindKey(ctx, value)
	if err != nil {
		return verdict.Refuse(verdict.APIConfigurationError, verdict.DirectoryDown, err.Error())
	}
	if !ok {
		return refuse(verdict.KeyUnknown, "")
	}
	if !key.Enabled {
		return refuse(verdict.KeyDisabled, string(key.ID))
	}
	for i := range key.Plans {
		// A key is in one plan per stage at most; AWS refuses the second association.
		if plan := x.Stage.Plans[key.Plans[i].Plan]; plan != nil {
			x.Key = exchange.Key{ID: key.ID, Name: key.Name, Value: value, Plan: plan, Joined: key.Plans[i].Created}
			return verdict.Allowed(verdict.KeyAccepted, string(key.ID))
		}
	}
	return refuse(verdict.KeyNotInPlan, string(key.ID))
}
