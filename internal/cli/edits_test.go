package cli

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/config"
	"gatehouse/internal/server"
)

// edits draws definitions as one developer might write them one after the other.
type edits struct{ *rand.Rand }

func (e edits) one(of ...string) string { return of[e.IntN(len(of))] }

func (e edits) sometimes(text string) string {
	if e.IntN(2) == 0 {
		return text
	}
	return ""
}

// some returns a random part of a list in a random order.
func (e edits) some(of ...string) []string {
	e.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	return of[:e.IntN(len(of)+1)]
}

// letters leaves only what a function's name may hold.
func letters(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r
	}
	return '-'
}

func (e edits) keys() string {
	return strings.Join(e.some("one", "two", "{name: explicit, value: explicit-0123456789abcdef}", "{name: off, enabled: false}", "{name: told, description: d}"), ", ")
}

func (e edits) plan() string {
	return "{" + e.one("", "quota: {limit: 5, period: DAY}, ", "quota: {limit: 9, period: MONTH, offset: 2}, ") +
		e.one("", "throttle: {burstLimit: 3, rateLimit: 1.5}", "throttle: {burstLimit: 4, rateLimit: 2}") + "}"
}

// definition draws a serverless.yml.
func (e edits) definition() string {
	var b strings.Builder
	fmt.Fprintf(&b, "service: %s\nframeworkVersion: '3'\nprovider:\n  name: aws\n  runtime: nodejs20.x\n", e.one("shop", "shop", "shop", "store"))
	b.WriteString(e.sometimes("  stage: qa\n") + e.sometimes("  endpointType: REGIONAL\n") + e.sometimes("  environment: {A: b}\n") + e.sometimes("  timeout: 7\n"))
	b.WriteString("  apiGateway:\n    description: d\n" + e.sometimes("    binaryMediaTypes: ['image/png']\n"))
	switch e.IntN(3) {
	case 0:
		fmt.Fprintf(&b, "    apiKeys: [%s]\n    usagePlan: %s\n", e.keys(), e.plan())
	case 1:
		fmt.Fprintf(&b, "    apiKeys: [{free: [%s]}, {paid: [three, {name: q, value: paid-0123456789abcdef}]}]\n    usagePlan: [{free: %s}, {paid: %s}]\n", e.keys(), e.plan(), e.plan())
	}
	b.WriteString("functions:\n  always: {handler: h.x, events: [{http: GET /z}]}\n")
	id := e.one("{id}", "{ID}", "{name}", "{rest+}")
	paths := e.some("/", "/a", "/a/"+id, "/c/{proxy+}", "/c", "/d/e/f", "/d/{x}", e.one("/a/{id}/b", "/a/b"))
	for i, path := range paths {
		name := fmt.Sprintf("f%d", i)
		fmt.Fprintf(&b, "  %s:\n    handler: h.%s\n", name, e.one("x", "y"))
		b.WriteString(e.sometimes("    timeout: 9\n") + e.sometimes("    name: named-"+strings.Map(letters, path)+"\n") + e.sometimes("    environment: {C: d}\n"))
		fmt.Fprintf(&b, "    events:\n")
		for _, verb := range e.some("get", "post", "any") {
			fmt.Fprintf(&b, "      - http: {path: '%s', method: %s%s%s}\n", path, verb, e.sometimes(", private: true"), e.sometimes(", cors: true"))
		}
	}
	if e.IntN(2) == 0 {
		b.WriteString("resources:\n  Resources:\n    Own: {Type: 'AWS::ApiGateway::ApiKey', Properties: {Name: own, Enabled: true, Value: own-key-0123456789abcd}}\n")
		b.WriteString(e.sometimes("    Table: {Type: 'AWS::DynamoDB::Table', Properties: {BillingMode: " + e.one("PROVISIONED", "PAY_PER_REQUEST") + "}}\n"))
		b.WriteString(e.sometimes("    Denied: {Type: 'AWS::ApiGateway::GatewayResponse', Properties: {ResponseType: " + e.one("DEFAULT_4XX", "THROTTLED") + ", RestApiId: !Ref ApiGatewayRestApi, StatusCode: 418}}\n"))
	}
	return b.String()
}

// served is what a server makes of the definition in a directory.
func served(t *testing.T, s *server.Server, dir string) ([]string, error) {
	t.Helper()
	f := definitionFlags{Account: "123456789012"}
	d, err := f.load(&Streams{Dir: dir, Getenv: func(string) string { return "" }})
	if err != nil {
		return nil, err
	}
	def, err := deployable(d, nil)
	if err != nil {
		return nil, err
	}
	out, err := s.Deploy(context.Background(), def)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, r := range routeRows(s.Snapshot()) {
		lines = append(lines, fmt.Sprint(r.Method, " /", r.Stage, r.Path, " ", r.Target, " ", r.Gates))
	}
	keys, err := s.KeyLines(context.Background(), out)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		lines = append(lines, "key "+k.Name+" "+k.Description)
	}
	return lines, nil
}

func inMemory(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.New(t.Context(), config.Default(), server.Options{Version: "test", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestEditsEqualStarts: whatever was served before, a definition that a fresh start takes is taken by a running
// server too, and the same is served then.
func TestEditsEqualStarts(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			e := edits{rand.New(rand.NewPCG(seed, 2))}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "h.js"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			running := inMemory(t)
			for step := range 6 {
				text := e.definition()
				if err := os.WriteFile(filepath.Join(dir, "serverless.yml"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				want, fresh := served(t, inMemory(t), dir)
				got, err := served(t, running, dir)
				if (err == nil) != (fresh == nil) {
					t.Fatalf("step %d: the running server says %v, a fresh one %v; definition:\n%s", step, err, fresh, text)
				}
				if diff := cmp.Diff(got, want); diff != "" {
					t.Fatalf("step %d: served after the edit (-) and after a start (+) differ:\n%s\ndefinition:\n%s", step, diff, text)
				}
			}
		})
	}
}
