package controlplane_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/cloudformation"
	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/awsapi/iam"
	"gatehouse/internal/awsapi/sts"
	"gatehouse/internal/controlplane"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/wire"
)

// environment is what AWS's clients read, and nothing of the machine's own settings.
func environment(endpoint, secret string) []string {
	return append(os.Environ(),
		"AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID="+rootID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_SESSION_TOKEN=",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "NO_PROXY=127.0.0.1")
}

// The vendor's own client, which shares no code with us, signs, sends and reads.
func TestBoto3(t *testing.T) {
	t.Parallel()
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		t.Skip("no boto3 here")
	}
	h, _ := handler(t, time.Now, io.Discard)
	server := httptest.NewServer(h)
	defer server.Close()
	const script = `
import json, boto3
from botocore.exceptions import ClientError
c, l = boto3.client("apigateway"), boto3.client("lambda")
out = {}
out["account"] = c.get_account()["throttleSettings"]
made = c.create_api_key(name="späti", value="v" * 20, enabled=True, tags={"a b": "c/d"})
out["status"], out["created"] = made["ResponseMetadata"]["HTTPStatusCode"], made["createdDate"].timestamp()
out["keys"] = [k["name"] for k in c.get_api_keys(includeValues=True, limit=5)["items"]]
def refused(f, **a):
    try:
        f(**a)
        return "accepted"
    except ClientError as e:
        return e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
out["missing"] = refused(c.delete_api_key, apiKey="a/b ü")
out["policy"] = refused(l.get_policy, FunctionName="arn:aws:lambda:us-east-1:123456789012:function:f")
out["later"] = refused(c.get_tags, resourceArn="arn:aws:apigateway:us-east-1::/restapis/x")
print(json.dumps(out))
`
	got := python(t, server.URL, script)
	want := `{"account":{"burstLimit":5000,"rateLimit":10000},"created":1767355200,"keys":["späti"],` +
		`"later":"NotImplementedException: The operation apigateway:GetTags is not offered by this server.",` +
		`"missing":"NotFoundException: Invalid API Key identifier specified",` +
		`"policy":"ResourceNotFoundException: The resource you requested does not exist.","status":201}`
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// python runs a script as the root user and reads the JSON that it prints.
func python(t *testing.T, endpoint, script string) map[string]any {
	t.Helper()
	cmd := exec.Command("python3", "-c", script)
	cmd.Env = environment(endpoint, rootSecret)
	raw, err := cmd.Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v\n%s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCLI(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("no aws command here")
	}
	h, _ := handler(t, time.Now, io.Discard)
	server := httptest.NewServer(h)
	defer server.Close()
	run := func(secret string, args ...string) string {
		cmd := exec.Command("aws", args...)
		cmd.Env = environment(server.URL, secret)
		out, _ := cmd.CombinedOutput() // the text tells what happened
		return strings.TrimSpace(string(out))
	}
	got := run(rootSecret, "apigateway", "get-account", "--query", "throttleSettings.burstLimit", "--output", "text")
	if got != "5000" {
		t.Errorf("get-account: %s", got)
	}
	got = run("wrong", "apigateway", "get-account")
	if want := "(InvalidSignatureException) when calling the GetAccount operation: The request signature we calculated does not match"; !strings.Contains(got, want) {
		t.Errorf("with a wrong secret: %s\nwant %s", got, want)
	}
}

// The Go SDK signs Content-Length, which the server must still see.
func TestContentLengthIsSigned(t *testing.T) {
	h, _ := handler(t, time.Now, io.Discard)
	server := httptest.NewServer(h)
	defer server.Close()
	body := []byte(`{"name":"x"}`)
	r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/apikeys", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	add, f := sigv4.Sign(&sigv4.Request{Method: "POST", RawPath: "/apikeys", Host: r.Host, PayloadHash: sigv4.HashPayload(body),
		Header: func(yield func(string, string) bool) { yield("Content-Length", "12") }},
		sigv4.Credentials{KeyID: rootID, Secret: seal.Hide(rootSecret), Region: "us-east-1", Service: "apigateway"}, time.Now())
	if f != nil {
		t.Fatal(f)
	}
	for _, h := range add {
		r.Header.Set(h.Name, h.Value)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != 201 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// tenants is a tiny IAM, STS and CloudFormation, as far as the scripts below go.
func tenants(t *testing.T) http.Handler {
	t.Helper()
	var users []iam.User
	now := noon
	people, err := wire.NewService(iam.Service,
		wire.Op("CreateUser", func(_ context.Context, in *iam.CreateUserInput) (*iam.CreateUserResponse, error) {
			for _, u := range users {
				if u.UserName == in.UserName {
					return nil, wire.Errorf("EntityAlreadyExists", "User with name %s already exists.", in.UserName)
				}
			}
			u := iam.User{UserName: in.UserName, Path: "/", UserId: "AIDA", Arn: "arn:aws:iam::123456789012:user/" + in.UserName, CreateDate: &now, Tags: in.Tags}
			users = append(users, u)
			return &iam.CreateUserResponse{User: &u}, nil
		}),
		wire.Op("ListUsers", func(context.Context, *iam.ListUsersInput) (*iam.ListUsersResponse, error) {
			return &iam.ListUsersResponse{Users: append([]iam.User{}, users...), IsTruncated: new(false)}, nil
		}),
		wire.Do("DeleteUser", func(_ context.Context, in *iam.DeleteUserInput) error {
			return wire.Errorf("NoSuchEntity", "The user with name %s cannot be found.", in.UserName)
		}),
		wire.Op("GetRole", func(_ context.Context, in *iam.GetRoleInput) (*iam.GetRoleResponse, error) {
			return &iam.GetRoleResponse{Role: &iam.Role{RoleName: in.RoleName, Path: "/", RoleId: "AROA", Arn: "arn:aws:iam::123456789012:role/" + in.RoleName, CreateDate: &now,
				AssumeRolePolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Condition":{"StringLike":{"a:b":"100%3A + é"}}}]}`)}}, nil
		}),
		wire.Op("GetAccountSummary", func(context.Context, *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryResponse, error) {
			return &iam.GetAccountSummaryResponse{SummaryMap: map[string]int32{"Users": 1, "Groups": 0}}, nil
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := wire.NewService(sts.Service,
		wire.Op("GetCallerIdentity", func(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityResponse, error) {
			c := identity.CallerFrom(ctx)
			return &sts.GetCallerIdentityResponse{Account: new(string(c.Account)), Arn: new(c.ARN), UserId: new(c.UserID())}, nil
		}),
		wire.Op("AssumeRoleWithWebIdentity", func(_ context.Context, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityResponse, error) {
			if in.WebIdentityToken != "good" {
				return nil, wire.Errorf("InvalidIdentityToken", "Incorrect token audience")
			}
			return &sts.AssumeRoleWithWebIdentityResponse{Credentials: &sts.Credentials{AccessKeyId: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: "s", SessionToken: "t", Expiration: &now}}, nil
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	stacks, err := wire.NewService(cloudformation.Service,
		wire.Op("DescribeStacks", func(_ context.Context, in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
			return nil, &wire.Error{Code: "ValidationError", Message: "Stack with id " + *in.StackName + " does not exist"}
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	networks, err := wire.NewService(ec2.Service,
		wire.Op("CreateVpcEndpoint", func(_ context.Context, in *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointResult, error) {
			return &ec2.CreateVpcEndpointResult{VpcEndpoint: &ec2.VpcEndpoint{VpcEndpointId: new("vpce-1"), VpcId: &in.VpcId, SubnetIds: in.SubnetIds,
				CreationTimestamp: &now, Tags: in.TagSpecifications[0].Tags}}, nil
		}),
		wire.Op("DescribeVpcEndpoints", func(_ context.Context, in *ec2.DescribeVpcEndpointsInput) (*ec2.DescribeVpcEndpointsResult, error) {
			return nil, wire.Errorf("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist", in.Filters[0].Values[1])
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	who := known(t)
	who[[2]string{"ASIAROLE", "token"}] = caller(t, identity.Principal{
		Kind: identity.RoleSession, ARN: "arn:aws:sts::123456789012:assumed-role/r/s", Issuer: "arn:aws:iam::123456789012:role/r", ID: "AROAR", Name: "s",
		Session: &identity.Session{Expires: time.Now().Add(time.Hour)},
	}, rootSecret)
	return controlplane.New(controlplane.Config{
		Services: []*wire.Service{people, tokens, stacks, networks}, Callers: who, Authorizer: controlplane.Policies{}, Now: time.Now,
		Home: identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"}, Logger: slog.New(slog.DiscardHandler),
	})
}

func TestBoto3Forms(t *testing.T) {
	t.Parallel()
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		t.Skip("no boto3 here")
	}
	server := httptest.NewServer(tenants(t))
	defer server.Close()
	const script = `
import json, boto3, urllib.request
from botocore.exceptions import ClientError
iam, sts, cfn, ec2 = (boto3.client(s) for s in ("iam", "sts", "cloudformation", "ec2"))
secret = boto3.Session().get_credentials().secret_key
def signed(service, key, token=None):
    return boto3.client(service, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)
out = {}
def refused(f, **a):
    try:
        f(**a)
        return "accepted"
    except ClientError as e:
        return "%d %s: %s" % (e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"], e.response["Error"]["Message"])
made = iam.create_user(UserName="ann@x+y", Tags=[{"Key": "täg +", "Value": "a=b c"}])
out["user"] = [made["User"]["UserName"], made["User"]["CreateDate"].timestamp(), made["User"]["Tags"], len(made["ResponseMetadata"]["RequestId"])]
out["list"] = [u["UserName"] for page in iam.get_paginator("list_users").paginate() for u in page["Users"]]
out["twice"] = refused(iam.create_user, UserName="ann@x+y")
out["gone"] = refused(iam.delete_user, UserName="bob")
out["invalid"] = refused(iam.create_user, UserName="a b")
out["trust"] = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"]
out["summary"] = iam.get_account_summary()["SummaryMap"]
out["me"] = sts.get_caller_identity()["Arn"]
out["role"] = signed("sts", "ASIAROLE", "token").get_caller_identity()["UserId"]
out["no token"] = refused(signed("sts", "ASIAROLE").get_caller_identity)
out["denied"] = refused(signed("iam", "ASIAROLE", "token").list_users)
out["key"] = refused(signed("sts", "AKIANOBODY").get_caller_identity)
out["web"] = sts.assume_role_with_web_identity(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="s1", WebIdentityToken="good")["Credentials"]["AccessKeyId"]
out["bad web"] = refused(sts.assume_role_with_web_identity, RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="s1", WebIdentityToken="evil")
out["stack"] = refused(cfn.describe_stacks, StackName="s")
out["later"] = refused(cfn.list_stacks)
made = ec2.create_vpc_endpoint(VpcId="vpc-1", ServiceName="s", SubnetIds=["a", "b"], TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "k", "Value": "v"}]}])["VpcEndpoint"]
out["endpoint"] = [made["VpcEndpointId"], made["SubnetIds"], made["Tags"], made["CreationTimestamp"].timestamp()]
out["no endpoint"] = refused(ec2.describe_vpc_endpoints, Filters=[{"Name": "vpc-id", "Values": ["a", "b"]}])
with urllib.request.urlopen(sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")) as r:
    out["presigned"] = [r.status, "arn:aws:iam::123456789012:root" in r.read().decode()]
print(json.dumps(out))
`
	got := python(t, server.URL, script)
	want := map[string]any{
		"user": []any{"ann@x+y", 1767355200.0, []any{map[string]any{"Key": "täg +", "Value": "a=b c"}}, 36.0},
		"list": []any{"ann@x+y"}, "twice": "409 EntityAlreadyExists: User with name ann@x+y already exists.",
		"gone":    "404 NoSuchEntity: The user with name bob cannot be found.",
		"invalid": `400 ValidationError: 1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`,
		"trust":   []any{map[string]any{"Condition": map[string]any{"StringLike": map[string]any{"a:b": "100%3A + é"}}}},
		"summary": map[string]any{"Users": 1.0, "Groups": 0.0}, "me": "arn:aws:iam::123456789012:root", "role": "AROAR:s",
		"no token": "403 InvalidClientTokenId: The security token included in the request is invalid.",
		"denied":   "403 AccessDenied: User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::123456789012:user/ because no identity-based policy allows the iam:ListUsers action",
		"key":      "403 InvalidClientTokenId: The security token included in the request is invalid.",
		"web":      "ASIAXXXXXXXXXXXXXXXX", "bad web": "400 InvalidIdentityToken: Incorrect token audience",
		"stack": "400 ValidationError: Stack with id s does not exist", "later": "501 NotImplemented: The operation cloudformation:ListStacks is not offered by this server.",
		"endpoint":    []any{"vpce-1", []any{"a", "b"}, []any{map[string]any{"Key": "k", "Value": "v"}}, 1767355200.0},
		"no endpoint": "400 InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id 'b' does not exist",
		"presigned":   []any{200.0, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCLIForms(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("no aws command here")
	}
	server := httptest.NewServer(tenants(t))
	defer server.Close()
	run := func(args ...string) string {
		cmd := exec.Command("aws", args...)
		cmd.Env = environment(server.URL, rootSecret)
		out, _ := cmd.CombinedOutput() // the text tells what happened
		return strings.TrimSpace(string(out))
	}
	if got := run("sts", "get-caller-identity", "--query", "Arn", "--output", "text"); got != "arn:aws:iam::123456789012:root" {
		t.Errorf("get-caller-identity: %s", got)
	}
	got := run("iam", "delete-user", "--user-name", "bob")
	if want := "(NoSuchEntity) when calling the DeleteUser operation: The user with name bob cannot be found."; !strings.Contains(got, want) {
		t.Errorf("delete-user: %s\nwant %s", got, want)
	}
}
