package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/lambdahost"
	"gatehouse/internal/wire"
)

const (
	// maxAsync is the largest event of an asynchronous invocation, 1 MB since late 2025.
	maxAsync = 1 << 20
	// retries of an asynchronous invocation after the first attempt.
	retries = 2
)

// Invoke runs a function: RequestResponse waits for the result, Event answers 202 and runs it later, DryRun
// only checks.
func (s *Service) Invoke(ctx context.Context, in *lambda.InvokeInput) (*lambda.InvocationResponse, error) {
	t, err := s.parse(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	kind := value(in.InvocationType)
	limit := function.MaxPayload
	if kind == lambda.InvocationTypeEvent {
		limit = maxAsync
	}
	if len(in.Payload) > limit {
		return nil, wire.Errorf("RequestTooLargeException", "Request must be smaller than %d bytes for the InvokeFunction operation", limit)
	}
	client, err := clientContext(in.ClientContext)
	if err != nil {
		return nil, err
	}
	cfg, err := s.choose(ctx, t)
	if err != nil {
		return nil, err
	}
	inv := function.Invocation{RequestID: uuid.NewString(), InvokedARN: string(s.arn(t.name, t.qualifier)),
		ClientContext: client, Payload: in.Payload, Tail: value(in.LogType) == lambda.LogTypeTail}
	if len(inv.Payload) == 0 {
		inv.Payload = []byte("{}")
	}
	if !json.Valid(inv.Payload) {
		return nil, wire.Errorf("InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: the payload is not valid JSON")
	}
	switch kind {
	case lambda.InvocationTypeDryRun:
		return &lambda.InvocationResponse{StatusCode: new(int32(http.StatusNoContent))}, nil
	case lambda.InvocationTypeEvent:
		if err := s.later(t, inv); err != nil {
			return nil, err
		}
		return &lambda.InvocationResponse{StatusCode: new(int32(http.StatusAccepted))}, nil
	}
	r, err := s.Host.Invoke(ctx, cfg, inv)
	if err != nil {
		return nil, refusal(err)
	}
	out := &lambda.InvocationResponse{StatusCode: new(int32(http.StatusOK)), Payload: r.Payload,
		FunctionError: shown(r.Err), ExecutedVersion: new(string(r.Version))}
	if inv.Tail {
		out.LogResult = new(base64.StdEncoding.EncodeToString(r.Log))
	}
	return out, nil
}

// choose finds the version to run; the weights of an alias are drawn for.
func (s *Service) choose(ctx context.Context, t target) (*function.Config, error) {
	if t.qualifier != "" && !isVersion(t.qualifier) {
		a, err := s.aliasOf(ctx, t)
		if err != nil {
			if strings.HasPrefix(wire.CodeOf(err), "ResourceNotFound") {
				return nil, s.missing(t)
			}
			return nil, err
		}
		version := a.Version
		for v, weight := range a.Weights {
			if rand.Float64() < weight {
				version = v
			}
		}
		t.qualifier = string(version)
	}
	return s.configOf(ctx, t)
}

// clientContext decodes the header X-Amz-Client-Context.
func clientContext(header *string) ([]byte, error) {
	if header == nil || *header == "" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(*header)
	var object map[string]json.RawMessage
	if err != nil || json.Unmarshal(b, &object) != nil {
		return nil, wire.Errorf("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.")
	}
	return b, nil
}

// refusal is the error of the API for an error of the host.
func refusal(err error) error {
	if throttled, ok := errors.AsType[*lambdahost.ThrottledError](err); ok {
		return &wire.Error{Code: "TooManyRequestsException", Message: "Rate Exceeded.",
			Members: map[string]string{"Reason": throttled.Reason}, Cause: err}
	}
	if code, ok := errors.AsType[*lambdahost.CodeError](err); ok {
		return &wire.Error{Code: "InvalidZipFileException", Message: code.Problem, Cause: err}
	}
	if runtime, ok := errors.AsType[*lambdahost.RuntimeError](err); ok {
		return &wire.Error{Code: "InvalidRuntimeException", Message: fmt.Sprintf("%s: %s", runtime.Runtime, runtime.Problem), Cause: err}
	}
	return err
}

// later runs an invocation in the background, and again after a failure: twice, as AWS does. The version is
// looked up anew for each attempt.
func (s *Service) later(t target, inv function.Invocation) error {
	select {
	case <-s.ctx.Done():
		return lambdahost.ErrClosed
	case s.pending <- struct{}{}:
	default:
		return &wire.Error{Code: "TooManyRequestsException", Message: "Rate Exceeded.",
			Members: map[string]string{"Reason": "ConcurrentInvocationLimitExceeded"}}
	}
	inv.Tail = false
	s.running.Go(func() {
		defer func() { <-s.pending }()
		for n := 1; ; n++ {
			failed := s.attempt(t, inv)
			if failed == "" {
				return
			}
			if n > retries {
				s.Logger.Error("an asynchronous invocation failed for the last time; its event is lost",
					"function", t.name, "request", inv.RequestID, "reason", failed)
				return
			}
			wait := time.NewTimer(s.RetryAfter(n))
			select {
			case <-wait.C:
			case <-s.ctx.Done():
				wait.Stop()
				s.Logger.Warn("an asynchronous invocation is not tried again because the server stops",
					"function", t.name, "request", inv.RequestID, "reason", failed)
				return
			}
		}
	})
	return nil
}

// attempt runs an asynchronous invocation once and returns how it failed, or "".
func (s *Service) attempt(t target, inv function.Invocation) string {
	// A stop lets the attempt finish: the host ends it when it closes.
	ctx := context.WithoutCancel(s.ctx)
	cfg, err := s.choose(ctx, t)
	if err != nil {
		return err.Error()
	}
	r, err := s.Host.Invoke(ctx, cfg, inv)
	switch {
	case err != nil:
		return err.Error()
	case r.Err != "":
		return r.Err
	default:
		return ""
	}
}
