// Package publish turns committed definitions into the snapshot that is served.
//
// It owns when to compile: after a change in the feed, batched for 20 ms, or at once for a caller who must
// read its own write. It keeps the last good form of what does not compile. It does not know what a
// definition means (snapshot) nor who changed it.
package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/identity"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// batch is how long changes that nobody waits for are collected.
const batch = 20 * time.Millisecond

// Config is what a Publisher is built from.
type Config struct {
	DB        store.DB
	Tables    *tables.Tables
	Home      identity.Home
	URLSuffix string
	Live      *snapshot.Live
	// Functions loads the functions with their permissions.
	Functions func(store.Tx) ([]snapshot.FunctionInput, error)
	// Published is told of each snapshot; may be nil.
	Published func(*snapshot.Snapshot)
	Logger    *slog.Logger
}

// Publisher compiles and stores snapshots.
type Publisher struct {
	c    Config
	done chan struct{}
	stop context.CancelFunc

	mu sync.Mutex
	// rev is the revision that is served.
	rev store.Rev
	// deployments caches decoded deployments: they never change.
	deployments map[string]*apigw.Deployment
}

// Start compiles the first snapshot and follows the change feed until Close.
func Start(ctx context.Context, c Config) (*Publisher, error) {
	p := &Publisher{c: c, deployments: map[string]*apigw.Deployment{}, done: make(chan struct{})}
	if err := p.Publish(ctx); err != nil {
		return nil, err
	}
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	go p.follow(watch)
	return p, nil
}

// Close stops following the feed. What is served stays.
func (p *Publisher) Close() {
	p.stop()
	<-p.done
}

// Wait returns once a revision is served. It compiles itself rather than wait for the feed.
func (p *Publisher) Wait(ctx context.Context, rev store.Rev) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rev >= rev {
		return nil
	}
	return p.publish(ctx)
}

// Publish compiles what is committed now.
func (p *Publisher) Publish(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.publish(ctx)
}

func (p *Publisher) publish(ctx context.Context) error {
	// The revision is read first: what is committed meanwhile may be in the snapshot already, and will be
	// compiled once more.
	rev := p.c.DB.Rev()
	in := snapshot.Input{Rev: uint64(rev), Home: p.c.Home, URLSuffix: p.c.URLSuffix}
	if err := p.c.DB.View(ctx, func(tx store.Tx) error { return p.load(tx, &in) }); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	s := snapshot.Compile(in, p.c.Live.Load())
	for _, f := range s.Faults() {
		p.c.Logger.Error("a stage does not compile; its last good form is served", "api", f.API, "stage", f.Stage, "error", f.Err)
	}
	p.c.Live.Store(s)
	p.rev = rev
	if p.c.Published != nil {
		p.c.Published(s)
	}
	return nil
}

func (p *Publisher) load(tx store.Tx, in *snapshot.Input) error {
	scope := store.Scope(p.c.Home.Scope())
	t := p.c.Tables
	used := make(map[string]*apigw.Deployment, len(p.deployments))
	for st, err := range t.Stages.List(tx, scope, "", "") {
		if err != nil {
			return err
		}
		id := tables.InAPI(st.API, st.Deployment)
		d := p.deployments[id]
		if d == nil {
			loaded, err := t.Deployments.Get(tx, scope, id)
			if err != nil {
				return fmt.Errorf("stage %s of %s: deployment %s: %w", st.Name, st.API, st.Deployment, err)
			}
			d = &loaded
		}
		used[id] = d
		in.Stages = append(in.Stages, snapshot.StageInput{Stage: st, Deployment: *d})
	}
	p.deployments = used
	for plan, err := range t.UsagePlans.List(tx, scope, "", "") {
		if err != nil {
			return err
		}
		in.Plans = append(in.Plans, plan)
	}
	for e, err := range t.VPCEndpoints.List(tx, scope, "", "") {
		if err != nil {
			return err
		}
		in.Endpoints = append(in.Endpoints, snapshot.EndpointInput{ID: string(e.ID), Policy: e.Policy})
	}
	var err error
	in.Functions, err = p.c.Functions(tx)
	return err
}

// follow compiles after changes that came another way than through Wait.
func (p *Publisher) follow(ctx context.Context) {
	defer close(p.done)
	for {
		err := p.watch(ctx)
		if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return
		}
		// A feed that no longer reaches back is no loss: everything is read again.
		if !errors.Is(err, store.ErrTrimmed) {
			p.c.Logger.Error("the change feed failed; it is tried again", "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
		if err := p.Publish(ctx); err != nil && ctx.Err() == nil {
			p.c.Logger.Error("the last good snapshot stays in force", "error", err)
		}
	}
}

// watch follows the feed until it fails.
func (p *Publisher) watch(ctx context.Context) error {
	p.mu.Lock()
	after := p.rev
	p.mu.Unlock()
	for change, err := range p.c.DB.Watch(ctx, after) {
		if err != nil {
			return err
		}
		if !serves(change.Kind) {
			continue
		}
		p.mu.Lock()
		behind := p.rev < change.Rev
		p.mu.Unlock()
		if !behind {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(batch):
		}
		if err := p.Wait(ctx, change.Rev); err != nil && ctx.Err() == nil {
			p.c.Logger.Error("the last good snapshot stays in force", "error", err)
		}
	}
	return ctx.Err()
}

// serves tells whether a kind of document is part of a snapshot. Resources and methods are not: they are
// served only as deployments froze them; keys are pulled by the directory.
func serves(kind string) bool {
	switch kind {
	case "apigw.stage", "apigw.deployment", "apigw.usageplan":
		return true
	}
	return strings.HasPrefix(kind, "function.") || strings.HasPrefix(kind, "lambda.")
}
