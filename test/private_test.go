package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A private API behind one endpoint, whose resource policy names that endpoint and its network.
const (
	mine   = "vpce-0aaaaaaaaaaaaaaaa"
	theirs = "vpce-0bbbbbbbbbbbbbbbb"

	privateAPI = `
service: inner
frameworkVersion: "3"
provider: {name: aws, region: us-east-1}
resources:
  Resources:
    Api:
      Type: AWS::ApiGateway::RestApi
      Properties:
        Name: inner
        EndpointConfiguration: {Types: [PRIVATE], VpcEndpointIds: [vpce-0aaaaaaaaaaaaaaaa]}
        Policy:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*", Condition: {IpAddress: {"aws:VpcSourceIp": [127.0.0.0/8, 10.77.1.0/24]}}}
            - {Effect: Deny, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*", Condition: {StringNotEquals: {"aws:SourceVpce": vpce-0aaaaaaaaaaaaaaaa}}}
    Get:
      Type: AWS::ApiGateway::Method
      Properties:
        RestApiId: !Ref Api
        ResourceId: !GetAtt Api.RootResourceId
        HttpMethod: GET
        AuthorizationType: NONE
        Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode":200}'}, IntegrationResponses: [{StatusCode: 200, ResponseTemplates: {application/json: '"inside"'}}]}
        MethodResponses: [{StatusCode: 200}]
    Release: {Type: "AWS::ApiGateway::Deployment", DependsOn: Get, Properties: {RestApiId: !Ref Api, StageName: prod}}
`
)

// project writes the definition and its configuration, and returns the directory.
func project(t *testing.T, configuration string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"serverless.yml": privateAPI, "gatehouse.yml": configuration} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// forms are the hosts of a private API, "How to invoke a private API" [docs], and x-apigw-api-id where it needs
// one.
func forms(api, endpoint string) [][2]string {
	return [][2]string{
		{api + ".execute-api.us-east-1.amazonaws.com", ""},
		{api + "-" + endpoint + ".execute-api.us-east-1.amazonaws.com", ""},
		{endpoint + "-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com", api},
	}
}

// request writes a call as a caller would who knows everything about the API and says so in every way.
func request(path, host, api string, more ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", path, host)
	if api != "" {
		fmt.Fprintf(&b, "x-apigw-api-id: %s\r\n", api)
	}
	for i := 0; i < len(more); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", more[i], more[i+1])
	}
	return b.String() + "\r\n"
}

// claims are headers that say where a caller is. None of them counts.
func claims() []string {
	return []string{
		"X-Forwarded-For", "10.77.1.2", "X-Amzn-Vpce-Id", mine, "X-Amzn-Vpc-Id", "vpc-0aaaaaaaaaaaaaaaa", "X-Amz-Source-Vpce", mine,
		"Forwarded", "for=10.77.1.2", "X-Forwarded-Host", mine + "-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com",
	}
}

// talk sends raw bytes to an address and returns everything that came back; "" is a closed connection.
func talk(address, raw string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, raw) // a closed connection shows when it is read
	answer, _ := io.ReadAll(conn)
	return string(answer), nil
}

// TestPrivateAPI: a private API answers through its endpoint's listener, under each form of its host; on the
// loopback control port the endpoint's own forms stand for the listener; on the public port it does not exist.
func TestPrivateAPI(t *testing.T) {
	dir := project(t, `vpcEndpoints:
  - {id: `+mine+`, vpc: vpc-0aaaaaaaaaaaaaaaa, listen: "127.0.0.1:0", clients: [127.0.0.0/8]}
  - {id: `+theirs+`, vpc: vpc-0bbbbbbbbbbbbbbbb, listen: "127.0.0.1:0", policy: {Statement: [{Effect: Deny, Principal: "*", Action: "*", Resource: "*"}]}}
`)
	r := dev(t, dir, "--ephemeral", "--no-watch", "--log-format", "off")
	api := r.Routes[0].API
	_, health, _ := get(t, r.ControlURL+"/_gatehouse/health")
	listeners := map[string]string{
		mine: field(t, health, "details", "vpcEndpoints", mine), theirs: field(t, health, "details", "vpcEndpoints", theirs),
	}
	ask := func(url, path, host, id string) string {
		t.Helper()
		answer, err := talk(strings.TrimPrefix(url, "http://"), request(path, host, id, claims()...))
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	inside := func(answer string) bool {
		return strings.HasPrefix(answer, "HTTP/1.1 200 ") && strings.HasSuffix(answer, `"inside"`)
	}
	forbidden := func(answer string) bool {
		return strings.HasPrefix(answer, "HTTP/1.1 403 ") && strings.HasSuffix(answer, `{"message":"Forbidden"}`) && strings.Contains(answer, "ForbiddenException")
	}

	for i, f := range forms(api, mine) {
		if answer := ask(listeners[mine], "/prod/", f[0], f[1]); !inside(answer) {
			t.Errorf("the listener under %v: %s", f, answer)
		}
		if answer := ask(r.ControlURL, "/prod/", f[0], f[1]); (i > 0) != inside(answer) {
			t.Errorf("the control port under %v: %s", f, answer)
		}
		if answer := ask(r.URL, "/prod/", f[0], f[1]); !forbidden(answer) {
			t.Errorf("the public port under %v: %s", f, answer)
		}
	}
	for _, f := range forms(api, theirs) {
		if answer := ask(listeners[mine], "/prod/", f[0], f[1]); f[0] != api+".execute-api.us-east-1.amazonaws.com" && !forbidden(answer) {
			t.Errorf("the listener under another endpoint's host %v: %s", f, answer)
		}
		if answer := ask(listeners[theirs], "/prod/", f[0], f[1]); !strings.HasPrefix(answer, "HTTP/1.1 403 ") || inside(answer) {
			t.Errorf("another listener under %v: %s", f, answer)
		}
	}
	// Wrong or missing [docs].
	for _, f := range [][2]string{
		{mine + "-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com", ""}, {mine + "-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com", "nosuchapi1"},
		{"nosuchapi1.execute-api.us-east-1.amazonaws.com", ""}, {api + ".execute-api.eu-west-1.amazonaws.com", ""}, {"evil.test", api}, {"127.0.0.1", ""},
	} {
		if answer := ask(listeners[mine], "/prod/", f[0], f[1]); !forbidden(answer) {
			t.Errorf("the listener under %v: %s", f, answer)
		}
	}
	// The path forms of laptops are not for private networks, and do not lead into one.
	for _, path := range []string{"/prod/", "/_aws/execute-api/" + api + "/prod/", "/restapis/" + api + "/prod/_user_request_/"} {
		for _, url := range []string{listeners[mine], r.URL, r.ControlURL} {
			if answer := ask(url, path, "127.0.0.1", ""); strings.Contains(answer, `"inside"`) {
				t.Errorf("%s%s: %s", url, path, answer)
			}
		}
	}
}

// TestEndpointInUse: an address that is taken is named, with the endpoint.
func TestEndpointInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for listen, want := range map[string]string{l.Addr().String(): "is in use", "192.0.2.1:8443": "no interface of this machine has the address"} {
		dir := project(t, `vpcEndpoints: [{id: `+mine+`, vpc: vpc-0aaaaaaaaaaaaaaaa, listen: "`+listen+`"}]`)
		out, err := exec.Command(gatehouse(t), "dev", dir, "--ephemeral", "--no-watch", "--port", "0", "--control-port", "0").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "VPC endpoint "+mine+": ") || !strings.Contains(string(out), want) {
			t.Errorf("listen %s: %v\n%s", listen, err, out)
		}
	}
}

// networks are three network namespaces: a gateway with one leg in a private network and one in a public one,
// and a machine in each.
type networks struct{ gateway, inside, outside string }

func newNetworks(t *testing.T) networks {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("network namespaces need ip, of Debian's iproute2")
	}
	name := func(what string) string { return fmt.Sprintf("gatehouse-%d-%s", os.Getpid(), what) }
	n := networks{name("gateway"), name("inside"), name("outside")}
	for i, ns := range []string{n.gateway, n.inside, n.outside} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			if i > 0 {
				t.Fatalf("ip netns add: %v\n%s", err, out)
			}
			t.Skipf("network namespaces cannot be made here: %v: %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", ns).Run() })
		ip(t, ns, "link set lo up")
	}
	for i, ns := range []string{n.inside, n.outside} {
		leg := fmt.Sprintf("leg%d", i+1)
		ip(t, n.gateway, fmt.Sprintf("link add %s type veth peer name eth0 netns %s", leg, ns))
		ip(t, n.gateway, fmt.Sprintf("address add 10.77.%d.1/24 dev %s", i+1, leg))
		ip(t, n.gateway, "link set "+leg+" up")
		ip(t, ns, fmt.Sprintf("address add 10.77.%d.2/24 dev eth0", i+1))
		ip(t, ns, "link set eth0 up")
		ip(t, ns, fmt.Sprintf("route add default via 10.77.%d.1", i+1))
	}
	return n
}

func ip(t *testing.T, ns, command string) {
	t.Helper()
	if out, err := exec.Command("ip", append([]string{"-n", ns}, strings.Fields(command)...)...).CombinedOutput(); err != nil {
		t.Fatalf("ip -n %s %s: %v\n%s", ns, command, err, out)
	}
}

// clientAddress makes this test program a client, see TestMain: it sends each request that it reads over a
// connection of its own and writes the answers.
const clientAddress = "GATEHOUSE_TEST_CLIENT"

func client(address string) int {
	var requests, answers []string
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	for _, raw := range requests {
		answer, err := talk(address, raw)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		answers = append(answers, answer)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		return 2
	}
	return 0
}

// from talks to an address from within a namespace. The answer "" is a connection that was closed without one.
func from(t *testing.T, ns, address string, requests ...string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ip", "netns", "exec", ns, self)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stderr = append(os.Environ(), clientAddress+"="+address), bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("from %s to %s: %v: %s", ns, address, err, stderr.String())
	}
	var answers []string
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(requests) {
		t.Fatalf("from %s to %s: %d answers, %v", ns, address, len(answers), err)
	}
	return answers
}

// TestNetworks: with real addresses in real networks, a private API answers to machines of its network only, and
// on public listeners to nobody, whatever Host or header they send.
func TestNetworks(t *testing.T) {
	n := newNetworks(t)
	dir := project(t, `host: 10.77.2.1
vpcEndpoints:
  - {id: `+mine+`, vpc: vpc-0aaaaaaaaaaaaaaaa, listen: "10.77.1.1:8443", clients: [10.77.1.0/24]}
  - {id: `+theirs+`, vpc: vpc-0bbbbbbbbbbbbbbbb, listen: "10.77.2.1:8443", clients: [10.77.2.0/24]}
`)
	r := devBy(t, []string{"ip", "netns", "exec", n.gateway, gatehouse(t)}, dir, "--ephemeral", "--no-watch", "--log-format", "off")
	api := r.Routes[0].API
	data, control := strings.TrimPrefix(r.URL, "http://"), strings.TrimPrefix(r.ControlURL, "http://")
	if !strings.HasPrefix(data, "10.77.2.1:") || !strings.HasPrefix(control, "10.77.2.1:") {
		t.Fatalf("the public listeners are %s and %s", data, control)
	}

	private := append(forms(api, mine), [2]string{"10.77.1.1:8443", api})
	var plain, claiming []string
	for _, f := range private {
		plain, claiming = append(plain, request("/prod/", f[0], f[1])), append(claiming, request("/prod/", f[0], f[1], claims()...))
	}
	for i, answer := range from(t, n.inside, "10.77.1.1:8443", plain...) {
		if !strings.HasPrefix(answer, "HTTP/1.1 200 ") || !strings.HasSuffix(answer, `"inside"`) {
			t.Errorf("from inside under %v: %s", private[i], answer)
		}
	}
	// For TCP the address answers to the outside as well: who is not of the network is closed before a byte is
	// read.
	for i, answer := range from(t, n.outside, "10.77.1.1:8443", claiming...) {
		if answer != "" {
			t.Errorf("from outside under %v: %s", private[i], answer)
		}
	}

	// Another network's endpoint is a way in, but the API's own policy admits the first endpoint only.
	answer := from(t, n.outside, "10.77.2.1:8443", request("/prod/", api+".execute-api.us-east-1.amazonaws.com", "", claims()...))[0]
	if !strings.HasPrefix(answer, "HTTP/1.1 403 ") || !strings.Contains(answer, "with an explicit deny in a resource-based policy") {
		t.Errorf("through another network's endpoint: %s", answer)
	}

	hosts := append(append(private, forms(api, theirs)...), [2]string{data, api}, [2]string{"localhost", api}, [2]string{api + ".execute-api.localhost", ""})
	var public []string
	for _, f := range hosts {
		for _, path := range []string{"/prod/", "/_aws/execute-api/" + api + "/prod/", "/restapis/" + api + "/prod/_user_request_/"} {
			public = append(public, request(path, f[0], f[1], claims()...))
		}
	}
	for _, where := range []string{n.inside, n.outside} {
		for _, address := range []string{data, control} {
			for i, answer := range from(t, where, address, public...) {
				if answer == "" || strings.HasPrefix(answer, "HTTP/1.1 2") || strings.Contains(answer, `"inside"`) {
					t.Errorf("from %s on the public listener %s: %q\nto %q", where, address, answer, public[i])
				}
			}
		}
	}
}
