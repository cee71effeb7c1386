// Package iam is the control plane of IAM: users, groups, roles, access keys, policies and identity providers
// as typed methods over the tables.
//
// It owns what an operation does to the stored entities and how it refuses, in IAM's words. It does not decide
// over calls (policy), know who may call it (controlplane), nor how messages are written (wire). It follows the
// IAM API reference and the quotas of the IAM user guide; where the texts of live answers are known they win.
//
// There are no passwords, second factors, certificates or SAML providers: users sign in with access keys only.
// What lists of them are asked for is answered with empty lists, because tools read them before they delete a
// user; operations that would make one are not offered.
package iam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// Config is what a Service needs.
type Config struct {
	DB     store.DB
	Tables *tables.Tables
	Home   identity.Home
	Now    func() time.Time
	// Random is where ids and secrets come from, crypto/rand.Reader but in tests.
	Random io.Reader
}

// Service has the operations as methods.
type Service struct {
	c      Config
	scope  store.Scope
	users  entity[identity.User]
	groups entity[identity.Group]
	roles  entity[identity.Role]
	// markers seals the positions of listings.
	markers *seal.Box
}

// New makes a Service.
func New(c Config) *Service {
	s := &Service{c: c, scope: store.Scope(c.Home.Global()), markers: c.Tables.Box("iam markers")}
	s.users = entity[identity.User]{
		s: s, table: c.Tables.Users, noun: "user", member: "userName", limit: 64, inline: 2048, quota: "PoliciesPerUser",
		grants: func(u *identity.User) *identity.Grants { return &u.Grants },
		tags:   func(u *identity.User) *map[string]string { return &u.Tags },
	}
	s.groups = entity[identity.Group]{
		s: s, table: c.Tables.Groups, noun: "group", member: "groupName", limit: 128, inline: 5120, quota: "PoliciesPerGroup",
		grants: func(g *identity.Group) *identity.Grants { return &g.Grants },
	}
	s.roles = entity[identity.Role]{
		s: s, table: c.Tables.Roles, noun: "role", member: "roleName", limit: 64, inline: 10240, quota: "PoliciesPerRole",
		grants: func(r *identity.Role) *identity.Grants { return &r.Grants },
		tags:   func(r *identity.Role) *map[string]string { return &r.Tags },
	}
	return s
}

func (s *Service) update(ctx context.Context, fn func(store.Tx) error) error {
	_, err := s.c.DB.Update(ctx, fn)
	return err
}

func (s *Service) view(ctx context.Context, fn func(store.Tx) error) error {
	return s.c.DB.View(ctx, fn)
}

// now is the time in whole seconds, as IAM tells dates.
func (s *Service) now() time.Time { return s.c.Now().UTC().Truncate(time.Second) }

// caller is who is meant when no user is named. Calls that the house makes itself have to name one.
func caller(ctx context.Context) (*identity.Caller, error) {
	c := identity.CallerFrom(ctx)
	if c == nil {
		return nil, invalid("Must specify userName when calling with non-User credentials")
	}
	return c, nil
}

// userName is the name in a request, or that of the caller.
func userName(ctx context.Context, given *string) (string, error) {
	if given != nil {
		return *given, nil
	}
	c, err := caller(ctx)
	if err != nil {
		return "", err
	}
	if c.Kind != identity.IAMUser {
		return "", invalid("Must specify userName when calling with non-User credentials")
	}
	return c.Name, nil
}

// The refusals. IAM's codes have no "Exception" at their end on the wire.

func refuse(status int, code, format string, args ...any) error {
	return &wire.Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

func noSuchEntity(format string, args ...any) error {
	return refuse(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func alreadyExists(format string, args ...any) error {
	return refuse(http.StatusConflict, "EntityAlreadyExists", format, args...)
}

func conflict(format string, args ...any) error {
	return refuse(http.StatusConflict, "DeleteConflict", format, args...)
}

func limitExceeded(format string, args ...any) error {
	return refuse(http.StatusConflict, "LimitExceeded", format, args...)
}

func invalid(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "ValidationError", format, args...)
}

func invalidInput(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "InvalidInput", format, args...)
}

// missing makes the refusal of a row that is not there; other errors stay as they are.
func missing(err, refusal error) error {
	if errors.Is(err, store.ErrNotFound) {
		return refusal
	}
	return err
}
