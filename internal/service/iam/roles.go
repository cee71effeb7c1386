package iam

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

const defaultSession = time.Hour

// CreateRole makes a role. Names are unique whatever the case of their letters.
func (s *Service) CreateRole(ctx context.Context, in *api.CreateRoleInput) (*api.CreateRoleResponse, error) {
	path, err := pathOr(in.Path)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	r := identity.Role{
		Name: identity.RoleName(in.RoleName), Path: path, ARN: s.c.Home.ARN("role" + path + in.RoleName), Description: text(in.Description),
		Boundary: text(in.PermissionsBoundary), MaxSession: seconds(in.MaxSessionDuration), Tags: tags, Created: s.now(),
	}
	if err := checkRole(&r); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if r.ID, err = identity.NewID[identity.RoleID](s.c.Random, identity.RolePrefix); err != nil {
			return err
		}
		if err := s.setTrust(tx, &r, in.AssumeRolePolicyDocument); err != nil {
			return err
		}
		if err := s.checkBoundary(tx, r.Boundary); err != nil {
			return err
		}
		return s.roles.insert(tx, r, "Role", in.RoleName)
	})
	if err != nil {
		return nil, err
	}
	// [recorded] without the longest session and the last use.
	return &api.CreateRoleResponse{Role: showRole(&r, r.Trust)}, nil
}

func seconds(n *int32) time.Duration {
	if n == nil {
		return defaultSession
	}
	return time.Duration(*n) * time.Second
}

func checkRole(r *identity.Role) error {
	if err := checkName("roleName", string(r.Name), 64); err != nil {
		return err
	}
	if utf8.RuneCountInString(r.Description) > 1000 {
		return invalid("The description has more than 1000 characters.")
	}
	if r.MaxSession < time.Hour || r.MaxSession > 12*time.Hour {
		return invalid("The requested MaxSessionDuration must be between 3600 and 43200 seconds.")
	}
	return nil
}

// GetRole returns a role with its last use.
func (s *Service) GetRole(ctx context.Context, in *api.GetRoleInput) (*api.GetRoleResponse, error) {
	out := &api.GetRoleResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		r, err := s.roles.get(tx, in.RoleName)
		if err != nil {
			return err
		}
		trust, err := r.ShowTrust(s.arnOf(tx))
		if err != nil {
			return err
		}
		out.Role = showRole(&r, trust)
		out.Role.MaxSessionDuration = new(int32(r.MaxSession / time.Second))
		out.Role.RoleLastUsed, err = s.lastUse(tx, r.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// lastUse is empty, but there, for a role that was never used [recorded].
func (s *Service) lastUse(tx store.Tx, role identity.RoleID) (*api.RoleLastUsed, error) {
	use, err := s.c.Tables.Uses.Get(tx, s.scope, string(role))
	if errors.Is(err, store.ErrNotFound) {
		return &api.RoleLastUsed{}, nil
	}
	return &api.RoleLastUsed{LastUsedDate: &use.At, Region: shown(string(use.Region))}, err
}

// UpdateRole changes the description and the longest session; nil leaves a member as it is.
func (s *Service) UpdateRole(ctx context.Context, in *api.UpdateRoleInput) (*api.UpdateRoleResponse, error) {
	return &api.UpdateRoleResponse{}, s.roles.change(ctx, in.RoleName, func(_ store.Tx, r *identity.Role) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = seconds(in.MaxSessionDuration)
		}
		return checkRole(r)
	})
}

// UpdateRoleDescription changes the description alone.
func (s *Service) UpdateRoleDescription(ctx context.Context, in *api.UpdateRoleDescriptionInput) (*api.UpdateRoleDescriptionResponse, error) {
	if _, err := s.UpdateRole(ctx, &api.UpdateRoleInput{RoleName: in.RoleName, Description: &in.Description}); err != nil {
		return nil, err
	}
	out, err := s.GetRole(ctx, &api.GetRoleInput{RoleName: in.RoleName})
	if err != nil {
		return nil, err
	}
	return &api.UpdateRoleDescriptionResponse{Role: out.Role}, nil
}

// UpdateAssumeRolePolicy replaces the trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *api.UpdateAssumeRolePolicyInput) error {
	return s.roles.change(ctx, in.RoleName, func(tx store.Tx, r *identity.Role) error {
		return s.setTrust(tx, r, in.PolicyDocument)
	})
}

// DeleteRole removes a role that has no policies any more. Its sessions end with it.
func (s *Service) DeleteRole(ctx context.Context, in *api.DeleteRoleInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		r, err := s.roles.get(tx, in.RoleName)
		if err != nil {
			return err
		}
		if err := bare(&r.Grants); err != nil {
			return err
		}
		if err := s.c.Tables.Uses.Delete(tx, s.scope, string(r.ID)); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return s.c.Tables.Roles.Delete(tx, s.scope, identity.Fold(r.Name))
	})
}

// ListRoles returns roles by name.
func (s *Service) ListRoles(ctx context.Context, in *api.ListRolesInput) (*api.ListRolesResponse, error) {
	out := &api.ListRolesResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		var fault error
		p := paging{marker: in.Marker, items: in.MaxItems}.of("ListRoles", text(in.PathPrefix))
		var err error
		out.Roles, out.IsTruncated, out.Marker, err = page(s, p, stored(tx, s.scope, s.c.Tables.Roles), s.c.Tables.Roles.ID,
			func(r *identity.Role) bool { return strings.HasPrefix(r.Path, text(in.PathPrefix)) },
			func(r *identity.Role) api.Role {
				trust, err := r.ShowTrust(s.arnOf(tx))
				fault = errors.Join(fault, err)
				one := showRole(r, trust)
				one.MaxSessionDuration = new(int32(r.MaxSession / time.Second))
				one.Tags, one.PermissionsBoundary = nil, nil
				return *one
			})
		return errors.Join(err, fault)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// TagRole adds tags; tags of the same keys are replaced.
func (s *Service) TagRole(ctx context.Context, in *api.TagRoleInput) error {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return err
	}
	return s.roles.retag(ctx, in.RoleName, tags, nil)
}

// UntagRole removes tags by key. Keys that are not there are no fault.
func (s *Service) UntagRole(ctx context.Context, in *api.UntagRoleInput) error {
	return s.roles.retag(ctx, in.RoleName, nil, in.TagKeys)
}

// ListRoleTags returns the tags of a role by key.
func (s *Service) ListRoleTags(ctx context.Context, in *api.ListRoleTagsInput) (*api.ListRoleTagsResponse, error) {
	tags, more, next, err := s.roles.listTags(ctx, in.RoleName, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListRoleTagsResponse{Tags: tags, IsTruncated: more, Marker: next}, err
}

// PutRolePermissionsBoundary sets the permissions boundary of a role.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *api.PutRolePermissionsBoundaryInput) error {
	return s.roles.change(ctx, in.RoleName, func(tx store.Tx, r *identity.Role) error {
		r.Boundary = in.PermissionsBoundary
		return s.checkBoundary(tx, r.Boundary)
	})
}

// DeleteRolePermissionsBoundary takes the permissions boundary off.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *api.DeleteRolePermissionsBoundaryInput) error {
	return s.roles.change(ctx, in.RoleName, func(_ store.Tx, r *identity.Role) error {
		if r.Boundary == "" {
			return noSuchEntity("The role with name %s does not have a permissions boundary.", in.RoleName)
		}
		r.Boundary = ""
		return nil
	})
}

func showRole(r *identity.Role, trust string) *api.Role {
	return &api.Role{
		Path: r.Path, RoleName: string(r.Name), RoleId: string(r.ID), Arn: r.ARN, CreateDate: &r.Created,
		AssumeRolePolicyDocument: &trust, Description: shown(r.Description),
		PermissionsBoundary: showBoundary(r.Boundary), Tags: showTags(r.Tags),
	}
}
