// Package config holds the settings of a server: one struct, checked once.
//
// It owns static settings only: everything dynamic is a definition in the store. It does not know where a
// setting came from (cli).
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/vpc"
)

// Config is everything that a server is told at its start.
type Config struct {
	// Dev switches on what only a laptop or a test should have: the clock, reset, and the path form
	// /{stage}/… on the data port.
	Dev bool
	// StateDir holds database, keys and logs; "" keeps everything in memory.
	StateDir string

	// Host is the address that both ports listen on; 127.0.0.1 unless told otherwise.
	Host string
	// Port is the data port, ControlPort the port of the AWS API; 0 picks a free one.
	Port, ControlPort int
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix

	Home identity.Home
	// URLSuffix stands for amazonaws.com in AWS::URLSuffix and in host names.
	URLSuffix string

	// RootKey fixes the root access key; without one it is made at the first start.
	RootKey struct {
		ID     identity.AccessKeyID
		Secret seal.Secret
	}

	// Accepted names declared controls that may stay unenforced. Their routes refuse.
	Accepted []string

	// LogFormat is text, json or off.
	LogFormat string

	// VPCEndpoints are the private listeners.
	VPCEndpoints []VPCEndpoint

	// AccountRate and AccountBurst throttle the whole account; 0 is no limit. AWS's defaults are 10,000 and
	// 5,000.
	AccountRate  float64
	AccountBurst int32
}

// Default is the configuration of `gatehouse dev` without flags.
func Default() Config {
	return Config{
		Dev:         true,
		Host:        "127.0.0.1",
		Port:        3000,
		ControlPort: 4566,
		Home:        identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		URLSuffix:   "amazonaws.com",
		LogFormat:   "text",
	}
}

var (
	accountID   = regexp.MustCompile(`^[0-9]{12}$`)
	region      = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
	accessKeyID = regexp.MustCompile(`^[A-Z0-9]{16,128}$`)
)

// Validate reports everything that is wrong, all at once.
func (c *Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !accountID.MatchString(string(c.Home.Account)) {
		fault("account %q: want 12 digits", c.Home.Account)
	}
	if !region.MatchString(string(c.Home.Region)) {
		fault("region %q: want a region such as us-east-1", c.Home.Region)
	}
	for name, port := range map[string]int{"port": c.Port, "control port": c.ControlPort} {
		if port < 0 || port > 65535 {
			fault("%s %d: want 0 to 65535", name, port)
		}
	}
	if c.Port != 0 && c.Port == c.ControlPort {
		fault("port and control port are both %d: give one of them another number", c.Port)
	}
	if !slices.Contains([]string{"text", "json", "off"}, c.LogFormat) {
		fault("log format %q: want text, json or off", c.LogFormat)
	}
	if (c.RootKey.ID == "") != c.RootKey.Secret.IsZero() {
		fault("GATEHOUSE_ROOT_ACCESS_KEY_ID and GATEHOUSE_ROOT_SECRET_ACCESS_KEY belong together: set both or none")
	}
	if c.RootKey.ID != "" && !accessKeyID.MatchString(string(c.RootKey.ID)) {
		fault("GATEHOUSE_ROOT_ACCESS_KEY_ID: want 16 to 128 characters of [A-Z0-9], such as AKIA0123456789ABCDEF")
	}
	if n := len(c.RootKey.Secret.Reveal()); c.RootKey.ID != "" && n < 16 {
		fault("GATEHOUSE_ROOT_SECRET_ACCESS_KEY: want at least 16 characters, got %d", n)
	}
	return errors.Join(append(faults, c.endpoints()...)...)
}

// endpoints finds fault with the VPC endpoints.
func (c *Config) endpoints() (faults []error) {
	ids, addresses := map[string]bool{}, map[string]bool{}
	for _, e := range c.VPCEndpoints {
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("VPC endpoint %s: "+format, append([]any{e.ID}, args...)...))
		}
		if _, err := vpc.ParseEndpointID(e.ID); err != nil {
			fault("%w", err)
		}
		if _, err := vpc.ParseID(e.VPC); err != nil {
			fault("%w", err)
		}
		at, err := netip.ParseAddrPort(e.Listen)
		switch {
		case err != nil:
			fault("listen: want address:port, got %q", e.Listen)
		case at.Addr().IsUnspecified() && len(e.Clients) == 0:
			fault("it listens on every address and admits everybody: name one address, or the networks of its clients")
		case at.Port() != 0 && addresses[e.Listen]:
			fault("another one listens on %s", e.Listen)
		}
		if ids[e.ID] {
			fault("declared twice")
		}
		ids[e.ID], addresses[e.Listen] = true, true
	}
	return faults
}

// sorted joins names for a message.
func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}
