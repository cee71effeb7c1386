package apigateway

import "gatehouse/internal/wire"

// Handlers are the operations for the wire. What is not here is not offered.
func (s *Service) Handlers() []wire.Handler {
	return []wire.Handler{
		wire.Op("CreateRestApi", s.CreateRestApi),
		wire.Op("GetRestApi", s.GetRestApi),
		wire.Op("GetRestApis", s.GetRestApis),
		wire.Op("UpdateRestApi", s.UpdateRestApi),
		wire.Do("DeleteRestApi", s.DeleteRestApi),

		wire.Op("CreateResource", s.CreateResource),
		wire.Op("GetResource", s.GetResource),
		wire.Op("GetResources", s.GetResources),
		wire.Op("UpdateResource", s.UpdateResource),
		wire.Do("DeleteResource", s.DeleteResource),

		wire.Op("PutMethod", s.PutMethod),
		wire.Op("GetMethod", s.GetMethod),
		wire.Op("UpdateMethod", s.UpdateMethod),
		wire.Do("DeleteMethod", s.DeleteMethod),
		wire.Op("PutMethodResponse", s.PutMethodResponse),
		wire.Op("GetMethodResponse", s.GetMethodResponse),
		wire.Op("UpdateMethodResponse", s.UpdateMethodResponse),
		wire.Do("DeleteMethodResponse", s.DeleteMethodResponse),

		wire.Op("PutIntegration", s.PutIntegration),
		wire.Op("GetIntegration", s.GetIntegration),
		wire.Op("UpdateIntegration", s.UpdateIntegration),
		wire.Do("DeleteIntegration", s.DeleteIntegration),
		wire.Op("PutIntegrationResponse", s.PutIntegrationResponse),
		wire.Op("GetIntegrationResponse", s.GetIntegrationResponse),
		wire.Op("UpdateIntegrationResponse", s.UpdateIntegrationResponse),
		wire.Do("DeleteIntegrationResponse", s.DeleteIntegrationResponse),

		wire.Op("CreateDeployment", s.CreateDeployment),
		wire.Op("GetDeployment", s.GetDeployment),
		wire.Op("GetDeployments", s.GetDeployments),
		wire.Op("UpdateDeployment", s.UpdateDeployment),
		wire.Do("DeleteDeployment", s.DeleteDeployment),

		wire.Op("CreateStage", s.CreateStage),
		wire.Op("GetStage", s.GetStage),
		wire.Op("GetStages", s.GetStages),
		wire.Op("UpdateStage", s.UpdateStage),
		wire.Do("DeleteStage", s.DeleteStage),

		wire.Op("CreateApiKey", s.CreateApiKey),
		wire.Op("GetApiKey", s.GetApiKey),
		wire.Op("GetApiKeys", s.GetApiKeys),
		wire.Op("UpdateApiKey", s.UpdateApiKey),
		wire.Do("DeleteApiKey", s.DeleteApiKey),
		wire.Op("ImportApiKeys", s.ImportApiKeys),

		wire.Op("CreateUsagePlan", s.CreateUsagePlan),
		wire.Op("GetUsagePlan", s.GetUsagePlan),
		wire.Op("GetUsagePlans", s.GetUsagePlans),
		wire.Op("UpdateUsagePlan", s.UpdateUsagePlan),
		wire.Do("DeleteUsagePlan", s.DeleteUsagePlan),
		wire.Op("CreateUsagePlanKey", s.CreateUsagePlanKey),
		wire.Op("GetUsagePlanKey", s.GetUsagePlanKey),
		wire.Op("GetUsagePlanKeys", s.GetUsagePlanKeys),
		wire.Do("DeleteUsagePlanKey", s.DeleteUsagePlanKey),
		wire.Op("GetUsage", s.GetUsage),
		wire.Op("UpdateUsage", s.UpdateUsage),

		wire.Op("CreateAuthorizer", s.CreateAuthorizer),
		wire.Op("GetAuthorizer", s.GetAuthorizer),
		wire.Op("GetAuthorizers", s.GetAuthorizers),
		wire.Op("UpdateAuthorizer", s.UpdateAuthorizer),
		wire.Do("DeleteAuthorizer", s.DeleteAuthorizer),

		wire.Op("CreateModel", s.CreateModel),
		wire.Op("GetModel", s.GetModel),
		wire.Op("GetModels", s.GetModels),
		wire.Op("UpdateModel", s.UpdateModel),
		wire.Do("DeleteModel", s.DeleteModel),

		wire.Op("CreateRequestValidator", s.CreateRequestValidator),
		wire.Op("GetRequestValidator", s.GetRequestValidator),
		wire.Op("GetRequestValidators", s.GetRequestValidators),
		wire.Op("UpdateRequestValidator", s.UpdateRequestValidator),
		wire.Do("DeleteRequestValidator", s.DeleteRequestValidator),

		wire.Op("PutGatewayResponse", s.PutGatewayResponse),
		wire.Op("GetGatewayResponse", s.GetGatewayResponse),
		wire.Op("GetGatewayResponses", s.GetGatewayResponses),
		wire.Op("UpdateGatewayResponse", s.UpdateGatewayResponse),
		wire.Do("DeleteGatewayResponse", s.DeleteGatewayResponse),

		wire.Op("GetAccount", s.GetAccount),
		wire.Op("UpdateAccount", s.UpdateAccount),

		wire.Do("TagResource", s.TagResource),
		wire.Do("UntagResource", s.UntagResource),
		wire.Op("GetTags", s.GetTags),
	}
}
