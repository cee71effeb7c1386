// Package apigateway is the control plane of API Gateway: its operations as typed methods over the tables.
//
// It owns what an operation does: which records it reads and writes in one transaction, in which order it
// finds fault, and which shape it answers with. It does not know the wire (wire), who the caller is
// (controlplane), the rules of a single noun (apigw) or how a definition is served (publish, snapshot). It
// follows the API Gateway V1 API reference; where the texts and shapes of live answers are known they win.
//
// Operations of the model without a method here are not offered.
package apigateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/identity"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// Config is what a Service needs. Only Published may be nil.
type Config struct {
	DB     store.DB
	Tables *tables.Tables
	Home   identity.Home
	Now    func() time.Time
	IDs    IDs
	Usage  Usage
	// Random is where generated API key values come from, crypto/rand.Reader but in tests.
	Random io.Reader
	// Published returns once the local data plane serves a revision. It is called after every write
	// that changes what is served, so that a client can call what it has just deployed. An error is not
	// the write's: that one is durable.
	Published func(context.Context, store.Rev) error
}

// Service has the operations as methods.
type Service struct {
	c     Config
	scope store.Scope
	// pages authenticates positions of listings.
	pages []byte
}

// New makes a Service.
func New(c Config) (*Service, error) {
	pages := make([]byte, 32)
	if _, err := io.ReadFull(c.Random, pages); err != nil {
		return nil, fmt.Errorf("apigateway: %w", err)
	}
	return &Service{c: c, scope: store.Scope(c.Home.Scope()), pages: pages}, nil
}

// view runs fn on a snapshot and makes its refusals fit for the wire.
func (s *Service) view(ctx context.Context, fn func(store.Tx) error) error {
	return fault(s.c.DB.View(ctx, fn))
}

// update runs fn in a transaction whose changes nothing that is served depends on.
func (s *Service) update(ctx context.Context, fn func(store.Tx) error) error {
	_, err := s.c.DB.Update(ctx, fn)
	return fault(err)
}

// live runs fn in a transaction and waits until its changes are served. Whoever waits in vain has still
// written: the error of a compiler is shown by the publisher.
func (s *Service) live(ctx context.Context, fn func(store.Tx) error) error {
	rev, err := s.c.DB.Update(ctx, fn)
	if err != nil {
		return fault(err)
	}
	if s.c.Published != nil {
		if err := s.c.Published(ctx, rev); err != nil && ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// fault makes the wire's error of a refusal. It is the only place that knows the names of exceptions.
func fault(err error) error {
	e, ok := errors.AsType[*apigw.Error](err)
	if !ok {
		return err
	}
	code := "BadRequestException"
	switch e.Kind {
	case apigw.NotFound:
		code = "NotFoundException"
	case apigw.Conflict:
		code = "ConflictException"
	case apigw.LimitExceeded:
		code = "LimitExceededException"
	}
	return &wire.Error{Code: code, Message: e.Msg}
}

// isRefusal tells that something is not there, or may not be, from a failure of the store.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*apigw.Error](err)
	return ok
}

// get reads a row; a missing one is the given refusal.
func get[T any](tx store.Tx, t *store.Table[T], scope store.Scope, id string, missing error) (T, error) {
	// What is no id at all is as missing as an unknown one.
	if !storable(id) {
		var none T
		return none, missing
	}
	v, err := t.Get(tx, scope, id)
	if errors.Is(err, store.ErrNotFound) {
		return v, missing
	}
	return v, err
}

// storable keeps ids that no row can have away from the store.
func storable(id string) bool {
	if id == "" || len(id) > 1024 {
		return false
	}
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// collect reads a whole iteration.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var out []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// inAPI lists the rows of one API.
func inAPI[T any](tx store.Tx, t *store.Table[T], scope store.Scope, api apigw.APIID) ([]T, error) {
	return collect(t.List(tx, scope, tables.InAPI(api, ""), ""))
}

// dropAll deletes the rows of one API.
func dropAll[T any](tx store.Tx, t *store.Table[T], scope store.Scope, api apigw.APIID) error {
	rows, err := inAPI(tx, t, scope, api)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := t.Delete(tx, scope, t.ID(&rows[i])); err != nil {
			return err
		}
	}
	return nil
}

// newID makes an id that is not taken. Inside of a stack it is derived from the hint of the call, so that
// the same template gets the same ids on every fresh start.
func (s *Service) newID(ctx context.Context, kind IDKind, taken func(id string) (bool, error)) (string, error) {
	hint := stack.Hint(ctx)
	for n := range 100 {
		h := hint
		if h != "" && n > 0 {
			h = fmt.Sprintf("%s#%d", hint, n)
		}
		id, err := s.c.IDs.New(kind, h)
		if err != nil {
			return "", err
		}
		if used, err := taken(id); err != nil || !used {
			return id, err
		}
	}
	return "", fmt.Errorf("no free id of kind %s", kind)
}

// exists makes a taken function of a table.
func exists[T any](tx store.Tx, t *store.Table[T], scope store.Scope, key func(id string) string) func(string) (bool, error) {
	return func(id string) (bool, error) {
		_, err := t.Get(tx, scope, key(id))
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
}
