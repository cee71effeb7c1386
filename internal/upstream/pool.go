package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// pool is the connections to one target.
type pool struct {
	client *Client
	target Target
	tls    *tls.Config // nil for http
	// users are the calls that hold this pool; one without users may be forgotten.
	users atomic.Int64
	// slots holds one entry for each call under way.
	slots chan struct{}

	mu     sync.Mutex
	idle   []*conn // the last one was used last
	closed bool
}

func newPool(c *Client, t Target) *pool {
	p := &pool{client: c, target: t, slots: make(chan struct{}, c.cfg.PerTarget)}
	if t.TLS {
		p.tls = c.tls.Clone()
		if t.Insecure {
			p.tls.InsecureSkipVerify = true
			p.tls.ClientSessionCache = nil // an unverified session resumes nothing else
		}
		p.tls.ServerName, _, _ = net.SplitHostPort(t.Address)
	}
	return p
}

// enter takes a slot and waits for one if there is none.
func (p *pool) enter(ctx context.Context, deadline time.Time) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	wait := time.NewTimer(time.Until(deadline))
	defer wait.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-wait.C:
		return os.ErrDeadlineExceeded
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pool) exit() { <-p.slots }

// get returns a connection: an idle one unless fresh is asked for, else a new one. Idle ones are looked at
// first: one that was closed would lose a call, and one that has something to read would answer the next
// caller with it.
func (p *pool) get(ctx context.Context, deadline time.Time, fresh bool) (*conn, error) {
	now := time.Now()
	for !fresh {
		n := p.pop()
		if n == nil {
			break
		}
		if now.Sub(n.since) > p.client.cfg.IdleFor || !n.alive() {
			n.net.Close()
			continue
		}
		n.reused = true
		return n, nil
	}
	return p.dial(ctx, now, deadline)
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	n := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return n
}

// put keeps a connection for later, if there is room.
func (p *pool) put(n *conn) {
	n.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= p.client.cfg.Idle {
		n.net.Close()
		return
	}
	p.idle = append(p.idle, n)
}

// dial makes a new connection.
func (p *pool) dial(ctx context.Context, now, deadline time.Time) (*conn, error) {
	if limit := now.Add(p.client.cfg.Connect); limit.Before(deadline) {
		deadline = limit
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	raw, err := p.client.dialer.DialContext(ctx, "tcp", p.target.Address)
	if err != nil {
		return nil, err
	}
	n := &conn{pool: p, net: raw, tcp: raw}
	if p.tls == nil {
		return n, nil
	}
	secure := tls.Client(raw, p.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		raw.Close()
		if isTimeout(err) || errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, handshake{err}
	}
	n.net = secure
	return n, nil
}

// reap closes the connections that have been idle since before t and reports whether none is left.
func (p *pool) reap(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && p.idle[old].since.Before(t) {
		p.idle[old].net.Close()
		old++
	}
	p.idle = append(p.idle[:0], p.idle[old:]...)
	return len(p.idle) == 0
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, n := range p.idle {
		n.net.Close()
	}
	p.idle = nil
}
