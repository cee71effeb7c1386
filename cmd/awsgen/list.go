package main

// A listing says what is generated of one service. Changing it, then running the generator, is the whole
// procedure for offering more operations or following a new model.
type listing struct {
	// Package is the directory below the output directory, and the Go package name.
	Package string
	// Path is the model's directory below -models: "service/api-version".
	Path string
	// Digest is the SHA-256 of the uncompressed service-2.json in hexadecimal. A model with another
	// digest is refused, so that nothing changes without a reviewed line here.
	Digest string
	// Operations names the operations that get structs; nil stands for all of them.
	Operations []string
	// Actions maps an operation to its IAM action where it is not the service's rule. See action.
	Actions map[string]string
	// MethodActions says that the IAM action is the HTTP method, as in API Gateway.
	MethodActions bool
	// NestedBody and MaxBody are those of shape.Service.
	NestedBody bool
	MaxBody    int64
	// OpenEnums names enumerations whose values the service itself checks: AWS words those refusals
	// in its own way, or must be more tolerant here than there.
	OpenEnums []string
	// LookAheads gives the patterns that Go's regular expressions cannot express, by shape, as a pattern
	// that must match and one that must not.
	LookAheads map[string]lookAhead
}

type lookAhead struct{ match, except string }

// listings are the services, from botocore 1.43.11.
var listings = []listing{
	{
		Package:       "apigateway",
		Path:          "apigateway/2015-07-09",
		Digest:        "677fa434fada74fed45b93419e8e59aa37eb80c886564fd54082136d127c4713",
		MethodActions: true,
		NestedBody:    true,
		MaxBody:       10 << 20, // an import is at most 6 MB [docs]
	},
	{
		Package: "lambda",
		Path:    "lambda/2015-03-31",
		Digest:  "39dedcf72ef0d4cc7d69f916d93c9c13dbb7286da9aa09dfffb191f7cf9b213e",
		MaxBody: 70167211, // [recorded] 50 MB of code in base64 and its surroundings
		Operations: []string{
			"AddLayerVersionPermission", "AddPermission", "CreateAlias", "CreateFunction",
			"CreateFunctionUrlConfig", "DeleteAlias", "DeleteFunction", "DeleteFunctionConcurrency",
			"DeleteFunctionEventInvokeConfig", "DeleteFunctionUrlConfig", "DeleteLayerVersion",
			"DeleteProvisionedConcurrencyConfig", "GetAccountSettings", "GetAlias", "GetFunction",
			"GetFunctionCodeSigningConfig", "GetFunctionConcurrency", "GetFunctionConfiguration",
			"GetFunctionEventInvokeConfig", "GetFunctionRecursionConfig", "GetFunctionUrlConfig",
			"GetLayerVersion", "GetLayerVersionByArn", "GetLayerVersionPolicy", "GetPolicy",
			"GetProvisionedConcurrencyConfig", "GetRuntimeManagementConfig", "Invoke", "ListAliases",
			"ListFunctionEventInvokeConfigs", "ListFunctionUrlConfigs", "ListFunctions",
			"ListLayerVersions", "ListLayers", "ListProvisionedConcurrencyConfigs", "ListTags",
			"ListVersionsByFunction", "PublishLayerVersion", "PublishVersion", "PutFunctionConcurrency",
			"PutFunctionEventInvokeConfig", "PutFunctionRecursionConfig",
			"PutProvisionedConcurrencyConfig", "PutRuntimeManagementConfig",
			"RemoveLayerVersionPermission", "RemovePermission", "TagResource", "UntagResource",
			"UpdateAlias", "UpdateFunctionCode", "UpdateFunctionConfiguration",
			"UpdateFunctionEventInvokeConfig", "UpdateFunctionUrlConfig",
		},
		Actions: map[string]string{
			"Invoke":                   "lambda:InvokeFunction",
			"InvokeWithResponseStream": "lambda:InvokeFunction",
			"GetLayerVersionByArn":     "lambda:GetLayerVersion",
		},
		// AWS answers an unknown runtime with InvalidParameterValueException and a text of its own,
		// and runtimes which AWS has retired must keep working here.
		OpenEnums: []string{"Runtime"},
		LookAheads: map[string]lookAhead{
			"Alias":                {`[a-zA-Z0-9-_]+`, `[0-9]+`},
			"FunctionUrlQualifier": {`[0-9a-zA-Z-_]+`, `[0-9]+`},
			"S3Bucket":             {`[0-9A-Za-z.\-_]*`, `.*\.`},
		},
	},
}
