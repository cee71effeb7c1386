package apigw

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The integration types.
const (
	IntegrationAWS       = "AWS"
	IntegrationAWSProxy  = "AWS_PROXY"
	IntegrationHTTP      = "HTTP"
	IntegrationHTTPProxy = "HTTP_PROXY"
	IntegrationMock      = "MOCK"
)

const (
	minTimeout = 50 * time.Millisecond
	// MaxTimeout is the longest an integration may take, and what an absent timeout means [docs].
	MaxTimeout = 29 * time.Second
)

// SetDefaults fills in what PutIntegration assumes.
func (i *Integration) SetDefaults(resource ResourceID) {
	if i.Passthrough == "" {
		i.Passthrough = "WHEN_NO_MATCH"
	}
	if i.Timeout == 0 {
		i.Timeout = MaxTimeout
	}
	if i.Type == IntegrationMock {
		i.URI = "" // ignored and not shown [recorded]
	}
	if i.CacheNS == "" {
		i.CacheNS = string(resource)
	}
	// Shown for HTTP integrations only [recorded].
	if i.ConnectionType == "" && (i.Type == IntegrationHTTP || i.Type == IntegrationHTTPProxy) {
		i.ConnectionType = "INTERNET"
	}
}

// Check refuses an integration that AWS would not keep.
func (i *Integration) Check() error {
	switch i.Type {
	case IntegrationMock:
	case IntegrationAWS, IntegrationAWSProxy, IntegrationHTTP, IntegrationHTTPProxy:
		if i.HTTPMethod == "" {
			return Refuse(BadRequest, "Enumeration value for HttpMethod must be non-empty")
		}
		if err := CheckVerb(i.HTTPMethod); err != nil {
			return err
		}
		if err := i.checkURI(); err != nil {
			return err
		}
	default:
		return Refuse(BadRequest, "Invalid integration type specified. Valid options are HTTP,AWS,MOCK,HTTP_PROXY,AWS_PROXY")
	}
	if i.Timeout < minTimeout || i.Timeout > MaxTimeout {
		return Refuse(BadRequest, "Timeout should be between 50 ms and 29000 ms")
	}
	if !slices.Contains([]string{"WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"}, i.Passthrough) {
		return Refuse(BadRequest, "Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER")
	}
	if err := checkContentHandling(i.ContentHandling); err != nil {
		return err
	}
	for _, target := range slices.Sorted(maps.Keys(i.RequestParams)) {
		if !strings.HasPrefix(target, "integration.request.") {
			return badMapping("Invalid mapping expression specified: " + target)
		}
	}
	return checkTemplates(i.Templates)
}

// checkURI wants an http(s) address for HTTP integrations and an API Gateway ARN for AWS ones [recorded].
// Stage variables stand for whatever they will hold, so an address with one is only checked when a stage
// is compiled.
func (i *Integration) checkURI() error {
	variable := strings.Contains(i.URI, "${stageVariables.")
	if i.Type == IntegrationHTTP || i.Type == IntegrationHTTPProxy {
		u, err := url.Parse(i.URI)
		if variable || (err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")) {
			return nil
		}
		return Refuse(BadRequest, "Invalid HTTP endpoint specified for URI")
	}
	// arn:aws:apigateway:{region}:{subdomain.service|service}:path|action/{service_api}
	parts := strings.SplitN(i.URI, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return Refuse(BadRequest, "Invalid ARN specified in the request")
	}
	if !strings.HasPrefix(parts[5], "path/") && !strings.HasPrefix(parts[5], "action/") {
		return Refuse(BadRequest, "AWS ARN for integration must contain path or action")
	}
	if parts[2] != "apigateway" {
		return Refuse(BadRequest, "Invalid ARN specified in the request")
	}
	if i.Type == IntegrationAWSProxy && parts[4] != "lambda" && parts[4] != "firehose" && !variable {
		return Refuse(BadRequest, "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")
	}
	return nil
}

func checkContentHandling(s string) error {
	if s == "" || s == "CONVERT_TO_BINARY" || s == "CONVERT_TO_TEXT" {
		return nil
	}
	return Refuse(BadRequest, "Invalid content handling strategy specified. Valid options are CONVERT_TO_BINARY,CONVERT_TO_TEXT")
}

func checkTemplates(templates map[string]string) error {
	for _, contentType := range slices.Sorted(maps.Keys(templates)) {
		if err := checkContentType(contentType); err != nil {
			return err
		}
	}
	return nil
}

// PatchIntegration applies UpdateIntegration.
func PatchIntegration(i Integration, ops []PatchOp) (Integration, error) {
	if err := patch(&i, ops, integrationRules, terse); err != nil {
		return Integration{}, err
	}
	return i, i.Check()
}

var integrationRules = []rule[Integration]{
	{path: "/uri", replace: text(func(i *Integration) *string { return &i.URI })},
	{path: "/httpMethod", replace: text(func(i *Integration) *string { return &i.HTTPMethod })},
	{path: "/credentials", replace: text(func(i *Integration) *string { return &i.Credentials })},
	{path: "/connectionType", replace: text(func(i *Integration) *string { return &i.ConnectionType })},
	{path: "/connectionId", replace: text(func(i *Integration) *string { return &i.ConnectionID })},
	{path: "/passthroughBehavior", replace: text(func(i *Integration) *string { return &i.Passthrough })},
	{path: "/contentHandling", replace: text(func(i *Integration) *string { return &i.ContentHandling })},
	{path: "/cacheNamespace", replace: text(func(i *Integration) *string { return &i.CacheNS })},
	{path: "/tlsConfig/insecureSkipVerification", replace: flag(func(i *Integration) *bool { return &i.InsecureTLS })},
	{path: "/timeoutInMillis", replace: func(i *Integration, _, value string) error {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return Refuse(BadRequest, "Timeout should be between 50 ms and 29000 ms")
		}
		i.Timeout = time.Duration(n) * time.Millisecond
		return nil
	}},
	{
		path: "/cacheKeyParameters/*",
		add: func(i *Integration, name, _ string) error {
			i.CacheKeys = addTo(i.CacheKeys, name)
			return nil
		},
		replace: func(i *Integration, name, value string) error {
			i.CacheKeys = addTo(dropFrom(i.CacheKeys, name), value)
			return nil
		},
		remove: func(i *Integration, name, _ string) error {
			i.CacheKeys = dropFrom(i.CacheKeys, name)
			return nil
		},
	},
	entries("/requestParameters/*", func(i *Integration) *map[string]string { return &i.RequestParams }, asText, noParameter()),
	entries("/requestTemplates/*", func(i *Integration) *map[string]string { return &i.Templates }, asText, noContentType()),
}

// Check refuses an integration response that AWS would not keep. m is the method it belongs to: a header
// can only be set when the method response of the same status declares it.
func (r *IntegrationResponse) Check(m *Method) error {
	if err := checkStatus(r.Status); err != nil {
		return err
	}
	if err := checkContentHandling(r.ContentHandling); err != nil {
		return err
	}
	for _, target := range slices.Sorted(maps.Keys(r.Params)) {
		response := m.Responses[r.Status]
		if response == nil {
			return badMapping("Invalid mapping expression parameter specified: " + target)
		}
		if _, declared := response.Params[target]; !declared {
			return badMapping("Invalid mapping expression parameter specified: " + target)
		}
	}
	return checkTemplates(r.Templates)
}

// PatchIntegrationResponse applies UpdateIntegrationResponse; the caller then calls Check.
func PatchIntegrationResponse(r IntegrationResponse, ops []PatchOp) (IntegrationResponse, error) {
	err := patch(&r, ops, integrationResponseRules, terse)
	return r, err
}

var integrationResponseRules = []rule[IntegrationResponse]{
	{path: "/selectionPattern", replace: text(func(r *IntegrationResponse) *string { return &r.Pattern })},
	{path: "/contentHandling", replace: text(func(r *IntegrationResponse) *string { return &r.ContentHandling })},
	entries("/responseParameters/*", func(r *IntegrationResponse) *map[string]string { return &r.Params }, asText, noParameter()),
	entries("/responseTemplates/*", func(r *IntegrationResponse) *map[string]string { return &r.Templates }, asText, noContentType()),
}
