package event

import "unicode/utf8"

// escapes has, for every byte below 0x80, 0 if it stands for itself in a string, the letter of its short
// escape, or 'u'.
var escapes = func() (e [0x80]byte) {
	for c := range 0x20 {
		e[c] = 'u'
	}
	e['\b'], e['\f'], e['\n'], e['\r'], e['\t'] = 'b', 'f', 'n', 'r', 't'
	e['"'], e['\\'] = '"', '\\'
	return e
}()

// appendString appends a JSON string.
func appendString[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	done := 0 // up to here s is in dst
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			e := escapes[c]
			if e == 0 {
				i++
				continue
			}
			dst = append(dst, s[done:i]...)
			if e == 'u' {
				const digits = "0123456789ABCDEF"
				dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			} else {
				dst = append(dst, '\\', e)
			}
			i++
			done = i
			continue
		}
		valid, size := sequence(s[i:])
		if !valid {
			dst = append(dst, s[done:i]...)
			dst = append(dst, "\uFFFD"...)
			done = i + size
		}
		i += size
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

// sequence measures the UTF-8 sequence at the beginning of s: valid and whole, or the maximal part of one
// that is not.
func sequence[S string | []byte](s S) (valid bool, size int) {
	low, high := byte(0x80), byte(0xBF)
	var need int
	switch c := s[0]; {
	case 0xC2 <= c && c <= 0xDF:
		need = 1
	case 0xE0 <= c && c <= 0xEF:
		need = 2
		if c == 0xE0 {
			low = 0xA0
		}
		if c == 0xED {
			high = 0x9F
		}
	case 0xF0 <= c && c <= 0xF4:
		need = 3
		if c == 0xF0 {
			low = 0x90
		}
		if c == 0xF4 {
			high = 0x8F
		}
	default:
		return false, 1
	}
	for size = 1; size <= need; size++ {
		if size == len(s) || s[size] < low || s[size] > high {
			return false, size
		}
		low, high = 0x80, 0xBF
	}
	return true, size
}
