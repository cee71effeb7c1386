package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/snapshot"
)

// run runs the program on a project and returns its exit code and what it printed.
func run(t *testing.T, files map[string]string, args ...string) (code int, out, err string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	code = Run(context.Background(), args, Streams{Out: &stdout, Err: &stderr, Getenv: func(string) string { return "" }, Dir: dir})
	return code, stdout.String(), stderr.String()
}

const head = "service: s\nframeworkVersion: '3'\nprovider: {name: aws, runtime: nodejs20.x}\n"

func definition(events string) map[string]string {
	return map[string]string{"serverless.yml": head + "functions:\n  f:\n    handler: h.x\n    events:\n" + events, "h.js": ""}
}

// TestExitCodes: 0 fine, 1 findings, 2 wrong usage or definition, 3 a control that cannot be enforced.
func TestExitCodes(t *testing.T) {
	open := definition("      - http: {path: a, method: get}\n")
	keyed := definition("      - http: {path: a, method: get, private: true}\n")
	cognito := definition("      - http: {path: a, method: get, authorizer: 'arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_x'}\n")
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string
		code  int
		want  []string
	}{
		{"no arguments", nil, nil, 0, []string{"Usage: gatehouse"}},
		{"version", nil, []string{"version"}, 0, []string{"gatehouse " + Version}},
		{"unknown command", nil, []string{"serv"}, 2, []string{"unexpected argument serv"}},
		{"unknown flag", nil, []string{"dev", "--prot", "1"}, 2, []string{"unknown flag --prot"}},
		{"no definition", nil, []string{"validate"}, 2, []string{"no definition found", "--empty"}},
		{"validate", open, []string{"validate"}, 0, []string{"1 routes, 1 of them public"}},
		{"public routes", open, []string{"routes", "--public"}, 1, []string{"PUBLIC"}},
		{"no public routes", keyed, []string{"routes", "--public"}, 0, []string{"no routes"}},
		{"keys without a plan", keyed, []string{"routes"}, 0, []string{"every call is refused"}},
		{"unenforced", cognito, []string{"validate"}, 3, []string{"serverless.yml:", "cognito_user_pools", "--accept-unenforced CONTROL"}},
		{"unenforced, dev", cognito, []string{"dev", "--ephemeral", "--port", "0", "--control-port", "0"}, 3, []string{"cognito_user_pools"}},
		{"accepted", cognito, []string{"routes", "--accept-unenforced", "cognito_user_pools"}, 0, []string{"REFUSED (not enforced yet: cognito_user_pools)"}},
		{"accepted is a finding", cognito, []string{"validate", "--accept-unenforced", "cognito_user_pools"}, 1, []string{"accepted as not enforced"}},
		{"warning is a finding", map[string]string{"serverless.yml": strings.Replace(open["serverless.yml"], "service: s\n", "service: s\nplugins: [serverless-nobody-knows]\n", 1), "h.js": ""},
			[]string{"validate"}, 1, []string{"serverless-nobody-knows"}},
		{"bad account", open, []string{"routes", "--account", "12"}, 2, []string{"want 12 digits"}},
		{"bad log format", open, []string{"dev", "--log-format", "xml"}, 2, []string{"want text, json or off"}},
		{"empty with a path", open, []string{"dev", "--empty", "."}, 2, []string{"--empty"}},
		{"short key", map[string]string{"serverless.yml": strings.Replace(keyed["serverless.yml"], "runtime: nodejs20.x}", "runtime: nodejs20.x, apiGateway: {apiKeys: [k]}}", 1), "h.js": ""},
			[]string{"dev", "--ephemeral", "--port", "0", "--control-port", "0", "--api-key", "short"}, 2, []string{"20 to 128 characters"}},
		{"configuration with an unknown key", map[string]string{"serverless.yml": open["serverless.yml"], "h.js": "", "gatehouse.yml": "prot: 1\n"},
			[]string{"dev"}, 2, []string{"gatehouse.yml:1:", `no key "prot"`}},
		{"why without a server", nil, []string{"why", "--control-port", "1"}, 2, []string{"no server answers"}},
	} {
		code, out, err := run(t, c.files, c.args...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.name, code, c.code, out, err)
		}
		for _, want := range c.want {
			if !strings.Contains(out+err, want) {
				t.Errorf("%s: the output lacks %q:\n%s%s", c.name, want, out, err)
			}
		}
		if strings.Contains(out, "\x1b[") {
			t.Errorf("%s: colours without a terminal: %q", c.name, out)
		}
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	code, _, text := run(t, definition("      - http: {path: a, method: get}\n"), "dev", "--ephemeral", "--control-port", "0", "--port", port)
	if code != 2 || !strings.Contains(text, "port "+port+" is in use") || !strings.Contains(text, "--port") {
		t.Errorf("exit code %d: %s", code, text)
	}
}

func TestRoutesJSON(t *testing.T) {
	_, out, _ := run(t, definition("      - http: {path: a, method: get}\n      - http: {path: b, method: get, authorizer: aws_iam}\n"), "routes", "--json")
	var got struct {
		Routes []struct {
			Method, Path string
			Public       bool
			Gates        []string
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Routes) != 2 {
		t.Fatalf("%v in %s", err, out)
	}
	if a, b := got.Routes[0], got.Routes[1]; !a.Public || len(a.Gates) != 0 || b.Public || len(b.Gates) != 1 || b.Gates[0] != "IAM" {
		t.Errorf("%+v", got)
	}
}

// TestGuardedIsNeverPublic: whatever keeps somebody out must show in the table.
func TestGuardedIsNeverPublic(t *testing.T) {
	for need := snapshot.NeedClientCert; need <= snapshot.NeedCache; need <<= 1 {
		r := &snapshot.Route{Stage: &snapshot.Stage{}, Needs: need}
		if public := len(gatesOf(r)) == 0; public != (need&guards == 0) {
			t.Errorf("need %b: public = %v", need, public)
		}
	}
}

// TestPrintable: what a caller or a function wrote cannot drive the terminal.
func TestPrintable(t *testing.T) {
	if got := printable("a\x1b[31m\r\n\u202eb\tc"); got != "a·[31m···b\tc" {
		t.Errorf("got %q", got)
	}
}

func TestQuote(t *testing.T) {
	if got := quote(`a'b`); got != `'a'\''b'` {
		t.Errorf("got %s", got)
	}
}
