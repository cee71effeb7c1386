package route

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The path table of ANY /{proxy+} and GET /hardcoded on the stage "stage". [recorded] unless marked.
func TestSplitStage(t *testing.T) {
	tr := tree(t, "ANY /", "ANY /{proxy+}", "ANY /hardcoded")
	type answer struct {
		Stage, Path, ContextPath string
		Route, Proxy             string
	}
	for _, tt := range []struct {
		path string
		want answer
	}{
		{"/stage/proxy-value", answer{"stage", "/proxy-value", "/stage/proxy-value", "ANY /{proxy+}", "proxy-value"}},
		{"/stage/proxy-value/", answer{"stage", "/proxy-value/", "/stage/proxy-value/", "ANY /{proxy+}", "proxy-value"}},
		{"/stage/proxy-value//double-slash", answer{"stage", "/proxy-value//double-slash", "/stage/proxy-value//double-slash", "ANY /{proxy+}", "proxy-value//double-slash"}},
		{"//stage/proxy-value", answer{"stage", "/proxy-value", "/stage/proxy-value", "ANY /{proxy+}", "proxy-value"}},
		{"/stage//proxy-value", answer{"stage", "/proxy-value", "/stage//proxy-value", "ANY /{proxy+}", "proxy-value"}},
		{"/stage//hardcoded", answer{"stage", "/hardcoded", "/stage//hardcoded", "ANY /hardcoded", ""}},
		{
			"/stage/proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
			answer{
				"stage", "/proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
				"/stage/proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
				"ANY /{proxy+}", "proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
			},
		},
		// [inferred]
		{"/stage", answer{"stage", "/", "/stage", "ANY /", ""}},
		{"/stage/", answer{"stage", "/", "/stage/", "ANY /", ""}},
		{"/stage//", answer{"stage", "/", "/stage//", "ANY /", ""}},
		{"///stage///x", answer{"stage", "/x", "/stage///x", "ANY /{proxy+}", "x"}},
		// The stage can be neither left nor forged: these name no stage, or no route.
		{"/stage%2fproxy-value", answer{"stage%2fproxy-value", "/", "/stage%2fproxy-value", "ANY /", ""}},
		{"/./stage/x", answer{".", "/stage/x", "/./stage/x", "ANY /{proxy+}", "stage/x"}},
		{"/stage/../other/x", answer{"stage", "/../other/x", "/stage/../other/x", "", ""}},
	} {
		target, ok := SplitStage(tt.path)
		if !ok {
			t.Errorf("SplitStage(%q) found no stage", tt.path)
			continue
		}
		got := answer{Stage: target.Stage, Path: target.Path, ContextPath: target.ContextPath}
		var params []Param
		got.Route, params, _ = tr.Find(target.Path, "GET", nil)
		if len(params) > 0 {
			got.Proxy = params[0].Value
		}
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("SplitStage(%q): (-got +want)\n%s", tt.path, diff)
		}
	}
}

func TestNoStage(t *testing.T) {
	for _, path := range []string{"", "/", "//", "stage/x", "*"} {
		if got, ok := SplitStage(path); ok || got != (Target{}) {
			t.Errorf("SplitStage(%q) = %+v, %v, want nothing", path, got, ok)
		}
	}
}
