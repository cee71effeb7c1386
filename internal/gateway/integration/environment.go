package integration

import (
	"slices"
	"strings"

	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/jsonpath"
	"gatehouse/internal/velocity"
)

// environment is what templates may ask about a call.
type environment struct {
	x    *exchange.Exchange
	body []byte
}

// Body implements velocity.Env.
func (e *environment) Body() string { return string(e.body) }

// Params implements velocity.Env.
func (e *environment) Params(p velocity.Place) []velocity.Param {
	var out []velocity.Param
	put := func(name, value string) {
		for i := range out {
			if out[i].Name == name {
				out[i].Value = value
				return
			}
		}
		out = append(out, velocity.Param{Name: name, Value: value})
	}
	switch p {
	case velocity.Path:
		for _, param := range e.x.Params {
			put(param.Name, param.Value)
		}
	case velocity.Query:
		for rest := e.x.Request.RawQuery; ; {
			name, value, next, ok := exchange.NextPair(rest)
			if !ok {
				break
			}
			put(exchange.Unescape(name), exchange.Unescape(value))
			rest = next
		}
	case velocity.Header:
		for _, f := range e.x.Request.Header {
			put(f.Name, f.Value)
		}
	case velocity.StageVariable:
		for name, value := range e.x.Stage.Variables {
			put(name, value)
		}
		slices.SortFunc(out, func(a, b velocity.Param) int { return strings.Compare(a.Name, b.Name) })
	}
	return out
}

// contextNames are the $context properties that templates can read, as exchange.Value gives them.
var contextNames = []string{
	"accountId", "apiId", "deploymentId", "domainName", "extendedRequestId", "httpMethod", "path", "protocol", "requestId", "resourceId",
	"resourcePath", "stage", "requestTime", "requestTimeEpoch",
}

var identityNames = []string{"sourceIp", "userAgent", "apiKey", "apiKeyId", "accessKey", "accountId", "caller", "user", "userArn"}

// Context implements velocity.Env.
func (e *environment) Context() *jsonpath.Object {
	c := velocity.NewContext()
	for _, name := range contextNames {
		if v, ok := e.x.Context(name); ok {
			c.Put(name, v)
		}
	}
	identity := velocity.NewContext()
	for _, name := range identityNames {
		if v, ok := e.x.Context("identity." + name); ok {
			identity.Put(name, v)
		}
	}
	c.Put("identity", identity)
	c.Put("authorizer", velocity.NewContext())
	return c
}
