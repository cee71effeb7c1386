package lambda

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/lambdahost"
	"gatehouse/internal/seal"
)

// maxEnvironment is the limit of a function's environment variables, measured as JSON.
const maxEnvironment = 4096

// environment checks and seals a function's variables [recorded, facts 5.2].
func environment(in *lambda.Environment) (map[string]seal.Secret, error) {
	if in == nil || len(in.Variables) == 0 {
		return nil, nil
	}
	const cannot = "Lambda was unable to configure your environment variables because the environment variables you have provided "
	var reserved []string
	sealed := make(map[string]seal.Secret, len(in.Variables))
	for name, v := range in.Variables {
		if slices.Contains(lambdahost.Reserved(), name) {
			reserved = append(reserved, name)
		}
		if strings.ContainsRune(v, 0) {
			return nil, invalid("the value of the environment variable %s contains a NUL", name)
		}
		sealed[name] = seal.Hide(v)
	}
	if len(reserved) > 0 {
		slices.Sort(reserved)
		return nil, invalid(cannot+"contains reserved keys that are currently not supported for modification. "+
			"Reserved keys used in this request: %s", strings.Join(reserved, ", "))
	}
	var measured strings.Builder
	enc := json.NewEncoder(&measured)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(in.Variables); err != nil {
		return nil, err
	}
	if text := strings.TrimSuffix(measured.String(), "\n"); len(text) > maxEnvironment {
		return nil, invalid(cannot+"exceeded the 4KB limit. String measured: %s", text)
	}
	return sealed, nil
}

// settings are the members that CreateFunction and UpdateFunctionConfiguration share; nil leaves a
// setting as it is.
type settings struct {
	description, handler, role, runtime, kmsKey *string
	timeout, memory                             *int32
	environment                                 *lambda.Environment
	vpc                                         *lambda.VpcConfig
	deadLetter                                  *lambda.DeadLetterConfig
	tracing                                     *lambda.TracingConfig
	storage                                     *lambda.EphemeralStorage
	snapStart                                   *lambda.SnapStart
	logging                                     *lambda.LoggingConfig
	layers                                      []string
	fileSystems                                 []lambda.FileSystemConfig
}

// between checks a number's bounds.
func between(member string, n int32, least, most int) error {
	switch {
	case int(n) < least:
		return validation(member, strconv.Itoa(int(n)), "Member must have value greater than or equal to "+strconv.Itoa(least))
	case int(n) > most:
		return validation(member, strconv.Itoa(int(n)), "Member must have value less than or equal to "+strconv.Itoa(most))
	}
	return nil
}

// apply changes a definition.
func (in settings) apply(d *function.Definition) error {
	set(&d.Description, in.description)
	set(&d.Handler, in.handler)
	set(&d.Role, in.role)
	set(&d.Runtime, in.runtime)
	set(&d.KMSKey, in.kmsKey)
	if in.timeout != nil {
		if err := between("timeout", *in.timeout, 1, 900); err != nil {
			return err
		}
		d.Timeout = int(*in.timeout)
	}
	if in.memory != nil {
		if err := between("memorySize", *in.memory, 128, 10240); err != nil {
			return err
		}
		d.MemoryMB = int(*in.memory)
	}
	if in.environment != nil {
		env, err := environment(in.environment)
		if err != nil {
			return err
		}
		d.Env = env
	}
	if v := in.vpc; v != nil {
		d.SubnetIDs, d.SecurityGroupIDs, d.IPv6 = v.SubnetIds, v.SecurityGroupIds, value(v.Ipv6AllowedForDualStack)
	}
	if in.deadLetter != nil {
		d.DeadLetter = value(in.deadLetter.TargetArn)
	}
	if in.tracing != nil {
		set(&d.Tracing, in.tracing.Mode)
	}
	if in.storage != nil {
		d.StorageMB = int(in.storage.Size)
	}
	if in.snapStart != nil {
		set(&d.SnapStart, in.snapStart.ApplyOn)
	}
	if l := in.logging; l != nil {
		set(&d.Logging.Format, l.LogFormat)
		set(&d.Logging.Group, l.LogGroup)
		if d.Logging.Format != lambda.LogFormatJson && (l.ApplicationLogLevel != nil || l.SystemLogLevel != nil) {
			return invalid("To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to 'JSON'.")
		}
		set(&d.Logging.ApplicationLevel, l.ApplicationLogLevel)
		set(&d.Logging.SystemLevel, l.SystemLogLevel)
	}
	if in.layers != nil {
		d.Layers = in.layers
	}
	if in.fileSystems != nil {
		d.FileSystems = nil
		for _, f := range in.fileSystems {
			d.FileSystems = append(d.FileSystems, function.FileSystem{ARN: f.Arn, MountPath: f.LocalMountPath})
		}
	}
	return nil
}

// set overwrites what the request names.
func set(at *string, v *string) {
	if v != nil {
		*at = *v
	}
}

// fresh is a definition with the defaults of a new function.
func fresh(name function.Name) function.Definition {
	return function.Definition{
		Function: name, Version: function.Latest, Timeout: 3, MemoryMB: 128, StorageMB: 512,
		Logging:      function.Logging{Format: lambda.LogFormatText, Group: "/aws/lambda/" + string(name)},
		Architecture: lambda.ArchitectureX8664, Tracing: lambda.TracingModePassThrough,
		SnapStart: lambda.SnapStartApplyOnNone, PackageType: lambda.PackageTypeZip,
	}
}

// lastModified is the form of the time that Lambda shows.
const lastModified = "2006-01-02T15:04:05.000-0700"

// runtimeVersion is what RuntimeVersionConfig names: an opaque ARN.
const runtimeVersion = "::runtime:8eeff65f6809a3ce81507fe733fe09b835899b99481ba22fd75b5a7338290ec1"

// show is a definition as the API shows it; listings leave out the state.
func (s *Service) show(d *function.Definition, qualifier string, state bool) *lambda.FunctionConfiguration {
	out := &lambda.FunctionConfiguration{
		FunctionName: new(string(d.Function)), FunctionArn: new(string(s.arn(d.Function, qualifier))),
		Runtime: shown(d.Runtime), Role: new(d.Role), Handler: shown(d.Handler),
		CodeSize: new(d.Code.Size), CodeSha256: new(sha256Base64(d.Code.Digest)),
		Description: new(d.Description), Timeout: new(int32(d.Timeout)), MemorySize: new(int32(d.MemoryMB)),
		LastModified: new(d.Modified.Format(lastModified)), Version: new(string(d.Version)), RevisionId: new(d.Revision),
		PackageType: new(d.PackageType), Architectures: []string{d.Architecture}, KMSKeyArn: shown(d.KMSKey),
		TracingConfig:    &lambda.TracingConfigResponse{Mode: new(d.Tracing)},
		EphemeralStorage: &lambda.EphemeralStorage{Size: int32(d.StorageMB)},
		SnapStart:        &lambda.SnapStartResponse{ApplyOn: new(d.SnapStart), OptimizationStatus: new(lambda.SnapStartOptimizationStatusOff)},
		LoggingConfig: &lambda.LoggingConfig{LogFormat: new(d.Logging.Format), LogGroup: new(d.Logging.Group),
			ApplicationLogLevel: shown(d.Logging.ApplicationLevel), SystemLogLevel: shown(d.Logging.SystemLevel)},
	}
	if d.Env != nil {
		out.Environment = &lambda.EnvironmentResponse{Variables: make(map[string]string, len(d.Env))}
		for name, v := range d.Env {
			out.Environment.Variables[name] = v.Reveal()
		}
	}
	if d.SubnetIDs != nil || d.SecurityGroupIDs != nil {
		out.VpcConfig = &lambda.VpcConfigResponse{SubnetIds: d.SubnetIDs, SecurityGroupIds: d.SecurityGroupIDs,
			VpcId: new(""), Ipv6AllowedForDualStack: new(d.IPv6)}
	}
	if d.DeadLetter != "" {
		out.DeadLetterConfig = &lambda.DeadLetterConfig{TargetArn: new(d.DeadLetter)}
	}
	for _, l := range d.Layers {
		out.Layers = append(out.Layers, lambda.Layer{Arn: new(l), CodeSize: new(int64(0))})
	}
	for _, f := range d.FileSystems {
		out.FileSystemConfigs = append(out.FileSystemConfigs, lambda.FileSystemConfig{Arn: f.ARN, LocalMountPath: f.MountPath})
	}
	if state {
		if d.Runtime != "" {
			out.RuntimeVersionConfig = &lambda.RuntimeVersionConfig{
				RuntimeVersionArn: new("arn:" + string(s.Home.Partition) + ":lambda:" + string(s.Home.Region) + runtimeVersion)}
		}
		out.State, out.LastUpdateStatus = new(lambda.StateActive), new(lambda.LastUpdateStatusSuccessful)
	}
	return out
}

// pending shows a function that has just been made [recorded, facts 5.5.5]; waiters ask again and find it
// active.
func pending(c *lambda.FunctionConfiguration) *lambda.FunctionConfiguration {
	c.State, c.StateReason, c.StateReasonCode = new(lambda.StatePending), new("The function is being created."), new("Creating")
	c.LastUpdateStatus = nil
	return c
}

// updating shows a function that has just been changed.
func updating(c *lambda.FunctionConfiguration) *lambda.FunctionConfiguration {
	c.LastUpdateStatus = new(lambda.LastUpdateStatusInProgress)
	c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = new("The function is being created."), new("Creating")
	return c
}
