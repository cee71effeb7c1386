package cloudformation

import (
	"context"
	"strings"

	"gatehouse/internal/seal"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
)

// exports are the exports of the account and region, by name, as an operation on one stack sees them.
type exports struct {
	own stack.ID
	all map[string]stack.Export
}

func (e *Engine) exports(ctx context.Context, own stack.ID) (exports, error) {
	x := exports{own, map[string]stack.Export{}}
	err := e.cfg.DB.View(ctx, func(tx store.Tx) error {
		for v, err := range e.cfg.Tables.StackExports.List(tx, e.scope(), "", "") {
			if err != nil {
				return err
			}
			x.all[v.Name] = v
		}
		return nil
	})
	return x, err
}

// lookup finds an export of another stack: a stack cannot import from itself.
func (x exports) lookup(name string) (string, bool) {
	v, ok := x.all[name]
	if !v.Secret.IsZero() {
		return v.Secret.Reveal(), ok && v.Stack != x.own
	}
	return v.Value, ok && v.Stack != x.own
}

// holdsSecret reports whether a value holds an attribute that is a secret.
func (r *run) holdsSecret(value string) bool {
	for _, rec := range r.records {
		for _, s := range rec.Secrets {
			if strings.Contains(value, s.Reveal()) {
				return true
			}
		}
	}
	return false
}

func sameOutput(a, b stack.Output) bool {
	return a.Key == b.Key && a.Value == b.Value && a.Description == b.Description && a.ExportName == b.ExportName && a.Secret.Equal(b.Secret)
}

// outputs evaluates the outputs and prepares the exports.
func (r *run) outputs() error {
	values, err := r.plan.bound.Outputs(r)
	if err != nil {
		return err
	}
	r.stack.Outputs, r.publish = nil, nil
	for _, o := range values {
		var secret seal.Secret
		if r.holdsSecret(o.Value) {
			secret, o.Value = seal.Hide(o.Value), ""
		}
		r.stack.Outputs = append(r.stack.Outputs, stack.Output{Key: o.Name, Value: o.Value, Secret: secret, Description: o.Description, ExportName: o.Export})
		if o.Export == "" {
			continue
		}
		if other, taken := r.exports.all[o.Export]; taken && other.Stack != r.stack.ID {
			return wire.Errorf("ValidationError", "Export with name %s is already exported by stack %s", o.Export, stackName(other.Stack))
		}
		r.publish = append(r.publish, stack.Export{Name: o.Export, Value: o.Value, Secret: secret, Stack: r.stack.ID})
	}
	return nil
}

// writeExports replaces the exports of the stack.
func (r *run) writeExports(tx store.Tx) error {
	t, scope := r.engine.cfg.Tables.StackExports, r.engine.scope()
	for name, x := range r.exports.all {
		if x.Stack == r.stack.ID {
			if err := gone(t.Delete(tx, scope, name)); err != nil {
				return err
			}
		}
	}
	for _, x := range r.publish {
		if err := t.Insert(tx, scope, x); err != nil {
			return err
		}
	}
	return nil
}

// stackName is the name inside a stack id.
func stackName(id stack.ID) string {
	parts := strings.Split(string(id), "/")
	if len(parts) != 3 {
		return string(id)
	}
	return parts[1]
}
