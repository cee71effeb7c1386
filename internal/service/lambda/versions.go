package lambda

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"time"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// PublishVersion freezes the latest version under the next number. When nothing has changed since the last
// one, that one is answered.
func (s *Service) PublishVersion(ctx context.Context, in *lambda.PublishVersionInput) (*lambda.FunctionConfiguration, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var v function.Definition
	err = s.live(ctx, func(tx store.Tx) error {
		f, err := s.function(tx, t)
		if err != nil {
			return err
		}
		d, err := s.definition(tx, target{name: t.name})
		if err != nil {
			return err
		}
		if err := checkRevision(in.RevisionId, d.Revision, "GetFunction/GetAlias"); err != nil {
			return err
		}
		// Linked code is a directory: there is no archive whose digest the caller could mean.
		if have := sha256Base64(d.Code.Digest); in.CodeSha256 != nil && *in.CodeSha256 != "" && *in.CodeSha256 != have && !d.Code.Linked {
			return invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", *in.CodeSha256, have)
		}
		description := d.Description
		if in.Description != nil {
			description = *in.Description
		}
		if v, err = s.publish(tx, &f, d, description); err != nil {
			return err
		}
		return s.Tables.Functions.Put(tx, s.scope, f)
	})
	if err != nil {
		return nil, err
	}
	return s.show(&v, string(v.Version), true), nil
}

// publish writes the next version; f counts it and has to be written by the caller.
func (s *Service) publish(tx store.Tx, f *function.Function, d function.Definition, description string) (function.Definition, error) {
	last, err := s.Tables.FunctionVersions.Get(tx, s.scope, tables.InFunction(f.Name, function.Version(strconv.Itoa(f.Published))))
	if err == nil && reflect.DeepEqual(content(last), content(d)) {
		return last, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return last, err
	}
	f.Published++
	d.Version = function.Version(strconv.Itoa(f.Published))
	d.Description, d.Revision = description, revision()
	return d, s.Tables.FunctionVersions.Insert(tx, s.scope, d)
}

// content is a definition without what every version has of its own.
func content(d function.Definition) function.Definition {
	d.Version, d.Description, d.Revision, d.Modified = "", "", "", time.Time{}
	return d
}

// ListVersionsByFunction lists the versions, $LATEST first.
func (s *Service) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionResponse, error) {
	t, err := s.parse(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListVersionsByFunctionResponse{Versions: []lambda.FunctionConfiguration{}}
	err = s.view(ctx, func(tx store.Tx) error {
		if _, err := s.function(tx, t); err != nil {
			return err
		}
		defs, err := of(tx, s.Tables.FunctionVersions, s.scope, t.name)
		if err != nil {
			return err
		}
		slices.SortFunc(defs, byVersion)
		defs, next, err := page(in.Marker, in.MaxItems, defs, func(d *function.Definition) string { return string(d.Version) })
		out.NextMarker = next
		for i := range defs {
			out.Versions = append(out.Versions, *s.show(&defs[i], string(defs[i].Version), false))
		}
		return err
	})
	return out, err
}

// number is the order of a version: $LATEST comes first.
func number(v function.Version) int {
	n, err := strconv.Atoi(string(v))
	if err != nil {
		return 0
	}
	return n
}
