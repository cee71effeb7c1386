package lambdahost

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strconv"

	"gatehouse/internal/function"
	"gatehouse/internal/gateway/exchange"
)

// errProtocol ends a connection whose client does not speak HTTP/1.1 as RFC 9112 has it.
var errProtocol = errors.New("malformed HTTP request")

// maxHeader bounds the header of one request. Runtime clients send the X-Ray cause of an error, up to
// 1 MB of JSON, in a header field.
const maxHeader = 1<<20 + 64<<10

// apiConn is one connection of a runtime to its Runtime API: buffered, sequential, HTTP/1.1.
//
// Answers are collected in out and leave in one write, so that a client which sends its response and
// its next poll together (our bootstraps do) costs one read and one write per invocation.
type apiConn struct {
	net.Conn
	r   *bufio.Reader
	out []byte
	// sent is signalled when the invocation that a parked poll waited for has been written.
	sent chan struct{}
}

func newAPIConn(c net.Conn) *apiConn {
	return &apiConn{Conn: c, r: bufio.NewReaderSize(c, 16<<10), sent: make(chan struct{}, 1)}
}

// flush writes what was collected.
func (c *apiConn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.Write(c.out)
	c.out = c.out[:0]
	return err
}

// operation is what a request asks for.
type operation uint8

const (
	opUnknown operation = iota
	opPing
	opNext
	opResponse
	opError
	opInitError
	opRestore
)

// apiRequest is the header of one request, parsed in place.
type apiRequest struct {
	op operation
	// id is the request id in the path of opResponse and opError; it may be any text.
	id []byte
	// length is the Content-Length, or -1 for a chunked body.
	length    int64
	expect    bool
	last      bool
	streaming bool
	badMode   bool
	errorType string
}

// readRequest reads one header. The id of the result is valid until the next call.
func (c *apiConn) readRequest(q *apiRequest) error {
	*q = apiRequest{id: q.id[:0]}
	line, err := c.readLine()
	if err != nil {
		return err
	}
	if err := q.parseStart(line); err != nil {
		return err
	}
	seenLength, chunked := false, false
	for total := 0; ; {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		if total += len(line); total > maxHeader {
			return errProtocol
		}
		name, value, ok := cutField(line)
		if !ok {
			return errProtocol
		}
		switch {
		case fold(name, "content-length"):
			n, err := strconv.ParseUint(string(value), 10, 62)
			if err != nil || seenLength {
				return errProtocol
			}
			seenLength, q.length = true, int64(n)
		case fold(name, "transfer-encoding"):
			if !fold(value, "chunked") || chunked {
				return errProtocol
			}
			chunked = true
		case fold(name, "expect"):
			q.expect = fold(value, "100-continue")
		case fold(name, "connection"):
			q.last = q.last || fold(value, "close")
		case fold(name, "lambda-runtime-function-error-type"):
			q.errorType = string(value)
		case fold(name, "lambda-runtime-function-response-mode"):
			q.streaming = string(value) == "streaming"
			q.badMode = !q.streaming
		}
	}
	if chunked {
		if seenLength {
			return errProtocol
		}
		q.length = -1
	}
	return nil
}

// parseStart understands the request line.
func (q *apiRequest) parseStart(line []byte) error {
	method, rest, ok := cut(line, ' ')
	target, version, ok2 := cut(rest, ' ')
	if !ok || !ok2 || len(target) == 0 || target[0] != '/' {
		return errProtocol
	}
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		q.last = true
	default:
		return errProtocol
	}
	const prefix = "/2018-06-01/"
	if len(target) < len(prefix) || string(target[:len(prefix)]) != prefix {
		return nil
	}
	path := target[len(prefix):]
	switch string(method) {
	case "GET":
		switch string(path) {
		case "runtime/invocation/next":
			q.op = opNext
		case "runtime/restore/next":
			q.op = opRestore
		case "ping":
			q.op = opPing
		}
	case "POST":
		const invocation = "runtime/invocation/"
		switch {
		case string(path) == "runtime/init/error":
			q.op = opInitError
		case string(path) == "runtime/restore/error":
			q.op = opRestore
		case len(path) > len(invocation) && string(path[:len(invocation)]) == invocation:
			id, verb, _ := cut(path[len(invocation):], '/')
			q.id = append(q.id, id...)
			switch string(verb) {
			case "response":
				q.op = opResponse
			case "error":
				q.op = opError
			}
		}
	}
	return nil
}

// readLine returns the next line without its end. A line longer than the buffer is returned cut: the
// only such lines are X-Ray causes, which nobody reads.
func (c *apiConn) readLine() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line = append([]byte(nil), line[:128]...)
		for skipped := 0; err == bufio.ErrBufferFull && skipped < maxHeader; {
			var more []byte
			more, err = c.r.ReadSlice('\n')
			skipped += len(more)
		}
	}
	if err == bufio.ErrBufferFull {
		return nil, errProtocol
	}
	if err != nil {
		return nil, err
	}
	line = line[:len(line)-min(1, len(line))]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// buffered reports whether a whole request header has been received already.
func (c *apiConn) buffered() bool {
	b, _ := c.r.Peek(c.r.Buffered())
	for i := 0; i+3 < len(b); i++ {
		if b[i] == '\r' && b[i+1] == '\n' && b[i+2] == '\r' && b[i+3] == '\n' {
			return true
		}
	}
	return false
}

// readBody reads the body of q. tooLarge is true when it has more than function.MaxPayload bytes; the
// rest is then read and forgotten, so that the connection stays usable. failure is the body of an
// error that a streaming runtime reported in the trailers.
func (c *apiConn) readBody(q *apiRequest) (body []byte, tooLarge bool, failure []byte, err error) {
	if q.expect {
		c.out = append(c.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
		if err := c.flush(); err != nil {
			return nil, false, nil, err
		}
	}
	if q.length < 0 {
		return c.readChunks()
	}
	if q.length > function.MaxPayload {
		_, err := io.CopyN(io.Discard, c.r, q.length)
		return nil, true, nil, err
	}
	body = make([]byte, q.length)
	_, err = io.ReadFull(c.r, body)
	return body, false, nil, err
}

// readChunks reads a chunked body and its trailers (RFC 9112, 7.1).
func (c *apiConn) readChunks() (body []byte, tooLarge bool, failure []byte, err error) {
	for {
		line, err := c.readLine()
		if err != nil {
			return nil, false, nil, err
		}
		size, _, _ := cut(line, ';')
		n, err := strconv.ParseUint(string(trim(size)), 16, 62)
		if err != nil {
			return nil, false, nil, errProtocol
		}
		if n == 0 {
			break
		}
		if tooLarge = tooLarge || int64(n) > int64(function.MaxPayload-len(body)); tooLarge {
			body = nil
			_, err = io.CopyN(io.Discard, c.r, int64(n))
		} else {
			start := len(body)
			body = append(body, make([]byte, n)...)
			_, err = io.ReadFull(c.r, body[start:])
		}
		if err != nil {
			return nil, false, nil, err
		}
		if line, err = c.readLine(); err != nil || len(line) != 0 {
			return nil, false, nil, errProtocol
		}
	}
	for {
		line, err := c.readLine()
		if err != nil {
			return nil, false, nil, err
		}
		if len(line) == 0 {
			return body, tooLarge, failure, nil
		}
		if name, value, ok := cutField(line); ok && fold(name, "lambda-runtime-function-error-body") {
			failure = decodeTrailer(value)
		}
	}
}

// answer collects a JSON answer.
func (c *apiConn) answer(status, body string) {
	c.out = append(c.out, "HTTP/1.1 "...)
	c.out = append(c.out, status...)
	c.out = append(c.out, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
}

// field collects one header line, leaving out what could end the line early.
func (c *apiConn) field(name, value string) {
	c.out = append(c.out, name...)
	c.out = append(c.out, ": "...)
	for i := 0; i < len(value); i++ {
		if b := value[i]; b >= ' ' && b != 0x7f || b == '\t' {
			c.out = append(c.out, b)
		}
	}
	c.out = append(c.out, "\r\n"...)
}

// send writes what was collected, and the payload after it, in one write.
func (c *apiConn) send(payload []byte) error {
	if len(payload) <= 16<<10 {
		c.out = append(c.out, payload...)
		return c.flush()
	}
	both := net.Buffers{c.out, payload}
	_, err := both.WriteTo(c.Conn)
	c.out = c.out[:0]
	return err
}

// fold compares a name with a lower-case one, without case, in ASCII only.
func fold(name []byte, lower string) bool {
	return len(name) == len(lower) && exchange.EqualASCIIFold(string(name), lower)
}

// cut splits at the first separator.
func cut(b []byte, sep byte) (before, after []byte, found bool) {
	for i := range b {
		if b[i] == sep {
			return b[:i], b[i+1:], true
		}
	}
	return b, nil, false
}

// cutField splits a header line. White space before the colon is refused (RFC 9112, 5.1).
func cutField(line []byte) (name, value []byte, ok bool) {
	name, value, ok = cut(line, ':')
	if !ok || len(name) == 0 || name[0] == ' ' || name[0] == '\t' || name[len(name)-1] == ' ' || name[len(name)-1] == '\t' {
		return nil, nil, false
	}
	return name, trim(value), true
}

// trim removes optional white space (RFC 9110, 5.6.3).
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
