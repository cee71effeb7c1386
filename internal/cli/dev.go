package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"gatehouse/internal/cloudformation"
	"gatehouse/internal/config"
	"gatehouse/internal/identity"
	"gatehouse/internal/project"
	"gatehouse/internal/server"
)

// devCmd serves a definition on this machine.
type devCmd struct {
	definitionFlags
	Port        *int     `help:"Data port, 3000; 0 picks a free one." placeholder:"PORT"`
	ControlPort *int     `help:"Port of the AWS API, 4566; 0 picks a free one." placeholder:"PORT"`
	Host        string   `help:"Address to listen on, 127.0.0.1." placeholder:"ADDRESS"`
	Config      string   `help:"Configuration file; gatehouse.yml beside the definition." placeholder:"FILE"`
	APIKey      []string `name:"api-key" help:"Value for a key that is declared by name: NAME=VALUE, or VALUE for the first one." placeholder:"VALUE" sep:"none"`
	Empty       bool     `help:"Serve no definition: everything is made through the control port."`
	Ephemeral   bool     `help:"Keep state in memory only."`
	StateDir    string   `help:"Directory of the state; .gatehouse beside the definition." placeholder:"DIR"`
	Watch       bool     `help:"Follow changes of the definition and of the functions' code." default:"true" negatable:""`
	LogFormat   string   `help:"Log of calls and functions: text, json or off." placeholder:"FORMAT"`
	JSON        bool     `help:"Print the ready message as one line of JSON."`
}

func (c *devCmd) Run(ctx context.Context, s *Streams) error {
	began := time.Now()
	if c.Empty && c.Path != "" {
		return exit(ExitUsage, errors.New("--empty serves no definition; leave the path out"))
	}
	d, cfg, err := c.read(s)
	if err != nil {
		return exit(ExitUsage, err)
	}
	var w *watcher
	if d != nil && c.Watch {
		if w, err = c.watch(s, d); err != nil {
			fmt.Fprintln(s.Err, "gatehouse: changes are not followed:", err)
		} else {
			defer w.close()
		}
	}
	p := newPrinter(s, cfg.LogFormat)
	srv, err := server.New(ctx, cfg, server.Options{
		Version: Version, Logger: p.logger, FunctionLog: p.functionLog(), Called: p.called(),
	})
	if err != nil {
		return exit(ExitUsage, err)
	}
	defer func() {
		if err := srv.Close(); err != nil {
			fmt.Fprintln(s.Err, "gatehouse:", err)
		}
	}()
	if err := srv.Listen(); err != nil {
		return exit(ExitUsage, err)
	}
	var out *cloudformation.Outcome
	if d != nil {
		def, err := deployable(d, c.APIKey)
		if err != nil {
			return exit(ExitUsage, err)
		}
		if out, err = srv.Deploy(ctx, def); err != nil {
			return refused(err, s)
		}
	}
	if ctx.Err() != nil {
		return exit(ExitInterrupted, errSilent)
	}
	serving := make(chan error, 1)
	go func() { serving <- srv.Serve(ctx) }()
	keys, err := c.announce(ctx, s, srv, d, out, time.Since(began))
	if err != nil {
		return exit(ExitUsage, err)
	}
	// Deploying leaves garbage behind that serving does not: give it back before the long idle.
	debug.FreeOSMemory()
	if w != nil {
		w.start(ctx, srv, keys)
		defer w.close() // before the server, which a reload may be using
	}
	if err := <-serving; err != nil {
		return exit(ExitUsage, err)
	}
	return nil
}

// read reads the configuration and the definition.
func (c *devCmd) read(s *Streams) (*project.Definition, config.Config, error) {
	dir, file := s.Dir, ""
	if !c.Empty {
		var err error
		if file, err = project.Find(s.Dir, c.Path); err != nil {
			return nil, config.Config{}, err
		}
		dir = filepath.Dir(file)
	}
	cfg, err := c.configuration(s, dir)
	if err != nil {
		return nil, cfg, err
	}
	var d *project.Definition
	if !c.Empty {
		c.definitionFlags.Account, c.definitionFlags.Region = string(cfg.Home.Account), string(cfg.Home.Region)
		if d, err = c.load(s); err != nil {
			return nil, cfg, err
		}
		cfg.Home.Region = identity.Region(d.Region)
	}
	if cfg.Home.Region == "" {
		cfg.Home.Region = config.Default().Home.Region
	}
	cfg.Home.Partition = partition(string(cfg.Home.Region))
	return d, cfg, cfg.Validate()
}

// configuration joins, each over the one before: the defaults, the file, the environment, the flags. The
// region stays empty when nobody names one: the definition may.
func (c *devCmd) configuration(s *Streams, dir string) (config.Config, error) {
	cfg := config.Default()
	cfg.Home.Region = ""
	file := c.Config
	if beside := filepath.Join(dir, "gatehouse.yml"); file == "" && exists(beside) {
		file = beside
	}
	if file != "" {
		if err := config.Load(file, &cfg); err != nil {
			return cfg, shorten(err, s.Dir)
		}
	}
	c.apply(s, &cfg)
	if c.Port != nil {
		cfg.Port = *c.Port
	}
	if c.ControlPort != nil {
		cfg.ControlPort = *c.ControlPort
	}
	if c.Host != "" {
		cfg.Host = c.Host
	}
	if c.LogFormat != "" {
		cfg.LogFormat = c.LogFormat
	}
	switch {
	case c.Ephemeral:
		cfg.StateDir = ""
	case c.StateDir != "":
		cfg.StateDir = c.StateDir
	case cfg.StateDir == "":
		cfg.StateDir = filepath.Join(dir, ".gatehouse")
	}
	return cfg, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// refused ends a start whose definition cannot be served.
func refused(err error, s *Streams) error {
	var open *cloudformation.UnenforcedError
	if errors.As(err, &open) {
		text := shorten(errors.New(server.Unenforced(open.Findings)), s.Dir).Error()
		return exit(ExitUnenforced, fmt.Errorf("this definition declares controls that are not enforced yet:\n%sAccept each by name with --accept-unenforced CONTROL: its routes then refuse every request", text))
	}
	return exit(ExitUsage, shorten(err, s.Dir))
}

// ready is the ready message for programs.
type ready struct {
	Ready      bool   `json:"ready"`
	Version    string `json:"version"`
	File       string `json:"file,omitempty"`
	Stage      string `json:"stage,omitempty"`
	URL        string `json:"url"`
	ControlURL string `json:"controlUrl"`
	// VPCEndpoints are where the private listeners are, by id.
	VPCEndpoints map[string]string `json:"vpcEndpoints,omitempty"`
	Account      string            `json:"account"`
	Region       string            `json:"region"`
	StateDir     string            `json:"stateDir,omitempty"`
	APIKeys      map[string]string `json:"apiKeys"`
	Routes       []routeRow        `json:"routes"`
	Millis       int64             `json:"millis"`
	// AccessKeyID and SecretAccessKey are printed when no state directory holds them.
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	SecretAccessKey string `json:"secretAccessKey,omitempty"`
}

// announce prints what is served and returns the API keys that it printed.
func (c *devCmd) announce(ctx context.Context, s *Streams, srv *server.Server, d *project.Definition, out *cloudformation.Outcome, took time.Duration) (lines []server.KeyLine, err error) {
	if out != nil {
		if lines, err = srv.KeyLines(ctx, out); err != nil {
			return nil, err
		}
	}
	cfg := srv.Config()
	rows := routeRows(srv.Snapshot())
	if c.JSON {
		r := ready{
			Ready: true, Version: Version, URL: srv.DataURL(), ControlURL: srv.ControlURL(), StateDir: cfg.StateDir,
			Account: string(cfg.Home.Account), Region: string(cfg.Home.Region), APIKeys: map[string]string{}, Routes: rows,
			Millis: took.Milliseconds(),
		}
		r.VPCEndpoints = srv.EndpointURLs()
		if d != nil {
			r.File, r.Stage = d.File, d.Stage
		}
		for _, l := range lines {
			r.APIKeys[l.Name] = l.Value
		}
		if c.Ephemeral {
			r.AccessKeyID, r.SecretAccessKey = string(srv.RootKey().ID), srv.RootKey().Secret.Reveal()
		}
		return lines, printLine(s.Out, r)
	}
	// One write: the banner must not be torn by the log of early calls.
	var b bytes.Buffer
	c.banner(&b, s, srv, d, out, lines, rows, took)
	_, err = s.Out.Write(b.Bytes())
	return lines, err
}

func (c *devCmd) banner(w io.Writer, s *Streams, srv *server.Server, d *project.Definition, out *cloudformation.Outcome, keys []server.KeyLine, rows []routeRow, took time.Duration) {
	cfg := srv.Config()
	head := "gatehouse " + Version
	if d != nil {
		head += "  " + relative(s.Dir, d.File)
		if d.Stage != "" {
			head += "  stage " + d.Stage
		}
	} else {
		head += "  (no definition)"
	}
	fmt.Fprintf(w, "%s  account %s  region %s\n\n", head, cfg.Home.Account, cfg.Home.Region)
	if len(rows) > 0 {
		printRoutes(w, s, rows)
		fmt.Fprintln(w)
	}
	printKeys(w, keys)
	if len(rows) > 0 {
		fmt.Fprintln(w, "endpoints:")
		for _, r := range rows {
			fmt.Fprintf(w, "  %s - %s/%s%s\n", r.Method, srv.DataURL(), r.Stage, r.Path)
		}
	}
	printWarnings(w, s, d, out)
	for id, url := range srv.EndpointURLs() {
		fmt.Fprintf(w, "vpc endpoint: %s  %s\n", url, id)
	}
	fmt.Fprintf(w, "aws endpoint: %s", srv.ControlURL())
	switch {
	case cfg.StateDir == "":
		k := srv.RootKey()
		fmt.Fprintf(w, "\n  export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n",
			srv.ControlURL(), cfg.Home.Region, k.ID, k.Secret.Reveal())
	default:
		fmt.Fprintf(w, "   eval \"$(gatehouse env%s)\"\n", c.envArgs(s, srv, d))
	}
	fmt.Fprintln(w, s.paint(green, fmt.Sprintf("ready in %d ms: %s", took.Milliseconds(), srv.DataURL())))
}

// envArgs are the arguments with which gatehouse env, run where this command was run, finds this server.
func (c *devCmd) envArgs(s *Streams, srv *server.Server, d *project.Definition) string {
	args := ""
	if d != nil {
		args += " " + quoteIfNeeded(relative(s.Dir, d.Dir))
	}
	if dir := srv.Config().StateDir; d == nil && dir != filepath.Join(s.Dir, ".gatehouse") || d != nil && dir != stateDir(d.File) {
		args += " --state-dir " + quoteIfNeeded(dir)
	}
	if u, err := url.Parse(srv.ControlURL()); err == nil {
		if host := u.Hostname(); host != config.Default().Host {
			args += " --host " + host
		}
		if port := u.Port(); port != strconv.Itoa(config.Default().ControlPort) {
			args += " --control-port " + port
		}
	}
	return args
}

// printKeys prints API keys as sls deploy does.
func printKeys(w io.Writer, keys []server.KeyLine) {
	if len(keys) == 0 {
		return
	}
	fmt.Fprintln(w, "api keys:")
	for _, k := range keys {
		fmt.Fprintf(w, "  %s: %s", k.Name, k.Value)
		if k.Description != "" {
			fmt.Fprintf(w, " - %s", k.Description)
		}
		fmt.Fprintln(w)
	}
}

// printWarnings prints what the reader of a definition should know.
func printWarnings(w io.Writer, s *Streams, d *project.Definition, out *cloudformation.Outcome) {
	if d == nil {
		return
	}
	var lines []string
	for _, x := range d.Warnings {
		lines = append(lines, shorten(fmt.Errorf("%s: %s", x.Pos, x.Msg), s.Dir).Error())
	}
	if out != nil {
		for _, f := range out.Findings {
			lines = append(lines, shorten(fmt.Errorf("%s: %s is not enforced; what declares it refuses every request", f.Pos, f.Control), s.Dir).Error())
		}
		for _, n := range out.NotEmulated {
			lines = append(lines, fmt.Sprintf("%s (%s) is not emulated; references to it get stand-in values", n.LogicalID, n.Type))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintln(w, "warnings:")
		for _, l := range lines {
			fmt.Fprintln(w, "  "+l)
		}
	}
}

// quiet discards a log.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
