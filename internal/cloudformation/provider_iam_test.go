package cloudformation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

// people are users, groups, roles and policies in all the ways that a template can tie them together.
const people = `
Resources:
  Devs: {Type: "AWS::IAM::Group", Properties: {GroupName: devs, Path: /x/, ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"],
    Policies: [{PolicyName: g, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:a", Resource: "*"}]}}]}}
  Ops: {Type: "AWS::IAM::Group"}
  Ada: {Type: "AWS::IAM::User", Properties: {UserName: ada, Path: /team/, Groups: [!Ref Devs], PermissionsBoundary: !Ref Shared,
    Policies: [{PolicyName: u, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:b", Resource: "*"}]}}], Tags: [{Key: a, Value: "1"}, {Key: b, Value: "2"}]}}
  Eve: {Type: "AWS::IAM::User"}
  Robot: {Type: "AWS::IAM::Role", Properties: {RoleName: robot, AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Ada.Arn}, Action: "sts:AssumeRole"}]}}}
  Members: {Type: "AWS::IAM::UserToGroupAddition", Properties: {GroupName: !Ref Ops, Users: [!Ref Ada, !Ref Eve]}}
  Key: {Type: "AWS::IAM::AccessKey", Properties: {UserName: !Ref Ada}}
  Inline: {Type: "AWS::IAM::Policy", Properties: {PolicyName: inline, Users: [!Ref Ada], Groups: [!Ref Ops], Roles: [!Ref Robot],
    PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:c", Resource: "*"}]}}}
  Shared: {Type: "AWS::IAM::ManagedPolicy", Properties: {ManagedPolicyName: shared, Path: /p/,
    PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:d", Resource: "*"}]}}}
  Own: {Type: "AWS::IAM::ManagedPolicy", Properties: {Users: [!Ref Eve], Groups: [!Ref Ops], Roles: [!Ref Robot],
    PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:e", Resource: "*"}]}}}
  ForUser: {Type: "AWS::IAM::UserPolicy", Properties: {PolicyName: one, UserName: !Ref Eve, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:f", Resource: "*"}]}}}
  ForGroup: {Type: "AWS::IAM::GroupPolicy", Properties: {PolicyName: one, GroupName: !Ref Devs, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:f", Resource: "*"}]}}}
  ForRole: {Type: "AWS::IAM::RolePolicy", Properties: {PolicyName: one, RoleName: !Ref Robot, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:f", Resource: "*"}]}}}
  Provider: {Type: "AWS::IAM::OIDCProvider", Properties: {Url: "https://id.example.com", ClientIdList: [a, b], Tags: [{Key: a, Value: "1"}]}}
  Profile: {Type: "AWS::IAM::InstanceProfile", Properties: {Roles: [!Ref Robot]}}
Outputs:
  Key: {Value: !Ref Key}
  Secret: {Value: !GetAtt Key.SecretAccessKey, Export: {Name: secret}}
  Boundary: {Value: !GetAtt Shared.PolicyArn}
`

// identities is everything of IAM, with what differs between two makings left out.
func (h *house) identities() map[string]any {
	h.Helper()
	out := map[string]any{}
	err := h.db.View(h.Context(), func(tx store.Tx) error {
		const scope store.Scope = "123456789012/aws-global"
		groups := map[identity.GroupID]string{}
		for g, err := range h.tables.Groups.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			groups[g.ID], g.ID = string(g.Name), ""
			slices.Sort(g.Managed)
			out["group "+string(g.Name)] = g
		}
		for u, err := range h.tables.Users.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			var in []string
			for _, g := range u.Groups {
				in = append(in, groups[g])
			}
			slices.Sort(in)
			slices.Sort(u.Managed)
			u.ID, u.Groups = "", nil
			out["user "+string(u.Name)], out["groups of "+string(u.Name)] = u, in
		}
		for r, err := range h.tables.Roles.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			slices.Sort(r.Managed)
			r.ID, r.Pinned = "", nil
			out["role "+string(r.Name)] = r
		}
		for p, err := range h.tables.Policies.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			text, _ := p.Document()
			out["policy "+string(p.Name)] = p.ARN + text
		}
		for p, err := range h.tables.OIDCProviders.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			slices.Sort(p.Clients)
			out["provider "+p.URL] = p
		}
		for k, err := range h.tables.AccessKeys.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			out["key"] = k.Active
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
	return out
}

func TestPeople(t *testing.T) {
	h := newHouse(t)
	out := h.must(h.yaml(people))
	if len(out.Findings) > 0 || len(out.NotEmulated) > 0 {
		t.Errorf("findings %v, not emulated %v", out.Findings, out.NotEmulated)
	}
	got := h.identities()
	ada, _ := got["user ada"].(identity.User)
	if ada.ARN != "arn:aws:iam::123456789012:user/team/ada" || ada.Boundary != "arn:aws:iam::123456789012:policy/p/shared" || len(ada.Policies) != 2 {
		t.Errorf("ada: got %+v", ada)
	}
	if in := fmt.Sprint(got["groups of ada"]); !strings.Contains(in, "devs") || !strings.Contains(in, "shop-Ops-") {
		t.Errorf("groups of ada: got %s", in)
	}
	robot, _ := got["role robot"].(identity.Role)
	if len(robot.Policies) != 2 || len(robot.Managed) != 1 || !strings.Contains(robot.Trust, "user/team/ada") {
		t.Errorf("robot: got %+v", robot)
	}
	if diff := cmp.Diff(map[string]string{"Boundary": "arn:aws:iam::123456789012:policy/p/shared", "Key": physical(out, "Key"), "Secret": "sealed"}, outputs(out)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if again := h.must(h.yaml(people)); again.Changed {
		t.Error("the same template changes something")
	}
	if err := h.e.Delete(h.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if left := h.identities(); len(left) > 0 {
		t.Errorf("left: %v", slices.Sorted(maps.Keys(left)))
	}
}

// outputs are the outputs by key, "sealed" for those that hold a secret.
func outputs(out *Outcome) map[string]string {
	got := map[string]string{}
	for _, o := range out.Outputs {
		if got[o.Key] = o.Value; !o.Secret.IsZero() {
			got[o.Key] += "sealed"
		}
	}
	return got
}

// Made and then changed is the same as made anew.
func TestPeopleUpdate(t *testing.T) {
	changes := map[string][]string{
		"text of a policy":    {`"s3:c"`, `"s3:c2"`},
		"name of a policy":    {"PolicyName: inline", "PolicyName: other"},
		"places of a policy":  {"Users: [!Ref Ada], Groups: [!Ref Ops]", "Users: [!Ref Eve]"},
		"managed text":        {`"s3:e"`, `"s3:e2"`},
		"managed places":      {"Users: [!Ref Eve], Groups: [!Ref Ops], Roles: [!Ref Robot],\n    PolicyDocument: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: \"s3:e\"", "Users: [!Ref Ada],\n    PolicyDocument: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: \"s3:e\""},
		"text of one policy":  {`"s3:f"`, `"s3:g"`},
		"place of one policy": {"PolicyName: one, UserName: !Ref Eve", "PolicyName: one, UserName: !Ref Ada"},
		"boundary":            {", PermissionsBoundary: !Ref Shared", ""},
		"groups":              {"Groups: [!Ref Devs]", "Groups: []"},
		"members":             {"Users: [!Ref Ada, !Ref Eve]", "Users: [!Ref Eve]"},
		"another group":       {"GroupName: !Ref Ops, Users: [!Ref Ada, !Ref Eve]", "GroupName: !Ref Devs, Users: [!Ref Eve]"},
		"path":                {"Path: /team/", "Path: /crew/"},
		"path of a group":     {"Path: /x/", "Path: /y/"},
		"tags":                {`[{Key: a, Value: "1"}, {Key: b, Value: "2"}]`, `[{Key: b, Value: "3"}]`},
		"group's policies":    {"PolicyName: g,", "PolicyName: g2,"},
		"group's managed":     {`["arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"]`, `["arn:aws:iam::aws:policy/AWSLambdaExecute"]`},
		"key off":             {"UserName: !Ref Ada}", "UserName: !Ref Ada, Status: Inactive}"},
		"clients":             {"ClientIdList: [a, b]", "ClientIdList: [b, c]"},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(people, change[0]) {
				t.Fatalf("the template does not say %s", change[0])
			}
			after := strings.ReplaceAll(people, change[0], change[1])
			h, fresh := newHouse(t), newHouse(t)
			before := h.must(h.yaml(people))
			changed := h.must(h.yaml(after))
			fresh.must(fresh.yaml(after))
			if !changed.Changed {
				t.Error("nothing has changed")
			}
			if physical(before, "Key") != physical(changed, "Key") {
				t.Error("the access key was made anew")
			}
			if diff := cmp.Diff(fresh.identities(), h.identities(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("made anew (-) and updated (+) differ:\n%s", diff)
			}
			h.must(h.yaml(people))
			back := newHouse(t)
			back.must(back.yaml(people))
			if diff := cmp.Diff(back.identities(), h.identities(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("made anew (-) and taken back (+) differ:\n%s", diff)
			}
		})
	}
}

// A managed policy that changes often keeps five versions.
func TestManagedPolicyVersions(t *testing.T) {
	h := newHouse(t)
	for i := range 8 {
		h.must(h.yaml(strings.Replace(people, `"s3:d"`, fmt.Sprintf(`"s3:d%d"`, i), 1)))
	}
	err := h.db.View(t.Context(), func(tx store.Tx) error {
		p, err := h.tables.Policies.Get(tx, "123456789012/aws-global", "shared")
		if p.Default != 8 || len(p.Versions) != identity.MaxPolicyVersions {
			t.Errorf("got %d versions, default %d", len(p.Versions), p.Default)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The secret of a key is nowhere in clear: not in its record, an output or an export.
func TestAccessKeySecretIsSealed(t *testing.T) {
	h := newHouse(t)
	out, err := h.e.Deploy(t.Context(), DeployInput{Stack: "shop", Template: h.yaml(people)})
	if err != nil {
		t.Fatal(err)
	}
	var secret string
	for _, o := range out.Outputs {
		if o.Key == "Secret" {
			secret = o.Secret.Reveal()
		}
	}
	if len(secret) != 40 {
		t.Fatalf("the output has no secret: %v", out.Outputs)
	}
	rows := 0
	err = h.db.View(t.Context(), func(tx store.Tx) error {
		for _, kind := range []string{h.tables.Stacks.Kind(), h.tables.StackResources.Kind(), h.tables.StackExports.Kind(), h.tables.StackEvents.Kind()} {
			for doc, err := range tx.List(kind, "123456789012/us-east-1", "", "") {
				if err != nil {
					return err
				}
				if rows++; strings.Contains(string(doc.Body), secret) {
					t.Errorf("%s %s holds the secret in clear", kind, doc.ID)
				}
			}
		}
		return nil
	})
	if err != nil || rows < 10 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	// Another stack imports it, and it stays what it was when the stack is updated.
	_, err = h.e.Deploy(t.Context(), DeployInput{Stack: "importer", Template: h.yaml(`
Resources: {P: {Type: "AWS::IAM::ManagedPolicy", Properties: {Description: !ImportValue secret, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:d", Resource: "*"}]}}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	err = h.db.View(t.Context(), func(tx store.Tx) error {
		for p, err := range h.tables.Policies.List(tx, "123456789012/aws-global", "importer", "") {
			if err != nil || p.Description != secret {
				t.Errorf("imported: got %q, %v", p.Description, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPeopleRefusals(t *testing.T) {
	for name, tt := range map[string]struct{ resource, want string }{
		"login":          {`{Type: "AWS::IAM::User", Properties: {LoginProfile: {Password: x}}}`, "no passwords"},
		"policy nowhere": {`{Type: "AWS::IAM::Policy", Properties: {PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:d", Resource: "*"}]}}}`, "at least one of Users, Groups and Roles"},
		"bad policy":     {`{Type: "AWS::IAM::ManagedPolicy", Properties: {PolicyDocument: {Statement: []}}}`, "MalformedPolicyDocument"},
		"no such group":  {`{Type: "AWS::IAM::User", Properties: {Groups: [nobody]}}`, "The group with name nobody cannot be found."},
		"no such user":   {`{Type: "AWS::IAM::AccessKey", Properties: {UserName: nobody}}`, "The user with name nobody cannot be found."},
	} {
		h := newHouse(t)
		_, err := h.deploy("shop", h.yaml("Resources: {X: "+tt.resource+"}"))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
		if left := h.identities(); len(left) > 0 {
			t.Errorf("%s: left %v", name, slices.Sorted(maps.Keys(left)))
		}
	}
}
