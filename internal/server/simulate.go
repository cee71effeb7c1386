package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/directory"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/identity"
	"gatehouse/internal/ops"
	"gatehouse/internal/telemetry"
)

// simulate judges the call that a question describes. Nothing runs and nothing is spent.
func (s *Server) simulate(ctx context.Context, q ops.Question) (telemetry.Record, error) {
	var caller *identity.Caller
	if q.AccessKeyID != "" {
		var err error
		caller, err = s.callers.Find(ctx, identity.AccessKeyID(q.AccessKeyID), "", time.Now())
		if errors.Is(err, directory.ErrUnknown) {
			return telemetry.Record{}, fmt.Errorf("no active access key %s", q.AccessKeyID)
		}
		if err != nil {
			return telemetry.Record{}, err
		}
	}
	r := &exchange.Request{
		ID: uuid.NewString(), Method: q.Method, Host: q.Host, At: s.clock.Now(), VPCEndpoint: q.VPCEndpoint, VPC: q.VPC,
	}
	r.RawPath, r.RawQuery, _ = strings.Cut(q.Path, "?")
	if r.Host == "" && r.VPCEndpoint != "" {
		return telemetry.Record{}, errors.New("a call through a VPC endpoint names its API by host: give {api}.execute-api.{region}.amazonaws.com")
	}
	if r.Host == "" {
		r.Host = "localhost"
	}
	peer, err := netip.ParseAddr(q.SourceIP)
	if err != nil {
		return telemetry.Record{}, err
	}
	r.Peer = peer.Unmap()
	for name, value := range q.Header {
		r.Header = append(r.Header, exchange.Field{Name: name, Value: value})
	}
	if q.APIKey != "" {
		r.Header = append(r.Header, exchange.Field{Name: "x-api-key", Value: q.APIKey})
	}
	return telemetry.RecordOf(s.gateway.Simulate(ctx, r, caller, true), 0), nil
}
