package wire_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/shape"
	"gatehouse/internal/wire"
)

// The model of these tests is that of a service which speaks forms.

type Tenant struct {
	Name   string            `form:"Name" xml:"Name" required:"true" shape:"TenantName"`
	Age    *int32            `form:"Age" xml:"Age" shape:"Age"`
	Keen   *bool             `form:"Keen" xml:"Keen"`
	Since  *time.Time        `form:"Since" xml:"Since"`
	Photo  []byte            `form:"Photo" xml:"Photo"`
	Doors  []string          `form:"DoorId" xml:"doorSet" shape:"DoorIds"`
	Tags   []TenantTag       `form:"Tag" xml:"tagSet"`
	Labels map[string]string `form:"Labels" xml:"labels"`
	Rights *string           `form:"Rights" xml:"Rights" shape:"Rights"`
	Share  *float64          `form:"Share" xml:"Share"`
}

type TenantTag struct {
	Key   string  `form:"Key" xml:"key" required:"true" shape:"TagKey"`
	Value *string `form:"Value" xml:"value"`
}

type CreateTenantInput struct {
	Tenant   *Tenant `form:"Tenant"`
	UserName string  `form:"UserName" required:"true" shape:"TenantName"`
	PassWord *string `form:"PassWord" shape:"Secret"`
}

type CreateTenantOutput struct {
	Tenant *Tenant `xml:"Tenant"`
}

type EvictInput struct{}

func formModel(p shape.Protocol) shape.Service {
	return shape.Service{
		Name: "tenants", Version: "2020-02-02", Protocol: p, SigningName: "tenants", Namespace: "https://tenants.test/doc",
		Operations: []shape.Operation{
			{Name: "CreateTenant", Method: "POST", URI: "/", Status: 200, Input: reflect.TypeFor[CreateTenantInput](), Output: reflect.TypeFor[CreateTenantOutput]()},
			{Name: "Evict", Method: "POST", URI: "/", Status: 200, Input: reflect.TypeFor[EvictInput]()},
			{Name: "Unlisted", Method: "POST", URI: "/", Status: 200},
		},
		Faults: []shape.Fault{{Name: "NoSuchTenantException", Code: "NoSuchTenant", Status: 404, Message: "message"}},
		Rules: map[string]shape.Rule{
			"TenantName": {Min: new(2.0), Pattern: `[\w+=,.@-]+`},
			"Age":        {Max: new(150.0)},
			"DoorIds":    {Max: new(3.0)},
			"TagKey":     {Min: new(1.0)},
			"Rights":     {Percent: true},
			"Secret":     {Min: new(8.0), Sensitive: true},
		},
	}
}

func formService(t *testing.T, p shape.Protocol, create func(*CreateTenantInput) (*CreateTenantOutput, error)) *wire.Service {
	t.Helper()
	s, err := wire.NewService(formModel(p),
		wire.Op("CreateTenant", func(_ context.Context, in *CreateTenantInput) (*CreateTenantOutput, error) { return create(in) }),
		wire.Do("Evict", func(context.Context, *EvictInput) error { return nil }),
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// post asks a service as SDKs do. A refusal to find the operation is answered as a door would.
func post(t *testing.T, s *wire.Service, body string) wire.Response {
	t.Helper()
	return send(t, s, &wire.Request{Method: "POST", RawPath: "/", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, Body: []byte(body)})
}

func send(t *testing.T, s *wire.Service, r *wire.Request) wire.Response {
	t.Helper()
	r.ID = "id-1"
	call, err := s.Find(r)
	if err != nil {
		return s.Refuse(err, r.ID)
	}
	return call.Serve(t.Context())
}

func TestFormRefusals(t *testing.T) {
	const create = "Action=CreateTenant&Version=2020-02-02&UserName=ann"
	const one = "1 validation error detected: "
	tests := []struct {
		name, body    string
		status        int
		code, message string
	}{
		{"no action", "Version=2020-02-02", 400, "MissingAction", "The request is missing an action or operation parameter."},
		{"empty body", "", 400, "MissingAction", "The request is missing an action or operation parameter."},
		// [observed] of STS and IAM
		{"unknown action", "Action=Paint&Version=2020-02-02", 400, "InvalidAction", "Could not find operation Paint for version 2020-02-02"},
		{"no version", "Action=CreateTenant", 400, "InvalidAction", "Could not find operation CreateTenant for version NO_VERSION_SPECIFIED"},
		{"another version", "Action=CreateTenant&Version=2019-01-01", 400, "InvalidAction", "Could not find operation CreateTenant for version 2019-01-01"},
		{"action of other case", "action=Evict&Action=CreateTenant&Version=2020-02-02", 400, "MalformedInput", "The parameter 'Action' is spelt 'action'."},
		{"two actions", "Action=Evict&Version=2020-02-02&Action=CreateTenant", 400, "MalformedInput", "The parameter 'Action' is given more than once."},
		{"action with parts", "Action.member.1=Evict&Version=2020-02-02", 400, "MissingAction", "The request is missing an action or operation parameter."},
		{"not offered", "Action=Unlisted&Version=2020-02-02", 501, "NotImplemented", "The operation tenants:Unlisted is not offered by this server."},

		{"missing required", "Action=CreateTenant&Version=2020-02-02", 400, "ValidationError", one + "Value null at 'userName' failed to satisfy constraint: Member must not be null"},
		// [recorded] of IAM and STS: the form of these texts
		{"pattern", create + "%20", 400, "ValidationError", one + `Value 'ann ' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{"too short", "Action=CreateTenant&Version=2020-02-02&UserName=a", 400, "ValidationError", one + "Value 'a' at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"empty text", "Action=CreateTenant&Version=2020-02-02&UserName=", 400, "ValidationError", `2 validation errors detected: Value '' at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 2; Value '' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{"secret is not repeated", create + "&PassWord=short", 400, "ValidationError", one + "Value at 'passWord' failed to satisfy constraint: Member must have length greater than or equal to 8"},
		{"in a list", create + "&Tenant.Name=bob&Tenant.Tag.member.1.Key=a&Tenant.Tag.member.2.Key=", 400, "ValidationError", one + "Value '' at 'tenant.tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"missing in a list", create + "&Tenant.Name=bob&Tenant.Tag.member.1.Value=a", 400, "ValidationError", one + "Value null at 'tenant.tags.1.member.key' failed to satisfy constraint: Member must not be null"},
		{"long list", create + "&Tenant.Name=bob&Tenant.DoorId.member.1=a&Tenant.DoorId.member.2=a&Tenant.DoorId.member.3=a&Tenant.DoorId.member.4=a", 400, "ValidationError", one + "Value '[a, a, a, a]' at 'tenant.doors' failed to satisfy constraint: Member must have length less than or equal to 3"},

		{"twice", create + "&UserName=ann", 400, "MalformedInput", "The parameter 'UserName' is given more than once."},
		{"twice, escaped", create + "&User%4eame=bob", 400, "MalformedInput", "The parameter 'UserName' is given more than once."},
		{"other case", create + "&username=bob", 400, "MalformedInput", "The parameter 'UserName' is spelt 'username'."},
		{"other case below", create + "&Tenant.NAME=bob", 400, "MalformedInput", "The parameter 'Name' is spelt 'NAME'."},
		{"text for structure", create + "&Tenant=bob", 400, "MalformedInput", "Start of structure or map found where not expected."},
		{"text beside structure", create + "&Tenant=&Tenant.Name=bob", 400, "MalformedInput", "Start of structure or map found where not expected."},
		{"structure for text", create + "&PassWord.x=bob", 400, "MalformedInput", "Start of structure or map found where not expected."},
		{"text for list", create + "&Tenant.Name=bob&Tenant.DoorId=a", 400, "MalformedInput", "The value at 'tenant.doors' must be a list."},
		{"text beside list", create + "&Tenant.Name=bob&Tenant.DoorId=&Tenant.DoorId.member.1=a", 400, "MalformedInput", "The value at 'tenant.doors' must be a list."},
		{"list without member", create + "&Tenant.Name=bob&Tenant.DoorId.1=a", 400, "MalformedInput", "Start of structure or map found where not expected."},
		{"list with a gap", create + "&Tenant.Name=bob&Tenant.DoorId.member.1=a&Tenant.DoorId.member.3=a", 400, "MalformedInput", "The elements of a list must be numbered 1, 2, 3 without a gap."},
		{"list from zero", create + "&Tenant.Name=bob&Tenant.DoorId.member.0=a", 400, "MalformedInput", "The elements of a list must be numbered 1, 2, 3 without a gap."},
		{"list with another one", create + "&Tenant.Name=bob&Tenant.DoorId.member.01=a", 400, "MalformedInput", "The elements of a list must be numbered 1, 2, 3 without a gap."},
		{"list far out", create + "&Tenant.Name=bob&Tenant.DoorId.member.4000000000=a", 400, "MalformedInput", "The elements of a list must be numbered 1, 2, 3 without a gap."},
		{"map without value", create + "&Tenant.Name=bob&Tenant.Labels.entry.1.key=a", 400, "MalformedInput", "An entry of the map at 'tenant.labels' must have a key and a value."},
		{"map with a key twice", create + "&Tenant.Name=bob&Tenant.Labels.entry.1.key=a&Tenant.Labels.entry.1.value=b&Tenant.Labels.entry.2.key=a&Tenant.Labels.entry.2.value=c", 400, "MalformedInput", "A key of the map at 'tenant.labels' is given more than once."},
		{"no number", create + "&Tenant.Name=bob&Tenant.Age=1.5", 400, "MalformedInput", "The value at 'tenant.age' can not be converted to an Integer."},
		{"no boolean", create + "&Tenant.Name=bob&Tenant.Keen=yes", 400, "MalformedInput", "The value at 'tenant.keen' can not be converted to a Boolean."},
		{"no time", create + "&Tenant.Name=bob&Tenant.Since=yesterday", 400, "MalformedInput", "The value at 'tenant.since' can not be converted to a Timestamp."},
		{"no base64", create + "&Tenant.Name=bob&Tenant.Photo=%25", 400, "MalformedInput", "The value at 'tenant.photo' is not base64."},
		// [recorded]
		{"cut escape", create + "%2", 400, "MalformedQueryString", "Incomplete trailing escape % sequence"},
		{"broken escape", create + "%zz", 400, "MalformedQueryString", "Illegal hex character in escape % pattern: %zz"},
		{"broken UTF-8", create + "%ff", 400, "MalformedInput", "A parameter is not encoded in UTF-8."},
		{"deep", create + "&" + strings.Repeat("a.", 30) + "a=b", 400, "MalformedInput", "The name of a parameter has more than 20 parts."},
		{"many", create + strings.Repeat("&x=", 20000), 400, "MalformedInput", "The parameter 'x' is given more than once."},
		{"many different", create + manyNames(10001), 400, "MalformedInput", "There are more than 10000 parameters."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ran := false
			s := formService(t, shape.Query, func(*CreateTenantInput) (*CreateTenantOutput, error) {
				ran = true
				return &CreateTenantOutput{}, nil
			})
			resp := post(t, s, tt.body)
			e, ok := errors.AsType[*wire.Error](resp.Err)
			if !ok || resp.Status != tt.status || e.Code != tt.code || e.Message != tt.message {
				t.Fatalf("POST %.200s = %d %v\nwant %d %s: %s", tt.body, resp.Status, resp.Err, tt.status, tt.code, tt.message)
			}
			if ran {
				t.Error("the handler ran")
			}
		})
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&x" + strconv.Itoa(i) + "=")
	}
	return b.String()
}

// Where the parameters stand matters: one request must not be two.
func TestFormPlaces(t *testing.T) {
	const create = "Action=CreateTenant&Version=2020-02-02"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	tests := []struct {
		name string
		r    wire.Request
		code string // "" is accepted
	}{
		{"query, with a signature", wire.Request{Method: "GET", RawPath: "/", RawQuery: create + "&UserName=a%2Bb&X-Amz-Date=x&X-Amz-Date=y"}, ""},
		{"plus in a query is a plus", wire.Request{Method: "GET", RawPath: "/", RawQuery: create + "&UserName=a+b"}, ""},
		{"plus in a form is a space", wire.Request{Method: "POST", RawPath: "/", Header: form, Body: []byte(create + "&UserName=a+b")}, "ValidationError"},
		{"half and half", wire.Request{Method: "POST", RawPath: "/", RawQuery: create, Header: form, Body: []byte("UserName=ann")}, ""},
		{"in both", wire.Request{Method: "POST", RawPath: "/", RawQuery: create, Header: form, Body: []byte(create + "&UserName=ann")}, "MalformedInput"},
		{"no form", wire.Request{Method: "POST", RawPath: "/", Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(create + "&UserName=ann")}, "MalformedInput"},
		{"two types", wire.Request{Method: "POST", RawPath: "/", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded", "application/json"}}, Body: []byte(create + "&UserName=ann")}, "MalformedInput"},
		{"no type", wire.Request{Method: "POST", RawPath: "/", Body: []byte(create + "&UserName=ann")}, "MalformedInput"},
		{"method", wire.Request{Method: "PUT", RawPath: "/", Header: form, Body: []byte(create + "&UserName=ann")}, "InvalidAction"},
		{"path", wire.Request{Method: "POST", RawPath: "/x", Header: form, Body: []byte(create + "&UserName=ann")}, "InvalidAction"},
		{"signature in the form is none of ours", wire.Request{Method: "POST", RawPath: "/", Header: form, Body: []byte(create + "&UserName=ann&X-Amz-Date=x&X-Amz-Date=y")}, "MalformedInput"},
	}
	for _, tt := range tests {
		s := formService(t, shape.Query, func(in *CreateTenantInput) (*CreateTenantOutput, error) {
			if in.UserName != "ann" && in.UserName != "a+b" {
				t.Errorf("%s: UserName = %q", tt.name, in.UserName)
			}
			return &CreateTenantOutput{}, nil
		})
		if got := wire.CodeOf(send(t, s, &tt.r).Err); got != tt.code {
			t.Errorf("%s: code = %q, want %q", tt.name, got, tt.code)
		}
	}
}

func TestFormRoundTrip(t *testing.T) {
	var got *CreateTenantInput
	s := formService(t, shape.Query, func(in *CreateTenantInput) (*CreateTenantOutput, error) {
		got = in
		return &CreateTenantOutput{in.Tenant}, nil
	})
	resp := post(t, s, "Action=CreateTenant&Version=2020-02-02&UserName=ann&Unknown.member.7=x&Tenant.Name=b%2Bb&Tenant.Age=007&Tenant.Keen=false"+
		"&Tenant.Since=2026-01-02T03%3A04%3A05.25%2B01%3A00&Tenant.Photo=AP8%3D&Tenant.DoorId=&Tenant.Tag.member.2.Key=b&Tenant.Tag.member.1.Key=a+%26&Tenant.Tag.member.1.Value="+
		"&Tenant.Labels.entry.1.key=z&Tenant.Labels.entry.1.value=%3C1%3E&Tenant.Labels.entry.2.key=a.b&Tenant.Labels.entry.2.value=2&Tenant.Rights=%7B%22a%25%3A*~%C3%A9%22%7D&Tenant.Share=0.5")
	if resp.Err != nil {
		t.Fatal(resp.Err)
	}
	since := time.Date(2026, 1, 2, 2, 4, 5, 250e6, time.UTC)
	want := &CreateTenantInput{UserName: "ann", Tenant: &Tenant{
		Name: "b+b", Age: new(int32(7)), Keen: new(false), Since: &since, Photo: []byte{0, 255}, Doors: []string{}, Tags: []TenantTag{{"a &", new("")}, {"b", nil}},
		Labels: map[string]string{"z": "<1>", "a.b": "2"}, Rights: new(`{"a%:*~é"}`), Share: new(0.5),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded input (-want +got):\n%s", diff)
	}
	text := `<CreateTenantResponse xmlns="https://tenants.test/doc"><CreateTenantResult><Tenant><Name>b+b</Name><Age>7</Age><Keen>false</Keen>` +
		`<Since>2026-01-02T02:04:05.250Z</Since><Photo>AP8=</Photo><doorSet></doorSet><tagSet><member><key>a &amp;</key><value></value></member><member><key>b</key></member></tagSet>` +
		`<labels><entry><key>a.b</key><value>2</value></entry><entry><key>z</key><value>&lt;1&gt;</value></entry></labels><Rights>%7B%22a%25%3A%2A~%C3%A9%22%7D</Rights><Share>0.5</Share>` +
		`</Tenant></CreateTenantResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></CreateTenantResponse>`
	if string(resp.Body) != text || resp.Header.Get("Content-Type") != "text/xml" {
		t.Errorf("answer = %v %s\nwant %s", resp.Header, resp.Body, text)
	}
	resp = post(t, s, "Action=Evict&Version=2020-02-02")
	text = `<EvictResponse xmlns="https://tenants.test/doc"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></EvictResponse>`
	if resp.Status != 200 || string(resp.Body) != text {
		t.Errorf("answer without output = %d %s\nwant %s", resp.Status, resp.Body, text)
	}
}

// The dialect of EC2: lists without "member", no result element, another form of refusals [docs].
func TestEC2(t *testing.T) {
	var got *CreateTenantInput
	s := formService(t, shape.EC2, func(in *CreateTenantInput) (*CreateTenantOutput, error) {
		got = in
		if in.UserName == "nobody" {
			return nil, &wire.Error{Code: "InvalidTenantId.NotFound", Message: "The tenant 'x' does not exist"}
		}
		return &CreateTenantOutput{in.Tenant}, nil
	})
	const create = "Action=CreateTenant&Version=2020-02-02&UserName="
	resp := post(t, s, create+"ann&Tenant.Name=bob&Tenant.DoorId.1=a&Tenant.DoorId.2=b&Tenant.Tag.1.Key=k")
	want := &CreateTenantInput{UserName: "ann", Tenant: &Tenant{Name: "bob", Doors: []string{"a", "b"}, Tags: []TenantTag{{Key: "k"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded input (-want +got):\n%s", diff)
	}
	tests := []struct {
		body   string
		status int
		want   string
	}{
		{create + "ann&Tenant.Name=bob&Tenant.DoorId.1=a", 200, `<CreateTenantResponse xmlns="https://tenants.test/doc/"><requestId>id-1</requestId><Tenant><Name>bob</Name><doorSet><item>a</item></doorSet></Tenant></CreateTenantResponse>`},
		{create + "nobody", 400, `<Response><Errors><Error><Code>InvalidTenantId.NotFound</Code><Message>The tenant &#39;x&#39; does not exist</Message></Error></Errors><RequestID>id-1</RequestID></Response>`},
		{"Action=CreateTenant&Version=2020-02-02", 400, `<Response><Errors><Error><Code>MissingParameter</Code><Message>The request must contain the parameter UserName</Message></Error></Errors><RequestID>id-1</RequestID></Response>`},
		{create + "a", 400, `<Response><Errors><Error><Code>InvalidParameterValue</Code><Message>Value (a) for parameter userName is invalid.</Message></Error></Errors><RequestID>id-1</RequestID></Response>`},
		{create + "ann&Tenant.DoorId.member.1=a&Tenant.Name=bob", 400, `<Response><Errors><Error><Code>MalformedInput</Code><Message>The elements of a list must be numbered 1, 2, 3 without a gap.</Message></Error></Errors><RequestID>id-1</RequestID></Response>`},
	}
	for _, tt := range tests {
		resp = post(t, s, tt.body)
		if got := string(resp.Body); resp.Status != tt.status || got != `<?xml version="1.0" encoding="UTF-8"?>`+tt.want {
			t.Errorf("POST %s = %d %s\nwant %d %s", tt.body, resp.Status, got, tt.status, tt.want)
		}
	}
}

func TestXMLRefusals(t *testing.T) {
	const open, end = `<ErrorResponse xmlns="https://tenants.test/doc"><Error>`, `</Error><RequestId>id-1</RequestId></ErrorResponse>`
	tests := []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"modelled", wire.Errorf("NoSuchTenant", "The tenant %q", "<a>\x01"), 404, open + `<Type>Sender</Type><Code>NoSuchTenant</Code><Message>The tenant &#34;&lt;a&gt;\x01&#34;</Message>` + end},
		{"control character and broken UTF-8", wire.Errorf("NoSuchTenant", "\x01\xff"), 404, open + "<Type>Sender</Type><Code>NoSuchTenant</Code><Message>\ufffd\ufffd</Message>" + end},
		{"not modelled", wire.Errorf("Other", "x"), 400, open + `<Type>Sender</Type><Code>Other</Code><Message>x</Message>` + end},
		{"foreign error", errors.New("database password is hunter2"), 500, open + `<Type>Receiver</Type><Code>InternalFailure</Code><Message>The request processing has failed because of an unknown error, exception or failure.</Message>` + end},
	}
	for _, tt := range tests {
		s := formService(t, shape.Query, func(*CreateTenantInput) (*CreateTenantOutput, error) { return nil, tt.err })
		resp := post(t, s, "Action=CreateTenant&Version=2020-02-02&UserName=ann")
		if got := string(resp.Body); resp.Status != tt.status || got != tt.want || !errors.Is(resp.Err, tt.err) {
			t.Errorf("%s: %d %s\nwant %d %s", tt.name, resp.Status, got, tt.status, tt.want)
		}
	}
}

func FuzzForm(f *testing.F) {
	f.Add("Action=CreateTenant&Version=2020-02-02&UserName=ann&Tenant.Name=bob&Tenant.DoorId.member.1=a&Tenant.Labels.entry.1.key=k&Tenant.Labels.entry.1.value=v")
	f.Add("Action=CreateTenant&Version=2020-02-02&UserName=a%2&Tenant=&Tenant.=1&.=2&..x=3&=4")
	f.Fuzz(func(t *testing.T, body string) {
		for _, p := range []shape.Protocol{shape.Query, shape.EC2} {
			var got *CreateTenantInput
			s := formService(t, p, func(in *CreateTenantInput) (*CreateTenantOutput, error) {
				got = in
				return &CreateTenantOutput{in.Tenant}, nil
			})
			resp := post(t, s, body)
			if resp.Err != nil {
				if resp.Status >= 500 && resp.Status != 501 {
					t.Fatalf("%s %q: %d %v", p, body, resp.Status, resp.Err)
				}
				continue
			}
			if got == nil {
				continue // another operation
			}
			// Two orders of the same parameters are one request.
			parts := strings.Split(body, "&")
			first := got
			for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
				parts[i], parts[j] = parts[j], parts[i]
			}
			again := post(t, s, strings.Join(parts, "&"))
			if again.Err != nil || !cmp.Equal(first, got) || string(again.Body) != string(resp.Body) {
				t.Fatalf("%s %q: backwards it says something else: %s", p, body, cmp.Diff(first, got))
			}
		}
	})
}
