package snapshot

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/javaregexp"
	"gatehouse/internal/jsonpath"
	"gatehouse/internal/mapping"
	"gatehouse/internal/velocity"
)

// Mapped is an integration whose request and response are mapped: AWS (a Lambda function), HTTP and MOCK
// ("Set up data transformations for REST APIs", API Gateway guide).
type Mapped struct {
	// Templates of the request, by content type.
	Templates map[string]*velocity.Template
	// Passthrough says what happens to a content type without a template.
	Passthrough string
	// Responses in the order in which they are tried; the default one, without a pattern, is last.
	Responses []MappedResponse
}

// MappedResponse makes one answer of the method.
type MappedResponse struct {
	Status int
	// Pattern is matched against the error message of a function, or the status of a back end; nil is the
	// default.
	Pattern *javaregexp.Regexp
	Headers []ResponseMapping
	// Templates by content type; none passes the body through.
	Templates map[string]*velocity.Template
	// ContentType is the one whose template is used: application/json, or the only one.
	ContentType string
}

// ResponseMapping sets one header of the answer.
type ResponseMapping struct {
	Name  string
	Value mapping.Expression
	// Path reads integration.response.body.…
	Path *jsonpath.Path
}

// mapped compiles what the three types have in common.
func mapped(in *apigw.Integration) (*Mapped, error) {
	m := &Mapped{Passthrough: in.Passthrough}
	var err error
	if m.Templates, err = templates(in.Templates); err != nil {
		return nil, fmt.Errorf("request template: %w", err)
	}
	if m.Passthrough == "" {
		m.Passthrough = "WHEN_NO_MATCH"
	}
	for _, status := range slices.Sorted(maps.Keys(in.Responses)) {
		r, err := mappedResponse(in.Responses[status])
		if err != nil {
			return nil, fmt.Errorf("integration response %s: %w", status, err)
		}
		m.Responses = append(m.Responses, r)
	}
	slices.SortStableFunc(m.Responses, func(a, b MappedResponse) int {
		switch {
		case a.Pattern == nil && b.Pattern != nil:
			return 1
		case a.Pattern != nil && b.Pattern == nil:
			return -1
		}
		return 0
	})
	return m, nil
}

func templates(texts map[string]string) (map[string]*velocity.Template, error) {
	out := make(map[string]*velocity.Template, len(texts))
	for contentType, text := range texts {
		t, err := velocity.Parse(text, velocity.Options{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", contentType, err)
		}
		out[contentType] = t
	}
	return out, nil
}

func mappedResponse(in *apigw.IntegrationResponse) (MappedResponse, error) {
	status, err := strconv.Atoi(in.Status)
	if err != nil {
		return MappedResponse{}, fmt.Errorf("status %q is no number", in.Status)
	}
	r := MappedResponse{Status: status, ContentType: "application/json"}
	if in.Pattern != "" {
		if r.Pattern, err = javaregexp.Compile(in.Pattern, ""); err != nil {
			return r, fmt.Errorf("selection pattern: %w", err)
		}
	}
	if r.Templates, err = templates(in.Templates); err != nil {
		return r, err
	}
	if _, ok := r.Templates[r.ContentType]; !ok && len(r.Templates) > 0 {
		r.ContentType = slices.Sorted(maps.Keys(r.Templates))[0]
	}
	for _, key := range slices.Sorted(maps.Keys(in.Params)) {
		h, err := responseMapping(key, in.Params[key])
		if err != nil {
			return r, err
		}
		r.Headers = append(r.Headers, h)
	}
	return r, nil
}

func responseMapping(key, value string) (ResponseMapping, error) {
	target, err := mapping.ParseTarget(key)
	if err != nil {
		return ResponseMapping{}, err
	}
	if target.Location != "header" {
		return ResponseMapping{}, fmt.Errorf("%s: only headers of a response can be set", key)
	}
	h := ResponseMapping{Name: target.Name}
	if h.Value, err = mapping.Parse(value); err != nil {
		return h, fmt.Errorf("%s: %w", key, err)
	}
	if h.Value.Place == mapping.IntegrationBody && h.Value.Name != "" {
		if h.Path, err = jsonpath.Compile("$." + strings.TrimPrefix(h.Value.Name, "$.")); err != nil {
			return h, fmt.Errorf("%s: %w", key, err)
		}
	}
	return h, nil
}
