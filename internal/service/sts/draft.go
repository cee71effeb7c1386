package sts

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	api "gatehouse/internal/awsapi/sts"
	"gatehouse/internal/identity"
	"gatehouse/internal/policy"
	"gatehouse/internal/policy/condition"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
)

// Limits of what a session carries [docs].
const (
	maxPolicy     = 2048
	maxPolicyARNs = 10
	maxTags       = 50
)

// draft is a session in the making.
type draft struct {
	identity.Session
	// asked are the tags of the request alone, without inherited ones.
	asked map[string]string
}

// limit adds session policies.
func (d *draft) limit(document *string, arns []api.PolicyDescriptorType) error {
	if document != nil {
		if utf8.RuneCountInString(*document) > maxPolicy {
			return invalid("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicy)
		}
		_, err := policy.Load(*document, policy.Session, "")
		if e, ok := errors.AsType[*policy.Error](err); ok {
			return &wire.Error{
				Code: "MalformedPolicyDocument", Status: http.StatusBadRequest, Message: e.Message, Cause: e,
				Members: map[string]string{"Detail": fmt.Sprintf("line %d, column %d: %s", e.At.Line, e.At.Column, e.Detail)},
			}
		}
		if err != nil {
			return err
		}
		d.Policy = *document
	}
	if len(arns) > maxPolicyARNs {
		return invalid("The number of session policies must not exceed %d.", maxPolicyARNs)
	}
	for _, a := range arns {
		if a.Arn == nil {
			return invalid("Every session policy must have an ARN.")
		}
		d.PolicyARNs = append(d.PolicyARNs, *a.Arn)
	}
	return nil
}

// tag adds session tags and those that a calling session hands on.
func (d *draft) tag(tags []api.Tag, transitive []string, from *identity.Session) error {
	if len(tags) > maxTags {
		return invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxTags)
	}
	seen := map[string]bool{}
	for _, t := range tags {
		if seen[identity.Fold(t.Key)] {
			return badParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[identity.Fold(t.Key)] = true
		if d.asked == nil {
			d.asked = map[string]string{}
		}
		d.asked[t.Key] = t.Value
	}
	for _, k := range transitive {
		if !seen[identity.Fold(k)] {
			return badParameter("The specified transitive tag key must be included in the requested tags.")
		}
	}
	d.Tags, d.Transitive = maps.Clone(d.asked), slices.Clone(transitive)
	if from == nil {
		return nil
	}
	for _, k := range from.Transitive {
		if seen[identity.Fold(k)] {
			return badParameter("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		for name, value := range from.Tags {
			if identity.Fold(name) == identity.Fold(k) {
				if d.Tags == nil {
					d.Tags = map[string]string{}
				}
				d.Tags[name] = value
				d.Transitive = append(d.Transitive, name)
			}
		}
	}
	return nil
}

// identify names whoever stands behind the session. A name that a calling session has stays.
func (d *draft) identify(given *string, from *identity.Session) error {
	if from != nil {
		d.SourceIdentity = from.SourceIdentity
	}
	if given == nil {
		return nil
	}
	if d.SourceIdentity != "" && d.SourceIdentity != *given {
		return accessDenied("The source identity of the calling session cannot be changed.")
	}
	d.SourceIdentity = *given
	return nil
}

// checkPolicies refuses session policies that do not exist, and a session that carries too much.
func (s *Service) checkPolicies(tx store.Tx, session *identity.Session) error {
	for _, a := range session.PolicyARNs {
		ok, err := s.policyExists(tx, a)
		if err != nil {
			return err
		}
		if !ok {
			return refuse(http.StatusBadRequest, "MalformedPolicyDocument", "Policy %s does not exist or is not attachable.", a)
		}
	}
	percent, err := session.PackedPercent()
	if err != nil {
		return err
	}
	if percent > 100 {
		return refuse(http.StatusBadRequest, "PackedPolicyTooLarge", "Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)
	}
	return nil
}

func (s *Service) policyExists(tx store.Tx, text string) (bool, error) {
	if identity.IsAWSPolicy(text) {
		_, ok := identity.AWSPolicy(text)
		return ok, nil
	}
	p, err := s.c.Tables.Policies.Get(tx, s.scope, identity.Fold(text[strings.LastIndexByte(text, '/')+1:]))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && p.ARN == text, err
}

// packedSize is the member of that name; it is absent when there is nothing to pack [recorded].
func packedSize(session *identity.Session) (*int32, error) {
	if !session.Limited() && len(session.Tags) == 0 {
		return nil, nil
	}
	percent, err := session.PackedPercent()
	return new(int32(percent)), err
}

// checkSessionName refuses in the words of the constraint.
func checkSessionName(name string) error {
	if len(name) < 2 || len(name) > 64 || !identity.ValidName(name, 64) {
		return invalid(`1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`, name)
	}
	return nil
}

func tagList(tags map[string]string) []condition.Tag {
	var out []condition.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, condition.Tag{Key: k, Value: tags[k]})
	}
	return out
}

func hide(c *api.Credentials) Credentials {
	return Credentials{
		Key: identity.AccessKeyID(c.AccessKeyId), Secret: seal.Hide(c.SecretAccessKey), Token: seal.Hide(c.SessionToken), Expires: *c.Expiration,
	}
}
