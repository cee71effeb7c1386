// Package wire puts AWS's protocols between bytes and the tagged structs of package shape: it finds the
// operation that a request names, decodes its input, calls the operation's method, and encodes the output
// or the refusal.
//
// It owns the protocols (rest-json, json 1.1, query and the EC2 dialect of query), the checks of the
// model's constraints with AWS's own texts, and the list of what is offered. It knows no service and no
// generated package, nor who the caller is and whether they may (package controlplane). It follows the
// Smithy specification: "AWS restJson1 protocol", "AWS JSON 1.1 protocol", "AWS query protocol", "AWS EC2
// query protocol" and "HTTP bindings".
//
// Decoding is stricter than AWS in one respect: a member name that occurs twice, or that differs from a
// member's name by the case of letters only, is refused, because two readers of such a document may
// disagree about what it says. Members that the model does not know are ignored, as AWS does. XML is
// written and never read.
//
// An operation of the model that nobody has a handler for is refused with status 501, for which AWS has no
// form; SDKs do not repeat a 501.
package wire

import (
	"cmp"
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
	// ID is the request id, which XML answers repeat.
	ID string
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
	faults   map[string]shape.Fault // by code
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
		s.faults[cmp.Or(f.Code, f.Name)] = f
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
	target    target
	req       *Request
	in        reflect.Value
	malformed error
}

// Find returns the operation that a request names, or an *Error when there is none. In rest-json it looks
// at method and path, in the query protocol at the query and the body, which must have been read.
func (s *Service) Find(r *Request) (*Call, error) {
	t, err := s.protocol.find(r)
	if err != nil {
		return nil, err
	}
	return &Call{Operation: t.op.Operation, service: s, target: t, req: r}, nil
}

// Offered reports whether the operation has a handler.
func (c *Call) Offered() bool { return c.target.op.handler != nil }

// Input decodes the input, once, and returns a pointer to its struct: nil for an operation that is not
// offered. Of a request that is malformed it holds what had been read before the fault, which Serve reports.
func (c *Call) Input() any {
	if !c.Offered() {
		return nil
	}
	if !c.in.IsValid() {
		c.in = reflect.New(c.target.op.in.typ)
		c.malformed = c.service.protocol.decode(c.target, c.req, c.in.Elem())
	}
	return c.in.Interface()
}

// Serve decodes the input, calls the handler and encodes what it returns.
func (c *Call) Serve(ctx context.Context) Response {
	p, op := c.service.protocol, c.target.op
	if !c.Offered() {
		return c.service.Refuse(p.notOffered(op), c.req.ID)
	}
	in := c.Input()
	if c.malformed != nil {
		return c.service.Refuse(c.malformed, c.req.ID)
	}
	out, err := op.handler.call(ctx, in)
	if err != nil {
		return c.service.Refuse(err, c.req.ID)
	}
	resp, err := p.encode(op, reflect.ValueOf(out), c.req.ID)
	if err != nil {
		return c.service.Refuse(err, c.req.ID)
	}
	return resp
}

// Refuse encodes an error in the protocol's form.
func (s *Service) Refuse(err error, requestID string) Response {
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
	resp := s.protocol.refuse(&refusal, cmp.Or(fault.Message, "message"), requestID)
	resp.Err = err
	return resp
}

// violation is the code of the refusal for input that breaks a constraint, given the protocol's usual one.
func (s *Service) violation(usual string) string { return cmp.Or(s.model.Violation, usual) }

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
