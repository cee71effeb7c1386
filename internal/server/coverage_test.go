package server

import (
	"bytes"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/config"
	"gatehouse/internal/wire"
)

var update = flag.Bool("update", false, "write docs/coverage.md anew")

// docs/coverage.md says what the house offers. To write it anew: go test ./internal/server -run Coverage -update
func TestCoveragePage(t *testing.T) {
	cfg := config.Default()
	cfg.StateDir = t.TempDir()
	s, err := New(t.Context(), cfg, Options{Version: "test", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	services, err := s.awsServices()
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := wire.WriteCoverage(&got, services...); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join("..", "..", "docs", "coverage.md")
	if *update {
		if err := os.WriteFile(page, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("docs/coverage.md is old (-page +now); run this test with -update:\n%s", diff)
	}
}
