package iam_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/policy/condition"
)

func TestOIDCProvider(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	print := strings.Repeat("a1", 20)
	create := func(in api.CreateOpenIDConnectProviderInput) func() error {
		return func() error { return ignore(h.CreateOpenIDConnectProvider(ctx, &in)) }
	}
	made := must[*api.CreateOpenIDConnectProviderResponse](t)(h.CreateOpenIDConnectProvider(ctx, &api.CreateOpenIDConnectProviderInput{
		Url: "https://accounts.example.com/realm", ClientIDList: []string{"one"}, ThumbprintList: []string{print}, Tags: []api.Tag{{Key: "a", Value: "b"}},
	}))
	const arn = "arn:aws:iam::123456789012:oidc-provider/accounts.example.com/realm"
	if *made.OpenIDConnectProviderArn != arn {
		t.Errorf("ARN: got %s, want %s", *made.OpenIDConnectProviderArn, arn)
	}
	run(t, []step{
		{"again", create(api.CreateOpenIDConnectProviderInput{Url: "https://accounts.example.com/realm"}), "EntityAlreadyExists", ""},
		{"plain http", create(api.CreateOpenIDConnectProviderInput{Url: "http://x.example.com"}), "ValidationError", "Invalid Open ID Connect Provider URL"},
		{"no host", create(api.CreateOpenIDConnectProviderInput{Url: "https:///x"}), "ValidationError", ""},
		{"a query", create(api.CreateOpenIDConnectProviderInput{Url: "https://x.example.com/?a=b"}), "ValidationError", ""},
		{"a user", create(api.CreateOpenIDConnectProviderInput{Url: "https://u@x.example.com"}), "ValidationError", ""},
		{"short thumbprint", create(api.CreateOpenIDConnectProviderInput{Url: "https://x.example.com", ThumbprintList: []string{"a1"}}), "InvalidInput", ""},
		{"no thumbprint", create(api.CreateOpenIDConnectProviderInput{Url: "https://x.example.com", ThumbprintList: []string{strings.Repeat("z", 40)}}), "InvalidInput", ""},
		{"too many thumbprints", create(api.CreateOpenIDConnectProviderInput{Url: "https://x.example.com", ThumbprintList: []string{print, print, print, print, print, print}}), "InvalidInput", ""},
		{"too many clients", create(api.CreateOpenIDConnectProviderInput{Url: "https://x.example.com", ClientIDList: make([]string, 101)}), "LimitExceeded", ""},
		{"client", func() error {
			return h.AddClientIDToOpenIDConnectProvider(ctx, &api.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: "two"})
		}, "", ""},
		{"client again", func() error {
			return h.AddClientIDToOpenIDConnectProvider(ctx, &api.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: "two"})
		}, "", ""},
		{"no client", func() error {
			return h.RemoveClientIDFromOpenIDConnectProvider(ctx, &api.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: "one"})
		}, "", ""},
		{"thumbprints", func() error {
			return h.UpdateOpenIDConnectProviderThumbprint(ctx, &api.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{}})
		}, "", ""},
		{"tag", func() error {
			return h.TagOpenIDConnectProvider(ctx, &api.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: []api.Tag{{Key: "c", Value: "d"}}})
		}, "", ""},
		{"untag", func() error {
			return h.UntagOpenIDConnectProvider(ctx, &api.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: []string{"a"}})
		}, "", ""},
		{"of another account", func() error {
			return ignore(h.GetOpenIDConnectProvider(ctx, &api.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: strings.Replace(arn, "123456789012", "999999999999", 1)}))
		}, "NoSuchEntity", ""},
	})
	got := must[*api.GetOpenIDConnectProviderResponse](t)(h.GetOpenIDConnectProvider(ctx, &api.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))
	want := &api.GetOpenIDConnectProviderResponse{
		Url: new("accounts.example.com/realm"), ClientIDList: []string{"two"}, ThumbprintList: []string{}, CreateDate: &created, Tags: []api.Tag{{Key: "c", Value: "d"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("GetOpenIDConnectProvider (-want +got):\n%s", diff)
	}
	list := must[*api.ListOpenIDConnectProvidersResponse](t)(h.ListOpenIDConnectProviders(ctx, &api.ListOpenIDConnectProvidersInput{}))
	if len(list.OpenIDConnectProviderList) != 1 || *list.OpenIDConnectProviderList[0].Arn != arn {
		t.Errorf("ListOpenIDConnectProviders: got %v", list)
	}
	run(t, []step{
		{"delete", func() error {
			return h.DeleteOpenIDConnectProvider(ctx, &api.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
		}, "", ""},
		{"delete again", func() error {
			return h.DeleteOpenIDConnectProvider(ctx, &api.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
		}, "NoSuchEntity", ""},
	})
}

func TestAccount(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("a", "b")
	h.role("r")
	h.policy("p")
	sum := must[*api.GetAccountSummaryResponse](t)(h.GetAccountSummary(ctx, &api.GetAccountSummaryInput{})).SummaryMap
	for name, want := range map[string]int32{"Users": 2, "Groups": 0, "Roles": 1, "Policies": 1, "PolicyVersionsInUse": 1, "AccountAccessKeysPresent": 0, "AccessKeysPerUserQuota": 2} {
		if got := sum[name]; got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
	// What Terraform reads before it deletes a user or a role.
	run(t, []step{
		{"profiles", func() error {
			return ignore(h.ListInstanceProfilesForRole(ctx, &api.ListInstanceProfilesForRoleInput{RoleName: "r"}))
		}, "", ""},
		{"profiles of nobody", func() error {
			return ignore(h.ListInstanceProfilesForRole(ctx, &api.ListInstanceProfilesForRoleInput{RoleName: "x"}))
		}, "NoSuchEntity", "The role with name x cannot be found."},
		{"second factors", func() error { return ignore(h.ListMFADevices(ctx, &api.ListMFADevicesInput{UserName: new("a")})) }, "", ""},
		{"second factors of nobody", func() error { return ignore(h.ListMFADevices(ctx, &api.ListMFADevicesInput{UserName: new("x")})) }, "NoSuchEntity", ""},
		{"SSH keys", func() error { return ignore(h.ListSSHPublicKeys(ctx, &api.ListSSHPublicKeysInput{UserName: new("a")})) }, "", ""},
		{"certificates", func() error {
			return ignore(h.ListSigningCertificates(ctx, &api.ListSigningCertificatesInput{UserName: new("a")}))
		}, "", ""},
		{"credentials", func() error {
			return ignore(h.ListServiceSpecificCredentials(ctx, &api.ListServiceSpecificCredentialsInput{UserName: new("a")}))
		}, "", ""},
		{"login", func() error { return ignore(h.GetLoginProfile(ctx, &api.GetLoginProfileInput{UserName: new("a")})) }, "NoSuchEntity", "Login Profile for User a cannot be found."},
		{"no login", func() error { return h.DeleteLoginProfile(ctx, &api.DeleteLoginProfileInput{UserName: new("a")}) }, "NoSuchEntity", "Login Profile for User a cannot be found."},
		{"login of nobody", func() error { return ignore(h.GetLoginProfile(ctx, &api.GetLoginProfileInput{UserName: new("x")})) }, "NoSuchEntity", "The user with name x cannot be found."},
		{"passwords", func() error { return ignore(h.GetAccountPasswordPolicy(ctx, &api.GetAccountPasswordPolicyInput{})) }, "NoSuchEntity", ""},
		{"the account's own", func() error { return ignore(h.ListMFADevices(h.as("root"), &api.ListMFADevicesInput{})) }, "", ""},
	})
}

// Policies about users name them with their paths.
func TestLocate(t *testing.T) {
	h := newHouse(t)
	ctx := h.as("ada")
	must[*api.CreateUserResponse](t)(h.CreateUser(ctx, &api.CreateUserInput{UserName: "ada", Path: new("/team/")}))
	must[*api.CreateGroupResponse](t)(h.CreateGroup(ctx, &api.CreateGroupInput{GroupName: "devs", Path: new("/x/")}))
	h.role("r")
	for _, tt := range []struct{ template, value, want string }{
		{"user/{UserName}", "ADA", "arn:aws:iam::123456789012:user/team/ada"},
		{"user/{UserName}", "", "arn:aws:iam::123456789012:user/ada"}, // as the caller has it
		{"user/{UserName}", "eve", ""},
		{"user/{UserName}", "a/b", ""},
		{"group/{GroupName}", "devs", "arn:aws:iam::123456789012:group/x/devs"},
		{"role/{RoleName}", "R", "arn:aws:iam::123456789012:role/r"},
		{"oidc-provider/{Url}", "https://a.example.com/b", "arn:aws:iam::123456789012:oidc-provider/a.example.com/b"},
		{"oidc-provider/{Url}", "http://a.example.com/b", ""},
		{"{PolicyArn}", "x", ""},
	} {
		if got, err := h.Locate(ctx, tt.template, []string{tt.value}); got != tt.want || err != nil {
			t.Errorf("Locate(%s, %q): got %q, %v, want %q", tt.template, tt.value, got, err, tt.want)
		}
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Locate(ctx, "role/{RoleName}", []string{"r"}); err == nil {
		t.Errorf("Locate without a store: got %q and no error", got)
	}
}

// Who may manage only users with a certain boundary is asked about the one that they have.
func TestDescribe(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	bound := h.policy("bound")
	must[*api.CreateUserResponse](t)(h.CreateUser(ctx, &api.CreateUserInput{UserName: "ada", PermissionsBoundary: &bound, Tags: []api.Tag{{Key: "team", Value: "blue"}}}))
	h.role("r")
	for arn, want := range map[string]condition.Context{
		"arn:aws:iam::123456789012:user/ada": {
			ResourceTags: []condition.Tag{{Key: "team", Value: "blue"}},
			More:         []condition.Attribute{{Name: "iam:PermissionsBoundary", Values: []string{bound}}, {Name: "iam:ResourceTag/team", Values: []string{"blue"}}},
		},
		"arn:aws:iam::123456789012:user/x/ada": {},
		"arn:aws:iam::999999999999:user/ada":   {},
		"arn:aws:iam::123456789012:role/r":     {},
		"arn:aws:iam::123456789012:role/none":  {},
		"*":                                    {},
	} {
		var got condition.Context
		if err := h.Describe(ctx, arn, &got); err != nil {
			t.Errorf("%s: %v", arn, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(condition.Context{}, "SourceIP", "VPCSourceIP")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arn, diff)
		}
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Describe(ctx, "arn:aws:iam::123456789012:user/ada", &condition.Context{}); err == nil {
		t.Error("Describe without a store: got no error")
	}
}
