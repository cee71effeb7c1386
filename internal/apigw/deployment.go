package apigw

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// CheckDeployable refuses a definition that AWS would not deploy.
func (d *Definition) CheckDeployable() error {
	methods := 0
	for i := range d.Resources {
		for _, m := range d.Resources[i].Methods {
			methods++
			if m.Integration == nil {
				return Refuse(BadRequest, "No integration defined for method")
			}
		}
	}
	if methods == 0 {
		return Refuse(BadRequest, "The REST API doesn't contain any methods")
	}
	return nil
}

// Freeze makes the deployment of a definition. The definition belongs to the deployment from then on.
func Freeze(d Definition) (Deployment, error) {
	if err := d.CheckDeployable(); err != nil {
		return Deployment{}, err
	}
	slices.SortFunc(d.Resources, func(a, b Resource) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(d.Authorizers, func(a, b Authorizer) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.SortFunc(d.Models, func(a, b Model) int { return strings.Compare(string(a.Name), string(b.Name)) })
	slices.SortFunc(d.Validators, func(a, b RequestValidator) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.SortFunc(d.GatewayResponses, func(a, b GatewayResponse) int { return strings.Compare(a.Type, b.Type) })
	digest, err := d.digest()
	if err != nil {
		return Deployment{}, err
	}
	return Deployment{API: d.API.ID, Digest: digest, Frozen: d}, nil
}

// digest hashes the canonical form of a sorted definition: JSON with the members in the order of the
// types and map keys sorted. Tags are left out, because nothing that is served depends on them.
func (d Definition) digest() (string, error) {
	d.API.Tags = nil
	body, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("digest of the definition of API %s: %w", d.API.ID, err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// PatchDeployment applies UpdateDeployment.
func PatchDeployment(d Deployment, ops []PatchOp) (Deployment, error) {
	err := patch(&d, ops, deploymentRules, listed)
	return d, err
}

var deploymentRules = []rule[Deployment]{
	{path: "/description", replace: text(func(d *Deployment) *string { return &d.Description })},
}
