package wire

import (
	"maps"
	"net/http"
	"reflect"
	"strings"
)

// jsonRPC is the JSON protocol 1.1, of Cognito: a header names the operation, input and output are JSON
// documents.
type jsonRPC struct {
	service *Service
	byName  map[string]*operation
}

func newJSON(s *Service) *jsonRPC {
	p := &jsonRPC{service: s, byName: map[string]*operation{}}
	for _, op := range s.ops {
		p.byName[op.Name] = op
	}
	return p
}

func (p *jsonRPC) find(r *Request) (target, error) {
	targets := r.Header.Values("X-Amz-Target")
	if len(targets) == 1 && r.Method == http.MethodPost && r.RawPath == "/" {
		prefix, name, _ := strings.Cut(targets[0], ".")
		if op := p.byName[name]; op != nil && prefix == p.service.model.TargetPrefix {
			return target{op: op}, nil
		}
	}
	return target{}, &Error{Code: "UnknownOperationException", Status: http.StatusBadRequest}
}

func (p *jsonRPC) decode(t target, r *Request, in reflect.Value) error {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if mediaType != contentTypeJSON {
		return serialization("The Content-Type must be " + contentTypeJSON)
	}
	vs := &violations{}
	if err := readBody(t.op.in, r.Body, in, vs, ""); err != nil {
		return err
	}
	return vs.err(p.service.violation("ValidationException"))
}

const contentTypeJSON = "application/x-amz-json-1.1"

// encode answers an operation without output with an empty body [docs].
func (p *jsonRPC) encode(op *operation, out reflect.Value, _ string) (Response, error) {
	resp := Response{Status: op.Status, Header: http.Header{"Content-Type": {contentTypeJSON}}}
	if op.out == nil {
		return resp, nil
	}
	var err error
	resp.Body, err = writeBody(op.out, out.Elem())
	return resp, err
}

func (p *jsonRPC) refuse(e *Error, member, _ string) Response { return refuseRPC(e, member) }

func (p *jsonRPC) notOffered(op *operation) *Error {
	return &Error{Code: "UnknownOperationException", Status: http.StatusNotImplemented,
		Message: "The operation " + p.service.model.Name + ":" + op.Name + " is not offered by this server."}
}

// refuseRPC is the form of refusals: the name of the error stands in the body and, with a colon behind it,
// in the header [recorded].
func refuseRPC(e *Error, member string) Response {
	refusal := *e
	refusal.Members = maps.Clone(e.Members)
	if refusal.Members == nil {
		refusal.Members = map[string]string{}
	}
	refusal.Members["__type"] = e.Code
	resp := refuseJSON(&refusal, member)
	resp.Header["Content-Type"] = []string{contentTypeJSON}
	resp.Header["x-amzn-ErrorType"] = []string{e.Code + ":"}
	if e.Message != "" && strings.IndexFunc(e.Message, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		resp.Header["x-amzn-ErrorMessage"] = []string{e.Message}
	}
	return resp
}
