package iam_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "gatehouse/internal/awsapi/iam"
)

// doc is a policy of one statement.
func doc(effect, action, rest string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"` + rest + `}]}`
}

const (
	fromHome = `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`
	api1     = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/pets"
)

func TestSimulateCustomPolicy(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	for name, tt := range map[string]struct {
		in      api.SimulateCustomPolicyInput
		want    []string // a decision for each action and resource
		matched string
		missing []string
	}{
		"nothing":  {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "s3:*", "")}}, []string{"implicitDeny"}, "", nil},
		"allow":    {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "s3:*", ""), doc("Allow", "execute-api:*", "")}}, []string{"allowed"}, "PolicyInputList.2", nil},
		"deny":     {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "*", ""), doc("Deny", "execute-api:*", "")}}, []string{"explicitDeny"}, "PolicyInputList.2", nil},
		"missing":  {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "*", fromHome)}}, []string{"implicitDeny"}, "", []string{"aws:SourceIp"}},
		"boundary": {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "*", "")}, PermissionsBoundaryPolicyInputList: []string{doc("Allow", "s3:*", "")}}, []string{"implicitDeny"}, "", nil},
		"address": {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "*", fromHome)}, ContextEntries: []api.ContextEntry{
			{ContextKeyName: new("aws:sourceip"), ContextKeyValues: []string{"10.1.2.3"}, ContextKeyType: new("ip")}}}, []string{"allowed"}, "PolicyInputList.1", nil},
		"another address": {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "*", fromHome)}, ContextEntries: []api.ContextEntry{
			{ContextKeyName: new("aws:SourceIp"), ContextKeyValues: []string{"11.1.2.3"}}}}, []string{"implicitDeny"}, "", nil},
		"two resources": {api.SimulateCustomPolicyInput{PolicyInputList: []string{strings.Replace(doc("Allow", "*", ""), `"*"}`, `"`+api1+`"}`, 1)},
			ResourceArns: []string{api1, api1 + "/x"}}, []string{"allowed", "implicitDeny"}, "PolicyInputList.1", nil},
		"resource policy": {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "s3:*", "")}, ResourceArns: []string{api1}, CallerArn: new("arn:aws:iam::123456789012:user/ada"),
			ResourcePolicy: new(strings.Replace(doc("Allow", "*", ""), `"Action"`, `"Principal":{"AWS":"arn:aws:iam::123456789012:user/ada"},"Action"`, 1))}, []string{"allowed"}, "ResourcePolicy", nil},
		"resource of another account": {api.SimulateCustomPolicyInput{PolicyInputList: []string{doc("Allow", "*", "")}, ResourceArns: []string{api1}, CallerArn: new("arn:aws:iam::999999999999:user/ada")}, []string{"implicitDeny"}, "", nil},
	} {
		tt.in.ActionNames = []string{"execute-api:Invoke"}
		out, err := h.SimulateCustomPolicy(ctx, &tt.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, r := range out.EvaluationResults {
			got = append(got, r.EvalDecision)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
			continue
		}
		first := out.EvaluationResults[0]
		matched := ""
		for _, s := range first.MatchedStatements {
			if matched = *s.SourcePolicyId; name != "resource of another account" && *s.StartPosition.Line != 1 {
				t.Errorf("%s: position %v", name, *s.StartPosition)
			}
		}
		if name != "resource of another account" && (matched != tt.matched || strings.Join(first.MissingContextValues, " ") != strings.Join(tt.missing, " ")) {
			t.Errorf("%s: matched %q, missing %q, want %q and %q", name, matched, first.MissingContextValues, tt.matched, tt.missing)
		}
		if (first.PermissionsBoundaryDecisionDetail != nil) != (name == "boundary") {
			t.Errorf("%s: boundary %v", name, first.PermissionsBoundaryDecisionDetail)
		}
	}
	one := []string{doc("Allow", "*", "")}
	simulate := func(in api.SimulateCustomPolicyInput) func() error {
		return func() error { return ignore(h.SimulateCustomPolicy(ctx, &in)) }
	}
	run(t, []step{
		{"malformed", simulate(api.SimulateCustomPolicyInput{PolicyInputList: []string{"{"}, ActionNames: []string{"s3:x"}}), "InvalidInput", ""},
		{"no action", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, ActionNames: []string{"Invoke"}}), "InvalidInput", "Invalid Action: Invoke"},
		{"wildcard", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, ActionNames: []string{"s3:*"}}), "InvalidInput", ""},
		{"no ARN", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, ActionNames: []string{"s3:x"}, ResourceArns: []string{"x"}}), "InvalidInput", ""},
		{"no caller", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, ActionNames: []string{"s3:x"}, CallerArn: new("ada")}), "InvalidInput", ""},
		{"a group as caller", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, ActionNames: []string{"s3:x"}, CallerArn: new("arn:aws:iam::123456789012:group/g")}), "InvalidInput", ""},
		{"no address", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, ActionNames: []string{"s3:x"}, ContextEntries: []api.ContextEntry{{ContextKeyName: new("aws:SourceIp"), ContextKeyValues: []string{"x"}}}}), "InvalidInput", ""},
		{"two boundaries", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, PermissionsBoundaryPolicyInputList: append(one, one...), ActionNames: []string{"s3:x"}}), "InvalidInput", ""},
		{"too many", simulate(api.SimulateCustomPolicyInput{PolicyInputList: one, ActionNames: make1(1001)}), "InvalidInput", ""},
	})
}

func make1(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "s3:x"
	}
	return out
}

func TestSimulatePrincipalPolicy(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("ada")
	h.group("devs")
	h.role("r")
	bound := *must[*api.CreatePolicyResponse](t)(h.CreatePolicy(ctx, &api.CreatePolicyInput{PolicyName: "bound", PolicyDocument: doc("Allow", "execute-api:*", "")})).Policy.Arn
	run(t, []step{
		{"attach", func() error {
			return h.AttachGroupPolicy(ctx, &api.AttachGroupPolicyInput{GroupName: "devs", PolicyArn: invoke})
		}, "", ""},
		{"join", func() error {
			return h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: "devs", UserName: "ada"})
		}, "", ""},
		{"own", func() error {
			return h.PutUserPolicy(ctx, &api.PutUserPolicyInput{UserName: "ada", PolicyName: "own", PolicyDocument: doc("Allow", "lambda:*", `,"Condition":{"StringEquals":{"aws:username":"ada"}}`)})
		}, "", ""},
		{"bound", func() error {
			return h.PutUserPermissionsBoundary(ctx, &api.PutUserPermissionsBoundaryInput{UserName: "ada", PermissionsBoundary: bound})
		}, "", ""},
	})
	decide := func(in api.SimulatePrincipalPolicyInput) string {
		t.Helper()
		var got []string
		for _, r := range must[*api.SimulatePolicyResponse](t)(h.SimulatePrincipalPolicy(ctx, &in)).EvaluationResults {
			got = append(got, r.EvalDecision)
		}
		return strings.Join(got, " ")
	}
	actions := []string{"execute-api:Invoke", "lambda:GetFunction", "s3:GetObject"}
	const user, role, group = "arn:aws:iam::123456789012:user/ada", "arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:group/devs"
	for _, tt := range []struct {
		name string
		in   api.SimulatePrincipalPolicyInput
		want string
	}{
		{"user, by its group and within its boundary", api.SimulatePrincipalPolicyInput{PolicySourceArn: user, ResourceArns: []string{api1}}, "allowed implicitDeny implicitDeny"},
		{"user, with another boundary", api.SimulatePrincipalPolicyInput{PolicySourceArn: user, PermissionsBoundaryPolicyInputList: []string{doc("Allow", "lambda:*", "")}}, "implicitDeny allowed implicitDeny"},
		{"user, with a policy more", api.SimulatePrincipalPolicyInput{PolicySourceArn: user, ResourceArns: []string{api1}, PolicyInputList: []string{doc("Deny", "execute-api:*", "")}}, "explicitDeny implicitDeny implicitDeny"},
		{"group", api.SimulatePrincipalPolicyInput{PolicySourceArn: group, ResourceArns: []string{api1}}, "allowed implicitDeny implicitDeny"},
		{"role", api.SimulatePrincipalPolicyInput{PolicySourceArn: role}, "implicitDeny implicitDeny implicitDeny"},
	} {
		tt.in.ActionNames = actions
		if got := decide(tt.in); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	simulate := func(arn string) func() error {
		return func() error {
			return ignore(h.SimulatePrincipalPolicy(ctx, &api.SimulatePrincipalPolicyInput{PolicySourceArn: arn, ActionNames: actions}))
		}
	}
	run(t, []step{
		{"nobody", simulate("arn:aws:iam::123456789012:user/eve"), "NoSuchEntity", ""},
		{"by another path", simulate("arn:aws:iam::123456789012:user/x/ada"), "NoSuchEntity", ""},
		{"of another account", simulate("arn:aws:iam::999999999999:user/ada"), "InvalidInput", ""},
		{"a policy", simulate(bound), "InvalidInput", ""},
		{"no ARN", simulate("ada"), "InvalidInput", ""},
	})
	// The pages of a simulation.
	in := api.SimulatePrincipalPolicyInput{PolicySourceArn: user, ActionNames: actions, MaxItems: new(int32(2))}
	first := must[*api.SimulatePolicyResponse](t)(h.SimulatePrincipalPolicy(ctx, &in))
	in.Marker = first.Marker
	rest := must[*api.SimulatePolicyResponse](t)(h.SimulatePrincipalPolicy(ctx, &in))
	if len(first.EvaluationResults) != 2 || len(rest.EvaluationResults) != 1 || rest.EvaluationResults[0].EvalActionName != "s3:GetObject" {
		t.Errorf("pages of %d and %d results", len(first.EvaluationResults), len(rest.EvaluationResults))
	}
}

func TestContextKeys(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("ada")
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/${*}",
		"Condition":{"StringEquals":{"aws:PrincipalTag/Team":"${aws:PrincipalTag/Group, 'none'}"},"StringLike":{"AWS:USERNAME":"x"}}}]}`
	want := []string{"aws:username", "aws:PrincipalTag/Team", "aws:PrincipalTag/Group"}
	got := must[*api.GetContextKeysForPolicyResponse](t)(h.GetContextKeysForCustomPolicy(ctx, &api.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{document}}))
	if diff := cmp.Diff(want, got.ContextKeyNames); diff != "" {
		t.Errorf("GetContextKeysForCustomPolicy (-want +got):\n%s", diff)
	}
	if err := h.PutUserPolicy(ctx, &api.PutUserPolicyInput{UserName: "ada", PolicyName: "p", PolicyDocument: document}); err != nil {
		t.Fatal(err)
	}
	got = must[*api.GetContextKeysForPolicyResponse](t)(h.GetContextKeysForPrincipalPolicy(ctx, &api.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: "arn:aws:iam::123456789012:user/ada"}))
	if diff := cmp.Diff(want, got.ContextKeyNames); diff != "" {
		t.Errorf("GetContextKeysForPrincipalPolicy (-want +got):\n%s", diff)
	}
}
