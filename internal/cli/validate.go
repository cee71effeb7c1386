package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/cloudformation"
	"gatehouse/internal/config"
	"gatehouse/internal/project"
	"gatehouse/internal/server"
)

// built is a definition deployed in memory: what it would be when served.
type built struct {
	definition *project.Definition
	outcome    *cloudformation.Outcome
	server     *server.Server
}

// build deploys a definition in memory. Findings that nobody accepted are returned beside an error of exit
// code 3.
func (f *definitionFlags) build(ctx context.Context, s *Streams) (*built, error) {
	d, err := f.load(s)
	if err != nil {
		return nil, exit(ExitUsage, err)
	}
	cfg, err := f.config(s, d.Region)
	if err != nil {
		return nil, exit(ExitUsage, err)
	}
	return buildWith(ctx, s, cfg, d)
}

func buildWith(ctx context.Context, s *Streams, cfg config.Config, d *project.Definition) (*built, error) {
	srv, err := server.New(ctx, cfg, server.Options{Version: Version, Logger: quiet()})
	if err != nil {
		return nil, exit(ExitUsage, err)
	}
	def, err := deployable(d, nil)
	if err != nil {
		return nil, errors.Join(exit(ExitUsage, err), srv.Close())
	}
	out, err := srv.Deploy(ctx, def)
	if err != nil {
		_ = srv.Close() // in memory: nothing can be lost
		return nil, refused(err, s)
	}
	return &built{d, out, srv}, nil
}

type validateCmd struct {
	definitionFlags
	JSON bool `help:"Print JSON."`
}

// finding is one line of validate.
type finding struct {
	Level   string `json:"level"` // error, unenforced, warning, note
	At      string `json:"at,omitempty"`
	Control string `json:"control,omitempty"`
	Message string `json:"message"`
}

func (c *validateCmd) Run(ctx context.Context, s *Streams) error {
	b, err := c.build(ctx, s)
	var findings []finding
	code := ExitOK
	if err != nil {
		var e *exitError
		if !errors.As(err, &e) {
			return err
		}
		code = e.code
		var open *cloudformation.UnenforcedError
		if !c.JSON {
			return err
		}
		if errors.As(err, &open) {
			for _, f := range open.Findings {
				findings = append(findings, finding{"unenforced", f.Pos.String(), f.Control, f.Detail})
			}
		} else {
			findings = append(findings, finding{Level: "error", Message: e.err.Error()})
		}
	} else {
		findings = b.findings(s)
		defer b.server.Close()
		for _, f := range findings {
			if f.Level == "warning" {
				code = ExitFindings
			}
		}
	}
	if c.JSON {
		if findings == nil {
			findings = []finding{}
		}
		if err := printJSON(s.Out, map[string]any{"exit": code, "findings": findings}); err != nil {
			return err
		}
		return exitWith(code)
	}
	for _, f := range findings {
		line := f.Message
		if f.At != "" {
			line = f.At + ": " + line
		}
		fmt.Fprintf(s.Out, "%s: %s\n", f.Level, line)
	}
	rows := routeRows(b.server.Snapshot())
	public := 0
	for _, r := range rows {
		if r.Public {
			public++
		}
	}
	fmt.Fprintf(s.Out, "%s: %d routes, %d of them public\n", relative(s.Dir, b.definition.File), len(rows), public)
	return exitWith(code)
}

func exitWith(code int) error {
	if code == ExitOK {
		return nil
	}
	return exit(code, errSilent)
}

// findings lists what is worth saying of a definition that can be served.
func (b *built) findings(s *Streams) []finding {
	var out []finding
	add := func(level, at, control, message string) {
		at = strings.TrimPrefix(at, s.Dir+"/")
		out = append(out, finding{level, at, control, message})
	}
	for _, w := range b.definition.Warnings {
		add("warning", w.Pos.String(), "", w.Msg)
	}
	for _, f := range b.outcome.Findings {
		add("warning", f.Pos.String(), f.Control, f.Control+" is accepted as not enforced; what declares it refuses every request")
	}
	for _, n := range b.outcome.NotEmulated {
		add("note", "", "", fmt.Sprintf("%s (%s) is not emulated; references to it get stand-in values", n.LogicalID, n.Type))
	}
	for _, f := range b.server.Snapshot().Faults() {
		add("warning", "", "", fmt.Sprintf("stage %s of %s does not compile: %v", f.Stage, f.API, f.Err))
	}
	for _, r := range routeRows(b.server.Snapshot()) {
		if strings.HasPrefix(r.Target, "500: ") {
			add("warning", "", "", fmt.Sprintf("%s %s answers every call with %s", r.Method, r.Path, r.Target))
		}
	}
	return out
}
