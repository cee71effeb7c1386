package wire

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/awsapi/cloudformation"
	"gatehouse/internal/awsapi/ec2"
	"gatehouse/internal/awsapi/iam"
	"gatehouse/internal/awsapi/sts"
	"gatehouse/internal/shape"
)

// Every generated operation of the services that speak forms, in both directions, with every member set and
// botocore as the other side: what it sends is what the input holds, what the output holds is what it reads.
func TestBotocoreConforms(t *testing.T) {
	if exec.Command("python3", "-c", "import botocore").Run() != nil {
		t.Skip("no botocore here")
	}
	models := []shape.Service{iam.Service, sts.Service, cloudformation.Service, ec2.Service}
	var services []*Service
	var mu sync.Mutex
	received := map[string]any{}
	filled := map[string]any{}
	for _, m := range models {
		var handlers []Handler
		for _, op := range m.Operations {
			if op.Input == nil {
				continue
			}
			h := Handler{name: op.Name, in: op.Input, out: op.Output}
			h.call = func(context.Context, any) (any, error) {
				if op.Output == nil {
					return nil, nil
				}
				out := reflect.New(op.Output)
				fill(out.Elem(), op.Name, m.Rules, "")
				mu.Lock()
				defer mu.Unlock()
				filled[m.Name+":"+op.Name] = plain(out)
				return out.Interface(), nil
			}
			handlers = append(handlers, h)
		}
		s, err := NewService(m, handlers...)
		if err != nil {
			t.Fatal(err)
		}
		services = append(services, s)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		req := &Request{Method: r.Method, RawPath: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header, Body: body, ID: "id-1"}
		_, version, err := Action(req)
		if err != nil {
			t.Error(err)
		}
		for _, s := range services {
			if s.model.Version != version {
				continue
			}
			var resp Response
			if call, err := s.Find(req); err != nil {
				resp = s.Refuse(err, "id-1")
			} else if !call.Offered() {
				resp = call.Serve(r.Context())
			} else {
				in := call.Input()
				// The samples break the rules of many members, which are not what is tested here.
				if code := CodeOf(call.malformed); code == "ValidationError" || code == "InvalidParameterValue" {
					call.malformed = nil
				}
				mu.Lock()
				received[s.model.Name+":"+call.Operation.Name] = plain(reflect.ValueOf(in))
				mu.Unlock()
				resp = call.Serve(r.Context())
			}
			for k, v := range resp.Header {
				w.Header()[k] = v
			}
			w.WriteHeader(resp.Status)
			if _, err := w.Write(resp.Body); err != nil {
				t.Error(err)
			}
			return
		}
		t.Errorf("no service for version %q", version)
	}))
	defer server.Close()
	cmd := exec.Command("python3", "testdata/conform.py", server.URL, "iam", "sts", "cloudformation", "ec2")
	cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=/nonexistent", "NO_PROXY=127.0.0.1", "PYTHONIOENCODING=utf-8")
	var failure strings.Builder
	cmd.Stderr = &failure
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, failure.String())
	}
	var seen map[string]struct{ Sent, Read any }
	if err := json.Unmarshal(raw, &seen); err != nil {
		t.Fatal(err)
	}
	for _, m := range models {
		for _, op := range m.Operations {
			name := m.Name + ":" + op.Name
			if op.Input == nil {
				continue
			}
			call, ok := seen[name]
			if !ok {
				t.Errorf("%s was not called", name)
				continue
			}
			if diff := cmp.Diff(call.Sent, received[name]); diff != "" {
				t.Errorf("%s: input (-botocore sent +decoded):\n%s", name, diff)
			}
			want := filled[name]
			if want == nil {
				want = map[string]any{}
			}
			if diff := cmp.Diff(want, call.Read); diff != "" {
				t.Errorf("%s: output (-encoded +botocore read):\n%s", name, diff)
			}
		}
	}
}

// fill sets every member of an output.
func fill(v reflect.Value, name string, rules map[string]shape.Rule, rule string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 250e6, time.UTC)))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, rules, rule)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			fill(v.Field(i), f.Name, rules, f.Tag.Get("shape"))
		}
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte("\x00\xff" + name))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), name, rules, rules[rule].Member)
		}
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, k := range []string{"k.1", "b & c"} {
			e := reflect.New(v.Type().Elem()).Elem()
			fill(e, name, rules, rules[rule].Value)
			v.SetMapIndex(reflect.ValueOf(k), e)
		}
	case v.Kind() == reflect.String && rules[rule].Percent:
		v.SetString(`{"a":["%41+ é"]}`)
	case v.Kind() == reflect.String:
		v.SetString(name + " \t%41+&=/é<>\"'~*😀")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Float64:
		v.SetFloat(0.25)
	default:
		v.SetInt(7)
	}
}

// plain turns a message into what encoding/json would read, with the names of members in small letters.
func plain(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.Pointer:
		return plain(v.Elem())
	case v.Type() == reflect.TypeFor[time.Time]():
		return float64(v.Interface().(time.Time).UnixMilli()) / 1000
	case v.Type() == reflect.TypeFor[[]byte]():
		return base64.StdEncoding.EncodeToString(v.Bytes())
	case v.Kind() == reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			switch f := v.Field(i); f.Kind() {
			case reflect.Pointer, reflect.Slice, reflect.Map:
				if f.IsNil() {
					continue
				}
			}
			out[strings.ToLower(v.Type().Field(i).Name)] = plain(v.Field(i))
		}
		return out
	case v.Kind() == reflect.Slice:
		out := []any{}
		for _, e := range elements(v) {
			out = append(out, plain(e))
		}
		return out
	case v.Kind() == reflect.Map:
		out := map[string]any{}
		for k, e := range entries(v) {
			out[k] = plain(e)
		}
		return out
	case v.CanInt():
		return float64(v.Int())
	}
	return v.Interface()
}
