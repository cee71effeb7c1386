package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// LoadJSON reads one JSON document whatever its file is called, within the limits of Load.
func LoadJSON(file string, text []byte) (*Value, error) {
	if len(text) > MaxBytes {
		return nil, tooLong(file)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	j := &jsonReader{file: file, text: text, line: 1, dec: json.NewDecoder(bytes.NewReader(text))}
	j.dec.UseNumber()
	v, fault := j.value(0)
	if fault != nil {
		return nil, fault
	}
	if _, err := j.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &Error{j.next(), "json: more text after the end of the document", "remove it"}
	}
	return v, nil
}

// jsonReader walks the tokens of a JSON text and keeps count of lines on the way.
type jsonReader struct {
	file string
	text []byte
	dec  *json.Decoder
	size weight

	line, start, at int // current line, the offset where it starts, and how far we have counted
}

// next is the place of the next token.
func (j *jsonReader) next() Pos {
	end := int(j.dec.InputOffset())
	for end < len(j.text) && bytes.IndexByte([]byte(" \t\r\n,:"), j.text[end]) >= 0 {
		end++
	}
	for ; j.at < end; j.at++ {
		if j.text[j.at] == '\n' {
			j.line, j.start = j.line+1, j.at+1
		}
	}
	return Pos{j.file, j.line, end - j.start + 1}
}

func (j *jsonReader) value(depth int) (*Value, *Error) {
	at := j.next()
	if depth > MaxDepth {
		return nil, tooDeep(at)
	}
	token, err := j.dec.Token()
	if err != nil {
		return nil, j.syntax(at, err)
	}
	v := &Value{Pos: at}
	switch t := token.(type) {
	case nil:
	case bool:
		v.Kind, v.Bool = Bool, t
	case json.Number:
		v.Kind = Number
		v.Text = canonical(t.String())
		if v.Text != t.String() {
			v.Source = t.String()
		}
	case string:
		v.Kind, v.Text = String, t
	case json.Delim:
		if err := j.collection(v, t, depth); err != nil {
			return nil, err
		}
	}
	if !j.size.plus(weight{1, len(v.Text)}) {
		return nil, &Error{at, "the document is too large", "split it"}
	}
	return v, nil
}

func (j *jsonReader) collection(v *Value, open json.Delim, depth int) *Error {
	v.Kind = List
	if open == '{' {
		v.Kind = Map
	}
	seen := map[string]Pos{}
	for j.dec.More() {
		at := j.next()
		if v.Kind == List {
			item, err := j.value(depth + 1)
			if err != nil {
				return err
			}
			v.Items = append(v.Items, item)
			continue
		}
		token, err := j.dec.Token()
		if err != nil {
			return j.syntax(at, err)
		}
		name, ok := token.(string)
		if !ok {
			return &Error{at, "json: a name must be a string", "quote it"}
		}
		if first, ok := seen[name]; ok {
			return duplicate(at, name, first)
		}
		seen[name] = at
		if !j.size.plus(weight{text: len(name)}) {
			return &Error{at, "the document is too large", "split it"}
		}
		item, fault := j.value(depth + 1)
		if fault != nil {
			return fault
		}
		v.Fields = append(v.Fields, Field{Name: name, Pos: at, Value: item})
	}
	at := j.next()
	if _, err := j.dec.Token(); err != nil {
		return j.syntax(at, err)
	}
	return nil
}

func (j *jsonReader) syntax(at Pos, err error) *Error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{at, "json: the document ends too early", "close every bracket and quote"}
	}
	return &Error{at, fmt.Sprintf("json: %s", strings.TrimPrefix(err.Error(), "json: ")), "check the syntax"}
}

// canonical spells a JSON number as JavaScript would print it, except that long integers keep their digits.
func canonical(s string) string {
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			return "0"
		}
		return s
	}
	if f, ok := float(s); ok {
		return f
	}
	return s
}
