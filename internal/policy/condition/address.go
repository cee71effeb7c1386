package condition

import (
	"net/netip"
	"strings"
)

// parsePrefix reads an address or a CIDR block of a policy. Host bits are masked. Zones, leading zeros, other
// bases and prefixes that are too long are refused, for some parsers read 010.0.0.1 as 8.0.0.1. A block of mapped
// IPv6 addresses means the IPv4 block, because addresses of requests are unmapped.
func parsePrefix(s string) (netip.Prefix, bool) {
	var p netip.Prefix
	if strings.IndexByte(s, '/') >= 0 {
		var err error
		if p, err = netip.ParsePrefix(s); err != nil {
			return p, false
		}
	} else {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return p, false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// parseAddress reads an address of a request; an address with a zone is in no block and counts as none.
func parseAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}
