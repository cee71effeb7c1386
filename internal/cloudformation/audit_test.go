package cloudformation

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
)

func plan(t *testing.T, text string) (*Plan, error) {
	t.Helper()
	v, err := document.Load("t.yml", []byte(text), document.PyYAML)
	if err != nil {
		t.Fatal(err)
	}
	return PlanOf(PlanInput{
		Home:      identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		URLSuffix: "amazonaws.com", Stack: "shop", Template: v,
	})
}

// TestAudit: the properties stand on line 6 of the template, so that the place of a finding can be checked.
func TestAudit(t *testing.T) {
	const around = `
Parameters: {Auth: {Type: String, Default: AWS_IAM}}
Conditions: {Open: !Equals [!Ref Auth, NONE]}
Resources:
  X: {Type: "AWS::%s", Properties: {
    %s }}
  V: {Type: "AWS::ApiGateway::RequestValidator", Properties: {RestApiId: a, ValidateRequestBody: true}}
  P: {Type: "AWS::ApiGateway::RequestValidator", Properties: {RestApiId: a, ValidateRequestParameters: true}}
  Q: {Type: "AWS::SQS::Queue"}
`
	const method = `RestApiId: a, ResourceId: b, HttpMethod: GET, `
	for _, c := range []struct{ typ, props, want string }{
		{"ApiGateway::RestApi", `Name: a`, ""},
		{"ApiGateway::RestApi", `Policy: ""`, ""}, // [golden]
		{"ApiGateway::RestApi", `Policy: !Ref AWS::NoValue`, ""},
		{"ApiGateway::RestApi", `EndpointConfiguration: {Types: [EDGE]}`, ""},
		{"ApiGateway::RestApi", `ApiKeySourceType: HEADER`, ""},
		{"ApiGateway::RestApi", `ApiKeySourceType: AUTHORIZER`, "api_key_source_authorizer"},
		{"ApiGateway::RestApi", `SecurityPolicy: TLS_1_2`, "tls_policy"},
		{"ApiGateway::RestApi", `EndpointAccessMode: STRICT`, "endpoint_access_mode"},

		{"ApiGateway::Method", method + `ApiKeyRequired: true`, ""},
		{"ApiGateway::Method", method + `AuthorizationType: NONE`, ""},
		{"ApiGateway::Method", method + `AuthorizationType: CUSTOM`, "lambda_authorizer"},
		{"ApiGateway::Method", method + `AuthorizationType: COGNITO_USER_POOLS`, "cognito_user_pools"},
		{"ApiGateway::Method", method + `AuthorizationType: none`, "lambda_authorizer"},
		{"ApiGateway::Method", method + `AuthorizationType: !Ref Q`, "lambda_authorizer"},
		{"ApiGateway::Method", method + `RequestModels: {application/json: M}`, ""},
		{"ApiGateway::Method", method + `RequestValidatorId: !Ref V`, ""},
		{"ApiGateway::Method", method + `RequestModels: {application/json: M}, RequestValidatorId: !Ref V`, ""},
		{"ApiGateway::Method", method + `RequestModels: {application/json: M}, RequestValidatorId: !GetAtt V.RequestValidatorId`, ""},
		{"ApiGateway::Method", method + `RequestModels: {application/json: M}, RequestValidatorId: !Ref P`, ""},
		{"ApiGateway::Method", method + `RequestModels: {application/json: M}, RequestValidatorId: abc123`, ""},

		{"ApiGateway::Stage", `RestApiId: a, DeploymentId: b, TracingEnabled: true`, ""},
		{"ApiGateway::Stage", `RestApiId: a, DeploymentId: b, CacheClusterEnabled: true`, "response_cache"},
		{"ApiGateway::Stage", `RestApiId: a, DeploymentId: b, MethodSettings: [{HttpMethod: "*", ResourcePath: /*, CachingEnabled: true}]`, "response_cache"},
		{"ApiGateway::Stage", `RestApiId: a, DeploymentId: b, ClientCertificateId: c`, "client_certificate"},
		{"ApiGateway::Stage", `RestApiId: a, DeploymentId: b, CanarySetting: {PercentTraffic: 1}`, "canary"},
		{"ApiGateway::Deployment", `RestApiId: a, StageDescription: {CachingEnabled: true}`, "response_cache"},
		{"ApiGateway::Deployment", `RestApiId: a, StageDescription: {ClientCertificateId: x}`, "client_certificate"},
		{"ApiGateway::Deployment", `RestApiId: a, DeploymentCanarySettings: {PercentTraffic: 1}`, "canary"},

		{"Lambda::Function", `Role: r, Code: {ZipFile: x}`, ""},
		{"Lambda::Function", `Role: r, Code: {ZipFile: x}, CodeSigningConfigArn: arn`, "lambda_code_signing"},

		{"Cognito::UserPool", `A: 1`, "AWS::Cognito::UserPool"},
		{"Lambda::Url", `A: 1`, "AWS::Lambda::Url"},
		{"ApiGateway::BasePathMapping", `A: 1`, "AWS::ApiGateway::BasePathMapping"},
		{"ApiGatewayV2::Route", `A: 1`, "AWS::ApiGatewayV2::Route"},
		{"IAM::SAMLProvider", `A: 1`, "AWS::IAM::SAMLProvider"},
		{"WAFv2::WebACLAssociation", `A: 1`, "AWS::WAFv2::WebACLAssociation"},
		{"WAFRegional::WebACL", `A: 1`, "AWS::WAFRegional::WebACL"},
		{"EC2::VPCEndpoint", `VpcId: v`, ""},
		{"EC2::VPCEndpointService", `A: 1`, "AWS::EC2::VPCEndpointService"},
		{"EC2::VPC", `A: 1`, ""},
		{"DynamoDB::Table", `A: 1`, ""},
	} {
		p, err := plan(t, fmt.Sprintf(around, c.typ, c.props))
		if err != nil {
			t.Errorf("%s {%s}: %v", c.typ, c.props, err)
			continue
		}
		var got []string
		for _, f := range p.Findings {
			got = append(got, f.Control)
			if f.LogicalID != "X" || f.Type != "AWS::"+c.typ || (f.Pos.Line != 6 && f.Pos.Line != 5) || f.Detail == "" || f.Hint == "" {
				t.Errorf("%s {%s}: finding %+v", c.typ, c.props, f)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s {%s}: %q, want %q", c.typ, c.props, s, c.want)
		}
	}
}

// TestConditionDecidesFindings: a control that no resource declares under the given parameters is none.
func TestConditionDecidesFindings(t *testing.T) {
	p, err := plan(t, `
Parameters: {Env: {Type: String, Default: dev}}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  Pool: {Type: "AWS::Cognito::UserPool", Condition: Prod}
  Q: {Type: "AWS::SQS::Queue"}`)
	if err != nil || len(p.Findings) > 0 || len(p.Resources) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestPlanImports(t *testing.T) {
	// Other stacks are not known when a template is only validated.
	p, err := plan(t, `Resources: {M: {Type: "AWS::ApiGateway::Resource", Properties: {RestApiId: !ImportValue api, ParentId: !ImportValue root, PathPart: a}}}`)
	if err != nil || len(p.Resources) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}
