package cloudformation

// apiGatewayTypes are the types of REST APIs, with the properties of CloudFormation's resource
// specification.
func apiGatewayTypes() []resourceType {
	const noBody = "definitions in OpenAPI are not imported yet; write resources and methods"
	api := prop("RestApiId", text).fixed().needed()
	throttle := []property{prop("BurstLimit", integer), prop("RateLimit", number)}
	return []resourceType{
		{
			name: "AWS::ApiGateway::RestApi", attributes: []string{"RestApiId", "RootResourceId"},
			props: []property{
				prop("Name", text), prop("Description", text), prop("Policy", jsonDoc), prop("ApiKeySourceType", text),
				prop("BinaryMediaTypes", texts), prop("MinimumCompressionSize", integer), prop("DisableExecuteApiEndpoint", boolean),
				prop("EndpointConfiguration", object, prop("Types", texts), prop("VpcEndpointIds", texts), prop("IpAddressType", text)),
				prop("Tags", tags), prop("SecurityPolicy", text), prop("EndpointAccessMode", text),
				refuse("Body", noBody), refuse("BodyS3Location", noBody), refuse("Mode", noBody), refuse("Parameters", noBody),
				refuse("FailOnWarnings", noBody), refuse("CloneFrom", "copies of APIs are not made yet"),
			},
			provider: func(s *Services) provider { return restAPI{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::Resource", attributes: []string{"ResourceId"},
			props:    []property{api, prop("ParentId", text).fixed().needed(), prop("PathPart", text).fixed().needed()},
			provider: func(s *Services) provider { return pathResource{api: s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::Method",
			props: []property{
				api, prop("ResourceId", text).fixed().needed(), prop("HttpMethod", text).fixed().needed(),
				prop("AuthorizationType", text), prop("AuthorizerId", text), prop("AuthorizationScopes", texts),
				prop("ApiKeyRequired", boolean), prop("OperationName", text), prop("RequestModels", textMap),
				prop("RequestParameters", boolMap), prop("RequestValidatorId", text), prop("Integration", object, integrationProps()...),
				prop("MethodResponses", objects, prop("StatusCode", text).needed(), prop("ResponseModels", textMap), prop("ResponseParameters", boolMap)),
			},
			named: func(p properties) (string, string) {
				return p.must("HttpMethod"), p.must("RestApiId") + "/" + p.must("ResourceId")
			},
			provider: func(s *Services) provider { return method{s.APIGateway} },
		},
		{
			name: deployment, attributes: []string{"DeploymentId"},
			props: []property{
				// StageName is fixed: a deployment belongs to the stage that it was made for.
				api, prop("StageName", text).fixed(), prop("Description", text),
				prop("StageDescription", object, stageDescriptionProps()...),
				prop("DeploymentCanarySettings", object, prop("PercentTraffic", number), prop("StageVariableOverrides", textMap), prop("UseStageCache", boolean)).fixed(),
			},
			provider: func(s *Services) provider { return deploy{s.APIGateway} },
		},
		{
			name:     "AWS::ApiGateway::Stage",
			props:    append([]property{api, prop("StageName", text).fixed(), prop("DeploymentId", text).needed()}, stageProps()...),
			named:    func(p properties) (string, string) { return p.must("StageName"), p.must("RestApiId") },
			provider: func(s *Services) provider { return stageOf{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::ApiKey", attributes: []string{"APIKeyId"},
			props: []property{
				prop("Name", text).fixed(), prop("Value", text).fixed(), prop("GenerateDistinctId", boolean).fixed(),
				prop("Enabled", boolean), prop("Description", text), prop("CustomerId", text), prop("Tags", tags),
				prop("StageKeys", objects, prop("RestApiId", text), prop("StageName", text)),
			},
			provider: func(s *Services) provider { return apiKey{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::UsagePlan", attributes: []string{"Id"},
			props: []property{
				prop("UsagePlanName", text), prop("Description", text), prop("Tags", tags),
				prop("ApiStages", objects, prop("ApiId", text).needed(), prop("Stage", text).needed(), prop("Throttle", objectMap, throttle...)),
				prop("Quota", object, prop("Limit", integer), prop("Offset", integer), prop("Period", text)),
				prop("Throttle", object, throttle...),
			},
			provider: func(s *Services) provider { return usagePlan{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::UsagePlanKey", attributes: []string{"Id"},
			props: []property{
				prop("KeyId", text).fixed().needed(), prop("KeyType", text).fixed().needed(), prop("UsagePlanId", text).fixed().needed(),
			},
			provider: func(s *Services) provider { return usagePlanKey{api: s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::Authorizer", attributes: []string{"AuthorizerId"},
			props: []property{
				api, prop("Name", text).needed(), prop("Type", text).needed(), prop("AuthType", text), prop("AuthorizerUri", text),
				prop("AuthorizerCredentials", text), prop("AuthorizerResultTtlInSeconds", integer), prop("IdentitySource", text),
				prop("IdentityValidationExpression", text), prop("ProviderARNs", texts),
			},
			provider: func(s *Services) provider { return authorizer{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::Model",
			props: []property{
				api, prop("Name", text).fixed(), prop("ContentType", text).fixed(), prop("Schema", jsonDoc), prop("Description", text),
			},
			named:    func(p properties) (string, string) { return p.must("Name"), p.must("RestApiId") },
			provider: func(s *Services) provider { return model{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::RequestValidator", attributes: []string{"RequestValidatorId"},
			props: []property{
				api, prop("Name", text).fixed(), prop("ValidateRequestBody", boolean), prop("ValidateRequestParameters", boolean),
			},
			provider: func(s *Services) provider { return validator{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::GatewayResponse", attributes: []string{"Id"},
			props: []property{
				api, prop("ResponseType", text).fixed().needed(), prop("StatusCode", text), prop("ResponseParameters", textMap),
				prop("ResponseTemplates", textMap),
			},
			provider: func(s *Services) provider { return gatewayResponse{s.APIGateway} },
		},
		{
			name: "AWS::ApiGateway::Account", attributes: []string{"Id"},
			props:    []property{prop("CloudWatchRoleArn", text)},
			provider: func(s *Services) provider { return account{s.APIGateway} },
		},
	}
}

func integrationProps() []property {
	return []property{
		prop("Type", text).needed(), prop("IntegrationHttpMethod", text), prop("Uri", text), prop("Credentials", text),
		prop("ConnectionType", text), prop("ConnectionId", text), prop("PassthroughBehavior", text), prop("ContentHandling", text),
		prop("TimeoutInMillis", integer), prop("CacheNamespace", text), prop("CacheKeyParameters", texts),
		prop("RequestParameters", textMap), prop("RequestTemplates", textMap), prop("ResponseTransferMode", text),
		prop("IntegrationTarget", text),
		prop("IntegrationResponses", objects, prop("StatusCode", text).needed(), prop("SelectionPattern", text),
			prop("ResponseParameters", textMap), prop("ResponseTemplates", textMap), prop("ContentHandling", text)),
	}
}

// settingProps are what can be set per method, and on a StageDescription for all methods.
func settingProps() []property {
	return []property{
		prop("MetricsEnabled", boolean), prop("LoggingLevel", text), prop("DataTraceEnabled", boolean),
		prop("ThrottlingBurstLimit", integer), prop("ThrottlingRateLimit", number), prop("CachingEnabled", boolean),
		prop("CacheTtlInSeconds", integer), prop("CacheDataEncrypted", boolean),
	}
}

func stageProps() []property {
	return []property{
		prop("Description", text), prop("DocumentationVersion", text), prop("Variables", textMap), prop("Tags", tags),
		prop("TracingEnabled", boolean), prop("ClientCertificateId", text), prop("CacheClusterEnabled", boolean),
		prop("CacheClusterSize", text), prop("AccessLogSetting", object, prop("DestinationArn", text), prop("Format", text)),
		prop("CanarySetting", object, prop("DeploymentId", text), prop("PercentTraffic", number),
			prop("StageVariableOverrides", textMap), prop("UseStageCache", boolean)),
		prop("MethodSettings", objects, append(settingProps(), prop("HttpMethod", text).needed(), prop("ResourcePath", text).needed())...),
	}
}

func stageDescriptionProps() []property { return append(stageProps(), settingProps()...) }
