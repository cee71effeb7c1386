package tables

import (
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
	"gatehouse/internal/vpc"
)

// Clear removes every record of a scope but the access keys of the account itself, the values that were
// drawn for named API keys and the VPC endpoints of the configuration: what a reset takes back to the start.
func (t *Tables) Clear(tx store.Tx, scope store.Scope) error {
	for _, clear := range []func(store.Tx, store.Scope) error{
		clearTable(t.RestAPIs), clearTable(t.Resources), clearTable(t.Authorizers), clearTable(t.Models), clearTable(t.Validators),
		clearTable(t.GatewayResponses), clearTable(t.Deployments), clearTable(t.Stages), clearTable(t.UsagePlans), clearTable(t.APIKeys),
		clearTable(t.PlanKeys), clearTable(t.Usage), clearTable(t.Accounts),
		t.clearUserKeys, clearTable(t.Users), clearTable(t.Groups), clearTable(t.Roles), clearTable(t.Policies), clearTable(t.OIDCProviders), clearTable(t.Uses),
		clearRows(t.VPCEndpoints, func(e *vpc.Endpoint) bool { return !e.Configured }),
		clearTable(t.Functions), clearTable(t.FunctionVersions), clearTable(t.FunctionAliases), clearTable(t.FunctionPolicies),
		clearTable(t.Stacks), clearTable(t.StackResources), clearTable(t.StackEvents), clearTable(t.StackExports),
	} {
		if err := clear(tx, scope); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tables) clearUserKeys(tx store.Tx, scope store.Scope) error {
	return clearRows(t.AccessKeys, func(k *identity.AccessKey) bool { return !k.Root })(tx, scope)
}

func clearTable[T any](t *store.Table[T]) func(store.Tx, store.Scope) error {
	return clearRows(t, func(*T) bool { return true })
}

func clearRows[T any](t *store.Table[T], gone func(*T) bool) func(store.Tx, store.Scope) error {
	return func(tx store.Tx, scope store.Scope) error {
		var ids []string
		for v, err := range t.List(tx, scope, "", "") {
			if err != nil {
				return err
			}
			if gone(&v) {
				ids = append(ids, t.ID(&v))
			}
		}
		for _, id := range ids {
			if err := t.Delete(tx, scope, id); err != nil {
				return err
			}
		}
		return nil
	}
}
