package cloudformation

import (
	"context"
	"slices"

	"gatehouse/internal/awsapi/apigateway"
)

// APIGateway is what the providers need of API Gateway.
type APIGateway interface {
	restAPIs
	methods
	deployments
	keys
	parts
	taggers
}

type restAPIs interface {
	CreateRestApi(context.Context, *apigateway.CreateRestApiInput) (*apigateway.RestApi, error)
	UpdateRestApi(context.Context, *apigateway.UpdateRestApiInput) (*apigateway.RestApi, error)
	DeleteRestApi(context.Context, *apigateway.DeleteRestApiInput) error
	CreateResource(context.Context, *apigateway.CreateResourceInput) (*apigateway.Resource, error)
	GetResources(context.Context, *apigateway.GetResourcesInput) (*apigateway.Resources, error)
	DeleteResource(context.Context, *apigateway.DeleteResourceInput) error
}

// restAPI leaves SecurityPolicy and EndpointAccessMode alone: they are findings, and an accepted one is only
// recorded.
type restAPI struct{ api APIGateway }

func (p restAPI) create(ctx context.Context, r *request) (result, error) {
	in := &apigateway.CreateRestApiInput{
		Name: r.props.must("Name"), Description: r.props.text("Description"), Policy: policyText(r.props),
		ApiKeySource: r.props.text("ApiKeySourceType"), BinaryMediaTypes: r.props.texts("BinaryMediaTypes"),
		MinimumCompressionSize:    r.props.int32("MinimumCompressionSize"),
		DisableExecuteApiEndpoint: r.props.boolean("DisableExecuteApiEndpoint"),
		Tags:                      stackTags(r),
	}
	if e, ok := r.props.object("EndpointConfiguration"); ok {
		in.EndpointConfiguration = &apigateway.EndpointConfiguration{
			Types: e.texts("Types"), VpcEndpointIds: e.texts("VpcEndpointIds"), IpAddressType: e.text("IpAddressType"),
		}
	}
	out, err := p.api.CreateRestApi(ctx, in)
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	return result{id, map[string]string{"RestApiId": id, "RootResourceId": value(out.RootResourceId)}}, nil
}

func (p restAPI) update(ctx context.Context, r *request) (result, error) {
	var ops patch
	ops.text("/name", r, "Name")
	ops.text("/description", r, "Description")
	if policy := value(policyText(r.props)); policy != value(policyText(r.old)) {
		ops.replace("/policy", policy) // "" clears it
	}
	if source := or(r.props.text("ApiKeySourceType"), "HEADER"); source != or(r.old.text("ApiKeySourceType"), "HEADER") {
		ops.replace("/apiKeySource", source)
	}
	ops.text("/minimumCompressionSize", r, "MinimumCompressionSize")
	ops.flag("/disableExecuteApiEndpoint", r, "DisableExecuteApiEndpoint")
	old, now := r.old.texts("BinaryMediaTypes"), r.props.texts("BinaryMediaTypes")
	for _, t := range without(old, now) {
		ops.remove("/binaryMediaTypes/"+escape(t), "")
	}
	for _, t := range without(now, old) {
		ops.add("/binaryMediaTypes/"+escape(t), "")
	}
	endpoint(&ops, r)
	if len(ops) > 0 {
		if _, err := p.api.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: r.physical, PatchOperations: ops}); err != nil {
			return result{}, err
		}
	}
	return result{r.physical, r.attributes}, retag(ctx, p.api, r, "/restapis/"+r.physical)
}

// endpoint patches where an API can be reached. An API whose template does not say is EDGE.
func endpoint(ops *patch, r *request) {
	old, _ := r.old.object("EndpointConfiguration")
	now, _ := r.props.object("EndpointConfiguration")
	kind := func(p properties) string {
		if types := p.texts("Types"); len(types) > 0 {
			return types[0]
		}
		return "EDGE"
	}
	if from, to := kind(old), kind(now); from != to {
		ops.replace("/endpointConfiguration/types/"+from, to)
	}
	if ip := now.must("IpAddressType"); ip != "" && ip != old.must("IpAddressType") {
		ops.replace("/endpointConfiguration/ipAddressType", ip)
	}
	was, is := old.texts("VpcEndpointIds"), now.texts("VpcEndpointIds")
	for _, id := range without(was, is) {
		ops.remove("/endpointConfiguration/vpcEndpointIds", id)
	}
	for _, id := range without(is, was) {
		ops.add("/endpointConfiguration/vpcEndpointIds", id)
	}
}

func (p restAPI) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: r.physical}))
}

// policyText is the resource policy; an empty one is none [golden].
func policyText(p properties) *string {
	if t := p.json("Policy"); t != nil && *t != "" {
		return t
	}
	return nil
}

// without lists the items of a that b does not have.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// or is a text with a default.
func or(s *string, def string) string {
	if s == nil {
		return def
	}
	return *s
}

type pathResource struct {
	immutable
	api APIGateway
}

func (p pathResource) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.CreateResource(ctx, &apigateway.CreateResourceInput{
		RestApiId: r.props.must("RestApiId"), ParentId: r.props.must("ParentId"), PathPart: r.props.must("PathPart"),
	})
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	return result{id, map[string]string{"ResourceId": id}}, nil
}

func (p pathResource) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteResource(ctx, &apigateway.DeleteResourceInput{RestApiId: r.props.must("RestApiId"), ResourceId: r.physical}))
}

func (p pathResource) find(ctx context.Context, r *request) (result, bool, error) {
	in := &apigateway.GetResourcesInput{RestApiId: r.props.must("RestApiId")}
	for {
		out, err := p.api.GetResources(ctx, in)
		if err != nil {
			return result{}, false, absent(err)
		}
		for _, item := range out.Items {
			if value(item.ParentId) == r.props.must("ParentId") && value(item.PathPart) == r.props.must("PathPart") {
				return result{physical: value(item.Id)}, true, nil
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return result{}, false, nil
		}
	}
}
