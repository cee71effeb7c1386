package apigw

import (
	"slices"
	"strings"
)

// Variable takes a path part apart: "{id}" is the variable id, "{proxy+}" the greedy variable proxy.
func Variable(part string) (name string, greedy, ok bool) {
	inner, found := strings.CutPrefix(part, "{")
	if !found {
		return "", false, false
	}
	if inner, found = strings.CutSuffix(inner, "}"); !found {
		return "", false, false
	}
	name, greedy = strings.CutSuffix(inner, "+")
	return name, greedy, name != ""
}

// checkPathPart refuses what cannot be one segment of a path. The text is the one AWS sends [observed].
func checkPathPart(part string) error {
	const more = "._-:"
	if only(part, more) {
		return nil
	}
	if name, _, ok := Variable(part); ok && only(name, more) {
		return nil
	}
	return Refuse(BadRequest, "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.")
}

func noResource() error { return Refuse(NotFound, "Invalid Resource identifier specified") }

// Tree is all resources of one API. Its methods never change the resources they were given.
type Tree []Resource

// Find returns the resource of an id, or AWS's refusal.
func (t Tree) Find(id ResourceID) (*Resource, error) {
	for i := range t {
		if t[i].ID == id {
			return &t[i], nil
		}
	}
	return nil, noResource()
}

// NewChild returns the resource that CreateResource makes under a parent.
func (t Tree) NewChild(parent ResourceID, id ResourceID, part string) (Resource, error) {
	p, err := t.Find(parent)
	if err != nil {
		return Resource{}, err
	}
	r := Resource{API: p.API, ID: id, Parent: p.ID, PathPart: part}
	if err := t.place(p, &r); err != nil {
		return Resource{}, err
	}
	return r, nil
}

// place checks that r may stand under p, and sets its path.
func (t Tree) place(p, r *Resource) error {
	if _, greedy, _ := Variable(p.PathPart); greedy {
		return Refuse(BadRequest, "Cannot create a child of a resource with a greedy path variable: %s", p.PathPart)
	}
	if err := checkPathPart(r.PathPart); err != nil {
		return err
	}
	_, _, variable := Variable(r.PathPart)
	for i := range t {
		sibling := &t[i]
		if sibling.Parent != p.ID || sibling.ID == r.ID || sibling.Path == "/" {
			continue
		}
		if sibling.PathPart == r.PathPart {
			return Refuse(Conflict, "Another resource with the same parent already has this name: %s", r.PathPart)
		}
		if _, _, other := Variable(sibling.PathPart); variable && other {
			return Refuse(BadRequest, "A sibling (%s) of this resource already has a variable path part -- only one is allowed", sibling.PathPart)
		}
	}
	r.Path = strings.TrimSuffix(p.Path, "/") + "/" + r.PathPart
	return nil
}

// Under returns the ids of a resource and of all its descendants.
func (t Tree) Under(id ResourceID) []ResourceID {
	out := []ResourceID{id}
	for i := 0; i < len(out); i++ {
		for j := range t {
			if t[j].Parent == out[i] && t[j].ID != out[i] {
				out = append(out, t[j].ID)
			}
		}
	}
	return out
}

// Patch applies UpdateResource and returns the resources that changed: the addressed one first, then its
// descendants, whose paths follow.
func (t Tree) Patch(id ResourceID, ops []PatchOp) ([]Resource, error) {
	if _, err := t.Find(id); err != nil {
		return nil, err
	}
	next := slices.Clone(t)
	move := placement{tree: next, id: id}
	if err := patch(&move, ops, resourceRules, listed); err != nil {
		return nil, err
	}
	var changed []Resource
	for _, id := range next.Under(id) {
		r, _ := next.Find(id)
		if p, err := next.Find(r.Parent); err == nil && r.Path != "/" {
			r.Path = strings.TrimSuffix(p.Path, "/") + "/" + r.PathPart
		}
		changed = append(changed, *r)
	}
	return changed, nil
}

// placement is what a patch of a resource works on.
type placement struct {
	tree Tree
	id   ResourceID
}

var resourceRules = []rule[placement]{
	{path: "/parentId", replace: func(m *placement, _, value string) error {
		return m.set("parentId", func(r *Resource) { r.Parent = ResourceID(value) })
	}},
	{path: "/pathPart", replace: func(m *placement, _, value string) error {
		return m.set("pathPart", func(r *Resource) { r.PathPart = value })
	}},
}

func (m *placement) set(field string, change func(*Resource)) error {
	r, err := m.tree.Find(m.id)
	if err != nil {
		return err
	}
	if r.Path == "/" {
		return Refuse(BadRequest, "Root resource cannot update its %s.", field)
	}
	moved := *r
	change(&moved)
	p, err := m.tree.Find(moved.Parent)
	if err != nil {
		return err
	}
	if slices.Contains(m.tree.Under(m.id), p.ID) {
		return Refuse(BadRequest, "Resources cannot be cyclical.")
	}
	if err := m.tree.place(p, &moved); err != nil {
		return err
	}
	if _, greedy, _ := Variable(moved.PathPart); greedy && len(m.tree.Under(m.id)) > 1 {
		return Refuse(BadRequest, "Cannot create a child of a resource with a greedy path variable: %s", moved.PathPart)
	}
	*r = moved
	return nil
}
