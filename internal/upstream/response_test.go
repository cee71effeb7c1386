package upstream

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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
		{"length", "GET", ok, 200, []Field{{Name: "Content-Length", Value: "2"}}, "ok", true},
		{"no body", "GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, []Field{{Name: "Content-Length", Value: "0"}}, "", true},
		{"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, []Field{{Name: "Content-Length", Value: "0"}}, "", true},
		{"empty reason", "GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, []Field{{Name: "Content-Length", Value: "0"}}, "", true},
		{"values are trimmed, names kept", "GET", "HTTP/1.1 200 OK\r\nx-ODD:\t a b \t\r\nx-odd:\r\nContent-Length: 0\r\n\r\n", 200, []Field{{Name: "x-ODD", Value: "a b"}, {Name: "x-odd", Value: ""}, {Name: "Content-Length", Value: "0"}}, "", true},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, []Field{{Name: "Transfer-Encoding", Value: "Chunked"}}, "ok0123456789", true},
		{"chunk extensions and trailers are dropped", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\nok\r\n000;x\r\nContent-Length: 5\r\nSet-Cookie: evil\r\n\r\n", 200, []Field{{Name: "Transfer-Encoding", Value: "chunked"}}, "ok", true},
		{"until the end", "GET", "HTTP/1.1 200 OK\r\n\r\nok\x00", 200, []Field{}, "ok\x00", false},
		{"close", "GET", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 200, []Field{{Name: "Connection", Value: "x, Close"}, {Name: "Content-Length", Value: "2"}}, "ok", false},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, []Field{{Name: "Content-Length", Value: "2"}}, "ok", false},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", 200, []Field{{Name: "Content-Length", Value: "2000"}}, "", true},
		{"HEAD, chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, []Field{{Name: "Transfer-Encoding", Value: "chunked"}}, "", true},
		{"HEAD with a body all the same", "HEAD", ok, 200, []Field{{Name: "Content-Length", Value: "2"}}, "", false},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, []Field{}, "", true},
		{"204, length 0", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, []Field{{Name: "Content-Length", Value: "0"}}, "", true},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2000\r\n\r\n", 304, []Field{{Name: "Content-Length", Value: "2000"}}, "", true},
		{"204 with a body", "GET", "HTTP/1.1 204 No Content\r\n\r\n" + ok, 204, []Field{}, "", false},
		{"100 and 103 are skipped", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, 200, []Field{{Name: "Content-Length", Value: "2"}}, "ok", true},
		{"a second response", "GET", ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200, []Field{{Name: "Content-Length", Value: "2"}}, "ok", false},
		{"redirects are answers", "GET", "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 302, []Field{{Name: "Location", Value: "http://169.254.169.254/"}, {Name: "Content-Length", Value: "0"}}, "", true},
		{"compressed as it came", "GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", 200, []Field{{Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Length", Value: "3"}}, "\x1f\x8b\x08", true},
		{"bytes above ASCII", "GET", "HTTP/1.1 200 \xc3\xa9\r\nX: \xff\r\nContent-Length: 0\r\n\r\n", 200, []Field{{Name: "X", Value: "\xff"}, {Name: "Content-Length", Value: "0"}}, "", true},
		{"status 999", "GET", "HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n", 999, []Field{{Name: "Content-Length", Value: "0"}}, "", true},
		{"large", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("abc", 100000), 200, []Field{{Name: "Content-Length", Value: "300000"}}, strings.Repeat("abc", 100000), true},
		{"large, chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("3e8\r\n"+strings.Repeat("x", 1000)+"\r\n", 300) + "0\r\n\r\n", 200, []Field{{Name: "Transfer-Encoding", Value: "chunked"}}, strings.Repeat("x", 300000), true},
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
