package controlplane_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/awsapi/cloudformation"
	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/awsapi/iam"
	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/awsapi/sts"
	"gatehouse/internal/controlplane"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/shape"
	"gatehouse/internal/wire"
)

// ran notes which operations were called, and by whom.
type ran []string

func (r *ran) note(ctx context.Context, operation string) {
	who := "nobody at all"
	if c := identity.CallerFrom(ctx); c != nil {
		who = kinds[c.Kind]
	}
	*r = append(*r, operation+" by "+who)
}

var kinds = map[identity.Kind]string{
	identity.Nobody: "nobody", identity.RootUser: "the account", identity.IAMUser: "a user", identity.RoleSession: "a role", identity.FederatedUser: "a federated user",
}

func note[In, Out any](r *ran, name string) wire.Handler {
	return wire.Op(name, func(ctx context.Context, _ *In) (*Out, error) { r.note(ctx, name); return new(Out), nil })
}

func noteDo[In any](r *ran, name string) wire.Handler {
	return wire.Do(name, func(ctx context.Context, _ *In) error { r.note(ctx, name); return nil })
}

// house has all services, with a few operations of each.
func house(t testing.TB, r *ran) []*wire.Service {
	t.Helper()
	var out []*wire.Service
	for _, s := range []struct {
		model    shape.Service
		handlers []wire.Handler
	}{
		{apigateway.Service, []wire.Handler{
			note[apigateway.CreateRestApiInput, apigateway.RestApi](r, "CreateRestApi"),
			note[apigateway.GetMethodInput, apigateway.Method](r, "GetMethod"),
			note[apigateway.PutIntegrationInput, apigateway.Integration](r, "PutIntegration"),
			note[apigateway.UpdateIntegrationInput, apigateway.Integration](r, "UpdateIntegration"),
			noteDo[apigateway.TagResourceInput](r, "TagResource"),
		}},
		{lambda.Service, []wire.Handler{
			note[lambda.CreateFunctionInput, lambda.FunctionConfiguration](r, "CreateFunction"),
			note[lambda.InvokeInput, lambda.InvocationResponse](r, "Invoke"),
			note[lambda.ListFunctionsInput, lambda.ListFunctionsResponse](r, "ListFunctions"),
		}},
		{iam.Service, []wire.Handler{
			note[iam.CreateUserInput, iam.CreateUserResponse](r, "CreateUser"),
			note[iam.GetUserInput, iam.GetUserResponse](r, "GetUser"),
			note[iam.ListUsersInput, iam.ListUsersResponse](r, "ListUsers"),
			note[iam.GetAccountSummaryInput, iam.GetAccountSummaryResponse](r, "GetAccountSummary"),
			noteDo[iam.AttachUserPolicyInput](r, "AttachUserPolicy"),
			noteDo[iam.AddRoleToInstanceProfileInput](r, "AddRoleToInstanceProfile"),
			noteDo[iam.UntagUserInput](r, "UntagUser"),
		}},
		{sts.Service, []wire.Handler{
			note[sts.GetCallerIdentityInput, sts.GetCallerIdentityResponse](r, "GetCallerIdentity"),
			note[sts.AssumeRoleInput, sts.AssumeRoleResponse](r, "AssumeRole"),
			note[sts.AssumeRoleWithWebIdentityInput, sts.AssumeRoleWithWebIdentityResponse](r, "AssumeRoleWithWebIdentity"),
			note[sts.GetSessionTokenInput, sts.GetSessionTokenResponse](r, "GetSessionToken"),
			note[sts.GetFederationTokenInput, sts.GetFederationTokenResponse](r, "GetFederationToken"),
			note[sts.GetAccessKeyInfoInput, sts.GetAccessKeyInfoResponse](r, "GetAccessKeyInfo"),
		}},
		{cloudformation.Service, []wire.Handler{
			note[cloudformation.CreateStackInput, cloudformation.CreateStackOutput](r, "CreateStack"),
			note[cloudformation.DescribeStacksInput, cloudformation.DescribeStacksOutput](r, "DescribeStacks"),
		}},
		{ec2.Service, []wire.Handler{
			note[ec2.CreateVpcEndpointInput, ec2.CreateVpcEndpointResult](r, "CreateVpcEndpoint"),
			note[ec2.DeleteVpcEndpointsInput, ec2.DeleteVpcEndpointsResult](r, "DeleteVpcEndpoints"),
			note[ec2.DescribeVpcEndpointsInput, ec2.DescribeVpcEndpointsResult](r, "DescribeVpcEndpoints"),
		}},
	} {
		service, err := wire.NewService(s.model, s.handlers...)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, service)
	}
	return out
}

// asked is an Authorizer that says yes and remembers what it was asked.
type asked struct {
	questions []string
	keys      []condition.Context
}

func (a *asked) Authorize(_ context.Context, _ *identity.Caller, r *policy.Request) policy.Decision {
	on := "*"
	if r.Resource.Service != "" {
		on = r.Resource.String()
	}
	a.questions = append(a.questions, r.Action.String()+" "+on)
	a.keys = append(a.keys, *r.Context)
	return policy.Decision{Effect: policy.Allow}
}

// paths says where users are: the Locator of IAM.
type paths struct{}

func (paths) Locate(ctx context.Context, template string, values []string) (string, error) {
	switch {
	case template != "user/{UserName}":
	case values[0] == "":
		return identity.CallerFrom(ctx).ARN, nil
	case values[0] == "bob":
		return "arn:aws:iam::123456789012:user/division/bob", nil
	}
	return "", nil
}

func all(t testing.TB, r *ran, a controlplane.Authorizer, who callers) *controlplane.Handler {
	t.Helper()
	return controlplane.New(controlplane.Config{
		Services: house(t, r), Callers: who, Authorizer: a, Locators: map[string]controlplane.Locator{"iam": paths{}},
		Now:    func() time.Time { return noon },
		Home:   identity.Home{Partition: "aws", Account: "123456789012", Region: "eu-west-1"},
		Logger: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
}

// form is a request as SDKs make it, not signed.
func form(body string) *http.Request {
	r := request("POST", "/", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

const (
	iamVersion = "&Version=2010-05-08"
	stsVersion = "&Version=2011-06-15"
	cfnVersion = "&Version=2010-05-15"
	ec2Version = "&Version=2016-11-15"
)

// What IAM is asked: the actions and resources of the Service Authorization Reference.
func TestQuestions(t *testing.T) {
	const ann = "arn:aws:iam::123456789012:user/ann"
	tests := []struct {
		service string
		r       *http.Request
		want    []string
	}{
		{"iam", form("Action=CreateUser&UserName=eve&Path=/x/y/" + iamVersion), []string{"iam:CreateUser arn:aws:iam::123456789012:user/x/y/eve"}},
		{"iam", form("Action=CreateUser&UserName=eve" + iamVersion), []string{"iam:CreateUser arn:aws:iam::123456789012:user/eve"}},
		{"iam", form("Action=CreateUser" + iamVersion), []string{"iam:CreateUser arn:aws:iam::123456789012:user/"}},
		{"iam", form("Action=CreateUser&UserName=eve&Path=arn:aws:iam::123456789012:user/bob" + iamVersion), []string{"iam:CreateUser arn:aws:iam::123456789012:userarn:aws:iam::123456789012:user/bobeve"}},
		{"iam", form("Action=GetUser&UserName=bob" + iamVersion), []string{"iam:GetUser arn:aws:iam::123456789012:user/division/bob"}},
		{"iam", form("Action=GetUser&UserName=eve" + iamVersion), []string{"iam:GetUser arn:aws:iam::123456789012:user/eve"}},
		{"iam", form("Action=GetUser" + iamVersion), []string{"iam:GetUser " + ann}},
		{"iam", form("Action=ListUsers" + iamVersion), []string{"iam:ListUsers arn:aws:iam::123456789012:user/"}},
		{"iam", form("Action=GetAccountSummary" + iamVersion), []string{"iam:GetAccountSummary *"}},
		{"iam", form("Action=AttachUserPolicy&UserName=bob&PolicyArn=arn:aws:iam::aws:policy/X" + iamVersion), []string{"iam:AttachUserPolicy arn:aws:iam::123456789012:user/division/bob"}},
		{"iam", form("Action=AddRoleToInstanceProfile&RoleName=r&InstanceProfileName=p" + iamVersion),
			[]string{"iam:AddRoleToInstanceProfile arn:aws:iam::123456789012:instance-profile/p", "iam:PassRole arn:aws:iam::123456789012:role/r"}},
		{"sts", form("Action=GetFederationToken&Name=joe" + stsVersion), []string{"sts:GetFederationToken arn:aws:sts::123456789012:federated-user/joe"}},
		{"sts", form("Action=GetAccessKeyInfo&AccessKeyId=AKIAXXXXXXXXXXXXXXXX" + stsVersion), []string{"sts:GetAccessKeyInfo *"}},
		{"sts", form("Action=GetCallerIdentity" + stsVersion), nil},
		{"cloudformation", form("Action=DescribeStacks" + cfnVersion), []string{"cloudformation:DescribeStacks arn:aws:cloudformation:eu-west-1:123456789012:stack/*/*"}},
		{"cloudformation", form("Action=DescribeStacks&StackName=s" + cfnVersion), []string{"cloudformation:DescribeStacks arn:aws:cloudformation:eu-west-1:123456789012:stack/s/*"}},
		{"cloudformation", form("Action=DescribeStacks&StackName=arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1" + cfnVersion), []string{"cloudformation:DescribeStacks arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1"}},
		{"cloudformation", form("Action=CreateStack&StackName=s&RoleARN=arn:aws:iam::123456789012:role/deploy" + cfnVersion),
			[]string{"cloudformation:CreateStack arn:aws:cloudformation:eu-west-1:123456789012:stack/s/*", "iam:PassRole arn:aws:iam::123456789012:role/deploy"}},
		{"ec2", form("Action=DescribeVpcEndpoints" + ec2Version), []string{"ec2:DescribeVpcEndpoints *"}},
		{"ec2", form("Action=DeleteVpcEndpoints&VpcEndpointId.1=vpce-1&VpcEndpointId.2=vpce-2" + ec2Version),
			[]string{"ec2:DeleteVpcEndpoints arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/vpce-1", "ec2:DeleteVpcEndpoints arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/vpce-2"}},
		{"apigateway", request("POST", "/restapis", `{"name":"x"}`), []string{"apigateway:POST arn:aws:apigateway:eu-west-1::/restapis"}},
		{"apigateway", request("GET", "/restapis/a1/resources/b2/methods/GET", ""), []string{"apigateway:GET arn:aws:apigateway:eu-west-1::/restapis/a1/resources/b2/methods/GET"}},
		{"apigateway", request("GET", "/restapis/a1%2Fresources/resources/b2/methods/%2A", ""), []string{"apigateway:GET arn:aws:apigateway:eu-west-1::/restapis/a1%2Fresources/resources/b2/methods/*"}},
		{"apigateway", request("PUT", "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa1", `{"tags":{"a":"b"}}`),
			[]string{"apigateway:PUT arn:aws:apigateway:eu-west-1::/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa1"}},
		{"apigateway", request("PUT", "/restapis/a/resources/b/methods/GET/integration", `{"type":"AWS","credentials":"arn:aws:iam::123456789012:role/gw"}`),
			[]string{"apigateway:PUT arn:aws:apigateway:eu-west-1::/restapis/a/resources/b/methods/GET/integration", "iam:PassRole arn:aws:iam::123456789012:role/gw"}},
		{"apigateway", request("PUT", "/restapis/a/resources/b/methods/GET/integration", `{"type":"AWS","credentials":"arn:aws:iam::*:user/*"}`),
			[]string{"apigateway:PUT arn:aws:apigateway:eu-west-1::/restapis/a/resources/b/methods/GET/integration"}},
		{"apigateway", request("PATCH", "/restapis/a/resources/b/methods/GET/integration", `{"patchOperations":[{"op":"replace","path":"/uri","value":"x"},{"op":"replace","path":"/credentials","value":"arn:aws:iam::123456789012:role/gw"}]}`),
			[]string{"apigateway:PATCH arn:aws:apigateway:eu-west-1::/restapis/a/resources/b/methods/GET/integration", "iam:PassRole arn:aws:iam::123456789012:role/gw"}},
		{"lambda", request("GET", "/2015-03-31/functions/", ""), []string{"lambda:ListFunctions *"}},
		{"lambda", request("POST", "/2015-03-31/functions/f/invocations?Qualifier=live", ""), []string{"lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:f:live"}},
		{"lambda", request("POST", "/2015-03-31/functions/f/invocations", ""), []string{"lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:f"}},
		{"lambda", request("POST", "/2015-03-31/functions", `{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r"`), // cut off
			[]string{"lambda:CreateFunction arn:aws:lambda:eu-west-1:123456789012:function:f", "iam:PassRole arn:aws:iam::123456789012:role/r"}},
		// An operation that is not offered: nobody without permission learns even that.
		{"lambda", request("GET", "/2015-03-31/event-source-mappings/", ""), []string{"lambda:ListEventSourceMappings *"}},
	}
	for _, tt := range tests {
		a, r := &asked{}, &ran{}
		name := tt.r.Method + " " + tt.r.RequestURI
		w := httptest.NewRecorder()
		all(t, r, a, known(t)).ServeHTTP(w, signIn(t, tt.r, "AKIAANN", tt.service, "eu-west-1"))
		if diff := cmp.Diff(tt.want, a.questions); diff != "" {
			t.Errorf("%s %s (-want +asked):\n%s%s", tt.service, name, diff, w.Body)
		}
	}
}

// The condition keys of a request.
func TestConditions(t *testing.T) {
	a, r := &asked{}, &ran{}
	h := all(t, r, a, known(t))
	req := form("Action=CreateUser&UserName=eve&PermissionsBoundary=arn:aws:iam::123456789012:policy/b&Tags.member.1.Key=team&Tags.member.1.Value=a&Tags.member.2.Key=cost&Tags.member.2.Value=" + iamVersion)
	req.RemoteAddr = "[::ffff:198.51.100.7]:4711"
	req.Header.Set("User-Agent", "aws-cli")
	h.ServeHTTP(httptest.NewRecorder(), signIn(t, req, "AKIAANN", "iam", "us-east-1"))
	h.ServeHTTP(httptest.NewRecorder(), signIn(t, form("Action=UntagUser&UserName=eve&TagKeys.member.1=team"+iamVersion), "AKIAANN", "iam", "eu-west-1"))
	h.ServeHTTP(httptest.NewRecorder(), signIn(t, form("Action=AddRoleToInstanceProfile&RoleName=r&InstanceProfileName=p"+iamVersion), "AKIAANN", "iam", "eu-west-1"))
	h.ServeHTTP(httptest.NewRecorder(), signIn(t, form("Action=CreateVpcEndpoint&VpcId=vpc-1&ServiceName=s&TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=k&TagSpecification.1.Tag.1.Value=v"+ec2Version), "AKIAANN", "ec2", "eu-west-1"))
	if len(a.keys) != 5 {
		t.Fatalf("%d questions, want 5: %v", len(a.keys), a.questions)
	}
	x := a.keys[0]
	if got := x.SourceIP.String(); got != "198.51.100.7" {
		t.Errorf("aws:SourceIp = %s", got)
	}
	if x.RequestedRegion != "us-east-1" || x.UserAgent != "aws-cli" || !x.Time.Equal(noon) || x.SecureTransport != condition.False || x.ResourceAccount != "123456789012" {
		t.Errorf("keys of the request: %+v", x)
	}
	if x.PrincipalARN != "arn:aws:iam::123456789012:user/ann" || x.Username != "ann" || x.PrincipalType != "User" {
		t.Errorf("keys of the caller: %+v", x)
	}
	if diff := cmp.Diff([]condition.Tag{{Key: "team", Value: "a"}, {Key: "cost", Value: ""}}, x.RequestTags); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"team", "cost"}, x.TagKeys); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]condition.Attribute{{Name: "iam:PermissionsBoundary", Values: []string{"arn:aws:iam::123456789012:policy/b"}}}, x.More); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"team"}, a.keys[1].TagKeys); diff != "" {
		t.Errorf("aws:TagKeys of UntagUser: %s", diff)
	}
	if len(a.keys[2].More) != 0 {
		t.Errorf("keys of the first question: %v", a.keys[2].More)
	}
	if diff := cmp.Diff([]condition.Attribute{{Name: "iam:PassedToService", Values: []string{"ec2.amazonaws.com"}}}, a.keys[3].More); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]condition.Tag{{Key: "k", Value: "v"}}, a.keys[4].RequestTags); diff != "" {
		t.Error(diff)
	}
}

// No operation of any model can be called without a signature, by a key of another service, or by a user
// without permission, whether it has a handler or not: security.md B4. The few that differ are named here.
func TestEveryOperationIsGuarded(t *testing.T) {
	var r ran
	h := all(t, &r, controlplane.Policies{}, known(t))
	unsigned := map[string]bool{"sts:AssumeRoleWithSAML": true, "sts:AssumeRoleWithWebIdentity": true}
	unasked := map[string]bool{"sts:AssumeRole": true, "sts:GetCallerIdentity": true, "sts:GetSessionToken": true}
	for _, s := range h.Services {
		m := s.Model()
		for _, op := range m.Operations {
			name := m.Name + ":" + op.Name
			if op.Unsigned != unsigned[name] || op.Unasked != unasked[name] {
				t.Errorf("%s: Unsigned %v, Unasked %v", name, op.Unsigned, op.Unasked)
			}
			ask := func() *http.Request {
				if m.Protocol == shape.RESTJSON {
					return request(op.Method, strings.NewReplacer("{", "", "}", "").Replace(op.URI), "{}")
				}
				return form("Action=" + op.Name + "&Version=" + m.Version)
			}
			try := func(what string, r *http.Request, status int, code string) {
				t.Helper()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				got := strings.Join(w.Header()["x-amzn-ErrorType"], "")
				if got == "" {
					_, got, _ = strings.Cut(w.Body.String(), "<Code>")
					got, _, _ = strings.Cut(got, "</Code>")
				}
				if w.Code != status || got != code {
					t.Errorf("%s %s: %d %s, want %d %s", what, name, w.Code, got, status, code)
				}
			}
			missing, denied := "MissingAuthenticationTokenException", "AccessDeniedException"
			switch m.Protocol {
			case shape.Query:
				missing, denied = "MissingAuthenticationToken", "AccessDenied"
			case shape.EC2:
				missing, denied = "MissingAuthenticationToken", "UnauthorizedOperation"
			}
			if !op.Unsigned {
				try("unsigned", ask(), 403, missing)
				try("signed for an API", signIn(t, ask(), rootID, "execute-api", "eu-west-1"), 501, "UnknownOperationException")
			}
			if !op.Unsigned && !op.Unasked {
				try("without permission,", signIn(t, ask(), "AKIAANN", m.SigningName, "eu-west-1"), 403, denied)
			}
		}
	}
	if len(r) > 0 {
		t.Errorf("handlers ran: %v", r)
	}
}

func TestForms(t *testing.T) {
	noonPlus := func(d time.Duration) *identity.Session { return &identity.Session{Expires: noon.Add(d)} }
	session := func(p identity.Principal, s *identity.Session) identity.Principal { p.Session = s; return p }
	role := identity.Principal{Kind: identity.RoleSession, ARN: "arn:aws:sts::123456789012:assumed-role/r/s", Issuer: "arn:aws:iam::123456789012:role/r", ID: "AROAR", Name: "s"}
	federated := identity.Principal{Kind: identity.FederatedUser, ARN: "arn:aws:sts::123456789012:federated-user/f", Issuer: "arn:aws:iam::123456789012:user/ann", ID: "123456789012", Name: "f"}
	everything := `{"Effect":"Allow","Action":"*","Resource":"*"}`
	who := known(t)
	who[[2]string{"AKIACAT"}] = caller(t, user("cat"), rootSecret, `{"Effect":"Allow","Action":["iam:*"],"Resource":"arn:aws:iam::123456789012:user/division/*"}`)
	who[[2]string{"ASIAROLE", "token"}] = caller(t, session(role, noonPlus(time.Hour)), rootSecret, everything)
	who[[2]string{"ASIAOLD", "token"}] = caller(t, session(role, noonPlus(0)), rootSecret, everything)
	who[[2]string{"ASIAANN", "token"}] = caller(t, session(user("ann"), noonPlus(time.Hour)), rootSecret, everything)
	who[[2]string{"ASIAFED", "token"}] = caller(t, session(federated, noonPlus(time.Hour)), rootSecret, everything)
	signed := func(key, service, body string) *http.Request { return signIn(t, form(body), key, service, "eu-west-1") }
	with := func(token, key, service, body string) *http.Request {
		r := form(body)
		r.Header.Set("X-Amz-Security-Token", token)
		return signIn(t, r, key, service, "eu-west-1")
	}
	in := func(region, service string) *http.Request {
		body := map[string]string{"iam": "Action=ListUsers" + iamVersion, "sts": "Action=GetCallerIdentity" + stsVersion, "ec2": "Action=DescribeVpcEndpoints" + ec2Version}
		return signIn(t, form(body[service]), rootID, service, region)
	}
	const identify, users = "Action=GetCallerIdentity" + stsVersion, "Action=ListUsers" + iamVersion
	web := "Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=s1&WebIdentityToken=abcd" + stsVersion
	changed := func(r *http.Request, change func(*http.Request)) *http.Request { change(r); return r }
	tests := []struct {
		name   string
		r      *http.Request
		status int
		code   string // of the refusal
		text   string // or the operation that ran
	}{
		{"web identity, unsigned", form(web), 200, "", "AssumeRoleWithWebIdentity by nobody"},
		{"web identity, signed by somebody", signed("AKIANOBODY", "sts", web), 200, "", "AssumeRoleWithWebIdentity by nobody"},
		{"web identity, malformed", form(web + "&DurationSeconds=1"), 400, "ValidationError", "1 validation error detected: Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"unsigned", form(identify), 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"unsigned GET", request("GET", "/?"+identify, ""), 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"unsigned, unknown action", form("Action=Paint" + stsVersion), 400, "InvalidAction", "Could not find operation Paint for version 2011-06-15"},
		{"unsigned, unknown version", form("Action=GetCallerIdentity&Version=2000-01-01"), 400, "InvalidAction", "Could not find operation GetCallerIdentity for version 2000-01-01"},
		{"unsigned, no action", form("a=b"), 400, "MissingAction", "The request is missing an action or operation parameter."},
		{"unsigned, large", form("Action=AssumeRoleWithWebIdentity" + stsVersion + "&WebIdentityToken=" + strings.Repeat("x", 1<<20)), 413, "RequestEntityTooLargeException", "Request must be smaller than 524288 bytes"},
		{"signed, large", signed(rootID, "sts", identify+"&x="+strings.Repeat("x", 1<<20)), 413, "RequestEntityTooLargeException", "Request must be smaller than 1048576 bytes"},
		{"signed, unknown action", signed(rootID, "iam", "Action=Paint"+iamVersion), 400, "InvalidAction", "Could not find operation Paint for version 2010-05-08"},
		{"signed for another service", signed(rootID, "iam", identify), 400, "InvalidAction", "Could not find operation GetCallerIdentity for version 2011-06-15"},
		{"two actions, one in the query", changed(form(web), func(r *http.Request) { r.RequestURI = "/?Action=GetCallerIdentity" }), 400, "MalformedInput", "The parameter 'Action' is given more than once."},

		{"root", signed(rootID, "sts", identify), 200, "", "GetCallerIdentity by the account"},
		{"nobody may be denied who they are", signed("AKIAANN", "sts", identify), 200, "", "GetCallerIdentity by a user"},
		{"unknown key", signed("AKIANOBODY", "sts", identify), 403, "InvalidClientTokenId", "The security token included in the request is invalid."},
		{"another body", changed(signed(rootID, "sts", identify), func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(identify + "&x=y")) }), 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
		{"no operation handler", signed(rootID, "iam", "Action=ListRoles"+iamVersion), 501, "NotImplemented", "The operation iam:ListRoles is not offered by this server."},
		{"user without permission", signed("AKIAANN", "iam", users), 403, "AccessDenied", "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::123456789012:user/ because no identity-based policy allows the iam:ListUsers action"},
		{"without permission, malformed", signed("AKIAANN", "iam", "Action=CreateUser&UserName=%20"+iamVersion), 403, "AccessDenied", "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::123456789012:user/  because no identity-based policy allows the iam:CreateUser action"},
		{"without resource", signed("AKIAANN", "iam", "Action=GetAccountSummary"+iamVersion), 403, "AccessDenied", "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:GetAccountSummary on resource: * because no identity-based policy allows the iam:GetAccountSummary action"},
		{"with permission", signed("AKIACAT", "iam", "Action=GetUser&UserName=bob"+iamVersion), 200, "", "GetUser by a user"},
		{"with permission elsewhere", signed("AKIACAT", "iam", "Action=GetUser&UserName=division/bob"+iamVersion), 400, "ValidationError", `1 validation error detected: Value 'division/bob' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{"EC2 without permission", signed("AKIAANN", "ec2", "Action=DescribeVpcEndpoints"+ec2Version), 403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ann is not authorized to perform: ec2:DescribeVpcEndpoints on resource: * because no identity-based policy allows the ec2:DescribeVpcEndpoints action"},
		{"EC2 with an unknown key", signed("AKIANOBODY", "ec2", "Action=DescribeVpcEndpoints"+ec2Version), 401, "AuthFailure", "AWS was not able to validate the provided access credentials"},

		// IAM and STS have one endpoint for all regions, and clients may sign for the region they are told.
		{"IAM, region of the house", in("eu-west-1", "iam"), 200, "", "ListUsers by the account"},
		{"IAM, first region", in("us-east-1", "iam"), 200, "", "ListUsers by the account"},
		{"IAM, another region", in("eu-west-2", "iam"), 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-2'. "},
		{"STS, first region", in("us-east-1", "sts"), 200, "", "GetCallerIdentity by the account"},
		{"EC2, first region", in("us-east-1", "ec2"), 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'us-east-1'. "},

		{"role session", with("token", "ASIAROLE", "iam", users), 200, "", "ListUsers by a role"},
		{"session without its token", signed("ASIAROLE", "iam", users), 403, "InvalidClientTokenId", "The security token included in the request is invalid."},
		{"token of another", with("other", "ASIAROLE", "iam", users), 403, "InvalidClientTokenId", "The security token included in the request is invalid"},
		{"token on a key that needs none", with("token", rootID, "iam", users), 403, "InvalidClientTokenId", "The security token included in the request is invalid"},
		{"expired", with("token", "ASIAOLD", "iam", users), 403, "ExpiredToken", "The security token included in the request is expired"},
		{"session of a user, IAM", with("token", "ASIAANN", "iam", users), 403, "InvalidClientTokenId", "The security token included in the request is invalid"},
		{"session of a user, itself", with("token", "ASIAANN", "sts", identify), 200, "", "GetCallerIdentity by a user"},
		{"session of a user, a role", with("token", "ASIAANN", "sts", "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=s1"+stsVersion), 200, "", "AssumeRole by a user"},
		{"session of a user, another session", with("token", "ASIAANN", "sts", "Action=GetSessionToken"+stsVersion), 403, "AccessDenied", "Cannot call GetSessionToken with session credentials"},
		{"session of a role, another session", with("token", "ASIAROLE", "sts", "Action=GetSessionToken"+stsVersion), 403, "AccessDenied", "Cannot call GetSessionToken with session credentials"},
		{"session of a role, federation", with("token", "ASIAROLE", "sts", "Action=GetFederationToken&Name=joe"+stsVersion), 403, "AccessDenied", "Cannot call GetFederationToken with session credentials"},
		{"session of a role, STS", with("token", "ASIAROLE", "sts", "Action=GetAccessKeyInfo&AccessKeyId=AKIAXXXXXXXXXXXXXXXX"+stsVersion), 200, "", "GetAccessKeyInfo by a role"},
		{"session of a user, STS", with("token", "ASIAANN", "sts", "Action=GetAccessKeyInfo&AccessKeyId=AKIAXXXXXXXXXXXXXXXX"+stsVersion), 403, "AccessDenied", "Cannot call GetAccessKeyInfo with session credentials"},
		{"federated user, a role", with("token", "ASIAFED", "sts", "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=s1"+stsVersion), 403, "AccessDenied", "Cannot call AssumeRole with session credentials"},
		{"federated user, itself", with("token", "ASIAFED", "sts", identify), 200, "", "GetCallerIdentity by a federated user"},
		{"long-term key, a session", signed("AKIAANN", "sts", "Action=GetSessionToken"+stsVersion), 200, "", "GetSessionToken by a user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r ran
			w := httptest.NewRecorder()
			all(t, &r, controlplane.Policies{}, who).ServeHTTP(w, tt.r)
			code, text := element(t, w.Body.String(), "Code"), element(t, w.Body.String(), "Message")
			if tt.code == "" {
				text = strings.Join(r, ", ")
			} else if len(r) > 0 {
				t.Errorf("the handler ran: %v", r)
			}
			if w.Code != tt.status || code != tt.code || text != tt.text {
				t.Errorf("%d %s: %s\nwant %d %s: %s\n%s", w.Code, code, text, tt.status, tt.code, tt.text, w.Body)
			}
			id := w.Header()["x-amzn-RequestId"]
			if len(id) != 1 || !strings.Contains(w.Body.String(), id[0]) {
				t.Errorf("the answer does not repeat the request id %v: %s", id, w.Body)
			}
		})
	}
}

// element is the text of an element, "" when there is none.
func element(t *testing.T, body, name string) string {
	t.Helper()
	_, after, ok := strings.Cut(body, "<"+name+">")
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(after, "</"+name+">")
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}

// A caller in a context is never nil behind this door: nil stands for the house itself.
func TestUnsignedCallerIsNobody(t *testing.T) {
	var r ran
	h := all(t, &r, controlplane.Policies{}, nil)
	h.ServeHTTP(httptest.NewRecorder(), form("Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=s1&WebIdentityToken="+
		url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("token")))+stsVersion))
	if !slices.Equal(r, ran{"AssumeRoleWithWebIdentity by nobody"}) {
		t.Errorf("ran: %v", r)
	}
}
