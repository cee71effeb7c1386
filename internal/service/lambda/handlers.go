package lambda

import "gatehouse/internal/wire"

// Handlers are the operations for the wire. What is not here is not offered.
func (s *Service) Handlers() []wire.Handler {
	return []wire.Handler{
		wire.Op("CreateFunction", s.CreateFunction),
		wire.Op("GetFunction", s.GetFunction),
		wire.Op("GetFunctionConfiguration", s.GetFunctionConfiguration),
		wire.Op("ListFunctions", s.ListFunctions),
		wire.Op("UpdateFunctionCode", s.UpdateFunctionCode),
		wire.Op("UpdateFunctionConfiguration", s.UpdateFunctionConfiguration),
		wire.Op("DeleteFunction", s.DeleteFunction),

		wire.Op("PublishVersion", s.PublishVersion),
		wire.Op("ListVersionsByFunction", s.ListVersionsByFunction),
		wire.Op("CreateAlias", s.CreateAlias),
		wire.Op("GetAlias", s.GetAlias),
		wire.Op("UpdateAlias", s.UpdateAlias),
		wire.Do("DeleteAlias", s.DeleteAlias),
		wire.Op("ListAliases", s.ListAliases),

		wire.Op("AddPermission", s.AddPermission),
		wire.Do("RemovePermission", s.RemovePermission),
		wire.Op("GetPolicy", s.GetPolicy),

		wire.Op("Invoke", s.Invoke),

		wire.Op("GetAccountSettings", s.GetAccountSettings),
		wire.Op("PutFunctionConcurrency", s.PutFunctionConcurrency),
		wire.Op("GetFunctionConcurrency", s.GetFunctionConcurrency),
		wire.Do("DeleteFunctionConcurrency", s.DeleteFunctionConcurrency),
		wire.Op("GetFunctionCodeSigningConfig", s.GetFunctionCodeSigningConfig),
		wire.Do("TagResource", s.TagResource),
		wire.Do("UntagResource", s.UntagResource),
		wire.Op("ListTags", s.ListTags),
	}
}
