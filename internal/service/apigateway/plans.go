package apigateway

import (
	"context"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

func (s *Service) plan(tx store.Tx, id string) (apigw.UsagePlan, error) {
	return get(tx, s.c.Tables.UsagePlans, s.scope, id, apigw.Refuse(apigw.NotFound, "Invalid Usage Plan ID specified"))
}

// CreateUsagePlan makes a plan.
func (s *Service) CreateUsagePlan(ctx context.Context, in *apigateway.CreateUsagePlanInput) (*apigateway.UsagePlan, error) {
	var out *apigateway.UsagePlan
	err := s.live(ctx, func(tx store.Tx) error {
		p := apigw.UsagePlan{
			Name:        in.Name,
			Description: text(in.Description),
			Tags:        tagsOf(in.Tags),
			Created:     s.c.Now(),
		}
		if t := in.Throttle; t != nil {
			p.Throttle = new(limitOf(*t))
		}
		if q := in.Quota; q != nil {
			p.Quota = &apigw.Quota{Period: text(q.Period)}
			if q.Limit != nil {
				p.Quota.Limit = *q.Limit
			}
			if q.Offset != nil {
				p.Quota.Offset = *q.Offset
			}
		}
		for _, stage := range in.ApiStages {
			entry := apigw.PlanStage{API: apigw.APIID(text(stage.ApiId)), Stage: apigw.StageName(text(stage.Stage))}
			limits := map[string]apigw.Limit{}
			for method, t := range stage.Throttle {
				limits[method] = limitOf(t)
			}
			if len(limits) > 0 {
				if err := entry.SetThrottles(limits); err != nil {
					return err
				}
			}
			p.Stages = append(p.Stages, entry)
		}
		if err := p.Check(); err != nil {
			return err
		}
		id, err := s.newID(ctx, IDPlan, exists(tx, s.c.Tables.UsagePlans, s.scope, func(id string) string { return id }))
		if err != nil {
			return err
		}
		p.ID = apigw.PlanID(id)
		// Unlike a patch, a creation answers 400 for a stage that does not exist [observed].
		if err := s.checkPlanStages(tx, &p, p.Stages, apigw.BadRequest); err != nil {
			return err
		}
		out = usagePlan(&p)
		return s.c.Tables.UsagePlans.Insert(tx, s.scope, p)
	})
	return out, err
}

func limitOf(t apigateway.ThrottleSettings) (l apigw.Limit) {
	if t.BurstLimit != nil {
		l.Burst = *t.BurstLimit
	}
	if t.RateLimit != nil {
		l.Rate = *t.RateLimit
	}
	return l
}

// checkPlanStages wants stages that are new in a plan to exist, and to be in no other plan of a key of
// this one: a key has one plan for a stage [docs].
func (s *Service) checkPlanStages(tx store.Tx, p *apigw.UsagePlan, added []apigw.PlanStage, missing apigw.Kind) error {
	if len(added) == 0 {
		return nil
	}
	for _, stage := range added {
		_, err := s.stage(tx, string(stage.API), string(stage.Stage))
		if isRefusal(err) {
			return apigw.Refuse(missing, "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s", stage.API, stage.Stage, p.ID)
		}
		if err != nil {
			return err
		}
	}
	keys, err := collect(s.c.Tables.PlanKeys.List(tx, s.scope, tables.InPlan(p.ID, ""), ""))
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := s.checkOnePlan(tx, k.Key, p.ID, added); err != nil {
			return err
		}
	}
	return nil
}

// GetUsagePlan shows one plan.
func (s *Service) GetUsagePlan(ctx context.Context, in *apigateway.GetUsagePlanInput) (*apigateway.UsagePlan, error) {
	var out *apigateway.UsagePlan
	err := s.view(ctx, func(tx store.Tx) error {
		p, err := s.plan(tx, in.UsagePlanId)
		out = planWithTags(usagePlan(&p))
		return err
	})
	return out, err
}

// GetUsagePlans lists the plans, or those of one key.
func (s *Service) GetUsagePlans(ctx context.Context, in *apigateway.GetUsagePlansInput) (*apigateway.UsagePlans, error) {
	out := &apigateway.UsagePlans{Items: []apigateway.UsagePlan{}}
	err := s.view(ctx, func(tx store.Tx) error {
		all, err := collect(s.c.Tables.UsagePlans.List(tx, s.scope, "", ""))
		if err != nil {
			return err
		}
		if id := text(in.KeyId); id != "" {
			if all, err = s.plansOf(tx, all, id); err != nil {
				return err
			}
		}
		all, out.Position, err = page(s, listing("GetUsagePlans", text(in.KeyId)), in.Position, in.Limit, all,
			func(p *apigw.UsagePlan) string { return oldest(p.Created, string(p.ID)) })
		for i := range all {
			out.Items = append(out.Items, *usagePlan(&all[i]))
		}
		return err
	})
	return out, err
}

func (s *Service) plansOf(tx store.Tx, all []apigw.UsagePlan, key string) ([]apigw.UsagePlan, error) {
	if !storable(key) {
		return nil, nil
	}
	of := map[apigw.PlanID]bool{}
	for m, err := range s.c.Tables.PlanKeys.By(tx, s.scope, tables.ByKey, key) {
		if err != nil {
			return nil, err
		}
		of[m.Plan] = true
	}
	var found []apigw.UsagePlan
	for _, p := range all {
		if of[p.ID] {
			found = append(found, p)
		}
	}
	return found, nil
}

// UpdateUsagePlan patches a plan. Limits and stages take effect at once.
func (s *Service) UpdateUsagePlan(ctx context.Context, in *apigateway.UpdateUsagePlanInput) (*apigateway.UsagePlan, error) {
	var out *apigateway.UsagePlan
	err := s.live(ctx, func(tx store.Tx) error {
		old, err := s.plan(tx, in.UsagePlanId)
		if err != nil {
			return err
		}
		p, err := apigw.PatchPlan(old, patchOf(in.PatchOperations))
		if err != nil {
			return err
		}
		// Stages that were in the plan before may have been deleted meanwhile.
		had := map[string]bool{}
		for _, stage := range old.Stages {
			had[tables.InAPI(stage.API, stage.Stage)] = true
		}
		var added []apigw.PlanStage
		for _, stage := range p.Stages {
			if !had[tables.InAPI(stage.API, stage.Stage)] {
				added = append(added, stage)
			}
		}
		if err := s.checkPlanStages(tx, &p, added, apigw.NotFound); err != nil {
			return err
		}
		out = planWithTags(usagePlan(&p))
		return s.c.Tables.UsagePlans.Put(tx, s.scope, p)
	})
	return out, err
}

// DeleteUsagePlan removes a plan that covers no stage any more, and the memberships of its keys.
func (s *Service) DeleteUsagePlan(ctx context.Context, in *apigateway.DeleteUsagePlanInput) error {
	return s.live(ctx, func(tx store.Tx) error {
		p, err := s.plan(tx, in.UsagePlanId)
		if err != nil {
			return err
		}
		if len(p.Stages) > 0 {
			return apigw.Refuse(apigw.BadRequest, "Cannot delete Usage Plan %s because there are API Stages associated with it, including %s:%s", p.ID, p.Stages[0].API, p.Stages[0].Stage)
		}
		keys, err := collect(s.c.Tables.PlanKeys.List(tx, s.scope, tables.InPlan(p.ID, ""), ""))
		if err != nil {
			return err
		}
		for _, k := range keys {
			if err := s.c.Tables.PlanKeys.Delete(tx, s.scope, tables.InPlan(k.Plan, k.Key)); err != nil {
				return err
			}
		}
		return s.c.Tables.UsagePlans.Delete(tx, s.scope, string(p.ID))
	})
}

func usagePlan(p *apigw.UsagePlan) *apigateway.UsagePlan {
	out := &apigateway.UsagePlan{
		Id:          new(string(p.ID)),
		Name:        new(p.Name),
		Description: shown(p.Description),
		ApiStages:   []apigateway.ApiStage{},
		ProductCode: shown(p.ProductCode),
		Tags:        p.Tags,
	}
	if l := p.Throttle; l != nil {
		out.Throttle = new(throttle(*l))
	}
	if q := p.Quota; q != nil {
		out.Quota = &apigateway.QuotaSettings{Limit: new(q.Limit), Offset: new(q.Offset), Period: new(q.Period)}
	}
	for _, s := range p.Stages {
		entry := apigateway.ApiStage{ApiId: new(string(s.API)), Stage: new(string(s.Stage))}
		for method, l := range s.Throttle {
			if entry.Throttle == nil {
				entry.Throttle = map[string]apigateway.ThrottleSettings{}
			}
			entry.Throttle[method] = throttle(l)
		}
		out.ApiStages = append(out.ApiStages, entry)
	}
	return out
}

func throttle(l apigw.Limit) apigateway.ThrottleSettings {
	return apigateway.ThrottleSettings{BurstLimit: new(l.Burst), RateLimit: new(l.Rate)}
}

// planWithTags shows no tags as an empty map, which creations and listings do not [recorded].
func planWithTags(p *apigateway.UsagePlan) *apigateway.UsagePlan {
	if p.Tags == nil {
		p.Tags = map[string]string{}
	}
	return p
}
