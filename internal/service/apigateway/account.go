package apigateway

import (
	"context"
	"errors"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// account returns the account's record, the untouched one when nobody has changed it.
func (s *Service) account(tx store.Tx) (apigw.Account, error) {
	a, err := s.c.Tables.Accounts.Get(tx, s.scope, tables.AccountID)
	if errors.Is(err, store.ErrNotFound) {
		return apigw.NewAccount(), nil
	}
	return a, err
}

// GetAccount shows what API Gateway keeps for the account.
func (s *Service) GetAccount(ctx context.Context, _ *apigateway.GetAccountInput) (*apigateway.Account, error) {
	var out *apigateway.Account
	err := s.view(ctx, func(tx store.Tx) error {
		a, err := s.account(tx)
		out = account(&a)
		return err
	})
	return out, err
}

// UpdateAccount patches the role that writes logs.
func (s *Service) UpdateAccount(ctx context.Context, in *apigateway.UpdateAccountInput) (*apigateway.Account, error) {
	var out *apigateway.Account
	err := s.update(ctx, func(tx store.Tx) error {
		a, err := s.account(tx)
		if err != nil {
			return err
		}
		if a, err = apigw.PatchAccount(a, patchOf(in.PatchOperations)); err != nil {
			return err
		}
		out = account(&a)
		return s.c.Tables.Accounts.Put(tx, s.scope, a)
	})
	return out, err
}

func account(a *apigw.Account) *apigateway.Account {
	return &apigateway.Account{
		CloudwatchRoleArn: shown(a.CloudWatchRole),
		ThrottleSettings:  &apigateway.ThrottleSettings{BurstLimit: new(int32(apigw.AccountBurst)), RateLimit: new(float64(apigw.AccountRate))},
		Features:          append([]string{}, a.Features...),
		ApiKeyVersion:     new("4"),
	}
}
