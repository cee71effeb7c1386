package wire

import (
	"fmt"
	"reflect"

	"gatehouse/internal/shape"
)

// protocol is one way of putting messages on the wire.
type protocol interface {
	// find returns the operation that a request names and the values of its URI's labels.
	find(r *Request) (*operation, []string)
	// decode fills in the input struct. It returns an *Error for whatever the client did wrong.
	decode(op *operation, labels []string, r *Request, in reflect.Value) error
	// encode makes the answer of a success. out is a pointer, or the zero Value when there is no output.
	encode(op *operation, out reflect.Value) (Response, error)
	// refuse makes the answer of a refusal whose Status and Type are settled. member is the name that
	// the model gives to the text.
	refuse(e *Error, member string) Response
	// notOffered is the refusal for an operation without a handler.
	notOffered(op *operation) *Error
}

func newProtocol(s *Service) (protocol, error) {
	switch s.model.Protocol {
	case shape.RESTJSON:
		return newRESTJSON(s)
	}
	return nil, fmt.Errorf("protocol %q is not spoken yet", s.model.Protocol)
}
