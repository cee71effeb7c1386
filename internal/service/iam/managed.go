package iam

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, in *api.CreatePolicyInput) (*api.CreatePolicyResponse, error) {
	if err := checkName("policyName", in.PolicyName, 128); err != nil {
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
	if utf8.RuneCountInString(text(in.Description)) > 1000 {
		return nil, invalid("The description has more than 1000 characters.")
	}
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	now := s.now()
	p := identity.ManagedPolicy{
		Name: identity.PolicyName(in.PolicyName), Path: path, ARN: s.c.Home.ARN("policy" + path + in.PolicyName), Description: text(in.Description),
		Default: 1, Last: 1, Versions: []identity.PolicyVersion{{Number: 1, Document: in.PolicyDocument, Created: now}},
		Tags: tags, Created: now, Updated: now,
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if p.ID, err = identity.NewID[identity.PolicyID](s.c.Random, identity.PolicyPrefix); err != nil {
			return err
		}
		err := s.c.Tables.Policies.Insert(tx, s.scope, p)
		if errors.Is(err, store.ErrExists) {
			return alreadyExists("A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := showPolicy(&p, uses{})
	out.Description = nil // [documented] GetPolicy alone tells it
	return &api.CreatePolicyResponse{Policy: out}, nil
}

func checkManaged(document string) error {
	if err := checkDocument(document, policy.Managed); err != nil {
		return err
	}
	if dense(document) > maxManaged {
		return limitExceeded("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	return nil
}

// managed reads a managed policy of the account or of AWS; store.ErrNotFound when there is none.
func (s *Service) managed(tx store.Tx, policyARN string) (identity.ManagedPolicy, error) {
	if identity.IsAWSPolicy(policyARN) {
		if p, ok := identity.AWSPolicy(policyARN); ok {
			return *p, nil
		}
		return identity.ManagedPolicy{}, fmt.Errorf("policy %s: %w", policyARN, store.ErrNotFound)
	}
	p, err := s.c.Tables.Policies.Get(tx, s.scope, identity.Fold(nameOf(policyARN)))
	if err == nil && p.ARN != policyARN {
		err = fmt.Errorf("policy %s: %w", policyARN, store.ErrNotFound)
	}
	return p, err
}

// known is managed with IAM's refusals.
func (s *Service) known(tx store.Tx, policyARN string) (identity.ManagedPolicy, error) {
	if err := checkPolicyARN(policyARN); err != nil {
		return identity.ManagedPolicy{}, err
	}
	p, err := s.managed(tx, policyARN)
	return p, missing(err, noSuchEntity("Policy %s was not found.", policyARN))
}

// changePolicy lets fn change a policy of the account. Those of AWS are read-only [inferred].
func (s *Service) changePolicy(ctx context.Context, policyARN string, fn func(store.Tx, *identity.ManagedPolicy) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		p, err := s.ownPolicy(tx, policyARN)
		if err != nil {
			return err
		}
		if err := fn(tx, &p); err != nil {
			return err
		}
		return s.c.Tables.Policies.Put(tx, s.scope, p)
	})
}

func (s *Service) ownPolicy(tx store.Tx, policyARN string) (identity.ManagedPolicy, error) {
	if identity.IsAWSPolicy(policyARN) {
		return identity.ManagedPolicy{}, refuse(http.StatusForbidden, "AccessDenied", "Policy %s is managed by AWS and cannot be changed.", policyARN)
	}
	return s.known(tx, policyARN)
}

// GetPolicy returns a managed policy without its document.
func (s *Service) GetPolicy(ctx context.Context, in *api.GetPolicyInput) (*api.GetPolicyResponse, error) {
	out := &api.GetPolicyResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		p, err := s.known(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		u, err := s.usesOf(tx, p.ARN)
		out.Policy = showPolicy(&p, u)
		out.Policy.Tags = showTags(p.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeletePolicy removes a policy that nobody has and that has no version but its default.
func (s *Service) DeletePolicy(ctx context.Context, in *api.DeletePolicyInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		p, err := s.ownPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		u, err := s.usesOf(tx, p.ARN)
		if err != nil {
			return err
		}
		switch {
		case u.attached() > 0 || u.bounded() > 0:
			return conflict("Cannot delete a policy attached to entities.")
		case len(p.Versions) > 1:
			return conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return s.c.Tables.Policies.Delete(tx, s.scope, identity.Fold(p.Name))
	})
}

// ListPolicies returns the policies of the account, of AWS, or both, by name.
func (s *Service) ListPolicies(ctx context.Context, in *api.ListPoliciesInput) (*api.ListPoliciesResponse, error) {
	out := &api.ListPoliciesResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		var all []identity.ManagedPolicy
		if scope := text(in.Scope); scope != api.PolicyScopeTypeLocal {
			for _, p := range identity.AWSPolicies() {
				all = append(all, *p)
			}
		}
		if text(in.Scope) != api.PolicyScopeTypeAws {
			for p, err := range s.c.Tables.Policies.List(tx, s.scope, "", "") {
				if err != nil {
					return err
				}
				all = append(all, p)
			}
		}
		usage := map[string]uses{}
		var fault error
		key := func(p *identity.ManagedPolicy) string { return identity.Fold(p.Name) + " " + p.ARN }
		p := paging{marker: in.Marker, items: in.MaxItems}.of("ListPolicies", text(in.Scope), text(in.PathPrefix), text(in.PolicyUsageFilter), fmt.Sprint(is(in.OnlyAttached)))
		var err error
		out.Policies, out.IsTruncated, out.Marker, err = page(s, p, after(all, key), key,
			func(p *identity.ManagedPolicy) bool {
				u, err := s.usesOf(tx, p.ARN)
				fault = errors.Join(fault, err)
				usage[p.ARN] = u
				return strings.HasPrefix(p.Path, text(in.PathPrefix)) && u.fits(in.PolicyUsageFilter, is(in.OnlyAttached))
			},
			func(p *identity.ManagedPolicy) api.Policy {
				shown := showPolicy(p, usage[p.ARN])
				shown.Description = nil
				return *shown
			})
		return errors.Join(err, fault)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func is(p *bool) bool { return p != nil && *p }

// uses are those who have a policy.
type uses struct {
	users, boundedUsers []identity.User
	groups              []identity.Group
	roles, boundedRoles []identity.Role
}

func (u *uses) attached() int { return len(u.users) + len(u.groups) + len(u.roles) }
func (u *uses) bounded() int  { return len(u.boundedUsers) + len(u.boundedRoles) }

// fits reports whether a policy is used as a filter of ListPolicies asks.
func (u *uses) fits(usage *string, attached bool) bool {
	switch text(usage) {
	case api.PolicyUsageTypePermissionsPolicy:
		return u.attached() > 0
	case api.PolicyUsageTypePermissionsBoundary:
		return u.bounded() > 0
	}
	return !attached || u.attached() > 0
}

func (s *Service) usesOf(tx store.Tx, policyARN string) (u uses, err error) {
	t := s.c.Tables
	u.users, err = gather(t.Users.By(tx, s.scope, tables.ByPolicy, policyARN), err)
	u.groups, err = gather(t.Groups.By(tx, s.scope, tables.ByPolicy, policyARN), err)
	u.roles, err = gather(t.Roles.By(tx, s.scope, tables.ByPolicy, policyARN), err)
	u.boundedUsers, err = gather(t.Users.By(tx, s.scope, tables.ByBoundary, policyARN), err)
	u.boundedRoles, err = gather(t.Roles.By(tx, s.scope, tables.ByBoundary, policyARN), err)
	return u, err
}

// gather reads a whole iteration, unless an earlier one has failed.
func gather[T any](seq iter.Seq2[T, error], err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	var out []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// ListEntitiesForPolicy returns the users, groups and roles that have a policy.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *api.ListEntitiesForPolicyInput) (*api.ListEntitiesForPolicyResponse, error) {
	type holder struct{ kind, name, id, path string }
	out := &api.ListEntitiesForPolicyResponse{PolicyGroups: []api.PolicyGroup{}, PolicyUsers: []api.PolicyUser{}, PolicyRoles: []api.PolicyRole{}}
	err := s.view(ctx, func(tx store.Tx) error {
		if _, err := s.known(tx, in.PolicyArn); err != nil {
			return err
		}
		u, err := s.usesOf(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		var all []holder
		if text(in.PolicyUsageFilter) == api.PolicyUsageTypePermissionsBoundary {
			u.groups, u.users, u.roles = nil, u.boundedUsers, u.boundedRoles
		} else if in.PolicyUsageFilter == nil {
			u.users, u.roles = append(u.users, u.boundedUsers...), append(u.roles, u.boundedRoles...)
		}
		for _, g := range u.groups {
			all = append(all, holder{api.EntityTypeGroup, string(g.Name), string(g.ID), g.Path})
		}
		for _, v := range u.users {
			all = append(all, holder{api.EntityTypeUser, string(v.Name), string(v.ID), v.Path})
		}
		for _, r := range u.roles {
			all = append(all, holder{api.EntityTypeRole, string(r.Name), string(r.ID), r.Path})
		}
		all = slices.DeleteFunc(all, func(h holder) bool {
			return in.EntityFilter != nil && *in.EntityFilter != h.kind || !strings.HasPrefix(h.path, text(in.PathPrefix))
		})
		key := func(h *holder) string { return h.kind + " " + identity.Fold(h.name) }
		p := paging{marker: in.Marker, items: in.MaxItems}.of("ListEntitiesForPolicy", in.PolicyArn, text(in.EntityFilter), text(in.PathPrefix), text(in.PolicyUsageFilter))
		var list []holder
		list, out.IsTruncated, out.Marker, err = page(s, p, after(all, key), key, every[holder], func(h *holder) holder { return *h })
		for _, h := range list {
			switch h.kind {
			case api.EntityTypeGroup:
				out.PolicyGroups = append(out.PolicyGroups, api.PolicyGroup{GroupName: &h.name, GroupId: &h.id})
			case api.EntityTypeUser:
				out.PolicyUsers = append(out.PolicyUsers, api.PolicyUser{UserName: &h.name, UserId: &h.id})
			default:
				out.PolicyRoles = append(out.PolicyRoles, api.PolicyRole{RoleName: &h.name, RoleId: &h.id})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// TagPolicy adds tags; tags of the same keys are replaced.
func (s *Service) TagPolicy(ctx context.Context, in *api.TagPolicyInput) error {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return err
	}
	return s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, p *identity.ManagedPolicy) error { return retag(&p.Tags, tags, nil) })
}

// UntagPolicy removes tags by key. Keys that are not there are no fault.
func (s *Service) UntagPolicy(ctx context.Context, in *api.UntagPolicyInput) error {
	return s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, p *identity.ManagedPolicy) error { return retag(&p.Tags, nil, in.TagKeys) })
}

// ListPolicyTags returns the tags of a policy by key.
func (s *Service) ListPolicyTags(ctx context.Context, in *api.ListPolicyTagsInput) (*api.ListPolicyTagsResponse, error) {
	var p identity.ManagedPolicy
	err := s.view(ctx, func(tx store.Tx) (err error) {
		p, err = s.known(tx, in.PolicyArn)
		return err
	})
	if err != nil {
		return nil, err
	}
	tags, more, next, err := pageTags(s, paging{marker: in.Marker, items: in.MaxItems}.of("ListPolicyTags", in.PolicyArn), p.Tags)
	return &api.ListPolicyTagsResponse{Tags: tags, IsTruncated: more, Marker: next}, err
}

func showPolicy(p *identity.ManagedPolicy, u uses) *api.Policy {
	return &api.Policy{
		PolicyName: shown(string(p.Name)), PolicyId: shown(string(p.ID)), Arn: &p.ARN, Path: &p.Path,
		DefaultVersionId: new(identity.VersionID(p.Default)), AttachmentCount: new(int32(u.attached())),
		PermissionsBoundaryUsageCount: new(int32(u.bounded())), IsAttachable: new(true), Description: shown(p.Description),
		CreateDate: &p.Created, UpdateDate: &p.Updated,
	}
}
