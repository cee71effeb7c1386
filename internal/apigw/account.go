package apigw

import "slices"

// Account is what API Gateway keeps for an account in a region.
type Account struct {
	CloudWatchRole string
	Features       []string
}

// NewAccount is the account that nobody has changed.
func NewAccount() Account { return Account{Features: []string{"UsagePlans"}} }

// PatchAccount applies UpdateAccount.
func PatchAccount(a Account, ops []PatchOp) (Account, error) {
	err := patch(&a, ops, accountRules, listed)
	return a, err
}

var accountRules = []rule[Account]{
	{
		path:    "/cloudwatchRoleArn",
		replace: text(func(a *Account) *string { return &a.CloudWatchRole }),
		remove:  clearText(func(a *Account) *string { return &a.CloudWatchRole }),
	},
	{path: "/features", add: func(a *Account, _, value string) error {
		// Usage plans were optional once; the feature cannot be taken away again.
		if value != "UsagePlans" {
			return Refuse(BadRequest, "Invalid feature specified: %s", value)
		}
		if !slices.Contains(a.Features, value) {
			a.Features = append(slices.Clone(a.Features), value)
		}
		return nil
	}},
}
