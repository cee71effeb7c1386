// Package test drives the real binary with the tools that people have: the AWS command line, boto3, curl-like
// HTTP. Nothing here imports the house.
package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gatehouse-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gatehouse")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/gatehouse").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if address := os.Getenv(clientAddress); address != "" {
		os.Exit(client(address))
	}
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func gatehouse(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// running is a server that was started as a user starts it.
type running struct {
	Ready           bool
	URL             string
	ControlURL      string
	StateDir        string
	APIKeys         map[string]string
	AccessKeyID     string
	SecretAccessKey string
	Region          string
	Routes          []struct{ API string }

	cmd    *exec.Cmd
	stderr *bytes.Buffer
	exited chan error
}

// dev starts gatehouse dev with --json on free ports and waits for the ready line.
func dev(t *testing.T, args ...string) *running {
	t.Helper()
	return devBy(t, []string{gatehouse(t)}, args...)
}

// devBy is dev with the command that runs the program.
func devBy(t *testing.T, command []string, args ...string) *running {
	t.Helper()
	r := &running{stderr: &bytes.Buffer{}, exited: make(chan error, 1)}
	args = append(append(command[1:], "dev", "--json", "--port", "0", "--control-port", "0"), args...)
	r.cmd = exec.Command(command[0], args...)
	r.cmd.Stderr = r.stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.stop(t) })
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatalf("no ready line; stderr: %s", r.stderr)
	}
	if err := json.Unmarshal(lines.Bytes(), r); err != nil || !r.Ready {
		t.Fatalf("ready line %q: %v", lines.Text(), err)
	}
	go func() {
		for lines.Scan() {
		}
		r.exited <- r.cmd.Wait()
	}()
	return r
}

// stop ends the server as systemd would, and demands a clean exit.
func (r *running) stop(t *testing.T) {
	t.Helper()
	if r.cmd.ProcessState != nil {
		return
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-r.exited:
		if err != nil {
			t.Errorf("exit: %v; stderr: %s", err, r.stderr)
		}
	case <-time.After(15 * time.Second):
		_ = r.cmd.Process.Kill()
		t.Error("SIGTERM did not end the server within 15 s")
	}
}

// env is the environment that `eval "$(gatehouse env)"` makes.
func (r *running) env() []string {
	return append(os.Environ(),
		"AWS_ENDPOINT_URL="+r.ControlURL, "AWS_ACCESS_KEY_ID="+r.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+r.SecretAccessKey,
		"AWS_REGION="+r.Region, "AWS_DEFAULT_REGION="+r.Region, "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true")
}

// aws runs the AWS command line and returns its output.
func (r *running) aws(t *testing.T, args ...string) string {
	t.Helper()
	out, err := r.tryAWS(t, args...)
	if err != nil {
		t.Fatalf("aws %s: %v\n%s\nserver: %s", strings.Join(args, " "), err, out, r.stderr)
	}
	return out
}

func (r *running) tryAWS(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS command line is not on this machine")
	}
	cmd := exec.Command(path, append(args, "--output", "json")...)
	cmd.Env = r.env()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func get(t *testing.T, url string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

// field reads a member of a JSON answer.
func field(t *testing.T, text string, path ...any) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				t.Fatalf("no item %d in %s", p, text)
			}
			v = l[p]
		}
	}
	return fmt.Sprint(v)
}

// TestStoresExample is the README's first command, tried as a new user would.
func TestStoresExample(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not on this machine")
	}
	r := dev(t, "../examples/stores", "--ephemeral", "--no-watch", "--log-format", "off")
	if len(r.APIKeys["freeKey"]) != 40 || r.APIKeys["paidKey"] == "" {
		t.Fatalf("keys: %v", r.APIKeys)
	}
	status, body, h := get(t, r.URL+"/dev/stores")
	if status != 403 || body != `{"message":"Forbidden"}` || h.Get("x-amzn-ErrorType") != "ForbiddenException" {
		t.Errorf("without the key: %d %s %s", status, body, h.Get("x-amzn-ErrorType"))
	}
	if status, body, _ = get(t, r.URL+"/dev/stores", "x-api-key", r.APIKeys["freeKey"]); status != 200 || !strings.Contains(body, "Old Market") {
		t.Errorf("with the key: %d %s", status, body)
	}
	if status, body, _ = get(t, r.URL+"/dev/"); status != 200 || !strings.Contains(body, "Old Market") {
		t.Errorf("the index, which calls the stores through the gateway: %d %s", status, body)
	}
	if _, err := exec.LookPath("python3"); err == nil {
		if status, body, _ = get(t, r.URL+"/dev/stores/2", "x-api-key", r.APIKeys["paidKey"]); status != 200 || !strings.Contains(body, "Porto") {
			t.Errorf("the Python function: %d %s", status, body)
		}
	}
}

// TestAWSCommandLine runs the commands of the README and what people script with them.
func TestAWSCommandLine(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not on this machine")
	}
	r := dev(t, "../examples/stores", "--ephemeral", "--no-watch", "--log-format", "off")

	keys := r.aws(t, "apigateway", "get-api-keys", "--include-values")
	if !strings.Contains(keys, r.APIKeys["freeKey"]) {
		t.Errorf("get-api-keys --include-values lacks the value of freeKey: %s", keys)
	}
	if hidden := r.aws(t, "apigateway", "get-api-keys"); strings.Contains(hidden, r.APIKeys["freeKey"]) {
		t.Error("get-api-keys shows values that nobody asked for")
	}

	out := filepath.Join(t.TempDir(), "out.json")
	meta := r.aws(t, "lambda", "invoke", "--function-name", "stores-service-dev-get-stores", out)
	if got, _ := os.ReadFile(out); field(t, meta, "StatusCode") != "200" || !bytes.Contains(got, []byte("Old Market")) {
		t.Errorf("lambda invoke: %s %s", meta, got)
	}

	// A plan of our own for the same stage, with a quota of two, and a key in it.
	api := field(t, r.aws(t, "apigateway", "get-rest-apis"), "items", 0, "id")
	plan := field(t, r.aws(t, "apigateway", "create-usage-plan", "--name", "two", "--api-stages", "apiId="+api+",stage=dev",
		"--quota", "limit=2,period=DAY"), "id")
	key := r.aws(t, "apigateway", "create-api-key", "--name", "mine", "--enabled")
	keyID, value := field(t, key, "id"), field(t, key, "value")
	if status, _, _ := get(t, r.URL+"/dev/stores", "x-api-key", value); status != 403 {
		t.Errorf("a key in no plan of the stage: %d", status)
	}
	r.aws(t, "apigateway", "create-usage-plan-key", "--usage-plan-id", plan, "--key-id", keyID, "--key-type", "API_KEY")
	for i, want := range []int{200, 200, 429} {
		if status, body, _ := get(t, r.URL+"/dev/stores", "x-api-key", value); status != want {
			t.Errorf("call %d: %d %s, want %d", i+1, status, body, want)
		}
	}
	day := time.Now().UTC().Format(time.DateOnly)
	usage := r.aws(t, "apigateway", "get-usage", "--usage-plan-id", plan, "--start-date", day, "--end-date", day)
	if got := field(t, usage, "items", keyID, 0, 0) + " " + field(t, usage, "items", keyID, 0, 1); got != "2 0" {
		t.Errorf("get-usage says %q, want used 2, remaining 0: %s", got, usage)
	}

	// Disabling works at once; nothing needs a deployment.
	r.aws(t, "apigateway", "update-api-key", "--api-key", keyID, "--patch-operations", "op=replace,path=/enabled,value=false")
	if status, body, _ := get(t, r.URL+"/dev/stores", "x-api-key", value); status != 403 || body != `{"message":"Forbidden"}` {
		t.Errorf("a disabled key: %d %s", status, body)
	}

	// Who has no key of ours gets nothing.
	cmd := exec.Command("aws", "apigateway", "get-api-keys", "--include-values")
	cmd.Env = append(r.env(), "AWS_SECRET_ACCESS_KEY=wrong-secret-wrong-secret-wrong-secret")
	if text, err := cmd.CombinedOutput(); err == nil || bytes.Contains(text, []byte(value)) {
		t.Errorf("a wrong secret was accepted: %s", text)
	}
}

// TestEmpty makes an API from nothing through the control port, as the command line does it.
func TestEmpty(t *testing.T) {
	r := dev(t, "--empty", "--ephemeral", "--log-format", "off")
	api := r.aws(t, "apigateway", "create-rest-api", "--name", "made by hand")
	id, root := field(t, api, "id"), field(t, api, "rootResourceId")
	args := []string{"--rest-api-id", id, "--resource-id", root, "--http-method", "GET"}
	r.aws(t, append([]string{"apigateway", "put-method", "--authorization-type", "NONE", "--api-key-required"}, args...)...)
	r.aws(t, append([]string{"apigateway", "put-integration", "--type", "MOCK", "--request-templates", `{"application/json":"{\"statusCode\": 200}"}`}, args...)...)
	r.aws(t, append([]string{"apigateway", "put-method-response", "--status-code", "200"}, args...)...)
	r.aws(t, append([]string{"apigateway", "put-integration-response", "--status-code", "200"}, args...)...)
	if status, _, _ := get(t, r.URL+"/prod/"); status != 403 {
		t.Errorf("before any deployment: %d", status)
	}
	r.aws(t, "apigateway", "create-deployment", "--rest-api-id", id, "--stage-name", "prod")
	if status, body, _ := get(t, r.URL+"/prod/"); status != 403 || body != `{"message":"Forbidden"}` {
		t.Errorf("without a key: %d %s", status, body)
	}
	plan := field(t, r.aws(t, "apigateway", "create-usage-plan", "--name", "p", "--api-stages", "apiId="+id+",stage=prod"), "id")
	key := r.aws(t, "apigateway", "create-api-key", "--name", "k", "--enabled")
	r.aws(t, "apigateway", "create-usage-plan-key", "--usage-plan-id", plan, "--key-id", field(t, key, "id"), "--key-type", "API_KEY")
	if status, body, _ := get(t, r.URL+"/prod/", "x-api-key", field(t, key, "value")); status != 200 {
		t.Errorf("with a key: %d %s", status, body)
	}
}
