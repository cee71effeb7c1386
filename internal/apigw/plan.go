package apigw

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The periods of a quota.
const (
	PeriodDay   = "DAY"
	PeriodWeek  = "WEEK"
	PeriodMonth = "MONTH"
)

const (
	// MaxPlansPerKey is how many usage plans one key may be in [docs]. Quotas that AWS raises on request
	// (plans, keys, stages, resources) are not limits of ours.
	MaxPlansPerKey     = 10
	maxMethodThrottles = 20
)

// goodRate refuses what is no rate: negative numbers, infinity and NaN.
func goodRate(rate float64) bool { return rate >= 0 && !math.IsInf(rate, 1) }

// Check refuses a limit that no bucket can keep. A burst below the rate is allowed [recorded].
func (l Limit) Check() error {
	if l.Burst < 0 || !goodRate(l.Rate) {
		return Refuse(BadRequest, "Invalid throttle settings: burstLimit and rateLimit must not be negative")
	}
	return nil
}

// Check refuses a quota that cannot be counted.
func (q Quota) Check() error {
	switch q.Period {
	case PeriodDay, PeriodWeek, PeriodMonth:
	default:
		return Refuse(BadRequest, "Invalid quota period specified. Valid options are DAY,WEEK,MONTH")
	}
	if q.Limit < 0 || q.Offset < 0 {
		return Refuse(BadRequest, "Invalid quota settings: limit and offset must not be negative")
	}
	return nil
}

// Check refuses a plan that AWS would not keep. Whether its stages exist is for the caller to check.
func (p *UsagePlan) Check() error {
	if p.Name == "" {
		return Refuse(BadRequest, "Usage Plan name cannot be empty")
	}
	if p.Throttle != nil {
		if err := p.Throttle.Check(); err != nil {
			return err
		}
	}
	if p.Quota != nil {
		if err := p.Quota.Check(); err != nil {
			return err
		}
	}
	for i, s := range p.Stages {
		if s.API == "" || s.Stage == "" {
			return Refuse(BadRequest, "Invalid API Stage specified")
		}
		for _, other := range p.Stages[:i] {
			if other.API == s.API && other.Stage == s.Stage {
				return Refuse(Conflict, "API Stage %s:%s is already in the usage plan", s.API, s.Stage)
			}
		}
		if len(s.Throttle) > maxMethodThrottles {
			return Refuse(BadRequest, "Invalid throttle settings: at most %d methods of an API stage can have one", maxMethodThrottles)
		}
		for _, key := range slices.Sorted(maps.Keys(s.Throttle)) {
			if _, err := throttleKey(key); err != nil {
				return err
			}
			if err := s.Throttle[key].Check(); err != nil {
				return err
			}
		}
	}
	return CheckTags(p.Tags)
}

// throttleKey brings the key of a method throttle into the form that AWS returns: "/pets/GET", and "//GET"
// for the root [recorded].
func throttleKey(key string) (string, error) {
	plain, ok := unescape(key)
	i := strings.LastIndexByte(plain, '/')
	if !ok || i < 0 || !slices.Contains(verbs, plain[i+1:]) {
		return "", Refuse(BadRequest, "Invalid method specified for throttle: %s. It must have the form /{resourcePath}/{httpMethod}", key)
	}
	path := "/" + strings.Trim(plain[:i], "/")
	return path + "/" + plain[i+1:], nil
}

// SetThrottles fills in the method throttles of a stage, with their keys in AWS's form.
func (s *PlanStage) SetThrottles(limits map[string]Limit) error {
	if limits == nil {
		return nil
	}
	s.Throttle = make(map[string]Limit, len(limits))
	for key, limit := range limits {
		plain, err := throttleKey(key)
		if err != nil {
			return err
		}
		s.Throttle[plain] = limit
	}
	return nil
}

// PatchPlan applies UpdateUsagePlan. Whether its stages exist is for the caller to check.
func PatchPlan(p UsagePlan, ops []PatchOp) (UsagePlan, error) {
	p.Stages = slices.Clone(p.Stages)
	for i := range p.Stages {
		p.Stages[i].Throttle = maps.Clone(p.Stages[i].Throttle)
	}
	if p.Throttle != nil {
		limit := *p.Throttle
		p.Throttle = &limit
	}
	if p.Quota != nil {
		quota := *p.Quota
		p.Quota = &quota
	}
	for _, op := range ops {
		if rest, ok := strings.CutPrefix(op.Path, "/apiStages/"); ok {
			done, err := p.patchStage(op, rest)
			if err != nil {
				return UsagePlan{}, err
			}
			if done {
				continue
			}
		}
		if err := patch(&p, []PatchOp{op}, planRules, listed); err != nil {
			return UsagePlan{}, err
		}
	}
	return p, p.Check()
}

// patchStage handles the paths below one API stage:
//
//	{api:stage}/throttle                                      remove
//	{api:stage}/throttle/{resourcePath}/{httpMethod}          remove
//	{api:stage}/throttle/{resourcePath}/{httpMethod}/rateLimit|burstLimit
//
// Terraform writes the slashes of the resource path as they are. done is false when it is another path.
func (p *UsagePlan) patchStage(op PatchOp, path string) (done bool, err error) {
	id, rest, _ := strings.Cut(path, "/")
	if id, rest, ok := cutThrottle(id, rest); ok {
		stage, err := p.stage(id)
		if err != nil {
			return true, err
		}
		if op.Op == OpRemove && rest == "" {
			stage.Throttle = nil
			return true, nil
		}
		if op.Op == OpRemove {
			key, err := throttleKey(rest)
			if err != nil {
				return false, nil
			}
			if _, ok := stage.Throttle[key]; !ok {
				return true, Refuse(NotFound, "Invalid method throttle specified: %s", key)
			}
			delete(stage.Throttle, key)
			if len(stage.Throttle) == 0 {
				stage.Throttle = nil
			}
			return true, nil
		}
		for suffix, set := range limitFields {
			method, ok := strings.CutSuffix(rest, "/"+suffix)
			if !ok || (op.Op != OpAdd && op.Op != OpReplace) {
				continue
			}
			key, err := throttleKey(method)
			if err != nil {
				return true, err
			}
			limit := stage.Throttle[key]
			if err := set(&limit, op.Value); err != nil {
				return true, err
			}
			if stage.Throttle == nil {
				stage.Throttle = map[string]Limit{}
			}
			stage.Throttle[key] = limit
			return true, nil
		}
	}
	return false, nil
}

func cutThrottle(id, path string) (string, string, bool) {
	plain, ok := unescape(id)
	if !ok {
		return "", "", false
	}
	if path == "throttle" {
		return plain, "", true
	}
	rest, ok := strings.CutPrefix(path, "throttle/")
	return plain, rest, ok
}

// stage finds the entry of "api:stage" in the plan.
func (p *UsagePlan) stage(id string) (*PlanStage, error) {
	for i := range p.Stages {
		if s := &p.Stages[i]; string(s.API)+":"+string(s.Stage) == id {
			return s, nil
		}
	}
	return nil, Refuse(NotFound, "Invalid API Stage specified")
}

var limitFields = map[string]func(*Limit, string) error{
	"rateLimit": func(l *Limit, value string) error {
		rate, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return Refuse(BadRequest, "Invalid rateLimit specified: %s", value)
		}
		l.Rate = rate
		return l.Check()
	},
	"burstLimit": func(l *Limit, value string) error {
		burst, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return Refuse(BadRequest, "Invalid burstLimit specified: %s", value)
		}
		l.Burst = int32(burst)
		return l.Check()
	},
}

// planRules lists the paths of remove in the order in which AWS names them [observed].
var planRules = []rule[UsagePlan]{
	{path: "/name", replace: text(func(p *UsagePlan) *string { return &p.Name })},
	{path: "/description", replace: text(func(p *UsagePlan) *string { return &p.Description })},
	{path: "/apiStages", add: addPlanStage, remove: removePlanStage},
	{path: "/quota", remove: func(p *UsagePlan, _, _ string) error { p.Quota = nil; return nil }},
	{path: "/throttle", remove: func(p *UsagePlan, _, _ string) error { p.Throttle = nil; return nil }},
	{
		path:    "/productCode",
		add:     text(func(p *UsagePlan) *string { return &p.ProductCode }),
		replace: text(func(p *UsagePlan) *string { return &p.ProductCode }),
		remove:  clearText(func(p *UsagePlan) *string { return &p.ProductCode }),
	},
	{path: "/throttle/rateLimit", add: planLimit("rateLimit"), replace: planLimit("rateLimit")},
	{path: "/throttle/burstLimit", add: planLimit("burstLimit"), replace: planLimit("burstLimit")},
	{path: "/quota/limit", add: quotaLimit, replace: quotaLimit},
	{path: "/quota/offset", add: quotaOffset, replace: quotaOffset},
	{path: "/quota/period", add: quotaPeriod, replace: quotaPeriod},
	// The last two are handled by patchStage; they stand here for AWS's list.
	{path: "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>", remove: notHere},
	{path: "/apiStages/<apidId:stageName>/throttle", remove: notHere},
}

func notHere(*UsagePlan, string, string) error {
	return Refuse(BadRequest, "Invalid API Stage specified")
}

func addPlanStage(p *UsagePlan, _, value string) error {
	api, stage, ok := strings.Cut(value, ":")
	if !ok || api == "" || stage == "" {
		return Refuse(BadRequest, "Invalid API Stage specified")
	}
	// Adding what is there changes nothing.
	if _, err := p.stage(value); err == nil {
		return nil
	}
	p.Stages = append(p.Stages, PlanStage{API: APIID(api), Stage: StageName(stage)})
	return nil
}

func removePlanStage(p *UsagePlan, _, value string) error {
	if api, stage, ok := strings.Cut(value, ":"); !ok || api == "" || stage == "" {
		return Refuse(BadRequest, "Invalid API Stage specified")
	}
	if _, err := p.stage(value); err != nil {
		return err
	}
	p.Stages = slices.DeleteFunc(p.Stages, func(s PlanStage) bool {
		return string(s.API)+":"+string(s.Stage) == value
	})
	return nil
}

func planLimit(field string) edit[UsagePlan] {
	return func(p *UsagePlan, _, value string) error {
		if p.Throttle == nil {
			p.Throttle = &Limit{}
		}
		return limitFields[field](p.Throttle, value)
	}
}

func (p *UsagePlan) quota() *Quota {
	if p.Quota == nil {
		p.Quota = &Quota{}
	}
	return p.Quota
}

func quotaLimit(p *UsagePlan, _, value string) error {
	return parseCount(&p.quota().Limit, "limit", value)
}

func quotaOffset(p *UsagePlan, _, value string) error {
	return parseCount(&p.quota().Offset, "offset", value)
}

func quotaPeriod(p *UsagePlan, _, value string) error {
	p.quota().Period = value
	return nil
}

func parseCount(into *int32, field, value string) error {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return Refuse(BadRequest, "Invalid quota %s specified: %s", field, value)
	}
	*into = int32(n)
	return nil
}

// PatchUsage reads UpdateUsage: the number of requests that are left in the current period.
func PatchUsage(ops []PatchOp) (remaining int64, err error) {
	given := false
	err = patch(&remaining, ops, []rule[int64]{{path: "/remaining", replace: func(n *int64, _, value string) error {
		parsed, err := strconv.ParseInt(value, 10, 64)
		if err != nil || parsed < 0 {
			return Refuse(BadRequest, "Invalid remaining specified: %s", value)
		}
		*n, given = parsed, true
		return nil
	}}}, listed)
	if err == nil && !given {
		err = Refuse(BadRequest, "No remaining specified")
	}
	return remaining, err
}
