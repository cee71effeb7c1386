package cloudformation

import (
	"context"
	"maps"
	"slices"

	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/document"
)

type keys interface {
	CreateApiKey(context.Context, *apigateway.CreateApiKeyInput) (*apigateway.ApiKey, error)
	UpdateApiKey(context.Context, *apigateway.UpdateApiKeyInput) (*apigateway.ApiKey, error)
	GetApiKeys(context.Context, *apigateway.GetApiKeysInput) (*apigateway.ApiKeys, error)
	DeleteApiKey(context.Context, *apigateway.DeleteApiKeyInput) error
	CreateUsagePlan(context.Context, *apigateway.CreateUsagePlanInput) (*apigateway.UsagePlan, error)
	UpdateUsagePlan(context.Context, *apigateway.UpdateUsagePlanInput) (*apigateway.UsagePlan, error)
	DeleteUsagePlan(context.Context, *apigateway.DeleteUsagePlanInput) error
	CreateUsagePlanKey(context.Context, *apigateway.CreateUsagePlanKeyInput) (*apigateway.UsagePlanKey, error)
	DeleteUsagePlanKey(context.Context, *apigateway.DeleteUsagePlanKeyInput) error
}

type apiKey struct{ api APIGateway }

func (p apiKey) create(ctx context.Context, r *request) (result, error) {
	in := &apigateway.CreateApiKeyInput{
		Name: r.props.text("Name"), Value: r.props.text("Value"), GenerateDistinctId: r.props.boolean("GenerateDistinctId"),
		Enabled: r.props.boolean("Enabled"), Description: r.props.text("Description"), CustomerId: r.props.text("CustomerId"),
		Tags: stackTags(r),
	}
	if in.Name == nil {
		in.Name = &r.generated
	}
	for _, k := range r.props.objects("StageKeys") {
		in.StageKeys = append(in.StageKeys, apigateway.StageKey{RestApiId: k.text("RestApiId"), StageName: k.text("StageName")})
	}
	out, err := p.api.CreateApiKey(ctx, in)
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	return result{id, map[string]string{"APIKeyId": id}}, nil
}

// find looks for the key by the tags of its stack: its value, if the template gives one, is taken.
func (p apiKey) find(ctx context.Context, r *request) (result, bool, error) {
	in := &apigateway.GetApiKeysInput{}
	for {
		out, err := p.api.GetApiKeys(ctx, in)
		if err != nil {
			return result{}, false, err
		}
		for _, k := range out.Items {
			if k.Tags["aws:cloudformation:stack-id"] == string(r.stack.ID) && k.Tags["aws:cloudformation:logical-id"] == string(r.id) {
				return result{physical: value(k.Id)}, true, nil
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return result{}, false, nil
		}
	}
}

func (p apiKey) update(ctx context.Context, r *request) (result, error) {
	var ops patch
	ops.flag("/enabled", r, "Enabled")
	ops.text("/description", r, "Description")
	ops.text("/customerId", r, "CustomerId")
	was, is := stageKeys(r.old), stageKeys(r.props)
	for _, k := range without(was, is) {
		ops.remove("/stages", k)
	}
	for _, k := range without(is, was) {
		ops.add("/stages", k)
	}
	if len(ops) > 0 {
		if _, err := p.api.UpdateApiKey(ctx, &apigateway.UpdateApiKeyInput{ApiKey: r.physical, PatchOperations: ops}); err != nil {
			return result{}, err
		}
	}
	return result{r.physical, r.attributes}, retag(ctx, p.api, r, "/apikeys/"+r.physical)
}

func stageKeys(p properties) []string {
	var out []string
	for _, k := range p.objects("StageKeys") {
		out = append(out, k.must("RestApiId")+"/"+k.must("StageName"))
	}
	return out
}

func (p apiKey) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteApiKey(ctx, &apigateway.DeleteApiKeyInput{ApiKey: r.physical}))
}

type usagePlan struct{ api APIGateway }

func (p usagePlan) create(ctx context.Context, r *request) (result, error) {
	in := &apigateway.CreateUsagePlanInput{
		Name: or(r.props.text("UsagePlanName"), r.generated), Description: r.props.text("Description"), Tags: stackTags(r),
	}
	for _, s := range r.props.objects("ApiStages") {
		stage := apigateway.ApiStage{ApiId: s.text("ApiId"), Stage: s.text("Stage")}
		for _, t := range s.entries("Throttle") {
			if stage.Throttle == nil {
				stage.Throttle = map[string]apigateway.ThrottleSettings{}
			}
			stage.Throttle[t.name] = apigateway.ThrottleSettings{BurstLimit: t.int32("BurstLimit"), RateLimit: t.float("RateLimit")}
		}
		in.ApiStages = append(in.ApiStages, stage)
	}
	if t, ok := r.props.object("Throttle"); ok {
		in.Throttle = &apigateway.ThrottleSettings{BurstLimit: t.int32("BurstLimit"), RateLimit: t.float("RateLimit")}
	}
	if q, ok := r.props.object("Quota"); ok {
		in.Quota = &apigateway.QuotaSettings{Limit: q.int32("Limit"), Offset: q.int32("Offset"), Period: q.text("Period")}
	}
	out, err := p.api.CreateUsagePlan(ctx, in)
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	return result{id, map[string]string{"Id": id}}, nil
}

// update changes everything in one patch, so that no request sees a plan that is half changed.
func (p usagePlan) update(ctx context.Context, r *request) (result, error) {
	var ops patch
	if name := or(r.props.text("UsagePlanName"), r.generated); name != or(r.old.text("UsagePlanName"), r.generated) {
		ops.replace("/name", name)
	}
	ops.text("/description", r, "Description")
	if !document.Equal(r.old.v.Get("Throttle"), r.props.v.Get("Throttle")) {
		if r.old.has("Throttle") {
			ops.remove("/throttle", "")
		}
		if t, ok := r.props.object("Throttle"); ok {
			limits(&ops, "/throttle", t)
		}
	}
	if !document.Equal(r.old.v.Get("Quota"), r.props.v.Get("Quota")) {
		if r.old.has("Quota") {
			ops.remove("/quota", "")
		}
		if q, ok := r.props.object("Quota"); ok {
			ops.replace("/quota/limit", or(q.text("Limit"), "0"))
			ops.replace("/quota/offset", or(q.text("Offset"), "0"))
			ops.replace("/quota/period", q.must("Period"))
		}
	}
	planStages(&ops, r)
	if len(ops) > 0 {
		if _, err := p.api.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: r.physical, PatchOperations: ops}); err != nil {
			return result{}, err
		}
	}
	return result{r.physical, r.attributes}, retag(ctx, p.api, r, "/usageplans/"+r.physical)
}

// planStages patches the stages of a plan; one whose method throttles differ is taken out and put back.
func planStages(ops *patch, r *request) {
	was, is := planStagesOf(r.old), planStagesOf(r.props)
	for _, id := range slices.Sorted(maps.Keys(was)) {
		if now, ok := is[id]; !ok || !document.Equal(was[id].v.Get("Throttle"), now.v.Get("Throttle")) {
			ops.remove("/apiStages", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(is)) {
		if old, ok := was[id]; ok && document.Equal(old.v.Get("Throttle"), is[id].v.Get("Throttle")) {
			continue
		}
		ops.add("/apiStages", id)
		for _, t := range is[id].entries("Throttle") {
			limits(ops, "/apiStages/"+id+"/throttle/"+escape(t.name), t.properties)
		}
	}
}

// limits patches a rate and a burst; what is not given is 0, as in a creation.
func limits(ops *patch, path string, t properties) {
	ops.replace(path+"/burstLimit", or(t.text("BurstLimit"), "0"))
	ops.replace(path+"/rateLimit", or(t.text("RateLimit"), "0"))
}

func planStagesOf(p properties) map[string]properties {
	out := map[string]properties{}
	for _, s := range p.objects("ApiStages") {
		out[s.must("ApiId")+":"+s.must("Stage")] = s
	}
	return out
}

// delete takes the stages out first: a plan that covers one cannot be deleted.
func (p usagePlan) delete(ctx context.Context, r *request) error {
	var ops patch
	for _, id := range slices.Sorted(maps.Keys(planStagesOf(r.props))) {
		ops.remove("/apiStages", id)
	}
	if len(ops) > 0 {
		_, err := p.api.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: r.physical, PatchOperations: ops})
		if absent(err) != nil {
			return err
		}
	}
	return absent(p.api.DeleteUsagePlan(ctx, &apigateway.DeleteUsagePlanInput{UsagePlanId: r.physical}))
}

type usagePlanKey struct {
	immutable
	api APIGateway
}

func (p usagePlanKey) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{
		UsagePlanId: r.props.must("UsagePlanId"), KeyId: r.props.must("KeyId"), KeyType: r.props.must("KeyType"),
	})
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	return result{id + ":" + r.props.must("UsagePlanId"), map[string]string{"Id": id}}, nil
}

func (p usagePlanKey) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteUsagePlanKey(ctx, &apigateway.DeleteUsagePlanKeyInput{
		UsagePlanId: r.props.must("UsagePlanId"), KeyId: r.props.must("KeyId"),
	}))
}
