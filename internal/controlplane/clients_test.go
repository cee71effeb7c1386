package controlplane_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/seal"
	"gatehouse/internal/sigv4"
)

// environment is what AWS's clients read, and nothing of the machine's own settings.
func environment(endpoint, secret string) []string {
	return append(os.Environ(),
		"AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID="+rootID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_SESSION_TOKEN=",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "NO_PROXY=127.0.0.1")
}

// The vendor's own client, which shares no code with us, signs, sends and reads.
func TestBoto3(t *testing.T) {
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		t.Skip("no boto3 here")
	}
	h, _ := handler(t, time.Now, io.Discard)
	server := httptest.NewServer(h)
	defer server.Close()
	const script = `
import json, boto3
from botocore.exceptions import ClientError
c, l = boto3.client("apigateway"), boto3.client("lambda")
out = {}
out["account"] = c.get_account()["throttleSettings"]
made = c.create_api_key(name="späti", value="v" * 20, enabled=True, tags={"a b": "c/d"})
out["status"], out["created"] = made["ResponseMetadata"]["HTTPStatusCode"], made["createdDate"].timestamp()
out["keys"] = [k["name"] for k in c.get_api_keys(includeValues=True, limit=5)["items"]]
def refused(f, **a):
    try:
        f(**a)
        return "accepted"
    except ClientError as e:
        return e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
out["missing"] = refused(c.delete_api_key, apiKey="a/b ü")
out["policy"] = refused(l.get_policy, FunctionName="arn:aws:lambda:us-east-1:123456789012:function:f")
out["later"] = refused(c.get_tags, resourceArn="arn:aws:apigateway:us-east-1::/restapis/x")
print(json.dumps(out))
`
	cmd := exec.Command("python3", "-c", script)
	cmd.Env = environment(server.URL, rootSecret)
	raw, err := cmd.Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v\n%s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	want := `{"account":{"burstLimit":5000,"rateLimit":10000},"created":1767355200,"keys":["späti"],` +
		`"later":"NotImplementedException: The operation apigateway:GetTags is not offered by this server.",` +
		`"missing":"NotFoundException: Invalid API Key identifier specified",` +
		`"policy":"ResourceNotFoundException: The resource you requested does not exist.","status":201}`
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestCLI(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("no aws command here")
	}
	h, _ := handler(t, time.Now, io.Discard)
	server := httptest.NewServer(h)
	defer server.Close()
	run := func(secret string, args ...string) string {
		cmd := exec.Command("aws", args...)
		cmd.Env = environment(server.URL, secret)
		out, _ := cmd.CombinedOutput() // the text tells what happened
		return strings.TrimSpace(string(out))
	}
	got := run(rootSecret, "apigateway", "get-account", "--query", "throttleSettings.burstLimit", "--output", "text")
	if got != "5000" {
		t.Errorf("get-account: %s", got)
	}
	got = run("wrong", "apigateway", "get-account")
	if want := "(InvalidSignatureException) when calling the GetAccount operation: The request signature we calculated does not match"; !strings.Contains(got, want) {
		t.Errorf("with a wrong secret: %s\nwant %s", got, want)
	}
}

// The Go SDK signs Content-Length, which the server must still see.
func TestContentLengthIsSigned(t *testing.T) {
	h, _ := handler(t, time.Now, io.Discard)
	server := httptest.NewServer(h)
	defer server.Close()
	body := []byte(`{"name":"x"}`)
	r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/apikeys", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	add, f := sigv4.Sign(&sigv4.Request{Method: "POST", RawPath: "/apikeys", Host: r.Host, PayloadHash: sigv4.HashPayload(body),
		Header: func(yield func(string, string) bool) { yield("Content-Length", "12") }},
		sigv4.Credentials{KeyID: rootID, Secret: seal.Hide(rootSecret), Region: "us-east-1", Service: "apigateway"}, time.Now())
	if f != nil {
		t.Fatal(f)
	}
	for _, h := range add {
		r.Header.Set(h.Name, h.Value)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != 201 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
