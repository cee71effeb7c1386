package cloudformation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/seal"
	"gatehouse/internal/stack"
)

// create makes a new stack.
func (r *run) create() (*Outcome, error) {
	r.stack.Description, r.stack.Parameters = r.describe()
	r.stack.Template = seal.Hide(string(document.JSON(r.in.Template)))
	r.state(stack.CreateInProgress, "User Initiated")
	if err := r.apply(); err != nil {
		return r.rollBackCreate(err)
	}
	r.state(stack.CreateComplete, "")
	r.exported, r.stack.Stale = true, false
	if err := r.flush(); err != nil {
		return nil, err
	}
	return r.outcome(true), nil
}

// update brings an existing stack to the template.
func (r *run) update() (*Outcome, error) {
	if err := r.checkTypes(); err != nil {
		return nil, err
	}
	before := r.stack
	changes, err := r.changes()
	if err != nil {
		return nil, err
	}
	if !changes && r.in.Mode == Update {
		return nil, errNoUpdates()
	}
	r.stack.Name, r.stack.Intent = r.in.Stack, before.Intent || r.in.Intent
	if !changes {
		if r.stack.Name != before.Name || r.stack.Intent != before.Intent {
			if err := r.flush(); err != nil {
				return nil, err
			}
		}
		return r.outcome(false), nil
	}
	r.stack.Description, r.stack.Parameters = r.describe()
	r.stack.Template = seal.Hide(string(document.JSON(r.in.Template)))
	r.stack.Updated = r.engine.cfg.Now().UTC()
	r.touched = before.Stale
	r.state(stack.UpdateInProgress, "User Initiated")
	if err := r.apply(); err != nil {
		return r.rollBackUpdate(before, err)
	}
	r.state(stack.UpdateCleanupInProgress, "")
	r.exported = true
	removed, err := r.cleanUp(r.ctx)
	if err != nil {
		return nil, err
	}
	if r.in.Intent && removed {
		// The deployments that were just made still contain what is gone now.
		applied := r.stack
		r.steps = nil
		if err := r.apply(); err != nil {
			return r.rollBackUpdate(applied, err)
		}
		if _, err := r.cleanUp(r.ctx); err != nil {
			return nil, err
		}
	}
	r.stack.Stale = false
	r.state(stack.UpdateComplete, "")
	if err := r.flush(); err != nil {
		return nil, err
	}
	return r.outcome(true), nil
}

// touch notes that the definition of an API changes. Under Intent the stack remembers it until the
// deployments have followed: a process that dies in between must not go on serving the old form.
func (r *run) touch() {
	r.touched = true
	r.stack.Stale = r.in.Intent
}

// describe takes what the stack keeps of the template.
func (r *run) describe() (string, []stack.Parameter) {
	var params []stack.Parameter
	for _, p := range r.plan.bound.Parameters() {
		params = append(params, stack.Parameter{Key: p.Name, Value: seal.Hide(p.Value), NoEcho: p.NoEcho})
	}
	return r.plan.bound.Description(), params
}

// checkTypes refuses a logical id that changed its type, as AWS does.
func (r *run) checkTypes() error {
	var changed []string
	var at document.Pos
	for _, p := range r.plan.Resources {
		if rec := r.records[stack.LogicalID(p.LogicalID)]; rec != nil && rec.Type != p.Type {
			if changed == nil {
				at = p.Pos
			}
			changed = append(changed, p.LogicalID)
		}
	}
	if changed == nil {
		return nil
	}
	return &document.Error{
		Pos:  at,
		Msg:  fmt.Sprintf("Update of resource type is not permitted. The new template modifies resource type of the following resources: [%s]", strings.Join(changed, ", ")),
		Hint: "give the new resource another logical id",
	}
}

// action is what has to happen to a resource.
type action uint8

const (
	keep action = iota
	create
	change
	replace
)

// intend compares a resource with its record.
func (r *run) intend(p Planned, props *document.Value) (action, error) {
	rec := r.records[stack.LogicalID(p.LogicalID)]
	if rec == nil || cutOff(rec.Status) {
		return create, nil
	}
	old, err := unsealed(rec.Properties)
	if err != nil {
		return keep, err
	}
	t := r.engine.types[p.Type]
	var known []property
	if t != nil {
		known = t.props
	}
	changed := different(known, old, props)
	switch {
	case len(changed) == 0 && p.Type == deployment && r.in.Intent && r.touched:
		return replace, nil
	case len(changed) == 0 && uncertain(rec.Status):
		return change, nil
	case len(changed) == 0:
		return keep, nil
	case createOnly(known, changed):
		return replace, nil
	}
	return change, nil
}

// cutOff reports whether a resource was half made or half deleted and has to be made anew.
func cutOff(s stack.Status) bool {
	return s == stack.CreateInProgress || s == stack.CreateFailed || s == stack.DeleteFailed
}

// uncertain reports whether an update may or may not have happened: it was cut off, or neither it nor its
// rollback came through.
func uncertain(s stack.Status) bool { return s == stack.UpdateInProgress || s == stack.UpdateFailed }

// changes reports whether the template asks for anything at all. What resources will be called that have
// yet to be made is not known here; that alone makes a difference.
func (r *run) changes() (bool, error) {
	if r.in.Intent && r.stack.Stale {
		return true, nil
	}
	for id, rec := range r.records {
		if !r.plan.bound.Exists(string(id)) || len(rec.Replaced) > 0 {
			return true, nil
		}
	}
	for _, p := range r.plan.Resources {
		if r.records[stack.LogicalID(p.LogicalID)] == nil {
			return true, nil
		}
		props, err := r.engine.properties(r.plan.bound, p.LogicalID, p.Type, r)
		if err != nil {
			return false, err
		}
		what, err := r.intend(p, props)
		if err != nil || what != keep {
			return true, err
		}
	}
	if finished(r.stack.Status) {
		old := r.stack.Outputs
		if err := r.outputs(); err != nil {
			return false, err
		}
		now := r.stack.Outputs
		r.stack.Outputs = old
		return !slices.EqualFunc(old, now, sameOutput), nil
	}
	return true, nil
}

// finished reports whether the last operation reached its end.
func finished(s stack.Status) bool {
	return s == stack.CreateComplete || s == stack.UpdateComplete || s == stack.UpdateRollbackComplete
}

// apply makes, changes and replaces resources in order, and evaluates the outputs.
func (r *run) apply() error {
	for _, p := range r.plan.Resources {
		if err := r.ctx.Err(); err != nil {
			return &FailedError{LogicalID: stack.LogicalID(p.LogicalID), Type: p.Type, Pos: p.Pos, Err: err}
		}
		if err := r.resource(p); err != nil {
			return &FailedError{LogicalID: stack.LogicalID(p.LogicalID), Type: p.Type, Pos: p.Pos, Err: err}
		}
	}
	if err := r.outputs(); err != nil {
		return &FailedError{Err: err}
	}
	return nil
}

// resource brings one resource to the template.
func (r *run) resource(p Planned) error {
	props, err := r.engine.properties(r.plan.bound, p.LogicalID, p.Type, r)
	if err != nil {
		return err
	}
	what, err := r.intend(p, props)
	if err != nil {
		return err
	}
	if what != keep && definesAPI(p.Type) {
		r.touch()
	}
	rec := r.records[stack.LogicalID(p.LogicalID)]
	switch what {
	case create:
		err = r.make(p, props)
	case change:
		err = r.change(p, rec, props)
	case replace:
		err = r.replace(p, rec, props)
	}
	if err != nil {
		return err
	}
	rec = r.records[stack.LogicalID(p.LogicalID)]
	needs := r.needs(p)
	if rec.Deletion != p.deletion || rec.UpdateReplace != p.replace || !slices.Equal(rec.Needs, needs) {
		rec.Deletion, rec.UpdateReplace, rec.Needs = p.deletion, p.replace, needs
		r.keep(rec)
	}
	return nil
}

func (r *run) needs(p Planned) []stack.LogicalID {
	var needs []stack.LogicalID
	for _, n := range r.plan.bound.Needs(p.LogicalID) {
		needs = append(needs, stack.LogicalID(n))
	}
	return needs
}

// make creates a resource for which there is no record, or only one of an attempt that was cut off.
func (r *run) make(p Planned, props *document.Value) error {
	id := stack.LogicalID(p.LogicalID)
	rec := &stack.ResourceRecord{
		Stack: r.stack.ID, LogicalID: id, Type: p.Type, StandIn: r.standIn(p.Type),
		Deletion: p.deletion, UpdateReplace: p.replace, Needs: r.needs(p),
	}
	if cut := r.records[id]; cut != nil {
		// Whatever the attempt made must not be in the way.
		rec.Generation, rec.Replaced = cut.Generation+1, cut.Replaced
		if cut.PhysicalID != "" {
			rec.Replaced = append(rec.Replaced, stack.Replaced{PhysicalID: cut.PhysicalID, Properties: cut.Properties, Attributes: cut.Attributes, Secrets: cut.Secrets})
		}
		if err := r.clear(p, props); err != nil {
			return err
		}
	}
	r.note(rec, stack.CreateInProgress, "")
	if err := r.before(rec); err != nil {
		return err
	}
	res, err := r.provider(p.Type).create(r.call(rec), r.request(rec, props, nil))
	r.made(rec, res)
	if res.physical != "" {
		rec.Properties = sealed(props)
		r.event(rec, stack.CreateInProgress, "Resource creation Initiated")
	}
	r.steps = append(r.steps, step{made: rec})
	if err != nil {
		r.note(rec, stack.CreateFailed, err.Error())
		return err
	}
	r.note(rec, stack.CreateComplete, "")
	return nil
}

// clear deletes what a creation that was cut off may have left.
func (r *run) clear(p Planned, props *document.Value) error {
	rec := &stack.ResourceRecord{LogicalID: stack.LogicalID(p.LogicalID), Type: p.Type}
	made := r.provider(p.Type)
	if f, ok := made.(finder); ok {
		res, found, err := f.find(r.ctx, r.request(rec, props, nil))
		if err != nil || !found {
			return err
		}
		r.made(rec, res)
	} else if t := r.engine.types[p.Type]; t != nil && t.named != nil {
		name, _ := t.named(properties{props})
		rec.PhysicalID = stack.PhysicalID(name)
	}
	if rec.PhysicalID == "" {
		return nil
	}
	return made.delete(r.ctx, r.request(rec, props, nil))
}

// change updates a resource in place. Until that is done the record keeps the old properties, marked as
// uncertain.
func (r *run) change(p Planned, rec *stack.ResourceRecord, props *document.Value) error {
	old, err := unsealed(rec.Properties)
	if err != nil {
		return err
	}
	r.note(rec, stack.UpdateInProgress, "")
	if err := r.before(rec); err != nil {
		return err
	}
	before, next := *rec, *rec
	r.steps = append(r.steps, step{before: &before, attempted: props})
	res, err := r.provider(p.Type).update(r.call(rec), r.request(rec, props, old))
	if err != nil {
		r.note(rec, stack.UpdateFailed, err.Error())
		return err
	}
	r.made(&next, res)
	next.Properties = sealed(props)
	r.note(&next, stack.UpdateComplete, "")
	return nil
}

// replace makes a new physical resource beside the old one, which the cleanup phase deletes.
func (r *run) replace(p Planned, rec *stack.ResourceRecord, props *document.Value) error {
	if t := r.engine.types[p.Type]; t.named != nil {
		old, err := unsealed(rec.Properties)
		if err != nil {
			return err
		}
		name, within := t.named(properties{props})
		if was, wasWithin := t.named(properties{old}); name != "" && name == was && within == wasWithin {
			//lint:ignore ST1005 the sentence is AWS's [docs]
			return fmt.Errorf("CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename %s and update the stack again.", name)
		}
	}
	rec.Generation++ // for good: an id that was tried is not tried again
	r.note(rec, stack.UpdateInProgress, "Requested update requires the creation of a new physical resource; hence creating one.")
	if err := r.before(rec); err != nil {
		return err
	}
	before, next := *rec, *rec
	next.Replaced = append(slices.Clip(rec.Replaced), stack.Replaced{PhysicalID: rec.PhysicalID, Properties: rec.Properties, Attributes: rec.Attributes, Secrets: rec.Secrets})
	res, err := r.provider(p.Type).create(r.call(&next), r.request(&next, props, nil))
	r.made(&next, res)
	next.Properties = sealed(props)
	r.steps = append(r.steps, step{before: &before, made: &next})
	if err != nil {
		r.note(rec, stack.UpdateFailed, err.Error())
		return err
	}
	r.event(&next, stack.UpdateInProgress, "Resource creation Initiated")
	r.note(&next, stack.UpdateComplete, "")
	return nil
}

// call marks the context of a provider's calls with the resource that they are for.
func (r *run) call(rec *stack.ResourceRecord) context.Context {
	return stack.WithHint(r.ctx, fmt.Sprintf("%s/%s/%d", r.stack.Name, rec.LogicalID, rec.Generation))
}

func (r *run) standIn(typ string) bool {
	t := r.engine.types[typ]
	return t == nil || t.provider == nil
}

// deployment is the type that freezes the definition of an API.
const deployment = "AWS::ApiGateway::Deployment"

// definesAPI reports whether a type is part of what a deployment freezes.
func definesAPI(typ string) bool {
	switch typ {
	case "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Resource", "AWS::ApiGateway::Method",
		"AWS::ApiGateway::Authorizer", "AWS::ApiGateway::Model", "AWS::ApiGateway::RequestValidator",
		"AWS::ApiGateway::GatewayResponse":
		return true
	}
	return false
}

// outcome describes the stack as it is now.
func (r *run) outcome(changed bool) *Outcome {
	o := &Outcome{
		Stack: r.stack.ID, Status: r.stack.Status, Changed: changed, Outputs: r.stack.Outputs,
		Findings: r.plan.Findings, NotEmulated: r.plan.NotEmulated,
	}
	for _, p := range r.plan.Resources {
		if rec := r.records[stack.LogicalID(p.LogicalID)]; rec != nil {
			o.Resources = append(o.Resources, *rec)
		}
	}
	return o
}
