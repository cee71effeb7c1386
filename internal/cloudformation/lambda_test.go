package cloudformation

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/lambda"
	functions "gatehouse/internal/service/lambda"
	"gatehouse/internal/stack"
)

// noHost runs nothing.
type noHost struct{ functions.Host }

func (noHost) Retire(string) {}

// TestFunctions deploys, changes and deletes functions on the real service.
func TestFunctions(t *testing.T) {
	h := newHouse(t)
	svc, err := functions.New(functions.Config{
		DB: h.db, Tables: h.e.cfg.Tables, Home: h.e.cfg.Home, Now: h.e.cfg.Now, Host: noHost{}, CodeDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = svc.Close(context.Background()) })
	h.e.cfg.Services.Lambda = svc

	const before = `
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: f
      Role: arn:aws:iam::123456789012:role/r
      Runtime: nodejs20.x
      Handler: index.handler
      Timeout: 10
      MemorySize: 256
      Description: first
      ReservedConcurrentExecutions: 2
      Environment: {Variables: {A: "1", B: "2"}}
      Tags: [{Key: team, Value: a}]
      Code: {ZipFile: "exports.handler = async () => 1"}
  V1: {Type: "AWS::Lambda::Version", DeletionPolicy: Retain, Properties: {FunctionName: !Ref F}}
  Live: {Type: "AWS::Lambda::Alias", Properties: {FunctionName: !Ref F, Name: live, FunctionVersion: !GetAtt V1.Version}}
  Call: {Type: "AWS::Lambda::Permission", Properties: {FunctionName: !Ref Live, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com, SourceArn: "arn:aws:execute-api:us-east-1:123456789012:a/*/*"}}
Outputs:
  Arn: {Value: !GetAtt F.Arn}
  Version: {Value: !Ref V1}
  Alias: {Value: !Ref Live}
`
	out := h.must(h.yaml(before))
	got := map[string]string{}
	for _, o := range out.Outputs {
		got[o.Key] = o.Value
	}
	same(t, "outputs", got, map[string]string{
		"Arn":     "arn:aws:lambda:us-east-1:123456789012:function:f",
		"Version": "arn:aws:lambda:us-east-1:123456789012:function:f:1",
		"Alias":   "arn:aws:lambda:us-east-1:123456789012:function:f:live",
	})
	ctx := context.Background()
	policy, err := svc.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: "f", Qualifier: new("live")})
	if err != nil || !strings.Contains(*policy.Policy, "apigateway.amazonaws.com") {
		t.Errorf("policy %+v, %v", policy, err)
	}
	show := func() (*lambda.FunctionConfiguration, map[string]string, *lambda.Concurrency) {
		t.Helper()
		f, err := svc.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: "f"})
		if err != nil {
			t.Fatal(err)
		}
		for k := range f.Tags {
			if strings.HasPrefix(k, "aws:") {
				delete(f.Tags, k)
			}
		}
		return f.Configuration, f.Tags, f.Concurrency
	}
	first, _, _ := show()

	after := strings.NewReplacer("=> 1", "=> 2", "      Timeout: 10\n", "", "MemorySize: 256", "MemorySize: 512", "      Description: first\n", "",
		"      ReservedConcurrentExecutions: 2\n", "", `{A: "1", B: "2"}`, `{B: "3"}`, "{Key: team, Value: a}", "{Key: owner, Value: b}",
		"V1", "V2").Replace(before)
	h.must(h.yaml(after))
	now, tags, reserved := show()
	if *now.Timeout != 3 || *now.MemorySize != 512 || value(now.Description) != "" || *now.CodeSha256 == *first.CodeSha256 {
		t.Errorf("function after the update: %+v", now)
	}
	same(t, "environment", now.Environment.Variables, map[string]string{"B": "3"})
	same(t, "tags", tags, map[string]string{"owner": "b"})
	if reserved != nil && reserved.ReservedConcurrentExecutions != nil {
		t.Errorf("reserved concurrency is still %d", *reserved.ReservedConcurrentExecutions)
	}
	alias, err := svc.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: "f", Name: "live"})
	if err != nil || *alias.FunctionVersion != "2" {
		t.Errorf("alias %+v, %v, want version 2", alias, err)
	}
	// The retained version is still there.
	if _, err := svc.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: "f", Qualifier: new("1")}); err != nil {
		t.Errorf("version 1: %v", err)
	}

	// A failure brings code, configuration and alias back.
	broken := strings.ReplaceAll(before, "Outputs:", `  Bad: {Type: "AWS::Lambda::Permission", DependsOn: [Live, Call], Properties: {FunctionName: nothing, Action: "lambda:InvokeFunction", Principal: a}}
Outputs:`)
	o, err := h.deploy("shop", h.yaml(broken))
	if err == nil || o.Status != stack.UpdateRollbackComplete {
		t.Fatalf("%v, want a rollback", err)
	}
	back, _, _ := show()
	for _, f := range []*lambda.FunctionConfiguration{now, back} {
		f.RevisionId, f.LastModified = nil, nil
	}
	if diff := cmp.Diff(back, now); diff != "" {
		t.Errorf("rolled back (-) and as it was (+) differ:\n%s", diff)
	}
	if err := h.e.Delete(ctx, "shop"); err != nil {
		t.Fatal(err)
	}
	list, err := svc.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	if err != nil || len(list.Functions) > 0 {
		t.Errorf("functions left: %+v, %v", list, err)
	}
}
