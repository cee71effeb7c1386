package cloudformation

import (
	"context"
	"maps"
	"slices"

	"gatehouse/internal/identity"
	"gatehouse/internal/service/iam"
)

// IAM is what the providers need of IAM.
type IAM interface {
	CreateRole(context.Context, *iam.CreateRoleInput) (*identity.Role, error)
	UpdateRole(ctx context.Context, name string, description *string, maxSessionSeconds *int32) error
	UpdateAssumeRolePolicy(ctx context.Context, name, document string) error
	DeleteRole(ctx context.Context, name string) error
	PutRolePolicy(ctx context.Context, role, policy, document string) error
	DeleteRolePolicy(ctx context.Context, role, policy string) error
	AttachRolePolicy(ctx context.Context, role, policyARN string) error
	DetachRolePolicy(ctx context.Context, role, policyARN string) error
	TagRole(ctx context.Context, role string, tags map[string]string) error
	UntagRole(ctx context.Context, role string, names []string) error
}

type role struct{ api IAM }

func (p role) create(ctx context.Context, r *request) (result, error) {
	name := or(r.props.text("RoleName"), r.generated)
	out, err := p.api.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, Path: r.props.must("Path"), AssumeRolePolicyDocument: value(r.props.json("AssumeRolePolicyDocument")),
		Description: r.props.must("Description"), MaxSessionDuration: value(r.props.int32("MaxSessionDuration")),
		PermissionsBoundary: r.props.must("PermissionsBoundary"), Tags: r.props.tags("Tags"),
	})
	if err != nil {
		return result{}, err
	}
	return result{name, map[string]string{"Arn": out.ARN, "RoleId": string(out.ID)}}, p.policies(ctx, name, properties{}, r.props)
}

func (p role) update(ctx context.Context, r *request) (result, error) {
	name := r.physical
	if trust := value(r.props.json("AssumeRolePolicyDocument")); trust != value(r.old.json("AssumeRolePolicyDocument")) {
		if err := p.api.UpdateAssumeRolePolicy(ctx, name, trust); err != nil {
			return result{}, err
		}
	}
	description, session := r.props.must("Description"), r.props.int32("MaxSessionDuration")
	if session == nil {
		session = new(int32(3600))
	}
	if err := p.api.UpdateRole(ctx, name, &description, session); err != nil {
		return result{}, err
	}
	if err := p.policies(ctx, name, r.old, r.props); err != nil {
		return result{}, err
	}
	set, gone := changedTags(r.old.tags("Tags"), r.props.tags("Tags"))
	if len(gone) > 0 {
		if err := p.api.UntagRole(ctx, name, gone); err != nil {
			return result{}, err
		}
	}
	if len(set) > 0 {
		if err := p.api.TagRole(ctx, name, set); err != nil {
			return result{}, err
		}
	}
	return result{name, r.attributes}, nil
}

// policies brings inline and managed policies from what old says to what now says. What is gone goes
// first: a role must not hold the old and the new rights together.
func (p role) policies(ctx context.Context, name string, old, now properties) error {
	was, is := inline(old), inline(now)
	for _, policy := range slices.Sorted(maps.Keys(was)) {
		if _, ok := is[policy]; !ok {
			if err := absent(p.api.DeleteRolePolicy(ctx, name, policy)); err != nil {
				return err
			}
		}
	}
	for _, arn := range without(old.texts("ManagedPolicyArns"), now.texts("ManagedPolicyArns")) {
		if err := absent(p.api.DetachRolePolicy(ctx, name, arn)); err != nil {
			return err
		}
	}
	for _, policy := range slices.Sorted(maps.Keys(is)) {
		if was[policy] != is[policy] {
			if err := p.api.PutRolePolicy(ctx, name, policy, is[policy]); err != nil {
				return err
			}
		}
	}
	for _, arn := range without(now.texts("ManagedPolicyArns"), old.texts("ManagedPolicyArns")) {
		if err := p.api.AttachRolePolicy(ctx, name, arn); err != nil {
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
	return absent(p.api.DeleteRole(ctx, r.physical))
}
