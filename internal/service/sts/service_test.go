package sts_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	awsiam "gatehouse/internal/awsapi/iam"
	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/directory"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/seal"
	"gatehouse/internal/service/iam"
	"gatehouse/internal/service/sts"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

const account = "123456789012"

var (
	where = identity.Home{Partition: "aws", Account: account, Region: "us-east-1"}
	now   = time.Date(2026, 11, 21, 2, 3, 4, 0, time.UTC)
)

// house has IAM beside STS, and finds callers as doors do.
type house struct {
	*sts.Service
	t       *testing.T
	iam     *iam.Service
	db      store.DB
	tables  *tables.Tables
	callers *directory.Callers
}

func newHouse(t *testing.T, web sts.WebTokens) *house {
	h := &house{t: t, db: store.NewMemory(), tables: tables.New(seal.NewKey())}
	clock := func() time.Time { return now }
	h.iam = iam.New(iam.Config{DB: h.db, Tables: h.tables, Home: where, Now: clock, Random: rand.Reader})
	h.Service = sts.New(sts.Config{DB: h.db, Tables: h.tables, Home: where, Now: clock, Random: rand.Reader, WebTokens: web})
	h.callers = directory.NewCallers(h.db, h.tables, where)
	return h
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// user makes a user and returns the context of its calls.
func (h *house) user(name string, policies ...string) context.Context {
	h.t.Helper()
	_, err := h.iam.CreateUser(h.t.Context(), &awsiam.CreateUserInput{UserName: name})
	h.ok(err)
	for i, document := range policies {
		h.ok(h.iam.PutUserPolicy(h.t.Context(), &awsiam.PutUserPolicyInput{UserName: name, PolicyName: "p" + string(rune('0'+i)), PolicyDocument: document}))
	}
	k, err := h.iam.CreateAccessKey(h.t.Context(), &awsiam.CreateAccessKeyInput{UserName: &name})
	h.ok(err)
	return h.as(k.AccessKey.AccessKeyId, "")
}

// as is the context of calls with credentials.
func (h *house) as(key, token string) context.Context {
	h.t.Helper()
	c, err := h.callers.Find(h.t.Context(), identity.AccessKeyID(key), token, now)
	h.ok(err)
	return identity.WithCaller(h.t.Context(), c)
}

func (h *house) with(c *api.Credentials) context.Context {
	h.t.Helper()
	return h.as(c.AccessKeyId, c.SessionToken)
}

func (h *house) root() context.Context {
	h.t.Helper()
	_, err := h.db.Update(h.t.Context(), func(tx store.Tx) error {
		return h.tables.AccessKeys.Put(tx, account+"/aws-global", identity.AccessKey{ID: "AKIAROOT", Secret: seal.Hide("r"), Root: true, Active: true})
	})
	h.ok(err)
	return h.as("AKIAROOT", "")
}

func (h *house) role(name, trust string) string {
	h.t.Helper()
	out, err := h.iam.CreateRole(h.t.Context(), &awsiam.CreateRoleInput{RoleName: name, Path: new("/team/"), AssumeRolePolicyDocument: trust})
	h.ok(err)
	return out.Role.Arn
}

// trust is a trust policy: principal and condition are JSON.
func trust(principal, actions, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":` + actions + condition + `}]}`
}

func statement(effect, action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"}]}`
}

const (
	assume   = `"sts:AssumeRole"`
	anything = `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	ada      = `{"AWS":"arn:aws:iam::123456789012:user/ada"}`
	house1   = `{"AWS":"123456789012"}`
)

// refused compares a refusal: code and text, "" for any text.
func refused(t *testing.T, name string, err error, code, text string) {
	t.Helper()
	e, ok := errors.AsType[*wire.Error](err)
	switch {
	case code == "" && err != nil:
		t.Errorf("%s: got %v", name, err)
	case code != "" && (!ok || e.Code != code || text != "" && e.Message != text):
		t.Errorf("%s: got %v, want %s: %s", name, err, code, text)
	}
}

func TestGetCallerIdentity(t *testing.T) {
	h := newHouse(t, nil)
	_, err := h.GetCallerIdentity(t.Context(), &api.GetCallerIdentityInput{})
	refused(t, "nobody", err, "MissingAuthenticationToken", "")
	_, err = h.GetCallerIdentity(identity.WithCaller(t.Context(), &identity.Caller{}), &api.GetCallerIdentityInput{})
	refused(t, "unsigned", err, "MissingAuthenticationToken", "")
	out, err := h.GetCallerIdentity(h.root(), &api.GetCallerIdentityInput{})
	if err != nil || *out.Arn != "arn:aws:iam::123456789012:root" || *out.UserId != account || *out.Account != account {
		t.Errorf("root: got %v, %v", out, err)
	}
	// A deny does not matter [docs]: the operation asks nobody.
	out, err = h.GetCallerIdentity(h.user("ada", statement("Deny", "*")), &api.GetCallerIdentityInput{})
	if err != nil || *out.Arn != "arn:aws:iam::123456789012:user/ada" || !strings.HasPrefix(*out.UserId, "AIDA") {
		t.Errorf("user: got %v, %v", out, err)
	}
}

// Who may assume a role: trust policy × policies of the caller.
func TestAssumeRoleDecision(t *testing.T) {
	for name, tt := range map[string]struct {
		trust    string
		policies []string
		allowed  bool
	}{
		"named":                             {trust(ada, assume, ""), nil, true},
		"named, own deny":                   {trust(ada, assume, ""), []string{statement("Deny", "sts:*")}, false},
		"account named":                     {trust(house1, assume, ""), nil, false},
		"account named, own allow":          {trust(house1, assume, ""), []string{statement("Allow", "sts:AssumeRole")}, true},
		"account named, other allow":        {trust(house1, assume, ""), []string{statement("Allow", "s3:*")}, false},
		"not named, own allow":              {trust(`{"Service":"lambda.amazonaws.com"}`, assume, ""), []string{statement("Allow", "*")}, false},
		"other account named, own allow":    {trust(`{"AWS":"999999999999"}`, assume, ""), []string{statement("Allow", "*")}, false},
		"everybody, own allow":              {trust(`{"AWS":"*"}`, assume, `{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}`), []string{statement("Allow", "*")}, true},
		"condition fails":                   {trust(ada, assume, `{"StringEquals":{"sts:ExternalId":"x"}}`), nil, false},
		"condition on the session's name":   {trust(ada, assume, `{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}`), nil, false},
		"condition on the address":          {trust(ada, assume, `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), nil, true},
		"condition on another address":      {trust(ada, assume, `{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`), nil, false},
		"a deny in the trust":               {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + ada + `,"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`, nil, false},
		"only for web identities":           {trust(ada, `"sts:AssumeRoleWithWebIdentity"`, ""), []string{statement("Allow", "*")}, false},
		"named with all actions of the STS": {trust(ada, `"sts:*"`, ""), nil, true},
	} {
		h := newHouse(t, nil)
		ctx := h.user("ada", tt.policies...)
		x := &condition.Context{SourceIP: address("192.0.2.7")}
		role := h.role("R", tt.trust)
		out, err := h.AssumeRole(identity.WithConditions(ctx, x), &api.AssumeRoleInput{RoleArn: role, RoleSessionName: "deploy"})
		if tt.allowed {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if out.AssumedRoleUser.Arn != "arn:aws:sts::123456789012:assumed-role/R/deploy" {
				t.Errorf("%s: got %s, want the ARN without the path of the role", name, out.AssumedRoleUser.Arn)
			}
			continue
		}
		refused(t, name, err, "AccessDenied", "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:AssumeRole on resource: "+role)
	}
}

func TestAssumeRoleRefusals(t *testing.T) {
	h := newHouse(t, nil)
	ctx := h.user("ada", statement("Allow", "*"))
	role := h.role("R", trust(ada, anything, `{"StringEqualsIfExists":{"sts:ExternalId":"secret"}}`))
	plain := h.role("Plain", trust(ada, assume, ""))
	named := func(tag string, n int) []api.Tag { return []api.Tag{{Key: tag, Value: strings.Repeat("v", n)}} }
	const denied = "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: "
	for name, tt := range map[string]struct {
		ctx        context.Context
		in         api.AssumeRoleInput
		code, text string
	}{
		"nobody":             {t.Context(), api.AssumeRoleInput{}, "MissingAuthenticationToken", ""},
		"root":               {h.root(), api.AssumeRoleInput{}, "AccessDenied", "Roles may not be assumed by root accounts."},
		"no ARN":             {ctx, api.AssumeRoleInput{RoleArn: "R"}, "ValidationError", "R is invalid"},
		"no role":            {ctx, api.AssumeRoleInput{RoleArn: "arn:aws:iam::123456789012:role/None"}, "AccessDenied", denied + "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/None"},
		"by another path":    {ctx, api.AssumeRoleInput{RoleArn: "arn:aws:iam::123456789012:role/R"}, "AccessDenied", ""},
		"by another case":    {ctx, api.AssumeRoleInput{RoleArn: "arn:aws:iam::123456789012:role/team/r"}, "AccessDenied", ""},
		"another account":    {ctx, api.AssumeRoleInput{RoleArn: "arn:aws:iam::999999999999:role/team/R"}, "AccessDenied", ""},
		"a user":             {ctx, api.AssumeRoleInput{RoleArn: "arn:aws:iam::123456789012:user/ada"}, "AccessDenied", ""},
		"session name":       {ctx, api.AssumeRoleInput{RoleSessionName: "a:b"}, "ValidationError", `1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		"external id":        {ctx, api.AssumeRoleInput{ExternalId: new("Secret")}, "AccessDenied", ""},
		"too short":          {ctx, api.AssumeRoleInput{DurationSeconds: new(int32(899))}, "ValidationError", ""},
		"negative":           {ctx, api.AssumeRoleInput{DurationSeconds: new(int32(-1))}, "ValidationError", ""},
		"too long":           {ctx, api.AssumeRoleInput{DurationSeconds: new(int32(3601))}, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"second factor":      {ctx, api.AssumeRoleInput{SerialNumber: new("arn:aws:iam::123456789012:mfa/ada"), TokenCode: new("123456")}, "AccessDenied", ""},
		"contexts":           {ctx, api.AssumeRoleInput{ProvidedContexts: []api.ProvidedContext{{}}}, "ValidationError", ""},
		"policy":             {ctx, api.AssumeRoleInput{Policy: new("{")}, "MalformedPolicyDocument", "Syntax errors in policy."},
		"long policy":        {ctx, api.AssumeRoleInput{Policy: new(statement("Allow", "*") + strings.Repeat(" ", 2048))}, "ValidationError", ""},
		"policy ARN":         {ctx, api.AssumeRoleInput{PolicyArns: []api.PolicyDescriptorType{{Arn: new("arn:aws:iam::123456789012:policy/none")}}}, "MalformedPolicyDocument", ""},
		"unknown policy ARN": {ctx, api.AssumeRoleInput{PolicyArns: []api.PolicyDescriptorType{{Arn: new("arn:aws:iam::aws:policy/NobodyKnows")}}}, "MalformedPolicyDocument", ""},
		"empty policy ARN":   {ctx, api.AssumeRoleInput{PolicyArns: []api.PolicyDescriptorType{{}}}, "ValidationError", ""},
		"eleven ARNs":        {ctx, api.AssumeRoleInput{PolicyArns: make([]api.PolicyDescriptorType, 11)}, "ValidationError", ""},
		"tags by case":       {ctx, api.AssumeRoleInput{Tags: append(named("a", 1), named("A", 1)...)}, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"tags not allowed":   {ctx, api.AssumeRoleInput{RoleArn: plain, Tags: named("a", 1)}, "AccessDenied", denied + "sts:TagSession on resource: " + plain},
		"name not allowed":   {ctx, api.AssumeRoleInput{RoleArn: plain, SourceIdentity: new("eve")}, "AccessDenied", denied + "sts:SetSourceIdentity on resource: " + plain},
		"51 tags":            {ctx, api.AssumeRoleInput{Tags: make([]api.Tag, 51)}, "ValidationError", ""},
		"transitive":         {ctx, api.AssumeRoleInput{Tags: named("a", 1), TransitiveTagKeys: []string{"b"}}, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."},
	} {
		if tt.in.RoleArn == "" {
			tt.in.RoleArn = role
		}
		if tt.in.RoleSessionName == "" {
			tt.in.RoleSessionName = "deploy"
		}
		out, err := h.AssumeRole(tt.ctx, &tt.in)
		if refused(t, name, err, tt.code, tt.text); out != nil {
			t.Errorf("%s: got credentials of %s", name, out.AssumedRoleUser.Arn)
		}
	}
	// Random values do not pack.
	var tags []api.Tag
	for range 30 {
		raw := make([]byte, 192)
		rand.Read(raw)
		tags = append(tags, api.Tag{Key: base64.RawURLEncoding.EncodeToString(raw[:8]), Value: base64.StdEncoding.EncodeToString(raw)})
	}
	_, err := h.AssumeRole(ctx, &api.AssumeRoleInput{RoleArn: role, RoleSessionName: "deploy", Tags: tags})
	refused(t, "too much to pack", err, "PackedPolicyTooLarge", "")
	h.ok(h.db.Close())
	if _, err := h.AssumeRole(ctx, &api.AssumeRoleInput{RoleArn: role, RoleSessionName: "deploy"}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("without a store: got %v", err)
	}
}

func TestAssumeRole(t *testing.T) {
	h := newHouse(t, nil)
	ctx := h.user("ada")
	role := h.role("R", trust(ada, anything, ""))
	h.ok(h.iam.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: "R", PolicyArn: "arn:aws:iam::aws:policy/AmazonAPIGatewayAdministrator"}))
	out, err := h.AssumeRole(ctx, &api.AssumeRoleInput{RoleArn: role, RoleSessionName: "deploy"})
	h.ok(err)
	if out.PackedPolicySize != nil || out.SourceIdentity != nil { // [recorded]
		t.Errorf("got packed size %v and source identity %v, want neither", out.PackedPolicySize, out.SourceIdentity)
	}
	c := out.Credentials
	if !strings.HasPrefix(c.AccessKeyId, "ASIA") || len(c.AccessKeyId) != 20 || len(c.SecretAccessKey) != 40 || !c.Expiration.Equal(now.Add(time.Hour)) {
		t.Errorf("credentials: got %s, a secret of %d, until %s", c.AccessKeyId, len(c.SecretAccessKey), c.Expiration)
	}
	if !strings.HasSuffix(out.AssumedRoleUser.AssumedRoleId, ":deploy") || !strings.HasPrefix(out.AssumedRoleUser.AssumedRoleId, "AROA") {
		t.Errorf("assumed role id: got %s", out.AssumedRoleUser.AssumedRoleId)
	}
	who, err := h.GetCallerIdentity(h.with(c), &api.GetCallerIdentityInput{})
	if err != nil || *who.UserId != out.AssumedRoleUser.AssumedRoleId || *who.Arn != out.AssumedRoleUser.Arn {
		t.Errorf("GetCallerIdentity of the session: got %v, %v", who, err)
	}
	caller := identity.CallerFrom(h.with(c))
	if caller.Secret.Reveal() != c.SecretAccessKey || len(caller.Policies.Identity) != 1 || caller.Policies.Session != nil {
		t.Errorf("caller: got %d policies, session %v", len(caller.Policies.Identity), caller.Policies.Session)
	}
	// Everything a session may carry.
	out, err = h.AssumeRole(ctx, &api.AssumeRoleInput{
		RoleArn: role, RoleSessionName: "deploy", DurationSeconds: new(int32(900)), Policy: new(statement("Allow", "apigateway:GET")),
		PolicyArns: []api.PolicyDescriptorType{{Arn: new("arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess")}},
		Tags:       []api.Tag{{Key: "Team", Value: "blue"}, {Key: "x", Value: "y"}}, TransitiveTagKeys: []string{"team"}, SourceIdentity: new("eve"),
	})
	h.ok(err)
	if *out.PackedPolicySize < 1 || *out.SourceIdentity != "eve" {
		t.Errorf("got packed size %d, source identity %s", *out.PackedPolicySize, *out.SourceIdentity)
	}
	first := h.with(out.Credentials)
	s := identity.CallerFrom(first).Session
	want := &identity.Session{
		Key: identity.AccessKeyID(out.Credentials.AccessKeyId), Secret: seal.Hide(out.Credentials.SecretAccessKey), Issued: now, Expires: now.Add(15 * time.Minute),
		Role: s.Role, Name: "deploy", SourceIdentity: "eve", Tags: map[string]string{"Team": "blue", "x": "y"}, Transitive: []string{"team"},
		Policy: statement("Allow", "apigateway:GET"), PolicyARNs: []string{"arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}

	// Chaining: what stays, what may not change, and how long it lasts.
	h.ok(h.iam.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: "R", PolicyName: "p", PolicyDocument: statement("Allow", "sts:*")}))
	next := h.role("Next", trust(`{"AWS":"arn:aws:iam::123456789012:role/team/R"}`, anything, ""))
	closed := h.role("Closed", trust(`{"AWS":"arn:aws:iam::123456789012:role/team/R"}`, assume, ""))
	_, err = h.iam.UpdateRole(ctx, &awsiam.UpdateRoleInput{RoleName: "Next", MaxSessionDuration: new(int32(7200))})
	h.ok(err)
	unlimited, err := h.AssumeRole(ctx, &api.AssumeRoleInput{RoleArn: role, RoleSessionName: "deploy", Tags: []api.Tag{{Key: "Team", Value: "blue"}, {Key: "x", Value: "y"}}, TransitiveTagKeys: []string{"team"}, SourceIdentity: new("eve")})
	h.ok(err)
	from := h.with(unlimited.Credentials)
	for name, tt := range map[string]struct {
		ctx        context.Context
		in         api.AssumeRoleInput
		code, text string
	}{
		"limited by its session policy": {first, api.AssumeRoleInput{RoleArn: next}, "AccessDenied", ""},
		"two hours":                     {from, api.AssumeRoleInput{RoleArn: next, DurationSeconds: new(int32(7200))}, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"},
		"another name":                  {from, api.AssumeRoleInput{RoleArn: next, SourceIdentity: new("mallory")}, "AccessDenied", ""},
		"an inherited tag":              {from, api.AssumeRoleInput{RoleArn: next, Tags: []api.Tag{{Key: "TEAM", Value: "red"}}}, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
		"no tags for the next":          {from, api.AssumeRoleInput{RoleArn: closed}, "AccessDenied", "User: arn:aws:sts::123456789012:assumed-role/R/deploy is not authorized to perform: sts:TagSession on resource: " + closed},
	} {
		tt.in.RoleSessionName = "on"
		_, err := h.AssumeRole(tt.ctx, &tt.in)
		refused(t, name, err, tt.code, tt.text)
	}
	chained, err := h.AssumeRole(from, &api.AssumeRoleInput{RoleArn: next, RoleSessionName: "on", SourceIdentity: new("eve")})
	h.ok(err)
	got := identity.CallerFrom(h.with(chained.Credentials)).Session
	if !got.Chained || got.SourceIdentity != "eve" || len(got.Tags) != 1 || got.Tags["Team"] != "blue" || len(got.Transitive) != 1 {
		t.Errorf("chained session: got %+v", got)
	}

	// A role that is deleted takes its sessions along; made again it is another one.
	h.ok(h.iam.DeleteRolePolicy(ctx, &awsiam.DeleteRolePolicyInput{RoleName: "R", PolicyName: "p"}))
	h.ok(h.iam.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: "R", PolicyArn: "arn:aws:iam::aws:policy/AmazonAPIGatewayAdministrator"}))
	h.ok(h.iam.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: "R"}))
	h.role("R", trust(ada, anything, ""))
	if c, err := h.callers.Find(ctx, identity.AccessKeyID(unlimited.Credentials.AccessKeyId), unlimited.Credentials.SessionToken, now); !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("a session of a role that was made again: got %v, %v", c, err)
	}
	_, err = h.AssumeRole(h.with(chained.Credentials), &api.AssumeRoleInput{RoleArn: next, RoleSessionName: "on"})
	refused(t, "trusted as the role that is gone", err, "AccessDenied", "")
}

func TestAssumeForService(t *testing.T) {
	h := newHouse(t, nil)
	source := "arn:aws:lambda:us-east-1:123456789012:function:f"
	role := h.role("R", trust(`{"Service":"lambda.amazonaws.com"}`, assume, `{"ArnLike":{"aws:SourceArn":"arn:aws:lambda:*:123456789012:function:f"},"StringEquals":{"aws:SourceAccount":"123456789012"}}`))
	c, err := h.AssumeForService(t.Context(), "lambda.amazonaws.com", role, "a:b", source, time.Hour)
	refused(t, "no name", err, "ValidationError", "")
	_, err = h.AssumeForService(t.Context(), "lambda.amazonaws.com", role, "f", source, time.Hour)
	refused(t, "a letter", err, "", "")
	c, err = h.AssumeForService(t.Context(), "lambda.amazonaws.com", role, "fn", source, time.Hour)
	if err != nil || c.Expires != now.Add(time.Hour) {
		t.Fatalf("got %v, %v", c, err)
	}
	if got := identity.CallerFrom(h.as(string(c.Key), c.Token.Reveal())); got.ARN != "arn:aws:sts::123456789012:assumed-role/R/fn" {
		t.Errorf("got %s", got.ARN)
	}
	_, err = h.AssumeForService(t.Context(), "apigateway.amazonaws.com", role, "fn", source, time.Hour)
	refused(t, "another service", err, "AccessDenied", "User: apigateway.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: "+role)
	_, err = h.AssumeForService(t.Context(), "lambda.amazonaws.com", role, "fn", source+"2", time.Hour)
	refused(t, "for another function", err, "AccessDenied", "")
}
