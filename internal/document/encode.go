package document

import "unicode/utf8"

// JSON writes v compactly, maps in their order. A nil v is null. The text is what JSON.stringify would
// write: nothing is escaped that JSON does not ask for.
func JSON(v *Value) []byte { return appendJSON(nil, v) }

func appendJSON(out []byte, v *Value) []byte {
	if v == nil {
		return append(out, "null"...)
	}
	switch v.Kind {
	case Bool:
		if v.Bool {
			return append(out, "true"...)
		}
		return append(out, "false"...)
	case Number:
		return append(out, v.Text...)
	case String:
		return appendQuoted(out, v.Text)
	case List:
		out = append(out, '[')
		for i, item := range v.Items {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, item)
		}
		return append(out, ']')
	case Map:
		out = append(out, '{')
		for i := range v.Fields {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendQuoted(out, v.Fields[i].Name)
			out = append(out, ':')
			out = appendJSON(out, v.Fields[i].Value)
		}
		return append(out, '}')
	}
	return append(out, "null"...)
}

// appendQuoted writes s as a JSON string; what is no UTF-8 becomes U+FFFD.
func appendQuoted(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, '\\', 'n')
		case r == '\r':
			out = append(out, '\\', 'r')
		case r == '\t':
			out = append(out, '\\', 't')
		case r < 0x20:
			out = append(out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
