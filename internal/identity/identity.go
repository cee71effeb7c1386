// Package identity names who exists and who calls: accounts, regions, access keys and (from the IAM
// issue on) principals, roles and sessions.
//
// It owns the values. It does not know how a signature is checked (sigv4), where a key is stored
// (tables, directory) or what a principal may do (policy).
package identity

import "gatehouse/internal/seal"

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

// AccessKeyID is the public half of an access key, "AKIA…" for long-term keys and "ASIA…" for
// temporary ones.
type AccessKeyID string

// AccessKey is a credential that can sign requests.
type AccessKey struct {
	ID     AccessKeyID
	Secret seal.Secret
	// Root marks the key of the account itself, the only one that exists at first.
	Root bool
	// Active is false for a key that was switched off; it verifies nothing.
	Active bool
	// UserARN is the principal that the key belongs to, "arn:aws:iam::ACCOUNT:root" for the root key.
	UserARN string
}
