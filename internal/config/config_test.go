package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/seal"
)

func load(t *testing.T, text string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gatehouse.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Default()
	err := Load(path, &c)
	return c, err
}

// TestBadFiles: one message for each mistake, with its line.
func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"prot: 3000", `gatehouse.yml:1: the configuration has no key "prot" (known are`},
		{"port: x", "gatehouse.yml:1: want a whole number"},
		{"host: [a]", "gatehouse.yml:1: want a text"},
		{"- a", "the configuration must be a map"},
		{"trustedProxies: 10.0.0.0/8", "want a list"},
		{"trustedProxies: [10.0.0.0/33]", `"10.0.0.0/33" is no network`},
		{"accountThrottle: {rat: 1}", `accountThrottle has no key "rat"`},
		{"vpcEndpoints:\n  - {id: x, vpc: vpc-1, listen: '10.0.0.1:1'}", "gatehouse.yml:2: a VPC endpoint needs an id"},
		{"vpcEndpoints:\n  - {id: vpce-1, vpc: vpc-1, listen: ':8443'}", "gatehouse.yml:2: VPC endpoint vpce-1: listen: want address:port"},
		{"port: 1\nport: 2", "gatehouse.yml:2"},
	} {
		if _, err := load(t, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestFile(t *testing.T) {
	c, err := load(t, `
account: 012345678901
port: 0
trustedProxies: [10.0.0.0/8, 192.0.2.1]
accountThrottle: {rate: 10.5, burst: 3}
vpcEndpoints:
  - id: vpce-0123456789abcdef0
    vpc: vpc-01234567
    listen: 127.0.0.1:8443
    policy: {Version: "2012-10-17", Statement: []}
`)
	if err != nil {
		t.Fatal(err)
	}
	if c.Home.Account != "012345678901" || c.Port != 0 || len(c.TrustedProxies) != 2 || c.TrustedProxies[1].String() != "192.0.2.1/32" ||
		c.AccountRate != 10.5 || c.AccountBurst != 3 || len(c.VPCEndpoints) != 1 || !strings.Contains(c.VPCEndpoints[0].Policy, `"Statement":[]`) {
		t.Errorf("%+v", c)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for want, edit := range map[string]func(*Config){
		"want 12 digits":             func(c *Config) { c.Home.Account = "12" },
		"want a region":              func(c *Config) { c.Home.Region = "here" },
		"want 0 to 65535":            func(c *Config) { c.Port = 70000 },
		"are both 3000":              func(c *Config) { c.ControlPort = 3000 },
		"want text, json or off":     func(c *Config) { c.LogFormat = "xml" },
		"belong together":            func(c *Config) { c.RootKey.ID = "AKIA0123456789ABCDEF" },
		"16 to 128 characters":       func(c *Config) { c.RootKey.ID, c.RootKey.Secret = "short", seal.Hide("0123456789abcdef") },
		"is no id of a VPC endpoint": func(c *Config) { c.VPCEndpoints = []VPCEndpoint{{"vpce-1", "vpc-01234567", "10.1.0.1:1", nil, ""}} },
		"is no id of a VPC:":         func(c *Config) { c.VPCEndpoints = []VPCEndpoint{{"vpce-01234567", "vpc-1", "10.1.0.1:1", nil, ""}} },
		"admits everybody":           func(c *Config) { c.VPCEndpoints = []VPCEndpoint{{"vpce-01234567", "vpc-01234567", "[::]:1", nil, ""}} },
		"want address:port":          func(c *Config) { c.VPCEndpoints = []VPCEndpoint{{"vpce-01234567", "vpc-01234567", "h:1", nil, ""}} },
		"declared twice": func(c *Config) {
			c.VPCEndpoints = []VPCEndpoint{{"vpce-01234567", "vpc-01234567", "10.1.0.1:1", nil, ""}, {"vpce-01234567", "vpc-01234567", "10.1.0.1:2", nil, ""}}
		},
		"another one listens on 10.1.0.1:1": func(c *Config) {
			c.VPCEndpoints = []VPCEndpoint{{"vpce-01234567", "vpc-01234567", "10.1.0.1:1", nil, ""}, {"vpce-0123456a", "vpc-01234567", "10.1.0.1:1", nil, ""}}
		},
		"at least 16 characters, got": func(c *Config) { c.RootKey.ID, c.RootKey.Secret = "AKIA0123456789ABCDEF", seal.Hide("short") },
	} {
		c := Default()
		edit(&c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "0123456789abcdef") {
			t.Errorf("the message shows the secret: %v", err)
		}
	}
	if c := Default(); c.Validate() != nil {
		t.Error(c.Validate())
	}
}
