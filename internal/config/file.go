package config

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
)

// VPCEndpoint is a named private listener: what a VPC endpoint for execute-api is outside AWS. Private APIs
// are reachable through such listeners only.
type VPCEndpoint struct {
	// ID is vpce- and hexadecimal digits, VPC the id of the network that it stands for.
	ID, VPC string
	// Listen is the address of the listener, host:port.
	Listen string
	// Clients are the networks that may connect; empty is everybody who can reach the listener.
	Clients []netip.Prefix
	// Policy is the endpoint policy as JSON text; "" is AWS's default, full access.
	Policy string
}

// Load reads a configuration file over c. Every key must be known; errors carry file and line.
//
//	account: "123456789012"
//	region: eu-west-1
//	host: 127.0.0.1
//	port: 3000
//	controlPort: 4566
//	stateDir: /var/lib/gatehouse
//	urlSuffix: amazonaws.com
//	logFormat: json
//	trustedProxies: [10.0.0.0/8]
//	acceptUnenforced: [response_cache]
//	accountThrottle: {rate: 10000, burst: 5000}
//	vpcEndpoints:
//	  - {id: vpce-0123456789abcdef0, vpc: vpc-0123456789abcdef0, listen: "10.1.0.1:8443", clients: [10.1.0.0/16]}
func Load(path string, c *Config) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	v, err := document.Load(path, text, document.JSYAML)
	if err != nil {
		return err
	}
	r := reader{}
	r.fields(v, "the configuration", map[string]func(*document.Value){
		"account":          func(v *document.Value) { c.Home.Account = identity.AccountID(r.text(v)) },
		"region":           func(v *document.Value) { c.Home.Region = identity.Region(r.text(v)) },
		"partition":        func(v *document.Value) { c.Home.Partition = identity.Partition(r.text(v)) },
		"host":             func(v *document.Value) { c.Host = r.text(v) },
		"port":             func(v *document.Value) { c.Port = r.number(v) },
		"controlPort":      func(v *document.Value) { c.ControlPort = r.number(v) },
		"stateDir":         func(v *document.Value) { c.StateDir = r.text(v) },
		"urlSuffix":        func(v *document.Value) { c.URLSuffix = r.text(v) },
		"logFormat":        func(v *document.Value) { c.LogFormat = r.text(v) },
		"trustedProxies":   func(v *document.Value) { c.TrustedProxies = r.prefixes(v) },
		"acceptUnenforced": func(v *document.Value) { c.Accepted = append(c.Accepted, r.texts(v)...) },
		"accountThrottle": func(v *document.Value) {
			r.fields(v, "accountThrottle", map[string]func(*document.Value){
				"rate":  func(v *document.Value) { c.AccountRate = r.float(v) },
				"burst": func(v *document.Value) { c.AccountBurst = int32(r.number(v)) },
			})
		},
		"vpcEndpoints": func(v *document.Value) {
			for _, item := range r.items(v) {
				c.VPCEndpoints = append(c.VPCEndpoints, r.endpoint(item))
			}
		},
	})
	return r.faults.Err()
}

// reader collects every fault of a file.
type reader struct{ faults document.Errors }

func (r *reader) fault(v *document.Value, format string, args ...any) {
	r.faults = append(r.faults, &document.Error{Pos: v.Pos, Msg: fmt.Sprintf(format, args...)})
}

func (r *reader) fields(v *document.Value, what string, known map[string]func(*document.Value)) {
	if v.Kind != document.Map {
		r.fault(v, "%s must be a map", what)
		return
	}
	for _, f := range v.Fields {
		read := known[f.Name]
		if read == nil {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			r.faults = append(r.faults, &document.Error{Pos: f.Pos, Msg: fmt.Sprintf("%s has no key %q", what, f.Name), Hint: "known are " + sorted(names)})
			continue
		}
		read(f.Value)
	}
}

func (r *reader) text(v *document.Value) string {
	text, ok := v.Scalar()
	if !ok || v.Kind == document.Bool {
		r.fault(v, "want a text")
	}
	return text
}

func (r *reader) number(v *document.Value) int {
	n, err := strconv.Atoi(v.Text)
	if v.Kind != document.Number || err != nil {
		r.fault(v, "want a whole number")
	}
	return n
}

func (r *reader) float(v *document.Value) float64 {
	f, err := strconv.ParseFloat(v.Text, 64)
	if v.Kind != document.Number || err != nil {
		r.fault(v, "want a number")
	}
	return f
}

func (r *reader) items(v *document.Value) []*document.Value {
	if v.Kind != document.List {
		r.fault(v, "want a list")
		return nil
	}
	return v.Items
}

func (r *reader) texts(v *document.Value) (out []string) {
	for _, item := range r.items(v) {
		out = append(out, r.text(item))
	}
	return out
}

func (r *reader) prefixes(v *document.Value) (out []netip.Prefix) {
	for _, item := range r.items(v) {
		text := r.text(item)
		p, err := netip.ParsePrefix(text)
		if a, one := netip.ParseAddr(text); err != nil && one == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			r.fault(item, "%q is no network such as 10.0.0.0/8", text)
			continue
		}
		out = append(out, p.Masked())
	}
	return out
}

func (r *reader) endpoint(v *document.Value) (e VPCEndpoint) {
	r.fields(v, "a VPC endpoint", map[string]func(*document.Value){
		"id":      func(v *document.Value) { e.ID = r.text(v) },
		"vpc":     func(v *document.Value) { e.VPC = r.text(v) },
		"listen":  func(v *document.Value) { e.Listen = r.text(v) },
		"clients": func(v *document.Value) { e.Clients = r.prefixes(v) },
		"policy": func(v *document.Value) {
			if v.Kind == document.Map {
				e.Policy = string(document.JSON(v))
				return
			}
			e.Policy = r.text(v)
		},
	})
	if !strings.HasPrefix(e.ID, "vpce-") || !strings.HasPrefix(e.VPC, "vpc-") {
		r.fault(v, "a VPC endpoint needs an id (vpce-…) and a vpc (vpc-…)")
	}
	if _, err := netip.ParseAddrPort(e.Listen); err != nil {
		r.fault(v, "VPC endpoint %s: listen: want address:port, got %q", e.ID, e.Listen)
	}
	return e
}
