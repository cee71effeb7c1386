package check

import (
	"context"

	"gatehouse/internal/apigw"
	"gatehouse/internal/arn"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/verdict"
)

// Endpoint asks the policy of the VPC endpoint that a call came through, before everything else of a private
// API. Who calls is what the Authorization header proves: nothing is anonymous, a bad signature is refused
// ("Use VPC endpoint policies for private APIs", API Gateway guide).
func Endpoint(env *Env, ctx context.Context, x *exchange.Exchange) verdict.Decision {
	if x.Stage.Private && x.Request.VPCEndpoint == "" {
		// Find has refused such a call already; a private API must not depend on that alone.
		return verdict.Refuse(verdict.Forbidden, verdict.PrivateAPI, "")
	}
	p, known := x.Snapshot.EndpointPolicy(x.Request.VPCEndpoint)
	if !known {
		return verdict.Refuse(verdict.Forbidden, verdict.PrivateAPI, x.Request.VPCEndpoint+" is not known")
	}
	if p == nil {
		return verdict.Yes
	}
	if _, none := unsigned(x.Request); !none || env.Assume != nil {
		caller, d := verify(env, ctx, x.Request, x.Snapshot.Home())
		if d.Refused() {
			return d
		}
		x.Caller = caller
	}
	q := ask(x, policy.None)
	return decided(x, q, policy.AtEndpoint(&q.Request, p))
}

// PolicyFirst asks the resource policy before any authorizer: for NONE it decides alone and must allow; for a
// Lambda authorizer an explicit deny spares the call ("How resource policies affect authorization workflow").
func PolicyFirst(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	switch x.Route.Auth {
	case apigw.AuthNone:
		q := ask(x, policy.None)
		return decided(x, q, policy.Authorize(policy.None, &q.Request, &q.Layers))
	case apigw.AuthCustom:
		q := ask(x, policy.Custom)
		if d, deny := policy.First(&q.Request, q.Layers.Resource); deny {
			return decided(x, q, d)
		}
	}
	return verdict.Yes
}

// Authorization combines the caller's policies with the resource policy: table A in one account, table B across
// accounts.
func Authorization(_ *Env, _ context.Context, x *exchange.Exchange) verdict.Decision {
	if x.Route.Auth != apigw.AuthIAM || x.Caller == nil {
		// Authorizers are not called yet; their check has refused before this one.
		return notEnforced(verdict.AccessDenied, x)
	}
	q := ask(x, policy.IAM)
	return decided(x, q, policy.Authorize(policy.IAM, &q.Request, &q.Layers))
}

// invoke is the action of every call of an API.
var invoke = func() policy.Action {
	a, err := policy.ParseAction("execute-api:Invoke")
	if err != nil {
		panic(err) // a constant text
	}
	return a
}()

// ask puts the question that the policies of a call are asked. Every value comes from the socket, the verified
// signature or the gateway, but for user agent and referer, which policies know to be the client's words.
func ask(x *exchange.Exchange, auth policy.AuthType) *exchange.Question {
	if x.Asked != nil && x.Asked.Auth == auth && (x.Caller == nil) == (x.Asked.Request.Caller == nil) {
		return x.Asked
	}
	home := x.Snapshot.Home()
	q := &exchange.Question{Auth: auth}
	q.Context = condition.Context{
		Time: x.Request.At, SecureTransport: condition.True, RequestedRegion: string(home.Region), ResourceAccount: string(home.Account),
	}
	if x.Request.VPCEndpoint != "" {
		q.Context.VPCSourceIP, q.Context.SourceVPCE, q.Context.SourceVPC = x.Request.Peer, x.Request.VPCEndpoint, x.Request.VPC
	} else {
		q.Context.SourceIP = x.Request.Peer
	}
	q.Context.UserAgent, _ = x.Request.Header.Get("User-Agent")
	q.Context.Referer, _ = x.Request.Header.Get("Referer")
	x.Caller.Describe(&q.Context)
	q.Request = policy.Request{
		Action: invoke, Resource: resource(x), Owner: string(home.Account), Context: &q.Context,
	}
	if x.Caller != nil {
		q.Request.Caller = x.Caller.Subject
		q.Layers.Caller = x.Caller.Policies
	}
	q.Layers.Resource, q.Layers.Private = x.Stage.Policy, x.Stage.Private
	x.Asked = q
	return q
}

// resource is the ARN of what is called: the verb and the path that were used, never the template.
func resource(x *exchange.Exchange) arn.ARN {
	home := x.Snapshot.Home()
	return arn.ARN{
		Partition: string(home.Partition), Service: "execute-api", Region: string(home.Region), Account: string(home.Account),
		Resource: string(x.Stage.API) + "/" + string(x.Stage.Name) + "/" + x.Method + x.Path,
	}
}

// decided makes the verdict of a policy decision, with AWS's sentence for the caller: the account of the API is
// masked, the caller's is not [observed].
func decided(x *exchange.Exchange, q *exchange.Question, d policy.Decision) verdict.Decision {
	ref := d.Policy
	if d.Sid != "" {
		ref += " " + d.Sid
	}
	if ref == "" {
		ref = d.Layer.String()
	}
	if d.Allowed() {
		return verdict.Allowed(verdict.PolicyAllowed, ref)
	}
	reason := verdict.PolicyImplicitDeny
	if d.Effect == policy.Deny {
		reason = verdict.PolicyExplicitDeny
	}
	out := verdict.Refuse(verdict.AccessDenied, reason, ref)
	caller := q.Request.Caller
	if q.Auth != policy.IAM {
		caller = nil
	}
	out.Message = d.Message(caller, invoke, policy.MaskAccount(q.Request.Resource))
	return out
}
