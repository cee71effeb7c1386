package identity

import "strings"

// Fold is the form in which names are compared: two names that differ by the case of ASCII letters only are
// one name.
func Fold[Name ~string](name Name) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, string(name))
}

// ValidName reports whether a name has 1 to limit characters of [A-Za-z0-9_+=,.@-].
func ValidName(name string, limit int) bool {
	if name == "" || len(name) > limit {
		return false
	}
	for i := range len(name) {
		if !nameByte(name[i]) {
			return false
		}
	}
	return true
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_+=,.@-", c) >= 0
}

// ValidPath reports whether a path is "/" or begins and ends with a slash and has visible ASCII characters
// between, 512 at most.
func ValidPath(path string) bool {
	if path == "/" {
		return true
	}
	if len(path) < 3 || len(path) > 512 || path[0] != '/' || path[len(path)-1] != '/' {
		return false
	}
	for i := range len(path) {
		if path[i] < '!' || path[i] > '~' {
			return false
		}
	}
	return true
}
