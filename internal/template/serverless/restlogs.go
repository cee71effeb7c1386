package serverless

import "gatehouse/internal/document"

// putRestLogs declares what provider.logs.restApi adds: the log group, and the custom resource that sets
// the role of API Gateway for the account. The stage itself is configured after the deployment, outside
// the template.
func (c *compiler) putRestLogs() {
	v := c.provider.Get("logs").Get("restApi")
	if !given(v) || v.Kind == document.Bool && !v.Bool {
		return
	}
	if c.rest.id != nil {
		c.fail(v.Pos, "provider.logs.restApi has no effect on an API that exists already", "remove it, or remove restApiId")
		return
	}
	p := pen{v.Pos}
	retention := c.number(c.provider.Get("logRetentionInDays"), "provider.logRetentionInDays")
	if v.Kind != document.Map || !given(v.Get("accessLogging")) || c.flag(v.Get("accessLogging"), "accessLogging") {
		c.resources.put("ApiGatewayLogGroup", p.resource("AWS::Logs::LogGroup", p.obj(
			set("LogGroupName", p.str("/aws/api-gateway/"+c.service+"-"+c.stage)),
			set("RetentionInDays", retention),
		)))
	}
	if v.Kind == document.Map && c.flag(v.Get("roleManagedExternally"), "roleManagedExternally") {
		return
	}
	const function, functionRole = "CustomDashresourceDashapigwDashcwDashroleLambdaFunction", "IamRoleCustomResourcesLambdaExecution"
	var role *document.Value
	if v.Kind == document.Map {
		role = c.textOrFunction(v.Get("role"), "provider.logs.restApi.role")
	}
	c.resources.put("CustomApiGatewayAccountCloudWatchRole", p.resource("Custom::ApiGatewayAccountRole", p.obj(
		set("ServiceToken", p.att(function, "Arn")),
		set("RoleArn", role),
	), set("Version", p.num(1))))
	c.resources.put(functionRole, p.resource("AWS::IAM::Role", p.obj(
		set("AssumeRolePolicyDocument", assumeRole(p)),
		set("Policies", p.list(p.obj(
			set("PolicyName", p.join("-", p.str(c.stage), p.str(c.service), p.str("custom-resources-lambda"))),
			set("PolicyDocument", p.obj(set("Version", p.str("2012-10-17")), set("Statement", p.list(
				p.obj(
					set("Effect", p.str("Allow")),
					set("Resource", p.join(":", p.str("arn"), p.ref("AWS::Partition"), p.str("iam:"), p.ref("AWS::AccountId"), p.str("role/*"))),
					set("Action", p.strs("iam:AttachRolePolicy", "iam:CreateRole", "iam:ListAttachedRolePolicies", "iam:PassRole"))),
				p.obj(
					set("Effect", p.str("Allow")),
					set("Resource", p.join(":", p.str("arn"), p.ref("AWS::Partition"), p.str("apigateway:*::/account"))),
					set("Action", p.strs("apigateway:GET", "apigateway:PATCH"))),
			)))),
		))),
	)))
	c.resources.put(function, p.resource("AWS::Lambda::Function", p.obj(
		set("Code", p.obj(set("S3Bucket", c.bucket(p)), set("S3Key", p.str(c.artifacts()+"custom-resources.zip")))),
		set("FunctionName", p.str(c.service+"-"+c.stage+"-custom-resource-apigw-cw-role")),
		set("Handler", p.str("api-gateway-cloud-watch-role/handler.handler")),
		set("MemorySize", p.num(1024)),
		set("Runtime", p.str("nodejs18.x")),
		set("Timeout", p.num(180)),
		set("Role", p.att(functionRole, "Arn")),
	), set("DependsOn", p.strs(functionRole))))
}
