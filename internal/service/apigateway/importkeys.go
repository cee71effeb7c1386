package apigateway

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// ImportApiKeys reads a key file. What a key is, is told by its value: a value that exists is overwritten
// [docs]. All rows are written in one transaction, or none; rows that cannot be keys and plans that do not
// exist are warnings, on which the whole import fails if the caller asks for it.
func (s *Service) ImportApiKeys(ctx context.Context, in *apigateway.ImportApiKeysInput) (*apigateway.ApiKeyIds, error) {
	var out *apigateway.ApiKeyIds
	err := s.live(ctx, func(tx store.Tx) error {
		rows, warnings, err := apigw.ParseKeys(string(in.Body))
		if err != nil {
			return err
		}
		out = &apigateway.ApiKeyIds{Ids: []string{}, Warnings: append([]string{}, warnings...)}
		for _, row := range rows {
			id, err := s.importKey(ctx, tx, row.Key)
			if err != nil {
				return err
			}
			out.Ids = append(out.Ids, string(id))
			for _, plan := range row.Plans {
				warning, err := s.importMembership(tx, plan, id)
				if err != nil {
					return err
				}
				if warning != "" {
					out.Warnings = append(out.Warnings, fmt.Sprintf("Line %d: %s", row.Line, warning))
				}
			}
		}
		if is(in.FailOnWarnings) && len(out.Warnings) > 0 {
			return apigw.Refuse(apigw.BadRequest, "Warnings found during import: %s", out.Warnings[0])
		}
		return nil
	})
	return out, err
}

// importKey makes a key, or overwrites the one with the same value, which keeps its id and plans.
func (s *Service) importKey(ctx context.Context, tx store.Tx, k apigw.APIKey) (apigw.KeyID, error) {
	k.Created, k.Updated = s.c.Now(), s.c.Now()
	old, err := s.c.Tables.APIKeys.One(tx, s.scope, tables.ByLookup, s.c.Tables.Lookup(k.Value.Reveal()))
	if errors.Is(err, store.ErrNotFound) {
		err := s.insertKey(ctx, tx, &k)
		return k.ID, err
	}
	if err != nil {
		return "", err
	}
	k.ID, k.Created, k.Tags = old.ID, old.Created, old.Tags
	return k.ID, s.putKey(tx, &k)
}

// importMembership puts a key into a plan. A refusal becomes a warning.
func (s *Service) importMembership(tx store.Tx, plan apigw.PlanID, key apigw.KeyID) (warning string, err error) {
	if storable(string(plan)) {
		if _, err := s.c.Tables.PlanKeys.Get(tx, s.scope, tables.InPlan(plan, key)); err == nil {
			return "", nil
		}
	}
	_, err = s.join(tx, string(plan), string(key))
	if refusal, ok := errors.AsType[*apigw.Error](err); ok {
		return refusal.Msg, nil
	}
	return "", err
}
