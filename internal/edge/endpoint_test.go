package edge_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"gatehouse/internal/edge"
)

var inside = edge.Endpoint{ID: "vpce-0123456789abcdef0", VPC: "vpc-0123456789abcdef0"}

// from is a connection with a peer of our choice.
type from struct {
	net.Conn
	peer   string
	closed bool
}

func (f *from) RemoteAddr() net.Addr { return f }
func (f *from) Network() string      { return "tcp" }
func (f *from) String() string       { return f.peer }
func (f *from) Close() error         { f.closed = true; return nil }

// peers is a listener that gives out connections one by one.
type peers struct {
	net.Listener
	conns []*from
}

func (p *peers) Accept() (net.Conn, error) {
	if len(p.conns) == 0 {
		return nil, net.ErrClosed
	}
	c := p.conns[0]
	p.conns = p.conns[1:]
	return c, nil
}

// TestGuard: who is outside gets no answer, not even a refusal.
func TestGuard(t *testing.T) {
	for peer, want := range map[string]bool{
		"10.1.2.3:4": true, "[::ffff:10.1.2.3]:4": true, "[fd00::1]:4": true, "[fd00::1%eth0]:4": true,
		"10.2.0.1:4": false, "192.0.2.1:4": false, "[fd01::1]:4": false, "127.0.0.1:4": false, "": false, "@": false, "10.1.2.3": false,
	} {
		e := inside
		e.Clients = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/64")}
		conn := &from{peer: peer}
		got, err := e.Guard(&peers{conns: []*from{conn}}, slog.New(slog.DiscardHandler)).Accept()
		if want && (got != conn || conn.closed) || !want && (!errors.Is(err, net.ErrClosed) || !conn.closed) {
			t.Errorf("%q: %v, %v, closed %v, want admitted %v", peer, got, err, conn.closed, want)
		}
	}
}

func TestGuardOverTCP(t *testing.T) {
	e := inside
	e.Clients = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Listener = e.Guard(s.Listener, slog.New(slog.DiscardHandler))
	s.Start()
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if answer, _ := io.ReadAll(conn); len(answer) != 0 {
		t.Errorf("somebody from outside was answered %q", answer)
	}
}

// TestEndpointOfRequest: the door alone says which endpoint a request came through.
func TestEndpointOfRequest(t *testing.T) {
	const claims = "X-Amzn-Vpce-Id: vpce-0fedcba9876543210\r\nX-Amzn-Vpc-Id: vpc-1\r\nx-amzn-vpce-config: 1\r\n"
	for _, c := range []struct {
		name, host, endpoint, network string
		edit                          func(*edge.Config)
	}{
		{"public", "abc-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com", "", "", nil},
		{"listener", "h", string(inside.ID), string(inside.VPC), func(c *edge.Config) { c.Endpoint = &inside }},
		{"listener, whatever the host", "other", string(inside.ID), string(inside.VPC), func(c *edge.Config) {
			c.Endpoint, c.EndpointOf = &inside, func(string) *edge.Endpoint { return &edge.Endpoint{ID: "vpce-0fedcba9876543210"} }
		}},
		{"control port", "named", string(inside.ID), string(inside.VPC), func(c *edge.Config) {
			c.EndpointOf = func(host string) *edge.Endpoint {
				if host == "named" {
					return &inside
				}
				return nil
			}
		}},
		{"control port, another host", "h", "", "", func(c *edge.Config) { c.EndpointOf = func(string) *edge.Endpoint { return nil } }},
	} {
		addr, _, last := serve(t, c.edit)
		send(t, addr, "GET /dev/a HTTP/1.1\r\nHost: "+c.host+"\r\n"+claims+"\r\n")
		if r := last().Request; r.VPCEndpoint != c.endpoint || r.VPC != c.network {
			t.Errorf("%s: through %q of %q, want %q of %q", c.name, r.VPCEndpoint, r.VPC, c.endpoint, c.network)
		}
		for name, want := range map[string]string{"x-amzn-vpce-id": c.endpoint, "x-amzn-vpc-id": c.network, "x-amzn-vpce-config": ""} {
			if got, ok := last().Request.Header.Get(name); got != want || ok != (want != "") || last().Request.Header.Count(name) > 1 {
				t.Errorf("%s: a back end would see %s: %q, want %q", c.name, name, got, want)
			}
		}
	}
}
