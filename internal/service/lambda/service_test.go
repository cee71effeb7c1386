package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	model "gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/identity"
	"gatehouse/internal/lambdahost"
	"gatehouse/internal/seal"
	"gatehouse/internal/service/lambda"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// host answers with what it was asked.
type host struct {
	mu      sync.Mutex
	calls   []function.Invocation
	configs []*function.Config
	retired []string
	answer  func(n int) (function.Result, error)
}

func (h *host) Invoke(_ context.Context, cfg *function.Config, inv function.Invocation) (function.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls, h.configs = append(h.calls, inv), append(h.configs, cfg)
	if h.answer != nil {
		return h.answer(len(h.calls))
	}
	return function.Result{Payload: inv.Payload, Version: cfg.Version, Log: []byte("log of " + string(cfg.Version))}, nil
}

func (h *host) Retire(digest string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.retired = append(h.retired, digest)
}

// links resolves every object to one directory.
type links struct{ dir string }

func (l links) Open(_ context.Context, bucket, key string) (string, bool, string, error) {
	if key == "missing" {
		return "", false, "", fmt.Errorf("s3://%s/%s: %w", bucket, key, fs.ErrNotExist)
	}
	return l.dir, true, strings.Repeat("ab", 32), nil
}

// house is a service over an empty memory store, reached through the wire's codec.
type house struct {
	*lambda.Service
	db     store.DB
	tables *tables.Tables
	wire   *wire.Service
	host   *host
	dir    string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{db: store.NewMemory(), tables: tables.New(seal.NewKey()), host: &host{}, dir: filepath.Join(t.TempDir(), "code")}
	return h.build(t, h.host)
}

func (h *house) build(t *testing.T, run lambda.Host) *house {
	t.Helper()
	s, err := lambda.New(lambda.Config{
		DB: h.db, Tables: h.tables, Home: identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		Now:  func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC) },
		Host: run, Code: links{t.TempDir()}, CodeDir: h.dir, RetryAfter: func(int) time.Duration { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if h.wire, err = wire.NewService(model.Service, s.Handlers()...); err != nil {
		t.Fatal(err)
	}
	h.Service = s
	return h
}

// call sends one request; headers are "Name: value".
func (h *house) call(t *testing.T, method, target, body string, headers ...string) wire.Response {
	t.Helper()
	path, query, _ := strings.Cut(target, "?")
	r := &wire.Request{Method: method, RawPath: path, RawQuery: query, Header: map[string][]string{}, Body: []byte(body)}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	c, err := h.wire.Find(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return c.Serve(t.Context())
}

// want sends one request and compares status and body; "*" stands for anything.
func (h *house) want(t *testing.T, method, target, body string, status int, answer string) {
	t.Helper()
	r := h.call(t, method, target, body)
	if r.Status != status || !matches(answer, string(r.Body)) {
		t.Errorf("%s %s %s:\n got %d %s\nwant %d %s", method, target, body[:min(len(body), 200)], r.Status, r.Body, status, answer)
	}
}

// matches compares with "*" as a wildcard.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, p := range parts[1:] {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return text == "" || strings.HasSuffix(pattern, "*")
}

// zipped makes an archive of names and contents.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// create makes a function from a zip; more is added to the request.
func (h *house) create(t *testing.T, name, more string) {
	t.Helper()
	code := base64.StdEncoding.EncodeToString(zipped(t, "index.js", "exports.handler = async (e) => e"))
	body := fmt.Sprintf(`{"FunctionName":%q,"Runtime":"nodejs20.x","Handler":"index.handler","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":%q}%s}`, name, code, more)
	if r := h.call(t, "POST", "/2015-03-31/functions", body); r.Status != 201 {
		t.Fatalf("CreateFunction: %d %s", r.Status, r.Body)
	}
}

const at = "/2015-03-31/functions"

// [recorded] the shape of a new function and of one that is read (facts 5.5.5).
func TestCreateAndGet(t *testing.T) {
	h := newHouse(t)
	code := base64.StdEncoding.EncodeToString(zipped(t, "index.js", "exports.handler = async () => 1"))
	r := h.call(t, "POST", at, `{"FunctionName":"f","Runtime":"nodejs20.x","Handler":"index.handler","Role":"arn:aws:iam::123456789012:role/r",
		"Code":{"ZipFile":"`+code+`"},"Environment":{"Variables":{"TABLE":"stores"}},"Tags":{"a":"b"}}`)
	if r.Status != 201 {
		t.Fatalf("CreateFunction: %d %s", r.Status, r.Body)
	}
	var got map[string]any
	if err := json.Unmarshal(r.Body, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"FunctionName": "f", "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f", "Version": "$LATEST",
		"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating",
		"LastModified": "2026-03-01T12:00:00.005+0000", "PackageType": "Zip", "Timeout": "3", "MemorySize": "128", "Description": "",
		"Architectures": "[x86_64]", "EphemeralStorage": "map[Size:512]", "SnapStart": "map[ApplyOn:None OptimizationStatus:Off]",
		"TracingConfig": "map[Mode:PassThrough]", "LoggingConfig": "map[LogFormat:Text LogGroup:/aws/lambda/f]",
		"Environment": "map[Variables:map[TABLE:stores]]",
	} {
		if s := fmt.Sprint(got[name]); s != want {
			t.Errorf("%s: got %s, want %s", name, s, want)
		}
	}
	h.want(t, "GET", at+"/f", "", 200, `{"Configuration":*"State":"Active"*"LastUpdateStatus":"Successful"*"Code":{"RepositoryType":"S3"},"Tags":{"a":"b"}}`)
	h.want(t, "GET", at+"/f/configuration", "", 200, `*"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f"*`)
	h.want(t, "GET", at+"/f?Qualifier=$LATEST", "", 200, `*"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"*`)
	h.want(t, "GET", at, "", 200, `{"Functions":[{"FunctionName":"f",*}]}`)
	h.want(t, "POST", at, `{"FunctionName":"f","Runtime":"nodejs20.x","Handler":"index.handler","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"`+code+`"}}`,
		409, `*"message":"Function already exist: f"*`)

	cfg, err := h.ConfigOf(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(cfg.CodeDir, "index.js")); err != nil || string(b) != "exports.handler = async () => 1" {
		t.Errorf("code: got %q %v", b, err)
	}
	if cfg.Env["TABLE"].Reveal() != "stores" || cfg.Timeout != 3*time.Second || cfg.MemoryMB != 128 || cfg.Linked {
		t.Errorf("config: got %+v", cfg)
	}
}

// [recorded] what CreateFunction refuses, and in which words (facts 5.2, 5.5).
func TestCreateRefusals(t *testing.T) {
	h := newHouse(t)
	code := base64.StdEncoding.EncodeToString(zipped(t, "a", "b"))
	base := map[string]any{"FunctionName": "f", "Runtime": "nodejs20.x", "Handler": "i.h", "Role": "arn:aws:iam::123456789012:role/r", "Code": map[string]any{"ZipFile": code}}
	for _, tt := range []struct {
		name   string
		change map[string]any
		status int
		want   string
	}{
		{"reserved variable", map[string]any{"Environment": map[string]any{"Variables": map[string]any{"AWS_REGION": "x", "LAMBDA_TASK_ROOT": "y"}}}, 400,
			`*"message":"Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, LAMBDA_TASK_ROOT"*`},
		{"large environment", map[string]any{"Environment": map[string]any{"Variables": map[string]any{"AB": strings.Repeat("<", 4096)}}}, 400,
			`*exceeded the 4KB limit. String measured: {\"AB\":\"<<<*`},
		{"no handler", map[string]any{"Handler": nil}, 400, `*"message":"Runtime and Handler are mandatory parameters for functions created with deployment packages."*`},
		{"no code", map[string]any{"Code": map[string]any{}}, 400, `*"message":"Please provide a source for function code."*`},
		{"no zip", map[string]any{"Code": map[string]any{"ZipFile": "bm90IGEgemlw"}}, 400, `*"message":"Could not unzip uploaded file. Please check your file, then try to upload again."*`},
		{"no key", map[string]any{"Code": map[string]any{"S3Bucket": "bucket", "S3Key": "missing"}}, 400,
			`*"message":"Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."*`},
		{"timeout", map[string]any{"Timeout": 901}, 400, `{"message":"1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"*`},
		{"memory", map[string]any{"MemorySize": 64}, 400, `{"message":"1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"*`},
		{"role", map[string]any{"Role": "r"}, 400, `{"message":"1 validation error detected: Value 'r' at 'role' failed*`},
		{"name", map[string]any{"FunctionName": strings.Repeat("n", 65)}, 400, `{"message":"1 validation error detected: Value 'nnn*Member must have length less than or equal to 64"*`},
		{"log level", map[string]any{"LoggingConfig": map[string]any{"ApplicationLogLevel": "INFO"}}, 400, `*"message":"To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to 'JSON'."*`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := map[string]any{}
			for k, v := range base {
				body[k] = v
			}
			for k, v := range tt.change {
				if body[k] = v; v == nil {
					delete(body, k)
				}
			}
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			h.want(t, "POST", at, string(text), tt.status, tt.want)
		})
	}
	h.want(t, "GET", at, "", 200, `{"Functions":[]}`)
}

// [recorded] the ways to name a function and what is wrong with them (facts 5.5.4).
func TestNames(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", "")
	for _, name := range []string{"f", "123456789012:function:f", "arn:aws:lambda:us-east-1:123456789012:function:f",
		"arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af", "function:f", "us-east-1:123456789012:function:f"} {
		h.want(t, "GET", at+"/"+name+"/configuration", "", 200, `*"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f"*`)
	}
	for name, want := range map[string]string{
		"f:$LATEST/configuration?Qualifier=1":                            `400 *"message":"The derived qualifier from the function name does not match the specified qualifier."*`,
		"arn:aws:lambda:eu-west-1:123456789012:function:f/configuration": `404 *"Message":"Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"*`,
		"g/configuration":                   `404 *"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:g"*`,
		"f:7/configuration":                 `404 *"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:f:7"*`,
		"g/configuration?Qualifier=live":    `404 *"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:g:live"*`,
		"999999999999:function:f":           `404 *"Message":"Function not found: *`,
		"a.b/configuration":                 `400 {"message":"1 validation error detected: Value 'a.b' at 'functionName' failed*`,
		"arn:aws:s3:::bucket/configuration": `400 *`,
	} {
		r := h.call(t, "GET", at+"/"+name, "")
		if got := fmt.Sprintf("%d %s", r.Status, r.Body); !matches(want, got) {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestUpdate(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", "")
	before, err := h.ConfigOf(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	h.want(t, "PUT", at+"/f/configuration", `{"Timeout":9,"Environment":{"Variables":{"AB":"1"}}}`, 200,
		`*"Timeout":9*"LastUpdateStatus":"InProgress","LastUpdateStatusReason":"The function is being created.","LastUpdateStatusReasonCode":"Creating"*`)
	h.want(t, "PUT", at+"/f/configuration", `{"Timeout":9,"RevisionId":"old"}`, 412,
		`*"message":"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"*`)
	code := base64.StdEncoding.EncodeToString(zipped(t, "index.js", "new"))
	h.want(t, "PUT", at+"/f/code", `{"ZipFile":"`+code+`"}`, 200, `*"LastUpdateStatus":"InProgress"*`)
	h.want(t, "PUT", at+"/g/code", `{"ZipFile":"`+code+`"}`, 404, `*"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:g"*`)
	h.want(t, "PUT", at+"/f/code", `{"S3Bucket":"bucket","S3Key":"any"}`, 200, `*`)

	after, err := h.ConfigOf(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	if after.Digest == before.Digest || !after.Linked || after.Timeout != 9*time.Second || after.Env["AB"].Reveal() != "1" {
		t.Errorf("config after the updates: %+v", after)
	}
	if len(h.host.retired) != 3 || h.host.retired[0] != before.Digest {
		t.Errorf("retired: got %d digests, want 3, the old one first", len(h.host.retired))
	}
}

func TestVersionsAndAliases(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", `,"Publish":true`)
	h.want(t, "POST", at+"/f/versions", `{}`, 201, `*"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:1"*"Version":"1"*`)
	h.want(t, "PUT", at+"/f/configuration", `{"Description":"x","Timeout":7}`, 200, `*`)
	h.want(t, "POST", at+"/f/versions", `{"CodeSha256":"other"}`, 400, `*"message":"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST (*). Please try again with the CodeSHA256 in $LATEST."*`)
	h.want(t, "POST", at+"/f/versions", `{"Description":"second"}`, 201, `*"Description":"second"*"Timeout":7*"Version":"2"*`)
	h.want(t, "GET", at+"/f/versions", "", 200, `{"Versions":[*"Version":"$LATEST"*"Version":"1"*"Version":"2"*]}`)
	h.want(t, "GET", at+"/f/versions?MaxItems=2", "", 200, `{"NextMarker":"MQ","Versions":[*"Version":"$LATEST"*"Version":"1"*]}`)
	h.want(t, "GET", at+"/f/versions?MaxItems=2&Marker=MQ", "", 200, `{"Versions":[*"Version":"2"*]}`)

	h.want(t, "POST", at+"/f/aliases", `{"Name":"live","FunctionVersion":"9"}`, 404, `*"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:f:9"*`)
	h.want(t, "POST", at+"/f/aliases", `{"Name":"live","FunctionVersion":"1"}`, 201,
		`{"AliasArn":"arn:aws:lambda:us-east-1:123456789012:function:f:live","Name":"live","FunctionVersion":"1","Description":"","RevisionId":"*"}`)
	h.want(t, "POST", at+"/f/aliases", `{"Name":"live","FunctionVersion":"1"}`, 409, `*"message":"Alias already exists: arn:aws:lambda:us-east-1:123456789012:function:f:live"*`)
	h.want(t, "PUT", at+"/f/aliases/live", `{"RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}}`, 400, `*"message":"Invalid function version 1. Function version 1 is already included in routing configuration."*`)
	h.want(t, "PUT", at+"/f/aliases/live", `{"RoutingConfig":{"AdditionalVersionWeights":{"2":0.5}}}`, 200, `*"RoutingConfig":{"AdditionalVersionWeights":{"2":0.5}}*`)
	h.want(t, "GET", at+"/f/aliases/none", "", 404, `*"Message":"Cannot find alias arn: arn:aws:lambda:us-east-1:123456789012:function:f:none"*`)
	h.want(t, "GET", at+"/f/aliases", "", 200, `{"Aliases":[*"Name":"live"*]}`)
	h.want(t, "DELETE", at+"/f?Qualifier=2", "", 409, `*"message":"Unable to delete version because the following aliases reference it: [live]"*`)
	h.want(t, "DELETE", at+"/f?Qualifier=$LATEST", "", 400, `*"message":"$LATEST version cannot be deleted without deleting the function."*`)
	h.want(t, "GET", at+"/f?Qualifier=live", "", 200, `*"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:live"*"Version":"1"*`)

	h.want(t, "DELETE", at+"/f/aliases/live", "", 204, ``)
	h.want(t, "DELETE", at+"/f?Qualifier=2", "", 204, ``)
	h.want(t, "POST", at+"/f/versions", `{}`, 201, `*"Version":"3"*`)
	h.want(t, "DELETE", at+"/f", "", 204, ``)
	h.want(t, "DELETE", at+"/f", "", 404, `*"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:f"*`)
}

// [recorded] facts 5.5.8.
func TestPermissions(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", `,"Publish":true`)
	source := "arn:aws:execute-api:us-east-1:123456789012:api123/*/*"
	h.want(t, "GET", at+"/f/policy", "", 404, `*"Message":"The resource you requested does not exist."*`)
	h.want(t, "DELETE", at+"/f/policy/s1", "", 404, `*"Message":"No policy is associated with the given resource."*`)
	h.want(t, "POST", at+"/f/policy", `{"StatementId":"s1","Action":"lambda:InvokeFunction","Principal":"apigateway.amazonaws.com","SourceArn":"`+source+`"}`, 201,
		`{"Statement":"{\"Sid\":\"s1\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"apigateway.amazonaws.com\"},\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"arn:aws:lambda:us-east-1:123456789012:function:f\",\"Condition\":{\"ArnLike\":{\"AWS:SourceArn\":\"`+source+`\"}}}"}`)
	h.want(t, "POST", at+"/f/policy", `{"StatementId":"s1","Action":"lambda:InvokeFunction","Principal":"*"}`, 409,
		`*"message":"The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement."*`)
	h.want(t, "POST", at+"/f/policy", `{"StatementId":"s2","Action":"lambda:InvokeFunction","Principal":"nobody here"}`, 400, `*`)
	h.want(t, "POST", at+"/f/policy", `{"StatementId":"s2","Action":"lambda:InvokeFunction","Principal":"nobody"}`, 400,
		`*"message":"The provided principal was invalid. Please check the principal and try again."*`)
	h.want(t, "POST", at+"/f/policy?Qualifier=$LATEST", `{"StatementId":"s2","Action":"lambda:InvokeFunction","Principal":"*"}`, 400,
		`*"message":"We currently do not support adding policies for $LATEST."*`)
	h.want(t, "POST", at+"/f/policy?Qualifier=1", `{"StatementId":"s1","Action":"lambda:InvokeFunction","Principal":"210987654321","PrincipalOrgID":"o-1234567890"}`, 201, `*`)
	h.want(t, "POST", at+"/f/policy", `{"StatementId":"s2","Action":"lambda:InvokeFunction","Principal":"*","RevisionId":"old"}`, 412, `*Call the GetPolicy API*`)
	h.want(t, "GET", at+"/f/policy", "", 200, `{"Policy":"{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[{\"Sid\":\"s1\",*}]}","RevisionId":"*"}`)

	var all []lambda.Deployed
	if err := h.db.View(t.Context(), func(tx store.Tx) (err error) { all, err = h.All(tx); return err }); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range all {
		admits := false
		for _, p := range d.Permissions {
			admits = admits || p.AdmitsService("apigateway.amazonaws.com", "arn:aws:execute-api:us-east-1:123456789012:api123/dev/GET/stores", "123456789012")
		}
		got = append(got, fmt.Sprintf("%s %v", strings.TrimPrefix(string(d.ARN), "arn:aws:lambda:us-east-1:123456789012:function:"), admits))
	}
	if s := strings.Join(got, ", "); s != "f true, f:1 false" {
		t.Errorf("deployed: got %s", s)
	}

	h.want(t, "DELETE", at+"/f/policy/s9", "", 404, `*"Message":"Statement s9 is not found in resource policy."*`)
	h.want(t, "DELETE", at+"/f/policy/s1", "", 204, ``)
	h.want(t, "GET", at+"/f/policy", "", 404, `*`)
}

func TestInvoke(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", `,"Publish":true`)
	r := h.call(t, "POST", at+"/f/invocations", `{"a":1}`, "X-Amz-Log-Type: Tail", "X-Amz-Client-Context: "+base64.StdEncoding.EncodeToString([]byte(`{"custom":{}}`)))
	if r.Status != 200 || string(r.Body) != `{"a":1}` || r.Header.Get("X-Amz-Executed-Version") != "$LATEST" ||
		r.Header.Get("X-Amz-Log-Result") != base64.StdEncoding.EncodeToString([]byte("log of $LATEST")) || r.Header.Get("X-Amz-Function-Error") != "" {
		t.Errorf("Invoke: got %d %s %v", r.Status, r.Body, r.Header)
	}
	if got := string(h.host.calls[0].ClientContext); got != `{"custom":{}}` {
		t.Errorf("client context: got %s", got)
	}
	if r := h.call(t, "POST", at+"/f:1/invocations", ""); string(r.Body) != "{}" || r.Header.Get("X-Amz-Executed-Version") != "1" ||
		h.host.calls[1].InvokedARN != "arn:aws:lambda:us-east-1:123456789012:function:f:1" {
		t.Errorf("version 1: got %s %v %s", r.Body, r.Header, h.host.calls[1].InvokedARN)
	}
	if r := h.call(t, "POST", at+"/f/invocations", "{}", "X-Amz-Invocation-Type: DryRun"); r.Status != 204 || len(r.Body) != 0 {
		t.Errorf("DryRun: got %d %s", r.Status, r.Body)
	}
	h.want(t, "POST", at+"/f/invocations", "{", 400, `*"message":"Could not parse request body into json: *`)
	h.want(t, "POST", at+"/g/invocations", "{}", 404, `*"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:g"*`)
	h.want(t, "POST", at+"/f/invocations?Qualifier=none", "{}", 404, `*"Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:f:none"*`)
	if r := h.call(t, "POST", at+"/f/invocations", "{}", "X-Amz-Client-Context: no"); r.Status != 400 || !strings.Contains(string(r.Body), "Client context must be a valid Base64-encoded JSON object.") {
		t.Errorf("client context: got %d %s", r.Status, r.Body)
	}
	h.want(t, "POST", at+"/f/invocations", strings.Repeat(" ", 6<<20+101), 413, `*"message":"Request must be smaller than 6291556 bytes for the InvokeFunction operation"*`)
	if n := len(h.host.calls); n != 2 {
		t.Errorf("invocations: got %d, want 2", n)
	}

	for _, tt := range []struct {
		name, want string
		status     int
		answer     func(int) (function.Result, error)
	}{
		{"function error", `{"errorType":"E"}`, 200, func(int) (function.Result, error) {
			return function.Result{Payload: []byte(`{"errorType":"E"}`), Err: "Unhandled", Version: "$LATEST"}, nil
		}},
		{"throttled", `*"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"*"message":"Rate Exceeded."*`, 429, func(int) (function.Result, error) {
			return function.Result{}, &lambdahost.ThrottledError{Function: "f", Reason: lambdahost.ReasonReserved}
		}},
		{"runtime", `*"Message":"java21: install it"*`, 502, func(int) (function.Result, error) {
			return function.Result{}, &lambdahost.RuntimeError{Function: "f", Runtime: "java21", Problem: "install it"}
		}},
		{"host", `{*essage":"An error occurred and the request cannot be processed."*`, 500, func(int) (function.Result, error) {
			return function.Result{}, errors.New("secret path /x")
		}},
	} {
		h.host.answer = tt.answer
		r := h.call(t, "POST", at+"/f/invocations", "{}")
		if r.Status != tt.status || !matches(tt.want, string(r.Body)) || strings.Contains(string(r.Body), "secret") {
			t.Errorf("%s: got %d %s, want %d %s", tt.name, r.Status, r.Body, tt.status, tt.want)
		}
		if tt.name == "function error" && r.Header.Get("X-Amz-Function-Error") != "Unhandled" {
			t.Errorf("%s: got headers %v", tt.name, r.Header)
		}
	}
}

// An asynchronous invocation is answered at once and tried three times in all.
func TestInvokeEvent(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", "")
	done := make(chan int, 10)
	h.host.answer = func(n int) (function.Result, error) {
		done <- n
		return function.Result{Err: "Unhandled"}, nil
	}
	if r := h.call(t, "POST", at+"/f/invocations", `{}`, "X-Amz-Invocation-Type: Event"); r.Status != 202 || len(r.Body) != 0 {
		t.Errorf("Event: got %d %s", r.Status, r.Body)
	}
	for want := 1; want <= 3; want++ {
		if got := <-done; got != want {
			t.Errorf("attempt: got %d, want %d", got, want)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(h.host.calls); n != 3 || h.host.calls[0].RequestID != h.host.calls[2].RequestID {
		t.Errorf("attempts: got %d with ids %v", n, h.host.calls)
	}
}

func TestConcurrencyTagsAccount(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", "")
	put, get := "/2017-10-31/functions/f/concurrency", "/2019-09-30/functions/f/concurrency"
	h.want(t, "GET", get, "", 200, `{}`)
	h.want(t, "PUT", put, `{"ReservedConcurrentExecutions":901}`, 400, `*"message":"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."*`)
	h.want(t, "PUT", put, `{"ReservedConcurrentExecutions":0}`, 200, `{"ReservedConcurrentExecutions":0}`)
	if cfg, err := h.ConfigOf(t.Context(), "f"); err != nil || cfg.Concurrency != function.Halted {
		t.Errorf("concurrency 0: got %+v %v", cfg, err)
	}
	h.want(t, "PUT", put, `{"ReservedConcurrentExecutions":5}`, 200, `*`)
	h.want(t, "GET", get, "", 200, `{"ReservedConcurrentExecutions":5}`)
	h.want(t, "GET", "/2016-08-19/account-settings", "", 200, `*"UnreservedConcurrentExecutions":995*"FunctionCount":1*`)
	h.want(t, "DELETE", put, "", 204, ``)
	h.want(t, "GET", get, "", 200, `{}`)

	tags := "/2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:function:f"
	h.want(t, "POST", tags, `{"Tags":{"a":"1","b":"2"}}`, 204, ``)
	h.want(t, "DELETE", tags+"?tagKeys=a", "", 204, ``)
	h.want(t, "GET", tags, "", 200, `{"Tags":{"b":"2"}}`)
	h.want(t, "GET", "/2020-06-30/functions/f/code-signing-config", "", 200, `{"CodeSigningConfigArn":"","FunctionName":"f"}`)
}

// What lies in the store does not show the values of a function's environment.
func TestEnvironmentIsSealed(t *testing.T) {
	h := newHouse(t)
	h.create(t, "f", `,"Environment":{"Variables":{"PASSWORD":"canary-7f3a"}}`)
	err := h.db.View(t.Context(), func(tx store.Tx) error {
		for doc, err := range tx.List(h.tables.FunctionVersions.Kind(), "123456789012/us-east-1", "", "") {
			if err != nil {
				return err
			}
			if strings.Contains(string(doc.Body), "canary-7f3a") || !strings.Contains(string(doc.Body), "PASSWORD") {
				t.Errorf("row: %s", doc.Body)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg, err := h.ConfigOf(t.Context(), "f"); err != nil || strings.Contains(cfg.Digest+fmt.Sprint(cfg), "canary") {
		t.Errorf("config shows its environment: %v %v", cfg, err)
	}
}

// From an uploaded zip to the answer of a real process.
func TestWithRealHost(t *testing.T) {
	run, err := lambdahost.New(lambdahost.Config{RunDir: filepath.Join(t.TempDir(), "run"), Home: identity.Home{Region: "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{db: store.NewMemory(), tables: tables.New(seal.NewKey()), dir: filepath.Join(t.TempDir(), "code")}
	h.build(t, run)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if err := run.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	h.create(t, "f", "")
	r := h.call(t, "POST", at+"/f/invocations", `{"a":1}`)
	if strings.Contains(string(r.Body), "not found on PATH") {
		t.Skip("node is not installed")
	}
	if r.Status != 200 || string(r.Body) != `{"a":1}` {
		t.Errorf("got %d %s", r.Status, r.Body)
	}
	code := base64.StdEncoding.EncodeToString(zipped(t, "index.js", "exports.handler = async () => 'new'"))
	h.want(t, "PUT", at+"/f/code", `{"ZipFile":"`+code+`"}`, 200, `*`)
	h.want(t, "POST", at+"/f/invocations", `{}`, 200, `"new"`)
}
