package vpc

import (
	"bytes"
	"regexp"
	"testing"
)

func TestParseEndpointID(t *testing.T) {
	for _, s := range []string{
		"", "vpce-", "vpc-0123456789abcdef0", "vpce-0123456789abcdef", "vpce-0123456789abcdef00", "vpce-0123456789abcdefg",
		"VPCE-0123456789abcdef0", "vpce-0123456789ABCDEF0", "vpce-0123456789abcdef0 ", " vpce-0123456789abcdef0", "vpce-0123456789abcdef0\n",
		"vpce-٠١٢٣٤٥٦٧",
	} {
		if got, err := ParseEndpointID(s); err == nil {
			t.Errorf("ParseEndpointID(%q) = %q, want an error", s, got)
		}
	}
	for _, s := range []string{"vpce-0123456789abcdef0", "vpce-01234567"} {
		if got, err := ParseEndpointID(s); err != nil || string(got) != s {
			t.Errorf("ParseEndpointID(%q) = %q, %v", s, got, err)
		}
	}
}

func TestParseID(t *testing.T) {
	for s, want := range map[string]bool{"vpc-0123456789abcdef0": true, "vpc-01234567": true, "vpce-01234567": false, "vpc-1": false, "": false} {
		if _, err := ParseID(s); (err == nil) != want {
			t.Errorf("ParseID(%q): %v, want valid %v", s, err, want)
		}
	}
}

func TestNewEndpointID(t *testing.T) {
	got, err := NewEndpointID(bytes.NewReader([]byte("abcdefghi")))
	if want := EndpointID("vpce-06162636465666768"); err != nil || got != want {
		t.Errorf("NewEndpointID = %q, %v, want %q", got, err, want)
	}
	if _, err := NewEndpointID(bytes.NewReader(nil)); err == nil {
		t.Error("an id was drawn from nothing")
	}
	a, b := EndpointIDFor("stack/A/1"), EndpointIDFor("stack/A/2")
	if _, err := ParseEndpointID(string(a)); err != nil || a == b || a != EndpointIDFor("stack/A/1") {
		t.Errorf("EndpointIDFor: %q, %q, %v", a, b, err)
	}
}

func TestNames(t *testing.T) {
	e := &Endpoint{ID: "vpce-0123456789abcdef0"}
	if got := e.Label(); !regexp.MustCompile(`^vpce-0123456789abcdef0-[a-z2-7]{8}$`).MatchString(got) {
		t.Errorf("Label = %q", got)
	}
	if a, b := e.Interface(0), e.Interface(1); a == b || !regexp.MustCompile(`^eni-0[0-9a-f]{16}$`).MatchString(a) {
		t.Errorf("Interface = %q, %q", a, b)
	}
	if got := ServiceName("eu-west-1"); got != "com.amazonaws.eu-west-1.execute-api" {
		t.Errorf("ServiceName = %q", got)
	}
}
