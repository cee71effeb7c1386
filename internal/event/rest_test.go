package event

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files of TestGolden")

// call is a call as the recordings have it: GET /dev/hello on a regional API.
func call() *REST {
	return &REST{
		Resource: "/{proxy+}", Path: "/hello", ContextPath: "/dev/hello", Method: "GET",
		Header: []Field{
			{"Host", "j4ee7ascxe.execute-api.us-east-1.amazonaws.com"},
			{"User-Agent", "curl/7.54.0"},
			{"accept", "*/*"},
		},
		Forwarded: Forwarded{
			TraceID: "Root=1-5b8eaee8-07672508c938123458d48bb8", For: "203.0.113.11", Port: "443", Proto: "https",
		},
		Params:    []Field{{"proxy", "hello"}},
		AccountID: "123456789012", APIID: "j4ee7ascxe", DeploymentID: "83bgxq", Stage: "dev", ResourceID: "b6n6vi",
		DomainName: "j4ee7ascxe.execute-api.us-east-1.amazonaws.com", DomainPrefix: "j4ee7ascxe",
		RequestID: "4f8e6888-b05d-11e8-a741-250502e1c1f9", ExtendedRequestID: "MtBEXFi2SQ0FnSg=",
		At:       time.Date(2018, 9, 4, 16, 12, 24, 798e6, time.FixedZone("", 3600)).Add(time.Hour),
		Identity: Identity{SourceIP: "203.0.113.11", UserAgent: "curl/7.54.0"},
	}
}

// The golden files have the event in one line, byte for byte.
func TestGolden(t *testing.T) {
	for name, edit := range map[string]func(*REST){
		"plain": func(*REST) {},
		"key": func(in *REST) {
			in.Identity.KeyRequired = true
			in.Identity.APIKey, in.Identity.APIKeyID = "d41d8cd98f00b204e9800998", "a1b2c3d4e5"
			in.Header = append(in.Header, Field{"x-api-key", "d41d8cd98f00b204e9800998"})
		},
		"full": func(in *REST) {
			in.Method, in.Query = "POST", "category=electronics&category=books&name=J%C3%BCrgen+M;empty=&flag"
			in.Header = append(in.Header,
				Field{"tEsT-HEADeR", "a"}, Field{"X-Multi", "1"}, Field{"x-multi", "2"},
				Field{"Content-Type", "application/json"}, Field{"Content-Length", "15"}, Field{"Connection", "keep-alive"},
				Field{"X-Forwarded-For", "198.51.100.1"})
			in.StageVariables = Object(map[string]string{"lambdaVersion": "latest", "slackToken": "a", "slackWebhookToken": "b"})
			in.Authorizer = []byte(`{"principalId":"me","integrationLatency":12}`)
			in.Identity = Identity{
				AccessKey: "ASIA", AccountID: "123456789012", Caller: "AIDA", CognitoAuthenticationProvider: "provider",
				CognitoAuthenticationType: "authenticated", CognitoIdentityID: "us-east-1:1", CognitoIdentityPoolID: "us-east-1:2",
				PrincipalOrgID: "o-1", SourceIP: "203.0.113.11", User: "AIDA", UserAgent: "curl/7.54.0", UserARN: "arn:aws:iam::123456789012:user/me",
			}
			in.Body = []byte("{\"a\":\t\"ü\"}\n\x01")
		},
		"binary": func(in *REST) {
			in.Method, in.Body, in.Binary = "PUT", []byte{0x89, 'P', 'N', 'G', 0, 0xff}, true
		},
		"nothing": func(in *REST) { *in = REST{At: time.UnixMilli(0)} },
	} {
		in := call()
		edit(in)
		got := AppendREST([]byte("prefix"), in)
		if string(got[:6]) != "prefix" {
			t.Fatalf("%s: AppendREST did not append", name)
		}
		got = append(got[6:], '\n')
		if !json.Valid(got) {
			t.Errorf("%s: not JSON: %s", name, got)
		}
		file := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(got), string(want)); diff != "" {
			t.Errorf("%s: (-got +want)\n%s", name, diff)
		}
	}
}

// namesOf lists the names of an object in their order.
func namesOf(t *testing.T, object string) []string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(object))
	var names []string
	for depth, name := 0, true; d.More() || depth > 0; {
		tok, err := d.Token()
		if err != nil {
			t.Fatalf("%v in %s", err, object)
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
			name = true
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
			name = true
			continue
		}
		if depth == 1 && name {
			names = append(names, tok.(string))
		}
		if depth == 1 {
			name = !name
		}
	}
	return names
}

// Names in the order of events in public logs of real APIs. [observed]
func TestObservedOrder(t *testing.T) {
	var event, context map[string]json.RawMessage
	in := call()
	in.Authorizer = []byte(`{"claims":{}}`)
	out := AppendREST(nil, in)
	if diff := cmp.Diff(namesOf(t, string(out)), []string{
		"resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
		"multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body", "isBase64Encoded",
	}); diff != "" {
		t.Errorf("event: (-got +want)\n%s", diff)
	}
	if err := json.Unmarshal(out, &event); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(namesOf(t, string(event["requestContext"])), []string{
		"resourceId", "authorizer", "resourcePath", "httpMethod", "extendedRequestId", "requestTime", "path", "accountId",
		"protocol", "stage", "domainPrefix", "requestTimeEpoch", "requestId", "identity", "domainName", "deploymentId", "apiId",
	}); diff != "" {
		t.Errorf("requestContext: (-got +want)\n%s", diff)
	}
	if err := json.Unmarshal(event["requestContext"], &context); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(namesOf(t, string(context["identity"])), []string{
		"cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey",
		"cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user",
	}); diff != "" {
		t.Errorf("identity: (-got +want)\n%s", diff)
	}
	if diff := cmp.Diff(namesOf(t, string(appendIdentity(nil, &Identity{KeyRequired: true}))), []string{
		"cognitoIdentityPoolId", "cognitoIdentityId", "apiKey", "principalOrgId", "cognitoAuthenticationType", "userArn",
		"apiKeyId", "userAgent", "accountId", "caller", "sourceIp", "accessKey", "cognitoAuthenticationProvider", "user",
	}); diff != "" {
		t.Errorf("identity with a key: (-got +want)\n%s", diff)
	}
	if got, want := string(Object(map[string]string{"lambdaVersion": "c", "slackToken": "a", "slackWebhookToken": "b"})),
		`{"slackToken":"a","slackWebhookToken":"b","lambdaVersion":"c"}`; got != want {
		t.Errorf("stage variables: got %s, want %s", got, want)
	}
}

// The order of a Java HashMap explains the recorded order of identity, both with 12 and with 14 members.
func TestJavaOrder(t *testing.T) {
	var items []item
	for _, name := range []string{
		"accessKey", "accountId", "apiKey", "apiKeyId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
		"cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "sourceIp", "user", "userAgent", "userArn",
	} {
		items = append(items, item{name: name})
	}
	var got []string
	for _, i := range javaOrder(items) {
		got = append(got, i.name)
	}
	if diff := cmp.Diff(got, namesOf(t, string(appendIdentity(nil, &Identity{KeyRequired: true})))); diff != "" {
		t.Errorf("(-got +want)\n%s", diff)
	}
	for s, want := range map[string]uint32{
		// String.hashCode, from the definition s[0]*31^(n-1) + … over UTF-16.
		"": 0, "a": 97, "ab": 97*31 + 98, "é": 0xe9, "\U0001F600": 0xd83d*31 + 0xde00,
	} {
		if got := javaHash(s); got != want {
			t.Errorf("javaHash(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestQuery(t *testing.T) {
	for _, tt := range []struct{ query, last, all string }{
		{"", `null`, `null`},
		{"&", `null`, `null`},
		{"&&;", `null`, `null`},
		{"a=1", `{"a":"1"}`, `{"a":["1"]}`},
		{"a", `{"a":""}`, `{"a":[""]}`},
		{"a=", `{"a":""}`, `{"a":[""]}`},
		{"=v", `{"":"v"}`, `{"":["v"]}`},
		{"a=b=c", `{"a":"b=c"}`, `{"a":["b=c"]}`},
		{"category=electronics&category=books", `{"category":"books"}`, `{"category":["electronics","books"]}`}, // [recorded]
		{"a=%2B&b=+&c=%20&d=%2F", `{"a":"+","b":" ","c":" ","d":"/"}`, `{"a":["+"],"b":[" "],"c":[" "],"d":["/"]}`},
		{"a=1;b=2", `{"a":"1","b":"2"}`, `{"a":["1"],"b":["2"]}`},
		{"%61=1&a=2", `{"a":"2"}`, `{"a":["1","2"]}`},
		{"a[]=1&a%5B%5D=2", `{"a[]":"2"}`, `{"a[]":["1","2"]}`},
		{"a=%zz&b=%4&c=%", `{"a":"%zz","b":"%4","c":"%"}`, `{"a":["%zz"],"b":["%4"],"c":["%"]}`},
		{"a=%ff%C3", `{"a":"` + "\uFFFD\uFFFD" + `"}`, `{"a":["` + "\uFFFD\uFFFD" + `"]}`},
		{"a=%22%5C%00", `{"a":"\"\\\u0000"}`, `{"a":["\"\\\u0000"]}`},
		{"b=1&a=2&b=3&a=4", `{"a":"4","b":"3"}`, `{"a":["2","4"],"b":["1","3"]}`},
	} {
		items := collectQuery(nil, tt.query)
		if got := string(appendLast(nil, items)); got != tt.last {
			t.Errorf("%q: last values\n got %s\nwant %s", tt.query, got, tt.last)
		}
		if got := string(appendAll(nil, items)); got != tt.all {
			t.Errorf("%q: all values\n got %s\nwant %s", tt.query, got, tt.all)
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, tt := range []struct {
		name      string
		in        REST
		last, all string
	}{
		{"none", REST{}, `null`, `null`},
		{
			"order and casing", REST{Header: []Field{{"b", "1"}, {"tEsT-HEADeR", "2"}, {"A", "3"}, {"authorization", "4"}, {"user-agent", "5"}, {"HOST", "6"}}},
			`{"A":"3","Authorization":"4","b":"1","Host":"6","tEsT-HEADeR":"2","User-Agent":"5"}`,
			`{"A":["3"],"Authorization":["4"],"b":["1"],"Host":["6"],"tEsT-HEADeR":["2"],"User-Agent":["5"]}`,
		},
		{
			"the last value wins", REST{Header: []Field{{"x", "1"}, {"y", "2"}, {"X", "3"}, {"x", "4"}}},
			`{"x":"4","y":"2"}`, `{"x":["1","3","4"],"y":["2"]}`,
		},
		{
			"dropped", REST{Header: []Field{
				{"Connection", "x"}, {"content-length", "x"}, {"Content-MD5", "x"}, {"EXPECT", "x"}, {"Max-Forwards", "x"},
				{"Proxy-Authenticate", "x"}, {"Server", "x"}, {"TE", "x"}, {"Transfer-Encoding", "x"}, {"Trailer", "x"},
				{"Upgrade", "x"}, {"WWW-Authenticate", "x"}, {"Via", "kept"}, {"Content-Encoding", "kept"}, {"Proxy-Authorization", "kept"},
			}},
			`{"Content-Encoding":"kept","Proxy-Authorization":"kept","Via":"kept"}`,
			`{"Content-Encoding":["kept"],"Proxy-Authorization":["kept"],"Via":["kept"]}`,
		},
		{"a signature is dropped", REST{Signed: true, Header: []Field{{"authorization", "AWS4-HMAC-SHA256 x"}}}, `null`, `null`},
		{
			"the gateway's words replace the caller's",
			REST{
				Forwarded: Forwarded{TraceID: "T", For: "192.0.2.1", Port: "443", Proto: "https"},
				Header: []Field{
					{"x-amzn-trace-id", "evil"}, {"X-Forwarded-For", "10.0.0.1"}, {"x-forwarded-for", "10.0.0.2, 10.0.0.3"},
					{"X-FORWARDED-PORT", "1"}, {"X-Forwarded-Proto", "gopher"},
				},
			},
			`{"X-Amzn-Trace-Id":"T","X-Forwarded-For":"10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.1","X-Forwarded-Port":"443","X-Forwarded-Proto":"https"}`,
			`{"X-Amzn-Trace-Id":["T"],"X-Forwarded-For":["10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.1"],"X-Forwarded-Port":["443"],"X-Forwarded-Proto":["https"]}`,
		},
		{"no folding beyond ASCII", REST{Header: []Field{{"\u212aey", "kelvin"}, {"key", "k"}}}, "{\"key\":\"k\",\"\u212aey\":\"kelvin\"}", "{\"key\":[\"k\"],\"\u212aey\":[\"kelvin\"]}"},
	} {
		items := collectHeaders(nil, &tt.in)
		if got := string(appendLast(nil, items)); got != tt.last {
			t.Errorf("%s: headers\n got %s\nwant %s", tt.name, got, tt.last)
		}
		if got := string(appendAll(nil, items)); got != tt.all {
			t.Errorf("%s: multiValueHeaders\n got %s\nwant %s", tt.name, got, tt.all)
		}
	}
}

func TestString(t *testing.T) {
	for in, want := range map[string]string{
		"":                     `""`,
		"plain / ü \U0001F600": `"plain / ü ` + "\U0001F600" + `"`,
		"\"\\\b\f\n\r\t":       `"\"\\\b\f\n\r\t"`,
		"\x00\x1f\x7f":         `"\u0000\u001F` + "\x7f" + `"`,
		"<>&\u2028\u2029":      `"<>&` + "\u2028\u2029" + `"`, // neither Jackson nor JSON.stringify escapes these
		// Maximal parts, as in the Unicode standard, table 3-8 to 3-11.
		"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82A": `"` + strings.Repeat("\uFFFD", 8) + `A"`,
		"\xED\xA0\x80\xED\xBFA":             `"` + strings.Repeat("\uFFFD", 5) + `A"`,
		"\xF4\x91\x92\x93\xFFA\x80\xBFB":    `"` + strings.Repeat("\uFFFD", 5) + "A\uFFFD\uFFFDB\"",
		"\xE1\x80\xE2\xF0\x91\x92\xF1\xBFA": `"` + strings.Repeat("\uFFFD", 4) + `A"`,
		"cut \xF0\x9F\x98":                  `"cut ` + "\uFFFD" + `"`,
	} {
		if got := string(appendString(nil, in)); got != want {
			t.Errorf("appendString(%q) = %s, want %s", in, got, want)
		}
		if got := string(appendString(nil, []byte(in))); got != want {
			t.Errorf("appendString([]byte(%q)) = %s, want %s", in, got, want)
		}
	}
}

// [recorded] for the answer's rule, which has the same patterns.
func TestIsBinary(t *testing.T) {
	for _, tt := range []struct {
		contentType string
		entries     string
		want        bool
	}{
		{"image/png", "", false},
		{"", "", false},
		{"", "image/png", false},
		{"image/png", "image/png", true},
		{"Image/PNG; q=1", "text/plain image/png", true},
		{"image/png", "image/*", true},
		{"imagex/png", "image/*", false},
		{"image", "image/*", false},
		{"image/png", "*/*", true},
		{"", "*/*", true},
		{"random/test", "*/test", false},
		{"*/test", "*/test", false},
		{"*/*", "image/png", false},
	} {
		if got := IsBinary(tt.contentType, strings.Fields(tt.entries)); got != tt.want {
			t.Errorf("IsBinary(%q, %q) = %v, want %v", tt.contentType, tt.entries, got, tt.want)
		}
	}
}

// Whatever the caller sends, the event is one valid JSON document that says the same as a slow reading.
func FuzzREST(f *testing.F) {
	f.Add("/a/b", "a=1&b=%20;c", "X-A", "v", []byte("body"), true)
	f.Add("/\xff\"", "a=%ff&a=%00&=&%61", "X-\u212a", "\xf0\x9f", []byte("\x00\xff\\"), false)
	f.Fuzz(func(t *testing.T, path, query, name, value string, body []byte, binary bool) {
		in := call()
		in.Path, in.ContextPath, in.Query, in.Body, in.Binary = path, "/dev"+path, query, body, binary
		in.Header = append(in.Header, Field{name, value}, Field{"X-Last", "1"}, Field{name, value + "2"})
		in.Params = []Field{{"proxy", path}}
		out := AppendREST(nil, in)
		if !utf8.Valid(out) {
			t.Fatalf("not UTF-8: %q", out)
		}
		var event struct {
			Path                            string
			Headers                         map[string]string
			MultiValueHeaders               map[string][]string
			QueryStringParameters           map[string]string
			MultiValueQueryStringParameters map[string][]string
			PathParameters                  map[string]string
			Body                            *string
			IsBase64Encoded                 bool
		}
		if err := json.Unmarshal(out, &event); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if want := string([]rune(path)); utf8.ValidString(path) && (event.Path != want || event.PathParameters["proxy"] != want) {
			t.Errorf("path %q became %q", path, event.Path)
		}
		for k, v := range event.MultiValueQueryStringParameters {
			if v[len(v)-1] != event.QueryStringParameters[k] {
				t.Errorf("query %q: the last of %q is not %q", query, v, event.QueryStringParameters[k])
			}
		}
		if len(event.MultiValueHeaders) != len(event.Headers) || len(event.QueryStringParameters) != len(event.MultiValueQueryStringParameters) {
			t.Errorf("the single and the multiple maps differ: %s", out)
		}
		if (event.Body == nil) != (len(body) == 0) || event.IsBase64Encoded != (binary && len(body) > 0) {
			t.Errorf("body %q became %s", body, out)
		}
	})
}

// The largest query that fits into a request costs no more than sorting it.
func TestManyParameters(t *testing.T) {
	items := collectQuery(nil, strings.Repeat("a&", 5000)+"b")
	if got, want := string(appendLast(nil, items)), `{"a":"","b":""}`; got != want {
		t.Errorf("got %.50s, want %s", got, want)
	}
}

func BenchmarkAppendREST(b *testing.B) {
	in := call()
	in.Query = "category=electronics&category=books&name=J%C3%BCrgen+M"
	in.Header = append(in.Header,
		Field{"accept-encoding", "gzip, deflate, br"}, Field{"accept-language", "en-US,en;q=0.9"}, Field{"cache-control", "max-age=0"},
		Field{"content-type", "application/json"}, Field{"sec-fetch-dest", "document"}, Field{"x-api-key", "d41d8cd98f00b204e9800998"})
	in.Body = []byte(strings.Repeat(`{"key": "value"}`, 64))
	dst := AppendREST(nil, in)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendREST(dst[:0], in)
	}
}
