package template

import (
	"slices"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
)

// Environment is what a template can learn about the place where it is deployed.
type Environment struct {
	Home identity.Home
	// URLSuffix is the value of AWS::URLSuffix, "amazonaws.com" on AWS.
	URLSuffix          string
	StackName, StackID string
	NotificationARNs   []string
	// Exports finds the value of an export of another stack; nil means that there are none.
	Exports func(name string) (string, bool)
}

// ParameterValue is a parameter with the value that it was bound to.
type ParameterValue struct {
	Name, Value string
	NoEcho      bool
}

// Bound is a template with its parameters, and so its conditions, decided: it is known which resources
// exist and in which order they have to be made. It is not safe for concurrent use.
type Bound struct {
	t          *Template
	env        Environment
	given      []ParameterValue
	parameters map[string]string
	conditions map[string]truth
	active     map[string]*Resource
	needs      map[string][]string
	order      []*Resource
}

// Bind checks the given parameters, decides the conditions, evaluates the rules and sorts the resources.
func (t *Template) Bind(env Environment, given map[string]string) (*Bound, error) {
	b := &Bound{
		t: t, env: env,
		parameters: map[string]string{},
		conditions: map[string]truth{},
		active:     map[string]*Resource{},
		needs:      map[string][]string{},
	}
	if err := b.bindParameters(given); err != nil {
		return nil, err
	}
	if err := b.checkRules(); err != nil {
		return nil, err
	}
	for _, n := range t.conditionOrder {
		if _, err := b.condition(name{n, t.conditions[n].Pos}); err != nil {
			return nil, err
		}
	}
	for i := range t.Resources {
		r := &t.Resources[i]
		if r.Condition == "" || b.conditions[r.Condition] == isTrue {
			b.active[r.LogicalID] = r
		}
	}
	for i := range t.Resources {
		r := &t.Resources[i]
		if b.active[r.LogicalID] == nil {
			continue
		}
		if err := b.findNeeds(r); err != nil {
			return nil, err
		}
	}
	if err := b.checkOutputs(); err != nil {
		return nil, err
	}
	return b, b.sort()
}

func (b *Bound) bindParameters(given map[string]string) error {
	var unknown, missing []string
	for n := range given {
		if _, ok := b.t.parameter[n]; !ok {
			unknown = append(unknown, n)
		}
	}
	if unknown != nil {
		slices.Sort(unknown)
		return fail(document.Pos{}, "Parameters: [%s] do not exist in the template", strings.Join(unknown, ", "))
	}
	var pos document.Pos
	for i := range b.t.Parameters {
		p := &b.t.Parameters[i]
		text, ok := given[p.Name]
		if !ok && p.Default != nil {
			text, ok = *p.Default, true
		}
		if !ok {
			if missing == nil {
				pos = p.Pos
			}
			missing = append(missing, p.Name)
			continue
		}
		if err := p.check(text); err != nil {
			return err
		}
		b.parameters[p.Name] = text
		b.given = append(b.given, ParameterValue{p.Name, text, p.NoEcho})
	}
	if missing != nil {
		return fail(pos, "Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	return nil
}

// findNeeds collects what an existing resource refers to in the branches that are taken. A DependsOn on
// a resource whose condition is false is ignored, as on AWS; a reference to one is an error.
func (b *Bound) findNeeds(r *Resource) error {
	add := func(id string) {
		if !slices.Contains(b.needs[r.LogicalID], id) {
			b.needs[r.LogicalID] = append(b.needs[r.LogicalID], id)
		}
	}
	for _, d := range r.dependsOn {
		if b.active[d.text] != nil {
			add(d.text)
		}
	}
	if r.Properties == nil {
		return nil
	}
	return b.visitor("Resources", add).walk(r.Properties)
}

// checkOutputs refuses outputs that exist and refer to resources that do not.
func (b *Bound) checkOutputs() error {
	w := b.visitor("Outputs", func(string) {})
	for _, o := range b.t.Outputs {
		if o.Condition != "" && b.conditions[o.Condition] != isTrue {
			continue
		}
		if err := w.walk(o.value); err != nil {
			return err
		}
		if o.export != nil {
			if err := w.walk(o.export); err != nil {
				return err
			}
		}
	}
	return nil
}

// visitor walks taken branches only and reports the resources that are referred to.
func (b *Bound) visitor(block string, found func(id string)) *visitor {
	see := func(id name) error {
		if _, ok := b.t.resource[id.text]; !ok {
			return nil // a parameter or pseudo parameter; Parse has refused everything else
		}
		if b.active[id.text] == nil {
			r, _ := b.t.Lookup(id.text)
			return hint(unresolved(block, id), "%s does not exist because its condition %s is false", id.text, r.Condition)
		}
		found(id.text)
		return nil
	}
	return &visitor{
		t:      b.t,
		branch: b.condition,
		ref:    see,
		att:    func(id name, _ string) error { return see(id) },
	}
}

// Description returns the description of the template.
func (b *Bound) Description() string { return b.t.Description }

// Parameters returns the bound parameters in source order.
func (b *Bound) Parameters() []ParameterValue { return b.given }

// Resources returns the resources that exist, each after everything it needs. The order depends on the
// template alone. Among resources that do not need each other deployments of REST APIs come last: AWS
// gives no order there, and a deployment made before the methods would freeze an empty API.
func (b *Bound) Resources() []*Resource { return b.order }

// Needs returns the logical ids that a resource needs, from DependsOn and from references.
func (b *Bound) Needs(id string) []string { return b.needs[id] }

// Exists reports whether a resource is in the template and its condition holds.
func (b *Bound) Exists(id string) bool { return b.active[id] != nil }
