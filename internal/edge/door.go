// Package edge is the door of the data plane: it reads HTTP, hands exchange.Requests to the gateway and
// writes the answers.
//
// It owns listeners' behaviour, limits (10 MB body, 10,240 bytes of headers and of target, as on AWS), the
// client's address and the spelling of headers on the wire. It does not know routes, checks or
// integrations, and it is the only package that would change for another HTTP engine.
package edge

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// Limits of one request ("API Gateway quotas").
const (
	MaxTarget  = 10_240
	MaxHeaders = 10_240
	// bodyTime bounds how long a caller may take to send its body.
	bodyTime = 30 * time.Second
	// lingerTime and lingerBytes bound what is still taken from a caller whose body is refused.
	lingerTime  = 5 * time.Second
	lingerBytes = 4 * gateway.MaxBody
)

// Config is what a Door is built from.
type Config struct {
	Gateway *gateway.Gateway
	// Open takes the path form /{stage}/… .
	Open bool
	// Trusted are the proxies whose X-Forwarded-For is believed; empty believes nobody.
	Trusted []netip.Prefix
	// AllowHost tells which Host headers this listener answers to; nil answers to all. Anything else gets
	// 421, so that a name under somebody else's control cannot reach a loopback listener (DNS rebinding).
	AllowHost func(host string) bool
	// Endpoint is the VPC endpoint that this listener is; nil is a public listener.
	Endpoint *Endpoint
	// EndpointOf finds the VPC endpoint that a host names, for a listener where the host stands for the endpoint's
	// own: the loopback control port, where tools try things. nil, and everywhere else, hosts name none.
	EndpointOf func(host string) *Endpoint
	Now        func() time.Time
	Logger     *slog.Logger
}

// Door is an http.Handler.
type Door struct{ c Config }

// New makes a Door.
func New(c Config) *Door { return &Door{c} }

// ServeHTTP answers one request.
func (d *Door) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := &exchange.Request{
		Method: hr.Method,
		Host:   hr.Host,
		Header: header(hr),
		Peer:   peer(hr.RemoteAddr),
		TLS:    hr.TLS != nil,
		At:     d.c.Now(),
	}
	r.ID, r.ExtendedID = ids(r.Header)
	if refused := d.read(w, hr, r); refused.Refused() {
		w.Header().Set("Connection", "close")
		resp := gateway.Refuse(refused)
		if refused.Kind != verdict.RequestTooLarge {
			resp.Add("x-amzn-RequestId", r.ID)
			resp.Add("x-amz-apigw-id", r.ExtendedID)
		}
		if refused.Kind == verdict.RequestTooLarge {
			d.writeAndLinger(w, hr, resp)
			return
		}
		d.write(w, hr, resp)
		return
	}
	if d.c.AllowHost != nil && !d.c.AllowHost(hr.Host) {
		http.Error(w, "this listener does not answer to that host", http.StatusMisdirectedRequest)
		return
	}
	if e := d.endpoint(hr.Host); e != nil {
		r.VPCEndpoint, r.VPC = string(e.ID), string(e.VPC)
		r.Header = append(r.Header,
			exchange.Field{Name: vpcHeader, Value: r.VPC}, exchange.Field{Name: endpointHeader, Value: r.VPCEndpoint})
	}
	d.write(w, hr, d.c.Gateway.Serve(hr.Context(), r, d.c.Open))
}

// endpoint is the VPC endpoint that a request came through, nil for none. No header has a part in it but, on
// the control port, the host.
func (d *Door) endpoint(host string) *Endpoint {
	if d.c.Endpoint == nil && d.c.EndpointOf != nil {
		return d.c.EndpointOf(host)
	}
	return d.c.Endpoint
}

// read fills in the target, the address and the body, and refuses what AWS refuses before it looks for an
// API.
func (d *Door) read(w http.ResponseWriter, hr *http.Request, r *exchange.Request) verdict.Decision {
	if len(hr.RequestURI) > MaxTarget {
		return verdict.Refuse(verdict.URITooLong, verdict.TargetTooLong, "")
	}
	size := 0
	for i := range r.Header {
		size += len(r.Header[i].Name) + len(r.Header[i].Value) + len(": \r\n")
	}
	if size > MaxHeaders {
		return verdict.Refuse(verdict.HeadersTooLarge, verdict.HeadersOverLimit, "")
	}
	target := hr.RequestURI
	if i := strings.Index(target, "://"); i > 0 && target[0] != '/' {
		// Absolute form: the authority of the target wins (RFC 9112, 3.2.2); net/http has put it into Host.
		rest := target[i+3:]
		j := strings.IndexAny(rest, "/?")
		switch {
		case j < 0:
			target = "/"
		case rest[j] == '?':
			target = "/" + rest[j:]
		default:
			target = rest[j:]
		}
	}
	if target == "" || target[0] != '/' || hr.Host == "" {
		return verdict.Refuse(verdict.BadRequest, verdict.Ambiguous, "target")
	}
	r.RawPath, r.RawQuery, _ = strings.Cut(target, "?")
	if len(d.c.Trusted) > 0 {
		r.Peer = d.client(r)
	}
	return d.body(w, hr, r)
}

// body reads the whole body before any check, as API Gateway does: what cannot be read never reaches a
// back end.
func (d *Door) body(w http.ResponseWriter, hr *http.Request, r *exchange.Request) verdict.Decision {
	if hr.ContentLength == 0 {
		return verdict.Yes
	}
	if hr.ContentLength > gateway.MaxBody {
		return verdict.Refuse(verdict.RequestTooLarge, verdict.BodyTooLarge, "")
	}
	// A caller that stalls must not keep a goroutine for ever. Not every writer has deadlines (tests).
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	var err error
	if hr.ContentLength > 0 {
		r.Body = make([]byte, hr.ContentLength)
		_, err = io.ReadFull(hr.Body, r.Body)
	} else {
		r.Body, err = io.ReadAll(io.LimitReader(hr.Body, gateway.MaxBody+1))
		if err == nil && len(r.Body) > gateway.MaxBody {
			return verdict.Refuse(verdict.RequestTooLarge, verdict.BodyTooLarge, "")
		}
	}
	if err != nil {
		return verdict.Refuse(verdict.BadRequest, verdict.Ambiguous, "body: "+err.Error())
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return verdict.Yes
}

// header lists the header lines, sorted by name: net/http keeps neither their order nor their spelling.
func header(hr *http.Request) exchange.Header {
	n := 1
	for _, v := range hr.Header {
		n += len(v)
	}
	h := make(exchange.Header, 0, n+2)
	for name, values := range hr.Header {
		if saysEndpoint(name) {
			continue
		}
		for _, v := range values {
			h = append(h, exchange.Field{Name: name, Value: v})
		}
	}
	if hr.Host != "" {
		h = append(h, exchange.Field{Name: "Host", Value: hr.Host})
	}
	slices.SortStableFunc(h, func(a, b exchange.Field) int { return strings.Compare(a.Name, b.Name) })
	return h
}

// peer is the socket's address, IPv4 in its own form and without zone.
func peer(remote string) netip.Addr {
	p, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}

// client walks X-Forwarded-For from the right: the first address that is no trusted proxy is the client.
func (d *Door) client(r *exchange.Request) netip.Addr {
	at := r.Peer
	hops := ""
	for i := range r.Header {
		if exchange.EqualASCIIFold(r.Header[i].Name, "X-Forwarded-For") {
			if hops != "" {
				hops += ","
			}
			hops += r.Header[i].Value
		}
	}
	for d.trusted(at) && hops != "" {
		var last string
		if i := strings.LastIndexByte(hops, ','); i >= 0 {
			hops, last = hops[:i], hops[i+1:]
		} else {
			hops, last = "", hops
		}
		a, err := netip.ParseAddr(strings.TrimSpace(last))
		if err != nil {
			// Whatever stands left of an unreadable hop was written by somebody unknown.
			return at
		}
		at = a.Unmap().WithZone("")
	}
	return at
}

func (d *Door) trusted(a netip.Addr) bool {
	for _, p := range d.c.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// writeAndLinger answers while the caller may still be sending, and takes what it sends for a while: closing the
// connection at once would reset it, and most clients would then see no answer.
func (d *Door) writeAndLinger(w http.ResponseWriter, hr *http.Request, resp *exchange.Response) {
	rc := http.NewResponseController(w)
	if rc.EnableFullDuplex() != nil { // HTTP/2 and tests
		d.write(w, hr, resp)
		return
	}
	d.write(w, hr, resp)
	_ = rc.Flush()
	_ = rc.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, hr.Body, lingerBytes) // the answer is out: nothing to tell anybody
}

// write sends a response. Header names go out in the case that AWS uses; net/http would rewrite them if
// they were set through Header.Set.
func (d *Door) write(w http.ResponseWriter, hr *http.Request, resp *exchange.Response) {
	if resp.Stream != nil {
		defer resp.Stream.Close()
	}
	out := w.Header()
	values := make([]string, 0, len(resp.Header)+2)
	for _, f := range resp.Header {
		if v, ok := out[f.Name]; ok {
			out[f.Name] = append(v, f.Value)
			continue
		}
		values = append(values, f.Value)
		out[f.Name] = values[len(values)-1 : len(values) : len(values)]
	}
	if out["Content-Type"] == nil {
		// A nil value keeps net/http from guessing a type from the body: it looks under this very spelling, and
		// functions write content-type.
		out["Content-Type"] = nil
	}
	if hr.ProtoMajor == 1 && out["Connection"] == nil {
		values = append(values, "keep-alive")
		out["Connection"] = values[len(values)-1 : len(values) : len(values)]
	}
	bodiless := resp.Status == http.StatusNoContent || resp.Status == http.StatusNotModified || resp.Status < 200
	if resp.Stream == nil {
		if !bodiless {
			out["Content-Length"] = []string{strconv.Itoa(len(resp.Body))}
		}
		w.WriteHeader(resp.Status)
		if len(resp.Body) > 0 && !bodiless && hr.Method != http.MethodHead {
			_, _ = w.Write(resp.Body) // the caller went away: nothing to tell anybody
		}
		return
	}
	if resp.Length >= 0 {
		out["Content-Length"] = []string{strconv.FormatInt(resp.Length, 10)}
	}
	w.WriteHeader(resp.Status)
	if bodiless || hr.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, resp.Stream); err != nil && !errors.Is(err, hr.Context().Err()) {
		// Part of the answer is out already: only breaking the connection tells the caller.
		d.c.Logger.Warn("answer broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
}
