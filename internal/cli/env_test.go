package cli_test

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/cli"
)

// TestEnv: the export lines are those of the server that answers, or there are none.
func TestEnv(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"kept in the state directory", nil, 0, "export AWS_ACCESS_KEY_ID='AKIA"},
		{"in memory", []string{"--ephemeral"}, 2, "which is not known here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "serverless.yml"), []byte("service: s\nprovider: aws\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			server, _, _ := dev(t, dir, c.args...)
			u, err := url.Parse(server.ControlURL)
			if err != nil {
				t.Fatal(err)
			}
			var out, faults bytes.Buffer
			code := cli.Run(t.Context(), []string{"env", "--control-port", u.Port()},
				cli.Streams{Out: &out, Err: &faults, Getenv: func(string) string { return "" }, Dir: t.TempDir()})
			if text := out.String() + faults.String(); code != c.code || !strings.Contains(text, c.want) {
				t.Errorf("exit code %d, want %d; printed\n%swant %s", code, c.code, text, c.want)
			}
			if code != 0 && out.Len() > 0 {
				t.Errorf("a shell would take\n%s", out.String())
			}
		})
	}
}
