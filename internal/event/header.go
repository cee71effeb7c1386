package event

import (
	"slices"
	"strings"
)

// collectHeaders makes the headers of an event from those of the caller: it leaves out what AWS drops
// [recorded], adds what the gateway says, and sorts.
func collectHeaders(items []item, in *REST) []item {
	f := &in.Forwarded
	forwarded := "" // the caller's own X-Forwarded-For
	for i := range in.Header {
		h := &in.Header[i]
		name := h.Name
		switch k := kindOf(name); {
		case k == dropped, k == signature && in.Signed, k == trace && f.TraceID != "", k == port && f.Port != "", k == proto && f.Proto != "":
			continue
		case k == chain && f.For != "":
			if forwarded != "" {
				forwarded += ", "
			}
			forwarded += h.Value
			continue
		case k == signature:
			name = "Authorization" // these come out in one spelling, however they were sent [recorded]
		case k == agent:
			name = "User-Agent"
		case k == host:
			name = "Host"
		}
		items = append(items, item{name: name, value: h.Value})
	}
	if f.TraceID != "" {
		items = append(items, item{name: "X-Amzn-Trace-Id", value: f.TraceID})
	}
	if f.For != "" {
		if forwarded != "" {
			forwarded += ", "
		}
		items = append(items, item{name: "X-Forwarded-For", value: forwarded + f.For})
	}
	if f.Port != "" {
		items = append(items, item{name: "X-Forwarded-Port", value: f.Port})
	}
	if f.Proto != "" {
		items = append(items, item{name: "X-Forwarded-Proto", value: f.Proto})
	}
	for i := range items {
		items[i].index = int32(i)
	}
	slices.SortStableFunc(items, func(a, b item) int { return compareFold(a.name, b.name) })
	group(items, func(a, b string) bool { return compareFold(a, b) == 0 })
	return items
}

// kind is what collectHeaders does with a header.
type kind uint8

const (
	kept kind = iota
	dropped
	signature
	agent
	host
	trace
	chain
	port
	proto
)

// special has the headers that are not simply kept, by lower-case name.
var special = map[string]kind{
	"connection": dropped, "content-length": dropped, "content-md5": dropped, "expect": dropped,
	"max-forwards": dropped, "proxy-authenticate": dropped, "server": dropped, "te": dropped,
	"transfer-encoding": dropped, "trailer": dropped, "upgrade": dropped, "www-authenticate": dropped,
	"authorization": signature, "user-agent": agent, "host": host,
	"x-amzn-trace-id": trace, "x-forwarded-for": chain, "x-forwarded-port": port, "x-forwarded-proto": proto,
}

func kindOf(name string) kind {
	var lower [len("proxy-authenticate")]byte // the longest of them
	if len(name) > len(lower) {
		return kept
	}
	for i := 0; i < len(name); i++ {
		lower[i] = fold(name[i])
	}
	return special[string(lower[:len(name)])]
}

// compareFold orders names without regard to the case of ASCII letters.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := fold(a[i]), fold(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// IsBinary reports whether a request body with this Content-Type is handed to the function as base64: when
// the type, without its parameters, matches one of the API's binary media types. An entry is a type, a
// whole family (image/*), or everything (*/*); other patterns match nothing [recorded].
func IsBinary(contentType string, binaryMediaTypes []string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return matchesMedia(strings.Trim(mediaType, " \t"), binaryMediaTypes)
}

// accepts reports whether an answer to this Accept header is decoded: only the first type counts, and a
// wildcard in it is no match for a concrete entry [recorded].
func accepts(accept string, binaryMediaTypes []string) bool {
	first, _, _ := strings.Cut(accept, ",")
	return IsBinary(first, binaryMediaTypes)
}

func matchesMedia(mediaType string, entries []string) bool {
	for _, e := range entries {
		if e == "*/*" {
			return true
		}
		if family, ok := strings.CutSuffix(e, "/*"); ok && family != "*" {
			head, _, slash := strings.Cut(mediaType, "/")
			if slash && compareFold(head, family) == 0 {
				return true
			}
			continue
		}
		if !strings.HasPrefix(e, "*/") && mediaType != "" && compareFold(mediaType, e) == 0 {
			return true
		}
	}
	return false
}
