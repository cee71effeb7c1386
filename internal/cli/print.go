package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/lambdahost"
)

// printer writes the log of calls and functions.
type printer struct {
	s      *Streams
	format string
	logger *slog.Logger
}

func newPrinter(s *Streams, format string) *printer {
	p := &printer{s: s, format: format}
	switch format {
	case "json":
		p.logger = slog.New(slog.NewJSONHandler(s.Err, nil))
	case "off":
		p.logger = slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	default:
		p.logger = slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	return p
}

// called returns what is told of each call: a line of text, nothing, or nil for the structured event.
func (p *printer) called() func(*exchange.Exchange, time.Duration) {
	switch p.format {
	case "json":
		return nil
	case "off":
		return func(*exchange.Exchange, time.Duration) {}
	}
	return p.callLine
}

// callLine is one line: method, path, status, time, who, what decided.
func (p *printer) callLine(x *exchange.Exchange, took time.Duration) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %.1f ms", x.Method, printable(x.Request.RawPath), p.status(x.Status), float64(took.Microseconds())/1000)
	if x.Key.Name != "" {
		fmt.Fprintf(&b, "  key %s", printable(x.Key.Name))
	}
	if d := x.Decision; d.Refused() {
		fmt.Fprintf(&b, "  %s", d.Reason)
		if d.Ref != "" {
			fmt.Fprintf(&b, " (%s)", printable(d.Ref))
		}
	}
	b.WriteByte('\n')
	_, _ = io.WriteString(p.s.Out, b.String())
}

func (p *printer) status(code int) string {
	text := fmt.Sprint(code)
	if code >= 400 {
		return p.s.paint(red, text)
	}
	return p.s.paint(green, text)
}

// functionLog returns what takes the functions' output; nil spares the host from reading it.
func (p *printer) functionLog() func(lambdahost.LogLine) {
	if p.format == "off" {
		return nil
	}
	return p.functionLine
}

// functionLine prints what a function wrote, indented under the line of its call.
func (p *printer) functionLine(l lambdahost.LogLine) {
	switch p.format {
	case "json":
		p.logger.Info("function", "function", l.Function, "requestId", l.RequestID, "text", l.Text)
	default:
		if isPlatformLine(l.Text) {
			return
		}
		// CloudWatch keeps a message of several lines in one, with carriage returns.
		var b strings.Builder
		for line := range strings.SplitSeq(l.Text, "\r") {
			fmt.Fprintf(&b, "    %s | %s\n", l.Function, printable(line))
		}
		_, _ = io.WriteString(p.s.Out, b.String())
	}
}

// isPlatformLine tells Lambda's own lines, which nobody wants between their own on a terminal.
func isPlatformLine(text string) bool {
	for _, prefix := range []string{"START RequestId: ", "END RequestId: ", "REPORT RequestId: ", "INIT_START "} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// printable keeps what a caller or a function wrote from driving the terminal.
func printable(s string) string {
	if len(s) > 4096 {
		s = s[:4096] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return '·'
		}
		return r
	}, s)
}

func printLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
