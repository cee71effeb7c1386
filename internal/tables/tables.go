// Package tables is every table of the product on one page.
//
// It owns the names, ids and indexes of what is stored. It does not know what the values mean (the noun
// packages) nor how they are kept (store). A new noun is one entry here and needs no migration.
package tables

import (
	"fmt"

	"gatehouse/internal/apigw"
	"gatehouse/internal/function"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/vpc"
)

// Tables holds the tables. They are values, because those with secrets need the master key.
type Tables struct {
	RestAPIs         *store.Table[apigw.RestAPI]          // by API id
	Resources        *store.Table[apigw.Resource]         // by InAPI(api, resource)
	Authorizers      *store.Table[apigw.Authorizer]       // by InAPI(api, authorizer)
	Models           *store.Table[apigw.Model]            // by InAPI(api, name)
	Validators       *store.Table[apigw.RequestValidator] // by InAPI(api, validator)
	GatewayResponses *store.Table[apigw.GatewayResponse]  // by InAPI(api, type)
	Deployments      *store.Table[apigw.Deployment]       // by InAPI(api, deployment)
	Stages           *store.Table[apigw.Stage]            // by InAPI(api, stage)
	UsagePlans       *store.Table[apigw.UsagePlan]        // by plan id
	APIKeys          *store.Table[apigw.APIKey]           // by key id
	PlanKeys         *store.Table[apigw.PlanKey]          // by InPlan(plan, key)
	Usage            *store.Table[apigw.Usage]            // by UsageID(plan, key, day)
	Accounts         *store.Table[apigw.Account]          // one row, AccountID
	KeyValues        *store.Table[apigw.KeyValue]         // by stack/name

	AccessKeys    *store.Table[identity.AccessKey]     // by access key id
	Users         *store.Table[identity.User]          // by identity.Fold(name)
	Groups        *store.Table[identity.Group]         // by identity.Fold(name)
	Roles         *store.Table[identity.Role]          // by identity.Fold(name)
	Policies      *store.Table[identity.ManagedPolicy] // by identity.Fold(name)
	OIDCProviders *store.Table[identity.OIDCProvider]  // by URL
	Uses          *store.Table[identity.Use]           // by access key id or role id

	VPCEndpoints *store.Table[vpc.Endpoint] // by endpoint id

	Functions        *store.Table[function.Function]   // by name
	FunctionVersions *store.Table[function.Definition] // by InFunction(name, version)
	FunctionAliases  *store.Table[function.Alias]      // by InFunction(name, alias)
	FunctionPolicies *store.Table[function.Policy]     // by InFunction(name, qualifier)

	Stacks         *store.Table[stack.Stack]          // by stack id
	StackResources *store.Table[stack.ResourceRecord] // by InStack(stack, logical id)
	StackEvents    *store.Table[stack.Event]          // by InStack(stack, EventID(seq))
	StackExports   *store.Table[stack.Export]         // by export name

	key *seal.Key
}

// Names of indexes.
const (
	// ByDeployment finds stages by InAPI(api, deployment), the canary's included.
	ByDeployment = "deployment"
	// ByStage finds usage plans by InAPI(api, stage).
	ByStage = "stage"
	// ByLookup finds the one API key with a value, by Tables.Lookup(value).
	ByLookup = "lookup"
	// ByName finds API keys by name, and the one living stack of a name.
	ByName = "name"
	// ByKey finds plan keys by API key id.
	ByKey = "key"
	// ByUser finds access keys by user id.
	ByUser = "user"
	// ByID finds the one user, group or role with a unique id.
	ByID = "id"
	// ByGroup finds users by the id of a group that they are in.
	ByGroup = "group"
	// ByPolicy finds users, groups and roles by the ARN of an attached policy.
	ByPolicy = "policy"
	// ByBoundary finds users and roles by the ARN of their permissions boundary.
	ByBoundary = "boundary"
)

// InAPI is the id of what belongs to an API; InAPI(api, "") begins the ids of all.
func InAPI[ID ~string](api apigw.APIID, id ID) string { return string(api) + "/" + string(id) }

// InPlan is the id of a key's membership in a plan; InPlan(plan, "") begins the ids of all.
func InPlan(plan apigw.PlanID, key apigw.KeyID) string { return string(plan) + "/" + string(key) }

// InFunction is the id of what belongs to a function; InFunction(name, "") begins the ids of all, and is
// the id of the policy of the function itself.
func InFunction[ID ~string](name function.Name, part ID) string {
	return string(name) + "/" + string(part)
}

// UsageID is the id of a day's usage; UsageID(plan, key, "") begins the ids of all days.
func UsageID(plan apigw.PlanID, key apigw.KeyID, day string) string {
	return InPlan(plan, key) + "/" + day
}

// InStack is the id of what belongs to a stack; InStack(stack, "") begins the ids of all.
func InStack[ID ~string](id stack.ID, part ID) string { return string(id) + "/" + string(part) }

// EventID spells the number of an event so that events list in order.
func EventID(seq uint64) string { return fmt.Sprintf("%012d", seq) }

// Digest is what an API key is found by instead of its value. It tells nothing about the value to those who
// lack the master key.
func (t *Tables) Digest(value string) seal.Digest { return t.key.Lookup(value) }

// AccountID is the id of the one row of Accounts: the scope says whose it is.
const AccountID = "account"

// Tokens seals the sessions of this database's master key.
func (t *Tables) Tokens() identity.Tokens { return identity.NewTokens(t.key.Box("session tokens")) }

// Box is a box of the master key for what leaves the house and comes back: positions of listings.
func (t *Tables) Box(purpose string) *seal.Box { return t.key.Box("box " + purpose) }

// Lookup is the entry of an API key's value in the index ByLookup: its digest in hex.
func (t *Tables) Lookup(value string) string { return t.Digest(value).Hex() }

// New makes the tables for a master key.
func New(key *seal.Key) *Tables {
	t := &Tables{key: key}

	t.RestAPIs = store.NewTable(store.Spec[apigw.RestAPI]{
		Kind: "apigw.restapi", Watched: true,
		ID: func(a *apigw.RestAPI) string { return string(a.ID) },
	})
	t.Resources = store.NewTable(store.Spec[apigw.Resource]{
		Kind: "apigw.resource", Watched: true,
		ID: func(r *apigw.Resource) string { return InAPI(r.API, r.ID) },
	})
	t.Authorizers = store.NewTable(store.Spec[apigw.Authorizer]{
		Kind: "apigw.authorizer", Watched: true,
		ID: func(a *apigw.Authorizer) string { return InAPI(a.API, a.ID) },
	})
	t.Models = store.NewTable(store.Spec[apigw.Model]{
		Kind: "apigw.model", Watched: true,
		ID: func(m *apigw.Model) string { return InAPI(m.API, m.Name) },
	})
	t.Validators = store.NewTable(store.Spec[apigw.RequestValidator]{
		Kind: "apigw.validator", Watched: true,
		ID: func(v *apigw.RequestValidator) string { return InAPI(v.API, v.ID) },
	})
	t.GatewayResponses = store.NewTable(store.Spec[apigw.GatewayResponse]{
		Kind: "apigw.gatewayresponse", Watched: true,
		ID: func(r *apigw.GatewayResponse) string { return InAPI(r.API, r.Type) },
	})
	t.Deployments = store.NewTable(store.Spec[apigw.Deployment]{
		Kind: "apigw.deployment", Watched: true,
		ID: func(d *apigw.Deployment) string { return InAPI(d.API, d.ID) },
	})
	t.Stages = store.NewTable(store.Spec[apigw.Stage]{
		Kind: "apigw.stage", Watched: true,
		ID:    func(s *apigw.Stage) string { return InAPI(s.API, s.Name) },
		Index: map[string]func(*apigw.Stage) []string{ByDeployment: deploymentsOf},
	})

	t.UsagePlans = store.NewTable(store.Spec[apigw.UsagePlan]{
		Kind: "apigw.usageplan", Watched: true,
		ID:    func(p *apigw.UsagePlan) string { return string(p.ID) },
		Index: map[string]func(*apigw.UsagePlan) []string{ByStage: stagesOf},
	})
	t.APIKeys = store.NewTable(store.Spec[apigw.APIKey]{
		Kind: "apigw.apikey", Watched: true, Key: key,
		ID:     func(k *apigw.APIKey) string { return string(k.ID) },
		Unique: map[string]func(*apigw.APIKey) []string{ByLookup: func(k *apigw.APIKey) []string { return []string{t.Lookup(k.Value.Reveal())} }},
		Index:  map[string]func(*apigw.APIKey) []string{ByName: func(k *apigw.APIKey) []string { return []string{k.Name} }},
	})
	t.PlanKeys = store.NewTable(store.Spec[apigw.PlanKey]{
		Kind: "apigw.plankey", Watched: true,
		ID:    func(p *apigw.PlanKey) string { return InPlan(p.Plan, p.Key) },
		Index: map[string]func(*apigw.PlanKey) []string{ByKey: func(p *apigw.PlanKey) []string { return []string{string(p.Key)} }},
	})
	// Totals change with the traffic: nobody is told of each.
	t.Usage = store.NewTable(store.Spec[apigw.Usage]{
		Kind: "apigw.usage",
		ID:   func(u *apigw.Usage) string { return UsageID(u.Plan, u.Key, u.Day) },
	})

	t.Accounts = store.NewTable(store.Spec[apigw.Account]{
		Kind: "apigw.account",
		ID:   func(*apigw.Account) string { return AccountID },
	})

	// Values that dev drew for keys which a definition declares by name only.
	t.KeyValues = store.NewTable(store.Spec[apigw.KeyValue]{
		Kind: "dev.keyvalue", Key: key,
		ID: func(k *apigw.KeyValue) string { return k.Stack + "/" + k.Name },
	})

	t.AccessKeys = store.NewTable(store.Spec[identity.AccessKey]{
		Kind: "iam.accesskey", Watched: true, Key: key,
		ID:    func(k *identity.AccessKey) string { return string(k.ID) },
		Index: map[string]func(*identity.AccessKey) []string{ByUser: func(k *identity.AccessKey) []string { return some(k.User) }},
	})
	t.Users = store.NewTable(store.Spec[identity.User]{
		Kind: "iam.user", Watched: true,
		ID:     func(u *identity.User) string { return identity.Fold(u.Name) },
		Unique: map[string]func(*identity.User) []string{ByID: func(u *identity.User) []string { return some(u.ID) }},
		Index: map[string]func(*identity.User) []string{
			ByGroup:    func(u *identity.User) []string { return some(u.Groups...) },
			ByPolicy:   func(u *identity.User) []string { return u.Managed },
			ByBoundary: func(u *identity.User) []string { return some(u.Boundary) },
		},
	})
	t.Groups = store.NewTable(store.Spec[identity.Group]{
		Kind: "iam.group", Watched: true,
		ID:     func(g *identity.Group) string { return identity.Fold(g.Name) },
		Unique: map[string]func(*identity.Group) []string{ByID: func(g *identity.Group) []string { return some(g.ID) }},
		Index:  map[string]func(*identity.Group) []string{ByPolicy: func(g *identity.Group) []string { return g.Managed }},
	})
	t.Roles = store.NewTable(store.Spec[identity.Role]{
		Kind: "iam.role", Watched: true,
		ID:     func(r *identity.Role) string { return identity.Fold(r.Name) },
		Unique: map[string]func(*identity.Role) []string{ByID: func(r *identity.Role) []string { return some(r.ID) }},
		Index: map[string]func(*identity.Role) []string{
			ByPolicy:   func(r *identity.Role) []string { return r.Managed },
			ByBoundary: func(r *identity.Role) []string { return some(r.Boundary) },
		},
	})
	t.Policies = store.NewTable(store.Spec[identity.ManagedPolicy]{
		Kind: "iam.policy", Watched: true,
		ID: func(p *identity.ManagedPolicy) string { return identity.Fold(p.Name) },
	})
	t.OIDCProviders = store.NewTable(store.Spec[identity.OIDCProvider]{
		Kind: "iam.oidcprovider", Watched: true,
		ID: func(p *identity.OIDCProvider) string { return p.URL },
	})
	// Noted with the traffic: nobody is told of each.
	t.Uses = store.NewTable(store.Spec[identity.Use]{
		Kind: "iam.use",
		ID:   func(u *identity.Use) string { return u.ID },
	})

	t.VPCEndpoints = store.NewTable(store.Spec[vpc.Endpoint]{
		Kind: "vpc.endpoint", Watched: true,
		ID: func(e *vpc.Endpoint) string { return string(e.ID) },
	})

	t.Functions = store.NewTable(store.Spec[function.Function]{
		Kind: "function.function", Watched: true,
		ID: func(f *function.Function) string { return string(f.Name) },
	})
	t.FunctionVersions = store.NewTable(store.Spec[function.Definition]{
		Kind: "function.version", Watched: true, Key: key,
		ID: func(d *function.Definition) string { return InFunction(d.Function, d.Version) },
	})
	t.FunctionAliases = store.NewTable(store.Spec[function.Alias]{
		Kind: "function.alias", Watched: true,
		ID: func(a *function.Alias) string { return InFunction(a.Function, a.Name) },
	})
	t.FunctionPolicies = store.NewTable(store.Spec[function.Policy]{
		Kind: "function.policy", Watched: true,
		ID: func(p *function.Policy) string { return InFunction(p.Function, p.Qualifier) },
	})

	// Records of deployments: the services publish what they change themselves.
	t.Stacks = store.NewTable(store.Spec[stack.Stack]{
		Kind: "cloudformation.stack", Key: key,
		ID:     func(s *stack.Stack) string { return string(s.ID) },
		Unique: map[string]func(*stack.Stack) []string{ByName: nameOfLiving},
	})
	t.StackResources = store.NewTable(store.Spec[stack.ResourceRecord]{
		Kind: "cloudformation.resource", Key: key,
		ID: func(r *stack.ResourceRecord) string { return InStack(r.Stack, r.LogicalID) },
	})
	t.StackEvents = store.NewTable(store.Spec[stack.Event]{
		Kind: "cloudformation.event",
		ID:   func(e *stack.Event) string { return InStack(e.Stack.ID, EventID(e.Seq)) },
	})
	t.StackExports = store.NewTable(store.Spec[stack.Export]{
		Kind: "cloudformation.export", Key: key,
		ID: func(x *stack.Export) string { return x.Name },
	})
	return t
}

// some are the values that are not empty.
func some[ID ~string](values ...ID) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, string(v))
		}
	}
	return out
}

func nameOfLiving(s *stack.Stack) []string {
	if !s.Deleted.IsZero() {
		return nil
	}
	return []string{string(s.Name)}
}

func deploymentsOf(s *apigw.Stage) []string {
	ids := []string{InAPI(s.API, s.Deployment)}
	if s.Canary != nil && s.Canary.Deployment != "" {
		ids = append(ids, InAPI(s.API, s.Canary.Deployment))
	}
	return ids
}

func stagesOf(p *apigw.UsagePlan) []string {
	ids := make([]string, len(p.Stages))
	for i, s := range p.Stages {
		ids[i] = InAPI(s.API, s.Stage)
	}
	return ids
}
