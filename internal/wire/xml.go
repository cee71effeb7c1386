package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// xmlWriter writes an answer. Elements have no attributes but the namespace of the root. encoding/xml
// writes text only: it knows neither maps nor lists that are there and empty.
type xmlWriter struct {
	bytes.Buffer
	item string // the element of a list's elements
}

func (w *xmlWriter) open(name string)  { w.WriteString("<" + name + ">") }
func (w *xmlWriter) close(name string) { w.WriteString("</" + name + ">") }

// root opens the outermost element.
func (w *xmlWriter) root(name, namespace string) {
	if namespace == "" {
		w.open(name)
		return
	}
	w.WriteString("<" + name + " xmlns=\"")
	w.text(namespace)
	w.WriteString("\">")
}

// text writes character data; what XML cannot hold becomes U+FFFD.
func (w *xmlWriter) text(s string) {
	_ = xml.EscapeText(&w.Buffer, []byte(s)) // a Buffer takes everything
}

func (w *xmlWriter) element(name, text string) {
	w.open(name)
	w.text(text)
	w.close(name)
}

// record writes the members of a structure that are there.
func (w *xmlWriter) record(m *message, from reflect.Value) error {
	for i := range m.fields {
		f := &m.fields[i]
		v, ok := f.present(from)
		if !ok || f.element == "" {
			continue
		}
		w.open(f.element)
		if err := w.value(f.typ, v); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		w.close(f.element)
	}
	return nil
}

func (w *xmlWriter) value(t *typ, v reflect.Value) error {
	switch t.kind {
	case record:
		return w.record(t.record, v)
	case list:
		for i := range v.Len() {
			w.open(w.item)
			if err := w.value(t.elem, v.Index(i)); err != nil {
				return err
			}
			w.close(w.item)
		}
		return nil
	case dict:
		all := entries(v)
		for _, k := range slices.Sorted(maps.Keys(all)) {
			w.WriteString("<entry>")
			w.element("key", k)
			w.open("value")
			if err := w.value(t.elem, all[k]); err != nil {
				return err
			}
			w.WriteString("</value></entry>")
		}
		return nil
	case double:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%v is no number for an answer", f)
		}
	case moment:
		w.WriteString(dateTime(v.Interface().(time.Time)))
		return nil
	case blob:
		w.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
		return nil
	}
	s := toText(t, v)
	if t.rule != nil && t.rule.percent {
		s = percent(s)
	}
	w.text(s)
	return nil
}

// dateTime prints a time in ISO 8601, with milliseconds where there are any.
func dateTime(at time.Time) string {
	at = at.UTC()
	if at.Nanosecond() < int(time.Millisecond) {
		return at.Format("2006-01-02T15:04:05Z")
	}
	return at.Format("2006-01-02T15:04:05.000Z")
}

// percent encodes every byte but the unreserved ones of RFC 3986.
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// namespace is that of answers. EC2's ends with a slash on the wire [recorded], in the model it does not.
func (q *query) namespace() string {
	if ns := q.service.model.Namespace; ns != "" && q.ec2 {
		return strings.TrimSuffix(ns, "/") + "/"
	}
	return q.service.model.Namespace
}

// encode writes <XResponse><XResult>…</XResult><ResponseMetadata><RequestId>…, or, for EC2, the members
// beside the request id.
func (q *query) encode(op *operation, out reflect.Value, requestID string) (Response, error) {
	w := &xmlWriter{item: "member"}
	resp := Response{Status: op.Status, Header: http.Header{"Content-Type": {"text/xml"}}}
	if q.ec2 {
		w.item = "item"
		w.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
		resp.Header.Set("Content-Type", "text/xml;charset=UTF-8")
	}
	w.root(op.Name+"Response", q.namespace())
	if q.ec2 {
		w.element("requestId", requestID)
	}
	if op.out != nil {
		if !q.ec2 {
			w.open(op.Name + "Result")
		}
		if out.Kind() != reflect.Pointer {
			return Response{}, errors.New("the output is no pointer")
		}
		if err := w.record(op.out, out.Elem()); err != nil {
			return Response{}, err
		}
		if !q.ec2 {
			w.close(op.Name + "Result")
		}
	}
	if !q.ec2 {
		w.open("ResponseMetadata")
		w.element("RequestId", requestID)
		w.close("ResponseMetadata")
	}
	w.close(op.Name + "Response")
	resp.Body = w.Bytes()
	return resp, nil
}

func (q *query) refuse(e *Error, _, requestID string) Response {
	if !q.ec2 {
		return refuseXML(e, q.namespace(), requestID)
	}
	w := &xmlWriter{}
	w.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error>`)
	w.element("Code", e.Code)
	w.element("Message", e.Message)
	w.WriteString("</Error></Errors>")
	w.element("RequestID", requestID)
	w.WriteString("</Response>")
	return Response{Status: e.Status, Header: headerOf(e, "text/xml;charset=UTF-8"), Body: w.Bytes()}
}

// refuseXML is the form of the query protocol.
func refuseXML(e *Error, namespace, requestID string) Response {
	kind := "Sender"
	if e.Status >= 500 {
		kind = "Receiver"
	}
	w := &xmlWriter{}
	w.root("ErrorResponse", namespace)
	w.open("Error")
	w.element("Type", kind)
	w.element("Code", e.Code)
	w.element("Message", e.Message)
	for _, name := range slices.Sorted(maps.Keys(e.Members)) {
		w.element(name, e.Members[name])
	}
	w.close("Error")
	w.element("RequestId", requestID)
	w.close("ErrorResponse")
	return Response{Status: e.Status, Header: headerOf(e, "text/xml"), Body: w.Bytes()}
}

// headerOf is the header of a refusal.
func headerOf(e *Error, contentType string) http.Header {
	h := http.Header{}
	maps.Copy(h, e.Header)
	h["Content-Type"] = []string{contentType}
	return h
}
