package identity_test

import (
	"strings"
	"testing"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
)

func TestAWSPolicies(t *testing.T) {
	all := identity.AWSPolicies()
	if len(all) < 20 {
		t.Fatalf("got %d policies, want those of the embedded file", len(all))
	}
	last := ""
	for _, p := range all {
		if name := identity.Fold(p.Name); name <= last {
			t.Errorf("%s: the list is not sorted by name", p.Name)
		} else {
			last = name
		}
		text, ok := p.Document()
		if !ok {
			t.Errorf("%s has no document", p.Name)
			continue
		}
		if _, err := policy.Load(text, policy.Managed, p.ARN); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if !identity.ValidName(string(p.Name), 128) || !identity.ValidPath(p.Path) || !identity.IsAWSPolicy(p.ARN) || len(p.ID) != 21 {
			t.Errorf("%s: path %s, ARN %s, id %s", p.Name, p.Path, p.ARN, p.ID)
		}
	}
	p, ok := identity.AWSPolicy("arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess")
	if !ok {
		t.Fatal("AmazonAPIGatewayInvokeFullAccess is missing")
	}
	// [recorded second-hand]
	const want = `{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "execute-api:Invoke",
                "execute-api:ManageConnections"
            ],
            "Resource": "arn:aws:execute-api:*:*:*"
        }
    ]
}`
	if got, _ := p.Document(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, arn := range []string{"", "arn:aws:iam::aws:policy/amazonapigatewayinvokefullaccess", "arn:aws:iam::123456789012:policy/AdministratorAccess"} {
		if p, ok := identity.AWSPolicy(arn); ok {
			t.Errorf("AWSPolicy(%q): got %s", arn, p.ARN)
		}
	}
	if identity.IsAWSPolicy("arn:aws:iam::123456789012:policy/x") || strings.HasPrefix(all[0].ARN, "arn:aws:iam::aws:policy//") {
		t.Error("IsAWSPolicy takes a policy of an account")
	}
}
