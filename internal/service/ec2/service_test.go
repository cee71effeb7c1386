package ec2

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/seal"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/vpc"
	"gatehouse/internal/wire"
)

const (
	network = "vpc-0123456789abcdef0"
	service = "com.amazonaws.us-east-1.execute-api"
	closed  = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}`
)

func house(t *testing.T) *Service {
	t.Helper()
	at := time.Date(2026, 2, 3, 4, 5, 6, 789000, time.UTC)
	return New(Config{
		DB: store.NewMemory(), Tables: tables.New(seal.NewKey()), Home: identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		URLSuffix: "amazonaws.com", Now: func() time.Time { return at }, Random: bytes.NewReader(bytes.Repeat([]byte("abcdefghijklmnopq"), 100)),
	})
}

// asking is a valid request, changed.
func asking(edit func(*ec2.CreateVpcEndpointInput)) *ec2.CreateVpcEndpointInput {
	in := &ec2.CreateVpcEndpointInput{VpcId: network, ServiceName: new(service), VpcEndpointType: new("Interface"), PrivateDnsEnabled: new(false)}
	if edit != nil {
		edit(in)
	}
	return in
}

func create(t *testing.T, s *Service, edit func(*ec2.CreateVpcEndpointInput)) string {
	t.Helper()
	out, err := s.CreateVpcEndpoint(t.Context(), asking(edit))
	if err != nil {
		t.Fatal(err)
	}
	return *out.VpcEndpoint.VpcEndpointId
}

func ids(t *testing.T, s *Service, in *ec2.DescribeVpcEndpointsInput) string {
	t.Helper()
	out, err := s.DescribeVpcEndpoints(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range out.VpcEndpoints {
		list = append(list, *e.VpcEndpointId)
	}
	return strings.Join(list, " ")
}

// TestHandlers: the methods are those of the model.
func TestHandlers(t *testing.T) {
	if _, err := wire.NewService(ec2.Service, house(t).Handlers()...); err != nil {
		t.Error(err)
	}
}

// TestCreateRefuses: codes and texts [recorded] where Terraform's provider or its users quote them, else
// [inferred] from EC2's error codes.
func TestCreateRefuses(t *testing.T) {
	for _, c := range []struct {
		name, code, text string
		edit             func(*ec2.CreateVpcEndpointInput)
	}{
		{"a VPC that is none", "InvalidVpcId.Malformed", "", func(in *ec2.CreateVpcEndpointInput) { in.VpcId = "vpc-x" }},
		{"no service", "MissingParameter", "", func(in *ec2.CreateVpcEndpointInput) { in.ServiceName = nil }},
		{"another service", "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.s3' does not exist",
			func(in *ec2.CreateVpcEndpointInput) { in.ServiceName = new("com.amazonaws.us-east-1.s3") }},
		{"another region", "InvalidServiceName", "", func(in *ec2.CreateVpcEndpointInput) { in.ServiceName = new("com.amazonaws.eu-west-1.execute-api") }},
		{"another region, named", "InvalidParameter", "", func(in *ec2.CreateVpcEndpointInput) { in.ServiceRegion = new("eu-west-1") }},
		{"the default type", "InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface]).",
			func(in *ec2.CreateVpcEndpointInput) { in.VpcEndpointType = nil }},
		{"route tables", "InvalidParameter", "", func(in *ec2.CreateVpcEndpointInput) { in.RouteTableIds = []string{"rtb-1"} }},
		{"subnet configurations", "UnsupportedOperation", "", func(in *ec2.CreateVpcEndpointInput) { in.SubnetConfigurations = []ec2.SubnetConfiguration{{}} }},
		{"a policy that is no JSON", "InvalidPolicyDocument", "This policy contains invalid Json", func(in *ec2.CreateVpcEndpointInput) { in.PolicyDocument = new("{") }},
		{"an empty policy", "InvalidPolicyDocument", "", func(in *ec2.CreateVpcEndpointInput) { in.PolicyDocument = new("") }},
		{"a policy with another case", "InvalidPolicyDocument", "line 1, column", func(in *ec2.CreateVpcEndpointInput) {
			in.PolicyDocument = new(strings.Replace(closed, "Effect", "effect", 1))
		}},
		{"a policy without principal", "InvalidPolicyDocument", "Missing required field Principal", func(in *ec2.CreateVpcEndpointInput) {
			in.PolicyDocument = new(strings.Replace(closed, `"Principal":"*",`, "", 1))
		}},
		{"a policy that is too long", "InvalidPolicyDocument", "", func(in *ec2.CreateVpcEndpointInput) {
			in.PolicyDocument = new(closed + strings.Repeat(" ", maxPolicy))
		}},
		{"tags of something else", "InvalidParameterValue", "'vpc' is not a valid taggable resource type", func(in *ec2.CreateVpcEndpointInput) {
			in.TagSpecifications = []ec2.TagSpecification{{ResourceType: new("vpc")}}
		}},
		{"AWS's own tags", "InvalidParameterValue", "reserved", func(in *ec2.CreateVpcEndpointInput) {
			in.TagSpecifications = tagged("aws:x", "y")
		}},
		{"a tag twice", "InvalidParameterValue", "Duplicate", func(in *ec2.CreateVpcEndpointInput) {
			in.TagSpecifications = append(tagged("a", "1"), tagged("a", "2")...)
		}},
		{"DNS options of S3", "InvalidParameter", "", func(in *ec2.CreateVpcEndpointInput) {
			in.DnsOptions = &ec2.DnsOptionsSpecification{PrivateDnsOnlyForInboundResolverEndpoint: new(true)}
		}},
		{"only asking", "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", func(in *ec2.CreateVpcEndpointInput) { in.DryRun = new(true) }},
	} {
		s := house(t)
		_, err := s.CreateVpcEndpoint(t.Context(), asking(c.edit))
		if wire.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want %s: %s", c.name, err, c.code, c.text)
		}
		if left := ids(t, s, &ec2.DescribeVpcEndpointsInput{}); left != "" {
			t.Errorf("%s: %s was made", c.name, left)
		}
	}
}

func tagged(key, value string) []ec2.TagSpecification {
	return []ec2.TagSpecification{{ResourceType: new("vpc-endpoint"), Tags: []ec2.Tag{{Key: &key, Value: &value}}}}
}

func TestCreate(t *testing.T) {
	s := house(t)
	out, err := s.CreateVpcEndpoint(t.Context(), asking(func(in *ec2.CreateVpcEndpointInput) {
		in.PrivateDnsEnabled, in.ClientToken = nil, new("once")
		in.SubnetIds, in.SecurityGroupIds, in.TagSpecifications = []string{"subnet-1", "subnet-1"}, []string{"sg-1"}, tagged("Name", "inside")
		in.PolicyDocument = new(" " + closed)
	}))
	if err != nil {
		t.Fatal(err)
	}
	e := out.VpcEndpoint
	created := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	want := &ec2.VpcEndpoint{
		VpcEndpointId: new("vpce-06162636465666768"), VpcEndpointType: new("Interface"), VpcId: new(network), ServiceName: new(service),
		ServiceRegion: new("us-east-1"), State: new("available"), PolicyDocument: new(" " + closed), RouteTableIds: []string{}, SubnetIds: []string{"subnet-1"},
		Groups: []ec2.SecurityGroupIdentifier{{GroupId: new("sg-1")}}, IpAddressType: new("ipv4"), DnsOptions: &ec2.DnsOptions{DnsRecordIpType: new("ipv4")},
		PrivateDnsEnabled: new(true), RequesterManaged: new(false), NetworkInterfaceIds: e.NetworkInterfaceIds,
		DnsEntries: []ec2.DnsEntry{
			{DnsName: new((&vpc.Endpoint{ID: "vpce-06162636465666768"}).Label() + ".execute-api.us-east-1.vpce.amazonaws.com"), HostedZoneId: new(zoneID)},
			{DnsName: new("execute-api.us-east-1.amazonaws.com"), HostedZoneId: new("ZONEIDPENDING")},
			{DnsName: new("*.execute-api.us-east-1.amazonaws.com"), HostedZoneId: new("ZONEIDPENDING")},
		},
		CreationTimestamp: &created, Tags: []ec2.Tag{{Key: new("Name"), Value: new("inside")}}, OwnerId: new("123456789012"),
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("CreateVpcEndpoint (-want +got):\n%s", diff)
	}
	if len(e.NetworkInterfaceIds) != 1 {
		t.Errorf("interfaces: %v", e.NetworkInterfaceIds)
	}
	described, err := s.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{*e.VpcEndpointId}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ec2.VpcEndpoint{*e}, described.VpcEndpoints); diff != "" {
		t.Errorf("DescribeVpcEndpoints (-created +described):\n%s", diff)
	}
}

// TestDefaultPolicy: an endpoint without policy shows AWS's text, which our own parser accepts.
func TestDefaultPolicy(t *testing.T) {
	s := house(t)
	id := create(t, s, nil)
	e, found, err := s.Find(t.Context(), vpc.EndpointID(id))
	if err != nil || !found || e.Policy != "" || e.ShownPolicy() != vpc.FullAccess {
		t.Errorf("Find = %+v, %v, %v", e, found, err)
	}
	if _, err := policy.Load(vpc.FullAccess, policy.Endpoint, ""); err != nil {
		t.Error(err)
	}
	if _, found, err := s.Find(t.Context(), "vpce-00000000"); found || err != nil {
		t.Errorf("Find of nothing: %v, %v", found, err)
	}
}

func TestClientToken(t *testing.T) {
	s := house(t)
	once := func(in *ec2.CreateVpcEndpointInput) { in.ClientToken, in.PrivateDnsEnabled = new("t"), new(true) }
	if a, b := create(t, s, once), create(t, s, once); a != b {
		t.Errorf("the same request made %s and %s", a, b)
	}
	_, err := s.CreateVpcEndpoint(t.Context(), asking(func(in *ec2.CreateVpcEndpointInput) { once(in); in.SubnetIds = []string{"subnet-1"} }))
	if wire.CodeOf(err) != "IdempotentParameterMismatch" {
		t.Errorf("another request with the token: %v", err)
	}
}

func TestPrivateDNS(t *testing.T) {
	s := house(t)
	private := func(in *ec2.CreateVpcEndpointInput) { in.PrivateDnsEnabled = new(true) }
	create(t, s, private)
	_, err := s.CreateVpcEndpoint(t.Context(), asking(private))
	if want := "private-dns-enabled cannot be set because there is already a conflicting DNS domain for execute-api.us-east-1.amazonaws.com in the VPC " + network; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	second := create(t, s, nil)
	if _, err := s.ModifyVpcEndpoint(t.Context(), &ec2.ModifyVpcEndpointInput{VpcEndpointId: second, PrivateDnsEnabled: new(true)}); wire.CodeOf(err) != "InvalidParameter" {
		t.Errorf("modify: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	s := house(t)
	a := create(t, s, func(in *ec2.CreateVpcEndpointInput) { in.TagSpecifications = tagged("Name", "one") })
	b := create(t, s, func(in *ec2.CreateVpcEndpointInput) {
		in.VpcId, in.TagSpecifications = "vpc-00000001", tagged("Name", "two")
	})
	if a > b {
		a, b = b, a
	}
	filter := func(pairs ...string) *ec2.DescribeVpcEndpointsInput {
		in := &ec2.DescribeVpcEndpointsInput{}
		for i := 0; i < len(pairs); i += 2 {
			in.Filters = append(in.Filters, ec2.Filter{Name: &pairs[i], Values: strings.Split(pairs[i+1], ",")})
		}
		return in
	}
	one := ids(t, s, filter("tag:Name", "one"))
	two := ids(t, s, filter("tag:Name", "two"))
	if one == two || one == "" || two == "" || strings.Contains(one+two, " ") {
		t.Fatalf("by tag: %q and %q", one, two)
	}
	for _, c := range []struct {
		in   *ec2.DescribeVpcEndpointsInput
		want string
	}{
		{filter(), a + " " + b},
		{filter("vpc-id", network), one},
		{filter("vpc-id", "vpc-*"), a + " " + b},
		{filter("vpc-id", network, "tag:Name", "two"), ""},
		{filter("vpc-endpoint-id", two), two},
		{filter("vpc-endpoint-state", "pending,available"), a + " " + b},
		{filter("vpc-endpoint-state", "deleted"), ""},
		{filter("service-name", service, "vpc-endpoint-type", "Interface", "tag-key", "N?me"), a + " " + b},
		{filter("tag-key", "name"), ""},
		{filter("tag:Other", "*"), ""},
		{&ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{b, a, a}}, a + " " + b},
	} {
		if got := ids(t, s, c.in); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.in, got, c.want)
		}
	}
	for code, in := range map[string]*ec2.DescribeVpcEndpointsInput{
		"InvalidParameterValue":          filter("colour", "red"),
		"InvalidVpcEndpointId.NotFound":  {VpcEndpointIds: []string{a, "vpce-00000000"}},
		"InvalidVpcEndpointId.Malformed": {VpcEndpointIds: []string{"vpce-x"}},
		"InvalidNextToken":               {NextToken: new(a)},
	} {
		if _, err := s.DescribeVpcEndpoints(t.Context(), in); wire.CodeOf(err) != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	first, err := s.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{MaxResults: new(int32(1))})
	if err != nil || len(first.VpcEndpoints) != 1 || first.NextToken == nil {
		t.Fatalf("the first page: %+v, %v", first, err)
	}
	if got := ids(t, s, &ec2.DescribeVpcEndpointsInput{MaxResults: new(int32(1)), NextToken: first.NextToken}); got != b {
		t.Errorf("the second page: %q, want %q", got, b)
	}
	if _, err := house(t).DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{NextToken: first.NextToken}); wire.CodeOf(err) != "InvalidNextToken" {
		t.Errorf("a token of another house: %v", err)
	}
}

func TestModify(t *testing.T) {
	s := house(t)
	id := create(t, s, func(in *ec2.CreateVpcEndpointInput) {
		in.PolicyDocument, in.SubnetIds = new(closed), []string{"subnet-1", "subnet-2"}
	})
	for code, in := range map[string]*ec2.ModifyVpcEndpointInput{
		"InvalidVpcEndpointId.NotFound": {VpcEndpointId: "vpce-00000000"},
		"InvalidPolicyDocument":         {VpcEndpointId: id, PolicyDocument: new("[]")},
		"InvalidParameter":              {VpcEndpointId: id, PolicyDocument: new(closed), ResetPolicy: new(true)},
		"DryRunOperation":               {VpcEndpointId: id, ResetPolicy: new(true), DryRun: new(true)},
	} {
		if _, err := s.ModifyVpcEndpoint(t.Context(), in); wire.CodeOf(err) != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	if e, _, _ := s.Find(t.Context(), vpc.EndpointID(id)); e.Policy != closed {
		t.Errorf("a refused change left the policy %q", e.Policy)
	}
	_, err := s.ModifyVpcEndpoint(t.Context(), &ec2.ModifyVpcEndpointInput{
		VpcEndpointId: id, ResetPolicy: new(true), AddSubnetIds: []string{"subnet-3", "subnet-2"}, RemoveSubnetIds: []string{"subnet-1"},
		AddSecurityGroupIds: []string{"sg-1"}, IpAddressType: new("dualstack"),
	})
	if err != nil {
		t.Fatal(err)
	}
	e, _, _ := s.Find(t.Context(), vpc.EndpointID(id))
	if e.Policy != "" || strings.Join(e.Subnets, " ") != "subnet-2 subnet-3" || len(e.SecurityGroups) != 1 || e.IPAddressType != "dualstack" || e.DNSRecordIPType != "dualstack" {
		t.Errorf("got %+v", e)
	}
}

// TestConfigured: what the configuration declares changes there only.
func TestConfigured(t *testing.T) {
	s := house(t)
	const id = "vpce-0aaaaaaaaaaaaaaaa"
	mine := vpc.Endpoint{ID: id, VPC: network, Listen: "10.1.0.1:8443", Clients: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, Policy: closed}
	for range 2 { // a restart
		if err := s.Configure(t.Context(), []vpc.Endpoint{mine}); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(t, s, &ec2.DescribeVpcEndpointsInput{}); got != id {
		t.Errorf("got %q", got)
	}
	if e, _, _ := s.Find(t.Context(), id); e.Policy != closed || e.Listen != mine.Listen || len(e.Clients) != 1 || e.Created.IsZero() {
		t.Errorf("got %+v", e)
	}
	if _, err := s.ModifyVpcEndpoint(t.Context(), &ec2.ModifyVpcEndpointInput{VpcEndpointId: id, ResetPolicy: new(true)}); wire.CodeOf(err) != "OperationNotPermitted" {
		t.Errorf("modify: %v", err)
	}
	made := create(t, s, func(in *ec2.CreateVpcEndpointInput) { in.PrivateDnsEnabled = new(true) })
	out, err := s.DeleteVpcEndpoints(t.Context(), &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{id, "vpce-00000000", made}})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, u := range out.Unsuccessful {
		codes = append(codes, *u.ResourceId+" "+*u.Error.Code)
	}
	if diff := cmp.Diff([]string{id + " OperationNotPermitted", "vpce-00000000 InvalidVpcEndpoint.NotFound"}, codes); diff != "" {
		t.Errorf("Unsuccessful (-want +got):\n%s", diff)
	}
	if got := ids(t, s, &ec2.DescribeVpcEndpointsInput{}); got != id {
		t.Errorf("left: %q", got)
	}
	made = create(t, s, nil)
	if err := s.Configure(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s, &ec2.DescribeVpcEndpointsInput{}); got != made {
		t.Errorf("after the declaration went: %q, want %q", got, made)
	}
}

func TestConfigureRefuses(t *testing.T) {
	s := house(t)
	made := vpc.EndpointID(create(t, s, nil))
	for want, list := range map[string][]vpc.Endpoint{
		"is no id of a VPC endpoint": {{ID: "vpce-x", VPC: network}},
		"is no id of a VPC:":         {{ID: "vpce-00000000", VPC: "vpc-x"}},
		"declared twice":             {{ID: "vpce-00000000", VPC: network}, {ID: "vpce-00000000", VPC: network}},
		"policy: line 1":             {{ID: "vpce-00000000", VPC: network, Policy: `{"statement":[]}`}},
		"exists already":             {{ID: made, VPC: network}},
	} {
		if err := s.Configure(t.Context(), list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if got := ids(t, s, &ec2.DescribeVpcEndpointsInput{}); got != string(made) {
		t.Errorf("a refused configuration left %q", got)
	}
}

// TestStackID: in a stack the id follows from the hint, so that it is the same on every fresh start.
func TestStackID(t *testing.T) {
	ctx := stack.WithHint(t.Context(), "s/Endpoint/0")
	var seen []string
	for range 2 {
		s := house(t)
		out, err := s.CreateVpcEndpoint(ctx, asking(nil))
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, *out.VpcEndpoint.VpcEndpointId)
		if _, err := s.CreateVpcEndpoint(ctx, asking(nil)); wire.CodeOf(err) != "InvalidParameter" {
			t.Errorf("made twice: %v", err)
		}
	}
	if seen[0] != seen[1] {
		t.Errorf("ids: %v", seen)
	}
}
