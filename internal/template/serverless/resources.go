package serverless

import (
	"slices"
	"strings"

	"gatehouse/internal/document"
)

// merged lays the user's resources over the generated template, as _.merge does, and applies extensions.
func (c *compiler) merged(template *document.Value) *document.Value {
	var all *document.Value
	for _, part := range c.items(c.cfg.Get("resources")) {
		if !given(part) || part.Kind == document.String && part.Text == "" {
			continue // a file that does not exist, with an empty fallback
		}
		if part.Kind != document.Map {
			c.wrongType(part, "resources", "a map or a list of maps")
			return template
		}
		all = document.Merge(all, part)
	}
	if all == nil {
		return template
	}
	for _, name := range []string{"Resources", "Outputs", "Parameters", "Conditions", "Mappings"} {
		c.fields(all.Get(name), "resources."+name)
	}
	template = document.Merge(template, coerceSections(all.Without("extensions")))
	return c.extended(template, all.Get("extensions"))
}

// coerceSections brings resources into the form of the framework's validator. [observed]
func coerceSections(all *document.Value) *document.Value {
	if v := all.Get("Transform"); given(v) && v.Kind == document.String {
		all = all.With("Transform", document.NewList(v.Pos, v))
	}
	resources := all.Get("Resources")
	if resources == nil || resources.Kind != document.Map {
		return all
	}
	return all.With("Resources", mapFields(resources, func(r *document.Value) *document.Value {
		if v := r.Get("DependsOn"); v != nil && v.Kind == document.String {
			return r.With("DependsOn", document.NewList(v.Pos, v))
		}
		return r
	}))
}

// extended applies resources.extensions: properties are replaced one by one, dependencies added.
func (c *compiler) extended(template, extensions *document.Value) *document.Value {
	resources := template.Get("Resources")
	for _, ext := range c.fields(extensions, "resources.extensions") {
		r := resources.Get(ext.Name)
		if r == nil {
			c.fail(ext.Pos, "resources.extensions."+ext.Name+" extends no resource", "name the logical id of a generated resource")
			continue
		}
		for _, f := range c.fields(ext.Value, "resources.extensions."+ext.Name) {
			switch f.Name {
			case "Properties", "Metadata":
				old := r.Get(f.Name)
				for _, p := range c.fields(f.Value, f.Name) {
					old = old.With(p.Name, p.Value)
				}
				if old != nil {
					r = r.With(f.Name, old)
				}
			case "DependsOn":
				list := slices.Concat(c.items(r.Get("DependsOn")), c.items(f.Value))
				r = r.With("DependsOn", document.NewList(f.Value.Pos, list...))
			case "Condition", "CreationPolicy", "DeletionPolicy", "UpdatePolicy", "UpdateReplacePolicy":
				r = r.With(f.Name, f.Value)
			default:
				c.fail(f.Pos, "resources.extensions cannot change "+f.Name, "it can change Properties, DependsOn, Metadata, Condition and the policies")
			}
		}
		resources = resources.With(ext.Name, r)
	}
	return template.With("Resources", resources)
}

// pseudoParameters turns "#{AWS::Region}" into Fn::Sub, as the plugin serverless-pseudo-parameters does
// with any name. Without the plugin it is plain text for version 3; for files of older versions, which
// hardly ever lack the plugin, the AWS:: names are honoured.
func (c *compiler) pseudoParameters(template *document.Value) *document.Value {
	plugin := c.hasPlugin("serverless-pseudo-parameters")
	if !plugin && !c.legacy {
		return template
	}
	return mapFields(template, func(v *document.Value) *document.Value { return c.pseudo(v, plugin, false) })
}

func (c *compiler) pseudo(v *document.Value, plugin, inSub bool) *document.Value {
	switch v.Kind {
	case document.List:
		return mapItems(v, func(item *document.Value) *document.Value { return c.pseudo(item, plugin, inSub) })
	case document.Map:
		sub := len(v.Fields) == 1 && v.Fields[0].Name == "Fn::Sub"
		return mapFields(v, func(item *document.Value) *document.Value { return c.pseudo(item, plugin, sub) })
	case document.String:
		text, found := substitute(v.Text, plugin)
		if !found && text == v.Text {
			return v
		}
		if found && !plugin {
			c.warn(v.Pos, "#{AWS::…} is replaced here, but version 3 of the framework does so only with the plugin serverless-pseudo-parameters: write Fn::Sub")
		}
		out := document.NewString(v.Pos, text)
		if inSub || !found {
			return out
		}
		return pen{v.Pos}.obj(set("Fn::Sub", out))
	}
	return v
}

// substitute rewrites #{Name} to ${Name}, and #@{Name} to #{Name}; found is true for the former.
func substitute(s string, anyName bool) (text string, found bool) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '#')
		if i < 0 {
			b.WriteString(s)
			return b.String(), found
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s, '}')
		switch {
		case anyName && strings.HasPrefix(s, "#@{") && end > 0:
			b.WriteString("#" + s[2:end+1])
			s = s[end+1:]
		case strings.HasPrefix(s, "#{") && end > 2 && isReference(s[2:end]) && (anyName || strings.HasPrefix(s, "#{AWS::")):
			found = true
			b.WriteString("$" + s[1:end+1])
			s = s[end+1:]
		default:
			b.WriteByte('#')
			s = s[1:]
		}
	}
}

// isReference accepts what Fn::Sub can refer to.
func isReference(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && s[i] != ':' && s[i] != '.' {
			return false
		}
	}
	return s != ""
}
