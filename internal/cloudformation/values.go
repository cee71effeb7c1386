package cloudformation

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/stack"
	"gatehouse/internal/template"
)

// Ref returns the physical id of a resource: run is the value store of its template.
func (r *run) Ref(id string) (string, error) {
	rec := r.records[stack.LogicalID(id)]
	if rec == nil || rec.PhysicalID == "" {
		return "", fmt.Errorf("resource %s has not been made yet", id)
	}
	return string(rec.PhysicalID), nil
}

// Attribute returns an attribute of a resource.
func (r *run) Attribute(id, attribute string) (string, error) {
	rec := r.records[stack.LogicalID(id)]
	if rec == nil {
		return "", fmt.Errorf("resource %s has not been made yet", id)
	}
	if rec.StandIn {
		return standInAttribute(r.engine.cfg.Home, rec, attribute)
	}
	if v, ok := rec.Attributes[attribute]; ok && attribute[0] != privateAttribute {
		return v, nil
	}
	if v, ok := rec.Secrets[attribute]; ok {
		return v.Reveal(), nil
	}
	return "", noAttribute(id, attribute)
}

// AttributeList implements template.Lister.
func (r *run) AttributeList(id, attribute string) ([]string, bool) {
	rec := r.records[stack.LogicalID(id)]
	if rec == nil || rec.StandIn {
		return nil, false
	}
	t := r.engine.types[rec.Type]
	if t == nil || !slices.Contains(t.lists, attribute) {
		return nil, false
	}
	v, ok := rec.Attributes[attribute]
	if v == "" {
		return nil, ok
	}
	return strings.Split(v, listSeparator), ok
}

// listSeparator stands between the items of an attribute that is a list. No item holds it.
const listSeparator = "\n"

// listAttribute writes an attribute that is a list.
func listAttribute(items []string) string { return strings.Join(items, listSeparator) }

func noAttribute(id, attribute string) error {
	//lint:ignore ST1005 the sentence is AWS's [recorded]
	return fmt.Errorf("Template error: resource %s does not support attribute type %s in Fn::GetAtt", id, attribute)
}

// unmade answers for a template of which nothing has been made, and knows which attributes there will be.
type unmade struct {
	template.Unmade
	types     map[string]*resourceType
	resources map[string]string // logical id → type
}

// Attribute returns the stand-in for an attribute that the type has.
func (u unmade) Attribute(id, attribute string) (string, error) {
	if t := u.types[u.resources[id]]; t != nil && t.provider != nil && !slices.Contains(t.attributes, attribute) {
		return "", noAttribute(id, attribute)
	}
	return u.Unmade.Attribute(id, attribute)
}
