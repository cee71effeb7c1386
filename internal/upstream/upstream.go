// Package upstream calls HTTP back ends: integrations of type HTTP and HTTP_PROXY.
//
// It owns connections: dialling within the egress rules, pools, deadlines, and a strict reading of
// HTTP/1.1 responses (RFC 9112). It does not know what an integration is, which headers are forwarded or
// renamed, nor what a failure becomes for the caller; errors say of which kind they are.
//
// It is small because it leaves out what a gateway must not do: no redirects are followed, no environment
// names a proxy, nothing is compressed or decompressed, no cookies are kept, no header is invented but
// Host and the framing. A response that can be read in two ways is refused and its connection closed, so
// that no byte of it can reach the next caller.
package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"gatehouse/internal/gateway/exchange"
)

// Doer makes one call.
type Doer interface {
	Do(ctx context.Context, r *Request) (*Response, error)
}

var _ Doer = (*Client)(nil)

// Field is one header line.
type Field = exchange.Field

// Target is where a call goes. Calls with equal targets share connections.
type Target struct {
	// TLS is https.
	TLS bool
	// Address is host:port; the host is a name or an address, in brackets if it is IPv6.
	Address string
	// Insecure accepts any certificate. It has a meaning for https only.
	Insecure bool
}

// Request is a call to make.
type Request struct {
	Target Target
	Method string
	// Host is the Host header; the name in Address if it is empty.
	Host string
	// Path is path and query as they go out; it begins with a slash, or is "*".
	Path string
	// Header is sent in order. What belongs to the connection is made here: Host, Content-Length,
	// Transfer-Encoding, Connection, Keep-Alive, Proxy-Connection, TE, Trailer, Upgrade and Expect are not
	// sent from it.
	Header []Field
	// Body must not change before the response was read.
	Body []byte
	// Timeout bounds the call with its body; zero is the client's Total. A nearer deadline of the context comes
	// first.
	Timeout time.Duration
}

// Response is what came back. Either Body holds the whole content, or Stream gives it and must be closed.
type Response struct {
	Status int
	// Header has the lines as they came, without white space around the values.
	Header []Field
	Body   []byte
	Stream io.ReadCloser
	// Length is the size of the content, -1 if it is not known yet; 0 for HEAD, whatever the header says.
	Length int64

	fields [16]Field // where Header begins
}

// Config is what a Client may be told. The zero value is usable.
type Config struct {
	Egress Egress
	// Roots verifies back ends; nil is the system's roots.
	Roots *x509.CertPool
	// Connect bounds dialling and the TLS handshake, 5 s if it is zero. Total bounds a call with its body,
	// 30 s; a deadline of the context that is nearer comes first.
	Connect, Total time.Duration
	// PerTarget is how many connections a target may have, 256 if it is zero; more calls wait. Idle is how
	// many of them are kept for later, 64; IdleFor is for how long, 50 s.
	PerTarget, Idle int
	IdleFor         time.Duration
	// MaxHeader bounds the head of a response in bytes, 64 KiB if it is zero.
	MaxHeader int
	// Whole is up to which size a body is read at once, 64 KiB if it is zero; larger ones are streamed.
	Whole int
	// MaxBody bounds a body, 10 MiB if it is zero, as AWS does; -1 is no bound.
	MaxBody int64
}

// Client makes calls over pooled connections.
type Client struct {
	cfg    Config
	dialer net.Dialer
	egress egress
	tls    *tls.Config // for verified targets; insecure ones get a copy
	bufs   sync.Pool   // *[]byte, read buffers
	heads  sync.Pool   // *[]byte, request heads

	mu     sync.RWMutex
	pools  map[Target]*pool
	closed bool

	stop chan struct{}
	done sync.WaitGroup
}

// New makes a client; Close it at the end.
func New(cfg Config) *Client {
	defaults(&cfg)
	c := &Client{
		cfg:    cfg,
		egress: egress{rules: cfg.Egress},
		tls:    &tls.Config{RootCAs: cfg.Roots, NextProtos: []string{"http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		pools:  make(map[Target]*pool),
		stop:   make(chan struct{}),
	}
	c.dialer = net.Dialer{ControlContext: c.egress.control}
	c.bufs.New = func() any { b := make([]byte, 4<<10); return &b }
	c.heads.New = func() any { b := make([]byte, 0, 2<<10); return &b }
	c.done.Go(c.reap)
	return c
}

func defaults(cfg *Config) {
	set(&cfg.Connect, 5*time.Second)
	set(&cfg.Total, 30*time.Second)
	set(&cfg.PerTarget, 256)
	set(&cfg.Idle, 64)
	set(&cfg.IdleFor, 50*time.Second)
	set(&cfg.MaxHeader, 64<<10)
	set(&cfg.Whole, 64<<10)
	set(&cfg.MaxBody, 10<<20)
}

func set[T comparable](v *T, byDefault T) {
	var zero T
	if *v == zero {
		*v = byDefault
	}
}

// Protect adds addresses of our own that no call may reach: control ports. An unspecified address stands
// for its port on every address of this machine.
func (c *Client) Protect(own ...netip.AddrPort) { c.egress.protect(own) }

// Close closes the idle connections and refuses further calls. Calls under way go on.
func (c *Client) Close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	pools := c.pools
	c.pools = nil
	c.mu.Unlock()
	close(c.stop)
	for _, p := range pools {
		p.close()
	}
	c.done.Wait()
}

// Do makes a call and reads the head of the response and, up to a size, the body. The error is an *Error.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	head := c.heads.Get().(*[]byte)
	defer func() {
		if cap(*head) <= 64<<10 {
			*head = (*head)[:0]
			c.heads.Put(head)
		}
	}()
	var err error
	if *head, err = appendHead((*head)[:0], r); err != nil {
		return nil, fail(Invalid, r, err)
	}
	total := c.cfg.Total
	if r.Timeout > 0 {
		total = min(total, r.Timeout)
	}
	deadline := time.Now().Add(total)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	p, err := c.pool(r.Target)
	if err != nil {
		return nil, fail(Connect, r, err)
	}
	if err := p.enter(ctx, deadline); err != nil {
		c.leave(p)
		return nil, fail(classify(ctx, err, Timeout), r, err)
	}
	for fresh := false; ; fresh = true {
		n, err := p.get(ctx, deadline, fresh)
		if err != nil {
			p.exit()
			c.leave(p)
			return nil, fail(classify(ctx, err, Connect), r, err)
		}
		resp, err := n.roundTrip(ctx, deadline, r, *head)
		if err == nil {
			return resp, nil
		}
		reused, silent := n.reused, !n.answered
		n.finish(false)
		// The back end may close an idle connection at the very moment when it is used again. Then nothing
		// was answered, and what can be sent twice is sent once more.
		if reused && silent && replayable(r.Method) && isLost(err) && ctx.Err() == nil {
			if p, err = c.pool(r.Target); err != nil {
				return nil, fail(Connect, r, err)
			}
			if err := p.enter(ctx, deadline); err != nil {
				c.leave(p)
				return nil, fail(classify(ctx, err, Timeout), r, err)
			}
			continue
		}
		return nil, fail(classify(ctx, err, Lost), r, err)
	}
}

// replayable reports whether a call may be made twice (idempotent methods, RFC 9110 9.2.2).
func replayable(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return false
}

// pool returns the connections of a target and counts the caller as a user of them.
func (c *Client) pool(t Target) (*pool, error) {
	c.mu.RLock()
	p, closed := c.pools[t], c.closed
	if p != nil {
		p.users.Add(1)
	}
	c.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	if closed {
		return nil, net.ErrClosed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, net.ErrClosed
	}
	if p = c.pools[t]; p == nil {
		p = newPool(c, t)
		c.pools[t] = p
	}
	p.users.Add(1)
	return p, nil
}

func (c *Client) leave(p *pool) { p.users.Add(-1) }

// reap closes what has been idle for too long, and forgets targets that nobody uses any more.
func (c *Client) reap() {
	tick := time.NewTicker(max(c.cfg.IdleFor/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-c.stop:
			return
		case now := <-tick.C:
			c.mu.Lock()
			for t, p := range c.pools {
				if p.reap(now.Add(-c.cfg.IdleFor)) && p.users.Load() == 0 {
					delete(c.pools, t)
				}
			}
			c.mu.Unlock()
		}
	}
}
