package cloudformation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/google/uuid"

	"gatehouse/internal/identity"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
)

// Names are derived, not drawn: a fresh start of the same definition gives the same names. They are no
// secrets.

// digest hashes its parts, each after its length.
func digest(parts ...string) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// maxName is the shortest limit among the types that get generated names: IAM roles and functions.
const maxName = 64

// generatedName is {stack}-{logical id}-{12 of [A-Z0-9]}, the longer part cut to fit 64 characters.
func generatedName(home identity.Home, name stack.Name, id stack.LogicalID, generation int) string {
	sum := digest("name", home.Scope(), string(name), string(id), fmt.Sprint(generation))
	suffix := strings.ToUpper(new(big.Int).SetBytes(sum[:]).Text(36))
	suffix = suffix[len(suffix)-12:]
	a, b := string(name), string(id)
	room := maxName - len(suffix) - 2
	if len(a)+len(b) > room {
		if half := room / 2; len(a) <= half {
			b = b[:room-len(a)]
		} else if len(b) <= half {
			a = a[:room-len(b)]
		} else {
			a, b = a[:half], b[:room-half]
		}
	}
	return a + "-" + b + "-" + suffix
}

// newID makes the id of a stack. Deleted stacks keep theirs, so a name that was used before counts on.
func (e *Engine) newID(ctx context.Context, name stack.Name) (stack.ID, error) {
	for n := 0; ; n++ {
		sum := digest("stack", e.cfg.Home.Scope(), string(name), fmt.Sprint(n))
		u, err := uuid.FromBytes(sum[:16])
		if err != nil {
			return "", err
		}
		u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // version 8: custom
		id := stack.ID(fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", e.cfg.Home.Partition, e.cfg.Home.Region, e.cfg.Home.Account, name, u))
		err = e.cfg.DB.View(ctx, func(tx store.Tx) error {
			_, err := e.cfg.Tables.Stacks.Get(tx, e.scope(), string(id))
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return id, nil
		}
		if err != nil {
			return "", err
		}
	}
}

func (e *Engine) scope() store.Scope { return store.Scope(e.cfg.Home.Scope()) }
