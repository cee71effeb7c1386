// Package ec2 is the part of EC2's control plane that private APIs need: VPC endpoints for execute-api, as
// typed methods over the tables.
//
// It owns what the four operations do, in which order they find fault and which shapes they answer with, and
// it brings the endpoints of the configuration into the table. It does not know the wire (wire), listeners
// (server, edge) or how an endpoint policy decides (policy). It follows the EC2 API reference; where the texts
// and shapes of live answers are known they win.
//
// There is no network behind an endpoint that we could know: VPCs, subnets and security groups are names that
// are kept and shown. An endpoint is therefore available as soon as it is made.
package ec2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/vpc"
	"gatehouse/internal/wire"
)

// Config is what a Service needs.
type Config struct {
	DB     store.DB
	Tables *tables.Tables
	Home   identity.Home
	// URLSuffix stands for amazonaws.com in DNS names.
	URLSuffix string
	Now       func() time.Time
	// Random is where ids come from, crypto/rand.Reader but in tests.
	Random io.Reader
	// Published returns once the local data plane serves a revision; nil does not wait. An error is not
	// the write's: that one is durable.
	Published func(context.Context, store.Rev) error
}

// Service has the operations as methods.
type Service struct {
	c       Config
	scope   store.Scope
	markers *seal.Box
}

// New makes a Service.
func New(c Config) *Service {
	return &Service{c: c, scope: store.Scope(c.Home.Scope()), markers: c.Tables.Box("VPC endpoint listings")}
}

// Handlers are the operations for the wire. What is not here is not offered.
func (s *Service) Handlers() []wire.Handler {
	return []wire.Handler{
		wire.Op("CreateVpcEndpoint", s.CreateVpcEndpoint),
		wire.Op("DescribeVpcEndpoints", s.DescribeVpcEndpoints),
		wire.Op("ModifyVpcEndpoint", s.ModifyVpcEndpoint),
		wire.Op("DeleteVpcEndpoints", s.DeleteVpcEndpoints),
	}
}

// Configure brings the endpoints of the configuration into the table and removes those that it no longer
// declares. Endpoints that were made over the wire stay. Call it before anything is served.
func (s *Service) Configure(ctx context.Context, declared []vpc.Endpoint) error {
	_, err := s.c.DB.Update(ctx, func(tx store.Tx) error {
		kept := map[vpc.EndpointID]bool{}
		for _, e := range declared {
			if kept[e.ID] {
				return fmt.Errorf("VPC endpoint %s is declared twice", e.ID)
			}
			kept[e.ID] = true
			if err := s.declare(tx, e); err != nil {
				return fmt.Errorf("VPC endpoint %s: %w", e.ID, err)
			}
		}
		all, err := s.all(tx)
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.Configured && !kept[e.ID] {
				if err := s.c.Tables.VPCEndpoints.Delete(tx, s.scope, string(e.ID)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return err
}

// declare writes one endpoint of the configuration. Its time of creation stays that of the first start.
func (s *Service) declare(tx store.Tx, e vpc.Endpoint) error {
	if _, err := vpc.ParseEndpointID(string(e.ID)); err != nil {
		return err
	}
	if _, err := vpc.ParseID(string(e.VPC)); err != nil {
		return err
	}
	if e.Policy != "" {
		if _, err := policy.Load(e.Policy, policy.Endpoint, string(e.ID)); err != nil {
			return fmt.Errorf("policy: %w", err)
		}
	}
	was, err := s.c.Tables.VPCEndpoints.Get(tx, s.scope, string(e.ID))
	switch {
	case errors.Is(err, store.ErrNotFound):
		was.Created = s.now()
	case err != nil:
		return err
	case !was.Configured:
		return errors.New("it exists already, made over the wire or by a template: give the listener another id, or delete the endpoint first")
	}
	e.Configured, e.Created = true, was.Created
	e.PrivateDNS, e.IPAddressType, e.DNSRecordIPType = true, "ipv4", "ipv4"
	return s.c.Tables.VPCEndpoints.Put(tx, s.scope, e)
}

// Find returns an endpoint, and whether there is one.
func (s *Service) Find(ctx context.Context, id vpc.EndpointID) (e vpc.Endpoint, found bool, err error) {
	err = s.c.DB.View(ctx, func(tx store.Tx) error {
		e, err = s.c.Tables.VPCEndpoints.Get(tx, s.scope, string(id))
		found = err == nil
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return e, found, err
}

// update runs fn in a transaction and waits until its changes are served.
func (s *Service) update(ctx context.Context, fn func(store.Tx) error) error {
	rev, err := s.c.DB.Update(ctx, fn)
	if err != nil || s.c.Published == nil {
		return err
	}
	if err := s.c.Published(ctx, rev); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// all lists every endpoint, by id.
func (s *Service) all(tx store.Tx) ([]vpc.Endpoint, error) {
	var out []vpc.Endpoint
	for e, err := range s.c.Tables.VPCEndpoints.List(tx, s.scope, "", "") {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// get reads the endpoint that a caller names.
func (s *Service) get(tx store.Tx, id string) (vpc.Endpoint, error) {
	if _, err := vpc.ParseEndpointID(id); err != nil {
		return vpc.Endpoint{}, refuse("InvalidVpcEndpointId.Malformed", `Invalid id: "%s" (expecting "vpce-...")`, id)
	}
	e, err := s.c.Tables.VPCEndpoints.Get(tx, s.scope, id)
	if errors.Is(err, store.ErrNotFound) {
		return e, refuse("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist", id)
	}
	return e, err
}

// now is the time of a record.
func (s *Service) now() time.Time { return s.c.Now().UTC().Truncate(time.Millisecond) }

// The refusals.

func refuse(code, format string, args ...any) error { return wire.Errorf(code, format, args...) }

func invalid(format string, args ...any) error { return refuse("InvalidParameter", format, args...) }

// dryRun is the answer to a caller who only asks whether it may [recorded].
func dryRun(asked *bool) error {
	if asked == nil || !*asked {
		return nil
	}
	return &wire.Error{Code: "DryRunOperation", Status: http.StatusPreconditionFailed, Message: "Request would have succeeded, but DryRun flag is set."}
}

// checkPolicy refuses an endpoint policy that could not be evaluated, in the words of the policy language.
func checkPolicy(document string) error {
	if len(document) > maxPolicy {
		return refuse("InvalidPolicyDocument", "The policy document is longer than %d characters.", maxPolicy)
	}
	_, err := policy.Load(document, policy.Endpoint, "")
	if e, ok := errors.AsType[*policy.Error](err); ok {
		message := e.Message
		if e.At != (policy.Position{}) {
			message += fmt.Sprintf(" (line %d, column %d: %s)", e.At.Line, e.At.Column, e.Detail)
		}
		return &wire.Error{Code: "InvalidPolicyDocument", Message: message, Cause: e}
	}
	return err
}

// maxPolicy is the quota of an endpoint policy, white space included [docs].
const maxPolicy = 20480

// declared is the refusal to change what the configuration says.
func declared(id vpc.EndpointID) error {
	return refuse("OperationNotPermitted", "The Vpc Endpoint '%s' is declared in the server's configuration: change it there and restart.", id)
}
