package cloudformation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/vpc"
	"gatehouse/internal/wire"
)

// EC2 is what the providers need of EC2.
type EC2 interface {
	CreateVpcEndpoint(context.Context, *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointResult, error)
	DescribeVpcEndpoints(context.Context, *ec2.DescribeVpcEndpointsInput) (*ec2.DescribeVpcEndpointsResult, error)
	ModifyVpcEndpoint(context.Context, *ec2.ModifyVpcEndpointInput) (*ec2.ModifyVpcEndpointResult, error)
	DeleteVpcEndpoints(context.Context, *ec2.DeleteVpcEndpointsInput) (*ec2.DeleteVpcEndpointsResult, error)
	SetTags(ctx context.Context, id string, set map[string]string, gone []string) error
}

// vpcEndpoint makes endpoints for execute-api. Those for other services guard nothing of ours: they are only
// recorded, as is the network around them.
type vpcEndpoint struct{ api EC2 }

func (p vpcEndpoint) serves(r *request) bool {
	return r.props.must("ServiceName") == vpc.ServiceName(r.home.Region)
}

func (p vpcEndpoint) create(ctx context.Context, r *request) (result, error) {
	if !p.serves(r) {
		return p.recorded(r)
	}
	in := &ec2.CreateVpcEndpointInput{
		VpcId: r.props.must("VpcId"), ServiceName: r.props.text("ServiceName"), VpcEndpointType: r.props.text("VpcEndpointType"),
		PolicyDocument: r.props.json("PolicyDocument"), SubnetIds: r.props.texts("SubnetIds"), SecurityGroupIds: r.props.texts("SecurityGroupIds"),
		RouteTableIds: r.props.texts("RouteTableIds"), IpAddressType: r.props.text("IpAddressType"), DnsOptions: dnsOptions(r.props),
		// CloudFormation's default differs from the API's [docs].
		PrivateDnsEnabled: new(value(r.props.boolean("PrivateDnsEnabled"))),
		TagSpecifications: []ec2.TagSpecification{{ResourceType: new(ec2.ResourceTypeVpcEndpoint), Tags: ec2Tags(stackTags(r))}},
	}
	out, err := p.api.CreateVpcEndpoint(ctx, in)
	if err != nil {
		return result{}, err
	}
	return madeEndpoint(out.VpcEndpoint), nil
}

// recorded stands for an endpoint of another service.
func (p vpcEndpoint) recorded(r *request) (result, error) {
	id := string(vpc.EndpointIDFor(r.generated))
	return result{id, map[string]string{"Id": id, "CreationTimestamp": "", "DnsEntries": "", "NetworkInterfaceIds": ""}}, nil
}

// madeEndpoint is what a template can read of an endpoint. A DNS entry is {hosted zone}:{name} [docs].
func madeEndpoint(e *ec2.VpcEndpoint) result {
	var names []string
	for _, d := range e.DnsEntries {
		names = append(names, value(d.HostedZoneId)+":"+value(d.DnsName))
	}
	id := value(e.VpcEndpointId)
	return result{id, map[string]string{
		"Id": id, "CreationTimestamp": value(e.CreationTimestamp).UTC().Format(time.RFC3339),
		"DnsEntries": listAttribute(names), "NetworkInterfaceIds": listAttribute(e.NetworkInterfaceIds),
	}}
}

// find looks for the endpoint by the tags of its stack.
func (p vpcEndpoint) find(ctx context.Context, r *request) (result, bool, error) {
	out, err := p.api.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{Filters: []ec2.Filter{
		{Name: new("tag:aws:cloudformation:stack-id"), Values: []string{string(r.stack.ID)}},
		{Name: new("tag:aws:cloudformation:logical-id"), Values: []string{string(r.id)}},
	}})
	if err != nil || len(out.VpcEndpoints) == 0 {
		return result{}, false, err
	}
	return madeEndpoint(&out.VpcEndpoints[0]), true, nil
}

func (p vpcEndpoint) update(ctx context.Context, r *request) (result, error) {
	if !p.serves(r) {
		return result{r.physical, r.attributes}, nil
	}
	add, remove := r.props.texts, r.old.texts
	in := &ec2.ModifyVpcEndpointInput{
		VpcEndpointId: r.physical, PolicyDocument: r.props.json("PolicyDocument"),
		AddSubnetIds: without(add("SubnetIds"), remove("SubnetIds")), RemoveSubnetIds: without(remove("SubnetIds"), add("SubnetIds")),
		AddSecurityGroupIds:    without(add("SecurityGroupIds"), remove("SecurityGroupIds")),
		RemoveSecurityGroupIds: without(remove("SecurityGroupIds"), add("SecurityGroupIds")),
		AddRouteTableIds:       add("RouteTableIds"),
		IpAddressType:          new(or(r.props.text("IpAddressType"), "ipv4")), DnsOptions: dnsOptions(r.props),
		PrivateDnsEnabled: new(value(r.props.boolean("PrivateDnsEnabled"))),
	}
	if in.PolicyDocument == nil {
		in.ResetPolicy = new(true)
	}
	if _, err := p.api.ModifyVpcEndpoint(ctx, in); err != nil {
		return result{}, err
	}
	set, gone := changedTags(r.old.tags("Tags"), r.props.tags("Tags"))
	if err := p.api.SetTags(ctx, r.physical, set, gone); err != nil {
		return result{}, err
	}
	out, err := p.api.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{r.physical}})
	if err != nil {
		return result{}, err
	}
	return madeEndpoint(&out.VpcEndpoints[0]), nil
}

func (p vpcEndpoint) delete(ctx context.Context, r *request) error {
	if !p.serves(r) {
		return nil
	}
	out, err := p.api.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{r.physical}})
	if err != nil {
		return err
	}
	for _, u := range out.Unsuccessful {
		if u.Error == nil {
			return fmt.Errorf("VPC endpoint %s could not be deleted", r.physical)
		}
		if err := absent(wire.Errorf(value(u.Error.Code), "%s", value(u.Error.Message))); err != nil {
			return err
		}
	}
	return nil
}

func dnsOptions(p properties) *ec2.DnsOptionsSpecification {
	o, ok := p.object("DnsOptions")
	if !ok {
		return nil
	}
	return &ec2.DnsOptionsSpecification{
		DnsRecordIpType: o.text("DnsRecordIpType"), PrivateDnsPreference: o.text("PrivateDnsPreference"),
		PrivateDnsSpecifiedDomains:               o.texts("PrivateDnsSpecifiedDomains"),
		PrivateDnsOnlyForInboundResolverEndpoint: new(o.must("PrivateDnsOnlyForInboundResolverEndpoint") == "OnlyInboundResolver"),
	}
}

func ec2Tags(tags map[string]string) []ec2.Tag {
	var out []ec2.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, ec2.Tag{Key: &k, Value: new(tags[k])})
	}
	return out
}
