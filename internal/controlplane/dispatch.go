package controlplane

import (
	"net/http"
	"strings"

	"gatehouse/internal/shape"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/wire"
)

// dispatch finds the service and the operation. The credential scope comes first, since it is what the
// client says itself; then the header, the path and the parameter that name operations.
func (c *call) dispatch(w http.ResponseWriter) error {
	candidates, err := c.candidates(w)
	if err != nil {
		return err
	}
	// Services that speak forms have their operation in the body. It is short.
	if m := candidates[0].Model(); len(candidates) == 1 && readsForms(m.Protocol) {
		c.service = candidates[0]
		if err := c.body(w, m.MaxBody); err != nil {
			return err
		}
	}
	for _, s := range candidates {
		if c.op, err = s.Find(&c.req); err == nil {
			c.service = s
			return nil
		}
	}
	return err // of the last
}

// candidates are the services that a request can be for: at least one, and several only where they share a
// signing name or, in unsigned requests, where the path decides.
func (c *call) candidates(w http.ResponseWriter) ([]*wire.Service, error) {
	if scope := sigv4.ServiceOf(c.http.Header.Get("Authorization"), c.req.RawQuery); scope != "" {
		found := c.named(func(m shape.Service) bool { return m.SigningName == scope })
		if len(found) == 0 {
			return nil, notOffered(scope)
		}
		c.service = found[0] // its protocol is the one to refuse in
		return found, nil
	}
	if prefix, _, _ := strings.Cut(c.http.Header.Get("X-Amz-Target"), "."); prefix != "" {
		found := c.named(func(m shape.Service) bool { return m.TargetPrefix == prefix })
		if len(found) == 0 {
			return nil, notOffered(prefix)
		}
		return found, nil
	}
	if !wire.IsForm(c.http.Header) && !strings.Contains(c.req.RawQuery, "Action=") {
		found := c.named(func(m shape.Service) bool { return m.Protocol == shape.RESTJSON })
		if len(found) == 0 {
			return nil, notOffered(c.req.RawPath)
		}
		return found, nil
	}
	if err := c.body(w, unsignedForm); err != nil {
		return nil, err
	}
	action, version, err := wire.Action(&c.req)
	if err != nil {
		return nil, err
	}
	found := c.named(func(m shape.Service) bool { return readsForms(m.Protocol) && m.Version == version })
	if len(found) == 0 {
		return nil, wire.UnknownAction(action, version)
	}
	return found, nil
}

// unsignedForm limits the body of a form that nobody has signed: a web identity token has 20,000 characters
// at most, a session policy 2,048, a SAML assertion 100,000.
const unsignedForm = 512 << 10

func readsForms(p shape.Protocol) bool { return p == shape.Query || p == shape.EC2 }

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
	case wire.IsForm(r.Header):
		return shape.Query
	}
	return shape.RESTJSON
}
