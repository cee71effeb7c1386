// Package snapshot compiles definitions into one immutable object that the data plane reads: host and
// path to stage, stage and path to route, plan to limits.
//
// It owns compilation, look-up and the list of what is not enforced (Unmodelled). Nothing in a snapshot
// changes after Compile returned it; a change of definition is another snapshot. It does not know the
// order of checks (gateway), nor records that can be many, such as API keys (directory).
package snapshot

import (
	"sync/atomic"

	"gatehouse/internal/apigw"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/route"
)

// Snapshot is everything that is served at one moment.
type Snapshot struct {
	rev  uint64
	home identity.Home
	zone Zone
	apis map[apigw.APIID]*API
	// stages finds the APIs that have a stage of a name, for the path form /{stage}/… of laptops.
	stages map[apigw.StageName][]*Stage
	// endpoints are the policies of all VPC endpoints, nil for full access.
	endpoints  map[string]*policy.Policy
	unmodelled []Unmodelled
	faults     []Fault
}

// EndpointPolicy is the policy of a VPC endpoint, nil for full access; false for an endpoint that is not
// known.
func (s *Snapshot) EndpointPolicy(id string) (*policy.Policy, bool) {
	p, ok := s.endpoints[id]
	return p, ok
}

// Rev is the revision of the store that the snapshot shows.
func (s *Snapshot) Rev() uint64 { return s.rev }

// Home is the account and region that is served.
func (s *Snapshot) Home() identity.Home { return s.home }

// API is one API with its stages.
type API struct {
	ID     apigw.APIID
	Name   string
	Stages map[apigw.StageName]*Stage
}

// Stage is one stage of an API, serving one deployment.
type Stage struct {
	API        apigw.APIID
	Name       apigw.StageName
	Deployment apigw.DeploymentID
	Variables  map[string]string
	// Disabled is true when the default endpoint of the API is switched off.
	Disabled bool
	Routes   []*Route
	tree     *route.Tree[*Route]
	// Plans are the usage plans that cover this stage.
	Plans map[apigw.PlanID]*Plan
	// ARNPrefix is arn:…:execute-api:region:account:api/stage.
	ARNPrefix string
	// DomainName is what events show when the caller named the API by path.
	DomainName string
	// Policy is the resource policy of the API, nil when there is none. One that does not compile denies
	// everything.
	Policy *policy.Policy
	// Private is true for an API that answers through VPC endpoints only.
	Private bool
	// Associated are the VPC endpoints that may name the API in their host, {api}-{vpce}.execute-api.… .
	Associated []string
	// VariablesJSON is the event's stageVariables, empty when there are none.
	VariablesJSON []byte
}

// Plan is a usage plan as one stage sees it.
type Plan struct {
	ID    apigw.PlanID
	Name  string
	Limit *apigw.Limit
	Quota *apigw.Quota
	// Methods are the per-method limits on this stage, by Route.MethodKey.
	Methods map[string]*apigw.Limit
}

// Fault is a stage whose definition does not compile. Its last good form goes on being served; without
// one the stage refuses.
type Fault struct {
	API   apigw.APIID
	Stage apigw.StageName
	Err   error
}

// Live holds the snapshot that is served. Readers load it once per request.
type Live struct{ p atomic.Pointer[Snapshot] }

// Load returns the snapshot in force; never nil after the first Store.
func (l *Live) Load() *Snapshot { return l.p.Load() }

// Store puts a snapshot in force.
func (l *Live) Store(s *Snapshot) { l.p.Store(s) }

// Unmodelled lists the declared controls that this version does not enforce.
func (s *Snapshot) Unmodelled() []Unmodelled { return s.unmodelled }

// Faults lists the stages that did not compile.
func (s *Snapshot) Faults() []Fault { return s.faults }

// APIs returns the APIs by id. Callers must not change the map.
func (s *Snapshot) APIs() map[apigw.APIID]*API { return s.apis }
