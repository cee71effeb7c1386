package apigateway

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/apigw"
)

const (
	defaultLimit = 25
	maxLimit     = 500
	macSize      = 16
)

// page cuts one page out of a listing. key orders the items and tells where to go on: it must be unique.
// list says which listing it is, its operation and every filter: a position is bound to it and to the
// account, so that it cannot be carried elsewhere or made up.
func page[T any](s *Service, list string, position *string, limit *int32, items []T, key func(*T) string) ([]T, *string, error) {
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
	if position != nil && *position != "" {
		after, ok := s.openPosition(list, *position)
		if !ok {
			return nil, nil, apigw.Refuse(apigw.BadRequest, "Invalid position parameter specified")
		}
		from, _ := slices.BinarySearchFunc(items, after, func(item T, want string) int {
			// The first item behind the last one of the page before.
			if key(&item) <= want {
				return -1
			}
			return 1
		})
		items = items[from:]
	}
	// A limit that is none means the default [recorded for -1].
	n := defaultLimit
	if limit != nil && *limit > 0 {
		n = min(int(*limit), maxLimit)
	}
	if len(items) <= n {
		return items, nil, nil
	}
	next := s.sealPosition(list, key(&items[n-1]))
	return items[:n], &next, nil
}

func (s *Service) sealPosition(list, after string) string {
	return base64.RawURLEncoding.EncodeToString(append(s.positionMAC(list, after), after...))
}

func (s *Service) openPosition(list, position string) (after string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(position)
	if err != nil || len(raw) < macSize {
		return "", false
	}
	after = string(raw[macSize:])
	return after, hmac.Equal(raw[:macSize], s.positionMAC(list, after))
}

func (s *Service) positionMAC(list, after string) []byte {
	mac := hmac.New(sha256.New, s.pages)
	fmt.Fprintf(mac, "%q %q %q", s.scope, list, after)
	return mac.Sum(nil)[:macSize]
}

// listing names a listing with its filters for page.
func listing(operation string, filters ...string) string {
	for _, f := range filters {
		operation += fmt.Sprintf(" %q", f)
	}
	return operation
}

// newest is a key that puts later times first; the id keeps it unique.
func newest(t time.Time, id string) string {
	return fmt.Sprintf("%020d/%s", ^uint64(t.UnixNano())>>1, id)
}

// oldest is a key that puts earlier times first.
func oldest(t time.Time, id string) string {
	return fmt.Sprintf("%020d/%s", uint64(t.UnixNano())>>1, id)
}

// text reads an optional member: absent and empty are the same.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// shown writes an optional member: what is empty is left out.
func shown(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// is reads an optional boolean.
func is(p *bool) bool { return p != nil && *p }

// has reports whether an embed or a similar list names a thing.
func has(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.TrimSpace(s) == name })
}
