package apigateway

import (
	"context"
	"errors"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

const (
	alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	// generatedValue is the length of a generated API key value [observed].
	generatedValue = 40
)

func noKey() error {
	return apigw.Refuse(apigw.NotFound, "Invalid API Key identifier specified")
}

func (s *Service) key(tx store.Tx, id string) (apigw.APIKey, error) {
	return get(tx, s.c.Tables.APIKeys, s.scope, id, noKey())
}

// CreateApiKey makes an API key. It is disabled unless the caller says otherwise [recorded], and its value
// is generated when there is none. generateDistinctId is deprecated and ignored, as on AWS.
func (s *Service) CreateApiKey(ctx context.Context, in *apigateway.CreateApiKeyInput) (*apigateway.ApiKey, error) {
	var out *apigateway.ApiKey
	err := s.live(ctx, func(tx store.Tx) error {
		k := apigw.APIKey{
			Name:        text(in.Name),
			Description: text(in.Description),
			CustomerID:  text(in.CustomerId),
			Enabled:     is(in.Enabled),
			Tags:        tagsOf(in.Tags),
			Created:     s.c.Now(),
			Updated:     s.c.Now(),
		}
		for _, stage := range in.StageKeys {
			k.StageKeys = append(k.StageKeys, text(stage.RestApiId)+"/"+text(stage.StageName))
		}
		k.SetValue(text(in.Value))
		if err := s.insertKey(ctx, tx, &k); err != nil {
			return err
		}
		out = apiKey(&k, true)
		return nil
	})
	return out, err
}

// insertKey gives a new key its id, and a value when it has none, and keeps it.
func (s *Service) insertKey(ctx context.Context, tx store.Tx, k *apigw.APIKey) error {
	if k.Value.Reveal() == "" {
		value, err := draw(s.c.Random, alnum, generatedValue)
		if err != nil {
			return err
		}
		k.SetValue(value)
	}
	if err := k.Check(); err != nil {
		return err
	}
	id, err := s.newID(ctx, IDKey, exists(tx, s.c.Tables.APIKeys, s.scope, func(id string) string { return id }))
	if err != nil {
		return err
	}
	k.ID = apigw.KeyID(id)
	return s.putKey(tx, k)
}

// putKey keeps a key. Values are unique in an account and region [docs].
func (s *Service) putKey(tx store.Tx, k *apigw.APIKey) error {
	err := s.c.Tables.APIKeys.Put(tx, s.scope, *k)
	if errors.Is(err, store.ErrExists) {
		return apigw.Refuse(apigw.Conflict, "API Key already exists")
	}
	return err
}

// GetApiKey shows one key, with its value only on request.
func (s *Service) GetApiKey(ctx context.Context, in *apigateway.GetApiKeyInput) (*apigateway.ApiKey, error) {
	var out *apigateway.ApiKey
	err := s.view(ctx, func(tx store.Tx) error {
		k, err := s.key(tx, in.ApiKey)
		if err != nil {
			return err
		}
		out = keyWithTags(apiKey(&k, is(in.IncludeValue)))
		return nil
	})
	return out, err
}

// GetApiKeys lists the keys, the newest first [recorded]. The name query is a case-sensitive prefix.
func (s *Service) GetApiKeys(ctx context.Context, in *apigateway.GetApiKeysInput) (*apigateway.ApiKeys, error) {
	out := &apigateway.ApiKeys{Items: []apigateway.ApiKey{}}
	err := s.view(ctx, func(tx store.Tx) error {
		var found []apigw.APIKey
		for k, err := range s.c.Tables.APIKeys.List(tx, s.scope, "", "") {
			if err != nil {
				return err
			}
			if strings.HasPrefix(k.Name, text(in.NameQuery)) && (text(in.CustomerId) == "" || k.CustomerID == *in.CustomerId) {
				found = append(found, k)
			}
		}
		var err error
		found, out.Position, err = page(s, listing("GetApiKeys", text(in.NameQuery), text(in.CustomerId)), in.Position, in.Limit, found,
			func(k *apigw.APIKey) string { return newest(k.Created, string(k.ID)) })
		for i := range found {
			out.Items = append(out.Items, *apiKey(&found[i], is(in.IncludeValues)))
		}
		return err
	})
	return out, err
}

// UpdateApiKey patches a key. Switching it off takes effect at once.
func (s *Service) UpdateApiKey(ctx context.Context, in *apigateway.UpdateApiKeyInput) (*apigateway.ApiKey, error) {
	var out *apigateway.ApiKey
	err := s.live(ctx, func(tx store.Tx) error {
		k, err := s.key(tx, in.ApiKey)
		if err != nil {
			return err
		}
		if k, err = apigw.PatchKey(k, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		k.Updated = s.c.Now()
		out = keyWithTags(apiKey(&k, false))
		return s.putKey(tx, &k)
	})
	return out, err
}

// DeleteApiKey removes a key, also from its plans.
func (s *Service) DeleteApiKey(ctx context.Context, in *apigateway.DeleteApiKeyInput) error {
	return s.live(ctx, func(tx store.Tx) error {
		k, err := s.key(tx, in.ApiKey)
		if err != nil {
			return err
		}
		memberships, err := collect(s.c.Tables.PlanKeys.By(tx, s.scope, tables.ByKey, string(k.ID)))
		if err != nil {
			return err
		}
		for _, m := range memberships {
			if err := s.c.Tables.PlanKeys.Delete(tx, s.scope, tables.InPlan(m.Plan, m.Key)); err != nil {
				return err
			}
		}
		return s.c.Tables.APIKeys.Delete(tx, s.scope, string(k.ID))
	})
}

func apiKey(k *apigw.APIKey, value bool) *apigateway.ApiKey {
	out := &apigateway.ApiKey{
		Id:              new(string(k.ID)),
		Name:            shown(k.Name),
		CustomerId:      shown(k.CustomerID),
		Description:     shown(k.Description),
		Enabled:         new(k.Enabled),
		CreatedDate:     new(k.Created),
		LastUpdatedDate: new(k.Updated),
		StageKeys:       append([]string{}, k.StageKeys...),
		Tags:            k.Tags,
	}
	if value {
		out.Value = new(k.Value.Reveal())
	}
	return out
}

// keyWithTags shows no tags as an empty map, which creations and listings do not [recorded].
func keyWithTags(k *apigateway.ApiKey) *apigateway.ApiKey {
	if k.Tags == nil {
		k.Tags = map[string]string{}
	}
	return k
}
