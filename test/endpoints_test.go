package test

import (
	"slices"
	"strings"
	"testing"
)

// TestEndpointsByCommandLine: EC2's operations for VPC endpoints, as people script them.
func TestEndpointsByCommandLine(t *testing.T) {
	dir := project(t, `vpcEndpoints: [{id: `+mine+`, vpc: vpc-0aaaaaaaaaaaaaaaa, listen: "127.0.0.1:0"}]`)
	r := dev(t, dir, "--ephemeral", "--no-watch", "--log-format", "off")
	create := []string{"ec2", "create-vpc-endpoint", "--vpc-id", "vpc-0123456789abcdef0", "--service-name", "com.amazonaws.us-east-1.execute-api", "--vpc-endpoint-type", "Interface"}
	made := r.aws(t, append(create, "--subnet-ids", "subnet-1", "--tag-specifications", "ResourceType=vpc-endpoint,Tags=[{Key=Name,Value=by hand}]")...)
	id := field(t, made, "VpcEndpoint", "VpcEndpointId")
	if field(t, made, "VpcEndpoint", "State") != "available" || field(t, made, "VpcEndpoint", "Tags", 0, "Value") != "by hand" || field(t, made, "VpcEndpoint", "SubnetIds", 0) != "subnet-1" {
		t.Errorf("create: %s", made)
	}
	if got := r.aws(t, "ec2", "describe-vpc-endpoints", "--filters", "Name=tag:Name,Values=by*", "--query", "VpcEndpoints[].VpcEndpointId"); field(t, got, 0) != id {
		t.Errorf("describe: %s", got)
	}
	if got := r.aws(t, "ec2", "describe-vpc-endpoints", "--query", "length(VpcEndpoints)"); strings.TrimSpace(got) != "2" {
		t.Errorf("describe all: %s", got)
	}
	const nobody = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`
	r.aws(t, "ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", id, "--policy-document", nobody)
	if got := r.aws(t, "ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", id); field(t, got, "VpcEndpoints", 0, "PolicyDocument") != nobody {
		t.Errorf("modify: %s", got)
	}
	for want, args := range map[string][]string{
		"InvalidPolicyDocument":              append(create, "--policy-document", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`),
		"DryRunOperation":                    append(create, "--dry-run", "--no-private-dns-enabled"),
		"conflicting DNS domain":             create,
		"OperationNotPermitted":              {"ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", mine, "--reset-policy"},
		"(InvalidVpcEndpointId.NotFound)":    {"ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", theirs},
		"(InvalidAction)":                    {"ec2", "describe-vpcs"},
		"does not match available service t": slices.Clip(create[:len(create)-2]),
	} {
		if out, err := r.tryAWS(t, args...); err == nil || !strings.Contains(out, want) {
			t.Errorf("%v: %v\n%s\nwant %s", args, err, out, want)
		}
	}
	gone := r.aws(t, "ec2", "delete-vpc-endpoints", "--vpc-endpoint-ids", mine, theirs, id)
	if field(t, gone, "Unsuccessful", 0, "Error", "Code") != "OperationNotPermitted" || field(t, gone, "Unsuccessful", 1, "Error", "Code") != "InvalidVpcEndpoint.NotFound" {
		t.Errorf("delete: %s", gone)
	}
	if got := r.aws(t, "ec2", "describe-vpc-endpoints", "--query", "VpcEndpoints[].VpcEndpointId"); field(t, got, 0) != mine {
		t.Errorf("left: %s", got)
	}
}
