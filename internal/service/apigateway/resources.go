package apigateway

import (
	"context"

	"gatehouse/internal/apigw"
	"gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

func noResource() error {
	return apigw.Refuse(apigw.NotFound, "Invalid Resource identifier specified")
}

func (s *Service) resource(tx store.Tx, api, id string) (apigw.Resource, error) {
	if !storable(id) {
		return apigw.Resource{}, noResource()
	}
	return get(tx, s.c.Tables.Resources, s.scope, tables.InAPI(apigw.APIID(api), id), noResource())
}

func (s *Service) tree(tx store.Tx, api string) (apigw.Tree, error) {
	if !storable(api) {
		return nil, nil
	}
	all, err := inAPI(tx, s.c.Tables.Resources, s.scope, apigw.APIID(api))
	return apigw.Tree(all), err
}

// CreateResource makes a resource under another.
func (s *Service) CreateResource(ctx context.Context, in *apigateway.CreateResourceInput) (*apigateway.Resource, error) {
	var out *apigateway.Resource
	err := s.update(ctx, func(tx store.Tx) error {
		tree, err := s.tree(tx, in.RestApiId)
		if err != nil {
			return err
		}
		// The parent is looked for first: an unknown API has none [recorded].
		parent, err := tree.Find(apigw.ResourceID(in.ParentId))
		if err != nil {
			return err
		}
		id, err := s.newID(ctx, IDResource, exists(tx, s.c.Tables.Resources, s.scope, inThisAPI(parent.API)))
		if err != nil {
			return err
		}
		r, err := tree.NewChild(parent.ID, apigw.ResourceID(id), in.PathPart)
		if err != nil {
			return err
		}
		out = resource(&r, false)
		return s.c.Tables.Resources.Insert(tx, s.scope, r)
	})
	return out, err
}

// GetResource shows one resource.
func (s *Service) GetResource(ctx context.Context, in *apigateway.GetResourceInput) (*apigateway.Resource, error) {
	var out *apigateway.Resource
	err := s.view(ctx, func(tx store.Tx) error {
		r, err := s.resource(tx, in.RestApiId, in.ResourceId)
		out = resource(&r, has(in.Embed, "methods"))
		return err
	})
	return out, err
}

// GetResources lists the resources of an API by path.
func (s *Service) GetResources(ctx context.Context, in *apigateway.GetResourcesInput) (*apigateway.Resources, error) {
	out := &apigateway.Resources{Items: []apigateway.Resource{}}
	err := s.view(ctx, func(tx store.Tx) error {
		if _, err := s.api(tx, in.RestApiId); err != nil {
			return err
		}
		all, err := s.tree(tx, in.RestApiId)
		if err != nil {
			return err
		}
		all, out.Position, err = page(s, listing("GetResources", in.RestApiId), in.Position, in.Limit, all,
			func(r *apigw.Resource) string { return r.Path + " " + string(r.ID) })
		for i := range all {
			out.Items = append(out.Items, *resource(&all[i], has(in.Embed, "methods")))
		}
		return err
	})
	return out, err
}

// UpdateResource renames or moves a resource; the paths of its descendants follow.
func (s *Service) UpdateResource(ctx context.Context, in *apigateway.UpdateResourceInput) (*apigateway.Resource, error) {
	var out *apigateway.Resource
	err := s.update(ctx, func(tx store.Tx) error {
		tree, err := s.tree(tx, in.RestApiId)
		if err != nil {
			return err
		}
		changed, err := tree.Patch(apigw.ResourceID(in.ResourceId), patchOf(in.PatchOperations))
		if err != nil {
			return err
		}
		for _, r := range changed {
			if err := s.c.Tables.Resources.Put(tx, s.scope, r); err != nil {
				return err
			}
		}
		out = resource(&changed[0], false)
		return nil
	})
	return out, err
}

// DeleteResource removes a resource with all its descendants.
func (s *Service) DeleteResource(ctx context.Context, in *apigateway.DeleteResourceInput) error {
	return s.update(ctx, func(tx store.Tx) error {
		tree, err := s.tree(tx, in.RestApiId)
		if err != nil {
			return err
		}
		r, err := tree.Find(apigw.ResourceID(in.ResourceId))
		if err != nil {
			return err
		}
		if r.Path == "/" {
			return apigw.Refuse(apigw.BadRequest, "Root resource cannot be deleted.")
		}
		for _, id := range tree.Under(r.ID) {
			if err := s.c.Tables.Resources.Delete(tx, s.scope, tables.InAPI(r.API, id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// resource shows a resource. Without embedding, its methods are shown by their verbs alone.
func resource(r *apigw.Resource, methods bool) *apigateway.Resource {
	out := &apigateway.Resource{
		Id:       new(string(r.ID)),
		ParentId: shown(string(r.Parent)),
		PathPart: shown(r.PathPart),
		Path:     new(r.Path),
	}
	for verb, m := range r.Methods {
		if out.ResourceMethods == nil {
			out.ResourceMethods = map[string]apigateway.Method{}
		}
		shown := apigateway.Method{}
		if methods {
			shown = *method(m)
		}
		out.ResourceMethods[verb] = shown
	}
	return out
}
