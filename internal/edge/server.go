package edge

import (
	"log/slog"
	"net/http"
	"time"
)

// The limits of connections. Bodies have a deadline of their own; integrations may take 29 s, so that
// writing has none.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 60 * time.Second
	// headerBytes is what net/http reads of a header block before it gives up; the door refuses far less.
	headerBytes = 64 << 10
)

// NewServer is an HTTP server with the limits that every listener of the house has.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		// OPTIONS * is a request like any other: it is refused.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
