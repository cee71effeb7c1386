package exchange

import (
	"slices"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/route"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/verdict"
)

// Find looks the stage and the route up. A missing stage is a refusal; a missing route leaves x.Route nil.
func (x *Exchange) Find(at snapshot.Address) verdict.Decision {
	split, ok := route.SplitStage(at.Path)
	if !ok {
		return verdict.Refuse(verdict.Forbidden, verdict.UnknownStage, at.Path)
	}
	st := at.API.Stages[apigw.StageName(split.Stage)]
	if st == nil {
		return verdict.Refuse(verdict.Forbidden, verdict.UnknownStage, split.Stage)
	}
	if st.Disabled {
		return verdict.Refuse(verdict.Forbidden, verdict.EndpointDisabled, string(st.API))
	}
	if st.Private && x.Request.VPCEndpoint == "" {
		// Not reachable on a public listener at all, whatever Host or header a caller sends.
		return verdict.Refuse(verdict.Forbidden, verdict.PrivateAPI, string(st.API))
	}
	if !st.Private && x.Request.VPCEndpoint != "" {
		// A public API is not called through an endpoint [inferred from AWS's article on 403 from a VPC].
		return verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, string(st.API)+" is not private")
	}
	if at.Alias && !slices.Contains(st.Associated, x.Request.VPCEndpoint) {
		return verdict.Refuse(verdict.Forbidden, verdict.UnknownHost, "the API is not associated with "+x.Request.VPCEndpoint)
	}
	x.Stage = st
	x.Path, x.FullPath = split.Path, split.ContextPath
	x.DomainName = st.DomainName
	if at.Host {
		x.DomainName = hostname(x.Request.Host)
	}
	r, params, result := st.Find(split.Path, x.Method, x.Params)
	x.Params = params
	switch result {
	case route.Found:
		x.Route = r
	case route.NoRoute:
	default:
		return verdict.Refuse(verdict.BadRequest, verdict.Ambiguous, result.String())
	}
	return verdict.Yes
}

// hostname is a host without its port.
func hostname(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		return host[:i]
	}
	return host
}
