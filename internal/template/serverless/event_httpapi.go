package serverless

import (
	"slices"
	"strings"

	"gatehouse/internal/document"
)

const httpID = "HttpApi"

// httpAPI is the HTTP API of the service while it is being written.
type httpAPI struct {
	cfg         *document.Value // provider.httpApi
	pen         pen
	id          *document.Value // nil: the generated one
	routes      []*httpRoute
	authorizers map[string]httpAuthorizer
}

// httpRoute is one httpApi event.
type httpRoute struct {
	f   *function
	pen pen
	// method is upper-case, path as written; both are "*" for $default.
	method, path string
	authorizer   *document.Value // nil without
}

func (r *httpRoute) key() string {
	if r.path == "*" {
		return "$default"
	}
	return r.method + " " + r.path
}

func (r *httpRoute) id() string {
	if r.path == "*" {
		return "HttpApiRouteDefault"
	}
	return "HttpApiRoute" + upperFirst(asciiLower(r.method)) + pathID(trimPath(r.path))
}

// httpAuthorizer is an entry of provider.httpApi.authorizers.
type httpAuthorizer struct {
	id  string
	jwt bool
}

func (h *httpAPI) api(p pen) *document.Value {
	if h.id != nil {
		return h.id
	}
	return p.ref(httpID)
}

// putHTTPAPI compiles the httpApi events of all functions, if there are any.
func (c *compiler) putHTTPAPI() {
	h := &httpAPI{cfg: c.provider.Get("httpApi"), authorizers: map[string]httpAuthorizer{}}
	c.readHTTPRoutes(h)
	if len(h.routes) == 0 {
		return
	}
	h.pen = h.routes[0].pen
	c.fields(h.cfg, "provider.httpApi")
	c.unknown(h.cfg, "provider.httpApi.", []string{
		"authorizers", "cors", "disableDefaultEndpoint", "id", "metrics", "name", "payload", "shouldStartNameWithService", "timeout", "useProviderTags",
	})
	h.id = c.textOrFunction(h.cfg.Get("id"), "provider.httpApi.id")
	if h.id == nil {
		c.putHTTPStage(h)
		c.putHTTPAuthorizers(h)
	} else if v := h.cfg.Get("authorizers"); given(v) {
		c.fail(v.Pos, "authorizers cannot be added to an HTTP API that exists already", "name them in the events by id and type")
	}
	for _, r := range h.routes {
		c.putHTTPRoute(h, r)
	}
}

// readHTTPRoutes reads the httpApi events. Two events with one route key are refused.
func (c *compiler) readHTTPRoutes(h *httpAPI) {
	seen, ids := map[string]*httpRoute{}, map[string]*httpRoute{}
	for _, f := range c.functions {
		for _, e := range f.events {
			if e.kind != "httpApi" {
				continue
			}
			r := c.readHTTPRoute(f, e)
			if r == nil {
				continue
			}
			if len(seen) == maxRoutes {
				c.fail(r.pen.at, "the service has more than 500 routes", "split it: CloudFormation allows 500 resources")
				return
			}
			if twin, ok := seen[r.key()]; ok {
				c.fail(r.pen.at, "duplicate route "+r.key(), "it is declared first on "+twin.pen.at.String()+"; remove one")
				continue
			}
			if twin, ok := ids[r.id()]; ok {
				c.fail(r.pen.at, "routes "+twin.key()+" and "+r.key()+" get the same logical id "+r.id(), "rename one of them: only letters and digits count, and their case does not")
				continue
			}
			seen[r.key()], ids[r.id()] = r, r
			h.routes = append(h.routes, r)
		}
	}
}

func (c *compiler) readHTTPRoute(f *function, e event) *httpRoute {
	r := &httpRoute{f: f, pen: e.pen}
	var method *document.Value
	if e.cfg.Kind == document.Map {
		c.unknown(e.cfg, "httpApi event key ", []string{"authorizer", "method", "path"})
		r.path = c.text(e.cfg.Get("path"), "path")
		if method = e.cfg.Get("method"); !given(method) {
			method = document.NewString(e.cfg.Pos, "*")
			if r.path != "*" {
				c.fail(e.pen.at, "the httpApi event "+r.path+" has no method", "write method: get, or '*'")
			}
		}
		if v := e.cfg.Get("authorizer"); given(v) {
			r.authorizer = v
		} else if v != nil {
			c.warn(v.Pos, "authorizer of route "+r.path+" is null: the route has none")
		}
	} else {
		word, path, _ := strings.Cut(strings.TrimSpace(c.text(e.cfg, "the httpApi event")), " ")
		r.path = strings.TrimSpace(path)
		method = document.NewString(e.cfg.Pos, word)
		if word == "*" && r.path == "" {
			r.path = "*"
		}
	}
	if r.path == "*" {
		if method.Text != "*" {
			c.fail(e.pen.at, "path * needs method *", "write httpApi: '*' for the default route")
		}
		r.method = "*"
		return r
	}
	if !strings.HasPrefix(r.path, "/") || strings.ContainsAny(r.path, " \t") {
		c.fail(e.pen.at, "the httpApi event of function "+f.key+" is no method and path", "write httpApi: GET /path, or httpApi: '*'")
		return nil
	}
	if len(r.path) > maxPath {
		c.fail(e.pen.at, "an httpApi event of function "+f.key+" has a path of more than 2048 characters", "shorten it")
		return nil
	}
	r.method = "ANY"
	if method.Text != "*" {
		r.method = c.oneOf(method, "method", httpMethods()...)
	}
	if r.method == "" {
		return nil
	}
	return r
}

// putHTTPStage declares the API, its $default stage, its log group and its outputs.
func (c *compiler) putHTTPStage(h *httpAPI) {
	p := h.pen
	if given(h.cfg) {
		p.at = h.cfg.Pos
	}
	name := c.textOrFunction(h.cfg.Get("name"), "provider.httpApi.name")
	switch {
	case name != nil:
	case c.flag(h.cfg.Get("shouldStartNameWithService"), "provider.httpApi.shouldStartNameWithService"):
		name = p.str(c.service + "-" + c.stage)
	default:
		name = p.str(c.stage + "-" + c.service)
	}
	var tags *document.Value
	if v := c.provider.Get("tags"); given(v) && c.flag(h.cfg.Get("useProviderTags"), "provider.httpApi.useProviderTags") {
		tags = v
	}
	c.resources.put(httpID, p.resource("AWS::ApiGatewayV2::Api", p.obj(
		set("Name", name),
		set("ProtocolType", p.str("HTTP")),
		set("DisableExecuteApiEndpoint", c.flagValue(h.cfg.Get("disableDefaultEndpoint"), "provider.httpApi.disableDefaultEndpoint")),
		set("Tags", tags),
		set("CorsConfiguration", c.httpCORS(h)),
	)))
	var settings, needs *document.Value
	if v := c.provider.Get("logs").Get("httpApi"); given(v) && (v.Kind != document.Bool || v.Bool) {
		const group = "HttpApiLogGroup"
		c.resources.put(group, p.resource("AWS::Logs::LogGroup", p.obj(
			set("LogGroupName", p.str("/aws/http-api/"+c.service+"-"+c.stage)),
			set("RetentionInDays", c.number(c.provider.Get("logRetentionInDays"), "provider.logRetentionInDays")),
		)))
		format := c.textValue(v.Get("format"), "provider.logs.httpApi.format")
		if format == nil {
			format = p.str(`{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime",` +
				`"httpMethod":"$context.httpMethod","routeKey":"$context.routeKey","status":"$context.status",` +
				`"protocol":"$context.protocol","responseLength":"$context.responseLength"}`)
		}
		settings, needs = p.obj(set("DestinationArn", p.att(group, "Arn")), set("Format", format)), p.str(group)
	}
	c.resources.put("HttpApiStage", p.resource("AWS::ApiGatewayV2::Stage", p.obj(
		set("ApiId", p.ref(httpID)),
		set("StageName", p.str("$default")),
		set("AutoDeploy", p.yes(true)),
		set("DefaultRouteSettings", p.obj(set("DetailedMetricsEnabled", p.yes(c.flag(h.cfg.Get("metrics"), "provider.httpApi.metrics"))))),
		set("Tags", tags),
		set("AccessLogSettings", settings),
	), set("DependsOn", needs)))
	c.putOutput("HttpApiId", "Id of the HTTP API", p.ref(httpID))
	c.putOutput("HttpApiUrl", "URL of the HTTP API", p.join("", p.str("https://"), p.ref(httpID), p.str(".execute-api."), p.ref("AWS::Region"), p.str("."), p.ref("AWS::URLSuffix")))
}

// httpCORS is the CORS configuration; nil without. The methods are those of the routes, unless given.
func (c *compiler) httpCORS(h *httpAPI) *document.Value {
	v := h.cfg.Get("cors")
	if !given(v) || v.Kind != document.Map && !c.flag(v, "provider.httpApi.cors") {
		return nil
	}
	p := pen{v.Pos}
	if v.Kind != document.Map {
		v = nil
	}
	c.unknown(v, "provider.httpApi.cors.", []string{"allowCredentials", "allowedHeaders", "allowedMethods", "allowedOrigins", "exposedResponseHeaders", "maxAge"})
	methods := []string{"OPTIONS"}
	for _, r := range h.routes {
		used := []string{r.method}
		if r.method == "ANY" || r.method == "*" {
			used = []string{"GET", "POST", "PUT", "PATCH", "HEAD", "DELETE"}
		}
		methods = union(methods, used)
	}
	return c.corsConfiguration(p, v, corsHeaders(), methods)
}

// corsConfiguration reads the CORS section of an HTTP API or a function URL.
func (c *compiler) corsConfiguration(p pen, v *document.Value, headers, methods []string) *document.Value {
	list := func(name string, otherwise []string) *document.Value {
		if given(v.Get(name)) {
			return c.listValue(v.Get(name))
		}
		if otherwise == nil {
			return nil
		}
		return p.strs(otherwise...)
	}
	var credentials *document.Value
	if c.flag(v.Get("allowCredentials"), "cors.allowCredentials") {
		credentials = document.NewBool(v.Get("allowCredentials").Pos, true)
	}
	return p.obj(
		set("AllowCredentials", credentials),
		set("AllowHeaders", list("allowedHeaders", headers)),
		set("AllowMethods", list("allowedMethods", methods)),
		set("AllowOrigins", list("allowedOrigins", []string{"*"})),
		set("ExposeHeaders", list("exposedResponseHeaders", nil)),
		set("MaxAge", c.number(v.Get("maxAge"), "cors.maxAge")),
	)
}

// putHTTPRoute declares a route, and the integration and permission of its function.
func (c *compiler) putHTTPRoute(h *httpAPI, r *httpRoute) {
	p := r.pen
	integration := "HttpApiIntegration" + r.f.id
	if c.resources.get(integration) == nil {
		c.putHTTPIntegration(h, r, integration)
	}
	fields := []document.Field{
		set("ApiId", h.api(p)),
		set("RouteKey", p.str(r.key())),
		set("Target", p.join("/", p.str("integrations"), p.ref(integration))),
	}
	if r.authorizer != nil {
		fields = append(fields, c.httpAuthorization(h, r)...)
	}
	c.resources.put(r.id(), p.resource("AWS::ApiGatewayV2::Route", p.obj(fields...), set("DependsOn", p.str(integration))))
}

func (c *compiler) putHTTPIntegration(h *httpAPI, r *httpRoute, id string) {
	p := r.pen
	var needs *document.Value
	if r.f.aliasID != "" {
		needs = p.str(r.f.aliasID)
	}
	payload := r.f.cfg.Get("httpApi").Get("payload")
	if !given(payload) {
		payload = h.cfg.Get("payload")
	}
	version := c.textValue(payload, "httpApi.payload")
	switch {
	case version == nil:
		version = p.str("2.0")
	case !slices.Contains([]string{"1.0", "2.0"}, version.Text):
		c.fail(payload.Pos, "httpApi.payload is "+version.Text, "it must be '1.0' or '2.0'")
	}
	c.resources.put(r.f.id+"LambdaPermissionHttpApi", p.resource("AWS::Lambda::Permission", c.httpPermission(h, p, r.f.arn(p)), set("DependsOn", needs)))
	c.resources.put(id, p.resource("AWS::ApiGatewayV2::Integration", p.obj(
		set("ApiId", h.api(p)),
		set("IntegrationType", p.str("AWS_PROXY")),
		set("IntegrationUri", r.f.arn(p)),
		set("PayloadFormatVersion", version),
		set("TimeoutInMillis", p.num(30000)),
	), set("DependsOn", needs)))
}

func (c *compiler) httpPermission(h *httpAPI, p pen, function *document.Value) *document.Value {
	return p.obj(
		set("FunctionName", function),
		set("Action", p.str("lambda:InvokeFunction")),
		set("Principal", p.str("apigateway.amazonaws.com")),
		set("SourceArn", p.executeAPI(h.api(p), "/*")),
	)
}
