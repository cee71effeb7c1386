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

// CreateGroup makes a group without users.
func (s *Service) CreateGroup(ctx context.Context, in *api.CreateGroupInput) (*api.CreateGroupResponse, error) {
	if err := checkName("groupName", in.GroupName, 128); err != nil {
		return nil, err
	}
	path, err := pathOr(in.Path)
	if err != nil {
		return nil, err
	}
	g := identity.Group{
		Name: identity.GroupName(in.GroupName), Path: path, ARN: s.c.Home.ARN("group" + path + in.GroupName), Created: s.now(),
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if g.ID, err = identity.NewID[identity.GroupID](s.c.Random, identity.GroupPrefix); err != nil {
			return err
		}
		return s.groups.insert(tx, g, "Group", in.GroupName)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateGroupResponse{Group: showGroup(&g)}, nil
}

// GetGroup returns a group and a page of its users.
func (s *Service) GetGroup(ctx context.Context, in *api.GetGroupInput) (*api.GetGroupResponse, error) {
	out := &api.GetGroupResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		g, err := s.groups.get(tx, in.GroupName)
		if err != nil {
			return err
		}
		users, err := s.members(tx, g.ID)
		if err != nil {
			return err
		}
		out.Group = showGroup(&g)
		p := paging{marker: in.Marker, items: in.MaxItems}.of("GetGroup", string(g.ID))
		out.Users, out.IsTruncated, out.Marker, err = page(s, p, after(users, s.c.Tables.Users.ID), s.c.Tables.Users.ID, every[identity.User],
			func(u *identity.User) api.User { return *showUser(u, false) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateGroup changes the name or the path. Users and policies stay with the group.
func (s *Service) UpdateGroup(ctx context.Context, in *api.UpdateGroupInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		g, err := s.groups.get(tx, in.GroupName)
		if err != nil {
			return err
		}
		was := string(g.Name)
		if in.NewPath != nil {
			if g.Path, err = pathOr(in.NewPath); err != nil {
				return err
			}
		}
		if in.NewGroupName != nil {
			if err := checkName("newGroupName", *in.NewGroupName, 128); err != nil {
				return err
			}
			g.Name = identity.GroupName(*in.NewGroupName)
		}
		g.ARN = s.c.Home.ARN("group" + g.Path + string(g.Name))
		return s.groups.rename(tx, was, g, "Group", string(g.Name))
	})
}

// DeleteGroup removes a group without users and policies.
func (s *Service) DeleteGroup(ctx context.Context, in *api.DeleteGroupInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		g, err := s.groups.get(tx, in.GroupName)
		if err != nil {
			return err
		}
		users, err := s.members(tx, g.ID)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		if err := bare(&g.Grants); err != nil {
			return err
		}
		return s.c.Tables.Groups.Delete(tx, s.scope, identity.Fold(g.Name))
	})
}

// ListGroups returns groups by name.
func (s *Service) ListGroups(ctx context.Context, in *api.ListGroupsInput) (*api.ListGroupsResponse, error) {
	out := &api.ListGroupsResponse{}
	err := s.view(ctx, func(tx store.Tx) (err error) {
		p := paging{marker: in.Marker, items: in.MaxItems}.of("ListGroups", text(in.PathPrefix))
		out.Groups, out.IsTruncated, out.Marker, err = page(s, p, stored(tx, s.scope, s.c.Tables.Groups), s.c.Tables.Groups.ID,
			func(g *identity.Group) bool { return strings.HasPrefix(g.Path, text(in.PathPrefix)) },
			func(g *identity.Group) api.Group { return *showGroup(g) })
		return err
	})
	return out, err
}

// AddUserToGroup puts a user into a group; one that is in it already stays.
func (s *Service) AddUserToGroup(ctx context.Context, in *api.AddUserToGroupInput) error {
	return s.users.change(ctx, in.UserName, func(tx store.Tx, u *identity.User) error {
		g, err := s.groups.get(tx, in.GroupName)
		if err != nil {
			return err
		}
		switch {
		case slices.Contains(u.Groups, g.ID):
			return nil
		case len(u.Groups) >= identity.MaxGroups:
			return limitExceeded("Cannot exceed quota for GroupsPerUser: %d", identity.MaxGroups)
		}
		u.Groups = append(u.Groups, g.ID)
		return nil
	})
}

// RemoveUserFromGroup takes a user out of a group; one that is not in it is no fault.
func (s *Service) RemoveUserFromGroup(ctx context.Context, in *api.RemoveUserFromGroupInput) error {
	return s.users.change(ctx, in.UserName, func(tx store.Tx, u *identity.User) error {
		g, err := s.groups.get(tx, in.GroupName)
		if err != nil {
			return err
		}
		u.Groups = slices.DeleteFunc(u.Groups, func(id identity.GroupID) bool { return id == g.ID })
		return nil
	})
}

// ListGroupsForUser returns the groups of a user by name.
func (s *Service) ListGroupsForUser(ctx context.Context, in *api.ListGroupsForUserInput) (*api.ListGroupsForUserResponse, error) {
	out := &api.ListGroupsForUserResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		u, err := s.users.get(tx, in.UserName)
		if err != nil {
			return err
		}
		groups, err := s.groupsOf(tx, &u)
		if err != nil {
			return err
		}
		p := paging{marker: in.Marker, items: in.MaxItems}.of("ListGroupsForUser", string(u.ID))
		out.Groups, out.IsTruncated, out.Marker, err = page(s, p, after(groups, s.c.Tables.Groups.ID), s.c.Tables.Groups.ID, every[identity.Group],
			func(g *identity.Group) api.Group { return *showGroup(g) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) groupsOf(tx store.Tx, u *identity.User) ([]identity.Group, error) {
	var out []identity.Group
	for _, id := range u.Groups {
		g, err := s.c.Tables.Groups.One(tx, s.scope, tables.ByID, string(id))
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

func showGroup(g *identity.Group) *api.Group {
	return &api.Group{Path: g.Path, GroupName: string(g.Name), GroupId: string(g.ID), Arn: g.ARN, CreateDate: &g.Created}
}
