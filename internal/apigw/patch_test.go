package apigw

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// refusal is the text of a refusal, with its kind in front when it is not BadRequest.
func refusal(err error) string {
	e, ok := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		return "no refusal: " + err.Error()
	case e.Kind == BadRequest:
		return e.Msg
	}
	return fmt.Sprint(e.Kind, " ", e.Msg)
}

func TestUnescape(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		ok       bool
	}{
		{"~", "", false},
		{"~2", "", false},
		{"a~", "", false},
		{"~~1", "", false},
		{"", "", true},
		{"a", "a", true},
		{"application~1json", "application/json", true},
		{"~01", "~1", true}, // RFC 6901 §4: ~01 is ~1, not a slash
		{"~0~1", "~/", true},
	} {
		if got, ok := unescape(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("unescape(%q) = %q, %v, want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestPathTricks(t *testing.T) {
	for _, path := range []string{
		"", "/", "name", "//name", "/name/", "/Name", "/name~", "/~0name", "/binaryMediaTypes/", "/binaryMediaTypes/a/b",
		"/binaryMediaTypes/~", "/binaryMediaTypes/*/", "/id", "/rootResourceId", "/createdDate", "/tags/a",
	} {
		_, err := PatchRestAPI(RestAPI{Name: "a"}, []PatchOp{{Op: OpReplace, Path: path, Value: "x"}})
		want := "Invalid patch path " + path
		if path == "" {
			want = "Invalid patch path null"
		}
		if got := refusal(err); got != want {
			t.Errorf("replace %q: got %q, want %q", path, got, want)
		}
	}
	for _, op := range []Op{"", "test", "move", "copy", "ADD"} {
		_, err := PatchRestAPI(RestAPI{Name: "a"}, []PatchOp{{Op: op, Path: "/name", Value: "x"}})
		if got, want := refusal(err), "Invalid patch operation specified. Must be one of: [replace]"; got != want {
			t.Errorf("op %q: got %q, want %q", op, got, want)
		}
	}
}

func TestIsTrue(t *testing.T) {
	for s, want := range map[string]bool{
		"true": true, "TRUE": true, "True": true,
		"": false, "1": false, "yes": false, "true ": false, "trué": false, "\x54RUE\x00": false, "4rue": false,
	} {
		if got := isTrue(s); got != want {
			t.Errorf("isTrue(%q) = %v, want %v", s, got, want)
		}
	}
}

// A refused patch must leave what it was given alone, maps and slices included.
func TestPatchesDoNotTouchTheirInput(t *testing.T) {
	stage := func() Stage {
		return Stage{
			Name: "s", Deployment: "d", Variables: map[string]string{"a": "1"},
			Methods:   map[string]MethodSetting{"*/*": DefaultSetting()},
			AccessLog: &AccessLog{Destination: "x"}, Canary: &Canary{Variables: map[string]string{"a": "1"}},
		}
	}
	plan := func() UsagePlan {
		return UsagePlan{
			Name: "p", Stages: []PlanStage{{API: "a", Stage: "s", Throttle: map[string]Limit{"/x/GET": {1, 1}}}},
			Throttle: &Limit{1, 1}, Quota: &Quota{1, 0, PeriodDay},
		}
	}
	method := func() Method {
		return Method{Verb: "GET", Auth: AuthNone, Scopes: []string{"a"}, Params: map[string]bool{"method.request.header.a": true}, Models: map[string]ModelName{"a/b": "m"}}
	}
	s, p, m := stage(), plan(), method()
	for _, path := range []string{
		"/variables/a", "/variables/b", "/*/*/throttling/rateLimit", "/x/GET/caching/enabled", "/accessLogSettings/format",
		"/canarySettings/stageVariableOverrides/a", "/canarySettings/percentTraffic",
	} {
		if _, err := PatchStage(s, []PatchOp{{Op: OpReplace, Path: path, Value: "5"}}, time.Unix(1, 0)); err != nil {
			t.Error(path, err)
		}
	}
	for _, op := range []PatchOp{
		{Op: OpAdd, Path: "/apiStages", Value: "b:s"},
		{Op: OpRemove, Path: "/apiStages", Value: "a:s"},
		{Op: OpReplace, Path: "/apiStages/a:s/throttle/x/GET/rateLimit", Value: "7"},
		{Op: OpRemove, Path: "/apiStages/a:s/throttle/x/GET"},
		{Op: OpReplace, Path: "/throttle/rateLimit", Value: "7"},
		{Op: OpReplace, Path: "/quota/limit", Value: "7"},
	} {
		if _, err := PatchPlan(p, []PatchOp{op}); err != nil {
			t.Error(op, err)
		}
	}
	for _, op := range []PatchOp{
		{Op: OpAdd, Path: "/authorizationScopes", Value: "b"},
		{Op: OpRemove, Path: "/authorizationScopes", Value: "a"},
		{Op: OpReplace, Path: "/requestParameters/method.request.header.a", Value: "false"},
		{Op: OpRemove, Path: "/requestModels/a~1b"},
	} {
		if _, err := PatchMethod(m, []PatchOp{op}); err != nil {
			t.Error(op, err)
		}
	}
	if diff := cmp.Diff(stage(), s); diff != "" {
		t.Errorf("stage changed:\n%s", diff)
	}
	if diff := cmp.Diff(plan(), p); diff != "" {
		t.Errorf("plan changed:\n%s", diff)
	}
	if diff := cmp.Diff(method(), m); diff != "" {
		t.Errorf("method changed:\n%s", diff)
	}
}

// FuzzPatch looks for panics, for changes of what must not change, and for patched nouns that their own
// check refuses.
func FuzzPatch(f *testing.F) {
	f.Add("replace", "/*/*/throttling/burstLimit", "5")
	f.Add("remove", "/apiStages/a:s/throttle/~1x/GET", "")
	f.Add("add", "/apiStages/a:s/throttle//GET/rateLimit", "1e9")
	f.Add("replace", "/canarySettings/stageVariableOverrides/~0", "x")
	f.Add("copy", "/variables", "")
	f.Fuzz(func(t *testing.T, op, path, value string) {
		ops := []PatchOp{{Op: Op(op), Path: path, Value: value, From: "/canarySettings/stageVariableOverrides"}}
		s := Stage{API: "a", Name: "s", Deployment: "d", Canary: &Canary{}, Methods: map[string]MethodSetting{"*/*": {}}}
		if got, err := PatchStage(s, ops, time.Unix(1, 0)); err == nil && (got.API != "a" || got.Name != "s" || got.Check() != nil) {
			t.Errorf("stage: %+v", got)
		}
		p := UsagePlan{ID: "p", Name: "n", Stages: []PlanStage{{API: "a", Stage: "s", Throttle: map[string]Limit{"/x/GET": {}}}}}
		if got, err := PatchPlan(p, ops); err == nil && (got.ID != "p" || got.Check() != nil) {
			t.Errorf("plan: %+v", got)
		}
		a := RestAPI{ID: "a", Name: "n", Root: "r", KeySource: KeyFromHeader, Endpoint: Endpoint{Types: []string{EndpointEdge}, IPAddressType: "ipv4"}}
		if got, err := PatchRestAPI(a, ops); err == nil && (got.ID != "a" || got.Root != "r" || got.Check() != nil) {
			t.Errorf("api: %+v", got)
		}
		if _, err := PatchMethod(Method{}, ops); err != nil && strings.HasPrefix(refusal(err), "no refusal") {
			t.Errorf("method: %v", err)
		}
	})
}
