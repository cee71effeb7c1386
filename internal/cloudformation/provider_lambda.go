package cloudformation

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/awsapi/lambda"
)

// Lambda is what the providers need of Lambda.
type Lambda interface {
	CreateFunction(context.Context, *lambda.CreateFunctionInput) (*lambda.FunctionConfiguration, error)
	UpdateFunctionCode(context.Context, *lambda.UpdateFunctionCodeInput) (*lambda.FunctionConfiguration, error)
	UpdateFunctionConfiguration(context.Context, *lambda.UpdateFunctionConfigurationInput) (*lambda.FunctionConfiguration, error)
	DeleteFunction(context.Context, *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionResponse, error)
	PutFunctionConcurrency(context.Context, *lambda.PutFunctionConcurrencyInput) (*lambda.Concurrency, error)
	DeleteFunctionConcurrency(context.Context, *lambda.DeleteFunctionConcurrencyInput) error
	TagResource(context.Context, *lambda.TagResourceInput) error
	UntagResource(context.Context, *lambda.UntagResourceInput) error
	PublishVersion(context.Context, *lambda.PublishVersionInput) (*lambda.FunctionConfiguration, error)
	AddPermission(context.Context, *lambda.AddPermissionInput) (*lambda.AddPermissionResponse, error)
	RemovePermission(context.Context, *lambda.RemovePermissionInput) error
	CreateAlias(context.Context, *lambda.CreateAliasInput) (*lambda.AliasConfiguration, error)
	UpdateAlias(context.Context, *lambda.UpdateAliasInput) (*lambda.AliasConfiguration, error)
	DeleteAlias(context.Context, *lambda.DeleteAliasInput) error
}

// lambdaFunction leaves what belongs to a region's own machinery alone: RuntimeManagementConfig and RecursiveLoop
// have no meaning here, CodeSigningConfigArn is a finding.
type lambdaFunction struct{ api Lambda }

func (p lambdaFunction) create(ctx context.Context, r *request) (result, error) {
	name := or(r.props.text("FunctionName"), r.generated)
	code, err := functionCode(r.props)
	if err != nil {
		return result{}, err
	}
	c := functionConfig(r.props)
	out, err := p.api.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: name, Code: code, Role: r.props.must("Role"), PackageType: r.props.text("PackageType"),
		Architectures: r.props.texts("Architectures"), Tags: stackTags(r),
		Runtime: c.Runtime, Handler: c.Handler, Description: c.Description, Timeout: c.Timeout, MemorySize: c.MemorySize,
		VpcConfig: c.VpcConfig, DeadLetterConfig: c.DeadLetterConfig, Environment: c.Environment, KMSKeyArn: c.KMSKeyArn,
		TracingConfig: c.TracingConfig, Layers: c.Layers, FileSystemConfigs: c.FileSystemConfigs, ImageConfig: c.ImageConfig,
		EphemeralStorage: c.EphemeralStorage, SnapStart: c.SnapStart, LoggingConfig: c.LoggingConfig,
	})
	if err != nil {
		return result{}, err
	}
	return result{name, map[string]string{"Arn": value(out.FunctionArn)}}, p.reserve(ctx, name, properties{}, r.props)
}

func (p lambdaFunction) update(ctx context.Context, r *request) (result, error) {
	changed := different(nil, r.old.v, r.props.v)
	codeChanged := slices.Contains(changed, "Code") || slices.Contains(changed, "Architectures")
	if codeChanged {
		code, err := functionCode(r.props)
		if err != nil {
			return result{}, err
		}
		_, err = p.api.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
			FunctionName: r.physical, ZipFile: code.ZipFile, S3Bucket: code.S3Bucket, S3Key: code.S3Key,
			S3ObjectVersion: code.S3ObjectVersion, ImageUri: code.ImageUri, SourceKMSKeyArn: code.SourceKMSKeyArn,
			Architectures: r.props.texts("Architectures"),
		})
		if err != nil {
			return result{}, err
		}
	}
	if slices.ContainsFunc(changed, func(name string) bool { return !apart(name) }) {
		in := functionConfig(r.props)
		resetAbsent(in, r.old, r.props)
		in.FunctionName = r.physical
		if _, err := p.api.UpdateFunctionConfiguration(ctx, in); err != nil {
			return result{}, err
		}
	}
	if err := p.reserve(ctx, r.physical, r.old, r.props); err != nil {
		return result{}, err
	}
	return result{r.physical, r.attributes}, p.retag(ctx, r)
}

// apart reports whether a property is not part of UpdateFunctionConfiguration.
func apart(name string) bool {
	switch name {
	case "Code", "Architectures", "Tags", "ReservedConcurrentExecutions", "CodeSigningConfigArn", "RuntimeManagementConfig", "RecursiveLoop":
		return true
	}
	return false
}

func (p lambdaFunction) delete(ctx context.Context, r *request) error {
	_, err := p.api.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: r.physical})
	return absent(err)
}

// reserve applies ReservedConcurrentExecutions.
func (p lambdaFunction) reserve(ctx context.Context, name string, old, now properties) error {
	want, had := now.int32("ReservedConcurrentExecutions"), old.int32("ReservedConcurrentExecutions")
	if want == nil && had == nil || want != nil && had != nil && *want == *had {
		return nil
	}
	if want == nil {
		return p.api.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: name})
	}
	_, err := p.api.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: name, ReservedConcurrentExecutions: *want})
	return err
}

func (p lambdaFunction) retag(ctx context.Context, r *request) error {
	set, gone := changedTags(r.old.tags("Tags"), r.props.tags("Tags"))
	arn := r.attributes["Arn"]
	if len(gone) > 0 {
		if err := p.api.UntagResource(ctx, &lambda.UntagResourceInput{Resource: arn, TagKeys: gone}); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	return p.api.TagResource(ctx, &lambda.TagResourceInput{Resource: arn, Tags: set})
}

// functionConfig reads what CreateFunction and UpdateFunctionConfiguration share.
func functionConfig(p properties) *lambda.UpdateFunctionConfigurationInput {
	in := &lambda.UpdateFunctionConfigurationInput{
		Role: p.text("Role"), Runtime: p.text("Runtime"), Handler: p.text("Handler"), Description: p.text("Description"),
		Timeout: p.int32("Timeout"), MemorySize: p.int32("MemorySize"), KMSKeyArn: p.text("KmsKeyArn"), Layers: p.texts("Layers"),
	}
	if o, ok := p.object("Environment"); ok {
		in.Environment = &lambda.Environment{Variables: o.textMap("Variables")}
	}
	if o, ok := p.object("VpcConfig"); ok {
		in.VpcConfig = &lambda.VpcConfig{SubnetIds: o.texts("SubnetIds"), SecurityGroupIds: o.texts("SecurityGroupIds"), Ipv6AllowedForDualStack: o.boolean("Ipv6AllowedForDualStack")}
	}
	if o, ok := p.object("DeadLetterConfig"); ok {
		in.DeadLetterConfig = &lambda.DeadLetterConfig{TargetArn: o.text("TargetArn")}
	}
	if o, ok := p.object("TracingConfig"); ok {
		in.TracingConfig = &lambda.TracingConfig{Mode: o.text("Mode")}
	}
	if o, ok := p.object("EphemeralStorage"); ok {
		in.EphemeralStorage = &lambda.EphemeralStorage{Size: value(o.int32("Size"))}
	}
	if o, ok := p.object("SnapStart"); ok {
		in.SnapStart = &lambda.SnapStart{ApplyOn: o.text("ApplyOn")}
	}
	if o, ok := p.object("LoggingConfig"); ok {
		in.LoggingConfig = &lambda.LoggingConfig{
			LogFormat: o.text("LogFormat"), LogGroup: o.text("LogGroup"),
			ApplicationLogLevel: o.text("ApplicationLogLevel"), SystemLogLevel: o.text("SystemLogLevel"),
		}
	}
	if o, ok := p.object("ImageConfig"); ok {
		in.ImageConfig = &lambda.ImageConfig{Command: o.texts("Command"), EntryPoint: o.texts("EntryPoint"), WorkingDirectory: o.text("WorkingDirectory")}
	}
	for _, f := range p.objects("FileSystemConfigs") {
		in.FileSystemConfigs = append(in.FileSystemConfigs, lambda.FileSystemConfig{Arn: f.must("Arn"), LocalMountPath: f.must("LocalMountPath")})
	}
	return in
}

// resetAbsent sets members back to Lambda's defaults when the template no longer has their property: a
// member that is not sent stays as it is. An environment above all: a secret that was taken out of the
// template must not stay in the function.
func resetAbsent(in *lambda.UpdateFunctionConfigurationInput, old, now properties) {
	dropped := func(name string) bool { return old.has(name) && !now.has(name) }
	if dropped("Description") {
		in.Description = new("")
	}
	if dropped("Timeout") {
		in.Timeout = new(int32(3))
	}
	if dropped("MemorySize") {
		in.MemorySize = new(int32(128))
	}
	if dropped("KmsKeyArn") {
		in.KMSKeyArn = new("")
	}
	if dropped("Layers") {
		in.Layers = []string{}
	}
	if o, ok := now.object("Environment"); dropped("Environment") || ok && !o.has("Variables") {
		in.Environment = &lambda.Environment{Variables: map[string]string{}}
	}
	if dropped("VpcConfig") {
		in.VpcConfig = &lambda.VpcConfig{SubnetIds: []string{}, SecurityGroupIds: []string{}}
	}
	if dropped("DeadLetterConfig") {
		in.DeadLetterConfig = &lambda.DeadLetterConfig{TargetArn: new("")}
	}
	if dropped("TracingConfig") {
		in.TracingConfig = &lambda.TracingConfig{Mode: new("PassThrough")}
	}
	if dropped("EphemeralStorage") {
		in.EphemeralStorage = &lambda.EphemeralStorage{Size: 512}
	}
	if dropped("SnapStart") {
		in.SnapStart = &lambda.SnapStart{ApplyOn: new("None")}
	}
	if dropped("LoggingConfig") {
		in.LoggingConfig = &lambda.LoggingConfig{LogFormat: new("Text")}
	}
	if dropped("ImageConfig") {
		in.ImageConfig = &lambda.ImageConfig{}
	}
	if dropped("FileSystemConfigs") {
		in.FileSystemConfigs = []lambda.FileSystemConfig{}
	}
}

// functionCode reads Code. ZipFile is source text that CloudFormation packs as the module "index".
func functionCode(p properties) (*lambda.FunctionCode, error) {
	c, _ := p.object("Code")
	out := &lambda.FunctionCode{
		S3Bucket: c.text("S3Bucket"), S3Key: c.text("S3Key"), S3ObjectVersion: c.text("S3ObjectVersion"),
		ImageUri: c.text("ImageUri"), SourceKMSKeyArn: c.text("SourceKMSKeyArn"),
	}
	source := c.text("ZipFile")
	if source == nil {
		return out, nil
	}
	name := ""
	switch runtime := p.must("Runtime"); {
	case strings.HasPrefix(runtime, "nodejs"):
		name = "index.js"
	case strings.HasPrefix(runtime, "python"):
		name = "index.py"
	default:
		return nil, fmt.Errorf("Code.ZipFile needs a Node.js or Python runtime, not %q", runtime)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write([]byte(*source))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack Code.ZipFile: %w", err)
	}
	out.ZipFile = b.Bytes()
	return out, nil
}

type lambdaVersion struct {
	immutable
	api Lambda
}

func (p lambdaVersion) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.PublishVersion(ctx, &lambda.PublishVersionInput{
		FunctionName: r.props.must("FunctionName"), CodeSha256: r.props.text("CodeSha256"), Description: r.props.text("Description"),
	})
	if err != nil {
		return result{}, err
	}
	arn := value(out.FunctionArn)
	return result{arn, map[string]string{"Version": value(out.Version), "FunctionArn": arn}}, nil
}

func (p lambdaVersion) delete(ctx context.Context, r *request) error {
	version := r.attributes["Version"]
	if version == "" {
		return nil // without a qualifier the whole function would go
	}
	_, err := p.api.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: r.props.must("FunctionName"), Qualifier: &version})
	return absent(err)
}

type lambdaPermission struct {
	immutable
	api Lambda
}

func (p lambdaPermission) create(ctx context.Context, r *request) (result, error) {
	_, err := p.api.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: r.props.must("FunctionName"), StatementId: r.generated, Action: r.props.must("Action"),
		Principal: r.props.must("Principal"), SourceArn: r.props.text("SourceArn"), SourceAccount: r.props.text("SourceAccount"),
		EventSourceToken: r.props.text("EventSourceToken"), PrincipalOrgID: r.props.text("PrincipalOrgID"),
		FunctionUrlAuthType: r.props.text("FunctionUrlAuthType"), InvokedViaFunctionUrl: r.props.boolean("InvokedViaFunctionUrl"),
	})
	if err != nil {
		return result{}, err
	}
	return result{r.generated, map[string]string{"Id": r.generated}}, nil
}

func (p lambdaPermission) delete(ctx context.Context, r *request) error {
	return absent(p.api.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: r.props.must("FunctionName"), StatementId: r.physical}))
}

type lambdaAlias struct{ api Lambda }

func (p lambdaAlias) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: r.props.must("FunctionName"), Name: r.props.must("Name"), FunctionVersion: r.props.must("FunctionVersion"),
		Description: r.props.text("Description"), RoutingConfig: routing(r.props),
	})
	if err != nil {
		return result{}, err
	}
	arn := value(out.AliasArn)
	return result{arn, map[string]string{"AliasArn": arn}}, nil
}

func (p lambdaAlias) update(ctx context.Context, r *request) (result, error) {
	_, err := p.api.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: r.props.must("FunctionName"), Name: r.props.must("Name"), FunctionVersion: r.props.text("FunctionVersion"),
		Description: new(r.props.must("Description")), RoutingConfig: routing(r.props),
	})
	return result{r.physical, r.attributes}, err
}

func (p lambdaAlias) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: r.props.must("FunctionName"), Name: r.props.must("Name")}))
}

// routing reads the weights of further versions; without any the whole traffic goes to one.
func routing(p properties) *lambda.AliasRoutingConfiguration {
	weights := map[string]float64{}
	config, _ := p.object("RoutingConfig")
	for _, w := range config.objects("AdditionalVersionWeights") {
		weights[w.must("FunctionVersion")] = value(w.float("FunctionWeight"))
	}
	return &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: weights}
}
