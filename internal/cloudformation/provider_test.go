package cloudformation

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/document"
	"gatehouse/internal/stack"
)

// everything uses each type of REST APIs; the test changes it piece by piece.
const everything = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: pets
      Description: first
      BinaryMediaTypes: [image/png, text/csv]
      MinimumCompressionSize: 100
      EndpointConfiguration: {Types: [REGIONAL]}
      Tags: [{Key: team, Value: a}, {Key: old, Value: x}]
  Pets: {Type: "AWS::ApiGateway::Resource", Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pets
      HttpMethod: GET
      AuthorizationType: NONE
      ApiKeyRequired: true
      RequestParameters: {method.request.querystring.page: true}
      RequestValidatorId: !Ref Validator
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode":200}'}
        IntegrationResponses: [{StatusCode: 200, ResponseTemplates: {application/json: ""}}]
      MethodResponses: [{StatusCode: 200, ResponseModels: {application/json: !Ref Pet}}]
  Pet: {Type: "AWS::ApiGateway::Model", Properties: {RestApiId: !Ref Api, ContentType: application/json, Schema: {type: object}}}
  Validator: {Type: "AWS::ApiGateway::RequestValidator", Properties: {RestApiId: !Ref Api, Name: v, ValidateRequestParameters: true}}
  Denied:
    Type: AWS::ApiGateway::GatewayResponse
    Properties: {RestApiId: !Ref Api, ResponseType: ACCESS_DENIED, StatusCode: "404", ResponseTemplates: {application/json: '{"a":1}'}}
  Who:
    Type: AWS::ApiGateway::Authorizer
    Properties: {RestApiId: !Ref Api, Name: who, Type: COGNITO_USER_POOLS, ProviderARNs: ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"], IdentitySource: method.request.header.Authorization, AuthorizerResultTtlInSeconds: 60}
  Release: {Type: "AWS::ApiGateway::Deployment", DependsOn: Get, Properties: {RestApiId: !Ref Api, Description: one}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      StageName: prod
      DeploymentId: !Ref Release
      Variables: {color: red, gone: x}
      AccessLogSetting: {DestinationArn: "arn:aws:logs:us-east-1:123456789012:log-group:a", Format: "$context.requestId"}
      MethodSettings:
        - {ResourcePath: /pets, HttpMethod: GET, ThrottlingBurstLimit: 5, ThrottlingRateLimit: 2}
        - {ResourcePath: "/*", HttpMethod: "*", LoggingLevel: INFO, ThrottlingRateLimit: 100}
  Key: {Type: "AWS::ApiGateway::ApiKey", Properties: {Name: k, Value: "0123456789012345678901", Enabled: true, StageKeys: [{RestApiId: !Ref Api, StageName: !Ref Stage}]}}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      UsagePlanName: basic
      ApiStages: [{ApiId: !Ref Api, Stage: !Ref Stage, Throttle: {/pets/GET: {BurstLimit: 1, RateLimit: 1}}}]
      Quota: {Limit: 10, Offset: 2, Period: MONTH}
      Throttle: {BurstLimit: 3, RateLimit: 1.5}
  Member: {Type: "AWS::ApiGateway::UsagePlanKey", Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
  Account: {Type: "AWS::ApiGateway::Account", Properties: {CloudWatchRoleArn: "arn:aws:iam::123456789012:role/logs"}}
`

// state is what the service says of everything, as JSON, dates and ids apart.
func (h *house) state(out *Outcome) map[string]any {
	h.Helper()
	ctx := context.Background()
	api, plan := physical(out, "Api"), physical(out, "Plan")
	got := map[string]any{}
	put := func(name string, v any, err error) {
		h.Helper()
		if err != nil {
			h.Errorf("%s: %v", name, err)
			return
		}
		text, err := json.Marshal(v)
		if err != nil {
			h.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			h.Fatal(err)
		}
		got[name] = strip(plain)
	}
	a, err := h.api.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: api})
	put("api", a, err)
	m, err := h.api.GetMethod(ctx, &apigateway.GetMethodInput{RestApiId: api, ResourceId: physical(out, "Pets"), HttpMethod: "GET"})
	put("method", m, err)
	mo, err := h.api.GetModel(ctx, &apigateway.GetModelInput{RestApiId: api, ModelName: physical(out, "Pet")})
	put("model", mo, err)
	v, err := h.api.GetRequestValidator(ctx, &apigateway.GetRequestValidatorInput{RestApiId: api, RequestValidatorId: physical(out, "Validator")})
	put("validator", v, err)
	g, err := h.api.GetGatewayResponse(ctx, &apigateway.GetGatewayResponseInput{RestApiId: api, ResponseType: "ACCESS_DENIED"})
	put("gateway response", g, err)
	au, err := h.api.GetAuthorizer(ctx, &apigateway.GetAuthorizerInput{RestApiId: api, AuthorizerId: physical(out, "Who")})
	put("authorizer", au, err)
	d, err := h.api.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: physical(out, "Release")})
	put("deployment", d, err)
	s, err := h.api.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: "prod"})
	put("stage", s, err)
	k, err := h.api.GetApiKey(ctx, &apigateway.GetApiKeyInput{ApiKey: physical(out, "Key"), IncludeValue: new(true)})
	put("key", k, err)
	p, err := h.api.GetUsagePlan(ctx, &apigateway.GetUsagePlanInput{UsagePlanId: plan})
	put("plan", p, err)
	ac, err := h.api.GetAccount(ctx, &apigateway.GetAccountInput{})
	put("account", ac, err)
	return got
}

// strip removes nulls, ids and the tags of the stack.
func strip(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if x == nil || strings.HasPrefix(k, "aws:") || k == "id" || strings.HasSuffix(k, "Id") || k == "stageKeys" {
				delete(v, k)
				continue
			}
			v[k] = strip(x)
		}
	case []any:
		for i := range v {
			v[i] = strip(v[i])
		}
	}
	return v
}

func (h *house) yaml(text string) *document.Value {
	h.Helper()
	v, err := document.Load("t.yml", []byte(text), document.PyYAML)
	if err != nil {
		h.Fatal(err)
	}
	return v
}

// TestProvidersUpdate changes every type in place: afterwards everything is as if the new template had been
// deployed from the start, a failure brings the old state back, and nothing was replaced.
func TestProvidersUpdate(t *testing.T) {
	changed := strings.NewReplacer(
		"Name: pets", "Name: cats", "Description: first", "DisableExecuteApiEndpoint: true", "[image/png, text/csv]", "[image/png, a/b]",
		"MinimumCompressionSize: 100", "ApiKeySourceType: HEADER", "Types: [REGIONAL]", "Types: [EDGE]", "{Key: team, Value: a}, {Key: old, Value: x}", "{Key: team, Value: b}",
		"ApiKeyRequired: true", "ApiKeyRequired: false", "Schema: {type: object}", "Description: d, Schema: {type: array}",
		"ValidateRequestParameters: true", "ValidateRequestBody: true", `StatusCode: "404"`, `StatusCode: "410"`,
		"userpool/us-east-1_a", "userpool/us-east-1_b", "AuthorizerResultTtlInSeconds: 60", "AuthorizerResultTtlInSeconds: 120", "Description: one", "Description: two",
		"{color: red, gone: x}", "{color: blue, size: l}", `Format: "$context.requestId"`, `Format: "$context.status"`,
		"- {ResourcePath: /pets, HttpMethod: GET, ThrottlingBurstLimit: 5, ThrottlingRateLimit: 2}", "- {ResourcePath: /~1pets, HttpMethod: GET, ThrottlingBurstLimit: 6}",
		"LoggingLevel: INFO, ThrottlingRateLimit: 100", "ThrottlingRateLimit: 50",
		"Enabled: true", "Enabled: false, Description: off, CustomerId: c", "UsagePlanName: basic", "UsagePlanName: gold\n      Description: g",
		"{BurstLimit: 1, RateLimit: 1}", "{BurstLimit: 2, RateLimit: 1}", "Quota: {Limit: 10, Offset: 2, Period: MONTH}", "Quota: {Limit: 20, Period: DAY}",
		"      Throttle: {BurstLimit: 3, RateLimit: 1.5}\n", "", "role/logs", "role/other",
	).Replace(everything)

	h := newHouse(t)
	first := h.must(h.yaml(everything))
	was := h.state(first)

	out := h.must(h.yaml(changed))
	fresh := newHouse(t)
	want := fresh.state(fresh.must(fresh.yaml(changed)))
	if diff := cmp.Diff(h.state(out), want); diff != "" {
		t.Errorf("updated (-) and made anew (+) differ:\n%s", diff)
	}
	for _, r := range first.Resources {
		if got := physical(out, r.LogicalID); got != string(r.PhysicalID) && r.LogicalID != "Release" {
			t.Errorf("%s was replaced: %s, was %s", r.LogicalID, got, r.PhysicalID)
		}
	}

	// Back by another update, and back by a rollback.
	h.must(h.yaml(everything))
	if diff := cmp.Diff(h.state(h.must(h.yaml(everything))), was); diff != "" {
		t.Errorf("updated back (-) and as it was (+) differ:\n%s", diff)
	}
	broken := changed + `
  Broken: {Type: "AWS::ApiGateway::UsagePlanKey", DependsOn: [Account, Member, Stage, Denied, Who], Properties: {KeyId: none, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
`
	out, err := h.deploy("shop", h.yaml(broken))
	if err == nil || out.Status != stack.UpdateRollbackComplete {
		t.Fatalf("%v, want a rollback", err)
	}
	if diff := cmp.Diff(h.state(h.must(h.yaml(everything))), was); diff != "" {
		t.Errorf("rolled back (-) and as it was (+) differ:\n%s", diff)
	}
	if err := h.e.Delete(context.Background(), "shop"); err != nil {
		t.Fatal(err)
	}
	h.empty()
}

// TestCutOffCreation: what an attempt left that never came to be recorded does not block the next one.
func TestCutOffCreation(t *testing.T) {
	h := newHouse(t)
	out := h.must(h.yaml(everything))
	b := &bench{T: t, e: h.e}
	for _, id := range []stack.LogicalID{"Pets", "Get", "Pet", "Key", "Stage", "Denied"} {
		b.tamper(id, func(r *stack.ResourceRecord) {
			r.Status, r.PhysicalID, r.Attributes = stack.CreateInProgress, "", nil
		})
		if _, err := h.deploy("shop", h.yaml(everything)); err != nil {
			t.Errorf("after the creation of %s was cut off: %v", id, err)
		}
	}
	resources, err := h.api.GetResources(context.Background(), &apigateway.GetResourcesInput{RestApiId: physical(out, "Api")})
	if err != nil || len(resources.Items) != 2 {
		t.Errorf("resources %+v, %v", resources, err)
	}
}

func TestSettingPath(t *testing.T) {
	for _, c := range []struct{ path, verb, want string }{
		{"/*", "*", "/*/*"},
		{"/", "GET", "/~1/GET"},
		{"/pets/{id}", "GET", "/~1pets~1{id}/GET"},
		{"/~1pets~1{id}", "GET", "/~1pets~1{id}/GET"},
		{"pets", "GET", "/~1pets/GET"},
	} {
		if got := settingPath(c.path, c.verb); got != c.want {
			t.Errorf("settingPath(%q, %q) = %q, want %q", c.path, c.verb, got, c.want)
		}
	}
}

func TestInlineCode(t *testing.T) {
	h := newHouse(t)
	const fn = `Resources: {F: {Type: "AWS::Lambda::Function", Properties: {Role: r, Runtime: python3.12, Handler: index.f, Code: {ZipFile: "x = 1"}, Environment: {Variables: {SECRET: s}}}}}`
	out := h.must(h.yaml(fn))
	name := physical(out, "F")
	if !strings.HasPrefix(name, "shop-F-") {
		t.Errorf("generated name %s", name)
	}
	code := h.lambda.functions[name].Code.ZipFile
	z, err := zip.NewReader(bytes.NewReader(code), int64(len(code)))
	if err != nil || len(z.File) != 1 || z.File[0].Name != "index.py" {
		t.Fatalf("zip %+v, %v, want index.py", z, err)
	}
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); err != nil || string(text) != "x = 1" {
		t.Errorf("index.py is %q, %v", text, err)
	}
	// A variable that leaves the template leaves the function.
	h.must(h.yaml(strings.ReplaceAll(fn, ", Environment: {Variables: {SECRET: s}}", "")))
	if env := h.lambda.functions[name].Environment; env == nil || env.Variables == nil || len(env.Variables) > 0 {
		t.Errorf("environment after its removal: %+v, want an empty one", env)
	}
	_, err = newHouse(t).deploy("other", h.yaml(strings.ReplaceAll(fn, "python3.12", "provided.al2023")))
	if err == nil || !strings.Contains(err.Error(), "Code.ZipFile needs a Node.js or Python runtime") {
		t.Errorf("inline code of provided.al2023: %v", err)
	}
}

func TestRoleUpdate(t *testing.T) {
	h := newHouse(t)
	const before = `
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: r
      Description: d
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}
      MaxSessionDuration: 7200
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]
      Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:Get", Resource: "*"}]}}, {PolicyName: q, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:Get", Resource: "*"}]}}]
      Tags: [{Key: a, Value: "1"}, {Key: b, Value: "2"}]
`
	after := strings.NewReplacer("      Description: d\n", "", "      MaxSessionDuration: 7200\n", "", "policy/A", "policy/C", "PolicyName: q", "PolicyName: z",
		"{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: \"s3:Get\"", "{PolicyName: p, PolicyDocument: {Statement: [{Effect: Deny, Action: \"s3:Get\"",
		"{Key: a, Value: \"1\"}, {Key: b, Value: \"2\"}", "{Key: b, Value: \"3\"}", "lambda.amazonaws.com", "apigateway.amazonaws.com").Replace(before)
	h.must(h.yaml(before))
	first, err := h.role("r")
	if err != nil {
		t.Fatal(err)
	}
	h.must(h.yaml(after))
	got, err := h.role("r")
	if err != nil {
		t.Fatal(err)
	}
	fresh := newHouse(t)
	fresh.must(fresh.yaml(after))
	want, err := fresh.role("r")
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != first.ID {
		t.Errorf("the role was replaced: %s, was %s", got.ID, first.ID)
	}
	slices.Sort(got.Managed)
	slices.Sort(want.Managed)
	want.ID = got.ID
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("updated (-) and made anew (+) differ:\n%s", diff)
	}
}

// TestSecretsStaySealed: neither the records nor the outcome show a key's value or an environment.
func TestSecretsStaySealed(t *testing.T) {
	h := newHouse(t)
	out := h.must(h.yaml(everything))
	if _, err := json.Marshal(out); err == nil {
		t.Error("an outcome with secrets can be written as JSON")
	}
	d, err := h.e.Describe(context.Background(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	if text := cmp.Diff(d, nil); strings.Contains(text, "0123456789012345678901") {
		t.Error("a description shows the value of a key")
	}
}
