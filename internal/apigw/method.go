package apigw

import (
	"maps"
	"slices"
	"strings"
)

// Verbs are the values of httpMethod, in the order of AWS's own message.
var verbs = []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}

// CheckVerb refuses what is not a method of API Gateway.
func CheckVerb(verb string) error {
	if slices.Contains(verbs, verb) {
		return nil
	}
	return Refuse(BadRequest, "Invalid HttpMethod specified. Valid options are %s", strings.Join(verbs, ","))
}

// Refs answers what exists in the API of a method.
type Refs struct {
	Authorizers map[AuthorizerID]Authorizer
	Validators  map[ValidatorID]bool
	Models      map[ModelName]bool
}

// Check refuses a method that AWS would not keep, and drops an authorizer that its type does not use, as
// AWS does [recorded].
func (m *Method) Check(refs Refs) error {
	if err := CheckVerb(m.Verb); err != nil {
		return err
	}
	switch m.Auth {
	case AuthNone, AuthIAM:
		m.Authorizer = ""
	case AuthCustom, AuthCognito:
		a, ok := refs.Authorizers[m.Authorizer]
		if !ok || (a.Type == AuthorizerCognito) != (m.Auth == AuthCognito) {
			return Refuse(BadRequest, "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.")
		}
	default:
		return Refuse(BadRequest, "Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS")
	}
	if m.Validator != "" && !refs.Validators[m.Validator] {
		return Refuse(BadRequest, "Invalid Request Validator identifier specified")
	}
	if err := checkModels(m.Models, refs); err != nil {
		return err
	}
	return checkRequestParams(m.Params)
}

func checkModels(models map[string]ModelName, refs Refs) error {
	for _, contentType := range slices.Sorted(maps.Keys(models)) {
		if err := checkContentType(contentType); err != nil {
			return err
		}
		if name := models[contentType]; !refs.Models[name] {
			return Refuse(BadRequest, "Invalid model identifier specified: %s", name)
		}
	}
	return nil
}

// checkContentType refuses a key of a model or template map that is no content type [recorded for
// responseTemplates]. "$default" stands for every other type.
func checkContentType(s string) error {
	if main, sub, ok := strings.Cut(s, "/"); s == "$default" || (ok && main != "" && sub != "") {
		return nil
	}
	return Refuse(BadRequest, "Validation Result: warnings : [], errors : [Invalid content type specified: %s]", s)
}

// checkRequestParams wants method.request.{querystring|path|header}.name, and each name once [recorded].
func checkRequestParams(params map[string]bool) error {
	seen := map[string]bool{}
	for _, p := range slices.Sorted(maps.Keys(params)) {
		name, ok := "", false
		for _, place := range []string{"querystring", "path", "header"} {
			if rest, found := strings.CutPrefix(p, "method.request."+place+"."); found {
				name, ok = rest, rest != ""
			}
		}
		if !ok {
			return badMapping("Invalid mapping expression specified: " + p)
		}
		if seen[name] {
			return Refuse(BadRequest, "Parameter names must be unique across querystring, header and path")
		}
		seen[name] = true
	}
	return nil
}

func badMapping(fault string) error {
	return Refuse(BadRequest, "Invalid mapping expression specified: Validation Result: warnings : [], errors : [%s]", fault)
}

// PatchMethod applies UpdateMethod; the caller then calls Check.
func PatchMethod(m Method, ops []PatchOp) (Method, error) {
	err := patch(&m, ops, methodRules, terse)
	return m, err
}

var methodRules = []rule[Method]{
	{path: "/authorizationType", replace: func(m *Method, _, value string) error {
		m.Auth = AuthType(value)
		return nil
	}},
	{path: "/authorizerId", replace: func(m *Method, _, value string) error {
		m.Authorizer = AuthorizerID(value)
		return nil
	}},
	{
		path: "/authorizationScopes",
		add: func(m *Method, _, value string) error {
			m.Scopes = addTo(m.Scopes, value)
			return nil
		},
		replace: func(m *Method, _, value string) error {
			m.Scopes = nil
			if value != "" {
				m.Scopes = []string{value}
			}
			return nil
		},
		remove: func(m *Method, _, value string) error {
			m.Scopes = dropFrom(m.Scopes, value)
			return nil
		},
	},
	{path: "/apiKeyRequired", replace: flag(func(m *Method) *bool { return &m.KeyRequired })},
	{path: "/operationName", replace: text(func(m *Method) *string { return &m.OperationName })},
	{path: "/requestValidatorId", replace: func(m *Method, _, value string) error {
		m.Validator = ValidatorID(value)
		return nil
	}},
	entries("/requestParameters/*", func(m *Method) *map[string]bool { return &m.Params }, asFlag, noParameter()),
	entries("/requestModels/*", func(m *Method) *map[string]ModelName { return &m.Models }, asModel, noContentType()),
}

func asModel(s string) (ModelName, error) { return ModelName(s), nil }

// Check refuses a method response that AWS would not keep.
func (r *MethodResponse) Check(refs Refs) error {
	if err := checkStatus(r.Status); err != nil {
		return err
	}
	for _, p := range slices.Sorted(maps.Keys(r.Params)) {
		if name, ok := strings.CutPrefix(p, "method.response.header."); !ok || name == "" {
			return badMapping("Invalid mapping expression specified: " + p)
		}
	}
	return checkModels(r.Models, refs)
}

// PatchMethodResponse applies UpdateMethodResponse; the caller then calls Check.
func PatchMethodResponse(r MethodResponse, ops []PatchOp) (MethodResponse, error) {
	err := patch(&r, ops, methodResponseRules, terse)
	return r, err
}

var methodResponseRules = []rule[MethodResponse]{
	entries("/responseParameters/*", func(r *MethodResponse) *map[string]bool { return &r.Params }, asFlag, noParameter()),
	entries("/responseModels/*", func(r *MethodResponse) *map[string]ModelName { return &r.Models }, asModel, noContentType()),
}
