package apigateway

import (
	"context"
	"errors"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// keyType is the only type of plan keys.
const keyType = "API_KEY"

// CreateUsagePlanKey puts a key into a plan.
func (s *Service) CreateUsagePlanKey(ctx context.Context, in *apigateway.CreateUsagePlanKeyInput) (*apigateway.UsagePlanKey, error) {
	var out *apigateway.UsagePlanKey
	err := s.live(ctx, func(tx store.Tx) error {
		if in.KeyType != keyType {
			return apigw.Refuse(apigw.BadRequest, "Invalid key type specified. Valid options are %s", keyType)
		}
		k, err := s.join(tx, in.UsagePlanId, in.KeyId)
		if err != nil {
			return err
		}
		out = planKey(&k)
		return nil
	})
	return out, err
}

// join puts a key into a plan and returns the key.
func (s *Service) join(tx store.Tx, plan, key string) (apigw.APIKey, error) {
	p, err := s.plan(tx, plan)
	if err != nil {
		return apigw.APIKey{}, err
	}
	k, err := s.key(tx, key)
	if err != nil {
		return apigw.APIKey{}, err
	}
	if err := s.checkOnePlan(tx, k.ID, p.ID, p.Stages); err != nil {
		return apigw.APIKey{}, err
	}
	err = s.c.Tables.PlanKeys.Insert(tx, s.scope, apigw.PlanKey{Plan: p.ID, Key: k.ID, Created: s.c.Now()})
	if errors.Is(err, store.ErrExists) {
		return k, apigw.Refuse(apigw.Conflict, "API Key %s is already in Usage Plan %s", k.ID, p.ID)
	}
	return k, err
}

// checkOnePlan refuses stages of one plan that another plan of the same key covers as well, and a key in
// too many plans. The texts are inferred.
func (s *Service) checkOnePlan(tx store.Tx, key apigw.KeyID, plan apigw.PlanID, stages []apigw.PlanStage) error {
	others, err := collect(s.c.Tables.PlanKeys.By(tx, s.scope, tables.ByKey, string(key)))
	if err != nil {
		return err
	}
	count := 0
	for _, m := range others {
		if m.Plan == plan {
			continue
		}
		if count++; count >= apigw.MaxPlansPerKey {
			return apigw.Refuse(apigw.LimitExceeded, "API Key %s is already in %d Usage Plans", key, apigw.MaxPlansPerKey)
		}
		other, err := s.c.Tables.UsagePlans.Get(tx, s.scope, string(m.Plan))
		if err != nil {
			return err
		}
		for _, a := range stages {
			for _, b := range other.Stages {
				if a.API == b.API && a.Stage == b.Stage {
					return apigw.Refuse(apigw.Conflict, "API Key %s already has Usage Plan %s for API Stage %s:%s", key, other.ID, a.API, a.Stage)
				}
			}
		}
	}
	return nil
}

// GetUsagePlanKey shows one key of a plan.
func (s *Service) GetUsagePlanKey(ctx context.Context, in *apigateway.GetUsagePlanKeyInput) (*apigateway.UsagePlanKey, error) {
	var out *apigateway.UsagePlanKey
	err := s.view(ctx, func(tx store.Tx) error {
		k, err := s.member(tx, in.UsagePlanId, in.KeyId)
		if err != nil {
			return err
		}
		out = planKey(&k)
		return nil
	})
	return out, err
}

// member returns a key of a plan.
func (s *Service) member(tx store.Tx, plan, key string) (apigw.APIKey, error) {
	p, err := s.plan(tx, plan)
	if err != nil {
		return apigw.APIKey{}, err
	}
	missing := apigw.Refuse(apigw.NotFound, "Invalid Usage Plan Key identifier specified")
	if !storable(key) {
		return apigw.APIKey{}, missing
	}
	if _, err := get(tx, s.c.Tables.PlanKeys, s.scope, tables.InPlan(p.ID, apigw.KeyID(key)), missing); err != nil {
		return apigw.APIKey{}, err
	}
	return s.key(tx, key)
}

// GetUsagePlanKeys lists the keys of a plan, the newest first. An unknown plan has none [recorded].
func (s *Service) GetUsagePlanKeys(ctx context.Context, in *apigateway.GetUsagePlanKeysInput) (*apigateway.UsagePlanKeys, error) {
	out := &apigateway.UsagePlanKeys{Items: []apigateway.UsagePlanKey{}}
	err := s.view(ctx, func(tx store.Tx) error {
		found, err := s.keysOf(tx, in.UsagePlanId)
		if err != nil {
			return err
		}
		named := found[:0]
		for _, k := range found {
			if strings.HasPrefix(k.Name, text(in.NameQuery)) {
				named = append(named, k)
			}
		}
		named, out.Position, err = page(s, listing("GetUsagePlanKeys", in.UsagePlanId, text(in.NameQuery)), in.Position, in.Limit, named,
			func(k *apigw.APIKey) string { return newest(k.Created, string(k.ID)) })
		for i := range named {
			out.Items = append(out.Items, *planKey(&named[i]))
		}
		return err
	})
	return out, err
}

// keysOf returns the keys of a plan.
func (s *Service) keysOf(tx store.Tx, plan string) ([]apigw.APIKey, error) {
	if !storable(plan) {
		return nil, nil
	}
	var out []apigw.APIKey
	for m, err := range s.c.Tables.PlanKeys.List(tx, s.scope, tables.InPlan(apigw.PlanID(plan), ""), "") {
		if err != nil {
			return nil, err
		}
		k, err := s.c.Tables.APIKeys.Get(tx, s.scope, string(m.Key))
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// DeleteUsagePlanKey takes a key out of a plan.
func (s *Service) DeleteUsagePlanKey(ctx context.Context, in *apigateway.DeleteUsagePlanKeyInput) error {
	return s.live(ctx, func(tx store.Tx) error {
		k, err := s.member(tx, in.UsagePlanId, in.KeyId)
		if err != nil {
			return err
		}
		return s.c.Tables.PlanKeys.Delete(tx, s.scope, tables.InPlan(apigw.PlanID(in.UsagePlanId), k.ID))
	})
}

func planKey(k *apigw.APIKey) *apigateway.UsagePlanKey {
	return &apigateway.UsagePlanKey{Id: new(string(k.ID)), Type: new(keyType), Value: new(k.Value.Reveal()), Name: shown(k.Name)}
}
