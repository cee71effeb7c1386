package serverless

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"gatehouse/internal/document"
)

const (
	restID = "ApiGatewayRestApi"
	// deploymentID stands for the id of the deployment until the whole template is known.
	deploymentID = "ApiGatewayDeployment__ID__"
)

// restAPI is the REST API of the service while it is being written.
type restAPI struct {
	cfg    *document.Value // provider.apiGateway
	pen    pen             // at the first http event
	id     *document.Value // nil: the generated one
	root   *document.Value
	routes []*route
	paths  map[string]*document.Value // normalised path -> id of an existing resource
	ids    map[string]string          // resource id -> the path that has it

	authorizers map[string]*authorizer
	methods     []string // ids, in the order in which the deployment waits for them
}

// api is the id of the API, as a property.
func (a *restAPI) api(p pen) *document.Value {
	if a.id != nil {
		return a.id
	}
	return p.ref(restID)
}

// stageName is the stage that the deployment makes.
func (c *compiler) stageName() string {
	if s := c.text(c.rest.cfg.Get("stage"), "provider.apiGateway.stage"); s != "" {
		return s
	}
	return c.stage
}

// putRestAPI compiles the http events of all functions, if there are any.
func (c *compiler) putRestAPI() {
	a := &restAPI{cfg: c.provider.Get("apiGateway"), paths: map[string]*document.Value{}, ids: map[string]string{}, authorizers: map[string]*authorizer{}}
	c.rest = a
	for _, f := range c.functions {
		for _, e := range f.events {
			if e.kind == "http" && a.pen.at.Line == 0 {
				a.pen = e.pen
			}
		}
	}
	if a.pen.at.Line == 0 {
		if given(a.cfg.Get("apiKeys")) {
			c.fail(a.cfg.Get("apiKeys").Pos, "API keys are declared, but no function has an http event", "add an http event with private: true, or remove the keys")
		}
		return
	}
	c.readExternal()
	c.readRoutes()
	c.unknown(a.cfg, "provider.apiGateway.", knownAPIGateway())
	if a.id == nil {
		c.putAPI()
	}
	for _, r := range a.routes {
		c.putResources(r.path, r.pen)
	}
	c.putCORS()
	for _, r := range a.routes {
		c.putMethod(r)
	}
	c.putDeployment()
	c.putKeys()
	for _, r := range a.routes {
		c.putPermission(r.f.id, r.f.arn(r.pen), r.pen, r.f.aliasID)
	}
	c.putRestLogs()
}

func knownAPIGateway() []string {
	return []string{
		"apiKeySourceType", "apiKeys", "binaryMediaTypes", "description", "disableDefaultEndpoint", "metrics", "minimumCompressionSize",
		"request", "resourcePolicy", "restApiId", "restApiResources", "restApiRootResourceId", "shouldStartNameWithService", "stage",
		"timeoutInMillis", "usagePlan", "websocketApiId",
	}
}

// readExternal reads an API that exists already: its id, its root and the resources it has.
func (c *compiler) readExternal() {
	a := c.rest
	a.id = c.textOrFunction(a.cfg.Get("restApiId"), "provider.apiGateway.restApiId")
	a.root = c.textOrFunction(a.cfg.Get("restApiRootResourceId"), "provider.apiGateway.restApiRootResourceId")
	if a.id == nil {
		return
	}
	resources := a.cfg.Get("restApiResources")
	if given(resources) && resources.Kind == document.List {
		for _, item := range resources.Items {
			a.paths[trimPath(c.text(item.Get("path"), "restApiResources path"))] = c.textOrFunction(item.Get("resourceId"), "resourceId")
		}
	} else {
		for _, f := range c.fields(resources, "provider.apiGateway.restApiResources") {
			a.paths[trimPath(f.Name)] = c.textOrFunction(f.Value, "restApiResources."+f.Name)
		}
	}
	if a.root == nil {
		c.fail(a.id.Pos, "restApiId names an existing API, but restApiRootResourceId is missing", "add provider.apiGateway.restApiRootResourceId")
		a.root = a.pen.str("")
	}
}

func (c *compiler) putAPI() {
	a, cfg := c.rest, c.rest.cfg
	p := a.pen
	if given(cfg) {
		p.at = cfg.Pos
	}
	endpoint := c.oneOf(c.provider.Get("endpointType"), "provider.endpointType", "EDGE", "REGIONAL", "PRIVATE")
	if endpoint == "" {
		endpoint = "EDGE"
	}
	vpcEndpoints := c.listValue(c.provider.Get("vpcEndpointIds"))
	if vpcEndpoints != nil && endpoint != "PRIVATE" {
		c.fail(vpcEndpoints.Pos, "provider.vpcEndpointIds needs endpointType PRIVATE, not "+endpoint, "write provider.endpointType: PRIVATE")
	}
	policy := p.str("")
	if v := cfg.Get("resourcePolicy"); given(v) {
		policy = c.resourcePolicy(v)
	}
	source := c.oneOf(cfg.Get("apiKeySourceType"), "provider.apiGateway.apiKeySourceType", "HEADER", "AUTHORIZER")
	var keySource *document.Value
	if source != "" {
		keySource = document.NewString(cfg.Get("apiKeySourceType").Pos, source)
	}
	c.resources.put(restID, p.resource("AWS::ApiGateway::RestApi", p.obj(
		set("Name", c.apiName(p)),
		set("BinaryMediaTypes", c.listValue(cfg.Get("binaryMediaTypes"))),
		set("DisableExecuteApiEndpoint", c.flagValue(cfg.Get("disableDefaultEndpoint"), "provider.apiGateway.disableDefaultEndpoint")),
		set("EndpointConfiguration", p.obj(set("Types", p.strs(endpoint)), set("VpcEndpointIds", vpcEndpoints))),
		set("Policy", policy),
		set("ApiKeySourceType", keySource),
		set("MinimumCompressionSize", c.number(cfg.Get("minimumCompressionSize"), "provider.apiGateway.minimumCompressionSize")),
		set("Description", c.textOrFunction(cfg.Get("description"), "provider.apiGateway.description")),
	)))
}

// resourcePolicy is the policy that a list of statements makes. An empty list is no policy. [observed]
func (c *compiler) resourcePolicy(v *document.Value) *document.Value {
	p := pen{v.Pos}
	statements := c.items(v)
	if len(statements) == 0 {
		return p.str("")
	}
	out := make([]*document.Value, len(statements))
	for i, s := range statements {
		if s.Kind != document.Map {
			c.wrongType(s, "a statement of resourcePolicy", "a map")
		}
		out[i] = coerceStatement(s)
	}
	return p.obj(set("Version", p.str("2012-10-17")), set("Statement", p.list(out...)))
}

func (c *compiler) apiName(p pen) *document.Value {
	if v := c.provider.Get("apiName"); given(v) {
		return c.textOrFunction(v, "provider.apiName")
	}
	if c.flag(c.rest.cfg.Get("shouldStartNameWithService"), "shouldStartNameWithService") {
		return p.str(c.service + "-" + c.stage)
	}
	return p.str(c.stage + "-" + c.service)
}

func trimPath(s string) string { return strings.Trim(s, "/") }

// putResources declares the tree down to path, and returns the id of its end.
func (c *compiler) putResources(path string, p pen) *document.Value {
	a := c.rest
	if path == "" {
		if v, ok := a.paths[""]; ok {
			return v
		}
		if a.id != nil {
			return a.root
		}
		return p.att(restID, "RootResourceId")
	}
	if v, ok := a.paths[path]; ok {
		return v
	}
	id := "ApiGatewayResource" + pathID(path)
	if other, ok := a.ids[id]; ok {
		if other != path {
			c.fail(p.at, "paths /"+other+" and /"+path+" get the same logical id "+id, "rename one of them: only letters and digits count, and their case does not")
		}
		return p.ref(id)
	}
	a.ids[id] = path
	parent, part := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent, part = path[:i], path[i+1:]
	}
	if part == "" {
		c.fail(p.at, "path /"+path+" has an empty part", "remove the double slash")
		return p.ref(id)
	}
	c.resources.put(id, p.resource("AWS::ApiGateway::Resource", p.obj(
		set("ParentId", c.putResources(parent, p)),
		set("PathPart", p.str(part)),
		set("RestApiId", a.api(p)),
	)))
	return p.ref(id)
}

// putDeployment declares the deployment, which makes the stage, and the output with the URL.
func (c *compiler) putDeployment() {
	a := c.rest
	p := a.pen
	c.resources.put(deploymentID, p.resource("AWS::ApiGateway::Deployment", p.obj(
		set("RestApiId", a.api(p)),
		set("StageName", p.str(c.stageName())),
		set("Description", c.textOrFunction(a.cfg.Get("description"), "provider.apiGateway.description")),
	), set("DependsOn", p.strs(a.methods...))))
	c.putOutput("ServiceEndpoint", "URL of the service endpoint", p.join("", p.str("https://"), a.api(p), p.str(".execute-api."),
		p.ref("AWS::Region"), p.str("."), p.ref("AWS::URLSuffix"), p.str("/"+c.stage)))
}

// putPermission lets the REST API call a function.
func (c *compiler) putPermission(id string, function *document.Value, p pen, needs string) {
	id += "LambdaPermissionApiGateway"
	if c.resources.get(id) != nil {
		return
	}
	var dependsOn *document.Value
	if needs != "" {
		dependsOn = p.str(needs)
	}
	c.resources.put(id, p.resource("AWS::Lambda::Permission", p.obj(
		set("FunctionName", function),
		set("Action", p.str("lambda:InvokeFunction")),
		set("Principal", p.str("apigateway.amazonaws.com")),
		set("SourceArn", p.executeAPI(c.rest.api(p), "/*/*")),
	), set("DependsOn", dependsOn)))
}

// nameDeployment gives the deployment its id. Without a suffix of the caller it ends in a number made of
// everything that the deployment freezes, so that a changed API gets a new deployment, and only that.
func (c *compiler) nameDeployment(template *document.Value) *document.Value {
	resources := template.Get("Resources")
	if !resources.Has(deploymentID) {
		return template
	}
	suffix := c.o.DeploymentSuffix
	if suffix == "" {
		sum := sha256.New()
		for _, f := range resources.Fields {
			switch kind := f.Value.Get("Type"); {
			case kind == nil || !strings.HasPrefix(kind.Text, "AWS::ApiGateway::"):
			case kind.Text == "AWS::ApiGateway::ApiKey", strings.HasPrefix(kind.Text, "AWS::ApiGateway::UsagePlan"):
			default:
				fmt.Fprintf(sum, "%q%s\n", f.Name, document.JSON(f.Value))
			}
		}
		suffix = fmt.Sprintf("%013d", binary.BigEndian.Uint64(sum.Sum(nil))%1e13)
	}
	return rename(template, deploymentID, "ApiGatewayDeployment"+suffix)
}

// rename replaces every string and name that is from.
func rename(v *document.Value, from, to string) *document.Value {
	switch v.Kind {
	case document.String:
		if v.Text == from {
			return document.NewString(v.Pos, to)
		}
	case document.List:
		return mapItems(v, func(item *document.Value) *document.Value { return rename(item, from, to) })
	case document.Map:
		out := mapFields(v, func(item *document.Value) *document.Value { return rename(item, from, to) })
		for i := range out.Fields {
			if out.Fields[i].Name == from {
				out.Fields[i].Name = to
			}
		}
		return out
	}
	return v
}

func mapItems(v *document.Value, change func(*document.Value) *document.Value) *document.Value {
	out := *v
	out.Items = make([]*document.Value, len(v.Items))
	for i, item := range v.Items {
		out.Items[i] = change(item)
	}
	return &out
}

func mapFields(v *document.Value, change func(*document.Value) *document.Value) *document.Value {
	out := *v
	out.Fields = make([]document.Field, len(v.Fields))
	for i, f := range v.Fields {
		out.Fields[i] = document.Field{Name: f.Name, Pos: f.Pos, Value: change(f.Value)}
	}
	return &out
}
