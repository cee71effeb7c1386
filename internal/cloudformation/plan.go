package cloudformation

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
	"gatehouse/internal/stack"
	"gatehouse/internal/template"
)

// PlanInput is what a plan is made from.
type PlanInput struct {
	Home      identity.Home
	URLSuffix string
	Stack     stack.Name
	Template  *document.Value
	Params    map[string]string
	// Exports finds exports of other stacks. With nil every import is taken for granted.
	Exports func(name string) (string, bool)
}

// Plan is a checked template: it can be deployed, as far as can be known without trying.
type Plan struct {
	// Resources exist under the given parameters, in the order in which they are made.
	Resources []Planned
	// Findings are the controls that would not be enforced.
	Findings []Finding
	// NotEmulated are the resources that would have nothing behind them.
	NotEmulated []NotEmulated

	bound *template.Bound
}

// Planned is a resource before it is made.
type Planned struct {
	LogicalID string
	Type      string
	Pos       document.Pos
	// Properties are normalised; what is not known before other resources are made is
	// template.Unknown.
	Properties *document.Value

	deletion, replace stack.Policy
}

// NotEmulated is a resource that is only recorded.
type NotEmulated struct {
	LogicalID, Type string
	Pos             document.Pos
}

// PlanOf checks a template without touching anything.
func PlanOf(in PlanInput) (*Plan, error) {
	e := newEngine(Config{Home: in.Home}, modelled())
	return e.plan(in, stack.ID(template.Unknown(string(in.Stack), "StackId")))
}

func (e *Engine) plan(in PlanInput, id stack.ID) (*Plan, error) {
	t, err := template.Parse(in.Template)
	if err != nil {
		return nil, err
	}
	if in.Exports == nil {
		in.Exports = func(name string) (string, bool) { return template.Unknown(name, "Export"), true }
	}
	b, err := t.Bind(template.Environment{
		Home: in.Home, URLSuffix: in.URLSuffix, StackName: string(in.Stack), StackID: string(id), Exports: in.Exports,
	}, in.Params)
	if err != nil {
		return nil, err
	}
	p := &Plan{bound: b}
	nothing := unmade{types: e.types, resources: map[string]string{}}
	for _, r := range b.Resources() {
		nothing.resources[r.LogicalID] = r.Type
	}
	for _, r := range b.Resources() {
		planned, err := e.planResource(b, r, nothing)
		if err != nil {
			return nil, err
		}
		p.Resources = append(p.Resources, planned)
		if !e.emulated(r) {
			p.NotEmulated = append(p.NotEmulated, NotEmulated{r.LogicalID, r.Type, r.Pos})
		}
	}
	if _, err := b.Outputs(nothing); err != nil {
		return nil, err
	}
	p.Findings = e.audit(p.Resources)
	return p, nil
}

func (e *Engine) planResource(b *template.Bound, r *template.Resource, values template.Values) (Planned, error) {
	p := Planned{
		LogicalID: r.LogicalID, Type: r.Type, Pos: r.Pos,
		deletion: stack.Policy(r.DeletionPolicy), replace: stack.Policy(r.UpdateReplacePolicy),
	}
	if strings.HasPrefix(r.Type, "AWS::Serverless::") {
		return p, &document.Error{
			Pos: r.Pos, Msg: fmt.Sprintf("Template format error: Unrecognized resource types: [%s]", r.Type),
			Hint: "this type belongs to SAM; the template has to be transformed first",
		}
	}
	var err error
	p.Properties, err = e.properties(b, r.LogicalID, r.Type, values)
	return p, err
}

// properties evaluates and normalises the properties of a resource.
func (e *Engine) properties(b *template.Bound, id, typ string, values template.Values) (*document.Value, error) {
	v, err := b.Properties(id, values)
	if err != nil {
		return nil, err
	}
	if v.Pos == (document.Pos{}) {
		for _, r := range b.Resources() {
			if r.LogicalID == id {
				v = document.NewMap(r.Pos, v.Fields...)
			}
		}
	}
	if t := e.types[typ]; t != nil && !t.open {
		if v, err = normalise(id, t.props, v); err != nil {
			return nil, err
		}
	}
	if len(document.JSON(v)) > document.MaxBytes {
		return nil, &document.Error{Pos: v.Pos, Msg: fmt.Sprintf("the properties of resource %s are larger than 1 MiB", id)}
	}
	return v, nil
}

// emulated reports whether somebody has to be told that there is nothing behind a resource. The bucket
// that Serverless Framework adds to every template only carries code, which is read where it lies.
func (e *Engine) emulated(r *template.Resource) bool {
	if t := e.types[r.Type]; t != nil && (t.provider != nil || t.quiet) {
		return true
	}
	switch r.LogicalID {
	case "ServerlessDeploymentBucket", "ServerlessDeploymentBucketPolicy":
		return true
	}
	return false
}

// unaccepted are the findings whose control nobody has accepted.
func (p *Plan) unaccepted(accepted map[string]bool) []Finding {
	return slices.DeleteFunc(slices.Clone(p.Findings), func(f Finding) bool { return accepted[f.Control] })
}
