package server

import (
	"fmt"
	"net/http"
	"time"

	awsapigateway "gatehouse/internal/awsapi/apigateway"
	awsec2 "gatehouse/internal/awsapi/ec2"
	awsiam "gatehouse/internal/awsapi/iam"
	awslambda "gatehouse/internal/awsapi/lambda"
	awssts "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/controlplane"
	"gatehouse/internal/shape"
	"gatehouse/internal/wire"
)

// controlPlane makes the door for AWS's clients.
func (s *Server) controlPlane() (http.Handler, error) {
	services, err := s.awsServices()
	if err != nil {
		return nil, err
	}
	return controlplane.New(controlplane.Config{
		Services:   services,
		Callers:    s.callers,
		Authorizer: controlplane.Policies{},
		Locators:   map[string]controlplane.Locator{awslambda.Service.Name: s.functions, awsiam.Service.Name: s.roles},
		Home:       s.cfg.Home,
		// Signatures are held against the machine's clock: a client cannot move its own.
		Now:       time.Now,
		Logger:    s.log,
		AllowHost: s.allowHost,
	}), nil
}

// awsServices are the services that AWS's clients can reach, each with what it offers.
func (s *Server) awsServices() ([]*wire.Service, error) {
	var out []*wire.Service
	for _, offer := range []struct {
		model    shape.Service
		handlers []wire.Handler
	}{
		{awsapigateway.Service, s.apis.Handlers()},
		{awslambda.Service, s.functions.Handlers()},
		{awsiam.Service, s.roles.Handlers()},
		{awssts.Service, s.sessions.Handlers()},
		{awsec2.Service, s.endpoints.Handlers()},
	} {
		service, err := wire.NewService(offer.model, offer.handlers...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", offer.model.Name, err)
		}
		out = append(out, service)
	}
	return out, nil
}
