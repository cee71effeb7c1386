package iam

import (
	"context"
	"fmt"
	"slices"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

// CreatePolicyVersion adds a version, which is in force at once if the request says so.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *api.CreatePolicyVersionInput) (*api.CreatePolicyVersionResponse, error) {
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	var out *api.PolicyVersion
	err := s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, p *identity.ManagedPolicy) error {
		if len(p.Versions) >= identity.MaxPolicyVersions {
			return limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", identity.MaxPolicyVersions)
		}
		p.Last++
		p.Updated = s.now()
		v := identity.PolicyVersion{Number: p.Last, Document: in.PolicyDocument, Created: p.Updated}
		p.Versions = append(p.Versions, v)
		if is(in.SetAsDefault) {
			p.Default = p.Last
		}
		out = showVersion(p, &v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.CreatePolicyVersionResponse{PolicyVersion: out}, nil
}

// GetPolicyVersion returns a version with its document.
func (s *Service) GetPolicyVersion(ctx context.Context, in *api.GetPolicyVersionInput) (*api.GetPolicyVersionResponse, error) {
	out := &api.GetPolicyVersionResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		p, err := s.known(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		v, ok := p.Version(in.VersionId)
		if !ok {
			return noVersion(in.PolicyArn, in.VersionId)
		}
		out.PolicyVersion = showVersion(&p, v)
		out.PolicyVersion.Document = &v.Document
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func noVersion(policyARN, version string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", policyARN, version)
}

// ListPolicyVersions returns the versions, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *api.ListPolicyVersionsInput) (*api.ListPolicyVersionsResponse, error) {
	out := &api.ListPolicyVersionsResponse{}
	err := s.view(ctx, func(tx store.Tx) error {
		p, err := s.known(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		key := func(v *identity.PolicyVersion) string { return fmt.Sprintf("%012d", 1_000_000_000-v.Number) }
		where := paging{marker: in.Marker, items: in.MaxItems}.of("ListPolicyVersions", in.PolicyArn)
		out.Versions, out.IsTruncated, out.Marker, err = page(s, where, after(p.Versions, key), key, every[identity.PolicyVersion],
			func(v *identity.PolicyVersion) api.PolicyVersion { return *showVersion(&p, v) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SetDefaultPolicyVersion puts a version in force.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *api.SetDefaultPolicyVersionInput) error {
	return s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, p *identity.ManagedPolicy) error {
		v, ok := p.Version(in.VersionId)
		if !ok {
			return noVersion(in.PolicyArn, in.VersionId)
		}
		p.Default, p.Updated = v.Number, s.now()
		return nil
	})
}

// DeletePolicyVersion removes a version that is not in force.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *api.DeletePolicyVersionInput) error {
	return s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, p *identity.ManagedPolicy) error {
		v, ok := p.Version(in.VersionId)
		switch {
		case !ok:
			return noVersion(in.PolicyArn, in.VersionId)
		case v.Number == p.Default:
			return conflict("Cannot delete the default version of a policy.")
		}
		n := v.Number
		p.Versions = slices.DeleteFunc(p.Versions, func(v identity.PolicyVersion) bool { return v.Number == n })
		return nil
	})
}

func showVersion(p *identity.ManagedPolicy, v *identity.PolicyVersion) *api.PolicyVersion {
	return &api.PolicyVersion{
		VersionId: new(identity.VersionID(v.Number)), IsDefaultVersion: new(v.Number == p.Default), CreateDate: new(v.Created),
	}
}
