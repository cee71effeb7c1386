package upstream

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

const (
	// concurrent is from which size on a body is sent while the response is read: a back end may answer
	// before it has read everything, and may stop reading.
	concurrent = 64 << 10
	// maxInterim is how many 1xx responses are skipped.
	maxInterim = 10
)

// conn is a connection and what is under way on it.
type conn struct {
	pool *pool
	net  net.Conn
	tcp  net.Conn // below TLS
	// since is when it became idle; reused that it was idle before this call.
	since  time.Time
	reused bool

	// Of the call under way:
	buf      *[]byte // read buffer, nil when idle
	r, w     int     // what is in it
	answered bool    // a byte of the response was read
	keep     bool    // the response allows another call
	uncancel func() bool
	writing  chan error // a body is being sent

	// What alive needs, kept so that asking allocates nothing.
	raw  syscall.RawConn
	peek func(uintptr)
	open bool
	one  [1]byte
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// roundTrip sends a request and reads the response. When it returns an error, the caller calls finish;
// otherwise that is done, or Stream does it.
func (n *conn) roundTrip(ctx context.Context, deadline time.Time, r *Request, head []byte) (*Response, error) {
	n.answered, n.keep = false, false
	if err := n.net.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if ctx.Done() != nil {
		n.uncancel = context.AfterFunc(ctx, func() { n.net.SetDeadline(past) })
	}
	if n.buf == nil {
		n.buf = n.pool.client.bufs.Get().(*[]byte)
		n.r, n.w = 0, 0
	}
	sent := n.send(r.Body, head)
	if sent != nil && isTimeout(sent) {
		return nil, sent
	}
	resp := new(Response)
	if err := n.read(resp, r.Method); err != nil {
		if sent != nil && !n.answered {
			err = sent // the back end closed while we wrote, and had nothing to say
		}
		return nil, err
	}
	if sent != nil {
		n.keep = false
	}
	if s, ok := resp.Stream.(*stream); ok {
		s.ctx, s.call = ctx, r
	} else {
		n.finish(true)
	}
	return resp, nil
}

// send writes the request. A large body is written by a goroutine that finish waits for.
func (n *conn) send(body, head []byte) error {
	if _, err := n.net.Write(head); err != nil {
		return err
	}
	if len(body) <= inline {
		return nil // it was part of head
	}
	if len(body) <= concurrent {
		_, err := n.net.Write(body)
		return err
	}
	n.writing = make(chan error, 1)
	go func() {
		_, err := n.net.Write(body)
		n.writing <- err
	}()
	return nil
}

// finish ends the call: the connection is kept if it may be, else closed.
func (n *conn) finish(complete bool) {
	keep := complete && n.keep && n.r == n.w // a byte too many is the beginning of somebody's trick
	if n.writing != nil {
		select {
		case err := <-n.writing:
			keep = keep && err == nil
		default:
			keep = false
			n.net.SetDeadline(past)
			<-n.writing
		}
		n.writing = nil
	}
	if n.uncancel != nil && !n.uncancel() {
		keep = false // the deadline is being moved at this moment
	}
	n.uncancel = nil
	if n.buf != nil {
		if len(*n.buf) <= 16<<10 {
			n.pool.client.bufs.Put(n.buf)
		}
		n.buf = nil
	}
	p := n.pool
	if keep {
		p.put(n)
	} else {
		n.net.Close()
	}
	p.exit()
	p.client.leave(p)
}

// fill reads more into the buffer, which it makes larger when it is full.
func (n *conn) fill() error {
	b := *n.buf
	switch {
	case n.r == n.w:
		n.r, n.w = 0, 0
	case n.w == len(b) && n.r > 0:
		n.w = copy(b, b[n.r:n.w])
		n.r = 0
	case n.w == len(b):
		b = append(b, make([]byte, len(b))...)
		*n.buf = b
	}
	got, err := n.net.Read(b[n.w:])
	n.w += got
	if got > 0 {
		n.answered = true
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// line reads up to CRLF and returns what is before it, which is valid until the next fill. A line end of
// any other form is refused: back ends and their proxies disagree on what it means.
func (n *conn) line(limit int, what string) ([]byte, error) {
	for scanned := 0; ; {
		b := (*n.buf)[n.r:n.w]
		if i := bytes.IndexByte(b[scanned:], '\n'); i >= 0 {
			end := scanned + i
			if end == 0 || b[end-1] != '\r' {
				return nil, violated("a line of the %s ends without CR", what)
			}
			if bytes.IndexByte(b[:end-1], '\r') >= 0 {
				return nil, violated("a line of the %s has a CR inside", what)
			}
			if end-1 > limit {
				return nil, violated("a line of the %s is longer than %d bytes", what, limit)
			}
			n.r += end + 1
			return b[:end-1], nil
		}
		if scanned = len(b); scanned > limit {
			return nil, violated("a line of the %s is longer than %d bytes", what, limit)
		}
		if err := n.fill(); err != nil {
			return nil, unexpected(err, n.answered)
		}
	}
}

// unexpected turns the end of a connection inside a message into an error of its own.
func unexpected(err error, inside bool) error {
	if err == io.EOF && inside {
		return io.ErrUnexpectedEOF
	}
	return err
}

// read reads the response that counts, after those that do not.
func (n *conn) read(resp *Response, method string) error {
	for range maxInterim + 1 {
		f, err := n.head(resp)
		if err != nil {
			return err
		}
		switch {
		case resp.Status == 101:
			return violated("the back end switches protocols, which nobody asked for")
		case resp.Status < 200:
			if f.chunked || f.length > 0 {
				return violated("a response %d with a body", resp.Status)
			}
			continue
		case resp.Status == 204 && (f.chunked || f.length > 0):
			return violated("a response 204 with a body")
		}
		n.keep = f.keep
		if method == "HEAD" || resp.Status == 204 || resp.Status == 304 {
			return nil
		}
		return n.body(resp, f)
	}
	return violated("more than %d interim responses", maxInterim)
}

// framing is what the head says about the body and the connection.
type framing struct {
	length  int64 // -1 if it is not given
	chunked bool
	keep    bool
}

// head reads a status line and header.
func (n *conn) head(resp *Response) (framing, error) {
	text, err := n.headText()
	if err != nil {
		return framing{}, err
	}
	status, text, _ := strings.Cut(text, "\r\n")
	f := framing{length: -1}
	if resp.Status, f.keep, err = parseStatus(status); err != nil {
		return f, err
	}
	resp.Header = resp.fields[:0]
	coded := false
	for text != "" {
		var l string
		l, text, _ = strings.Cut(text, "\r\n")
		name, value, ok := parseField(l)
		if !ok {
			return f, violated("header line %.60q", l)
		}
		resp.Header = append(resp.Header, Field{Name: name, Value: value})
		switch len(name) {
		case 10:
			if equalFold(name, "connection") && hasToken(value, "close") {
				f.keep = false
			}
		case 14:
			if !equalFold(name, "content-length") {
				break
			}
			if f.length >= 0 {
				return f, violated("two Content-Length")
			}
			if f.length, ok = parseLength(value); !ok {
				return f, violated("Content-Length %.40q", value)
			}
		case 17:
			if !equalFold(name, "transfer-encoding") {
				break
			}
			if coded || !equalFold(value, "chunked") {
				return f, violated("Transfer-Encoding %.40q", value)
			}
			coded = true
		}
	}
	f.chunked = coded
	switch {
	case coded && f.length >= 0:
		return f, violated("Transfer-Encoding and Content-Length")
	case coded && strings.HasPrefix(status, "HTTP/1.0"):
		return f, violated("Transfer-Encoding in HTTP/1.0")
	}
	return f, nil
}

// headText reads up to the empty line and returns all lines before it as one string.
func (n *conn) headText() (string, error) {
	limit := n.pool.client.cfg.MaxHeader
	for scanned := 0; ; { // from r on
		b := (*n.buf)[n.r:n.w]
		for {
			i := bytes.IndexByte(b[scanned:], '\n')
			if i < 0 {
				break
			}
			end := scanned + i
			if end == 0 || b[end-1] != '\r' {
				return "", violated("a line of the head ends without CR")
			}
			if end == scanned+1 { // an empty line
				if scanned == 0 {
					return "", violated("an empty line before the status")
				}
				if scanned > limit {
					return "", violated("the head is longer than %d bytes", limit)
				}
				text := string(b[:scanned])
				n.r += end + 1
				return text, nil
			}
			scanned = end + 1
		}
		if len(b) > limit {
			return "", violated("the head is longer than %d bytes", limit)
		}
		if err := n.fill(); err != nil {
			return "", unexpected(err, len(b) > 0)
		}
	}
}

// parseStatus reads "HTTP/1.1 200 OK"; keep is whether the version allows another call by default.
func parseStatus(l string) (status int, keep bool, err error) {
	rest, ok := strings.CutPrefix(l, "HTTP/1.1 ")
	keep = ok
	if !ok {
		rest, ok = strings.CutPrefix(l, "HTTP/1.0 ")
	}
	if !ok || len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' || !isValue(rest) {
		return 0, false, violated("status line %.60q", l)
	}
	for i := range 3 {
		c := rest[i]
		if c < '0' || c > '9' {
			return 0, false, violated("status line %.60q", l)
		}
		status = status*10 + int(c-'0')
	}
	if status < 100 {
		return 0, false, violated("status line %.60q", l)
	}
	return status, keep, nil
}

// parseField reads one line of the header. A line that begins with white space would continue the one
// before it (obs-fold); that has no place in a response.
func parseField(l string) (name, value string, ok bool) {
	i := strings.IndexByte(l, ':')
	if i <= 0 || !isToken(l[:i]) {
		return "", "", false
	}
	value = strings.Trim(l[i+1:], " \t")
	return l[:i], value, isValue(value)
}

// parseLength reads a Content-Length: digits and nothing else.
func parseLength(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 {
		return -1, false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '0' || c > '9' {
			return -1, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// hasToken looks for a token in a comma-separated list.
func hasToken(list, want string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if equalFold(strings.Trim(t, " \t"), want) {
			return true
		}
	}
	return false
}
