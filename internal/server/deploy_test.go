package server_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gatehouse/internal/config"
	"gatehouse/internal/document"
	"gatehouse/internal/seal"
	"gatehouse/internal/server"
)

// keysOnly is a definition with two keys of one name and one with a value.
const keysOnly = `Resources:
  A: {Type: "AWS::ApiGateway::ApiKey", Properties: {Name: k, Enabled: true}}
  B: {Type: "AWS::ApiGateway::ApiKey", Properties: {Name: k, Enabled: true}}
  C: {Type: "AWS::ApiGateway::ApiKey", Properties: {Name: c, Enabled: true, Value: written-in-the-definition}}
`

// deploy deploys keysOnly with a fixed value for key A and returns the values in the order of the template.
func deploy(t *testing.T, s *server.Server, fixed string) ([]string, error) {
	t.Helper()
	template, err := document.Load("t.yml", []byte(keysOnly), document.PyYAML)
	if err != nil {
		t.Fatal(err)
	}
	d := server.Definition{Stack: "s", Template: template, Keys: []server.NamedKey{{LogicalID: "A", Name: "k"}, {LogicalID: "B", Name: "k"}}}
	if fixed != "" {
		d.Keys[0].Value = seal.Hide(fixed)
	}
	out, err := s.Deploy(t.Context(), d)
	if err != nil {
		return nil, err
	}
	lines, err := s.KeyLines(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, l := range lines {
		values = append(values, l.Value)
	}
	return values, nil
}

func open(t *testing.T, dir string) *server.Server {
	t.Helper()
	cfg := config.Default()
	cfg.StateDir = dir
	s, err := server.New(t.Context(), cfg, server.Options{Version: "test", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestKeyValuesAreKept: two keys may have one name [sls]; each keeps a value of its own across restarts.
func TestKeyValuesAreKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	first, err := deploy(t, s, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 3 || first[0] == first[1] || len(first[0]) != 40 {
		t.Errorf("values %q", first)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer s.Close()
	again, err := deploy(t, s, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(again, " "), strings.Join(first, " "); got != want {
		t.Errorf("after a restart %s, want %s", got, want)
	}
}

// TestRefusedKeyValue: a value that cannot be used is not remembered, one that can is.
func TestRefusedKeyValue(t *testing.T) {
	s := open(t, "")
	defer s.Close()
	if _, err := deploy(t, s, "written-in-the-definition"); err == nil {
		t.Fatal("two keys got one value")
	}
	if _, err := deploy(t, s, ""); err != nil {
		t.Errorf("the next start: %v", err)
	}
	const mine = "a-value-of-my-own-0123"
	if _, err := deploy(t, s, mine); err != nil {
		t.Fatal(err)
	}
	got, err := deploy(t, s, "")
	if err != nil || got[0] != mine {
		t.Errorf("got %q, %v, want %s first", got, err, mine)
	}
}

// TestKeysMove: a key that is taken out of a list, or put in front of it, moves the values of those behind it to
// other logical ids.
func TestKeysMove(t *testing.T) {
	s := open(t, "")
	defer s.Close()
	list := func(names ...string) map[string]string {
		t.Helper()
		d := server.Definition{Stack: "s"}
		text := "Resources:\n"
		for i, name := range names {
			id := fmt.Sprintf("ApiGatewayApiKey%d", i+1)
			text += "  " + id + ": {Type: 'AWS::ApiGateway::ApiKey', Properties: {Name: " + name + ", Enabled: true"
			if name == "explicit" {
				text += ", Value: written-in-the-definition"
			} else {
				d.Keys = append(d.Keys, server.NamedKey{LogicalID: id, Name: name})
			}
			text += "}}\n"
		}
		var err error
		if d.Template, err = document.Load("t.yml", []byte(text), document.PyYAML); err != nil {
			t.Fatal(err)
		}
		out, err := s.Deploy(t.Context(), d)
		if err != nil {
			t.Fatalf("%v: %v", names, err)
		}
		lines, err := s.KeyLines(t.Context(), out)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{}
		for _, l := range lines {
			values[l.Name] = l.Value
		}
		return values
	}
	first := list("one", "explicit", "three")
	for _, names := range [][]string{{"zero", "one", "explicit", "three"}, {"three", "explicit", "one"}, {"explicit", "three"}, {"three"}} {
		for name, got := range list(names...) {
			if want, ok := first[name]; ok && got != want {
				t.Errorf("%v: the value of %s is %s, want %s", names, name, got, want)
			}
		}
	}
}
