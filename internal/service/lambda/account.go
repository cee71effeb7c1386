package lambda

import (
	"context"
	"maps"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/store"
)

// The limits of an account, as AWS shows them. The concurrency that really runs is the host's.
const (
	accountConcurrency = 1000
	minUnreserved      = 100
	maxTags            = 50
)

// GetAccountSettings shows limits and use.
func (s *Service) GetAccountSettings(ctx context.Context, _ *lambda.GetAccountSettingsInput) (*lambda.GetAccountSettingsResponse, error) {
	var size, count int64
	var reserved int
	err := s.view(ctx, func(tx store.Tx) error {
		size, count = 0, 0
		for d, err := range s.Tables.FunctionVersions.List(tx, s.scope, "", "") {
			if err != nil {
				return err
			}
			size += d.Code.Size
			if d.Version == function.Latest {
				count++
			}
		}
		var err error
		reserved, err = s.reserved(tx, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	return &lambda.GetAccountSettingsResponse{
		AccountLimit: &lambda.AccountLimit{
			TotalCodeSize: new(int64(80530636800)), CodeSizeUnzipped: new(int64(maxUnzipped)), CodeSizeZipped: new(int64(52428800)),
			ConcurrentExecutions: new(int32(accountConcurrency)), UnreservedConcurrentExecutions: new(int32(accountConcurrency - reserved)),
		},
		AccountUsage: &lambda.AccountUsage{TotalCodeSize: &size, FunctionCount: &count},
	}, nil
}

// reserved is the concurrency that functions but one have reserved.
func (s *Service) reserved(tx store.Tx, but function.Name) (int, error) {
	sum := 0
	for f, err := range s.Tables.Functions.List(tx, s.scope, "", "") {
		if err != nil {
			return 0, err
		}
		if f.Name != but {
			sum += value(f.Reserved)
		}
	}
	return sum, nil
}

// PutFunctionConcurrency reserves concurrency; 0 stops the function.
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyInput) (*lambda.Concurrency, error) {
	n := int(in.ReservedConcurrentExecutions)
	err := s.edit(ctx, in.FunctionName, func(tx store.Tx, f *function.Function) error {
		others, err := s.reserved(tx, f.Name)
		if err != nil {
			return err
		}
		if accountConcurrency-others-n < minUnreserved {
			return invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
		}
		f.Reserved = &n
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.Concurrency{ReservedConcurrentExecutions: new(in.ReservedConcurrentExecutions)}, nil
}

// GetFunctionConcurrency shows the reserved concurrency, nothing when there is none.
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *lambda.GetFunctionConcurrencyInput) (*lambda.GetFunctionConcurrencyResponse, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.GetFunctionConcurrencyResponse{}
	err = s.view(ctx, func(tx store.Tx) error {
		f, err := s.function(tx, t)
		if f.Reserved != nil {
			out.ReservedConcurrentExecutions = new(int32(*f.Reserved))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteFunctionConcurrency gives a function its share of the account's concurrency again.
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *lambda.DeleteFunctionConcurrencyInput) error {
	return s.edit(ctx, in.FunctionName, func(_ store.Tx, f *function.Function) error {
		f.Reserved = nil
		return nil
	})
}

// edit changes what all versions of a function share.
func (s *Service) edit(ctx context.Context, name string, fn func(store.Tx, *function.Function) error) error {
	t, err := s.parse(name, nil)
	if err != nil {
		return err
	}
	return s.live(ctx, func(tx store.Tx) error {
		f, err := s.function(tx, t)
		if err != nil {
			return err
		}
		if err := fn(tx, &f); err != nil {
			return err
		}
		return s.Tables.Functions.Put(tx, s.scope, f)
	})
}

// GetFunctionCodeSigningConfig answers that code need not be signed.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *lambda.GetFunctionCodeSigningConfigInput) (*lambda.GetFunctionCodeSigningConfigResponse, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if err := s.view(ctx, func(tx store.Tx) error { _, err := s.function(tx, t); return err }); err != nil {
		return nil, err
	}
	return &lambda.GetFunctionCodeSigningConfigResponse{FunctionName: string(t.name)}, nil
}

// TagResource adds tags to a function.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceInput) error {
	return s.edit(ctx, in.Resource, func(_ store.Tx, f *function.Function) error {
		tags := maps.Clone(f.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, in.Tags)
		f.Tags = tags
		return checkTags(tags)
	})
}

// UntagResource removes tags by name.
func (s *Service) UntagResource(ctx context.Context, in *lambda.UntagResourceInput) error {
	return s.edit(ctx, in.Resource, func(_ store.Tx, f *function.Function) error {
		f.Tags = maps.Clone(f.Tags)
		for _, name := range in.TagKeys {
			delete(f.Tags, name)
		}
		return nil
	})
}

// ListTags shows the tags of a function.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsResponse, error) {
	t, err := s.parse(in.Resource, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListTagsResponse{}
	err = s.view(ctx, func(tx store.Tx) error {
		f, err := s.function(tx, t)
		if out.Tags = f.Tags; f.Tags == nil {
			out.Tags = map[string]string{}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("Number of tags exceeds resource tag limit.")
	}
	return nil
}
