package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gatehouse/internal/stack"
	"gatehouse/internal/store"
)

// Delete removes a stack and what it made, except what a policy retains. A stack that does not exist is
// deleted already [recorded]. When a resource cannot be deleted the stack is DELETE_FAILED, and so is
// everything that the resource needs left in place.
func (e *Engine) Delete(ctx context.Context, name stack.Name) error {
	release, err := e.acquire(ctx, name, stack.DeleteInProgress)
	if err != nil {
		return err
	}
	defer release()
	st, err := e.find(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.retire(ctx, st)
}

// retire deletes a stack on behalf of an operation that holds it.
func (e *Engine) retire(ctx context.Context, st stack.Stack) error {
	all, err := e.exports(ctx, st.ID)
	if err != nil {
		return err
	}
	r := &run{engine: e, ctx: ctx, stack: st, exports: all, records: map[stack.LogicalID]*stack.ResourceRecord{}}
	if err := r.load(); err != nil {
		return err
	}
	r.state(stack.DeleteInProgress, "User Initiated")
	var failed []stack.LogicalID
	kept := map[stack.LogicalID]bool{} // needed by something that could not be deleted
	for _, id := range slices.Backward(r.order()) {
		rec := r.records[id]
		err := error(nil)
		if !kept[id] {
			if err = r.deleteRecord(rec); err == nil {
				continue
			}
			failed = append(failed, id)
		}
		for _, n := range rec.Needs {
			kept[n] = true
		}
	}
	if len(failed) > 0 {
		reason := fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", join(failed))
		r.state(stack.DeleteFailed, reason)
		return errors.Join(fmt.Errorf("delete stack %s: %s", st.Name, reason), r.flush())
	}
	r.state(stack.DeleteComplete, "")
	r.stack.Deleted = e.cfg.Now().UTC()
	r.exported = true
	return r.flush()
}

// deleteRecord deletes a resource with what it replaced, and its record.
func (r *run) deleteRecord(rec *stack.ResourceRecord) error {
	if err := r.dropReplaced(rec); err != nil {
		r.note(rec, stack.DeleteFailed, err.Error())
		return err
	}
	if rec.PhysicalID != "" {
		if err := r.remove(*rec, rec.Deletion); err != nil {
			rec.Status, rec.StatusReason = stack.DeleteFailed, err.Error()
			r.keep(rec)
			return err
		}
	}
	r.drop(rec.LogicalID)
	return nil
}

// dropReplaced deletes the physical resources that rec has replaced.
func (r *run) dropReplaced(rec *stack.ResourceRecord) error {
	for len(rec.Replaced) > 0 {
		old := rec.Replaced[0]
		was := *rec
		was.PhysicalID, was.Properties, was.Attributes, was.Secrets = old.PhysicalID, old.Properties, old.Attributes, old.Secrets
		if err := r.remove(was, rec.UpdateReplace); err != nil {
			return err
		}
		rec.Replaced = rec.Replaced[1:]
		r.keep(rec)
	}
	return nil
}

// cleanUp deletes what an update has left over: resources that are no longer in the template and those
// that were replaced. What cannot be deleted keeps its record, and the next update tries again; the update
// itself has succeeded by then [docs]. It reports whether it removed parts of an API's definition, or tried to.
func (r *run) cleanUp(ctx context.Context) (removed bool, err error) {
	for _, id := range slices.Backward(r.order()) {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		rec := r.records[id]
		orphan := !r.plan.bound.Exists(string(id))
		if !orphan && len(rec.Replaced) == 0 {
			continue
		}
		if definesAPI(rec.Type) {
			r.touch()
			removed = true
		}
		if orphan {
			_ = r.deleteRecord(rec) // its record keeps the failure
		} else if err := r.dropReplaced(rec); err != nil {
			r.note(rec, rec.Status, err.Error())
		}
	}
	return removed, nil
}

// order lists the recorded resources, each after what it needs. Records of two templates may need each
// other in a circle; then the circle is cut where it is entered.
func (r *run) order() []stack.LogicalID {
	var out []stack.LogicalID
	seen := map[stack.LogicalID]bool{}
	var visit func(id stack.LogicalID)
	visit = func(id stack.LogicalID) {
		rec := r.records[id]
		if rec == nil || seen[id] {
			return
		}
		seen[id] = true
		for _, n := range rec.Needs {
			visit(n)
		}
		out = append(out, id)
	}
	for _, id := range slices.Sorted(maps.Keys(r.records)) {
		visit(id)
	}
	return out
}
