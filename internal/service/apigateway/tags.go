package apigateway

import (
	"context"
	"maps"
	"strings"

	"gatehouse/internal/apigw"
	"gatehouse/internal/arn"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
)

// TagResource adds tags to an API, a stage, a key or a plan; tags of the same names are replaced.
func (s *Service) TagResource(ctx context.Context, in *apigateway.TagResourceInput) error {
	return s.changeTags(ctx, in.ResourceArn, func(tags map[string]string) {
		maps.Copy(tags, in.Tags)
	})
}

// UntagResource removes tags by name. Names that are not there are no fault.
func (s *Service) UntagResource(ctx context.Context, in *apigateway.UntagResourceInput) error {
	return s.changeTags(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, name := range in.TagKeys {
			delete(tags, name)
		}
	})
}

// GetTags shows the tags of a resource. There are no pages: a resource has at most 50 tags.
func (s *Service) GetTags(ctx context.Context, in *apigateway.GetTagsInput) (*apigateway.Tags, error) {
	out := &apigateway.Tags{}
	err := s.view(ctx, func(tx store.Tx) error {
		t, err := s.tagged(tx, in.ResourceArn)
		if err != nil {
			return err
		}
		out.Tags = maps.Clone(t.tags)
		if out.Tags == nil {
			out.Tags = map[string]string{}
		}
		return nil
	})
	return out, err
}

func (s *Service) changeTags(ctx context.Context, resource string, change func(map[string]string)) error {
	return s.update(ctx, func(tx store.Tx) error {
		t, err := s.tagged(tx, resource)
		if err != nil {
			return err
		}
		tags := maps.Clone(t.tags)
		if tags == nil {
			tags = map[string]string{}
		}
		change(tags)
		if err := apigw.CheckTags(tags); err != nil {
			return err
		}
		return t.put(tagsOf(tags))
	})
}

// taggable is a record that has tags, and how to write it back with others.
type taggable struct {
	tags map[string]string
	put  func(map[string]string) error
}

// tagged finds the record of an ARN, arn:aws:apigateway:REGION::/restapis/ID and the like. An ARN of
// another partition or region names nothing here.
func (s *Service) tagged(tx store.Tx, resource string) (taggable, error) {
	a, err := arn.Parse(resource)
	if err != nil || a.Service != "apigateway" || a.Account != "" || !strings.HasPrefix(a.Resource, "/") {
		return taggable{}, apigw.Refuse(apigw.BadRequest, "Invalid ARN specified in the request")
	}
	if a.Partition != string(s.c.Home.Partition) || a.Region != string(s.c.Home.Region) {
		return taggable{}, apigw.Refuse(apigw.NotFound, "Invalid resource ARN specified: %s", resource)
	}
	t, scope := s.c.Tables, s.scope
	switch p := strings.Split(strings.TrimPrefix(a.Resource, "/"), "/"); {
	case len(p) == 2 && p[0] == "restapis":
		v, err := s.api(tx, p[1])
		return taggable{v.Tags, func(tags map[string]string) error { v.Tags = tags; return t.RestAPIs.Put(tx, scope, v) }}, err
	case len(p) == 4 && p[0] == "restapis" && p[2] == "stages":
		v, err := s.stage(tx, p[1], p[3])
		return taggable{v.Tags, func(tags map[string]string) error { v.Tags = tags; return t.Stages.Put(tx, scope, v) }}, err
	case len(p) == 2 && p[0] == "apikeys":
		v, err := s.key(tx, p[1])
		return taggable{v.Tags, func(tags map[string]string) error { v.Tags = tags; return t.APIKeys.Put(tx, scope, v) }}, err
	case len(p) == 2 && p[0] == "usageplans":
		v, err := s.plan(tx, p[1])
		return taggable{v.Tags, func(tags map[string]string) error { v.Tags = tags; return t.UsagePlans.Put(tx, scope, v) }}, err
	}
	return taggable{}, apigw.Refuse(apigw.NotFound, "Invalid resource ARN specified: %s", resource)
}
