package apigateway

import (
	"context"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// customised returns the gateway responses that were put to an API, by type.
func (s *Service) customised(tx store.Tx, id string) (apigw.RestAPI, map[string]apigw.GatewayResponse, error) {
	api, err := s.api(tx, id)
	if err != nil {
		return api, nil, err
	}
	all, err := inAPI(tx, s.c.Tables.GatewayResponses, s.scope, api.ID)
	set := make(map[string]apigw.GatewayResponse, len(all))
	for _, r := range all {
		set[r.Type] = r
	}
	return api, set, err
}

func noResponseType() error {
	return apigw.Refuse(apigw.NotFound, "Gateway response type not defined on api")
}

// PutGatewayResponse customises a type. What it leaves out is built-in again, whatever was put before.
func (s *Service) PutGatewayResponse(ctx context.Context, in *apigateway.PutGatewayResponseInput) (*apigateway.GatewayResponse, error) {
	var out *apigateway.GatewayResponse
	err := s.update(ctx, func(tx store.Tx) error {
		api, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		r := apigw.GatewayResponse{
			API: api.ID, Type: in.ResponseType, Status: text(in.StatusCode),
			Params: in.ResponseParameters, Templates: in.ResponseTemplates,
		}
		r.SetDefaults()
		if err := r.Check(); err != nil {
			return err
		}
		out = gatewayResponse(apigw.Listed{GatewayResponse: r})
		return s.c.Tables.GatewayResponses.Put(tx, s.scope, r)
	})
	return out, err
}

// GetGatewayResponse shows one type, customised or not.
func (s *Service) GetGatewayResponse(ctx context.Context, in *apigateway.GetGatewayResponseInput) (*apigateway.GatewayResponse, error) {
	var out *apigateway.GatewayResponse
	err := s.view(ctx, func(tx store.Tx) error {
		api, set, err := s.customised(tx, in.RestApiId)
		if err != nil {
			return err
		}
		r, ok := apigw.InForce(api.ID, in.ResponseType, set)
		if !ok {
			return noResponseType()
		}
		out = gatewayResponse(r)
		return nil
	})
	return out, err
}

// GetGatewayResponses lists all 21 types. There are no pages [docs].
func (s *Service) GetGatewayResponses(ctx context.Context, in *apigateway.GetGatewayResponsesInput) (*apigateway.GatewayResponses, error) {
	out := &apigateway.GatewayResponses{Items: []apigateway.GatewayResponse{}}
	err := s.view(ctx, func(tx store.Tx) error {
		api, set, err := s.customised(tx, in.RestApiId)
		if err != nil {
			return err
		}
		for _, kind := range apigw.GatewayResponseTypes() {
			r, _ := apigw.InForce(api.ID, kind, set)
			out.Items = append(out.Items, *gatewayResponse(r))
		}
		return nil
	})
	return out, err
}

// UpdateGatewayResponse patches a type; one that was not customised is from then on.
func (s *Service) UpdateGatewayResponse(ctx context.Context, in *apigateway.UpdateGatewayResponseInput) (*apigateway.GatewayResponse, error) {
	var out *apigateway.GatewayResponse
	err := s.update(ctx, func(tx store.Tx) error {
		api, set, err := s.customised(tx, in.RestApiId)
		if err != nil {
			return err
		}
		r, ok := set[in.ResponseType]
		if !ok {
			if r, ok = apigw.DefaultGatewayResponse(api.ID, in.ResponseType); !ok {
				return noResponseType()
			}
		}
		if r, err = apigw.PatchGatewayResponse(r, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		out = gatewayResponse(apigw.Listed{GatewayResponse: r})
		return s.c.Tables.GatewayResponses.Put(tx, s.scope, r)
	})
	return out, err
}

// DeleteGatewayResponse makes a customised type built-in again.
func (s *Service) DeleteGatewayResponse(ctx context.Context, in *apigateway.DeleteGatewayResponseInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		api, set, err := s.customised(tx, in.RestApiId)
		if err != nil {
			return err
		}
		if _, ok := set[in.ResponseType]; !ok {
			return noResponseType()
		}
		return s.c.Tables.GatewayResponses.Delete(tx, s.scope, tables.InAPI(api.ID, in.ResponseType))
	})
}

func gatewayResponse(r apigw.Listed) *apigateway.GatewayResponse {
	out := &apigateway.GatewayResponse{
		ResponseType: new(r.Type), StatusCode: shown(r.Status),
		ResponseParameters: r.Params, ResponseTemplates: r.Templates, DefaultResponse: new(r.Default),
	}
	if out.ResponseParameters == nil {
		out.ResponseParameters = map[string]string{}
	}
	return out
}
