package apigateway

import (
	"context"
	"slices"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
)

func noIntegration() error {
	return apigw.Refuse(apigw.NotFound, "Invalid Integration identifier specified")
}

// PutIntegration sets what stands behind a method. A second put replaces the first one with its responses.
func (s *Service) PutIntegration(ctx context.Context, in *apigateway.PutIntegrationInput) (*apigateway.Integration, error) {
	var out *apigateway.Integration
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ store.Tx, r *apigw.Resource, m *apigw.Method) error {
		if err := notOffered("PutIntegration", in.IntegrationTarget, "integrationTarget"); err != nil {
			return err
		}
		if mode := text(in.ResponseTransferMode); mode != "" && mode != apigateway.ResponseTransferModeBuffered {
			return apigw.Refuse(apigw.BadRequest, "PutIntegration: responseTransferMode %s is not offered by this server", mode)
		}
		i := &apigw.Integration{
			Type:            in.Type,
			HTTPMethod:      text(in.IntegrationHttpMethod),
			URI:             text(in.Uri),
			Credentials:     text(in.Credentials),
			ConnectionType:  text(in.ConnectionType),
			ConnectionID:    text(in.ConnectionId),
			Passthrough:     text(in.PassthroughBehavior),
			ContentHandling: text(in.ContentHandling),
			CacheNS:         text(in.CacheNamespace),
			CacheKeys:       in.CacheKeyParameters,
			RequestParams:   in.RequestParameters,
			Templates:       in.RequestTemplates,
			InsecureTLS:     in.TlsConfig != nil && is(in.TlsConfig.InsecureSkipVerification),
		}
		if in.TimeoutInMillis != nil {
			i.Timeout = time.Duration(*in.TimeoutInMillis) * time.Millisecond
			if i.Timeout == 0 {
				i.Timeout = -1 // given, and out of range
			}
		}
		i.SetDefaults(r.ID)
		if err := i.Check(); err != nil {
			return err
		}
		m.Integration = i
		out = integration(i)
		return nil
	})
	return out, err
}

// GetIntegration shows what stands behind a method.
func (s *Service) GetIntegration(ctx context.Context, in *apigateway.GetIntegrationInput) (*apigateway.Integration, error) {
	var out *apigateway.Integration
	err := s.seeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *apigw.Method) error {
		if m.Integration == nil {
			return noIntegration()
		}
		out = integration(m.Integration)
		return nil
	})
	return out, err
}

// UpdateIntegration patches what stands behind a method.
func (s *Service) UpdateIntegration(ctx context.Context, in *apigateway.UpdateIntegrationInput) (*apigateway.Integration, error) {
	var out *apigateway.Integration
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ store.Tx, _ *apigw.Resource, m *apigw.Method) error {
		if m.Integration == nil {
			return noIntegration()
		}
		next, err := apigw.PatchIntegration(*m.Integration, patchOf(in.PatchOperations))
		if err != nil {
			return err
		}
		m.Integration = &next
		out = integration(&next)
		return nil
	})
	return out, err
}

// DeleteIntegration removes what stands behind a method.
func (s *Service) DeleteIntegration(ctx context.Context, in *apigateway.DeleteIntegrationInput) error {
	return s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ store.Tx, _ *apigw.Resource, m *apigw.Method) error {
		if m.Integration == nil {
			return noIntegration()
		}
		m.Integration = nil
		return nil
	})
}

// PutIntegrationResponse maps what comes back to one status; a second put replaces the first [recorded].
func (s *Service) PutIntegrationResponse(ctx context.Context, in *apigateway.PutIntegrationResponseInput) (*apigateway.IntegrationResponse, error) {
	var out *apigateway.IntegrationResponse
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ store.Tx, _ *apigw.Resource, m *apigw.Method) error {
		if m.Integration == nil {
			return noIntegration()
		}
		r := &apigw.IntegrationResponse{
			Status:          in.StatusCode,
			Pattern:         text(in.SelectionPattern),
			Params:          in.ResponseParameters,
			Templates:       in.ResponseTemplates,
			ContentHandling: text(in.ContentHandling),
		}
		if err := r.Check(m); err != nil {
			return err
		}
		if m.Integration.Responses == nil {
			m.Integration.Responses = map[string]*apigw.IntegrationResponse{}
		}
		m.Integration.Responses[r.Status] = r
		out = new(integrationResponse(r))
		return nil
	})
	return out, err
}

// GetIntegrationResponse shows one mapped status.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *apigateway.GetIntegrationResponseInput) (*apigateway.IntegrationResponse, error) {
	var out *apigateway.IntegrationResponse
	err := s.seeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *apigw.Method) error {
		r, err := mappedStatus(m, in.StatusCode)
		if err != nil {
			return err
		}
		out = new(integrationResponse(r))
		return nil
	})
	return out, err
}

// UpdateIntegrationResponse patches one mapped status.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *apigateway.UpdateIntegrationResponseInput) (*apigateway.IntegrationResponse, error) {
	var out *apigateway.IntegrationResponse
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ store.Tx, _ *apigw.Resource, m *apigw.Method) error {
		r, err := mappedStatus(m, in.StatusCode)
		if err != nil {
			return err
		}
		if *r, err = apigw.PatchIntegrationResponse(*r, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		out = new(integrationResponse(r))
		return r.Check(m)
	})
	return out, err
}

// DeleteIntegrationResponse removes one mapped status. A method that does not exist is told as a missing
// integration here, unlike everywhere else [recorded].
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *apigateway.DeleteIntegrationResponseInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		r, err := s.resource(tx, in.RestApiId, in.ResourceId)
		if err != nil {
			return err
		}
		m := r.Methods[in.HttpMethod]
		if m == nil {
			return noIntegration()
		}
		if _, err := mappedStatus(m, in.StatusCode); err != nil {
			return err
		}
		delete(m.Integration.Responses, in.StatusCode)
		return s.c.Tables.Resources.Put(tx, s.scope, r)
	})
}

func mappedStatus(m *apigw.Method, status string) (*apigw.IntegrationResponse, error) {
	if m.Integration == nil {
		return nil, noIntegration()
	}
	r := m.Integration.Responses[status]
	if r == nil {
		return nil, noStatus()
	}
	return r, nil
}

func integration(i *apigw.Integration) *apigateway.Integration {
	out := &apigateway.Integration{
		Type:                new(i.Type),
		HttpMethod:          shown(i.HTTPMethod),
		Uri:                 shown(i.URI),
		ConnectionType:      shown(i.ConnectionType),
		ConnectionId:        shown(i.ConnectionID),
		Credentials:         shown(i.Credentials),
		RequestParameters:   i.RequestParams,
		RequestTemplates:    i.Templates,
		PassthroughBehavior: new(i.Passthrough),
		ContentHandling:     shown(i.ContentHandling),
		TimeoutInMillis:     new(int32(i.Timeout.Milliseconds())),
		CacheNamespace:      new(i.CacheNS),
		CacheKeyParameters:  append([]string{}, slices.Clone(i.CacheKeys)...),
	}
	if i.InsecureTLS {
		out.TlsConfig = &apigateway.TlsConfig{InsecureSkipVerification: new(true)}
	}
	for status, r := range i.Responses {
		if out.IntegrationResponses == nil {
			out.IntegrationResponses = map[string]apigateway.IntegrationResponse{}
		}
		out.IntegrationResponses[status] = integrationResponse(r)
	}
	return out
}

func integrationResponse(r *apigw.IntegrationResponse) apigateway.IntegrationResponse {
	return apigateway.IntegrationResponse{
		StatusCode:         new(r.Status),
		SelectionPattern:   shown(r.Pattern),
		ResponseParameters: r.Params,
		ResponseTemplates:  r.Templates,
		ContentHandling:    shown(r.ContentHandling),
	}
}
