package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/cli"
)

// log is what a command printed so far.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until a text was printed.
func (l *log) await(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(l.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never printed %q:\n%s", text, l.String())
		}
	}
}

// ready is what dev --json prints.
type ready struct{ URL, ControlURL, AccessKeyID string }

// dev serves the definition in a directory until the test ends.
func dev(t *testing.T, dir string, args ...string) (r ready, out, faults *log) {
	t.Helper()
	out, faults = &log{}, &log{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, append([]string{"dev", "--port", "0", "--control-port", "0", "--json"}, args...),
			cli.Streams{Out: out, Err: faults, Getenv: func(string) string { return "" }, Dir: dir})
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("dev: exit code %d: %s", code, faults.String())
		}
	})
	out.await(t, "}\n")
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatal(err)
	}
	return r, out, faults
}

// TestReload follows a developer at work: each change is served, or the last good definition is and the
// message says why.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const (
		head = "service: shop\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n"
		one  = "  f: {handler: h.x, events: [{http: {path: a, method: get, cors: true}}]}\n"
		two  = "  g: {handler: new/g.x, events: [{http: GET /b}]}\n"
	)
	write("h.js", "")
	write("serverless.yml", head+one)
	ready, out, faults := dev(t, dir, "--ephemeral")
	serves := func(when string) {
		t.Helper()
		req, _ := http.NewRequest(http.MethodOptions, ready.URL+"/dev/a", nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("%s: status %d", when, resp.StatusCode)
		}
	}
	serves("at the start")

	// The function first, its code afterwards, in a directory that is new.
	write("serverless.yml", head+one+two)
	faults.await(t, `serverless.yml:5: function "g": the handler "new/g.x" has no file`)
	faults.await(t, "the last good definition goes on being served")
	serves("with a handler missing")
	write("new/g.js", "")
	out.await(t, "GET /dev/b is new: PUBLIC\n")

	// A key that is new is printed; those that were printed are not.
	keyed := strings.Replace(head, "nodejs20.x}", "nodejs20.x, apiGateway: {apiKeys: [mine]}}", 1)
	write("serverless.yml", keyed+one+two)
	out.await(t, "api keys:\n  mine: ")

	// Another name is another stack on AWS; here the old one must not be served beside it.
	write("serverless.yml", strings.Replace(keyed, "shop", "store", 1)+one)
	out.await(t, "GET /dev/b is gone\n")
	serves("under another name")
}
