package cloudformation

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/document"
)

type deployments interface {
	CreateDeployment(context.Context, *apigateway.CreateDeploymentInput) (*apigateway.Deployment, error)
	GetDeployment(context.Context, *apigateway.GetDeploymentInput) (*apigateway.Deployment, error)
	UpdateDeployment(context.Context, *apigateway.UpdateDeploymentInput) (*apigateway.Deployment, error)
	DeleteDeployment(context.Context, *apigateway.DeleteDeploymentInput) error
	CreateStage(context.Context, *apigateway.CreateStageInput) (*apigateway.Stage, error)
	GetStage(context.Context, *apigateway.GetStageInput) (*apigateway.Stage, error)
	UpdateStage(context.Context, *apigateway.UpdateStageInput) (*apigateway.Stage, error)
	DeleteStage(context.Context, *apigateway.DeleteStageInput) error
}

// deploy freezes an API. With a StageName it also makes the stage, or points the one that is there to the
// new deployment; the stage then outlives the deployment that made it [recorded].
type deploy struct{ api APIGateway }

// previous remembers the deployment that the stage showed before, for the way back.
const previous = "_previous"

func (p deploy) create(ctx context.Context, r *request) (result, error) {
	api, stage := r.props.must("RestApiId"), r.props.must("StageName")
	attributes := map[string]string{}
	if stage != "" {
		st, err := p.api.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: stage})
		if err == nil {
			attributes[previous] = value(st.DeploymentId)
		} else if absent(err) != nil {
			return result{}, err
		}
	}
	in := &apigateway.CreateDeploymentInput{RestApiId: api, Description: r.props.text("Description")}
	if stage != "" {
		in.StageName = &stage
	}
	if c, ok := r.props.object("DeploymentCanarySettings"); ok {
		in.CanarySettings = &apigateway.DeploymentCanarySettings{
			PercentTraffic: c.float("PercentTraffic"), StageVariableOverrides: c.textMap("StageVariableOverrides"),
			UseStageCache: c.boolean("UseStageCache"),
		}
	}
	out, err := p.api.CreateDeployment(ctx, in)
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	attributes["DeploymentId"] = id
	return result{id, attributes}, p.describe(ctx, r, properties{})
}

func (p deploy) update(ctx context.Context, r *request) (result, error) {
	var ops patch
	ops.text("/description", r, "Description")
	if len(ops) > 0 {
		_, err := p.api.UpdateDeployment(ctx, &apigateway.UpdateDeploymentInput{RestApiId: r.props.must("RestApiId"), DeploymentId: r.physical, PatchOperations: ops})
		if err != nil {
			return result{}, err
		}
	}
	old, _ := r.old.object("StageDescription")
	return result{r.physical, r.attributes}, p.describe(ctx, r, old)
}

// describe applies StageDescription to the stage.
func (p deploy) describe(ctx context.Context, r *request, old properties) error {
	now, _ := r.props.object("StageDescription")
	ops := stagePatch(old, now)
	if len(ops) == 0 || r.props.must("StageName") == "" {
		return nil
	}
	_, err := p.api.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: r.props.must("RestApiId"), StageName: r.props.must("StageName"), PatchOperations: ops})
	return err
}

// delete leaves the stage to whoever serves it now. When that is still this deployment, the stage goes back
// to the one before, as the rollback of an update wants it, or goes away with it.
func (p deploy) delete(ctx context.Context, r *request) error {
	api, name := r.props.must("RestApiId"), r.props.must("StageName")
	if name != "" {
		st, err := p.api.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: name})
		if absent(err) != nil {
			return err
		}
		if err == nil && value(st.DeploymentId) == r.physical {
			if err := p.leave(ctx, api, name, r.attributes[previous]); err != nil {
				return err
			}
		}
	}
	return absent(p.api.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: r.physical}))
}

func (p deploy) leave(ctx context.Context, api, stage, before string) error {
	if before != "" {
		_, err := p.api.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: before})
		if absent(err) != nil {
			return err
		}
		if err == nil {
			var ops patch
			ops.replace("/deploymentId", before)
			_, err := p.api.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api, StageName: stage, PatchOperations: ops})
			return err
		}
	}
	return absent(p.api.DeleteStage(ctx, &apigateway.DeleteStageInput{RestApiId: api, StageName: stage}))
}

type stageOf struct{ api APIGateway }

func (p stageOf) create(ctx context.Context, r *request) (result, error) {
	api, name := r.props.must("RestApiId"), r.props.must("StageName")
	in := &apigateway.CreateStageInput{
		RestApiId: api, StageName: name, DeploymentId: r.props.must("DeploymentId"),
		Description: r.props.text("Description"), Variables: r.props.textMap("Variables"), Tags: stackTags(r),
		DocumentationVersion: r.props.text("DocumentationVersion"),
		CacheClusterEnabled:  r.props.boolean("CacheClusterEnabled"), CacheClusterSize: r.props.text("CacheClusterSize"),
		TracingEnabled: r.props.boolean("TracingEnabled"),
	}
	if _, err := p.api.CreateStage(ctx, in); err != nil {
		return result{}, err
	}
	// CreateStage has no form for the rest.
	ops := stagePatch(r.props.only("Description", "Variables", "DocumentationVersion", "CacheClusterEnabled", "CacheClusterSize", "TracingEnabled"), r.props)
	if len(ops) > 0 {
		if _, err := p.api.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api, StageName: name, PatchOperations: ops}); err != nil {
			return result{physical: name}, err
		}
	}
	return result{physical: name}, nil
}

func (p stageOf) update(ctx context.Context, r *request) (result, error) {
	api := r.props.must("RestApiId")
	var ops patch
	ops.text("/deploymentId", r, "DeploymentId")
	ops = append(ops, stagePatch(r.old, r.props)...)
	if len(ops) > 0 {
		if _, err := p.api.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api, StageName: r.physical, PatchOperations: ops}); err != nil {
			return result{}, err
		}
	}
	return result{r.physical, r.attributes}, retag(ctx, p.api, r, "/restapis/"+api+"/stages/"+r.physical)
}

func (p stageOf) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteStage(ctx, &apigateway.DeleteStageInput{RestApiId: r.props.must("RestApiId"), StageName: r.physical}))
}

// stagePatch brings a stage from what old says to what now says, DeploymentId apart.
func stagePatch(old, now properties) patch {
	r := &request{props: now, old: old}
	var ops patch
	ops.text("/description", r, "Description")
	ops.text("/documentationVersion", r, "DocumentationVersion")
	ops.flag("/cacheClusterEnabled", r, "CacheClusterEnabled")
	ops.text("/cacheClusterSize", r, "CacheClusterSize")
	ops.text("/clientCertificateId", r, "ClientCertificateId")
	ops.flag("/tracingEnabled", r, "TracingEnabled")

	was, is := old.textMap("Variables"), now.textMap("Variables")
	for _, k := range slices.Sorted(maps.Keys(was)) {
		if _, ok := is[k]; !ok {
			ops.remove("/variables/"+escape(k), "")
		}
	}
	for _, k := range slices.Sorted(maps.Keys(is)) {
		if v, ok := was[k]; !ok || v != is[k] {
			ops.replace("/variables/"+escape(k), is[k])
		}
	}

	if !document.Equal(old.v.Get("AccessLogSetting"), now.v.Get("AccessLogSetting")) {
		if old.has("AccessLogSetting") {
			ops.remove("/accessLogSettings", "")
		}
		if l, ok := now.object("AccessLogSetting"); ok {
			if l.has("DestinationArn") {
				ops.replace("/accessLogSettings/destinationArn", l.must("DestinationArn"))
			}
			if l.has("Format") {
				ops.replace("/accessLogSettings/format", l.must("Format"))
			}
		}
	}
	if !document.Equal(old.v.Get("CanarySetting"), now.v.Get("CanarySetting")) {
		canary(&ops, old, now)
	}
	methodSettings(&ops, settings(old), settings(now))
	return ops
}

func canary(ops *patch, old, now properties) {
	if old.has("CanarySetting") {
		ops.remove("/canarySettings", "")
	}
	c, ok := now.object("CanarySetting")
	if !ok {
		return
	}
	if c.has("DeploymentId") {
		ops.replace("/canarySettings/deploymentId", c.must("DeploymentId"))
	}
	ops.replace("/canarySettings/percentTraffic", or(c.text("PercentTraffic"), "0"))
	if c.has("UseStageCache") {
		ops.replace("/canarySettings/useStageCache", strconv.FormatBool(value(c.boolean("UseStageCache"))))
	}
	vars := c.textMap("StageVariableOverrides")
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		ops.replace("/canarySettings/stageVariableOverrides/"+escape(k), vars[k])
	}
}

// settings are the method settings by patch path. A StageDescription sets those of all methods directly.
func settings(p properties) map[string]properties {
	out := map[string]properties{}
	for _, s := range settingProps() {
		if p.has(s.name) {
			out["/*/*"] = p
		}
	}
	for _, s := range p.objects("MethodSettings") {
		out[settingPath(s.must("ResourcePath"), s.must("HttpMethod"))] = s
	}
	return out
}

// settingPath is "/{path with ~1}/{VERB}". Templates write the path with ~1 or with plain slashes; every
// method of every path is "/*" and "*".
func settingPath(path, verb string) string {
	path = strings.TrimPrefix(path, "/")
	switch {
	case path == "*":
	case path == "":
		path = "~1"
	case !strings.HasPrefix(path, "~1"):
		path = "~1" + strings.ReplaceAll(path, "/", "~1")
	}
	return "/" + path + "/" + verb
}

// methodSettings removes what is gone or different and writes what is new or different. The setting of all
// methods goes first: the others begin as copies of it.
func methodSettings(ops *patch, old, now map[string]properties) {
	for _, path := range slices.Sorted(maps.Keys(old)) {
		if n, ok := now[path]; !ok || !sameSetting(old[path], n) {
			ops.remove(path, "")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) { // "*" sorts before "~"
		if o, ok := old[path]; ok && sameSetting(o, now[path]) {
			continue
		}
		for _, f := range settingFields() {
			if v := now[path].v.Get(f.property); v != nil {
				text := v.Text
				if v.Kind == document.Bool {
					text = strconv.FormatBool(v.Bool)
				}
				ops.replace(path+f.path, text)
			}
		}
	}
}

func sameSetting(a, b properties) bool {
	return !slices.ContainsFunc(settingFields(), func(f settingField) bool {
		return !document.Equal(a.v.Get(f.property), b.v.Get(f.property))
	})
}

// settingField says where a property of a method setting is patched.
type settingField struct{ property, path string }

func settingFields() []settingField {
	return []settingField{
		{"MetricsEnabled", "/metrics/enabled"}, {"LoggingLevel", "/logging/loglevel"}, {"DataTraceEnabled", "/logging/dataTrace"},
		{"ThrottlingBurstLimit", "/throttling/burstLimit"}, {"ThrottlingRateLimit", "/throttling/rateLimit"},
		{"CachingEnabled", "/caching/enabled"}, {"CacheTtlInSeconds", "/caching/ttlInSeconds"},
		{"CacheDataEncrypted", "/caching/dataEncrypted"},
	}
}
