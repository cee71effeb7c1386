package gateway

import (
	"context"

	"gatehouse/internal/gateway/check"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Gate is one line of the order of checks.
type Gate struct {
	Name string
	Need snapshot.Need
	Run  check.Func
}

// Order is read downwards; the first refusal wins.
type Order []Gate

// RESTOrder is the order in which API Gateway checks a call of a REST API: steps 4-14 of the pipeline that
// the developer guide and the execution logs show ("$context variables", phases waf → authenticate →
// authorizer → authorize → integration; API key and plan after the authorizer). Moving a line is the change
// of behaviour.
var RESTOrder = Order{
	{"client certificate", snapshot.NeedClientCert, check.ClientCert},  // custom domain with mTLS
	{"request filter", snapshot.NeedFilter, check.Filter},              // WAF: before every other control
	{"endpoint policy", snapshot.NeedEndpoint, check.Endpoint},         // private APIs
	{"signature", snapshot.NeedSignature, check.Signature},             // AWS_IAM: who signed?
	{"resource policy: first", snapshot.NeedPolicy, check.PolicyFirst}, // NONE: full; CUSTOM: explicit deny spares the authorizer
	{"authorizer", snapshot.NeedAuthorizer, check.Authorizer},          // CUSTOM | COGNITO_USER_POOLS
	{"authorization", snapshot.NeedDecision, check.Authorization},      // identity × resource policy
	{"api key", snapshot.NeedKey, check.APIKey},                        // source HEADER or AUTHORIZER
	{"plan throttle and quota", snapshot.NeedPlan, check.Plan},         // per client and method, then quota
	{"stage throttle", snapshot.NeedThrottle, check.Throttle},          // method → account
	{"request parameters", snapshot.NeedParams, check.Params},          // validator: parameters first
	{"request body", snapshot.NeedModel, check.Model},                  // then JSON schema (draft 4)
	{"cache invalidation", snapshot.NeedCache, check.CacheControl},     // who may send Cache-Control: max-age=0
}

// judge walks the order.
func (g *Gateway) judge(ctx context.Context, o Order, x *exchange.Exchange) verdict.Decision {
	needs := x.Route.Needs
	if g.env.Account != nil {
		needs |= snapshot.NeedThrottle
	}
	for i := range o {
		if !needs.Has(o[i].Need) {
			continue
		}
		d := o[i].Run(&g.env, ctx, x)
		x.Trace.Note(o[i].Name, d)
		if d.Refused() {
			return d
		}
	}
	return verdict.Yes
}
