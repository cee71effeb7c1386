package serverless

import (
	"slices"
	"strings"

	"gatehouse/internal/document"
)

// cors is the cors section of one event, or of all events of a path merged.
type cors struct {
	pen                       pen
	origin                    string
	origins, headers, methods []string
	credentials               bool
	maxAge, cacheControl      *document.Value
}

func corsHeaders() []string {
	return []string{"Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amzn-Trace-Id"}
}

// readCORS reads cors: true or an object; nil without.
func (c *compiler) readCORS(r *route) *cors {
	v := r.cfg.Get("cors")
	if !given(v) {
		return nil
	}
	out := &cors{pen: pen{v.Pos}, origin: "*", headers: corsHeaders()}
	if v.Kind != document.Map {
		if !c.flag(v, "cors") {
			return nil
		}
		v = nil
	}
	c.unknown(v, "cors.", []string{"allowCredentials", "cacheControl", "headers", "maxAge", "methods", "origin", "origins"})
	if s := c.text(v.Get("origin"), "cors.origin"); s != "" {
		out.origin = s
	}
	if given(v.Get("origins")) {
		out.origins = c.texts(v.Get("origins"), "cors.origins")
		if len(out.origins) == 0 {
			c.fail(v.Get("origins").Pos, "cors.origins is empty", "name an origin, or remove it")
		}
	}
	if given(v.Get("headers")) {
		out.headers = c.texts(v.Get("headers"), "cors.headers")
	}
	out.methods = c.texts(v.Get("methods"), "cors.methods")
	for _, m := range []string{"OPTIONS", r.method} {
		if !slices.Contains(out.methods, m) {
			out.methods = append(out.methods, m)
		}
	}
	out.credentials = c.flag(v.Get("allowCredentials"), "cors.allowCredentials")
	if n := c.number(v.Get("maxAge"), "cors.maxAge"); n != nil && n.Text != "0" {
		out.maxAge = n
	}
	out.cacheControl = c.textValue(v.Get("cacheControl"), "cors.cacheControl")
	return out
}

// texts reads a list of strings.
func (c *compiler) texts(v *document.Value, what string) []string {
	var out []string
	for _, item := range c.items(v) {
		out = append(out, c.text(item, what))
	}
	return out
}

// over merges a later event's section over those of the same path. [observed]
func (o *cors) over(earlier *cors) *cors {
	out := *o
	out.origins = union(o.origins, earlier.origins)
	out.headers = union(o.headers, earlier.headers)
	out.methods = union(o.methods, earlier.methods)
	out.credentials = o.credentials || earlier.credentials
	if out.maxAge == nil {
		out.maxAge = earlier.maxAge
	}
	if out.cacheControl == nil {
		out.cacheControl = earlier.cacheControl
	}
	out.pen = earlier.pen
	return &out
}

func union(first, second []string) []string {
	var out []string
	for _, s := range slices.Concat(first, second) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// allowed is the fixed value of Access-Control-Allow-Origin, and the origins that a request may be
// answered with instead.
func (o *cors) allowed() (string, []string) {
	origins := o.origins
	if strings.Contains(o.origin, ",") {
		origins = nil
		for s := range strings.SplitSeq(o.origin, ",") {
			origins = append(origins, strings.TrimSpace(s))
		}
	}
	if len(origins) > 0 {
		return origins[0], origins
	}
	return o.origin, nil
}

// putCORS declares the OPTIONS method of every path that has a cors section.
func (c *compiler) putCORS() {
	var paths []string
	merged := map[string]*cors{}
	for _, r := range c.rest.routes {
		if r.cors == nil {
			continue
		}
		earlier, ok := merged[r.path]
		if !ok {
			paths = append(paths, r.path)
			merged[r.path] = r.cors
			continue
		}
		merged[r.path] = r.cors.over(earlier)
	}
	for _, path := range paths {
		c.putPreflight(path, merged[path])
	}
}

func (c *compiler) putPreflight(path string, o *cors) {
	p := o.pen
	origin, origins := o.allowed()
	// ANY is spelt out where it stands, even when that repeats a method. [observed]
	methods := strings.ReplaceAll(strings.Join(o.methods, ","), "ANY", "DELETE,GET,HEAD,PATCH,POST,PUT")
	headers := []document.Field{
		set("Access-Control-Allow-Origin", p.str("'"+origin+"'")),
		set("Access-Control-Allow-Headers", p.str("'"+strings.Join(o.headers, ",")+"'")),
		set("Access-Control-Allow-Methods", p.str("'"+methods+"'")),
	}
	if o.credentials {
		headers = append(headers, set("Access-Control-Allow-Credentials", p.str("'true'")))
	}
	if o.maxAge != nil {
		headers = append(headers, set("Access-Control-Max-Age", p.str("'"+o.maxAge.Text+"'")))
	}
	if o.cacheControl != nil {
		headers = append(headers, set("Cache-Control", p.str("'"+o.cacheControl.Text+"'")))
	}
	declared := make([]document.Field, len(headers))
	for i := range headers {
		headers[i].Name = "method.response.header." + headers[i].Name
		declared[i] = set(headers[i].Name, p.yes(true))
	}
	id := "ApiGatewayMethod" + pathID(path) + "Options"
	c.rest.methods = append(c.rest.methods, id)
	c.resources.put(id, p.resource("AWS::ApiGateway::Method", p.obj(
		set("AuthorizationType", p.str("NONE")),
		set("HttpMethod", p.str("OPTIONS")),
		set("MethodResponses", p.list(p.obj(set("StatusCode", p.str("200")), set("ResponseParameters", p.obj(declared...)), set("ResponseModels", p.obj())))),
		set("RequestParameters", p.obj()),
		set("Integration", p.obj(
			set("Type", p.str("MOCK")),
			set("RequestTemplates", p.obj(set("application/json", p.str("{statusCode:200}")))),
			set("ContentHandling", p.str("CONVERT_TO_TEXT")),
			set("IntegrationResponses", p.list(p.obj(
				set("StatusCode", p.str("200")),
				set("ResponseParameters", p.obj(headers...)),
				set("ResponseTemplates", p.obj(set("application/json", p.str(originTemplate(origins))))),
			))),
		)),
		set("ResourceId", c.putResources(path, p)),
		set("RestApiId", c.rest.api(p)),
	)))
}

// originTemplate answers with the origin of the request when it is one of the allowed ones. A star in an
// allowed origin is any text; a dot is a dot.
func originTemplate(origins []string) string {
	if len(origins) == 0 {
		return ""
	}
	tests := make([]string, len(origins))
	for i, o := range origins {
		tests[i] = `$origin.matches("` + strings.NewReplacer(".", "[.]", "*", ".+").Replace(o) + `")`
	}
	return "#set($origin = $input.params(\"Origin\"))\n" +
		"#if($origin == \"\") #set($origin = $input.params(\"origin\")) #end\n" +
		"#if(" + strings.Join(tests, " || ") + ") #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end"
}
