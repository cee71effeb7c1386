package iam

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

// Limits of OIDC providers [docs].
const (
	maxClients     = 100
	maxThumbprints = 5
	thumbprintSize = 40
)

// CreateOpenIDConnectProvider makes an identity provider whose tokens may be exchanged for roles.
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, in *api.CreateOpenIDConnectProviderInput) (*api.CreateOpenIDConnectProviderResponse, error) {
	issuer, err := issuerOf(in.Url)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	if len(in.ClientIDList) > maxClients {
		return nil, limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
	}
	p := identity.OIDCProvider{
		URL: issuer, ARN: s.c.Home.ARN("oidc-provider/" + issuer), Clients: in.ClientIDList, Thumbprints: in.ThumbprintList,
		Tags: tags, Created: s.now(),
	}
	err = s.update(ctx, func(tx store.Tx) error {
		err := s.c.Tables.OIDCProviders.Insert(tx, s.scope, p)
		if errors.Is(err, store.ErrExists) {
			return alreadyExists("Provider with url %s already exists.", in.Url)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateOpenIDConnectProviderResponse{OpenIDConnectProviderArn: &p.ARN, Tags: showTags(tags)}, nil
}

// issuerOf is the URL of a provider without its scheme. It is compared with the issuer of tokens, letter by
// letter.
func issuerOf(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(text) > 255 {
		return "", invalid("Invalid Open ID Connect Provider URL")
	}
	return strings.TrimPrefix(text, "https://"), nil
}

func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return invalidInput("Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	for _, t := range list {
		if len(t) != thumbprintSize || strings.Trim(t, "0123456789abcdefABCDEF") != "" {
			return invalidInput("Thumbprint %s must be %d hexadecimal digits.", t, thumbprintSize)
		}
	}
	return nil
}

// GetOpenIDConnectProvider returns a provider.
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, in *api.GetOpenIDConnectProviderInput) (*api.GetOpenIDConnectProviderResponse, error) {
	p, err := s.readProvider(ctx, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &api.GetOpenIDConnectProviderResponse{
		Url: &p.URL, ClientIDList: p.Clients, ThumbprintList: p.Thumbprints, CreateDate: &p.Created, Tags: showTags(p.Tags),
	}, nil
}

// ListOpenIDConnectProviders returns the ARNs of all providers.
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, _ *api.ListOpenIDConnectProvidersInput) (*api.ListOpenIDConnectProvidersResponse, error) {
	out := &api.ListOpenIDConnectProvidersResponse{OpenIDConnectProviderList: []api.OpenIDConnectProviderListEntry{}}
	err := s.view(ctx, func(tx store.Tx) error {
		for p, err := range s.c.Tables.OIDCProviders.List(tx, s.scope, "", "") {
			if err != nil {
				return err
			}
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, api.OpenIDConnectProviderListEntry{Arn: new(p.ARN)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteOpenIDConnectProvider removes a provider. Roles that trust it stay, but nobody can assume them.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, in *api.DeleteOpenIDConnectProviderInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		p, err := s.provider(tx, in.OpenIDConnectProviderArn)
		if err != nil {
			return err
		}
		return s.c.Tables.OIDCProviders.Delete(tx, s.scope, p.URL)
	})
}

// AddClientIDToOpenIDConnectProvider accepts one more audience; one that is accepted already is no fault.
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *api.AddClientIDToOpenIDConnectProviderInput) error {
	return s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *identity.OIDCProvider) error {
		switch {
		case slices.Contains(p.Clients, in.ClientID):
			return nil
		case len(p.Clients) >= maxClients:
			return limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
		}
		p.Clients = append(p.Clients, in.ClientID)
		return nil
	})
}

// RemoveClientIDFromOpenIDConnectProvider no longer accepts an audience; one that was not accepted is no fault.
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *api.RemoveClientIDFromOpenIDConnectProviderInput) error {
	return s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *identity.OIDCProvider) error {
		p.Clients = slices.DeleteFunc(p.Clients, func(c string) bool { return c == in.ClientID })
		return nil
	})
}

// UpdateOpenIDConnectProviderThumbprint replaces the list of thumbprints.
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *api.UpdateOpenIDConnectProviderThumbprintInput) error {
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return err
	}
	return s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *identity.OIDCProvider) error {
		p.Thumbprints = in.ThumbprintList
		return nil
	})
}

// TagOpenIDConnectProvider adds tags; tags of the same keys are replaced.
func (s *Service) TagOpenIDConnectProvider(ctx context.Context, in *api.TagOpenIDConnectProviderInput) error {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return err
	}
	return s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *identity.OIDCProvider) error { return retag(&p.Tags, tags, nil) })
}

// UntagOpenIDConnectProvider removes tags by key.
func (s *Service) UntagOpenIDConnectProvider(ctx context.Context, in *api.UntagOpenIDConnectProviderInput) error {
	return s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *identity.OIDCProvider) error { return retag(&p.Tags, nil, in.TagKeys) })
}

// ListOpenIDConnectProviderTags returns the tags of a provider by key.
func (s *Service) ListOpenIDConnectProviderTags(ctx context.Context, in *api.ListOpenIDConnectProviderTagsInput) (*api.ListOpenIDConnectProviderTagsResponse, error) {
	p, err := s.readProvider(ctx, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	tags, more, next, err := pageTags(s, paging{marker: in.Marker, items: in.MaxItems}.of("ListOpenIDConnectProviderTags", p.ARN), p.Tags)
	return &api.ListOpenIDConnectProviderTagsResponse{Tags: tags, IsTruncated: more, Marker: next}, err
}

// provider reads a provider by its ARN.
func (s *Service) provider(tx store.Tx, arn string) (identity.OIDCProvider, error) {
	absent := noSuchEntity("OpenIDConnect Provider not found for arn %s", arn)
	issuer, ok := strings.CutPrefix(arn, s.c.Home.ARN("oidc-provider/"))
	if !ok {
		return identity.OIDCProvider{}, absent
	}
	p, err := s.c.Tables.OIDCProviders.Get(tx, s.scope, issuer)
	return p, missing(err, absent)
}

func (s *Service) readProvider(ctx context.Context, arn string) (p identity.OIDCProvider, err error) {
	err = s.view(ctx, func(tx store.Tx) error {
		p, err = s.provider(tx, arn)
		return err
	})
	return p, err
}

func (s *Service) changeProvider(ctx context.Context, arn string, fn func(*identity.OIDCProvider) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		p, err := s.provider(tx, arn)
		if err != nil {
			return err
		}
		if err := fn(&p); err != nil {
			return err
		}
		return s.c.Tables.OIDCProviders.Put(tx, s.scope, p)
	})
}
