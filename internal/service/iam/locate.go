package iam

import (
	"context"
	"errors"
	"strings"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// Locate returns the ARN, with its path, of the user, group or role that an operation names, for those who ask
// policies about it (controlplane.Locator). Without a user name the caller is meant. For an entity that does
// not exist, and for everything else, it returns "": the template then says enough.
func (s *Service) Locate(ctx context.Context, template string, values []string) (string, error) {
	if len(values) != 1 {
		return "", nil
	}
	var arn string
	err := s.view(ctx, func(tx store.Tx) error {
		switch {
		case template == "user/{UserName}" && values[0] == "":
			if c := identity.CallerFrom(ctx); c != nil && (c.Kind == identity.IAMUser || c.Kind == identity.RootUser) {
				arn = c.ARN
			}
		case template == "oidc-provider/{Url}":
			issuer, err := issuerOf(values[0])
			if err == nil {
				arn = s.c.Home.ARN("oidc-provider/" + issuer)
			}
			return err
		case template == "user/{UserName}":
			u, err := s.users.get(tx, values[0])
			arn = u.ARN
			return err
		case strings.HasPrefix(template, "group/{"):
			g, err := s.groups.get(tx, values[0])
			arn = g.ARN
			return err
		case strings.HasPrefix(template, "role/{"):
			r, err := s.roles.get(tx, values[0])
			arn = r.ARN
			return err
		}
		return nil
	})
	if isRefusal(err) {
		return "", nil // the operation refuses it, too, if the caller may know
	}
	return arn, err
}

// Describe adds the tags and the permissions boundary of a user or role, for policies that let somebody manage
// only those who have a certain boundary (controlplane.Describer).
func (s *Service) Describe(ctx context.Context, text string, x *condition.Context) error {
	var tags map[string]string
	var boundary string
	err := s.view(ctx, func(tx store.Tx) error {
		id, ours, err := s.uniqueID(tx, text)
		switch {
		case err != nil || !ours || id == "":
			return err
		case strings.HasPrefix(id, identity.UserPrefix):
			u, err := s.c.Tables.Users.One(tx, s.scope, tables.ByID, id)
			tags, boundary = u.Tags, u.Boundary
			return err
		}
		r, err := s.c.Tables.Roles.One(tx, s.scope, tables.ByID, id)
		tags, boundary = r.Tags, r.Boundary
		return err
	})
	if err != nil {
		return err
	}
	if boundary != "" {
		x.More = append(x.More, condition.Attribute{Name: "iam:PermissionsBoundary", Values: []string{boundary}})
	}
	for _, t := range showTags(tags) {
		x.ResourceTags = append(x.ResourceTags, condition.Tag{Key: t.Key, Value: t.Value})
		x.More = append(x.More, condition.Attribute{Name: "iam:ResourceTag/" + t.Key, Values: []string{t.Value}})
	}
	return nil
}

// isRefusal tells what is not there, or no name at all, from a failure of the store.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*wire.Error](err)
	return ok
}
