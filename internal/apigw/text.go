package apigw

import "unicode/utf8"

// runes counts characters, as AWS's limits do.
func runes(s string) int { return utf8.RuneCountInString(s) }

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// only reports whether s is made of letters, digits and the characters of more, and is not empty.
func only(s, more string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			found := false
			for j := range len(more) {
				found = found || more[j] == c
			}
			if !found {
				return false
			}
		}
	}
	return s != ""
}
