package apigateway

import (
	"context"
	"errors"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

func (s *Service) stage(tx store.Tx, api, name string) (apigw.Stage, error) {
	missing := apigw.Refuse(apigw.NotFound, "Invalid stage identifier specified")
	if !storable(name) {
		return apigw.Stage{}, missing
	}
	return get(tx, s.c.Tables.Stages, s.scope, tables.InAPI(apigw.APIID(api), name), missing)
}

// checkDeployments wants the deployments of a stage to exist.
func (s *Service) checkDeployments(tx store.Tx, st *apigw.Stage) error {
	ids := []apigw.DeploymentID{st.Deployment}
	if st.Canary != nil {
		ids = append(ids, st.Canary.Deployment)
	}
	for _, id := range ids {
		_, err := get(tx, s.c.Tables.Deployments, s.scope, tables.InAPI(st.API, id), apigw.Refuse(apigw.BadRequest, "Deployment id does not exist"))
		if err != nil {
			return err
		}
	}
	return nil
}

// CreateStage serves a deployment under a new name.
func (s *Service) CreateStage(ctx context.Context, in *apigateway.CreateStageInput) (*apigateway.Stage, error) {
	var out *apigateway.Stage
	err := s.live(ctx, func(tx store.Tx) error {
		a, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		st := apigw.Stage{
			API:           a.ID,
			Name:          apigw.StageName(in.StageName),
			Deployment:    apigw.DeploymentID(in.DeploymentId),
			Description:   text(in.Description),
			Variables:     variablesOf(in.Variables),
			CacheEnabled:  is(in.CacheClusterEnabled),
			CacheSize:     text(in.CacheClusterSize),
			Tracing:       is(in.TracingEnabled),
			Documentation: text(in.DocumentationVersion),
			Tags:          tagsOf(in.Tags),
			Created:       s.c.Now(),
			Updated:       s.c.Now(),
		}
		if c := in.CanarySettings; c != nil {
			st.Canary = &apigw.Canary{Deployment: apigw.DeploymentID(text(c.DeploymentId)), Variables: variablesOf(c.StageVariableOverrides), UseCache: is(c.UseStageCache)}
			if st.Canary.Deployment == "" {
				st.Canary.Deployment = st.Deployment
			}
			if c.PercentTraffic != nil {
				st.Canary.Percent = *c.PercentTraffic
			}
		}
		if err := st.Check(); err != nil {
			return err
		}
		if err := s.checkDeployments(tx, &st); err != nil {
			return err
		}
		out = stage(&st)
		err = s.c.Tables.Stages.Insert(tx, s.scope, st)
		if errors.Is(err, store.ErrExists) {
			return apigw.Refuse(apigw.Conflict, "Stage already exists")
		}
		return err
	})
	return out, err
}

// GetStage shows one stage.
func (s *Service) GetStage(ctx context.Context, in *apigateway.GetStageInput) (*apigateway.Stage, error) {
	var out *apigateway.Stage
	err := s.view(ctx, func(tx store.Tx) error {
		st, err := s.stage(tx, in.RestApiId, in.StageName)
		out = stage(&st)
		return err
	})
	return out, err
}

// GetStages lists the stages of an API, or those that serve one deployment.
func (s *Service) GetStages(ctx context.Context, in *apigateway.GetStagesInput) (*apigateway.Stages, error) {
	out := &apigateway.Stages{Item: []apigateway.Stage{}}
	err := s.view(ctx, func(tx store.Tx) error {
		a, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		all, err := inAPI(tx, s.c.Tables.Stages, s.scope, a.ID)
		for i := range all {
			if id := text(in.DeploymentId); id == "" || string(all[i].Deployment) == id {
				out.Item = append(out.Item, *stage(&all[i]))
			}
		}
		return err
	})
	return out, err
}

// UpdateStage patches a stage. Throttles, variables and the deployment take effect at once.
func (s *Service) UpdateStage(ctx context.Context, in *apigateway.UpdateStageInput) (*apigateway.Stage, error) {
	var out *apigateway.Stage
	err := s.live(ctx, func(tx store.Tx) error {
		st, err := s.stage(tx, in.RestApiId, in.StageName)
		if err != nil {
			return err
		}
		if st, err = apigw.PatchStage(st, patchOf(in.PatchOperations), s.c.Now()); err != nil {
			return err
		}
		if err := s.checkDeployments(tx, &st); err != nil {
			return err
		}
		out = stage(&st)
		return s.c.Tables.Stages.Put(tx, s.scope, st)
	})
	return out, err
}

// DeleteStage stops serving a stage.
func (s *Service) DeleteStage(ctx context.Context, in *apigateway.DeleteStageInput) error {
	return s.live(ctx, func(tx store.Tx) error {
		st, err := s.stage(tx, in.RestApiId, in.StageName)
		if err != nil {
			return err
		}
		return s.c.Tables.Stages.Delete(tx, s.scope, tables.InAPI(st.API, st.Name))
	})
}

func stage(st *apigw.Stage) *apigateway.Stage {
	out := &apigateway.Stage{
		DeploymentId:         new(string(st.Deployment)),
		ClientCertificateId:  shown(st.ClientCert),
		StageName:            new(string(st.Name)),
		Description:          shown(st.Description),
		CacheClusterEnabled:  new(st.CacheEnabled),
		CacheClusterSize:     shown(st.CacheSize),
		CacheClusterStatus:   new(apigateway.CacheClusterStatusNotAvailable),
		MethodSettings:       map[string]apigateway.MethodSetting{},
		Variables:            st.Variables,
		DocumentationVersion: shown(st.Documentation),
		TracingEnabled:       new(st.Tracing),
		WebAclArn:            shown(st.WebACL),
		Tags:                 st.Tags,
		CreatedDate:          new(st.Created),
		LastUpdatedDate:      new(st.Updated),
	}
	// There is no cache to wait for: tools that switched it on see it as soon as they look.
	if st.CacheEnabled {
		out.CacheClusterStatus = new(apigateway.CacheClusterStatusAvailable)
	}
	if l := st.AccessLog; l != nil {
		out.AccessLogSettings = &apigateway.AccessLogSettings{DestinationArn: shown(l.Destination), Format: shown(l.Format)}
	}
	if c := st.Canary; c != nil {
		out.CanarySettings = &apigateway.CanarySettings{
			PercentTraffic: new(c.Percent), DeploymentId: new(string(c.Deployment)),
			StageVariableOverrides: c.Variables, UseStageCache: new(c.UseCache),
		}
	}
	for key, m := range st.Methods {
		out.MethodSettings[key] = methodSetting(m)
	}
	return out
}

// methodSetting shows a method setting; a throttle that was not set is the account's [recorded].
func methodSetting(m apigw.MethodSetting) apigateway.MethodSetting {
	out := apigateway.MethodSetting{
		MetricsEnabled:                         new(m.Metrics),
		LoggingLevel:                           shown(m.LoggingLevel),
		DataTraceEnabled:                       new(m.DataTrace),
		ThrottlingBurstLimit:                   new(int32(apigw.AccountBurst)),
		ThrottlingRateLimit:                    new(float64(apigw.AccountRate)),
		CachingEnabled:                         new(m.Caching),
		CacheTtlInSeconds:                      new(m.CacheTTL),
		CacheDataEncrypted:                     new(m.CacheEncrypted),
		RequireAuthorizationForCacheControl:    new(m.RequireAuthForCache),
		UnauthorizedCacheControlHeaderStrategy: new(m.CacheUnauthorized),
	}
	if m.Burst != nil {
		out.ThrottlingBurstLimit = m.Burst
	}
	if m.Rate != nil {
		out.ThrottlingRateLimit = m.Rate
	}
	return out
}
