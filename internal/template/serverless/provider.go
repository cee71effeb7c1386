package serverless

import (
	"strings"

	"gatehouse/internal/document"
)

// putBucket declares the bucket that holds the packaged code, unless the service names its own.
func (c *compiler) putBucket() {
	p := pen{}
	if c.provider != nil {
		p.at = c.provider.Pos
	}
	c.putOutput("ServerlessDeploymentBucketName", "", c.bucket(p))
	cfg := c.provider.Get("deploymentBucket")
	if given(c.bucketName()) {
		return
	}
	properties := []document.Field{set("BucketEncryption", p.obj(set("ServerSideEncryptionConfiguration", p.list(
		p.obj(set("ServerSideEncryptionByDefault", p.obj(set("SSEAlgorithm", p.str("AES256"))))),
	))))}
	if cfg != nil && cfg.Kind == document.Map {
		properties = append(properties, set("Tags", c.tags(p, cfg.Get("tags"))))
		if c.flag(cfg.Get("blockPublicAccess"), "deploymentBucket.blockPublicAccess") {
			yes := p.yes(true)
			properties = append(properties, set("PublicAccessBlockConfiguration", p.obj(
				set("BlockPublicAcls", yes), set("BlockPublicPolicy", yes), set("IgnorePublicAcls", yes), set("RestrictPublicBuckets", yes))))
		}
		if c.flag(cfg.Get("versioning"), "deploymentBucket.versioning") {
			properties = append(properties, set("VersioningConfiguration", p.obj(set("Status", p.str("Enabled")))))
		}
	}
	const id = "ServerlessDeploymentBucket"
	c.resources.put(id, p.resource("AWS::S3::Bucket", p.obj(properties...)))
	if cfg != nil && cfg.Kind == document.Map && c.flag(cfg.Get("skipPolicySetup"), "deploymentBucket.skipPolicySetup") {
		return
	}
	arn := func(rest ...*document.Value) *document.Value {
		return p.join("", append([]*document.Value{p.str("arn:"), p.ref("AWS::Partition"), p.str(":s3:::"), p.ref(id)}, rest...)...)
	}
	c.resources.put(id+"Policy", p.resource("AWS::S3::BucketPolicy", p.obj(
		set("Bucket", p.ref(id)),
		set("PolicyDocument", p.obj(set("Statement", p.list(p.obj(
			set("Action", p.str("s3:*")),
			set("Effect", p.str("Deny")),
			set("Principal", p.str("*")),
			set("Resource", p.list(arn(p.str("/*")), arn())),
			set("Condition", p.obj(set("Bool", p.obj(set("aws:SecureTransport", p.yes(false)))))),
		))))),
	)))
}

// bucketName is the service's own bucket, nil without.
func (c *compiler) bucketName() *document.Value {
	v := c.provider.Get("deploymentBucket")
	if v != nil && v.Kind == document.Map && !isFunction(v) {
		return v.Get("name")
	}
	return v
}

func (c *compiler) bucket(p pen) *document.Value {
	if v := c.bucketName(); given(v) {
		return c.textOrFunction(v, "provider.deploymentBucket")
	}
	return p.ref("ServerlessDeploymentBucket")
}

// artifacts is the folder of packaged code. The framework puts the time of packaging in it; nothing is
// packaged here, and a template must not change by itself.
func (c *compiler) artifacts() string {
	prefix := c.text(c.provider.Get("deploymentPrefix"), "provider.deploymentPrefix")
	if prefix == "" {
		prefix = "serverless"
	}
	return prefix + "/" + c.service + "/" + c.stage + "/0000000000000-1970-01-01T00:00:00.000Z/"
}

// putOutput declares an output with an export.
func (c *compiler) putOutput(name, description string, v *document.Value) {
	p := pen{v.Pos}
	fields := []document.Field{}
	if description != "" {
		fields = append(fields, set("Description", p.str(description)))
	}
	fields = append(fields, set("Value", v), set("Export", p.obj(set("Name", p.str("sls-"+c.service+"-"+c.stage+"-"+name)))))
	c.outputs.replace(name, p.obj(fields...))
}

const roleID = "IamRoleLambdaExecution"

// role is the common role of the functions while it is being written.
type role struct {
	pen        pen
	properties *document.Value
	statements []*document.Value
}

// roleOf reads a role: an ARN, a CloudFormation function, or the logical id of a role in resources. Nil
// when none is given.
func (c *compiler) roleOf(v *document.Value, what string) *document.Value {
	if !given(v) || isFunction(v) {
		if given(v) {
			return v
		}
		return nil
	}
	s := c.text(v, what)
	if s == "" || strings.Contains(s, ":") {
		return document.NewString(v.Pos, s)
	}
	return pen{v.Pos}.att(s, "Arn")
}

// providerRole is a role that replaces the generated one, nil without.
func (c *compiler) providerRole() *document.Value {
	if v := c.provider.Get("iam").Get("role"); given(v) && (v.Kind != document.Map || isFunction(v)) {
		return c.roleOf(v, "provider.iam.role")
	}
	return c.roleOf(c.provider.Get("role"), "provider.role")
}

func (c *compiler) defaultRole(p pen) *document.Value {
	if v := c.providerRole(); v != nil {
		return v
	}
	return p.att(roleID, "Arn")
}

// putRole begins the common role, unless no function needs it.
func (c *compiler) putRole() {
	if c.providerRole() != nil {
		return
	}
	needed := false
	for _, f := range c.functions {
		needed = needed || f.ownRole == nil
	}
	if !needed {
		return
	}
	p := pen{c.provider.Pos}
	cfg := c.provider.Get("iam").Get("role")
	if cfg != nil {
		p.at = cfg.Pos
	}
	r := &role{pen: p}
	r.statements = c.logStatements(p)
	statements := cfg.Get("statements")
	if !given(statements) {
		statements = c.provider.Get("iamRoleStatements")
	}
	for _, s := range c.items(statements) {
		r.statements = append(r.statements, coerceStatement(s))
	}
	path := c.text(cfg.Get("path"), "provider.iam.role.path")
	if path == "" {
		path = "/"
	}
	name := c.textOrFunction(cfg.Get("name"), "provider.iam.role.name")
	if name == nil {
		name = p.join("-", p.str(c.service), p.str(c.stage), p.ref("AWS::Region"), p.str("lambdaRole"))
	}
	boundary := cfg.Get("permissionsBoundary")
	if !given(boundary) {
		boundary = cfg.Get("permissionBoundary")
	}
	if !given(boundary) {
		boundary = c.provider.Get("rolePermissionsBoundary")
	}
	r.properties = p.obj(
		set("AssumeRolePolicyDocument", assumeRole(p)),
		set("Path", p.str(path)),
		set("RoleName", name),
		set("Tags", c.tags(p, cfg.Get("tags"))),
		set("PermissionsBoundary", c.textOrFunction(boundary, "the permissions boundary")),
		set("ManagedPolicyArns", c.managedPolicies(p, cfg)),
	)
	c.role = r
	// Its place in the template is before the functions; finishRole writes it again.
	c.resources.put(roleID, p.resource("AWS::IAM::Role", nil))
}

func assumeRole(p pen) *document.Value {
	return p.obj(
		set("Version", p.str("2012-10-17")),
		set("Statement", p.list(p.obj(
			set("Effect", p.str("Allow")),
			set("Principal", p.obj(set("Service", p.strs("lambda.amazonaws.com")))),
			set("Action", p.strs("sts:AssumeRole")),
		))),
	)
}

func (c *compiler) managedPolicies(p pen, cfg *document.Value) *document.Value {
	policies := cfg.Get("managedPolicies")
	if !given(policies) {
		policies = c.provider.Get("iamManagedPolicies")
	}
	all := append([]*document.Value(nil), c.items(policies)...)
	for _, f := range c.functions {
		if c.vpc(f) != nil {
			all = append(all, p.join("", p.str("arn:"), p.ref("AWS::Partition"), p.str(":iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole")))
			break
		}
	}
	if len(all) == 0 {
		return nil
	}
	return p.list(all...)
}

// logStatements lets the functions write their logs. Functions with the usual name share one pattern,
// which comes last; one of them that must not log is denied by name.
func (c *compiler) logStatements(p pen) []*document.Value {
	const arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/"
	usual := c.service + "-" + c.stage
	var groups, streams, denied []*document.Value
	add := func(name string) {
		groups = append(groups, p.sub(arn+name+":*"))
		streams = append(streams, p.sub(arn+name+":*:*"))
	}
	someUsual := false
	for _, f := range c.functions {
		switch ours := strings.HasPrefix(f.name, usual); {
		case ours && f.disableLogs:
			denied = append(denied, p.sub(arn+f.name+":*"))
		case ours:
			someUsual = true
		case !f.disableLogs:
			add(f.name)
		}
	}
	if someUsual {
		add(usual + "*")
	}
	var out []*document.Value
	if len(groups) > 0 {
		out = append(out,
			p.obj(set("Effect", p.str("Allow")), set("Action", p.strs("logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource")), set("Resource", p.list(groups...))),
			p.obj(set("Effect", p.str("Allow")), set("Action", p.strs("logs:PutLogEvents")), set("Resource", p.list(streams...))))
	}
	if len(denied) > 0 {
		out = append(out, p.obj(set("Effect", p.str("Deny")), set("Action", p.str("logs:PutLogEvents")), set("Resource", p.list(denied...))))
	}
	return out
}

// allow adds a statement to the common role, once, if the function has that role.
func (c *compiler) allow(f *function, action, resource *document.Value) {
	if c.role == nil || f.ownRole != nil {
		return
	}
	p := f.pen
	s := p.obj(set("Effect", p.str("Allow")), set("Action", action), set("Resource", resource))
	for _, known := range c.role.statements {
		if document.Equal(known, s) {
			return
		}
	}
	c.role.statements = append(c.role.statements, s)
}

// finishRole writes the common role with all its statements.
func (c *compiler) finishRole() {
	if c.role == nil {
		return
	}
	p := c.role.pen
	properties := c.role.properties
	if len(c.role.statements) > 0 {
		properties = properties.With("Policies", p.list(p.obj(
			set("PolicyName", p.join("-", p.str(c.service), p.str(c.stage), p.str("lambda"))),
			set("PolicyDocument", p.obj(set("Version", p.str("2012-10-17")), set("Statement", p.list(c.role.statements...)))),
		)))
	}
	c.resources.replace(roleID, p.resource("AWS::IAM::Role", properties))
}

// coerceStatement brings a policy statement into the form of the framework's validator: actions are lists,
// a lone resource is none. [observed]
func coerceStatement(s *document.Value) *document.Value {
	if s.Kind != document.Map {
		return s
	}
	for _, f := range s.Fields {
		switch v := f.Value; f.Name {
		case "Action", "NotAction":
			if v.Kind == document.String {
				s = s.With(f.Name, document.NewList(v.Pos, v))
			}
		case "Resource", "NotResource":
			if one := single(v); one != v && one.Kind == document.String {
				s = s.With(f.Name, one)
			}
		}
	}
	return s
}
