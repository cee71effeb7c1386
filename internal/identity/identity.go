// Package identity names who exists and who calls: accounts, users, groups, roles, managed policies, access
// keys, sessions, and the Principal that a verified signature stands for.
//
// It owns the values, their rules (names, paths, ids), the sealed form of a session token, and what a
// principal contributes to a policy's context. It does not know how a signature is checked (sigv4), where
// anything is stored (tables, directory), what an operation does (service/iam, service/sts) or how a policy
// decides (policy). It follows the IAM user guide, "IAM identifiers" and "Principal key values".
package identity

// AccountID is a 12-digit AWS account number, kept as text because leading zeros matter.
type AccountID string

// Region is an AWS region name such as "us-east-1".
type Region string

// Partition is the first part of every ARN: "aws", "aws-cn" or "aws-us-gov".
type Partition string

// Home is the account and region that a server answers for. Every stored record belongs to one.
type Home struct {
	Partition Partition
	Account   AccountID
	Region    Region
}

// Scope is the storage scope of the home, "account/region".
func (h Home) Scope() string { return string(h.Account) + "/" + string(h.Region) }

// Global is the storage scope of what an account has once for all regions: everything of IAM. Its
// pseudo-region is that of AWS's endpoint files.
func (h Home) Global() string { return string(h.Account) + "/aws-global" }

// RootARN is the account itself.
func (h Home) RootARN() string {
	return "arn:" + string(h.Partition) + ":iam::" + string(h.Account) + ":root"
}

// ARN builds the name of an entity of IAM: "user/path/name", "oidc-provider/host".
func (h Home) ARN(resource string) string {
	return "arn:" + string(h.Partition) + ":iam::" + string(h.Account) + ":" + resource
}

// SessionARN builds the name of a temporary principal: "assumed-role/role/session", "federated-user/name".
func (h Home) SessionARN(resource string) string {
	return "arn:" + string(h.Partition) + ":sts::" + string(h.Account) + ":" + resource
}
