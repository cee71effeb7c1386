package controlplane

import (
	"net/http"
	"strings"

	"gatehouse/internal/shape"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/wire"
)

// dataPlane is the signing name of calls to APIs, which are none of this package's business.
const dataPlane = "execute-api"

// dispatch finds the service and the operation. The credential scope comes first, since it is what the
// client says itself; then the header and the parameter that name operations, then the path.
func (c *call) dispatch() error {
	candidates := c.Services
	scope := sigv4.ServiceOf(c.http.Header.Get("Authorization"), c.req.RawQuery)
	target, _, _ := strings.Cut(c.http.Header.Get("X-Amz-Target"), ".")
	switch {
	case scope != "":
		candidates = c.named(func(m shape.Service) bool { return m.SigningName == scope })
		if len(candidates) == 0 {
			return notOffered(scope)
		}
	case target != "":
		candidates = c.named(func(m shape.Service) bool { return m.TargetPrefix == target })
		if len(candidates) == 0 {
			return notOffered(target)
		}
	}
	for _, s := range candidates {
		if op, ok := s.Find(&c.req); ok {
			c.service, c.op = s, op
			return nil
		}
	}
	if scope != "" {
		c.service = candidates[0] // its protocol is the one to refuse in
	}
	// [observed] the answer to a path that no service has, signed or not.
	return &wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
		Message: "Unable to determine service/operation name to be authorized"}
}

// named returns the services that satisfy a condition, in their order.
func (h *Handler) named(is func(shape.Service) bool) []*wire.Service {
	var out []*wire.Service
	for _, s := range h.Services {
		if is(s.Model()) {
			out = append(out, s)
		}
	}
	return out
}

// notOffered is the answer for a service that this server does not have. Its status is one that SDKs do
// not repeat.
func notOffered(service string) error {
	return &wire.Error{Code: "UnknownOperationException", Status: http.StatusNotImplemented,
		Message: "The service '" + service + "' is not offered by this server."}
}

// spoken guesses the protocol of a client whose service is not known.
func spoken(r *http.Request) shape.Protocol {
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return shape.JSON
	case isForm(r):
		return shape.Query
	}
	return shape.RESTJSON
}

func isForm(r *http.Request) bool {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return r.Method == http.MethodPost && strings.TrimSpace(mediaType) == "application/x-www-form-urlencoded"
}

// Claims reports whether a request looks like a call of the AWS API, for a port that carries other things
// too: it is signed for a service other than execute-api, names an operation in a header, or has the
// method and path of an operation. Calls of APIs in their path forms are never claimed.
func (h *Handler) Claims(r *http.Request) bool {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if strings.Contains(path, "/_user_request_") || strings.HasPrefix(path, "/_") {
		return false
	}
	if scope := sigv4.ServiceOf(r.Header.Get("Authorization"), query); scope != "" {
		return scope != dataPlane
	}
	if r.Header.Get("X-Amz-Target") != "" {
		return true
	}
	req := &wire.Request{Method: r.Method, RawPath: path, RawQuery: query, Header: r.Header}
	for _, s := range h.Services {
		if _, ok := s.Find(req); ok {
			return true
		}
	}
	return false
}
