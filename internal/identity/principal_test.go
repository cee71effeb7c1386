package identity_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/seal"
)

const account = "123456789012"

// The rows of "Principal key values" in the IAM user guide, and of API Gateway's event identity [docs].
func TestPrincipal(t *testing.T) {
	s := session()
	for name, tt := range map[string]struct {
		p    identity.Principal
		id   string
		want condition.Context
	}{
		"nobody": {identity.Principal{}, "", condition.Context{PrincipalType: "Anonymous", UserID: "anonymous"}},
		"root": {
			identity.Principal{Kind: identity.RootUser, Account: account, ARN: "arn:aws:iam::123456789012:root", ID: account}, account,
			condition.Context{PrincipalARN: "arn:aws:iam::123456789012:root", PrincipalAccount: account, PrincipalType: "Account",
				UserID: account, PrincipalIsAWSService: condition.False},
		},
		"user": {
			identity.Principal{Kind: identity.IAMUser, Account: account, ARN: "arn:aws:iam::123456789012:user/team/ada", ID: "AIDA1", Name: "ada",
				Tags: map[string]string{"b": "2", "a": "1"}}, "AIDA1",
			condition.Context{PrincipalARN: "arn:aws:iam::123456789012:user/team/ada", PrincipalAccount: account, PrincipalType: "User",
				UserID: "AIDA1", Username: "ada", PrincipalIsAWSService: condition.False,
				PrincipalTags: []condition.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}},
		},
		"role session": {
			identity.Principal{Kind: identity.RoleSession, Account: account, ARN: "arn:aws:sts::123456789012:assumed-role/R/deploy", ID: "AROA1", Name: "deploy",
				Issuer: "arn:aws:iam::123456789012:role/team/R", Session: s}, "AROA1:deploy",
			condition.Context{PrincipalARN: "arn:aws:iam::123456789012:role/team/R", PrincipalAccount: account, PrincipalType: "AssumedRole",
				UserID: "AROA1:deploy", PrincipalIsAWSService: condition.False, TokenIssueTime: issued, MFAPresent: condition.False,
				SourceIdentity: "ada", FederatedProvider: "accounts.example.com",
				More: []condition.Attribute{{Name: "accounts.example.com:sub", Values: []string{"s"}}}},
		},
		"federated user": {
			identity.Principal{Kind: identity.FederatedUser, Account: account, ARN: "arn:aws:sts::123456789012:federated-user/guest", ID: account, Name: "guest"}, account + ":guest",
			condition.Context{PrincipalARN: "arn:aws:sts::123456789012:federated-user/guest", PrincipalAccount: account, PrincipalType: "FederatedUser",
				UserID: account + ":guest", PrincipalIsAWSService: condition.False},
		},
		"service": {
			identity.Principal{Kind: identity.Service, Name: "lambda.amazonaws.com"}, "",
			condition.Context{PrincipalIsAWSService: condition.True, PrincipalServiceName: "lambda.amazonaws.com"},
		},
	} {
		var got condition.Context
		identity.NewCaller(tt.p, seal.Secret{}, nil).Describe(&got)
		if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := tt.p.UserID(); got != tt.id {
			t.Errorf("%s: UserID: got %q, want %q", name, got, tt.id)
		}
	}
}

func TestCaller(t *testing.T) {
	if got := identity.CallerFrom(t.Context()); got != nil {
		t.Errorf("CallerFrom of nobody's call: got %v", got)
	}
	p := identity.NewCaller(identity.Principal{Kind: identity.RootUser}, seal.Secret{}, nil)
	if got := identity.CallerFrom(identity.WithCaller(t.Context(), p)); got != p {
		t.Errorf("CallerFrom: got %v, want %v", got, p)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"ada": true, "a_+=,.@-Z9": true, "": false, "a b": false, "a/b": false, "ä": false, "a\n": false, strings.Repeat("a", 65): false,
	} {
		if got := identity.ValidName(name, 64); got != want {
			t.Errorf("ValidName(%q): got %v", name, got)
		}
	}
	for path, want := range map[string]bool{
		"/": true, "/team/": true, "/a/b/": true, "": false, "//": false, "team/": false, "/team": false, "/a b/": false, "/ä/": false,
		"/" + strings.Repeat("a", 511) + "/": false,
	} {
		if got := identity.ValidPath(path); got != want {
			t.Errorf("ValidPath(%q): got %v", path, got)
		}
	}
	if got := identity.Fold("AbÄ\u212a"); got != "abÄ\u212a" { // the last is the Kelvin sign
		t.Errorf("Fold: got %q", got)
	}
}

func TestNewIDs(t *testing.T) {
	random := bytes.NewReader(bytes.Repeat([]byte{0x42}, 1000))
	id, err := identity.NewID[identity.UserID](random, identity.UserPrefix)
	if err != nil || len(id) != 21 || !strings.HasPrefix(string(id), "AIDA") {
		t.Errorf("NewID: got %q, %v", id, err)
	}
	key, secret, err := identity.NewAccessKey(random, identity.KeyPrefix)
	if err != nil || len(key) != 20 || len(secret.Reveal()) != 40 {
		t.Errorf("NewAccessKey: got %q, %d characters, %v", key, len(secret.Reveal()), err)
	}
	for range 30 {
		_, _, err = identity.NewAccessKey(random, identity.KeyPrefix)
	}
	if err == nil {
		t.Error("NewAccessKey without random numbers: got no error")
	}
}
