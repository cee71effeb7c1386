package cloudformation

// ec2Types are the endpoints of private APIs. Networks around them are stand-ins.
func ec2Types() []resourceType {
	return []resourceType{{
		name: "AWS::EC2::VPCEndpoint", attributes: []string{"Id", "CreationTimestamp", "DnsEntries", "NetworkInterfaceIds"},
		lists: []string{"DnsEntries", "NetworkInterfaceIds"},
		props: []property{
			prop("VpcId", text).fixed().needed(), prop("ServiceName", text).fixed(), prop("VpcEndpointType", text).fixed(), prop("PolicyDocument", jsonDoc),
			prop("PrivateDnsEnabled", boolean), prop("SubnetIds", texts), prop("SecurityGroupIds", texts), prop("RouteTableIds", texts),
			prop("IpAddressType", text), prop("Tags", tags),
			prop("DnsOptions", object, prop("DnsRecordIpType", text), prop("PrivateDnsOnlyForInboundResolverEndpoint", text),
				prop("PrivateDnsPreference", text), prop("PrivateDnsSpecifiedDomains", texts)),
			refuse("ServiceRegion", "endpoints of other regions are not made"), refuse("ServiceNetworkArn", "there are no service networks"),
			refuse("ResourceConfigurationArn", "there are no resource configurations"),
		},
		provider: func(s *Services) provider { return vpcEndpoint{s.EC2} },
	}}
}
