package apigw

import (
	"testing"
	"time"
)

func definition() Definition {
	mock := &Integration{Type: IntegrationMock, Passthrough: "NEVER", Timeout: time.Second}
	return Definition{
		API: RestAPI{ID: "a", Name: "n", Root: "r"},
		Resources: []Resource{
			{API: "a", ID: "r", Path: "/", Methods: map[string]*Method{"GET": {Verb: "GET", Auth: AuthNone, Integration: mock}}},
			{API: "a", ID: "x", Parent: "r", PathPart: "x", Path: "/x"},
		},
		Models: []Model{{API: "a", Name: "M"}, {API: "a", Name: "N"}},
	}
}

func TestFreezeRefuses(t *testing.T) {
	d := definition()
	d.Resources[0].Methods = nil
	if _, err := Freeze(d); refusal(err) != "The REST API doesn't contain any methods" {
		t.Errorf("no methods: %v", err)
	}
	d = definition()
	d.Resources[0].Methods["GET"].Integration = nil
	if _, err := Freeze(d); refusal(err) != "No integration defined for method" {
		t.Errorf("no integration: %v", err)
	}
}

// Everything that may change how a request is judged or answered must change the digest.
func TestDigest(t *testing.T) {
	digest := func(change func(*Definition)) string {
		d := definition()
		change(&d)
		f, err := Freeze(d)
		if err != nil {
			t.Fatal(err)
		}
		return f.Digest
	}
	same := digest(func(*Definition) {})
	for name, change := range map[string]func(*Definition){
		"order of resources": func(d *Definition) { d.Resources[0], d.Resources[1] = d.Resources[1], d.Resources[0] },
		"order of models":    func(d *Definition) { d.Models[0], d.Models[1] = d.Models[1], d.Models[0] },
		"tags":               func(d *Definition) { d.API.Tags = map[string]string{"a": "b"} },
	} {
		if digest(change) != same {
			t.Errorf("%s: the digest changed", name)
		}
	}
	for name, change := range map[string]func(*Definition){
		"key required":   func(d *Definition) { d.Resources[0].Methods["GET"].KeyRequired = true },
		"authorization":  func(d *Definition) { d.Resources[0].Methods["GET"].Auth = AuthIAM },
		"policy":         func(d *Definition) { d.API.Policy = "{}" },
		"key source":     func(d *Definition) { d.API.KeySource = KeyFromAuthorizer },
		"path":           func(d *Definition) { d.Resources[1].Path = "/y" },
		"timeout":        func(d *Definition) { d.Resources[0].Methods["GET"].Integration.Timeout++ },
		"schema":         func(d *Definition) { d.Models[0].Schema = "{}" },
		"an authorizer":  func(d *Definition) { d.Authorizers = []Authorizer{{ID: "x"}} },
		"gateway answer": func(d *Definition) { d.GatewayResponses = []GatewayResponse{{Type: "THROTTLED"}} },
	} {
		if digest(change) == same {
			t.Errorf("%s: the digest is the same", name)
		}
	}
}
