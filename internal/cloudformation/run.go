package cloudformation

import (
	"context"
	"errors"
	"maps"
	"slices"

	"gatehouse/internal/document"
	"gatehouse/internal/seal"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// keptEvents is how many events a stack keeps; AWS keeps those of 90 days.
const keptEvents = 2000

// run is one operation on one stack. What it learns is written in one transaction before every call of a
// service and at the end, so that after a crash the records tell which resource is uncertain.
type run struct {
	engine  *Engine
	ctx     context.Context
	in      DeployInput
	plan    *Plan
	exports exports

	stack   stack.Stack
	records map[stack.LogicalID]*stack.ResourceRecord

	// touched is set when the definition of a REST API changed in this operation.
	touched bool
	steps   []step

	// what the next flush writes
	dirty   map[stack.LogicalID]bool
	removed []stack.LogicalID
	events  []stack.Event
	publish []stack.Export
	// exported is set when publish replaces the stack's exports.
	exported bool
}

// load reads the records of an existing stack.
func (r *run) load() error {
	return r.engine.cfg.DB.View(r.ctx, func(tx store.Tx) error {
		clear(r.records)
		for rec, err := range r.engine.cfg.Tables.StackResources.List(tx, r.engine.scope(), tables.InStack(r.stack.ID, ""), "") {
			if err != nil {
				return err
			}
			r.records[rec.LogicalID] = &rec
		}
		return nil
	})
}

// before makes sure that the records tell of a step before a service is called for it. A stand-in calls
// nobody, so its step can wait for the next one.
func (r *run) before(rec *stack.ResourceRecord) error {
	if rec.StandIn {
		return r.ctx.Err()
	}
	return r.flush()
}

// flush writes what has changed since the last one.
func (r *run) flush() error {
	t, scope := r.engine.cfg.Tables, r.engine.scope()
	_, err := r.engine.cfg.DB.Update(r.ctx, func(tx store.Tx) error {
		if err := t.Stacks.Put(tx, scope, r.stack); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(r.dirty)) {
			if err := t.StackResources.Put(tx, scope, *r.records[id]); err != nil {
				return err
			}
		}
		for _, id := range r.removed {
			if err := gone(t.StackResources.Delete(tx, scope, tables.InStack(r.stack.ID, id))); err != nil {
				return err
			}
		}
		for _, ev := range r.events {
			if err := t.StackEvents.Put(tx, scope, ev); err != nil {
				return err
			}
			if ev.Seq > keptEvents {
				if err := gone(t.StackEvents.Delete(tx, scope, tables.InStack(r.stack.ID, tables.EventID(ev.Seq-keptEvents)))); err != nil {
					return err
				}
			}
		}
		if r.exported {
			return r.writeExports(tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.dirty, r.removed, r.events, r.exported = nil, nil, nil, false
	return nil
}

// gone forgives that something to be deleted is not there.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// state moves the stack itself to a status.
func (r *run) state(status stack.Status, reason string) {
	r.stack.Status, r.stack.StatusReason = status, reason
	r.event(&stack.ResourceRecord{LogicalID: stack.LogicalID(r.stack.Name), PhysicalID: stack.PhysicalID(r.stack.ID), Type: stack.StackType}, status, reason)
}

// note moves a resource to a status.
func (r *run) note(rec *stack.ResourceRecord, status stack.Status, reason string) {
	rec.Status, rec.StatusReason, rec.Updated = status, reason, r.engine.cfg.Now().UTC()
	r.keep(rec)
	r.event(rec, status, reason)
}

// keep has a record written by the next flush.
func (r *run) keep(rec *stack.ResourceRecord) {
	r.records[rec.LogicalID] = rec
	if r.dirty == nil {
		r.dirty = map[stack.LogicalID]bool{}
	}
	r.dirty[rec.LogicalID] = true
	r.removed = slices.DeleteFunc(r.removed, func(id stack.LogicalID) bool { return id == rec.LogicalID })
}

// drop has a record deleted by the next flush.
func (r *run) drop(id stack.LogicalID) {
	delete(r.records, id)
	delete(r.dirty, id)
	r.removed = append(r.removed, id)
}

// event adds a line to the history of the stack.
func (r *run) event(rec *stack.ResourceRecord, status stack.Status, reason string) {
	r.stack.LastEvent++
	r.events = append(r.events, stack.Event{
		Stack: stack.StackRef{ID: r.stack.ID, Name: r.stack.Name}, Seq: r.stack.LastEvent,
		LogicalID: rec.LogicalID, PhysicalID: rec.PhysicalID, Type: rec.Type, Status: status, Reason: reason, At: r.engine.cfg.Now().UTC(),
	})
}

// request fills in what a provider is told about a resource.
func (r *run) request(rec *stack.ResourceRecord, props, old *document.Value) *request {
	return &request{
		home: r.engine.cfg.Home, stack: stack.StackRef{ID: r.stack.ID, Name: r.stack.Name}, id: rec.LogicalID,
		generated: generatedName(r.engine.cfg.Home, r.stack.Name, rec.LogicalID, rec.Generation),
		props:     properties{props}, old: properties{old},
		physical: string(rec.PhysicalID), attributes: attributesOf(rec),
	}
}

// made notes what came of a resource. Attributes that are secrets are kept apart, to be sealed.
func (r *run) made(rec *stack.ResourceRecord, res result) {
	rec.PhysicalID, rec.Attributes, rec.Secrets = stack.PhysicalID(res.physical), res.attributes, nil
	t := r.engine.types[rec.Type]
	if t == nil || len(t.secrets) == 0 {
		return
	}
	rec.Attributes = maps.Clone(res.attributes)
	for _, name := range t.secrets {
		if v, ok := res.attributes[name]; ok {
			if rec.Secrets == nil {
				rec.Secrets = map[string]seal.Secret{}
			}
			rec.Secrets[name] = seal.Hide(v)
			delete(rec.Attributes, name)
		}
	}
}

// attributesOf are all attributes, with those that are secrets.
func attributesOf(rec *stack.ResourceRecord) map[string]string {
	if len(rec.Secrets) == 0 {
		return rec.Attributes
	}
	out := maps.Clone(rec.Attributes)
	if out == nil {
		out = map[string]string{}
	}
	for name, v := range rec.Secrets {
		out[name] = v.Reveal()
	}
	return out
}

// provider returns what makes resources of a type: a stand-in when the type is not modelled.
func (r *run) provider(typ string) provider {
	if t := r.engine.types[typ]; t != nil && t.provider != nil {
		return t.provider(&r.engine.cfg.Services)
	}
	return standIn{typ}
}

// sealed is how resolved properties are kept.
func sealed(props *document.Value) seal.Secret { return seal.Hide(string(document.JSON(props))) }

// unsealed reads them back.
func unsealed(s seal.Secret) (*document.Value, error) {
	if s.IsZero() {
		return document.NewMap(document.Pos{}), nil
	}
	return document.Load("record.json", []byte(s.Reveal()), document.PyYAML)
}
