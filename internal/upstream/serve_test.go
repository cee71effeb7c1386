package upstream

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
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
