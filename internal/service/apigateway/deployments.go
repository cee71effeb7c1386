package apigateway

import (
	"context"
	"errors"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

func (s *Service) deployment(tx store.Tx, api, id string) (apigw.Deployment, error) {
	missing := apigw.Refuse(apigw.NotFound, "Invalid Deployment identifier specified")
	if !storable(id) {
		return apigw.Deployment{}, missing
	}
	return get(tx, s.c.Tables.Deployments, s.scope, tables.InAPI(apigw.APIID(api), id), missing)
}

// definition gathers everything that a deployment freezes.
func (s *Service) definition(tx store.Tx, a apigw.RestAPI) (d apigw.Definition, err error) {
	d.API = a
	for _, load := range []func() error{
		func() (err error) { d.Resources, err = inAPI(tx, s.c.Tables.Resources, s.scope, a.ID); return },
		func() (err error) { d.Authorizers, err = inAPI(tx, s.c.Tables.Authorizers, s.scope, a.ID); return },
		func() (err error) { d.Models, err = inAPI(tx, s.c.Tables.Models, s.scope, a.ID); return },
		func() (err error) { d.Validators, err = inAPI(tx, s.c.Tables.Validators, s.scope, a.ID); return },
		func() (err error) {
			d.GatewayResponses, err = inAPI(tx, s.c.Tables.GatewayResponses, s.scope, a.ID)
			return
		},
	} {
		if err := load(); err != nil {
			return d, err
		}
	}
	return d, nil
}

// CreateDeployment freezes the definition of an API. With a stage name it also makes that stage, or points
// the existing one to the new deployment; with canary settings the stage gets it as its canary instead.
func (s *Service) CreateDeployment(ctx context.Context, in *apigateway.CreateDeploymentInput) (*apigateway.Deployment, error) {
	var out *apigateway.Deployment
	err := s.live(ctx, func(tx store.Tx) error {
		a, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		frozen, err := s.definition(tx, a)
		if err != nil {
			return err
		}
		d, err := apigw.Freeze(frozen)
		if err != nil {
			return err
		}
		id, err := s.newID(ctx, IDDeployment, exists(tx, s.c.Tables.Deployments, s.scope, inThisAPI(a.ID)))
		if err != nil {
			return err
		}
		d.ID, d.Description, d.Created = apigw.DeploymentID(id), text(in.Description), s.c.Now()
		if err := s.c.Tables.Deployments.Insert(tx, s.scope, d); err != nil {
			return err
		}
		out = deployment(&d, false)
		return s.deploy(tx, a.ID, d.ID, in)
	})
	return out, err
}

// deploy points the stage that a CreateDeployment names to its deployment.
func (s *Service) deploy(tx store.Tx, api apigw.APIID, id apigw.DeploymentID, in *apigateway.CreateDeploymentInput) error {
	name, canary := text(in.StageName), in.CanarySettings
	if name == "" {
		if canary != nil {
			given := "null"
			if in.StageName != nil {
				given = ""
			}
			return apigw.Refuse(apigw.BadRequest, "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is %s", given)
		}
		return nil
	}
	if err := apigw.CheckStageName(name); err != nil {
		return err
	}
	stage, err := s.c.Tables.Stages.Get(tx, s.scope, tables.InAPI(api, name))
	if errors.Is(err, store.ErrNotFound) {
		if canary != nil {
			return apigw.Refuse(apigw.BadRequest, "Invalid deployment content specified.Stage %s must already be created before making a canary release deployment", name)
		}
		stage, err = apigw.Stage{API: api, Name: apigw.StageName(name), Created: s.c.Now()}, nil
	}
	if err != nil {
		return err
	}
	stage.Updated = s.c.Now()
	if canary != nil {
		stage.Canary = &apigw.Canary{Deployment: id, Variables: variablesOf(canary.StageVariableOverrides), UseCache: is(canary.UseStageCache)}
		if canary.PercentTraffic != nil {
			stage.Canary.Percent = *canary.PercentTraffic
		}
	} else {
		stage.Deployment = id
	}
	if in.StageDescription != nil {
		stage.Description = *in.StageDescription
	}
	if in.Variables != nil {
		stage.Variables = variablesOf(in.Variables)
	}
	if in.CacheClusterEnabled != nil {
		stage.CacheEnabled = *in.CacheClusterEnabled
	}
	if in.CacheClusterSize != nil {
		stage.CacheSize = *in.CacheClusterSize
	}
	if in.TracingEnabled != nil {
		stage.Tracing = *in.TracingEnabled
	}
	if err := stage.Check(); err != nil {
		return err
	}
	return s.c.Tables.Stages.Put(tx, s.scope, stage)
}

// GetDeployment shows one deployment.
func (s *Service) GetDeployment(ctx context.Context, in *apigateway.GetDeploymentInput) (*apigateway.Deployment, error) {
	var out *apigateway.Deployment
	err := s.view(ctx, func(tx store.Tx) error {
		d, err := s.deployment(tx, in.RestApiId, in.DeploymentId)
		out = deployment(&d, has(in.Embed, "apisummary"))
		return err
	})
	return out, err
}

// GetDeployments lists the deployments of an API, the oldest first.
func (s *Service) GetDeployments(ctx context.Context, in *apigateway.GetDeploymentsInput) (*apigateway.Deployments, error) {
	out := &apigateway.Deployments{Items: []apigateway.Deployment{}}
	err := s.view(ctx, func(tx store.Tx) error {
		a, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		all, err := inAPI(tx, s.c.Tables.Deployments, s.scope, a.ID)
		if err != nil {
			return err
		}
		all, out.Position, err = page(s, listing("GetDeployments", in.RestApiId), in.Position, in.Limit, all,
			func(d *apigw.Deployment) string { return oldest(d.Created, string(d.ID)) })
		for i := range all {
			out.Items = append(out.Items, *deployment(&all[i], false))
		}
		return err
	})
	return out, err
}

// UpdateDeployment patches the description.
func (s *Service) UpdateDeployment(ctx context.Context, in *apigateway.UpdateDeploymentInput) (*apigateway.Deployment, error) {
	var out *apigateway.Deployment
	err := s.update(ctx, func(tx store.Tx) error {
		d, err := s.deployment(tx, in.RestApiId, in.DeploymentId)
		if err != nil {
			return err
		}
		if d, err = apigw.PatchDeployment(d, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		out = deployment(&d, false)
		return s.c.Tables.Deployments.Put(tx, s.scope, d)
	})
	return out, err
}

// DeleteDeployment removes a deployment that no stage serves.
func (s *Service) DeleteDeployment(ctx context.Context, in *apigateway.DeleteDeploymentInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		d, err := s.deployment(tx, in.RestApiId, in.DeploymentId)
		if err != nil {
			return err
		}
		id := tables.InAPI(d.API, d.ID)
		for _, err := range s.c.Tables.Stages.By(tx, s.scope, tables.ByDeployment, id) {
			if err != nil {
				return err
			}
			return apigw.Refuse(apigw.BadRequest, "Active stages pointing to this deployment must be moved or deleted")
		}
		return s.c.Tables.Deployments.Delete(tx, s.scope, id)
	})
}

func deployment(d *apigw.Deployment, summary bool) *apigateway.Deployment {
	out := &apigateway.Deployment{Id: new(string(d.ID)), Description: shown(d.Description), CreatedDate: new(d.Created)}
	if !summary {
		return out
	}
	out.ApiSummary = map[string]map[string]apigateway.MethodSnapshot{}
	for i := range d.Frozen.Resources {
		r := &d.Frozen.Resources[i]
		for verb, m := range r.Methods {
			if out.ApiSummary[r.Path] == nil {
				out.ApiSummary[r.Path] = map[string]apigateway.MethodSnapshot{}
			}
			out.ApiSummary[r.Path][verb] = apigateway.MethodSnapshot{
				AuthorizationType: new(string(m.Auth)), ApiKeyRequired: new(m.KeyRequired),
			}
		}
	}
	return out
}

// variablesOf keeps no variables as nil.
func variablesOf(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	return in
}
