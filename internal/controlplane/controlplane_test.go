package controlplane_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/controlplane"
	"gatehouse/internal/directory"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/seal"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/wire"
)

const (
	rootID     = "AKIAROOT000000000000"
	rootSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// callers are known by access key and session token.
type callers map[[2]string]*identity.Caller

func (c callers) Find(_ context.Context, id identity.AccessKeyID, token string, now time.Time) (*identity.Caller, error) {
	if id == "AKIABROKEN" {
		return nil, errors.New("the disk is full of eels")
	}
	found, ok := c[[2]string{string(id), token}]
	switch {
	case !ok:
		return nil, directory.ErrUnknown
	case found.Session != nil && found.Session.Expired(now):
		return nil, directory.ErrExpired
	}
	return found, nil
}

func (c callers) Used(*identity.Caller, string, identity.Region, time.Time) {}

func caller(t testing.TB, p identity.Principal, secret string, policies ...string) *identity.Caller {
	t.Helper()
	set := &policy.Set{}
	for _, text := range policies {
		compiled, err := policy.Load(`{"Version":"2012-10-17","Statement":[`+text+`]}`, policy.Identity, "test")
		if err != nil {
			t.Fatal(err)
		}
		set.Identity = append(set.Identity, compiled)
	}
	p.Account = "123456789012"
	return identity.NewCaller(p, seal.Hide(secret), set)
}

var rootUser = identity.Principal{Kind: identity.RootUser, ARN: "arn:aws:iam::123456789012:root", Issuer: "arn:aws:iam::123456789012:root", ID: "123456789012"}

func user(name string) identity.Principal {
	arn := "arn:aws:iam::123456789012:user/" + name
	return identity.Principal{Kind: identity.IAMUser, ARN: arn, Issuer: arn, ID: "AIDA" + name, Name: name}
}

func known(t testing.TB) callers {
	return callers{
		{rootID}:    caller(t, rootUser, rootSecret),
		{"AKIAANN"}: caller(t, user("ann"), rootSecret),
		{"AKIANIL"}: caller(t, rootUser, ""),
	}
}

// room is a tiny service: accounts and API keys of API Gateway, GetPolicy of Lambda.
type room struct{ made []apigateway.ApiKey }

func (r *room) services(t *testing.T) []*wire.Service {
	t.Helper()
	gateway, err := wire.NewService(apigateway.Service,
		wire.Op("GetAccount", func(context.Context, *apigateway.GetAccountInput) (*apigateway.Account, error) {
			return &apigateway.Account{ApiKeyVersion: new("4"), Features: []string{"UsagePlans"},
				ThrottleSettings: &apigateway.ThrottleSettings{RateLimit: new(10000.0), BurstLimit: new(int32(5000))}}, nil
		}),
		wire.Op("CreateApiKey", func(_ context.Context, in *apigateway.CreateApiKeyInput) (*apigateway.ApiKey, error) {
			if in.Name != nil && *in.Name == "panic" {
				panic("the handler fell over")
			}
			at := noon
			r.made = append(r.made, apigateway.ApiKey{Id: new("k1"), Name: in.Name, Value: in.Value, Enabled: in.Enabled, CreatedDate: &at, Tags: in.Tags, StageKeys: []string{}})
			return &r.made[len(r.made)-1], nil
		}),
		wire.Op("GetApiKeys", func(context.Context, *apigateway.GetApiKeysInput) (*apigateway.ApiKeys, error) {
			return &apigateway.ApiKeys{Items: r.made}, nil
		}),
		wire.Do("DeleteApiKey", func(_ context.Context, in *apigateway.DeleteApiKeyInput) error {
			return wire.Errorf("NotFoundException", "Invalid API Key identifier specified")
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := wire.NewService(lambda.Service,
		wire.Op("GetPolicy", func(_ context.Context, in *lambda.GetPolicyInput) (*lambda.GetPolicyResponse, error) {
			return nil, wire.Errorf("ResourceNotFoundException", "The resource you requested does not exist.")
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return []*wire.Service{gateway, functions}
}

func handler(t *testing.T, now func() time.Time, log io.Writer) (*controlplane.Handler, *room) {
	t.Helper()
	r := &room{}
	return controlplane.New(controlplane.Config{
		Services: r.services(t), Callers: known(t), Authorizer: controlplane.Policies{}, Now: now,
		Home:   identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}), r
}

func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:4566"
	return r
}

// sign signs a request as an SDK would.
func sign(t *testing.T, r *http.Request, id, service string) *http.Request {
	t.Helper()
	return signIn(t, r, id, service, "us-east-1")
}

func signIn(t *testing.T, r *http.Request, id, service, region string) *http.Request {
	t.Helper()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			t.Fatal(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	req := &sigv4.Request{Method: r.Method, RawPath: path, RawQuery: query, Host: r.Host, PayloadHash: sigv4.HashPayload(body),
		Header: func(yield func(string, string) bool) {
			for name, values := range r.Header {
				for _, v := range values {
					if !yield(name, v) {
						return
					}
				}
			}
		}}
	add, f := sigv4.Sign(req, sigv4.Credentials{KeyID: id, Secret: seal.Hide(rootSecret), Region: region, Service: service}, noon)
	if f != nil {
		t.Fatal(f)
	}
	for _, h := range add {
		r.Header.Set(h.Name, h.Value)
	}
	return r
}

func TestRefusals(t *testing.T) {
	get := func() *http.Request { return request("GET", "/account", "") }
	root := func(r *http.Request) *http.Request { return sign(t, r, rootID, "apigateway") }
	with := func(r *http.Request, name, value string) *http.Request { r.Header.Set(name, value); return r }
	changed := func(r *http.Request, change func(*http.Request)) *http.Request { change(r); return r }
	tests := []struct {
		name   string
		r      *http.Request
		status int
		kind   string
		body   string
	}{
		// [observed] Lambda and API Gateway, unsigned and known path; unsigned and unknown path
		{"unsigned", get(), 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"unsigned, operation without a handler", request("GET", "/restapis", ""), 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"unsigned, no such path", request("GET", "/nowhere", ""), 403, "AccessDeniedException", `{"message":"Unable to determine service/operation name to be authorized"}`},
		{"signed, no such path", root(request("GET", "/nowhere", "")), 403, "AccessDeniedException", `{"message":"Unable to determine service/operation name to be authorized"}`},
		{"bearer token", with(get(), "Authorization", "Bearer abc"), 403, "IncompleteSignatureException", `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'w1Xc6WwWEogNEZQP/dkBTThsJT4MNlKmzQanIm970rY='."}`},
		{"unknown key", sign(t, get(), "AKIANOBODY", "apigateway"), 403, "UnrecognizedClientException", `{"message":"The security token included in the request is invalid."}`},
		{"key without a secret", sign(t, get(), "AKIANIL", "apigateway"), 403, "InvalidSignatureException", ""},
		{"session token on a long-term key", root(with(get(), "X-Amz-Security-Token", "t")), 403, "UnrecognizedClientException", `{"message":"The security token included in the request is invalid"}`},
		{"keys cannot be looked up", sign(t, get(), "AKIABROKEN", "apigateway"), 500, "InternalFailure", `{"message":"The request processing has failed because of an unknown error, exception or failure."}`},
		{"user without a policy", sign(t, get(), "AKIAANN", "apigateway"), 403, "AccessDeniedException", `{"message":"User: arn:aws:iam::123456789012:user/ann is not authorized to perform: apigateway:GET on resource: arn:aws:apigateway:us-east-1::/account because no identity-based policy allows the apigateway:GET action"}`},
		{"wrong signature", changed(root(get()), func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260102T120001Z") }), 403, "InvalidSignatureException", `{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}`},
		{"another body", changed(root(request("POST", "/apikeys", `{}`)), func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"name":"x"}`)) }), 403, "InvalidSignatureException", ""},
		{"signed for the other service", sign(t, get(), rootID, "lambda"), 403, "AccessDeniedException", `{"message":"Unable to determine service/operation name to be authorized"}`},
		{"service that is not offered", sign(t, get(), rootID, "dynamodb"), 501, "UnknownOperationException", `{"message":"The service 'dynamodb' is not offered by this server."}`},
		{"the same in JSON", with(sign(t, request("POST", "/", "{}"), rootID, "dynamodb"), "X-Amz-Target", "DynamoDB_20120810.ListTables"), 501, "UnknownOperationException:", `{"__type":"UnknownOperationException","message":"The service 'dynamodb' is not offered by this server."}`},
		{"operation without a handler", root(request("GET", "/restapis", "")), 501, "NotImplementedException", `{"message":"The operation apigateway:GetRestApis is not offered by this server."}`},
		{"target that is no path", changed(get(), func(r *http.Request) { r.RequestURI = "http://evil.test/account" }), 400, "BadRequestException", `{"message":"The request target must be a path."}`},
		{"too large", root(request("POST", "/apikeys", strings.Repeat(" ", 10<<20+1))), 413, "RequestEntityTooLargeException", `{"message":"Request must be smaller than 10485760 bytes for the CreateApiKey operation"}`},
		{"no JSON", root(request("POST", "/apikeys", `name=x`)), 400, "SerializationException", ""},
		{"panic", root(request("POST", "/apikeys", `{"name":"panic"}`)), 500, "InternalFailure", ""},
		{"modelled", root(request("DELETE", "/apikeys/nope", "")), 404, "NotFoundException", `{"message":"Invalid API Key identifier specified"}`},
		{"modelled, of Lambda", sign(t, request("GET", "/2015-03-31/functions/f/policy", ""), rootID, "lambda"), 404, "ResourceNotFoundException", `{"Type":"User","Message":"The resource you requested does not exist."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			h, room := handler(t, func() time.Time { return noon }, &log)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, tt.r)
			if w.Code != tt.status || tt.body != "" && w.Body.String() != tt.body {
				t.Errorf("%d %s\nwant %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			if got := w.Header()["x-amzn-ErrorType"]; !cmp.Equal(got, []string{tt.kind}) {
				t.Errorf("x-amzn-ErrorType = %v, want %s", got, tt.kind)
			}
			if id := w.Header()["x-amzn-RequestId"]; len(id) != 1 || len(id[0]) != 36 {
				t.Errorf("x-amzn-RequestId = %v, want one UUID", id)
			}
			if len(room.made) > 0 {
				t.Error("the handler ran")
			}
			if strings.Contains(log.String(), rootSecret) || strings.Count(log.String(), "\n") != 1 {
				t.Errorf("log, want one line without secrets: %s", log.String())
			}
		})
	}
}

// A web page, or a name that somebody points at loopback, gets nowhere, however well the request is signed:
// security.md C1 to C3.
func TestWebPages(t *testing.T) {
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"another origin", func(r *http.Request) { r.Header.Set("Origin", "http://evil.test") }, 403},
		{"another port of this host", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:3000") }, 403},
		{"no origin to speak of", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		{"extension", func(r *http.Request) { r.Header.Set("Origin", "chrome-extension://127.0.0.1:4566") }, 403},
		{"two origins", func(r *http.Request) { r.Header["Origin"] = []string{"http://127.0.0.1:4566", "http://evil.test"} }, 403},
		{"another site", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"same site, another port", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		{"preflight", func(r *http.Request) {
			r.Method = "OPTIONS"
			r.Header.Set("Origin", "http://evil.test")
			r.Header.Set("Access-Control-Request-Method", "PUT")
			r.Header.Set("Access-Control-Request-Private-Network", "true")
		}, 403},
		{"rebound name", func(r *http.Request) { r.Host = "evil.test:4566" }, 421},
		{"name that only ends like ours", func(r *http.Request) { r.Host = "evillocalhost" }, 421},
		{"name that only begins like ours", func(r *http.Request) { r.Host = "127.0.0.1.evil.test" }, 421},
		{"service of another region", func(r *http.Request) { r.Host = "apigateway.eu-west-1.amazonaws.com" }, 421},
		{"API host", func(r *http.Request) { r.Host = "x.execute-api.us-east-1.amazonaws.com" }, 421},
		{"address that is not loopback", func(r *http.Request) { r.Host = "10.0.0.1" }, 421},
		{"Kelvin sign", func(r *http.Request) { r.Host = "x.loc\u212alhost" }, 421},
		{"no host", func(r *http.Request) { r.Host = "" }, 421},

		{"loopback", func(r *http.Request) {}, 200},
		{"IPv6 loopback", func(r *http.Request) { r.Host = "[::1]:4566" }, 200},
		{"localhost", func(r *http.Request) { r.Host = "LOCALHOST" }, 200},
		{"below localhost", func(r *http.Request) { r.Host = "aws.localhost:1" }, 200},
		{"endpoint on AWS", func(r *http.Request) { r.Host = "apigateway.us-east-1.amazonaws.com" }, 200},
		{"own page", func(r *http.Request) {
			r.Header.Set("Origin", "http://127.0.0.1:4566")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}, 200},
		{"typed into the address bar", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, 200},
	}
	for _, tt := range tests {
		r := request("GET", "/account", "")
		tt.change(r)
		if tt.status == 200 || r.Method == "GET" {
			r = sign(t, r, rootID, "apigateway")
		}
		h, _ := handler(t, func() time.Time { return noon }, io.Discard)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, w.Code, w.Body, tt.status)
		}
		for name := range w.Header() {
			if strings.HasPrefix(strings.ToLower(name), "access-control-") {
				t.Errorf("%s: sent %s", tt.name, name)
			}
		}
	}
}

// No operation of any model can be called without a signature, whether it has a handler or not: B4.
func TestEveryOperationNeedsASignature(t *testing.T) {
	h, room := handler(t, func() time.Time { return noon }, io.Discard)
	for _, s := range room.services(t) {
		for _, op := range s.Model().Operations {
			target := strings.NewReplacer("{", "", "}", "").Replace(op.URI)
			r := request(op.Method, target, "{}")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 403 || w.Header()["x-amzn-ErrorType"][0] != "MissingAuthenticationTokenException" {
				t.Errorf("unsigned %s: %d %s", op.Name, w.Code, w.Body)
			}
		}
	}
}

func TestClock(t *testing.T) {
	for _, tt := range []struct {
		off    time.Duration
		status int
	}{{-15*time.Minute - time.Second, 403}, {-15 * time.Minute, 200}, {15 * time.Minute, 200}, {15*time.Minute + time.Second, 403}} {
		h, _ := handler(t, func() time.Time { return noon.Add(tt.off) }, io.Discard)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, sign(t, request("GET", "/account", ""), rootID, "apigateway"))
		if w.Code != tt.status {
			t.Errorf("clock off by %v: %d %s, want %d", tt.off, w.Code, w.Body, tt.status)
		}
	}
}
