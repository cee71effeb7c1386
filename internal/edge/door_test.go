package edge_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/edge"
	"gatehouse/internal/function"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/gateway/integration"
	"gatehouse/internal/snapshot"
)

// recorder is a function host that keeps the events it was called with.
type recorder struct {
	events []string
	answer string // what the function returns; "" is a usual answer
}

func (r *recorder) Invoke(_ context.Context, _ *function.Config, call function.Invocation) (function.Result, error) {
	r.events = append(r.events, string(call.Payload))
	if r.answer != "" {
		return function.Result{Payload: []byte(r.answer)}, nil
	}
	return function.Result{Payload: []byte(`{"statusCode":200,"headers":{"X-Many":"a"},"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]},"body":"hello"}`)}, nil
}

// serve starts a door with one open route, ANY /{proxy+} on stage dev, and returns its address.
func serve(t *testing.T, edit func(*edge.Config)) (addr string, calls *recorder, last func() *exchange.Exchange) {
	t.Helper()
	const fn = "arn:aws:lambda:us-east-1:123456789012:function:f"
	m := &apigw.Method{Verb: "ANY", Integration: &apigw.Integration{Type: "AWS_PROXY", HTTPMethod: "POST",
		URI: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + fn + "/invocations"}}
	var live snapshot.Live
	live.Store(snapshot.Compile(snapshot.Input{
		Stages: []snapshot.StageInput{{Stage: apigw.Stage{API: "api0000001", Name: "dev", Deployment: "d"},
			Deployment: apigw.Deployment{ID: "d", Frozen: apigw.Definition{API: apigw.RestAPI{ID: "api0000001"},
				Resources: []apigw.Resource{{ID: "r", Path: "/{proxy+}", Methods: map[string]*apigw.Method{"ANY": m}}}}}}},
		Functions: []snapshot.FunctionInput{{ARN: fn, Config: &function.Config{},
			Permissions: []function.Permission{{Principal: "*", Action: "lambda:*"}}}},
	}, nil))
	calls = &recorder{}
	var x *exchange.Exchange
	c := edge.Config{
		Gateway: gateway.New(gateway.Config{Live: &live, Backends: integration.Backends{Functions: calls, Now: time.Now}, Now: time.Now,
			Record: func(e *exchange.Exchange, _ *exchange.Response, _ time.Duration) { x = e }}),
		Open: true, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}
	if edit != nil {
		edit(&c)
	}
	s := httptest.NewUnstartedServer(nil)
	s.Config = edge.NewServer(edge.New(c), c.Logger)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), calls, func() *exchange.Exchange { return x }
}

// send writes raw bytes and reads one answer.
func send(t *testing.T, addr, raw string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer to %.80q: %v", raw, err)
	}
	body, _ := io.ReadAll(resp.Body)
	return resp, string(body)
}

// TestRefusedAtTheDoor: what can be read in more than one way, or is too large, never reaches a function.
// Rows P7, P8, P10, F9, F11, F19 of our attack tables.
func TestRefusedAtTheDoor(t *testing.T) {
	addr, calls, _ := serve(t, nil)
	for _, c := range []struct {
		name, raw string
		status    int
	}{
		{"fragment in the path", "GET /dev/a#/../b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"dot segments", "GET /dev/a/../b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"encoded dot segments", "GET /dev/a/%2e%2e/b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 400},
		{"TRACE", "TRACE /dev/a HTTP/1.1\r\nHost: h\r\n\r\n", 403},
		{"lower-case verb", "get /dev/a HTTP/1.1\r\nHost: h\r\n\r\n", 403},
		{"no host", "GET /dev/a HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"two hosts", "GET /dev/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"bad length", "POST /dev/a HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello", 400},
		{"two lengths", "POST /dev/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
		{"bad chunk", "POST /dev/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400},
		{"unknown coding", "POST /dev/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
		{"long target", "GET /dev/" + strings.Repeat("a", 10_240) + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
		{"many headers", "GET /dev/a HTTP/1.1\r\nHost: h\r\nX-A: " + strings.Repeat("a", 10_240) + "\r\n\r\n", 431},
		{"declared body too large", "POST /dev/a HTTP/1.1\r\nHost: h\r\nContent-Length: 10485761\r\n\r\n", 413},
	} {
		resp, body := send(t, addr, c.raw)
		if resp.StatusCode != c.status {
			t.Errorf("%s: got %d %s, want %d", c.name, resp.StatusCode, body, c.status)
		}
	}
	if len(calls.events) != 0 {
		t.Errorf("%d refused requests reached the function: %s", len(calls.events), calls.events[0])
	}
}

// TestTooLarge: the 413 of API Gateway is plain text and cannot be customised [observed].
func TestTooLarge(t *testing.T) {
	addr, calls, _ := serve(t, nil)
	body := bytes.Repeat([]byte("a"), gateway.MaxBody+1)
	for _, chunked := range []bool{false, true} {
		var r io.Reader = bytes.NewReader(body)
		if chunked {
			r = io.MultiReader(r)
		}
		resp, err := http.Post("http://"+addr+"/dev/a", "text/plain", r)
		if err != nil {
			t.Errorf("chunked=%v: a caller that sends its whole body sees no answer: %v", chunked, err)
			continue
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 413 || string(got) != "HTTP content length exceeded 10485760 bytes." || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("chunked=%v: got %d %q %s", chunked, resp.StatusCode, got, resp.Header.Get("Content-Type"))
		}
	}
	if len(calls.events) != 0 {
		t.Error("a body over the limit reached the function")
	}
}

// TestTooLargeIsRead: a client that writes all before it reads gets the answer, not a reset connection.
func TestTooLargeIsRead(t *testing.T) {
	addr, _, _ := serve(t, nil)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	size := 2 * gateway.MaxBody
	fmt.Fprintf(conn, "POST /dev/a HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", size)
	if _, err := conn.Write(make([]byte, size)); err != nil {
		t.Fatal("while sending:", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 413 {
		t.Errorf("got %v, %v, want 413", resp, err)
	}
}

// TestAnswer checks the header lines of an answer byte for byte in their spelling [recorded].
func TestAnswer(t *testing.T) {
	addr, _, _ := serve(t, nil)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /dev/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	raw, _ := io.ReadAll(conn)
	for _, want := range []string{
		"HTTP/1.1 200 OK\r\n", "\r\nx-amzn-RequestId: ", "\r\nx-amz-apigw-id: ", "\r\nX-Amzn-Trace-Id: Root=1-",
		"\r\nContent-Type: application/json\r\n", "\r\nContent-Length: 5\r\n", "\r\nSet-Cookie: a=1\r\n", "\r\nSet-Cookie: b=2\r\n", "\r\nX-Many: a\r\n",
		"\r\n\r\nhello",
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("the answer lacks %q:\n%s", want, raw)
		}
	}
}

// TestContentTypeSpelling: a function header in any case replaces the default type [measured], and nothing
// guesses another one from the body.
func TestContentTypeSpelling(t *testing.T) {
	addr, calls, _ := serve(t, nil)
	for _, answer := range []string{
		`{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"<html>"}`,
		`{"statusCode":200,"multiValueHeaders":{"cOntent-tYpe":["text/plain"]},"body":"<html>"}`,
	} {
		calls.answer = answer
		resp, _ := send(t, addr, "GET /dev/a HTTP/1.1\r\nHost: h\r\n\r\n")
		if got, want := resp.Header.Values("Content-Type"), []string{"text/plain"}; !slices.Equal(got, want) {
			t.Errorf("%s: Content-Type %q, want %q", answer, got, want)
		}
	}
}

func TestRequestID(t *testing.T) {
	addr, _, _ := serve(t, nil)
	const mine = "11111111-2222-3333-4444-555555555555"
	for sent, keep := range map[string]bool{mine: true, "nonsense": false, mine + "0": false} {
		req, _ := http.NewRequest("GET", "http://"+addr+"/dev/a", nil)
		req.Header.Set("x-amzn-RequestId", sent)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got := resp.Header.Get("X-Amzn-Requestid")
		if (got == sent) != keep || len(got) != 36 {
			t.Errorf("sent %q, got %q", sent, got)
		}
		if ext := resp.Header.Get("X-Amz-Apigw-Id"); len(ext) != 16 || !strings.HasSuffix(ext, "=") {
			t.Errorf("x-amz-apigw-id = %q", ext)
		}
	}
}

// TestClientAddress: X-Forwarded-For is believed from listed proxies only, from the right (X1).
func TestClientAddress(t *testing.T) {
	for _, c := range []struct {
		trusted []string
		xff     []string
		want    string
	}{
		{nil, []string{"203.0.113.9"}, "127.0.0.1"},
		{[]string{"127.0.0.0/8"}, nil, "127.0.0.1"},
		{[]string{"127.0.0.0/8"}, []string{"203.0.113.9"}, "203.0.113.9"},
		{[]string{"127.0.0.0/8"}, []string{"10.0.0.1, 203.0.113.9"}, "203.0.113.9"},
		{[]string{"127.0.0.0/8"}, []string{"10.0.0.1", "203.0.113.9"}, "203.0.113.9"},
		{[]string{"127.0.0.0/8", "203.0.113.0/24"}, []string{"10.0.0.1, 203.0.113.9"}, "10.0.0.1"},
		{[]string{"127.0.0.0/8"}, []string{"203.0.113.9, garbage"}, "127.0.0.1"},
		{[]string{"127.0.0.0/8"}, []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
	} {
		addr, _, last := serve(t, func(e *edge.Config) {
			for _, p := range c.trusted {
				e.Trusted = append(e.Trusted, netip.MustParsePrefix(p))
			}
		})
		req, _ := http.NewRequest("GET", "http://"+addr+"/dev/a", nil)
		req.Header["X-Forwarded-For"] = c.xff
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := last().Request.Peer.String(); got != c.want {
			t.Errorf("trusted %v, X-Forwarded-For %q: peer %s, want %s", c.trusted, c.xff, got, c.want)
		}
	}
}

// TestForeignHost: a name under somebody else's control must not reach a loopback listener (C2).
func TestForeignHost(t *testing.T) {
	addr, calls, _ := serve(t, func(e *edge.Config) { e.AllowHost = func(h string) bool { return h == "localhost" } })
	if resp, _ := send(t, addr, "GET /dev/a HTTP/1.1\r\nHost: evil.test\r\n\r\n"); resp.StatusCode != 421 {
		t.Errorf("a foreign host got %d", resp.StatusCode)
	}
	if len(calls.events) != 0 {
		t.Error("a foreign host reached the function")
	}
}

func TestAbsoluteForm(t *testing.T) {
	addr, _, last := serve(t, nil)
	resp, _ := send(t, addr, "GET http://api0000001.execute-api.localhost/dev/a?x=1 HTTP/1.1\r\nHost: other\r\n\r\n")
	if resp.StatusCode != 200 || last().Request.Host != "api0000001.execute-api.localhost" || last().Request.RawPath != "/dev/a" {
		t.Errorf("got %d, host %q, path %q", resp.StatusCode, last().Request.Host, last().Request.RawPath)
	}
}

func TestHead(t *testing.T) {
	addr, _, _ := serve(t, nil)
	resp, body := send(t, addr, "HEAD /dev/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Length") != "5" || body != "" {
		t.Errorf("got %d, length %s, body %q", resp.StatusCode, resp.Header.Get("Content-Length"), body)
	}
}
