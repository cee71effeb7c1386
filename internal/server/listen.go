package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"gatehouse/internal/controlplane"
	"gatehouse/internal/edge"
	"gatehouse/internal/ops"
	"gatehouse/internal/snapshot"
)

// drainTime is how long calls in flight may go on after SIGTERM.
const drainTime = 30 * time.Second

// Listen binds both ports and the addresses of VPC endpoints. One in use is an error that names it.
func (s *Server) Listen() (err error) {
	if s.dataL, err = listen(s.cfg.Host, s.cfg.Port, "--port"); err != nil {
		return err
	}
	if s.ctlL, err = listen(s.cfg.Host, s.cfg.ControlPort, "--control-port"); err != nil {
		return errors.Join(err, s.unlisten())
	}
	if err := s.listenPrivately(); err != nil {
		return errors.Join(err, s.unlisten())
	}
	// No integration may reach the control port, however its URI spells the address.
	if own, err := netip.ParseAddrPort(s.ctlL.Addr().String()); err == nil {
		s.outgoing.Protect(own)
	}
	return nil
}

func listen(host string, port int, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use: stop what listens there, or choose another with %s (0 picks a free one)", port, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("host %q: %w: name an address of this machine", host, err)
	}
	return l, nil
}

// unlisten closes every server and listener; calls in flight are cut off.
func (s *Server) unlisten() error {
	var faults []error
	for _, h := range s.servers() {
		faults = append(faults, h.Close())
	}
	listeners := []net.Listener{s.dataL, s.ctlL}
	for _, e := range s.private {
		listeners = append(listeners, e.Listener)
	}
	for _, l := range listeners {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) { // its server has closed it
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// servers are the HTTP servers that Serve has started.
func (s *Server) servers() []*http.Server {
	all := []*http.Server{s.data, s.control}
	for _, e := range s.private {
		all = append(all, e.http)
	}
	return slices.DeleteFunc(all, func(h *http.Server) bool { return h == nil })
}

// drain ends all servers at once, so that none takes new connections while another waits for its calls.
func (s *Server) drain(ctx context.Context) error {
	servers := s.servers()
	faults := make([]error, len(servers))
	var all sync.WaitGroup
	for i, h := range servers {
		all.Go(func() { faults[i] = h.Shutdown(ctx) })
	}
	all.Wait()
	return errors.Join(faults...)
}

// DataURL is where the data plane listens, http://host:port.
func (s *Server) DataURL() string { return urlOf(s.dataL.Addr()) }

// ControlURL is where the AWS API listens.
func (s *Server) ControlURL() string { return urlOf(s.ctlL.Addr()) }

// urlOf is where a program on this machine reaches a listener: one that listens on all addresses is reached
// on the loopback address.
func urlOf(listens net.Addr) string {
	host := listens.String()
	if at, err := netip.ParseAddrPort(host); err == nil && at.Addr().IsUnspecified() {
		host = net.JoinHostPort("127.0.0.1", strconv.Itoa(int(at.Port())))
	}
	return "http://" + host
}

// Serve serves until ctx ends, then drains: readiness fails, no new connection is taken, calls in flight
// end. Listen must have been called.
func (s *Server) Serve(ctx context.Context) error {
	s.data = edge.NewServer(s.door(s.cfg.Dev, nil), s.log)
	control, err := s.controlHandler()
	if err != nil {
		return err
	}
	s.control = edge.NewServer(control, s.log)
	failed := make(chan error, 2+len(s.private))
	go func() { failed <- s.data.Serve(s.dataL) }()
	go func() { failed <- s.control.Serve(s.ctlL) }()
	s.servePrivately(failed)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return s.drain(drain)
}

// door makes a door of the data plane. endpointOf finds the VPC endpoint that a host stands for, nil where hosts
// stand for none.
func (s *Server) door(open bool, endpointOf func(string) *edge.Endpoint) http.Handler {
	return edge.New(edge.Config{
		Gateway: s.gateway, Open: open, Trusted: s.cfg.TrustedProxies, AllowHost: s.allowHost, EndpointOf: endpointOf, Now: s.clock.Now, Logger: s.log,
	})
}

// allowHost says which names the listeners answer to: addresses, localhost, the names of APIs and those of
// the services' endpoints on AWS. A name under somebody else's control could be pointed at a loopback listener
// (DNS rebinding), so that {api}.execute-api.evil.test is none of ours.
func (s *Server) allowHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = asciiLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if net.ParseIP(name) != nil || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if h, ok := snapshot.ParseEndpointHost(name, s.zone()); ok && h.Endpoint != "" {
		return true
	}
	if name == "iam."+s.cfg.URLSuffix || name == "sts."+s.cfg.URLSuffix {
		return true
	}
	ours := "." + string(s.cfg.Home.Region) + "." + s.cfg.URLSuffix
	first, ok := strings.CutSuffix(name, ours)
	if !ok {
		return false
	}
	switch first {
	case "apigateway", "lambda", "iam", "sts", "cloudformation", "ec2":
		return true
	}
	api, ok := strings.CutSuffix(first, ".execute-api")
	return ok && api != "" && !strings.Contains(api, ".")
}

// asciiLower folds A-Z only.
func asciiLower(s string) string {
	upper := false
	for i := 0; i < len(s); i++ {
		upper = upper || 'A' <= s[i] && s[i] <= 'Z'
	}
	if !upper {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// controlHandler shares the control port: calls of APIs by host or by path, the operator's pages, and the
// AWS API.
func (s *Server) controlHandler() (http.Handler, error) {
	door := s.door(false, nil)
	if onLoopback(s.ctlL) {
		// Here, where tools try things, an endpoint's host stands for its listener.
		door = s.door(false, s.endpointOf)
	}
	pages := ops.Config{
		Version:  s.opts.Version,
		Ready:    s.ready,
		Health:   s.health,
		Requests: s.ring,
		Metrics:  s.metrics.Handler(),
		Status:   s.status,
	}
	if s.cfg.Dev {
		pages.Clock = &s.clock
		pages.Simulate = s.simulate
		pages.Reset = func(r *http.Request) error { return s.Reset(r.Context()) }
	}
	operator := controlplane.Guard(s.allowHost, ops.Handler(pages))
	aws, err := s.controlPlane()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case snapshot.IsAPIHost(r.Host), strings.HasPrefix(path, "/_aws/execute-api/"), isUserRequest(path):
			door.ServeHTTP(w, r)
		case strings.HasPrefix(path, ops.Prefix), path == "/metrics":
			operator.ServeHTTP(w, r)
		default:
			aws.ServeHTTP(w, r)
		}
	}), nil
}

// isUserRequest tells the path form /restapis/{api}/{stage}/_user_request_/… from the operations of API
// Gateway below /restapis.
func isUserRequest(path string) bool {
	parts := strings.SplitN(path, "/", 6)
	return len(parts) >= 5 && parts[1] == "restapis" && parts[4] == "_user_request_"
}

// health fails once the store cannot write any more: the data plane goes on, changes are refused.
func (s *Server) health() error {
	if db, ok := s.db.(interface{ Broken() error }); ok {
		return db.Broken()
	}
	return nil
}

func (s *Server) ready() error {
	if s.draining.Load() {
		return errors.New("draining")
	}
	return nil
}

// status is shown by the health page.
func (s *Server) status() any {
	snap := s.live.Load()
	return map[string]any{
		"account": s.cfg.Home.Account, "region": s.cfg.Home.Region, "revision": snap.Rev(), "apis": len(snap.APIs()),
		"faults": len(snap.Faults()), "dev": s.cfg.Dev, "stateDir": s.cfg.StateDir, "accessKeyId": s.root.ID,
		"dataUrl": s.DataURL(), "controlUrl": s.ControlURL(), "vpcEndpoints": s.EndpointURLs(),
	}
}
