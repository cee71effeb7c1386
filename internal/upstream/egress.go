package upstream

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// Egress says which addresses calls may reach. It is applied to the address that is dialled, after names
// are resolved, on every connection: no name, redirect or spelling of an address gets around it.
//
// Never reachable, whatever is allowed: the metadata services of clouds and all of IPv4's link-local range,
// addresses that are nobody's (0.0.0.0, ::, multicast, broadcast), and our own control ports.
type Egress struct {
	// Allow lists what may be reached; empty is everything.
	Allow []netip.Prefix
	// Own are our own control ports; see Client.Protect.
	Own []netip.AddrPort
}

// never are the metadata services: of AWS (ECS and EKS included), Azure, Google and most others, Alibaba,
// Oracle, and their IPv6 forms.
var never = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.100.100.200/32"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.192/32"),
	netip.MustParsePrefix("fd00:ec2::/32"),
	netip.MustParsePrefix("fd20:ce::254/128"),
}

// Prefixes whose last 32 bits, or those after 16, are an IPv4 address that is reached in the end.
var (
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	sixTo = netip.MustParsePrefix("2002::/16")
	v4in6 = netip.MustParsePrefix("::/96")
)

type refusal struct{ reason string }

func (r refusal) Error() string { return r.reason }

type egress struct {
	rules Egress
	own   atomic.Pointer[[]netip.AddrPort]
}

func (e *egress) protect(own []netip.AddrPort) {
	for {
		old := e.own.Load()
		var all []netip.AddrPort
		if old != nil {
			all = append(all, *old...)
		}
		all = append(all, own...)
		if e.own.CompareAndSwap(old, &all) {
			return
		}
	}
}

// control is called by the dialer with the address that it is about to connect to.
func (e *egress) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return refusal{fmt.Sprintf("address %q cannot be judged", address)}
	}
	return e.check(to)
}

func (e *egress) check(to netip.AddrPort) error {
	addr := to.Addr().WithZone("").Unmap()
	for _, a := range [...]netip.Addr{addr, embedded(addr)} {
		if !a.IsValid() {
			continue
		}
		if a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return refusal{fmt.Sprintf("%v is the address of no back end", addr)}
		}
		for _, p := range never {
			if p.Contains(a) {
				return refusal{fmt.Sprintf("%v is reserved for the machine's own services", addr)}
			}
		}
	}
	own := e.rules.Own
	if more := e.own.Load(); more != nil {
		own = append(own[:len(own):len(own)], *more...)
	}
	for _, o := range own {
		if o.Port() == to.Port() && (o.Addr().Unmap() == addr || o.Addr().IsUnspecified() && isLocal(addr)) {
			return refusal{fmt.Sprintf("%v is a control port of this gateway", to)}
		}
	}
	if len(e.rules.Allow) == 0 {
		return nil
	}
	for _, p := range e.rules.Allow {
		if p.Contains(addr) {
			return nil
		}
	}
	return refusal{fmt.Sprintf("%v is not on the list of allowed addresses", addr)}
}

// embedded is the IPv4 address that an IPv6 address is a way to, if it is one.
func embedded(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return netip.Addr{}
	}
	b := a.As16()
	switch {
	case nat64.Contains(a), v4in6.Contains(a) && a != netip.IPv6Loopback():
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixTo.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return netip.Addr{}
}

// isLocal reports whether an address is one of this machine. If nobody knows, it is.
func isLocal(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().WithZone("").Unmap() == addr {
			return true
		}
	}
	return false
}
