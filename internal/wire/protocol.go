package wire

import (
	"fmt"
	"reflect"

	"gatehouse/internal/shape"
)

// protocol is one way of putting messages on the wire.
type protocol interface {
	// find returns the operation that a request names, or the refusal for one that names none.
	find(r *Request) (target, error)
	// decode fills in the input struct. It returns an *Error for whatever the client did wrong; what was
	// read before that stands in the struct.
	decode(t target, r *Request, in reflect.Value) error
	// encode makes the answer of a success. out is a pointer, or the zero Value when there is no output.
	encode(op *operation, out reflect.Value, requestID string) (Response, error)
	// refuse makes the answer of a refusal whose Status and Type are settled. member is the name that
	// the model gives to the text.
	refuse(e *Error, member, requestID string) Response
	// notOffered is the refusal for an operation without a handler.
	notOffered(op *operation) *Error
}

// target is an operation and what was read of the request to find it.
type target struct {
	op     *operation
	labels []string   // of the URI template, in their order: rest-json
	form   *parameter // of the query protocol
}

func newProtocol(s *Service) (protocol, error) {
	switch s.model.Protocol {
	case shape.RESTJSON:
		return newRESTJSON(s)
	case shape.Query, shape.EC2:
		return newQuery(s), nil
	case shape.JSON:
		return newJSON(s), nil
	}
	return nil, fmt.Errorf("protocol %q is not spoken", s.model.Protocol)
}
