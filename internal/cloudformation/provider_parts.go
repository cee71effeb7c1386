package cloudformation

import (
	"context"
	"strconv"
	"strings"

	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/stack"
)

// parts are what hangs on an API besides resources and methods, and the account.
type parts interface {
	CreateAuthorizer(context.Context, *apigateway.CreateAuthorizerInput) (*apigateway.Authorizer, error)
	UpdateAuthorizer(context.Context, *apigateway.UpdateAuthorizerInput) (*apigateway.Authorizer, error)
	DeleteAuthorizer(context.Context, *apigateway.DeleteAuthorizerInput) error
	CreateModel(context.Context, *apigateway.CreateModelInput) (*apigateway.Model, error)
	UpdateModel(context.Context, *apigateway.UpdateModelInput) (*apigateway.Model, error)
	DeleteModel(context.Context, *apigateway.DeleteModelInput) error
	CreateRequestValidator(context.Context, *apigateway.CreateRequestValidatorInput) (*apigateway.RequestValidator, error)
	UpdateRequestValidator(context.Context, *apigateway.UpdateRequestValidatorInput) (*apigateway.RequestValidator, error)
	DeleteRequestValidator(context.Context, *apigateway.DeleteRequestValidatorInput) error
	PutGatewayResponse(context.Context, *apigateway.PutGatewayResponseInput) (*apigateway.GatewayResponse, error)
	DeleteGatewayResponse(context.Context, *apigateway.DeleteGatewayResponseInput) error
	UpdateAccount(context.Context, *apigateway.UpdateAccountInput) (*apigateway.Account, error)
}

type authorizer struct{ api APIGateway }

func (p authorizer) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.CreateAuthorizer(ctx, &apigateway.CreateAuthorizerInput{
		RestApiId: r.props.must("RestApiId"), Name: r.props.must("Name"), Type: r.props.must("Type"),
		AuthType: r.props.text("AuthType"), AuthorizerUri: r.props.text("AuthorizerUri"),
		AuthorizerCredentials: r.props.text("AuthorizerCredentials"), IdentitySource: r.props.text("IdentitySource"),
		IdentityValidationExpression: r.props.text("IdentityValidationExpression"),
		AuthorizerResultTtlInSeconds: r.props.int32("AuthorizerResultTtlInSeconds"), ProviderARNs: r.props.texts("ProviderARNs"),
	})
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	return result{id, map[string]string{"AuthorizerId": id}}, nil
}

func (p authorizer) update(ctx context.Context, r *request) (result, error) {
	var ops patch
	ops.text("/name", r, "Name")
	ops.text("/type", r, "Type")
	ops.text("/authType", r, "AuthType")
	ops.text("/authorizerUri", r, "AuthorizerUri")
	ops.text("/authorizerCredentials", r, "AuthorizerCredentials")
	ops.text("/identitySource", r, "IdentitySource")
	ops.text("/identityValidationExpression", r, "IdentityValidationExpression")
	ttl := func(p properties) string { return or(p.text("AuthorizerResultTtlInSeconds"), "300") }
	if ttl(r.old) != ttl(r.props) {
		ops.replace("/authorizerResultTtlInSeconds", ttl(r.props))
	}
	was, is := r.old.texts("ProviderARNs"), r.props.texts("ProviderARNs")
	for _, a := range without(is, was) {
		ops.add("/providerARNs", a)
	}
	for _, a := range without(was, is) {
		ops.remove("/providerARNs", a)
	}
	if len(ops) > 0 {
		if _, err := p.api.UpdateAuthorizer(ctx, &apigateway.UpdateAuthorizerInput{RestApiId: r.props.must("RestApiId"), AuthorizerId: r.physical, PatchOperations: ops}); err != nil {
			return result{}, err
		}
	}
	return result{r.physical, r.attributes}, nil
}

func (p authorizer) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteAuthorizer(ctx, &apigateway.DeleteAuthorizerInput{RestApiId: r.props.must("RestApiId"), AuthorizerId: r.physical}))
}

type model struct{ api APIGateway }

func (p model) create(ctx context.Context, r *request) (result, error) {
	// A model's name is alphanumeric and what methods refer to it by.
	name := or(r.props.text("Name"), modelName(r.id, r.generated))
	_, err := p.api.CreateModel(ctx, &apigateway.CreateModelInput{
		RestApiId: r.props.must("RestApiId"), Name: name, ContentType: or(r.props.text("ContentType"), "application/json"),
		Schema: r.props.json("Schema"), Description: r.props.text("Description"),
	})
	if err != nil {
		return result{}, err
	}
	return result{physical: name}, nil
}

func modelName(id stack.LogicalID, generated string) string {
	return string(id) + generated[strings.LastIndexByte(generated, '-')+1:]
}

func (p model) update(ctx context.Context, r *request) (result, error) {
	var ops patch
	ops.text("/description", r, "Description")
	if schema := value(r.props.json("Schema")); schema != value(r.old.json("Schema")) {
		ops.replace("/schema", schema)
	}
	if len(ops) > 0 {
		if _, err := p.api.UpdateModel(ctx, &apigateway.UpdateModelInput{RestApiId: r.props.must("RestApiId"), ModelName: r.physical, PatchOperations: ops}); err != nil {
			return result{}, err
		}
	}
	return result{physical: r.physical}, nil
}

func (p model) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteModel(ctx, &apigateway.DeleteModelInput{RestApiId: r.props.must("RestApiId"), ModelName: r.physical}))
}

type validator struct{ api APIGateway }

func (p validator) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.CreateRequestValidator(ctx, &apigateway.CreateRequestValidatorInput{
		RestApiId: r.props.must("RestApiId"), Name: r.props.text("Name"),
		ValidateRequestBody: r.props.boolean("ValidateRequestBody"), ValidateRequestParameters: r.props.boolean("ValidateRequestParameters"),
	})
	if err != nil {
		return result{}, err
	}
	id := value(out.Id)
	return result{id, map[string]string{"RequestValidatorId": id}}, nil
}

func (p validator) update(ctx context.Context, r *request) (result, error) {
	var ops patch
	for _, f := range []struct{ path, name string }{
		{"/validateRequestBody", "ValidateRequestBody"}, {"/validateRequestParameters", "ValidateRequestParameters"},
	} {
		if now := value(r.props.boolean(f.name)); now != value(r.old.boolean(f.name)) {
			ops.replace(f.path, strconv.FormatBool(now))
		}
	}
	if len(ops) > 0 {
		if _, err := p.api.UpdateRequestValidator(ctx, &apigateway.UpdateRequestValidatorInput{RestApiId: r.props.must("RestApiId"), RequestValidatorId: r.physical, PatchOperations: ops}); err != nil {
			return result{}, err
		}
	}
	return result{r.physical, r.attributes}, nil
}

func (p validator) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteRequestValidator(ctx, &apigateway.DeleteRequestValidatorInput{RestApiId: r.props.must("RestApiId"), RequestValidatorId: r.physical}))
}

// gatewayResponse customises a refusal; deleting it brings the default back.
type gatewayResponse struct{ api APIGateway }

func (p gatewayResponse) put(ctx context.Context, r *request) error {
	_, err := p.api.PutGatewayResponse(ctx, &apigateway.PutGatewayResponseInput{
		RestApiId: r.props.must("RestApiId"), ResponseType: r.props.must("ResponseType"), StatusCode: r.props.text("StatusCode"),
		ResponseParameters: r.props.textMap("ResponseParameters"), ResponseTemplates: r.props.textMap("ResponseTemplates"),
	})
	return err
}

func (p gatewayResponse) create(ctx context.Context, r *request) (result, error) {
	if err := p.put(ctx, r); err != nil {
		return result{}, err
	}
	return result{r.generated, map[string]string{"Id": r.generated}}, nil
}

func (p gatewayResponse) update(ctx context.Context, r *request) (result, error) {
	return result{r.physical, r.attributes}, p.put(ctx, r)
}

func (p gatewayResponse) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteGatewayResponse(ctx, &apigateway.DeleteGatewayResponseInput{RestApiId: r.props.must("RestApiId"), ResponseType: r.props.must("ResponseType")}))
}

// account sets the role for logs of the one account there is. Deleting the resource changes nothing, as on
// AWS [docs].
type account struct{ api APIGateway }

func (p account) put(ctx context.Context, r *request) error {
	var ops patch
	ops.replace("/cloudwatchRoleArn", r.props.must("CloudWatchRoleArn"))
	_, err := p.api.UpdateAccount(ctx, &apigateway.UpdateAccountInput{PatchOperations: ops})
	return err
}

func (p account) create(ctx context.Context, r *request) (result, error) {
	if err := p.put(ctx, r); err != nil {
		return result{}, err
	}
	return result{r.generated, map[string]string{"Id": r.generated}}, nil
}

func (p account) update(ctx context.Context, r *request) (result, error) {
	return result{r.physical, r.attributes}, p.put(ctx, r)
}

func (account) delete(context.Context, *request) error { return nil }
