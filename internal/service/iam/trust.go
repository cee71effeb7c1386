package iam

import (
	"errors"
	"strings"

	"gatehouse/internal/arn"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// setTrust gives a role a trust policy. Users and roles of this account that it names must exist and are
// pinned by their unique ids, as IAM does: "the ARN transforms to the principal's unique ID when the policy is
// saved" [docs]. Those of other accounts are taken as they are.
func (s *Service) setTrust(tx store.Tx, r *identity.Role, document string) error {
	if err := checkDocument(document, policy.Trust); err != nil {
		return err
	}
	if dense(document) > maxTrust {
		return limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	doc, err := policy.Parse(document, policy.Trust)
	if err != nil {
		return err
	}
	r.Trust, r.Pinned = document, nil
	for _, st := range doc.Statements {
		for _, p := range st.Principals.Entries {
			if p.Type != policy.PrincipalAWS {
				continue
			}
			id, ours, err := s.uniqueID(tx, p.Value)
			switch {
			case err != nil:
				return err
			case !ours:
				continue
			case id == "":
				return malformed(`Invalid principal in policy: "AWS":"` + p.Value + `"`)
			}
			if r.Pinned == nil {
				r.Pinned = map[string]string{}
			}
			r.Pinned[p.Value] = id
		}
	}
	return nil
}

// uniqueID finds the user or role with an ARN. ours is false for what is no user or role of this account, id is
// empty when there is none.
func (s *Service) uniqueID(tx store.Tx, text string) (id string, ours bool, err error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "iam" || a.Account != string(s.c.Home.Account) {
		return "", false, nil
	}
	name := identity.Fold(text[strings.LastIndexByte(text, '/')+1:])
	switch {
	case strings.HasPrefix(a.Resource, "user/"):
		u, err := s.c.Tables.Users.Get(tx, s.scope, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", true, err
		}
		if u.ARN == text {
			return string(u.ID), true, nil
		}
		return "", true, nil
	case strings.HasPrefix(a.Resource, "role/"):
		r, err := s.c.Tables.Roles.Get(tx, s.scope, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", true, err
		}
		if r.ARN == text {
			return string(r.ID), true, nil
		}
		return "", true, nil
	}
	return "", false, nil
}

// arnOf is the ARN that a user or role has now, "" when it is gone.
func (s *Service) arnOf(tx store.Tx) func(id string) (string, error) {
	return func(id string) (string, error) {
		if strings.HasPrefix(id, identity.UserPrefix) {
			u, err := s.c.Tables.Users.One(tx, s.scope, tables.ByID, id)
			return u.ARN, missing(err, nil)
		}
		r, err := s.c.Tables.Roles.One(tx, s.scope, tables.ByID, id)
		return r.ARN, missing(err, nil)
	}
}
