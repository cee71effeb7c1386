package controlplane

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"gatehouse/internal/arn"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/shape"
	"gatehouse/internal/wire"
)

// Authorizer decides whether a caller may do something.
type Authorizer interface {
	// Authorize is asked once for every resource that an operation names, and for every role that it hands
	// on. Action, resource, owner and condition keys of the request are set; the caller is also in it, as
	// policies see one.
	Authorize(ctx context.Context, caller *identity.Caller, r *policy.Request) policy.Decision
}

// Policies is the Authorizer of IAM: the policies of the caller decide, and what they do not allow is refused.
// The account itself may do everything.
type Policies struct{}

// Authorize implements Authorizer.
func (Policies) Authorize(_ context.Context, caller *identity.Caller, r *policy.Request) policy.Decision {
	return policy.Decide(r, &policy.Layers{Caller: caller.Policies})
}

// authorize asks whether the caller may. A request that cannot be decoded is asked about with what could be
// read, so that a caller without permission learns nothing about the form that the input should have.
func (c *call) authorize() error {
	op := c.op.Operation
	if op.Unsigned {
		return nil
	}
	if err := c.withheld(); err != nil {
		return err
	}
	if op.Unasked {
		return nil
	}
	in := c.input()
	resources, err := c.resources(in)
	if err != nil {
		return err
	}
	keys := c.conditions(in)
	describer, _ := c.Locators[c.service.Model().Name].(Describer)
	for _, r := range resources {
		with := keys
		if describer != nil {
			of := *keys
			of.More = of.More[:len(of.More):len(of.More)]
			if err := describer.Describe(c.context(), r, &of); err != nil {
				return err
			}
			with = &of
		}
		if err := c.ask(op.Action, r, with); err != nil {
			return err
		}
	}
	for _, p := range op.Passes {
		for _, role := range passed(in, p) {
			with := *keys
			with.More = append(with.More[:len(with.More):len(with.More)], condition.Attribute{Name: "iam:PassedToService", Values: []string{p.Service}})
			if err := c.ask("iam:PassRole", c.role(role), &with); err != nil {
				return err
			}
		}
	}
	return nil
}

// input is what was decoded of the input, the zero Value when there is nothing.
func (c *call) input() reflect.Value {
	if p := c.op.Input(); p != nil {
		return reflect.ValueOf(p).Elem()
	}
	return reflect.Value{}
}

// ask puts one question. A resource that is no ARN is none: only a policy for all resources covers it.
func (c *call) ask(action, resource string, keys *condition.Context) error {
	a, err := policy.ParseAction(action)
	if err != nil {
		return err
	}
	shown := resource
	on, err := arn.Parse(resource)
	if err != nil {
		on, shown = arn.ARN{}, "*"
	}
	d := c.Authorizer.Authorize(c.http.Context(), c.caller, &policy.Request{
		Action: a, Resource: on, Owner: string(c.Home.Account), Caller: c.caller.Subject, Context: keys,
	})
	if d.Allowed() {
		return nil
	}
	return denied(c.service.Model().Protocol, d.Message(c.caller.Subject, a, shown),
		fmt.Errorf("%s: policy %q, statement %d %q", d.Layer, d.Policy, d.Statement, d.Sid))
}

// denied is the refusal of a caller who may not. cause is for the log.
func denied(p shape.Protocol, message string, cause error) error {
	e := &wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden, Message: message, Cause: cause}
	switch p {
	case shape.JSON:
		e.Status = http.StatusBadRequest
	case shape.Query:
		e.Code = "AccessDenied"
	case shape.EC2:
		e.Code, e.Message = "UnauthorizedOperation", "You are not authorized to perform this operation. "+message
	}
	return e
}

// withheld refuses what temporary credentials of GetSessionToken and GetFederationToken can never do,
// whatever policies say: call IAM, and most of STS (IAM user guide, "Comparing AWS STS credentials"; there
// is no second factor here, which would lift the first). The texts are widely repeated by clients' reports.
func (c *call) withheld() error {
	m, op := c.service.Model(), c.op.Operation
	if c.caller.Session == nil {
		return nil
	}
	role := c.caller.Kind == identity.RoleSession
	switch m.SigningName {
	case "iam":
		if !role {
			return refusal(m.Protocol, errToken)
		}
	case "sts":
		var may bool
		switch op.Name {
		case "GetCallerIdentity":
			may = true
		case "AssumeRole":
			may = c.caller.Kind != identity.FederatedUser
		case "GetSessionToken", "GetFederationToken":
		default:
			may = role
		}
		if !may {
			return denied(m.Protocol, "Cannot call "+op.Name+" with session credentials", nil)
		}
	}
	return nil
}

// passed are the roles that a field of the input hands on. Credentials of the caller itself, which API
// Gateway writes as arn:aws:iam::*:user/*, are nobody's role.
func passed(in reflect.Value, p shape.Pass) []string {
	f := field(in, p.Member)
	if !f.IsValid() {
		return nil
	}
	var roles []string
	if p.Path == "" {
		roles = texts(f)
	} else {
		for i := range f.Len() {
			op := f.Index(i)
			if path := texts(op.FieldByName("Path")); len(path) == 1 && path[0] == p.Path {
				roles = append(roles, texts(op.FieldByName("Value"))...)
			}
		}
	}
	var out []string
	for _, r := range roles {
		if r != "" && !(strings.HasPrefix(r, "arn:") && strings.HasSuffix(r, ":iam::*:user/*")) {
			out = append(out, r)
		}
	}
	return out
}

// role is the ARN of a role that is given by ARN or by name.
func (c *call) role(text string) string {
	if strings.HasPrefix(text, "arn:") {
		return text
	}
	return "arn:" + string(c.Home.Partition) + ":iam::" + string(c.Home.Account) + ":role/" + text
}
