package apigateway

import (
	"context"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
)

func noMethod() error { return apigw.Refuse(apigw.NotFound, "Invalid Method identifier specified") }

// refs loads what methods of an API may refer to.
func (s *Service) refs(tx store.Tx, api apigw.APIID) (apigw.Refs, error) {
	refs := apigw.Refs{
		Authorizers: map[apigw.AuthorizerID]apigw.Authorizer{},
		Validators:  map[apigw.ValidatorID]bool{},
		Models:      map[apigw.ModelName]bool{},
	}
	authorizers, err := inAPI(tx, s.c.Tables.Authorizers, s.scope, api)
	if err != nil {
		return refs, err
	}
	for _, a := range authorizers {
		refs.Authorizers[a.ID] = a
	}
	validators, err := inAPI(tx, s.c.Tables.Validators, s.scope, api)
	if err != nil {
		return refs, err
	}
	for _, v := range validators {
		refs.Validators[v.ID] = true
	}
	models, err := inAPI(tx, s.c.Tables.Models, s.scope, api)
	for _, m := range models {
		refs.Models[m.Name] = true
	}
	return refs, err
}

// changeMethod finds a method, lets fn change it and writes its resource back.
func (s *Service) changeMethod(ctx context.Context, api, id, verb string, fn func(store.Tx, *apigw.Resource, *apigw.Method) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		r, err := s.resource(tx, api, id)
		if err != nil {
			return err
		}
		m := r.Methods[verb]
		if m == nil {
			return noMethod()
		}
		if err := fn(tx, &r, m); err != nil {
			return err
		}
		return s.c.Tables.Resources.Put(tx, s.scope, r)
	})
}

// seeMethod finds a method and lets fn look at it.
func (s *Service) seeMethod(ctx context.Context, api, id, verb string, fn func(*apigw.Method) error) error {
	return s.view(ctx, func(tx store.Tx) error {
		r, err := s.resource(tx, api, id)
		if err != nil {
			return err
		}
		m := r.Methods[verb]
		if m == nil {
			return noMethod()
		}
		return fn(m)
	})
}

// PutMethod adds a method to a resource. Every authorization type is taken; what is not enforced yet is
// refused when the API is served.
func (s *Service) PutMethod(ctx context.Context, in *apigateway.PutMethodInput) (*apigateway.Method, error) {
	var out *apigateway.Method
	err := s.update(ctx, func(tx store.Tx) error {
		r, err := s.resource(tx, in.RestApiId, in.ResourceId)
		if err != nil {
			return err
		}
		m := &apigw.Method{
			Verb:          in.HttpMethod,
			Auth:          apigw.AuthType(in.AuthorizationType),
			Authorizer:    apigw.AuthorizerID(text(in.AuthorizerId)),
			Scopes:        in.AuthorizationScopes,
			KeyRequired:   is(in.ApiKeyRequired),
			OperationName: text(in.OperationName),
			Validator:     apigw.ValidatorID(text(in.RequestValidatorId)),
			Params:        in.RequestParameters,
			Models:        modelNames(in.RequestModels),
		}
		refs, err := s.refs(tx, r.API)
		if err != nil {
			return err
		}
		if err := m.Check(refs); err != nil {
			return err
		}
		if r.Methods[m.Verb] != nil {
			return apigw.Refuse(apigw.Conflict, "Method already exists for this resource")
		}
		if r.Methods == nil {
			r.Methods = map[string]*apigw.Method{}
		}
		r.Methods[m.Verb] = m
		out = method(m)
		return s.c.Tables.Resources.Put(tx, s.scope, r)
	})
	return out, err
}

// GetMethod shows a method with its responses and its integration.
func (s *Service) GetMethod(ctx context.Context, in *apigateway.GetMethodInput) (*apigateway.Method, error) {
	var out *apigateway.Method
	err := s.seeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *apigw.Method) error {
		out = method(m)
		return nil
	})
	return out, err
}

// UpdateMethod patches a method.
func (s *Service) UpdateMethod(ctx context.Context, in *apigateway.UpdateMethodInput) (*apigateway.Method, error) {
	var out *apigateway.Method
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(tx store.Tx, r *apigw.Resource, m *apigw.Method) error {
		refs, err := s.refs(tx, r.API)
		if err != nil {
			return err
		}
		if *m, err = apigw.PatchMethod(*m, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		if err := m.Check(refs); err != nil {
			return err
		}
		out = method(m)
		return nil
	})
	return out, err
}

// DeleteMethod removes a method with everything behind it.
func (s *Service) DeleteMethod(ctx context.Context, in *apigateway.DeleteMethodInput) error {
	return s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ store.Tx, r *apigw.Resource, m *apigw.Method) error {
		delete(r.Methods, m.Verb)
		return nil
	})
}

func noStatus() error {
	return apigw.Refuse(apigw.NotFound, "Invalid Response status code specified")
}

// PutMethodResponse declares one status of a method.
func (s *Service) PutMethodResponse(ctx context.Context, in *apigateway.PutMethodResponseInput) (*apigateway.MethodResponse, error) {
	var out *apigateway.MethodResponse
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(tx store.Tx, r *apigw.Resource, m *apigw.Method) error {
		refs, err := s.refs(tx, r.API)
		if err != nil {
			return err
		}
		response := &apigw.MethodResponse{Status: in.StatusCode, Params: in.ResponseParameters, Models: modelNames(in.ResponseModels)}
		if err := response.Check(refs); err != nil {
			return err
		}
		if m.Responses[in.StatusCode] != nil {
			return apigw.Refuse(apigw.Conflict, "Response already exists for this resource")
		}
		if m.Responses == nil {
			m.Responses = map[string]*apigw.MethodResponse{}
		}
		m.Responses[in.StatusCode] = response
		out = new(methodResponse(response))
		return nil
	})
	return out, err
}

// GetMethodResponse shows one declared status.
func (s *Service) GetMethodResponse(ctx context.Context, in *apigateway.GetMethodResponseInput) (*apigateway.MethodResponse, error) {
	var out *apigateway.MethodResponse
	err := s.seeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *apigw.Method) error {
		r := m.Responses[in.StatusCode]
		if r == nil {
			return noStatus()
		}
		out = new(methodResponse(r))
		return nil
	})
	return out, err
}

// UpdateMethodResponse patches one declared status.
func (s *Service) UpdateMethodResponse(ctx context.Context, in *apigateway.UpdateMethodResponseInput) (*apigateway.MethodResponse, error) {
	var out *apigateway.MethodResponse
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(tx store.Tx, r *apigw.Resource, m *apigw.Method) error {
		response := m.Responses[in.StatusCode]
		if response == nil {
			return noStatus()
		}
		refs, err := s.refs(tx, r.API)
		if err != nil {
			return err
		}
		if *response, err = apigw.PatchMethodResponse(*response, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		out = new(methodResponse(response))
		return response.Check(refs)
	})
	return out, err
}

// DeleteMethodResponse removes one declared status.
func (s *Service) DeleteMethodResponse(ctx context.Context, in *apigateway.DeleteMethodResponseInput) error {
	return s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ store.Tx, _ *apigw.Resource, m *apigw.Method) error {
		if m.Responses[in.StatusCode] == nil {
			return noStatus()
		}
		delete(m.Responses, in.StatusCode)
		return nil
	})
}

func method(m *apigw.Method) *apigateway.Method {
	out := &apigateway.Method{
		HttpMethod:          new(m.Verb),
		AuthorizationType:   new(string(m.Auth)),
		AuthorizerId:        shown(string(m.Authorizer)),
		ApiKeyRequired:      new(m.KeyRequired),
		RequestValidatorId:  shown(string(m.Validator)),
		OperationName:       shown(m.OperationName),
		RequestParameters:   m.Params,
		RequestModels:       modelTexts(m.Models),
		AuthorizationScopes: m.Scopes,
	}
	for status, r := range m.Responses {
		if out.MethodResponses == nil {
			out.MethodResponses = map[string]apigateway.MethodResponse{}
		}
		out.MethodResponses[status] = methodResponse(r)
	}
	if m.Integration != nil {
		out.MethodIntegration = integration(m.Integration)
	}
	return out
}

func methodResponse(r *apigw.MethodResponse) apigateway.MethodResponse {
	return apigateway.MethodResponse{StatusCode: new(r.Status), ResponseParameters: r.Params, ResponseModels: modelTexts(r.Models)}
}

func modelNames(in map[string]string) map[string]apigw.ModelName {
	if in == nil {
		return nil
	}
	out := make(map[string]apigw.ModelName, len(in))
	for k, v := range in {
		out[k] = apigw.ModelName(v)
	}
	return out
}

func modelTexts(in map[string]apigw.ModelName) map[string]string {
	if in == nil {
		return nil
	}
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[k] = string(v)
	}
	return out
}
