package ec2

import (
	"context"
	"errors"
	"maps"
	"slices"

	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/store"
	"gatehouse/internal/vpc"
	"gatehouse/internal/wire"
)

// ModifyVpcEndpoint changes an endpoint that was made over the wire.
func (s *Service) ModifyVpcEndpoint(ctx context.Context, in *ec2.ModifyVpcEndpointInput) (*ec2.ModifyVpcEndpointResult, error) {
	if len(in.AddRouteTableIds)+len(in.RemoveRouteTableIds) > 0 {
		return nil, invalid("Route table ids are only supported for Gateway type VPC Endpoint.")
	}
	if len(in.SubnetConfigurations) > 0 {
		return nil, refuse("UnsupportedOperation", "Subnet configurations are not supported by this server.")
	}
	if in.PolicyDocument != nil {
		if value(in.ResetPolicy) {
			return nil, invalid("PolicyDocument and ResetPolicy cannot be given together.")
		}
		if err := checkPolicy(*in.PolicyDocument); err != nil {
			return nil, err
		}
	}
	err := s.update(ctx, func(tx store.Tx) error {
		e, err := s.get(tx, in.VpcEndpointId)
		if err != nil {
			return err
		}
		if e.Configured {
			return declared(e.ID)
		}
		if err := s.modify(tx, in, &e); err != nil {
			return err
		}
		// The transaction is given up when the caller only asks.
		if err := dryRun(in.DryRun); err != nil {
			return err
		}
		return s.c.Tables.VPCEndpoints.Put(tx, s.scope, e)
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifyVpcEndpointResult{Return: new(true)}, nil
}

func (s *Service) modify(tx store.Tx, in *ec2.ModifyVpcEndpointInput, e *vpc.Endpoint) error {
	switch {
	case in.PolicyDocument != nil:
		e.Policy = *in.PolicyDocument
	case value(in.ResetPolicy):
		e.Policy = ""
	}
	if in.PrivateDnsEnabled != nil {
		e.PrivateDNS = *in.PrivateDnsEnabled
		all, err := s.all(tx)
		if err != nil {
			return err
		}
		if err := s.privateDNS(all, e); err != nil {
			return err
		}
	}
	e.Subnets = changed(e.Subnets, in.AddSubnetIds, in.RemoveSubnetIds)
	e.SecurityGroups = changed(e.SecurityGroups, in.AddSecurityGroupIds, in.RemoveSecurityGroupIds)
	return setAddresses(e, in.IpAddressType, in.DnsOptions)
}

func changed(list, add, remove []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(v string) bool { return slices.Contains(remove, v) })
	return unique(append(list, add...))
}

// SetTags sets and removes tags of an endpoint: what a stack does. It is no operation of the wire.
func (s *Service) SetTags(ctx context.Context, id string, set map[string]string, gone []string) error {
	if len(set)+len(gone) == 0 {
		return nil
	}
	return s.update(ctx, func(tx store.Tx) error {
		e, err := s.get(tx, id)
		if err != nil {
			return err
		}
		if e.Configured {
			return declared(e.ID)
		}
		tags := maps.Clone(e.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, set)
		for _, key := range gone {
			delete(tags, key)
		}
		e.Tags = tags
		return s.c.Tables.VPCEndpoints.Put(tx, s.scope, e)
	})
}

// DeleteVpcEndpoints removes endpoints; those that it cannot remove are told one by one.
func (s *Service) DeleteVpcEndpoints(ctx context.Context, in *ec2.DeleteVpcEndpointsInput) (*ec2.DeleteVpcEndpointsResult, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	out := &ec2.DeleteVpcEndpointsResult{Unsuccessful: []ec2.UnsuccessfulItem{}}
	err := s.update(ctx, func(tx store.Tx) error {
		out.Unsuccessful = out.Unsuccessful[:0]
		for _, id := range unique(in.VpcEndpointIds) {
			e, err := s.get(tx, id)
			if err == nil && e.Configured {
				err = declared(e.ID)
			}
			if refused, ok := errors.AsType[*wire.Error](err); ok {
				code := refused.Code
				if code == "InvalidVpcEndpointId.NotFound" {
					code = "InvalidVpcEndpoint.NotFound" // [client] what Terraform's provider looks for
				}
				out.Unsuccessful = append(out.Unsuccessful, ec2.UnsuccessfulItem{
					ResourceId: &id, Error: &ec2.UnsuccessfulItemError{Code: &code, Message: &refused.Message},
				})
				continue
			}
			if err != nil {
				return err
			}
			if err := s.c.Tables.VPCEndpoints.Delete(tx, s.scope, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
