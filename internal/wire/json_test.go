package wire_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/shape"
	"gatehouse/internal/wire"
)

type SignUpInput struct {
	ClientID string     `json:"ClientId" required:"true"`
	Password *string    `json:"Password" shape:"Password"`
	Since    *time.Time `json:"Since"`
}

type SignUpOutput struct {
	Sub   *string    `json:"UserSub"`
	Since *time.Time `json:"Since"`
}

func pool(t *testing.T, err error) *wire.Service {
	t.Helper()
	s, failed := wire.NewService(shape.Service{
		Name: "pool", Version: "2016-04-18", Protocol: shape.JSON, SigningName: "cognito-idp", TargetPrefix: "PoolService", Violation: "InvalidParameterException",
		Operations: []shape.Operation{
			{Name: "DeleteUser", Method: "POST", URI: "/", Status: 200, Input: reflect.TypeFor[SignUpInput]()},
			{Name: "SignUp", Method: "POST", URI: "/", Status: 200, Input: reflect.TypeFor[SignUpInput](), Output: reflect.TypeFor[SignUpOutput]()},
			{Name: "Unlisted", Method: "POST", URI: "/", Status: 200},
		},
		Faults: []shape.Fault{{Name: "NotAuthorizedException", Status: 400, Message: "message"}},
		Rules:  map[string]shape.Rule{"Password": {Min: new(6.0), Sensitive: true}},
	},
		wire.Op("SignUp", func(_ context.Context, in *SignUpInput) (*SignUpOutput, error) {
			return &SignUpOutput{Since: in.Since}, err
		}),
		wire.Do("DeleteUser", func(context.Context, *SignUpInput) error { return err }),
	)
	if failed != nil {
		t.Fatal(failed)
	}
	return s
}

// The forms are those of Cognito [recorded].
func TestJSON(t *testing.T) {
	const plain = "application/x-amz-json-1.1"
	header := func(target, contentType string) http.Header {
		return http.Header{"X-Amz-Target": {target}, "Content-Type": {contentType}}
	}
	refused := func(name, message, members string) (http.Header, string) {
		h := http.Header{"Content-Type": {plain}, "x-amzn-ErrorType": {name + ":"}}
		if message != "" {
			h["x-amzn-ErrorMessage"] = []string{message}
		}
		return h, `{"__type":"` + name + `","message":"` + members + `"}`
	}
	tests := []struct {
		name   string
		r      wire.Request
		err    error
		status int
		want   func() (http.Header, string)
	}{
		{"answer", wire.Request{Header: header("PoolService.SignUp", plain), Body: []byte(`{"ClientId":"c","Password":"secret","Since":1700000000.5}`)}, nil, 200,
			func() (http.Header, string) { return http.Header{"Content-Type": {plain}}, `{"Since":1700000000.5}` }},
		{"empty object", wire.Request{Header: header("PoolService.SignUp", plain), Body: []byte(`{"ClientId":"c"}`)}, nil, 200,
			func() (http.Header, string) { return http.Header{"Content-Type": {plain}}, `{}` }},
		{"no output", wire.Request{Header: header("PoolService.DeleteUser", plain), Body: []byte(`{"ClientId":"c"}`)}, nil, 200,
			func() (http.Header, string) { return http.Header{"Content-Type": {plain}}, `` }},
		{"modelled", wire.Request{Header: header("PoolService.SignUp", plain), Body: []byte(`{"ClientId":"c"}`)}, wire.Errorf("NotAuthorizedException", "Incorrect username or password."), 400,
			func() (http.Header, string) {
				return refused("NotAuthorizedException", "Incorrect username or password.", "Incorrect username or password.")
			}},
		{"message that is no header", wire.Request{Header: header("PoolService.SignUp", plain), Body: []byte(`{"ClientId":"c"}`)}, wire.Errorf("NotAuthorizedException", "é\r\nSet-Cookie: x"), 400,
			func() (http.Header, string) { return refused("NotAuthorizedException", "", `é\r\nSet-Cookie: x`) }},
		{"violation", wire.Request{Header: header("PoolService.SignUp", plain), Body: []byte(`{"ClientId":"c","Password":"short"}`)}, nil, 400,
			func() (http.Header, string) {
				const m = "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 6"
				return refused("InvalidParameterException", m, m)
			}},
		{"no JSON", wire.Request{Header: header("PoolService.SignUp", plain), Body: []byte(`x`)}, nil, 400,
			func() (http.Header, string) {
				const m = "The body is no JSON document: error at byte 0"
				return refused("SerializationException", m, m)
			}},
		{"content type", wire.Request{Header: header("PoolService.SignUp", "text/plain"), Body: []byte(`{"ClientId":"c"}`)}, nil, 400,
			func() (http.Header, string) {
				const m = "The Content-Type must be application/x-amz-json-1.1"
				return refused("SerializationException", m, m)
			}},
		{"not offered", wire.Request{Header: header("PoolService.Unlisted", plain)}, nil, 501,
			func() (http.Header, string) {
				const m = "The operation pool:Unlisted is not offered by this server."
				return refused("UnknownOperationException", m, m)
			}},
		{"unknown operation", wire.Request{Header: header("PoolService.Nothing", plain)}, nil, 400,
			func() (http.Header, string) { return refused("UnknownOperationException", "", "") }},
		{"another service", wire.Request{Header: header("Pool.SignUp", plain)}, nil, 400,
			func() (http.Header, string) { return refused("UnknownOperationException", "", "") }},
		{"two targets", wire.Request{Header: http.Header{"X-Amz-Target": {"PoolService.SignUp", "PoolService.DeleteUser"}}}, nil, 400,
			func() (http.Header, string) { return refused("UnknownOperationException", "", "") }},
		{"path", wire.Request{RawPath: "/x", Header: header("PoolService.SignUp", plain)}, nil, 400,
			func() (http.Header, string) { return refused("UnknownOperationException", "", "") }},
		{"method", wire.Request{Method: "GET", Header: header("PoolService.SignUp", plain)}, nil, 400,
			func() (http.Header, string) { return refused("UnknownOperationException", "", "") }},
	}
	for _, tt := range tests {
		if tt.r.Method == "" {
			tt.r.Method = "POST"
		}
		if tt.r.RawPath == "" {
			tt.r.RawPath = "/"
		}
		resp := send(t, pool(t, tt.err), &tt.r)
		header, body := tt.want()
		if resp.Status != tt.status || string(resp.Body) != body {
			t.Errorf("%s: %d %s\nwant %d %s", tt.name, resp.Status, resp.Body, tt.status, body)
		}
		if diff := cmp.Diff(header, resp.Header); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", tt.name, diff)
		}
	}
}
