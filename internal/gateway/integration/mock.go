package integration

import (
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/mapping"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// mock answers from the definition alone.
func mock(x *exchange.Exchange, a *snapshot.MockAnswer) (*exchange.Response, verdict.Decision) {
	resp := &exchange.Response{Status: a.Status, Body: []byte(a.Body)}
	resp.Header = make(exchange.Header, 0, len(a.Headers)+4)
	setHeaders(resp, x, a.Headers)
	if _, ok := resp.Header.Get("Content-Type"); !ok {
		resp.Add("Content-Type", a.ContentType)
	}
	return resp, verdict.Yes
}

func setHeaders(resp *exchange.Response, source mapping.Source, params []snapshot.ParamMapping) {
	for i := range params {
		v, ok := params[i].Value.Eval(source)
		if !ok || params[i].Target.Location != "header" || !fieldValue(v) {
			continue
		}
		resp.Add(params[i].Target.Name, v)
	}
}

// fieldValue reports whether a text may stand in a header line.
func fieldValue(v string) bool {
	for i := 0; i < len(v); i++ {
		if v[i] < 0x20 && v[i] != '\t' || v[i] == 0x7f {
			return false
		}
	}
	return true
}
