package edge

import (
	"log/slog"
	"net"
	"net/netip"

	"gatehouse/internal/vpc"
)

// Endpoint is a VPC endpoint as a listener.
type Endpoint struct {
	ID  vpc.EndpointID
	VPC vpc.ID
	// Clients are the networks that may connect; empty is everybody who can reach the listener.
	Clients []netip.Prefix
}

// Guard makes a listener of the endpoint: connections from outside of its networks are closed as soon as they
// are accepted, before a byte is read. It is the socket's address that counts, whatever a proxy vouches for.
func (e *Endpoint) Guard(l net.Listener, log *slog.Logger) net.Listener {
	if len(e.Clients) == 0 {
		return l
	}
	return &guarded{l, e, log}
}

type guarded struct {
	net.Listener
	endpoint *Endpoint
	log      *slog.Logger
}

// Accept waits for a connection from inside.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil || g.endpoint.admits(conn.RemoteAddr()) {
			return conn, err
		}
		g.log.Info("connection from outside of the networks of a VPC endpoint closed", "endpoint", g.endpoint.ID, "peer", conn.RemoteAddr())
		_ = conn.Close() // the caller is turned away: how it takes that is its own matter
	}
}

// What back ends of private APIs are told by header [observed]. From a caller these would be a claim that it
// came through an endpoint: they are dropped.
const (
	endpointHeader = "x-amzn-vpce-id"
	vpcHeader      = "x-amzn-vpc-id"
)

// saysEndpoint reports whether a header, in net/http's spelling, is one that only the door may write.
func saysEndpoint(name string) bool {
	return name == "X-Amzn-Vpce-Id" || name == "X-Amzn-Vpc-Id" || name == "X-Amzn-Vpce-Config"
}

// admits reports whether an address is in one of the networks. One that cannot be read is in none.
func (e *Endpoint) admits(a net.Addr) bool {
	at := peer(a.String())
	for _, p := range e.Clients {
		if p.Contains(at) {
			return true
		}
	}
	return false
}
