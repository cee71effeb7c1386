package apigateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

func (s *Service) authorizer(tx store.Tx, api, id string) (apigw.Authorizer, error) {
	missing := apigw.Refuse(apigw.NotFound, "Invalid Authorizer identifier specified")
	if !storable(id) {
		return apigw.Authorizer{}, missing
	}
	return get(tx, s.c.Tables.Authorizers, s.scope, tables.InAPI(apigw.APIID(api), id), missing)
}

// CreateAuthorizer makes an authorizer. Whether its function exists is found out when it is called.
func (s *Service) CreateAuthorizer(ctx context.Context, in *apigateway.CreateAuthorizerInput) (*apigateway.Authorizer, error) {
	var out *apigateway.Authorizer
	err := s.update(ctx, func(tx store.Tx) error {
		api, err := s.api(tx, in.RestApiId)
		if isRefusal(err) {
			// The odd one out among the creations [recorded].
			return apigw.Refuse(apigw.Conflict, "Unable to complete operation due to concurrent modification. Please try again later.")
		}
		if err != nil {
			return err
		}
		a := apigw.Authorizer{
			API:            api.ID,
			Name:           in.Name,
			Type:           in.Type,
			ProviderARNs:   in.ProviderARNs,
			AuthType:       text(in.AuthType),
			URI:            text(in.AuthorizerUri),
			Credentials:    text(in.AuthorizerCredentials),
			IdentitySource: text(in.IdentitySource),
			ValidationExpr: text(in.IdentityValidationExpression),
			TTLSeconds:     in.AuthorizerResultTtlInSeconds,
		}
		if a.AuthType == "" {
			a.AuthType = "custom"
			if a.Type == apigw.AuthorizerCognito {
				a.AuthType = "cognito_user_pools"
			}
		}
		if err := a.Check(); err != nil {
			return err
		}
		id, err := s.newID(ctx, IDAuthorizer, exists(tx, s.c.Tables.Authorizers, s.scope, inThisAPI(api.ID)))
		if err != nil {
			return err
		}
		a.ID = apigw.AuthorizerID(id)
		out = authorizer(&a)
		return s.c.Tables.Authorizers.Insert(tx, s.scope, a)
	})
	return out, err
}

// GetAuthorizer shows one authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *apigateway.GetAuthorizerInput) (*apigateway.Authorizer, error) {
	var out *apigateway.Authorizer
	err := s.view(ctx, func(tx store.Tx) error {
		a, err := s.authorizer(tx, in.RestApiId, in.AuthorizerId)
		out = authorizer(&a)
		return err
	})
	return out, err
}

// GetAuthorizers lists the authorizers of an API.
func (s *Service) GetAuthorizers(ctx context.Context, in *apigateway.GetAuthorizersInput) (*apigateway.Authorizers, error) {
	out := &apigateway.Authorizers{Items: []apigateway.Authorizer{}}
	err := s.view(ctx, func(tx store.Tx) error {
		api, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		all, err := inAPI(tx, s.c.Tables.Authorizers, s.scope, api.ID)
		if err != nil {
			return err
		}
		all, out.Position, err = page(s, listing("GetAuthorizers", in.RestApiId), in.Position, in.Limit, all,
			func(a *apigw.Authorizer) string { return string(a.ID) })
		for i := range all {
			out.Items = append(out.Items, *authorizer(&all[i]))
		}
		return err
	})
	return out, err
}

// UpdateAuthorizer patches an authorizer; a deployment carries it to the stages.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *apigateway.UpdateAuthorizerInput) (*apigateway.Authorizer, error) {
	var out *apigateway.Authorizer
	err := s.update(ctx, func(tx store.Tx) error {
		a, err := s.authorizer(tx, in.RestApiId, in.AuthorizerId)
		if err != nil {
			return err
		}
		before := a.Type
		if a, err = apigw.PatchAuthorizer(a, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		// A method says CUSTOM or COGNITO_USER_POOLS and must keep meaning it.
		if (before == apigw.AuthorizerCognito) != (a.Type == apigw.AuthorizerCognito) {
			if err := s.unused(tx, a.API, "change the type of authorizer '"+string(a.ID)+"'", func(m *apigw.Method) bool { return m.Authorizer == a.ID }); err != nil {
				return err
			}
		}
		out = authorizer(&a)
		return s.c.Tables.Authorizers.Put(tx, s.scope, a)
	})
	return out, err
}

// DeleteAuthorizer removes an authorizer that no method uses.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *apigateway.DeleteAuthorizerInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		a, err := s.authorizer(tx, in.RestApiId, in.AuthorizerId)
		if err != nil {
			return err
		}
		if err := s.unused(tx, a.API, "delete authorizer '"+string(a.ID)+"'", func(m *apigw.Method) bool { return m.Authorizer == a.ID }); err != nil {
			return err
		}
		return s.c.Tables.Authorizers.Delete(tx, s.scope, tables.InAPI(a.API, a.ID))
	})
}

// unused refuses an action on something that a method uses, naming the first such method by path and verb
// in the way that is recorded for models: "/pets/GET", and "//GET" for the root.
func (s *Service) unused(tx store.Tx, api apigw.APIID, action string, uses func(*apigw.Method) bool) error {
	resources, err := inAPI(tx, s.c.Tables.Resources, s.scope, api)
	if err != nil {
		return err
	}
	slices.SortFunc(resources, func(a, b apigw.Resource) int { return strings.Compare(b.Path, a.Path) })
	for _, r := range resources {
		for _, verb := range slices.Sorted(maps.Keys(r.Methods)) {
			if uses(r.Methods[verb]) {
				return apigw.Refuse(apigw.Conflict, "Cannot %s, is referenced in method request: %s/%s", action, r.Path, verb)
			}
		}
	}
	return nil
}

func authorizer(a *apigw.Authorizer) *apigateway.Authorizer {
	return &apigateway.Authorizer{
		Id:                           new(string(a.ID)),
		Name:                         new(a.Name),
		Type:                         new(a.Type),
		ProviderARNs:                 a.ProviderARNs,
		AuthType:                     shown(a.AuthType),
		AuthorizerUri:                shown(a.URI),
		AuthorizerCredentials:        shown(a.Credentials),
		IdentitySource:               shown(a.IdentitySource),
		IdentityValidationExpression: shown(a.ValidationExpr),
		AuthorizerResultTtlInSeconds: a.TTLSeconds,
	}
}
