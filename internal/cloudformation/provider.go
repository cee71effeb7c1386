package cloudformation

import (
	"context"
	"errors"

	"gatehouse/internal/identity"
	"gatehouse/internal/stack"
)

// provider makes, changes and unmakes the resources of one type.
type provider interface {
	// create makes the resource. With an error it may return the id of something half made, which is
	// then deleted.
	create(ctx context.Context, r *request) (result, error)
	// update changes the resource in place. It is called when a property that is not create-only
	// differs, and again with old and new swapped when the update of the stack fails.
	update(ctx context.Context, r *request) (result, error)
	// delete removes the resource. That it is gone already is no error.
	delete(ctx context.Context, r *request) error
}

// finder is a provider that can tell what an earlier attempt at a creation has left, when the attempt was
// cut off before its result was written down.
type finder interface {
	find(ctx context.Context, r *request) (res result, found bool, err error)
}

// request is what a provider is told.
type request struct {
	home  identity.Home
	stack stack.StackRef
	id    stack.LogicalID
	// generated is the physical name for a resource that has no name of its own.
	generated string
	// props are the properties to reach; for delete they are those the resource has.
	props properties
	// old are the properties that the resource has; update only.
	old properties
	// physical and attributes are what create returned; update and delete only.
	physical   string
	attributes map[string]string
}

// result is what is known of a resource after a step. The attributes replace the earlier ones.
type result struct {
	physical   string
	attributes map[string]string
}

// attribute names that begin with an underscore are the provider's own memory; Fn::GetAtt does not see
// them.
const privateAttribute = '_'

// immutable is embedded by providers of types whose properties are all create-only.
type immutable struct{}

func (immutable) isImmutable() {}

func (immutable) update(context.Context, *request) (result, error) {
	return result{}, errors.New("this type cannot be updated in place")
}

// resourceType is one row of the table of types.
type resourceType struct {
	name  string
	props []property
	// attributes are those of Fn::GetAtt, secrets those of them that are kept sealed.
	attributes, secrets []string
	// lists are those of them that are lists, kept as listAttribute writes them.
	lists []string
	// named returns the name that the template chose and within what it has to be unique; the name is the
	// physical id then, and "" when it is generated. nil when the type has no names.
	named func(properties) (name, within string)
	// provider makes it from the services; nil for types that are only recorded.
	provider func(*Services) provider
	// quiet types are recorded without a word: nobody misses what would be behind them.
	quiet bool
	// open types take any property: nothing behind them could act on one.
	open bool
}
