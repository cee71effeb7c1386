package wire

import (
	"encoding/base64"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"gatehouse/internal/shape"
)

// query is the protocol of IAM, STS and CloudFormation: a form names the operation and its members, the
// answer is XML. With ec2 it is the dialect of EC2.
type query struct {
	service *Service
	byName  map[string]*operation
	ec2     bool
}

func newQuery(s *Service) *query {
	q := &query{service: s, byName: map[string]*operation{}, ec2: s.model.Protocol == shape.EC2}
	for _, op := range s.ops {
		q.byName[op.Name] = op
	}
	return q
}

// Action returns the operation and the API version that a request of the query protocol names, each "" when
// it does not, for those who look for the service of an unsigned request. The body must have been read.
func Action(r *Request) (action, version string, err error) {
	form, err := readForm(r)
	if err != nil {
		return "", "", err
	}
	return form.action()
}

func (p *parameter) action() (action, version string, err error) {
	if action, err = p.text("Action"); err != nil {
		return "", "", err
	}
	version, err = p.text("Version")
	return action, version, err
}

// UnknownAction is the refusal for an operation that a version of an API does not have, or for none at all.
func UnknownAction(action, version string) *Error {
	if action == "" {
		return &Error{Code: "MissingAction", Status: http.StatusBadRequest, Message: "The request is missing an action or operation parameter."}
	}
	if version == "" {
		version = "NO_VERSION_SPECIFIED" // [observed]
	}
	return &Error{Code: "InvalidAction", Status: http.StatusBadRequest, Message: "Could not find operation " + action + " for version " + version}
}

func (q *query) find(r *Request) (target, error) {
	switch {
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		return target{}, &Error{Code: "InvalidAction", Status: http.StatusMethodNotAllowed, Message: "The method must be POST or GET."}
	case r.RawPath != "/":
		return target{}, &Error{Code: "InvalidAction", Status: http.StatusNotFound, Message: "The path must be /."}
	}
	form, err := readForm(r)
	if err != nil {
		return target{}, err
	}
	action, version, err := form.action()
	if err != nil {
		return target{}, err
	}
	op := q.byName[action]
	if op == nil || version != q.service.model.Version {
		return target{}, UnknownAction(action, version)
	}
	return target{op: op, form: form}, nil
}

func (q *query) decode(t target, _ *Request, in reflect.Value) error {
	r := &formReader{violations: &violations{}, ec2: q.ec2}
	if err := r.record(t.op.in, t.form, in); err != nil {
		return err
	}
	return r.err(q.service.violation("ValidationError"))
}

// formReader fills in an input struct from a form and collects violations on the way.
type formReader struct {
	*violations
	ec2 bool
	// path is where the reader stands, in the form of refusals: "tags", "1", "member", "key".
	path []string
}

func (r *formReader) where() string { return strings.Join(r.path, ".") }

func (r *formReader) record(m *message, p *parameter, into reflect.Value) error {
	if p.given {
		return malformed("Start of structure or map found where not expected.")
	}
	for _, name := range p.order {
		if _, ok := m.body[name]; ok {
			continue
		}
		if i, ok := m.folded[lower(name)]; ok {
			return malformed("The parameter '" + m.fields[i].wire + "' is spelt '" + name + "'.")
		}
	}
	for i := range m.fields {
		f := &m.fields[i]
		part := p.parts[f.wire]
		r.path = append(r.path, f.name)
		if part != nil {
			v := into.Field(i)
			if f.pointer {
				v.Set(reflect.New(f.typ.rtype))
				v = v.Elem()
			}
			if err := r.value(f.typ, part, v); err != nil {
				return err
			}
			if err := r.test(f.typ, v); err != nil {
				return err
			}
		} else if f.required {
			if r.ec2 { // [docs] EC2 API reference, "Error codes"
				return &Error{Code: "MissingParameter", Status: http.StatusBadRequest, Message: "The request must contain the parameter " + f.wire}
			}
			r.null(r.where())
		}
		r.path = r.path[:len(r.path)-1]
	}
	return nil
}

// test holds a value against its rule. EC2 has a text of its own for broken ones.
func (r *formReader) test(t *typ, v reflect.Value) error {
	if !r.ec2 {
		r.check(t, v, r.where)
		return nil
	}
	if t.rule != nil && t.rule.broken(v) {
		shown, _ := show(t, v)
		return &Error{Code: "InvalidParameterValue", Status: http.StatusBadRequest,
			Message: "Value (" + shown + ") for parameter " + r.path[len(r.path)-1] + " is invalid."}
	}
	return nil
}

func (r *formReader) value(t *typ, p *parameter, v reflect.Value) error {
	switch t.kind {
	case record:
		return r.record(t.record, p, v)
	case list:
		return r.list(t, p, v)
	case dict:
		return r.dict(t, p, v)
	}
	if len(p.parts) > 0 {
		return malformed("Start of structure or map found where not expected.")
	}
	if t.kind == blob {
		raw, err := base64.StdEncoding.Strict().DecodeString(p.value)
		if err != nil {
			return malformed("The value at '" + r.where() + "' is not base64.")
		}
		v.SetBytes(raw)
		return nil
	}
	if err := fromText(t, v, p.value); err != nil {
		return malformed("The value at '" + r.where() + "' can not be converted to " + t.kind.noun() + ".")
	}
	return nil
}

// collection returns the numbered parts of a list or map, which stand below a part of a given name. A value
// without parts is how SDKs send an empty list.
func (r *formReader) collection(p *parameter, below string) ([]*parameter, error) {
	if p.given {
		if p.value != "" || len(p.parts) > 0 {
			return nil, malformed("The value at '" + r.where() + "' must be a list.")
		}
		return nil, nil
	}
	if below != "" {
		if p = p.parts[below]; p == nil || p.given {
			return nil, malformed("Start of structure or map found where not expected.")
		}
	}
	return p.items()
}

func (r *formReader) list(t *typ, p *parameter, v reflect.Value) error {
	below := "member"
	if r.ec2 {
		below = ""
	}
	items, err := r.collection(p, below)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(t.rtype, len(items), len(items)))
	for i, item := range items {
		r.path = append(r.path, strconv.Itoa(i+1), "member")
		if err := r.value(t.elem, item, v.Index(i)); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-2]
	}
	return nil
}

// dict reads Map.entry.1.key=…&Map.entry.1.value=….
func (r *formReader) dict(t *typ, p *parameter, v reflect.Value) error {
	items, err := r.collection(p, "entry")
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMapWithSize(t.rtype, len(items)))
	for _, item := range items {
		key, value := item.parts["key"], item.parts["value"]
		if item.given || key == nil || value == nil || !key.given || len(item.parts) > 2 {
			return malformed("An entry of the map at '" + r.where() + "' must have a key and a value.")
		}
		name := reflect.ValueOf(key.value)
		if v.MapIndex(name).IsValid() {
			return malformed("A key of the map at '" + r.where() + "' is given more than once.")
		}
		r.path = append(r.path, key.value, "member")
		elem := reflect.New(t.elem.rtype).Elem()
		if err := r.value(t.elem, value, elem); err != nil {
			return err
		}
		v.SetMapIndex(name, elem)
		r.path = r.path[:len(r.path)-2]
	}
	return nil
}

func (q *query) notOffered(op *operation) *Error {
	return &Error{Code: "NotImplemented", Status: http.StatusNotImplemented,
		Message: "The operation " + q.service.model.Name + ":" + op.Name + " is not offered by this server."}
}
