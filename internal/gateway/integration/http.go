package integration

import (
	"context"
	"errors"
	"io"
	"strings"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/mapping"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Errors of HTTP back ends, wrapped by what implements HTTP.
var (
	ErrTimeout = errors.New("the back end did not answer in time")
	ErrEgress  = errors.New("the target is not allowed")
)

// httpProxy forwards the call. Headers go through in both directions but for those that AWS drops or
// renames [recorded].
func httpProxy(ctx context.Context, b *Backends, x *exchange.Exchange, in *snapshot.Integration) (*exchange.Response, verdict.Decision) {
	t := in.HTTP
	out := Outgoing{
		Scheme:      t.Scheme,
		Address:     t.Address,
		Host:        t.Host,
		InsecureTLS: t.InsecureTLS,
		Method:      x.Method,
		Body:        x.Request.Body,
	}
	if t.Method != "" {
		out.Method = t.Method
	}
	var ok bool
	if out.Target, ok = httpTarget(x, t); !ok {
		return fail(x, verdict.APIConfigurationError, verdict.IntegrationBroken, "a path parameter of the integration URI has no value")
	}
	out.Header = make(exchange.Header, 0, len(x.Request.Header)+len(t.Params)+3)
	for _, f := range x.Request.Header {
		if !droppedOutgoing(f.Name) {
			out.Header = append(out.Header, f)
		}
	}
	for i := range t.Params {
		p := &t.Params[i]
		if p.Target.Location != "header" {
			continue
		}
		if v, ok := p.Value.Eval(x); ok && fieldValue(v) {
			// The mapped value wins over the caller's header of the same name.
			out.Header = set(out.Header, p.Target.Name, v)
		}
	}
	out.Header = set(out.Header, "X-Amzn-Apigateway-Api-Id", string(x.Stage.API))
	out.Header = set(out.Header, "X-Amzn-Trace-Id", x.TraceID)

	out.Timeout = in.Timeout
	answer, d := call(ctx, b, x, &out)
	if d.Refused() {
		return nil, d
	}
	resp := &exchange.Response{Status: answer.Status, Body: answer.Body, Length: answer.Length}
	// Filtered in place: nobody else has the answer.
	resp.Header = answer.Header[:0]
	for _, f := range answer.Header {
		switch name, keep := remapped(f.Name); {
		case !keep:
		case name:
			resp.Add("x-amzn-Remapped-"+f.Name, f.Value)
		default:
			resp.Header = append(resp.Header, f)
		}
	}
	if answer.Stream != nil {
		resp.Stream = answer.Stream
	}
	return resp, verdict.Yes
}

// call makes a call and says what a failure becomes.
func call(ctx context.Context, b *Backends, x *exchange.Exchange, out *Outgoing) (*Incoming, verdict.Decision) {
	answer, err := b.HTTP.Do(ctx, out)
	if err == nil {
		x.Integration.Status = answer.Status
		return answer, verdict.Yes
	}
	kind, reason := verdict.IntegrationFailure, verdict.IntegrationDown
	switch {
	case errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded):
		kind, reason = verdict.IntegrationTimeout, verdict.IntegrationSlow
	case errors.Is(err, ErrEgress):
		kind, reason = verdict.APIConfigurationError, verdict.IntegrationBroken
	}
	_, d := fail(x, kind, reason, err.Error())
	return nil, d
}

// whole reads the body of an answer that is to be mapped.
func whole(answer *Incoming) ([]byte, error) {
	if answer.Stream == nil {
		return answer.Body, nil
	}
	defer answer.Stream.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Stream, maxMapped+1))
	if err == nil && len(body) > maxMapped {
		err = errors.New("the back end's answer is larger than 10 MB")
	}
	return body, err
}

// maxMapped is the payload limit of API Gateway, in bytes.
const maxMapped = 10 << 20

// mappedTarget is path and query of a mapped call: only what the definition maps goes through.
func mappedTarget(x *exchange.Exchange, t *snapshot.HTTPTarget) (string, bool) {
	var b strings.Builder
	for i := range t.Path {
		p := &t.Path[i]
		if p.Param == "" {
			b.WriteString(p.Text)
			continue
		}
		v, ok := "", false
		for j := range t.Params {
			if q := &t.Params[j]; q.Target.Location == "path" && q.Target.Name == p.Param {
				v, ok = q.Value.Eval(x)
			}
		}
		if !ok {
			return "", false
		}
		b.WriteString(escapePath(v))
	}
	query := t.Query
	for i := range t.Params {
		p := &t.Params[i]
		if v, ok := p.Value.Eval(x); ok && p.Target.Location == "querystring" {
			query = join(query, escapeQuery(p.Target.Name)+"="+escapeQuery(v))
		}
	}
	if query != "" {
		b.WriteByte('?')
		b.WriteString(query)
	}
	return b.String(), true
}

// httpTarget builds path and query. Path parameters are put in as path text: whatever they hold, scheme
// and host stay those of the definition.
func httpTarget(x *exchange.Exchange, t *snapshot.HTTPTarget) (string, bool) {
	if len(t.Path) == 1 && t.Path[0].Param == "" && t.Query == "" && !mapsQuery(t) {
		if x.Request.RawQuery == "" {
			return t.Path[0].Text, true
		}
		return t.Path[0].Text + "?" + x.Request.RawQuery, true
	}
	var b strings.Builder
	for i := range t.Path {
		p := &t.Path[i]
		if p.Param == "" {
			b.WriteString(p.Text)
			continue
		}
		v, ok := pathValue(x, t, p.Param)
		if !ok {
			return "", false
		}
		b.WriteString(escapePath(v))
	}
	query := t.Query
	if x.Request.RawQuery != "" {
		query = join(query, x.Request.RawQuery)
	}
	for i := range t.Params {
		p := &t.Params[i]
		if p.Target.Location != "querystring" {
			continue
		}
		if v, ok := p.Value.Eval(x); ok && !(p.Value.Place == mapping.MethodQuery && p.Value.Name == p.Target.Name) {
			query = join(query, escapeQuery(p.Target.Name)+"="+escapeQuery(v))
		}
	}
	if query != "" {
		b.WriteByte('?')
		b.WriteString(query)
	}
	return b.String(), true
}

func mapsQuery(t *snapshot.HTTPTarget) bool {
	for i := range t.Params {
		if t.Params[i].Target.Location == "querystring" {
			return true
		}
	}
	return false
}

func pathValue(x *exchange.Exchange, t *snapshot.HTTPTarget, name string) (string, bool) {
	for i := range t.Params {
		if p := &t.Params[i]; p.Target.Location == "path" && p.Target.Name == name {
			return p.Value.Eval(x)
		}
	}
	// A proxy passes path parameters of the same name through.
	return x.Value(mapping.MethodPath, name)
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "&" + b
}

// droppedOutgoing lists what HTTP_PROXY does not forward [recorded], and what belongs to the connection.
func droppedOutgoing(name string) bool {
	switch len(name) {
	case 2:
		return exchange.EqualASCIIFold(name, "te")
	case 3:
		return exchange.EqualASCIIFold(name, "via")
	case 4:
		return exchange.EqualASCIIFold(name, "host")
	case 6:
		return exchange.EqualASCIIFold(name, "expect") || exchange.EqualASCIIFold(name, "server")
	case 7:
		return exchange.EqualASCIIFold(name, "trailer") || exchange.EqualASCIIFold(name, "upgrade")
	case 10:
		return exchange.EqualASCIIFold(name, "connection") || exchange.EqualASCIIFold(name, "keep-alive")
	case 11:
		return exchange.EqualASCIIFold(name, "content-md5")
	case 12:
		return exchange.EqualASCIIFold(name, "max-forwards")
	case 14:
		return exchange.EqualASCIIFold(name, "content-length")
	case 16:
		return exchange.EqualASCIIFold(name, "content-encoding") || exchange.EqualASCIIFold(name, "www-authenticate") || exchange.EqualASCIIFold(name, "proxy-connection")
	case 17:
		return exchange.EqualASCIIFold(name, "transfer-encoding")
	case 18:
		return exchange.EqualASCIIFold(name, "proxy-authenticate")
	}
	return strings.IndexByte(name, '_') >= 0 // CGI-like back ends read X_A and X-A alike
}

// remapped tells whether a back end's header keeps its name, gets the prefix x-amzn-Remapped-, or is
// dropped.
func remapped(name string) (prefix, keep bool) {
	switch len(name) {
	case 4:
		return exchange.EqualASCIIFold(name, "date"), true
	case 6:
		return exchange.EqualASCIIFold(name, "server"), true
	case 7:
		if exchange.EqualASCIIFold(name, "trailer") {
			return false, false
		}
	case 10:
		if exchange.EqualASCIIFold(name, "keep-alive") {
			return false, false
		}
		return exchange.EqualASCIIFold(name, "connection"), true
	case 14:
		return exchange.EqualASCIIFold(name, "content-length") || exchange.EqualASCIIFold(name, "x-amz-apigw-id"), true
	case 15:
		return exchange.EqualASCIIFold(name, "x-amzn-trace-id"), true
	case 16:
		return exchange.EqualASCIIFold(name, "x-amzn-requestid") || exchange.EqualASCIIFold(name, "www-authenticate") || exchange.EqualASCIIFold(name, "x-amzn-errortype"), true
	case 17:
		if exchange.EqualASCIIFold(name, "transfer-encoding") {
			return false, false
		}
	}
	return false, true
}

func set(h exchange.Header, name, value string) exchange.Header {
	n := 0
	for i := range h {
		if !exchange.EqualASCIIFold(h[i].Name, name) {
			h[n] = h[i]
			n++
		}
	}
	return append(h[:n], exchange.Field{Name: name, Value: value})
}

// escapePath writes a parameter into a path: what cannot stand there is escaped, escapes of the caller
// stay as they are, and so do slashes, because greedy parameters hold them.
func escapePath(s string) string { return escape(s, "/%:@!$&'()*+,;=-._~") }

func escapeQuery(s string) string { return escape(s, "-._~") }

func escape(s, keep string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = plain(s[i]) || strings.IndexByte(keep, s[i]) >= 0
	}
	if clean {
		return s
	}
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		if c := s[i]; plain(c) || strings.IndexByte(keep, c) >= 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
