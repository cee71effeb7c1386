package identity

import (
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/policy"
)

// TrustPolicy compiles the assume-role policy. Users and roles that it names are held to be those that had
// these names when the policy was written: one that was deleted and made again is somebody else. A policy that
// does not compile trusts nobody.
func (r *Role) TrustPolicy() *policy.Policy {
	doc, err := policy.Parse(r.Trust, policy.Trust)
	if err == nil {
		for i := range doc.Statements {
			entries := doc.Statements[i].Principals.Entries
			for j := range entries {
				if id := r.Pinned[entries[j].Value]; id != "" && entries[j].Type == policy.PrincipalAWS {
					entries[j].Value = id
				}
			}
		}
		var p *policy.Policy
		if p, err = policy.Compile(doc, string(r.Name)); err == nil {
			return p
		}
	}
	return policy.Broken(policy.Trust, string(r.Name), err)
}

// ShowTrust is the assume-role policy as it is read back: where a user or role that it names has another ARN by
// now, that one, and where it is gone, its unique id. current returns the ARN of a unique id, "" when it is
// gone.
func (r *Role) ShowTrust(current func(id string) (string, error)) (string, error) {
	text := r.Trust
	for _, arn := range slices.Sorted(maps.Keys(r.Pinned)) {
		now, err := current(r.Pinned[arn])
		if err != nil {
			return "", err
		}
		if now == "" {
			now = r.Pinned[arn]
		}
		text = strings.ReplaceAll(text, `"`+arn+`"`, `"`+now+`"`)
	}
	return text, nil
}
