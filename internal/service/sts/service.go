// Package sts is the control plane of STS: who the caller is, and temporary credentials.
//
// It owns who may assume a role (the role's trust policy, together with the caller's own policies), what a session
// may carry, and how long it lasts. It does not know how policies are evaluated (policy), how a session becomes
// a token and is found again (identity, directory), nor how tokens of identity providers are verified. It
// follows the STS API reference and the IAM user guide, "Temporary security credentials"; where the texts of
// live answers are known they win.
//
// Temporary credentials are not stored: the session token is the sealed session (identity.Tokens says why).
package sts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// Config is what a Service needs. Only WebTokens may be nil.
type Config struct {
	DB     store.DB
	Tables *tables.Tables
	Home   identity.Home
	// Now is the machine's clock, against which signatures are held, too.
	Now func() time.Time
	// Random is where access keys come from, crypto/rand.Reader but in tests.
	Random io.Reader
	// WebTokens verifies tokens of identity providers. Without it AssumeRoleWithWebIdentity refuses.
	WebTokens WebTokens
}

// Service has the operations as methods.
type Service struct {
	c      Config
	scope  store.Scope
	tokens identity.Tokens
}

// New makes a Service.
func New(c Config) *Service {
	return &Service{c: c, scope: store.Scope(c.Home.Global()), tokens: c.Tables.Tokens()}
}

// Handlers are the operations for the wire. What is not here is not offered.
func (s *Service) Handlers() []wire.Handler {
	return []wire.Handler{
		wire.Op("GetCallerIdentity", s.GetCallerIdentity),
		wire.Op("GetAccessKeyInfo", s.GetAccessKeyInfo),
		wire.Op("DecodeAuthorizationMessage", s.DecodeAuthorizationMessage),
		wire.Op("AssumeRole", s.AssumeRole),
		wire.Op("AssumeRoleWithWebIdentity", s.AssumeRoleWithWebIdentity),
		wire.Op("GetSessionToken", s.GetSessionToken),
		wire.Op("GetFederationToken", s.GetFederationToken),
	}
}

// GetCallerIdentity tells the caller who it is. It needs no permission.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *api.GetCallerIdentityInput) (*api.GetCallerIdentityResponse, error) {
	c, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return &api.GetCallerIdentityResponse{UserId: new(c.UserID()), Account: new(string(c.Account)), Arn: new(c.ARN)}, nil
}

// GetAccessKeyInfo tells the account of a long-term access key. Of temporary keys nothing is stored.
func (s *Service) GetAccessKeyInfo(ctx context.Context, in *api.GetAccessKeyInfoInput) (*api.GetAccessKeyInfoResponse, error) {
	err := s.c.DB.View(ctx, func(tx store.Tx) error {
		_, err := s.c.Tables.AccessKeys.Get(tx, s.scope, in.AccessKeyId)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, invalid("The access key %s is not a long-term key of this account.", in.AccessKeyId)
	}
	if err != nil {
		return nil, err
	}
	return &api.GetAccessKeyInfoResponse{Account: new(string(s.c.Home.Account))}, nil
}

// DecodeAuthorizationMessage refuses: no service here encodes its refusals.
func (s *Service) DecodeAuthorizationMessage(context.Context, *api.DecodeAuthorizationMessageInput) (*api.DecodeAuthorizationMessageResponse, error) {
	return nil, refuse(http.StatusBadRequest, "InvalidAuthorizationMessageException", "Message is not valid")
}

// caller is who calls; nobody may not.
func caller(ctx context.Context) (*identity.Caller, error) {
	c := identity.CallerFrom(ctx)
	if c == nil || c.Kind == identity.Nobody {
		return nil, refuse(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	return c, nil
}

// issue gives a session its key and its token.
func (s *Service) issue(session *identity.Session, duration time.Duration) (*api.Credentials, error) {
	key, secret, err := identity.NewAccessKey(s.c.Random, identity.SessionPrefix)
	if err != nil {
		return nil, err
	}
	session.Key, session.Secret = key, secret
	session.Issued = s.c.Now().UTC().Truncate(time.Second)
	session.Expires = session.Issued.Add(duration)
	token, err := s.tokens.Seal(session)
	if err != nil {
		return nil, err
	}
	return &api.Credentials{
		AccessKeyId: string(key), SecretAccessKey: secret.Reveal(), SessionToken: token, Expiration: &session.Expires,
	}, nil
}

// Credentials are temporary credentials for use inside the house.
type Credentials struct {
	Key     identity.AccessKeyID
	Secret  seal.Secret
	Token   seal.Secret
	Expires time.Time
}

// The refusals.

func refuse(status int, code, format string, args ...any) error {
	return &wire.Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "ValidationError", format, args...)
}

func badParameter(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "InvalidParameterValue", format, args...)
}

func accessDenied(format string, args ...any) error {
	return refuse(http.StatusForbidden, "AccessDenied", format, args...)
}
