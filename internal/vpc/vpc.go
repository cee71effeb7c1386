// Package vpc names private networks and the endpoints through which their machines reach private APIs.
//
// It owns the ids, the noun Endpoint with its rules, and the DNS names of an endpoint. It does not know how a
// listener is opened (server, edge), which API a host stands for (snapshot), what an operation does
// (service/ec2) or how an endpoint policy decides (policy). It follows the API Gateway developer guide,
// "Private REST APIs", and the VPC user guide, "Interface VPC endpoints".
//
// Outside AWS an endpoint is a named private listener. One that the configuration declares has an address;
// one that is made over the wire or by a template has none, and stands for calls of the control port only.
package vpc

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"gatehouse/internal/identity"
)

// EndpointID is "vpce-" and 17 hexadecimal digits, 8 for old ones.
type EndpointID string

// ID is the id of a network: "vpc-" and 17 hexadecimal digits, 8 for old ones.
type ID string

// ParseEndpointID checks the form of an id.
func ParseEndpointID(s string) (EndpointID, error) {
	if !hasID(s, "vpce-") {
		return "", fmt.Errorf("%q is no id of a VPC endpoint: want vpce- and 17 (or 8) of 0-9a-f, such as vpce-0a1b2c3d4e5f60718", s)
	}
	return EndpointID(s), nil
}

// ParseID checks the form of the id of a network.
func ParseID(s string) (ID, error) {
	if !hasID(s, "vpc-") {
		return "", fmt.Errorf("%q is no id of a VPC: want vpc- and 17 (or 8) of 0-9a-f, such as vpc-0a1b2c3d4e5f60718", s)
	}
	return ID(s), nil
}

func hasID(s, prefix string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

// NewEndpointID draws an id.
func NewEndpointID(random io.Reader) (EndpointID, error) {
	var b [9]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw the id of a VPC endpoint: %w", err)
	}
	return endpointID(b[:]), nil
}

// EndpointIDFor derives an id from what the endpoint is made for, so that it is the same on every fresh start.
func EndpointIDFor(hint string) EndpointID {
	sum := sha256.Sum256([]byte("vpc endpoint\x00" + hint))
	return endpointID(sum[:])
}

// endpointID begins the digits with 0, as AWS's do [observed].
func endpointID(b []byte) EndpointID {
	return EndpointID("vpce-0" + hex.EncodeToString(b[:8]))
}

// Endpoint is an interface endpoint for execute-api.
type Endpoint struct {
	ID  EndpointID
	VPC ID
	// Policy is the endpoint policy as JSON text, exactly as it was written; "" is AWS's default, full access.
	Policy string
	// PrivateDNS says that inside of the network the hosts of all APIs name this endpoint.
	PrivateDNS bool
	// Subnets and SecurityGroups are kept as they were given: there is no network behind them that we know.
	Subnets        []string
	SecurityGroups []string
	// IPAddressType is ipv4, dualstack or ipv6.
	IPAddressType string
	// DNSRecordIPType is ipv4, dualstack, ipv6 or service-defined.
	DNSRecordIPType string
	Tags            map[string]string
	Created         time.Time
	// Token is the ClientToken that made it.
	Token string

	// Configured endpoints are declared in the configuration and change there only.
	Configured bool
	// Listen is the address of the listener, host:port; "" has none.
	Listen string
	// Clients are the networks that may connect; empty is everybody who can reach the listener.
	Clients []netip.Prefix
}

// FullAccess is the default policy as AWS shows it [recorded].
const FullAccess = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}"

// ServiceName is the one service that endpoints are for.
func ServiceName(region identity.Region) string {
	return "com.amazonaws." + string(region) + ".execute-api"
}

// ShownPolicy is the policy as it is shown.
func (e *Endpoint) ShownPolicy() string { return cmp.Or(e.Policy, FullAccess) }

// Label is the first label of the endpoint's own DNS name: its id and eight letters or digits that nobody
// can guess from it on AWS. Here they follow from the id.
func (e *Endpoint) Label() string {
	sum := sha256.Sum256([]byte(e.ID))
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	out := []byte(e.ID + "-")
	for _, b := range sum[:8] {
		out = append(out, alphabet[b&31])
	}
	return string(out)
}

// Interface is the id of the endpoint's network interface in its n-th subnet, from 0.
func (e *Endpoint) Interface(n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "interface\x00%s\x00%d", e.ID, n))
	return "eni-0" + hex.EncodeToString(sum[:8])
}
