package serverless

import (
	"strings"

	"gatehouse/internal/document"
)

// authorizer is what the authorizer key of an http event says.
type authorizer struct {
	pen  pen
	name string
	// kind is AWS_IAM, TOKEN, REQUEST, CUSTOM or COGNITO_USER_POOLS.
	kind string
	// own is true when the service declares the authorizer resource.
	own bool
	id  string // its logical id
	// existing is the id of an authorizer that the service does not declare.
	existing *document.Value

	function *function       // in this service
	arn      *document.Value // of a function or user pool elsewhere
	ttl      *document.Value
	identity *document.Value
	pattern  *document.Value
	scopes   *document.Value
	claims   []string
	// external: its permission is managed elsewhere.
	external bool
}

// readAuthorizer reads every form of authorizer:. What cannot be understood is refused: an authorizer that
// is dropped leaves the route open.
func (c *compiler) readAuthorizer(r *route) *authorizer {
	v := r.cfg.Get("authorizer")
	if v == nil {
		return nil
	}
	a := &authorizer{pen: pen{v.Pos}}
	switch v.Kind {
	case document.Null:
		c.warn(v.Pos, "authorizer of route "+r.name()+" is null: the route has none")
		return nil
	case document.String:
		c.stringAuthorizer(a, v)
	case document.Map:
		c.mapAuthorizer(a, v, r)
	default:
		c.wrongType(v, "authorizer of route "+r.name(), "a string or a map")
		return nil
	}
	if a.kind == "" {
		a.kind = "TOKEN"
		if a.arn != nil && a.arn.Kind == document.String && strings.Contains(a.arn.Text, "cognito-idp") {
			a.kind = "COGNITO_USER_POOLS"
		}
	}
	if a.own {
		a.id = functionID(a.name) + "ApiGatewayAuthorizer"
		noCache := a.kind == "REQUEST" && a.ttl != nil && a.ttl.Text == "0"
		if a.identity == nil && !noCache {
			a.identity = a.pen.str("method.request.header.Authorization")
		}
		c.putAuthorizer(a)
	}
	return a
}

func (c *compiler) stringAuthorizer(a *authorizer, v *document.Value) {
	switch {
	case asciiUpper(v.Text) == "AWS_IAM":
		a.kind = "AWS_IAM"
	case strings.Contains(v.Text, ":"):
		a.own, a.arn, a.name = true, v, nameFromARN(v.Text)
	default:
		a.own, a.name = true, v.Text
		c.authorizerFunction(a, v)
	}
}

func (c *compiler) mapAuthorizer(a *authorizer, v *document.Value, r *route) {
	c.unknown(v, "authorizer.", []string{
		"arn", "authorizerId", "claims", "identitySource", "identityValidationExpression", "managedExternally", "name", "resultTtlInSeconds", "scopes", "type",
	})
	a.kind = c.oneOf(v.Get("type"), "authorizer type", "AWS_IAM", "TOKEN", "REQUEST", "CUSTOM", "COGNITO_USER_POOLS")
	a.scopes = c.listValue(v.Get("scopes"))
	if a.kind == "AWS_IAM" {
		return
	}
	if id := v.Get("authorizerId"); given(id) {
		if !given(v.Get("type")) {
			c.fail(v.Pos, "authorizerId of route "+r.name()+" needs a type", "add type: TOKEN, REQUEST or COGNITO_USER_POOLS")
		}
		a.existing = c.textOrFunction(id, "authorizerId")
		return
	}
	a.own = true
	a.name = c.text(v.Get("name"), "authorizer name")
	switch arn := v.Get("arn"); {
	case given(arn):
		a.arn = c.textOrFunction(arn, "authorizer arn")
		if a.name == "" && isFunction(arn) {
			c.fail(v.Pos, "authorizer of route "+r.name()+" has an arn that is a function, but no name", "add name:")
		} else if a.name == "" {
			a.name = nameFromARN(a.arn.Text)
		}
	case a.name != "":
		c.authorizerFunction(a, v.Get("name"))
	default:
		c.fail(v.Pos, "authorizer of route "+r.name()+" names nothing", "add name: (a function of this service), arn:, or type: and authorizerId:")
	}
	if a.ttl = c.number(v.Get("resultTtlInSeconds"), "resultTtlInSeconds"); a.ttl == nil {
		a.ttl = a.pen.num(300)
	}
	a.identity = c.textValue(v.Get("identitySource"), "identitySource")
	a.pattern = c.textValue(v.Get("identityValidationExpression"), "identityValidationExpression")
	a.claims = c.texts(v.Get("claims"), "claims")
	a.external = c.flag(v.Get("managedExternally"), "managedExternally")
}

func (c *compiler) authorizerFunction(a *authorizer, v *document.Value) {
	for _, f := range c.functions {
		if f.key == a.name {
			a.function = f
			return
		}
	}
	c.fail(v.Pos, "authorizer "+a.name+" is no function of this service", "name a key of functions:, or give its arn")
}

// nameFromARN is the text after the last dash of the ARN's last part: other-dev-auth is auth, and
// userpool/us-east-1_ZZZ is 1_ZZZ.
func nameFromARN(arn string) string {
	last := arn[strings.LastIndexByte(arn, ':')+1:]
	return last[strings.LastIndexByte(last, '-')+1:]
}

// authorization is what a method says of its authorizer.
func (c *compiler) authorization(r *route) (kind string, id, scopes *document.Value) {
	a := r.authorizer
	if a == nil {
		return "NONE", nil, nil
	}
	switch a.kind {
	case "AWS_IAM":
		return a.kind, nil, nil
	case "COGNITO_USER_POOLS":
		kind = a.kind
	default:
		kind = "CUSTOM"
	}
	if id = a.existing; id == nil {
		id = r.pen.ref(a.id)
	}
	return kind, id, a.scopes
}

// putAuthorizer declares the resource and the permission to call the function. Routes that name the same
// authorizer share one resource: the last setting wins, for all of them.
func (c *compiler) putAuthorizer(a *authorizer) {
	p := a.pen
	if first, ok := c.rest.authorizers[a.id]; ok && (first.kind != a.kind || !sameOrAbsent(first.ttl, a.ttl) || !sameOrAbsent(first.identity, a.identity)) {
		c.warn(p.at, "authorizer "+a.name+" is also declared on "+first.pen.at.String()+" with other settings: both routes share one authorizer, and the later setting wins")
	}
	c.rest.authorizers[a.id] = a
	fields := []document.Field{
		set("AuthorizerResultTtlInSeconds", a.ttl),
		set("IdentitySource", a.identity),
		set("Name", p.str(a.name)),
		set("RestApiId", c.rest.api(p)),
		set("IdentityValidationExpression", a.pattern),
		set("Type", p.str(a.kind)),
	}
	needs, function := "", a.arn
	if a.function != nil {
		function = a.function.arn(p)
		needs = a.function.aliasID
	}
	if function == nil {
		return // refused already
	}
	var dependsOn *document.Value
	if needs != "" {
		dependsOn = p.str(needs)
	}
	if a.kind == "COGNITO_USER_POOLS" {
		fields = append(fields, set("ProviderARNs", p.list(function)))
	} else {
		fields = append(fields, set("AuthorizerUri", p.invocation(function, "")))
	}
	c.resources.put(a.id, p.resource("AWS::ApiGateway::Authorizer", p.obj(fields...), set("DependsOn", dependsOn)))
	if a.kind == "COGNITO_USER_POOLS" || a.external {
		return
	}
	if needs != "" {
		function = p.ref(needs)
	}
	c.putPermission(functionID(a.name), function, p, "")
}

func sameOrAbsent(a, b *document.Value) bool { return a == nil || b == nil || document.Equal(a, b) }
