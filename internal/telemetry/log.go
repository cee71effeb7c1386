package telemetry

import (
	"context"
	"log/slog"
	"time"

	"gatehouse/internal/gateway/exchange"
)

// LogCall writes the one structured event of a call.
func LogCall(l *slog.Logger, x *exchange.Exchange, took time.Duration) {
	ctx := context.Background()
	if !l.Enabled(ctx, slog.LevelInfo) {
		return
	}
	r := call{x, took}.brief()
	attrs := make([]slog.Attr, 0, 20)
	attrs = append(attrs,
		slog.String("requestId", r.ID), slog.String("method", r.Method), slog.String("host", clip(r.Host)),
		slog.String("path", clip(r.Path)), slog.Int("status", r.Status), slog.Int64("bytes", r.Bytes),
		slog.Int64("micros", r.Micros), slog.String("peer", r.Peer), slog.String("outcome", r.Outcome))
	for _, o := range [...]struct{ k, v string }{
		{"api", r.API}, {"stage", r.Stage}, {"resource", r.Resource}, {"reason", string(r.Reason)}, {"ref", clip(r.Ref)},
		{"caller", r.Caller}, {"apiKeyId", r.KeyID}, {"usagePlanId", r.PlanID}, {"error", clip(r.Error)},
	} {
		if o.v != "" {
			attrs = append(attrs, slog.String(o.k, o.v))
		}
	}
	if r.Integration > 0 {
		attrs = append(attrs, slog.Int64("integrationMicros", r.Integration))
	}
	l.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}

// clip bounds what a caller can write into the log: AWS cuts log events at 1,024 bytes.
func clip(s string) string {
	if len(s) > 1024 {
		return s[:1024]
	}
	return s
}
