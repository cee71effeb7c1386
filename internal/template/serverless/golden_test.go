package serverless

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/document"
)

// The golden templates were made by Serverless Framework 3.40.0 (sls package) from the serverless.yml
// beside them, with the parts that change at every run replaced: placeholders() makes the same
// replacements in ours. Those in testdata are this project's; a larger set may lie beside the checkout.
// [observed]
func TestGolden(t *testing.T) {
	for _, pattern := range []string{"testdata/golden/*/template.json", "../../../../shared/golden/sls/*/template.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 && pattern[:8] == "testdata" {
			t.Fatal("no golden pairs in testdata")
		}
		for _, file := range files {
			dir := filepath.Dir(file)
			t.Run(filepath.Base(dir), func(t *testing.T) { testGolden(t, dir, file) })
		}
	}
}

func testGolden(t *testing.T, dir, file string) {
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Compile(Options{
		File:             filepath.Join(dir, "serverless.yml"),
		ReadFile:         os.ReadFile,
		RunJS:            recordedJS,
		Account:          "123456789012",
		DeploymentSuffix: "1700000000000",
		Compat:           StrictV3,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := placeholders(document.JSON(result.Template))
	if diff := cmp.Diff(tree(t, got), tree(t, want)); diff != "" {
		t.Errorf("template differs (-got +want):\n%s", diff)
	}
}

// recordedJS stands in for node: conf.js of case 05 returns this for stage qa.
func recordedJS(path string) ([]byte, error) {
	if filepath.Base(path) == "conf.js" {
		return []byte(`{"value":"js-qa"}`), nil
	}
	return nil, os.ErrNotExist
}

func placeholders(s []byte) []byte {
	for _, r := range []struct{ pattern, with string }{
		{`ApiGatewayDeployment\d{10,}`, "ApiGatewayDeployment__ID__"},
		{`/\d{13}-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/`, "/__TS__/"},
		{`LambdaVersion[0-9A-Za-z]{38,44}`, "LambdaVersion__HASH__"},
		{`"CodeSha256":"[^"]+"`, `"CodeSha256":"__SHA__"`},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAll(s, []byte(r.with))
	}
	return s
}

func tree(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
