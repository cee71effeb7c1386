package sts

import (
	"context"
	"time"

	"gatehouse/internal/arn"
	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/store"
)

// Lengths of sessions that users make for themselves and for federated users [docs].
const (
	defaultUserSession = 12 * time.Hour
	longestUserSession = 36 * time.Hour
	longestRootSession = time.Hour
)

// GetSessionToken gives a user, or the account, temporary credentials of its own.
func (s *Service) GetSessionToken(ctx context.Context, in *api.GetSessionTokenInput) (*api.GetSessionTokenResponse, error) {
	c, session, err := own(ctx, "GetSessionToken")
	if err != nil {
		return nil, err
	}
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	}
	duration, err := userDuration(c, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	creds, err := s.issue(session, duration)
	if err != nil {
		return nil, err
	}
	return &api.GetSessionTokenResponse{Credentials: creds}, nil
}

// GetFederationToken gives credentials to a federated user, which has the rights that both the caller and the
// session policies have.
func (s *Service) GetFederationToken(ctx context.Context, in *api.GetFederationTokenInput) (*api.GetFederationTokenResponse, error) {
	c, session, err := own(ctx, "GetFederationToken")
	if err != nil {
		return nil, err
	}
	if len(in.Name) < 2 || !identity.ValidName(in.Name, 32) {
		return nil, invalid(`1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`, in.Name)
	}
	d := draft{Session: *session}
	d.Name = in.Name
	if err := d.limit(in.Policy, in.PolicyArns); err != nil {
		return nil, err
	}
	if err := d.tag(in.Tags, nil, nil); err != nil {
		return nil, err
	}
	if err := s.c.DB.View(ctx, func(tx store.Tx) error { return s.checkPolicies(tx, &d.Session) }); err != nil {
		return nil, err
	}
	user := &api.FederatedUser{FederatedUserId: string(c.Account) + ":" + in.Name, Arn: s.c.Home.SessionARN("federated-user/" + in.Name)}
	if err := s.mayTag(ctx, c, &d, user.Arn); err != nil {
		return nil, err
	}
	duration, err := userDuration(c, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	creds, err := s.issue(&d.Session, duration)
	if err != nil {
		return nil, err
	}
	percent, err := d.PackedPercent()
	return &api.GetFederationTokenResponse{Credentials: creds, FederatedUser: user, PackedPolicySize: new(int32(percent))}, err
}

// mayTag asks whether the caller may pass tags to the federated user.
func (s *Service) mayTag(ctx context.Context, c *identity.Caller, d *draft, user string) error {
	if len(d.Tags) == 0 {
		return nil
	}
	action, err := policy.ParseAction("sts:TagSession")
	if err != nil {
		return err
	}
	on, err := arn.Parse(user)
	if err != nil {
		return err
	}
	x := identity.ConditionsFrom(ctx)
	x.Time = s.c.Now()
	c.Describe(&x)
	x.RequestTags = tagList(d.Tags)
	for _, t := range x.RequestTags {
		x.TagKeys = append(x.TagKeys, t.Key)
	}
	decision := policy.Decide(&policy.Request{
		Action: action, Resource: on, Owner: string(s.c.Home.Account), Caller: c.Subject, Context: &x,
	}, &policy.Layers{Caller: c.Policies})
	if !decision.Allowed() {
		return accessDenied("%s", decision.Message(c.Subject, action, user))
	}
	return nil
}

// own begins a session with the rights of the caller, which must have signed with a long-term key.
func own(ctx context.Context, operation string) (*identity.Caller, *identity.Session, error) {
	c, err := caller(ctx)
	switch {
	case err != nil:
		return nil, nil, err
	case c.Session != nil:
		return nil, nil, accessDenied("Cannot call %s with session credentials", operation)
	case c.Kind == identity.RootUser:
		return c, &identity.Session{Root: true}, nil
	case c.Kind == identity.IAMUser:
		return c, &identity.Session{User: identity.UserID(c.ID), Tags: nil}, nil
	}
	return nil, nil, accessDenied("%s needs the credentials of a user.", operation)
}

// userDuration is how long the session is. The account's own are short, whatever it asks for.
func userDuration(c *identity.Caller, seconds *int32) (time.Duration, error) {
	d := defaultUserSession
	if seconds != nil {
		d = time.Duration(*seconds) * time.Second
	}
	if d < shortest || d > longestUserSession {
		return 0, invalid("1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value between %d and %d", int(d.Seconds()), int(shortest.Seconds()), int(longestUserSession.Seconds()))
	}
	if c.Kind == identity.RootUser {
		d = min(d, longestRootSession)
	}
	return d, nil
}
