package server

import (
	"fmt"
	"net/http"
	"time"

	awsapigateway "gatehouse/internal/awsapi/apigateway"
	awslambda "gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/controlplane"
	"gatehouse/internal/wire"
)

// controlPlane makes the door for AWS's clients.
func (s *Server) controlPlane() (http.Handler, error) {
	gateways, err := wire.NewService(awsapigateway.Service, s.apis.Handlers()...)
	if err != nil {
		return nil, fmt.Errorf("apigateway: %w", err)
	}
	functions, err := wire.NewService(awslambda.Service, s.functions.Handlers()...)
	if err != nil {
		return nil, fmt.Errorf("lambda: %w", err)
	}
	return controlplane.New(controlplane.Config{
		Services:   []*wire.Service{gateways, functions},
		Callers:    s.callers,
		Authorizer: controlplane.Policies{},
		Locators:   map[string]controlplane.Locator{awslambda.Service.Name: s.functions},
		Home:       s.cfg.Home,
		// Signatures are held against the machine's clock: a client cannot move its own.
		Now:       time.Now,
		Logger:    s.log,
		AllowHost: s.allowHost,
	}), nil
}
