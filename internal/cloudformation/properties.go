package cloudformation

import (
	"slices"
	"strconv"

	"gatehouse/internal/document"
)

// properties reads normalised properties: the checks are done, so a reader only converts. What is absent
// is nil.
type properties struct{ v *document.Value }

func (p properties) has(name string) bool { return p.v.Get(name) != nil }

// only keeps some of the properties.
func (p properties) only(names ...string) properties {
	out := document.NewMap(document.Pos{})
	for _, f := range p.v.Fields {
		if slices.Contains(names, f.Name) {
			out.Fields = append(out.Fields, f)
		}
	}
	return properties{out}
}

func (p properties) text(name string) *string {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	return &v.Text
}

// must is for required properties and for those where "" means the same as absent.
func (p properties) must(name string) string {
	if t := p.text(name); t != nil {
		return *t
	}
	return ""
}

func (p properties) boolean(name string) *bool {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	return &v.Bool
}

func (p properties) int32(name string) *int32 {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	n, _ := strconv.ParseInt(v.Text, 10, 32)
	i := int32(n)
	return &i
}

func (p properties) float(name string) *float64 {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	f, _ := strconv.ParseFloat(v.Text, 64)
	return &f
}

func (p properties) texts(name string) []string {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	out := make([]string, len(v.Items))
	for i, item := range v.Items {
		out[i] = item.Text
	}
	return out
}

func (p properties) textMap(name string) map[string]string {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	out := make(map[string]string, len(v.Fields))
	for _, f := range v.Fields {
		out[f.Name] = f.Value.Text
	}
	return out
}

func (p properties) boolMap(name string) map[string]bool {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	out := make(map[string]bool, len(v.Fields))
	for _, f := range v.Fields {
		out[f.Name] = f.Value.Bool
	}
	return out
}

// tags reads a list of {Key, Value}.
func (p properties) tags(name string) map[string]string {
	list := p.objects(name)
	if list == nil {
		return nil
	}
	out := make(map[string]string, len(list))
	for _, t := range list {
		out[t.must("Key")] = t.must("Value")
	}
	return out
}

func (p properties) object(name string) (properties, bool) {
	v := p.v.Get(name)
	return properties{v}, v != nil
}

func (p properties) objects(name string) []properties {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	out := make([]properties, len(v.Items))
	for i, item := range v.Items {
		out[i] = properties{item}
	}
	return out
}

// entry is one entry of a map of objects.
type entry struct {
	name string
	properties
}

// entries reads a map of objects in the order of the source.
func (p properties) entries(name string) []entry {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	out := make([]entry, len(v.Fields))
	for i, f := range v.Fields {
		out[i] = entry{f.Name, properties{f.Value}}
	}
	return out
}

// json reads a document as JSON text; a string is taken to be JSON already.
func (p properties) json(name string) *string {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	if v.Kind == document.String {
		return &v.Text
	}
	s := string(document.JSON(v))
	return &s
}
