package cloudformation

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// find returns the living stack of a name, or store.ErrNotFound.
func (e *Engine) find(ctx context.Context, name stack.Name) (st stack.Stack, err error) {
	err = e.cfg.DB.View(ctx, func(tx store.Tx) error {
		st, err = e.cfg.Tables.Stacks.One(tx, e.scope(), tables.ByName, string(name))
		return err
	})
	return st, err
}

// intended returns the living stack that was deployed by intent, or store.ErrNotFound.
func (e *Engine) intended(ctx context.Context) (found stack.Stack, err error) {
	err = e.cfg.DB.View(ctx, func(tx store.Tx) error {
		for st, err := range e.cfg.Tables.Stacks.List(tx, e.scope(), "", "") {
			if err != nil {
				return err
			}
			if st.Intent && st.Deleted.IsZero() {
				found = st
				return nil
			}
		}
		return store.ErrNotFound
	})
	return found, err
}

// Description is a stack with its resources, by logical id.
type Description struct {
	Stack     stack.Stack
	Resources []stack.ResourceRecord
}

// Describe returns a stack by name or by id. A deleted stack is found by its id only [recorded].
func (e *Engine) Describe(ctx context.Context, nameOrID string) (*Description, error) {
	d := &Description{}
	err := e.cfg.DB.View(ctx, func(tx store.Tx) (err error) {
		*d = Description{}
		if d.Stack, err = e.get(tx, nameOrID); err != nil {
			return err
		}
		for rec, err := range e.cfg.Tables.StackResources.List(tx, e.scope(), tables.InStack(d.Stack.ID, ""), "") {
			if err != nil {
				return err
			}
			d.Resources = append(d.Resources, rec)
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(nameOrID)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// DescribeTarget returns the stack that a deployment would bring up to date, or store.ErrNotFound when it would
// make one.
func (e *Engine) DescribeTarget(ctx context.Context, in DeployInput) (*Description, error) {
	st, err := e.target(ctx, in)
	if err != nil {
		return nil, err
	}
	return e.Describe(ctx, string(st.ID))
}

// target is the stack of a name. A deployment by intent renames the one that was deployed by intent before.
func (e *Engine) target(ctx context.Context, in DeployInput) (stack.Stack, error) {
	st, err := e.find(ctx, in.Stack)
	if in.Intent && errors.Is(err, store.ErrNotFound) {
		return e.intended(ctx)
	}
	return st, err
}

// Events returns the history of a stack, newest first as the API lists it.
func (e *Engine) Events(ctx context.Context, nameOrID string) ([]stack.Event, error) {
	var out []stack.Event
	err := e.cfg.DB.View(ctx, func(tx store.Tx) error {
		out = nil
		st, err := e.get(tx, nameOrID)
		if err != nil {
			return err
		}
		for ev, err := range e.cfg.Tables.StackEvents.List(tx, e.scope(), tables.InStack(st.ID, ""), "") {
			if err != nil {
				return err
			}
			out = append(out, ev)
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, wire.Errorf("ValidationError", "Stack [%s] does not exist", nameOrID)
	}
	slices.Reverse(out)
	return out, err
}

func (e *Engine) get(tx store.Tx, nameOrID string) (stack.Stack, error) {
	if strings.HasPrefix(nameOrID, "arn:") {
		return e.cfg.Tables.Stacks.Get(tx, e.scope(), nameOrID)
	}
	return e.cfg.Tables.Stacks.One(tx, e.scope(), tables.ByName, nameOrID)
}
