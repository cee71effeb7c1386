package serverless

import (
	"strconv"
	"strings"

	"gatehouse/internal/document"
)

// readService checks the head of the file: name, provider, plugins, unknown sections.
func (c *compiler) readService() {
	service := c.cfg.Get("service")
	if given(service) && service.Kind == document.Map { // versions 1 and 2
		service = service.Get("name")
	}
	c.service = c.text(service, "service")
	if c.service == "" && len(c.errs) == 0 {
		c.fail(c.cfg.Pos, "the service has no name", "write service: my-service at the top")
	}
	switch p := c.provider; {
	case p != nil && p.Kind == document.String: // the short form: provider: aws
		c.provider = document.NewMap(p.Pos, document.NewField("name", p))
	case given(p) && p.Kind != document.Map:
		c.wrongType(p, "provider", "a map")
		return
	}
	if name := c.text(c.provider.Get("name"), "provider.name"); name != "aws" {
		at := c.cfg.Pos
		if c.provider != nil {
			at = c.provider.Pos
		}
		c.fail(at, "provider.name is "+strconv.Quote(name), "only aws is served: write provider: {name: aws}")
	}
	c.unknown(c.cfg, "top-level ", knownSections())
	c.unknown(c.provider, "provider.", knownProvider())
	c.legacyProvider()
	for _, name := range c.plugins() {
		if what, ok := plugins()[name.Text]; !ok {
			c.warn(name.Pos, "plugin "+name.Text+" is not run here: whatever it adds to the service is missing")
		} else if what != "" {
			c.warn(name.Pos, "plugin "+name.Text+" is not run here: "+what)
		}
	}
}

// plugins lists the plugins, which may stand in a list or under modules.
func (c *compiler) plugins() []*document.Value {
	v := c.cfg.Get("plugins")
	if v != nil && v.Kind == document.Map {
		v = v.Get("modules")
	}
	var names []*document.Value
	for _, item := range c.items(v) {
		if item.Kind == document.String {
			names = append(names, item)
		}
	}
	return names
}

func (c *compiler) hasPlugin(name string) bool {
	for _, p := range c.plugins() {
		if p.Text == name {
			return true
		}
	}
	return false
}

// plugins that are known: what is missing without them, "" when nothing is.
func plugins() map[string]string {
	const build = "functions run from their sources as they are"
	return map[string]string{
		"serverless-offline":                     "",
		"serverless-pseudo-parameters":           "", // built in
		"serverless-python-requirements":         "packages are taken from the Python that runs the functions",
		"serverless-esbuild":                     build,
		"serverless-webpack":                     build,
		"serverless-bundle":                      build,
		"serverless-plugin-typescript":           build,
		"serverless-plugin-optimize":             "",
		"serverless-plugin-warmup":               "",
		"serverless-prune-plugin":                "",
		"serverless-dotenv-plugin":               "its .env files are read for ${env:}, but are not given to the functions",
		"serverless-domain-manager":              "custom.customDomain is not served",
		"serverless-iam-roles-per-function":      "all functions have the common role",
		"serverless-apigw-binary":                "its media types are not added: write provider.apiGateway.binaryMediaTypes",
		"serverless-add-api-key":                 "its keys are not made: write provider.apiGateway.apiKeys",
		"serverless-plugin-split-stacks":         "",
		"serverless-plugin-log-retention":        "",
		"serverless-deployment-bucket":           "",
		"serverless-plugin-tracing":              "",
		"serverless-plugin-include-dependencies": "",
	}
}

func knownSections() []string {
	return []string{
		"app", "build", "configValidationMode", "configurationValidationMode", "console", "custom", "deprecationNotificationMode",
		"disabledDeprecations", "enableLegacyDeploymentBucketPolicy", "frameworkVersion", "functions", "layers", "org", "outputs",
		"package", "params", "plugins", "projectDir", "provider", "resources", "service", "tenant", "unresolvedVariablesNotificationMode",
		"useDotenv", "variablesResolutionMode", "variableSyntax",
	}
}

func knownProvider() []string {
	return []string{
		"alb", "apiGateway", "apiName", "architecture", "cfnRole", "cloudFront", "credentials", "deploymentBucket", "deploymentMethod",
		"deploymentPrefix", "disableRollback", "ecr", "endpointType", "environment", "eventBridge", "httpApi", "iam", "iamManagedPolicies",
		"iamRoleStatements", "kmsKeyArn", "lambdaHashingVersion", "layers", "logDataProtectionPolicy", "logRetentionInDays", "logs",
		"memorySize", "name", "notificationArns", "profile", "region", "resourceGroup", "role", "rolePermissionsBoundary",
		"rollbackConfiguration", "runtime", "runtimeManagement", "s3", "stackName", "stackParameters", "stackPolicy", "stackTags", "stage",
		"tags", "timeout", "tracing", "versionFunctions", "vpc", "vpcEndpointIds", "websocketsApiName", "websocketsApiRouteSelectionExpression",
		"websocketsDescription",
		// Versions 1 and 2: legacyProvider speaks of them.
		"apiKeys", "apiKeySourceType", "binaryMediaTypes", "minimumCompressionSize", "resourcePolicy", "usagePlan",
	}
}

// legacyProvider moves what stood directly under provider in versions 1 and 2 to where it belongs now.
func (c *compiler) legacyProvider() {
	for _, name := range []string{"apiKeys", "usagePlan", "resourcePolicy", "apiKeySourceType", "minimumCompressionSize", "binaryMediaTypes"} {
		v := c.provider.Get(name)
		if !given(v) {
			continue
		}
		what := "provider." + name + " is ignored by version 3: move it to provider.apiGateway." + name
		if c.legacy && !given(c.provider.Get("apiGateway").Get(name)) {
			what = "provider." + name + " is honoured here but ignored by version 3 of the framework: move it to provider.apiGateway." + name
			c.provider = c.provider.With("apiGateway", c.provider.Get("apiGateway").With(name, v))
		}
		c.warn(v.Pos, what)
	}
}

// useDotenv loads the .env files when the service asks for them.
func (c *compiler) useDotenv(r *resolver, raw *document.Value, stage string) {
	c.cfg = raw
	wanted := c.hasPlugin("serverless-dotenv-plugin")
	if v := raw.Get("useDotenv"); v != nil {
		got := r.flatten(v)
		wanted = wanted || got.ok && c.flag(got.value, "useDotenv")
	}
	if wanted {
		r.loadDotenv(stage)
	}
	r.errs = append(r.errs, c.errs...)
}

// demandsV3 reports whether every version that the range allows is 3 or later.
func demandsV3(v *document.Value) bool {
	s, ok := v.Scalar()
	if !ok || hasVariables(s) {
		return false
	}
	for alternative := range strings.SplitSeq(s, "||") {
		least := 0
		alternative, _, _ = strings.Cut(alternative, " - ")
		for _, comparator := range strings.Fields(alternative) {
			if strings.HasPrefix(comparator, "<") {
				continue
			}
			major, _, _ := strings.Cut(strings.TrimLeft(comparator, "^~>=v "), ".")
			if n, err := strconv.Atoi(major); err == nil {
				least = max(least, n)
			}
		}
		if least < 3 {
			return false
		}
	}
	return true
}

// stackName is provider.stackName, or service and stage. CloudFormation takes letters, digits and hyphens,
// beginning with a letter, at most 128 of them.
func (c *compiler) stackName() string {
	if v := c.provider.Get("stackName"); given(v) {
		name := c.text(v, "provider.stackName")
		if !isStackName(name) {
			c.fail(v.Pos, "provider.stackName is "+strconv.Quote(name), "begin with a letter and use only letters, digits and hyphens, at most 128")
		}
		return name
	}
	name := c.service + "-" + c.stage
	if isStackName(name) || c.service == "" {
		return name
	}
	const hint = "it becomes part of the stack's name: use only letters, digits and hyphens, at most 128 together"
	switch v := c.provider.Get("stage"); {
	case !isStackName(c.service):
		c.fail(c.cfg.Get("service").Pos, "the service is named "+strconv.Quote(c.service), "begin with a letter; "+hint)
	case given(v):
		c.fail(v.Pos, "the stage is named "+strconv.Quote(c.stage), hint)
	default: // --stage
		c.fail(c.cfg.Pos, "the stage is named "+strconv.Quote(c.stage), hint)
	}
	return name
}

func isStackName(s string) bool {
	for i := range len(s) {
		b := s[i]
		letter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
		if !letter && (i == 0 || b != '-' && (b < '0' || b > '9')) {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 128
}
