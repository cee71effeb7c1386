package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/awsapi/cloudformation"
	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/awsapi/iam"
	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/awsapi/sts"
	description "gatehouse/internal/shape"
	"gatehouse/internal/wire"
)

var update = flag.Bool("update", false, "write the golden file anew")

// houses is a model with one of everything that the generator translates.
const houses = `{
 "metadata": {"apiVersion": "2020-01-01", "endpointPrefix": "houses", "protocol": "rest-json"},
 "operations": {
  "PutDoor": {"name": "PutDoor", "http": {"method": "PUT", "requestUri": "/houses/{house_id}/doors", "responseCode": 201},
   "input": {"shape": "PutDoorRequest"}, "output": {"shape": "Door"}, "errors": [{"shape": "NotFoundException"}], "documentation": "<p>secret text</p>"},
  "Knock": {"name": "Knock", "http": {"method": "POST", "requestUri": "/knock"}, "input": {"shape": "KnockRequest"}}
 },
 "shapes": {
  "PutDoorRequest": {"type": "structure", "required": ["houseId", "kind"], "members": {
    "kind": {"shape": "Kind"},
    "houseId": {"shape": "String", "location": "uri", "locationName": "house_id"},
    "parameters": {"shape": "Map", "location": "querystring"},
    "token": {"shape": "Name", "location": "header", "locationName": "X-Token"}}},
  "Door": {"type": "structure", "payload": "body", "members": {
    "code": {"shape": "Integer", "location": "statusCode"},
    "body": {"shape": "Blob"}}},
  "KnockRequest": {"type": "structure", "members": {"items": {"shape": "Times", "locationName": "item"}, "names": {"shape": "Names"}, "door": {"shape": "Door"}}},
  "Times": {"type": "list", "member": {"shape": "Time"}},
  "Time": {"type": "timestamp"},
  "Names": {"type": "list", "member": {"shape": "Name"}, "max": 3},
  "Name": {"type": "string", "min": 1, "max": 8, "pattern": "[a-z]+", "sensitive": true},
  "Kind": {"type": "string", "enum": ["AWS_PROXY", "nodejs22.x", "RequestResponse"]},
  "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
  "String": {"type": "string"}, "Integer": {"type": "integer"}, "Blob": {"type": "blob"},
  "NotFoundException": {"type": "structure", "exception": true, "error": {"httpStatusCode": 404}, "members": {"Type": {"shape": "String"}, "Message": {"shape": "String"}}}
 }
}`

// tenants is a model of the query protocol; with "ec2" for "query" it is one of EC2.
const tenants = `{
 "metadata": {"apiVersion": "2020-02-02", "endpointPrefix": "tenants", "globalEndpoint": "tenants.test", "protocol": "query", "xmlNamespace": "https://tenants.test/"},
 "operations": {
  "CreateTenant": {"name": "CreateTenant", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "CreateTenantRequest"},
   "output": {"shape": "CreateTenantResult", "resultWrapper": "CreateTenantResult"}, "errors": [{"shape": "NoSuchTenantException"}]},
  "Count": {"name": "Count", "http": {"method": "POST", "requestUri": "/"}, "authtype": "none"},
  "Unlisted": {"name": "Unlisted", "http": {"method": "POST", "requestUri": "/"}}
 },
 "shapes": {
  "CreateTenantRequest": {"type": "structure", "required": ["TenantName"], "members": {
    "TenantName": {"shape": "Name"}, "Path": {"shape": "String", "locationName": "path"}, "Role": {"shape": "String", "queryName": "TheRole"}, "Tags": {"shape": "Tags", "locationName": "Tag"}}},
  "CreateTenantResult": {"type": "structure", "members": {"Tags": {"shape": "Tags", "locationName": "tagSet"}, "Since": {"shape": "Time", "locationName": "since"}, "Rights": {"shape": "Policy"}}},
  "Tags": {"type": "list", "member": {"shape": "Tag"}},
  "Tag": {"type": "structure", "members": {"Key": {"shape": "Name", "locationName": "key"}}},
  "Name": {"type": "string", "pattern": "[\\u0021-\\u00FF]+"},
  "Policy": {"type": "string", "max": 10}, "String": {"type": "string"}, "Time": {"type": "timestamp"},
  "NoSuchTenantException": {"type": "structure", "exception": true, "error": {"code": "NoSuchTenant", "httpStatusCode": 404}, "members": {"message": {"shape": "String"}}},
  "StrangeException": {"type": "structure", "exception": true, "members": {}}
 }
}`

var tenantListing = listing{
	Package: "tenants", Path: "tenants/2020-02-02", Operations: []string{"Count", "CreateTenant"}, OnlyListed: true,
	ARN: "tenants::{account}:", Resources: []string{"house/{HouseName}", "tenant{Path:/}{TenantName}{:Role}"},
	Keys:    []description.Key{{Name: "tenants:Path", Member: "Path"}},
	Passes:  map[string][]description.Pass{"CreateTenant": {{Member: "Role", Service: "tenants.test"}}},
	Unasked: []string{"Count"}, Percent: []string{"Policy"},
}

func TestGenerate(t *testing.T) {
	tests := []struct {
		name, model string
		listing     listing
	}{
		{"houses", houses, listing{
			Package: "houses", Path: "houses/2020-01-01", Operations: []string{"Knock", "PutDoor"}, MethodActions: true, ARN: "houses:{region}::",
		}},
		{"tenants", tenants, tenantListing},
	}
	for _, tt := range tests {
		files, err := generate([]byte(tt.model), tt.listing)
		if err != nil {
			t.Fatal(err)
		}
		var all bytes.Buffer
		for _, name := range []string{"shapes.go", "enums.go", "operations.go", "rules.go"} {
			all.WriteString("-- " + name + " --\n")
			all.Write(files[name])
		}
		golden := filepath.Join("testdata", tt.name+".golden")
		if *update {
			if err := os.WriteFile(golden, all.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), all.String()); diff != "" {
			t.Errorf("generated text (-%s +got):\n%s", golden, diff)
		}
		if strings.Contains(all.String(), "secret text") {
			t.Error("documentation text was copied")
		}
	}
}

// A form parameter of EC2 begins with a capital letter, unless it has a name of its own.
func TestGenerateEC2(t *testing.T) {
	text := strings.Replace(strings.Replace(tenants, `"query"`, `"ec2"`, 1), `"member": {"shape": "Tag"}`, `"member": {"shape": "Tag", "locationName": "item"}`, 1)
	files, err := generate([]byte(text), tenantListing)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`form:"Path"`, `form:"TheRole"`, `form:"Tag"`, `xml:"tagSet"`, `form:"Key" xml:"key"`} {
		if !bytes.Contains(files["shapes.go"], []byte(want)) {
			t.Errorf("shapes.go lacks %s:\n%s", want, files["shapes.go"])
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	// A change is made to houses or, if that does not have the text, to tenants.
	tests := []struct {
		name    string
		change  [2]string
		listing listing
		want    string
	}{
		{"operation that is not there", [2]string{}, listing{Operations: []string{"Paint"}}, `list.go names operation "Paint", the model does not have it`},
		{"operations out of order", [2]string{}, listing{Operations: []string{"PutDoor", "Knock"}}, "list.go: the operations are not in order"},
		{"missing shape", [2]string{`{"shape": "Kind"}`, `{"shape": "Kid"}`}, listing{}, `the model names shape "Kid" and does not have it`},
		{"look-ahead", [2]string{"[a-z]+", "(?!x)[a-z]+"}, listing{}, "say it without in list.go, LookAheads"},
		{"event stream", [2]string{`{"type": "timestamp"}`, `{"type": "structure", "eventstream": true}`}, listing{}, "event stream"},
		{"unknown type", [2]string{`{"type": "timestamp"}`, `{"type": "union"}`}, listing{}, `type "union"`},
		{"unknown protocol", [2]string{"rest-json", "rest-xml"}, listing{}, `protocol "rest-xml" is not known`},
		{"shared input", [2]string{`"input": {"shape": "KnockRequest"}`, `"input": {"shape": "PutDoorRequest"}`}, listing{}, "is the input of"},
		{"result element", [2]string{`"resultWrapper": "CreateTenantResult"`, `"resultWrapper": "Result"`}, listing{}, "CreateTenant answers in an element Result"},
		{"flattened list", [2]string{`{"type": "list", "member": {"shape": "Tag"}}`, `{"type": "list", "flattened": true, "member": {"shape": "Tag"}}`}, listing{}, "shape Tags is flattened or wrapped"},
		{"flattened member", [2]string{`{"shape": "Tags", "locationName": "tagSet"}`, `{"shape": "Tags", "flattened": true}`}, listing{}, "member Tags is flattened or an attribute"},
		{"list with elements of its own", [2]string{`"member": {"shape": "Tag"}`, `"member": {"shape": "Tag", "locationName": "tag"}`}, listing{}, `elements of the list are called "tag"`},
		{"header in a form", [2]string{`{"shape": "String", "locationName": "path"}`, `{"shape": "String", "location": "header"}`}, listing{}, `location "header" is not known`},
		{"role that is no member", [2]string{}, listing{Passes: map[string][]description.Pass{"Knock": {{Member: "Role"}}}}, "list.go: Passes: the input has no member Role"},
		{"constants that collide", [2]string{`"nodejs22.x"`, `"aws-proxy"`}, listing{}, `"AWS_PROXY" and "aws-proxy" both become KindAwsProxy`},
	}
	for _, tt := range tests {
		text := strings.Replace(houses, tt.change[0], tt.change[1], 1)
		if !strings.Contains(houses, tt.change[0]) {
			text = strings.Replace(tenants, tt.change[0], tt.change[1], 1)
		}
		tt.listing.Package = "houses"
		_, err := generate([]byte(text), tt.listing)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: generate: %v, want %s", tt.name, err, tt.want)
		}
	}
}

// The committed packages can be served as they are.
func TestCommittedPackages(t *testing.T) {
	for _, m := range []description.Service{apigateway.Service, cloudformation.Service, ec2.Service, iam.Service, lambda.Service, sts.Service} {
		if err := wire.Check(m); err != nil {
			t.Error(err)
		}
	}
	for m, want := range map[*description.Service]int{&apigateway.Service: 124, &iam.Service: 176, &sts.Service: 11, &ec2.Service: 4} {
		if got := len(m.Operations); got != want {
			t.Errorf("%s has %d operations, want %d", m.Name, got, want)
		}
	}
}

// Where botocore is installed in the pinned version, running the generator again changes nothing.
func TestCommittedPackagesAreCurrent(t *testing.T) {
	out, err := exec.Command("python3", "-c", `import botocore; print(botocore.__path__[0] + "/data")`).Output()
	if err != nil {
		t.Skip("no botocore here")
	}
	dir := t.TempDir()
	if err := run(strings.TrimSpace(string(out)), dir, false, nil); err != nil {
		if strings.Contains(err.Error(), "has digest") {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	for _, l := range listings {
		for _, file := range []string{"shapes.go", "enums.go", "operations.go", "rules.go"} {
			got, err := os.ReadFile(filepath.Join(dir, l.Package, file))
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join("..", "..", "internal", "awsapi", l.Package, file))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("internal/awsapi/%s/%s is not what the generator makes: run it again", l.Package, file)
			}
		}
	}
}
