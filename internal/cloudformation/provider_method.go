package cloudformation

import (
	"context"

	"gatehouse/internal/awsapi/apigateway"
)

type methods interface {
	PutMethod(context.Context, *apigateway.PutMethodInput) (*apigateway.Method, error)
	DeleteMethod(context.Context, *apigateway.DeleteMethodInput) error
	PutMethodResponse(context.Context, *apigateway.PutMethodResponseInput) (*apigateway.MethodResponse, error)
	PutIntegration(context.Context, *apigateway.PutIntegrationInput) (*apigateway.Integration, error)
	PutIntegrationResponse(context.Context, *apigateway.PutIntegrationResponseInput) (*apigateway.IntegrationResponse, error)
}

// method makes a method with its integration and responses. Nobody sees the steps: what is served is what
// the last deployment froze.
type method struct{ api methods }

func (p method) create(ctx context.Context, r *request) (result, error) {
	if err := p.put(ctx, r.props); err != nil {
		// The method may be there in part.
		return result{physical: r.generated}, err
	}
	return result{physical: r.generated}, nil
}

// update writes the method anew: PutMethod has no form for changing one.
func (p method) update(ctx context.Context, r *request) (result, error) {
	if err := p.delete(ctx, r); err != nil {
		return result{}, err
	}
	return result{physical: r.physical}, p.put(ctx, r.props)
}

func (p method) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteMethod(ctx, &apigateway.DeleteMethodInput{
		RestApiId: r.props.must("RestApiId"), ResourceId: r.props.must("ResourceId"), HttpMethod: r.props.must("HttpMethod"),
	}))
}

func (p method) put(ctx context.Context, m properties) error {
	api, resource, verb := m.must("RestApiId"), m.must("ResourceId"), m.must("HttpMethod")
	_, err := p.api.PutMethod(ctx, &apigateway.PutMethodInput{
		RestApiId: api, ResourceId: resource, HttpMethod: verb,
		AuthorizationType: m.must("AuthorizationType"), AuthorizerId: m.text("AuthorizerId"),
		AuthorizationScopes: m.texts("AuthorizationScopes"), ApiKeyRequired: m.boolean("ApiKeyRequired"),
		OperationName: m.text("OperationName"), RequestModels: m.textMap("RequestModels"),
		RequestParameters: m.boolMap("RequestParameters"), RequestValidatorId: m.text("RequestValidatorId"),
	})
	if err != nil {
		return err
	}
	for _, mr := range m.objects("MethodResponses") {
		_, err := p.api.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{
			RestApiId: api, ResourceId: resource, HttpMethod: verb, StatusCode: mr.must("StatusCode"),
			ResponseModels: mr.textMap("ResponseModels"), ResponseParameters: mr.boolMap("ResponseParameters"),
		})
		if err != nil {
			return err
		}
	}
	i, ok := m.object("Integration")
	if !ok {
		return nil
	}
	_, err = p.api.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api, ResourceId: resource, HttpMethod: verb, Type: i.must("Type"),
		IntegrationHttpMethod: i.text("IntegrationHttpMethod"), Uri: i.text("Uri"), Credentials: i.text("Credentials"),
		ConnectionType: i.text("ConnectionType"), ConnectionId: i.text("ConnectionId"),
		PassthroughBehavior: i.text("PassthroughBehavior"), ContentHandling: i.text("ContentHandling"),
		TimeoutInMillis: i.int32("TimeoutInMillis"), CacheNamespace: i.text("CacheNamespace"),
		CacheKeyParameters: i.texts("CacheKeyParameters"), RequestParameters: i.textMap("RequestParameters"),
		RequestTemplates: i.textMap("RequestTemplates"), ResponseTransferMode: i.text("ResponseTransferMode"),
		IntegrationTarget: i.text("IntegrationTarget"),
	})
	if err != nil {
		return err
	}
	for _, ir := range i.objects("IntegrationResponses") {
		_, err := p.api.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{
			RestApiId: api, ResourceId: resource, HttpMethod: verb, StatusCode: ir.must("StatusCode"),
			SelectionPattern: ir.text("SelectionPattern"), ResponseParameters: ir.textMap("ResponseParameters"),
			ResponseTemplates: ir.textMap("ResponseTemplates"), ContentHandling: ir.text("ContentHandling"),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
