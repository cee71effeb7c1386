package serverless

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"gatehouse/internal/document"
)

// function is one entry of functions:.
type function struct {
	key  string
	id   string // the beginning of its logical ids
	name string // physical
	cfg  *document.Value
	pen  pen // at the key

	handler, runtime, artifact string
	alias, aliasID             string // of provisioned concurrency or snap start
	version                    string // logical id; "" without one
	ownRole                    *document.Value
	disableLogs                bool
	events                     []event
}

// event is one entry of a function's events.
type event struct {
	kind string
	cfg  *document.Value
	pen  pen
}

func (f *function) lambdaID() string { return f.id + "LambdaFunction" }
func (f *function) logID() string    { return f.id + "LogGroup" }

// arn is the function as an API calls it: through its alias when it has one.
func (f *function) arn(p pen) *document.Value {
	if f.alias == "" {
		return p.att(f.lambdaID(), "Arn")
	}
	return p.join(":", p.att(f.lambdaID(), "Arn"), p.str(f.alias))
}

func (f *function) result() Function {
	return Function{Key: f.key, LogicalID: f.lambdaID(), Name: f.name, Handler: f.handler, Runtime: f.runtime, ArtifactZip: f.artifact, Pos: f.pen.at}
}

// readFunctions reads functions:, a map or a list of maps.
func (c *compiler) readFunctions() {
	ids := map[string]*function{}
	for _, group := range c.items(c.cfg.Get("functions")) {
		for _, field := range c.fields(group, "functions") {
			if !given(field.Value) {
				continue
			}
			if field.Value.Kind != document.Map {
				c.wrongType(field.Value, "functions."+field.Name, "a map")
				continue
			}
			if len(c.functions) == maxRoutes {
				c.fail(field.Pos, "the service has more than 500 functions", "split it: CloudFormation allows 500 resources")
				return
			}
			f := c.readFunction(field)
			if twin, ok := ids[f.id]; ok {
				c.fail(f.pen.at, "functions "+twin.key+" and "+f.key+" get the same logical ids", "rename one of them")
			}
			ids[f.id] = f
			c.functions = append(c.functions, f)
		}
	}
}

func (c *compiler) readFunction(field document.Field) *function {
	where := "functions." + field.Name + "."
	f := &function{key: field.Name, id: functionID(field.Name), cfg: field.Value, pen: pen{field.Pos}}
	f.name = cmp.Or(c.text(f.cfg.Get("name"), where+"name"), c.service+"-"+c.stage+"-"+f.key)
	f.handler = c.text(f.cfg.Get("handler"), where+"handler")
	f.runtime = cmp.Or(c.text(f.cfg.Get("runtime"), where+"runtime"), c.text(c.provider.Get("runtime"), "provider.runtime"), "nodejs16.x")
	f.disableLogs = c.flag(f.cfg.Get("disableLogs"), where+"disableLogs")
	f.ownRole = c.roleOf(f.cfg.Get("role"), where+"role")
	for _, pkg := range []*document.Value{f.cfg.Get("package"), c.cfg.Get("package")} {
		f.artifact = cmp.Or(f.artifact, c.text(pkg.Get("artifact"), "package.artifact"))
	}
	if f.handler == "" && !given(f.cfg.Get("image")) {
		c.fail(f.pen.at, "function "+f.key+" has no handler", "write handler: file.function")
	}
	if given(f.cfg.Get("provisionedConcurrency")) {
		f.alias, f.aliasID = "provisioned", f.id+"ProvConcLambdaAlias"
	} else if c.flag(f.cfg.Get("snapStart"), where+"snapStart") {
		f.alias, f.aliasID = "snapstart", f.id+"SnapStartLambdaAlias"
	}
	if v := f.cfg.Get("fileSystemConfig"); given(v) {
		c.warn(v.Pos, "file systems are not mounted here")
	}
	c.unknown(f.cfg, where, knownFunction())
	for _, item := range c.items(f.cfg.Get("events")) {
		f.events = append(f.events, c.readEvent(f, item)...)
	}
	return f
}

func knownFunction() []string {
	return []string{
		"architecture", "condition", "dependsOn", "description", "destinations", "disableLogs", "environment", "ephemeralStorageSize",
		"events", "fileSystemConfig", "handler", "httpApi", "image", "kmsKeyArn", "layers", "logDataProtectionPolicy", "logRetentionInDays",
		"maximumEventAge", "maximumRetryAttempts", "memorySize", "name", "onError", "package", "provisionedConcurrency",
		"reservedConcurrency", "role", "runtime", "runtimeManagement", "snapStart", "tags", "timeout", "tracing", "url", "versionFunction", "vpc",
	}
}

// readEvent reads one item of events. Events of sources that are not served are warned about; an unknown
// one is refused, because it may be a route with a misspelt name.
func (c *compiler) readEvent(f *function, item *document.Value) []event {
	p := pen{item.Pos}
	if item.Kind == document.String { // version 1 allowed "- schedule"
		item = document.NewMap(item.Pos, document.NewField(item.Text, document.NewNull(item.Pos)))
	}
	if item.Kind != document.Map || len(item.Fields) == 0 {
		c.fail(item.Pos, "an event of function "+f.key+" must be a map", "write - http: GET /path")
		return nil
	}
	var events []event
	for _, field := range item.Fields {
		switch {
		case field.Name == "http" || field.Name == "httpApi":
			if given(field.Value) {
				events = append(events, event{field.Name, field.Value, p})
			} else if !slices.ContainsFunc(item.Fields, misplaced) {
				c.fail(item.Pos, "the "+field.Name+" event of function "+f.key+" is empty", "write - "+field.Name+": GET /path")
			}
		case slices.Contains(otherEvents(), field.Name):
			c.warn(item.Pos, "events of type "+field.Name+" are not served here")
		case item.Fields[0].Name == "http" || item.Fields[0].Name == "httpApi": // the commonest slip in these files
			name := item.Fields[0].Name
			c.fail(field.Pos, field.Name+" stands beside "+name+" in an event of function "+f.key+", not below it", "indent it further than "+name)
		default:
			c.fail(item.Pos, "unknown event type "+field.Name+" of function "+f.key, "known are http, httpApi, "+strings.Join(otherEvents(), ", "))
		}
	}
	return events
}

// misplaced tells a field of an event list's item that is no type of event.
func misplaced(f document.Field) bool {
	return f.Name != "http" && f.Name != "httpApi" && !slices.Contains(otherEvents(), f.Name)
}

func otherEvents() []string {
	return []string{
		"activemq", "alb", "alexaSkill", "alexaSmartHome", "cloudFront", "cloudwatchEvent", "cloudwatchLog", "cognitoUserPool",
		"eventBridge", "iot", "iotFleetProvisioning", "kafka", "msk", "rabbitmq", "s3", "schedule", "sns", "sqs", "stream", "websocket",
	}
}

// putLogGroups declares the log group of each function.
func (c *compiler) putLogGroups() {
	for _, f := range c.functions {
		if f.disableLogs {
			continue
		}
		policy := f.cfg.Get("logDataProtectionPolicy")
		if !given(policy) {
			policy = c.provider.Get("logDataProtectionPolicy")
		}
		if !given(policy) {
			policy = nil
		}
		c.resources.put(f.logID(), f.pen.resource("AWS::Logs::LogGroup", f.pen.obj(
			set("LogGroupName", f.pen.str("/aws/lambda/"+f.name)),
			set("RetentionInDays", c.number(c.setting(f, "logRetentionInDays"), "logRetentionInDays")),
			set("DataProtectionPolicy", policy),
		)))
	}
}

// setting is a property of the function, or the provider's default for it.
func (c *compiler) setting(f *function, name string) *document.Value {
	if v := f.cfg.Get(name); given(v) {
		return v
	}
	return c.provider.Get(name)
}

func (c *compiler) putFunctions() {
	for _, f := range c.functions {
		properties, needs := c.lambda(f)
		var dependsOn *document.Value
		if len(needs) > 0 {
			dependsOn = f.pen.strs(needs...)
		}
		c.resources.put(f.lambdaID(), f.pen.resource("AWS::Lambda::Function", properties,
			set("Condition", c.textValue(f.cfg.Get("condition"), "condition of function "+f.key)),
			set("DependsOn", dependsOn)))
		c.putVersion(f)
		c.putEventInvokeConfig(f)
		c.putURL(f)
	}
}

// lambda writes the function's properties and the resources that it needs first.
func (c *compiler) lambda(f *function) (*document.Value, []string) {
	p, where := f.pen, "functions."+f.key+"."
	file := c.service + ".zip"
	switch {
	case f.artifact != "":
		file = f.artifact[strings.LastIndexByte(f.artifact, '/')+1:]
	case c.flag(c.cfg.Get("package").Get("individually"), "package.individually"), c.flag(f.cfg.Get("package").Get("individually"), where+"package.individually"):
		file = f.key + ".zip"
	}
	fields := []document.Field{
		set("Code", p.obj(set("S3Bucket", c.bucket(p)), set("S3Key", p.str(c.artifacts()+file)))),
		set("Handler", p.str(f.handler)),
		set("Runtime", p.str(f.runtime)),
	}
	if image := f.cfg.Get("image"); given(image) {
		c.warn(image.Pos, "function "+f.key+" is a container image, which is not run here")
		uri := image
		if image.Kind == document.Map {
			uri = image.Get("uri")
		}
		fields = []document.Field{set("PackageType", p.str("Image")), set("Code", p.obj(set("ImageUri", c.textOrFunction(uri, where+"image"))))}
	}
	memory, timeout := c.setting(f, "memorySize"), c.setting(f, "timeout")
	if !given(memory) {
		memory = p.num(1024)
	}
	if !given(timeout) {
		timeout = p.num(6)
	}
	fields = append(fields,
		set("FunctionName", p.str(f.name)),
		set("MemorySize", c.number(memory, where+"memorySize")),
		set("Timeout", c.number(timeout, where+"timeout")),
		set("Description", c.textValue(f.cfg.Get("description"), where+"description")),
		set("Tags", c.tags(p, c.provider.Get("tags"), f.cfg.Get("tags"))),
		set("KmsKeyArn", c.textOrFunction(c.setting(f, "kmsKeyArn"), where+"kmsKeyArn")),
		set("TracingConfig", c.tracing(f)),
		set("Environment", c.environment(f)),
		set("VpcConfig", c.vpc(f)),
		set("ReservedConcurrentExecutions", c.number(f.cfg.Get("reservedConcurrency"), where+"reservedConcurrency")),
		set("Layers", c.listValue(c.setting(f, "layers"))),
	)
	if v := c.textValue(c.setting(f, "architecture"), where+"architecture"); v != nil {
		fields = append(fields, set("Architectures", p.list(v)))
	}
	if v := c.number(f.cfg.Get("ephemeralStorageSize"), where+"ephemeralStorageSize"); v != nil {
		fields = append(fields, set("EphemeralStorage", p.obj(set("Size", v))))
	}
	if v := f.cfg.Get("onError"); given(v) {
		fields = append(fields, set("DeadLetterConfig", p.obj(set("TargetArn", v))))
		c.allow(f, p.strs("sns:Publish"), p.list(v))
	}
	if v := c.textOrFunction(c.setting(f, "kmsKeyArn"), where+"kmsKeyArn"); v != nil {
		c.allow(f, p.strs("kms:Decrypt"), p.list(v))
	}
	if c.tracing(f) != nil {
		c.allow(f, p.strs("xray:PutTraceSegments", "xray:PutTelemetryRecords"), p.strs("*"))
	}
	if f.alias == "snapstart" {
		fields = append(fields, set("SnapStart", p.obj(set("ApplyOn", p.str("PublishedVersions")))))
	}
	var needs []string
	if !f.disableLogs {
		needs = append(needs, f.logID())
	}
	role := f.ownRole
	if role == nil {
		role = c.defaultRole(p)
	}
	if id := attributeOf(role); id != "" && id != roleID {
		needs = append(needs, id)
	}
	for _, item := range c.items(f.cfg.Get("dependsOn")) {
		needs = append(needs, c.text(item, where+"dependsOn"))
	}
	return p.obj(append(fields, set("Role", role))...), needs
}

// attributeOf is the logical id whose attribute v is, "" when it is none.
func attributeOf(v *document.Value) string {
	if att := v.Get("Fn::GetAtt"); att != nil && len(att.Items) > 0 {
		return att.Items[0].Text
	}
	return ""
}

// tags merges tag maps to CloudFormation's list; nil without tags.
func (c *compiler) tags(p pen, groups ...*document.Value) *document.Value {
	var all section
	for _, group := range groups {
		for _, f := range c.fields(group, "tags") {
			all.replace(f.Name, c.textOrFunction(f.Value, "tag "+f.Name))
		}
	}
	if len(all.fields) == 0 {
		return nil
	}
	items := make([]*document.Value, len(all.fields))
	for i, f := range all.fields {
		items[i] = p.obj(set("Key", p.str(f.Name)), set("Value", f.Value))
	}
	return p.list(items...)
}

func (c *compiler) tracing(f *function) *document.Value {
	v := f.cfg.Get("tracing")
	if !given(v) {
		v = c.provider.Get("tracing").Get("lambda")
	}
	if !given(v) {
		return nil
	}
	mode := v.Text
	if v.Kind == document.Bool {
		if !v.Bool {
			return nil
		}
		mode = "Active"
	}
	return f.pen.obj(set("Mode", f.pen.str(mode)))
}

// environment merges the provider's variables and the function's. Null removes one; everything else but a
// CloudFormation function is a string.
func (c *compiler) environment(f *function) *document.Value {
	var all section
	some := false
	for _, group := range []*document.Value{c.provider.Get("environment"), f.cfg.Get("environment")} {
		some = some || given(group)
		for _, v := range c.fields(group, "environment") {
			all.replace(v.Name, v.Value)
		}
	}
	if !some {
		return nil
	}
	kept := make([]document.Field, 0, len(all.fields))
	for _, v := range all.fields {
		if !given(v.Value) {
			continue
		}
		kept = append(kept, document.NewField(v.Name, c.variableValue(v.Value, v.Name)))
	}
	return f.pen.obj(set("Variables", document.NewMap(f.pen.at, kept...)))
}

// variableValue is the value of an environment variable. A number is spelt as JavaScript prints it.
func (c *compiler) variableValue(v *document.Value, name string) *document.Value {
	if v.Kind == document.Number {
		return document.NewString(v.Pos, v.Text)
	}
	return c.textOrFunction(v, "environment variable "+name)
}

func (c *compiler) vpc(f *function) *document.Value {
	get := func(name string) *document.Value {
		if v := f.cfg.Get("vpc").Get(name); given(v) {
			return c.listValue(v)
		}
		return c.listValue(c.provider.Get("vpc").Get(name))
	}
	groups, subnets := get("securityGroupIds"), get("subnetIds")
	if groups == nil || subnets == nil {
		return nil
	}
	return f.pen.obj(set("SecurityGroupIds", groups), set("SubnetIds", subnets))
}

// putVersion declares the published version and the alias to it. The framework puts a hash of code and
// configuration in the id; here it is one of the configuration, since code is taken from where it lies.
func (c *compiler) putVersion(f *function) {
	p := f.pen
	wanted := true
	for _, v := range []*document.Value{c.provider.Get("versionFunctions"), f.cfg.Get("versionFunction")} {
		if given(v) {
			wanted = c.flag(v, "versionFunction")
		}
	}
	if !wanted && f.alias == "" {
		return
	}
	var keep *document.Value // versions that only an alias asked for are not kept
	if wanted {
		keep = p.str("Retain")
	}
	sum := sha256.Sum256(document.JSON(c.resources.get(f.lambdaID())))
	f.version = f.id + "LambdaVersion" + alphanumeric(base64.StdEncoding.EncodeToString(sum[:]))
	c.resources.put(f.version, p.resource("AWS::Lambda::Version", p.obj(
		set("FunctionName", p.ref(f.lambdaID())),
		set("CodeSha256", p.str(base64.StdEncoding.EncodeToString(sum[:]))),
		set("Description", c.textValue(f.cfg.Get("description"), "description")),
	), set("DeletionPolicy", keep)))
	c.putOutput(f.id+"LambdaFunctionQualifiedArn", "Current Lambda function version", p.ref(f.version))
	if f.alias == "" {
		return
	}
	var concurrency *document.Value
	if f.alias == "provisioned" {
		concurrency = p.obj(set("ProvisionedConcurrentExecutions", c.number(f.cfg.Get("provisionedConcurrency"), "provisionedConcurrency")))
	}
	c.resources.put(f.aliasID, p.resource("AWS::Lambda::Alias", p.obj(
		set("FunctionName", p.ref(f.lambdaID())),
		set("FunctionVersion", p.att(f.version, "Version")),
		set("Name", p.str(f.alias)),
		set("ProvisionedConcurrencyConfig", concurrency),
	), set("DependsOn", p.str(f.lambdaID()))))
}

// putEventInvokeConfig declares retries and destinations of asynchronous calls.
func (c *compiler) putEventInvokeConfig(f *function) {
	p := f.pen
	destination := func(name string) *document.Value {
		v := f.cfg.Get("destinations").Get(name)
		if !given(v) {
			return nil
		}
		target, action := v, ""
		if v.Kind == document.Map && given(v.Get("arn")) {
			target, action = v.Get("arn"), c.text(v.Get("type"), "destination type")
		}
		resource := target
		for _, other := range c.functions {
			if target.Kind == document.String && other.key == target.Text {
				target, action = p.att(other.lambdaID(), "Arn"), "function"
				resource = p.sub("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:" + other.name)
			}
		}
		if action == "" && target.Kind == document.String {
			if parts := strings.Split(target.Text, ":"); len(parts) > 2 {
				action = parts[2]
			}
		}
		actions := map[string]string{"function": "lambda:InvokeFunction", "lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish", "events": "events:PutEvents", "eventBus": "events:PutEvents"}
		if a, ok := actions[action]; ok {
			c.allow(f, p.str(a), resource)
		}
		return p.obj(set("Destination", target))
	}
	success, failure := destination("onSuccess"), destination("onFailure")
	age := c.number(f.cfg.Get("maximumEventAge"), "maximumEventAge")
	retries := c.number(f.cfg.Get("maximumRetryAttempts"), "maximumRetryAttempts")
	if success == nil && failure == nil && age == nil && retries == nil {
		return
	}
	var destinations *document.Value
	if success != nil || failure != nil {
		destinations = p.obj(set("OnSuccess", success), set("OnFailure", failure))
	}
	qualifier := cmp.Or(f.alias, "$LATEST")
	c.resources.put(f.id+"LambdaEvConf", p.resource("AWS::Lambda::EventInvokeConfig", p.obj(
		set("FunctionName", p.ref(f.lambdaID())),
		set("DestinationConfig", destinations),
		set("Qualifier", p.str(qualifier)),
		set("MaximumEventAgeInSeconds", age),
		set("MaximumRetryAttempts", retries),
	)))
}
