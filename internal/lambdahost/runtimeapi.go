package lambdahost

import (
	"net"
	"net/netip"
	"strconv"
	"time"

	"gatehouse/internal/function"
)

// maxConns bounds the connections of one environment. Runtimes need one or two.
const maxConns = 16

// The answers of the Runtime API, byte for byte [runtime emulator].
const (
	accepted      = "{\"status\":\"OK\"}\n"
	invalidID     = `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}` + "\n"
	invalidMode   = `{"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}` + "\n"
	entityTooBig  = `{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}` + "\n"
	notFoundError = "404 page not found\n"
)

// accept serves the connections of the environment's processes.
func (e *environment) accept() {
	for {
		nc, err := e.listener.Accept()
		if err != nil {
			select {
			case <-e.gone:
				return
			default:
			}
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				continue
			}
			if e.isIn(dead) {
				return
			}
			time.Sleep(5 * time.Millisecond) // out of file descriptors
			continue
		}
		c := newAPIConn(nc)
		e.mu.Lock()
		full := e.state == dead || len(e.conns) >= maxConns
		if !full {
			e.conns[c] = struct{}{}
		}
		e.mu.Unlock()
		if full {
			_ = nc.Close()
			continue
		}
		e.routines.Go(func() { e.serve(c) })
	}
}

// serve answers the requests of one connection in order, pipelined or not.
func (e *environment) serve(c *apiConn) {
	defer func() {
		_ = c.Close()
		e.mu.Lock()
		delete(e.conns, c)
		e.mu.Unlock()
	}()
	if e.host.guarded && !mayCall(e.proc.PID(), addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())) {
		return
	}
	var q apiRequest
	for {
		if c.r.Buffered() == 0 && c.flush() != nil {
			return
		}
		if err := c.readRequest(&q); err != nil {
			if err == errProtocol {
				c.answer("400 Bad Request", "")
				_ = c.flush()
			}
			return
		}
		if !e.handle(c, &q) {
			return
		}
		if q.last {
			_ = c.flush()
			return
		}
	}
}

// handle serves one request. It returns false when the connection cannot be used any more.
func (e *environment) handle(c *apiConn, q *apiRequest) bool {
	switch q.op {
	case opNext:
		if q.length != 0 && !e.skip(c, q) {
			return false
		}
		return e.next(c)
	case opResponse, opError:
		return e.answer(c, q)
	case opInitError:
		return e.initError(c, q)
	case opRestore:
		if !e.skip(c, q) {
			return false
		}
		e.refuse(c, "Restoring")
		return true
	case opPing:
		c.answer("200 OK", "pong")
		return e.skip(c, q)
	default:
		if !e.skip(c, q) {
			return false
		}
		c.answer("404 Not Found", notFoundError)
		return true
	}
}

// skip reads a body that nobody wants.
func (e *environment) skip(c *apiConn, q *apiRequest) bool {
	_, _, _, err := c.readBody(q)
	return err == nil
}

// refuse answers a call that does not fit the state.
func (e *environment) refuse(c *apiConn, to string) {
	e.mu.Lock()
	from := e.state.String()
	e.mu.Unlock()
	c.answer("403 Forbidden", `{"errorMessage":"State transition from `+from+` to `+to+
		` failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`+"\n")
}

// next parks the connection until an invocation arrives.
func (e *environment) next(c *apiConn) bool {
	if !e.park(c) {
		e.refuse(c, ready.String())
		return true
	}
	return e.parkedNext(c)
}

// parkedNext waits until a parked poll was answered.
func (e *environment) parkedNext(c *apiConn) bool {
	// The invocation is written by the goroutine that brings it. This one waits for the client's next
	// request, and learns here when the client goes away.
	if _, err := c.r.Peek(1); err != nil {
		e.mu.Lock()
		lost := e.parked == c && e.state == ready
		if lost {
			e.state, e.parked = dead, nil
		}
		e.mu.Unlock()
		if lost {
			e.pool.discard(e)
			e.proc.Kill()
		}
		return false
	}
	select {
	case <-c.sent:
		return true
	case <-e.gone:
		return false
	}
}

// park makes the environment ready for work.
func (e *environment) park(c *apiConn) bool {
	e.mu.Lock()
	was := e.state
	if was != starting && was != answered {
		e.mu.Unlock()
		return false
	}
	e.state, e.parked = ready, c
	e.mu.Unlock()
	e.deadline.Stop()
	var took time.Duration
	if was == starting {
		took = time.Since(e.spawned)
	}
	e.pool.ready(e, took)
	return true
}

// answer takes the response or the error of an invocation.
func (e *environment) answer(c *apiConn, q *apiRequest) bool {
	e.mu.Lock()
	allowed := e.state == busy && e.call != nil
	known := allowed && e.call.id == string(q.id)
	e.mu.Unlock()
	switch {
	case !allowed:
		if !e.skip(c, q) {
			return false
		}
		to := "InvocationResponse"
		if q.op == opError {
			to = "InvocationErrorResponse"
		}
		e.refuse(c, to)
		return true
	case !known:
		if !e.skip(c, q) {
			return false
		}
		c.answer("400 Bad Request", invalidID)
		return true
	}

	body, big, failure, err := c.readBody(q)
	if err != nil {
		return false
	}
	out := outcome{payload: body}
	switch {
	case big:
		out.payload, out.err = tooLarge(function.MaxPayload), unhandled
		c.answer("413 Request Entity Too Large", entityTooBig)
	case q.op == opResponse && q.badMode:
		out.payload, out.err = document("Runtime.InvalidResponseModeHeader", "Invalid function response mode"), unhandled
		c.answer("400 Bad Request", invalidMode)
	default:
		c.answer("202 Accepted", accepted)
		if q.op == opError {
			out.err = unhandled
		}
		if failure != nil {
			out.payload, out.err = failure, unhandled
		}
	}
	return e.complete(c, q, out)
}

// complete ends the invocation at hand. When the client's next poll has been received already, it is
// parked before the caller gets the result, so that a caller in a loop finds the environment free.
func (e *environment) complete(c *apiConn, q *apiRequest, out outcome) bool {
	e.mu.Lock()
	cl := e.call
	if e.state != busy || cl == nil || cl.id != string(q.id) {
		// It ran out of time while the body was read.
		e.mu.Unlock()
		return false
	}
	e.state, e.call = answered, nil
	e.mu.Unlock()

	out.duration = time.Since(cl.began)
	r := report{duration: out.duration, init: cl.initTime, memoryMB: e.cfg.MemoryMB, usedMB: e.memoryUsed()}
	if out.err != "" && (cl.tail || e.log.sink != nil) {
		r.status, r.errorType = "error", errorTypeOf(out.payload)
	}
	out.log = e.log.finish(cl.id, r)

	if !c.buffered() {
		e.pool.answered(e)
		e.deadline.Reset(returnsIn)
		cl.done <- out
		return true
	}
	var next apiRequest
	err := c.readRequest(&next)
	if err == nil && next.op == opNext && next.length == 0 && e.park(c) {
		cl.done <- out
		return e.parkedNext(c)
	}
	cl.done <- out
	if err != nil || !e.handle(c, &next) {
		return false
	}
	if next.last {
		_ = c.flush()
	}
	return !next.last
}

// initError takes the report of a failed initialisation. The process ends by itself.
func (e *environment) initError(c *apiConn, q *apiRequest) bool {
	body, big, _, err := c.readBody(q)
	if err != nil {
		return false
	}
	if big {
		body = tooLarge(function.MaxPayload)
	}
	if !e.leave(starting, failed) {
		e.refuse(c, failed.String())
		return true
	}
	c.answer("202 Accepted", accepted)
	if c.flush() != nil {
		return false
	}
	d := time.Since(e.spawned)
	e.deadline.Reset(initErrorGrace)
	e.log.initReport(d, "error", errorTypeOf(body))
	e.pool.initFailed(e, failure{body: body, took: d})
	return true
}

// invocation writes the header of the next invocation.
func (c *apiConn) invocation(cfg *function.Config, inv *function.Invocation, deadline time.Time) {
	c.out = append(c.out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"...)
	c.field("Lambda-Runtime-Aws-Request-Id", inv.RequestID)
	c.out = append(c.out, "Lambda-Runtime-Deadline-Ms: "...)
	c.out = strconv.AppendInt(c.out, deadline.UnixMilli(), 10)
	c.out = append(c.out, "\r\n"...)
	arn := inv.InvokedARN
	if arn == "" {
		arn = string(cfg.ARN)
	}
	c.field("Lambda-Runtime-Invoked-Function-Arn", arn)
	if inv.TraceID != "" {
		c.field("Lambda-Runtime-Trace-Id", inv.TraceID)
	}
	if len(inv.ClientContext) > 0 {
		c.field("Lambda-Runtime-Client-Context", string(inv.ClientContext))
	}
	c.out = append(c.out, "Content-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(inv.Payload)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
}

// addrPort reads the address of a TCP connection.
func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort()
	}
	return netip.AddrPort{}
}
