package integration

import (
	"encoding/hex"
	"strings"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// PrepareTrace settles the X-Amzn-Trace-Id of a call: a full incoming value is kept, a bare Root gets a
// parent and a sampling mark, and without one a new root is made [recorded]. The random part comes from the
// request id, which is random already.
func PrepareTrace(x *exchange.Exchange) {
	switch x.Route.Integration.Type {
	case snapshot.Mock, snapshot.MockMapped, snapshot.Broken:
		return
	}
	in, _ := x.Request.Header.Get("X-Amzn-Trace-Id")
	random := strings.ReplaceAll(x.Request.ID, "-", "")
	if len(random) < 32 {
		return
	}
	root := field(in, "Root=")
	switch {
	case root != "" && field(in, "Parent=") != "":
		x.TraceID = in
	case root != "":
		x.TraceID = "Root=" + root + ";Parent=" + random[:16] + ";Sampled=0"
	default:
		at := x.Request.At.Unix()
		stamp := [4]byte{byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at)}
		b := make([]byte, 0, 80)
		b = append(b, "Root=1-"...)
		b = hex.AppendEncode(b, stamp[:])
		b = append(b, '-')
		b = append(b, random[8:]...)
		b = append(b, ";Parent="...)
		b = append(b, random[:16]...)
		b = append(b, ";Sampled=0"...)
		x.TraceID = string(b)
	}
}

// ResponseTrace is the trace header of the answer: AWS sends it for Lambda and HTTP integrations, not for
// mocks and HTTP proxies [recorded].
func ResponseTrace(x *exchange.Exchange, d verdict.Decision) string {
	switch x.Route.Integration.Type {
	case snapshot.LambdaProxy, snapshot.Lambda, snapshot.HTTP:
	default:
		return ""
	}
	if d.Reason == verdict.PermissionMissing || d.Reason == verdict.FunctionMissing {
		return ""
	}
	return x.TraceID
}

func field(s, name string) string {
	for s != "" {
		var part string
		part, s, _ = strings.Cut(s, ";")
		if v, ok := strings.CutPrefix(strings.TrimSpace(part), name); ok {
			return v
		}
	}
	return ""
}
