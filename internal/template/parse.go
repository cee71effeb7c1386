package template

import (
	"strconv"
	"strings"

	"gatehouse/internal/document"
)

// Parse checks the structure of a template and of every function call in it, also in branches that no
// condition will ever choose, as AWS's ValidateTemplate does.
func Parse(v *document.Value) (*Template, error) {
	if v == nil || v.Kind != document.Map {
		var pos document.Pos
		if v != nil {
			pos = v.Pos
		}
		return nil, fail(pos, "Template format error: unsupported structure.")
	}
	if err := checkTree(v); err != nil {
		return nil, err
	}
	t := &Template{
		mappings:   map[string]*document.Value{},
		conditions: map[string]*document.Value{},
		resource:   map[string]int{},
		parameter:  map[string]int{},
	}
	if err := t.parseSections(v); err != nil {
		return nil, err
	}
	if err := t.checkCalls(); err != nil {
		return nil, err
	}
	return t, nil
}

// parseSections reads the sections in the order in which they build on each other.
func (t *Template) parseSections(v *document.Value) error {
	var unknown []string
	for _, f := range v.Fields {
		switch f.Name {
		case "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings",
			"Conditions", "Transform", "Hooks", "Resources", "Outputs":
		default:
			unknown = append(unknown, f.Name)
		}
	}
	if unknown != nil {
		pos := v.Pos
		for _, f := range v.Fields {
			if f.Name == unknown[0] {
				pos = f.Pos
			}
		}
		return fail(pos, "Invalid template property or properties [%s]", strings.Join(unknown, ", "))
	}
	if d := v.Get("AWSTemplateFormatVersion"); d != nil {
		// YAML reads an unquoted 2010-09-09 as a date or a text, never as anything else that is valid.
		if text, ok := scalar(d); !ok || !strings.HasPrefix(text, "2010-09-09") {
			return fail(d.Pos, "Template format error: unsupported value for AWSTemplateFormatVersion.")
		}
	}
	if d := v.Get("Description"); d != nil {
		if d.Kind != document.String {
			return fail(d.Pos, "Template format error: Description must be a string.")
		}
		t.Description = d.Text
	}
	if h := v.Get("Hooks"); h != nil && len(h.Fields) > 0 {
		return hint(fail(h.Pos, "the Hooks section is not supported"), "hooks of CodeDeploy do not run here; remove the section")
	}
	steps := []struct {
		section string
		parse   func(*document.Value) error
	}{
		{"Transform", t.parseTransform},
		{"Parameters", t.parseParameters},
		{"Mappings", t.parseMappings},
		{"Conditions", t.parseConditions},
		{"Rules", t.parseRules},
		{"Resources", t.parseResources},
		{"Outputs", t.parseOutputs},
	}
	for _, s := range steps {
		part := v.Get(s.section)
		if part == nil {
			if s.section == "Resources" {
				return fail(v.Pos, "Template format error: At least one Resources member must be defined.")
			}
			continue
		}
		if s.section != "Transform" && part.Kind != document.Map {
			return fail(part.Pos, "Template format error: [/%s] is not an object", s.section)
		}
		if err := s.parse(part); err != nil {
			return err
		}
	}
	return nil
}

// parseTransform accepts the one transform that is part of the language and refuses the others: a macro
// that did not run could have added an authorizer.
func (t *Template) parseTransform(v *document.Value) error {
	names := []*document.Value{v}
	if v.Kind == document.List {
		names = v.Items
	}
	for _, n := range names {
		if n.Kind == document.String && n.Text == "AWS::LanguageExtensions" {
			t.extensions = true
			continue
		}
		if n.Kind == document.String {
			return hint(fail(n.Pos, "transform %s is not supported", n.Text), "only AWS::LanguageExtensions is; expand the template first")
		}
		return hint(fail(n.Pos, "a transform with parameters is not supported"), "expand the template first")
	}
	return nil
}

func (t *Template) parseMappings(v *document.Value) error {
	if len(v.Fields) > MaxMappings {
		return fail(v.Pos, "Template format error: Number of mappings, %d, is greater than maximum allowed, %d", len(v.Fields), MaxMappings)
	}
	for _, m := range v.Fields {
		if m.Value.Kind != document.Map {
			return fail(m.Pos, "Template format error: Every Mappings member %s must be a map", m.Name)
		}
		for _, top := range m.Value.Fields {
			if top.Value.Kind != document.Map {
				return fail(top.Pos, "Template format error: Every Mappings member %s must be a map", top.Name)
			}
			for _, second := range top.Value.Fields {
				if !isMappingValue(second.Value) {
					return fail(second.Pos, "Template format error: Every Mappings attribute must be a String or a List.")
				}
			}
		}
		t.mappings[m.Name] = m.Value
	}
	return nil
}

// isMappingValue reports whether v is a scalar or a list of scalars.
func isMappingValue(v *document.Value) bool {
	if v.Kind != document.List {
		_, ok := scalar(v)
		return ok
	}
	for _, item := range v.Items {
		if _, ok := scalar(item); !ok {
			return false
		}
	}
	return true
}

func (t *Template) parseConditions(v *document.Value) error {
	for _, c := range v.Fields {
		if c.Value.Kind != document.Map || len(c.Value.Fields) != 1 {
			return fail(c.Pos, "Template format error: Every Conditions member must be an object with one condition function, found %s", c.Name)
		}
		t.conditions[c.Name] = c.Value
		t.conditionOrder = append(t.conditionOrder, c.Name)
	}
	return nil
}

func (t *Template) parseResources(v *document.Value) error {
	if len(v.Fields) == 0 {
		return fail(v.Pos, "Template format error: At least one Resources member must be defined.")
	}
	if len(v.Fields) > MaxResources {
		return fail(v.Pos, "Template format error: Number of resources, %d, is greater than maximum allowed, %d", len(v.Fields), MaxResources)
	}
	for _, f := range v.Fields {
		r, err := t.parseResource(f)
		if err != nil {
			return err
		}
		t.resource[r.LogicalID] = len(t.Resources)
		t.Resources = append(t.Resources, r)
	}
	return nil
}

func (t *Template) parseResource(f document.Field) (Resource, error) {
	r := Resource{LogicalID: f.Name, Pos: f.Pos}
	if strings.HasPrefix(f.Name, "Fn::ForEach") {
		return r, hint(fail(f.Pos, "Fn::ForEach is not supported"), "write the resources out")
	}
	if !alphanumeric(f.Name) {
		return r, fail(f.Pos, "Template format error: Resource name %s is non alphanumeric.", f.Name)
	}
	if _, taken := t.parameter[f.Name]; taken {
		return r, fail(f.Pos, "Template format error: Found duplicate name %s in Parameters and Resources", f.Name)
	}
	if f.Value.Kind != document.Map {
		return r, fail(f.Pos, "Template format error: Any Resources member must be an object.")
	}
	for _, a := range f.Value.Fields {
		if err := r.parseAttribute(a); err != nil {
			return r, err
		}
	}
	if r.Type == "" {
		return r, fail(f.Pos, "Template format error: [/Resources/%s] Every Resources object must contain a Type member.", f.Name)
	}
	if r.Condition != "" && t.conditions[r.Condition] == nil {
		return r, fail(r.condPos, "Template format error: Unresolved condition dependency %s in the Resources block of the template", r.Condition)
	}
	return r, nil
}

// parseAttribute reads one attribute of a resource. CreationPolicy and UpdatePolicy only concern types
// that are never really made here; Version belongs to custom resources.
func (r *Resource) parseAttribute(a document.Field) error {
	v := a.Value
	switch a.Name {
	case "Type":
		if v.Kind != document.String || v.Text == "" {
			return fail(a.Pos, "Template format error: [/Resources/%s] Every Type member must be a string.", r.LogicalID)
		}
		r.Type = v.Text
	case "Properties":
		if v.Kind != document.Map {
			return fail(a.Pos, "Template format error: [/Resources/%s/Properties] Properties must be an object.", r.LogicalID)
		}
		r.Properties = v
	case "Condition":
		if v.Kind != document.String {
			return fail(a.Pos, "Template format error: Every Condition member must be a string.")
		}
		r.Condition, r.condPos = v.Text, v.Pos
	case "DependsOn":
		items := []*document.Value{v}
		if v.Kind == document.List {
			items = v.Items
		}
		for _, item := range items {
			if item.Kind != document.String {
				return fail(item.Pos, "Template format error: DependsOn must be a string or list of strings.")
			}
			r.dependsOn = append(r.dependsOn, name{item.Text, item.Pos})
		}
	case "DeletionPolicy":
		return r.parsePolicy(a, &r.DeletionPolicy, "Delete", "Retain", "RetainExceptOnCreate", "Snapshot")
	case "UpdateReplacePolicy":
		return r.parsePolicy(a, &r.UpdateReplacePolicy, "Delete", "Retain", "Snapshot")
	case "Metadata":
		r.Metadata = v
	case "CreationPolicy", "UpdatePolicy", "Version":
	default:
		return fail(a.Pos, "Invalid template resource property '%s'", a.Name)
	}
	return nil
}

func (r *Resource) parsePolicy(a document.Field, into *string, allowed ...string) error {
	for _, word := range allowed {
		if a.Value.Kind == document.String && a.Value.Text == word {
			*into = word
			return nil
		}
	}
	err := fail(a.Value.Pos, "Template format error: Unrecognized %s %s for resource %s", a.Name, a.Value.Text, r.LogicalID)
	return hint(err, "one of %s", strings.Join(allowed, ", "))
}

func (t *Template) parseOutputs(v *document.Value) error {
	if len(v.Fields) > MaxOutputs {
		return fail(v.Pos, "Template format error: Number of outputs, %d, is greater than maximum allowed, %d", len(v.Fields), MaxOutputs)
	}
	for _, f := range v.Fields {
		if !alphanumeric(f.Name) {
			return fail(f.Pos, "Template format error: Output name %s is non alphanumeric.", f.Name)
		}
		if f.Value.Kind != document.Map || f.Value.Get("Value") == nil {
			return fail(f.Pos, "Template format error: [/Outputs/%s] Every Outputs member must contain a Value object", f.Name)
		}
		o := Output{Name: f.Name, Pos: f.Pos}
		for _, a := range f.Value.Fields {
			switch a.Name {
			case "Value":
				o.value = a.Value
			case "Description":
				o.Description, _ = scalar(a.Value)
			case "Condition":
				o.Condition = a.Value.Text
				if a.Value.Kind != document.String || t.conditions[o.Condition] == nil {
					return fail(a.Value.Pos, "Template format error: Unresolved condition dependency %s in the Outputs block of the template", o.Condition)
				}
			case "Export":
				if o.export = a.Value.Get("Name"); o.export == nil || len(a.Value.Fields) != 1 {
					return fail(a.Pos, "Template format error: Output %s is malformed. The Export field must contain a Name and nothing else.", f.Name)
				}
			default:
				return fail(a.Pos, "Invalid template property or properties [%s]", a.Name)
			}
		}
		t.Outputs = append(t.Outputs, o)
	}
	return nil
}

// checkTree refuses nulls [recorded text] and bounds depth and size before anything recurses.
func checkTree(v *document.Value) error {
	nodes := 0
	var walk func(v *document.Value, path []string) error
	walk = func(v *document.Value, path []string) error {
		if nodes++; nodes > maxNodes {
			return fail(v.Pos, "the template has more than %d values", maxNodes)
		}
		if len(path) > maxDepth {
			return fail(v.Pos, "the template is nested deeper than %d levels", maxDepth)
		}
		switch v.Kind {
		case document.Null:
			return fail(v.Pos, "[/%s] 'null' values are not allowed in templates", strings.Join(path, "/"))
		case document.List:
			for i, item := range v.Items {
				if err := walk(item, append(path, strconv.Itoa(i))); err != nil {
					return err
				}
			}
		case document.Map:
			for _, f := range v.Fields {
				if err := walk(f.Value, append(path, f.Name)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return walk(v, nil)
}

// alphanumeric reports whether s is one or more of [A-Za-z0-9].
func alphanumeric(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// scalar returns the text of a string, number or boolean, which is how CloudFormation sees them all.
func scalar(v *document.Value) (string, bool) {
	switch v.Kind {
	case document.String, document.Number:
		return v.Text, true
	case document.Bool:
		return strconv.FormatBool(v.Bool), true
	}
	return "", false
}
