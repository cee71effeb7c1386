package server_test

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"gatehouse/internal/config"
	"gatehouse/internal/server"
)

const endpoint = "vpce-0123456789abcdef0"

func private(t *testing.T, list ...config.VPCEndpoint) (*server.Server, error) {
	t.Helper()
	cfg := config.Default()
	cfg.Port, cfg.ControlPort, cfg.VPCEndpoints = 0, 0, list
	s, err := server.New(t.Context(), cfg, server.Options{Version: "test", Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return s, err
}

func TestEndpointsListen(t *testing.T) {
	s, err := private(t, config.VPCEndpoint{ID: endpoint, VPC: "vpc-01234567", Listen: "127.0.0.1:0", Clients: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	url := s.EndpointURLs()[endpoint]
	address, _ := strings.CutPrefix(url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	conn.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("the listener of the endpoint is open after Close")
	}
}

// TestListenAllOrNone: when an endpoint cannot listen, the ports are free again.
func TestListenAllOrNone(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, err := private(t, config.VPCEndpoint{ID: endpoint, VPC: "vpc-01234567", Listen: taken.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err == nil || !strings.Contains(err.Error(), "VPC endpoint "+endpoint+": "+taken.Addr().String()+" is in use") {
		t.Errorf("Listen: %v", err)
	}
	for _, url := range []string{s.DataURL(), s.ControlURL()} {
		if conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
			conn.Close()
			t.Errorf("%s is open after Listen failed", url)
		}
	}
}

// TestEndpointPolicyIsRead: a policy that could not be evaluated stops the start.
func TestEndpointPolicyIsRead(t *testing.T) {
	_, err := private(t, config.VPCEndpoint{ID: endpoint, VPC: "vpc-01234567", Listen: "127.0.0.1:0", Policy: `{"Statement":[{"Effect":"allow"}]}`})
	if err == nil || !strings.Contains(err.Error(), "VPC endpoint "+endpoint+": policy: line 1, column") {
		t.Errorf("New: %v", err)
	}
}
