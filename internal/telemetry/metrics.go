package telemetry

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Metrics are the Prometheus metrics of one server, in a registry of their own. No label takes a value that
// a caller can choose: unknown paths and methods share one series.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	refusals *prometheus.CounterVec
	revision prometheus.Gauge
	faults   prometheus.Gauge
	reloads  *prometheus.CounterVec

	// byRoute caches the series of a compiled route, so that a call pays no label look-up.
	byRoute sync.Map // *snapshot.Route → *series
}

type series struct {
	duration prometheus.Observer
	codes    [4]prometheus.Counter // 2xx to 5xx
}

// NewMetrics makes the metrics of a server.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_requests_total", Help: "Calls answered, by route and class of status.",
		}, []string{"api", "stage", "method", "route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_request_duration_seconds", Help: "Time from the last byte of the request to the answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"api", "stage", "method", "route"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_refusals_total", Help: "Calls refused, by kind and reason.",
		}, []string{"kind", "reason"}),
		revision: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_snapshot_revision", Help: "Revision of the store that is served.",
		}),
		faults: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatehouse_snapshot_faults", Help: "Stages whose definition does not compile; their last good form is served.",
		}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_reloads_total", Help: "Definitions deployed, by result.",
		}, []string{"result"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "gatehouse_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.refusals, m.revision, m.faults, m.reloads, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Published notes a new snapshot. Series of routes that are gone stay, as Prometheus wants it.
func (m *Metrics) Published(s *snapshot.Snapshot) {
	m.revision.Set(float64(s.Rev()))
	m.faults.Set(float64(len(s.Faults())))
	m.byRoute.Clear()
}

// Reloaded notes the result of a deployment: "ok" or "refused".
func (m *Metrics) Reloaded(result string) { m.reloads.WithLabelValues(result).Inc() }

// Observe counts one call.
func (m *Metrics) Observe(x *exchange.Exchange, took time.Duration) {
	s := m.series(x.Route)
	s.duration.Observe(took.Seconds())
	s.codes[max(2, min(5, x.Status/100))-2].Inc()
	if x.Decision.Kind != verdict.Allow {
		m.refusals.WithLabelValues(x.Decision.Kind.String(), string(x.Decision.Reason)).Inc()
	}
}

func (m *Metrics) series(r *snapshot.Route) *series {
	if s, ok := m.byRoute.Load(r); ok {
		return s.(*series)
	}
	labels := [4]string{"", "", "", "none"}
	if r != nil {
		labels = [4]string{string(r.Stage.API), string(r.Stage.Name), r.Verb, r.Path}
	}
	s := &series{duration: m.duration.WithLabelValues(labels[:]...)}
	for i := range s.codes {
		s.codes[i] = m.requests.WithLabelValues(append(labels[:], strconv.Itoa(i+2)+"xx")...)
	}
	actual, _ := m.byRoute.LoadOrStore(r, s)
	return actual.(*series)
}
