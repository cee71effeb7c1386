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
	"gatehouse/internal/awsapi/lambda"
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

func TestGenerate(t *testing.T) {
	files, err := generate([]byte(houses), listing{Package: "houses", Path: "houses/2020-01-01", Operations: []string{"Knock", "PutDoor"}})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, name := range []string{"shapes.go", "enums.go", "operations.go", "rules.go"} {
		all.WriteString("-- " + name + " --\n")
		all.Write(files[name])
	}
	golden := filepath.Join("testdata", "houses.golden")
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

func TestGenerateRefuses(t *testing.T) {
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
		{"constants that collide", [2]string{`"nodejs22.x"`, `"aws-proxy"`}, listing{}, `"AWS_PROXY" and "aws-proxy" both become KindAwsProxy`},
	}
	for _, tt := range tests {
		text := strings.Replace(houses, tt.change[0], tt.change[1], 1)
		tt.listing.Package = "houses"
		_, err := generate([]byte(text), tt.listing)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: generate: %v, want %s", tt.name, err, tt.want)
		}
	}
}

// The committed packages can be served as they are.
func TestCommittedPackages(t *testing.T) {
	for _, m := range []description.Service{apigateway.Service, lambda.Service} {
		if err := wire.Check(m); err != nil {
			t.Error(err)
		}
	}
	if got := len(apigateway.Service.Operations); got != 124 {
		t.Errorf("apigateway has %d operations, want 124", got)
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
