// Package lambda is the control plane of Lambda: its operations as typed methods over the tables, and
// Invoke.
//
// It owns what an operation does: which records it reads and writes in one transaction, how uploaded code
// is unpacked, in which order it finds fault and which shape it answers with. It does not know the wire
// (wire), who the caller is (controlplane), how a process is run (lambdahost) or how a definition is served
// (publish, snapshot). It follows the Lambda API reference; where the texts and shapes of live answers are
// known they win.
//
// Operations of the model without a method here are not offered.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/function"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// Host runs functions.
type Host interface {
	Invoke(ctx context.Context, cfg *function.Config, inv function.Invocation) (function.Result, error)
	// Retire ends the processes of a version that another one has replaced.
	Retire(digest string)
}

// CodeSource resolves code that is not part of the request.
type CodeSource interface {
	// Open returns the directory of an object's unpacked code. linked tells that it is the user's own
	// tree, served in place; digest is what the code is known by, in hex. An error that wraps
	// fs.ErrNotExist is answered as S3's NoSuchKey.
	Open(ctx context.Context, bucket, key string) (dir string, linked bool, digest string, err error)
}

// Config is what a Service needs.
type Config struct {
	DB     store.DB
	Tables *tables.Tables
	Home   identity.Home
	Now    func() time.Time
	Host   Host
	// Code resolves S3 references; nil knows no object.
	Code CodeSource
	// CodeDir is where uploaded code is unpacked, one directory for each digest.
	CodeDir string
	// Logger receives what nobody waits for: asynchronous invocations that failed. nil discards it.
	Logger *slog.Logger
	// Published returns once the local data plane serves a revision; nil does not wait. An error is not
	// the write's: that one is durable.
	Published func(context.Context, store.Rev) error
	// RetryAfter is how long an asynchronous invocation waits before its n-th retry; nil waits as AWS
	// does, one and two minutes.
	RetryAfter func(n int) time.Duration
}

// Service has the operations as methods.
type Service struct {
	Config
	scope store.Scope
	// asynchronous invocations run until ctx ends.
	ctx     context.Context
	stop    context.CancelFunc
	pending chan struct{}
	running sync.WaitGroup
}

// maxPending bounds the asynchronous invocations that wait or run.
const maxPending = 1000

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Tables == nil || c.Now == nil || c.Host == nil {
		return nil, errors.New("service/lambda: DB, Tables, Now and Host are needed")
	}
	dir, err := filepath.Abs(c.CodeDir)
	if err != nil || c.CodeDir == "" {
		return nil, fmt.Errorf("service/lambda: code directory %q: %w", c.CodeDir, errors.Join(err))
	}
	c.CodeDir = dir
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.RetryAfter == nil {
		c.RetryAfter = func(n int) time.Duration { return time.Duration(n) * time.Minute }
	}
	s := &Service{Config: c, scope: store.Scope(c.Home.Scope()), pending: make(chan struct{}, maxPending)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// Close drops the asynchronous invocations that wait for a retry and waits for those that run, until ctx
// ends. The host must still be open.
func (s *Service) Close(ctx context.Context) error {
	s.stop()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("asynchronous invocations still run: %w", context.Cause(ctx))
	}
}

// view runs fn on a snapshot.
func (s *Service) view(ctx context.Context, fn func(store.Tx) error) error {
	return s.DB.View(ctx, fn)
}

// live runs fn in a transaction and waits until its changes are served. Whoever waits in vain has still
// written: the publisher shows what is wrong.
func (s *Service) live(ctx context.Context, fn func(store.Tx) error) error {
	rev, err := s.DB.Update(ctx, fn)
	if err != nil {
		return err
	}
	if s.Published != nil {
		if err := s.Published(ctx, rev); err != nil && ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// now is the time of a record. AWS shows milliseconds.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// revision makes a revision id.
func revision() string { return uuid.NewString() }

// The refusals that more than one file makes.

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterValueException", format, args...)
}

func notFound(format string, args ...any) error {
	return wire.Errorf("ResourceNotFoundException", format, args...)
}

func conflict(format string, args ...any) error {
	return wire.Errorf("ResourceConflictException", format, args...)
}

// validation is the refusal of the model's constraints, for those that the model of the wire leaves to us.
func validation(member, value, constraint string) error {
	return wire.Errorf("ValidationException",
		"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

// checkRevision refuses an update of something that has changed since the caller saw it.
func checkRevision(want *string, have, read string) error {
	if want == nil || *want == have {
		return nil
	}
	return wire.Errorf("PreconditionFailedException",
		"The Revision Id provided does not match the latest Revision Id. Call the %s API to retrieve the latest Revision Id", read)
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

// of lists the rows of one function.
func of[T any](tx store.Tx, t *store.Table[T], scope store.Scope, name function.Name) ([]T, error) {
	return collect(t.List(tx, scope, tables.InFunction(name, ""), ""))
}

// value is the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// shown writes an optional member: what is empty is left out.
func shown[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	return new(string(s))
}
