package iam

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/arn"
	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/store"
)

// maxQuestions bounds actions times resources of one simulation.
const maxQuestions = 1000

// simulation is what both simulators ask.
type simulation struct {
	set      policy.Set
	resource *policy.Policy
	caller   *policy.Caller
	describe func(*condition.Context)
	owner    string
	actions  []policy.Action
	on       []arn.ARN // the zero ARN is "*"
	entries  []api.ContextEntry
}

// SimulateCustomPolicy tells what policies that stand in the request would say to actions on resources. It
// evaluates as the gateway and the control plane do, and shows the statements that decide.
func (s *Service) SimulateCustomPolicy(ctx context.Context, in *api.SimulateCustomPolicyInput) (*api.SimulatePolicyResponse, error) {
	sim := &simulation{entries: in.ContextEntries}
	if err := sim.input(in.PolicyInputList, in.PermissionsBoundaryPolicyInputList); err != nil {
		return nil, err
	}
	if err := s.questions(sim, in.ActionNames, in.ResourceArns, in.ResourcePolicy, in.ResourceOwner); err != nil {
		return nil, err
	}
	sim.caller = &policy.Caller{Type: policy.User, Account: string(s.c.Home.Account)}
	if in.CallerArn != nil {
		var err error
		if sim.caller, err = subject(*in.CallerArn); err != nil {
			return nil, err
		}
	}
	return s.simulate(sim, paging{marker: in.Marker, items: in.MaxItems}.of("SimulateCustomPolicy", fmt.Sprint(in.PolicyInputList, in.ActionNames, in.ResourceArns)))
}

// SimulatePrincipalPolicy tells what the policies of a user, group or role would say, together with those that
// stand in the request.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, in *api.SimulatePrincipalPolicyInput) (*api.SimulatePolicyResponse, error) {
	sim := &simulation{entries: in.ContextEntries}
	err := s.view(ctx, func(tx store.Tx) error { return s.source(tx, sim, in.PolicySourceArn) })
	if err != nil {
		return nil, err
	}
	boundary := sim.set.Boundary
	if err := sim.input(in.PolicyInputList, in.PermissionsBoundaryPolicyInputList); err != nil {
		return nil, err
	}
	if len(in.PermissionsBoundaryPolicyInputList) == 0 {
		sim.set.Boundary = boundary
	}
	if err := s.questions(sim, in.ActionNames, in.ResourceArns, in.ResourcePolicy, in.ResourceOwner); err != nil {
		return nil, err
	}
	if in.CallerArn != nil {
		if sim.caller, err = subject(*in.CallerArn); err != nil {
			return nil, err
		}
		sim.describe = nil
	}
	return s.simulate(sim, paging{marker: in.Marker, items: in.MaxItems}.of("SimulatePrincipalPolicy", in.PolicySourceArn, fmt.Sprint(in.PolicyInputList, in.ActionNames, in.ResourceArns)))
}

// input adds the policies that stand in the request.
func (sim *simulation) input(identities, boundaries []string) error {
	for i, text := range identities {
		name := fmt.Sprintf("PolicyInputList.%d", i+1)
		p, err := policy.Load(text, policy.Identity, name)
		if err != nil {
			return invalidInput("Invalid Input %s: %s", name, err)
		}
		sim.set.Identity = append(sim.set.Identity, p)
	}
	if len(boundaries) > 1 {
		return invalidInput("Invalid Input PermissionsBoundaryPolicyInputList: only one permissions boundary can be given.")
	}
	for _, text := range boundaries {
		p, err := policy.Load(text, policy.Boundary, "PermissionsBoundaryPolicyInputList.1")
		if err != nil {
			return invalidInput("Invalid Input PermissionsBoundaryPolicyInputList.1: %s", err)
		}
		sim.set.Boundary = p
	}
	return nil
}

// questions reads actions, resources and what is said about the resources.
func (s *Service) questions(sim *simulation, actions, resources []string, resourcePolicy, owner *string) error {
	for _, text := range actions {
		a, err := policy.ParseAction(text)
		if err != nil {
			return invalidInput("Invalid Action: %s", text)
		}
		sim.actions = append(sim.actions, a)
	}
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	for _, text := range resources {
		a, err := arn.Parse(text)
		if err != nil && text != "*" {
			return invalidInput("Invalid Input ResourceArns: %s is not an ARN.", text)
		}
		sim.on = append(sim.on, a)
	}
	if len(sim.actions)*len(sim.on) > maxQuestions {
		return invalidInput("Actions and resources together ask %d questions, at most %d are answered.", len(sim.actions)*len(sim.on), maxQuestions)
	}
	if resourcePolicy != nil {
		p, err := policy.Load(*resourcePolicy, policy.Resource, "ResourcePolicy")
		if err != nil {
			return invalidInput("Invalid Input ResourcePolicy: %s", err)
		}
		sim.resource = p
	}
	if owner != nil {
		sim.owner = *owner
		if a, err := arn.Parse(*owner); err == nil {
			sim.owner = a.Account
		}
	}
	return nil
}

// source adds the policies of a user with its groups, of a group or of a role, and makes it the caller.
func (s *Service) source(tx store.Tx, sim *simulation, source string) error {
	absent := noSuchEntity("Entity %s was not found.", source)
	a, err := arn.Parse(source)
	if err != nil || a.Service != "iam" || a.Account != string(s.c.Home.Account) {
		return invalidInput("Invalid Entity Arn: %s does not clearly define entity type and name.", source)
	}
	name := nameOf(a.Resource)
	sim.caller = &policy.Caller{Type: policy.User, Account: a.Account, ARN: source}
	switch kind, _, _ := strings.Cut(a.Resource, "/"); kind {
	case "user":
		u, err := s.users.get(tx, name)
		if err != nil || u.ARN != source {
			return orElse(err, absent)
		}
		p := identity.Principal{Kind: identity.IAMUser, Account: s.c.Home.Account, ARN: u.ARN, ID: string(u.ID), Name: string(u.Name), Tags: u.Tags}
		sim.caller, sim.describe = p.Subject(), describer(p)
		groups, err := s.groupsOf(tx, &u)
		if err != nil {
			return err
		}
		if err := s.carried(tx, sim, "user_"+string(u.Name), u.Grants, u.Boundary); err != nil {
			return err
		}
		for _, g := range groups {
			if err := s.carried(tx, sim, "group_"+string(g.Name), g.Grants, ""); err != nil {
				return err
			}
		}
		return nil
	case "group":
		g, err := s.groups.get(tx, name)
		if err != nil || g.ARN != source {
			return orElse(err, absent)
		}
		return s.carried(tx, sim, "group_"+string(g.Name), g.Grants, "")
	case "role":
		r, err := s.roles.get(tx, name)
		if err != nil || r.ARN != source {
			return orElse(err, absent)
		}
		p := identity.Principal{
			Kind: identity.RoleSession, Account: s.c.Home.Account, ARN: s.c.Home.SessionARN("assumed-role/" + string(r.Name) + "/simulated"),
			ID: string(r.ID), Name: "simulated", Issuer: r.ARN, Tags: r.Tags,
		}
		sim.caller, sim.describe = p.Subject(), describer(p)
		return s.carried(tx, sim, "role_"+string(r.Name), r.Grants, r.Boundary)
	}
	return invalidInput("Invalid Entity Arn: %s does not clearly define entity type and name.", source)
}

func orElse(err, refusal error) error {
	if err != nil {
		return err
	}
	return refusal
}

func describer(p identity.Principal) func(*condition.Context) {
	return p.Subject().Describe
}

// carried adds the policies that an entity carries. Those of AWS whose text is not known grant nothing.
func (s *Service) carried(tx store.Tx, sim *simulation, owner string, g identity.Grants, boundary string) error {
	add := func(kind policy.Kind, name, text string) *policy.Policy {
		p, err := policy.Load(text, kind, name)
		if err != nil {
			return policy.Broken(kind, name, err)
		}
		return p
	}
	for _, name := range slices.Sorted(maps.Keys(g.Policies)) {
		sim.set.Identity = append(sim.set.Identity, add(policy.Identity, owner+"_"+name, g.Policies[name]))
	}
	for _, arn := range g.Managed {
		if _, known := identity.AWSPolicy(arn); identity.IsAWSPolicy(arn) && !known {
			continue
		}
		p, err := s.managed(tx, arn)
		if err != nil {
			return err
		}
		text, _ := p.Document()
		sim.set.Identity = append(sim.set.Identity, add(policy.Identity, string(p.Name), text))
	}
	if boundary == "" {
		return nil
	}
	p, err := s.managed(tx, boundary)
	if err != nil {
		return err
	}
	text, _ := p.Document()
	sim.set.Boundary = add(policy.Boundary, string(p.Name), text)
	return nil
}

// subject is a caller that is known by its ARN only.
func subject(text string) (*policy.Caller, error) {
	a, err := arn.Parse(text)
	bad := invalidInput("Invalid Input CallerArn: %s is not the ARN of a user, role or session.", text)
	if err != nil {
		return nil, bad
	}
	c := &policy.Caller{Account: a.Account, ARN: text, Name: nameOf(a.Resource)}
	kind, rest, _ := strings.Cut(a.Resource, "/")
	switch a.Service + " " + kind {
	case "iam root":
		c.Type = policy.Root
	case "iam user":
		c.Type = policy.User
	case "iam role":
		c.Type, c.RoleARN = policy.AssumedRole, text
	case "sts assumed-role":
		role, _, _ := strings.Cut(rest, "/")
		c.Type, c.RoleARN = policy.AssumedRole, "arn:"+a.Partition+":iam::"+a.Account+":role/"+role
	case "sts federated-user":
		c.Type = policy.FederatedUser
	default:
		return nil, bad
	}
	return c, nil
}

// simulate answers every question.
func (s *Service) simulate(sim *simulation, p paging) (*api.SimulatePolicyResponse, error) {
	x := &condition.Context{}
	if sim.describe != nil {
		sim.describe(x)
	} else if sim.caller.ARN != "" {
		sim.caller.Describe(x)
	}
	// The time first: the age of a second factor counts from it.
	slices.SortStableFunc(sim.entries, func(a, b api.ContextEntry) int { return timeFirst(a) - timeFirst(b) })
	for _, e := range sim.entries {
		if err := x.Set(text(e.ContextKeyName), e.ContextKeyValues...); err != nil {
			return nil, invalidInput("Invalid Input ContextEntries: %s", err)
		}
	}
	var results []api.EvaluationResult
	for _, action := range sim.actions {
		for _, on := range sim.on {
			results = append(results, sim.answer(action, on, x))
		}
	}
	at := map[string]int{}
	order := make([]string, len(results))
	for i := range results {
		order[i] = fmt.Sprintf("%06d", i)
		at[order[i]] = i
	}
	out := &api.SimulatePolicyResponse{}
	var err error
	out.EvaluationResults, out.IsTruncated, out.Marker, err = page(s, p, after(order, same), same, every[string],
		func(k *string) api.EvaluationResult { return results[at[*k]] })
	return out, err
}

func timeFirst(e api.ContextEntry) int {
	if identity.Fold(text(e.ContextKeyName)) == "aws:currenttime" || identity.Fold(text(e.ContextKeyName)) == "aws:epochtime" {
		return 0
	}
	return 1
}

// answer is the result for one action on one resource.
func (sim *simulation) answer(action policy.Action, on arn.ARN, x *condition.Context) api.EvaluationResult {
	r := &policy.Request{Action: action, Resource: on, Owner: sim.owner, Caller: sim.caller, Context: x}
	if r.Owner == "" && on.Account == "" {
		r.Owner = sim.caller.Account
	}
	e := policy.Explain(r, &policy.Layers{Caller: &sim.set, Resource: sim.resource})
	decision, decisive := api.PolicyEvaluationDecisionTypeImplicitDeny, policy.Silent
	switch e.Decision.Effect {
	case policy.Allow:
		decision, decisive = api.PolicyEvaluationDecisionTypeAllowed, policy.Allow
	case policy.Deny:
		decision, decisive = api.PolicyEvaluationDecisionTypeExplicitDeny, policy.Deny
	}
	matched := []api.Statement{}
	for _, f := range e.Findings {
		if f.Applies && f.Effect == decisive && f.Index >= 0 {
			matched = append(matched, api.Statement{
				SourcePolicyId: new(f.Policy), SourcePolicyType: new("IAM Policy"), // [recorded]
				StartPosition: position(f.Start), EndPosition: position(f.End),
			})
		}
	}
	shown := "*"
	if on.Service != "" {
		shown = on.String()
	}
	out := api.EvaluationResult{
		EvalActionName: action.String(), EvalResourceName: &shown, EvalDecision: decision, MatchedStatements: matched,
		MissingContextValues: append([]string{}, e.Missing()...),
	}
	if sim.set.Boundary != nil {
		effect, _ := sim.set.Boundary.Evaluate(r)
		out.PermissionsBoundaryDecisionDetail = &api.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: new(effect == policy.Allow)}
	}
	if on.Service != "" {
		out.ResourceSpecificResults = []api.ResourceSpecificResult{{
			EvalResourceName: shown, EvalResourceDecision: decision, MatchedStatements: matched,
			MissingContextValues: out.MissingContextValues, PermissionsBoundaryDecisionDetail: out.PermissionsBoundaryDecisionDetail,
		}}
	}
	return out
}

func position(p policy.Position) *api.Position {
	return &api.Position{Line: new(int32(p.Line)), Column: new(int32(p.Column))}
}
