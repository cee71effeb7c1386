package snapshot

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/apigw"
	"gatehouse/internal/function"
	"gatehouse/internal/identity"
	"gatehouse/internal/verdict"
)

var home = identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"}

const fnARN = "arn:aws:lambda:us-east-1:123456789012:function:f"

func lambdaURI(arn string) string {
	return "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"
}

// input is a small API with one method, changed by edit.
func input(edit func(api *apigw.Definition, m *apigw.Method, st *apigw.Stage)) Input {
	m := &apigw.Method{
		Verb: "GET", Auth: apigw.AuthNone,
		Integration: &apigw.Integration{Type: "AWS_PROXY", HTTPMethod: "POST", URI: lambdaURI(fnARN)},
	}
	def := apigw.Definition{
		API: apigw.RestAPI{ID: "api0000001", Name: "stores"},
		Resources: []apigw.Resource{
			{API: "api0000001", ID: "root", Path: "/"},
			{API: "api0000001", ID: "res001", Parent: "root", PathPart: "stores", Path: "/stores", Methods: map[string]*apigw.Method{"GET": m}},
		},
	}
	st := apigw.Stage{API: "api0000001", Name: "dev", Deployment: "dep001"}
	if edit != nil {
		edit(&def, m, &st)
	}
	return Input{
		Rev: 7, Home: home,
		Stages: []StageInput{{Stage: st, Deployment: apigw.Deployment{API: "api0000001", ID: "dep001", Frozen: def}}},
		Functions: []FunctionInput{{
			ARN: fnARN, Config: &function.Config{ARN: fnARN, Name: "f", Timeout: time.Second},
			Permissions: []function.Permission{{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction",
				SourceARN: "arn:aws:execute-api:us-east-1:123456789012:api0000001/*/*"}},
		}},
	}
}

func theRoute(t *testing.T, s *Snapshot) *Route {
	t.Helper()
	api := s.APIs()["api0000001"]
	if api == nil || api.Stages["dev"] == nil || len(api.Stages["dev"].Routes) == 0 {
		t.Fatalf("the snapshot has no route; faults: %v", s.Faults())
	}
	return api.Stages["dev"].Routes[0]
}

// TestUnenforcedControls: each declared control that is not evaluated sets the need of the line that refuses
// for it, and is named.
func TestUnenforcedControls(t *testing.T) {
	for _, c := range []struct {
		control string
		need    Need
		edit    func(*apigw.Definition, *apigw.Method, *apigw.Stage)
	}{
		{"lambda_authorizer", NeedAuthorizer, func(_ *apigw.Definition, m *apigw.Method, _ *apigw.Stage) { m.Auth = apigw.AuthCustom }},
		{"cognito_user_pools", NeedAuthorizer, func(_ *apigw.Definition, m *apigw.Method, _ *apigw.Stage) { m.Auth = apigw.AuthCognito }},
		{"api_key_source_authorizer", NeedKey, func(d *apigw.Definition, m *apigw.Method, _ *apigw.Stage) {
			d.API.KeySource, m.KeyRequired = apigw.KeyFromAuthorizer, true
		}},
		{"response_cache", NeedCache, func(_ *apigw.Definition, _ *apigw.Method, st *apigw.Stage) {
			st.Methods = map[string]apigw.MethodSetting{"*/*": {Caching: true}}
		}},
		{"client_certificate", NeedClientCert, func(_ *apigw.Definition, _ *apigw.Method, st *apigw.Stage) { st.ClientCert = "c" }},
		{"web_acl", NeedFilter, func(_ *apigw.Definition, _ *apigw.Method, st *apigw.Stage) { st.WebACL = "arn" }},
		{"canary", NeedFilter, func(_ *apigw.Definition, _ *apigw.Method, st *apigw.Stage) { st.Canary = &apigw.Canary{Percent: 10} }},
	} {
		s := Compile(input(c.edit), nil)
		r := theRoute(t, s)
		if !r.Needs.Has(c.need) {
			t.Errorf("%s: needs %b, want %b set", c.control, r.Needs, c.need)
		}
		if len(r.Unmodelled) == 0 || r.Unmodelled[0] != c.control {
			t.Errorf("%s: the route's unmodelled controls are %q", c.control, r.Unmodelled)
		}
		if len(s.Unmodelled()) == 0 || s.Unmodelled()[0].Control != c.control {
			t.Errorf("%s: the snapshot's unmodelled controls are %v", c.control, s.Unmodelled())
		}
	}
	if s := Compile(input(nil), nil); len(s.Unmodelled()) != 0 || theRoute(t, s).Needs != 0 {
		t.Errorf("an open route has needs %b and unmodelled controls %v", theRoute(t, s).Needs, s.Unmodelled())
	}
}

// TestFaultKeepsLastGoodForm: a stage that does not compile goes on serving what it served, and one that
// never compiled is not served at all.
func TestFaultKeepsLastGoodForm(t *testing.T) {
	bad := input(func(_ *apigw.Definition, m *apigw.Method, _ *apigw.Stage) { m.Auth = "MAGIC" })
	good := Compile(input(nil), nil)
	s := Compile(bad, good)
	if len(s.Faults()) != 1 || !strings.Contains(s.Faults()[0].Err.Error(), `unknown authorization type "MAGIC"`) {
		t.Fatalf("faults: %v", s.Faults())
	}
	if got := theRoute(t, s); got != theRoute(t, good) {
		t.Error("the last good form is not served")
	}
	if s := Compile(bad, nil); s.APIs()["api0000001"] != nil {
		t.Error("a stage that never compiled is served")
	}
}

// TestPermission: without a permission for the very route, API Gateway may not call the function.
func TestPermission(t *testing.T) {
	const source = "arn:aws:execute-api:us-east-1:123456789012:api0000001"
	for _, c := range []struct {
		name string
		p    function.Permission
		want bool
	}{
		{"whole API", function.Permission{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction", SourceARN: source + "/*/*"}, true},
		{"this route", function.Permission{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction", SourceARN: source + "/*/GET/stores"}, true},
		{"other verb", function.Permission{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction", SourceARN: source + "/*/POST/stores"}, false},
		{"other API", function.Permission{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction", SourceARN: "arn:aws:execute-api:us-east-1:123456789012:other/*/*"}, false},
		{"other service", function.Permission{Principal: "s3.amazonaws.com", Action: "lambda:InvokeFunction"}, false},
		{"other action", function.Permission{Principal: "apigateway.amazonaws.com", Action: "lambda:GetFunction"}, false},
		{"other account", function.Permission{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction", SourceAccount: "999999999999"}, false},
		{"unknown condition", function.Permission{Principal: "apigateway.amazonaws.com", Action: "lambda:InvokeFunction", Other: []string{"aws:PrincipalOrgID"}}, false},
	} {
		in := input(nil)
		in.Functions[0].Permissions = []function.Permission{c.p}
		got := theRoute(t, Compile(in, nil)).Integration.Permitted&VerbBit("GET") != 0
		if got != c.want {
			t.Errorf("%s: permitted = %v, want %v", c.name, got, c.want)
		}
	}
}

// TestMissingParameterOrder checks the order in which AWS lists missing parameters against recorded
// [recorded, observed] answers.
func TestMissingParameterOrder(t *testing.T) {
	for _, want := range [][]string{
		{"x-header-param", "issuer", "qs1"},
		{"divisor", "dividend"},
		{"password", "username"},
		{"di", "pi"},
		// The recording has version before outputFormat; they share a bucket, where AWS keeps the order of
		// insertion, which a definition does not have. Ours is by name.
		{"request", "srsName", "typeNames", "service", "cql_filter", "outputFormat", "version"},
	} {
		declared := map[string]bool{"method.request.header.X-Optional": false}
		for _, name := range want {
			declared["method.request.querystring."+name] = true
		}
		params, err := requiredParams(declared)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range params {
			got = append(got, p.Name)
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("requiredParams(%v): got(-) want(+)\n%s", want, d)
		}
	}
}

func TestLocate(t *testing.T) {
	s := Compile(input(nil), nil)
	for _, c := range []struct {
		host, path string
		open       bool
		want       string // path from the stage on, "" = refused
	}{
		{"api0000001.execute-api.us-east-1.amazonaws.com", "/dev/stores", false, "/dev/stores"},
		{"API0000001.Execute-API.us-east-1.amazonaws.com:4566", "/dev/stores", false, "/dev/stores"},
		{"api0000001.execute-api.localhost:4566", "/dev/stores", false, "/dev/stores"},
		{"api0000001.execute-api.localhost.", "/dev/stores", false, "/dev/stores"},
		{"other00000.execute-api.localhost", "/dev/stores", true, ""},
		{"127.0.0.1:4566", "/_aws/execute-api/api0000001/dev/stores", false, "/dev/stores"},
		{"127.0.0.1:4566", "/_aws/execute-api/other/dev/stores", false, ""},
		{"127.0.0.1:4566", "/restapis/api0000001/dev/_user_request_/stores", false, "/dev/stores"},
		{"127.0.0.1:4566", "/restapis/api0000001/dev/_user_request_", false, "/dev"},
		{"127.0.0.1:4566", "/restapis/api0000001/dev/_user_request_x", false, ""},
		{"127.0.0.1:4566", "/dev/stores", false, ""},
		{"127.0.0.1:3000", "/dev/stores", true, "/dev/stores"},
		{"127.0.0.1:3000", "//dev/stores", true, "//dev/stores"},
		{"127.0.0.1:3000", "/prod/stores", true, ""},
		{"127.0.0.1:3000", "/", true, ""},
		{"execute-api.localhost", "/dev/stores", false, ""},
		{"api0000001.evil.test", "/dev/stores", false, ""},
	} {
		at, d := s.Locate(c.host, c.path, c.open)
		if at.Path != c.want || d.Refused() != (c.want == "") {
			t.Errorf("Locate(%q, %q, %v) = %q, %v; want %q", c.host, c.path, c.open, at.Path, d, c.want)
		}
		if d.Refused() && d.Kind != verdict.Forbidden {
			t.Errorf("Locate(%q, %q): kind %v, want FORBIDDEN", c.host, c.path, d.Kind)
		}
	}
}

func TestTwoAPIsWithOneStageName(t *testing.T) {
	in := input(nil)
	second := in.Stages[0]
	second.Stage.API = "api0000002"
	in.Stages = append(in.Stages, second)
	if _, d := Compile(in, nil).Locate("127.0.0.1:3000", "/dev/stores", true); !d.Refused() {
		t.Error("a stage name that two APIs have picked one of them")
	}
}

func TestBrokenIntegrations(t *testing.T) {
	for _, c := range []struct {
		want string
		in   *apigw.Integration
	}{
		{"no integration defined", nil},
		{"must be POST", &apigw.Integration{Type: "AWS_PROXY", HTTPMethod: "GET", URI: lambdaURI(fnARN)}},
		{"wants a Lambda URI", &apigw.Integration{Type: "AWS_PROXY", HTTPMethod: "POST", URI: "arn:aws:apigateway:us-east-1:s3:path/b"}},
		{"stage variable", &apigw.Integration{Type: "AWS_PROXY", HTTPMethod: "POST", URI: lambdaURI("${stageVariables.fn}")}},
		{"credentials", &apigw.Integration{Type: "AWS_PROXY", HTTPMethod: "POST", URI: lambdaURI(fnARN), Credentials: "arn:aws:iam::123456789012:role/r"}},
		{"asynchronous", &apigw.Integration{Type: "AWS", HTTPMethod: "POST", URI: lambdaURI(fnARN), RequestParams: map[string]string{"integration.request.header.X-Amz-Invocation-Type": "'Event'"}}},
		{"request template", &apigw.Integration{Type: "AWS", HTTPMethod: "POST", URI: lambdaURI(fnARN), Templates: map[string]string{"application/json": "#if("}}},
		{"selection pattern", &apigw.Integration{Type: "AWS", HTTPMethod: "POST", URI: lambdaURI(fnARN), Responses: map[string]*apigw.IntegrationResponse{"400": {Status: "400", Pattern: "("}}}},
		{"http or https", &apigw.Integration{Type: "HTTP_PROXY", URI: "ftp://x/"}},
		{"must be a literal host", &apigw.Integration{Type: "HTTP_PROXY", URI: "http://{host}/"}},
		{"must be a literal host", &apigw.Integration{Type: "HTTP_PROXY", URI: "http://user@host/"}},
		{"cannot be mapped", &apigw.Integration{Type: "HTTP_PROXY", URI: "http://h/", RequestParams: map[string]string{"integration.request.header.Content-Length": "'1'"}}},
		{"VPC links", &apigw.Integration{Type: "HTTP_PROXY", URI: "http://h/", ConnectionType: "VPC_LINK"}},
		{"request template", &apigw.Integration{Type: "MOCK", Templates: map[string]string{"application/json": "#if("}}},
		{"unknown integration type", &apigw.Integration{Type: "PIGEON"}},
	} {
		s := Compile(input(func(_ *apigw.Definition, m *apigw.Method, _ *apigw.Stage) { m.Integration = c.in }), nil)
		got := theRoute(t, s).Integration
		if got.Type != Broken || !strings.Contains(got.Reason, c.want) {
			t.Errorf("integration %+v: type %d, reason %q; want broken with %q", c.in, got.Type, got.Reason, c.want)
		}
	}
}

func TestMockOfServerless(t *testing.T) {
	s := Compile(input(func(_ *apigw.Definition, m *apigw.Method, _ *apigw.Stage) {
		m.Integration = &apigw.Integration{Type: "MOCK", Templates: map[string]string{"application/json": "{statusCode:200}"},
			Responses: map[string]*apigw.IntegrationResponse{"200": {Status: "200", Templates: map[string]string{"application/json": ""},
				Params: map[string]string{"method.response.header.Access-Control-Allow-Origin": "'*'"}}}}
	}), nil)
	got := theRoute(t, s).Integration
	if got.Type != Mock || got.Mock.Status != 200 || len(got.Mock.Headers) != 1 || got.Mock.Headers[0].Value.Name != "*" {
		t.Errorf("the preflight of Serverless compiled to %+v", got)
	}
}

func TestStageThrottleKeys(t *testing.T) {
	rate, burst, none := 5.0, int32(7), int32(-1)
	for _, c := range []struct {
		key  string
		s    apigw.MethodSetting
		want bool
	}{
		{"*/*", apigw.MethodSetting{Rate: &rate, Burst: &burst}, true},
		{"~1stores/GET", apigw.MethodSetting{Rate: &rate, Burst: &burst}, true},
		{"stores/GET", apigw.MethodSetting{Rate: &rate, Burst: &burst}, true},
		{"stores/POST", apigw.MethodSetting{Rate: &rate, Burst: &burst}, false},
		{"*/*", apigw.MethodSetting{Rate: &rate, Burst: &none}, false},
		{"*/*", apigw.MethodSetting{Metrics: true}, false},
	} {
		s := Compile(input(func(_ *apigw.Definition, _ *apigw.Method, st *apigw.Stage) {
			st.Methods = map[string]apigw.MethodSetting{c.key: c.s}
		}), nil)
		r := theRoute(t, s)
		if got := r.Needs.Has(NeedThrottle) && r.Limit != nil; got != c.want {
			t.Errorf("setting %q %+v: throttled = %v, want %v", c.key, c.s, got, c.want)
		}
	}
}
