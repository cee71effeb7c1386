package server

import (
	"context"
	"time"

	"gatehouse/internal/function"
)

// Functions get credentials of their role for longer than an environment lives, the longest call included: they
// never see them expire. Every role allows sessions of an hour.
const (
	functionCredentials = time.Hour
	functionMaxAge      = 30 * time.Minute
)

// functionCredentialsOf are the temporary credentials of a function's execution role, as Lambda puts them into
// the environment. A role that does not trust Lambda, or is not ours, gives none; the function runs without.
func (s *Server) functionCredentialsOf(cfg *function.Config) []string {
	if cfg.Role == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := s.sessions.AssumeForService(ctx, "lambda.amazonaws.com", cfg.Role, string(cfg.Name), string(cfg.ARN), functionCredentials)
	if err != nil {
		s.log.Warn("a function runs without credentials of its role", "function", cfg.Name, "role", cfg.Role, "error", err)
		return nil
	}
	return []string{
		"AWS_ACCESS_KEY_ID=" + string(c.Key), "AWS_SECRET_ACCESS_KEY=" + c.Secret.Reveal(), "AWS_SESSION_TOKEN=" + c.Token.Reveal(),
	}
}
