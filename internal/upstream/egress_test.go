package upstream

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Proto, r.Host)
	}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	_, port, _ := net.SplitHostPort(addr)

	if _, err := client(t, Config{}).Do(t.Context(), &Request{Target: Target{TLS: true, Address: addr}, Method: "GET", Path: "/"}); KindOf(err) != TLS {
		t.Errorf("unknown authority: %v, want a TLS error", err)
	}
	trusting := client(t, Config{Roots: roots})
	if _, err := trusting.Do(t.Context(), &Request{Target: Target{TLS: true, Address: "localhost:" + port}, Method: "GET", Path: "/"}); KindOf(err) != TLS {
		t.Errorf("wrong name: %v, want a TLS error", err)
	}
	for name, call := range map[string]func() (*Response, error){
		"trusted": func() (*Response, error) {
			return trusting.Do(t.Context(), &Request{Target: Target{TLS: true, Address: addr}, Method: "GET", Path: "/", Host: "api.test"})
		},
		"insecure": func() (*Response, error) {
			return client(t, Config{}).Do(t.Context(), &Request{Target: Target{TLS: true, Address: "localhost:" + port, Insecure: true}, Method: "GET", Path: "/", Host: "api.test"})
		},
	} {
		for range 3 {
			resp, err := call()
			if err != nil || string(resp.Body) != "HTTP/1.1 api.test" {
				t.Errorf("%s: %+v, %v", name, resp, err)
			}
		}
	}
	// The insecure session must not open the door for the verifying client.
	c := client(t, Config{})
	if _, err := c.Do(t.Context(), &Request{Target: Target{TLS: true, Address: addr, Insecure: true}, Method: "GET", Path: "/"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), &Request{Target: Target{TLS: true, Address: addr}, Method: "GET", Path: "/"}); KindOf(err) != TLS {
		t.Errorf("verifying after insecure: %v, want a TLS error", err)
	}
	// A plain server at the other end.
	plain := serve(t, func(*seen) string { return ok })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Do(ctx, &Request{Target: Target{TLS: true, Address: plain.addr}, Method: "GET", Path: "/"}); err == nil {
		t.Error("https to a plain server succeeded")
	}
}

func TestEgress(t *testing.T) {
	e := egress{rules: Egress{Own: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:4566")}}}
	e.protect([]netip.AddrPort{netip.MustParseAddrPort("[::]:9000")})
	listed := egress{rules: Egress{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32")}}}
	for _, tt := range []struct {
		address      string
		open, listed bool
	}{
		{"169.254.169.254:80", false, false},
		{"169.254.170.2:80", false, false},
		{"[::ffff:169.254.169.254]:80", false, false},
		{"[::169.254.169.254]:80", false, false},
		{"[64:ff9b::a9fe:a9fe]:80", false, false},
		{"[2002:a9fe:a9fe::1]:80", false, false},
		{"[fd00:ec2::254]:80", false, false},
		{"[fd00:ec2::23]:80", false, false},
		{"[fd20:ce::254]:80", false, false},
		{"100.100.100.200:80", false, false},
		{"168.63.129.16:80", false, false},
		{"0.0.0.0:80", false, false},
		{"0.1.2.3:80", false, false},
		{"[::]:80", false, false},
		{"224.0.0.1:80", false, false},
		{"255.255.255.255:80", false, false},
		{"[ff02::1]:80", false, false},
		{"127.0.0.1:4566", false, false},
		{"[::ffff:127.0.0.1]:4566", false, false},
		{"127.0.0.1:9000", false, false},
		{"127.9.9.9:9000", false, false},
		{"[::1]:9000", false, false},
		{"not an address", false, false},
		{"127.0.0.1:4567", true, false},
		{"[::1]:4566", true, false},
		{"192.0.2.1:9000", true, false},
		{"192.0.2.1:80", true, false},
		{"10.1.2.3:443", true, true},
		{"[::ffff:10.1.2.3]:443", true, true},
		{"10.2.0.1:443", true, false},
		{"[2001:db8::1]:443", true, true},
		{"[fe80::1%lo]:80", true, false},
	} {
		if err := e.control(t.Context(), "tcp", tt.address, nil); (err == nil) != tt.open {
			t.Errorf("%s without a list: %v, want allowed %v", tt.address, err, tt.open)
		}
		if err := listed.control(t.Context(), "tcp", tt.address, nil); (err == nil) != tt.listed {
			t.Errorf("%s with a list: %v, want allowed %v", tt.address, err, tt.listed)
		}
	}
}

// The rules hold for what a name resolves to.
func TestEgressOfCalls(t *testing.T) {
	srv := serve(t, func(*seen) string { return ok })
	_, port, _ := net.SplitHostPort(srv.addr)
	c := client(t, Config{Egress: Egress{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		if _, err := c.Do(t.Context(), get(host+":"+port)); KindOf(err) != Refused {
			t.Errorf("%s: %v, want a refusal", host, err)
		}
	}
	c = client(t, Config{})
	c.Protect(netip.MustParseAddrPort(srv.addr))
	if _, err := c.Do(t.Context(), get(srv.addr)); KindOf(err) != Refused {
		t.Errorf("own port: %v, want a refusal", err)
	}
	if _, err := c.Do(t.Context(), get("169.254.169.254:80")); KindOf(err) != Refused {
		t.Errorf("metadata: %v, want a refusal", err)
	}
	if got := srv.conns.Load(); got != 0 {
		t.Errorf("%d connections were made, want none", got)
	}
}

// No proxy of the environment comes between.
func TestNoProxy(t *testing.T) {
	srv := serve(t, func(*seen) string { return ok })
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	if _, body, err := whole(t, client(t, Config{}), get(srv.addr)); err != nil || body != "ok" {
		t.Errorf("got %q, %v", body, err)
	}
}
