package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/cli"
)

// run runs a command in a directory that holds the files.
func run(t *testing.T, files map[string]string, args ...string) (code int, out, faults string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var o, e bytes.Buffer
	code = cli.Run(t.Context(), args, cli.Streams{Out: &o, Err: &e, Getenv: func(string) string { return "" }, Dir: dir})
	return code, o.String(), e.String()
}

// definition is a service with a route (lines 5 to 9), with more under provider (from line 5) and at the end.
func definition(provider, tail string) map[string]string {
	return map[string]string{
		"h.js": "exports.x = async () => ({statusCode: 200})\n",
		"serverless.yml": "service: s\nprovider:\n  name: aws\n  runtime: nodejs20.x\n" + provider +
			"functions:\n  f:\n    handler: h.x\n    events:\n      - http: {path: a, method: get, private: true}\n" + tail,
	}
}

// TestBadDefinitions: one message with file, line and what to do, and exit code 2; for a control that cannot
// be enforced 3. What template/serverless refuses by itself is tested there.
func TestBadDefinitions(t *testing.T) {
	resource := func(text string) string {
		return "resources:\n  Resources:\n    R: " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
	}
	for name, c := range map[string]struct {
		provider, tail string
		code           int
		want           []string
	}{
		"syntax":           {"", "x: [\n", 2, []string{"serverless.yml:11: yaml: did not find expected node content"}},
		"unknown variable": {"", "custom: {a: '${nope:x}'}\n", 2, []string{"serverless.yml:10: unknown variable source nope", "known are"}},
		"no value":         {"", "custom: {a: '${env:NOPE}'}\n", 2, []string{"serverless.yml:10: ${env:NOPE} has no value", "set the environment variable NOPE"}},
		"missing file":     {"", "custom: {a: '${file(gone.yml)}'}\n", 2, []string{"serverless.yml:10: file gone.yml does not exist", "create it"}},
		"cycle":            {"", "custom: {a: '${self:custom.a}'}\n", 2, []string{"serverless.yml:10: variable refers to itself", "break the cycle"}},
		"short key":        {"  apiGateway: {apiKeys: [{name: k, value: short}]}\n", "", 2, []string{"serverless.yml:5: the value of the API key k has 5 characters", "it needs 20 to 128"}},
		"wrong type":       {"  timeout: soon\n", "", 2, []string{"serverless.yml:5:", "must be a number"}},
		"out of range":     {"  timeout: 0\n", "", 2, []string{"serverless.yml:7: resource FLambdaFunction", "greater than or equal to 1 (write 1 to 900 seconds)"}},
		"missing handler":  {"", "  g: {handler: gone.x}\n", 2, []string{`serverless.yml:10: function "g": the handler "gone.x" has no file`, "looked for gone.js"}},
		"duplicate route":  {"", "  g: {handler: h.x, events: [{http: GET /a}]}\n", 2, []string{"serverless.yml:10: duplicate route GET /a", "serverless.yml:9"}},
		"two parameters": {"", "  g: {handler: h.x, events: [{http: 'GET /p/{a}'}, {http: 'GET /p/{b}/c'}]}\n", 2,
			[]string{"serverless.yml:10: resource ApiGatewayResourcePBVar", "A sibling ({a}) of this resource", "(give the parameter one name in all paths"}},
		"unknown stage": {"", resource("{Type: 'AWS::ApiGateway::UsagePlan', Properties: {ApiStages: [{ApiId: !Ref ApiGatewayRestApi, Stage: prd}]}}"), 2,
			[]string{"serverless.yml:12: resource R (AWS::ApiGateway::UsagePlan)", "Invalid API Stage {api: ", "stage: prd}", "(name a stage that is deployed"}},
		"unknown reference": {"", resource("{Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Gone}}"), 2, []string{"serverless.yml:12:", "Unresolved resource dependencies [Gone]"}},
		"unknown property":  {"", resource("{Type: 'AWS::ApiGateway::ApiKey', Properties: {Valu: x}}"), 2, []string{"serverless.yml:12:", "extraneous key [Valu] is not permitted (known: Name, Value"}},
		"alias bomb":        {"", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n", 2, []string{"serverless.yml:1", "too large once its aliases are expanded"}},
		"firewall":          {"", resource("{Type: 'AWS::WAFv2::WebACL', Properties: {}}"), 3, []string{"serverless.yml:12: AWS::WAFv2::WebACL", "--accept-unenforced"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, faults := run(t, definition(c.provider, c.tail), "validate")
			if code != c.code || out != "" {
				t.Errorf("exit code %d, want %d; output %q", code, c.code, out)
			}
			for _, want := range c.want {
				if !strings.Contains(faults, want) {
					t.Errorf("message\n%s\nlacks %q", faults, want)
				}
			}
			if c.code == 2 && strings.Count(faults, "\n") != 1 {
				t.Errorf("more than one message:\n%s", faults)
			}
		})
	}
}
