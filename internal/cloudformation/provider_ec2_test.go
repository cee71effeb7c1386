package cloudformation

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/stack"
	"gatehouse/internal/vpc"
)

// private is a network with an endpoint for private APIs and one for S3, which is none of ours.
const private = `
Resources:
  Network: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: "AWS::EC2::Subnet", Properties: {VpcId: !Ref Network, CidrBlock: 10.0.1.0/24}}
  Group: {Type: "AWS::EC2::SecurityGroup", Properties: {VpcId: !Ref Network, GroupDescription: g}}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !GetAtt Network.VpcId
      ServiceName: !Sub com.amazonaws.${AWS::Region}.execute-api
      VpcEndpointType: Interface
      PrivateDnsEnabled: true
      SubnetIds: [!Ref Subnet]
      SecurityGroupIds: [!GetAtt Group.GroupId]
      PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "*"}]}
      Tags: [{Key: Name, Value: one}, {Key: old, Value: x}]
  Bucket: {Type: "AWS::EC2::VPCEndpoint", Properties: {VpcId: !Ref Network, ServiceName: !Sub "com.amazonaws.${AWS::Region}.s3"}}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: inner, EndpointConfiguration: {Types: [PRIVATE], VpcEndpointIds: [!Ref Endpoint]}}
Outputs:
  Name: {Value: !Select [1, !Split [":", !Select [0, !GetAtt Endpoint.DnsEntries]]]}
  Cards: {Value: !Join [",", !GetAtt Endpoint.NetworkInterfaceIds]}
  Made: {Value: !GetAtt Endpoint.CreationTimestamp}
  Id: {Value: !GetAtt Endpoint.Id}
`

// endpoint is what EC2 shows of the one endpoint that there is.
func (h *house) endpoint() ec2.VpcEndpoint {
	h.Helper()
	out, err := h.ec2.DescribeVpcEndpoints(h.Context(), &ec2.DescribeVpcEndpointsInput{})
	if err != nil || len(out.VpcEndpoints) != 1 {
		h.Fatalf("endpoints %+v, %v, want one", out, err)
	}
	return out.VpcEndpoints[0]
}

func TestVPCEndpoint(t *testing.T) {
	h := newHouse(t)
	out := h.must(h.yaml(private))
	if len(out.Findings) > 0 {
		t.Errorf("findings %v", out.Findings)
	}
	e, id := h.endpoint(), physical(out, "Endpoint")
	if *e.VpcEndpointId != id || *e.VpcId != physical(out, "Network") || !*e.PrivateDnsEnabled || e.SubnetIds[0] != physical(out, "Subnet") || *e.Groups[0].GroupId != physical(out, "Group") {
		t.Errorf("%+v", e)
	}
	if want := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}`; *e.PolicyDocument != want {
		t.Errorf("policy %s, want %s", *e.PolicyDocument, want)
	}
	outputs := map[string]string{}
	for _, o := range out.Outputs {
		outputs[o.Key] = o.Value
	}
	want := map[string]string{
		"Name":  (&vpc.Endpoint{ID: vpc.EndpointID(id)}).Label() + ".execute-api.us-east-1.vpce.amazonaws.com",
		"Cards": e.NetworkInterfaceIds[0], "Made": "2026-01-02T03:04:05Z", "Id": id,
	}
	if diff := cmp.Diff(want, outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	for name, form := range map[stack.LogicalID]string{"Network": "vpc", "Subnet": "subnet", "Group": "sg", "Bucket": "vpce"} {
		if got := physical(out, name); !regexp.MustCompile(`^` + form + `-0[0-9a-f]{16}$`).MatchString(got) {
			t.Errorf("Ref %s is %s", name, got)
		}
	}

	// A fresh start gives the same id.
	if again := newHouse(t); physical(again.must(again.yaml(private)), "Endpoint") != id {
		t.Error("another start makes another id")
	}

	// In place, back by a rollback, and gone.
	changed := strings.NewReplacer("      PrivateDnsEnabled: true\n", "", "Effect: Allow", "Effect: Deny", "Value: one}, {Key: old, Value: x}", "Value: two}",
		"      SubnetIds: [!Ref Subnet]\n", "      SubnetIds: [subnet-b, subnet-c]\n").Replace(private)
	first := h.endpoint()
	if got := physical(h.must(h.yaml(changed)), "Endpoint"); got != id {
		t.Errorf("replaced: %s, was %s", got, id)
	}
	fresh := newHouse(t)
	fresh.must(fresh.yaml(changed))
	// The generated names of a stack hold its id, which differs between houses.
	if diff := cmp.Diff(fresh.endpoint(), h.endpoint(), cmpopts.IgnoreFields(ec2.VpcEndpoint{}, "Tags")); diff != "" {
		t.Errorf("made anew (-) and updated (+) differ:\n%s", diff)
	}
	if tags := h.endpoint().Tags; len(tags) != 4 || *tags[0].Key != "Name" || *tags[0].Value != "two" {
		t.Errorf("tags after the update: %+v", tags)
	}
	h.must(h.yaml(private))
	broken := strings.Replace(changed, "  Api:", `  Broken: {Type: "AWS::ApiGateway::UsagePlanKey", DependsOn: Endpoint, Properties: {KeyId: none, KeyType: API_KEY, UsagePlanId: none}}
  Api:`, 1)
	if out, err := h.deploy("shop", h.yaml(broken)); err == nil || out.Status != stack.UpdateRollbackComplete {
		t.Errorf("%v, want a rollback", err)
	}
	if diff := cmp.Diff(first, h.endpoint()); diff != "" {
		t.Errorf("as it was (-) and rolled back (+) differ:\n%s", diff)
	}
	if err := h.e.Delete(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	left, err := h.ec2.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{})
	if err != nil || len(left.VpcEndpoints) > 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// TestVPCEndpointRefused: what EC2 refuses fails the stack and leaves nothing.
func TestVPCEndpointRefused(t *testing.T) {
	for text, want := range map[string]string{
		"VpcId: !GetAtt Network.VpcId|VpcId: here":            "InvalidVpcId.Malformed",
		"VpcEndpointType: Interface|VpcEndpointType: Gateway": "Endpoint type (Gateway) does not match",
		`Principal: "*", |`:                                   "Missing required field Principal",
		"SubnetIds: [!Ref Subnet]|ServiceRegion: eu-west-1":   "property ServiceRegion is not supported",
	} {
		h := newHouse(t)
		old, now, _ := strings.Cut(text, "|")
		if _, err := h.deploy("shop", h.yaml(strings.Replace(private, old, now, 1))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		left, err := h.ec2.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{})
		if err != nil || len(left.VpcEndpoints) > 0 {
			t.Errorf("%s: left %+v, %v", text, left, err)
		}
	}
}

// TestVPCEndpointCutOff: an endpoint that never came to be recorded does not block the next attempt.
func TestVPCEndpointCutOff(t *testing.T) {
	h := newHouse(t)
	h.must(h.yaml(private))
	b := &bench{T: t, e: h.e}
	b.tamper("Endpoint", func(r *stack.ResourceRecord) {
		r.Status, r.PhysicalID, r.Attributes = stack.CreateInProgress, "", nil
	})
	if _, err := h.deploy("shop", h.yaml(private)); err != nil {
		t.Fatal(err)
	}
	h.endpoint()
}
