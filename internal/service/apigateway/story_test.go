package apigateway_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	model "gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/service/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// house is a service over an empty memory store, reached through the wire's codec.
type house struct {
	*apigateway.Service
	config apigateway.Config
	wire   *wire.Service
	usage  *usage
	vars   map[string]string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{usage: &usage{}, vars: map[string]string{}}
	// Every look at the clock is a second later, so that creation gives an order.
	var mu sync.Mutex
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h.config = apigateway.Config{
		DB:     store.NewMemory(),
		Tables: tables.New(seal.NewKey()),
		Home:   identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(time.Second)
			return now
		},
		IDs: apigateway.NewIDs(rand.Reader), Usage: h.usage, Random: rand.Reader,
	}
	var err error
	if h.Service, err = apigateway.New(h.config); err != nil {
		t.Fatal(err)
	}
	if h.wire, err = wire.NewService(model.Service, h.Handlers()...); err != nil {
		t.Fatal(err)
	}
	return h
}

// call sends one request. Text of the form $name is replaced by the variable.
func (h *house) call(t testing.TB, method, target, body string) wire.Response {
	t.Helper()
	for name, value := range h.vars {
		target = strings.ReplaceAll(target, "$"+name, value)
		body = strings.ReplaceAll(body, "$"+name, value)
	}
	path, query, _ := strings.Cut(target, "?")
	r := &wire.Request{Method: method, RawPath: path, RawQuery: query, Body: []byte(body)}
	call, err := h.wire.Find(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return call.Serve(t.Context())
}

// TestStories replays testdata/*.txt. A line "> METHOD TARGET BODY" is a request; the line after it is what
// must come back: "< STATUS BODY", or "< STATUS EXCEPTION MESSAGE" with the message as a JSON string.
// In an expected body "$name" is kept under that name when it is new and compared otherwise, and "*" stands
// for anything. The first line of a story says where its expectations come from.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(text), "# ") {
				t.Error("the story does not say where its expectations come from")
			}
			h := newHouse(t)
			request, at := "", ""
			for i, line := range strings.Split(string(text), "\n") {
				kind, rest, _ := strings.Cut(line, " ")
				switch kind {
				case "", "#":
				case ">":
					request, at = rest, fmt.Sprintf("%s:%d", file, i+1)
				case "<":
					if request == "" {
						t.Fatalf("%s:%d: an answer without a request", file, i+1)
					}
					h.step(t, at, request, rest)
					request = ""
				default:
					t.Fatalf("%s:%d: neither a request nor an answer", file, i+1)
				}
			}
		})
	}
}

func (h *house) step(t *testing.T, at, request, want string) {
	t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	target, body, _ := strings.Cut(rest, " ")
	if rest, csv := strings.CutPrefix(body, "csv:"); csv {
		body = strings.ReplaceAll(rest, `\n`, "\n")
	}
	resp := h.call(t, method, target, body)
	status, expected, _ := strings.Cut(want, " ")
	if got := fmt.Sprint(resp.Status); got != status {
		t.Fatalf("%s: %s: status %s %s, want %s", at, request, got, resp.Body, want)
	}
	if strings.HasPrefix(expected, "{") || expected == "" {
		if expected == "" {
			if len(resp.Body) > 0 {
				t.Errorf("%s: %s: body %s, want none", at, request, resp.Body)
			}
			return
		}
		var got, wanted any
		if err := json.Unmarshal(resp.Body, &got); err != nil {
			t.Fatalf("%s: body %s: %v", at, resp.Body, err)
		}
		if err := json.Unmarshal([]byte(expected), &wanted); err != nil {
			t.Fatalf("%s: expectation: %v", at, err)
		}
		wanted = h.bind(wanted, got)
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", at, request, diff)
		}
		return
	}
	exception, text, _ := strings.Cut(expected, " ")
	var message string
	for name, value := range h.vars {
		text = strings.ReplaceAll(text, "$"+name, value)
	}
	if err := json.Unmarshal([]byte(text), &message); err != nil {
		t.Fatalf("%s: expected message %s: %v", at, text, err)
	}
	var got struct{ Message string }
	if err := json.Unmarshal(resp.Body, &got); err != nil {
		t.Fatalf("%s: body %s: %v", at, resp.Body, err)
	}
	kind := strings.Join(resp.Header["x-amzn-ErrorType"], "")
	if diff := cmp.Diff([]string{exception, message}, []string{kind, got.Message}); diff != "" {
		t.Errorf("%s: %s (-want +got):\n%s", at, request, diff)
	}
}

// bind replaces the variables and stars of an expectation.
func (h *house) bind(want, got any) any {
	switch w := want.(type) {
	case string:
		if w == "*" {
			return got
		}
		if name, ok := strings.CutPrefix(w, "$"); ok && !strings.ContainsAny(name, "{. ") {
			if value, known := h.vars[name]; known {
				return value
			}
			if value, isText := got.(string); isText {
				h.vars[name] = value
				return value
			}
			return "a text for " + w
		}
		return w
	case []any:
		g, _ := got.([]any)
		for i := range w {
			var item any
			if i < len(g) {
				item = g[i]
			}
			w[i] = h.bind(w[i], item)
		}
	case map[string]any:
		g, _ := got.(map[string]any)
		for k := range w {
			// A key may be a variable as well.
			if name, ok := strings.CutPrefix(k, "$"); ok {
				if value := h.vars[name]; value != "" {
					w[value] = h.bind(w[k], g[value])
					delete(w, k)
					continue
				}
			}
			w[k] = h.bind(w[k], g[k])
		}
	}
	return want
}
