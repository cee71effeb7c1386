package lambda

import (
	"context"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/store"
)

// UpdateFunctionCode replaces the code of the latest version.
func (s *Service) UpdateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeInput) (*lambda.FunctionConfiguration, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if err := s.view(ctx, func(tx store.Tx) error { _, err := s.function(tx, target{name: t.name}); return s.asked(err, t) }); err != nil {
		return nil, err
	}
	code, err := s.fetch(ctx, source{in.ZipFile, in.S3Bucket, in.S3Key, in.ImageUri})
	if err != nil {
		return nil, err
	}
	return s.change(ctx, t, in.RevisionId, value(in.Publish), value(in.DryRun), func(d *function.Definition) error {
		d.Code = code
		if len(in.Architectures) > 0 {
			d.Architecture = in.Architectures[0]
		}
		return nil
	})
}

// UpdateFunctionConfiguration changes the settings that the request names.
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationInput) (*lambda.FunctionConfiguration, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	changes := settings{
		description: in.Description, handler: in.Handler, role: in.Role, runtime: in.Runtime, kmsKey: in.KMSKeyArn,
		timeout: in.Timeout, memory: in.MemorySize, environment: in.Environment, vpc: in.VpcConfig,
		deadLetter: in.DeadLetterConfig, tracing: in.TracingConfig, storage: in.EphemeralStorage,
		snapStart: in.SnapStart, logging: in.LoggingConfig, layers: in.Layers, fileSystems: in.FileSystemConfigs,
	}
	return s.change(ctx, t, in.RevisionId, false, false, changes.apply)
}

// change edits the latest version in one transaction. Processes of the old one end once the new one is
// served.
func (s *Service) change(ctx context.Context, t target, ifRevision *string, publish, dry bool,
	edit func(*function.Definition) error) (*lambda.FunctionConfiguration, error) {
	if t.qualifier != "" && t.qualifier != string(function.Latest) {
		return nil, invalid("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
	}
	var shown function.Definition
	var retired string
	run := func(tx store.Tx) error {
		f, err := s.function(tx, target{name: t.name})
		if err != nil {
			return err
		}
		d, err := s.definition(tx, target{name: t.name})
		if err != nil {
			return err
		}
		if err := checkRevision(ifRevision, d.Revision, "GetFunction/GetAlias"); err != nil {
			return err
		}
		retired = s.config(&f, &d).Digest
		if err := edit(&d); err != nil {
			return err
		}
		d.Modified, d.Revision = s.now(), revision()
		shown = d
		if dry {
			return nil
		}
		if err := s.Tables.FunctionVersions.Put(tx, s.scope, d); err != nil {
			return err
		}
		if !publish {
			return nil
		}
		if shown, err = s.publish(tx, &f, d, d.Description); err != nil {
			return err
		}
		return s.Tables.Functions.Put(tx, s.scope, f)
	}
	if dry {
		if err := s.view(ctx, run); err != nil {
			return nil, err
		}
		return s.show(&shown, "", true), nil
	}
	if err := s.live(ctx, run); err != nil {
		return nil, err
	}
	s.Host.Retire(retired)
	return updating(s.show(&shown, versionQualifier(&shown), true)), nil
}
