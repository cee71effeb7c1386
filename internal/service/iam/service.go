// Package iam is the control plane of IAM: roles, for now, as the templates that Gatehouse runs need them.
//
// It owns what an operation does to the stored roles and how it refuses, in IAM's words. It does not
// evaluate a policy (policy), nor know the wire's query protocol: its inputs are plain structs until the
// generated ones take their place. It follows the IAM API reference.
package iam

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatehouse/internal/identity"
	"gatehouse/internal/stack"
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
	// Random is where ids come from, crypto/rand.Reader but in tests.
	Random io.Reader
}

// Service has the operations as methods.
type Service struct {
	c     Config
	scope store.Scope
}

// New makes a Service.
func New(c Config) *Service { return &Service{c: c, scope: store.Scope(c.Home.Global())} }

func (s *Service) update(ctx context.Context, fn func(store.Tx) error) error {
	_, err := s.c.DB.Update(ctx, fn)
	return err
}

// role reads a role.
func (s *Service) role(tx store.Tx, name string) (identity.Role, error) {
	if err := checkName("roleName", name, 64); err != nil {
		return identity.Role{}, err
	}
	r, err := s.c.Tables.Roles.Get(tx, s.scope, identity.Fold(name))
	if errors.Is(err, store.ErrNotFound) {
		return r, noSuchEntity("The role with name %s cannot be found.", name)
	}
	return r, err
}

// changeRole reads a role, lets fn change it and writes it back.
func (s *Service) changeRole(ctx context.Context, name string, fn func(*identity.Role) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		r, err := s.role(tx, name)
		if err != nil {
			return err
		}
		if err := fn(&r); err != nil {
			return err
		}
		return s.c.Tables.Roles.Put(tx, s.scope, r)
	})
}

// roleID makes the unique id of a role, "AROA" and 17 characters. Inside of a stack it is derived from the
// hint of the call.
func (s *Service) roleID(ctx context.Context) (identity.RoleID, error) {
	var seed [32]byte
	if hint := stack.Hint(ctx); hint != "" {
		seed = sha256.Sum256([]byte("role\x00" + hint))
	} else if _, err := io.ReadFull(s.c.Random, seed[:]); err != nil {
		return "", fmt.Errorf("iam: %w", err)
	}
	return identity.RoleID("AROA" + base32.StdEncoding.EncodeToString(seed[:])[:17]), nil
}

// The refusals. IAM's codes have no "Exception" at their end on the wire.

func refuse(status int, code, format string, args ...any) error {
	return &wire.Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

func noSuchEntity(format string, args ...any) error {
	return refuse(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func invalid(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "ValidationError", format, args...)
}
