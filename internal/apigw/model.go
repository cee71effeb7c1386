package apigw

import "encoding/json"

// DefaultModels are the two models that every new API has [recorded].
func DefaultModels(api APIID) []Model {
	return []Model{
		{
			API: api, Name: "Empty", ContentType: "application/json",
			Description: "This is a default empty schema model",
			Schema:      "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}",
		},
		{
			API: api, Name: "Error", ContentType: "application/json",
			Description: "This is a default error schema model",
			Schema:      "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}",
		},
	}
}

// maxSchema is the size of a model's schema, in bytes [docs].
const maxSchema = 400 << 10

// Check refuses a model that AWS would not keep. Whether the schema can be compiled is found out when a
// stage is: a schema may refer to models that come later.
func (m *Model) Check() error {
	if m.Name == "" {
		return Refuse(BadRequest, "Model name must be non-empty")
	}
	if len(m.Name) > 128 || !only(string(m.Name), "") {
		return Refuse(BadRequest, "Model name must be alphanumeric: %s", m.Name)
	}
	if err := checkContentType(m.ContentType); err != nil {
		return err
	}
	if m.Schema == "" {
		return Refuse(BadRequest, "Model schema must have at least 1 property or array items defined")
	}
	if len(m.Schema) > maxSchema {
		return Refuse(BadRequest, "Invalid model specified: the schema is longer than %d bytes", maxSchema)
	}
	var object map[string]json.RawMessage
	if m.ContentType == "application/json" && json.Unmarshal([]byte(m.Schema), &object) != nil {
		return Refuse(BadRequest, "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	}
	return nil
}

// PatchModel applies UpdateModel.
func PatchModel(m Model, ops []PatchOp) (Model, error) {
	if err := patch(&m, ops, modelRules, listed); err != nil {
		return Model{}, err
	}
	return m, m.Check()
}

var modelRules = []rule[Model]{
	{path: "/description", replace: text(func(m *Model) *string { return &m.Description })},
	{path: "/schema", replace: text(func(m *Model) *string { return &m.Schema })},
}

// Check refuses a request validator with an overlong name. It may have none [recorded].
func (v *RequestValidator) Check() error {
	if runes(v.Name) > 128 {
		return Refuse(BadRequest, "Request Validator name cannot be longer than 128 characters")
	}
	return nil
}

// PatchValidator applies UpdateRequestValidator.
func PatchValidator(v RequestValidator, ops []PatchOp) (RequestValidator, error) {
	if err := patch(&v, ops, validatorRules, listed); err != nil {
		return RequestValidator{}, err
	}
	return v, v.Check()
}

var validatorRules = []rule[RequestValidator]{
	{path: "/name", replace: func(v *RequestValidator, _, value string) error {
		if value == "" {
			return Refuse(BadRequest, "Request Validator name cannot be blank")
		}
		v.Name = value
		return nil
	}},
	{path: "/validateRequestParameters", replace: flag(func(v *RequestValidator) *bool { return &v.Params })},
	{path: "/validateRequestBody", replace: flag(func(v *RequestValidator) *bool { return &v.Body })},
}
