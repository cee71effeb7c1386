package lambdahost

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/function"
)

// wire is a connection that reads from a text and remembers what was written.
type wire struct {
	net.Conn
	in  io.Reader
	out strings.Builder
}

func (w *wire) Read(b []byte) (int, error)  { return w.in.Read(b) }
func (w *wire) Write(b []byte) (int, error) { return w.out.Write(b) }

func TestReadRequest(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		op         operation
		id         string
		length     int64
		last       bool
	}{
		{"poll", "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n", opNext, "", 0, false},
		{"bare line ends", "GET /2018-06-01/runtime/invocation/next HTTP/1.1\nHost: h\n\n", opNext, "", 0, false},
		{"old version", "GET /2018-06-01/runtime/invocation/next HTTP/1.0\r\n\r\n", opNext, "", 0, true},
		{"close", "GET /2018-06-01/ping HTTP/1.1\r\nConnection: Close\r\n\r\n", opPing, "", 0, true},
		{"response", "POST /2018-06-01/runtime/invocation/a-b/response HTTP/1.1\r\ncontent-LENGTH:  7 \r\n\r\n", opResponse, "a-b", 7, false},
		{"error", "POST /2018-06-01/runtime/invocation/a-b/error HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", opError, "a-b", -1, false},
		{"init error", "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 2\r\n\r\n", opInitError, "", 2, false},
		{"restore", "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n", opRestore, "", 0, false},
		{"extension", "POST /2020-01-01/extension/register HTTP/1.1\r\nContent-Length: 2\r\n\r\n", opUnknown, "", 2, false},
		{"slashes in the id", "POST /2018-06-01/runtime/invocation/../response HTTP/1.1\r\n\r\n", opResponse, "..", 0, false},
		{"wrong method", "PUT /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\n\r\n", opUnknown, "", 0, false},
		{"long field", "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nLambda-Runtime-Function-XRay-Error-Cause: " +
			strings.Repeat("x", 200<<10) + "\r\n\r\n", opNext, "", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newAPIConn(&wire{in: strings.NewReader(tt.text)})
			var q apiRequest
			if err := c.readRequest(&q); err != nil {
				t.Fatalf("readRequest: %v", err)
			}
			if q.op != tt.op || string(q.id) != tt.id || q.length != tt.length || q.last != tt.last {
				t.Errorf("got op %d id %q length %d last %v, want op %d id %q length %d last %v",
					q.op, q.id, q.length, q.last, tt.op, tt.id, tt.length, tt.last)
			}
			if c.r.Buffered() != 0 {
				t.Errorf("%d bytes left unread", c.r.Buffered())
			}
		})
	}
}

func TestReadRequestRefusals(t *testing.T) {
	const start = "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\n"
	for name, text := range map[string]string{
		"no HTTP":           "hello\r\n\r\n",
		"absolute target":   "GET http://h/2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n",
		"version":           "GET / HTTP/2.0\r\n\r\n",
		"negative length":   start + "Content-Length: -1\r\n\r\n",
		"signed length":     start + "Content-Length: +1\r\n\r\n",
		"two lengths":       start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"length and chunks": start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"other coding":      start + "Transfer-Encoding: gzip, chunked\r\n\r\n",
		"space before":      start + "Content-Length : 1\r\n\r\n",
		"folded line":       start + "A: b\r\n c\r\n\r\n",
		"no colon":          start + "Content-Length\r\n\r\n",
		"endless line":      start + "A: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n",
		"many lines":        start + strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", 1200) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := newAPIConn(&wire{in: strings.NewReader(text)})
			var q apiRequest
			if err := c.readRequest(&q); !errors.Is(err, errProtocol) {
				t.Errorf("got %v, want errProtocol", err)
			}
		})
	}
}

func TestReadChunks(t *testing.T) {
	const start = "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tt := range []struct {
		name, text, body, failure string
		broken                    bool
	}{
		{"two", "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", "abc0123456789", "", false},
		{"none", "0\r\n\r\n", "", "", false},
		{"failure", "1\r\na\r\n0\r\nLambda-Runtime-Function-Error-Type: X\r\nLambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n\r\n", "a", `{"a":1}`, false},
		{"size", "x\r\n", "", "", true},
		{"negative", "-1\r\n", "", "", true},
		{"end of chunk", "1\r\nab\r\n", "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newAPIConn(&wire{in: strings.NewReader(start + tt.text)})
			var q apiRequest
			if err := c.readRequest(&q); err != nil {
				t.Fatal(err)
			}
			body, big, failure, err := c.readBody(&q)
			if broken := err != nil; broken != tt.broken || big {
				t.Fatalf("error %v, too large %v", err, big)
			}
			if got := string(body) + "|" + string(failure); !tt.broken && got != tt.body+"|"+tt.failure {
				t.Errorf("got %q, want %q", got, tt.body+"|"+tt.failure)
			}
		})
	}
}

func TestExpectContinue(t *testing.T) {
	w := &wire{in: strings.NewReader("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")}
	c := newAPIConn(w)
	var q apiRequest
	if err := c.readRequest(&q); err != nil {
		t.Fatal(err)
	}
	if body, _, _, err := c.readBody(&q); err != nil || string(body) != "{}" {
		t.Errorf("body: got %q %v", body, err)
	}
	if got, want := w.out.String(), "HTTP/1.1 100 Continue\r\n\r\n"; got != want {
		t.Errorf("written: got %q, want %q", got, want)
	}
}

// An invocation is one block of bytes, and nothing in it can add a header line.
func TestWriteInvocation(t *testing.T) {
	w := &wire{}
	c := newAPIConn(w)
	c.answer("202 Accepted", accepted)
	inv := &function.Invocation{RequestID: "id", InvokedARN: "arn:a\r\nX: y", TraceID: "Root=1", ClientContext: []byte("{\n\"a\":\"ü\"}"), Payload: []byte(`{"e":1}`)}
	c.invocation(config("nodejs20.x", "h", "/"), inv, deadlineOf(1234))
	if err := c.send(inv.Payload); err != nil {
		t.Fatal(err)
	}
	want := "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n" +
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: id\r\n" +
		"Lambda-Runtime-Deadline-Ms: 1234\r\nLambda-Runtime-Invoked-Function-Arn: arn:aX: y\r\n" +
		"Lambda-Runtime-Trace-Id: Root=1\r\nLambda-Runtime-Client-Context: {\"a\":\"ü\"}\r\nContent-Length: 7\r\n\r\n{\"e\":1}"
	if d := cmp.Diff(w.out.String(), want); d != "" {
		t.Errorf("got - want +\n%s", d)
	}
}

func FuzzReadRequest(f *testing.F) {
	f.Add("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n")
	f.Add("POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
	f.Add("POST /2018-06-01/runtime/invocation/a/error HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := newAPIConn(&wire{in: strings.NewReader(text)})
		var q apiRequest
		for range 4 {
			if c.readRequest(&q) != nil {
				return
			}
			body, _, _, err := c.readBody(&q)
			if err != nil {
				return
			}
			if len(body) > len(text) {
				t.Fatalf("a body of %d bytes from %d", len(body), len(text))
			}
		}
	})
}
