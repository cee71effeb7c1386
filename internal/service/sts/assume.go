package sts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/arn"
	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
)

const (
	shortest       = 15 * time.Minute
	defaultSession = time.Hour
	// longestChained is the limit of sessions that role sessions make [docs].
	longestChained = time.Hour
)

// AssumeRole gives the caller credentials of a role that trusts it.
func (s *Service) AssumeRole(ctx context.Context, in *api.AssumeRoleInput) (*api.AssumeRoleResponse, error) {
	c, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Kind == identity.RootUser:
		return nil, accessDenied("Roles may not be assumed by root accounts.")
	case in.SerialNumber != nil || in.TokenCode != nil:
		return nil, accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	case len(in.ProvidedContexts) > 0:
		return nil, invalid("ProvidedContexts is not offered by this server.")
	}
	a := &assumption{
		role: in.RoleArn, name: in.RoleSessionName, subject: c.Subject, policies: c.Policies, context: identity.ConditionsFrom(ctx),
		duration: in.DurationSeconds, longest: 12 * time.Hour,
	}
	if err := a.session.limit(in.Policy, in.PolicyArns); err != nil {
		return nil, err
	}
	if err := a.session.tag(in.Tags, in.TransitiveTagKeys, c.Session); err != nil {
		return nil, err
	}
	if err := a.session.identify(in.SourceIdentity, c.Session); err != nil {
		return nil, err
	}
	if in.ExternalId != nil {
		a.ask("sts:ExternalId", *in.ExternalId)
	}
	if a.session.Chained = c.Kind == identity.RoleSession; a.session.Chained {
		a.longest = longestChained
	}
	creds, err := s.assume(ctx, a)
	if err != nil {
		return nil, err
	}
	out := &api.AssumeRoleResponse{Credentials: creds, AssumedRoleUser: a.user}
	if a.session.SourceIdentity != "" {
		out.SourceIdentity = &a.session.SourceIdentity
	}
	out.PackedPolicySize, err = packedSize(&a.session.Session)
	return out, err
}

// AssumeForService gives an AWS service credentials of a role that trusts it, as Lambda needs for its functions.
// source is the ARN of what the service acts for, aws:SourceArn.
func (s *Service) AssumeForService(ctx context.Context, service, roleARN, sessionName, source string, duration time.Duration) (Credentials, error) {
	a := &assumption{
		role: roleARN, name: sessionName, subject: &policy.Caller{Type: policy.Service, Service: service},
		duration: new(int32(duration / time.Second)), longest: 12 * time.Hour,
		context: condition.Context{SourceARN: source, SourceAccount: string(s.c.Home.Account)},
	}
	creds, err := s.assume(ctx, a)
	if err != nil {
		return Credentials{}, err
	}
	return hide(creds), nil
}

// assumption is one call on its way to a session.
type assumption struct {
	role, name string
	// subject asks, with its policies; context is what is known about the request.
	subject  *policy.Caller
	policies *policy.Set
	context  condition.Context
	// action is sts:AssumeRole unless it is set.
	action   string
	duration *int32
	longest  time.Duration
	session  draft
	user     *api.AssumedRoleUser
}

// ask adds a condition key of STS.
func (a *assumption) ask(name string, values ...string) {
	if len(values) > 0 {
		a.context.More = append(a.context.More, condition.Attribute{Name: name, Values: values})
	}
}

// assume finds the role, asks its trust policy and the caller's own policies, and gives credentials. A role that
// does not exist refuses in the words of one that does not trust the caller.
func (s *Service) assume(ctx context.Context, a *assumption) (*api.Credentials, error) {
	if a.action == "" {
		a.action = "sts:AssumeRole"
	}
	at, err := arn.Parse(a.role)
	if err != nil {
		return nil, invalid("%s is invalid", a.role)
	}
	// A service names its sessions after what it runs: a function's name may be a single letter.
	if a.subject.Type != policy.Service || !identity.ValidName(a.name, 64) {
		if err := checkSessionName(a.name); err != nil {
			return nil, err
		}
	}
	var r identity.Role
	err = s.c.DB.View(ctx, func(tx store.Tx) (err error) {
		r, err = s.roleByARN(tx, a.role)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, a.denied(a.action, fmt.Errorf("there is no role %s", a.role))
	}
	if err != nil {
		return nil, err
	}
	if err := s.trusted(a, at, &r); err != nil {
		return nil, err
	}
	if err := s.c.DB.View(ctx, func(tx store.Tx) error { return s.checkPolicies(tx, &a.session.Session) }); err != nil {
		return nil, err
	}
	duration, err := a.lasting(&r)
	if err != nil {
		return nil, err
	}
	a.session.Role, a.session.Name = r.ID, a.name
	a.user = &api.AssumedRoleUser{
		AssumedRoleId: string(r.ID) + ":" + a.name, Arn: s.c.Home.SessionARN("assumed-role/" + string(r.Name) + "/" + a.name),
	}
	return s.issue(&a.session.Session, duration)
}

// trusted asks about the action itself, about passing tags, and about naming whoever stands behind the caller.
// Inherited tags and names count as passed [docs].
func (s *Service) trusted(a *assumption, at arn.ARN, r *identity.Role) error {
	x := &a.context
	x.Time = s.c.Now()
	a.subject.Describe(x)
	x.ResourceAccount, x.ResourceTags = string(s.c.Home.Account), tagList(r.Tags)
	x.RequestTags, x.TagKeys = tagList(a.session.asked), nil
	for _, t := range x.RequestTags {
		x.TagKeys = append(x.TagKeys, t.Key)
	}
	a.ask("sts:RoleSessionName", a.name)
	a.ask("sts:TransitiveTagKeys", a.session.Transitive...)
	actions := []string{a.action}
	if len(a.session.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if a.session.SourceIdentity != "" {
		a.ask("sts:SourceIdentity", a.session.SourceIdentity)
		actions = append(actions, "sts:SetSourceIdentity")
	}
	trust := r.TrustPolicy()
	for _, name := range actions {
		action, err := policy.ParseAction(name)
		if err != nil {
			return err
		}
		d := policy.Decide(&policy.Request{
			Action: action, Resource: at, Owner: string(s.c.Home.Account), Caller: a.subject, Context: x,
		}, &policy.Layers{Caller: a.policies, Resource: trust})
		if !d.Allowed() {
			return a.denied(name, errors.New(strings.TrimSpace(d.Because(action)+" "+d.Policy)))
		}
	}
	return nil
}

// denied is the refusal [recorded]. It does not say which policy refused, nor whether there is such a role; the
// cause is for the log.
func (a *assumption) denied(action string, cause error) error {
	e := &wire.Error{Code: "AccessDenied", Status: 403, Cause: cause}
	if a.subject.Type == policy.WebIdentity {
		e.Message = "Not authorized to perform " + action
	} else {
		e.Message = "User: " + a.subject.String() + " is not authorized to perform: " + action + " on resource: " + a.role
	}
	return e
}

// lasting is how long the session is.
func (a *assumption) lasting(r *identity.Role) (time.Duration, error) {
	if a.duration == nil {
		return min(defaultSession, a.longest, r.MaxSession), nil
	}
	d := time.Duration(*a.duration) * time.Second
	switch {
	case d < shortest:
		return 0, invalid("1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to %d", *a.duration, int(shortest.Seconds()))
	case a.session.Chained && d > longestChained:
		return 0, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case d > r.MaxSession || d > a.longest:
		return 0, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return d, nil
}

// roleByARN reads a role; store.ErrNotFound for one of another account, path or letter case.
func (s *Service) roleByARN(tx store.Tx, text string) (identity.Role, error) {
	r, err := s.c.Tables.Roles.Get(tx, s.scope, identity.Fold(text[strings.LastIndexByte(text, '/')+1:]))
	if err == nil && r.ARN != text {
		err = fmt.Errorf("role %s: %w", text, store.ErrNotFound)
	}
	return r, err
}
