package apigateway

import (
	"context"
	"errors"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

func (s *Service) model(tx store.Tx, api, name string) (apigw.Model, error) {
	missing := apigw.Refuse(apigw.NotFound, "Invalid model name specified: %s", name)
	if !storable(name) {
		return apigw.Model{}, missing
	}
	return get(tx, s.c.Tables.Models, s.scope, tables.InAPI(apigw.APIID(api), name), missing)
}

// CreateModel makes a model.
func (s *Service) CreateModel(ctx context.Context, in *apigateway.CreateModelInput) (*apigateway.Model, error) {
	var out *apigateway.Model
	err := s.update(ctx, func(tx store.Tx) error {
		api, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		m := apigw.Model{
			API: api.ID, Name: apigw.ModelName(in.Name), Description: text(in.Description),
			Schema: text(in.Schema), ContentType: in.ContentType,
		}
		if err := m.Check(); err != nil {
			return err
		}
		if m.ID, err = s.newID(ctx, IDModel, func(string) (bool, error) { return false, nil }); err != nil {
			return err
		}
		out = model(&m)
		err = s.c.Tables.Models.Insert(tx, s.scope, m)
		if errors.Is(err, store.ErrExists) {
			return apigw.Refuse(apigw.Conflict, "Model name already exists for this REST API")
		}
		return err
	})
	return out, err
}

// GetModel shows one model. Flattening is not offered: the schema is shown as it was written.
func (s *Service) GetModel(ctx context.Context, in *apigateway.GetModelInput) (*apigateway.Model, error) {
	var out *apigateway.Model
	err := s.view(ctx, func(tx store.Tx) error {
		m, err := s.model(tx, in.RestApiId, in.ModelName)
		if err != nil {
			return err
		}
		if is(in.Flatten) {
			return apigw.Refuse(apigw.BadRequest, "GetModel: flatten is not offered by this server")
		}
		out = model(&m)
		return nil
	})
	return out, err
}

// GetModels lists the models of an API by name.
func (s *Service) GetModels(ctx context.Context, in *apigateway.GetModelsInput) (*apigateway.Models, error) {
	out := &apigateway.Models{Items: []apigateway.Model{}}
	err := s.view(ctx, func(tx store.Tx) error {
		api, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		all, err := inAPI(tx, s.c.Tables.Models, s.scope, api.ID)
		if err != nil {
			return err
		}
		all, out.Position, err = page(s, listing("GetModels", in.RestApiId), in.Position, in.Limit, all,
			func(m *apigw.Model) string { return string(m.Name) })
		for i := range all {
			out.Items = append(out.Items, *model(&all[i]))
		}
		return err
	})
	return out, err
}

// UpdateModel patches a model.
func (s *Service) UpdateModel(ctx context.Context, in *apigateway.UpdateModelInput) (*apigateway.Model, error) {
	var out *apigateway.Model
	err := s.update(ctx, func(tx store.Tx) error {
		m, err := s.model(tx, in.RestApiId, in.ModelName)
		if err != nil {
			return err
		}
		if m, err = apigw.PatchModel(m, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		out = model(&m)
		return s.c.Tables.Models.Put(tx, s.scope, m)
	})
	return out, err
}

// DeleteModel removes a model that no method request uses. One that a method response names may go, as on
// AWS.
func (s *Service) DeleteModel(ctx context.Context, in *apigateway.DeleteModelInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		m, err := s.model(tx, in.RestApiId, in.ModelName)
		if err != nil {
			return err
		}
		err = s.unused(tx, m.API, "delete model '"+string(m.Name)+"'", func(method *apigw.Method) bool {
			for _, name := range method.Models {
				if name == m.Name {
					return true
				}
			}
			return false
		})
		if err != nil {
			return err
		}
		return s.c.Tables.Models.Delete(tx, s.scope, tables.InAPI(m.API, m.Name))
	})
}

func model(m *apigw.Model) *apigateway.Model {
	return &apigateway.Model{
		Id: shown(m.ID), Name: new(string(m.Name)), Description: shown(m.Description),
		Schema: new(m.Schema), ContentType: new(m.ContentType),
	}
}
