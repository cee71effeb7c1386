// Package gatetest runs stories: text files that hold a definition, requests, the answers that API Gateway
// gives, and the reasons that an operator must be told.
//
// A story is a txtar archive (golang.org/x/tools/txtar). Its comment says what is shown and where each
// expectation comes from: [docs], [recorded], [observed] or [inferred]. Its files are a project as a user has
// it, with serverless.yml or template.yaml, and "story", a script of blocks separated by empty lines:
//
//	GET /dev/stores                      a request: method and path on the data port …
//	host: {api}.execute-api.localhost    … or, with this line first, on the control port by host
//	sign: root                           signed with the account's root key,
//	x-api-key: {freeKey}                 its headers; {name} is the value of an API key, {api} the API's id
//	= body                               its body
//	< 403                                the answer's status,
//	< x-amzn-ErrorType: Forbidden…       headers, and "< name:" for one that must not be there,
//	< {"message":"Forbidden"}            the whole body (a line that is no header and no status),
//	~ part                               or a part of it
//	? api-key-missing                    the reason in the record of the call
//
// "repeat N METHOD PATH" sends the request N times and compares each answer. Other lines by themselves:
// "clock 24h" moves the clock, "clock 2036-06-10T00:00:00Z" sets it, "restart" stops and starts the server on its state directory, "reset" is
// POST /_gatehouse/reset, "write FILE" puts the archive's file FILE.new in place of FILE and deploys again.
//
// It owns the script. It runs the very server that users run.
package gatetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"gatehouse/internal/config"
	"gatehouse/internal/project"
	"gatehouse/internal/server"
	"gatehouse/internal/sigv4"
)

// Run runs the story in a file.
func Run(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(archive.Comment)) == 0 {
		t.Fatalf("%s: the story has no comment that says what it shows", file)
	}
	s := &story{t: t, dir: t.TempDir(), files: map[string][]byte{}}
	for _, f := range archive.Files {
		s.files[f.Name] = f.Data
		if f.Name == "story" || strings.HasSuffix(f.Name, ".new") {
			continue
		}
		s.write(f.Name, f.Data)
	}
	script, ok := s.files["story"]
	if !ok {
		t.Fatalf("%s: there is no file named story", file)
	}
	s.start()
	defer func() { s.stop() }()
	s.script(string(script))
}

type story struct {
	t     *testing.T
	dir   string
	files map[string][]byte

	server  *server.Server
	cancel  context.CancelFunc
	served  chan error
	names   map[string]string // what {name} stands for
	data    string
	control string
}

func (s *story) write(name string, data []byte) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) start() {
	s.t.Helper()
	cfg := config.Default()
	cfg.Port, cfg.ControlPort = 0, 0
	cfg.StateDir = filepath.Join(s.dir, ".gatehouse")
	if accept, ok := s.files["accept"]; ok {
		cfg.Accepted = strings.Fields(string(accept))
	}
	ctx, cancel := context.WithCancel(context.Background())
	srv, err := server.New(ctx, cfg, server.Options{Version: "test", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		cancel()
		s.t.Fatal(err)
	}
	s.server, s.cancel, s.served = srv, cancel, make(chan error, 1)
	if err := srv.Listen(); err != nil {
		s.t.Fatal(err)
	}
	s.data, s.control = srv.DataURL(), srv.ControlURL()
	s.deploy()
	go func() { s.served <- srv.Serve(ctx) }()
}

func (s *story) stop() {
	s.t.Helper()
	s.cancel()
	if err := <-s.served; err != nil {
		s.t.Error("serve:", err)
	}
	if err := s.server.Close(); err != nil {
		s.t.Error("close:", err)
	}
}

// deploy loads the definition and deploys it.
func (s *story) deploy() {
	s.t.Helper()
	file, err := project.Find(s.dir, s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	d, err := project.Load(file, project.Options{Account: "123456789012", Getenv: func(string) (string, bool) { return "", false }})
	if err != nil {
		s.t.Fatal(err)
	}
	def := server.Definition{Stack: d.Stack, Template: d.Template, CodeDir: d.Dir}
	for _, k := range d.Keys {
		if !k.HasValue {
			def.Keys = append(def.Keys, server.NamedKey{LogicalID: k.LogicalID, Name: k.Name})
		}
	}
	out, err := s.server.Deploy(context.Background(), def)
	if err != nil {
		s.t.Fatal(err)
	}
	lines, err := s.server.KeyLines(context.Background(), out)
	if err != nil {
		s.t.Fatal(err)
	}
	s.names = map[string]string{}
	for _, l := range lines {
		s.names[l.Name] = l.Value
	}
	for id := range s.server.Snapshot().APIs() {
		s.names["api"] = string(id)
	}
}

// block is one request with what is expected of it.
type block struct {
	line    int
	repeat  int
	method  string
	path    string
	host    string
	sign    bool
	header  [][2]string
	body    string
	want    []string // "< …" lines without the mark
	parts   []string
	reasons []string
}

func (s *story) script(text string) {
	s.t.Helper()
	var b *block
	flush := func() {
		if b != nil {
			s.call(b)
			b = nil
		}
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		switch {
		case line == "":
			flush()
		case strings.HasPrefix(line, "#"):
		case b == nil:
			b = s.open(i+1, line)
		case strings.HasPrefix(line, "< "):
			b.want = append(b.want, s.expand(line[2:]))
		case strings.HasPrefix(line, "~ "):
			b.parts = append(b.parts, s.expand(line[2:]))
		case strings.HasPrefix(line, "? "):
			b.reasons = append(b.reasons, line[2:])
		case strings.HasPrefix(line, "= "):
			b.body += s.expand(line[2:])
		default:
			name, value, ok := strings.Cut(line, ": ")
			if !ok {
				s.t.Fatalf("story:%d: cannot read %q", i+1, line)
			}
			switch name {
			case "host":
				b.host = s.expand(value)
				continue
			case "sign":
				b.sign = true
				continue
			}
			b.header = append(b.header, [2]string{name, s.expand(value)})
		}
	}
	flush()
}

// open reads the first line of a block: a command, which runs at once, or a request.
func (s *story) open(line int, text string) *block {
	s.t.Helper()
	f := strings.Fields(s.expand(text))
	b := &block{line: line, repeat: 1}
	switch f[0] {
	case "clock":
		how := "advance"
		if strings.HasSuffix(f[1], "Z") {
			how = "set"
		}
		s.control1(line, "clock", fmt.Sprintf(`{%q:%q}`, how, f[1]))
		return nil
	case "reset":
		s.control1(line, "reset", "")
		return nil
	case "restart":
		s.stop()
		s.start()
		return nil
	case "write":
		s.write(f[1], s.files[f[1]+".new"])
		s.deploy()
		return nil
	case "repeat":
		n, err := strconv.Atoi(f[1])
		if err != nil {
			s.t.Fatalf("story:%d: %v", line, err)
		}
		b.repeat, f = n, f[2:]
	}
	if len(f) != 2 {
		s.t.Fatalf("story:%d: want METHOD PATH, got %q", line, text)
	}
	b.method, b.path = f[0], f[1]
	return b
}

func (s *story) expand(text string) string {
	for name, value := range s.names {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func (s *story) control1(line int, page, body string) {
	s.t.Helper()
	resp, err := http.Post(s.control+"/_gatehouse/"+page, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatalf("story:%d: %v", line, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("story:%d: %s: %d %s", line, page, resp.StatusCode, text)
	}
}

func (s *story) call(b *block) {
	s.t.Helper()
	if len(b.want) == 0 {
		s.t.Fatalf("story:%d: the request expects nothing", b.line)
	}
	for range b.repeat {
		s.once(b)
		if s.t.Failed() {
			return
		}
	}
}

func (s *story) once(b *block) {
	s.t.Helper()
	url := s.data + b.path
	if b.host != "" {
		url = s.control + b.path
	}
	req, err := http.NewRequest(b.method, url, strings.NewReader(b.body))
	if err != nil {
		s.t.Fatalf("story:%d: %v", b.line, err)
	}
	if b.host != "" {
		req.Host = b.host
	}
	for _, h := range b.header {
		req.Header.Add(h[0], h[1])
	}
	if b.sign {
		s.sign(req, b)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("story:%d: %v", b.line, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("story:%d: %v", b.line, err)
	}
	at := fmt.Sprintf("story:%d: %s %s", b.line, b.method, b.path)
	for _, want := range b.want {
		name, value, isHeader := strings.Cut(want, ":")
		switch code, err := strconv.Atoi(want); {
		case err == nil && len(want) == 3:
			if resp.StatusCode != code {
				s.t.Errorf("%s: status %d, want %d; body %s; record %s", at, resp.StatusCode, code, text, s.record(resp))
			}
		case isHeader && !strings.ContainsAny(name, " {\"<"):
			if got := resp.Header.Get(name); got != strings.TrimSpace(value) {
				s.t.Errorf("%s: header %s = %q, want %q", at, name, got, strings.TrimSpace(value))
			}
		case string(text) != want:
			s.t.Errorf("%s: body %q, want %q", at, text, want)
		}
	}
	for _, part := range b.parts {
		if !strings.Contains(string(text), part) {
			s.t.Errorf("%s: body %q lacks %q", at, text, part)
		}
	}
	for _, want := range b.reasons {
		var rec struct{ Reason string }
		if err := json.Unmarshal([]byte(s.record(resp)), &rec); err != nil || rec.Reason != want {
			s.t.Errorf("%s: reason %q, want %q", at, rec.Reason, want)
		}
	}
}

// sign signs a request with the root key, as execute-api wants it.
func (s *story) sign(req *http.Request, b *block) {
	s.t.Helper()
	path, query, _ := strings.Cut(b.path, "?")
	root := s.server.RootKey()
	fields, f := sigv4.Sign(&sigv4.Request{
		Method: b.method, RawPath: path, RawQuery: query, Host: cmp.Or(req.Host, req.URL.Host), PayloadHash: sigv4.HashPayload([]byte(b.body)),
	}, sigv4.Credentials{KeyID: string(root.ID), Secret: root.Secret, Region: "us-east-1", Service: "execute-api"}, time.Now())
	if f != nil {
		s.t.Fatalf("story:%d: sign: %s", b.line, f.Message)
	}
	for _, h := range fields {
		req.Header.Set(h.Name, h.Value)
	}
}

// record fetches what the operator is told of a call.
func (s *story) record(resp *http.Response) string {
	got, err := http.Get(s.control + "/_gatehouse/requests/" + resp.Header.Get("X-Amzn-Requestid"))
	if err != nil {
		return err.Error()
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(got.Body)
	return string(text)
}
