package gateway_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/function"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/check"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/gateway/integration"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/seal"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

const (
	fnARN   = "arn:aws:lambda:us-east-1:123456789012:function:f"
	goodKey = "good-key-0123456789abcdef"
)

// house is a gateway with collaborators that a test sets.
type house struct {
	keys     map[string]check.KeyRecord
	keysErr  error
	outcome  check.Outcome
	spendErr error
	take     bool
	returned int
	invoked  int
	invoke   func(context.Context, function.Invocation) (function.Result, error)
	last     *exchange.Exchange

	method     apigw.Method
	definition func(*apigw.Definition)
	stage      func(*apigw.Stage)
	noGrant    bool
	endpoint   string
	used       int
}

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

func policyOf(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

// FindCaller knows a few users by their keys.
func (h *house) FindCaller(_ context.Context, key identity.AccessKeyID, _ string, _ time.Time) (*identity.Caller, error) {
	statement := map[identity.AccessKeyID]string{
		"AKIANOBODY":  `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
		"AKIADENIED":  `{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"no","Effect":"Deny","Action":"execute-api:Invoke","Resource":"*"}`,
		"AKIAALLOWED": `{"Sid":"yes","Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:*/dev/GET/*"}`,
	}[key]
	switch {
	case key == "ASIAEXPIRED":
		return nil, check.ErrExpiredCaller
	case key == "AKIADOWN":
		return nil, errors.New("disk")
	case statement == "":
		return nil, check.ErrUnknownCaller
	}
	p, err := policy.Load(policyOf(statement), policy.Identity, "inline")
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(strings.TrimPrefix(string(key), "AKIA"))
	return identity.NewCaller(identity.Principal{
		Kind: identity.IAMUser, Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/" + name, ID: "AIDA" + name, Name: name, Key: key,
	}, seal.Hide(secret), &policy.Set{Identity: []*policy.Policy{p}}), nil
}

func (h *house) CallerUsed(*identity.Caller, time.Time) { h.used++ }

// signed is GET /dev/stores, signed.
func signed(key, secret string) *exchange.Request {
	r := get("/dev/stores")
	fields, f := sigv4.Sign(&sigv4.Request{Method: r.Method, RawPath: r.RawPath, Host: r.Host, PayloadHash: sigv4.HashPayload(nil)},
		sigv4.Credentials{KeyID: key, Secret: seal.Hide(secret), Region: "us-east-1", Service: "execute-api"}, r.At)
	if f != nil {
		panic(f.Message)
	}
	for _, h := range fields {
		r.Header = append(r.Header, exchange.Field{Name: h.Name, Value: h.Value})
	}
	return r
}

// through is a request that came through a VPC endpoint.
func through(r *exchange.Request) *exchange.Request {
	r.VPCEndpoint, r.VPC = "vpce-1", "vpc-1"
	r.Host = "api0000001.execute-api.us-east-1.amazonaws.com"
	return r
}

func (h *house) FindKey(_ context.Context, value string) (check.KeyRecord, bool, error) {
	k, ok := h.keys[value]
	return k, ok, h.keysErr
}

func (h *house) Spend(context.Context, time.Time, check.Charge) (check.Outcome, error) {
	return h.outcome, h.spendErr
}
func (h *house) Return(context.Context, time.Time, check.Charge) { h.returned++ }
func (h *house) Take(time.Time, string, *apigw.Limit) bool       { return h.take }
func (h *house) Invoke(ctx context.Context, _ *function.Config, call function.Invocation) (function.Result, error) {
	h.invoked++
	if h.invoke == nil {
		return function.Result{Payload: []byte(`{"statusCode":200,"body":"hello"}`)}, nil
	}
	return h.invoke(ctx, call)
}

func newHouse() *house {
	return &house{
		keys: map[string]check.KeyRecord{goodKey: {ID: "key0000001", Name: "freeKey", Enabled: true,
			Plans: []apigw.PlanKey{{Plan: "other1"}, {Plan: "plan01"}}}},
		take: true,
		method: apigw.Method{Verb: "GET", Auth: apigw.AuthNone, Integration: &apigw.Integration{Type: "AWS_PROXY", HTTPMethod: "POST",
			URI: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + fnARN + "/invocations"}},
	}
}

func (h *house) serve(r *exchange.Request) *exchange.Response {
	m := h.method
	def := apigw.Definition{
		API: apigw.RestAPI{ID: "api0000001"},
		Resources: []apigw.Resource{
			{API: "api0000001", ID: "root", Path: "/"},
			{API: "api0000001", ID: "res001", Path: "/stores", Methods: map[string]*apigw.Method{m.Verb: &m}},
		},
	}
	if h.definition != nil {
		h.definition(&def)
	}
	st := apigw.Stage{API: "api0000001", Name: "dev", Deployment: "dep001"}
	if h.stage != nil {
		h.stage(&st)
	}
	in := snapshot.Input{
		Home:   identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		Stages: []snapshot.StageInput{{Stage: st, Deployment: apigw.Deployment{ID: "dep001", Frozen: def}}},
		Plans: []apigw.UsagePlan{{ID: "plan01", Stages: []apigw.PlanStage{{API: "api0000001", Stage: "dev"}}},
			{ID: "other1", Stages: []apigw.PlanStage{{API: "api0000001", Stage: "prod"}}}},
		Functions: []snapshot.FunctionInput{{ARN: fnARN, Config: &function.Config{ARN: fnARN},
			Permissions: []function.Permission{{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction"}}}},
	}
	in.Endpoints = []snapshot.EndpointInput{{ID: "vpce-1", Policy: h.endpoint}}
	if h.noGrant {
		in.Functions[0].Permissions = nil
	}
	var live snapshot.Live
	live.Store(snapshot.Compile(in, nil))
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	g := gateway.New(gateway.Config{
		Live: &live, Env: check.Env{Keys: h, Counters: h, Callers: h, Wall: now},
		Backends: integration.Backends{Functions: h, Now: now},
		Record:   func(x *exchange.Exchange, _ *exchange.Response, _ time.Duration) { h.last = x },
		Trace:    true, Now: now,
	})
	return g.Serve(context.Background(), r, true)
}

func get(path string, header ...string) *exchange.Request {
	r := &exchange.Request{ID: "6fa5bd9e-0000-4000-8000-1234567890ab", ExtendedID: "AAAAAAAAAAAAAAA=", Method: "GET",
		Host: "127.0.0.1:3000", Peer: netip.MustParseAddr("192.0.2.7"), At: time.Unix(1_800_000_000, 0)}
	r.RawPath, r.RawQuery, _ = strings.Cut(path, "?")
	for i := 0; i < len(header); i += 2 {
		r.Header = append(r.Header, exchange.Field{Name: header[i], Value: header[i+1]})
	}
	return r
}

func header(r *exchange.Response, name string) string {
	v, _ := r.Header.Get(name)
	return v
}

// TestRefusals is the table of what must not get through, with the answer that the caller sees and the
// reason that the operator sees. Bodies and types: [recorded] and [observed], gateway responses of the guide.
func TestRefusals(t *testing.T) {
	withKey := func(h *house) { h.method.KeyRequired = true }
	iam := func(h *house) { h.method.Auth = apigw.AuthIAM }
	private := func(h *house) {
		h.definition = func(d *apigw.Definition) { d.API.Endpoint.Types = []string{"PRIVATE"} }
	}
	// rp gives the API a resource policy of some statements.
	rp := func(statements string) func(*house) {
		return func(h *house) {
			before := h.definition
			h.definition = func(d *apigw.Definition) {
				if before != nil {
					before(d)
				}
				d.API.Policy = policyOf(statements)
			}
		}
	}
	const allowAll = `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}`
	for _, c := range []struct {
		name   string
		set    func(*house)
		req    *exchange.Request
		status int
		typ    string
		body   string
		reason verdict.Reason
	}{
		{"no key", withKey, get("/dev/stores"), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyMissing},
		{"empty key", withKey, get("/dev/stores", "X-Api-Key", ""), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyMissing},
		{"unknown key", withKey, get("/dev/stores", "X-Api-Key", "nope"), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyUnknown},
		{"key with outer space", withKey, get("/dev/stores", "X-Api-Key", goodKey+" x"), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyUnknown},
		{"key twice", withKey, get("/dev/stores", "X-Api-Key", goodKey, "x-api-key", goodKey), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyAmbiguous},
		{"key with underscores", withKey, get("/dev/stores", "X_Api_Key", goodKey), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyMissing},
		{"key in the query", withKey, get("/dev/stores?x-api-key=" + goodKey), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyMissing},
		{"disabled key", func(h *house) {
			withKey(h)
			k := h.keys[goodKey]
			k.Enabled = false
			h.keys[goodKey] = k
		}, get("/dev/stores", "x-api-key", goodKey), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyDisabled},
		{"key in no plan of the stage", func(h *house) {
			withKey(h)
			h.keys[goodKey] = check.KeyRecord{ID: "k", Enabled: true, Plans: []apigw.PlanKey{{Plan: "other1"}}}
		}, get("/dev/stores", "x-api-key", goodKey), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.KeyNotInPlan},
		{"directory down", func(h *house) { withKey(h); h.keysErr = errors.New("disk") }, get("/dev/stores", "x-api-key", goodKey), 500,
			"InternalServerErrorException", `{"message": "Internal server error"}`, verdict.DirectoryDown},
		{"counters down", func(h *house) { withKey(h); h.spendErr = errors.New("disk") }, get("/dev/stores", "x-api-key", goodKey), 500,
			"InternalServerErrorException", `{"message": "Internal server error"}`, verdict.CountersDown},
		{"over the burst", func(h *house) { withKey(h); h.outcome = check.PlanThrottled }, get("/dev/stores", "x-api-key", goodKey), 429,
			"TooManyRequestsException", `{"message":"Too Many Requests"}`, verdict.PlanThrottled},
		{"over the method's burst", func(h *house) { withKey(h); h.outcome = check.MethodThrottled }, get("/dev/stores", "x-api-key", goodKey), 429,
			"TooManyRequestsException", `{"message":"Too Many Requests"}`, verdict.PlanMethodThrottled},
		{"over the quota", func(h *house) { withKey(h); h.outcome = check.QuotaSpent }, get("/dev/stores", "x-api-key", goodKey), 429,
			"LimitExceededException", `{"message":"Limit Exceeded"}`, verdict.PlanQuotaSpent},
		{"unknown stage", nil, get("/prod/stores"), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.UnknownStage},
		{"unknown path", nil, get("/dev/nothing"), 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`, verdict.SignatureMissing},
		{"wrong verb", nil, func() *exchange.Request { r := get("/dev/stores"); r.Method = "POST"; return r }(), 403,
			"MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`, verdict.SignatureMissing},
		{"verb by override", nil, get("/dev/stores", "X-HTTP-Method-Override", "POST"), 403, "MissingAuthenticationTokenException",
			`{"message":"Missing Authentication Token"}`, verdict.SignatureMissing},
		{"unknown path with a bearer token", nil, get("/dev/nothing", "Authorization", "Bearer x"), 403, "IncompleteSignatureException",
			`{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'uTem/WB082UJMN2ajD6lH6UChGpTAddMJSx2iu923No='."}`, verdict.SignatureMalformed},
		{"dot segment", nil, get("/dev/x/../stores"), 400, "BadRequestException", `{"message":"Bad Request"}`, verdict.Ambiguous},
		{"missing parameter", func(h *house) {
			h.method.Validator, h.method.Params = "v", map[string]bool{"method.request.querystring.page": true}
			h.definition = func(d *apigw.Definition) { d.Validators = []apigw.RequestValidator{{ID: "v", Params: true}} }
		}, get("/dev/stores?page="), 400, "BadRequestException", `{"message": "Missing required request parameters: [page]"}`, verdict.ParameterMissing},
		{"IAM, unsigned", iam, get("/dev/stores"), 403,
			"MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`, verdict.SignatureMissing},
		{"IAM, bearer token", iam, get("/dev/stores", "Authorization", "Bearer x"), 403, "IncompleteSignatureException",
			`{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'uTem/WB082UJMN2ajD6lH6UChGpTAddMJSx2iu923No='."}`, verdict.SignatureMalformed},
		{"IAM, unknown key", iam, signed("AKIAUNKNOWN", secret), 403, "UnrecognizedClientException",
			`{"message":"The security token included in the request is invalid."}`, verdict.CallerUnknown},
		{"IAM, expired session", iam, signed("ASIAEXPIRED", secret), 403, "ExpiredTokenException",
			`{"message":"The security token included in the request is expired"}`, verdict.CallerExpired},
		{"IAM, callers down", iam, signed("AKIADOWN", secret), 500, "InternalServerErrorException",
			`{"message": "Internal server error"}`, verdict.DirectoryDown},
		{"IAM, no policy", iam, signed("AKIANOBODY", secret), 403, "AccessDeniedException",
			`{"Message":"User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores because no identity-based policy allows the execute-api:Invoke action"}`, verdict.PolicyImplicitDeny},
		{"IAM, explicit deny", iam, signed("AKIADENIED", secret), 403, "AccessDeniedException",
			`{"Message":"User: arn:aws:iam::123456789012:user/denied is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores with an explicit deny in an identity-based policy"}`, verdict.PolicyExplicitDeny},
		{"resource policy silent for anonymous", rp(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/*"}`),
			get("/dev/stores"), 403, "AccessDeniedException",
			`{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores because no resource-based policy allows the execute-api:Invoke action"}`, verdict.PolicyImplicitDeny},
		{"resource policy denies the address", rp(allowAll + `,{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}`),
			get("/dev/stores"), 403, "AccessDeniedException",
			`{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores with an explicit deny in a resource-based policy"}`, verdict.PolicyExplicitDeny},
		{"resource policy that does not parse", rp(`{"Effect":"Perhaps"}`), get("/dev/stores"), 403, "AccessDeniedException",
			`{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores with an explicit deny in a resource-based policy"}`, verdict.PolicyExplicitDeny},
		{"resource policy denies before a Lambda authorizer", func(h *house) {
			rp(allowAll + `,{"Effect":"Deny","Principal":"*","Action":"*","Resource":"execute-api:/*"}`)(h)
			h.method.Auth = apigw.AuthCustom
		}, get("/dev/stores"), 403, "AccessDeniedException",
			`{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores with an explicit deny in a resource-based policy"}`, verdict.PolicyExplicitDeny},
		{"private API from outside", private, get("/dev/stores"), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.PrivateAPI},
		{"private API from outside, unknown path", private, get("/dev/nothing"), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.PrivateAPI},
		{"public API through an endpoint", nil, through(get("/dev/stores")), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.UnknownHost},
		{"private API through an unknown endpoint", func(h *house) { private(h); rp(allowAll)(h) },
			func() *exchange.Request { r := through(get("/dev/stores")); r.VPCEndpoint = "vpce-2"; return r }(), 403, "ForbiddenException", `{"message":"Forbidden"}`, verdict.PrivateAPI},
		{"private API without resource policy", private, through(get("/dev/stores")), 403, "AccessDeniedException",
			`{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores because no resource-based policy allows the execute-api:Invoke action"}`, verdict.PolicyImplicitDeny},
		{"private API, endpoint policy silent", func(h *house) {
			private(h)
			rp(allowAll)(h)
			h.endpoint = policyOf(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:other/*"}`)
		},
			through(get("/dev/stores")), 403, "AccessDeniedException",
			`{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:api0000001/dev/GET/stores because no VPC endpoint policy allows the execute-api:Invoke action"}`, verdict.PolicyImplicitDeny},
		{"unenforced authorizer", func(h *house) { h.method.Auth = apigw.AuthCustom }, get("/dev/stores", "Authorization", "Bearer x"), 500,
			"AuthorizerConfigurationException", `{"message":null}`, verdict.NotEnforced},
		{"no permission on the function", func(h *house) { h.noGrant = true }, get("/dev/stores"), 500, "InternalServerErrorException",
			`{"message": "Internal server error"}`, verdict.PermissionMissing},
		{"function error", func(h *house) {
			h.invoke = func(context.Context, function.Invocation) (function.Result, error) {
				return function.Result{Payload: []byte(`{"errorMessage":"boom"}`), Err: "Unhandled"}, nil
			}
		}, get("/dev/stores"), 502, "InternalServerErrorException", `{"message": "Internal server error"}`, verdict.FunctionError},
		{"function answers nonsense", func(h *house) {
			h.invoke = func(context.Context, function.Invocation) (function.Result, error) {
				return function.Result{Payload: []byte(`"hello"`)}, nil
			}
		}, get("/dev/stores"), 502, "InternalServerErrorException", `{"message": "Internal server error"}`, verdict.FunctionMalformed},
		{"host refuses", func(h *house) {
			h.invoke = func(context.Context, function.Invocation) (function.Result, error) {
				return function.Result{}, errors.New("throttled")
			}
		}, get("/dev/stores"), 500, "InternalServerErrorException", `{"message": "Internal server error"}`, verdict.FunctionThrottled},
		{"function too slow", func(h *house) {
			h.method.Integration.Timeout = 50 * time.Millisecond
			h.invoke = func(ctx context.Context, _ function.Invocation) (function.Result, error) {
				<-ctx.Done()
				return function.Result{}, ctx.Err()
			}
		}, get("/dev/stores"), 504, "InternalServerErrorException", `{"message": "Endpoint request timed out"}`, verdict.IntegrationSlow},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse()
			if c.set != nil {
				c.set(h)
			}
			before := h.invoked
			resp := h.serve(c.req)
			if resp.Status != c.status || string(resp.Body) != c.body || header(resp, "x-amzn-ErrorType") != c.typ {
				t.Errorf("got %d %s %s, want %d %s %s", resp.Status, header(resp, "x-amzn-ErrorType"), resp.Body, c.status, c.typ, c.body)
			}
			if h.last.Decision.Reason != c.reason {
				t.Errorf("reason %q (%s), want %q", h.last.Decision.Reason, h.last.Decision.Ref, c.reason)
			}
			if header(resp, "x-amzn-RequestId") != c.req.ID || header(resp, "x-amz-apigw-id") != c.req.ExtendedID {
				t.Errorf("ids are missing: %v", resp.Header)
			}
			if c.status == 403 && h.invoked != before {
				t.Error("the function ran for a refused request")
			}
			if steps := h.last.Trace.Steps; len(steps) == 0 || steps[len(steps)-1].Decision.Reason != c.reason {
				t.Errorf("the trace does not end with the refusal: %+v", steps)
			}
		})
	}
}

func TestAdmitted(t *testing.T) {
	h := newHouse()
	h.method.KeyRequired = true
	var event string
	h.invoke = func(_ context.Context, call function.Invocation) (function.Result, error) {
		event = string(call.Payload)
		return function.Result{Payload: []byte(`{"statusCode":"201","headers":{"x-a":"1","content-type":"text/plain","Date":"then"},"body":"hi"}`)}, nil
	}
	resp := h.serve(get("/dev/stores?a=1", "x-api-key", goodKey, "User-Agent", "t"))
	if resp.Status != 201 || string(resp.Body) != "hi" {
		t.Fatalf("got %d %s (%s)", resp.Status, resp.Body, h.last.Integration.Error)
	}
	for name, want := range map[string]string{"x-a": "1", "Content-Type": "text/plain", "x-amzn-Remapped-Date": "then", "Date": ""} {
		if got := header(resp, name); got != want {
			t.Errorf("header %s = %q, want %q", name, got, want)
		}
	}
	if trace := header(resp, "X-Amzn-Trace-Id"); !strings.HasPrefix(trace, "Root=1-6b49d200-") {
		t.Errorf("X-Amzn-Trace-Id = %q", trace)
	}
	for _, want := range []string{`"apiKey":"` + goodKey + `"`, `"apiKeyId":"key0000001"`, `"path":"/stores"`, `"stage":"dev"`, `"sourceIp":"192.0.2.7"`} {
		if !strings.Contains(event, want) {
			t.Errorf("the event lacks %s: %s", want, event)
		}
	}
}

// TestSignedCallIsAdmitted: the caller's policies allow, and the function sees who called, not the signature.
func TestSignedCallIsAdmitted(t *testing.T) {
	h := newHouse()
	h.method.Auth = apigw.AuthIAM
	var event string
	h.invoke = func(_ context.Context, call function.Invocation) (function.Result, error) {
		event = string(call.Payload)
		return function.Result{Payload: []byte(`{"statusCode":200}`)}, nil
	}
	if resp := h.serve(signed("AKIAALLOWED", secret)); resp.Status != 200 {
		t.Fatalf("got %d %s", resp.Status, resp.Body)
	}
	for _, want := range []string{`"userArn":"arn:aws:iam::123456789012:user/allowed"`, `"accessKey":"AKIAALLOWED"`, `"user":"AIDAallowed"`, `"caller":"AIDAallowed"`, `"accountId":"123456789012"`} {
		if !strings.Contains(event, want) {
			t.Errorf("the event lacks %s: %s", want, event)
		}
	}
	if strings.Contains(event, "AWS4-HMAC-SHA256") {
		t.Error("the function sees the signature")
	}
	if h.used != 1 {
		t.Errorf("the key's use was noted %d times", h.used)
	}
	// One byte of the body, the path or the query that was not signed makes the signature wrong.
	for name, change := range map[string]func(*exchange.Request){
		"body":  func(r *exchange.Request) { r.Body = []byte("x") },
		"path":  func(r *exchange.Request) { r.RawPath = "/dev//stores" + "%20" },
		"query": func(r *exchange.Request) { r.RawQuery = "a=1" },
		"host":  func(r *exchange.Request) { r.Host = "other:3000" },
		"verb":  func(r *exchange.Request) { r.Method = "HEAD" },
	} {
		r := signed("AKIAALLOWED", secret)
		change(r)
		if resp := h.serve(r); resp.Status != 403 {
			t.Errorf("%s changed after signing: %d", name, resp.Status)
		}
	}
	if h.used != 1 {
		t.Errorf("a bad signature counts as a use: %d", h.used)
	}
	h.method.KeyRequired = true
	if resp := h.serve(signed("AKIAALLOWED", secret)); resp.Status != 403 || h.last.Decision.Reason != verdict.KeyMissing {
		t.Errorf("signature and key are both needed: %d %s", resp.Status, h.last.Decision.Reason)
	}
}

// TestResourcePolicyAdmits: tables A of the guide for one account.
func TestResourcePolicyAdmits(t *testing.T) {
	const allow = `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/dev/GET/stores"}`
	for _, c := range []struct {
		name string
		auth apigw.AuthType
		req  *exchange.Request
	}{
		{"anonymous", apigw.AuthNone, get("/dev/stores")},
		{"a signed caller without a policy of its own", apigw.AuthIAM, signed("AKIANOBODY", secret)},
		{"through an endpoint", apigw.AuthNone, through(get("/dev/stores"))},
	} {
		h := newHouse()
		h.method.Auth = c.auth
		h.definition = func(d *apigw.Definition) {
			d.API.Policy = policyOf(allow)
			if c.req.VPCEndpoint != "" {
				d.API.Endpoint.Types = []string{"PRIVATE"}
			}
		}
		if resp := h.serve(c.req); resp.Status != 200 {
			t.Errorf("%s: %d %s", c.name, resp.Status, resp.Body)
		}
	}
}

// TestKeyIsIgnoredWhereNoneIsRequired: an open route takes any key and charges nobody [docs].
func TestKeyIsIgnoredWhereNoneIsRequired(t *testing.T) {
	h := newHouse()
	h.outcome = check.QuotaSpent
	if resp := h.serve(get("/dev/stores", "x-api-key", "nonsense")); resp.Status != 200 {
		t.Errorf("got %d", resp.Status)
	}
}

// TestStageThrottleGivesThePlanBack: what the stage refuses burns no quota.
func TestStageThrottleGivesThePlanBack(t *testing.T) {
	rate, burst := 1.0, int32(1)
	h := newHouse()
	h.method.KeyRequired = true
	h.take = false
	h.stage = func(st *apigw.Stage) {
		st.Methods = map[string]apigw.MethodSetting{"*/*": {Rate: &rate, Burst: &burst}}
	}
	resp := h.serve(get("/dev/stores", "x-api-key", goodKey))
	if resp.Status != 429 || h.last.Decision.Reason != verdict.StageThrottled || h.returned != 1 {
		t.Errorf("got %d, reason %s, returned %d times", resp.Status, h.last.Decision.Reason, h.returned)
	}
}

// TestOrderHasEveryNeed: a need that no line of the order serves would be a control that nobody enforces.
func TestOrderHasEveryNeed(t *testing.T) {
	var all snapshot.Need
	for _, g := range gateway.RESTOrder {
		if g.Run == nil || all.Has(g.Need) {
			t.Errorf("the line %q has no check, or repeats a need", g.Name)
		}
		all |= g.Need
	}
	for need := snapshot.NeedClientCert; need <= snapshot.NeedCache; need <<= 1 {
		if !all.Has(need) {
			t.Errorf("no line of the order serves need %b", need)
		}
	}
}

// TestEveryKindIsARefusal: a kind without a row in the table must not look like success.
func TestEveryKindIsARefusal(t *testing.T) {
	for k := verdict.Allow + 1; int(k) < verdict.Kinds; k++ {
		if s := gateway.StatusOf(k); s < 400 {
			t.Errorf("%v answers %d", k, s)
		}
		if k.String() == "" || k.String() == "UNKNOWN" {
			t.Errorf("kind %d has no name", k)
		}
	}
	if r := gateway.Refuse(verdict.Decision{Kind: verdict.Allow}); r.Status != 500 {
		t.Errorf("refusing with Allow answers %d", r.Status)
	}
}

func BenchmarkServeKeyed(b *testing.B) {
	h := newHouse()
	h.method.KeyRequired = true
	h.method.Integration = &apigw.Integration{Type: "MOCK", Templates: map[string]string{"application/json": `{"statusCode":200}`},
		Responses: map[string]*apigw.IntegrationResponse{"200": {Status: "200"}}}
	h.serve(get("/dev/stores", "x-api-key", goodKey))
	snap := h.last.Snapshot
	var live snapshot.Live
	live.Store(snap)
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	g := gateway.New(gateway.Config{Live: &live, Env: check.Env{Keys: h, Counters: h}, Backends: integration.Backends{Functions: h, Now: now}, Now: now, Trace: true})
	r := get("/dev/stores", "x-api-key", goodKey, "User-Agent", "t", "Accept", "*/*")
	b.ReportAllocs()
	for b.Loop() {
		if resp := g.Serve(context.Background(), r, true); resp.Status != 200 {
			b.Fatal(resp.Status)
		}
	}
}
