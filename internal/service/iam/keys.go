package iam

import (
	"context"
	"errors"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// CreateAccessKey makes an access key for a user, the caller without a name. The secret is shown here and
// never again. The account itself has one key, which the operator of the server holds; no more can be made.
func (s *Service) CreateAccessKey(ctx context.Context, in *api.CreateAccessKeyInput) (*api.CreateAccessKeyResponse, error) {
	name, err := userName(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	var out *api.AccessKey
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := s.users.get(tx, name)
		if err != nil {
			return err
		}
		keys, err := s.keysOf(tx, u.ID)
		if err != nil {
			return err
		}
		if len(keys) >= identity.MaxAccessKeys {
			return limitExceeded("Cannot exceed quota for AccessKeysPerUser: %d", identity.MaxAccessKeys)
		}
		id, secret, err := identity.NewAccessKey(s.c.Random, identity.KeyPrefix)
		if err != nil {
			return err
		}
		k := identity.AccessKey{ID: id, Secret: secret, Active: true, User: u.ID, Created: s.now()}
		out = &api.AccessKey{
			UserName: string(u.Name), AccessKeyId: string(id), Status: status(&k), SecretAccessKey: secret.Reveal(), CreateDate: &k.Created,
		}
		return s.c.Tables.AccessKeys.Insert(tx, s.scope, k)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateAccessKeyResponse{AccessKey: out}, nil
}

// ListAccessKeys returns the keys of a user without their secrets.
func (s *Service) ListAccessKeys(ctx context.Context, in *api.ListAccessKeysInput) (*api.ListAccessKeysResponse, error) {
	out := &api.ListAccessKeysResponse{}
	if in.UserName == nil {
		if c := identity.CallerFrom(ctx); c != nil && c.Kind == identity.RootUser {
			out.AccessKeyMetadata, out.IsTruncated = []api.AccessKeyMetadata{}, new(false)
			return out, nil
		}
	}
	name, err := userName(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		u, err := s.users.get(tx, name)
		if err != nil {
			return err
		}
		keys, err := s.keysOf(tx, u.ID)
		if err != nil {
			return err
		}
		p := paging{marker: in.Marker, items: in.MaxItems}.of("ListAccessKeys", string(u.ID))
		out.AccessKeyMetadata, out.IsTruncated, out.Marker, err = page(s, p, after(keys, s.c.Tables.AccessKeys.ID), s.c.Tables.AccessKeys.ID, every[identity.AccessKey],
			func(k *identity.AccessKey) api.AccessKeyMetadata {
				return api.AccessKeyMetadata{UserName: shown(string(u.Name)), AccessKeyId: shown(string(k.ID)), Status: shown(status(k)), CreateDate: &k.Created}
			})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateAccessKey switches a key on or off.
func (s *Service) UpdateAccessKey(ctx context.Context, in *api.UpdateAccessKeyInput) error {
	if in.Status != api.StatusTypeActive && in.Status != api.StatusTypeInactive {
		return invalid("1 validation error detected: Value '%s' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]", in.Status)
	}
	return s.withKey(ctx, in.UserName, in.AccessKeyId, func(tx store.Tx, k identity.AccessKey) error {
		k.Active = in.Status == api.StatusTypeActive
		return s.c.Tables.AccessKeys.Put(tx, s.scope, k)
	})
}

// DeleteAccessKey removes a key for ever.
func (s *Service) DeleteAccessKey(ctx context.Context, in *api.DeleteAccessKeyInput) error {
	return s.withKey(ctx, in.UserName, in.AccessKeyId, func(tx store.Tx, k identity.AccessKey) error {
		if err := s.c.Tables.Uses.Delete(tx, s.scope, string(k.ID)); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return s.c.Tables.AccessKeys.Delete(tx, s.scope, string(k.ID))
	})
}

// GetAccessKeyLastUsed tells whose a key is and when it was last used.
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, in *api.GetAccessKeyLastUsedInput) (*api.GetAccessKeyLastUsedResponse, error) {
	out := &api.GetAccessKeyLastUsedResponse{AccessKeyLastUsed: &api.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}}
	err := s.view(ctx, func(tx store.Tx) error {
		k, err := s.c.Tables.AccessKeys.Get(tx, s.scope, in.AccessKeyId)
		if err != nil || k.Root {
			return noKey(err, in.AccessKeyId)
		}
		u, err := s.c.Tables.Users.One(tx, s.scope, tables.ByID, string(k.User))
		if err != nil {
			return noKey(err, in.AccessKeyId)
		}
		out.UserName = shown(string(u.Name))
		use, err := s.c.Tables.Uses.Get(tx, s.scope, in.AccessKeyId)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		out.AccessKeyLastUsed = &api.AccessKeyLastUsed{LastUsedDate: &use.At, ServiceName: use.Service, Region: string(use.Region)}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func noKey(err error, id string) error {
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return noSuchEntity("The Access Key with id %s cannot be found.", id)
}

// withKey finds a key of a user, the caller without a name. Another user's key is as unknown as none.
func (s *Service) withKey(ctx context.Context, given *string, id string, fn func(store.Tx, identity.AccessKey) error) error {
	name, err := userName(ctx, given)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx store.Tx) error {
		u, err := s.users.get(tx, name)
		if err != nil {
			return err
		}
		k, err := s.c.Tables.AccessKeys.Get(tx, s.scope, id)
		if err != nil || k.User != u.ID {
			return noKey(err, id)
		}
		return fn(tx, k)
	})
}

func (s *Service) keysOf(tx store.Tx, user identity.UserID) ([]identity.AccessKey, error) {
	var out []identity.AccessKey
	for k, err := range s.c.Tables.AccessKeys.By(tx, s.scope, tables.ByUser, string(user)) {
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

func status(k *identity.AccessKey) string {
	if k.Active {
		return api.StatusTypeActive
	}
	return api.StatusTypeInactive
}
