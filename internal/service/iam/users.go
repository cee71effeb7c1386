package iam

import (
	"context"
	"slices"
	"strings"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// CreateUser makes a user. Names are unique whatever the case of their letters.
func (s *Service) CreateUser(ctx context.Context, in *api.CreateUserInput) (*api.CreateUserResponse, error) {
	if err := checkName("userName", in.UserName, 64); err != nil {
		return nil, err
	}
	path, err := pathOr(in.Path)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	u := identity.User{
		Name: identity.UserName(in.UserName), Path: path, ARN: s.c.Home.ARN("user" + path + in.UserName),
		Boundary: text(in.PermissionsBoundary), Tags: tags, Created: s.now(),
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if u.ID, err = identity.NewID[identity.UserID](s.c.Random, identity.UserPrefix); err != nil {
			return err
		}
		if err := s.checkBoundary(tx, u.Boundary); err != nil {
			return err
		}
		return s.users.insert(tx, u, "User", in.UserName)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateUserResponse{User: showUser(&u, true)}, nil
}

// GetUser returns a user, the caller without a name. The account itself is a user in this answer.
func (s *Service) GetUser(ctx context.Context, in *api.GetUserInput) (*api.GetUserResponse, error) {
	if in.UserName == nil {
		if c := identity.CallerFrom(ctx); c != nil && c.Kind == identity.RootUser {
			return &api.GetUserResponse{User: &api.User{Path: "/", UserName: "root", UserId: c.ID, Arn: c.ARN, CreateDate: new(s.now())}}, nil
		}
	}
	name, err := userName(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	u, err := s.users.read(ctx, name)
	if err != nil {
		return nil, err
	}
	return &api.GetUserResponse{User: showUser(&u, true)}, nil
}

// UpdateUser changes the name or the path. Keys, groups and policies stay with the user.
func (s *Service) UpdateUser(ctx context.Context, in *api.UpdateUserInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		u, err := s.users.get(tx, in.UserName)
		if err != nil {
			return err
		}
		was := string(u.Name)
		if in.NewPath != nil {
			if u.Path, err = pathOr(in.NewPath); err != nil {
				return err
			}
		}
		if in.NewUserName != nil {
			if err := checkName("newUserName", *in.NewUserName, 64); err != nil {
				return err
			}
			u.Name = identity.UserName(*in.NewUserName)
		}
		u.ARN = s.c.Home.ARN("user" + u.Path + string(u.Name))
		return s.users.rename(tx, was, u, "User", string(u.Name))
	})
}

// DeleteUser removes a user that has nothing left.
func (s *Service) DeleteUser(ctx context.Context, in *api.DeleteUserInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		u, err := s.users.get(tx, in.UserName)
		if err != nil {
			return err
		}
		if err := bare(&u.Grants); err != nil {
			return err
		}
		if len(u.Groups) > 0 {
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		keys, err := s.keysOf(tx, u.ID)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			return conflict("Cannot delete entity, must delete access keys first.")
		}
		return s.c.Tables.Users.Delete(tx, s.scope, identity.Fold(u.Name))
	})
}

// ListUsers returns users by name.
func (s *Service) ListUsers(ctx context.Context, in *api.ListUsersInput) (*api.ListUsersResponse, error) {
	out := &api.ListUsersResponse{}
	err := s.view(ctx, func(tx store.Tx) (err error) {
		p := paging{marker: in.Marker, items: in.MaxItems}.of("ListUsers", text(in.PathPrefix))
		out.Users, out.IsTruncated, out.Marker, err = page(s, p, stored(tx, s.scope, s.c.Tables.Users), s.c.Tables.Users.ID,
			func(u *identity.User) bool { return strings.HasPrefix(u.Path, text(in.PathPrefix)) },
			func(u *identity.User) api.User { return *showUser(u, false) })
		return err
	})
	return out, err
}

// TagUser adds tags; tags of the same keys are replaced.
func (s *Service) TagUser(ctx context.Context, in *api.TagUserInput) error {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return err
	}
	return s.users.retag(ctx, in.UserName, tags, nil)
}

// UntagUser removes tags by key. Keys that are not there are no fault.
func (s *Service) UntagUser(ctx context.Context, in *api.UntagUserInput) error {
	return s.users.retag(ctx, in.UserName, nil, in.TagKeys)
}

// ListUserTags returns the tags of a user by key.
func (s *Service) ListUserTags(ctx context.Context, in *api.ListUserTagsInput) (*api.ListUserTagsResponse, error) {
	tags, more, next, err := s.users.listTags(ctx, in.UserName, paging{marker: in.Marker, items: in.MaxItems})
	return &api.ListUserTagsResponse{Tags: tags, IsTruncated: more, Marker: next}, err
}

// PutUserPermissionsBoundary sets the permissions boundary of a user.
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, in *api.PutUserPermissionsBoundaryInput) error {
	return s.users.change(ctx, in.UserName, func(tx store.Tx, u *identity.User) error {
		u.Boundary = in.PermissionsBoundary
		return s.checkBoundary(tx, u.Boundary)
	})
}

// DeleteUserPermissionsBoundary takes the permissions boundary off.
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, in *api.DeleteUserPermissionsBoundaryInput) error {
	return s.users.change(ctx, in.UserName, func(_ store.Tx, u *identity.User) error {
		if u.Boundary == "" {
			return noSuchEntity("The user with name %s does not have a permissions boundary.", in.UserName)
		}
		u.Boundary = ""
		return nil
	})
}

// showUser is a user in an answer. Listings leave out tags and boundary.
func showUser(u *identity.User, whole bool) *api.User {
	out := &api.User{Path: u.Path, UserName: string(u.Name), UserId: string(u.ID), Arn: u.ARN, CreateDate: &u.Created}
	if whole {
		out.PermissionsBoundary, out.Tags = showBoundary(u.Boundary), showTags(u.Tags)
	}
	return out
}

func showBoundary(arn string) *api.AttachedPermissionsBoundary {
	if arn == "" {
		return nil
	}
	return &api.AttachedPermissionsBoundary{
		PermissionsBoundaryType: new(api.PermissionsBoundaryAttachmentTypePermissionsBoundaryPolicy), PermissionsBoundaryArn: &arn,
	}
}

// members are the users of a group by name.
func (s *Service) members(tx store.Tx, group identity.GroupID) ([]identity.User, error) {
	var out []identity.User
	for u, err := range s.c.Tables.Users.By(tx, s.scope, tables.ByGroup, string(group)) {
		if err != nil {
			return nil, err
		}
		// The index is not sealed; the user itself says where it is.
		if slices.Contains(u.Groups, group) {
			out = append(out, u)
		}
	}
	return out, nil
}
