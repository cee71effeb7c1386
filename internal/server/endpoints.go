package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"

	"gatehouse/internal/config"
	"gatehouse/internal/edge"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/vpc"
)

// endpointListener is a VPC endpoint of the configuration, listening.
type endpointListener struct {
	edge.Endpoint
	net.Listener
	http *http.Server
}

// declaredEndpoints are the VPC endpoints of a configuration as records.
func declaredEndpoints(list []config.VPCEndpoint) []vpc.Endpoint {
	out := make([]vpc.Endpoint, len(list))
	for i, e := range list {
		out[i] = vpc.Endpoint{ID: vpc.EndpointID(e.ID), VPC: vpc.ID(e.VPC), Policy: e.Policy, Listen: e.Listen, Clients: e.Clients}
	}
	return out
}

// listenPrivately binds the listeners of the configured VPC endpoints. On an error those that are open stay so
// until Close.
func (s *Server) listenPrivately() error {
	for _, e := range s.cfg.VPCEndpoints {
		l, err := net.Listen("tcp", e.Listen)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return fmt.Errorf("VPC endpoint %s: %s is in use: stop what listens there, or give the endpoint another listen address in the configuration", e.ID, e.Listen)
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			return fmt.Errorf("VPC endpoint %s: no interface of this machine has the address of %s: give the endpoint another listen address in the configuration", e.ID, e.Listen)
		case err != nil:
			return fmt.Errorf("VPC endpoint %s: %w", e.ID, err)
		}
		end := edge.Endpoint{ID: vpc.EndpointID(e.ID), VPC: vpc.ID(e.VPC), Clients: e.Clients}
		s.private = append(s.private, endpointListener{Endpoint: end, Listener: end.Guard(l, s.log)})
		// An integration must not come back in as a client of the private network.
		if own, err := netip.ParseAddrPort(l.Addr().String()); err == nil {
			s.outgoing.Protect(own)
		}
	}
	return nil
}

// servePrivately serves the listeners of VPC endpoints; what ends one of them goes to failed.
func (s *Server) servePrivately(failed chan<- error) {
	for i := range s.private {
		e := &s.private[i]
		// Every host that is not the endpoint's is Forbidden: there is none left to refuse at the door.
		e.http = edge.NewServer(edge.New(edge.Config{
			Gateway: s.gateway, Trusted: s.cfg.TrustedProxies, Endpoint: &e.Endpoint, Now: s.clock.Now, Logger: s.log,
		}), s.log)
		go func() { failed <- e.http.Serve(e.Listener) }()
	}
}

// EndpointURLs are where the configured VPC endpoints listen, by id.
func (s *Server) EndpointURLs() map[string]string {
	out := map[string]string{}
	for _, e := range s.private {
		out[string(e.ID)] = "http://" + e.Listener.Addr().String()
	}
	return out
}

// zone is what the hosts of this house end with.
func (s *Server) zone() snapshot.Zone {
	return snapshot.Zone{Region: s.cfg.Home.Region, Suffix: s.cfg.URLSuffix}
}

// endpointOf finds the VPC endpoint that a host names. One that does not exist, or cannot be read, is none: the
// host then names nothing.
func (s *Server) endpointOf(host string) *edge.Endpoint {
	named, ok := snapshot.ParseEndpointHost(host, s.zone())
	if !ok || named.Endpoint == "" {
		return nil
	}
	e, found, err := s.endpoints.Find(context.Background(), named.Endpoint)
	if err != nil || !found {
		return nil
	}
	return &edge.Endpoint{ID: e.ID, VPC: e.VPC}
}

// onLoopback reports whether only this machine reaches a listener.
func onLoopback(l net.Listener) bool {
	at, err := netip.ParseAddrPort(l.Addr().String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}
