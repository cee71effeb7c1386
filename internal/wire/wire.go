// Package wire puts AWS's protocols between bytes and the tagged structs of package shape: it finds the
// operation that a request names, decodes its input, calls the operation's method, and encodes the output
// or the refusal.
//
// It owns the protocols (rest-json; json 1.1 and query have their place in protocol.go), the checks of
// the model's constraints with AWS's own texts, and the list of what is offered. It knows no service and
// no generated package, nor who the caller is and whether they may (package controlplane). It follows the
// Smithy specification, "AWS restJson1 protocol" and "HTTP bindings".
//
// Decoding is stricter than AWS in one respect: a member name that occurs twice, or that differs from a
// member's name by the case of letters only, is refused, because two readers of such a document may
// disagree about what it says. Members that the model does not know are ignored, as AWS does.
//
// An operation of the model that nobody has a handler for is refused in its protocol's way: rest-json has
// no form for it, so it answers 501 with the type NotImplementedException; SDKs do not repeat a 501.
package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"gatehouse/internal/shape"
)

// Request is what a protocol needs of an HTTP request.
type Request struct {
	Method string
	// RawPath and RawQuery are the two halves of the request target as they were sent.
	RawPath, RawQuery string
	Header            http.Header
	// Body is the whole body; who reads it also limits it.
	Body []byte
}

// Response is an encoded answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Err is what went wrong, for the log; nil on success. Of an error that is no *Error the client has
	// seen nothing but that there was one.
	Err error
}

// Handler is the method of one operation, with its types erased. Op and Do make it.
type Handler struct {
	name string
	in   reflect.Type
	out  reflect.Type // nil for Do
	call func(ctx context.Context, in any) (any, error)
}

// Op binds an operation to its method.
func Op[In, Out any](name string, method func(context.Context, *In) (*Out, error)) Handler {
	return Handler{
		name: name, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		call: func(ctx context.Context, in any) (any, error) {
			out, err := method(ctx, in.(*In))
			if err == nil && out == nil {
				err = fmt.Errorf("%s returned neither an output nor an error", name)
			}
			return out, err
		},
	}
}

// Do binds an operation that has no output to its method.
func Do[In any](name string, method func(context.Context, *In) error) Handler {
	return Handler{
		name: name, in: reflect.TypeFor[In](),
		call: func(ctx context.Context, in any) (any, error) { return nil, method(ctx, in.(*In)) },
	}
}

// Service is one AWS API with the methods that serve it. It does not change after NewService.
type Service struct {
	model    shape.Service
	protocol protocol
	ops      []*operation
	faults   map[string]shape.Fault
}

// operation is a row of the model's table with its handler and compiled messages.
type operation struct {
	*shape.Operation
	handler *Handler
	in, out *message
}

// NewService joins a model with handlers. It returns an error for a handler that the model has no
// operation for, that is bound twice, or whose types are not those of the model.
func NewService(model shape.Service, handlers ...Handler) (*Service, error) {
	s := &Service{model: model, faults: map[string]shape.Fault{}}
	for _, f := range model.Faults {
		s.faults[f.Name] = f
	}
	compile := newCompiler(model.Rules)
	byName := map[string]*operation{}
	for i := range model.Operations {
		op := &operation{Operation: &model.Operations[i]}
		s.ops = append(s.ops, op)
		byName[op.Name] = op
	}
	var errs []error
	for _, h := range handlers {
		if err := s.bind(compile, byName[h.name], h); err != nil {
			errs = append(errs, fmt.Errorf("%s: operation %s: %w", model.Name, h.name, err))
		}
	}
	var err error
	if s.protocol, err = newProtocol(s); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", model.Name, err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) bind(compile *compiler, op *operation, h Handler) error {
	switch {
	case op == nil:
		return errors.New("the model does not have it")
	case op.handler != nil:
		return errors.New("bound twice")
	case op.Input == nil:
		return errors.New("not generated: name it in cmd/awsgen/list.go")
	case op.Input != h.in:
		return fmt.Errorf("the input is %v, the method takes %v", op.Input, h.in)
	case op.Output != h.out:
		return fmt.Errorf("the output is %v, the method returns %v", op.Output, h.out)
	}
	var err error
	if op.in, err = compile.message(op.Input); err != nil {
		return err
	}
	if op.Output != nil {
		if op.out, err = compile.message(op.Output); err != nil {
			return err
		}
	}
	op.handler = &h
	return nil
}

// Model returns the description of the API.
func (s *Service) Model() shape.Service { return s.model }

// Call is a request for which the operation has been found.
type Call struct {
	// Operation is the row of the model's table.
	Operation *shape.Operation
	service   *Service
	op        *operation
	req       *Request
	labels    []string
}

// Find returns the operation that a request names, or false when there is none. It looks at the method,
// the target and the headers that name operations, not at the body.
func (s *Service) Find(r *Request) (*Call, bool) {
	op, labels := s.protocol.find(r)
	if op == nil {
		return nil, false
	}
	return &Call{Operation: op.Operation, service: s, op: op, req: r, labels: labels}, true
}

// Offered reports whether the operation has a handler.
func (c *Call) Offered() bool { return c.op.handler != nil }

// Serve decodes the input, calls the handler and encodes what it returns.
func (c *Call) Serve(ctx context.Context) Response {
	if !c.Offered() {
		return c.service.Refuse(c.service.protocol.notOffered(c.op))
	}
	in := reflect.New(c.op.in.typ)
	if err := c.service.protocol.decode(c.op, c.labels, c.req, in.Elem()); err != nil {
		return c.service.Refuse(err)
	}
	out, err := c.op.handler.call(ctx, in.Interface())
	if err != nil {
		return c.service.Refuse(err)
	}
	resp, err := c.service.protocol.encode(c.op, reflect.ValueOf(out))
	if err != nil {
		return c.service.Refuse(err)
	}
	return resp
}

// Refuse encodes an error in the protocol's form.
func (s *Service) Refuse(err error) Response {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = s.internal()
	}
	refusal := *e
	fault, modelled := s.faults[e.Code]
	if refusal.Status == 0 {
		refusal.Status = fault.Status
	}
	if refusal.Status == 0 {
		refusal.Status = http.StatusBadRequest
	}
	if refusal.Type == "" && modelled && fault.Typed {
		refusal.Type = "User"
		if refusal.Status >= 500 {
			refusal.Type = "Service"
		}
	}
	member := fault.Message
	if member == "" {
		member = "message"
	}
	resp := s.protocol.refuse(&refusal, member)
	resp.Err = err
	return resp
}

// internal is the refusal for an error that is none of the client's business: Lambda models one, for
// the others it is the common error InternalFailure.
func (s *Service) internal() *Error {
	if _, ok := s.faults["ServiceException"]; ok {
		return &Error{Code: "ServiceException", Message: "An error occurred and the request cannot be processed."}
	}
	return &Error{Code: "InternalFailure", Status: http.StatusInternalServerError,
		Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// Check reports whether every generated operation of a model can be served: its types compile, its
// patterns are regular expressions, the labels of its template have members. It is for tests of generated
// packages; NewService itself compiles only what is offered.
func Check(model shape.Service) error {
	s, err := NewService(model)
	if err != nil {
		return err
	}
	var errs []error
	compile := newCompiler(model.Rules)
	for _, op := range s.ops {
		if op.Input != nil {
			if err := op.check(compile); err != nil {
				errs = append(errs, fmt.Errorf("%s: operation %s: %w", model.Name, op.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (op *operation) check(compile *compiler) error {
	in, err := compile.message(op.Input)
	if err != nil {
		return err
	}
	if op.Output != nil {
		if _, err := compile.message(op.Output); err != nil {
			return err
		}
	}
	var members []string
	for _, f := range in.fields {
		if f.place == inURI {
			members = append(members, f.wire)
		}
	}
	labels := labelsOf(op.URI)
	slices.Sort(members)
	slices.Sort(labels)
	if !slices.Equal(members, labels) {
		return fmt.Errorf("the template has labels %v, the input has members %v", labels, members)
	}
	return nil
}
