package iam_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/service/iam"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

const (
	account = "123456789012"
	trust   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allow   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	deny    = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`
	invoke  = "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"
)

var created = time.Unix(1772000000, 0).UTC()

// house is a service with its store.
type house struct {
	*iam.Service
	t      *testing.T
	db     store.DB
	tables *tables.Tables
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, db: store.NewMemory(), tables: tables.New(seal.NewKey())}
	h.Service = iam.New(iam.Config{
		DB: h.db, Tables: h.tables, Home: identity.Home{Partition: "aws", Account: account, Region: "us-east-1"},
		Now: func() time.Time { return created }, Random: rand.Reader,
	})
	return h
}

// must unwraps the answer of a call that has to succeed.
func must[Out any](t *testing.T) func(out Out, err error) Out {
	return func(out Out, err error) Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (h *house) user(names ...string) {
	h.t.Helper()
	for _, name := range names {
		must[*api.CreateUserResponse](h.t)(h.CreateUser(h.t.Context(), &api.CreateUserInput{UserName: name}))
	}
}

func (h *house) group(name string) {
	h.t.Helper()
	must[*api.CreateGroupResponse](h.t)(h.CreateGroup(h.t.Context(), &api.CreateGroupInput{GroupName: name}))
}

func (h *house) role(name string) {
	h.t.Helper()
	must[*api.CreateRoleResponse](h.t)(h.CreateRole(h.t.Context(), &api.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust}))
}

// policy makes a managed policy and returns its ARN.
func (h *house) policy(name string) string {
	h.t.Helper()
	return *must[*api.CreatePolicyResponse](h.t)(h.CreatePolicy(h.t.Context(), &api.CreatePolicyInput{PolicyName: name, PolicyDocument: allow})).Policy.Arn
}

// as is the context of a call by a user of that name, or by the account.
func (h *house) as(name string) context.Context {
	p := identity.Principal{Kind: identity.IAMUser, Account: account, Name: name, ARN: "arn:aws:iam::" + account + ":user/" + name}
	if name == "root" {
		p = identity.Principal{Kind: identity.RootUser, Account: account, ID: account, ARN: "arn:aws:iam::" + account + ":root"}
	}
	return identity.WithCaller(h.t.Context(), identity.NewCaller(p, seal.Secret{}, nil))
}

// step is one call and the refusal that it has to end with: its code and text, "" for none.
type step struct {
	name string
	do   func() error
	code string
	text string
}

func run(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		err := s.do()
		var code, text string
		if e, ok := errors.AsType[*wire.Error](err); ok {
			code, text = e.Code, e.Message
		} else if err != nil {
			code = "no refusal: " + err.Error()
		}
		if code != s.code || s.text != "" && text != s.text {
			t.Errorf("%s: got %s: %s, want %s: %s", s.name, code, text, s.code, s.text)
		}
	}
}

// ignore makes a step of a call with an answer.
func ignore[Out any](_ Out, err error) error { return err }

// What cannot be read is a failure, not an answer.
func TestStoreFailure(t *testing.T) {
	h := newHouse(t)
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"CreateUser":  ignore(h.CreateUser(t.Context(), &api.CreateUserInput{UserName: "a"})),
		"GetUser":     ignore(h.GetUser(t.Context(), &api.GetUserInput{UserName: new("a")})),
		"ListRoles":   ignore(h.ListRoles(t.Context(), &api.ListRolesInput{})),
		"DeleteGroup": h.DeleteGroup(t.Context(), &api.DeleteGroupInput{GroupName: "a"}),
		"GetPolicy":   ignore(h.GetPolicy(t.Context(), &api.GetPolicyInput{PolicyArn: "arn:aws:iam::123456789012:policy/a"})),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: got %v, want the failure of the store", name, err)
		}
	}
	broken := iam.New(iam.Config{
		DB: store.NewMemory(), Tables: h.tables, Home: identity.Home{Partition: "aws", Account: account},
		Now: func() time.Time { return created }, Random: bytes.NewReader(nil),
	})
	if _, err := broken.CreateUser(t.Context(), &api.CreateUserInput{UserName: "a"}); err == nil {
		t.Error("CreateUser without random numbers: got no error")
	}
}
