package apigw

import (
	"testing"
	"time"
)

// The spellings of CloudFormation ("~1" and a leading slash), Terraform (no leading slash) and the console
// mean the same method [docs of aws_api_gateway_method_settings and of AWS::ApiGateway::Stage MethodSetting].
func TestSetting(t *testing.T) {
	rate := func(s MethodSetting) float64 {
		if s.Rate == nil {
			return -1
		}
		return *s.Rate
	}
	for _, tt := range []struct {
		patch, path, verb string
		want              float64
	}{
		{"/~1store~1{id}/GET/throttling/rateLimit", "/store/{id}", "GET", 7},
		{"/store/{id}/GET/throttling/rateLimit", "/store/{id}", "GET", 7},
		{"/store~1{id}/GET/throttling/rateLimit", "/store/{id}", "GET", 7},
		{"/~1/GET/throttling/rateLimit", "/", "GET", 7},
		{"//GET/throttling/rateLimit", "/", "GET", 7},
		{"/store/GET/throttling/rateLimit", "/", "GET", 1},
		{"/store/GET/throttling/rateLimit", "/store", "POST", 1},
		{"/store/GET/throttling/rateLimit", "/store/GET", "GET", 1},
	} {
		s, err := PatchStage(Stage{Name: "s"}, []PatchOp{
			{Op: OpReplace, Path: "/*/*/throttling/rateLimit", Value: "1"},
			{Op: OpReplace, Path: tt.patch, Value: "7"},
		}, time.Unix(1, 0))
		if err != nil {
			t.Errorf("%s: %v", tt.patch, err)
			continue
		}
		got, ok := s.Setting(tt.path, tt.verb)
		if !ok || rate(got) != tt.want {
			t.Errorf("%s: setting of %s %s is %v, %v, want %v", tt.patch, tt.verb, tt.path, rate(got), ok, tt.want)
		}
	}
	if _, ok := new(Stage).Setting("/", "GET"); ok {
		t.Error("a stage without settings has one")
	}
}

// Two spellings of one method are one setting, kept under the first one.
func TestOneSettingPerMethod(t *testing.T) {
	s, err := PatchStage(Stage{Name: "s"}, []PatchOp{
		{Op: OpReplace, Path: "/~1a~1b/GET/metrics/enabled", Value: "true"},
		{Op: OpReplace, Path: "/a/b/GET/logging/loglevel", Value: "INFO"},
	}, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if m := s.Methods["~1a~1b/GET"]; len(s.Methods) != 1 || !m.Metrics || m.LoggingLevel != "INFO" {
		t.Errorf("settings %+v, want one with both", s.Methods)
	}
}

func TestStageRefuses(t *testing.T) {
	for _, tt := range []struct{ path, value string }{
		{"/*/*/throttling/burstLimit", "-2"},
		{"/*/*/throttling/burstLimit", "2147483648"},
		{"/*/*/throttling/burstLimit", "9223372036854775808"},
		{"/*/*/throttling/burstLimit", "1.5"},
		{"/*/*/throttling/burstLimit", ""},
		{"/*/*/throttling/rateLimit", "-0.5"},
		{"/*/*/throttling/rateLimit", "Inf"},
		{"/*/*/throttling/rateLimit", "NaN"},
		{"/*/*/caching/ttlInSeconds", "3601"},
		{"/*/*/logging/loglevel", "DEBUG"},
		{"/*/*/caching/unauthorizedCacheControlHeaderStrategy", "ALLOW"},
		{"/*/GET/metrics/enabled/x", "true"},
		{"/variables/a-b", "x"},
		{"/variables/a", "x y"},
		{"/variables/a", "<"},
		{"/variables/~", "x"},
		{"/canarySettings/percentTraffic", "NaN"},
		{"/canarySettings/percentTraffic", "-1"},
	} {
		_, err := PatchStage(Stage{Name: "s"}, []PatchOp{{Op: OpReplace, Path: tt.path, Value: tt.value}}, time.Unix(1, 0))
		if err == nil {
			t.Errorf("%s = %q was taken", tt.path, tt.value)
		}
	}
}
