package iam

import (
	"context"
	"regexp"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

// GetContextKeysForCustomPolicy tells which condition keys policies ask for.
func (s *Service) GetContextKeysForCustomPolicy(_ context.Context, in *api.GetContextKeysForCustomPolicyInput) (*api.GetContextKeysForPolicyResponse, error) {
	sim := &simulation{}
	if err := sim.input(in.PolicyInputList, nil); err != nil {
		return nil, err
	}
	return &api.GetContextKeysForPolicyResponse{ContextKeyNames: sim.keys()}, nil
}

// GetContextKeysForPrincipalPolicy tells which condition keys the policies of a user, group or role ask for.
func (s *Service) GetContextKeysForPrincipalPolicy(ctx context.Context, in *api.GetContextKeysForPrincipalPolicyInput) (*api.GetContextKeysForPolicyResponse, error) {
	sim := &simulation{}
	if err := s.view(ctx, func(tx store.Tx) error { return s.source(tx, sim, in.PolicySourceArn) }); err != nil {
		return nil, err
	}
	if err := sim.input(in.PolicyInputList, nil); err != nil {
		return nil, err
	}
	return &api.GetContextKeysForPolicyResponse{ContextKeyNames: sim.keys()}, nil
}

// variable finds the keys of policy variables. ${*}, ${?} and ${$} are none.
var variable = regexp.MustCompile(`\$\{\s*([A-Za-z][^},]*?)\s*[},]`)

// keys are the condition keys of all identity policies, each once, in the order in which they are met.
func (sim *simulation) keys() []string {
	keys, seen := []string{}, map[string]bool{}
	add := func(key string) {
		if folded := identity.Fold(key); !seen[folded] {
			seen[folded] = true
			keys = append(keys, key)
		}
	}
	addVariables := func(texts []string) {
		for _, t := range texts {
			for _, m := range variable.FindAllStringSubmatch(t, -1) {
				add(m[1])
			}
		}
	}
	for _, p := range sim.set.Identity {
		doc := p.Document()
		for _, st := range doc.Statements {
			if doc.Variables() {
				addVariables(st.Resources.Values)
			}
			for _, c := range st.Conditions {
				add(c.Key)
				if doc.Variables() {
					addVariables(c.Values)
				}
			}
		}
	}
	return keys
}
