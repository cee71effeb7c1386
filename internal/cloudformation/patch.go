package cloudformation

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/awsapi/apigateway"
)

// patch collects patch operations of API Gateway.
type patch []apigateway.PatchOperation

func (p *patch) op(op, path, value string) {
	*p = append(*p, apigateway.PatchOperation{Op: &op, Path: &path, Value: &value})
}

func (p *patch) replace(path, value string) { p.op("replace", path, value) }
func (p *patch) add(path, value string)     { p.op("add", path, value) }
func (p *patch) remove(path, value string)  { p.op("remove", path, value) }

// text replaces a member when its property has changed; a property that is gone leaves an empty text.
func (p *patch) text(path string, r *request, name string) {
	if now := r.props.must(name); now != r.old.must(name) {
		p.replace(path, now)
	}
}

// flag replaces a boolean member when its property has changed; a property that is gone is false.
func (p *patch) flag(path string, r *request, name string) {
	if now := value(r.props.boolean(name)); now != value(r.old.boolean(name)) {
		p.replace(path, strconv.FormatBool(now))
	}
}

// escape writes a text as one segment of a JSON pointer.
func escape(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }

// taggers change tags.
type taggers interface {
	TagResource(context.Context, *apigateway.TagResourceInput) error
	UntagResource(context.Context, *apigateway.UntagResourceInput) error
}

// stackTags are the tags of a new resource: its own and those by which AWS marks what a stack has made
// [recorded].
func stackTags(r *request) map[string]string {
	out := map[string]string{
		"aws:cloudformation:logical-id": string(r.id),
		"aws:cloudformation:stack-id":   string(r.stack.ID),
		"aws:cloudformation:stack-name": string(r.stack.Name),
	}
	maps.Copy(out, r.props.tags("Tags"))
	return out
}

// retag brings the tags of a resource up to date.
func retag(ctx context.Context, api taggers, r *request, path string) error {
	arn := "arn:" + string(r.home.Partition) + ":apigateway:" + string(r.home.Region) + "::" + path
	set, gone := changedTags(r.old.tags("Tags"), r.props.tags("Tags"))
	if len(gone) > 0 {
		if err := api.UntagResource(ctx, &apigateway.UntagResourceInput{ResourceArn: arn, TagKeys: gone}); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	return api.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: arn, Tags: set})
}

// changedTags lists the tags to set and the names to remove.
func changedTags(old, now map[string]string) (set map[string]string, gone []string) {
	set = map[string]string{}
	for k, v := range now {
		if was, ok := old[k]; !ok || was != v {
			set[k] = v
		}
	}
	for k := range old {
		if _, ok := now[k]; !ok {
			gone = append(gone, k)
		}
	}
	slices.Sort(gone)
	return set, gone
}
