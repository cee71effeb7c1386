//go:build unix

package upstream

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// backend answers as cheaply as a Go program can: it looks for the end of a head and writes bytes it has.
func backend(b *testing.B, answer string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	out := []byte(answer)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := make([]byte, 8<<10)
				n := 0
				for {
					got, err := c.Read(in[n:])
					if err != nil {
						return
					}
					if n += got; bytes.HasSuffix(in[:n], []byte("\r\n\r\n")) {
						n = 0
						c.Write(out)
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func cpu() int64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}

// The process is client and back end in one: raw is the price of the back end and of a client that does
// nothing but write and read, and belongs to both of the others.
func BenchmarkCall(b *testing.B) {
	answer := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sun, 01 Mar 2026 00:00:00 GMT\r\nServer: bench\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("x", 1024)
	addr := backend(b, answer)
	run := func(name string, call func(pb *testing.PB)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8)
			before := cpu()
			b.RunParallel(call)
			b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
		})
	}
	run("raw", func(pb *testing.PB) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		req := []byte("GET /a/b?c=d HTTP/1.1\r\nHost: api.test\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n")
		in := make([]byte, len(answer))
		for pb.Next() {
			c.Write(req)
			if _, err := io.ReadFull(c, in); err != nil {
				b.Error(err)
				return
			}
		}
	})
	c := New(Config{})
	b.Cleanup(c.Close)
	run("upstream", func(pb *testing.PB) {
		r := &Request{
			Target: Target{Address: addr}, Method: "GET", Path: "/a/b?c=d", Host: "api.test",
			Header: []Field{{Name: "Accept", Value: "application/json"}, {Name: "User-Agent", Value: "bench"}},
		}
		for pb.Next() {
			resp, err := c.Do(b.Context(), r)
			if err != nil || len(resp.Body) != 1024 {
				b.Errorf("%+v, %v", resp, err)
				return
			}
		}
	})
	t := &http.Transport{MaxIdleConnsPerHost: 100}
	b.Cleanup(t.CloseIdleConnections)
	run("http.Transport", func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequestWithContext(b.Context(), "GET", "http://"+addr+"/a/b?c=d", nil)
			r.Header.Set("Accept", "application/json")
			r.Header.Set("User-Agent", "bench")
			resp, err := t.RoundTrip(r)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				b.Error(err)
				return
			}
			resp.Body.Close()
		}
	})
}
