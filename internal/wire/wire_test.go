package wire_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/shape"
	"gatehouse/internal/wire"
)

// The model of these tests has one of everything.

type Door struct {
	Name    *string           `json:"name" shape:"Name"`
	Open    *bool             `json:"open"`
	Width   *int32            `json:"width" shape:"Width"`
	Weight  *float64          `json:"weight" shape:"Weight"`
	Made    *time.Time        `json:"made"`
	Key     []byte            `json:"key"`
	Colours []string          `json:"colours" shape:"Colours"`
	Tags    map[string]string `json:"tags" shape:"Tags"`
	Hinges  []Hinge           `json:"item"`
	Frame   *Frame            `json:"frame"`
	Secrets map[string]string `json:"secrets" shape:"Secrets"`
}

type Hinge struct {
	Side string `json:"side" required:"true" shape:"Side"`
}

type Frame struct {
	Doors map[string]Door `json:"doors"`
}

type PutDoorInput struct {
	House   string   `uri:"house_id" required:"true"`
	Door    string   `uri:"door" required:"true" shape:"Name"`
	Embed   []string `query:"embed"`
	Limit   *int32   `query:"limit"`
	Accept  *string  `header:"Accept"`
	Kind    string   `json:"kind" required:"true" shape:"Side"`
	Name    *string  `json:"name" shape:"Name"`
	Details *Door    `json:"details"`
}

type KnockInput struct {
	House      string            `uri:"house_id" required:"true"`
	Mode       *string           `header:"X-Amz-Mode"`
	Parameters map[string]string `query:"*"`
	Payload    []byte            `payload:"body"`
}

type KnockOutput struct {
	Status  *int32  `status:"code"`
	Error   *string `header:"X-Amz-Error"`
	Payload []byte  `payload:"body"`
}

type ListDoorsInput struct {
	House string `uri:"house_id" required:"true"`
}

type Doors struct {
	Items []Door `json:"item"`
}

type TagInput struct {
	ARN string `uri:"arn" required:"true"`
}

func model(nested bool) shape.Service {
	op := func(name, method, uri string, status int, in, out reflect.Type) shape.Operation {
		return shape.Operation{Name: name, Method: method, URI: uri, Status: status, Input: in, Output: out}
	}
	return shape.Service{
		Name: "houses", Version: "2020-01-01", Protocol: shape.RESTJSON, SigningName: "houses", NestedBody: nested,
		Operations: []shape.Operation{
			op("ImportDoors", "POST", "/houses/{house_id}/doors?mode=import", 201, reflect.TypeFor[ListDoorsInput](), nil),
			op("Knock", "POST", "/houses/{house_id}/knock", 200, reflect.TypeFor[KnockInput](), reflect.TypeFor[KnockOutput]()),
			op("ListDoors", "GET", "/houses/{house_id}/doors", 200, reflect.TypeFor[ListDoorsInput](), reflect.TypeFor[Doors]()),
			op("OpenDoors", "POST", "/houses/{house_id}/doors", 201, reflect.TypeFor[ListDoorsInput](), nil),
			op("PutDoor", "PUT", "/houses/{house}/doors/{door}", 201, reflect.TypeFor[PutDoorInput](), reflect.TypeFor[Door]()),
			op("Tag", "PUT", "/tags/{arn}", 204, reflect.TypeFor[TagInput](), nil),
			op("Unlisted", "GET", "/unlisted", 200, nil, nil),
		},
		Faults: []shape.Fault{
			{Name: "NotFoundException", Status: 404, Message: "message"},
			{Name: "ResourceNotFoundException", Status: 404, Message: "Message", Typed: true},
			{Name: "TooManyRequestsException", Status: 429, Message: "message", Typed: true},
		},
		Rules: map[string]shape.Rule{
			"Name":    {Min: new(1.0), Max: new(8.0), Pattern: `(?!^\d+$)[a-z0-9]+`, Match: `[a-z0-9]+`, Except: `\d+`},
			"Width":   {Min: new(1.0), Max: new(900.0)},
			"Weight":  {Max: new(1.0)},
			"Side":    {Enum: []string{"LEFT", "RIGHT"}},
			"Colour":  {Max: new(4.0)},
			"Colours": {Max: new(3.0), Member: "Colour"},
			"Tags":    {Key: "Colour", Value: "Colour"},
			"Secrets": {Max: new(1.0), Sensitive: true},
		},
	}
}

// record keeps the last input of every operation.
type record struct{ in any }

func service(t *testing.T, nested bool, rec *record, put func(*PutDoorInput) (*Door, error)) *wire.Service {
	t.Helper()
	m := model(nested)
	// The labels of one position may have different names in different templates.
	m.Operations[4].URI = "/houses/{house_id}/doors/{door}"
	s, err := wire.NewService(m,
		wire.Op("PutDoor", func(_ context.Context, in *PutDoorInput) (*Door, error) { rec.in = in; return put(in) }),
		wire.Op("Knock", func(_ context.Context, in *KnockInput) (*KnockOutput, error) {
			rec.in = in
			return &KnockOutput{Status: new(int32(202)), Error: new("Unhandled"), Payload: in.Payload}, nil
		}),
		wire.Op("ListDoors", func(_ context.Context, in *ListDoorsInput) (*Doors, error) {
			rec.in = in
			return &Doors{Items: []Door{}}, nil
		}),
		wire.Do("ImportDoors", func(_ context.Context, in *ListDoorsInput) error { rec.in = "import " + in.House; return nil }),
		wire.Do("OpenDoors", func(_ context.Context, in *ListDoorsInput) error { rec.in = "open " + in.House; return nil }),
		wire.Do("Tag", func(_ context.Context, in *TagInput) error { rec.in = in; return nil }),
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(t *testing.T, s *wire.Service, method, target, body string) wire.Response {
	t.Helper()
	path, query, _ := strings.Cut(target, "?")
	call, err := s.Find(&wire.Request{Method: method, RawPath: path, RawQuery: query, Header: http.Header{"Accept": {"a/b"}}, Body: []byte(body)})
	if wire.CodeOf(err) == "AccessDeniedException" {
		return wire.Response{Status: 0}
	}
	if err != nil {
		t.Fatal(err)
	}
	return call.Serve(t.Context())
}

func TestRefusals(t *testing.T) {
	const path = "/houses/h1/doors/d1"
	tests := []struct {
		name, target, body string
		code, message      string
	}{
		{"missing required", path, `{}`, "ValidationException", "1 validation error detected: Value null at 'kind' failed to satisfy constraint: Member must not be null"},
		{"empty body", path, ``, "ValidationException", "1 validation error detected: Value null at 'kind' failed to satisfy constraint: Member must not be null"},
		{"null is missing", path, `{"kind":null}`, "ValidationException", "1 validation error detected: Value null at 'kind' failed to satisfy constraint: Member must not be null"},
		{"enumeration", path, `{"kind":"UP"}`, "ValidationException", "1 validation error detected: Value 'UP' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [LEFT, RIGHT]"},
		{"too long, and another", path, `{"kind":"LEFT","name":"abcdefghi","details":{"width":901}}`, "ValidationException", "2 validation errors detected: Value 'abcdefghi' at 'name' failed to satisfy constraint: Member must have length less than or equal to 8; Value '901' at 'details.width' failed to satisfy constraint: Member must have value less than or equal to 900"},
		{"pattern with exception", path, `{"kind":"LEFT","name":"123"}`, "ValidationException", `1 validation error detected: Value '123' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^\d+$)[a-z0-9]+`},
		{"pattern matches the whole", path, `{"kind":"LEFT","name":"a\n"}`, "ValidationException", "1 validation error detected: Value 'a\n' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^\\d+$)[a-z0-9]+"},
		{"in the path", "/houses/h1/doors/D", `{"kind":"LEFT"}`, "ValidationException", `1 validation error detected: Value 'D' at 'door' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^\d+$)[a-z0-9]+`},
		{"length in UTF-16", path, `{"kind":"LEFT","details":{"colours":["😀😀","😀😀😀"]}}`, "ValidationException", "1 validation error detected: Value '[😀😀, 😀😀😀]' at 'details.colours' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 4, Member must not be null]"},
		{"map value", path, `{"kind":"LEFT","details":{"tags":{"a":"12345"}}}`, "ValidationException", "1 validation error detected: Value '{a=12345}' at 'details.tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 4, Member must not be null]"},
		{"map key", path, `{"kind":"LEFT","details":{"tags":{"12345":"a"}}}`, "ValidationException", "1 validation error detected: Value '{12345=a}' at 'details.tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 4, Member must not be null]"},
		{"double", path, `{"kind":"LEFT","details":{"weight":1.5}}`, "ValidationException", "1 validation error detected: Value '1.5' at 'details.weight' failed to satisfy constraint: Member must have value less than or equal to 1.0"},
		{"struct in list", path, `{"kind":"LEFT","details":{"item":[{"side":"LEFT"},{}]}}`, "ValidationException", "1 validation error detected: Value null at 'details.hinges.2.member.side' failed to satisfy constraint: Member must not be null"},
		{"null in list", path, `{"kind":"LEFT","details":{"colours":[null]}}`, "ValidationException", "1 validation error detected: Value null at 'details.colours.1.member' failed to satisfy constraint: Member must not be null"},
		{"secret is not repeated", path, `{"kind":"LEFT","details":{"secrets":{"a":"hush","b":"hush"}}}`, "ValidationException", "1 validation error detected: Value at 'details.secrets' failed to satisfy constraint: Member must have length less than or equal to 1"},

		{"twice", path, `{"kind":"LEFT","kind":"RIGHT"}`, "SerializationException", "A member occurs twice in one object"},
		{"twice, escaped", path, `{"kind":"LEFT","\u006bind":"RIGHT"}`, "SerializationException", "A member occurs twice in one object"},
		{"twice in a part that is ignored", path, `{"kind":"LEFT","x":{"a":1,"a":2}}`, "SerializationException", "A member occurs twice in one object"},
		{"other case", path, `{"Kind":"LEFT"}`, "SerializationException", "Member 'kind' is spelt 'Kind'"},
		{"other case beside", path, `{"kind":"LEFT","KIND":"RIGHT"}`, "SerializationException", "Member 'kind' is spelt 'KIND'"},
		{"no object", path, `[]`, "SerializationException", "Start of structure expected, the body is something else"},
		{"no JSON", path, `{"kind":`, "SerializationException", "The body is no JSON document: error at byte 8"},
		{"form", path, `kind=LEFT`, "SerializationException", "The body is no JSON document: error at byte 0"},
		{"two documents", path, `{"kind":"LEFT"}{}`, "SerializationException", "The body goes on after its document"},
		{"broken UTF-8", path, "{\"kind\":\"\xff\"}", "SerializationException", "The body is no JSON document: error at byte 9"},
		{"number for text", path, `{"kind":1}`, "SerializationException", "NUMBER_VALUE can not be converted to a String"},
		{"text for number", path, `{"kind":"LEFT","details":{"width":"9"}}`, "SerializationException", "STRING_VALUE can not be converted to an Integer"},
		{"fraction", path, `{"kind":"LEFT","details":{"width":1.5}}`, "SerializationException", "'1.5' can not be converted to an Integer"},
		{"32 bits", path, `{"kind":"LEFT","details":{"width":4294967297}}`, "SerializationException", "'4294967297' can not be converted to an Integer"},
		{"text for yes and no", path, `{"kind":"LEFT","details":{"open":"true"}}`, "SerializationException", "STRING_VALUE can not be converted to a Boolean"},
		{"list for text", path, `{"kind":[]}`, "SerializationException", "Start of list found where not expected"},
		{"object for list", path, `{"kind":"LEFT","details":{"colours":{}}}`, "SerializationException", "Start of structure or map found where not expected."},
		{"text for object", path, `{"kind":"LEFT","details":"x"}`, "SerializationException", "Unexpected value type in payload"},
		{"base64", path, `{"kind":"LEFT","details":{"key":"%%"}}`, "SerializationException", "STRING_VALUE can not be converted to a Blob: it is not base64"},
		{"far future", path, `{"kind":"LEFT","details":{"made":1e300}}`, "SerializationException", "NUMBER_VALUE can not be converted to a Timestamp"},
		{"deep", path, `{"kind":"LEFT","x":` + strings.Repeat("[", 20000), "SerializationException", "The body is no JSON document: error at byte 10018"},
		{"query number", path + "?limit=x", `{"kind":"LEFT"}`, "SerializationException", "'x' can not be converted to an Integer"},
		{"query twice", path + "?limit=1&limit=2", `{"kind":"LEFT"}`, "SerializationException", "'limit' is given 2 times"},
		{"query escape", path + "?limit=%zz", `{"kind":"LEFT"}`, "SerializationException", "The query string has a broken escape sequence"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := &record{}
			s := service(t, false, rec, func(*PutDoorInput) (*Door, error) { return &Door{}, nil })
			resp := ask(t, s, "PUT", tt.target, tt.body)
			e, ok := errors.AsType[*wire.Error](resp.Err)
			if !ok || resp.Status != 400 || e.Code != tt.code || e.Message != tt.message {
				t.Fatalf("PUT %s %.200s = %d %v\nwant 400 %s: %s", tt.target, tt.body, resp.Status, resp.Err, tt.code, tt.message)
			}
			if rec.in != nil {
				t.Errorf("the handler ran with %v", rec.in)
			}
			if got := resp.Header["x-amzn-ErrorType"]; !cmp.Equal(got, []string{tt.code}) {
				t.Errorf("x-amzn-ErrorType = %v, want %s", got, tt.code)
			}
		})
	}
}

// API Gateway names body members within the one member that its service reads the body into
// ('putIntegrationInput.type', repeated verbatim by clients' reports); path members stand alone.
func TestNestedBody(t *testing.T) {
	s := service(t, true, &record{}, nil)
	resp := ask(t, s, "PUT", "/houses/h1/doors/D", `{"kind":"UP","details":{"item":[{}]}}`)
	want := `{"message":"3 validation errors detected: ` +
		`Value 'D' at 'door' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^\\d+$)[a-z0-9]+; ` +
		`Value 'UP' at 'putDoorInput.kind' failed to satisfy constraint: Member must satisfy enum value set: [LEFT, RIGHT]; ` +
		`Value null at 'putDoorInput.details.hinges.1.member.side' failed to satisfy constraint: Member must not be null"}`
	if got := string(resp.Body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	made := time.UnixMilli(1700000000250).UTC()
	rec := &record{}
	s := service(t, false, rec, func(in *PutDoorInput) (*Door, error) { return in.Details, nil })
	doc := `{"name":"front","open":false,"width":90,"weight":0.5,"made":1700000000.25,"key":"AP8=","colours":["red","blue"],"tags":{"a":"1","b":""},"item":[{"side":"LEFT"}],"frame":{"doors":{"x":{"colours":[],"tags":{}}}}}`
	resp := ask(t, s, "PUT", "/houses/h%2F1/doors/d1/?embed=a&embed=b%20c&limit=5&unknown=1", `{"kind":"LEFT","unknown":{"deep":[1,{}]},"details":`+doc+`}`)
	if resp.Err != nil {
		t.Fatal(resp.Err)
	}
	want := &PutDoorInput{
		House: "h/1", Door: "d1", Embed: []string{"a", "b c"}, Limit: new(int32(5)), Accept: new("a/b"), Kind: "LEFT",
		Details: &Door{
			Name: new("front"), Open: new(false), Width: new(int32(90)), Weight: new(0.5), Made: &made, Key: []byte{0, 255},
			Colours: []string{"red", "blue"}, Tags: map[string]string{"a": "1", "b": ""}, Hinges: []Hinge{{"LEFT"}},
			Frame: &Frame{map[string]Door{"x": {Colours: []string{}, Tags: map[string]string{}}}},
		},
	}
	if diff := cmp.Diff(want, rec.in); diff != "" {
		t.Errorf("decoded input (-want +got):\n%s", diff)
	}
	if got := string(resp.Body); resp.Status != 201 || got != doc {
		t.Errorf("answer = %d %s\nwant 201 %s", resp.Status, got, doc)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type = %q", got)
	}
}

func TestPayloadHeadersStatus(t *testing.T) {
	rec := &record{}
	s := service(t, false, rec, nil)
	resp := ask(t, s, "POST", "/houses/h1/knock?a=1&b=c%26d&X-Amz-Date=x", "\x00not json")
	want := &KnockInput{House: "h1", Parameters: map[string]string{"a": "1", "b": "c&d"}, Payload: []byte("\x00not json")}
	if diff := cmp.Diff(want, rec.in); diff != "" {
		t.Errorf("decoded input (-want +got):\n%s", diff)
	}
	got := wire.Response{Status: 202, Header: http.Header{"X-Amz-Error": {"Unhandled"}, "Content-Type": {"application/json"}}, Body: []byte("\x00not json")}
	if diff := cmp.Diff(got, resp); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if resp := ask(t, s, "POST", "/houses/h1/knock?a=1&a=2", ""); wire.CodeOf(resp.Err) != "SerializationException" {
		t.Errorf("a parameter given twice: %v", resp.Err)
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		method, target string
		want           any
		status         int
	}{
		{"POST", "/houses/h1/doors", "open h1", 201},
		{"POST", "/houses/h1/doors/", "open h1", 201},
		{"POST", "/houses/h1/doors?mode=import", "import h1", 201},
		{"POST", "/houses/h1/doors?mode=export", "open h1", 201},
		{"POST", "/houses/..%2fh1/doors", "open ../h1", 201},
		{"PUT", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fx", &TagInput{"arn:aws:apigateway:us-east-1::/restapis/x"}, 204},
		{"GET", "/unlisted", nil, 501},
		{"GET", "/houses//doors", nil, 0},
		{"GET", "//houses/h1/doors", nil, 0},
		{"GET", "/houses/h1/doors//", nil, 0},
		{"GET", "/houses/%zz/doors", nil, 0},
		{"GET", "houses/h1/doors", nil, 0},
		{"DELETE", "/houses/h1/doors", nil, 0},
		{"GET", "/", nil, 0},
		{"GET", "", nil, 0},
		{"PUT", "/tags/arn:aws/x", nil, 0},
	}
	for _, tt := range tests {
		rec := &record{}
		resp := ask(t, service(t, false, rec, nil), tt.method, tt.target, "")
		if resp.Status != tt.status || !cmp.Equal(rec.in, tt.want) {
			t.Errorf("%s %s = %d %v, want %d %v", tt.method, tt.target, resp.Status, rec.in, tt.status, tt.want)
		}
	}
}

func TestRefusalForms(t *testing.T) {
	secret := errors.New("database password is hunter2")
	tests := []struct {
		name   string
		err    error
		status int
		kind   string
		body   string
		header http.Header
	}{
		// [recorded] API Gateway: small m, no Type.
		{"modelled", wire.Errorf("NotFoundException", "no door %q", "x"), 404, "NotFoundException", `{"message":"no door \"x\""}`, nil},
		// [recorded] Lambda's ResourceNotFoundException: Type, and Message with a capital.
		{"typed", wire.Errorf("ResourceNotFoundException", "gone"), 404, "ResourceNotFoundException", `{"Type":"User","Message":"gone"}`, nil},
		{"members and header", &wire.Error{Code: "TooManyRequestsException", Message: "slow", Header: http.Header{"Retry-After": {"1"}}, Members: map[string]string{"Reason": "CallerRateLimitExceeded"}},
			429, "TooManyRequestsException", `{"Type":"User","Reason":"CallerRateLimitExceeded","message":"slow"}`, http.Header{"Retry-After": {"1"}}},
		{"wrapped", errors.Join(errors.New("context"), wire.Errorf("NotFoundException", "x")), 404, "NotFoundException", `{"message":"x"}`, nil},
		{"own status", &wire.Error{Code: "NotFoundException", Status: 410, Message: "x"}, 410, "NotFoundException", `{"message":"x"}`, nil},
		{"not modelled", wire.Errorf("ValidationException", "x"), 400, "ValidationException", `{"message":"x"}`, nil},
		{"broken UTF-8", wire.Errorf("NotFoundException", "\xff"), 404, "NotFoundException", `{"message":"�"}`, nil},
		{"name twice", &wire.Error{Code: "NotFoundException", Message: "x", Members: map[string]string{"message": "y"}}, 404, "NotFoundException", `{"message":"NotFoundException"}`, nil},
		{"foreign error", secret, 500, "InternalFailure", `{"message":"The request processing has failed because of an unknown error, exception or failure."}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := service(t, false, &record{}, func(*PutDoorInput) (*Door, error) { return nil, tt.err })
			resp := ask(t, s, "PUT", "/houses/h1/doors/d1", `{"kind":"LEFT"}`)
			if !errors.Is(resp.Err, tt.err) {
				t.Errorf("Err = %v, want %v for the log", resp.Err, tt.err)
			}
			want := http.Header{"Content-Type": {"application/json"}, "x-amzn-ErrorType": {tt.kind}}
			for k, v := range tt.header {
				want[k] = v
			}
			if diff := cmp.Diff(want, resp.Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if got := string(resp.Body); resp.Status != tt.status || got != tt.body {
				t.Errorf("answer = %d %s\nwant %d %s", resp.Status, got, tt.status, tt.body)
			}
		})
	}
}

func TestNewServiceRefuses(t *testing.T) {
	put := func(context.Context, *PutDoorInput) (*Door, error) { return nil, nil }
	tests := []struct {
		name     string
		handlers []wire.Handler
		want     string
	}{
		{"unknown", []wire.Handler{wire.Op("Paint", put)}, "houses: operation Paint: the model does not have it"},
		{"twice", []wire.Handler{wire.Op("PutDoor", put), wire.Op("PutDoor", put)}, "houses: operation PutDoor: bound twice"},
		{"not generated", []wire.Handler{wire.Op("Unlisted", put)}, "houses: operation Unlisted: not generated: name it in cmd/awsgen/list.go"},
		{"input", []wire.Handler{wire.Do("PutDoor", func(context.Context, *TagInput) error { return nil })}, "houses: operation PutDoor: the input is wire_test.PutDoorInput, the method takes wire_test.TagInput"},
		{"output", []wire.Handler{wire.Do("PutDoor", func(context.Context, *PutDoorInput) error { return nil })}, "houses: operation PutDoor: the output is wire_test.Door, the method returns <nil>"},
	}
	for _, tt := range tests {
		_, err := wire.NewService(model(false), tt.handlers...)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: NewService: %v, want %s", tt.name, err, tt.want)
		}
	}
	m := model(false)
	m.Protocol = "rest-xml"
	if _, err := wire.NewService(m); err == nil || err.Error() != `houses: protocol "rest-xml" is not spoken` {
		t.Errorf("NewService with a protocol that nobody speaks: %v", err)
	}
}

func TestCoverage(t *testing.T) {
	m := model(false)
	m.ARN = "houses:{region}::"
	for i := range m.Operations {
		op := &m.Operations[i]
		op.Action = "houses:" + op.Name
		op.Unasked, op.Unsigned = op.Name == "OpenDoors", op.Name == "Knock"
		op.Resource = map[string]string{"Tag": "/tags/{ARN}", "PutDoor": "{Door}"}[op.Name]
	}
	s, err := wire.NewService(m, wire.Do("Tag", func(context.Context, *TagInput) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := wire.WriteCoverage(&b, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## houses (2020-01-01): 1 of 7\n", "| Tag | yes | `houses:Tag` | `houses:{region}::/tags/{ARN}` |\n", "| Unlisted |  | `houses:Unlisted` |  |\n",
		"| ListDoors |  | `houses:ListDoors` | `*` |\n", "| OpenDoors |  | none: decides itself |  |\n", "| Knock |  | none: needs no signature |  |\n", "| PutDoor |  | `houses:PutDoor` | `{Door}` |\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("coverage lacks %q:\n%s", want, b.String())
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add(`{"kind":"LEFT","details":{"item":[{"side":"LEFT"}],"made":1.5}}`)
	f.Add(`{"kind":null,"kind":1}`)
	f.Fuzz(func(t *testing.T, body string) {
		// Whatever is accepted is written so that it reads back the same.
		rec := &record{}
		s := service(t, false, rec, func(in *PutDoorInput) (*Door, error) {
			if in.Details == nil {
				return &Door{}, nil
			}
			return in.Details, nil
		})
		resp := ask(t, s, "PUT", "/houses/h1/doors/d1", body)
		if resp.Err != nil {
			if resp.Status != 400 {
				t.Fatalf("%q: %d %v", body, resp.Status, resp.Err)
			}
			return
		}
		first := string(resp.Body)
		again := ask(t, s, "PUT", "/houses/h1/doors/d1", `{"kind":"LEFT","details":`+first+`}`)
		if string(again.Body) != first {
			t.Fatalf("%q: %s then %s", body, first, again.Body)
		}
	})
}
