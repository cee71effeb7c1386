package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/telemetry"
)

type whyCmd struct {
	Request     string `arg:"" optional:"" help:"The x-amzn-RequestId of an answer; without it the last refused call."`
	ControlPort int    `help:"Port of the AWS API." default:"4566"`
	Host        string `help:"Address of the server." default:"127.0.0.1"`
	JSON        bool   `help:"Print JSON."`
}

// Run prints the gates that a call passed, in order, with what each decided.
func (c *whyCmd) Run(ctx context.Context, s *Streams) error {
	rec, err := c.fetch(ctx)
	if err != nil {
		return exit(ExitUsage, err)
	}
	if c.JSON {
		return printJSON(s.Out, rec)
	}
	printRecord(s, &rec)
	return nil
}

// printRecord prints the gates of a call.
func printRecord(s *Streams, rec *telemetry.Record) {
	fmt.Fprintf(s.Out, "%s %s → %d", rec.Method, printable(rec.Path), rec.Status)
	if rec.Outcome != "allow" {
		fmt.Fprintf(s.Out, "  %s: %s", rec.Outcome, rec.Reason)
	}
	fmt.Fprintf(s.Out, "\n  %s  from %s", rec.At.Local().Format(time.DateTime), rec.Peer)
	for _, p := range [][2]string{{"api", rec.API}, {"stage", rec.Stage}, {"resource", rec.Resource}, {"caller", rec.Caller}, {"key", rec.KeyID}, {"plan", rec.PlanID}} {
		if p[1] != "" {
			fmt.Fprintf(s.Out, "  %s %s", p[0], p[1])
		}
	}
	fmt.Fprintf(s.Out, "\n  request %s  %.1f ms\n", rec.ID, float64(rec.Micros)/1000)
	for _, g := range rec.Gates {
		mark := s.paint(green, "passed ")
		if g.Outcome != "allow" {
			mark = s.paint(red, "REFUSED")
		}
		fmt.Fprintf(s.Out, "  %s  %-24s %s", mark, g.Gate, g.Reason)
		if g.Ref != "" {
			fmt.Fprintf(s.Out, " (%s)", printable(g.Ref))
		}
		fmt.Fprintln(s.Out)
		if text := g.Reason.Explain(); g.Outcome != "allow" && text != "" {
			fmt.Fprintf(s.Out, "           %s\n", text)
		}
	}
	if len(rec.Gates) == 0 && rec.Outcome == "allow" {
		fmt.Fprintln(s.Out, "  no gate stands in front of this route: it is PUBLIC")
	}
	if rec.Policies != "" {
		fmt.Fprintln(s.Out, "  policies:")
		for line := range strings.SplitSeq(strings.TrimRight(rec.Policies, "\n"), "\n") {
			fmt.Fprintln(s.Out, "    "+printable(line))
		}
	}
	if rec.Error != "" {
		fmt.Fprintf(s.Out, "  integration: %s\n", printable(rec.Error))
	}
}

func (c *whyCmd) fetch(ctx context.Context) (telemetry.Record, error) {
	var rec telemetry.Record
	if c.Request != "" {
		err := c.get(ctx, "requests/"+url.PathEscape(c.Request), &rec)
		return rec, err
	}
	var all struct{ Requests []telemetry.Record }
	if err := c.get(ctx, "requests?limit=1000", &all); err != nil {
		return rec, err
	}
	for _, r := range all.Requests {
		if r.Outcome != "allow" {
			return r, nil
		}
	}
	return rec, errors.New("none of the last calls was refused")
}

func (c *whyCmd) get(ctx context.Context, page string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	at := fmt.Sprintf("http://%s:%d/_gatehouse/", c.Host, c.ControlPort)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at+page, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no server answers on %s: start gatehouse dev, or name its --control-port", at)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNotFound {
		return errors.New("that request is not among the last ones")
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", at, resp.Status)
	}
	return json.Unmarshal(body, into)
}
