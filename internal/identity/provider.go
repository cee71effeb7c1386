package identity

import "time"

// OIDCProvider is an identity provider whose tokens may be exchanged for roles (AssumeRoleWithWebIdentity).
type OIDCProvider struct {
	// URL is the issuer without its scheme, host and path: "accounts.example.com/realm".
	URL string
	ARN string
	// Clients are the audiences that are accepted, exactly as tokens have them.
	Clients []string
	// Thumbprints are SHA-1 digests of certificates in hex, 40 digits each, as they were given.
	Thumbprints []string
	Tags        map[string]string
	Created     time.Time
}
