package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRequest(t *testing.T) {
	got := make(chan *seen, 1)
	srv := serve(t, func(s *seen) string { got <- s; return ok })
	c := client(t, Config{})
	for _, tt := range []struct {
		r    Request
		want seen
	}{
		{
			Request{Method: "GET", Path: "/a%2Fb?c=d&e"},
			seen{line: "GET /a%2Fb?c=d&e HTTP/1.1", header: []string{"Host: " + srv.addr}},
		},
		{
			Request{
				Method: "POST", Path: "/", Host: "api.test",
				Header: []Field{
					{Name: "x-B", Value: "1"}, {Name: "X-b", Value: "2"}, {Name: "content-length", Value: "999"}, {Name: "Transfer-Encoding", Value: "chunked"}, {Name: "Connection", Value: "x-B"},
					{Name: "HOST", Value: "evil"}, {Name: "Keep-Alive", Value: "x"}, {Name: "Proxy-Connection", Value: "x"}, {Name: "TE", Value: "x"}, {Name: "Trailer", Value: "x"}, {Name: "Upgrade", Value: "h2c"}, {Name: "expect", Value: "100-continue"},
				},
				Body: []byte("hello"),
			},
			seen{line: "POST / HTTP/1.1", header: []string{"Host: api.test", "x-B: 1", "X-b: 2", "Content-Length: 5"}, body: "hello"},
		},
		{Request{Method: "PUT", Path: "/"}, seen{line: "PUT / HTTP/1.1", header: []string{"Host: " + srv.addr, "Content-Length: 0"}}},
		{
			Request{Method: "POST", Path: "/", Body: []byte(strings.Repeat("x", 20<<10))},
			seen{line: "POST / HTTP/1.1", header: []string{"Host: " + srv.addr, "Content-Length: 20480"}, body: strings.Repeat("x", 20<<10)},
		},
		{
			Request{Method: "POST", Path: "/", Body: []byte(strings.Repeat("x", 3<<20))},
			seen{line: "POST / HTTP/1.1", header: []string{"Host: " + srv.addr, "Content-Length: 3145728"}, body: strings.Repeat("x", 3<<20)},
		},
	} {
		tt.r.Target.Address = srv.addr
		if _, body, err := whole(t, c, &tt.r); err != nil || body != "ok" {
			t.Fatalf("got %q, %v", body, err)
		}
		s := <-got
		if diff := cmp.Diff([]any{s.line, s.header}, []any{tt.want.line, tt.want.header}); diff != "" {
			t.Errorf("(-got +want)\n%s", diff)
		}
		if s.body != tt.want.body {
			t.Errorf("body of %d bytes, want %d", len(s.body), len(tt.want.body))
		}
	}
	if got := srv.conns.Load(); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

func TestHostByDefault(t *testing.T) {
	for _, tt := range []struct {
		target Target
		want   string
	}{
		{Target{Address: "api.test:80"}, "api.test"},
		{Target{Address: "api.test:443"}, "api.test:443"},
		{Target{Address: "api.test:443", TLS: true}, "api.test"},
		{Target{Address: "[::1]:80"}, "[::1]"},
		{Target{Address: "[::1]:8080"}, "[::1]:8080"},
	} {
		b, err := appendHead(nil, &Request{Target: tt.target, Method: "GET", Path: "/"})
		if want := "GET / HTTP/1.1\r\nHost: " + tt.want + "\r\n\r\n"; err != nil || string(b) != want {
			t.Errorf("%+v: got %q, %v, want %q", tt.target, b, err, want)
		}
	}
}

func TestInvalidRequests(t *testing.T) {
	c := client(t, Config{})
	for name, edit := range map[string]func(*Request){
		"no method":       func(r *Request) { r.Method = "" },
		"method":          func(r *Request) { r.Method = "GET /x HTTP/1.1\r\nX:" },
		"CONNECT":         func(r *Request) { r.Method = "CONNECT" },
		"no path":         func(r *Request) { r.Path = "" },
		"absolute path":   func(r *Request) { r.Path = "http://evil.test/" },
		"path with space": func(r *Request) { r.Path = "/a b" },
		"path with CRLF":  func(r *Request) { r.Path = "/ HTTP/1.1\r\nX: y\r\n" },
		"fragment":        func(r *Request) { r.Path = "/a#b" },
		"host with CRLF":  func(r *Request) { r.Host = "a\r\nX: y" },
		"host with path":  func(r *Request) { r.Host = "a/b" },
		"host with user":  func(r *Request) { r.Host = "u@a" },
		"host list":       func(r *Request) { r.Host = "a, b" },
		"name with colon": func(r *Request) { r.Header = []Field{{Name: "A:", Value: "b"}} },
		"name with CRLF":  func(r *Request) { r.Header = []Field{{Name: "A\r\nB", Value: "b"}} },
		"empty name":      func(r *Request) { r.Header = []Field{{Name: "", Value: "b"}} },
		"value with CRLF": func(r *Request) { r.Header = []Field{{Name: "A", Value: "b\r\nC: d"}} },
		"value with NUL":  func(r *Request) { r.Header = []Field{{Name: "A", Value: "b\x00"}} },
		"no address":      func(r *Request) { r.Target.Address = ""; r.Host = "a" },
	} {
		r := get("127.0.0.1:1")
		edit(r)
		if resp, err := c.Do(t.Context(), r); KindOf(err) != Invalid {
			t.Errorf("%s: got %v, %v, want an invalid request", name, resp, err)
		}
	}
}

// A connection that the back end closed while it was idle: what can be sent twice is sent again, the rest
// is sent on a connection that was looked at first.
func TestStaleConnection(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"} {
		srv := serve(t, func(s *seen) string {
			if s.number == 1 {
				io.WriteString(s, ok)
				return "close" // without having said so
			}
			if s.number == 2 && method != "HEAD" {
				return ok
			}
			return "HTTP/1.1 204 No Content\r\n\r\n"
		})
		c := client(t, Config{})
		if _, _, err := whole(t, c, get(srv.addr)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
		r := get(srv.addr)
		r.Method = method
		if _, _, err := whole(t, c, r); err != nil {
			t.Errorf("%s on a stale connection: %v", method, err)
		}
		if got := srv.requests.Load(); got != 2 {
			t.Errorf("%s: %d requests, want 2", method, got)
		}
	}
}

// The back end reads the request on a used connection and closes: a GET is repeated once, a POST never.
func TestRetryOnce(t *testing.T) {
	for _, tt := range []struct {
		method string
		want   int64
	}{{"GET", 3}, {"POST", 2}, {"PATCH", 2}} {
		srv := serve(t, func(s *seen) string {
			if s.number == 1 {
				return ok
			}
			return "close"
		})
		c := client(t, Config{})
		if _, _, err := whole(t, c, get(srv.addr)); err != nil {
			t.Fatal(err)
		}
		r := get(srv.addr)
		r.Method, r.Body = tt.method, []byte("x")
		if _, _, err := whole(t, c, r); KindOf(err) != Lost {
			t.Errorf("%s: %v, want a lost connection", tt.method, err)
		}
		if got := srv.requests.Load(); got != tt.want {
			t.Errorf("%s: %d requests, want %d", tt.method, got, tt.want)
		}
	}
}

// The back end answers before it has read the body, and does not read on.
func TestEarlyAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	release := make(chan bool)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(release)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				c.Read(make([]byte, 100))
				io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
				<-release
			})
		}
	})
	c := client(t, Config{})
	r := &Request{Target: Target{Address: l.Addr().String()}, Method: "POST", Path: "/", Body: make([]byte, 32<<20)}
	resp, body, err := whole(t, c, r)
	if err != nil || resp.Status != 413 || body != "no" {
		t.Errorf("got %+v %q, %v", resp, body, err)
	}
	l.Close()
}

func TestTimeouts(t *testing.T) {
	silent := func(head string) *server {
		return serve(t, func(s *seen) string {
			io.WriteString(s, head)
			<-t.Context().Done()
			return "close"
		})
	}
	for name, head := range map[string]string{
		"no answer":    "",
		"half a head":  "HTTP/1.1 200 OK\r\n",
		"half a body":  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
		"half a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok",
		"large body":   "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nok",
		"only 100":     "HTTP/1.1 100 Continue\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			srv := silent(head)
			_, _, err := whole(t, client(t, Config{Total: 30 * time.Millisecond}), get(srv.addr))
			if KindOf(err) != Timeout {
				t.Errorf("by the configuration: %v, want a timeout", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			resp, err := client(t, Config{}).Do(ctx, get(srv.addr))
			if err == nil {
				_, err = io.ReadAll(resp.Stream)
			}
			if KindOf(err) != Timeout {
				t.Errorf("by the context: %v, want a timeout", err)
			}
			ctx, cancel2 := context.WithCancel(t.Context())
			time.AfterFunc(30*time.Millisecond, cancel2)
			resp, err = client(t, Config{}).Do(ctx, get(srv.addr))
			if err == nil {
				_, err = io.ReadAll(resp.Stream)
			}
			if KindOf(err) != Canceled {
				t.Errorf("by the caller: %v, want canceled", err)
			}
		})
	}
}

func TestNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	for _, a := range []string{addr, "no-such-host.invalid:80", "127.0.0.1:99999", "127.0.0.1"} {
		if _, err := client(t, Config{}).Do(t.Context(), get(a)); KindOf(err) != Connect || !strings.Contains(err.Error(), a) {
			t.Errorf("%s: %v, want no connection", a, err)
		}
	}
}

// A target has so many connections and no more; who waits too long gets a timeout.
func TestPerTarget(t *testing.T) {
	var now, most atomic.Int64
	srv := serve(t, func(s *seen) string {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(time.Millisecond)
		now.Add(-1)
		return ok
	})
	c := client(t, Config{PerTarget: 3})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, body, err := whole(t, c, get(srv.addr)); err != nil || body != "ok" {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
	wg.Wait()
	if got := srv.conns.Load(); got > 3 || most.Load() > 3 {
		t.Errorf("%d connections, %d at once, want 3", got, most.Load())
	}

	slow := serve(t, func(s *seen) string { <-t.Context().Done(); return "close" })
	c = client(t, Config{PerTarget: 1, Total: 50 * time.Millisecond})
	for range 2 {
		wg.Go(func() {
			if _, _, err := whole(t, c, get(slow.addr)); KindOf(err) != Timeout {
				t.Errorf("got %v, want a timeout", err)
			}
		})
	}
	wg.Wait()
	if got := slow.conns.Load(); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

func TestIdleConnectionsAreReaped(t *testing.T) {
	gone := make(chan bool, 1)
	srv := serve(t, func(s *seen) string { return ok })
	c := client(t, Config{IdleFor: 20 * time.Millisecond})
	if _, _, err := whole(t, c, get(srv.addr)); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c.mu.Lock()
			n := len(c.pools)
			c.mu.Unlock()
			if n == 0 {
				gone <- true
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Fatal("the idle connection is still there")
	}
	if _, _, err := whole(t, c, get(srv.addr)); err != nil {
		t.Fatal(err)
	}
	if got := srv.conns.Load(); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
}

func TestClosedClient(t *testing.T) {
	srv := serve(t, func(s *seen) string { return ok })
	c := New(Config{})
	if _, _, err := whole(t, c, get(srv.addr)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	c.Close()
	if _, err := c.Do(t.Context(), get(srv.addr)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a call after Close: %v, want %v", err, net.ErrClosed)
	}
}

// A stream that is closed before its end takes its connection with it.
func TestUnreadStream(t *testing.T) {
	srv := serve(t, func(s *seen) string {
		if s.conn == 1 {
			return "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000)
		}
		return ok
	})
	c := client(t, Config{PerTarget: 1})
	resp, err := c.Do(t.Context(), get(srv.addr))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Stream == nil || resp.Length != 300000 {
		t.Fatalf("got %+v, want a stream of 300000", resp)
	}
	resp.Stream.Close()
	resp.Stream.Close()
	if n, err := resp.Stream.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("Read after Close = %d, %v", n, err)
	}
	if _, body, err := whole(t, c, get(srv.addr)); err != nil || body != "ok" {
		t.Errorf("the next call got %q, %v", body, err)
	}
}

// [security R18] Answers under disturbance: whatever happens to a connection, nobody gets the answer of
// somebody else.
func TestNoMixUps(t *testing.T) {
	var n atomic.Int64
	srv := serve(t, func(s *seen) string {
		echo := strings.TrimSuffix(strings.TrimPrefix(s.line, "GET /"), " HTTP/1.1")
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(echo), echo)
		switch n.Add(1) % 11 {
		case 3:
			return "close"
		case 5:
			io.WriteString(s, answer[:len(answer)-1])
			return "close"
		case 7:
			return answer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
		case 9:
			io.WriteString(s, answer)
			return "close"
		}
		return answer
	})
	c := client(t, Config{PerTarget: 8})
	var wg sync.WaitGroup
	var good atomic.Int64
	for w := range 16 {
		wg.Go(func() {
			for i := range 100 {
				want := fmt.Sprintf("%d-%d", w, i)
				r := get(srv.addr)
				r.Path = "/" + want
				_, body, err := whole(t, c, r)
				if err == nil && body != want {
					t.Errorf("got %q, want %q", body, want)
				}
				if err == nil {
					good.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if good.Load() < 800 {
		t.Errorf("only %d of 1600 calls succeeded", good.Load())
	}
}
