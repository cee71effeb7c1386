package condition

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// Context is what is known about one request. The zero value knows nothing: every key is absent. Nothing that a
// client claims belongs into a field of its own account; fields come from the socket, the verified credential
// or the gateway. A field that is empty or zero is an absent key.
//
// A Context belongs to one request. Evaluation only reads it.
type Context struct {
	// Time is aws:CurrentTime and aws:EpochTime, in whole seconds.
	Time time.Time
	// SecureTransport and ViaAWSService are the keys of the same name.
	SecureTransport, ViaAWSService Flag
	// RequestedRegion is aws:RequestedRegion.
	RequestedRegion string

	// SourceIP is aws:SourceIp; absent for calls through a VPC endpoint. A mapped IPv6 address counts as IPv4.
	SourceIP netip.Addr
	// VPCSourceIP, SourceVPC and SourceVPCE exist for calls through a VPC endpoint only.
	VPCSourceIP           netip.Addr
	SourceVPC, SourceVPCE string
	// UserAgent is aws:UserAgent and Referer is aws:Referer, if the client sent them.
	UserAgent, Referer string

	// PrincipalARN is aws:PrincipalArn; for a role session it is the ARN of the role.
	PrincipalARN                    string
	PrincipalAccount, PrincipalType string
	// UserID is aws:userid; Username is aws:username, of IAM users only.
	UserID, Username  string
	PrincipalOrgID    string
	PrincipalOrgPaths []string
	PrincipalTags     []Tag
	// PrincipalServiceName and PrincipalServiceNames exist for calls by an AWS service.
	PrincipalIsAWSService Flag
	PrincipalServiceName  string
	PrincipalServiceNames []string

	// TokenIssueTime, MFAPresent: temporary credentials only.
	TokenIssueTime time.Time
	MFAPresent     Flag
	// MFATime is when the second factor was shown; aws:MultiFactorAuthAge is counted from it, in seconds.
	MFATime                           time.Time
	FederatedProvider, SourceIdentity string
	AssumedRoot                       Flag

	// SourceARN and its neighbours exist for calls that a service makes for somebody.
	SourceARN, SourceAccount, SourceOrgID string
	SourceOrgPaths                        []string
	// CalledVia is aws:CalledVia; aws:CalledViaFirst and aws:CalledViaLast are its ends.
	CalledVia []string

	ResourceAccount, ResourceOrgID string
	ResourceTags                   []Tag
	RequestTags                    []Tag
	TagKeys                        []string

	// More holds the keys of services and identity providers (sts:ExternalId, a provider's :aud). A global
	// key is never read from here.
	More []Attribute
}

// Flag is a boolean key that may be absent.
type Flag uint8

// The values of a Flag.
const (
	Absent Flag = iota
	False
	True
)

// FlagOf makes a present flag.
func FlagOf(b bool) Flag {
	if b {
		return True
	}
	return False
}

// Tag is a tag of a principal, a resource or a request. Keys are compared without case.
type Tag struct{ Key, Value string }

// Attribute is a key by its name, compared without case. Without values it counts as absent; of two with one
// name the first counts.
type Attribute struct {
	Name   string
	Values []string
}

// Set stores a key by its name and text values, for simulators and tests. It returns an error for a value that
// a typed key cannot hold. aws:EpochTime sets the same field as aws:CurrentTime; the keys that are derived from
// others (aws:CalledViaFirst, aws:CalledViaLast, aws:MultiFactorAuthAge) cannot be set, except that the age is
// stored relative to Time, which must be set before.
func (c *Context) Set(name string, values ...string) error {
	k := parseKey(name)
	if k.id == other {
		c.More = append(c.More, Attribute{Name: name, Values: values})
		return nil
	}
	if p := c.list(k.id); p != nil {
		*p = values
		return nil
	}
	if len(values) != 1 {
		return fmt.Errorf("the condition key %s takes one value, not %d", name, len(values))
	}
	v := values[0]
	if p := c.text(k.id); p != nil {
		*p = v
		return nil
	}
	if p := c.tags(k.id); p != nil {
		*p = append(*p, Tag{k.tag, v})
		return nil
	}
	ok := false
	if p := c.flag(k.id); p != nil {
		*p, ok = parseFlag(v)
	} else if p := c.address(k.id); p != nil {
		*p, ok = parseAddress(v)
	} else if k.id == mfaAge && !c.Time.IsZero() {
		n, err := strconv.ParseInt(v, 10, 64)
		c.MFATime, ok = time.Unix(c.Time.Unix()-n, 0).UTC(), err == nil
	} else if p := c.time(k.id); p != nil {
		var at instant
		at, ok = parseInstant(v)
		*p = time.Unix(at.sec, 0).UTC()
	}
	if !ok {
		return fmt.Errorf("the condition key %s cannot be set to %q", name, v)
	}
	return nil
}

func parseFlag(s string) (Flag, bool) {
	switch {
	case EqualFold(s, "true"):
		return True, true
	case EqualFold(s, "false"):
		return False, true
	}
	return Absent, false
}

// The fields by key; nil for a key of another type.

func (c *Context) text(id keyID) *string {
	switch id {
	case requestedRegion:
		return &c.RequestedRegion
	case sourceVPC:
		return &c.SourceVPC
	case sourceVPCE:
		return &c.SourceVPCE
	case userAgent:
		return &c.UserAgent
	case referer:
		return &c.Referer
	case principalARN:
		return &c.PrincipalARN
	case principalAccount:
		return &c.PrincipalAccount
	case principalType:
		return &c.PrincipalType
	case userID:
		return &c.UserID
	case username:
		return &c.Username
	case principalOrgID:
		return &c.PrincipalOrgID
	case principalServiceName:
		return &c.PrincipalServiceName
	case federatedProvider:
		return &c.FederatedProvider
	case sourceIdentity:
		return &c.SourceIdentity
	case sourceARN:
		return &c.SourceARN
	case sourceAccount:
		return &c.SourceAccount
	case sourceOrgID:
		return &c.SourceOrgID
	case resourceAccount:
		return &c.ResourceAccount
	case resourceOrgID:
		return &c.ResourceOrgID
	}
	return nil
}

func (c *Context) list(id keyID) *[]string {
	switch id {
	case principalOrgPaths:
		return &c.PrincipalOrgPaths
	case principalServiceNames:
		return &c.PrincipalServiceNames
	case sourceOrgPaths:
		return &c.SourceOrgPaths
	case calledVia:
		return &c.CalledVia
	case tagKeys:
		return &c.TagKeys
	}
	return nil
}

func (c *Context) flag(id keyID) *Flag {
	switch id {
	case secureTransport:
		return &c.SecureTransport
	case viaAWSService:
		return &c.ViaAWSService
	case principalIsAWSService:
		return &c.PrincipalIsAWSService
	case mfaPresent:
		return &c.MFAPresent
	case assumedRoot:
		return &c.AssumedRoot
	}
	return nil
}

func (c *Context) address(id keyID) *netip.Addr {
	switch id {
	case sourceIP:
		return &c.SourceIP
	case vpcSourceIP:
		return &c.VPCSourceIP
	}
	return nil
}

func (c *Context) time(id keyID) *time.Time {
	switch id {
	case currentTime, epochTime:
		return &c.Time
	case tokenIssueTime:
		return &c.TokenIssueTime
	}
	return nil
}

func (c *Context) tags(id keyID) *[]Tag {
	switch id {
	case principalTag:
		return &c.PrincipalTags
	case requestTag:
		return &c.RequestTags
	case resourceTag:
		return &c.ResourceTags
	}
	return nil
}
