package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/service/iam"
	"gatehouse/internal/store"
)

func TestCreateRoleRefuses(t *testing.T) {
	h := newHouse(t)
	h.role("Taken")
	for name, tt := range map[string]struct {
		in         api.CreateRoleInput
		code, text string
	}{
		"no name":           {api.CreateRoleInput{}, "ValidationError", ""},
		"long name":         {api.CreateRoleInput{RoleName: strings.Repeat("a", 65)}, "ValidationError", ""},
		"slash in name":     {api.CreateRoleInput{RoleName: "a/b"}, "ValidationError", "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		"taken":             {api.CreateRoleInput{RoleName: "Taken"}, "EntityAlreadyExists", "Role with name Taken already exists."},
		"taken, other case": {api.CreateRoleInput{RoleName: "tAKEN"}, "EntityAlreadyExists", "Role with name tAKEN already exists."},
		"path":              {api.CreateRoleInput{RoleName: "r", Path: new("x")}, "ValidationError", ""},
		"trust a list":      {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: "[]"}, "MalformedPolicyDocument", ""},
		"trust cut off":     {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trust[:20]}, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"trust and more":    {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trust + "{}"}, "MalformedPolicyDocument", ""},
		"a name twice":      {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: `{"Statement":[],"Statement":[]}`}, "MalformedPolicyDocument", ""},
		"a resource":        {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: strings.Replace(trust, `"Action"`, `"Resource":"*","Action"`, 1)}, "MalformedPolicyDocument", "Has prohibited field Resource"},
		"other alphabet":    {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: strings.Replace(trust, "lambda", "λ", 1)}, "MalformedPolicyDocument", ""},
		"long trust":        {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: strings.Replace(trust, "Statement\"", `Id":"`+strings.Repeat("a", 2048)+`","Statement"`, 1)}, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		"nobody trusted":    {api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trusting("arn:aws:iam::123456789012:user/nobody")}, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/nobody"`},
		"short session":     {api.CreateRoleInput{RoleName: "r", MaxSessionDuration: new(int32(3599))}, "ValidationError", ""},
		"long session":      {api.CreateRoleInput{RoleName: "r", MaxSessionDuration: new(int32(43201))}, "ValidationError", ""},
		"boundary":          {api.CreateRoleInput{RoleName: "r", PermissionsBoundary: new("x")}, "ValidationError", "Invalid ARN:  Could not be parsed!"},
		"absent boundary":   {api.CreateRoleInput{RoleName: "r", PermissionsBoundary: new("arn:aws:iam::123456789012:policy/b")}, "NoSuchEntity", ""},
		"unknown boundary":  {api.CreateRoleInput{RoleName: "r", PermissionsBoundary: new("arn:aws:iam::aws:policy/NobodyKnows")}, "NoSuchEntity", ""},
		"tags":              {api.CreateRoleInput{RoleName: "r", Tags: []api.Tag{{Value: "x"}}}, "ValidationError", ""},
		"tags by case":      {api.CreateRoleInput{RoleName: "r", Tags: []api.Tag{{Key: "a"}, {Key: "A"}}}, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
	} {
		if tt.in.AssumeRolePolicyDocument == "" {
			tt.in.AssumeRolePolicyDocument = trust
		}
		run(t, []step{{name, func() error { return ignore(h.CreateRole(t.Context(), &tt.in)) }, tt.code, tt.text}})
	}
}

// trusting is a trust policy for one principal.
func trusting(principal string) string {
	return strings.Replace(trust, `{"Service":"lambda.amazonaws.com"}`, `{"AWS":"`+principal+`"}`, 1)
}

func TestRole(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	made := must[*api.CreateRoleResponse](t)(h.CreateRole(ctx, &api.CreateRoleInput{
		RoleName: "Loader", Path: new("/team/"), AssumeRolePolicyDocument: trust, Tags: []api.Tag{{Key: "a", Value: "b"}},
	})).Role
	if len(made.RoleId) != 21 || !strings.HasPrefix(made.RoleId, "AROA") {
		t.Errorf("role id %q, want AROA and 17 characters", made.RoleId)
	}
	if got := *made.AssumeRolePolicyDocument; got != trust {
		t.Errorf("trust policy: got %s", *made.AssumeRolePolicyDocument)
	}
	want := &api.Role{
		RoleName: "Loader", RoleId: made.RoleId, Path: "/team/", Arn: "arn:aws:iam::123456789012:role/team/Loader",
		AssumeRolePolicyDocument: made.AssumeRolePolicyDocument, Tags: []api.Tag{{Key: "a", Value: "b"}}, CreateDate: &created,
	}
	if diff := cmp.Diff(want, made); diff != "" { // [recorded] no MaxSessionDuration, no RoleLastUsed
		t.Errorf("CreateRole (-want +got):\n%s", diff)
	}
	want.MaxSessionDuration, want.RoleLastUsed = new(int32(3600)), &api.RoleLastUsed{}
	get := func() *api.Role {
		t.Helper()
		return must[*api.GetRoleResponse](t)(h.GetRole(ctx, &api.GetRoleInput{RoleName: "loader"})).Role
	}
	if diff := cmp.Diff(want, get()); diff != "" {
		t.Errorf("GetRole (-want +got):\n%s", diff)
	}
	use := identity.Use{ID: made.RoleId, At: created, Service: "lambda", Region: "eu-west-1"}
	if _, err := h.db.Update(ctx, func(tx store.Tx) error { return h.tables.Uses.Put(tx, account+"/aws-global", use) }); err != nil {
		t.Fatal(err)
	}

	own := h.policy("mine")
	const execution = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	put := func(role, name, document string) func() error {
		return func() error {
			return h.PutRolePolicy(ctx, &api.PutRolePolicyInput{RoleName: role, PolicyName: name, PolicyDocument: document})
		}
	}
	attach := func(arn string) func() error {
		return func() error {
			return h.AttachRolePolicy(ctx, &api.AttachRolePolicyInput{RoleName: "Loader", PolicyArn: arn})
		}
	}
	detach := func(arn string) func() error {
		return func() error {
			return h.DetachRolePolicy(ctx, &api.DetachRolePolicyInput{RoleName: "Loader", PolicyArn: arn})
		}
	}
	del := func() error { return h.DeleteRole(ctx, &api.DeleteRoleInput{RoleName: "Loader"}) }
	run(t, []step{
		{"put", put("Loader", "p", allow), "", ""},
		{"put again", put("Loader", "p", deny), "", ""},
		{"put text", put("Loader", "q", `"x"`), "MalformedPolicyDocument", "Syntax errors in policy."},
		{"put a principal", put("Loader", "q", trust), "MalformedPolicyDocument", ""},
		{"put lower case", put("Loader", "q", strings.Replace(allow, "Effect", "effect", 1)), "MalformedPolicyDocument", "Syntax errors in policy."},
		{"put without name", put("Loader", "", allow), "ValidationError", ""},
		{"put too much", put("Loader", "q", strings.Replace(allow, "s3:*", "s3:"+strings.Repeat("x", 10240), 1)), "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role Loader"},
		{"put to nobody", put("nobody", "q", allow), "NoSuchEntity", "The role with name nobody cannot be found."},
		{"attach", attach(execution), "", ""},
		{"attach again", attach(execution), "", ""},
		{"attach own", attach(own), "", ""},
		{"attach one of AWS that is not known", attach("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), "", ""},
		{"attach one that denies", attach("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"), "NoSuchEntity", "Policy arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3 does not exist or is not attachable."},
		{"attach missing", attach("arn:aws:iam::123456789012:policy/other"), "NoSuchEntity", "Policy arn:aws:iam::123456789012:policy/other does not exist or is not attachable."},
		{"attach by another path", attach("arn:aws:iam::123456789012:policy/path/mine"), "NoSuchEntity", ""},
		{"attach foreign", attach("arn:aws:iam::999999999999:policy/mine"), "NoSuchEntity", ""},
		{"attach other partition", attach("arn:aws-cn:iam::aws:policy/x"), "NoSuchEntity", ""},
		{"attach nonsense", attach("x"), "ValidationError", "Invalid ARN:  Could not be parsed!"},
		{"delete with managed", del, "DeleteConflict", "Cannot delete entity, must detach all policies first."},
		{"detach", detach(execution), "", ""},
		{"detach again", detach(execution), "NoSuchEntity", "Policy " + execution + " was not found."},
		{"detach unknown", detach("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), "", ""},
		{"detach own", detach(own), "", ""},
		{"delete with inline", del, "DeleteConflict", "Cannot delete entity, must delete policies first."},
		{"bad trust", func() error {
			return h.UpdateAssumeRolePolicy(ctx, &api.UpdateAssumeRolePolicyInput{RoleName: "Loader", PolicyDocument: ""})
		}, "MalformedPolicyDocument", ""},
		{"trust", func() error {
			return h.UpdateAssumeRolePolicy(ctx, &api.UpdateAssumeRolePolicyInput{RoleName: "Loader", PolicyDocument: trusting("*")})
		}, "", ""},
		{"session", func() error {
			return ignore(h.UpdateRole(ctx, &api.UpdateRoleInput{RoleName: "Loader", MaxSessionDuration: new(int32(60))}))
		}, "ValidationError", ""},
		{"long description", func() error {
			return ignore(h.UpdateRoleDescription(ctx, &api.UpdateRoleDescriptionInput{RoleName: "Loader", Description: strings.Repeat("x", 1001)}))
		}, "ValidationError", ""},
		{"description", func() error {
			return ignore(h.UpdateRoleDescription(ctx, &api.UpdateRoleDescriptionInput{RoleName: "Loader", Description: "d"}))
		}, "", ""},
		{"tag", func() error {
			return h.TagRole(ctx, &api.TagRoleInput{RoleName: "Loader", Tags: []api.Tag{{Key: "c", Value: "d"}, {Key: "A", Value: "e"}}})
		}, "", ""},
		{"untag", func() error {
			return h.UntagRole(ctx, &api.UntagRoleInput{RoleName: "Loader", TagKeys: []string{"a", "zz"}})
		}, "", ""},
		{"no boundary", func() error {
			return h.DeleteRolePermissionsBoundary(ctx, &api.DeleteRolePermissionsBoundaryInput{RoleName: "Loader"})
		}, "NoSuchEntity", ""},
		{"boundary", func() error {
			return h.PutRolePermissionsBoundary(ctx, &api.PutRolePermissionsBoundaryInput{RoleName: "Loader", PermissionsBoundary: own})
		}, "", ""},
	})
	got := get()
	want.AssumeRolePolicyDocument, want.Description, want.Tags = got.AssumeRolePolicyDocument, new("d"), []api.Tag{{Key: "c", Value: "d"}}
	want.PermissionsBoundary = &api.AttachedPermissionsBoundary{PermissionsBoundaryType: new("PermissionsBoundaryPolicy"), PermissionsBoundaryArn: &own}
	want.RoleLastUsed = &api.RoleLastUsed{LastUsedDate: &created, Region: new("eu-west-1")}
	if diff := cmp.Diff(want, got); diff != "" || *got.AssumeRolePolicyDocument != trusting("*") {
		t.Errorf("role after its changes (-want +got):\n%s%s", diff, *got.AssumeRolePolicyDocument)
	}
	inline := must[*api.GetRolePolicyResponse](t)(h.GetRolePolicy(ctx, &api.GetRolePolicyInput{RoleName: "Loader", PolicyName: "p"}))
	if got := inline.PolicyDocument; got != deny {
		t.Errorf("GetRolePolicy: got %s", got)
	}
	if list := must[*api.ListRolePoliciesResponse](t)(h.ListRolePolicies(ctx, &api.ListRolePoliciesInput{RoleName: "Loader"})); len(list.PolicyNames) != 1 || list.PolicyNames[0] != "p" {
		t.Errorf("ListRolePolicies: got %v", list.PolicyNames)
	}
	run(t, []step{
		{"get an unknown policy", func() error {
			return ignore(h.GetRolePolicy(ctx, &api.GetRolePolicyInput{RoleName: "Loader", PolicyName: "q"}))
		}, "NoSuchEntity", "The role policy with name q cannot be found."},
		{"drop an unknown policy", func() error {
			return h.DeleteRolePolicy(ctx, &api.DeleteRolePolicyInput{RoleName: "Loader", PolicyName: "q"})
		}, "NoSuchEntity", "The role policy with name q cannot be found."},
		{"drop", func() error {
			return h.DeleteRolePolicy(ctx, &api.DeleteRolePolicyInput{RoleName: "Loader", PolicyName: "p"})
		}, "", ""},
		{"delete", del, "", ""},
		{"get", func() error { return ignore(h.GetRole(ctx, &api.GetRoleInput{RoleName: "Loader"})) }, "NoSuchEntity", "The role with name Loader cannot be found."},
	})
	// Made again it is another one.
	h.role("Loader")
	if again := get(); again.RoleId == made.RoleId || again.RoleLastUsed.LastUsedDate != nil {
		t.Errorf("a role that was made again: got id %s, used %v", again.RoleId, again.RoleLastUsed.LastUsedDate)
	}
}

func TestPoliciesPerRole(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.role("r")
	for i := range iam.MaxAttached {
		if err := h.AttachRolePolicy(ctx, &api.AttachRolePolicyInput{RoleName: "r", PolicyArn: fmt.Sprintf("arn:aws:iam::aws:policy/p%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	run(t, []step{{"one policy too many", func() error {
		return h.AttachRolePolicy(ctx, &api.AttachRolePolicyInput{RoleName: "r", PolicyArn: "arn:aws:iam::aws:policy/more"})
	}, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"}})
}

// A trust policy means those who had the names when it was written.
func TestTrustIsPinned(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("ada")
	const ada, renamed = "arn:aws:iam::123456789012:user/ada", "arn:aws:iam::123456789012:user/team/ada2"
	made := must[*api.CreateRoleResponse](t)(h.CreateRole(ctx, &api.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trusting(ada)}))
	if got := *made.Role.AssumeRolePolicyDocument; got != trusting(ada) {
		t.Errorf("got %s", got)
	}
	read := func() string {
		t.Helper()
		one := *must[*api.GetRoleResponse](t)(h.GetRole(ctx, &api.GetRoleInput{RoleName: "r"})).Role.AssumeRolePolicyDocument
		list := must[*api.ListRolesResponse](t)(h.ListRoles(ctx, &api.ListRolesInput{}))
		if other := *list.Roles[0].AssumeRolePolicyDocument; one != other {
			t.Errorf("ListRoles tells %s, GetRole %s", other, one)
		}
		return one
	}
	id := must[*api.GetUserResponse](t)(h.GetUser(ctx, &api.GetUserInput{UserName: new("ada")})).User.UserId
	if err := h.UpdateUser(ctx, &api.UpdateUserInput{UserName: "ada", NewUserName: new("ada2"), NewPath: new("/team/")}); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != trusting(renamed) {
		t.Errorf("after a renaming: got %s", got)
	}
	if err := h.DeleteUser(ctx, &api.DeleteUserInput{UserName: "ada2"}); err != nil {
		t.Fatal(err)
	}
	h.user("ada")
	if got := read(); got != trusting(id) {
		t.Errorf("after the user was made again: got %s, want the id of the one that is gone", got)
	}
}
