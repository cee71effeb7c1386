package sts_test

import (
	"net/netip"
	"testing"
	"time"

	awsiam "gatehouse/internal/awsapi/iam"
	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/identity"
)

func address(text string) netip.Addr { return netip.MustParseAddr(text) }

func TestGetSessionToken(t *testing.T) {
	h := newHouse(t, nil)
	ada, root := h.user("ada", statement("Allow", "s3:*")), h.root()
	for name, tt := range map[string]struct {
		in         api.GetSessionTokenInput
		code, text string
	}{
		"too short":     {api.GetSessionTokenInput{DurationSeconds: new(int32(899))}, "ValidationError", ""},
		"too long":      {api.GetSessionTokenInput{DurationSeconds: new(int32(129601))}, "ValidationError", ""},
		"second factor": {api.GetSessionTokenInput{TokenCode: new("123456")}, "AccessDenied", ""},
	} {
		_, err := h.GetSessionToken(ada, &tt.in)
		refused(t, name, err, tt.code, tt.text)
	}
	_, err := h.GetSessionToken(t.Context(), &api.GetSessionTokenInput{})
	refused(t, "nobody", err, "MissingAuthenticationToken", "")
	out, err := h.GetSessionToken(ada, &api.GetSessionTokenInput{})
	h.ok(err)
	if !out.Credentials.Expiration.Equal(now.Add(12 * time.Hour)) {
		t.Errorf("a user's session ends %s, want in 12 hours", out.Credentials.Expiration)
	}
	session := h.with(out.Credentials)
	c := identity.CallerFrom(session)
	if c.Kind != identity.IAMUser || c.ARN != "arn:aws:iam::123456789012:user/ada" || c.Session == nil || len(c.Policies.Identity) != 1 || c.Policies.Session != nil {
		t.Errorf("caller: got %v %s", c.Kind, c.ARN)
	}
	_, err = h.GetSessionToken(session, &api.GetSessionTokenInput{})
	refused(t, "from a session", err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	out, err = h.GetSessionToken(root, &api.GetSessionTokenInput{DurationSeconds: new(int32(7200))})
	h.ok(err)
	if !out.Credentials.Expiration.Equal(now.Add(time.Hour)) {
		t.Errorf("a session of the account ends %s, want in an hour", out.Credentials.Expiration)
	}
	// The user goes, and so does the session.
	key := identity.CallerFrom(ada).Key
	h.ok(h.iam.DeleteUserPolicy(ada, &awsiam.DeleteUserPolicyInput{UserName: "ada", PolicyName: "p0"}))
	h.ok(h.iam.DeleteAccessKey(ada, &awsiam.DeleteAccessKeyInput{AccessKeyId: string(key)}))
	h.ok(h.iam.DeleteUser(ada, &awsiam.DeleteUserInput{UserName: "ada"}))
	if c, err := h.callers.Find(t.Context(), c.Key, "", now); err == nil {
		t.Errorf("a session of a user that is gone: got %s", c.ARN)
	}
}

func TestGetFederationToken(t *testing.T) {
	h := newHouse(t, nil)
	ada := h.user("ada", statement("Allow", "s3:*"), statement("Allow", "sts:GetFederationToken"))
	for name, tt := range map[string]struct {
		in         api.GetFederationTokenInput
		code, text string
	}{
		"short name":  {api.GetFederationTokenInput{Name: "b"}, "ValidationError", ""},
		"long name":   {api.GetFederationTokenInput{Name: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}, "ValidationError", ""},
		"odd name":    {api.GetFederationTokenInput{Name: "b:c"}, "ValidationError", ""},
		"policy":      {api.GetFederationTokenInput{Name: "bob", Policy: new("x")}, "MalformedPolicyDocument", ""},
		"policy ARN":  {api.GetFederationTokenInput{Name: "bob", PolicyArns: []api.PolicyDescriptorType{{Arn: new("arn:aws:iam::123456789012:policy/x")}}}, "MalformedPolicyDocument", ""},
		"duration":    {api.GetFederationTokenInput{Name: "bob", DurationSeconds: new(int32(1))}, "ValidationError", ""},
		"tags":        {api.GetFederationTokenInput{Name: "bob", Tags: []api.Tag{{Key: "a"}}}, "AccessDenied", "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:TagSession on resource: arn:aws:sts::123456789012:federated-user/bob because no identity-based policy allows the sts:TagSession action"},
		"tags, twice": {api.GetFederationTokenInput{Name: "bob", Tags: []api.Tag{{Key: "a"}, {Key: "A"}}}, "InvalidParameterValue", ""},
	} {
		_, err := h.GetFederationToken(ada, &tt.in)
		refused(t, name, err, tt.code, tt.text)
	}
	out, err := h.GetFederationToken(ada, &api.GetFederationTokenInput{Name: "bob", Policy: new(statement("Allow", "s3:Get"))})
	h.ok(err)
	if out.FederatedUser.Arn != "arn:aws:sts::123456789012:federated-user/bob" || out.FederatedUser.FederatedUserId != "123456789012:bob" || *out.PackedPolicySize < 1 {
		t.Errorf("got %v, packed %d", out.FederatedUser, *out.PackedPolicySize)
	}
	c := identity.CallerFrom(h.with(out.Credentials))
	if c.Kind != identity.FederatedUser || c.UserID() != "123456789012:bob" || len(c.Policies.Identity) != 2 || len(c.Policies.Session) != 1 {
		t.Errorf("caller: got %v %s", c.Kind, c.UserID())
	}
	_, err = h.GetFederationToken(h.with(out.Credentials), &api.GetFederationTokenInput{Name: "eve"})
	refused(t, "from a session", err, "AccessDenied", "")
	bare, err := h.GetFederationToken(h.root(), &api.GetFederationTokenInput{Name: "bob", Tags: []api.Tag{{Key: "a", Value: "b"}}})
	if err != nil || !bare.Credentials.Expiration.Equal(now.Add(time.Hour)) {
		t.Errorf("by the account: got %v, %v", bare, err)
	}
	none, err := h.GetFederationToken(ada, &api.GetFederationTokenInput{Name: "bob"})
	if err != nil || *none.PackedPolicySize != 0 { // [recorded]
		t.Errorf("without policies: got %v, %v", none, err)
	}
}

func TestInformation(t *testing.T) {
	h := newHouse(t, nil)
	ada := h.user("ada")
	out, err := h.GetAccessKeyInfo(ada, &api.GetAccessKeyInfoInput{AccessKeyId: string(identity.CallerFrom(ada).Key)})
	if err != nil || *out.Account != account {
		t.Errorf("GetAccessKeyInfo: got %v, %v", out, err)
	}
	_, err = h.GetAccessKeyInfo(ada, &api.GetAccessKeyInfoInput{AccessKeyId: "AKIAAAAAAAAAAAAAAAAA"})
	refused(t, "unknown key", err, "ValidationError", "")
	_, err = h.DecodeAuthorizationMessage(ada, &api.DecodeAuthorizationMessageInput{EncodedMessage: "x"})
	refused(t, "message", err, "InvalidAuthorizationMessageException", "")
}
