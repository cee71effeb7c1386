package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/mapping"
)

// maxTimeout is the default and the upper bound of an integration on AWS.
const maxTimeout = 29 * time.Second

// integration compiles what stands behind a method. What cannot run becomes a Broken integration, which
// answers 500 as AWS does for a configuration error; it never makes the stage fail, because the checks of
// the route still hold.
func (c *compiler) integration(st *Stage, def *apigw.Definition, res *apigw.Resource, m *apigw.Method) Integration {
	in := m.Integration
	if in == nil {
		return broken("no integration defined for method")
	}
	timeout := in.Timeout
	if timeout <= 0 || timeout > maxTimeout {
		timeout = maxTimeout
	}
	uri, missing := stageVariables(in.URI, st.Variables)
	if missing != "" {
		return broken("the integration URI names the stage variable %q, which the stage does not set", missing)
	}
	var out Integration
	switch in.Type {
	case "AWS_PROXY":
		out = c.lambdaProxy(st, res, m, in, uri)
	case "HTTP_PROXY":
		out = httpProxy(in, uri)
	case "MOCK":
		if out = mock(in); out.Type == Broken {
			out = withMapping(Integration{Type: MockMapped}, in)
		}
	case "AWS":
		for k, v := range in.RequestParams {
			if lower(k) == "integration.request.header.x-amz-invocation-type" && v != "'RequestResponse'" {
				return broken("asynchronous invocation is not served yet")
			}
		}
		if out = c.lambdaProxy(st, res, m, in, uri); out.Type == LambdaProxy {
			out.Type = Lambda
			out = withMapping(out, in)
		}
	case "HTTP":
		if out = httpProxy(in, uri); out.Type == HTTPProxy {
			out.Type = HTTP
			out = withMapping(out, in)
		}
	default:
		return broken("unknown integration type %q", in.Type)
	}
	out.Timeout = timeout
	out.Binary = def.API.BinaryMediaTypes
	return out
}

// withMapping adds the compiled templates of a type with mapping.
func withMapping(out Integration, in *apigw.Integration) Integration {
	m, err := mapped(in)
	if err != nil {
		return broken("%v", err)
	}
	out.Mapped = m
	return out
}

func broken(format string, args ...any) Integration {
	return Integration{Type: Broken, Reason: fmt.Sprintf(format, args...)}
}

// lambdaPath is the action part of a Lambda integration URI:
// arn:P:apigateway:R:lambda:path/2015-03-31/functions/ARN/invocations.
const lambdaPath = ":lambda:path/2015-03-31/functions/"

func (c *compiler) lambdaProxy(st *Stage, res *apigw.Resource, m *apigw.Method, in *apigw.Integration, uri string) Integration {
	_, rest, ok := strings.Cut(uri, lambdaPath)
	target, ok2 := strings.CutSuffix(rest, "/invocations")
	if !ok || !ok2 {
		return broken("AWS_PROXY wants a Lambda URI (arn:…%sFUNCTION-ARN/invocations), got %q", lambdaPath, uri)
	}
	// AWS calls Lambda with the verb of the definition, and Lambda knows POST only [recorded].
	if in.HTTPMethod != "POST" {
		return broken("the integration HTTP method of a Lambda function must be POST, got %q", in.HTTPMethod)
	}
	out := Integration{Type: LambdaProxy, FunctionARN: target}
	f := c.functions[target]
	if f == nil {
		// $LATEST may be written out.
		f = c.functions[strings.TrimSuffix(target, ":$LATEST")]
	}
	if f == nil {
		return out
	}
	out.Function = f.Config
	if in.Credentials != "" {
		// A role calls on behalf of the gateway; its permissions are IAM's business, which this version does not
		// evaluate, so nothing is permitted.
		return broken("integration credentials are not evaluated yet; give the function a permission for apigateway.amazonaws.com instead")
	}
	for i, verb := range Verbs {
		if m.Verb != verb && m.Verb != "ANY" {
			continue
		}
		source := st.ARNPrefix + "/" + verb + "/" + strings.TrimPrefix(res.Path, "/")
		for _, p := range f.Permissions {
			if p.AdmitsService("apigateway.amazonaws.com", source, string(c.in.Home.Account)) {
				out.Permitted |= 1 << i
				break
			}
		}
	}
	return out
}

func httpProxy(in *apigw.Integration, uri string) Integration {
	if in.ConnectionType == "VPC_LINK" {
		return broken("VPC links are not served yet")
	}
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || (scheme != "http" && scheme != "https") {
		return broken("HTTP_PROXY wants an http or https URI, got %q", uri)
	}
	authority, path := rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if strings.ContainsAny(authority, "{}@") || authority == "" {
		return broken("the host of the integration URI must be a literal host[:port], got %q", authority)
	}
	u, err := url.Parse(scheme + "://" + authority)
	if err != nil || u.Hostname() == "" {
		return broken("the host of the integration URI %q cannot be read", authority)
	}
	path, query, _ := strings.Cut(path, "?")
	if strings.Contains(query, "{") {
		return broken("parameters in the query of the integration URI are not served; map them with requestParameters")
	}
	t := &HTTPTarget{
		Scheme:      scheme,
		Host:        authority,
		Address:     u.Hostname() + ":" + cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[scheme]),
		InsecureTLS: in.InsecureTLS,
		Query:       query,
	}
	if strings.Contains(u.Hostname(), ":") {
		t.Address = "[" + u.Hostname() + "]:" + cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[scheme])
	}
	if in.HTTPMethod != "ANY" {
		t.Method = in.HTTPMethod
	}
	if t.Path, err = pathPieces(cmp.Or(path, "/")); err != nil {
		return broken("integration URI %q: %v", uri, err)
	}
	for _, k := range slices.Sorted(maps.Keys(in.RequestParams)) {
		target, err := mapping.ParseTarget(k)
		if err != nil {
			return broken("%v", err)
		}
		value, err := mapping.Parse(in.RequestParams[k])
		if err != nil {
			return broken("%s: %v", k, err)
		}
		if target.Location == "header" && isFraming(target.Name) {
			// [recorded]: mapping Content-Length or Transfer-Encoding makes every call a 500.
			return broken("%s cannot be mapped", target.Name)
		}
		t.Params = append(t.Params, ParamMapping{target, value})
	}
	return Integration{Type: HTTPProxy, HTTP: t}
}

func isFraming(name string) bool {
	return lower(name) == "content-length" || lower(name) == "transfer-encoding"
}

func pathPieces(path string) ([]PathPiece, error) {
	var out []PathPiece
	for path != "" {
		i := strings.IndexByte(path, '{')
		if i < 0 {
			return append(out, PathPiece{Text: path}), nil
		}
		if i > 0 {
			out = append(out, PathPiece{Text: path[:i]})
		}
		j := strings.IndexByte(path, '}')
		if j < i+2 {
			return nil, fmt.Errorf("unbalanced braces")
		}
		out = append(out, PathPiece{Param: strings.TrimSuffix(path[i+1:j], "+")})
		path = path[j+1:]
	}
	return out, nil
}

var stageVariable = regexp.MustCompile(`\$\{stageVariables\.([A-Za-z0-9_]+)\}`)

// stageVariables puts the variables of the stage into a URI; missing names the first one that is not set.
func stageVariables(uri string, vars map[string]string) (out, missing string) {
	out = stageVariable.ReplaceAllStringFunc(uri, func(s string) string {
		name := stageVariable.FindStringSubmatch(s)[1]
		v, ok := vars[name]
		if !ok && missing == "" {
			missing = name
		}
		return v
	})
	return out, missing
}

// mockStatus reads the statusCode of a MOCK request template. AWS takes the unquoted form {statusCode: 200}
// that Serverless writes [recorded].
var mockStatus = regexp.MustCompile(`^\s*\{\s*"?statusCode"?\s*:\s*"?([1-5][0-9][0-9])"?\s*\}\s*$`)

func mock(in *apigw.Integration) Integration {
	template, ok := in.Templates["application/json"]
	if !ok {
		return broken("a MOCK integration without a request template for application/json is not served yet")
	}
	match := mockStatus.FindStringSubmatch(template)
	if match == nil {
		return broken("MOCK request templates other than {\"statusCode\": N} are not served yet")
	}
	// The default response (no selection pattern) is the one that a mock's status selects, unless a pattern
	// matches the status.
	var chosen *apigw.IntegrationResponse
	for _, status := range slices.Sorted(maps.Keys(in.Responses)) {
		r := in.Responses[status]
		if r.Pattern == match[1] {
			chosen = r
			break
		}
		if r.Pattern == "" && chosen == nil {
			chosen = r
		}
	}
	if chosen == nil {
		return broken("no integration response matches the mock's status %s", match[1])
	}
	status, err := strconv.Atoi(chosen.Status)
	if err != nil {
		return broken("integration response status %q is no number", chosen.Status)
	}
	a := &MockAnswer{Status: status, ContentType: "application/json"}
	for _, k := range slices.Sorted(maps.Keys(chosen.Params)) {
		target, err := mapping.ParseTarget(k)
		if err != nil {
			return broken("%v", err)
		}
		value, err := mapping.Parse(chosen.Params[k])
		if err != nil {
			return broken("%s: %v", k, err)
		}
		a.Headers = append(a.Headers, ParamMapping{target, value})
	}
	if body, ok := chosen.Templates["application/json"]; ok {
		if strings.ContainsAny(body, "#$") {
			return broken("mapping templates are not served yet")
		}
		a.Body = body
	} else if len(chosen.Templates) > 0 {
		return broken("response templates for other types than application/json are not served yet")
	}
	return Integration{Type: Mock, Mock: a}
}
