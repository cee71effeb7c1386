package template

import (
	"fmt"
	"slices"
	"strings"
)

// lateType is created after everything else that is ready; see Bound.Resources.
const lateType = "AWS::ApiGateway::Deployment"

// sort fills order, or names a cycle.
func (b *Bound) sort() error {
	waiting := map[string]int{}
	wanted := map[string][]*Resource{} // need → those that wait for it
	for i := range b.t.Resources {
		r := &b.t.Resources[i]
		if b.active[r.LogicalID] == nil {
			continue
		}
		waiting[r.LogicalID] = len(b.needs[r.LogicalID])
		for _, n := range b.needs[r.LogicalID] {
			wanted[n] = append(wanted[n], r)
		}
	}
	total := len(waiting)
	// ready holds source indexes; the smallest that is no deployment goes first.
	var ready []int
	for i := range b.t.Resources {
		if n, ok := waiting[b.t.Resources[i].LogicalID]; ok && n == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		at := slices.IndexFunc(ready, func(i int) bool { return b.t.Resources[i].Type != lateType })
		if at < 0 {
			at = 0
		}
		r := &b.t.Resources[ready[at]]
		ready = slices.Delete(ready, at, at+1)
		b.order = append(b.order, r)
		delete(waiting, r.LogicalID)
		for _, next := range wanted[r.LogicalID] {
			if waiting[next.LogicalID]--; waiting[next.LogicalID] == 0 {
				i := b.t.resource[next.LogicalID]
				at, _ := slices.BinarySearch(ready, i)
				ready = slices.Insert(ready, at, i)
			}
		}
	}
	if len(b.order) == total {
		return nil
	}
	return b.cycle(waiting)
}

// cycle follows needs among the resources that could not be placed until one repeats.
func (b *Bound) cycle(waiting map[string]int) error {
	var start string
	for i := range b.t.Resources {
		if _, ok := waiting[b.t.Resources[i].LogicalID]; ok {
			start = b.t.Resources[i].LogicalID
			break
		}
	}
	var path []string
	seen := map[string]int{}
	for id := start; ; {
		if at, ok := seen[id]; ok {
			path = path[at:]
			break
		}
		seen[id] = len(path)
		path = append(path, id)
		// Every unplaced resource needs another unplaced one.
		next := slices.IndexFunc(b.needs[id], func(n string) bool { _, ok := waiting[n]; return ok })
		id = b.needs[id][next]
	}
	steps := make([]string, len(path))
	for i, id := range path {
		step := fmt.Sprintf("%s needs %s", id, path[(i+1)%len(path)])
		if at := b.active[id].Pos.String(); at != "" {
			step += " at " + at
		}
		steps[i] = step
	}
	return hint(fail(b.active[path[0]].Pos, "Circular dependency between resources: [%s]", strings.Join(path, ", ")), "%s", strings.Join(steps, "; "))
}
