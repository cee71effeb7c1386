package lambda

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// CreateAlias names a version.
func (s *Service) CreateAlias(ctx context.Context, in *lambda.CreateAliasInput) (*lambda.AliasConfiguration, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	a := function.Alias{Function: t.name, Name: function.AliasName(in.Name), Version: function.Version(in.FunctionVersion),
		Description: value(in.Description), Revision: revision()}
	err = s.live(ctx, func(tx store.Tx) error {
		if _, err := s.function(tx, target{name: t.name}); err != nil {
			return err
		}
		if err := s.route(tx, &a, in.RoutingConfig); err != nil {
			return err
		}
		err := s.Tables.FunctionAliases.Insert(tx, s.scope, a)
		if errors.Is(err, store.ErrExists) {
			return conflict("Alias already exists: %s", s.arn(t.name, in.Name))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.showAlias(&a), nil
}

// route checks where an alias leads.
func (s *Service) route(tx store.Tx, a *function.Alias, in *lambda.AliasRoutingConfiguration) error {
	if _, err := s.definition(tx, target{a.Function, string(a.Version)}); err != nil {
		return err
	}
	if in == nil {
		return nil
	}
	a.Weights = nil
	if len(in.AdditionalVersionWeights) == 0 {
		return nil
	}
	if len(in.AdditionalVersionWeights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for v, weight := range in.AdditionalVersionWeights {
		switch {
		case weight < 0 || weight >= 1:
			return validation("routingConfig.additionalVersionWeights", fmt.Sprintf("{%s=%v}", v, weight),
				"Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]")
		case v == string(a.Version):
			return invalid("Invalid function version %s. Function version %s is already included in routing configuration.", v, v)
		case a.Version == function.Latest || v == string(function.Latest):
			return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		}
		if _, err := s.definition(tx, target{a.Function, v}); err != nil {
			return err
		}
		a.Weights = map[function.Version]float64{function.Version(v): weight}
	}
	return nil
}

// UpdateAlias lets an alias name another version.
func (s *Service) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput) (*lambda.AliasConfiguration, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var a function.Alias
	err = s.live(ctx, func(tx store.Tx) error {
		if a, err = s.alias(tx, target{t.name, in.Name}); err != nil {
			return err
		}
		if err := checkRevision(in.RevisionId, a.Revision, "GetFunction/GetAlias"); err != nil {
			return err
		}
		if in.FunctionVersion != nil {
			a.Version = function.Version(*in.FunctionVersion)
		}
		if in.Description != nil {
			a.Description = *in.Description
		}
		a.Revision = revision()
		if err := s.route(tx, &a, in.RoutingConfig); err != nil {
			return err
		}
		return s.Tables.FunctionAliases.Put(tx, s.scope, a)
	})
	if err != nil {
		return nil, err
	}
	return s.showAlias(&a), nil
}

// GetAlias shows an alias.
func (s *Service) GetAlias(ctx context.Context, in *lambda.GetAliasInput) (*lambda.AliasConfiguration, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var out *lambda.AliasConfiguration
	err = s.view(ctx, func(tx store.Tx) error {
		a, err := s.alias(tx, target{t.name, in.Name})
		out = s.showAlias(&a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteAlias removes an alias and its policy. One that is not there is no fault.
func (s *Service) DeleteAlias(ctx context.Context, in *lambda.DeleteAliasInput) error {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return err
	}
	return s.live(ctx, func(tx store.Tx) error {
		if _, err := s.function(tx, target{name: t.name}); err != nil {
			return err
		}
		id := tables.InFunction(t.name, in.Name)
		for _, err := range []error{s.Tables.FunctionAliases.Delete(tx, s.scope, id), s.Tables.FunctionPolicies.Delete(tx, s.scope, id)} {
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

// ListAliases lists the aliases of a function, of one version if the request names it.
func (s *Service) ListAliases(ctx context.Context, in *lambda.ListAliasesInput) (*lambda.ListAliasesResponse, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListAliasesResponse{Aliases: []lambda.AliasConfiguration{}}
	err = s.view(ctx, func(tx store.Tx) error {
		if _, err := s.function(tx, target{name: t.name}); err != nil {
			return err
		}
		all, err := of(tx, s.Tables.FunctionAliases, s.scope, t.name)
		if err != nil {
			return err
		}
		var of []function.Alias
		for _, a := range all {
			if _, weighted := a.Weights[function.Version(value(in.FunctionVersion))]; in.FunctionVersion == nil || string(a.Version) == *in.FunctionVersion || weighted {
				of = append(of, a)
			}
		}
		of, next, err := page(in.Marker, in.MaxItems, of, func(a *function.Alias) string { return string(a.Name) })
		out.NextMarker = next
		for i := range of {
			out.Aliases = append(out.Aliases, *s.showAlias(&of[i]))
		}
		return err
	})
	return out, err
}

func (s *Service) showAlias(a *function.Alias) *lambda.AliasConfiguration {
	out := &lambda.AliasConfiguration{
		AliasArn: new(string(s.arn(a.Function, string(a.Name)))), Name: new(string(a.Name)),
		FunctionVersion: new(string(a.Version)), Description: new(a.Description), RevisionId: new(a.Revision),
	}
	if len(a.Weights) > 0 {
		out.RoutingConfig = &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{}}
		for v, w := range a.Weights {
			out.RoutingConfig.AdditionalVersionWeights[string(v)] = w
		}
	}
	return out
}
