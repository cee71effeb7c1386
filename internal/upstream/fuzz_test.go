package upstream

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// script is a connection on which a response arrives in pieces.
type script struct {
	net.Conn
	in    []byte
	piece int
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), s.piece)], s.in)
	s.in = s.in[n:]
	return n, nil
}

func (*script) SetDeadline(time.Time) error { return nil }
func (*script) Close() error                { return nil }

// readAll reads a response from raw bytes as a call does.
func readAll(c *Client, raw []byte, piece int, method string) (resp *Response, body []byte, keep bool, err error) {
	p := newPool(c, Target{Address: "fuzz"})
	p.users.Add(1)
	p.slots <- struct{}{}
	n := &conn{pool: p, net: &script{in: raw, piece: piece}, buf: c.bufs.Get().(*[]byte)}
	resp = new(Response)
	if err = n.read(resp, method); err != nil {
		n.finish(false)
		return nil, nil, false, err
	}
	if resp.Stream == nil {
		keep = n.keep && n.r == n.w
		n.finish(true)
		return resp, resp.Body, keep, nil
	}
	s := resp.Stream.(*stream)
	s.ctx, s.call = context.Background(), &Request{}
	body, err = io.ReadAll(s)
	return resp, body, false, err
}

// What we accept, net/http accepts too, and reads the same way; and it does not matter in which pieces it
// arrives.
func FuzzResponse(f *testing.F) {
	head := "HTTP/1.1 200 OK\r\n"
	for _, s := range []string{
		ok, head + "\r\nrest", head + "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n" + ok, "HTTP/1.0 204 \r\nConnection: close\r\n\r\n", "HTTP/1.1 304\r\nContent-Length: 5\r\n\r\n",
		head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", head + "A:\r\n b\r\n\r\n",
	} {
		f.Add([]byte(s), false)
	}
	c := New(Config{Whole: 1 << 10, MaxBody: 1 << 20})
	f.Cleanup(c.Close)
	f.Fuzz(func(t *testing.T, raw []byte, isHead bool) {
		method := "GET"
		if isHead {
			method = "HEAD"
		}
		resp, body, keep, err := readAll(c, raw, 1<<20, method)
		resp1, body1, keep1, err1 := readAll(c, raw, 1, method)
		if (err == nil) != (err1 == nil) || err == nil && (resp.Status != resp1.Status || !bytes.Equal(body, body1)) {
			t.Fatalf("at once: %v %q %v; byte by byte: %v %q %v", resp, body, err, resp1, body1, err1)
		}
		_ = keep1 // byte by byte, what comes too much has not come yet
		if err != nil || bytes.Contains(raw, []byte("HTTP/1.1 1")) || bytes.Contains(raw, []byte("HTTP/1.0 1")) {
			return
		}
		want, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("accepted %q, which net/http refuses: %v", raw, err)
		}
		defer want.Body.Close()
		wantBody, err := io.ReadAll(want.Body)
		if err != nil {
			t.Fatalf("accepted %q, whose body net/http refuses: %v", raw, err)
		}
		if resp.Status != want.StatusCode || !bytes.Equal(body, wantBody) {
			t.Fatalf("%q: got %d %q, net/http has %d %q", raw, resp.Status, body, want.StatusCode, wantBody)
		}
		if keep && want.Close {
			t.Fatalf("%q: the connection is kept, net/http closes it", raw)
		}
		for _, h := range resp.Header {
			if strings.ContainsAny(h.Value, "\r\n\x00") {
				t.Fatalf("%q: header %q", raw, h)
			}
		}
	})
}
