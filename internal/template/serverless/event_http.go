package serverless

import (
	"strings"

	"gatehouse/internal/document"
)

// route is one http event.
type route struct {
	f    *function
	pen  pen
	path string // without outer slashes; "" is the root
	// method is upper-case: GET … or ANY.
	method string
	cfg    *document.Value // the object form; nil for the string form
	// integration is AWS, AWS_PROXY, HTTP, HTTP_PROXY or MOCK.
	integration string
	async       bool
	private     bool
	cors        *cors
	authorizer  *authorizer
}

// name is how messages call the route.
func (r *route) name() string { return r.method + " /" + r.path }

func (r *route) methodID() string {
	return "ApiGatewayMethod" + pathID(r.path) + r.method[:1] + asciiLower(r.method[1:])
}

func httpMethods() []string {
	return []string{"GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE", "ANY"}
}

// maxPath is longer than any URL that a client may send.
const maxPath = 2048

// maxRoutes is the number of resources that a template may have: more routes cannot be deployed.
const maxRoutes = 500

// readRoutes reads the http events. Two events for the same method and path are refused, whatever the
// functions: the framework would silently merge them.
func (c *compiler) readRoutes() {
	seen := map[string]*route{}
	for _, f := range c.functions {
		for _, e := range f.events {
			if e.kind != "http" {
				continue
			}
			r := c.readRoute(f, e)
			if r == nil {
				continue
			}
			if len(seen) == maxRoutes {
				c.fail(r.pen.at, "the service has more than 500 routes", "split it: CloudFormation allows 500 resources")
				return
			}
			if twin, ok := seen[r.name()]; ok {
				c.fail(r.pen.at, "duplicate route "+r.name(), "it is declared first on "+twin.pen.at.String()+"; remove one")
				continue
			}
			seen[r.name()] = r
			c.rest.routes = append(c.rest.routes, r)
		}
	}
}

func (c *compiler) readRoute(f *function, e event) *route {
	r := &route{f: f, pen: e.pen, integration: "AWS_PROXY"}
	if e.cfg.Kind == document.Map {
		r.cfg = e.cfg
		if !given(r.cfg.Get("path")) {
			c.fail(e.pen.at, "an http event of function "+f.key+" has no path", "write path: / for the root")
			return nil
		}
		r.path = trimPath(c.text(r.cfg.Get("path"), "path"))
		r.method = c.oneOf(r.cfg.Get("method"), "method", httpMethods()...)
		if !given(r.cfg.Get("method")) {
			c.fail(e.pen.at, "the http event /"+r.path+" has no method", "write method: get, or any")
		}
	} else {
		method, path, _ := strings.Cut(strings.TrimSpace(c.text(e.cfg, "the http event")), " ")
		path = strings.TrimSpace(path)
		if path == "" || strings.ContainsAny(path, " \t") {
			c.fail(e.cfg.Pos, "the http event "+method+" "+path+" is no method and path", "write http: GET /path, or http: ANY /{proxy+}")
			return nil
		}
		if !strings.HasPrefix(path, "/") {
			c.warn(e.cfg.Pos, "path "+path+" should begin with a slash")
		}
		r.path = trimPath(path)
		r.method = c.oneOf(document.NewString(e.cfg.Pos, method), "method", httpMethods()...)
	}
	if r.method == "" {
		return nil
	}
	if len(r.path) > maxPath {
		c.fail(e.pen.at, "an http event of function "+f.key+" has a path of more than 2048 characters", "shorten it")
		return nil
	}
	if r.cfg == nil {
		return r
	}
	c.unknown(r.cfg, "http event key ", []string{"async", "authorizer", "connectionId", "connectionType", "cors", "integration", "method", "operationId", "path", "private", "request", "response", "timeoutInMillis"})
	r.private = c.flag(r.cfg.Get("private"), "private")
	r.async = c.flag(r.cfg.Get("async"), "async")
	r.integration = c.integrationType(r)
	r.cors = c.readCORS(r)
	r.authorizer = c.readAuthorizer(r)
	if schema := r.cfg.Get("request").Get("schema"); given(schema) {
		if c.legacy && !given(r.cfg.Get("request").Get("schemas")) {
			c.warn(schema.Pos, "request.schema is honoured here but ignored by version 3 of the framework: write request.schemas")
			r.cfg = r.cfg.With("request", r.cfg.Get("request").With("schemas", schema))
		} else {
			c.warn(schema.Pos, "request.schema is ignored by version 3: write request.schemas")
		}
	}
	return r
}

// integrationType reads integration: in any of its spellings.
func (c *compiler) integrationType(r *route) string {
	v := r.cfg.Get("integration")
	if !given(v) {
		if r.async {
			return "AWS"
		}
		return "AWS_PROXY"
	}
	switch asciiUpper(strings.ReplaceAll(c.text(v, "integration"), "-", "_")) {
	case "LAMBDA", "AWS":
		return "AWS"
	case "LAMBDA_PROXY", "AWS_PROXY":
		if r.async {
			return "AWS"
		}
		return "AWS_PROXY"
	case "HTTP":
		return "HTTP"
	case "HTTP_PROXY":
		return "HTTP_PROXY"
	case "MOCK":
		return "MOCK"
	}
	c.fail(v.Pos, "unknown integration "+v.Text+" of route "+r.name(), "it must be one of lambda-proxy, lambda, http, http-proxy, mock")
	return "AWS_PROXY"
}

// putMethod declares the method of a route.
func (c *compiler) putMethod(r *route) {
	a, p, id := c.rest, r.pen, r.methodID()
	a.methods = append(a.methods, id)
	parameters := c.parameters(r)
	kind, authorizerID, scopes := c.authorization(r)
	fields := []document.Field{
		set("HttpMethod", p.str(r.method)),
		set("RequestParameters", requestParameters(p, parameters)),
		set("ResourceId", c.putResources(r.path, p)),
		set("RestApiId", a.api(p)),
		set("OperationName", c.textValue(r.cfg.Get("operationId"), "operationId")),
		set("ApiKeyRequired", p.yes(r.private)),
		set("AuthorizationType", p.str(kind)),
		set("AuthorizerId", authorizerID),
		set("AuthorizationScopes", scopes),
		set("Integration", c.integration(r, parameters)),
		set("MethodResponses", c.methodResponses(r)),
	}
	models := c.models(r)
	if models != nil || len(parameters) > 0 {
		fields = append(fields, set("RequestValidatorId", p.ref(c.putValidator(p))), set("RequestModels", models))
	}
	needs := []string{r.f.id + "LambdaPermissionApiGateway"}
	if r.f.aliasID != "" {
		needs = append(needs, r.f.aliasID)
	}
	if r.authorizer != nil && r.authorizer.own {
		// The framework merges the lists index by index: the authorizer takes the permission's place.
		needs[0] = r.authorizer.id
	}
	c.resources.put(id, p.resource("AWS::ApiGateway::Method", p.obj(fields...), set("DependsOn", p.strs(needs...))))
}

// parameter is one entry of request.parameters.
type parameter struct {
	place, name string // querystring, X
	required    *document.Value
	mapped      *document.Value // nil: the parameter itself
}

func (p parameter) source() string { return "method.request." + p.place + "." + p.name }

// parameters reads request.parameters.
func (c *compiler) parameters(r *route) []parameter {
	var all []parameter
	cfg := r.cfg.Get("request").Get("parameters")
	c.fields(cfg, "request.parameters")
	for _, group := range []struct{ key, place string }{{"querystrings", "querystring"}, {"paths", "path"}, {"headers", "header"}} {
		for _, f := range c.fields(cfg.Get(group.key), "request.parameters."+group.key) {
			one := parameter{place: group.place, name: f.Name}
			required := f.Value
			if f.Value.Kind == document.Map {
				required = f.Value.Get("required")
				one.mapped = c.textValue(f.Value.Get("mappedValue"), "mappedValue")
			}
			if one.required = c.flagValue(required, "request parameter "+f.Name); one.required == nil {
				one.required = document.NewBool(f.Pos, true)
			}
			all = append(all, one)
		}
	}
	c.unknown(cfg, "request.parameters.", []string{"querystrings", "paths", "headers"})
	return all
}

// requestParameters is what the method asks of a request.
func requestParameters(p pen, all []parameter) *document.Value {
	fields := make([]document.Field, len(all))
	for i, one := range all {
		fields[i] = set(one.source(), one.required)
	}
	return p.obj(fields...)
}
