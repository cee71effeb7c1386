package apigw

import (
	"maps"
	"slices"
	"strings"
)

// DefaultTemplate is the body of every gateway response that was not customised [recorded].
const DefaultTemplate = `{"message":$context.error.messageString}`

// responseStatus lists the types of gateway responses with their statuses; the two families have none
// [recorded].
var responseStatus = map[string]string{
	"ACCESS_DENIED":                  "403",
	"API_CONFIGURATION_ERROR":        "500",
	"AUTHORIZER_CONFIGURATION_ERROR": "500",
	"AUTHORIZER_FAILURE":             "500",
	"BAD_REQUEST_BODY":               "400",
	"BAD_REQUEST_PARAMETERS":         "400",
	"DEFAULT_4XX":                    "",
	"DEFAULT_5XX":                    "",
	"EXPIRED_TOKEN":                  "403",
	"INTEGRATION_FAILURE":            "504",
	"INTEGRATION_TIMEOUT":            "504",
	"INVALID_API_KEY":                "403",
	"INVALID_SIGNATURE":              "403",
	"MISSING_AUTHENTICATION_TOKEN":   "403",
	"QUOTA_EXCEEDED":                 "429",
	"REQUEST_TOO_LARGE":              "413",
	"RESOURCE_NOT_FOUND":             "404",
	"THROTTLED":                      "429",
	"UNAUTHORIZED":                   "401",
	"UNSUPPORTED_MEDIA_TYPE":         "415",
	"WAF_FILTERED":                   "403",
}

// GatewayResponseTypes are the 21 types, sorted.
func GatewayResponseTypes() []string { return slices.Sorted(maps.Keys(responseStatus)) }

// DefaultGatewayResponse is the built-in response of a type; ok is false for an unknown type.
func DefaultGatewayResponse(api APIID, kind string) (_ GatewayResponse, ok bool) {
	status, ok := responseStatus[kind]
	return GatewayResponse{
		API: api, Type: kind, Status: status,
		Params:    map[string]string{},
		Templates: map[string]string{"application/json": DefaultTemplate},
	}, ok
}

// SetDefaults fills in what a PutGatewayResponse left out: always the built-in values, never those of an
// earlier put or of the family [recorded].
func (r *GatewayResponse) SetDefaults() {
	d, _ := DefaultGatewayResponse(r.API, r.Type)
	if r.Status == "" {
		r.Status = d.Status
	}
	if r.Params == nil {
		r.Params = d.Params
	}
	if r.Templates == nil {
		r.Templates = d.Templates
	}
}

// Check refuses a gateway response that AWS would not keep.
func (r *GatewayResponse) Check() error {
	if _, ok := responseStatus[r.Type]; !ok {
		return Refuse(NotFound, "Gateway response type not defined on api")
	}
	if r.Status != "" {
		if err := checkStatus(r.Status); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		header, ok := strings.CutPrefix(name, "gatewayresponse.header.")
		if !ok || !only(header, "!#$%&'*+-.^_`|~") {
			return Refuse(BadRequest, "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", name)
		}
		if r.Params[name] == "" {
			return Refuse(BadRequest, "Invalid null or empty value in responseParameters")
		}
	}
	for _, contentType := range slices.Sorted(maps.Keys(r.Templates)) {
		if err := checkContentType(contentType); err != nil {
			return err
		}
		if r.Templates[contentType] == "" {
			return Refuse(BadRequest, "Invalid null or empty value in responseTemplates")
		}
	}
	return nil
}

// checkStatus wants a status of the pattern [1-5]\d\d. The wire says it in the words of the model; this is
// for patches and for templates.
func checkStatus(s string) error {
	if len(s) == 3 && s[0] >= '1' && s[0] <= '5' && s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9' {
		return nil
	}
	return Refuse(BadRequest, "Invalid status code specified: %s", s)
}

// PatchGatewayResponse applies UpdateGatewayResponse to the response in force, the built-in one if there
// is no other.
func PatchGatewayResponse(r GatewayResponse, ops []PatchOp) (GatewayResponse, error) {
	if err := patch(&r, ops, gatewayResponseRules, badPath); err != nil {
		return GatewayResponse{}, err
	}
	if r.Params == nil {
		r.Params = map[string]string{}
	}
	if r.Templates == nil {
		r.Templates = map[string]string{}
	}
	return r, r.Check()
}

var gatewayResponseRules = []rule[GatewayResponse]{
	{path: "/statusCode", replace: text(func(r *GatewayResponse) *string { return &r.Status })},
	entries("/responseParameters/*", func(r *GatewayResponse) *map[string]string { return &r.Params }, notEmpty("responseParameters"), noParameter()),
	entries("/responseTemplates/*", func(r *GatewayResponse) *map[string]string { return &r.Templates }, notEmpty("responseTemplates"), noContentType()),
}

func notEmpty(member string) func(string) (string, error) {
	return func(s string) (string, error) {
		if s == "" {
			return "", Refuse(BadRequest, "Invalid null or empty value in %s", member)
		}
		return s, nil
	}
}

// Listed is a gateway response as GetGatewayResponse shows it.
type Listed struct {
	GatewayResponse
	// Default is true for a type that was not customised, also when its family was.
	Default bool
}

// InForce answers for one type what set, the customised responses by type, says about it: its own entry;
// else the built-in response, overlaid with the family's entry [recorded].
func InForce(api APIID, kind string, set map[string]GatewayResponse) (_ Listed, ok bool) {
	if own, found := set[kind]; found {
		return Listed{own, false}, true
	}
	r, ok := DefaultGatewayResponse(api, kind)
	if !ok {
		return Listed{}, false
	}
	family := ""
	switch {
	case r.Status == "":
	case r.Status[0] == '4':
		family = "DEFAULT_4XX"
	case r.Status[0] == '5':
		family = "DEFAULT_5XX"
	}
	if f, found := set[family]; found {
		r.Params, r.Templates = f.Params, f.Templates
		if f.Status != "" {
			r.Status = f.Status
		}
	}
	return Listed{r, true}, true
}
