package apigateway

import (
	"context"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/policy"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// noAPI is the refusal for an unknown API; it names the account, as AWS does [recorded].
func (s *Service) noAPI(id string) error {
	return apigw.Refuse(apigw.NotFound, "Invalid API identifier specified %s:%s", s.c.Home.Account, id)
}

func (s *Service) api(tx store.Tx, id string) (apigw.RestAPI, error) {
	return get(tx, s.c.Tables.RestAPIs, s.scope, id, s.noAPI(id))
}

// CreateRestApi makes an API with its root resource and the two default models.
func (s *Service) CreateRestApi(ctx context.Context, in *apigateway.CreateRestApiInput) (*apigateway.RestApi, error) {
	var out *apigateway.RestApi
	err := s.update(ctx, func(tx store.Tx) error {
		a := apigw.RestAPI{
			Name:                      in.Name,
			Description:               text(in.Description),
			Version:                   text(in.Version),
			Created:                   s.c.Now(),
			Policy:                    text(in.Policy),
			KeySource:                 apigw.KeySource(text(in.ApiKeySource)),
			MinimumCompressionSize:    in.MinimumCompressionSize,
			DisableExecuteAPIEndpoint: is(in.DisableExecuteApiEndpoint),
			Tags:                      tagsOf(in.Tags),
		}
		if len(in.BinaryMediaTypes) > 0 {
			a.BinaryMediaTypes = in.BinaryMediaTypes
		}
		if in.Description != nil && *in.Description == "" {
			return apigw.Refuse(apigw.BadRequest, "Description cannot be an empty string")
		}
		if err := notOffered("CreateRestApi", in.CloneFrom, "cloneFrom", in.SecurityPolicy, "securityPolicy", in.EndpointAccessMode, "endpointAccessMode"); err != nil {
			return err
		}
		typesGiven := false
		if e := in.EndpointConfiguration; e != nil {
			typesGiven = e.Types != nil
			a.Endpoint = apigw.Endpoint{Types: e.Types, VPCEndpointIDs: e.VpcEndpointIds, IPAddressType: text(e.IpAddressType)}
		}
		if err := a.SetDefaults(typesGiven); err != nil {
			return err
		}
		if err := checkPolicy(a.Policy); err != nil {
			return err
		}
		id, err := s.newID(ctx, IDRestAPI, exists(tx, s.c.Tables.RestAPIs, s.scope, func(id string) string { return id }))
		if err != nil {
			return err
		}
		a.ID = apigw.APIID(id)
		root, err := s.newID(ctx, IDResource, func(string) (bool, error) { return false, nil })
		if err != nil {
			return err
		}
		a.Root = apigw.ResourceID(root)
		if err := s.c.Tables.RestAPIs.Insert(tx, s.scope, a); err != nil {
			return err
		}
		if err := s.c.Tables.Resources.Insert(tx, s.scope, apigw.Resource{API: a.ID, ID: a.Root, Path: "/"}); err != nil {
			return err
		}
		for _, m := range apigw.DefaultModels(a.ID) {
			if m.ID, err = s.c.IDs.New(IDModel, id+"/"+string(m.Name)); err != nil {
				return err
			}
			if err := s.c.Tables.Models.Insert(tx, s.scope, m); err != nil {
				return err
			}
		}
		out = restAPI(&a)
		return nil
	})
	return out, err
}

// GetRestApi shows one API.
func (s *Service) GetRestApi(ctx context.Context, in *apigateway.GetRestApiInput) (*apigateway.RestApi, error) {
	var out *apigateway.RestApi
	err := s.view(ctx, func(tx store.Tx) error {
		a, err := s.api(tx, in.RestApiId)
		out = withTags(restAPI(&a))
		return err
	})
	return out, err
}

// GetRestApis lists the APIs, the oldest first.
func (s *Service) GetRestApis(ctx context.Context, in *apigateway.GetRestApisInput) (*apigateway.RestApis, error) {
	out := &apigateway.RestApis{Items: []apigateway.RestApi{}}
	err := s.view(ctx, func(tx store.Tx) error {
		all, err := collect(s.c.Tables.RestAPIs.List(tx, s.scope, "", ""))
		if err != nil {
			return err
		}
		all, out.Position, err = page(s, listing("GetRestApis"), in.Position, in.Limit, all,
			func(a *apigw.RestAPI) string { return oldest(a.Created, string(a.ID)) })
		for i := range all {
			out.Items = append(out.Items, *restAPI(&all[i]))
		}
		return err
	})
	return out, err
}

// UpdateRestApi patches an API.
func (s *Service) UpdateRestApi(ctx context.Context, in *apigateway.UpdateRestApiInput) (*apigateway.RestApi, error) {
	var out *apigateway.RestApi
	err := s.update(ctx, func(tx store.Tx) error {
		a, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		if a, err = apigw.PatchRestAPI(a, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		if err := checkPolicy(a.Policy); err != nil {
			return err
		}
		out = withTags(restAPI(&a))
		return s.c.Tables.RestAPIs.Put(tx, s.scope, a)
	})
	return out, err
}

// DeleteRestApi removes an API and everything that belongs to it. Usage plans keep naming its stages, as
// on AWS.
func (s *Service) DeleteRestApi(ctx context.Context, in *apigateway.DeleteRestApiInput) error {
	return s.live(ctx, func(tx store.Tx) error {
		a, err := s.api(tx, in.RestApiId)
		if err != nil {
			return err
		}
		t := s.c.Tables
		for _, drop := range []func() error{
			func() error { return dropAll(tx, t.Stages, s.scope, a.ID) },
			func() error { return dropAll(tx, t.Deployments, s.scope, a.ID) },
			func() error { return dropAll(tx, t.Resources, s.scope, a.ID) },
			func() error { return dropAll(tx, t.Authorizers, s.scope, a.ID) },
			func() error { return dropAll(tx, t.Models, s.scope, a.ID) },
			func() error { return dropAll(tx, t.Validators, s.scope, a.ID) },
			func() error { return dropAll(tx, t.GatewayResponses, s.scope, a.ID) },
			func() error { return t.RestAPIs.Delete(tx, s.scope, string(a.ID)) },
		} {
			if err := drop(); err != nil {
				return err
			}
		}
		return nil
	})
}

func restAPI(a *apigw.RestAPI) *apigateway.RestApi {
	return &apigateway.RestApi{
		Id:                     new(string(a.ID)),
		Name:                   new(a.Name),
		Description:            shown(a.Description),
		CreatedDate:            new(a.Created),
		Version:                shown(a.Version),
		BinaryMediaTypes:       a.BinaryMediaTypes,
		MinimumCompressionSize: a.MinimumCompressionSize,
		ApiKeySource:           new(string(a.KeySource)),
		EndpointConfiguration: &apigateway.EndpointConfiguration{
			Types: a.Endpoint.Types, IpAddressType: shown(a.Endpoint.IPAddressType), VpcEndpointIds: a.Endpoint.VPCEndpointIDs,
		},
		Policy:                    shown(escapedPolicy(a.Policy)),
		Tags:                      a.Tags,
		DisableExecuteApiEndpoint: new(a.DisableExecuteAPIEndpoint),
		RootResourceId:            new(string(a.Root)),
	}
}

// withTags shows no tags as an empty map, which creations and listings do not [recorded].
func withTags(a *apigateway.RestApi) *apigateway.RestApi {
	if a.Tags == nil {
		a.Tags = map[string]string{}
	}
	return a
}

// escapedPolicy writes a policy as AWS returns it: with its quotes and backslashes escaped once more, so
// that Terraform can unquote it.
func escapedPolicy(policy string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(policy)
}

// checkPolicy wants a resource policy that can be evaluated: what is stored and does not compile would refuse
// every call.
func checkPolicy(text string) error {
	if text == "" {
		return nil
	}
	if _, err := policy.Parse(text, policy.Resource); err != nil {
		return apigw.Refuse(apigw.BadRequest, "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
	}
	return nil
}

// notOffered refuses members that would be forgotten: pairs of a value and its name.
func notOffered(operation string, pairs ...any) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if v, _ := pairs[i].(*string); v != nil && *v != "" {
			return apigw.Refuse(apigw.BadRequest, "%s: %s is not offered by this server", operation, pairs[i+1])
		}
	}
	return nil
}

// patchOf translates the operations of a patch. Absent members are empty ones.
func patchOf(in []apigateway.PatchOperation) []apigw.PatchOp {
	out := make([]apigw.PatchOp, len(in))
	for i, op := range in {
		out[i] = apigw.PatchOp{Op: apigw.Op(text(op.Op)), Path: text(op.Path), From: text(op.From), Value: text(op.Value)}
	}
	return out
}

// tagsOf keeps no tags as nil.
func tagsOf(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	return in
}

// inThisAPI makes the id function of tables whose rows belong to an API.
func inThisAPI(api apigw.APIID) func(string) string {
	return func(id string) string { return tables.InAPI(api, id) }
}
