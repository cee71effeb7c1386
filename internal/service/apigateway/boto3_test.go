package apigateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"

	"gatehouse/internal/wire"
)

// TestBoto3 drives the service with a real SDK. Signatures are not checked here (controlplane does that).
func TestBoto3(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Python")
	}
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		t.Skip("python3 with boto3 is not installed")
	}
	h := newHouse(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		call, err := h.wire.Find(&wire.Request{Method: r.Method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header, Body: body})
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
			w.WriteHeader(http.StatusNotFound)
			return
		}
		resp := call.Serve(r.Context())
		for name, values := range resp.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(resp.Status)
		w.Write(resp.Body)
	}))
	defer server.Close()
	if out, err := exec.CommandContext(t.Context(), "python3", "testdata/roundtrip.py", server.URL).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
