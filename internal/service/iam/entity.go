package iam

import (
	"context"
	"errors"
	"maps"
	"slices"

	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/store"
)

// entity is what users, groups and roles have in common: a name, inline and managed policies, tags.
type entity[T any] struct {
	s     *Service
	table *store.Table[T]
	// noun stands in refusals ("user"), member in constraints ("userName").
	noun, member string
	// limit is the longest name, inline the size of all inline policies together.
	limit, inline int
	// quota is the name of the limit of attached policies.
	quota  string
	grants func(*T) *identity.Grants
	tags   func(*T) *map[string]string // nil for groups, which have none
}

// get reads an entity by name, whatever the case of its letters.
func (e *entity[T]) get(tx store.Tx, name string) (T, error) {
	var none T
	if err := checkName(e.member, name, e.limit); err != nil {
		return none, err
	}
	v, err := e.table.Get(tx, e.s.scope, identity.Fold(name))
	return v, missing(err, e.absent(name))
}

func (e *entity[T]) absent(name string) error {
	return noSuchEntity("The %s with name %s cannot be found.", e.noun, name)
}

// read is get in a transaction of its own.
func (e *entity[T]) read(ctx context.Context, name string) (v T, err error) {
	err = e.s.view(ctx, func(tx store.Tx) error {
		v, err = e.get(tx, name)
		return err
	})
	return v, err
}

// change reads an entity, lets fn change it and writes it back.
func (e *entity[T]) change(ctx context.Context, name string, fn func(store.Tx, *T) error) error {
	return e.s.update(ctx, func(tx store.Tx) error {
		v, err := e.get(tx, name)
		if err != nil {
			return err
		}
		if err := fn(tx, &v); err != nil {
			return err
		}
		return e.table.Put(tx, e.s.scope, v)
	})
}

// insert writes a new entity. shown is its noun at the beginning of a sentence.
func (e *entity[T]) insert(tx store.Tx, v T, shown, name string) error {
	err := e.table.Insert(tx, e.s.scope, v)
	if errors.Is(err, store.ErrExists) {
		return alreadyExists("%s with name %s already exists.", shown, name)
	}
	return err
}

// rename writes an entity that may have another name, as was its name before.
func (e *entity[T]) rename(tx store.Tx, was string, v T, shown, name string) error {
	if identity.Fold(was) == identity.Fold(name) {
		return e.table.Put(tx, e.s.scope, v)
	}
	if err := e.table.Delete(tx, e.s.scope, identity.Fold(was)); err != nil {
		return err
	}
	return e.insert(tx, v, shown, name)
}

// bare refuses to delete what still has policies.
func bare(g *identity.Grants) error {
	switch {
	case len(g.Managed) > 0:
		return conflict("Cannot delete entity, must detach all policies first.")
	case len(g.Policies) > 0:
		return conflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

// put adds or replaces an inline policy.
func (e *entity[T]) put(ctx context.Context, name, policyName, document string) error {
	if err := checkName("policyName", policyName, 128); err != nil {
		return err
	}
	if err := checkDocument(document, policy.Identity); err != nil {
		return err
	}
	return e.change(ctx, name, func(_ store.Tx, v *T) error {
		g := e.grants(v)
		if g.Policies == nil {
			g.Policies = map[string]string{}
		}
		g.Policies[policyName] = document
		total := 0
		for _, d := range g.Policies {
			total += dense(d)
		}
		if total > e.inline {
			return limitExceeded("Maximum policy size of %d bytes exceeded for %s %s", e.inline, e.noun, name)
		}
		return nil
	})
}

// policy returns the document of an inline policy.
func (e *entity[T]) policy(ctx context.Context, name, policyName string) (string, error) {
	v, err := e.read(ctx, name)
	if err != nil {
		return "", err
	}
	document, ok := e.grants(&v).Policies[policyName]
	if !ok {
		return "", e.noPolicy(policyName)
	}
	return document, nil
}

func (e *entity[T]) noPolicy(name string) error {
	return noSuchEntity("The %s policy with name %s cannot be found.", e.noun, name)
}

func (e *entity[T]) drop(ctx context.Context, name, policyName string) error {
	return e.change(ctx, name, func(_ store.Tx, v *T) error {
		if _, ok := e.grants(v).Policies[policyName]; !ok {
			return e.noPolicy(policyName)
		}
		delete(e.grants(v).Policies, policyName)
		return nil
	})
}

// policies returns a page of the names of the inline policies.
func (e *entity[T]) policies(ctx context.Context, name string, p paging) (names []string, more *bool, next *string, err error) {
	v, err := e.read(ctx, name)
	if err != nil {
		return nil, nil, nil, err
	}
	all := slices.Sorted(maps.Keys(e.grants(&v).Policies))
	return page(e.s, p.of("policies", e.noun, identity.Fold(name)), after(all, same), same, every[string], identical)
}

// retag adds tags and takes others off.
func (e *entity[T]) retag(ctx context.Context, name string, set map[string]string, gone []string) error {
	return e.change(ctx, name, func(_ store.Tx, v *T) error { return retag(e.tags(v), set, gone) })
}

func (e *entity[T]) listTags(ctx context.Context, name string, p paging) ([]tag, *bool, *string, error) {
	v, err := e.read(ctx, name)
	if err != nil {
		return nil, nil, nil, err
	}
	return pageTags(e.s, p.of("tags", e.noun, identity.Fold(name)), *e.tags(&v))
}
