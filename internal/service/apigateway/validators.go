package apigateway

import (
	"context"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

func (s *Service) validator(tx store.Tx, api, id string) (apigw.RequestValidator, error) {
	missing := apigw.Refuse(apigw.NotFound, "Invalid Request Validator identifier specified")
	if !storable(id) {
		return apigw.RequestValidator{}, missing
	}
	return get(tx, s.c.Tables.Validators, s.scope, tables.InAPI(apigw.APIID(api), id), missing)
}

// CreateRequestValidator makes a validator.
func (s *Service) CreateRequestValidator(ctx context.Context, in *apigateway.CreateRequestValidatorInput) (*apigateway.RequestValidator, error) {
	var out *apigateway.RequestValidator
	err := s.update(ctx, func(tx store.Tx) error {
		api, err := s.api(tx, in.RestApiId)
		if isRefusal(err) {
			// Not the text of the other creations [recorded].
			return apigw.Refuse(apigw.BadRequest, "Invalid REST API identifier specified")
		}
		if err != nil {
			return err
		}
		v := apigw.RequestValidator{
			API: api.ID, Name: text(in.Name), Body: is(in.ValidateRequestBody), Params: is(in.ValidateRequestParameters),
		}
		if err := v.Check(); err != nil {
			return err
		}
		id, err := s.newID(ctx, IDValidator, exists(tx, s.c.Tables.Validators, s.scope, inThisAPI(api.ID)))
		if err != nil {
			return err
		}
		v.ID = apigw.ValidatorID(id)
		out = validator(&v)
		return s.c.Tables.Validators.Insert(tx, s.scope, v)
	})
	return out, err
}

// GetRequestValidator shows one validator.
func (s *Service) GetRequestValidator(ctx context.Context, in *apigateway.GetRequestValidatorInput) (*apigateway.RequestValidator, error) {
	var out *apigateway.RequestValidator
	err := s.view(ctx, func(tx store.Tx) error {
		v, err := s.validator(tx, in.RestApiId, in.RequestValidatorId)
		out = validator(&v)
		return err
	})
	return out, err
}

// GetRequestValidators lists the validators of an API.
func (s *Service) GetRequestValidators(ctx context.Context, in *apigateway.GetRequestValidatorsInput) (*apigateway.RequestValidators, error) {
	out := &apigateway.RequestValidators{Items: []apigateway.RequestValidator{}}
	err := s.view(ctx, func(tx store.Tx) error {
		api, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		all, err := inAPI(tx, s.c.Tables.Validators, s.scope, api.ID)
		if err != nil {
			return err
		}
		all, out.Position, err = page(s, listing("GetRequestValidators", in.RestApiId), in.Position, in.Limit, all,
			func(v *apigw.RequestValidator) string { return string(v.ID) })
		for i := range all {
			out.Items = append(out.Items, *validator(&all[i]))
		}
		return err
	})
	return out, err
}

// UpdateRequestValidator patches a validator.
func (s *Service) UpdateRequestValidator(ctx context.Context, in *apigateway.UpdateRequestValidatorInput) (*apigateway.RequestValidator, error) {
	var out *apigateway.RequestValidator
	err := s.update(ctx, func(tx store.Tx) error {
		v, err := s.validator(tx, in.RestApiId, in.RequestValidatorId)
		if err != nil {
			return err
		}
		if v, err = apigw.PatchValidator(v, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		out = validator(&v)
		return s.c.Tables.Validators.Put(tx, s.scope, v)
	})
	return out, err
}

// DeleteRequestValidator removes a validator that no method uses: a method whose validator is gone would
// not be validated any more.
func (s *Service) DeleteRequestValidator(ctx context.Context, in *apigateway.DeleteRequestValidatorInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		v, err := s.validator(tx, in.RestApiId, in.RequestValidatorId)
		if err != nil {
			return err
		}
		if err := s.unused(tx, v.API, "delete request validator '"+string(v.ID)+"'", func(m *apigw.Method) bool { return m.Validator == v.ID }); err != nil {
			return err
		}
		return s.c.Tables.Validators.Delete(tx, s.scope, tables.InAPI(v.API, v.ID))
	})
}

func validator(v *apigw.RequestValidator) *apigateway.RequestValidator {
	return &apigateway.RequestValidator{
		Id: new(string(v.ID)), Name: shown(v.Name),
		ValidateRequestBody: new(v.Body), ValidateRequestParameters: new(v.Params),
	}
}
