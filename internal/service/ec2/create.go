package ec2

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/vpc"
)

// CreateVpcEndpoint makes an interface endpoint for execute-api, the only service that there is.
func (s *Service) CreateVpcEndpoint(ctx context.Context, in *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointResult, error) {
	e, err := s.asked(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		all, err := s.all(tx)
		if err != nil {
			return err
		}
		for i := range all {
			if e.Token != "" && all[i].Token == e.Token {
				if e, err = again(all[i], e); err != nil {
					return err
				}
				return nil
			}
		}
		if err := s.privateDNS(all, &e); err != nil {
			return err
		}
		if e.ID, err = s.newID(ctx); err != nil {
			return err
		}
		e.Created = s.now()
		err = s.c.Tables.VPCEndpoints.Insert(tx, s.scope, e)
		if errors.Is(err, store.ErrExists) {
			return invalid("The Vpc Endpoint '%s' exists already; if the server's configuration declares it, remove it from one of the two.", e.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &ec2.CreateVpcEndpointResult{VpcEndpoint: new(s.show(&e)), ClientToken: in.ClientToken}, nil
}

// asked reads an input.
func (s *Service) asked(ctx context.Context, in *ec2.CreateVpcEndpointInput) (vpc.Endpoint, error) {
	e := vpc.Endpoint{
		VPC: vpc.ID(in.VpcId), Policy: value(in.PolicyDocument), PrivateDNS: true,
		Subnets: unique(in.SubnetIds), SecurityGroups: unique(in.SecurityGroupIds), Token: value(in.ClientToken),
	}
	if _, err := vpc.ParseID(in.VpcId); err != nil {
		return e, refuse("InvalidVpcId.Malformed", `Invalid id: "%s" (expecting "vpc-...")`, in.VpcId)
	}
	if in.ServiceName == nil {
		return e, refuse("MissingParameter", "The request must contain the parameter ServiceName")
	}
	if name := *in.ServiceName; name != vpc.ServiceName(s.c.Home.Region) {
		return e, refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", name)
	}
	if r := in.ServiceRegion; r != nil && *r != string(s.c.Home.Region) {
		return e, invalid("There is no service in region %s: this server is %s.", *r, s.c.Home.Region)
	}
	// The default is Gateway [docs].
	if typ := or(in.VpcEndpointType, "Gateway"); typ != interfaceType {
		return e, invalid("Endpoint type (%s) does not match available service types ([%s]).", typ, interfaceType)
	}
	if len(in.RouteTableIds) > 0 {
		return e, invalid("Route table ids are only supported for Gateway type VPC Endpoint.")
	}
	if len(in.SubnetConfigurations) > 0 || in.ServiceNetworkArn != nil || in.ResourceConfigurationArn != nil {
		return e, refuse("UnsupportedOperation", "Subnet configurations, service networks and resource configurations are not supported by this server.")
	}
	if in.PrivateDnsEnabled != nil {
		e.PrivateDNS = *in.PrivateDnsEnabled
	}
	if err := setAddresses(&e, in.IpAddressType, in.DnsOptions); err != nil {
		return e, err
	}
	if in.PolicyDocument != nil {
		if err := checkPolicy(e.Policy); err != nil {
			return e, err
		}
	}
	var err error
	e.Tags, err = tagsOf(in.TagSpecifications, stack.Hint(ctx) != "")
	return e, err
}

const interfaceType = "Interface"

func setAddresses(e *vpc.Endpoint, addresses *string, dns *ec2.DnsOptionsSpecification) error {
	e.IPAddressType = or(addresses, or(&e.IPAddressType, "ipv4"))
	records := or(&e.DNSRecordIPType, "ipv4")
	if addresses != nil {
		records = *addresses
	}
	if dns != nil {
		if value(dns.PrivateDnsOnlyForInboundResolverEndpoint) || dns.PrivateDnsPreference != nil || len(dns.PrivateDnsSpecifiedDomains) > 0 {
			return invalid("Of the DNS options only DnsRecordIpType is supported for %s.", "execute-api")
		}
		records = or(dns.DnsRecordIpType, records)
	}
	e.DNSRecordIPType = records
	return nil
}

// tagsOf reads tags and holds them to EC2's rules. A stack marks what it makes with tags of AWS's own.
func tagsOf(specs []ec2.TagSpecification, stacked bool) (map[string]string, error) {
	var tags map[string]string
	for _, spec := range specs {
		if typ := value(spec.ResourceType); typ != ec2.ResourceTypeVpcEndpoint {
			return nil, refuse("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", typ)
		}
		for _, t := range spec.Tags {
			key, val := value(t.Key), value(t.Value)
			switch _, twice := tags[key]; {
			case key == "" || utf8.RuneCountInString(key) > 127:
				return nil, refuse("InvalidParameterValue", "Tag key exceeds the maximum length of 127 characters, or is empty")
			case utf8.RuneCountInString(val) > 255:
				return nil, refuse("InvalidParameterValue", "Tag value exceeds the maximum length of 255 characters")
			case strings.HasPrefix(key, "aws:") && !stacked:
				return nil, refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
			case twice:
				return nil, refuse("InvalidParameterValue", "Duplicate tag key '%s' specified.", key)
			}
			if tags == nil {
				tags = map[string]string{}
			}
			tags[key] = val
		}
	}
	if len(tags) > 50 {
		return nil, refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return tags, nil
}

// again is the answer to a request that was sent before: what it made, if it asked for the same.
func again(made, asked vpc.Endpoint) (vpc.Endpoint, error) {
	same := made.VPC == asked.VPC && made.Policy == asked.Policy && made.PrivateDNS == asked.PrivateDNS &&
		made.IPAddressType == asked.IPAddressType && made.DNSRecordIPType == asked.DNSRecordIPType &&
		slices.Equal(made.Subnets, asked.Subnets) && slices.Equal(made.SecurityGroups, asked.SecurityGroups) && maps.Equal(made.Tags, asked.Tags)
	if !same {
		return made, refuse("IdempotentParameterMismatch", "The request uses the same client token as a previous, but non-identical request.")
	}
	return made, nil
}

// privateDNS refuses a second endpoint that takes the hosts of all APIs in one network. A configured one does
// not count: whoever declares a listener for a network may also deploy the template that makes its endpoint.
func (s *Service) privateDNS(all []vpc.Endpoint, e *vpc.Endpoint) error {
	if !e.PrivateDNS {
		return nil
	}
	for i := range all {
		if o := &all[i]; o.ID != e.ID && o.VPC == e.VPC && o.PrivateDNS && !o.Configured {
			return invalid("private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s in the VPC %s", s.domain(), e.VPC)
		}
	}
	return nil
}

// newID derives an id from the hint of a stack, or draws one.
func (s *Service) newID(ctx context.Context) (vpc.EndpointID, error) {
	if hint := stack.Hint(ctx); hint != "" {
		return vpc.EndpointIDFor(hint), nil
	}
	return vpc.NewEndpointID(s.c.Random)
}

// unique drops what is named twice.
func unique(list []string) []string {
	var out []string
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// value is the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// or is a text, or another one when it is absent or empty.
func or(p *string, other string) string {
	if p == nil || *p == "" {
		return other
	}
	return *p
}
