// Package cli is the command line: one struct that shows the whole command tree, and one file for each
// command.
//
// It owns flags, exit codes and what is printed. It does not know how a definition is served (server) or
// found (project).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// Version of the program.
const Version = "0.1.0"

// Exit codes.
const (
	ExitOK = 0
	// ExitFindings: the command worked and found something to say.
	ExitFindings = 1
	// ExitUsage: flags, configuration or the definition are wrong.
	ExitUsage = 2
	// ExitUnenforced: the definition declares a control that cannot be enforced.
	ExitUnenforced = 3
	// ExitInterrupted: stopped by Ctrl-C before it was ready.
	ExitInterrupted = 130
)

// commands is the command tree.
type commands struct {
	Dev      devCmd      `cmd:"" help:"Serve a definition on this machine and follow its changes."`
	Validate validateCmd `cmd:"" help:"Check a definition and say what is wrong, without serving it."`
	Routes   routesCmd   `cmd:"" help:"Print the routes of a definition with the gates in front of each."`
	Why      whyCmd      `cmd:"" help:"Say why a call was admitted or refused, gate by gate."`
	Simulate simulateCmd `cmd:"" help:"Ask a running server whether a call would be let through, without making it."`
	Env      envCmd      `cmd:"" help:"Print export lines that point AWS tools at a running server: eval \"$(gatehouse env)\"."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// Streams are where a command reads and writes.
type Streams struct {
	Out, Err io.Writer
	// Terminal is true when Out is a terminal that takes colours.
	Terminal bool
	Getenv   func(string) string
	Dir      string
}

// exitError carries an exit code with its message.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// exit makes an error that ends the program with a code. A nil error prints nothing.
func exit(code int, err error) error { return &exitError{code, err} }

var errSilent = errors.New("")

// Run runs a command and returns its exit code.
func Run(ctx context.Context, args []string, s Streams) int {
	var c commands
	ended := -1
	parser, err := kong.New(&c,
		kong.Name("gatehouse"),
		kong.Description("API Gateway's access control without AWS. No account, no network, no telemetry."),
		kong.UsageOnError(),
		kong.Writers(s.Out, s.Err),
		kong.Exit(func(code int) { ended = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(s.Err, "gatehouse:", err)
		return ExitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if ended >= 0 {
		return ended
	}
	if err != nil {
		fmt.Fprintln(s.Err, "gatehouse:", err)
		fmt.Fprintln(s.Err, "Try: gatehouse --help")
		return ExitUsage
	}
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(&s)
	err = k.Run()
	if err == nil {
		return ExitOK
	}
	code := ExitUsage
	var e *exitError
	if errors.As(err, &e) {
		code, err = e.code, e.err
	}
	if err != nil && !errors.Is(err, errSilent) {
		fmt.Fprintln(s.Err, "gatehouse:", err)
	}
	return code
}

// Standard returns the streams of the process.
func Standard() Streams {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return Streams{Out: os.Stdout, Err: os.Stderr, Terminal: colours(os.Stdout), Getenv: os.Getenv, Dir: dir}
}

// colours reports whether a file is a terminal that wants colours (https://no-color.org).
func colours(f *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

type versionCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *versionCmd) Run(s *Streams) error {
	if c.JSON {
		fmt.Fprintf(s.Out, "{\"version\":%q}\n", Version)
		return nil
	}
	fmt.Fprintln(s.Out, "gatehouse", Version)
	return nil
}
