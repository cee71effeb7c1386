package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/arn"
	"gatehouse/internal/event"
	"gatehouse/internal/function"
	"gatehouse/internal/identity"
	"gatehouse/internal/mapping"
	"gatehouse/internal/model"
	"gatehouse/internal/policy"
	"gatehouse/internal/route"
)

// Input is what a snapshot is compiled from.
type Input struct {
	Rev       uint64
	Home      identity.Home
	URLSuffix string
	Stages    []StageInput
	Plans     []apigw.UsagePlan
	Functions []FunctionInput
	Endpoints []EndpointInput
}

// EndpointInput is a VPC endpoint with its policy.
type EndpointInput struct {
	ID string
	// Policy is JSON text, "" for AWS's default, full access.
	Policy string
}

// StageInput is a stage with the deployment that it points to.
type StageInput struct {
	Stage      apigw.Stage
	Deployment apigw.Deployment
}

// FunctionInput is a function with its resource policy.
type FunctionInput struct {
	// ARN is how integrations name it: unqualified for $LATEST, else with version or alias.
	ARN         string
	Config      *function.Config
	Permissions []function.Permission
}

// Compile makes a snapshot. A stage that does not compile keeps its form in last (nil for none) and is
// reported in Faults; Compile itself never fails.
func Compile(in Input, last *Snapshot) *Snapshot {
	s := &Snapshot{
		rev:       in.Rev,
		home:      in.Home,
		zone:      Zone{Region: in.Home.Region, Suffix: cmp.Or(in.URLSuffix, "amazonaws.com")},
		apis:      map[apigw.APIID]*API{},
		stages:    map[apigw.StageName][]*Stage{},
		endpoints: map[string]*policy.Policy{},
	}
	for _, e := range in.Endpoints {
		s.endpoints[e.ID] = nil
		if e.Policy != "" {
			s.endpoints[e.ID] = loadPolicy(e.Policy, policy.Endpoint, e.ID, "")
		}
	}
	c := compiler{in: &in, out: s, functions: make(map[string]*FunctionInput, len(in.Functions))}
	for i := range in.Functions {
		c.functions[in.Functions[i].ARN] = &in.Functions[i]
	}
	for i := range in.Stages {
		def := &in.Stages[i]
		st, err := c.stage(def)
		if err != nil {
			s.faults = append(s.faults, Fault{def.Stage.API, def.Stage.Name, err})
			if st = last.stage(def.Stage.API, def.Stage.Name); st == nil {
				continue
			}
		}
		api := s.apis[st.API]
		if api == nil {
			api = &API{ID: st.API, Name: def.Deployment.Frozen.API.Name, Stages: map[apigw.StageName]*Stage{}}
			s.apis[st.API] = api
		}
		api.Stages[st.Name] = st
		s.stages[st.Name] = append(s.stages[st.Name], st)
	}
	slices.SortFunc(s.unmodelled, func(a, b Unmodelled) int {
		return cmp.Or(cmp.Compare(a.API, b.API), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Verb, b.Verb), cmp.Compare(a.Control, b.Control))
	})
	return s
}

func (s *Snapshot) stage(api apigw.APIID, name apigw.StageName) *Stage {
	if s == nil || s.apis[api] == nil {
		return nil
	}
	return s.apis[api].Stages[name]
}

type compiler struct {
	in        *Input
	out       *Snapshot
	functions map[string]*FunctionInput
}

func (c *compiler) stage(in *StageInput) (*Stage, error) {
	def := &in.Deployment.Frozen
	home := c.in.Home
	suffix := cmp.Or(c.in.URLSuffix, "amazonaws.com")
	apiARN := arn.ARN{
		Partition: string(home.Partition), Service: "execute-api", Region: string(home.Region), Account: string(home.Account),
		Resource: string(in.Stage.API),
	}.String()
	st := &Stage{
		API:           in.Stage.API,
		Name:          in.Stage.Name,
		Deployment:    in.Stage.Deployment,
		Variables:     in.Stage.Variables,
		Disabled:      def.API.DisableExecuteAPIEndpoint,
		Private:       slices.Contains(def.API.Endpoint.Types, "PRIVATE"),
		Associated:    def.API.Endpoint.VPCEndpointIDs,
		Plans:         c.plans(in.Stage.API, in.Stage.Name),
		ARNPrefix:     apiARN + "/" + string(in.Stage.Name),
		DomainName:    string(in.Stage.API) + ".execute-api." + string(home.Region) + "." + suffix,
		VariablesJSON: event.Object(in.Stage.Variables),
	}
	if text := strings.TrimSpace(def.API.Policy); text != "" {
		st.Policy = loadPolicy(text, policy.Resource, "resource policy", apiARN)
	}
	whole := c.wholeAPI(in)
	for _, control := range whole {
		c.unmodelled(st, "", "", control)
	}
	validators := map[apigw.ValidatorID]*apigw.RequestValidator{}
	for i := range def.Validators {
		validators[def.Validators[i].ID] = &def.Validators[i]
	}
	models := model.NewSet(string(def.API.ID))
	for i := range def.Models {
		models.Add(string(def.Models[i].Name), def.Models[i].Schema)
	}
	settings := methodSettings(in.Stage.Methods)
	var entries []route.Entry[*Route]
	for i := range def.Resources {
		res := &def.Resources[i]
		for _, verb := range slices.Sorted(maps.Keys(res.Methods)) {
			r, err := c.route(st, def, res, res.Methods[verb], validators, models, settings, whole)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", verb, res.Path, err)
			}
			st.Routes = append(st.Routes, r)
			entries = append(entries, route.Entry[*Route]{Path: r.Path, Verb: r.Verb, Value: r})
		}
	}
	slices.SortFunc(st.Routes, func(a, b *Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Verb, b.Verb))
	})
	tree, err := route.Compile(entries)
	if err != nil {
		return nil, err
	}
	st.tree = tree
	return st, nil
}

// wholeAPI lists the declared controls of an API or stage that concern every route and are not enforced.
func (c *compiler) wholeAPI(in *StageInput) []string {
	var out []string
	if in.Stage.ClientCert != "" {
		out = append(out, "client_certificate")
	}
	if in.Stage.WebACL != "" {
		out = append(out, "web_acl")
	}
	if in.Stage.Canary != nil && in.Stage.Canary.Percent > 0 {
		out = append(out, "canary")
	}
	return out
}

// loadPolicy compiles a policy. One that is stored and does not compile denies everything: it was meant to
// keep somebody out.
func loadPolicy(text string, kind policy.Kind, name, api string) *policy.Policy {
	doc, err := policy.Parse(text, kind)
	if err != nil {
		return policy.Broken(kind, name, err)
	}
	if api != "" {
		doc = doc.Expand(api)
	}
	p, err := policy.Compile(doc, name)
	if err != nil {
		return policy.Broken(kind, name, err)
	}
	return p
}

func (c *compiler) unmodelled(st *Stage, path, verb, control string) {
	c.out.unmodelled = append(c.out.unmodelled, Unmodelled{Control: control, API: st.API, Stage: st.Name, Path: path, Verb: verb})
}

func (c *compiler) route(st *Stage, def *apigw.Definition, res *apigw.Resource, m *apigw.Method,
	validators map[apigw.ValidatorID]*apigw.RequestValidator, models *model.Set, settings map[string]apigw.MethodSetting, whole []string) (*Route, error) {
	r := &Route{
		Stage:      st,
		Resource:   res.ID,
		Path:       res.Path,
		Verb:       m.Verb,
		Auth:       cmp.Or(m.Auth, apigw.AuthNone),
		KeySource:  cmp.Or(def.API.KeySource, apigw.KeyFromHeader),
		MethodKey:  "/" + strings.TrimPrefix(res.Path, "/") + "/" + m.Verb,
		Unmodelled: slices.Clone(whole),
	}
	refuse := func(need Need, control string) {
		r.Needs |= need
		r.Unmodelled = append(r.Unmodelled, control)
		c.unmodelled(st, res.Path, m.Verb, control)
	}
	for _, control := range whole {
		r.Needs |= needOf[control]
	}
	if st.Private {
		r.Needs |= NeedEndpoint
	}
	if (st.Policy != nil || st.Private) && (r.Auth == apigw.AuthNone || r.Auth == apigw.AuthCustom) {
		r.Needs |= NeedPolicy
	}
	switch r.Auth {
	case apigw.AuthNone:
	case apigw.AuthIAM:
		r.Needs |= NeedSignature | NeedDecision
	case apigw.AuthCustom:
		refuse(NeedAuthorizer|NeedDecision, "lambda_authorizer")
	case apigw.AuthCognito:
		refuse(NeedAuthorizer|NeedDecision, "cognito_user_pools")
	default:
		return nil, fmt.Errorf("unknown authorization type %q", m.Auth)
	}
	if m.KeyRequired {
		r.Needs |= NeedKey | NeedPlan
		if r.KeySource != apigw.KeyFromHeader {
			refuse(NeedKey, "api_key_source_authorizer")
		}
	}
	if v := validators[m.Validator]; v != nil {
		if v.Params {
			var err error
			if r.Required, err = requiredParams(m.Params); err != nil {
				return nil, err
			}
			if len(r.Required) > 0 {
				r.Needs |= NeedParams
			}
		}
		if v.Body && len(m.Models) > 0 {
			var err error
			if r.Models, err = requestModels(m.Models, models); err != nil {
				return nil, err
			}
			r.Needs |= NeedModel
		}
	} else if m.Validator != "" {
		return nil, fmt.Errorf("request validator %q does not exist", m.Validator)
	}
	if err := r.throttle(settings); err != nil {
		return nil, err
	}
	if s, ok := setting(settings, r); ok && s.Caching {
		refuse(NeedCache, "response_cache")
	}
	r.Integration = c.integration(st, def, res, m)
	return r, nil
}

// requestModels compiles the models that bodies are held against.
func requestModels(declared map[string]apigw.ModelName, models *model.Set) (map[string]*model.Schema, error) {
	out := make(map[string]*model.Schema, len(declared))
	for contentType, name := range declared {
		schema, err := models.Compile(string(name))
		if err != nil {
			return nil, err
		}
		out[lower(contentType)] = schema
	}
	return out, nil
}

// needOf maps a control of a whole API to the line of the order that refuses for it.
var needOf = map[string]Need{
	"client_certificate": NeedClientCert,
	"web_acl":            NeedFilter,
	"canary":             NeedFilter,
}

// throttle sets the stage throttle of the route. AWS keeps one bucket for each method, also when the
// limit comes from "*/*".
func (r *Route) throttle(settings map[string]apigw.MethodSetting) error {
	s, ok := setting(settings, r)
	if !ok || (s.Burst == nil && s.Rate == nil) {
		return nil
	}
	// What is not set stands at the account's default, as AWS shows it.
	limit := &apigw.Limit{Burst: apigw.AccountBurst, Rate: apigw.AccountRate}
	if s.Burst != nil {
		limit.Burst = *s.Burst
	}
	if s.Rate != nil {
		limit.Rate = *s.Rate
	}
	// -1 is how AWS writes "no limit of the stage's own".
	if limit.Burst < 0 || limit.Rate < 0 {
		return nil
	}
	r.Limit = limit
	r.LimitKey = "stage|" + string(r.Stage.API) + "|" + string(r.Stage.Name) + "|" + r.MethodKey
	r.Needs |= NeedThrottle
	return nil
}

// methodSettings brings the keys into one form, "store/{id}/GET" and "*/*": the API writes a slash of the
// path as ~1 and some tools leave the first one out.
func methodSettings(in map[string]apigw.MethodSetting) map[string]apigw.MethodSetting {
	out := make(map[string]apigw.MethodSetting, len(in))
	for k, v := range in {
		out[strings.TrimPrefix(strings.ReplaceAll(k, "~1", "/"), "/")] = v
	}
	return out
}

func setting(settings map[string]apigw.MethodSetting, r *Route) (apigw.MethodSetting, bool) {
	if s, ok := settings[strings.TrimPrefix(r.MethodKey, "/")]; ok {
		return s, true
	}
	s, ok := settings["*/*"]
	return s, ok
}

func (c *compiler) plans(api apigw.APIID, stage apigw.StageName) map[apigw.PlanID]*Plan {
	out := map[apigw.PlanID]*Plan{}
	for i := range c.in.Plans {
		p := &c.in.Plans[i]
		for _, ps := range p.Stages {
			if ps.API != api || ps.Stage != stage {
				continue
			}
			plan := &Plan{ID: p.ID, Name: p.Name, Limit: p.Throttle, Quota: p.Quota, Methods: map[string]*apigw.Limit{}}
			for key, limit := range ps.Throttle {
				l := limit
				plan.Methods[key] = &l
			}
			out[p.ID] = plan
		}
	}
	return out
}

// requiredParams returns the parameters that must be present, in the order in which AWS lists the missing
// ones: the iteration order of a Java HashMap of the bare names (gateway.md §10 of our facts; inferred from five
// recorded answers).
func requiredParams(declared map[string]bool) ([]Param, error) {
	var out []Param
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		if !declared[name] {
			continue
		}
		e, err := mapping.Parse(name)
		if err != nil || (e.Place != mapping.MethodHeader && e.Place != mapping.MethodQuery && e.Place != mapping.MethodPath) {
			return nil, fmt.Errorf("request parameter %q: want method.request.{header|querystring|path}.name", name)
		}
		out = append(out, Param{e.Place, e.Name})
	}
	buckets := uint32(16)
	for float64(len(out)) > float64(buckets)*0.75 {
		buckets *= 2
	}
	slices.SortStableFunc(out, func(a, b Param) int {
		return cmp.Compare(javaBucket(a.Name, buckets), javaBucket(b.Name, buckets))
	})
	return out, nil
}

// javaBucket is the index of a string in a java.util.HashMap of n buckets.
func javaBucket(s string, n uint32) uint32 {
	var h int32
	for _, r := range s {
		h = 31*h + int32(r)
	}
	u := uint32(h)
	return (u ^ u>>16) & (n - 1)
}
