package serverless

import "gatehouse/internal/document"

// putURL declares the URL of a function, open to everybody unless its authorizer is aws_iam.
func (c *compiler) putURL(f *function) {
	v := f.cfg.Get("url")
	if !given(v) || v.Kind != document.Map && !c.flag(v, "url of function "+f.key) {
		return
	}
	p := pen{v.Pos}
	if v.Kind != document.Map {
		v = nil
	}
	c.unknown(v, "url.", []string{"authorizer", "cors", "invokeMode"})
	kind := "NONE"
	if c.oneOf(v.Get("authorizer"), "url.authorizer", "aws_iam") != "" {
		kind = "AWS_IAM"
	}
	var cors, needs, mode *document.Value
	if s := v.Get("cors"); given(s) && (s.Kind == document.Map || c.flag(s, "url.cors")) {
		at := pen{s.Pos}
		if s.Kind != document.Map {
			s = nil
		}
		c.unknown(s, "url.cors.", []string{"allowCredentials", "allowedHeaders", "allowedMethods", "allowedOrigins", "exposedResponseHeaders", "maxAge"})
		cors = c.corsConfiguration(at, s, []string{"Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token", "X-Amzn-Trace-Id"}, []string{"*"})
	}
	if f.aliasID != "" {
		needs = p.str(f.aliasID)
	}
	if s := c.oneOf(v.Get("invokeMode"), "url.invokeMode", "BUFFERED", "RESPONSE_STREAM"); s != "" {
		mode = p.str(s)
	}
	id := f.lambdaID() + "Url"
	c.resources.put(id, p.resource("AWS::Lambda::Url", p.obj(
		set("AuthType", p.str(kind)),
		set("TargetFunctionArn", f.arn(p)),
		set("Cors", cors),
		set("InvokeMode", mode),
	), set("DependsOn", needs)))
	if kind == "NONE" {
		c.resources.put(f.id+"LambdaPermissionFnUrl", p.resource("AWS::Lambda::Permission", p.obj(
			set("FunctionName", f.arn(p)),
			set("Action", p.str("lambda:InvokeFunctionUrl")),
			set("Principal", p.str("*")),
			set("FunctionUrlAuthType", p.str(kind)),
		), set("DependsOn", needs)))
	}
	c.putOutput(id, "Lambda Function URL", p.att(id, "FunctionUrl"))
}
