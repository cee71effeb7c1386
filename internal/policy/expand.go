package policy

import (
	"slices"
	"strings"
)

// Expand replaces the shorthand execute-api:/stage/VERB/path of the resource policy of a REST API by ARNs, as API
// Gateway does when the policy is saved [recorded]. The api is the ARN of the API,
// arn:PARTITION:execute-api:REGION:ACCOUNT:API. The document itself is not changed; positions stay those of the text
// that was parsed.
func (d *Document) Expand(api string) *Document {
	e := *d
	e.Statements = slices.Clone(d.Statements)
	for i := range e.Statements {
		r := &e.Statements[i].Resources
		r.Values = slices.Clone(r.Values)
		for j, v := range r.Values {
			if isShorthand(v) {
				r.Values[j] = api + strings.TrimPrefix(v, "execute-api:")
			}
		}
	}
	return &e
}

func isShorthand(resource string) bool { return strings.HasPrefix(resource, shorthandPrefix) }
