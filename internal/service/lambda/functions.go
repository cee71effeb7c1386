package lambda

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// CreateFunction unpacks code and makes a function. Runtimes that AWS no longer creates are accepted: what
// is installed runs them.
func (s *Service) CreateFunction(ctx context.Context, in *lambda.CreateFunctionInput) (*lambda.FunctionConfiguration, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	t.qualifier = ""
	d := fresh(t.name)
	if err := s.settingsOf(in).apply(&d); err != nil {
		return nil, err
	}
	if in.PackageType != nil {
		d.PackageType = *in.PackageType
	}
	if len(in.Architectures) > 0 {
		d.Architecture = in.Architectures[0]
	}
	if d.PackageType == lambda.PackageTypeZip && (d.Runtime == "" || d.Handler == "") {
		return nil, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	// Do not unpack for a name that is taken.
	exists := func(tx store.Tx) error {
		_, err := s.function(tx, t)
		if err == nil {
			return conflict("Function already exist: %s", t.name)
		}
		if errors.Is(err, s.missing(t)) {
			return nil
		}
		return err
	}
	if err := s.view(ctx, exists); err != nil {
		return nil, err
	}
	if d.Code, err = s.fetch(ctx, source{in.Code.ZipFile, in.Code.S3Bucket, in.Code.S3Key, in.Code.ImageUri}); err != nil {
		return nil, err
	}
	if len(d.Layers) > 0 {
		s.Logger.Warn("layers are not mounted: what the function needs of them must be in its code or beside it", "function", t.name)
	}

	d.Modified, d.Revision = s.now(), revision()
	var made function.Definition
	err = s.live(ctx, func(tx store.Tx) error {
		if err := exists(tx); err != nil {
			return err
		}
		f := function.Function{Name: t.name, ARN: s.arn(t.name, ""), Tags: in.Tags, Created: d.Modified}
		made = d
		if value(in.Publish) {
			if made, err = s.publish(tx, &f, d, d.Description); err != nil {
				return err
			}
		}
		return errors.Join(s.Tables.Functions.Insert(tx, s.scope, f), s.Tables.FunctionVersions.Insert(tx, s.scope, d))
	})
	if err != nil {
		return nil, err
	}
	return pending(s.show(&made, versionQualifier(&made), true)), nil
}

// versionQualifier is how an ARN names a version; the latest one has none.
func versionQualifier(d *function.Definition) string {
	if d.Version == function.Latest {
		return ""
	}
	return string(d.Version)
}

func (s *Service) settingsOf(in *lambda.CreateFunctionInput) settings {
	return settings{
		description: in.Description, handler: in.Handler, role: &in.Role, runtime: in.Runtime, kmsKey: in.KMSKeyArn,
		timeout: in.Timeout, memory: in.MemorySize, environment: in.Environment, vpc: in.VpcConfig,
		deadLetter: in.DeadLetterConfig, tracing: in.TracingConfig, storage: in.EphemeralStorage,
		snapStart: in.SnapStart, logging: in.LoggingConfig, layers: in.Layers, fileSystems: in.FileSystemConfigs,
	}
}

// GetFunction shows a version with where its code came from, its tags and its concurrency.
func (s *Service) GetFunction(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionResponse, error) {
	t, err := s.parse(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var out *lambda.GetFunctionResponse
	err = s.view(ctx, func(tx store.Tx) error {
		f, err := s.function(tx, t)
		if err != nil {
			return err
		}
		d, err := s.definition(tx, t)
		if err != nil {
			return err
		}
		// There is no object store to download from, so there is no Location.
		out = &lambda.GetFunctionResponse{Configuration: s.show(&d, t.qualifier, true),
			Code: &lambda.FunctionCodeLocation{RepositoryType: new("S3")}}
		if d.Code.Image != "" {
			out.Code = &lambda.FunctionCodeLocation{RepositoryType: new("ECR"), ImageUri: new(d.Code.Image)}
		}
		if len(f.Tags) > 0 {
			out.Tags = f.Tags
		}
		if f.Reserved != nil {
			out.Concurrency = &lambda.Concurrency{ReservedConcurrentExecutions: new(int32(*f.Reserved))}
		}
		return nil
	})
	return out, err
}

// GetFunctionConfiguration shows a version.
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput) (*lambda.FunctionConfiguration, error) {
	t, err := s.parse(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var out *lambda.FunctionConfiguration
	err = s.view(ctx, func(tx store.Tx) error {
		if _, err := s.function(tx, t); err != nil {
			return err
		}
		d, err := s.definition(tx, t)
		if err == nil {
			out = s.show(&d, t.qualifier, true)
		}
		return err
	})
	return out, err
}

// ListFunctions lists the latest versions by name, or all versions.
func (s *Service) ListFunctions(ctx context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsResponse, error) {
	out := &lambda.ListFunctionsResponse{Functions: []lambda.FunctionConfiguration{}}
	err := s.view(ctx, func(tx store.Tx) error {
		defs, err := collect(s.Tables.FunctionVersions.List(tx, s.scope, "", ""))
		if err != nil {
			return err
		}
		if value(in.FunctionVersion) != lambda.FunctionVersionAll {
			defs = slices.DeleteFunc(defs, func(d function.Definition) bool { return d.Version != function.Latest })
		}
		slices.SortFunc(defs, byVersion)
		defs, next, err := page(in.Marker, in.MaxItems, defs, func(d *function.Definition) string {
			return tables.InFunction(d.Function, d.Version)
		})
		out.NextMarker = next
		for i := range defs {
			q := ""
			if value(in.FunctionVersion) == lambda.FunctionVersionAll {
				q = string(defs[i].Version)
			}
			out.Functions = append(out.Functions, *s.show(&defs[i], q, false))
		}
		return err
	})
	return out, err
}

// byVersion orders by name, then $LATEST, then by number.
func byVersion(a, b function.Definition) int {
	return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(number(a.Version), number(b.Version)))
}

// DeleteFunction removes a function with everything that belongs to it, or one published version.
func (s *Service) DeleteFunction(ctx context.Context, in *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionResponse, error) {
	t, err := s.parse(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if t.qualifier == string(function.Latest) {
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	if t.qualifier != "" && !isVersion(t.qualifier) {
		return nil, invalid("Deletion of aliases is not currently supported.")
	}
	var retired []string
	err = s.live(ctx, func(tx store.Tx) error {
		retired = nil
		if _, err := s.function(tx, target{name: t.name}); err != nil {
			return s.asked(err, t)
		}
		if t.qualifier != "" {
			retired, err = s.dropVersion(tx, t)
			return err
		}
		retired, err = s.dropFunction(tx, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, digest := range retired {
		s.Host.Retire(digest)
	}
	return &lambda.DeleteFunctionResponse{StatusCode: new(int32(http.StatusNoContent))}, nil
}

// asked repeats a refusal with the qualifier of the request.
func (s *Service) asked(err error, t target) error {
	if errors.Is(err, s.missing(t)) {
		return s.missing(t)
	}
	return err
}

func (s *Service) dropFunction(tx store.Tx, t target) (retired []string, err error) {
	f, err := s.function(tx, t)
	if err != nil {
		return nil, err
	}
	defs, err := of(tx, s.Tables.FunctionVersions, s.scope, t.name)
	if err != nil {
		return nil, err
	}
	for i := range defs {
		retired = append(retired, s.config(&f, &defs[i]).Digest)
	}
	return retired, errors.Join(
		dropAll(tx, s.Tables.FunctionVersions, s.scope, t.name),
		dropAll(tx, s.Tables.FunctionAliases, s.scope, t.name),
		dropAll(tx, s.Tables.FunctionPolicies, s.scope, t.name),
		s.Tables.Functions.Delete(tx, s.scope, string(t.name)),
	)
}

func (s *Service) dropVersion(tx store.Tx, t target) (retired []string, err error) {
	f, err := s.function(tx, t)
	if err != nil {
		return nil, err
	}
	d, err := s.definition(tx, t)
	if errors.Is(err, s.missing(t)) {
		return nil, nil // AWS answers 204 for a version that never was
	}
	if err != nil {
		return nil, err
	}
	aliases, err := of(tx, s.Tables.FunctionAliases, s.scope, t.name)
	if err != nil {
		return nil, err
	}
	var using []string
	for _, a := range aliases {
		if _, weighted := a.Weights[d.Version]; a.Version == d.Version || weighted {
			using = append(using, string(a.Name))
		}
	}
	if len(using) > 0 {
		return nil, conflict("Unable to delete version because the following aliases reference it: %v", using)
	}
	if err := s.Tables.FunctionPolicies.Delete(tx, s.scope, tables.InFunction(t.name, t.qualifier)); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return []string{s.config(&f, &d).Digest}, s.Tables.FunctionVersions.Delete(tx, s.scope, tables.InFunction(t.name, d.Version))
}

// dropAll deletes the rows of one function.
func dropAll[T any](tx store.Tx, t *store.Table[T], scope store.Scope, name function.Name) error {
	rows, err := of(tx, t, scope, name)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := t.Delete(tx, scope, t.ID(&rows[i])); err != nil {
			return err
		}
	}
	return nil
}
