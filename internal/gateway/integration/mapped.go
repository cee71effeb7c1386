package integration

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/internal/function"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/jsonpath"
	"gatehouse/internal/mapping"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/velocity"
	"gatehouse/internal/verdict"
)

// mapped runs an integration with mapping: template in, back end, selection of a response, template out ("Set
// up data transformations for REST APIs"). A template that fails is a 500 with the reason in the record, never a
// silent pass.
func mapped(ctx context.Context, b *Backends, x *exchange.Exchange, in *snapshot.Integration) (*exchange.Response, verdict.Decision) {
	m := in.Mapped
	overrides := velocity.NewOverrides()
	body, refused := mapRequest(x, m, overrides)
	if refused.Refused() {
		x.Integration.Error = refused.Ref
		return nil, refused
	}
	back, refused := backEnd(ctx, b, x, in, body)
	if refused.Refused() {
		return nil, refused
	}
	for i := range m.Responses {
		r := &m.Responses[i]
		if r.Pattern == nil || back.selects && r.Pattern.Matches(back.selector) {
			return mapResponse(x, r, back, overrides)
		}
	}
	return fail(x, verdict.APIConfigurationError, verdict.IntegrationBroken, "no integration response matches "+strconv.Quote(back.selector)+", and there is no default")
}

// mapRequest makes the body for the back end.
func mapRequest(x *exchange.Exchange, m *snapshot.Mapped, o *velocity.Overrides) ([]byte, verdict.Decision) {
	contentType, _ := x.Request.Header.Get("Content-Type")
	contentType, _, _ = strings.Cut(contentType, ";")
	contentType = strings.TrimSpace(contentType)
	if contentType == "" {
		contentType = "application/json"
	}
	t := m.Templates[contentType]
	if t == nil {
		if m.Passthrough == "NEVER" || m.Passthrough == "WHEN_NO_TEMPLATES" && len(m.Templates) > 0 {
			return nil, verdict.Refuse(verdict.UnsupportedMediaType, verdict.NoTemplate, contentType)
		}
		return x.Request.Body, verdict.Yes
	}
	out, err := t.Render(&environment{x: x, body: x.Request.Body}, o)
	if err != nil {
		return nil, verdict.Refuse(verdict.APIConfigurationError, verdict.TemplateFailed, "request template: "+err.Error())
	}
	return out, verdict.Yes
}

// backed is what a back end gave.
type backed struct {
	body   []byte
	header exchange.Header
	// selector is what selection patterns are matched against: the error message of a function, or a status.
	selector string
	// selects is false for a function that succeeded: only the default response is for it.
	selects bool
	// remap says that header names set by the definition are renamed, as those of back ends are.
	remap bool
}

func backEnd(ctx context.Context, b *Backends, x *exchange.Exchange, in *snapshot.Integration, body []byte) (backed, verdict.Decision) {
	switch in.Type {
	case snapshot.Lambda:
		return mappedFunction(ctx, b, x, in, body)
	case snapshot.HTTP:
		return mappedHTTP(ctx, b, x, in, body)
	}
	status, err := velocity.MockStatus(string(body))
	if err != nil {
		_, d := fail(x, verdict.APIConfigurationError, verdict.IntegrationBroken, err.Error())
		return backed{}, d
	}
	return backed{selector: strconv.Itoa(status), selects: true}, verdict.Yes
}

func mappedFunction(ctx context.Context, b *Backends, x *exchange.Exchange, in *snapshot.Integration, body []byte) (backed, verdict.Decision) {
	if in.Function == nil {
		_, d := fail(x, verdict.APIConfigurationError, verdict.FunctionMissing, "there is no function "+in.FunctionARN)
		return backed{}, d
	}
	if in.Permitted&snapshot.VerbBit(x.Method) == 0 {
		_, d := fail(x, verdict.APIConfigurationError, verdict.PermissionMissing, "invalid permissions on Lambda function: "+in.FunctionARN)
		return backed{}, d
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	wait, cancel := context.WithTimeout(ctx, in.Timeout)
	defer cancel()
	result, err := b.Functions.Invoke(wait, in.Function, function.Invocation{
		RequestID: newRequestID(), TraceID: x.TraceID, InvokedARN: in.FunctionARN, Payload: body,
	})
	switch {
	case err != nil && wait.Err() != nil && ctx.Err() == nil:
		_, d := fail(x, verdict.IntegrationTimeout, verdict.IntegrationSlow, "no answer within "+in.Timeout.String())
		return backed{}, d
	case err != nil:
		_, d := fail(x, verdict.APIConfigurationError, verdict.FunctionThrottled, err.Error())
		return backed{}, d
	}
	out := backed{body: result.Payload, remap: true}
	if result.Err != "" {
		var fault struct {
			ErrorMessage string `json:"errorMessage"`
		}
		// An error document of another shape has no message that a pattern could match.
		_ = json.Unmarshal(result.Payload, &fault)
		out.selector, out.selects = fault.ErrorMessage, true
		x.Integration.Error = result.Err + ": " + clip(result.Payload)
	}
	return out, verdict.Yes
}

func mappedHTTP(ctx context.Context, b *Backends, x *exchange.Exchange, in *snapshot.Integration, body []byte) (backed, verdict.Decision) {
	t := in.HTTP
	out := Outgoing{
		Scheme: t.Scheme, Address: t.Address, Host: t.Host, InsecureTLS: t.InsecureTLS, Method: x.Method, Body: body, Timeout: in.Timeout,
	}
	if t.Method != "" {
		out.Method = t.Method
	}
	var ok bool
	if out.Target, ok = mappedTarget(x, t); !ok {
		_, d := fail(x, verdict.APIConfigurationError, verdict.IntegrationBroken, "a path parameter of the integration URI has no value")
		return backed{}, d
	}
	// No header of the caller goes through unless it is mapped [recorded].
	out.Header = exchange.Header{
		{Name: "User-Agent", Value: "AmazonAPIGateway_" + string(x.Stage.API)},
		{Name: "X-Amzn-Apigateway-Api-Id", Value: string(x.Stage.API)},
		{Name: "X-Amzn-Trace-Id", Value: x.TraceID},
		{Name: "Accept", Value: "application/json"},
	}
	if len(body) > 0 {
		out.Header = append(out.Header, exchange.Field{Name: "Content-Type", Value: "application/json"})
	}
	for i := range t.Params {
		p := &t.Params[i]
		if v, ok := p.Value.Eval(x); ok && p.Target.Location == "header" && fieldValue(v) {
			out.Header = set(out.Header, p.Target.Name, v)
		}
	}
	answer, d := call(ctx, b, x, &out)
	if d.Refused() {
		return backed{}, d
	}
	content, err := whole(answer)
	if err != nil {
		_, d := fail(x, verdict.IntegrationFailure, verdict.IntegrationDown, err.Error())
		return backed{}, d
	}
	return backed{body: content, header: answer.Header, selector: strconv.Itoa(answer.Status), selects: true, remap: true}, verdict.Yes
}

// mapResponse makes the answer of the selected response.
func mapResponse(x *exchange.Exchange, r *snapshot.MappedResponse, back backed, o *velocity.Overrides) (*exchange.Response, verdict.Decision) {
	resp := &exchange.Response{Status: r.Status, Body: back.body}
	source := &responseSource{x: x, back: &back}
	for i := range r.Headers {
		h := &r.Headers[i]
		v, ok := source.value(h)
		if !ok || !fieldValue(v) {
			continue
		}
		name := h.Name
		if rename, keep := remapped(name); back.remap && !keep {
			continue
		} else if back.remap && rename {
			name = "x-amzn-Remapped-" + name
		}
		resp.Add(name, v)
	}
	if t := r.Templates[r.ContentType]; t != nil {
		body, err := t.Render(&environment{x: x, body: back.body}, o)
		if err != nil {
			return fail(x, verdict.APIConfigurationError, verdict.TemplateFailed, "response template: "+err.Error())
		}
		resp.Body = body
	}
	if status, err := o.Status(); err != nil {
		return fail(x, verdict.APIConfigurationError, verdict.TemplateFailed, err.Error())
	} else if status != 0 {
		resp.Status = status
	}
	headers, err := o.ResponseHeaders()
	if err != nil {
		return fail(x, verdict.APIConfigurationError, verdict.TemplateFailed, err.Error())
	}
	for _, h := range headers {
		resp.Header = without(resp.Header, h.Name)
		for _, v := range h.Values {
			resp.Add(h.Name, v)
		}
	}
	if _, ok := resp.Header.Get("Content-Type"); !ok {
		resp.Add("Content-Type", r.ContentType)
	}
	x.Integration.Status = resp.Status
	return resp, verdict.Yes
}

// responseSource gives the values of response mappings.
type responseSource struct {
	x    *exchange.Exchange
	back *backed
}

func (s *responseSource) value(h *snapshot.ResponseMapping) (string, bool) {
	switch h.Value.Place {
	case mapping.IntegrationHeader:
		return s.back.header.Get(h.Value.Name)
	case mapping.IntegrationBody:
		if h.Path == nil {
			return string(s.back.body), true
		}
		meter := &jsonpath.Meter{Steps: velocity.MaxSteps, Bytes: velocity.MaxMemory}
		doc, err := jsonpath.Parse(string(s.back.body), meter)
		if err != nil {
			return "", false
		}
		v, found, err := h.Path.Eval(doc, meter)
		if err != nil || !found {
			return "", false
		}
		if text, ok := v.(string); ok {
			return text, true
		}
		text, err := jsonpath.AppendJSON(nil, v, meter)
		return string(text), err == nil
	}
	return h.Value.Eval(s.x)
}

func without(h exchange.Header, name string) exchange.Header {
	out := h[:0]
	for _, f := range h {
		if !exchange.EqualASCIIFold(f.Name, name) {
			out = append(out, f)
		}
	}
	return out
}
