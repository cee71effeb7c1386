package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// The rows. A peer has those that it can do.
const (
	rowOpen     = "open proxy"
	rowKey      = "API key"
	rowJWT      = "JWT (RS256)"
	rowFunction = "function"
)

// proxyConnections is the number of connections of every proxy row.
const proxyConnections = 64

// functionConnections are the numbers of connections of the function rows.
var functionConnections = []int{1, 16}

// peer is a program to measure and how it is started.
type peer struct {
	name    string
	version string
	note    string // what its rows do
	command []string
	dir     string
	env     []string
	work    string
	ready   row // the first answer that counts as started
	rows    []row
}

func (p *peer) start(context.Context) (*process, time.Time, error) {
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), p.env...)
	return launch(cmd, filepath.Join(p.work, strings.ReplaceAll(p.name, " ", "-")+".log"))
}

// setting is what the peers of one run share.
type setting struct {
	o       options
	work    string
	backend string // host:port
	key     string // the API key
	token   string // a JWT that HAProxy accepts
}

func newSetting(o options, work, backend string) (*setting, error) {
	s := &setting{o: o, work: work, backend: backend, key: (rand.Text() + rand.Text())[:40]} // as long as AWS makes them
	var err error
	s.token, err = makeToken(filepath.Join(work, "jwt.pem"))
	return s, err
}

// makeToken makes an RSA key pair, writes its public half to a file and returns a JWT (RFC 7519) signed with
// RS256 that names an issuer, a subject and an expiry, as tokens do.
func makeToken(public string) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	if err := os.WriteFile(public, text, 0o644); err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": "https://issuer.example", "sub": "bench", "exp": time.Now().Add(time.Hour).Unix(),
	})
	if err != nil {
		return "", err
	}
	b64 := base64.RawURLEncoding
	signed := b64.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + b64.EncodeToString(claims)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	return signed + "." + b64.EncodeToString(sig), err
}

// peersOf returns the peers that are here, Gatehouse first, and the names of those that are not, with the
// reason.
func peersOf(ctx context.Context, s *setting) (here []peer, skipped []string) {
	makers := []struct {
		name string
		make func(context.Context, *setting) (peer, error)
	}{
		{"Gatehouse", gatehouse},
		{"nginx", nginx},
		{"HAProxy", haproxy},
		{"Caddy", caddy},
		{"serverless-offline", offline},
	}
	only := strings.FieldsFunc(s.o.only, func(r rune) bool { return r == ',' })
	for _, m := range makers {
		if len(only) > 0 && !slices.Contains(only, m.name) {
			continue
		}
		p, err := m.make(ctx, s)
		if err != nil {
			skipped = append(skipped, fmt.Sprintf("%s: %v", m.name, err))
			continue
		}
		p.name, p.work = m.name, s.work
		here = append(here, p)
	}
	return here, skipped
}

func gatehouse(ctx context.Context, s *setting) (peer, error) {
	path := filepath.Join(s.o.cache, "gatehouse")
	version, err := output(ctx, path, "version")
	if err != nil {
		return peer{}, err
	}
	door, err := freeAddress()
	if err != nil {
		return peer{}, err
	}
	control, err := freeAddress()
	if err != nil {
		return peer{}, err
	}
	base := "http://" + door + "/dev"
	rows := []row{
		{name: rowOpen, url: base + "/open", connections: proxyConnections, size: answerSize},
		{name: rowKey, url: base + "/keyed", header: "x-api-key: " + s.key, refusal: 403, connections: proxyConnections, size: answerSize},
	}
	return peer{
		version: versionIn(firstLine(version)),
		note:    "REST API from a serverless.yml: HTTP_PROXY open and with an API key in a usage plan (throttle and quota counted); AWS_PROXY to a Node function",
		command: []string{path, "dev", filepath.Join(s.o.dir, "definition"), "--ephemeral", "--no-watch",
			"--log-format", "off", "--port", port(door), "--control-port", port(control)},
		dir:   s.work,
		env:   []string{"BACKEND=http://" + s.backend, "BENCH_KEY=" + s.key},
		ready: rows[0],
		rows:  append(rows, functionRows(base+"/hello")...),
	}, nil
}

// functionRows are the rows of the function, the first of them in a fresh process.
func functionRows(url string) []row {
	var rows []row
	for i, n := range functionConnections {
		rows = append(rows, row{name: functionRow(n), url: url, connections: n, fresh: i == 0})
	}
	return rows
}

func functionRow(connections int) string { return fmt.Sprintf("%s, %d", rowFunction, connections) }

func nginx(ctx context.Context, s *setting) (peer, error) {
	path, version, err := program(ctx, "nginx", "-v")
	if err != nil {
		return peer{}, err
	}
	address, config, err := configure(s, "nginx.conf")
	if err != nil {
		return peer{}, err
	}
	open := row{name: rowOpen, url: "http://" + address + "/open", connections: proxyConnections, size: answerSize}
	return peer{
		version: version,
		note:    "proxy_pass with keep-alive; the key is looked up with map",
		command: []string{path, "-p", s.work, "-e", "stderr", "-c", config},
		ready:   open,
		rows: []row{open, {name: rowKey, url: "http://" + address + "/keyed", header: "x-api-key: " + s.key,
			refusal: 403, connections: proxyConnections, size: answerSize}},
	}, nil
}

func haproxy(ctx context.Context, s *setting) (peer, error) {
	path, version, err := program(ctx, "haproxy", "-v")
	if err != nil {
		return peer{}, err
	}
	address, config, err := configure(s, "haproxy.cfg")
	if err != nil {
		return peer{}, err
	}
	open := row{name: rowOpen, url: "http://" + address + "/open", connections: proxyConnections, size: answerSize}
	return peer{
		version: version,
		note:    "http-reuse always; jwt_verify with RS256 and no look at the claims",
		command: []string{path, "-db", "-f", config},
		ready:   open,
		rows: []row{open, {name: rowJWT, url: "http://" + address + "/jwt", header: "Authorization: Bearer " + s.token,
			refusal: 401, connections: proxyConnections, size: answerSize}},
	}, nil
}

func caddy(ctx context.Context, s *setting) (peer, error) {
	path := filepath.Join(s.o.cache, "caddy")
	if _, err := os.Stat(path); err != nil {
		return peer{}, err
	}
	version, err := output(ctx, "go", "version", "-m", path)
	if err != nil {
		return peer{}, err
	}
	address, config, err := configure(s, "Caddyfile")
	if err != nil {
		return peer{}, err
	}
	open := row{name: rowOpen, url: "http://" + address + "/open", connections: proxyConnections, size: answerSize}
	return peer{
		version: moduleVersion(version, "github.com/caddyserver/caddy/v2"),
		note:    "reverse_proxy with keep-alive; the key is compared with a header matcher",
		command: []string{path, "run", "--config", config, "--adapter", "caddyfile"},
		env:     []string{"HOME=" + s.work, "XDG_DATA_HOME=" + s.work, "XDG_CONFIG_HOME=" + s.work},
		ready:   open,
		rows: []row{open, {name: rowKey, url: "http://" + address + "/keyed", header: "x-api-key: " + s.key,
			refusal: 403, connections: proxyConnections, size: answerSize}},
	}, nil
}

func offline(ctx context.Context, s *setting) (peer, error) {
	dir := filepath.Join(s.o.cache, "offline")
	sls := filepath.Join(dir, "node_modules", "osls", "bin", "serverless.js")
	node, nodeVersion, err := program(ctx, "node", "--version")
	if err != nil {
		return peer{}, err
	}
	if _, err := os.Stat(sls); err != nil {
		return peer{}, err
	}
	http, err := freeAddress()
	if err != nil {
		return peer{}, err
	}
	lambda, err := freeAddress()
	if err != nil {
		return peer{}, err
	}
	rows := functionRows("http://" + http + "/dev/hello")
	ready := rows[0]
	rows[0].fresh = false // it serves nothing before it serves functions: its start is timed with one
	return peer{
		version: fmt.Sprintf("%s, osls %s, Node %s", packageVersion(dir, "serverless-offline"), packageVersion(dir, "osls"), nodeVersion),
		note:    "the same function; output to a file, log level error",
		command: []string{node, sls, "offline", "--host", "127.0.0.1", "--httpPort", port(http), "--lambdaPort", port(lambda)},
		dir:     dir,
		env: []string{"HOME=" + s.work, "SLS_TELEMETRY_DISABLED=1", "SLS_NOTIFICATIONS_MODE=off", "SLS_LOG_LEVEL=error",
			"AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none"},
		ready: ready,
		rows:  rows,
	}, nil
}

// configure fills in a configuration file of bench/peers and returns the address it listens on and its path.
func configure(s *setting, name string) (address, path string, err error) {
	t, err := template.ParseFiles(filepath.Join(s.o.dir, "peers", name))
	if err != nil {
		return "", "", err
	}
	if address, err = freeAddress(); err != nil {
		return "", "", err
	}
	path = filepath.Join(s.work, name)
	f, err := os.Create(path)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	return address, path, t.Execute(f, struct {
		Dir, Backend, Port, Key string
		Cores                   int
	}{s.work, s.backend, port(address), s.key, cores()})
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// program finds a program of the machine and its version.
func program(ctx context.Context, name, flag string) (path, version string, err error) {
	if path, err = exec.LookPath(name); err != nil {
		return "", "", err
	}
	text, err := output(ctx, path, flag)
	if err != nil {
		return "", "", err
	}
	return path, versionIn(firstLine(text)), nil
}

func output(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	return string(out), err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

// versionIn returns the first word of a line that looks like a version: "nginx version: nginx/1.22.1".
func versionIn(line string) string {
	for _, w := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '/' }) {
		digits := strings.TrimPrefix(w, "v")
		if digits != "" && digits[0] >= '0' && digits[0] <= '9' && strings.Contains(w, ".") {
			return digits
		}
	}
	return line
}

// moduleVersion finds a module in the output of go version -m.
func moduleVersion(text, module string) string {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) >= 3 && (f[0] == "dep" || f[0] == "mod") && f[1] == module {
			return strings.TrimPrefix(f[2], "v")
		}
	}
	return "unknown"
}

// packageVersion reads the version of an installed npm package.
func packageVersion(dir, name string) string {
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", name, "package.json"))
	if err != nil {
		return "unknown"
	}
	var p struct{ Version string }
	if err := json.Unmarshal(text, &p); err != nil {
		return "unknown"
	}
	return p.Version
}
