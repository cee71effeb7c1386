package iam_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/service/iam"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func newService() *iam.Service {
	return iam.New(iam.Config{
		DB: store.NewMemory(), Tables: tables.New(seal.NewKey()),
		Home:   identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		Now:    func() time.Time { return time.Unix(1772000000, 0).UTC() },
		Random: rand.Reader,
	})
}

// code returns the code of a refusal, "" for none.
func code(err error) string {
	if err == nil {
		return ""
	}
	if c := wire.CodeOf(err); c != "" {
		return c
	}
	return "no refusal: " + err.Error()
}

func TestCreateRoleRefuses(t *testing.T) {
	s := newService()
	if _, err := s.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: "Taken", AssumeRolePolicyDocument: trust}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		in   iam.CreateRoleInput
		want string
	}{
		"no name":           {iam.CreateRoleInput{AssumeRolePolicyDocument: trust}, "ValidationError"},
		"long name":         {iam.CreateRoleInput{RoleName: strings.Repeat("a", 65), AssumeRolePolicyDocument: trust}, "ValidationError"},
		"slash in name":     {iam.CreateRoleInput{RoleName: "a/b", AssumeRolePolicyDocument: trust}, "ValidationError"},
		"taken":             {iam.CreateRoleInput{RoleName: "Taken", AssumeRolePolicyDocument: trust}, "EntityAlreadyExists"},
		"taken, other case": {iam.CreateRoleInput{RoleName: "tAKEN", AssumeRolePolicyDocument: trust}, "EntityAlreadyExists"},
		"path":              {iam.CreateRoleInput{RoleName: "r", Path: "x", AssumeRolePolicyDocument: trust}, "ValidationError"},
		"no trust":          {iam.CreateRoleInput{RoleName: "r"}, "MalformedPolicyDocument"},
		"trust a list":      {iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: "[]"}, "MalformedPolicyDocument"},
		"trust cut off":     {iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trust[:20]}, "MalformedPolicyDocument"},
		"trust and more":    {iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trust + "{}"}, "MalformedPolicyDocument"},
		"a name twice":      {iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: `{"Statement":[],"Statement":[]}`}, "MalformedPolicyDocument"},
		"long trust":        {iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: `{"Statement":["` + strings.Repeat("a", 2048) + `"]}`}, "LimitExceeded"},
		"short session":     {iam.CreateRoleInput{RoleName: "r", MaxSessionDuration: 3599, AssumeRolePolicyDocument: trust}, "ValidationError"},
		"long session":      {iam.CreateRoleInput{RoleName: "r", MaxSessionDuration: 43201, AssumeRolePolicyDocument: trust}, "ValidationError"},
		"boundary":          {iam.CreateRoleInput{RoleName: "r", PermissionsBoundary: "x", AssumeRolePolicyDocument: trust}, "ValidationError"},
		"tags":              {iam.CreateRoleInput{RoleName: "r", Tags: map[string]string{"": "x"}, AssumeRolePolicyDocument: trust}, "ValidationError"},
	} {
		if out, err := s.CreateRole(t.Context(), &tt.in); code(err) != tt.want || out != nil {
			t.Errorf("%s: %v, %v, want %s", name, out, err, tt.want)
		}
	}
}

func TestRole(t *testing.T) {
	s, ctx := newService(), t.Context()
	made, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: "Loader", Path: "/team/", AssumeRolePolicyDocument: trust, Tags: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(made.ID) != 21 || !strings.HasPrefix(string(made.ID), "AROA") {
		t.Errorf("role id %q, want AROA and 17 characters", made.ID)
	}
	want := identity.Role{
		Name: "Loader", ID: made.ID, Path: "/team/", ARN: "arn:aws:iam::123456789012:role/team/Loader", Trust: trust,
		MaxSession: time.Hour, Tags: map[string]string{"a": "b"}, Created: time.Unix(1772000000, 0).UTC(),
	}
	got, err := s.GetRole(ctx, "loader")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("role (-want +got):\n%s", diff)
	}

	const aws, own = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", "arn:aws:iam::123456789012:policy/mine"
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"put", func() error { return s.PutRolePolicy(ctx, "Loader", "p", `{"Statement":[]}`) }, ""},
		{"put again", func() error { return s.PutRolePolicy(ctx, "Loader", "p", `{"Statement":[{}]}`) }, ""},
		{"put text", func() error { return s.PutRolePolicy(ctx, "Loader", "q", `"x"`) }, "MalformedPolicyDocument"},
		{"put without name", func() error { return s.PutRolePolicy(ctx, "Loader", "", `{}`) }, "ValidationError"},
		{"put too much", func() error { return s.PutRolePolicy(ctx, "Loader", "q", `{"a":"`+strings.Repeat("x", 10240)+`"}`) }, "LimitExceeded"},
		{"put to nobody", func() error { return s.PutRolePolicy(ctx, "nobody", "q", `{}`) }, "NoSuchEntity"},
		{"attach", func() error { return s.AttachRolePolicy(ctx, "Loader", aws) }, ""},
		{"attach again", func() error { return s.AttachRolePolicy(ctx, "Loader", aws) }, ""},
		{"attach own", func() error { return s.AttachRolePolicy(ctx, "Loader", own) }, ""},
		{"attach foreign", func() error { return s.AttachRolePolicy(ctx, "Loader", "arn:aws:iam::999999999999:policy/x") }, "NoSuchEntity"},
		{"attach other partition", func() error { return s.AttachRolePolicy(ctx, "Loader", "arn:aws-cn:iam::aws:policy/x") }, "NoSuchEntity"},
		{"attach nonsense", func() error { return s.AttachRolePolicy(ctx, "Loader", "x") }, "ValidationError"},
		{"delete with managed", func() error { return s.DeleteRole(ctx, "Loader") }, "DeleteConflict"},
		{"detach", func() error { return s.DetachRolePolicy(ctx, "Loader", aws) }, ""},
		{"detach again", func() error { return s.DetachRolePolicy(ctx, "Loader", aws) }, "NoSuchEntity"},
		{"detach own", func() error { return s.DetachRolePolicy(ctx, "Loader", own) }, ""},
		{"delete with inline", func() error { return s.DeleteRole(ctx, "Loader") }, "DeleteConflict"},
		{"bad trust", func() error { return s.UpdateAssumeRolePolicy(ctx, "Loader", "") }, "MalformedPolicyDocument"},
		{"trust", func() error { return s.UpdateAssumeRolePolicy(ctx, "Loader", `{"Statement":[]}`) }, ""},
		{"session", func() error { return s.UpdateRole(ctx, "Loader", nil, new(int32(60))) }, "ValidationError"},
		{"description", func() error { return s.UpdateRole(ctx, "Loader", new("d"), nil) }, ""},
		{"tag", func() error { return s.TagRole(ctx, "Loader", map[string]string{"c": "d"}) }, ""},
		{"untag", func() error { return s.UntagRole(ctx, "Loader", []string{"a", "zz"}) }, ""},
	} {
		if err := step.do(); code(err) != step.want {
			t.Errorf("%s: %v, want %s", step.name, err, step.want)
		}
	}
	want.Policies, want.Trust, want.Description, want.Tags = map[string]string{"p": `{"Statement":[{}]}`}, `{"Statement":[]}`, "d", map[string]string{"c": "d"}
	want.Managed = []string{}
	if got, err = s.GetRole(ctx, "Loader"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("role after its changes (-want +got):\n%s", diff)
	}
	if document, err := s.GetRolePolicy(ctx, "Loader", "p"); err != nil || document != `{"Statement":[{}]}` {
		t.Errorf("GetRolePolicy: %q, %v", document, err)
	}
	if _, err := s.GetRolePolicy(ctx, "Loader", "q"); code(err) != "NoSuchEntity" {
		t.Errorf("GetRolePolicy of an unknown policy: %v", err)
	}
	if names, err := s.ListRolePolicies(ctx, "Loader"); err != nil || len(names) != 1 || names[0] != "p" {
		t.Errorf("ListRolePolicies: %v, %v", names, err)
	}
	if err := s.DeleteRolePolicy(ctx, "Loader", "p"); err != nil {
		t.Error(err)
	}
	if err := s.DeleteRole(ctx, "Loader"); err != nil {
		t.Error(err)
	}
	if _, err := s.GetRole(ctx, "Loader"); code(err) != "NoSuchEntity" {
		t.Errorf("a deleted role: %v", err)
	}
}

func TestPoliciesPerRole(t *testing.T) {
	s, ctx := newService(), t.Context()
	if _, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trust}); err != nil {
		t.Fatal(err)
	}
	for i := range iam.MaxPoliciesPerRole {
		if err := s.AttachRolePolicy(ctx, "r", fmt.Sprintf("arn:aws:iam::aws:policy/p%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AttachRolePolicy(ctx, "r", "arn:aws:iam::aws:policy/more"); code(err) != "LimitExceeded" {
		t.Errorf("one policy too many: %v", err)
	}
}

func TestRoleIDs(t *testing.T) {
	id := func(hint string) identity.RoleID {
		r, err := newService().CreateRole(stack.WithHint(t.Context(), hint), &iam.CreateRoleInput{RoleName: "r", AssumeRolePolicyDocument: trust})
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	first, again, next, random, other := id("s/R/0"), id("s/R/0"), id("s/R/1"), id(""), id("")
	if first != again || first == next || random == other {
		t.Error("ids follow the hint, and are random without one")
	}
}
