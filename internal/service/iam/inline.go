package iam

import (
	"context"

	api "gatehouse/internal/awsapi/iam"
)

// PutUserPolicy adds or replaces an inline policy of a user.
func (s *Service) PutUserPolicy(ctx context.Context, in *api.PutUserPolicyInput) error {
	return s.users.put(ctx, in.UserName, in.PolicyName, in.PolicyDocument)
}

// PutGroupPolicy adds or replaces an inline policy of a group.
func (s *Service) PutGroupPolicy(ctx context.Context, in *api.PutGroupPolicyInput) error {
	return s.groups.put(ctx, in.GroupName, in.PolicyName, in.PolicyDocument)
}

// PutRolePolicy adds or replaces an inline policy of a role.
func (s *Service) PutRolePolicy(ctx context.Context, in *api.PutRolePolicyInput) error {
	return s.roles.put(ctx, in.RoleName, in.PolicyName, in.PolicyDocument)
}

// GetUserPolicy returns an inline policy of a user.
func (s *Service) GetUserPolicy(ctx context.Context, in *api.GetUserPolicyInput) (*api.GetUserPolicyResponse, error) {
	document, err := s.users.policy(ctx, in.UserName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &api.GetUserPolicyResponse{UserName: in.UserName, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// GetGroupPolicy returns an inline policy of a group.
func (s *Service) GetGroupPolicy(ctx context.Context, in *api.GetGroupPolicyInput) (*api.GetGroupPolicyResponse, error) {
	document, err := s.groups.policy(ctx, in.GroupName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &api.GetGroupPolicyResponse{GroupName: in.GroupName, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// GetRolePolicy returns an inline policy of a role.
func (s *Service) GetRolePolicy(ctx context.Context, in *api.GetRolePolicyInput) (*api.GetRolePolicyResponse, error) {
	document, err := s.roles.policy(ctx, in.RoleName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &api.GetRolePolicyResponse{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// DeleteUserPolicy removes an inline policy of a user.
func (s *Service) DeleteUserPolicy(ctx context.Context, in *api.DeleteUserPolicyInput) error {
	return s.users.drop(ctx, in.UserName, in.PolicyName)
}

// DeleteGroupPolicy removes an inline policy of a group.
func (s *Service) DeleteGroupPolicy(ctx context.Context, in *api.DeleteGroupPolicyInput) error {
	return s.groups.drop(ctx, in.GroupName, in.PolicyName)
}

// DeleteRolePolicy removes an inline policy of a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *api.DeleteRolePolicyInput) error {
	return s.roles.drop(ctx, in.RoleName, in.PolicyName)
}

// ListUserPolicies returns the names of a user's inline policies.
func (s *Service) ListUserPolicies(ctx context.Context, in *api.ListUserPoliciesInput) (*api.ListUserPoliciesResponse, error) {
	names, more, next, err := s.users.policies(ctx, in.UserName, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListUserPoliciesResponse{PolicyNames: names, IsTruncated: more, Marker: next}, err
}

// ListGroupPolicies returns the names of a group's inline policies.
func (s *Service) ListGroupPolicies(ctx context.Context, in *api.ListGroupPoliciesInput) (*api.ListGroupPoliciesResponse, error) {
	names, more, next, err := s.groups.policies(ctx, in.GroupName, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListGroupPoliciesResponse{PolicyNames: names, IsTruncated: more, Marker: next}, err
}

// ListRolePolicies returns the names of a role's inline policies.
func (s *Service) ListRolePolicies(ctx context.Context, in *api.ListRolePoliciesInput) (*api.ListRolePoliciesResponse, error) {
	names, more, next, err := s.roles.policies(ctx, in.RoleName, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListRolePoliciesResponse{PolicyNames: names, IsTruncated: more, Marker: next}, err
}
