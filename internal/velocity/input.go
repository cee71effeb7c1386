package velocity

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gatehouse/internal/jsonpath"
)

// input is what a rendering has read of its Env.
type input struct {
	text     string
	haveText bool
	value    any
	parsed   bool
	params   [StageVariable][]Param
	have     [StageVariable]bool
	all      *jsonpath.Object
}

// body is the payload; an empty one reads as {} [recorded].
func (r *run) body() string {
	in := &r.input
	if !in.haveText {
		if in.text, in.haveText = r.env.Body(), true; in.text == "" {
			in.text = "{}"
		}
	}
	return in.text
}

// document is the payload as a value. It is read once, so that a template sees its own changes.
func (r *run) document() (any, error) {
	if !r.input.parsed {
		v, err := jsonpath.Parse(r.body(), &r.m)
		if err != nil {
			return nil, err
		}
		r.input.value, r.input.parsed = v, true
	}
	return r.input.value, nil
}

func (r *run) params(p Place) []Param {
	if !r.input.have[p] {
		r.input.params[p], r.input.have[p] = r.env.Params(p), true
	}
	return r.input.params[p]
}

func (c *call) ofInput() (any, error) {
	switch c.name {
	case "params":
		if len(c.args) == 0 {
			return c.allParams(), nil
		}
		name, ok := c.textArg(0)
		for p := Path; ok && p <= Header; p++ {
			for _, param := range c.run.params(p) {
				if param.Name == name {
					return param.Value, nil
				}
			}
		}
	case "path":
		v, _, err := c.find()
		return v, err
	case "json":
		v, found, err := c.find()
		if err != nil {
			return nil, err
		}
		if !found || v == nil {
			return `""`, nil // [observed] a missing field becomes an empty text
		}
		b, err := jsonpath.AppendJSON(nil, v, &c.m)
		return string(b), err
	}
	return nil, nil
}

func (c *call) allParams() *jsonpath.Object {
	if c.input.all == nil {
		all := new(jsonpath.Object)
		for p, name := range []string{"path", "querystring", "header"} {
			all.Put(name, object(c.run.params(Place(p))))
		}
		c.input.all = all
	}
	return c.input.all
}

// find evaluates the JSONPath in the first argument.
func (c *call) find() (any, bool, error) {
	path := c.path
	if path == nil {
		text, ok := c.textArg(0)
		if !ok {
			return nil, false, nil
		}
		if err := c.m.Spend(1 + len(text)); err != nil {
			return nil, false, err
		}
		var err error
		if path, err = jsonpath.Compile(text); err != nil {
			return nil, false, err
		}
	}
	v, err := c.document()
	if err != nil {
		return nil, false, err
	}
	return path.Eval(v, &c.m)
}

func (c *call) ofUtil() (any, error) {
	if len(c.args) != 1 {
		return nil, nil
	}
	s, err := c.text(c.args[0])
	if err != nil {
		return nil, err
	}
	if err := c.m.Spend(len(s) / 32); err != nil {
		return nil, err
	}
	var out string
	switch c.name {
	case "escapeJavaScript":
		out = escapeJavaScript(s)
	case "urlEncode":
		out = urlEncode(s)
	case "urlDecode":
		out, err = urlDecode(s)
	case "base64Encode":
		out = base64.StdEncoding.EncodeToString([]byte(s))
	case "base64Decode":
		out, err = base64Decode(s)
	case "parseJson":
		return jsonpath.Parse(s, &c.m)
	default:
		return nil, nil
	}
	if err == nil {
		err = c.m.Alloc(len(out))
	}
	return out, err
}

// escapeJavaScript follows StringEscapeUtils.escapeJavaScript of commons-lang, which API Gateway is said to
// use: quotes of both kinds, backslash and slash get a backslash, what is no ASCII becomes \uXXXX.
func escapeJavaScript(s string) string {
	const hex = "0123456789ABCDEF"
	plain := 0
	for plain < len(s) && s[plain] >= ' ' && s[plain] < 0x7f && strings.IndexByte(`'"\/`, s[plain]) < 0 {
		plain++
	}
	if plain == len(s) {
		return s
	}
	b := make([]byte, plain, len(s)+len(s)/4)
	copy(b, s)
	unit := func(u uint16) {
		b = append(b, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	for _, r := range s[plain:] {
		switch {
		case r == '\'' || r == '"' || r == '\\' || r == '/':
			b = append(b, '\\', byte(r))
		case r >= '\b' && r <= '\r' && r != '\v':
			b = append(b, '\\', "btn_fr"[r-'\b'])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			unit(uint16(high))
			unit(uint16(low))
		case r < ' ' || r > 0x7f:
			unit(uint16(r))
		default:
			b = append(b, byte(r))
		}
	}
	return string(b)
}

// urlEncode writes application/x-www-form-urlencoded as java.net.URLEncoder does.
func urlEncode(s string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+len(s)/2)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isLetter(c) || isDigit(c) || c == '-' || c == '_' || c == '.' || c == '*':
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

var errPercent = errors.New("a % must stand before two hexadecimal digits")

func urlDecode(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			if i+2 >= len(s) {
				return "", errPercent
			}
			high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
			if high < 0 || low < 0 {
				return "", errPercent
			}
			b = append(b, byte(high<<4|low))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return validText(b), nil
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// base64Decode reads both alphabets, with and without padding.
func base64Decode(s string) (string, error) {
	s = strings.NewReplacer("\r", "", "\n", "", "-", "+", "_", "/").Replace(strings.TrimRight(s, "= \r\n"))
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("the text is no base64")
	}
	return validText(b), nil
}

// validText makes a text of bytes; what is no UTF-8 becomes U+FFFD.
func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}
