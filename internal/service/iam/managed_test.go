package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "gatehouse/internal/awsapi/iam"
)

func TestManagedPolicy(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	create := func(name, document string) func() error {
		return func() error {
			return ignore(h.CreatePolicy(ctx, &api.CreatePolicyInput{PolicyName: name, PolicyDocument: document}))
		}
	}
	made := must[*api.CreatePolicyResponse](t)(h.CreatePolicy(ctx, &api.CreatePolicyInput{
		PolicyName: "Mine", Path: new("/p/"), PolicyDocument: allow, Description: new("d"), Tags: []api.Tag{{Key: "a", Value: "b"}},
	})).Policy
	const arn = "arn:aws:iam::123456789012:policy/p/Mine"
	want := &api.Policy{
		PolicyName: new("Mine"), PolicyId: made.PolicyId, Arn: new(arn), Path: new("/p/"), DefaultVersionId: new("v1"),
		AttachmentCount: new(int32(0)), PermissionsBoundaryUsageCount: new(int32(0)), IsAttachable: new(true), CreateDate: &created, UpdateDate: &created,
	}
	if diff := cmp.Diff(want, made); diff != "" || !strings.HasPrefix(*made.PolicyId, "ANPA") {
		t.Errorf("CreatePolicy, id %s (-want +got):\n%s", *made.PolicyId, diff)
	}
	version := func(document string, def bool) func() error {
		return func() error {
			return ignore(h.CreatePolicyVersion(ctx, &api.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: document, SetAsDefault: &def}))
		}
	}
	drop := func(v string) func() error {
		return func() error {
			return h.DeletePolicyVersion(ctx, &api.DeletePolicyVersionInput{PolicyArn: arn, VersionId: v})
		}
	}
	del := func() error { return h.DeletePolicy(ctx, &api.DeletePolicyInput{PolicyArn: arn}) }
	const old = `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	h.user("ada")
	h.role("r")
	run(t, []step{
		{"taken", create("mine", allow), "EntityAlreadyExists", "A policy called mine already exists. Duplicate names are not allowed."},
		{"not JSON", create("x", "{"), "MalformedPolicyDocument", "Syntax errors in policy."},
		{"old version", create("x", old), "MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater."},
		{"with a principal", create("x", trust), "MalformedPolicyDocument", ""},
		{"too long", create("x", strings.Replace(allow, "s3:*", "s3:"+strings.Repeat("x", 6144), 1)), "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"},
		{"no name", create("", allow), "ValidationError", ""},
		{"v2", version(deny, false), "", ""},
		{"v3", version(deny, true), "", ""},
		{"bad version", version("[]", true), "MalformedPolicyDocument", ""},
		{"v4", version(allow, false), "", ""},
		{"v5", version(allow, false), "", ""},
		{"v6", version(allow, false), "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."},
		{"drop the default", drop("v3"), "DeleteConflict", "Cannot delete the default version of a policy."},
		{"drop nothing", drop("v9"), "NoSuchEntity", ""},
		{"drop v1", drop("v1"), "", ""},
		{"v6 at last", version(allow, false), "", ""},
		{"default that is gone", func() error {
			return h.SetDefaultPolicyVersion(ctx, &api.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: "v1"})
		}, "NoSuchEntity", ""},
		{"attach", func() error {
			return h.AttachUserPolicy(ctx, &api.AttachUserPolicyInput{UserName: "ada", PolicyArn: arn})
		}, "", ""},
		{"bound", func() error {
			return h.PutRolePermissionsBoundary(ctx, &api.PutRolePermissionsBoundaryInput{RoleName: "r", PermissionsBoundary: arn})
		}, "", ""},
		{"delete attached", del, "DeleteConflict", "Cannot delete a policy attached to entities."},
	})
	got := must[*api.GetPolicyResponse](t)(h.GetPolicy(ctx, &api.GetPolicyInput{PolicyArn: arn})).Policy
	want.DefaultVersionId, want.AttachmentCount, want.PermissionsBoundaryUsageCount = new("v3"), new(int32(1)), new(int32(1))
	want.Description, want.Tags = new("d"), []api.Tag{{Key: "a", Value: "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("GetPolicy (-want +got):\n%s", diff)
	}
	v := must[*api.GetPolicyVersionResponse](t)(h.GetPolicyVersion(ctx, &api.GetPolicyVersionInput{PolicyArn: arn, VersionId: "v3"})).PolicyVersion
	if *v.Document != deny || !*v.IsDefaultVersion {
		t.Errorf("v3: got %s, default %v", *v.Document, *v.IsDefaultVersion)
	}
	var ids []string
	for _, v := range must[*api.ListPolicyVersionsResponse](t)(h.ListPolicyVersions(ctx, &api.ListPolicyVersionsInput{PolicyArn: arn})).Versions {
		ids = append(ids, *v.VersionId)
	}
	if diff := cmp.Diff([]string{"v6", "v5", "v4", "v3", "v2"}, ids); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	entities := must[*api.ListEntitiesForPolicyResponse](t)(h.ListEntitiesForPolicy(ctx, &api.ListEntitiesForPolicyInput{PolicyArn: arn}))
	if len(entities.PolicyUsers) != 1 || *entities.PolicyUsers[0].UserName != "ada" || len(entities.PolicyRoles) != 1 || len(entities.PolicyGroups) != 0 {
		t.Errorf("ListEntitiesForPolicy: got %v", entities)
	}
	entities = must[*api.ListEntitiesForPolicyResponse](t)(h.ListEntitiesForPolicy(ctx, &api.ListEntitiesForPolicyInput{PolicyArn: arn, PolicyUsageFilter: new("PermissionsPolicy")}))
	if len(entities.PolicyUsers) != 1 || len(entities.PolicyRoles) != 0 {
		t.Errorf("ListEntitiesForPolicy, permissions: got %v", entities)
	}
	run(t, []step{
		{"detach", func() error {
			return h.DetachUserPolicy(ctx, &api.DetachUserPolicyInput{UserName: "ada", PolicyArn: arn})
		}, "", ""},
		{"delete a boundary", del, "DeleteConflict", "Cannot delete a policy attached to entities."},
		{"unbound", func() error {
			return h.DeleteRolePermissionsBoundary(ctx, &api.DeleteRolePermissionsBoundaryInput{RoleName: "r"})
		}, "", ""},
		{"delete with versions", del, "DeleteConflict", ""},
		{"v2", drop("v2"), "", ""}, {"v4", drop("v4"), "", ""}, {"v5", drop("v5"), "", ""}, {"v6", drop("v6"), "", ""},
		{"delete", del, "", ""},
		{"delete again", del, "NoSuchEntity", "Policy " + arn + " was not found."},
	})
}

func TestAWSPoliciesAreReadOnly(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.group("devs")
	run(t, []step{
		{"delete", func() error { return h.DeletePolicy(ctx, &api.DeletePolicyInput{PolicyArn: invoke}) }, "AccessDenied", ""},
		{"version", func() error {
			return ignore(h.CreatePolicyVersion(ctx, &api.CreatePolicyVersionInput{PolicyArn: invoke, PolicyDocument: allow}))
		}, "AccessDenied", ""},
		{"tag", func() error {
			return h.TagPolicy(ctx, &api.TagPolicyInput{PolicyArn: invoke, Tags: []api.Tag{{Key: "a"}}})
		}, "AccessDenied", ""},
		{"one that is not known", func() error {
			return ignore(h.GetPolicy(ctx, &api.GetPolicyInput{PolicyArn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}))
		}, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess was not found."},
		{"attach", func() error {
			return h.AttachGroupPolicy(ctx, &api.AttachGroupPolicyInput{GroupName: "devs", PolicyArn: invoke})
		}, "", ""},
		{"detach nonsense", func() error {
			return h.DetachGroupPolicy(ctx, &api.DetachGroupPolicyInput{GroupName: "devs", PolicyArn: "x"})
		}, "ValidationError", ""},
		{"create under AWS's name", func() error {
			return ignore(h.CreatePolicy(ctx, &api.CreatePolicyInput{PolicyName: "AmazonAPIGatewayInvokeFullAccess", PolicyDocument: deny}))
		}, "", ""},
	})
	p := must[*api.GetPolicyResponse](t)(h.GetPolicy(ctx, &api.GetPolicyInput{PolicyArn: invoke})).Policy
	if *p.AttachmentCount != 1 || *p.DefaultVersionId != "v2" {
		t.Errorf("got %d attachments, default %s", *p.AttachmentCount, *p.DefaultVersionId)
	}
	v := must[*api.GetPolicyVersionResponse](t)(h.GetPolicyVersion(ctx, &api.GetPolicyVersionInput{PolicyArn: invoke, VersionId: "v2"})).PolicyVersion
	if !strings.Contains(*v.Document, "execute-api:ManageConnections") {
		t.Errorf("document: got %s", *v.Document)
	}
	for scope, want := range map[string][2]bool{"All": {true, true}, "AWS": {true, false}, "Local": {false, true}} {
		var aws, local bool
		for _, p := range must[*api.ListPoliciesResponse](t)(h.ListPolicies(ctx, &api.ListPoliciesInput{Scope: &scope, MaxItems: new(int32(1000))})).Policies {
			aws = aws || *p.Arn == invoke
			local = local || *p.Arn == "arn:aws:iam::123456789012:policy/AmazonAPIGatewayInvokeFullAccess"
			if p.Description != nil {
				t.Errorf("%s: a listing tells descriptions", *p.Arn)
			}
		}
		if got := [2]bool{aws, local}; got != want {
			t.Errorf("scope %s: got %v, want %v", scope, got, want)
		}
	}
	attached := must[*api.ListPoliciesResponse](t)(h.ListPolicies(ctx, &api.ListPoliciesInput{OnlyAttached: new(true)})).Policies
	if len(attached) != 1 || *attached[0].Arn != invoke {
		t.Errorf("OnlyAttached: got %d policies", len(attached))
	}
	list := must[*api.ListAttachedGroupPoliciesResponse](t)(h.ListAttachedGroupPolicies(ctx, &api.ListAttachedGroupPoliciesInput{GroupName: "devs"})).AttachedPolicies
	if diff := cmp.Diff([]api.AttachedPolicy{{PolicyName: new("AmazonAPIGatewayInvokeFullAccess"), PolicyArn: new(invoke)}}, list); diff != "" {
		t.Errorf("ListAttachedGroupPolicies (-want +got):\n%s", diff)
	}
}

func TestSizesOfInlinePolicies(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("u")
	h.group("g")
	h.role("r")
	sized := func(n int) string {
		base := strings.Replace(allow, "s3:*", "s3:", 1)
		return strings.Replace(base, "s3:", "s3:"+strings.Repeat("x", n-len(base)), 1)
	}
	for noun, tt := range map[string]struct {
		limit int
		put   func(name, document string) error
	}{
		"user u": {2048, func(n, d string) error {
			return h.PutUserPolicy(ctx, &api.PutUserPolicyInput{UserName: "u", PolicyName: n, PolicyDocument: d})
		}},
		"group g": {5120, func(n, d string) error {
			return h.PutGroupPolicy(ctx, &api.PutGroupPolicyInput{GroupName: "g", PolicyName: n, PolicyDocument: d})
		}},
		"role r": {10240, func(n, d string) error {
			return h.PutRolePolicy(ctx, &api.PutRolePolicyInput{RoleName: "r", PolicyName: n, PolicyDocument: d})
		}},
	} {
		run(t, []step{
			{noun + ": full", func() error { return tt.put("a", sized(tt.limit)) }, "", ""},
			{noun + ": full, with white space", func() error { return tt.put("a", sized(tt.limit)+strings.Repeat(" \n", 100)) }, "", ""},
			{noun + ": more in another", func() error { return tt.put("b", sized(200)) }, "LimitExceeded", fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s", tt.limit, noun)},
			{noun + ": one too many", func() error { return tt.put("a", sized(tt.limit+1)) }, "LimitExceeded", ""},
		})
	}
}
