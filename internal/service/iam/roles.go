package iam

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"gatehouse/internal/arn"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

// MaxPoliciesPerRole is how many managed policies a role may have [docs].
const MaxPoliciesPerRole = 10

const defaultSession = time.Hour

// CreateRoleInput is what CreateRole takes.
type CreateRoleInput struct {
	RoleName string
	// Path is "/" when it is empty.
	Path                     string
	AssumeRolePolicyDocument string
	Description              string
	// MaxSessionDuration is in seconds, 3600-43200; 0 means 3600.
	MaxSessionDuration  int32
	PermissionsBoundary string
	Tags                map[string]string
}

// CreateRole makes a role. Names are unique whatever the case of their letters.
func (s *Service) CreateRole(ctx context.Context, in *CreateRoleInput) (*identity.Role, error) {
	var out *identity.Role
	err := s.update(ctx, func(tx store.Tx) error {
		r := identity.Role{
			Name: identity.RoleName(in.RoleName), Path: in.Path, Description: in.Description, Trust: in.AssumeRolePolicyDocument,
			Boundary: in.PermissionsBoundary, MaxSession: time.Duration(in.MaxSessionDuration) * time.Second,
			Tags: maps.Clone(in.Tags), Created: s.c.Now(),
		}
		if r.Path == "" {
			r.Path = "/"
		}
		if r.MaxSession == 0 {
			r.MaxSession = defaultSession
		}
		if err := checkRole(&r); err != nil {
			return err
		}
		var err error
		if r.ID, err = s.roleID(ctx); err != nil {
			return err
		}
		r.ARN = arn.ARN{
			Partition: string(s.c.Home.Partition), Service: "iam", Account: string(s.c.Home.Account),
			Resource: "role" + r.Path + string(r.Name),
		}.String()
		out = &r
		err = s.c.Tables.Roles.Insert(tx, s.scope, r)
		if errors.Is(err, store.ErrExists) {
			return refuse(http.StatusConflict, "EntityAlreadyExists", "Role with name %s already exists.", in.RoleName)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func checkRole(r *identity.Role) error {
	if err := checkName("roleName", string(r.Name), 64); err != nil {
		return err
	}
	if err := checkPath(r.Path); err != nil {
		return err
	}
	if err := checkTrust(r.Trust); err != nil {
		return err
	}
	if len([]rune(r.Description)) > 1000 {
		return invalid("The description has more than 1000 characters.")
	}
	if r.MaxSession < time.Hour || r.MaxSession > 12*time.Hour {
		return invalid("The requested MaxSessionDuration must be between 3600 and 43200 seconds.")
	}
	if r.Boundary != "" {
		if err := checkPolicyARN(r.Boundary); err != nil {
			return err
		}
	}
	return checkTags(r.Tags)
}

func checkTrust(document string) error {
	if err := checkDocument(document, "This policy contains invalid Json"); err != nil {
		return err
	}
	if dense(document) > maxTrust {
		return refuse(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	return nil
}

func checkPolicyARN(text string) error {
	if !policyPattern.MatchString(text) {
		return invalid("Invalid ARN:  Could not be parsed!")
	}
	return nil
}

// GetRole returns a role.
func (s *Service) GetRole(ctx context.Context, name string) (*identity.Role, error) {
	var r identity.Role
	err := s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		r, err = s.role(tx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// UpdateRole changes the description and the longest session; nil leaves a member as it is.
func (s *Service) UpdateRole(ctx context.Context, name string, description *string, maxSessionSeconds *int32) error {
	return s.changeRole(ctx, name, func(r *identity.Role) error {
		if description != nil {
			r.Description = *description
		}
		if maxSessionSeconds != nil {
			r.MaxSession = time.Duration(*maxSessionSeconds) * time.Second
		}
		return checkRole(r)
	})
}

// UpdateAssumeRolePolicy replaces the trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, name, document string) error {
	return s.changeRole(ctx, name, func(r *identity.Role) error {
		r.Trust = document
		return checkTrust(document)
	})
}

// DeleteRole removes a role that has no policies any more.
func (s *Service) DeleteRole(ctx context.Context, name string) error {
	return s.update(ctx, func(tx store.Tx) error {
		r, err := s.role(tx, name)
		if err != nil {
			return err
		}
		switch {
		case len(r.Managed) > 0:
			return refuse(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
		case len(r.Policies) > 0:
			return refuse(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete policies first.")
		}
		return s.c.Tables.Roles.Delete(tx, s.scope, identity.Fold(r.Name))
	})
}

// PutRolePolicy adds or replaces an inline policy.
func (s *Service) PutRolePolicy(ctx context.Context, role, policy, document string) error {
	return s.changeRole(ctx, role, func(r *identity.Role) error {
		if err := checkName("policyName", policy, 128); err != nil {
			return err
		}
		if err := checkDocument(document, "Syntax errors in policy."); err != nil {
			return err
		}
		if r.Policies == nil {
			r.Policies = map[string]string{}
		}
		r.Policies[policy] = document
		total := 0
		for _, d := range r.Policies {
			total += dense(d)
		}
		if total > maxInline {
			return refuse(http.StatusConflict, "LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", maxInline, role)
		}
		return nil
	})
}

// GetRolePolicy returns the document of an inline policy.
func (s *Service) GetRolePolicy(ctx context.Context, role, policy string) (document string, err error) {
	r, err := s.GetRole(ctx, role)
	if err != nil {
		return "", err
	}
	document, ok := r.Policies[policy]
	if !ok {
		return "", noPolicy(policy)
	}
	return document, nil
}

func noPolicy(name string) error {
	return noSuchEntity("The role policy with name %s cannot be found.", name)
}

// ListRolePolicies returns the names of the inline policies, sorted.
func (s *Service) ListRolePolicies(ctx context.Context, role string) ([]string, error) {
	r, err := s.GetRole(ctx, role)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(r.Policies)), nil
}

// DeleteRolePolicy removes an inline policy.
func (s *Service) DeleteRolePolicy(ctx context.Context, role, policy string) error {
	return s.changeRole(ctx, role, func(r *identity.Role) error {
		if _, ok := r.Policies[policy]; !ok {
			return noPolicy(policy)
		}
		delete(r.Policies, policy)
		return nil
	})
}

// AttachRolePolicy attaches a managed policy, once. Managed policies are not kept yet: any that could exist
// is taken, and it grants nothing before it can be evaluated.
func (s *Service) AttachRolePolicy(ctx context.Context, role, policyARN string) error {
	return s.changeRole(ctx, role, func(r *identity.Role) error {
		if err := checkPolicyARN(policyARN); err != nil {
			return err
		}
		if a, err := arn.Parse(policyARN); err != nil || a.Partition != string(s.c.Home.Partition) ||
			(a.Account != "aws" && a.Account != string(s.c.Home.Account)) {
			return noSuchEntity("Policy %s does not exist or is not attachable.", policyARN)
		}
		if slices.Contains(r.Managed, policyARN) {
			return nil
		}
		if len(r.Managed) >= MaxPoliciesPerRole {
			return refuse(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", MaxPoliciesPerRole)
		}
		r.Managed = append(r.Managed, policyARN)
		return nil
	})
}

// DetachRolePolicy detaches a managed policy.
func (s *Service) DetachRolePolicy(ctx context.Context, role, policyARN string) error {
	return s.changeRole(ctx, role, func(r *identity.Role) error {
		i := slices.Index(r.Managed, policyARN)
		if i < 0 {
			return noSuchEntity("Policy %s was not found.", policyARN)
		}
		r.Managed = slices.Delete(r.Managed, i, i+1)
		return nil
	})
}

// TagRole adds tags; tags of the same names are replaced.
func (s *Service) TagRole(ctx context.Context, role string, tags map[string]string) error {
	return s.changeRole(ctx, role, func(r *identity.Role) error {
		if r.Tags == nil {
			r.Tags = map[string]string{}
		}
		maps.Copy(r.Tags, tags)
		return checkTags(r.Tags)
	})
}

// UntagRole removes tags by name. Names that are not there are no fault.
func (s *Service) UntagRole(ctx context.Context, role string, names []string) error {
	return s.changeRole(ctx, role, func(r *identity.Role) error {
		for _, name := range names {
			delete(r.Tags, name)
		}
		return nil
	})
}
