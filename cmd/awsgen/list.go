package main

import description "gatehouse/internal/shape"

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
	// OnlyListed leaves all other operations out of the table, too.
	OnlyListed bool
	// Actions maps an operation to its IAM action where it is not the service's rule. See action.
	Actions map[string]string
	// MethodActions says that the IAM action is the HTTP method and the resource the path, as in API
	// Gateway.
	MethodActions bool
	// ARN and Keys are those of shape.Service.
	ARN  string
	Keys []description.Key
	// Resources are templates as in shape.Operation; the first one whose members an input has counts.
	Resources []string
	// ResourceOf are the templates of operations for which that is not right.
	ResourceOf map[string]string
	// Passes and Unasked are those of shape.Operation, by name.
	Passes  map[string][]description.Pass
	Unasked []string
	// NestedBody and MaxBody are those of shape.Service.
	NestedBody bool
	MaxBody    int64
	// OpenEnums names enumerations whose values the service itself checks: AWS words those refusals
	// in its own way, or must be more tolerant here than there.
	OpenEnums []string
	// Percent names the shapes that are sent percent-encoded.
	Percent []string
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
		ARN:           "apigateway:{region}::",
		Passes: map[string][]description.Pass{
			"CreateAuthorizer":  {{Member: "AuthorizerCredentials", Service: "apigateway.amazonaws.com"}},
			"PutIntegration":    {{Member: "Credentials", Service: "apigateway.amazonaws.com"}},
			"UpdateAccount":     {{Member: "PatchOperations", Path: "/cloudwatchRoleArn", Service: "apigateway.amazonaws.com"}},
			"UpdateAuthorizer":  {{Member: "PatchOperations", Path: "/authorizerCredentials", Service: "apigateway.amazonaws.com"}},
			"UpdateIntegration": {{Member: "PatchOperations", Path: "/credentials", Service: "apigateway.amazonaws.com"}},
		},
		NestedBody: true,
		MaxBody:    10 << 20, // an import is at most 6 MB [docs]
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
		ARN: "lambda:{region}:{account}:",
		Resources: []string{
			"function:{FunctionName}{:Qualifier}", "layer:{LayerName}:{VersionNumber}", "layer:{LayerName}", "{Resource}", "{Arn}",
		},
		Keys: []description.Key{{Name: "lambda:Principal", Member: "Principal"}, {Name: "lambda:FunctionUrlAuthType", Member: "AuthType"}},
		Passes: map[string][]description.Pass{
			"CreateFunction":              {{Member: "Role", Service: "lambda.amazonaws.com"}},
			"UpdateFunctionConfiguration": {{Member: "Role", Service: "lambda.amazonaws.com"}},
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
	{
		Package: "cloudformation",
		Path:    "cloudformation/2010-05-15",
		Digest:  "fbb179afd664fde47ade0d0be37d434ab3e1fac69e77cd39259872351593420f",
		MaxBody: 4 << 20, // a template of 51,200 bytes, every byte of it escaped, and its parameters
		Operations: []string{
			"CancelUpdateStack", "ContinueUpdateRollback", "CreateChangeSet", "CreateStack", "DeleteChangeSet", "DeleteStack",
			"DescribeAccountLimits", "DescribeChangeSet", "DescribeEvents", "DescribeStackEvents", "DescribeStackResource",
			"DescribeStackResources", "DescribeStacks", "EstimateTemplateCost", "ExecuteChangeSet", "GetStackPolicy",
			"GetTemplate", "GetTemplateSummary", "ListChangeSets", "ListExports", "ListImports", "ListStackResources",
			"ListStacks", "RollbackStack", "SetStackPolicy", "UpdateStack", "UpdateTerminationProtection", "ValidateTemplate",
		},
		ARN:        "cloudformation:{region}:{account}:",
		Resources:  []string{"stack/{StackName}/*"},
		ResourceOf: map[string]string{"DescribeStacks": "stack/{StackName:*}/*"},
		Keys: []description.Key{
			{Name: "cloudformation:ChangeSetName", Member: "ChangeSetName"}, {Name: "cloudformation:RoleArn", Member: "RoleARN"},
			{Name: "cloudformation:StackPolicyUrl", Member: "StackPolicyURL"}, {Name: "cloudformation:TemplateUrl", Member: "TemplateURL"},
			{Name: "cloudformation:ResourceTypes", Member: "ResourceTypes"},
		},
		Passes: map[string][]description.Pass{
			"ContinueUpdateRollback": {{Member: "RoleARN", Service: "cloudformation.amazonaws.com"}},
			"CreateChangeSet":        {{Member: "RoleARN", Service: "cloudformation.amazonaws.com"}},
			"CreateStack":            {{Member: "RoleARN", Service: "cloudformation.amazonaws.com"}},
			"DeleteStack":            {{Member: "RoleARN", Service: "cloudformation.amazonaws.com"}},
			"RollbackStack":          {{Member: "RoleARN", Service: "cloudformation.amazonaws.com"}},
			"UpdateStack":            {{Member: "RoleARN", Service: "cloudformation.amazonaws.com"}},
		},
	},
	{
		Package:    "ec2",
		Path:       "ec2/2016-11-15",
		Digest:     "f9591b339e7f194b537c19a7da367878d8c93a218016838278004a400417b1c2",
		MaxBody:    1 << 20,
		OnlyListed: true,
		Operations: []string{"CreateVpcEndpoint", "DeleteVpcEndpoints", "DescribeVpcEndpoints", "ModifyVpcEndpoint"},
		ARN:        "ec2:{region}:{account}:",
		ResourceOf: map[string]string{
			"CreateVpcEndpoint":  "vpc-endpoint/*",
			"DeleteVpcEndpoints": "vpc-endpoint/{VpcEndpointIds}",
			"ModifyVpcEndpoint":  "vpc-endpoint/{VpcEndpointId}",
		},
		Keys: []description.Key{
			{Name: "ec2:VpceServiceName", Member: "ServiceName"}, {Name: "ec2:VpcID", Member: "VpcId"},
		},
		OpenEnums: []string{"ResourceType"}, // a hundred kinds of which the operations know one
	},
	{
		Package: "iam",
		Path:    "iam/2010-05-08",
		Digest:  "c38893871dbb08aabc02ffae18d5a3a59187f58603a642b46458c6ccddc132e5",
		MaxBody: 1 << 20,
		Percent: []string{"policyDocumentType"},
		ARN:     "iam::{account}:",
		// The first that an input has: members of groups, roles of instance profiles and attached policies
		// are not what the permission is about.
		Resources: []string{
			"group/{GroupName}", "instance-profile/{InstanceProfileName}", "user/{UserName}", "role/{RoleName}", "{PolicyArn}",
			"{OpenIDConnectProviderArn}", "{SAMLProviderArn}", "{SerialNumber}", "server-certificate/{ServerCertificateName}", "{PolicySourceArn}",
		},
		ResourceOf: map[string]string{
			"ChangePassword":              "user/{UserName}", // has no such member: the caller
			"CreateGroup":                 "group{Path:/}{GroupName}",
			"CreateInstanceProfile":       "instance-profile{Path:/}{InstanceProfileName}",
			"CreateOpenIDConnectProvider": "oidc-provider/{Url}",
			"CreatePolicy":                "policy{Path:/}{PolicyName}",
			"CreateRole":                  "role{Path:/}{RoleName}",
			"CreateSAMLProvider":          "saml-provider/{Name}",
			"CreateServiceLinkedRole":     "role/aws-service-role/{AWSServiceName}/*",
			"CreateUser":                  "user{Path:/}{UserName}",
			"CreateVirtualMFADevice":      "mfa{Path:/}{VirtualMFADeviceName}",
			"ListGroups":                  "group{PathPrefix:/}",
			"ListInstanceProfiles":        "instance-profile{PathPrefix:/}",
			"ListRoles":                   "role{PathPrefix:/}",
			"ListServerCertificates":      "server-certificate{PathPrefix:/}",
			"ListUsers":                   "user{PathPrefix:/}",
			"UploadServerCertificate":     "server-certificate{Path:/}{ServerCertificateName}",
		},
		Keys: []description.Key{
			{Name: "iam:PermissionsBoundary", Member: "PermissionsBoundary"}, {Name: "iam:PolicyARN", Member: "PolicyArn"},
			{Name: "iam:AWSServiceName", Member: "AWSServiceName"},
		},
		Passes: map[string][]description.Pass{
			"AddRoleToInstanceProfile": {{Member: "RoleName", Service: "ec2.amazonaws.com"}},
		},
		LookAheads: map[string]lookAhead{
			// The look-ahead forbids two hyphens in a row.
			"accountAliasType": {`[a-z0-9][a-z0-9-]{1,61}[a-z0-9]`, `.*--.*`},
		},
	},
	{
		Package:    "sts",
		Path:       "sts/2011-06-15",
		Digest:     "b2c35d56d093494a539db6af3ddbcb601d614260b82e1351932323bd40cf9921",
		MaxBody:    1 << 20,
		ARN:        "sts::{account}:",
		ResourceOf: map[string]string{"GetFederationToken": "federated-user/{Name}"},
		Keys:       []description.Key{{Name: "sts:DurationSeconds", Member: "DurationSeconds"}, {Name: "sts:TransitiveTagKeys", Member: "TransitiveTagKeys"}},
		// Who is asking is nobody's secret, a session of one's own needs no permission, and over a role its
		// trust policy decides as well [docs].
		Unasked: []string{"AssumeRole", "GetCallerIdentity", "GetSessionToken"},
	},
}
