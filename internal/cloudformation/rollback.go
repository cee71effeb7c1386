package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/stack"
	"gatehouse/internal/wire"
)

// step is something that an operation did, for taking it back: a resource made (before is nil), replaced
// (both are set) or changed in place (made is nil).
type step struct {
	before, made *stack.ResourceRecord
	// attempted are the properties of a change in place.
	attempted *document.Value
}

func errNoUpdates() error {
	return wire.Errorf("ValidationError", "No updates are to be performed.")
}

// rollBackCreate takes a failed creation back: what was made is deleted, newest first.
func (r *run) rollBackCreate(cause error) (*Outcome, error) {
	r.ctx = context.WithoutCancel(r.ctx)
	r.state(stack.RollbackInProgress, failedReason(r.steps, cause, "create"))
	end := stack.RollbackComplete
	if failed := r.unmake(true); len(failed) > 0 {
		end = stack.RollbackFailed
		r.state(end, fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", join(failed)))
	} else {
		r.state(end, "")
	}
	return r.rolledBack(cause, end)
}

// rollBackUpdate brings the resources of a failed update back to what they were, then deletes what it had
// made.
func (r *run) rollBackUpdate(before stack.Stack, cause error) (*Outcome, error) {
	r.ctx = context.WithoutCancel(r.ctx)
	r.exported = false
	r.stack.Template, r.stack.Parameters, r.stack.Description = before.Template, before.Parameters, before.Description
	r.stack.Outputs, r.stack.Stale = before.Outputs, before.Stale
	r.stack.Name, r.stack.Intent = before.Name, before.Intent
	r.state(stack.UpdateRollbackInProgress, failedReason(r.steps, cause, "update"))
	var failed []stack.LogicalID
	for _, s := range slices.Backward(r.steps) {
		if s.before == nil {
			continue
		}
		if err := r.restore(s); err != nil {
			failed = append(failed, s.before.LogicalID)
		}
	}
	if len(failed) > 0 {
		r.state(stack.UpdateRollbackFailed, fmt.Sprintf("The following resource(s) failed to update: [%s]. ", join(failed)))
		return r.rolledBack(cause, stack.UpdateRollbackFailed)
	}
	r.state(stack.UpdateRollbackCleanupInProgress, "")
	r.unmake(false)
	r.state(stack.UpdateRollbackComplete, "")
	return r.rolledBack(cause, stack.UpdateRollbackComplete)
}

// restore brings one resource back.
func (r *run) restore(s step) error {
	back := *s.before
	if s.attempted == nil { // replaced: the old one is still there
		r.note(&back, stack.UpdateComplete, "")
		return nil
	}
	old, err := unsealed(back.Properties)
	if err != nil {
		return err
	}
	r.note(&back, stack.UpdateInProgress, "")
	if err := r.before(&back); err != nil {
		return err
	}
	res, err := r.provider(back.Type).update(r.call(&back), r.request(&back, old, s.attempted))
	if err != nil {
		r.note(&back, stack.UpdateFailed, err.Error())
		return err
	}
	r.made(&back, res)
	r.note(&back, stack.UpdateComplete, "")
	return nil
}

// unmake deletes what the operation made, newest first, and returns what could not be deleted. creation
// tells that the whole stack is taken back.
func (r *run) unmake(creation bool) []stack.LogicalID {
	var failed []stack.LogicalID
	for _, s := range slices.Backward(r.steps) {
		if s.made == nil {
			continue
		}
		policy := s.made.Deletion
		if policy == stack.PolicyRetainExceptOnCreate {
			policy = stack.PolicyDelete
		}
		if s.before != nil {
			policy = s.made.UpdateReplace
		}
		if s.made.PhysicalID != "" {
			if err := r.remove(*s.made, policy); err != nil {
				failed = append(failed, s.made.LogicalID)
				r.remember(s, err)
				continue
			}
		}
		if s.before == nil {
			r.drop(s.made.LogicalID)
		}
	}
	return failed
}

// remember keeps track of a resource that could not be deleted: the next operation tries again.
func (r *run) remember(s step, err error) {
	if s.before == nil {
		left := *s.made
		r.note(&left, stack.DeleteFailed, err.Error())
		return
	}
	rec := r.records[s.made.LogicalID]
	rec.Replaced = append(slices.Clip(rec.Replaced), stack.Replaced{PhysicalID: s.made.PhysicalID, Properties: s.made.Properties, Attributes: s.made.Attributes, Secrets: s.made.Secrets})
	r.keep(rec)
}

// remove deletes one physical resource unless its policy keeps it. The record itself stays as it is.
func (r *run) remove(rec stack.ResourceRecord, policy stack.Policy) error {
	if policy == stack.PolicyRetain || policy == stack.PolicyRetainExceptOnCreate {
		r.event(&rec, stack.DeleteSkipped, "")
		return nil
	}
	r.event(&rec, stack.DeleteInProgress, "")
	if err := r.before(&rec); err != nil {
		return err
	}
	props, err := unsealed(rec.Properties)
	if err == nil {
		err = r.provider(rec.Type).delete(r.call(&rec), r.request(&rec, props, nil))
	}
	if err != nil {
		r.event(&rec, stack.DeleteFailed, err.Error())
		return err
	}
	r.event(&rec, stack.DeleteComplete, "")
	return nil
}

// rolledBack ends an operation that failed.
func (r *run) rolledBack(cause error, status stack.Status) (*Outcome, error) {
	failed, ok := errors.AsType[*FailedError](cause)
	if !ok {
		failed = &FailedError{Err: cause}
	}
	failed.Status = status
	if err := r.flush(); err != nil {
		return nil, errors.Join(failed, err)
	}
	return r.outcome(true), failed
}

// failedReason is the reason of the stack's own event.
func failedReason(steps []step, cause error, verb string) string {
	f, ok := errors.AsType[*FailedError](cause)
	if !ok || f.LogicalID == "" {
		return cause.Error()
	}
	if n := len(steps); verb == "update" && n > 0 && steps[n-1].before == nil {
		verb = "create"
	}
	reason := fmt.Sprintf("The following resource(s) failed to %s: [%s]. ", verb, f.LogicalID)
	if verb == "create" {
		reason += "Rollback requested by user."
	}
	return reason
}

func join(ids []stack.LogicalID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, ", ")
}
