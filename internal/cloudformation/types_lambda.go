package cloudformation

// lambdaTypes are the types of functions, with the properties of CloudFormation's resource specification.
func lambdaTypes() []resourceType {
	return []resourceType{
		{
			name: "AWS::Lambda::Function", attributes: []string{"Arn"},
			props: []property{
				prop("FunctionName", text).fixed(), prop("PackageType", text).fixed(), prop("Role", text).needed(),
				{name: "Code", kind: object, required: true, props: []property{
					prop("ZipFile", text), prop("S3Bucket", text), prop("S3Key", text), prop("S3ObjectVersion", text),
					prop("ImageUri", text), prop("SourceKMSKeyArn", text),
				}},
				prop("Handler", text), prop("Runtime", text), prop("Description", text), prop("Timeout", integer),
				prop("MemorySize", integer), prop("Environment", object, prop("Variables", textMap)), prop("Layers", texts),
				prop("Architectures", texts), prop("EphemeralStorage", object, prop("Size", integer).needed()),
				prop("TracingConfig", object, prop("Mode", text)), prop("DeadLetterConfig", object, prop("TargetArn", text)),
				prop("KmsKeyArn", text), prop("Tags", tags), prop("ReservedConcurrentExecutions", integer),
				prop("VpcConfig", object, prop("SubnetIds", texts), prop("SecurityGroupIds", texts), prop("Ipv6AllowedForDualStack", boolean)),
				prop("LoggingConfig", object, prop("LogFormat", text), prop("ApplicationLogLevel", text), prop("SystemLogLevel", text), prop("LogGroup", text)),
				prop("SnapStart", object, prop("ApplyOn", text)), prop("CodeSigningConfigArn", text),
				prop("FileSystemConfigs", objects, prop("Arn", text).needed(), prop("LocalMountPath", text).needed()),
				prop("ImageConfig", object, prop("Command", texts), prop("EntryPoint", texts), prop("WorkingDirectory", text)),
				prop("RuntimeManagementConfig", object, prop("UpdateRuntimeOn", text), prop("RuntimeVersionArn", text)),
				prop("RecursiveLoop", text),
			},
			named:    func(p properties) (string, string) { return p.must("FunctionName"), "" },
			provider: func(s *Services) provider { return lambdaFunction{s.Lambda} },
		},
		{
			name: "AWS::Lambda::Version", attributes: []string{"Version", "FunctionArn"},
			props: []property{
				prop("FunctionName", text).fixed().needed(), prop("CodeSha256", text).fixed(), prop("Description", text).fixed(),
				prop("RuntimePolicy", object, prop("UpdateRuntimeOn", text), prop("RuntimeVersionArn", text)).fixed(),
				refuse("ProvisionedConcurrencyConfig", "provisioned concurrency is not offered yet"),
			},
			provider: func(s *Services) provider { return lambdaVersion{api: s.Lambda} },
		},
		{
			name: "AWS::Lambda::Alias", attributes: []string{"AliasArn"},
			props: []property{
				prop("FunctionName", text).fixed().needed(), prop("Name", text).fixed().needed(), prop("FunctionVersion", text).needed(),
				prop("Description", text),
				prop("RoutingConfig", object, prop("AdditionalVersionWeights", objects, prop("FunctionVersion", text).needed(), prop("FunctionWeight", number).needed())),
				refuse("ProvisionedConcurrencyConfig", "provisioned concurrency is not offered yet"),
			},
			named:    func(p properties) (string, string) { return p.must("Name"), p.must("FunctionName") },
			provider: func(s *Services) provider { return lambdaAlias{s.Lambda} },
		},
		{
			name: "AWS::Lambda::Permission", attributes: []string{"Id"},
			props: []property{
				prop("FunctionName", text).fixed().needed(), prop("Action", text).fixed().needed(), prop("Principal", text).fixed().needed(),
				prop("SourceArn", text).fixed(), prop("SourceAccount", text).fixed(), prop("EventSourceToken", text).fixed(),
				prop("PrincipalOrgID", text).fixed(), prop("FunctionUrlAuthType", text).fixed(), prop("InvokedViaFunctionUrl", boolean).fixed(),
			},
			provider: func(s *Services) provider { return lambdaPermission{api: s.Lambda} },
		},
	}
}
