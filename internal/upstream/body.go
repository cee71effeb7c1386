package upstream

import (
	"context"
	"io"
)

// content reads the body of a response from its connection.
type content struct {
	conn    *conn
	chunked bool
	left    int64 // of the body, or of the chunk; -1 is up to the end of the connection
	begun   bool  // a chunk was read before
	extra   int   // bytes of chunk extensions and trailers so far
	budget  int64 // what MaxBody leaves; negative is no bound
}

// maxExtra bounds chunk extensions and trailers, which are read and forgotten.
const maxExtra = 16 << 10

// body reads a body whole if it is small, and makes it a stream otherwise.
func (n *conn) body(resp *Response, f framing) error {
	cfg := &n.pool.client.cfg
	c := content{conn: n, chunked: f.chunked, left: f.length, budget: cfg.MaxBody}
	switch {
	case f.chunked:
		c.left = 0
	case f.length < 0:
		n.keep = false // the connection ends the body
	case c.budget >= 0 && f.length > c.budget:
		return violated("a body of %d bytes; the limit is %d", f.length, c.budget)
	case f.length == 0:
		return nil
	case f.length <= int64(cfg.Whole):
		resp.Length = f.length
		resp.Body = make([]byte, f.length)
		_, err := io.ReadFull(&c, resp.Body)
		return unexpected(err, true)
	default:
		resp.Length = f.length
		resp.Stream = &stream{content: c}
		return nil
	}
	b := make([]byte, 0, 2<<10)
	for {
		if len(b) == cap(b) {
			if len(b) >= cfg.Whole {
				resp.Length = -1
				resp.Stream = &stream{content: c, before: b}
				return nil
			}
			b = append(b, 0)[:len(b)]
		}
		got, err := c.Read(b[len(b):cap(b)])
		b = b[:len(b)+got]
		if err == io.EOF {
			resp.Body, resp.Length = b, int64(len(b))
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Read reads the next part of the body. io.EOF is the proper end and nothing else.
func (c *content) Read(b []byte) (int, error) {
	if c.left == 0 {
		if !c.chunked {
			return 0, io.EOF
		}
		if err := c.chunk(); err != nil {
			return 0, err
		}
	}
	if c.left >= 0 && int64(len(b)) > c.left {
		b = b[:c.left]
	}
	n := c.conn
	got, err := 0, error(nil)
	if n.r < n.w {
		got = copy(b, (*n.buf)[n.r:n.w])
		n.r += got
	} else {
		got, err = n.net.Read(b)
	}
	if got > 0 {
		n.answered = true
		err = nil // it comes again
	}
	if c.left >= 0 {
		c.left -= int64(got)
		err = unexpected(err, true)
	}
	if c.budget >= 0 {
		if int64(got) > c.budget {
			return 0, violated("the body is longer than %d bytes", n.pool.client.cfg.MaxBody)
		}
		c.budget -= int64(got)
	}
	return got, err
}

// chunk reads the line before a chunk, and the end of the one before it; after the last one, the trailers.
func (c *content) chunk() error {
	n := c.conn
	if c.begun {
		l, err := n.line(1, "chunk")
		if err != nil {
			return unexpected(err, true)
		}
		if len(l) > 0 {
			return violated("a chunk is longer than its size says")
		}
	}
	c.begun = true
	l, err := n.line(1<<10, "chunk size")
	if err != nil {
		return unexpected(err, true)
	}
	size, ok := c.size(l)
	if !ok {
		return violated("chunk size %.40q", l)
	}
	if c.left = size; size > 0 {
		return nil
	}
	for {
		l, err := n.line(4<<10, "trailer")
		if err != nil {
			return unexpected(err, true)
		}
		if len(l) == 0 {
			c.chunked = false // left is 0: this is the end
			return io.EOF
		}
		if _, _, ok := parseField(string(l)); !ok {
			return violated("trailer line %.60q", l)
		}
		if c.extra += len(l); c.extra > maxExtra {
			return violated("more than %d bytes of trailers", maxExtra)
		}
	}
}

// size reads 1 to 15 hexadecimal digits and, after a semicolon, extensions.
func (c *content) size(l []byte) (size int64, ok bool) {
	i := 0
	for ; i < len(l) && i < 16; i++ {
		d := l[i]
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d|0x20 && d|0x20 <= 'f':
			d = d | 0x20 - 'a' + 10
		default:
			d = 16
		}
		if d == 16 {
			break
		}
		size = size<<4 | int64(d)
	}
	if i == 0 || i == 16 {
		return 0, false
	}
	if i < len(l) {
		c.extra += len(l) - i
		if l[i] != ';' || !isValue(string(l[i:])) || c.extra > maxExtra {
			return 0, false
		}
	}
	return size, true
}

// stream is a body that is read by the caller.
type stream struct {
	content
	before []byte // was read already
	err    error  // the end of the stream, once it is known
	ctx    context.Context
	call   *Request
}

// Read implements io.Reader. Errors are of type *Error.
func (s *stream) Read(b []byte) (int, error) {
	if len(s.before) > 0 {
		n := copy(b, s.before)
		s.before = s.before[n:]
		return n, nil
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.content.Read(b)
	if err != nil {
		s.end(err)
		err = s.err
	}
	return n, err
}

// Close implements io.Closer. A body that was not read to its end costs the connection.
func (s *stream) Close() error {
	s.before = nil
	if s.err == nil {
		s.end(io.ErrClosedPipe)
	}
	return nil
}

func (s *stream) end(err error) {
	s.err = err
	if err != io.EOF && err != io.ErrClosedPipe {
		s.err = fail(classify(s.ctx, err, Lost), s.call, err)
	}
	s.conn.finish(err == io.EOF)
}
