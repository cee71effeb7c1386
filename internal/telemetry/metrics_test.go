package telemetry_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/telemetry"
	"gatehouse/internal/verdict"
)

// TestObserve: a call is one in its class of status, and a refusal has its reason as a label.
func TestObserve(t *testing.T) {
	m := telemetry.NewMetrics("test")
	m.Observe(&exchange.Exchange{Status: 200}, time.Millisecond)
	m.Observe(&exchange.Exchange{Status: 403, Decision: verdict.Refuse(verdict.InvalidAPIKey, verdict.KeyMissing, "")}, time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text := w.Body.String()
	for _, want := range []string{
		`gatehouse_requests_total{api="",code="2xx",method="",route="none",stage=""} 1`,
		`gatehouse_requests_total{api="",code="4xx",method="",route="none",stage=""} 1`,
		`gatehouse_requests_total{api="",code="5xx",method="",route="none",stage=""} 0`,
		`gatehouse_request_duration_seconds_count{api="",method="",route="none",stage=""} 2`,
		`gatehouse_refusals_total{kind="INVALID_API_KEY",reason="api-key-missing"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, `code="0xx"`) || strings.Contains(text, `code="1xx"`) {
		t.Error("there are series for statuses that nobody sends")
	}
}
