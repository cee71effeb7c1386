package upstream

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// server answers every request with what answer returns; it counts connections and requests, and gives
// each request its number and that of its connection, both from 1.
type server struct {
	addr            string
	conns, requests atomic.Int64
}

// seen is a request as it arrived.
type seen struct {
	conn, number int64
	line         string
	header       []string
	body         string
	net.Conn
}

// serve starts a server. answer may write to s.Conn itself and return "".
func serve(t testing.TB, answer func(s *seen) string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &server{addr: l.Addr().String()}
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			id := srv.conns.Add(1)
			mu.Lock()
			open[c] = true
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					s, err := read(r)
					if err != nil {
						return
					}
					s.conn, s.number, s.Conn = id, srv.requests.Add(1), c
					raw := answer(s)
					if raw == "close" {
						return
					}
					if _, err := io.WriteString(c, raw); err != nil {
						return
					}
				}
			})
		}
	})
	return srv
}

func read(r *bufio.Reader) (*seen, error) {
	s := new(seen)
	length := 0
	for {
		l, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		l = strings.TrimSuffix(l, "\r\n")
		switch {
		case s.line == "":
			s.line = l
			continue
		case l == "":
			b := make([]byte, length)
			_, err := io.ReadFull(r, b)
			s.body = string(b)
			return s, err
		}
		s.header = append(s.header, l)
		if n, ok := strings.CutPrefix(l, "Content-Length: "); ok {
			fmt.Sscan(n, &length)
		}
	}
}

func client(t testing.TB, cfg Config) *Client {
	c := New(cfg)
	t.Cleanup(c.Close)
	return c
}

func get(addr string) *Request {
	return &Request{Target: Target{Address: addr}, Method: "GET", Path: "/"}
}

// whole makes a call and reads all of it.
func whole(t testing.TB, c *Client, r *Request) (*Response, string, error) {
	t.Helper()
	resp, err := c.Do(t.Context(), r)
	if err != nil {
		return nil, "", err
	}
	if resp.Stream == nil {
		return resp, string(resp.Body), nil
	}
	defer resp.Stream.Close()
	b, err := io.ReadAll(resp.Stream)
	return resp, string(b), err
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// [security F22] What a back end may not send. Nothing of it may reach the next caller: the connection is
// closed and the next call finds a healthy one.
func TestRefusedResponses(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\n"
	chunked := head + "Transfer-Encoding: chunked\r\n\r\n"
	for name, raw := range map[string]string{
		"TE and CL":                   head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"CL and TE":                   head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two CL":                      head + "Content-Length: 2\r\nContent-Length: 5\r\n\r\nok",
		"two equal CL":                head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
		"CL list":                     head + "Content-Length: 2, 2\r\n\r\nok",
		"CL +2":                       head + "Content-Length: +2\r\n\r\nok",
		"CL -2":                       head + "Content-Length: -2\r\n\r\nok",
		"CL 0x2":                      head + "Content-Length: 0x2\r\n\r\nok",
		"CL 2_0":                      head + "Content-Length: 2_0\r\n\r\nok",
		"CL empty":                    head + "Content-Length:\r\n\r\nok",
		"CL 2^64":                     head + "Content-Length: 18446744073709551616\r\n\r\nok",
		"CL inner space":              head + "Content-Length: 2 0\r\n\r\nok",
		"two TE":                      head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE gzip, chunked":            head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"TE identity":                 head + "Transfer-Encoding: identity\r\n\r\nok",
		"TE xchunked":                 head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"TE chunked;q=1":              head + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
		"TE with VT":                  head + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
		"TE in HTTP/1.0":              "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"obs-fold":                    head + "X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok",
		"obs-fold of TE":              head + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
		"obs-fold of the status":      head + " X: y\r\nContent-Length: 2\r\n\r\nok",
		"bare LF":                     "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
		"one bare LF":                 head + "X-A: b\nContent-Length: 2\r\n\r\nok",
		"bare LF at the end":          head + "Content-Length: 2\r\n\nok",
		"bare CR":                     head + "X-A: b\rc\r\nContent-Length: 2\r\n\r\nok",
		"NUL in a value":              head + "X-A: b\x00c\r\nContent-Length: 2\r\n\r\nok",
		"space before the colon":      head + "Content-Length : 2\r\n\r\nok",
		"no colon":                    head + "Content-Length\r\n\r\nok",
		"empty name":                  head + ": x\r\nContent-Length: 2\r\n\r\nok",
		"name with a space":           head + "X A: b\r\nContent-Length: 2\r\n\r\nok",
		"leading empty line":          "\r\n" + ok,
		"HTTP/1.2":                    "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/2.0":                    "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.10":                   "HTTP/1.10 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"http/1.1":                    "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"two spaces":                  "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok",
		"status 20":                   "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
		"status 2000":                 "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
		"status 099":                  "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok",
		"status 2x0":                  "HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\nok",
		"another protocol":            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"101":                         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
		"1xx with a body":             "HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\nok" + ok,
		"1xx flood":                   strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 50) + ok,
		"204 with CL":                 "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
		"204 with TE":                 "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"head too long":               head + "X-A: " + strings.Repeat("a", 70<<10) + "\r\n\r\n",
		"many headers":                head + strings.Repeat("X-A: b\r\n", 12<<10) + "\r\n",
		"body over the limit":         head + "Content-Length: 2000000\r\n\r\n",
		"chunked body over the limit": chunked + "1e8480\r\n" + strings.Repeat("a", 2000000) + "\r\n0\r\n\r\n",

		"chunk size empty":          chunked + "\r\n\r\n",
		"chunk size 0x2":            chunked + "0x2\r\nok\r\n0\r\n\r\n",
		"chunk size +2":             chunked + "+2\r\nok\r\n0\r\n\r\n",
		"chunk size -2":             chunked + "-2\r\nok\r\n0\r\n\r\n",
		"chunk size 2_0":            chunked + "2_0\r\nok\r\n0\r\n\r\n",
		"chunk size with space":     chunked + " 2\r\nok\r\n0\r\n\r\n",
		"chunk size 16 digits":      chunked + "8000000000000000\r\nok\r\n0\r\n\r\n",
		"chunk size 17 digits":      chunked + "00000000000000002\r\nok\r\n0\r\n\r\n",
		"chunk size bare LF":        chunked + "2\nok\r\n0\r\n\r\n",
		"chunk ext bare LF":         chunked + "2;a\nok\r\n0\r\n\r\n",
		"chunk ext with CR":         chunked + "2;a\rb\r\nok\r\n0\r\n\r\n",
		"chunk ext with NUL":        chunked + "2;a\x00b\r\nok\r\n0\r\n\r\n",
		"chunk ext 20 KB":           chunked + "2;" + strings.Repeat("a", 20<<10) + "\r\nok\r\n0\r\n\r\n",
		"chunk exts in many chunks": chunked + strings.Repeat("1;"+strings.Repeat("a", 500)+"\r\nx\r\n", 50) + "0\r\n\r\n",
		"chunk longer than said":    chunked + "2\r\nokay\r\n0\r\n\r\n",
		"chunk end bare LF":         chunked + "2\r\nok\n0\r\n\r\n",
		"trailer without colon":     chunked + "2\r\nok\r\n0\r\nX-A\r\n\r\n",
		"trailer obs-fold":          chunked + "2\r\nok\r\n0\r\nX-A: b\r\n c\r\n\r\n",
		"trailer bare LF":           chunked + "2\r\nok\r\n0\r\nX-A: b\n\r\n",
		"trailers 20 KB":            chunked + "2\r\nok\r\n0\r\n" + strings.Repeat("X-A: "+strings.Repeat("b", 1000)+"\r\n", 20) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, func(s *seen) string {
				if s.conn > 1 {
					return ok
				}
				return raw
			})
			c := client(t, Config{MaxBody: 1 << 20})
			resp, body, err := whole(t, c, get(srv.addr))
			if KindOf(err) != Protocol {
				t.Fatalf("got %+v with %.40q, %v, want a protocol error", resp, body, err)
			}
			if _, body, err := whole(t, c, get(srv.addr)); err != nil || body != "ok" {
				t.Errorf("the next call got %q, %v", body, err)
			}
			if got := srv.conns.Load(); got != 2 {
				t.Errorf("%d connections, want 2", got)
			}
		})
	}
}

// Responses that end too early.
func TestLostResponses(t *testing.T) {
	for name, raw := range map[string]string{
		"in the status":     "HTTP/1.1 20",
		"in the head":       "HTTP/1.1 200 OK\r\nContent-Le",
		"before the body":   "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
		"in the body":       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
		"in a large body":   "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nok",
		"in a chunk size":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2",
		"in a chunk":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok",
		"after a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
		"in the last chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
		"after 100":         "HTTP/1.1 100 Continue\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, func(s *seen) string { io.WriteString(s, raw); return "close" })
			_, body, err := whole(t, client(t, Config{}), get(srv.addr))
			if KindOf(err) != Lost {
				t.Errorf("got %q, %v, want a lost connection", body, err)
			}
			if got := srv.requests.Load(); got != 1 {
				t.Errorf("the request was sent %d times, want once", got)
			}
		})
	}
}

func TestResponses(t *testing.T) {
	for _, tt := range []struct {
		name, method, raw string
		status            int
		header            []Field
		body              string
		kept              bool // the connection is used again
	}{
		{"length", "GET", ok, 200, []Field{{"Content-Length", "2"}}, "ok", true},
		{"no body", "GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, []Field{{"Content-Length", "0"}}, "", true},
		{"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, []Field{{"Content-Length", "0"}}, "", true},
		{"empty reason", "GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, []Field{{"Content-Length", "0"}}, "", true},
		{"values are trimmed, names kept", "GET", "HTTP/1.1 200 OK\r\nx-ODD:\t a b \t\r\nx-odd:\r\nContent-Length: 0\r\n\r\n", 200, []Field{{"x-ODD", "a b"}, {"x-odd", ""}, {"Content-Length", "0"}}, "", true},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, []Field{{"Transfer-Encoding", "Chunked"}}, "ok0123456789", true},
		{"chunk extensions and trailers are dropped", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\nok\r\n000;x\r\nContent-Length: 5\r\nSet-Cookie: evil\r\n\r\n", 200, []Field{{"Transfer-Encoding", "chunked"}}, "ok", true},
		{"until the end", "GET", "HTTP/1.1 200 OK\r\n\r\nok\x00", 200, []Field{}, "ok\x00", false},
		{"close", "GET", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 200, []Field{{"Connection", "x, Close"}, {"Content-Length", "2"}}, "ok", false},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, []Field{{"Content-Length", "2"}}, "ok", false},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", 200, []Field{{"Content-Length", "2000"}}, "", true},
		{"HEAD, chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, []Field{{"Transfer-Encoding", "chunked"}}, "", true},
		{"HEAD with a body all the same", "HEAD", ok, 200, []Field{{"Content-Length", "2"}}, "", false},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, []Field{}, "", true},
		{"204, length 0", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, []Field{{"Content-Length", "0"}}, "", true},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2000\r\n\r\n", 304, []Field{{"Content-Length", "2000"}}, "", true},
		{"204 with a body", "GET", "HTTP/1.1 204 No Content\r\n\r\n" + ok, 204, []Field{}, "", false},
		{"100 and 103 are skipped", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, 200, []Field{{"Content-Length", "2"}}, "ok", true},
		{"a second response", "GET", ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200, []Field{{"Content-Length", "2"}}, "ok", false},
		{"redirects are answers", "GET", "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 302, []Field{{"Location", "http://169.254.169.254/"}, {"Content-Length", "0"}}, "", true},
		{"compressed as it came", "GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", 200, []Field{{"Content-Encoding", "gzip"}, {"Content-Length", "3"}}, "\x1f\x8b\x08", true},
		{"bytes above ASCII", "GET", "HTTP/1.1 200 \xc3\xa9\r\nX: \xff\r\nContent-Length: 0\r\n\r\n", 200, []Field{{"X", "\xff"}, {"Content-Length", "0"}}, "", true},
		{"status 999", "GET", "HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n", 999, []Field{{"Content-Length", "0"}}, "", true},
		{"large", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("abc", 100000), 200, []Field{{"Content-Length", "300000"}}, strings.Repeat("abc", 100000), true},
		{"large, chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("3e8\r\n"+strings.Repeat("x", 1000)+"\r\n", 300) + "0\r\n\r\n", 200, []Field{{"Transfer-Encoding", "chunked"}}, strings.Repeat("x", 300000), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, piece := range []int{0, 1} { // at once, and byte by byte as far as that is quick
				if piece == 1 && len(tt.raw) > 500 {
					continue
				}
				written := make(chan bool, 1)
				srv := serve(t, func(s *seen) string {
					if s.number > 1 {
						return ok
					}
					if piece == 0 {
						io.WriteString(s, tt.raw)
					} else {
						for i := range len(tt.raw) {
							io.WriteString(s, tt.raw[i:i+1])
							time.Sleep(20 * time.Microsecond)
						}
					}
					written <- true
					if tt.name == "until the end" || tt.name == "close" {
						return "close"
					}
					return ""
				})
				c := client(t, Config{})
				r := get(srv.addr)
				r.Method = tt.method
				resp, body, err := whole(t, c, r)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Status != tt.status || body != tt.body {
					t.Errorf("got %d with %d bytes %.40q, want %d with %d bytes %.40q", resp.Status, len(body), body, tt.status, len(tt.body), tt.body)
				}
				if diff := cmp.Diff(resp.Header, tt.header); diff != "" {
					t.Errorf("header (-got +want)\n%s", diff)
				}
				<-written // with what comes too much
				if _, body, err := whole(t, c, &Request{Target: r.Target, Method: "POST", Path: "/"}); err != nil || body != "ok" {
					t.Errorf("the next call got %q, %v", body, err)
				}
				want := int64(2)
				if tt.kept {
					want = 1
				}
				if got := srv.conns.Load(); got != want {
					t.Errorf("%d connections, want %d", got, want)
				}
			}
		})
	}
}

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
					{"x-B", "1"}, {"X-b", "2"}, {"content-length", "999"}, {"Transfer-Encoding", "chunked"}, {"Connection", "x-B"},
					{"HOST", "evil"}, {"Keep-Alive", "x"}, {"Proxy-Connection", "x"}, {"TE", "x"}, {"Trailer", "x"}, {"Upgrade", "h2c"}, {"expect", "100-continue"},
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
		"name with colon": func(r *Request) { r.Header = []Field{{"A:", "b"}} },
		"name with CRLF":  func(r *Request) { r.Header = []Field{{"A\r\nB", "b"}} },
		"empty name":      func(r *Request) { r.Header = []Field{{"", "b"}} },
		"value with CRLF": func(r *Request) { r.Header = []Field{{"A", "b\r\nC: d"}} },
		"value with NUL":  func(r *Request) { r.Header = []Field{{"A", "b\x00"}} },
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
