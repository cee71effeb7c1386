package cloudformation

import (
	"fmt"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/template"
)

// Finding is a declared control that would not be enforced.
type Finding struct {
	// Control is the name by which it can be accepted: one of the Control constants, or the name of a
	// type that is not modelled.
	Control string
	// LogicalID, Type and Pos say where it is declared.
	LogicalID, Type string
	Pos             document.Pos
	// Detail says what was declared, Hint what to do.
	Detail, Hint string
}

// The controls that can be found, besides names of types.
const (
	ControlCognito           = "cognito_user_pools"
	ControlLambdaAuthorizer  = "lambda_authorizer"
	ControlKeyFromAuthorizer = "api_key_source_authorizer"
	ControlCache             = "response_cache"
	ControlClientCertificate = "client_certificate"
	ControlCanary            = "canary"
	ControlTLSPolicy         = "tls_policy"
	ControlEndpointAccess    = "endpoint_access_mode"
	ControlCodeSigning       = "lambda_code_signing"
)

// guarded are the prefixes of types that decide who may do what.
var guarded = []string{
	"AWS::ApiGateway::", "AWS::ApiGatewayV2::", "AWS::IAM::", "AWS::Cognito::", "AWS::Lambda::", "AWS::WAF",
	"AWS::EC2::VPCEndpoint",
}

// bearsOnAccess reports whether a type decides who may do what.
func bearsOnAccess(typ string) bool {
	for _, p := range guarded {
		if strings.HasPrefix(typ, p) {
			return true
		}
	}
	return false
}

// Audit lists the declared controls of planned resources that Gatehouse does not enforce yet. When a value
// that decides is not known before deployment, the control counts as declared.
func Audit(resources []Planned) []Finding {
	return newEngine(Config{}, modelled()).audit(resources)
}

func (e *Engine) audit(resources []Planned) []Finding {
	var a audit
	for _, r := range resources {
		a.at = r
		if e.types[r.Type] == nil {
			if bearsOnAccess(r.Type) {
				a.add(r.Type, "", "resources of type "+r.Type+" are not emulated", "remove it, or accept it by name: it is then only recorded")
			}
			continue
		}
		a.resource(properties{r.Properties})
	}
	return a.found
}

type audit struct {
	at    Planned
	found []Finding
}

// add reports a finding at a property, or at the resource when property is "".
func (a *audit) add(control, property, detail, hint string) {
	pos := a.at.Pos
	if v := a.at.Properties.Get(property); v != nil {
		pos = v.Pos
	}
	a.found = append(a.found, Finding{control, a.at.LogicalID, a.at.Type, pos, detail, hint})
}

const notYet = "remove it, or accept it by name: what declares it then refuses every request"

func (a *audit) resource(p properties) {
	switch a.at.Type {
	case "AWS::ApiGateway::RestApi":
		a.restAPI(p)
	case "AWS::ApiGateway::Method":
		a.method(p)
	case "AWS::ApiGateway::Stage":
		a.stage(p, "")
	case "AWS::ApiGateway::Deployment":
		if d, ok := p.object("StageDescription"); ok {
			a.stage(d, "StageDescription")
		}
		if p.has("DeploymentCanarySettings") {
			a.add(ControlCanary, "DeploymentCanarySettings", "the deployment has canary settings", notYet)
		}
	case "AWS::Lambda::Function":
		if p.must("CodeSigningConfigArn") != "" {
			a.add(ControlCodeSigning, "CodeSigningConfigArn", "the function accepts signed code only", notYet)
		}
	}
}

func (a *audit) restAPI(p properties) {
	if source := p.must("ApiKeySourceType"); source == "AUTHORIZER" || template.IsUnknown(source) {
		a.add(ControlKeyFromAuthorizer, "ApiKeySourceType", "an authorizer supplies the API key", notYet)
	}
	if p.must("SecurityPolicy") != "" {
		a.add(ControlTLSPolicy, "SecurityPolicy", "the API asks for TLS policy "+p.must("SecurityPolicy"), notYet)
	}
	if mode := p.must("EndpointAccessMode"); mode != "" && mode != "BASIC" {
		a.add(ControlEndpointAccess, "EndpointAccessMode", "the API asks for endpoint access mode "+mode, notYet)
	}
}

func (a *audit) method(p properties) {
	verb := p.must("HttpMethod")
	auth := p.must("AuthorizationType")
	control := map[string]string{
		"COGNITO_USER_POOLS": ControlCognito, "CUSTOM": ControlLambdaAuthorizer,
	}[auth]
	switch {
	case control != "":
		a.add(control, "AuthorizationType", fmt.Sprintf("method %s is declared with AuthorizationType %s", verb, auth), notYet)
	case auth != "" && auth != "NONE" && auth != "AWS_IAM":
		// Unknown before deployment, or a word that does not exist: not NONE, so somebody wants a guard.
		a.add(ControlLambdaAuthorizer, "AuthorizationType", fmt.Sprintf("method %s has an authorization type that is not known", verb), notYet)
	}
}

// stage looks at the properties of a stage, or of a StageDescription.
func (a *audit) stage(p properties, within string) {
	at := func(property string) string {
		if within != "" {
			return within
		}
		return property
	}
	caching := isOn(p.v.Get("CacheClusterEnabled")) || isOn(p.v.Get("CachingEnabled"))
	for _, s := range p.objects("MethodSettings") {
		caching = caching || isOn(s.v.Get("CachingEnabled"))
	}
	if caching {
		a.add(ControlCache, at("CacheClusterEnabled"), "the stage caches responses", notYet)
	}
	if p.must("ClientCertificateId") != "" {
		a.add(ControlClientCertificate, at("ClientCertificateId"), "the stage shows a client certificate to its backends", notYet)
	}
	if p.has("CanarySetting") {
		a.add(ControlCanary, at("CanarySetting"), "the stage has canary settings", notYet)
	}
}

// isOn reports whether a flag is set, or may be.
func isOn(v *document.Value) bool {
	return v != nil && (v.Bool || v.Kind == document.String && template.IsUnknown(v.Text))
}
