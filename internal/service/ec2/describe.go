package ec2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/arn"
	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/store"
	"gatehouse/internal/vpc"
)

// maxPage is how many endpoints one answer shows [docs].
const maxPage = 1000

// DescribeVpcEndpoints shows endpoints by id, or all that pass the filters.
func (s *Service) DescribeVpcEndpoints(ctx context.Context, in *ec2.DescribeVpcEndpointsInput) (*ec2.DescribeVpcEndpointsResult, error) {
	for _, f := range in.Filters {
		if name := value(f.Name); !strings.HasPrefix(name, "tag:") && filters[name] == nil {
			return nil, refuse("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	after, err := s.position(in)
	if err != nil {
		return nil, err
	}
	limit := maxPage
	if n := in.MaxResults; n != nil {
		if *n < 1 {
			return nil, refuse("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than 0.", *n)
		}
		limit = min(limit, int(*n))
	}
	out := &ec2.DescribeVpcEndpointsResult{VpcEndpoints: []ec2.VpcEndpoint{}}
	err = s.c.DB.View(ctx, func(tx store.Tx) error {
		out.VpcEndpoints, out.NextToken = out.VpcEndpoints[:0], nil
		list, err := s.named(tx, in.VpcEndpointIds)
		if err != nil {
			return err
		}
		last := ""
		for i := range list {
			if string(list[i].ID) <= after || !s.passes(&list[i], in.Filters) {
				continue
			}
			if len(out.VpcEndpoints) == limit {
				out.NextToken = new(s.markers.Seal(last, string(s.scope)))
				return nil
			}
			out.VpcEndpoints, last = append(out.VpcEndpoints, s.show(&list[i])), string(list[i].ID)
		}
		return nil
	})
	return out, err
}

// position opens a NextToken: it is sealed and bound to the account, so that it cannot be forged.
func (s *Service) position(in *ec2.DescribeVpcEndpointsInput) (string, error) {
	if in.NextToken == nil || *in.NextToken == "" {
		return "", nil
	}
	if len(in.VpcEndpointIds) > 0 {
		return "", refuse("InvalidParameterCombination", "The parameter VpcEndpointIds cannot be used with the parameter NextToken")
	}
	at, err := s.markers.Open(*in.NextToken, string(s.scope))
	if err != nil {
		return "", refuse("InvalidNextToken", "The token '%s' is invalid", *in.NextToken)
	}
	return at, nil
}

// named lists the endpoints with the given ids, or all; by id.
func (s *Service) named(tx store.Tx, ids []string) ([]vpc.Endpoint, error) {
	if len(ids) == 0 {
		return s.all(tx)
	}
	var out []vpc.Endpoint
	for _, id := range slices.Sorted(slices.Values(unique(ids))) {
		e, err := s.get(tx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// filters are the filters of DescribeVpcEndpoints besides tag:KEY, with the values that an endpoint has.
var filters = map[string]func(*Service, *vpc.Endpoint) []string{
	"ip-address-type":    func(_ *Service, e *vpc.Endpoint) []string { return []string{e.IPAddressType} },
	"service-name":       func(s *Service, _ *vpc.Endpoint) []string { return []string{vpc.ServiceName(s.c.Home.Region)} },
	"service-region":     func(s *Service, _ *vpc.Endpoint) []string { return []string{string(s.c.Home.Region)} },
	"tag-key":            func(_ *Service, e *vpc.Endpoint) []string { return slices.Collect(maps.Keys(e.Tags)) },
	"vpc-id":             func(_ *Service, e *vpc.Endpoint) []string { return []string{string(e.VPC)} },
	"vpc-endpoint-id":    func(_ *Service, e *vpc.Endpoint) []string { return []string{string(e.ID)} },
	"vpc-endpoint-state": func(*Service, *vpc.Endpoint) []string { return []string{available} },
	"vpc-endpoint-type":  func(*Service, *vpc.Endpoint) []string { return []string{interfaceType} },
}

// passes reports whether an endpoint passes all filters: each has one value at least that fits, with * and ?
// as wildcards.
func (s *Service) passes(e *vpc.Endpoint, list []ec2.Filter) bool {
	for _, f := range list {
		name := value(f.Name)
		var have []string
		if key, ok := strings.CutPrefix(name, "tag:"); ok {
			if v, ok := e.Tags[key]; ok {
				have = []string{v}
			}
		} else {
			have = filters[name](s, e)
		}
		if !slices.ContainsFunc(have, func(v string) bool {
			return slices.ContainsFunc(f.Values, func(want string) bool { return arn.Match(want, v) })
		}) {
			return false
		}
	}
	return true
}

// available is the one state of endpoints here; AWS writes it in lower case, whatever its model says [recorded].
const available = "available"

// zoneID stands for the hosted zone of an endpoint's own names. There is no Route 53 here.
const zoneID = "Z7HUB22UULQXV"

// domain is what the hosts of all APIs end with.
func (s *Service) domain() string {
	return "execute-api." + string(s.c.Home.Region) + "." + s.c.URLSuffix
}

// show writes an endpoint as EC2 does.
func (s *Service) show(e *vpc.Endpoint) ec2.VpcEndpoint {
	out := ec2.VpcEndpoint{
		VpcEndpointId: new(string(e.ID)), VpcEndpointType: new(interfaceType), VpcId: new(string(e.VPC)),
		ServiceName: new(vpc.ServiceName(s.c.Home.Region)), ServiceRegion: new(string(s.c.Home.Region)), State: new(available),
		PolicyDocument: new(e.ShownPolicy()), RouteTableIds: []string{}, SubnetIds: append([]string{}, e.Subnets...),
		Groups: []ec2.SecurityGroupIdentifier{}, IpAddressType: new(e.IPAddressType), DnsOptions: &ec2.DnsOptions{DnsRecordIpType: new(e.DNSRecordIPType)},
		PrivateDnsEnabled: new(e.PrivateDNS), RequesterManaged: new(false), NetworkInterfaceIds: []string{},
		DnsEntries:        []ec2.DnsEntry{{DnsName: new(e.Label() + ".execute-api." + string(s.c.Home.Region) + ".vpce." + s.c.URLSuffix), HostedZoneId: new(zoneID)}},
		CreationTimestamp: &e.Created, Tags: []ec2.Tag{}, OwnerId: new(string(s.c.Home.Account)),
	}
	for i := range e.Subnets {
		out.NetworkInterfaceIds = append(out.NetworkInterfaceIds, e.Interface(i))
	}
	for _, id := range e.SecurityGroups {
		out.Groups = append(out.Groups, ec2.SecurityGroupIdentifier{GroupId: new(id)})
	}
	if e.PrivateDNS {
		for _, name := range []string{s.domain(), "*." + s.domain()} {
			out.DnsEntries = append(out.DnsEntries, ec2.DnsEntry{DnsName: &name, HostedZoneId: new("ZONEIDPENDING")})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(e.Tags)) {
		out.Tags = append(out.Tags, ec2.Tag{Key: &k, Value: new(e.Tags[k])})
	}
	return out
}
