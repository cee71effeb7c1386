package serverless

import "gatehouse/internal/document"

// pen writes CloudFormation values that all stand at one place of the service file: that of the event or
// key which caused them.
type pen struct{ at document.Pos }

func (p pen) str(s string) *document.Value  { return document.NewString(p.at, s) }
func (p pen) num(n int64) *document.Value   { return document.NewInt(p.at, n) }
func (p pen) yes(b bool) *document.Value    { return document.NewBool(p.at, b) }
func (p pen) ref(id string) *document.Value { return p.obj(set("Ref", p.str(id))) }
func (p pen) sub(s string) *document.Value  { return p.obj(set("Fn::Sub", p.str(s))) }

func (p pen) att(id, attribute string) *document.Value {
	return p.obj(set("Fn::GetAtt", p.strs(id, attribute)))
}

func (p pen) join(separator string, parts ...*document.Value) *document.Value {
	return p.obj(set("Fn::Join", p.list(p.str(separator), p.list(parts...))))
}

func (p pen) list(items ...*document.Value) *document.Value { return document.NewList(p.at, items...) }

func (p pen) strs(items ...string) *document.Value {
	out := make([]*document.Value, len(items))
	for i, s := range items {
		out[i] = p.str(s)
	}
	return p.list(out...)
}

// obj makes a map of the fields that have a value.
func (p pen) obj(fields ...document.Field) *document.Value {
	kept := make([]document.Field, 0, len(fields))
	for _, f := range fields {
		if f.Value != nil {
			kept = append(kept, document.Field{Name: f.Name, Pos: p.at, Value: f.Value})
		}
	}
	return document.NewMap(p.at, kept...)
}

// set is a field of obj; without a value it is left out.
func set(name string, v *document.Value) document.Field { return document.Field{Name: name, Value: v} }

// resource makes a resource. Attributes other than the type and the properties follow as fields.
func (p pen) resource(kind string, properties *document.Value, more ...document.Field) *document.Value {
	return p.obj(append([]document.Field{set("Type", p.str(kind)), set("Properties", properties)}, more...)...)
}

// executeAPI is the source ARN of calls by an API.
func (p pen) executeAPI(api *document.Value, rest string) *document.Value {
	return p.join("", p.str("arn:"), p.ref("AWS::Partition"), p.str(":execute-api:"), p.ref("AWS::Region"),
		p.str(":"), p.ref("AWS::AccountId"), p.str(":"), api, p.str(rest))
}

// invocation is the integration URI of a function, with the name of an alias unless empty.
func (p pen) invocation(function *document.Value, alias string) *document.Value {
	parts := []*document.Value{p.str("arn:"), p.ref("AWS::Partition"), p.str(":apigateway:"), p.ref("AWS::Region"),
		p.str(":lambda:path/2015-03-31/functions/"), function}
	if alias != "" {
		parts = append(parts, p.str(":"), p.str(alias))
	}
	return p.join("", append(parts, p.str("/invocations"))...)
}

// section is a map under construction, in order.
type section struct {
	fields []document.Field
	at     map[string]int
}

func (s *section) get(name string) *document.Value {
	if i, ok := s.at[name]; ok {
		return s.fields[i].Value
	}
	return nil
}

// put adds an entry, or merges over the one of that name as the framework does.
func (s *section) put(name string, v *document.Value) {
	if i, ok := s.at[name]; ok {
		s.fields[i].Value = document.Merge(s.fields[i].Value, v)
		return
	}
	s.replace(name, v)
}

// replace adds or replaces an entry.
func (s *section) replace(name string, v *document.Value) {
	if i, ok := s.at[name]; ok {
		s.fields[i].Value = v
		return
	}
	if s.at == nil {
		s.at = map[string]int{}
	}
	s.at[name] = len(s.fields)
	s.fields = append(s.fields, document.NewField(name, v))
}

func (s *section) value() *document.Value { return document.NewMap(document.Pos{}, s.fields...) }
