package condition

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// conditionKey is the name of a condition key, looked up once.
type conditionKey struct {
	id keyID
	// name is folded; tag is what follows the slash of a tag key, folded.
	name, tag string
}

type keyID uint8

const (
	other keyID = iota // a key that no field of the Context holds
	currentTime
	epochTime
	secureTransport
	viaAWSService
	requestedRegion
	sourceIP
	vpcSourceIP
	sourceVPC
	sourceVPCE
	userAgent
	referer
	principalARN
	principalAccount
	principalType
	userID
	username
	principalOrgID
	principalOrgPaths
	principalTag
	principalIsAWSService
	principalServiceName
	principalServiceNames
	tokenIssueTime
	mfaPresent
	mfaAge
	federatedProvider
	sourceIdentity
	assumedRoot
	sourceARN
	sourceAccount
	sourceOrgID
	sourceOrgPaths
	calledVia
	calledViaFirst
	calledViaLast
	resourceAccount
	resourceOrgID
	resourceTag
	requestTag
	tagKeys
)

// keyIDs are the global condition keys, folded; a name that ends with a slash is followed by a tag key.
var keyIDs = map[string]keyID{
	"aws:currenttime":               currentTime,
	"aws:epochtime":                 epochTime,
	"aws:securetransport":           secureTransport,
	"aws:viaawsservice":             viaAWSService,
	"aws:requestedregion":           requestedRegion,
	"aws:sourceip":                  sourceIP,
	"aws:vpcsourceip":               vpcSourceIP,
	"aws:sourcevpc":                 sourceVPC,
	"aws:sourcevpce":                sourceVPCE,
	"aws:useragent":                 userAgent,
	"aws:referer":                   referer,
	"aws:principalarn":              principalARN,
	"aws:principalaccount":          principalAccount,
	"aws:principaltype":             principalType,
	"aws:userid":                    userID,
	"aws:username":                  username,
	"aws:principalorgid":            principalOrgID,
	"aws:principalorgpaths":         principalOrgPaths,
	"aws:principaltag/":             principalTag,
	"aws:principalisawsservice":     principalIsAWSService,
	"aws:principalservicename":      principalServiceName,
	"aws:principalservicenameslist": principalServiceNames,
	"aws:tokenissuetime":            tokenIssueTime,
	"aws:multifactorauthpresent":    mfaPresent,
	"aws:multifactorauthage":        mfaAge,
	"aws:federatedprovider":         federatedProvider,
	"aws:sourceidentity":            sourceIdentity,
	"aws:assumedroot":               assumedRoot,
	"aws:sourcearn":                 sourceARN,
	"aws:sourceaccount":             sourceAccount,
	"aws:sourceorgid":               sourceOrgID,
	"aws:sourceorgpaths":            sourceOrgPaths,
	"aws:calledvia":                 calledVia,
	"aws:calledviafirst":            calledViaFirst,
	"aws:calledvialast":             calledViaLast,
	"aws:resourceaccount":           resourceAccount,
	"aws:resourceorgid":             resourceOrgID,
	"aws:resourcetag/":              resourceTag,
	"aws:requesttag/":               requestTag,
	"aws:tagkeys":                   tagKeys,
}

// parseKey looks a name up. Every name is a key; one that nobody fills is absent in every request.
func parseKey(name string) conditionKey {
	k := conditionKey{name: Lower(name)}
	if i := strings.IndexByte(k.name, '/'); i >= 0 {
		if id, ok := keyIDs[k.name[:i+1]]; ok {
			k.id, k.tag = id, k.name[i+1:]
		}
		return k
	}
	k.id = keyIDs[k.name]
	return k
}

// value is what a request has for a key: none, one or several texts, or one value of a type.
type value struct {
	n    int // how many values; 0 is an absent key
	kind valueKind
	one  string
	list []string
	addr netip.Addr
	// sec is the time as seconds since 1970, or the number.
	sec int64
}

type valueKind uint8

const (
	textValue valueKind = iota
	listValue
	flagValue // one is "true" or "false"
	addrValue
	timeValue // as text: ISO 8601
	secsValue // a number of seconds, as text: decimal
)

// load finds what the request has for the key.
func (k *conditionKey) load(c *Context, v *value) {
	*v = value{}
	if c == nil {
		return
	}
	switch k.id {
	case other:
		for i := range c.More {
			if EqualFold(c.More[i].Name, k.name) {
				v.setList(c.More[i].Values)
				return
			}
		}
	case principalTag, requestTag, resourceTag:
		for _, t := range *c.tags(k.id) {
			if EqualFold(t.Key, k.tag) {
				*v = value{n: 1, one: t.Value}
				return
			}
		}
	case secureTransport, viaAWSService, principalIsAWSService, mfaPresent, assumedRoot:
		switch *c.flag(k.id) {
		case True:
			*v = value{n: 1, kind: flagValue, one: "true"}
		case False:
			*v = value{n: 1, kind: flagValue, one: "false"}
		}
	case sourceIP, vpcSourceIP:
		if a := *c.address(k.id); a.IsValid() {
			*v = value{n: 1, kind: addrValue, addr: a.Unmap().WithZone("")}
		}
	case currentTime, tokenIssueTime:
		if t := *c.time(k.id); !t.IsZero() {
			*v = value{n: 1, kind: timeValue, sec: t.Unix()}
		}
	case epochTime:
		if !c.Time.IsZero() {
			*v = value{n: 1, kind: secsValue, sec: c.Time.Unix()}
		}
	case mfaAge:
		if !c.Time.IsZero() && !c.MFATime.IsZero() {
			*v = value{n: 1, kind: secsValue, sec: c.Time.Unix() - c.MFATime.Unix()}
		}
	case calledViaFirst:
		if len(c.CalledVia) > 0 {
			v.setText(c.CalledVia[0])
		}
	case calledViaLast:
		if n := len(c.CalledVia); n > 0 {
			v.setText(c.CalledVia[n-1])
		}
	case principalOrgPaths, principalServiceNames, sourceOrgPaths, calledVia, tagKeys:
		v.setList(*c.list(k.id))
		v.kind = listValue // a key that may have several values stays one when it has a single one
	default:
		v.setText(*c.text(k.id))
	}
}

func (v *value) setText(s string) {
	if s != "" {
		*v = value{n: 1, one: s}
	}
}

func (v *value) setList(l []string) {
	if len(l) == 1 {
		*v = value{n: 1, one: l[0], list: l}
	} else {
		*v = value{n: len(l), kind: listValue, list: l}
	}
}

// plain is the i-th value as text; ok is false for a value that must be formatted first.
func (v *value) plain(i int) (text string, ok bool) {
	switch v.kind {
	case listValue:
		return v.list[i], true
	case textValue, flagValue:
		return v.one, true
	}
	return "", false
}

// format appends a typed value as text.
func (v *value) format(b []byte) []byte {
	switch v.kind {
	case addrValue:
		return v.addr.AppendTo(b)
	case timeValue:
		return time.Unix(v.sec, 0).UTC().AppendFormat(b, time.RFC3339)
	}
	return strconv.AppendInt(b, v.sec, 10)
}

// text is the i-th value as text, at the price of an allocation for a typed one.
func (v *value) text(i int) string {
	if s, ok := v.plain(i); ok {
		return s
	}
	return string(v.format(nil))
}

// variable is the text that a policy variable of this key stands for. A key with several values has none.
func (k *conditionKey) variable(c *Context) (string, bool) {
	var v value
	k.load(c, &v)
	if v.n != 1 || v.kind == listValue {
		return "", false
	}
	return v.text(0), true
}
