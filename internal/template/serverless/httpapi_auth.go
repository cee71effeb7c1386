package serverless

import (
	"gatehouse/internal/document"
)

// httpAuthorization is what a route says of its authorizer. A name that does not exist is refused: the
// route would be open.
func (c *compiler) httpAuthorization(h *httpAPI, r *httpRoute) []document.Field {
	p, v := pen{r.authorizer.Pos}, r.authorizer
	if v.Kind == document.String {
		v = document.NewMap(v.Pos, document.NewField("name", v))
	}
	if v.Kind != document.Map {
		c.wrongType(v, "authorizer of route "+r.key(), "a string or a map")
		return nil
	}
	c.unknown(v, "authorizer.", []string{"id", "name", "scopes", "type"})
	name := c.text(v.Get("name"), "authorizer name")
	kind := c.oneOf(v.Get("type"), "authorizer type", "jwt", "request", "aws_iam")
	known, declared := h.authorizers[name]
	if kind == "aws_iam" || !declared && asciiLower(name) == "aws_iam" {
		return []document.Field{set("AuthorizationType", p.str("AWS_IAM"))}
	}
	id, jwt := c.textOrFunction(v.Get("id"), "authorizer id"), kind == "jwt"
	switch {
	case id != nil && h.id == nil:
		c.fail(v.Pos, "route "+r.key()+" names an authorizer by id, but the HTTP API is part of this service", "declare it under provider.httpApi.authorizers and name it")
	case id != nil && kind == "":
		c.fail(v.Pos, "authorizer id of route "+r.key()+" needs a type", "add type: jwt or request")
	case id != nil:
	case declared:
		id, jwt = p.ref(known.id), known.jwt
	case name != "":
		c.fail(v.Pos, "authorizer "+name+" of route "+r.key()+" does not exist", "declare it under provider.httpApi.authorizers")
	default:
		c.fail(v.Pos, "authorizer of route "+r.key()+" names nothing", "add name:, or id: and type:")
	}
	if id == nil {
		return nil
	}
	authorization := "CUSTOM"
	if jwt {
		authorization = "JWT"
	}
	return []document.Field{
		set("AuthorizationType", p.str(authorization)),
		set("AuthorizerId", id),
		set("AuthorizationScopes", c.listValue(v.Get("scopes"))),
	}
}

// putHTTPAuthorizers declares provider.httpApi.authorizers.
func (c *compiler) putHTTPAuthorizers(h *httpAPI) {
	for _, f := range c.fields(h.cfg.Get("authorizers"), "provider.httpApi.authorizers") {
		v, p := f.Value, pen{f.Pos}
		c.fields(v, "authorizer "+f.Name)
		c.unknown(v, "authorizer.", []string{
			"audience", "enableSimpleResponses", "functionArn", "functionName", "identitySource", "issuerUrl", "managedExternally", "name",
			"payloadVersion", "resultTtlInSeconds", "type",
		})
		name := c.text(v.Get("name"), "authorizer name")
		if name == "" {
			name = f.Name
		}
		kind := c.oneOf(v.Get("type"), "authorizer type", "jwt", "request")
		if kind == "" {
			kind = "jwt"
		}
		a := httpAuthorizer{id: "HttpApiAuthorizer" + functionID(name), jwt: kind == "jwt"}
		h.authorizers[f.Name] = a
		fields := []document.Field{set("ApiId", p.ref(httpID)), set("Name", p.str(name))}
		if a.jwt {
			fields = append(fields, c.jwtAuthorizer(p, f.Name, v)...)
			c.resources.put(a.id, p.resource("AWS::ApiGatewayV2::Authorizer", p.obj(fields...)))
			continue
		}
		more, needs := c.requestAuthorizer(h, p, name, f.Name, v)
		c.resources.put(a.id, p.resource("AWS::ApiGatewayV2::Authorizer", p.obj(append(fields, more...)...), set("DependsOn", needs)))
	}
}

func (c *compiler) jwtAuthorizer(p pen, name string, v *document.Value) []document.Field {
	for _, key := range []string{"identitySource", "issuerUrl", "audience"} {
		if !given(v.Get(key)) {
			c.fail(p.at, "JWT authorizer "+name+" has no "+key, "add "+key)
		}
	}
	return []document.Field{
		set("IdentitySource", c.listValue(v.Get("identitySource"))),
		set("AuthorizerType", p.str("JWT")),
		set("JwtConfiguration", p.obj(
			set("Audience", c.listValue(v.Get("audience"))),
			set("Issuer", c.textOrFunction(v.Get("issuerUrl"), "issuerUrl")),
		)),
	}
}

func (c *compiler) requestAuthorizer(h *httpAPI, p pen, name, key string, v *document.Value) (fields []document.Field, needs *document.Value) {
	function := c.textOrFunction(v.Get("functionArn"), "functionArn")
	if wanted := c.text(v.Get("functionName"), "functionName"); wanted != "" {
		for _, f := range c.functions {
			if f.key == wanted {
				function = f.arn(p)
				if f.aliasID != "" {
					needs = p.str(f.aliasID)
				}
			}
		}
		if function == nil {
			c.fail(v.Get("functionName").Pos, "authorizer "+key+" names function "+wanted+", which does not exist", "name a key of functions:")
			return nil, nil
		}
	}
	if function == nil {
		c.fail(p.at, "authorizer "+key+" names no function", "add functionName: or functionArn:")
		return nil, nil
	}
	ttl := c.number(v.Get("resultTtlInSeconds"), "resultTtlInSeconds")
	source := c.listValue(v.Get("identitySource"))
	if source == nil {
		source = p.list()
		if ttl != nil && ttl.Text != "0" {
			c.fail(p.at, "authorizer "+key+" caches its answers but has no identitySource", "add identitySource, or resultTtlInSeconds: 0")
		}
	}
	version := c.textValue(v.Get("payloadVersion"), "payloadVersion")
	if version == nil {
		version = p.str("2.0")
	}
	if !c.flag(v.Get("managedExternally"), "managedExternally") {
		c.resources.put(functionID(name)+"LambdaAuthorizerPermissionHttpApi", p.resource("AWS::Lambda::Permission", c.httpPermission(h, p, function), set("DependsOn", needs)))
	}
	return []document.Field{
		set("IdentitySource", source),
		set("AuthorizerType", p.str("REQUEST")),
		set("EnableSimpleResponses", c.flagValue(v.Get("enableSimpleResponses"), "enableSimpleResponses")),
		set("AuthorizerResultTtlInSeconds", ttl),
		set("AuthorizerPayloadFormatVersion", version),
		set("AuthorizerUri", p.invocation(function, "")),
	}, needs
}
