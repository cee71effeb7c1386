package directory

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"gatehouse/internal/identity"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// Sizes of the cache of callers. An entry shares its compiled policies with all that have the same.
const (
	callersFound  = 1 << 14
	callersAbsent = 1 << 10
)

// maxAccessKeyID is the length limit of an access key id on AWS; longer ids are not looked up.
const maxAccessKeyID = 128

// ErrUnknown tells that credentials are nobody's: the access key does not exist, is switched off, or does not
// belong to the session token, or whose it was is gone.
var ErrUnknown = errors.New("the security token is invalid")

// ErrExpired tells that temporary credentials are over.
var ErrExpired = identity.ErrExpired

// credentials are what a request presents: an access key and, with temporary ones, a session token.
type credentials struct {
	key   identity.AccessKeyID
	token string
}

// held is a caller with the rows that it was put together from.
type held struct {
	caller *identity.Caller
	rows   []string
}

// Callers finds out who signs with an access key and what they may do: the user, role session, federated user
// or account behind it, with identity policies, boundary and session policies, compiled.
//
// A change of any of these is seen by the next look-up. Whatever cannot be read or compiled refuses: the
// first as an error, the second as a policy that denies everything.
type Callers struct {
	db       store.DB
	tables   *tables.Tables
	scope    store.Scope
	home     identity.Home
	tokens   identity.Tokens
	compiled *compiled
	records  *records[credentials, held]
	uses     chan identity.Use
}

// NewCallers makes the directory of an account. Without Run it reads the store for every look-up that
// follows a change, and notes no use.
func NewCallers(db store.DB, t *tables.Tables, home identity.Home) *Callers {
	c := &Callers{
		db: db, tables: t, scope: store.Scope(home.Global()), home: home, tokens: t.Tokens(), compiled: newCompiled(),
		uses: make(chan identity.Use, usesWaiting),
	}
	seed := maphash.MakeSeed()
	c.records = newRecords(db, source[credentials, held]{
		hash:     func(k credentials) uint64 { return maphash.Comparable(seed, k) },
		text:     func(k credentials) string { return string(k.key) + " " + k.token },
		name:     func(h *held) string { return row(t.AccessKeys, string(h.caller.Key)) },
		shares:   func(h *held) []string { return h.rows },
		load:     c.load,
		concerns: c.concerns,
	}, callersFound, callersAbsent)
	return c
}

// row names a stored row among all tables.
func row[T any](t *store.Table[T], id string) string { return t.Kind() + "/" + id }

func (c *Callers) concerns(change store.Change) (name string, fresh, ok bool) {
	if change.Scope != c.scope {
		return "", false, false
	}
	t := c.tables
	switch change.Kind {
	case t.AccessKeys.Kind(), t.Users.Kind(), t.Groups.Kind(), t.Roles.Kind(), t.Policies.Kind():
		// Only a key that was unknown can become known: users and roles that are made again have other ids.
		return change.Kind + "/" + change.ID, change.Kind == t.AccessKeys.Kind(), true
	}
	return "", false, false
}

// Find returns the caller who signs with an access key, and with a session token where there is one. The
// errors are ErrUnknown and ErrExpired; any other means that nobody knows: the caller is refused. What an
// Update had committed before the call is always seen. The path of a hit takes no lock and allocates nothing.
func (c *Callers) Find(ctx context.Context, key identity.AccessKeyID, token string, now time.Time) (*identity.Caller, error) {
	if key == "" || len(key) > maxAccessKeyID || len(token) > identity.MaxToken {
		return nil, ErrUnknown
	}
	k := credentials{key, token}
	h, known, _ := c.records.peek(k)
	if !known {
		// Tokens that were not made here cost the store nothing.
		if token != "" {
			if _, err := c.tokens.Open(key, token, now); err != nil {
				return nil, unknown(err)
			}
		}
		var err error
		if h, err = c.records.find(ctx, k); err != nil {
			return nil, fmt.Errorf("look up an access key: %w", err)
		}
	}
	if h == nil {
		return nil, ErrUnknown
	}
	if s := h.caller.Session; s != nil && s.Expired(now) {
		return nil, ErrExpired
	}
	return h.caller, nil
}

func unknown(err error) error {
	if errors.Is(err, identity.ErrToken) {
		return ErrUnknown
	}
	return err
}

// usesWaiting bounds how many notes of uses wait to be written; further ones are dropped.
const usesWaiting = 256

// Used notes that a caller's credentials were used for a service, as GetAccessKeyLastUsed and GetRole tell.
// It never waits: at most one note in a quarter of an hour is written, later and with others.
func (c *Callers) Used(caller *identity.Caller, service string, region identity.Region, now time.Time) {
	if !caller.NoteDue(now) {
		return
	}
	id := string(caller.Key)
	if caller.Kind == identity.RoleSession {
		id = caller.ID
	}
	select {
	case c.uses <- identity.Use{ID: id, At: now.UTC().Truncate(time.Second), Service: service, Region: region}:
	default:
	}
}

// Run keeps the cache up with the change feed, and writes uses down, until ctx ends or the store is closed.
func (c *Callers) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var notes sync.WaitGroup
	notes.Go(func() { c.writeUses(ctx) })
	err := c.records.run(ctx)
	cancel()
	notes.Wait()
	return err
}

func (c *Callers) writeUses(ctx context.Context) {
	for {
		var batch []identity.Use
		select {
		case u := <-c.uses:
			batch = append(batch, u)
		case <-ctx.Done():
			return
		}
		for more := true; more && len(batch) < usesWaiting; {
			select {
			case u := <-c.uses:
				batch = append(batch, u)
			default:
				more = false
			}
		}
		// A note that cannot be written is lost: it is of no weight, and a store that fails is heard elsewhere.
		_, _ = c.db.Update(ctx, func(tx store.Tx) error {
			for _, u := range batch {
				if err := c.tables.Uses.Put(tx, c.scope, u); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
