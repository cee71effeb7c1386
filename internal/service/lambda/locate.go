package lambda

import (
	"context"
	"strings"
)

// Locate returns the ARN of the function, version or alias that an operation names, for those who ask
// policies about it (controlplane.Locator): every way of naming one is the same resource. It returns "" for
// other resources and for names that no operation accepts.
func (s *Service) Locate(_ context.Context, template string, values []string) (string, error) {
	if !strings.HasPrefix(template, "function:") || len(values) != 2 {
		return "", nil
	}
	t, err := s.parse(values[0], &values[1])
	if err != nil {
		return "", nil // the operation refuses it, too
	}
	return string(s.arn(t.name, t.qualifier)), nil
}
