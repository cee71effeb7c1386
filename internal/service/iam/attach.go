package iam

import (
	"context"
	"slices"
	"strings"

	"gatehouse/internal/arn"
	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

// MaxAttached is how many managed policies a user, group or role may have [docs].
const MaxAttached = 10

// attachable refuses an ARN that names no managed policy. Of AWS's own policies most are about services that
// are not here: their texts are not known and they grant nothing, but templates may attach them. One whose name
// says that it denies is refused, because what it denies would not be denied.
func (s *Service) attachable(tx store.Tx, policyARN string) error {
	if err := checkPolicyARN(policyARN); err != nil {
		return err
	}
	absent := noSuchEntity("Policy %s does not exist or is not attachable.", policyARN)
	if identity.IsAWSPolicy(policyARN) {
		_, known := identity.AWSPolicy(policyARN)
		name := identity.Fold(policyARN)
		if !known && (strings.Contains(name, "deny") || strings.Contains(name, "quarantine")) {
			return absent
		}
		return nil
	}
	_, err := s.managed(tx, policyARN)
	return missing(err, absent)
}

// checkBoundary refuses a boundary that does not exist; "" is none. A policy of AWS whose text is not known
// cannot be one: it would forbid everything.
func (s *Service) checkBoundary(tx store.Tx, policyARN string) error {
	if policyARN == "" {
		return nil
	}
	if err := checkPolicyARN(policyARN); err != nil {
		return err
	}
	absent := noSuchEntity("Scope ARN: %s does not exist or is not attachable.", policyARN)
	if identity.IsAWSPolicy(policyARN) {
		if _, known := identity.AWSPolicy(policyARN); !known {
			return absent
		}
		return nil
	}
	_, err := s.managed(tx, policyARN)
	return missing(err, absent)
}

// attach attaches a managed policy, once.
func (e *entity[T]) attach(ctx context.Context, name, policyARN string) error {
	return e.change(ctx, name, func(tx store.Tx, v *T) error {
		if err := e.s.attachable(tx, policyARN); err != nil {
			return err
		}
		g := e.grants(v)
		switch {
		case slices.Contains(g.Managed, policyARN):
			return nil
		case len(g.Managed) >= MaxAttached:
			return limitExceeded("Cannot exceed quota for %s: %d", e.quota, MaxAttached)
		}
		g.Managed = append(g.Managed, policyARN)
		return nil
	})
}

func (e *entity[T]) detach(ctx context.Context, name, policyARN string) error {
	return e.change(ctx, name, func(_ store.Tx, v *T) error {
		if err := checkPolicyARN(policyARN); err != nil {
			return err
		}
		g := e.grants(v)
		i := slices.Index(g.Managed, policyARN)
		if i < 0 {
			return noSuchEntity("Policy %s was not found.", policyARN)
		}
		g.Managed = slices.Delete(g.Managed, i, i+1)
		return nil
	})
}

// attached returns a page of the attached policies.
func (e *entity[T]) attached(ctx context.Context, name string, prefix *string, p paging) ([]api.AttachedPolicy, *bool, *string, error) {
	v, err := e.read(ctx, name)
	if err != nil {
		return nil, nil, nil, err
	}
	key := func(arn *string) string { return nameOf(*arn) + " " + *arn }
	return page(e.s, p.of("attached", e.noun, identity.Fold(name), text(prefix)), after(e.grants(&v).Managed, key), key,
		func(arn *string) bool { return strings.HasPrefix(pathOf(*arn), text(prefix)) },
		func(arn *string) api.AttachedPolicy {
			return api.AttachedPolicy{PolicyName: new(nameOf(*arn)), PolicyArn: new(*arn)}
		})
}

// nameOf and pathOf are the parts of the ARN of a policy.
func nameOf(policyARN string) string { return policyARN[strings.LastIndexByte(policyARN, '/')+1:] }

func pathOf(policyARN string) string {
	a, err := arn.Parse(policyARN)
	if err != nil {
		return ""
	}
	path := strings.TrimPrefix(a.Resource, "policy")
	return path[:strings.LastIndexByte(path, '/')+1]
}

// AttachUserPolicy attaches a managed policy to a user.
func (s *Service) AttachUserPolicy(ctx context.Context, in *api.AttachUserPolicyInput) error {
	return s.users.attach(ctx, in.UserName, in.PolicyArn)
}

// AttachGroupPolicy attaches a managed policy to a group.
func (s *Service) AttachGroupPolicy(ctx context.Context, in *api.AttachGroupPolicyInput) error {
	return s.groups.attach(ctx, in.GroupName, in.PolicyArn)
}

// AttachRolePolicy attaches a managed policy to a role.
func (s *Service) AttachRolePolicy(ctx context.Context, in *api.AttachRolePolicyInput) error {
	return s.roles.attach(ctx, in.RoleName, in.PolicyArn)
}

// DetachUserPolicy takes a managed policy off a user.
func (s *Service) DetachUserPolicy(ctx context.Context, in *api.DetachUserPolicyInput) error {
	return s.users.detach(ctx, in.UserName, in.PolicyArn)
}

// DetachGroupPolicy takes a managed policy off a group.
func (s *Service) DetachGroupPolicy(ctx context.Context, in *api.DetachGroupPolicyInput) error {
	return s.groups.detach(ctx, in.GroupName, in.PolicyArn)
}

// DetachRolePolicy takes a managed policy off a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *api.DetachRolePolicyInput) error {
	return s.roles.detach(ctx, in.RoleName, in.PolicyArn)
}

// ListAttachedUserPolicies returns the managed policies of a user.
func (s *Service) ListAttachedUserPolicies(ctx context.Context, in *api.ListAttachedUserPoliciesInput) (*api.ListAttachedUserPoliciesResponse, error) {
	list, more, next, err := s.users.attached(ctx, in.UserName, in.PathPrefix, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListAttachedUserPoliciesResponse{AttachedPolicies: list, IsTruncated: more, Marker: next}, err
}

// ListAttachedGroupPolicies returns the managed policies of a group.
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, in *api.ListAttachedGroupPoliciesInput) (*api.ListAttachedGroupPoliciesResponse, error) {
	list, more, next, err := s.groups.attached(ctx, in.GroupName, in.PathPrefix, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListAttachedGroupPoliciesResponse{AttachedPolicies: list, IsTruncated: more, Marker: next}, err
}

// ListAttachedRolePolicies returns the managed policies of a role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *api.ListAttachedRolePoliciesInput) (*api.ListAttachedRolePoliciesResponse, error) {
	list, more, next, err := s.roles.attached(ctx, in.RoleName, in.PathPrefix, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListAttachedRolePoliciesResponse{AttachedPolicies: list, IsTruncated: more, Marker: next}, err
}
