package apigw

import (
	"strings"

	"gatehouse/internal/seal"
)

const (
	minKeyValue       = 20
	maxKeyValue       = 128
	maxKeyName        = 1024
	maxKeyDescription = 125000
)

// CheckKeyValue refuses what cannot be the value of an API key: the length as AWS says it [recorded], and
// bytes that cannot travel in a header [inferred].
func CheckKeyValue(value string) error {
	switch n := runes(value); {
	case n < minKeyValue:
		return Refuse(BadRequest, "API Key value should be at least %d characters", minKeyValue)
	case n > maxKeyValue:
		return Refuse(BadRequest, "API Key value exceeds maximum size of %d characters", maxKeyValue)
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return Refuse(BadRequest, "API Key value can only contain printable ASCII characters")
		}
	}
	if strings.TrimSpace(value) != value {
		return Refuse(BadRequest, "API Key value cannot begin or end with a space")
	}
	return nil
}

// Check refuses a key that AWS would not keep.
func (k *APIKey) Check() error {
	// The name is looked up by its bytes, which are bounded as well.
	if runes(k.Name) > maxKeyName || len(k.Name) > maxKeyName {
		return Refuse(BadRequest, "Invalid API Key name, can be at most %d characters.", maxKeyName)
	}
	if runes(k.Description) > maxKeyDescription {
		return Refuse(BadRequest, "Invalid API Key description specified.")
	}
	for _, s := range k.StageKeys {
		if api, stage, ok := strings.Cut(s, "/"); !ok || api == "" || stage == "" {
			return Refuse(BadRequest, "Invalid API Stage specified")
		}
	}
	if err := CheckKeyValue(k.Value.Reveal()); err != nil {
		return err
	}
	return CheckTags(k.Tags)
}

// PatchKey applies UpdateApiKey.
func PatchKey(k APIKey, ops []PatchOp) (APIKey, error) {
	if err := patch(&k, ops, keyRules, listed); err != nil {
		return APIKey{}, err
	}
	return k, k.Check()
}

var keyRules = []rule[APIKey]{
	{path: "/description", replace: text(func(k *APIKey) *string { return &k.Description })},
	{path: "/enabled", replace: flag(func(k *APIKey) *bool { return &k.Enabled })},
	{path: "/name", replace: text(func(k *APIKey) *string { return &k.Name })},
	{path: "/customerId", replace: text(func(k *APIKey) *string { return &k.CustomerID })},
	{
		path: "/stages",
		add: func(k *APIKey, _, value string) error {
			k.StageKeys = addTo(k.StageKeys, value)
			return nil
		},
		remove: func(k *APIKey, _, value string) error {
			k.StageKeys = dropFrom(k.StageKeys, value)
			return nil
		},
	},
}

// SetValue gives the key its value.
func (k *APIKey) SetValue(value string) { k.Value = seal.Hide(value) }
