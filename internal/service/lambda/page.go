package lambda

import (
	"encoding/base64"
	"slices"
)

// pageSize is how many items a listing shows at most.
const pageSize = 50

// page cuts one page out of a listing in its order. A marker names the last item that was shown; it is
// opaque to clients but no secret.
func page[T any](marker *string, limit *int32, items []T, key func(*T) string) ([]T, *string, error) {
	if marker != nil && *marker != "" {
		last, err := base64.RawURLEncoding.DecodeString(*marker)
		at := slices.IndexFunc(items, func(v T) bool { return key(&v) == string(last) })
		if err != nil || at < 0 {
			return nil, nil, invalid("Invalid Marker")
		}
		items = items[at+1:]
	}
	n := pageSize
	if limit != nil && *limit > 0 {
		n = min(n, int(*limit))
	}
	if len(items) <= n {
		return items, nil, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(key(&items[n-1])))
	return items[:n], &next, nil
}
