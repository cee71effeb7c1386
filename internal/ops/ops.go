// Package ops is the operator's door: health, readiness, metrics, the last calls and, in dev, the clock and
// the reset. It hangs below /_gatehouse/ on the control port.
//
// It owns these pages. It does not know the AWS wire (controlplane) or the data plane (edge). None of its
// answers carries a secret or a CORS header.
package ops

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"gatehouse/internal/telemetry"
)

// Prefix is where the pages hang.
const Prefix = "/_gatehouse/"

// Config is what the pages show and drive.
type Config struct {
	Version string
	// Ready returns nil once the server can serve, and while it is not draining.
	Ready func() error
	// Health returns nil while the server works.
	Health   func() error
	Requests *telemetry.Ring
	Metrics  http.Handler
	// Status is shown by the health page.
	Status func() any
	// Simulate judges a call without making it; nil outside dev.
	Simulate func(context.Context, Question) (telemetry.Record, error)
	// Clock and Reset are nil outside dev: the pages then do not exist.
	Clock Clock
	Reset func(*http.Request) error
}

// Clock is the time that limits and quotas see.
type Clock interface {
	Now() time.Time
	// Advance moves the clock by d; Set moves it to t; Real goes back to the machine's time.
	Advance(d time.Duration)
	Set(t time.Time)
	Real()
}

// Handler serves the pages.
func Handler(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Prefix+"health", func(w http.ResponseWriter, _ *http.Request) { c.state(w, c.Health) })
	mux.HandleFunc("GET "+Prefix+"ready", func(w http.ResponseWriter, _ *http.Request) { c.state(w, c.Ready) })
	mux.Handle("GET "+Prefix+"metrics", c.Metrics)
	mux.Handle("GET /metrics", c.Metrics)
	mux.HandleFunc("GET "+Prefix+"requests", c.requests)
	mux.HandleFunc("GET "+Prefix+"requests/{id}", c.request)
	if c.Clock != nil {
		mux.HandleFunc("GET "+Prefix+"clock", c.clock)
		mux.HandleFunc("POST "+Prefix+"clock", c.setClock)
	}
	if c.Simulate != nil {
		mux.HandleFunc("POST "+Prefix+"simulate", c.simulate)
	}
	if c.Reset != nil {
		mux.HandleFunc("POST "+Prefix+"reset", c.reset)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "no such page; there are health, ready, metrics, requests and, in dev, clock and reset")
	})
	return mux
}

func (c *Config) state(w http.ResponseWriter, check func() error) {
	if err := check(); err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]any{"status": "unavailable", "error": err.Error(), "version": c.Version})
		return
	}
	answer(w, http.StatusOK, map[string]any{"status": "ok", "version": c.Version, "details": c.Status()})
}

func (c *Config) requests(w http.ResponseWriter, r *http.Request) {
	n := 50
	if s := r.URL.Query().Get("limit"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			fail(w, http.StatusBadRequest, "limit: want a number from 1 on")
			return
		}
	}
	answer(w, http.StatusOK, map[string]any{"requests": c.Requests.Last(n)})
}

func (c *Config) request(w http.ResponseWriter, r *http.Request) {
	rec, ok := c.Requests.Find(r.PathValue("id"))
	if !ok {
		fail(w, http.StatusNotFound, "that request is not among the last ones")
		return
	}
	answer(w, http.StatusOK, rec)
}

func (c *Config) clock(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"now": c.Clock.Now().UTC().Format(time.RFC3339Nano)})
}

// setClock takes {"advance":"24h"}, {"set":"2026-12-01T00:00:00Z"} or {"real":true}.
func (c *Config) setClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string `json:"advance"`
		Set     string `json:"set"`
		Real    bool   `json:"real"`
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		fail(w, http.StatusBadRequest, `want {"advance":"24h"}, {"set":"2026-12-01T00:00:00Z"} or {"real":true}: `+err.Error())
		return
	}
	switch {
	case in.Real && in.Set == "" && in.Advance == "":
		c.Clock.Real()
	case in.Set != "" && in.Advance == "" && !in.Real:
		t, err := time.Parse(time.RFC3339, in.Set)
		if err != nil {
			fail(w, http.StatusBadRequest, "set: "+err.Error())
			return
		}
		c.Clock.Set(t)
	case in.Advance != "" && in.Set == "" && !in.Real:
		d, err := time.ParseDuration(in.Advance)
		if err != nil {
			fail(w, http.StatusBadRequest, "advance: "+err.Error())
			return
		}
		c.Clock.Advance(d)
	default:
		fail(w, http.StatusBadRequest, "want exactly one of advance, set and real")
		return
	}
	c.clock(w, r)
}

func (c *Config) reset(w http.ResponseWriter, r *http.Request) {
	if err := c.Reset(r); err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]any{"status": "ok"})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the caller went away
}

func fail(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"error": message})
}
