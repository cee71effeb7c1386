package cloudformation

import (
	"context"
	"maps"
	"slices"

	"gatehouse/internal/awsapi/iam"
)

// IAM is what the providers need of IAM.
type IAM interface {
	CreateRole(context.Context, *iam.CreateRoleInput) (*iam.CreateRoleResponse, error)
	UpdateRole(context.Context, *iam.UpdateRoleInput) (*iam.UpdateRoleResponse, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput) error
	DeleteRole(context.Context, *iam.DeleteRoleInput) error
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput) error
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput) error
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput) error
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput) error
	PutRolePermissionsBoundary(context.Context, *iam.PutRolePermissionsBoundaryInput) error
	DeleteRolePermissionsBoundary(context.Context, *iam.DeleteRolePermissionsBoundaryInput) error
	TagRole(context.Context, *iam.TagRoleInput) error
	UntagRole(context.Context, *iam.UntagRoleInput) error
	usersAndGroups
	managedPolicies
	oidcProviders
}

type role struct{ api IAM }

func (p role) create(ctx context.Context, r *request) (result, error) {
	name := or(r.props.text("RoleName"), r.generated)
	out, err := p.api.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, Path: r.props.text("Path"), AssumeRolePolicyDocument: value(r.props.json("AssumeRolePolicyDocument")),
		Description: r.props.text("Description"), MaxSessionDuration: r.props.int32("MaxSessionDuration"),
		PermissionsBoundary: r.props.text("PermissionsBoundary"), Tags: iamTags(r.props.tags("Tags")),
	})
	if err != nil {
		return result{}, err
	}
	return result{name, map[string]string{"Arn": out.Role.Arn, "RoleId": out.Role.RoleId}}, p.policies(ctx, name, properties{}, r.props)
}

func iamTags(tags map[string]string) []iam.Tag {
	var out []iam.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, iam.Tag{Key: k, Value: tags[k]})
	}
	return out
}

func (p role) update(ctx context.Context, r *request) (result, error) {
	name := r.physical
	if trust := value(r.props.json("AssumeRolePolicyDocument")); trust != value(r.old.json("AssumeRolePolicyDocument")) {
		if err := p.api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: trust}); err != nil {
			return result{}, err
		}
	}
	description, session := r.props.must("Description"), r.props.int32("MaxSessionDuration")
	if session == nil {
		session = new(int32(3600))
	}
	if _, err := p.api.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, Description: &description, MaxSessionDuration: session}); err != nil {
		return result{}, err
	}
	if err := p.boundary(ctx, name, r.old.must("PermissionsBoundary"), r.props.must("PermissionsBoundary")); err != nil {
		return result{}, err
	}
	if err := p.policies(ctx, name, r.old, r.props); err != nil {
		return result{}, err
	}
	set, gone := changedTags(r.old.tags("Tags"), r.props.tags("Tags"))
	if len(gone) > 0 {
		if err := p.api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: gone}); err != nil {
			return result{}, err
		}
	}
	if len(set) > 0 {
		if err := p.api.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: iamTags(set)}); err != nil {
			return result{}, err
		}
	}
	return result{name, r.attributes}, nil
}

func (p role) boundary(ctx context.Context, name, old, now string) error {
	switch {
	case old == now:
		return nil
	case now == "":
		return absent(p.api.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: name}))
	}
	return p.api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: now})
}

// policies brings the policies of a role from what old says to what now says.
func (p role) policies(ctx context.Context, name string, old, now properties) error {
	return rolePolicies(ctx, p.api, name).policies(old, now)
}

func rolePolicies(ctx context.Context, api IAM, name string) holder {
	return holder{
		put: func(policy, document string) error {
			return api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: policy, PolicyDocument: document})
		},
		drop: func(policy string) error {
			return api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: policy})
		},
		attach: func(arn string) error {
			return api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: arn})
		},
		detach: func(arn string) error {
			return api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: arn})
		},
	}
}

// holder is a user, group or role as the place of policies.
type holder struct {
	put                  func(policy, document string) error
	drop, attach, detach func(string) error
}

// policies brings inline and managed policies from what old says to what now says. What is gone goes
// first: nobody must hold the old and the new rights together.
func (h holder) policies(old, now properties) error {
	was, is := inline(old), inline(now)
	for _, policy := range slices.Sorted(maps.Keys(was)) {
		if _, ok := is[policy]; !ok {
			if err := absent(h.drop(policy)); err != nil {
				return err
			}
		}
	}
	for _, arn := range without(old.texts("ManagedPolicyArns"), now.texts("ManagedPolicyArns")) {
		if err := absent(h.detach(arn)); err != nil {
			return err
		}
	}
	for _, policy := range slices.Sorted(maps.Keys(is)) {
		if was[policy] != is[policy] {
			if err := h.put(policy, is[policy]); err != nil {
				return err
			}
		}
	}
	for _, arn := range without(now.texts("ManagedPolicyArns"), old.texts("ManagedPolicyArns")) {
		if err := h.attach(arn); err != nil {
			return err
		}
	}
	return nil
}

func inline(p properties) map[string]string {
	out := map[string]string{}
	for _, policy := range p.objects("Policies") {
		out[policy.must("PolicyName")] = value(policy.json("PolicyDocument"))
	}
	return out
}

// delete takes the policies of the template off first. One that somebody else attached keeps the role, as
// on AWS.
func (p role) delete(ctx context.Context, r *request) error {
	if err := p.policies(ctx, r.physical, r.props, properties{}); err != nil {
		return err
	}
	return absent(p.api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: r.physical}))
}
