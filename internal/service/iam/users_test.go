package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

func TestUserRefusals(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("Ada", "bob")
	h.group("devs")
	own := h.policy("mine")
	create := func(in api.CreateUserInput) func() error {
		return func() error { return ignore(h.CreateUser(ctx, &in)) }
	}
	del := func(name string) func() error {
		return func() error { return h.DeleteUser(ctx, &api.DeleteUserInput{UserName: name}) }
	}
	update := func(in api.UpdateUserInput) func() error { return func() error { return h.UpdateUser(ctx, &in) } }
	run(t, []step{
		{"no name", create(api.CreateUserInput{}), "ValidationError", ""},
		{"long name", create(api.CreateUserInput{UserName: strings.Repeat("a", 65)}), "ValidationError", ""},
		{"space", create(api.CreateUserInput{UserName: "a b"}), "ValidationError", "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		{"taken", create(api.CreateUserInput{UserName: "Ada"}), "EntityAlreadyExists", "User with name Ada already exists."},
		{"taken, other case", create(api.CreateUserInput{UserName: "aDA"}), "EntityAlreadyExists", "User with name aDA already exists."},
		{"path", create(api.CreateUserInput{UserName: "c", Path: new("team")}), "ValidationError", ""},
		{"boundary", create(api.CreateUserInput{UserName: "c", PermissionsBoundary: new("arn:aws:iam::123456789012:policy/no")}), "NoSuchEntity", ""},
		{"too many tags", create(api.CreateUserInput{UserName: "c", Tags: manyTags(51)}), "LimitExceeded", ""},
		{"get", func() error { return ignore(h.GetUser(ctx, &api.GetUserInput{UserName: new("eve")})) }, "NoSuchEntity", "The user with name eve cannot be found."},
		{"get nobody", func() error { return ignore(h.GetUser(ctx, &api.GetUserInput{})) }, "ValidationError", "Must specify userName when calling with non-User credentials"},
		{"delete", del("eve"), "NoSuchEntity", "The user with name eve cannot be found."},
		{"rename to taken", update(api.UpdateUserInput{UserName: "bob", NewUserName: new("ada")}), "EntityAlreadyExists", "User with name ada already exists."},
		{"rename to nothing", update(api.UpdateUserInput{UserName: "bob", NewUserName: new("")}), "ValidationError", ""},
		{"rename nobody", update(api.UpdateUserInput{UserName: "eve", NewUserName: new("eva")}), "NoSuchEntity", ""},
		{"group missing", func() error {
			return h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: "ops", UserName: "ada"})
		}, "NoSuchEntity", "The group with name ops cannot be found."},
		{"user missing", func() error {
			return h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: "devs", UserName: "eve"})
		}, "NoSuchEntity", "The user with name eve cannot be found."},
		{"taken group", func() error { return ignore(h.CreateGroup(ctx, &api.CreateGroupInput{GroupName: "DEVS"})) }, "EntityAlreadyExists", "Group with name DEVS already exists."},
		{"no boundary", func() error {
			return h.DeleteUserPermissionsBoundary(ctx, &api.DeleteUserPermissionsBoundaryInput{UserName: "ada"})
		}, "NoSuchEntity", ""},

		// What a user still has keeps it.
		{"policy", func() error {
			return h.PutUserPolicy(ctx, &api.PutUserPolicyInput{UserName: "ada", PolicyName: "p", PolicyDocument: allow})
		}, "", ""},
		{"attach", func() error {
			return h.AttachUserPolicy(ctx, &api.AttachUserPolicyInput{UserName: "ada", PolicyArn: own})
		}, "", ""},
		{"join", func() error {
			return h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: "devs", UserName: "ada"})
		}, "", ""},
		{"join again", func() error {
			return h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: "devs", UserName: "ada"})
		}, "", ""},
		{"key", func() error { return ignore(h.CreateAccessKey(ctx, &api.CreateAccessKeyInput{UserName: new("ada")})) }, "", ""},
		{"delete with policy attached", del("ada"), "DeleteConflict", "Cannot delete entity, must detach all policies first."},
		{"detach", func() error {
			return h.DetachUserPolicy(ctx, &api.DetachUserPolicyInput{UserName: "ada", PolicyArn: own})
		}, "", ""},
		{"delete with policy", del("ada"), "DeleteConflict", "Cannot delete entity, must delete policies first."},
		{"drop", func() error {
			return h.DeleteUserPolicy(ctx, &api.DeleteUserPolicyInput{UserName: "ada", PolicyName: "p"})
		}, "", ""},
		{"delete in group", del("ada"), "DeleteConflict", "Cannot delete entity, must remove users from group first."},
		{"delete group with users", func() error { return h.DeleteGroup(ctx, &api.DeleteGroupInput{GroupName: "devs"}) }, "DeleteConflict", "Cannot delete entity, must remove users from group first."},
		{"leave", func() error {
			return h.RemoveUserFromGroup(ctx, &api.RemoveUserFromGroupInput{GroupName: "devs", UserName: "ada"})
		}, "", ""},
		{"delete with key", del("ada"), "DeleteConflict", "Cannot delete entity, must delete access keys first."},
		{"group policy", func() error {
			return h.PutGroupPolicy(ctx, &api.PutGroupPolicyInput{GroupName: "devs", PolicyName: "p", PolicyDocument: allow})
		}, "", ""},
		{"delete group with policy", func() error { return h.DeleteGroup(ctx, &api.DeleteGroupInput{GroupName: "devs"}) }, "DeleteConflict", "Cannot delete entity, must delete policies first."},
		{"drop group policy", func() error {
			return h.DeleteGroupPolicy(ctx, &api.DeleteGroupPolicyInput{GroupName: "devs", PolicyName: "p"})
		}, "", ""},
		{"delete group", func() error { return h.DeleteGroup(ctx, &api.DeleteGroupInput{GroupName: "devs"}) }, "", ""},
		{"delete bob", del("BOB"), "", ""},
	})
}

func manyTags(n int) []api.Tag {
	tags := make([]api.Tag, n)
	for i := range tags {
		tags[i].Key = fmt.Sprint("k", i)
	}
	return tags
}

func TestUser(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	own := h.policy("mine")
	made := must[*api.CreateUserResponse](t)(h.CreateUser(ctx, &api.CreateUserInput{
		UserName: "Ada", Path: new("/team/"), PermissionsBoundary: &own, Tags: []api.Tag{{Key: "b", Value: "2"}, {Key: "a", Value: "1"}},
	})).User
	want := &api.User{
		Path: "/team/", UserName: "Ada", UserId: made.UserId, Arn: "arn:aws:iam::123456789012:user/team/Ada", CreateDate: &created,
		PermissionsBoundary: &api.AttachedPermissionsBoundary{PermissionsBoundaryType: new("PermissionsBoundaryPolicy"), PermissionsBoundaryArn: &own},
		Tags:                []api.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}},
	}
	if diff := cmp.Diff(want, made); diff != "" || !strings.HasPrefix(made.UserId, "AIDA") || len(made.UserId) != 21 {
		t.Errorf("CreateUser, id %s (-want +got):\n%s", made.UserId, diff)
	}
	for name, in := range map[string]api.GetUserInput{"by name": {UserName: new("aDA")}, "as itself": {}} {
		if diff := cmp.Diff(want, must[*api.GetUserResponse](t)(h.GetUser(h.as("Ada"), &in)).User); diff != "" {
			t.Errorf("GetUser %s (-want +got):\n%s", name, diff)
		}
	}
	root := must[*api.GetUserResponse](t)(h.GetUser(h.as("root"), &api.GetUserInput{})).User
	if root.Arn != "arn:aws:iam::123456789012:root" || root.UserId != account {
		t.Errorf("GetUser of the account: got %v", root)
	}
	list := must[*api.ListUsersResponse](t)(h.ListUsers(ctx, &api.ListUsersInput{}))
	if len(list.Users) != 1 || list.Users[0].Tags != nil || list.Users[0].PermissionsBoundary != nil || *list.IsTruncated {
		t.Errorf("ListUsers: got %v, want no tags and no boundary", list)
	}
	// Everything stays with a user that is renamed.
	h.group("devs")
	key := must[*api.CreateAccessKeyResponse](t)(h.CreateAccessKey(ctx, &api.CreateAccessKeyInput{UserName: new("Ada")})).AccessKey
	if err := h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: "devs", UserName: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if err := h.UpdateUser(ctx, &api.UpdateUserInput{UserName: "ada", NewUserName: new("Eve"), NewPath: new("/")}); err != nil {
		t.Fatal(err)
	}
	if err := h.UpdateGroup(ctx, &api.UpdateGroupInput{GroupName: "devs", NewGroupName: new("Ops"), NewPath: new("/x/")}); err != nil {
		t.Fatal(err)
	}
	if err := h.UpdateUser(ctx, &api.UpdateUserInput{UserName: "eve", NewUserName: new("eve")}); err != nil {
		t.Errorf("a change of case only: %v", err)
	}
	got := must[*api.GetUserResponse](t)(h.GetUser(ctx, &api.GetUserInput{UserName: new("eve")})).User
	if got.Arn != "arn:aws:iam::123456789012:user/eve" || got.UserId != made.UserId {
		t.Errorf("renamed: got %s %s", got.Arn, got.UserId)
	}
	groups := must[*api.ListGroupsForUserResponse](t)(h.ListGroupsForUser(ctx, &api.ListGroupsForUserInput{UserName: "eve"})).Groups
	if len(groups) != 1 || groups[0].Arn != "arn:aws:iam::123456789012:group/x/Ops" {
		t.Errorf("groups of a renamed user: got %v", groups)
	}
	members := must[*api.GetGroupResponse](t)(h.GetGroup(ctx, &api.GetGroupInput{GroupName: "ops"}))
	if len(members.Users) != 1 || members.Users[0].UserName != "eve" || members.Group.GroupName != "Ops" {
		t.Errorf("members of a renamed group: got %v", members)
	}
	if used := must[*api.GetAccessKeyLastUsedResponse](t)(h.GetAccessKeyLastUsed(ctx, &api.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKeyId})); *used.UserName != "eve" {
		t.Errorf("owner of the key of a renamed user: got %s", *used.UserName)
	}
	run(t, []step{
		{"old name", func() error { return ignore(h.GetUser(ctx, &api.GetUserInput{UserName: new("ada")})) }, "NoSuchEntity", ""},
		{"old group", func() error { return ignore(h.GetGroup(ctx, &api.GetGroupInput{GroupName: "devs"})) }, "NoSuchEntity", ""},
		{"tag", func() error {
			return h.TagUser(ctx, &api.TagUserInput{UserName: "eve", Tags: []api.Tag{{Key: "A", Value: "3"}}})
		}, "", ""},
		{"untag", func() error { return h.UntagUser(ctx, &api.UntagUserInput{UserName: "eve", TagKeys: []string{"B"}}) }, "", ""},
		{"unbound", func() error {
			return h.DeleteUserPermissionsBoundary(ctx, &api.DeleteUserPermissionsBoundaryInput{UserName: "eve"})
		}, "", ""},
	})
	tags := must[*api.ListUserTagsResponse](t)(h.ListUserTags(ctx, &api.ListUserTagsInput{UserName: "eve"}))
	if diff := cmp.Diff([]api.Tag{{Key: "A", Value: "3"}}, tags.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestAccessKeys(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("ada", "bob")
	first := must[*api.CreateAccessKeyResponse](t)(h.CreateAccessKey(h.as("ada"), &api.CreateAccessKeyInput{})).AccessKey
	if len(first.AccessKeyId) != 20 || !strings.HasPrefix(first.AccessKeyId, "AKIA") || len(first.SecretAccessKey) != 40 || first.Status != "Active" || first.UserName != "ada" {
		t.Errorf("CreateAccessKey: got %s, a secret of %d, %s of %s", first.AccessKeyId, len(first.SecretAccessKey), first.Status, first.UserName)
	}
	// The secret is sealed where it lies, and is what signatures are checked with.
	err := h.db.View(ctx, func(tx store.Tx) error {
		doc, err := tx.Get(h.tables.AccessKeys.Kind(), account+"/aws-global", first.AccessKeyId)
		if strings.Contains(string(doc.Body), first.SecretAccessKey) {
			t.Error("the secret is stored in clear")
		}
		k, err2 := h.tables.AccessKeys.Get(tx, account+"/aws-global", first.AccessKeyId)
		if !k.Secret.Equal(seal.Hide(first.SecretAccessKey)) {
			t.Error("another secret is stored than was shown")
		}
		if err == nil {
			err = err2
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	second := must[*api.CreateAccessKeyResponse](t)(h.CreateAccessKey(ctx, &api.CreateAccessKeyInput{UserName: new("ada")})).AccessKey
	if second.SecretAccessKey == first.SecretAccessKey || second.AccessKeyId == first.AccessKeyId {
		t.Error("two keys are equal")
	}
	set := func(user, key, status string) func() error {
		return func() error {
			return h.UpdateAccessKey(ctx, &api.UpdateAccessKeyInput{UserName: &user, AccessKeyId: key, Status: status})
		}
	}
	del := func(user, key string) func() error {
		return func() error {
			return h.DeleteAccessKey(ctx, &api.DeleteAccessKeyInput{UserName: &user, AccessKeyId: key})
		}
	}
	run(t, []step{
		{"a third key", func() error { return ignore(h.CreateAccessKey(ctx, &api.CreateAccessKeyInput{UserName: new("ada")})) }, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"},
		{"for nobody", func() error { return ignore(h.CreateAccessKey(ctx, &api.CreateAccessKeyInput{UserName: new("eve")})) }, "NoSuchEntity", "The user with name eve cannot be found."},
		{"for the account", func() error { return ignore(h.CreateAccessKey(h.as("root"), &api.CreateAccessKeyInput{})) }, "ValidationError", ""},
		{"nonsense", set("ada", first.AccessKeyId, "Off"), "ValidationError", ""},
		{"Expired", set("ada", first.AccessKeyId, "Expired"), "ValidationError", ""},
		{"another user's", set("bob", first.AccessKeyId, "Inactive"), "NoSuchEntity", "The Access Key with id " + first.AccessKeyId + " cannot be found."},
		{"another user's, deleted", del("bob", first.AccessKeyId), "NoSuchEntity", "The Access Key with id " + first.AccessKeyId + " cannot be found."},
		{"off", set("ada", first.AccessKeyId, "Inactive"), "", ""},
		{"deleted", del("ada", second.AccessKeyId), "", ""},
		{"deleted again", del("ada", second.AccessKeyId), "NoSuchEntity", ""},
		{"last use of no key", func() error {
			return ignore(h.GetAccessKeyLastUsed(ctx, &api.GetAccessKeyLastUsedInput{AccessKeyId: second.AccessKeyId}))
		}, "NoSuchEntity", ""},
	})
	list := must[*api.ListAccessKeysResponse](t)(h.ListAccessKeys(h.as("ada"), &api.ListAccessKeysInput{}))
	want := []api.AccessKeyMetadata{{UserName: new("ada"), AccessKeyId: &first.AccessKeyId, Status: new("Inactive"), CreateDate: &created}}
	if diff := cmp.Diff(want, list.AccessKeyMetadata); diff != "" {
		t.Errorf("ListAccessKeys (-want +got):\n%s", diff)
	}
	used := func() *api.AccessKeyLastUsed {
		return must[*api.GetAccessKeyLastUsedResponse](t)(h.GetAccessKeyLastUsed(ctx, &api.GetAccessKeyLastUsedInput{AccessKeyId: first.AccessKeyId})).AccessKeyLastUsed
	}
	if diff := cmp.Diff(&api.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}, used()); diff != "" {
		t.Errorf("a key that was never used (-want +got):\n%s", diff)
	}
	if _, err := h.db.Update(ctx, func(tx store.Tx) error {
		return h.tables.Uses.Put(tx, account+"/aws-global", identity.Use{ID: first.AccessKeyId, At: created, Service: "execute-api", Region: "eu-west-1"})
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&api.AccessKeyLastUsed{LastUsedDate: &created, ServiceName: "execute-api", Region: "eu-west-1"}, used()); diff != "" {
		t.Errorf("a key that was used (-want +got):\n%s", diff)
	}
}

func TestGroupsPerUser(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.user("ada")
	for i := range identity.MaxGroups + 1 {
		h.group(fmt.Sprint("g", i))
	}
	for i := range identity.MaxGroups {
		if err := h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: fmt.Sprint("g", i), UserName: "ada"}); err != nil {
			t.Fatal(err)
		}
	}
	run(t, []step{{"one group too many", func() error {
		return h.AddUserToGroup(ctx, &api.AddUserToGroupInput{GroupName: "g10", UserName: "ada"})
	}, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10"}})
}

// Every page follows the one before, and a marker belongs to its listing.
func TestPages(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	var want []string
	for i := range 25 {
		name := fmt.Sprintf("u%02d", i)
		h.user(name)
		want = append(want, name)
	}
	must[*api.CreateUserResponse](t)(h.CreateUser(ctx, &api.CreateUserInput{UserName: "other", Path: new("/else/")}))
	var got []string
	in := &api.ListUsersInput{MaxItems: new(int32(10)), PathPrefix: new("/")}
	for pages := 0; ; pages++ {
		out := must[*api.ListUsersResponse](t)(h.ListUsers(ctx, in))
		for _, u := range out.Users {
			got = append(got, u.UserName)
		}
		if !*out.IsTruncated {
			if out.Marker != nil || pages != 2 {
				t.Errorf("the last of %d pages has the marker %v", pages+1, out.Marker)
			}
			break
		}
		in.Marker = out.Marker
	}
	if diff := cmp.Diff(append([]string{"other"}, want...), got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	marker := must[*api.ListUsersResponse](t)(h.ListUsers(ctx, &api.ListUsersInput{MaxItems: new(int32(10))})).Marker
	other := newHouse(t)
	run(t, []step{
		{"of another filter", func() error {
			return ignore(h.ListUsers(ctx, &api.ListUsersInput{Marker: marker, PathPrefix: new("/else/")}))
		}, "ValidationError", "Invalid Marker."},
		{"of another listing", func() error { return ignore(h.ListRoles(ctx, &api.ListRolesInput{Marker: marker})) }, "ValidationError", "Invalid Marker."},
		{"of another house", func() error { return ignore(other.ListUsers(ctx, &api.ListUsersInput{Marker: marker})) }, "ValidationError", "Invalid Marker."},
		{"made up", func() error { return ignore(h.ListUsers(ctx, &api.ListUsersInput{Marker: new("u05")})) }, "ValidationError", "Invalid Marker."},
		{"empty", func() error { return ignore(h.ListUsers(ctx, &api.ListUsersInput{Marker: new("")})) }, "ValidationError", "Invalid Marker."},
	})
	if list := must[*api.ListUsersResponse](t)(h.ListUsers(ctx, &api.ListUsersInput{PathPrefix: new("/nowhere/")})); list.Users == nil || len(list.Users) != 0 {
		t.Errorf("nothing: got %v, want an empty list", list.Users)
	}
}
