package template

import (
	"strings"

	"gatehouse/internal/document"
)

// Values knows what became of resources.
type Values interface {
	// Ref returns the physical id of a resource.
	Ref(logicalID string) (string, error)
	// Attribute returns what Fn::GetAtt gives for an attribute.
	Attribute(logicalID, attribute string) (string, error)
}

// unknownMark begins the text that stands for a value which is not known before a resource is made.
const unknownMark = "{{gatehouse:unknown:"

// Unknown is the stand-in for the physical id (attribute "") or an attribute of a resource that has not
// been made. Functions that cannot look into it pass it on, so a template can be evaluated as a whole
// before anything is touched.
func Unknown(logicalID, attribute string) string {
	return unknownMark + logicalID + ":" + attribute + "}}"
}

// Lister is a Values of which some attributes are lists. False is an attribute that is a text, or none.
type Lister interface {
	AttributeList(logicalID, attribute string) ([]string, bool)
}

// IsUnknown reports whether a text contains a value that is not known yet.
func IsUnknown(text string) bool { return strings.Contains(text, unknownMark) }

// Unmade is a Values for which nothing is known.
type Unmade struct{}

// Ref returns the stand-in for the physical id.
func (Unmade) Ref(id string) (string, error) { return Unknown(id, ""), nil }

// Attribute returns the stand-in for the attribute.
func (Unmade) Attribute(id, attribute string) (string, error) { return Unknown(id, attribute), nil }

// maxProduced bounds what one evaluation may build, in bytes: nested Fn::Sub maps can grow
// exponentially. A template itself is at most 1 MB.
const maxProduced = 8 << 20

// evaluator evaluates values of one block.
type evaluator struct {
	b     *Bound
	block string
	// values is nil where resources may not be referred to.
	values Values
	left   int
}

func (b *Bound) evaluator(block string, values Values) *evaluator {
	return &evaluator{b: b, block: block, values: values, left: maxProduced}
}

// Properties evaluates the properties of a resource. The result has no calls in it and keeps the places
// of the source. It is an empty map when there are none.
func (b *Bound) Properties(id string, values Values) (*document.Value, error) {
	r := b.active[id]
	if r == nil || r.Properties == nil {
		return document.NewMap(document.Pos{}), nil
	}
	v, err := b.evaluator("Resources", values).value(r.Properties)
	if err != nil {
		return nil, err
	}
	if v == nil || v.Kind != document.Map {
		return nil, fail(r.Properties.Pos, "Template format error: [/Resources/%s/Properties] Properties must be an object.", id)
	}
	return v, nil
}

// OutputValue is an evaluated output.
type OutputValue struct {
	Name, Value, Description string
	// Export is "" for an output that is not exported.
	Export string
	Pos    document.Pos
}

// Outputs evaluates the outputs whose condition holds, in source order.
func (b *Bound) Outputs(values Values) ([]OutputValue, error) {
	e := b.evaluator("Outputs", values)
	var out []OutputValue
	for _, o := range b.t.Outputs {
		if o.Condition != "" && b.conditions[o.Condition] != isTrue {
			continue
		}
		got := OutputValue{Name: o.Name, Description: o.Description, Pos: o.Pos}
		var err error
		if got.Value, err = e.text(o.value, "Template format error: The Value field of every Outputs member must evaluate to a String."); err != nil {
			return nil, err
		}
		if o.export != nil {
			if got.Export, err = e.text(o.export, "Template format error: Output "+o.Name+" is malformed. The Name field of every Export member must be specified and evaluate to a String."); err != nil {
				return nil, err
			}
			if got.Export == "" {
				return nil, fail(o.export.Pos, "Template format error: Output %s is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.", o.Name)
			}
		}
		out = append(out, got)
	}
	return out, nil
}

// spend charges the budget of the evaluation.
func (e *evaluator) spend(pos document.Pos, n int) error {
	if e.left -= n; e.left < 0 {
		return fail(pos, "the template expands to more than %d bytes", maxProduced)
	}
	return nil
}

// value evaluates any value. The result is nil for AWS::NoValue.
func (e *evaluator) value(v *document.Value) (*document.Value, error) {
	if err := e.spend(v.Pos, 1); err != nil {
		return nil, err
	}
	c, ok, err := asCall(v)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return e.call(c)
	}
	switch v.Kind {
	case document.List:
		out := &document.Value{Kind: document.List, Pos: v.Pos, Items: make([]*document.Value, 0, len(v.Items))}
		for _, item := range v.Items {
			got, err := e.value(item)
			if err != nil {
				return nil, err
			}
			if got != nil {
				out.Items = append(out.Items, got)
			}
		}
		return out, nil
	case document.Map:
		out := &document.Value{Kind: document.Map, Pos: v.Pos, Fields: make([]document.Field, 0, len(v.Fields))}
		for _, f := range v.Fields {
			got, err := e.value(f.Value)
			if err != nil {
				return nil, err
			}
			if got != nil {
				out.Fields = append(out.Fields, document.Field{Name: f.Name, Pos: f.Pos, Value: got})
			}
		}
		return out, nil
	case document.String:
		return v, e.plain(v)
	}
	return v, nil
}

// plain refuses dynamic references: passing one on as text would put the reference where a password
// belongs.
func (e *evaluator) plain(v *document.Value) error {
	if !strings.Contains(v.Text, "{{resolve:") {
		return nil
	}
	return hint(fail(v.Pos, "dynamic references ({{resolve:…}}) are not supported"), "use a parameter")
}

// text evaluates a value that has to be a scalar.
func (e *evaluator) text(v *document.Value, msg string) (string, error) {
	got, err := e.value(v)
	if err != nil {
		return "", err
	}
	if got != nil {
		if s, ok := scalar(got); ok {
			return s, nil
		}
	}
	return "", fail(v.Pos, "%s", msg)
}

func (e *evaluator) call(c call) (*document.Value, error) {
	switch c.fn {
	case "Ref":
		return e.ref(c)
	case "Fn::GetAtt":
		return e.getAtt(c)
	case "Fn::Sub":
		return e.sub(c)
	case "Fn::If":
		return e.choose(c)
	case "Fn::Join":
		return e.join(c)
	case "Fn::Split":
		return e.split(c)
	case "Fn::Select":
		return e.selectItem(c)
	case "Fn::FindInMap":
		return e.findInMap(c)
	case "Fn::Base64":
		return e.base64(c)
	case "Fn::Cidr":
		return e.cidr(c)
	case "Fn::GetAZs":
		return e.getAZs(c)
	case "Fn::ImportValue":
		return e.importValue(c)
	case "Fn::Length":
		return e.length(c)
	case "Fn::ToJsonString":
		return e.toJSON(c)
	}
	return nil, e.b.t.shape(c)
}

func (e *evaluator) ref(c call) (*document.Value, error) {
	id, err := shapeRef(c)
	if err != nil {
		return nil, err
	}
	return e.lookup(name{id, c.arg.Pos})
}

// lookup is the value of a name: pseudo parameter, parameter or resource.
func (e *evaluator) lookup(n name) (*document.Value, error) {
	env := &e.b.env
	switch n.text {
	case "AWS::NoValue":
		return nil, nil
	case "AWS::AccountId":
		return str(string(env.Home.Account), n.pos), nil
	case "AWS::Region":
		return str(string(env.Home.Region), n.pos), nil
	case "AWS::Partition":
		return str(string(env.Home.Partition), n.pos), nil
	case "AWS::URLSuffix":
		return str(env.URLSuffix, n.pos), nil
	case "AWS::StackName":
		return str(env.StackName, n.pos), nil
	case "AWS::StackId":
		return str(env.StackID, n.pos), nil
	case "AWS::NotificationARNs":
		list := document.NewList(n.pos)
		for _, a := range env.NotificationARNs {
			list.Items = append(list.Items, str(a, n.pos))
		}
		return list, nil
	}
	if text, ok := e.b.parameters[n.text]; ok {
		p := &e.b.t.Parameters[e.b.t.parameter[n.text]]
		if p.stored() {
			return nil, hint(fail(n.pos, "parameter %s is to be read from the SSM parameter store, which does not exist here", n.text), "declare it as String and give its value")
		}
		if err := e.plain(str(text, n.pos)); err != nil {
			return nil, err
		}
		return p.value(text, n.pos), e.spend(n.pos, len(text))
	}
	if e.values == nil || e.b.active[n.text] == nil {
		return nil, unresolved(e.block, n)
	}
	text, err := e.values.Ref(n.text)
	if err != nil {
		return nil, fail(n.pos, "%v", err)
	}
	return str(text, n.pos), e.spend(n.pos, len(text))
}

func (e *evaluator) getAtt(c call) (*document.Value, error) {
	id, attr, err := shapeGetAtt(c)
	if err != nil {
		return nil, err
	}
	text, err := e.text(attr, "Template error: the attribute of Fn::GetAtt must be a string")
	if err != nil {
		return nil, err
	}
	return e.attribute(name{id, c.arg.Pos}, text)
}

func (e *evaluator) attribute(n name, attr string) (*document.Value, error) {
	if e.values == nil || e.b.active[n.text] == nil {
		return nil, unresolved(e.block, n)
	}
	if lists, ok := e.values.(Lister); ok {
		if items, ok := lists.AttributeList(n.text, attr); ok {
			list := document.NewList(n.pos)
			for _, item := range items {
				list.Items = append(list.Items, str(item, n.pos))
			}
			return list, e.spend(n.pos, len(strings.Join(items, "")))
		}
	}
	text, err := e.values.Attribute(n.text, attr)
	if err != nil {
		return nil, fail(n.pos, "%v", err)
	}
	return str(text, n.pos), e.spend(n.pos, len(text))
}

func (e *evaluator) choose(c call) (*document.Value, error) {
	cond, yes, no, err := shapeIf(c)
	if err != nil {
		return nil, err
	}
	if e.b.t.conditions[cond.text] == nil {
		return nil, fail(cond.pos, "Template error: unresolved condition dependency %s in Fn::If", cond.text)
	}
	ok, err := e.b.condition(cond)
	if err != nil {
		return nil, err
	}
	if ok {
		return e.value(yes)
	}
	return e.value(no)
}

func (e *evaluator) sub(c call) (*document.Value, error) {
	pieces, vars, err := shapeSub(c)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	if vars != nil {
		for _, f := range vars.Fields {
			text, err := e.text(f.Value, msgSub)
			if err != nil {
				return nil, err
			}
			known[f.Name] = text
		}
	}
	var out strings.Builder
	for _, p := range pieces {
		text := p.literal
		if p.name != "" {
			if text, err = e.variable(c, p.name, known); err != nil {
				return nil, err
			}
		}
		if err := e.spend(c.pos, len(text)); err != nil {
			return nil, err
		}
		out.WriteString(text)
	}
	v := str(out.String(), c.arg.Pos)
	return v, e.plain(v)
}

// variable is the text of one ${name}.
func (e *evaluator) variable(c call, variable string, known map[string]string) (string, error) {
	if text, ok := known[variable]; ok {
		return text, nil
	}
	var v *document.Value
	var err error
	if id, attr, dotted := strings.Cut(variable, "."); dotted {
		v, err = e.attribute(name{id, c.arg.Pos}, attr)
	} else {
		v, err = e.lookup(name{variable, c.arg.Pos})
	}
	if err != nil {
		return "", err
	}
	if v != nil {
		if text, ok := scalar(v); ok {
			return text, nil
		}
	}
	return "", hint(fail(c.arg.Pos, "Template error: variable %s in Fn::Sub does not resolve to a string", variable), "join a list with Fn::Join first")
}
