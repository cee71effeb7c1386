package apigw

import (
	"math"
	"testing"
)

func TestPlanRefuses(t *testing.T) {
	ok := func() UsagePlan { return UsagePlan{Name: "p"} }
	for name, change := range map[string]func(*UsagePlan){
		"no name":         func(p *UsagePlan) { p.Name = "" },
		"negative burst":  func(p *UsagePlan) { p.Throttle = &Limit{-1, 1} },
		"negative rate":   func(p *UsagePlan) { p.Throttle = &Limit{1, -0.1} },
		"endless rate":    func(p *UsagePlan) { p.Throttle = &Limit{1, math.Inf(1)} },
		"no number":       func(p *UsagePlan) { p.Throttle = &Limit{1, math.NaN()} },
		"negative quota":  func(p *UsagePlan) { p.Quota = &Quota{-1, 0, PeriodDay} },
		"negative offset": func(p *UsagePlan) { p.Quota = &Quota{1, -1, PeriodDay} },
		"no period":       func(p *UsagePlan) { p.Quota = &Quota{1, 0, ""} },
		"strange period":  func(p *UsagePlan) { p.Quota = &Quota{1, 0, "day"} },
		"no API":          func(p *UsagePlan) { p.Stages = []PlanStage{{Stage: "s"}} },
		"no stage":        func(p *UsagePlan) { p.Stages = []PlanStage{{API: "a"}} },
		"a stage twice":   func(p *UsagePlan) { p.Stages = []PlanStage{{API: "a", Stage: "s"}, {API: "a", Stage: "s"}} },
		"throttle of no verb": func(p *UsagePlan) {
			p.Stages = []PlanStage{{API: "a", Stage: "s", Throttle: map[string]Limit{"/x": {}}}}
		},
		"negative throttle": func(p *UsagePlan) {
			p.Stages = []PlanStage{{API: "a", Stage: "s", Throttle: map[string]Limit{"/x/GET": {-1, 0}}}}
		},
	} {
		p := ok()
		change(&p)
		if p.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for name, change := range map[string]func(*UsagePlan){
		"nothing":           func(*UsagePlan) {},
		"zero limits":       func(p *UsagePlan) { p.Throttle, p.Quota = &Limit{}, &Quota{0, 0, PeriodWeek} },
		"burst below rate":  func(p *UsagePlan) { p.Throttle = &Limit{1, 2} },
		"half a request":    func(p *UsagePlan) { p.Throttle = &Limit{1, 0.5} },
		"offset over limit": func(p *UsagePlan) { p.Quota = &Quota{1, 2, PeriodMonth} },
	} {
		p := ok()
		change(&p)
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThrottleKey(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "GET": "", "/pets": "", "/pets/FETCH": "", "~/GET": "",
		"/pets/GET": "/pets/GET", "pets/GET": "/pets/GET", "~1pets~1{id}/ANY": "/pets/{id}/ANY", "/GET": "//GET", "//GET": "//GET", "~1/GET": "//GET",
	} {
		got, err := throttleKey(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("throttleKey(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestPatchUsage(t *testing.T) {
	for _, value := range []string{"", "-1", "x", "9223372036854775808"} {
		if n, err := PatchUsage([]PatchOp{{Op: OpReplace, Path: "/remaining", Value: value}}); err == nil {
			t.Errorf("remaining %q gave %d", value, n)
		}
	}
	if _, err := PatchUsage(nil); err == nil {
		t.Error("no operation was taken")
	}
	if n, err := PatchUsage([]PatchOp{{Op: OpReplace, Path: "/remaining", Value: "42"}}); n != 42 || err != nil {
		t.Errorf("got %d, %v, want 42", n, err)
	}
}
