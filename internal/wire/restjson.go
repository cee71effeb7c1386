package wire

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// restJSON is the protocol of API Gateway and Lambda: the operation is in the method and the path, members
// are in the path, the query, the headers and a JSON body.
type restJSON struct {
	router
	service *Service
	labels  map[*operation][]string
}

func newRESTJSON(s *Service) (protocol, error) {
	p := &restJSON{service: s, labels: map[*operation][]string{}}
	for _, op := range s.ops {
		if err := p.add(op); err != nil {
			return nil, err
		}
		p.labels[op] = labelsOf(op.URI)
	}
	return p, nil
}

func (p *restJSON) find(r *Request) (target, error) {
	op, labels := p.router.find(r.Method, r.RawPath, r.RawQuery)
	if op == nil {
		// [observed] the answer of API Gateway to a path that it does not have, signed or not.
		return target{}, &Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
			Message: "Unable to determine service/operation name to be authorized"}
	}
	return target{op: op, labels: labels}, nil
}

func (p *restJSON) decode(t target, r *Request, in reflect.Value) error {
	op := t.op
	query, err := p.query(op, r.RawQuery)
	if err != nil {
		return err
	}
	vs := &violations{}
	names := p.labels[op]
	for i := range op.in.fields {
		f := &op.in.fields[i]
		var values []string
		switch f.place {
		case inURI:
			if i := slices.Index(names, f.wire); i >= 0 {
				values = t.labels[i : i+1]
			}
		case inQuery:
			if f.rest {
				rest, err := query.rest(op.in)
				if err != nil {
					return err
				}
				in.Field(f.index).Set(reflect.ValueOf(rest))
				continue
			}
			values = query.values(f.wire)
		case inHeader:
			values = r.Header.Values(f.wire)
		default:
			continue
		}
		if err := scalars(f, values, in, vs); err != nil {
			return err
		}
	}
	if op.in.payload != nil {
		in.Field(op.in.payload.index).SetBytes(r.Body)
	} else if len(op.in.body) > 0 {
		prefix := ""
		if p.service.model.NestedBody {
			prefix = lowerFirst(op.Name) + "Input"
		}
		if err := readBody(op.in, r.Body, in, vs, prefix); err != nil {
			return err
		}
	}
	return vs.err(p.service.violation("ValidationException"))
}

// scalars fills in a member that stands outside the body. A scalar that is given twice is refused: which
// of the two counts is anybody's guess.
func scalars(f *field, values []string, in reflect.Value, vs *violations) error {
	if len(values) == 0 {
		if f.required {
			vs.null(f.name)
		}
		return nil
	}
	v := in.Field(f.index)
	if f.typ.kind == list {
		v.Set(reflect.MakeSlice(f.typ.rtype, len(values), len(values)))
		for i, s := range values {
			if err := fromText(f.typ.elem, v.Index(i), s); err != nil {
				return err
			}
		}
	} else {
		if len(values) > 1 {
			return serialization("'%s' is given %d times", f.wire, len(values))
		}
		if f.pointer {
			v.Set(reflect.New(f.typ.rtype))
			v = v.Elem()
		}
		if err := fromText(f.typ, v, values[0]); err != nil {
			return err
		}
	}
	vs.check(f.typ, v, func() string { return f.name })
	return nil
}

// parameters are the query parameters that are neither fixed by the template nor part of a signature.
type parameters []pair

func (p *restJSON) query(op *operation, raw string) (parameters, error) {
	pairs, err := parseQuery(raw)
	if err != nil {
		return nil, serialization("The query string has a broken escape sequence")
	}
	_, fixedRaw, _ := strings.Cut(op.URI, "?")
	fixed, err := parseQuery(fixedRaw)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(pairs, func(q pair) bool {
		return slices.Contains(fixed, q) || strings.HasPrefix(q.name, "X-Amz-")
	}), nil
}

func (ps parameters) values(name string) []string {
	var out []string
	for _, q := range ps {
		if q.name == name {
			out = append(out, q.value)
		}
	}
	return out
}

// rest returns the parameters that no other member of the message takes.
func (ps parameters) rest(m *message) (map[string]string, error) {
	out := map[string]string{}
	for _, q := range ps {
		if slices.ContainsFunc(m.fields, func(f field) bool { return f.place == inQuery && f.wire == q.name }) {
			continue
		}
		if _, twice := out[q.name]; twice {
			return nil, serialization("'%s' is given more than once", q.name)
		}
		out[q.name] = q.value
	}
	return out, nil
}

func (p *restJSON) encode(op *operation, out reflect.Value, _ string) (Response, error) {
	resp := Response{Status: op.Status, Header: http.Header{}}
	if op.out == nil {
		return resp, nil
	}
	v := out.Elem()
	for i := range op.out.fields {
		f := &op.out.fields[i]
		member, ok := f.present(v)
		if !ok {
			continue
		}
		switch f.place {
		case inHeader:
			resp.Header.Set(f.wire, toText(f.typ, member))
		case inStatus:
			if code := int(member.Int()); code != 0 {
				resp.Status = code
			}
		}
	}
	var err error
	switch {
	case op.out.payload != nil:
		resp.Body = v.Field(op.out.payload.index).Bytes()
	case len(op.out.body) > 0 || resp.Status == http.StatusOK:
		resp.Body, err = writeBody(op.out, v)
	}
	if len(resp.Body) > 0 && resp.Header.Get("Content-Type") == "" {
		resp.Header.Set("Content-Type", "application/json")
	}
	return resp, err
}

func (p *restJSON) refuse(e *Error, member, _ string) Response { return refuseJSON(e, member) }

func (p *restJSON) notOffered(op *operation) *Error {
	return &Error{Code: "NotImplementedException", Status: http.StatusNotImplemented,
		Message: "The operation " + p.service.model.Name + ":" + op.Name + " is not offered by this server."}
}
