package serverless

import (
	_ "embed"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"gatehouse/internal/document"
)

// The mapping templates that the framework gives to lambda integrations, character for character: they
// decide what functions receive. They are the text of Serverless Framework's output (MIT licence,
// Copyright Serverless, Inc.).
var (
	//go:embed mapping/json.vtl
	jsonBody string
	//go:embed mapping/form.vtl
	formBody string
	//go:embed mapping/event.vtl
	eventMapping string
)

// requestTemplate is a body with the event around it, and the extra claims of a user pool.
func requestTemplate(body string, claims []string) string {
	var b strings.Builder
	for _, claim := range claims {
		name, source := claim, "."+claim
		if _, after, ok := strings.Cut(claim, ":"); ok { // custom:score is handed on as score
			name, source = after, "['"+claim+"']"
		}
		b.WriteString(`"` + name + `": "$context.authorizer.claims` + source + `",`)
	}
	return body + strings.Replace(eventMapping, "@CLAIMS@", b.String(), 1)
}

// integration writes what a route does.
func (c *compiler) integration(r *route, parameters []parameter) *document.Value {
	p, request := r.pen, r.cfg.Get("request")
	where := "request."
	method := p.str("POST")
	var uri, connectionType, connectionID *document.Value
	switch r.integration {
	case "AWS", "AWS_PROXY":
		uri = p.invocation(p.att(r.f.lambdaID(), "Arn"), r.f.alias)
	case "HTTP", "HTTP_PROXY":
		method = p.str(r.method)
		if v := c.textValue(request.Get("method"), where+"method"); v != nil {
			method = document.NewString(v.Pos, asciiUpper(v.Text))
		}
		if uri = c.textOrFunction(request.Get("uri"), where+"uri"); uri == nil {
			c.fail(p.at, "route "+r.name()+" has an HTTP integration without a URI", "add request.uri")
		}
		if v := r.cfg.Get("connectionType"); given(v) {
			connectionType = p.str(strings.ReplaceAll(asciiUpper(c.text(v, "connectionType")), "-", "_"))
			connectionID = c.textOrFunction(r.cfg.Get("connectionId"), "connectionId")
		}
	}
	fields := []document.Field{
		set("IntegrationHttpMethod", method),
		set("Type", p.str(r.integration)),
		set("Uri", uri),
		set("ConnectionType", connectionType),
		set("ConnectionId", connectionID),
	}
	if r.integration == "AWS" || r.integration == "HTTP" || r.integration == "MOCK" {
		passthrough := c.textValue(request.Get("passThrough"), where+"passThrough")
		if passthrough == nil && r.integration == "AWS" {
			passthrough = p.str("NEVER")
		}
		fields = append(fields,
			set("PassthroughBehavior", passthrough),
			set("ContentHandling", c.textValue(request.Get("contentHandling"), where+"contentHandling")),
			set("RequestTemplates", c.requestTemplates(r)),
			set("IntegrationResponses", c.integrationResponses(r)))
	}
	if r.integration != "AWS_PROXY" && r.integration != "MOCK" {
		fields = append(fields, set("RequestParameters", c.mapped(r, parameters)))
	}
	return p.obj(fields...)
}

// mapped hands the declared parameters on.
func (c *compiler) mapped(r *route, parameters []parameter) *document.Value {
	p := r.pen
	var fields []document.Field
	for _, one := range parameters {
		v := one.mapped
		if v == nil {
			v = p.str(one.source())
		}
		fields = append(fields, set("integration.request."+one.place+"."+one.name, v))
	}
	if r.async {
		fields = append(fields, set("integration.request.header.X-Amz-Invocation-Type", p.str("'Event'")))
	}
	if len(fields) == 0 {
		return nil
	}
	return p.obj(fields...)
}

// requestTemplates are the defaults of a lambda integration under those of the route; null drops one.
func (c *compiler) requestTemplates(r *route) *document.Value {
	p := r.pen
	var all section
	if r.integration == "AWS" {
		var claims []string
		if r.authorizer != nil {
			claims = r.authorizer.claims
		}
		all.replace("application/json", p.str(requestTemplate(jsonBody, claims)))
		all.replace("application/x-www-form-urlencoded", p.str(requestTemplate(formBody, claims)))
	}
	for _, f := range c.fields(r.cfg.Get("request").Get("template"), "request.template") {
		all.replace(f.Name, c.textValue(f.Value, "request.template "+f.Name))
	}
	out := p.obj(all.fields...)
	if len(out.Fields) == 0 {
		return nil
	}
	return out
}

// status is one response of an integration.
type status struct {
	code    string
	pattern string
	cfg     *document.Value
}

// statuses are the responses of a route. Without any that is the default (an empty pattern), 200 is.
func (c *compiler) statuses(r *route) []status {
	response := r.cfg.Get("response")
	var all []status
	isDefault := false
	codes := response.Get("statusCodes")
	for _, f := range c.fields(codes, "response.statusCodes") {
		one := status{code: f.Name, pattern: c.text(f.Value.Get("pattern"), "pattern"), cfg: f.Value}
		if given(f.Value) && f.Value.Kind != document.Map {
			c.wrongType(f.Value, "response.statusCodes."+f.Name, "a map")
		}
		isDefault = isDefault || one.pattern == ""
		all = append(all, one)
	}
	switch {
	case given(codes) && !isDefault:
		all = append(all, status{code: "200"})
	case !given(codes) && r.integration == "AWS":
		all = defaultStatuses()
	case !given(codes) && r.integration == "HTTP":
		c.fail(r.pen.at, "route "+r.name()+" has integration http without responses", "add response.statusCodes: {200: {pattern: ''}}")
	case !given(codes) && given(response):
		c.fail(response.Pos, "route "+r.name()+" has a response without status codes", "add response.statusCodes: {200: {pattern: ''}}")
	}
	// JavaScript keeps names that are numbers in their order, before any others.
	sort.SliceStable(all, func(i, j int) bool {
		a, errA := strconv.Atoi(all[i].code)
		b, errB := strconv.Atoi(all[j].code)
		return errA == nil && (errB != nil || a < b)
	})
	return all
}

// defaultStatuses are chosen by a bracketed number in the error of the function. [observed, golden 03]
func defaultStatuses() []status {
	all := []status{{code: "200"}}
	for _, code := range []string{"400", "401", "403", "404", "422", "500", "502", "504"} {
		pattern := `[\s\S]*\[` + code + `\][\s\S]*`
		switch code {
		case "500":
			pattern = `[\s\S]*(Process\s?exited\s?before\s?completing\s?request|\[500\])[\s\S]*`
		case "504":
			pattern = `([\s\S]*\[504\][\s\S]*)|(.*Task timed out after \d+\.\d+ seconds$)`
		}
		all = append(all, status{code: code, pattern: pattern})
	}
	return all
}

// responseHeaders are the headers of one status: those of cors, of all statuses, and its own.
func (c *compiler) responseHeaders(r *route, s status) section {
	p := r.pen
	var all section
	if r.cors != nil {
		origin := r.cors.origin
		if len(r.cors.origins) > 0 {
			origin = strings.Join(r.cors.origins, ",")
		}
		all.replace("Access-Control-Allow-Origin", p.str("'"+origin+"'"))
		if r.cors.credentials {
			all.replace("Access-Control-Allow-Credentials", p.str("true"))
		}
	}
	for _, cfg := range []*document.Value{r.cfg.Get("response").Get("headers"), s.cfg.Get("headers")} {
		for _, f := range c.fields(cfg, "response headers") {
			if given(f.Value) {
				all.replace(f.Name, c.textValue(f.Value, "response header "+f.Name))
			}
		}
	}
	for i := range all.fields {
		all.fields[i].Name = "method.response.header." + all.fields[i].Name
	}
	return all
}

func (c *compiler) integrationResponses(r *route) *document.Value {
	p, response := r.pen, r.cfg.Get("response")
	items := []*document.Value{}
	for _, s := range c.statuses(r) {
		var templates section
		if v := c.textValue(response.Get("template"), "response.template"); v != nil {
			templates.replace("application/json", v)
		}
		if own := s.cfg.Get("template"); own != nil && own.Kind == document.String {
			c.warn(own.Pos, "the template of status "+s.code+" is ignored: write template: {application/json: …}")
		} else {
			for _, f := range c.fields(own, "template of status "+s.code) {
				templates.replace(f.Name, c.textValue(f.Value, "template "+f.Name))
			}
		}
		headers := c.responseHeaders(r, s)
		var handling *document.Value
		if s.pattern == "" {
			handling = c.textValue(response.Get("contentHandling"), "response.contentHandling")
		}
		items = append(items, p.obj(
			set("StatusCode", p.str(s.code)),
			set("SelectionPattern", p.str(s.pattern)),
			set("ResponseParameters", p.obj(headers.fields...)),
			set("ResponseTemplates", p.obj(templates.fields...)),
			set("ContentHandling", handling),
		))
	}
	return p.list(items...)
}

// methodResponses declares the statuses and headers that the integration responses use.
func (c *compiler) methodResponses(r *route) *document.Value {
	p := r.pen
	items := []*document.Value{}
	if r.integration == "AWS" || r.integration == "HTTP" || r.integration == "MOCK" {
		for _, s := range c.statuses(r) {
			headers := c.responseHeaders(r, s)
			for i := range headers.fields {
				headers.fields[i].Value = p.yes(true)
			}
			items = append(items, p.obj(
				set("ResponseParameters", p.obj(headers.fields...)),
				set("ResponseModels", p.obj()),
				set("StatusCode", p.str(s.code)),
			))
		}
	}
	return p.list(items...)
}

// putValidator declares the one validator of the API.
func (c *compiler) putValidator(p pen) string {
	id := "ApiGateway" + upperFirst(alphanumeric(c.service)) + "RequestValidator"
	if c.resources.get(id) == nil {
		c.resources.put(id, p.resource("AWS::ApiGateway::RequestValidator", p.obj(
			set("RestApiId", c.rest.api(p)),
			set("ValidateRequestBody", p.yes(true)),
			set("ValidateRequestParameters", p.yes(true)),
			set("Name", p.str(c.service+"-"+c.stage+" | Validate request body and querystring parameters")),
		)))
	}
	return id
}

var schemaKeys = regexp.MustCompile(`^(schema|name|description)$`)

// models declares the models of a route, by content type; nil without any. A schema is written in place,
// in place with a name, or named from provider.apiGateway.request.schemas.
func (c *compiler) models(r *route) *document.Value {
	p := r.pen
	shared := c.rest.cfg.Get("request").Get("schemas")
	var all []document.Field
	for _, f := range c.fields(r.cfg.Get("request").Get("schemas"), "request.schemas") {
		id := r.methodID() + startCase(f.Name) + "Model"
		contentType, cfg := f.Name, f.Value
		if cfg.Kind == document.String {
			name := cfg.Text
			if cfg = shared.Get(name); !given(cfg) {
				c.fail(f.Value.Pos, "schema "+name+" of route "+r.name()+" does not exist", "define it under provider.apiGateway.request.schemas")
				continue
			}
			id, contentType = "ApiGateway"+pascalCase(name)+"Model", "application/json"
		}
		if !given(cfg) {
			c.fail(f.Pos, "schema "+f.Name+" of route "+r.name()+" is empty", "write a JSON schema, or the name of one")
			continue
		}
		c.putModel(id, contentType, cfg)
		all = append(all, set(f.Name, p.ref(id)))
	}
	if len(all) == 0 {
		return nil
	}
	return p.obj(all...)
}

func (c *compiler) putModel(id, contentType string, cfg *document.Value) {
	p := pen{cfg.Pos}
	schema, name, description := cfg, (*document.Value)(nil), (*document.Value)(nil)
	wrapped := given(cfg.Get("schema"))
	for _, f := range c.fields(cfg, "a schema") {
		wrapped = wrapped && schemaKeys.MatchString(f.Name)
	}
	if wrapped {
		schema = cfg.Get("schema")
		name = c.textValue(cfg.Get("name"), "schema name")
		description = c.textValue(cfg.Get("description"), "schema description")
	}
	c.resources.put(id, p.resource("AWS::ApiGateway::Model", p.obj(
		set("RestApiId", c.rest.api(p)),
		set("ContentType", p.str(contentType)),
		set("Schema", schema),
		set("Name", name),
		set("Description", description),
	)))
}
