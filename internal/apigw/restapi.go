package apigw

import (
	"slices"
	"strconv"
)

// Endpoint types.
const (
	EndpointEdge     = "EDGE"
	EndpointRegional = "REGIONAL"
	EndpointPrivate  = "PRIVATE"
)

const (
	maxCompressionSize = 10485760
	// MaxPolicy is the size of a resource policy, in characters [docs].
	MaxPolicy = 8192
)

// SetDefaults fills in what CreateRestApi assumes and refuses what it does not take. typesGiven tells an
// empty list of endpoint types from an absent one: the first is an error [recorded].
func (a *RestAPI) SetDefaults(typesGiven bool) error {
	if a.KeySource == "" {
		a.KeySource = KeyFromHeader
	}
	e := &a.Endpoint
	switch {
	case typesGiven && len(e.Types) == 0:
		return Refuse(BadRequest, "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	case len(e.Types) > 1:
		return Refuse(BadRequest, "Cannot create an api with multiple Endpoint Types.")
	case len(e.Types) == 0:
		e.Types = []string{EndpointEdge}
	}
	if e.IPAddressType == "" {
		e.IPAddressType = "ipv4"
		if e.Types[0] == EndpointPrivate {
			e.IPAddressType = "dualstack"
		}
	}
	return a.Check()
}

// Check refuses a RestAPI that AWS would not keep.
func (a *RestAPI) Check() error {
	if a.Name == "" {
		return Refuse(BadRequest, "Name cannot be empty")
	}
	switch a.KeySource {
	case KeyFromHeader, KeyFromAuthorizer:
	default:
		return Refuse(BadRequest, "Invalid API key source specified. Valid options are HEADER,AUTHORIZER")
	}
	if n := a.MinimumCompressionSize; n != nil && (*n < 0 || *n > maxCompressionSize) {
		return badCompression()
	}
	if !slices.Contains([]string{"ipv4", "dualstack"}, a.Endpoint.IPAddressType) {
		return Refuse(BadRequest, "ipAddressType must be either ipv4 or dualstack.")
	}
	for _, t := range a.Endpoint.Types {
		switch t {
		case EndpointEdge, EndpointRegional:
		case EndpointPrivate:
			if a.Endpoint.IPAddressType != "dualstack" {
				return Refuse(BadRequest, "Only dualstack ipAddressType is supported for Private APIs.")
			}
		default:
			return Refuse(BadRequest, "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
		}
	}
	if len(a.Policy) > MaxPolicy {
		return Refuse(BadRequest, "Invalid policy document. The policy is longer than %d characters.", MaxPolicy)
	}
	return CheckTags(a.Tags)
}

func badCompression() error {
	return Refuse(BadRequest, "Invalid minimum compression size, must be between 0 and %d", maxCompressionSize)
}

// PatchRestAPI applies UpdateRestApi.
func PatchRestAPI(a RestAPI, ops []PatchOp) (RestAPI, error) {
	if err := patch(&a, ops, restAPIRules, terse); err != nil {
		return RestAPI{}, err
	}
	return a, a.Check()
}

var restAPIRules = []rule[RestAPI]{
	{path: "/name", replace: text(func(a *RestAPI) *string { return &a.Name })},
	{
		path:    "/description",
		replace: text(func(a *RestAPI) *string { return &a.Description }),
		remove:  clearText(func(a *RestAPI) *string { return &a.Description }),
	},
	{path: "/policy", replace: text(func(a *RestAPI) *string { return &a.Policy })},
	{path: "/apiKeySource", replace: func(a *RestAPI, _, value string) error {
		a.KeySource = KeySource(value)
		return nil
	}},
	{path: "/disableExecuteApiEndpoint", replace: flag(func(a *RestAPI) *bool { return &a.DisableExecuteAPIEndpoint })},
	{path: "/minimumCompressionSize", replace: func(a *RestAPI, _, value string) error {
		// An empty value switches compression off [recorded].
		if value == "" {
			a.MinimumCompressionSize = nil
			return nil
		}
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return badCompression()
		}
		size := int32(n)
		a.MinimumCompressionSize = &size
		return nil
	}},
	{
		// A list that is patched like a set: the media type stands in the path [recorded].
		path: "/binaryMediaTypes/*",
		add: func(a *RestAPI, name, _ string) error {
			a.BinaryMediaTypes = addTo(a.BinaryMediaTypes, name)
			return nil
		},
		replace: func(a *RestAPI, name, value string) error {
			a.BinaryMediaTypes = addTo(dropFrom(a.BinaryMediaTypes, name), value)
			return nil
		},
		remove: func(a *RestAPI, name, _ string) error {
			a.BinaryMediaTypes = dropFrom(a.BinaryMediaTypes, name)
			return nil
		},
	},
	{
		// The last segment is an index or the type that goes away; there is only one type, so either
		// means the same.
		path: "/endpointConfiguration/types/*",
		replace: func(a *RestAPI, _, value string) error {
			a.Endpoint.Types = []string{value}
			if value == EndpointPrivate {
				a.Endpoint.IPAddressType = "dualstack"
			}
			return a.Check()
		},
		add:    noTypeOp,
		remove: noTypeOp,
	},
	{path: "/endpointConfiguration/ipAddressType", replace: func(a *RestAPI, _, value string) error {
		a.Endpoint.IPAddressType = value
		return a.Check()
	}},
	{
		path: "/endpointConfiguration/vpcEndpointIds",
		add: func(a *RestAPI, _, value string) error {
			a.Endpoint.VPCEndpointIDs = addTo(a.Endpoint.VPCEndpointIDs, value)
			return nil
		},
		remove: func(a *RestAPI, _, value string) error {
			a.Endpoint.VPCEndpointIDs = dropFrom(a.Endpoint.VPCEndpointIDs, value)
			return nil
		},
	},
}

// noTypeOp is AWS's answer to add and remove of an endpoint type, misleading as it is [recorded].
func noTypeOp(*RestAPI, string, string) error {
	return Refuse(BadRequest, "Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
}

// CheckTags refuses tags beyond the limits of the Resource Groups Tagging rules: 50 tags, names of 1-128
// and values of at most 256 characters [docs].
func CheckTags(tags map[string]string) error {
	if len(tags) > 50 {
		return Refuse(BadRequest, "Invalid tags: a resource can have at most 50 tags.")
	}
	for k, v := range tags {
		if k == "" || runes(k) > 128 || runes(v) > 256 || hasControl(k) || hasControl(v) {
			return Refuse(BadRequest, "Invalid tags: a tag has a name of 1-128 and a value of at most 256 characters.")
		}
	}
	return nil
}
