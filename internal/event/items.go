package event

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// item is one value of an object under construction. Items of one name stand together, in the order of
// their values.
type item struct {
	name, value string
	hash        uint32
	index       int32
}

// appendLast writes the object in which a name has its last value; null without any.
func appendLast(dst []byte, items []item) []byte {
	if len(items) == 0 {
		return append(dst, "null"...)
	}
	separator := byte('{')
	for i := range items {
		if i+1 < len(items) && items[i+1].index == items[i].index {
			continue // the same name has a later value
		}
		dst = append(dst, separator)
		separator = ','
		dst = appendString(dst, items[i].name)
		dst = append(dst, ':')
		dst = appendString(dst, items[i].value)
	}
	return append(dst, '}')
}

// appendAll writes the object in which a name has the list of its values; null without any.
func appendAll(dst []byte, items []item) []byte {
	if len(items) == 0 {
		return append(dst, "null"...)
	}
	for i := range items {
		switch {
		case i > 0 && items[i-1].index == items[i].index:
			dst = append(dst, ',')
		default:
			if i == 0 {
				dst = append(dst, '{')
			} else {
				dst = append(dst, ']', ',')
			}
			dst = appendString(dst, items[i].name)
			dst = append(dst, ':', '[')
		}
		dst = appendString(dst, items[i].value)
	}
	return append(dst, ']', '}')
}

// group gives the items of one name, which stand together already, the index and the name of the first.
func group(items []item, same func(a, b string) bool) (names int) {
	for i := range items {
		if i > 0 && same(items[i-1].name, items[i].name) {
			items[i].index, items[i].name = items[i-1].index, items[i-1].name
			continue
		}
		names++
	}
	return names
}

// javaOrder puts items into the order in which a Java HashMap of their names, filled in the given order,
// is iterated: by bucket, then by time of arrival. (Buckets of more than eight names become trees there;
// that is left out.)
func javaOrder(items []item) []item {
	for i := range items {
		h := javaHash(items[i].name)
		items[i].hash = h ^ h>>16
		items[i].index = int32(i)
	}
	if len(items) < 2 {
		return items
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.name, b.name))
	})
	names := group(items, func(a, b string) bool { return a == b })
	buckets := 16
	for names*4 > buckets*3 {
		buckets *= 2
	}
	mask := uint32(buckets - 1)
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.hash&mask, b.hash&mask), cmp.Compare(a.index, b.index))
	})
	return items
}

// javaHash is String.hashCode.
func javaHash(s string) (h uint32) {
	for _, r := range s {
		if r >= 0x10000 {
			high, low := utf16.EncodeRune(r)
			h = h*31 + uint32(high)
			r = low
		}
		h = h*31 + uint32(r)
	}
	return h
}

func collectParams(items []item, params []Field) []item {
	for _, p := range params {
		items = append(items, item{name: p.Name, value: p.Value})
	}
	return javaOrder(items)
}

// collectQuery reads a raw query. Pairs end at "&" and, as on AWS, at ";" [docs]. Names and values are
// decoded: "+" is a space, %XX a byte [recorded]; what is no valid escape stays as it is.
func collectQuery(items []item, query string) []item {
	for query != "" {
		pair := query
		if i := strings.IndexAny(query, "&;"); i >= 0 {
			pair, query = query[:i], query[i+1:]
		} else {
			query = ""
		}
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		items = append(items, item{name: unescape(name), value: unescape(value)})
	}
	return javaOrder(items)
}

func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s):
			if high, low := hex(s[i+1]), hex(s[i+2]); high < 16 && low < 16 {
				c = high<<4 | low
				i += 2
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// hex is the value of a hexadecimal digit, 16 or more if c is none.
func hex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}

// Object is the JSON object of a map, in the order in which AWS shows a stage's variables; empty for an
// empty map, which events show as null.
func Object(m map[string]string) []byte {
	if len(m) == 0 {
		return nil
	}
	var items []item
	for _, name := range slices.Sorted(maps.Keys(m)) {
		items = append(items, item{name: name, value: m[name]})
	}
	return appendLast(nil, javaOrder(items))
}
