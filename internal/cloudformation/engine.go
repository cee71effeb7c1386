package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// Config is what an Engine is built from.
type Config struct {
	DB     store.DB
	Tables *tables.Tables
	Home   identity.Home
	// URLSuffix is AWS::URLSuffix; with "localhost:4566" the endpoints that templates print can be called.
	URLSuffix string
	Services  Services
	Now       func() time.Time
}

// Engine deploys stacks. It is safe for concurrent use; one operation runs per stack.
type Engine struct {
	cfg   Config
	types map[string]*resourceType
	mu    sync.Mutex
	busy  map[stack.Name]stack.Status
}

// New makes an engine with every type that is modelled.
func New(cfg Config) *Engine { return newEngine(cfg, modelled()) }

func newEngine(cfg Config, types map[string]*resourceType) *Engine {
	return &Engine{cfg: cfg, types: types, busy: map[stack.Name]stack.Status{}}
}

// Mode says what Deploy may do.
type Mode uint8

// The modes.
const (
	// CreateOrUpdate creates the stack or brings it up to date, starts over after a failed creation, and
	// is content with a template that changes nothing.
	CreateOrUpdate Mode = iota
	// Create refuses a name that is taken.
	Create
	// Update refuses a stack that does not exist and a template that changes nothing, as UpdateStack does.
	Update
)

// DeployInput is what is to be deployed.
type DeployInput struct {
	Stack    stack.Name
	Template *document.Value
	Params   map[string]string
	// Accepted holds the controls that may stay unenforced, by Finding.Control.
	Accepted map[string]bool
	Mode     Mode
	// Intent makes the definition count, not the history: an API whose definition changed is deployed
	// again although its AWS::ApiGateway::Deployment did not change, and again after removed routes are
	// gone. AWS does neither, and goes on serving the old form; for a definition that is edited and watched that
	// would be wrong. For the same reason a stack that was deployed by intent takes the name of this one:
	// a definition that is renamed must not be served twice.
	Intent bool
}

// Outcome is what a Deploy came to.
type Outcome struct {
	Stack  stack.ID
	Status stack.Status
	// Changed is false when there was nothing to do.
	Changed bool
	Outputs []stack.Output
	// Findings are the controls that are not enforced; all of them were accepted.
	Findings []Finding
	// NotEmulated are the resources with nothing behind them.
	NotEmulated []NotEmulated
	// Resources are the records of the stack, in template order; those with secrets in their properties
	// keep them sealed.
	Resources []stack.ResourceRecord
}

// UnenforcedError refuses a template that declares controls which nobody has accepted to be unenforced.
type UnenforcedError struct{ Findings []Finding }

// Error names the first finding and counts the others.
func (e *UnenforcedError) Error() string {
	f := e.Findings[0]
	s := fmt.Sprintf("%s (%s): %s is not enforced yet", f.LogicalID, f.Type, f.Control)
	if at := f.Pos.String(); at != "" {
		s = at + ": " + s
	}
	if n := len(e.Findings) - 1; n > 0 {
		s += fmt.Sprintf(", and %d more", n)
	}
	return s
}

// FailedError tells which resource failed; the stack has been rolled back to Status.
type FailedError struct {
	LogicalID stack.LogicalID
	Type      string
	Pos       document.Pos
	Status    stack.Status
	Err       error
}

// Error is "file:line: resource X (type): reason (hint); the stack is now STATUS".
func (e *FailedError) Error() string {
	s, at, err := "", e.Pos, e.Err
	if fault, ok := errors.AsType[*document.Error](err); ok {
		at, err = fault.Pos, &document.Error{Msg: fault.Msg, Hint: fault.Hint}
	} else if hint := hintOf(err); hint != "" {
		err = &document.Error{Msg: err.Error(), Hint: hint}
	}
	if at.File != "" {
		s = at.String() + ": "
	}
	if e.LogicalID != "" {
		s += fmt.Sprintf("resource %s (%s): ", e.LogicalID, e.Type)
	}
	return fmt.Sprintf("%s%v; the stack is now %s", s, err, e.Status)
}

// Unwrap returns the reason.
func (e *FailedError) Unwrap() error { return e.Err }

// Deploy creates or updates a stack and returns when it is done, or rolled back. Faults of the template
// are *document.Error and findings *UnenforcedError; then nothing was touched. When a step failed the
// error is a *FailedError and the Outcome tells what the rollback came to.
func (e *Engine) Deploy(ctx context.Context, in DeployInput) (*Outcome, error) {
	if err := checkName(in.Stack); err != nil {
		return nil, err
	}
	release, err := e.acquire(ctx, in.Stack, stack.UpdateInProgress)
	if err != nil {
		return nil, err
	}
	defer release()

	st, err := e.target(ctx, in)
	exists := err == nil
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, err
	case exists && in.Mode == Create:
		return nil, wire.Errorf("AlreadyExistsException", "Stack [%s] already exists", in.Stack)
	case !exists && in.Mode == Update:
		return nil, notFound(string(in.Stack))
	case exists && in.Mode == Update && dead(st.Status):
		return nil, wire.Errorf("ValidationError", "Stack:%s is in %s state and can not be updated.", st.ID, st.Status)
	}
	fresh := !exists || dead(st.Status)
	id := st.ID
	if fresh {
		if id, err = e.newID(ctx, in.Stack); err != nil {
			return nil, err
		}
	}
	exports, err := e.exports(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := e.plan(PlanInput{
		Home: e.cfg.Home, URLSuffix: e.cfg.URLSuffix, Stack: in.Stack, Template: in.Template, Params: in.Params,
		Exports: exports.lookup,
	}, id)
	if err != nil {
		return nil, err
	}
	if open := p.unaccepted(in.Accepted); len(open) > 0 {
		return nil, &UnenforcedError{open}
	}
	if exists && fresh {
		// A stack whose creation or deletion failed cannot be updated; it makes room.
		if err := e.retire(ctx, st); err != nil {
			return nil, err
		}
	}
	r := &run{engine: e, ctx: ctx, in: in, plan: p, exports: exports, records: map[stack.LogicalID]*stack.ResourceRecord{}}
	if fresh {
		r.stack = stack.Stack{ID: id, Name: in.Stack, Created: e.cfg.Now().UTC(), Intent: in.Intent}
		return r.create()
	}
	r.stack = st
	if err := r.load(); err != nil {
		return nil, err
	}
	return r.update()
}

// dead reports whether a stack can only be deleted.
func dead(s stack.Status) bool {
	switch s {
	case stack.RollbackInProgress, stack.RollbackComplete, stack.RollbackFailed, stack.DeleteInProgress, stack.DeleteFailed:
		return true
	}
	return false
}

// acquire makes the caller the only one that works on a stack.
func (e *Engine) acquire(ctx context.Context, name stack.Name, status stack.Status) (func(), error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now, taken := e.busy[name]; taken {
		id := stack.ID(name)
		if st, err := e.find(ctx, name); err == nil {
			id = st.ID
		}
		return nil, wire.Errorf("ValidationError", "Stack:%s is in %s state and can not be updated.", id, now)
	}
	e.busy[name] = status
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.busy, name)
	}, nil
}

// checkName applies the API's pattern, [a-zA-Z][-a-zA-Z0-9]* of at most 128 characters.
func checkName(n stack.Name) error {
	ok := len(n) >= 1 && len(n) <= 128
	for i := range len(n) {
		c := n[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		ok = ok && (letter || i > 0 && (c == '-' || c >= '0' && c <= '9'))
	}
	if !ok {
		return wire.Errorf("ValidationError", "1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", n)
	}
	return nil
}

func notFound(name string) error {
	return wire.Errorf("ValidationError", "Stack with id %s does not exist", name)
}
