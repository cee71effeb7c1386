package event

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMalformedAnswers(t *testing.T) {
	for payload, reason := range map[string]string{
		// [recorded]
		`{}`:                    "no member of a proxy response",
		`"text"`:                "the payload is not an object",
		`{"statusCode":"test"}`: `statusCode "test" is no status`,
		`{"statusCode":200,"wrongValue":{"key":"value"}}`:         `unknown member "wrongValue"`,
		`{"statusCode":200,"multiValueHeaders":{"test":"value"}}`: "test is not a list",
		// [inferred]
		``:                                    "the payload is not an object",
		`null`:                                "the payload is not an object",
		`[]`:                                  "the payload is not an object",
		`200`:                                 "the payload is not an object",
		`{"statusCode":null}`:                 "no member of a proxy response",
		`{"StatusCode":200}`:                  `unknown member "StatusCode"`,
		`{"statuscode":200}`:                  `unknown member "statuscode"`,
		`{"statusCode":200,"cookies":[]}`:     `unknown member "cookies"`,
		`{"statusCode":200,"Body":"x"}`:       `unknown member "Body"`,
		`{"body":"a","body":"b"}`:             `member "body" appears twice`,
		`{"statusCode":20}`:                   `statusCode "20" is not in 200 to 599`,
		`{"statusCode":0}`:                    `statusCode "0" is not in 200 to 599`,
		`{"statusCode":100}`:                  `statusCode "100" is not in 200 to 599`,
		`{"statusCode":600}`:                  `statusCode "600" is not in 200 to 599`,
		`{"statusCode":2000}`:                 `statusCode "2000" is no status`,
		`{"statusCode":99999999999999999999}`: `statusCode "99999999999999999999" is no status`,
		`{"statusCode":-200}`:                 `statusCode "-200" is no status`,
		`{"statusCode":200.5}`:                `statusCode "200.5" is no status`,
		`{"statusCode":"200 OK"}`:             `statusCode "200 OK" is no status`,
		`{"statusCode":""}`:                   `statusCode "" is not in 200 to 599`,
		`{"statusCode":true}`:                 `statusCode "true" is no status`,
		`{"statusCode":[200]}`:                "statusCode is neither a string nor a number nor a boolean",
		`{"statusCode":"２００"}`:                `statusCode "２００" is no status`,
		`{"headers":[]}`:                      "headers is not an object",
		`{"headers":"x"}`:                     "headers is not an object",
		`{"headers":{"a":["b"]}}`:             "a is neither a string nor a number nor a boolean",
		`{"headers":{"a":{"b":"c"}}}`:         "a is neither a string nor a number nor a boolean",
		`{"headers":{"":"x"}}`:                `"" in headers is no header name`,
		`{"headers":{"a b":"x"}}`:             `"a b" in headers is no header name`,
		`{"headers":{"a:":"x"}}`:              `"a:" in headers is no header name`,
		`{"headers":{"a\r\nb":"x"}}`:          `"a\r\nb" in headers is no header name`,
		`{"headers":{"\u212aey":"x"}}`:        `"` + "\u212a" + `ey" in headers is no header name`,
		// [security X11]
		`{"headers":{"a":"x\r\nSet-Cookie: b"}}`:    "the value of header a has a character that no header may have",
		`{"headers":{"a":"x\ny"}}`:                  "the value of header a has a character that no header may have",
		`{"headers":{"a":"x\u0000"}}`:               "the value of header a has a character that no header may have",
		`{"multiValueHeaders":{"a":["ok","x\ry"]}}`: "the value of header a has a character that no header may have",
		`{"multiValueHeaders":{"a":true}}`:          "a is not a list",
		`{"multiValueHeaders":{"a":[["b"]]}}`:       "a is neither a string nor a number nor a boolean",
		`{"multiValueHeaders":[]}`:                  "multiValueHeaders is not an object",
		// [docs]
		`{"body":{"a":1}}`: "body is not a string",
		`{"body":5}`:       "body is not a string",
		`{"body":[]}`:      "body is not a string",
		`{"body":true}`:    "body is not a string",

		`{"isBase64Encoded":1}`:       "isBase64Encoded is neither true nor false",
		`{"isBase64Encoded":"yes"}`:   "isBase64Encoded is neither true nor false",
		`{"body":"a"} x`:              "text after the object",
		`{"body":"a"}{}`:              "text after the object",
		`{"body":"a"`:                 "the payload is not an object of values and commas",
		`{"body":"a",}`:               "a name in the payload is not a string",
		`{"body" "a"}`:                "a colon is missing in the payload",
		`{"body":"a}`:                 "body does not end",
		`{"body":"a\`:                 "body has a broken escape",
		`{"body":"\x"}`:               "body has a broken escape",
		`{"body":"\u12"}`:             "body has a broken escape",
		"{\"body\":\"a\nb\"}":         "body has a control character",
		"{\"body\":\"\\t\n\"}":        "body has a control character",
		"{\"body\":\"\xff\"}":         "body is not UTF-8",
		"{\"body\":\"\\t\xc3\"}":      "body is not UTF-8",
		`{"statusCode":0200}`:         `statusCode "0" is not in 200 to 599`,
		`{"isBase64Encoded":false 1}`: "the payload is not an object of values and commas",
		`{"headers":{"a":01}}`:        "headers is not an object of values and commas",
		`{"statusCode":2e}`:           "statusCode is neither a string nor a number nor a boolean",
		`{"statusCode":tru}`:          "statusCode is neither a string nor a number nor a boolean",
		`{"headers":{"a":"b" "c":1}}`: "headers is not an object of values and commas",
		`{'body':'a'}`:                "a name in the payload is not a string",
	} {
		a, err := ParseAnswer([]byte(payload))
		var m Malformed
		if !errors.As(err, &m) || string(m) != reason || !reflect.DeepEqual(a, Answer{}) {
			t.Errorf("ParseAnswer(%s) = %+v, %v, want %q", payload, a, err, reason)
		}
	}
}

func TestParseAnswer(t *testing.T) {
	for payload, want := range map[string]Answer{
		// [recorded]
		`{"statusCode":200}`:                             {Status: 200},
		`{"headers":{"test-header":"value"}}`:            {Status: 200, Header: []Field{{"test-header", "value"}}},
		`{"statusCode":"201"}`:                           {Status: 201},
		`{"statusCode":200,"headers":null}`:              {Status: 200},
		`{"statusCode":200,"headers":{"test":true}}`:     {Status: 200, Header: []Field{{"test", "true"}}},
		`{"statusCode":200,"headers":{"a":12,"B":-1e5}}`: {Status: 200, Header: []Field{{"a", "12"}, {"B", "-1e5"}}},
		`{"headers":{"test-header":"value-solo"},"multiValueHeaders":{"Test-Header":["value-multi"]}}`: {
			Status: 200, Header: []Field{{"Test-Header", "value-multi"}, {"Test-Header", "value-solo"}},
		},
		// [docs]: a pair that is in both maps appears once
		`{"headers":{"a":"1","b":"3"},"multiValueHeaders":{"A":["1","2"]}}`: {
			Status: 200, Header: []Field{{"A", "1"}, {"A", "2"}, {"b", "3"}},
		},
		// [inferred]
		`{"headers":{"a":null,"b":"1"},"multiValueHeaders":{"c":null,"d":[null,"2",3,false],"e":[]}}`: {
			Status: 200, Header: []Field{{"d", "2"}, {"d", "3"}, {"d", "false"}, {"b", "1"}},
		},
		`{"statusCode":null,"body":"x","isBase64Encoded":null}`: {Status: 200, Body: []byte("x")},
		`{"body":"x","isBase64Encoded":"true"}`:                 {Status: 200, Body: []byte("x"), Base64: true},
		`{"body":"x","isBase64Encoded":false}`:                  {Status: 200, Body: []byte("x")},
		`{"headers":{},"multiValueHeaders":{}}`:                 {Status: 200},
		`{"headers":{"a":"x\ty é"}}`:                            {Status: 200, Header: []Field{{"a", "x\ty é"}}},

		" \t\r\n{ \"statusCode\" : 599 , \"body\" : \"\" } \n": {Status: 599, Body: []byte{}},
		`{"body":"\"\\\/\b\f\n\r\té\u00e9\u20ac\ud83d\ude00 end"}`: {
			Status: 200, Body: []byte("\"\\/\b\f\n\r\téé€\U0001F600 end"),
		},
		`{"body":"\ud83d \ude00 \ud83d\u0041 \ud83d\ud83d\ude00"}`: {
			Status: 200, Body: []byte("\uFFFD \uFFFD \uFFFDA \uFFFD\U0001F600"),
		},
		`{"status\u0043ode":204}`: {Status: 204},
	} {
		got, err := ParseAnswer([]byte(payload))
		if err != nil {
			t.Errorf("ParseAnswer(%s): %v", payload, err)
			continue
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("ParseAnswer(%s): (-got +want)\n%s", payload, diff)
		}
	}
}

// [recorded] table of gateway answers by Accept and binaryMediaTypes.
func TestContent(t *testing.T) {
	encoded := Answer{Body: []byte("aGk="), Base64: true}
	for _, tt := range []struct {
		accept, entries string
		want            string
	}{
		{"image/png", "", "aGk="},
		{"image/png", "image/png */test", "hi"},
		{"image/png;q=0.5, text/html", "image/png */test", "hi"},
		{"text/html, image/png", "image/png */test", "aGk="},
		{"image/jpg", "image/png */test", "aGk="},
		{"image/*", "image/png */test", "aGk="},
		{"*/test", "image/png */test", "aGk="},
		{"random/test", "image/png */test", "aGk="},
		{"*/*", "image/png */test", "aGk="},
		{"", "image/png */test", "aGk="},
		{"", "*/*", "hi"},
		{"text/html", "*/*", "hi"},
		{"image/x", "image/*", "hi"},
	} {
		got, err := encoded.Content(tt.accept, strings.Fields(tt.entries))
		if err != nil || string(got) != tt.want {
			t.Errorf("Content(%q, %q) = %q, %v, want %q", tt.accept, tt.entries, got, err, tt.want)
		}
	}
	plain := Answer{Body: []byte("aGk=")}
	if got, err := plain.Content("image/png", []string{"*/*"}); err != nil || string(got) != "aGk=" {
		t.Errorf("Content of text = %q, %v", got, err)
	}
	for _, body := range []string{"a", "aGk", "a-k=", "aGl=", "aGk=x"} {
		bad := Answer{Body: []byte(body), Base64: true}
		if got, err := bad.Content("", []string{"*/*"}); err == nil || got != nil {
			t.Errorf("Content of %q = %q, want an error", body, got)
		}
	}
}

// What ParseAnswer takes is JSON and says the same to encoding/json; what is not JSON it does not take.
func FuzzParseAnswer(f *testing.F) {
	for _, s := range []string{
		`{"statusCode":200,"headers":{"a":"b","c":1.5e3},"multiValueHeaders":{"d":["e",true,null]},"body":"\ud83d\ude00é","isBase64Encoded":true}`,
		`{"statusCode":"404","body":null}`, `{"body":"\u0000"}`, ` { } `, `{"headers":{"a":-0.0}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		kept := string(payload)
		a, err := ParseAnswer(payload)
		if string(payload) != kept {
			t.Fatal("the payload was changed")
		}
		if err != nil {
			return
		}
		var want struct {
			Body              *string
			Headers           map[string]any
			MultiValueHeaders map[string][]any
		}
		if err := json.Unmarshal(payload, &want); err != nil {
			t.Fatalf("accepted %q, which is no JSON: %v", payload, err)
		}
		if a.Status < 200 || a.Status > 599 {
			t.Fatalf("status %d from %q", a.Status, payload)
		}
		if want.Body != nil && *want.Body != string(a.Body) {
			t.Fatalf("body %q from %q, want %q", a.Body, payload, *want.Body)
		}
		for _, h := range a.Header {
			if !isToken(h.Name) || strings.ContainsAny(h.Value, "\r\n\x00") {
				t.Fatalf("header %q from %q", h, payload)
			}
		}
	})
}

func BenchmarkParseAnswer(b *testing.B) {
	body, _ := json.Marshal(strings.Repeat(`{"key": "value"}`, 64))
	payload := []byte(`{"statusCode":200,"headers":{"content-type":"application/json","x-powered-by":"Express","access-control-allow-origin":"*"},"body":` + string(body) + `,"isBase64Encoded":false}`)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseAnswer(payload); err != nil {
			b.Fatal(err)
		}
	}
}
