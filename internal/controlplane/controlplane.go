// Package controlplane is the door for AWS's own clients: it takes a request for any of the services, finds
// out which service and operation it is for, who signed it and whether they may, and has the service answer.
//
// It owns that order of steps and the refusals made on the way: what an operation table says of actions,
// resources and condition keys, it puts into words for policies. It does not know any operation, nor how
// messages are encoded (wire), how a signature is computed (sigv4), what a policy means (policy), or where
// keys are kept (directory). It follows "Signing AWS API requests" of the IAM user guide, the "Service
// Authorization Reference" and, in its refusals, what AWS was seen to answer.
//
// Every call must be signed by a key that Callers knows, but those of operations whose table says Unsigned,
// which prove in their input who calls; there is no way to switch signatures off. No web page can drive the
// server: see Guard.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/identity"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/wire"
)

// Config is what a Handler needs. All fields but Locators and AllowHost must be set.
type Config struct {
	// Services are asked in this order when two share a signing name.
	Services   []*wire.Service
	Callers    Callers
	Authorizer Authorizer
	// Locators are asked for the ARNs of resources, by the name of the service. It may lack services.
	Locators map[string]Locator
	// Home gives the region that signatures must be scoped to.
	Home identity.Home
	// Now is the time that signatures are held against: the machine's, never a moved one.
	Now    func() time.Time
	Logger *slog.Logger
	// AllowHost says which hosts the server answers to; see Guard. Nil stands for Hosts with the names
	// of the services' endpoints on AWS in the region of Home.
	AllowHost func(host string) bool
}

// Handler answers calls of the AWS API.
type Handler struct {
	Config
	guarded http.Handler
	keys    *sigv4.Keys
}

const (
	// skew is how far a client's clock may be off [recorded].
	skew = 15 * time.Minute
	// defaultBody limits the bodies of services whose description says nothing.
	defaultBody = 10 << 20
	// signingKeys is how many derived keys are kept: one per client, day and service.
	signingKeys = 4096
)

// New makes a Handler.
func New(c Config) *Handler {
	if c.AllowHost == nil {
		var names []string
		for _, s := range c.Services {
			m := s.Model()
			names = append(names, m.SigningName+"."+string(c.Home.Region)+".amazonaws.com")
			if m.Global {
				names = append(names, m.SigningName+".amazonaws.com")
			}
		}
		c.AllowHost = Hosts(names...)
	}
	h := &Handler{Config: c, keys: sigv4.NewKeys(signingKeys)}
	h.guarded = Guard(c.AllowHost, http.HandlerFunc(h.serve))
	return h
}

// ServeHTTP answers one call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.guarded.ServeHTTP(w, r) }

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	c := &call{Handler: h, http: r, id: uuid.NewString()}
	resp := c.answer(w)
	header := w.Header()
	maps.Copy(header, resp.Header)
	header["x-amzn-RequestId"] = []string{c.id} // the letter case is AWS's [recorded]
	w.WriteHeader(resp.Status)
	_, _ = w.Write(resp.Body) // a client that has gone away is nobody's error
	c.log(resp, time.Since(began))
}

// call is one request on its way through the steps.
type call struct {
	*Handler
	http *http.Request
	id   string
	req  wire.Request
	read bool // the body is in req
	// service and op are set as soon as they are known, caller when the signature is verified.
	service *wire.Service
	op      *wire.Call
	caller  *identity.Caller
	region  identity.Region // that the request is signed for
}

// answer is the order of steps. The first refusal is the answer.
func (c *call) answer(w http.ResponseWriter) (resp wire.Response) {
	defer func() {
		if p := recover(); p != nil {
			resp = c.refuse(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	if err := c.target(); err != nil {
		return c.refuse(err)
	}
	if err := c.dispatch(w); err != nil {
		return c.refuse(err)
	}
	if err := c.authenticate(w); err != nil {
		return c.refuse(err)
	}
	if err := c.authorize(); err != nil {
		return c.refuse(err)
	}
	ctx := c.context()
	if op := c.op.Operation; op.Unasked || op.Unsigned { // the service decides itself, and has to know what is known
		ctx = identity.WithConditions(ctx, c.conditions(c.input()))
	}
	return c.op.Serve(ctx)
}

// context is that of the request, with who makes it.
func (c *call) context() context.Context { return identity.WithCaller(c.http.Context(), c.caller) }

// target takes the request target as it stands on the wire: net/http's URL is already decoded.
func (c *call) target() error {
	if !strings.HasPrefix(c.http.RequestURI, "/") {
		return &wire.Error{Code: "BadRequestException", Status: http.StatusBadRequest, Message: "The request target must be a path."}
	}
	c.req = wire.Request{Method: c.http.Method, Header: c.http.Header, ID: c.id}
	c.req.RawPath, c.req.RawQuery, _ = strings.Cut(c.http.RequestURI, "?")
	return nil
}

// body reads the body, once, up to a limit in bytes; zero stands for the usual one.
func (c *call) body(w http.ResponseWriter, limit int64) error {
	if c.read {
		return nil
	}
	if limit == 0 {
		limit = defaultBody
	}
	var err error
	c.req.Body, err = io.ReadAll(http.MaxBytesReader(w, c.http.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		message := fmt.Sprintf("Request must be smaller than %d bytes", limit)
		if c.op != nil { // [recorded] of Lambda's CreateFunction
			message += " for the " + c.op.Operation.Name + " operation"
		}
		return &wire.Error{Code: "RequestEntityTooLargeException", Status: http.StatusRequestEntityTooLarge, Message: message}
	}
	if err != nil {
		return &wire.Error{Code: "BadRequestException", Status: http.StatusBadRequest, Message: "The request body could not be read.", Cause: err}
	}
	c.read = true
	return nil
}

// refuse encodes an error in the form that the client understands.
func (c *call) refuse(err error) wire.Response {
	if c.service != nil {
		return c.service.Refuse(err, c.id)
	}
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		e = &wire.Error{Code: "InternalFailure", Status: http.StatusInternalServerError, Message: "The request processing has failed because of an unknown error, exception or failure.", Cause: err}
	}
	return wire.Refuse(spoken(c.http), e, c.id)
}

// log writes one line per call: failures of ours as errors, callers turned away for the operator to see, and
// everything else for whoever looks closely.
func (c *call) log(resp wire.Response, took time.Duration) {
	level, cause := slog.LevelDebug, ""
	if resp.Err != nil {
		cause = resp.Err.Error()
	}
	switch {
	case resp.Status == http.StatusForbidden:
		level = slog.LevelInfo
	case resp.Status >= 500 && resp.Status != http.StatusNotImplemented:
		level = slog.LevelError
	}
	var service, operation, caller, key string
	if c.service != nil {
		service = c.service.Model().Name
	}
	if c.op != nil {
		operation = c.op.Operation.Name
	}
	if c.caller != nil {
		caller, key = c.caller.ARN, string(c.caller.Key)
	}
	c.Logger.Log(c.http.Context(), level, "control plane call",
		"requestId", c.id, "service", service, "operation", operation, "status", resp.Status,
		"caller", caller, "accessKeyId", key, "took", took, "error", cause)
}
