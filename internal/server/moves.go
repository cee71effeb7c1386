package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/cloudformation"
	"gatehouse/internal/document"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
)

// bring deploys a template. CloudFormation makes what is new before it deletes what is old. Where a name can
// belong to one thing only it is in its own way: when a key is taken out of a list and those behind it move to
// other logical ids, when a function is renamed and keeps its physical name, when {id} becomes {name} in a path.
// On AWS such an update fails. A definition that is edited has to be followed, so that a step in which those
// things have other names comes first; moved is true then.
func (s *Server) bring(ctx context.Context, name string, template *document.Value) (out *cloudformation.Outcome, moved bool, err error) {
	in := cloudformation.DeployInput{Stack: stack.Name(name), Template: template, Accepted: map[string]bool{}, Intent: s.cfg.Dev}
	for _, control := range s.cfg.Accepted {
		in.Accepted[control] = true
	}
	if in.Intent {
		between, err := s.between(ctx, in)
		if err != nil {
			return nil, false, err
		}
		if moved = between != nil; moved {
			first := in
			first.Template = between
			if out, err := s.stacks.Deploy(ctx, first); err != nil {
				return out, false, err
			}
		}
	}
	out, err = s.stacks.Deploy(ctx, in)
	return out, moved, err
}

// between returns the template with other names where those that it wants are taken by its own stack, or nil
// when none is.
func (s *Server) between(ctx context.Context, in cloudformation.DeployInput) (*document.Value, error) {
	d, err := s.stacks.DescribeTarget(ctx, in)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	wanted := in.Template.Get("Resources")
	var t *document.Value
	for _, kind := range [...]struct {
		typ, property string
		// taken tells whether a name and that of another resource cannot be there together.
		taken func(name, other string) bool
		other func(logicalID string) string
	}{
		{"AWS::ApiGateway::ApiKey", "Value", same, func(string) string { return drawKey() }},
		{"AWS::Lambda::Function", "FunctionName", same, temporary},
		// A resource has one child with a parameter for a name, whatever the name is.
		{"AWS::ApiGateway::Resource", "PathPart", bothParameters, temporary},
	} {
		leaving := map[string]string{} // names that are given up, by logical id
		for i := range d.Resources {
			r := &d.Resources[i]
			if r.Type != kind.typ || r.Properties.IsZero() {
				continue
			}
			props, err := document.Load(string(r.LogicalID)+".json", []byte(r.Properties.Reveal()), document.JSYAML)
			if err != nil {
				return nil, fmt.Errorf("record of %s: %w", r.LogicalID, err)
			}
			id := string(r.LogicalID)
			if has := nameOf(props, kind.property); has != "" && has != nameOf(propertiesOf(wanted, id, kind.typ), kind.property) {
				leaving[id] = has
			}
		}
		if wanted == nil || len(leaving) == 0 {
			continue
		}
		for _, f := range wanted.Fields {
			name := nameOf(propertiesOf(wanted, f.Name, kind.typ), kind.property)
			for _, given := range leaving {
				if name != "" && leaving[f.Name] != name && kind.taken(name, given) {
					if t == nil {
						t = in.Template
					}
					t = setValue(t, kind.other(f.Name), "Resources", f.Name, "Properties", kind.property)
					break
				}
			}
		}
	}
	return t, nil
}

func same(a, b string) bool { return a == b }

func bothParameters(a, b string) bool { return strings.HasPrefix(a, "{") && strings.HasPrefix(b, "{") }

// temporary is a name that nobody writes and that may stand in a path.
func temporary(logicalID string) string { return "moving-" + logicalID[:min(len(logicalID), 50)] }

// propertiesOf returns the properties of a resource of a template, nil when it has another type.
func propertiesOf(resources *document.Value, id, typ string) *document.Value {
	r := resources.Get(id)
	if t := r.Get("Type"); t == nil || t.Text != typ {
		return nil
	}
	return r.Get("Properties")
}

// nameOf returns a property that is a plain text, or "".
func nameOf(properties *document.Value, name string) string {
	if v := properties.Get(name); v != nil && v.Kind == document.String {
		return v.Text
	}
	return ""
}
