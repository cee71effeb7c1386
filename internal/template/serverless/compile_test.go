package serverless

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/document"
)

// head begins most files of these tests; its last line is line 4.
const head = `service: s
frameworkVersion: "3"
provider: {name: aws, runtime: nodejs20.x}
functions:
`

// memory is a directory of files.
func memory(files map[string]string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
}

// service are the options for a lone serverless.yml.
func service(text string) Options {
	return Options{File: "serverless.yml", ReadFile: memory(map[string]string{"serverless.yml": text})}
}

func compiled(t *testing.T, o Options) *Result {
	t.Helper()
	result, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no map":                {"- a\n", "serverless.yml:1: a service must be a map, not a list (start with service: NAME and provider:)"},
		"no service":            {"provider: aws\n", "serverless.yml:1: the service has no name (write service: my-service at the top)"},
		"other provider":        {"service: s\nprovider: {name: azure}\n", `serverless.yml:2: provider.name is "azure" (only aws is served: write provider: {name: aws})`},
		"provider is a list":    {"service: s\nprovider: [aws]\n", "serverless.yml:2: provider must be a map, not a list (correct its type)"},
		"service is a list":     {"service: [a, b]\nprovider: aws\n", "serverless.yml:1: service must be a string, not a list (correct its type)"},
		"service number":        {"service: 12\nprovider: aws\n", `serverless.yml:1: the service is named "12" (begin with a letter; it becomes part of the stack's name: use only letters, digits and hyphens, at most 128 together)`},
		"service characters":    {"service: my_shop\nprovider: aws\n", `serverless.yml:1: the service is named "my_shop" (begin with a letter; it becomes part of the stack's name: use only letters, digits and hyphens, at most 128 together)`},
		"stage characters":      {"service: s\nprovider:\n  name: aws\n  stage: my_stage\n", `serverless.yml:4: the stage is named "my_stage" (it becomes part of the stack's name: use only letters, digits and hyphens, at most 128 together)`},
		"stack name":            {"service: s\nprovider:\n  name: aws\n  stackName: a.b\n", `serverless.yml:4: provider.stackName is "a.b" (begin with a letter and use only letters, digits and hyphens, at most 128)`},
		"function is a string":  {head + "  f: functions/h.a\n", "serverless.yml:5: functions.f must be a map, not a string (correct its type)"},
		"no handler":            {head + "  f: {timeout: 3}\n", "serverless.yml:5: function f has no handler (write handler: file.function)"},
		"same function ids":     {head + "  a-b: {handler: h.a}\n  aDashb: {handler: h.a}\n", "serverless.yml:6: functions a-b and aDashb get the same logical ids (rename one of them)"},
		"wrong number":          {head + "  f: {handler: h.a, timeout: soon}\n", "serverless.yml:5: functions.f.timeout must be a number, not a string (correct its type)"},
		"wrong flag":            {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, private: maybe}}]}\n", "serverless.yml:5: private must be true or false (write true or false)"},
		"wrong variable":        {head + "  f: {handler: h.a, environment: {A: [1, 2]}}\n", "serverless.yml:5: environment variable A must be a string, not a list (correct its type)"},
		"misspelt event":        {head + "  f:\n    handler: h.a\n    events:\n      - htpp: GET /\n", "serverless.yml:8: unknown event type htpp of function f (known are http, httpApi, activemq, alb, alexaSkill, alexaSmartHome, cloudFront, cloudwatchEvent, cloudwatchLog, cognitoUserPool, eventBridge, iot, iotFleetProvisioning, kafka, msk, rabbitmq, s3, schedule, sns, sqs, stream, websocket)"},
		"event not indented":    {head + "  f:\n    handler: h.a\n    events:\n      - http:\n        path: a\n        method: get\n", "serverless.yml:9: path stands beside http in an event of function f, not below it (indent it further than http)\nserverless.yml:10: method stands beside http in an event of function f, not below it (indent it further than http)"},
		"flag not indented":     {head + "  f:\n    handler: h.a\n    events:\n      - http: GET /a\n        private: true\n", "serverless.yml:9: private stands beside http in an event of function f, not below it (indent it further than http)"},
		"empty event":           {head + "  f: {handler: h.a, events: [{http: null}]}\n", "serverless.yml:5: the http event of function f is empty (write - http: GET /path)"},
		"event is a number":     {head + "  f: {handler: h.a, events: [7]}\n", "serverless.yml:5: an event of function f must be a map (write - http: GET /path)"},
		"no path":               {head + "  f: {handler: h.a, events: [{http: {method: get}}]}\n", "serverless.yml:5: an http event of function f has no path (write path: / for the root)"},
		"no method":             {head + "  f: {handler: h.a, events: [{http: {path: a}}]}\n", "serverless.yml:5: the http event /a has no method (write method: get, or any)"},
		"unknown method":        {head + "  f: {handler: h.a, events: [{http: BREW /a}]}\n", `serverless.yml:5: method is "BREW" (it must be one of GET, POST, PUT, PATCH, OPTIONS, HEAD, DELETE, ANY)`},
		"star event":            {head + "  f: {handler: h.a, events: [{http: '*'}]}\n", "serverless.yml:5: the http event *  is no method and path (write http: GET /path, or http: ANY /{proxy+})"},
		"duplicate route":       {head + "  f:\n    handler: h.a\n    events:\n      - http: GET /a\n  g:\n    handler: h.a\n    events:\n      - http: {path: a/, method: get, private: true}\n", "serverless.yml:12: duplicate route GET /a (it is declared first on serverless.yml:8; remove one)"},
		"colliding paths":       {head + "  f: {handler: h.a, events: [{http: GET /a_b}, {http: {path: ab, method: post, private: true}}]}\n", "serverless.yml:5: paths /a_b and /ab get the same logical id ApiGatewayResourceAb (rename one of them: only letters and digits count, and their case does not)"},
		"empty path part":       {head + "  f: {handler: h.a, events: [{http: GET /a//b}]}\n", "serverless.yml:5: path /a/ has an empty part (remove the double slash)"},
		"unknown integration":   {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, integration: soap}}]}\n", "serverless.yml:5: unknown integration soap of route GET /a (it must be one of lambda-proxy, lambda, http, http-proxy, mock)"},
		"no uri":                {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, integration: http-proxy}}]}\n", "serverless.yml:5: route GET /a has an HTTP integration without a URI (add request.uri)"},
		"authorizer unknown":    {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, authorizer: nobody}}]}\n", "serverless.yml:5: authorizer nobody is no function of this service (name a key of functions:, or give its arn)"},
		"authorizer empty":      {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, authorizer: {}}}]}\n", "serverless.yml:5: authorizer of route GET /a names nothing (add name: (a function of this service), arn:, or type: and authorizerId:)"},
		"authorizer flag":       {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, authorizer: true}}]}\n", "serverless.yml:5: authorizer of route GET /a must be a string or a map, not a boolean (correct its type)"},
		"authorizer type":       {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, authorizer: {type: basic, authorizerId: x}}}]}\n", "serverless.yml:5: authorizer type is \"basic\" (it must be one of AWS_IAM, TOKEN, REQUEST, CUSTOM, COGNITO_USER_POOLS)"},
		"authorizer id alone":   {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, authorizer: {authorizerId: x}}}]}\n", "serverless.yml:5: authorizerId of route GET /a needs a type (add type: TOKEN, REQUEST or COGNITO_USER_POOLS)"},
		"authorizer arn alone":  {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, authorizer: {arn: {Ref: X}}}}]}\n", "serverless.yml:5: authorizer of route GET /a has an arn that is a function, but no name (add name:)"},
		"schema unknown":        {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, request: {schemas: {a/b: c}}}}]}\n", "serverless.yml:5: schema c of route GET /a does not exist (define it under provider.apiGateway.request.schemas)"},
		"http without statuses": {head + "  f: {handler: h.a, events: [{http: {path: a, method: get, integration: http, request: {uri: x}}}]}\n", "serverless.yml:5: route GET /a has integration http without responses (add response.statusCodes: {200: {pattern: ''}})"},
		"http api method":       {head + "  f: {handler: h.a, events: [{httpApi: '* /a'}, {httpApi: {path: /b}}]}\n", "serverless.yml:5: the httpApi event /b has no method (write method: get, or '*')"},
		"http api path":         {head + "  f: {handler: h.a, events: [{httpApi: GET a}]}\n", "serverless.yml:5: the httpApi event of function f is no method and path (write httpApi: GET /path, or httpApi: '*')"},
		"http api duplicate":    {head + "  f:\n    handler: h.a\n    events:\n      - httpApi: GET /a\n      - httpApi: {path: /a, method: get}\n", "serverless.yml:9: duplicate route GET /a (it is declared first on serverless.yml:8; remove one)"},
		"http api collision":    {head + "  f: {handler: h.a, events: [{httpApi: GET /a_b}, {httpApi: GET /ab}]}\n", "serverless.yml:5: routes GET /a_b and GET /ab get the same logical id HttpApiRouteGetAb (rename one of them: only letters and digits count, and their case does not)"},
		"http api authorizer":   {head + "  f: {handler: h.a, events: [{httpApi: {path: /a, method: get, authorizer: nobody}}]}\n", "serverless.yml:5: authorizer nobody of route GET /a does not exist (declare it under provider.httpApi.authorizers)"},
		"http api id":           {head + "  f: {handler: h.a, events: [{httpApi: {path: /a, method: get, authorizer: {id: x, type: jwt}}}]}\n", "serverless.yml:5: route GET /a names an authorizer by id, but the HTTP API is part of this service (declare it under provider.httpApi.authorizers and name it)"},
		"url authorizer":        {head + "  f: {handler: h.a, url: {authorizer: none}}\n", `serverless.yml:5: url.authorizer is "none" (it must be one of aws_iam)`},
		"extension unknown":     {head + "  f: {handler: h.a}\nresources: {extensions: {Nothing: {DependsOn: A}}}\n", "serverless.yml:6: resources.extensions.Nothing extends no resource (name the logical id of a generated resource)"},
		"extension attribute":   {head + "  f: {handler: h.a}\nresources: {extensions: {FLogGroup: {Type: A}}}\n", "serverless.yml:6: resources.extensions cannot change Type (it can change Properties, DependsOn, Metadata, Condition and the policies)"},
		"resources":             {head + "  f: {handler: h.a}\nresources: {Resources: [a]}\n", "serverless.yml:6: resources.Resources must be a map, not a list (correct its type)"},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := Compile(service(c.text))
			if err == nil {
				t.Fatal("compiled")
			}
			if diff := cmp.Diff(err.Error(), c.want); diff != "" {
				t.Errorf("error (-got +want):\n%s", diff)
			}
			if result.Template != nil || len(result.Files) == 0 {
				t.Errorf("a failed compilation returned %+v, want only Files", result)
			}
		})
	}
}

// gateway is a file with this provider.apiGateway (lines 5 on) and one private route.
func gateway(text string) string {
	return "service: s\nfunctions: {f: {handler: h.a, events: [{http: {path: a, method: get, private: true}}]}}\nprovider:\n  name: aws\n" + text
}

func TestRefusesKeys(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"short value": {"  apiGateway:\n    apiKeys:\n      - name: mine\n        value: short-value\n",
			"serverless.yml:8: the value of the API key mine has 11 characters (it needs 20 to 128; leave it out to have one generated)"},
		"long value": {"  apiGateway: {apiKeys: [{value: " + strings.Repeat("x", 129) + "}]}\n",
			"serverless.yml:5: the value of the API key has 129 characters (it needs 20 to 128)"},
		"same value": {"  apiGateway:\n    apiKeys:\n      - {name: a, value: aaaaaaaaaaaaaaaaaaaa}\n      - {name: b, value: aaaaaaaaaaaaaaaaaaaa}\n",
			"serverless.yml:8: the API key b has the same value as the one on serverless.yml:7 (give each key its own value)"},
		"neither": {"  apiGateway: {apiKeys: [{description: d}]}\n",
			"serverless.yml:5: an API key needs a name or a value (write - name: my-key)"},
		"category without plans": {"  apiGateway:\n    apiKeys:\n      - free: [a]\n",
			`serverless.yml:7: API key category "free" has no usage plan (add free to provider.apiGateway.usagePlan)`},
		"unknown category": {"  apiGateway:\n    apiKeys:\n      - fee: [a]\n    usagePlan:\n      - free: {quota: {limit: 1, period: DAY}}\n",
			`serverless.yml:7: API key category "fee" has no usage plan (add fee to provider.apiGateway.usagePlan)`},
		"category and one plan": {"  apiGateway:\n    apiKeys:\n      - free: [a]\n    usagePlan: {quota: {limit: 1, period: DAY}}\n",
			`serverless.yml:7: API key category "free" has no usage plan (add free to provider.apiGateway.usagePlan)`},
		"no category": {"  apiGateway:\n    apiKeys:\n      - a\n    usagePlan:\n      - free: {quota: {limit: 1, period: DAY}}\n",
			"serverless.yml:7: this API key has no category, but the usage plans have (move it under one of the categories)"},
		"plan twice": {"  apiGateway:\n    usagePlan:\n      - free: {}\n      - free: {}\n",
			`serverless.yml:8: usage plan category "free" is declared twice (remove one)`},
		"period": {"  apiGateway: {usagePlan: {quota: {limit: 1, period: YEAR}}}\n",
			`serverless.yml:5: quota.period is "YEAR" (it must be one of DAY, WEEK, MONTH)`},
		"negative": {"  apiGateway: {usagePlan: {throttle: {rateLimit: -1}}}\n",
			"serverless.yml:5: throttle.rateLimit is negative (write 0 or more)"},
		"plan is a string": {"  apiGateway: {usagePlan: free}\n",
			"serverless.yml:5: provider.apiGateway.usagePlan must be a map or a list of categories, not a string (correct its type)"},
		"quota is a number": {"  apiGateway: {usagePlan: {quota: 5}}\n",
			"serverless.yml:5: quota must be a map, not a number (correct its type)"},
		"key source": {"  apiGateway: {apiKeySourceType: QUERY}\n",
			`serverless.yml:5: provider.apiGateway.apiKeySourceType is "QUERY" (it must be one of HEADER, AUTHORIZER)`},
		"policy": {"  apiGateway: {resourcePolicy: [Allow]}\n",
			"serverless.yml:5: a statement of resourcePolicy must be a map, not a string (correct its type)"},
		"endpoint": {"  endpointType: PUBLIC\n",
			`serverless.yml:5: provider.endpointType is "PUBLIC" (it must be one of EDGE, REGIONAL, PRIVATE)`},
		"vpc endpoints": {"  vpcEndpointIds: [a]\n",
			"serverless.yml:5: provider.vpcEndpointIds needs endpointType PRIVATE, not EDGE (write provider.endpointType: PRIVATE)"},
		"external root": {"  apiGateway: {restApiId: x}\n",
			"serverless.yml:5: restApiId names an existing API, but restApiRootResourceId is missing (add provider.apiGateway.restApiRootResourceId)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(service(gateway(c.text)))
			if err == nil {
				t.Fatal("compiled")
			}
			if diff := cmp.Diff(err.Error(), c.want); diff != "" {
				t.Errorf("error (-got +want):\n%s", diff)
			}
		})
	}
}

// A key's value is a secret: no message may repeat it.
func TestErrorsHideValues(t *testing.T) {
	const value = "secret-but-short"
	_, err := Compile(service(gateway("  apiGateway: {apiKeys: [{name: a, value: " + value + "}]}\n")))
	if err == nil || strings.Contains(err.Error(), value) {
		t.Errorf("error = %v, want one that does not show the value", err)
	}
}

func TestWarnings(t *testing.T) {
	route := func(text string) string {
		return head + "  auth: {handler: h.auth}\n  f: {handler: h.a, events: [{http: {path: a, method: get, authorizer: auth}}, {http: {path: b, method: get, " + text + "}}]}\n"
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing": {head + "  f: {handler: h.a}\n", nil},
		"plugins": {"service: s\nprovider: aws\nplugins:\n  - serverless-offline\n  - my-plugin\n  - serverless-webpack\n  - my-plugin\n", []string{
			"serverless.yml:5: plugin my-plugin is not run here: whatever it adds to the service is missing",
			"serverless.yml:6: plugin serverless-webpack is not run here: functions run from their sources as they are",
		}},
		"unknown keys": {"service: s\nprovider: {name: aws, timeOut: 3}\nfunction: {}\nfunctions: {f: {handler: h.a, tiemout: 3}}\n", []string{
			"serverless.yml:3: top-level function is not known and has no effect",
			"serverless.yml:2: provider.timeOut is not known and has no effect",
			"serverless.yml:4: functions.f.tiemout is not known and has no effect",
		}},
		"other events": {head + "  f: {handler: h.a, events: [{schedule: rate(1 day)}, {schedule: rate(2 days)}, {websocket: $connect}]}\n", []string{
			"serverless.yml:5: events of type schedule are not served here",
			"serverless.yml:5: events of type websocket are not served here",
		}},
		"shared authorizer": {route("authorizer: {name: auth, type: request, resultTtlInSeconds: 0}"), []string{
			"serverless.yml:6: authorizer auth is also declared on serverless.yml:6 with other settings: both routes share one authorizer, and the later setting wins",
		}},
		"same authorizer": {route("authorizer: auth"), nil},
		"null authorizer": {route("authorizer: null"), []string{"serverless.yml:6: authorizer of route GET /b is null: the route has none"}},
		"old schema": {route("request: {schema: {application/json: {type: object}}}"), []string{
			"serverless.yml:6: request.schema is ignored by version 3: write request.schemas",
		}},
		"layers": {head + "  f: {handler: h.a, layers: [{Ref: LibLambdaLayer}], fileSystemConfig: {arn: x}}\nlayers: {lib: {path: lib, retain: true}}\n", []string{
			"serverless.yml:5: file systems are not mounted here",
			"serverless.yml:6: layers are not built here: functions run without their content",
		}},
		"no slash": {head + "  f: {handler: h.a, events: [{http: GET a}]}\n", []string{"serverless.yml:5: path a should begin with a slash"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, w := range compiled(t, service(c.text)).Warnings {
				got = append(got, w.Pos.String()+": "+w.Msg)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("warnings (-got +want):\n%s", diff)
			}
		})
	}
}

// legacyFile puts access control where versions 1 and 2 had it. Version 3 drops it without a word: the API
// would be open.
const legacyFile = `service: s
VERSION
provider:
  name: aws
  runtime: nodejs10.x
  apiKeys: [mine]
  usagePlan: {quota: {limit: 5, period: DAY}}
  resourcePolicy: [{Effect: Deny, Principal: "*", Action: execute-api:Invoke, Resource: "execute-api:/*"}]
  apiKeySourceType: AUTHORIZER
  iamRoleStatements: [{Effect: Allow, Action: "a:b", Resource: "arn:aws:x:#{AWS::Region}:#{Other}"}]
functions:
  f: {handler: h.a, events: [{http: {path: a, method: post, private: true, request: {schema: {application/json: {type: object}}}}}]}
`

func TestLegacy(t *testing.T) {
	for name, c := range map[string]struct {
		version  string
		compat   Compat
		honoured bool
		warnings int
	}{
		"no version":      {"", HonourLegacy, true, 6},
		"range from 2":    {`frameworkVersion: ">=2.1.0 <4"`, HonourLegacy, true, 6},
		"version 3":       {`frameworkVersion: "3"`, HonourLegacy, false, 5},
		"strict":          {"", StrictV3, false, 5},
		"range from 3":    {`frameworkVersion: ^3.2.0`, HonourLegacy, false, 5},
		"either":          {`frameworkVersion: "2 || 3"`, HonourLegacy, true, 6},
		"from 2 to 3":     {`frameworkVersion: 2.0.0 - 3.0.0`, HonourLegacy, true, 6},
		"below something": {`frameworkVersion: "<3"`, HonourLegacy, true, 6},
	} {
		t.Run(name, func(t *testing.T) {
			o := service(strings.Replace(legacyFile, "VERSION", c.version, 1))
			o.Compat = c.compat
			result := compiled(t, o)
			resources := result.Template.Get("Resources")
			api := resources.Get("ApiGatewayRestApi").Get("Properties")
			got := map[string]bool{
				"key":        resources.Has("ApiGatewayApiKey1"),
				"plan":       resources.Has("ApiGatewayUsagePlan"),
				"policy":     api.Get("Policy").Kind == document.Map,
				"key source": api.Has("ApiKeySourceType"),
				"validator":  resources.Has("ApiGatewaySRequestValidator"),
				"region":     strings.Contains(string(document.JSON(resources)), `{"Fn::Sub":"arn:aws:x:${AWS::Region}:#{Other}"}`),
			}
			for what, ok := range got {
				if ok != c.honoured {
					t.Errorf("%s honoured: %v, want %v", what, ok, c.honoured)
				}
			}
			if len(result.Warnings) != c.warnings {
				t.Errorf("warnings = %v, want %d", result.Warnings, c.warnings)
			}
		})
	}
}

func TestPseudoParameters(t *testing.T) {
	o := service("service: s\nframeworkVersion: '3'\nprovider: aws\nplugins: [serverless-pseudo-parameters]\nresources:\n  Outputs:\n" +
		"    A: {Value: 'x-#{AWS::Region}-#{Any.Arn}'}\n    B: {Value: {'Fn::Sub': '#{X}'}}\n    C: {Value: '#@{X} #{not a name} #'}\n")
	got := string(document.JSON(compiled(t, o).Template.Get("Outputs").Without("ServerlessDeploymentBucketName")))
	want := `{"A":{"Value":{"Fn::Sub":"x-${AWS::Region}-${Any.Arn}"}},"B":{"Value":{"Fn::Sub":"${X}"}},"C":{"Value":"#{X} #{not a name} #"}}`
	if got != want {
		t.Errorf("outputs\n got %s\nwant %s", got, want)
	}
}

// What is refused later, at deployment, is refused with the line that caused it.
func TestPositions(t *testing.T) {
	const text = `service: s
frameworkVersion: "3"
provider:
  name: aws
  apiGateway:
    apiKeys:
      - free:
          - one
          - name: two
            value: twotwotwotwotwotwotwo
    usagePlan:
      - free:
          quota: {limit: 1, period: DAY}
functions:
  f:
    handler: h.a
    events:
      - http: GET /a
      - http:
          path: b
          method: get
          cors: true
          authorizer: aws_iam
          request:
            schemas:
              application/json: {type: object}
      - httpApi: GET /c
`
	resources := compiled(t, service(text)).Template.Get("Resources")
	for id, line := range map[string]int{
		"FLambdaFunction":                          15,
		"FLogGroup":                                15,
		"ApiGatewayMethodAGet":                     18,
		"ApiGatewayResourceA":                      18,
		"FLambdaPermissionApiGateway":              18,
		"ApiGatewayMethodBGet":                     19,
		"ApiGatewayMethodBOptions":                 22,
		"ApiGatewayMethodBGetApplicationJsonModel": 26,
		"HttpApiRouteGetC":                         27,
		"HttpApiIntegrationF":                      27,
		"ApiGatewayApiKeyFree1":                    8,
		"ApiGatewayApiKeyFree2":                    9,
		"ApiGatewayUsagePlanKeyFree2":              9,
		"ApiGatewayUsagePlanFree":                  13,
	} {
		if got := resources.Get(id); got == nil || got.Pos.Line != line || got.Get("Properties").Pos.Line != line {
			t.Errorf("%s stands at %+v, want line %d", id, got, line)
		}
	}
	method := resources.Get("ApiGatewayMethodBGet").Get("Properties")
	for _, name := range []string{"AuthorizationType", "Integration", "RestApiId"} {
		if got := method.Get(name).Pos.Line; got != 19 {
			t.Errorf("%s of the method stands on line %d, want 19", name, got)
		}
	}
	if got := resources.Get("ApiGatewayApiKeyFree2").Get("Properties").Get("Value").Pos.Line; got != 10 {
		t.Errorf("the value of the key stands on line %d, want 10", got)
	}
}

func TestResult(t *testing.T) {
	o := service(gateway("  stackName: mine\n  apiGateway: {apiKeys: [one, {name: two, value: {Ref: P}}], usagePlan: {quota: {limit: 1, period: DAY}}}\n"))
	o.Stage, o.Region = "qa", "eu-west-1"
	result := compiled(t, o)
	result.Template = nil
	at := func(line, col int) document.Pos { return document.Pos{File: "serverless.yml", Line: line, Col: col} }
	want := &Result{
		Service: "s", Stage: "qa", Region: "eu-west-1", StackName: "mine",
		Functions: []Function{{Key: "f", LogicalID: "FLambdaFunction", Name: "s-qa-f", Handler: "h.a", Runtime: "nodejs16.x", Pos: at(2, 13)}},
		Keys: []DeclaredKey{
			{Name: "one", LogicalID: "ApiGatewayApiKey1", Pos: at(6, 26)},
			{Name: "two", LogicalID: "ApiGatewayApiKey2", HasValue: true, Pos: at(6, 31)},
		},
		Files: []string{"serverless.yml"},
	}
	if diff := cmp.Diff(result, want); diff != "" {
		t.Errorf("Compile (-got +want):\n%s", diff)
	}
}

// The deployment freezes the API: its id must follow the API and nothing else.
func TestDeploymentID(t *testing.T) {
	id := func(text string) string {
		t.Helper()
		resources := compiled(t, service(text)).Template.Get("Resources")
		i := slices.IndexFunc(resources.Fields, func(f document.Field) bool { return strings.HasPrefix(f.Name, "ApiGatewayDeployment") })
		name := resources.Fields[i].Name
		if !regexp.MustCompile(`^ApiGatewayDeployment\d{13}$`).MatchString(name) {
			t.Fatalf("deployment id %s", name)
		}
		return name
	}
	before := id(gateway("  apiGateway: {apiKeys: [a]}\n"))
	if got := id(gateway("  memorySize: 512\n  apiGateway: {apiKeys: [a, b], usagePlan: {quota: {limit: 1, period: DAY}}}\n")); got != before {
		t.Error("keys, plans and functions changed the deployment")
	}
	for what, text := range map[string]string{
		"the key source": gateway("  apiGateway: {apiKeys: [a], apiKeySourceType: AUTHORIZER}\n"),
		"a route":        strings.Replace(gateway("  apiGateway: {apiKeys: [a]}\n"), "private: true", "private: false", 1),
		"a resource":     gateway("  apiGateway: {apiKeys: [a]}\nresources: {Resources: {ApiGatewayMethodAGet: {Properties: {AuthorizationType: AWS_IAM}}}}\n"),
	} {
		if id(text) == before {
			t.Errorf("%s changed, the deployment did not", what)
		}
	}
	o := service(gateway(""))
	o.DeploymentSuffix = "42"
	if !compiled(t, o).Template.Get("Resources").Has("ApiGatewayDeployment42") {
		t.Error("DeploymentSuffix was not used")
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{functionID("get-stores"), "GetDashstores"},
		{functionID("my_fn"), "MyUnderscorefn"},
		{pathID("store/{id}"), "StoreIdVar"},
		{pathID("users/{userId}/posts-list/{post_id}"), "UsersUseridVarPostsDashlistPostidVar"},
		{pathID("{proxy+}"), "ProxyVar"},
		{pathID("me.json"), "Mejson"},
		{pathID("*"), ""},
		{pathID(""), ""},
		{pathID("éA{x"), "Ax"},
		{pascalCase("post_item-v2"), "PostItemV2"},
		{pascalCase("HTTPThing"), "HttpThing"},
		{startCase("application/vnd.x+json"), "ApplicationVndXJson"},
		{startCase("text/X2Y.ABCd_e9"), "TextX2YABCdE9"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}
