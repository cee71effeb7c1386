package cloudformation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/template"
)

// kind is the form of a property's value.
type kind uint8

// The kinds. CloudFormation takes "true" for true and "5" for 5, and the other way round.
const (
	text kind = iota + 1
	boolean
	integer
	number
	texts     // list of text
	textMap   // map of text
	boolMap   // map of boolean
	tags      // list of {Key, Value}
	object    // {props}
	objects   // list of {props}
	objectMap // map of {props}
	jsonDoc   // an object, or JSON in a string
	anything
	refused // the property is known, and declaring it is an error; reason says why
)

// property is one property of a type.
type property struct {
	name string
	kind kind
	// createOnly properties cannot be changed: the resource is replaced.
	createOnly bool
	required   bool
	props      []property
	reason     string
}

// fixed marks a property create-only, needed marks it required.
func (p property) fixed() property  { p.createOnly = true; return p }
func (p property) needed() property { p.required = true; return p }

// prop makes a property; nested are the properties of an object.
func prop(name string, k kind, nested ...property) property {
	return property{name: name, kind: k, props: nested}
}

// refuse makes a property that cannot be declared.
func refuse(name, reason string) property {
	return property{name: name, kind: refused, reason: reason}
}

// checker brings the evaluated properties of one resource into the form that its type asks for.
type checker struct{ resource string }

// normalise checks v against props and returns it with every scalar in its declared form. Values that are
// not known yet fit everywhere.
func normalise(resource string, props []property, v *document.Value) (*document.Value, error) {
	c := checker{resource}
	return c.object(nil, props, v)
}

func (c checker) fail(at document.Pos, path []string, format string, args ...any) *document.Error {
	where := "#"
	if len(path) > 0 {
		where += "/" + strings.Join(path, "/")
	}
	// The form of the messages of CloudFormation's schema validation [observed].
	return &document.Error{Pos: at, Msg: fmt.Sprintf("Properties validation failed for resource %s with message: %s: %s", c.resource, where, fmt.Sprintf(format, args...))}
}

func (c checker) object(path []string, props []property, v *document.Value) (*document.Value, error) {
	if v.Kind != document.Map {
		return nil, c.wrong(path, "JSONObject", v)
	}
	out := document.NewMap(v.Pos)
	for _, f := range v.Fields {
		at := slices.IndexFunc(props, func(p property) bool { return p.name == f.Name })
		if at < 0 {
			err := c.fail(f.Pos, path, "extraneous key [%s] is not permitted", f.Name)
			err.Hint = "known: " + strings.Join(names(props), ", ")
			return nil, err
		}
		p := props[at]
		if p.kind == refused {
			err := c.fail(f.Pos, path, "property %s is not supported", f.Name)
			err.Hint = p.reason
			return nil, err
		}
		got, err := c.value(append(slices.Clip(path), f.Name), p, f.Value)
		if err != nil {
			return nil, err
		}
		out.Fields = append(out.Fields, document.Field{Name: f.Name, Pos: f.Pos, Value: got})
	}
	for _, p := range props {
		if p.required && v.Get(p.name) == nil {
			return nil, c.fail(v.Pos, path, "required key [%s] not found", p.name)
		}
	}
	return out, nil
}

func names(props []property) []string {
	var out []string
	for _, p := range props {
		if p.kind != refused {
			out = append(out, p.name)
		}
	}
	return out
}

func (c checker) value(path []string, p property, v *document.Value) (*document.Value, error) {
	if v.Kind == document.String && template.IsUnknown(v.Text) {
		return v, nil
	}
	switch p.kind {
	case texts:
		return c.list(path, v, property{kind: text})
	case tags:
		return c.list(path, v, property{kind: object, props: []property{prop("Key", text).needed(), prop("Value", text).needed()}})
	case objects:
		return c.list(path, v, property{kind: object, props: p.props})
	case textMap:
		return c.entries(path, v, property{kind: text})
	case boolMap:
		return c.entries(path, v, property{kind: boolean})
	case objectMap:
		return c.entries(path, v, property{kind: object, props: p.props})
	case object:
		return c.object(path, p.props, v)
	case jsonDoc:
		if v.Kind != document.Map && v.Kind != document.String {
			return nil, c.wrong(path, "JSONObject", v)
		}
		return v, nil
	case anything:
		return v, nil
	}
	return c.scalar(path, p.kind, v)
}

func (c checker) list(path []string, v *document.Value, item property) (*document.Value, error) {
	if v.Kind != document.List {
		return nil, c.wrong(path, "JSONArray", v)
	}
	out := document.NewList(v.Pos)
	for i, x := range v.Items {
		got, err := c.value(append(slices.Clip(path), strconv.Itoa(i)), item, x)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, got)
	}
	return out, nil
}

func (c checker) entries(path []string, v *document.Value, entry property) (*document.Value, error) {
	if v.Kind != document.Map {
		return nil, c.wrong(path, "JSONObject", v)
	}
	out := document.NewMap(v.Pos)
	for _, f := range v.Fields {
		got, err := c.value(append(slices.Clip(path), f.Name), entry, f.Value)
		if err != nil {
			return nil, err
		}
		out.Fields = append(out.Fields, document.Field{Name: f.Name, Pos: f.Pos, Value: got})
	}
	return out, nil
}

func (c checker) scalar(path []string, k kind, v *document.Value) (*document.Value, error) {
	switch k {
	case text:
		switch v.Kind {
		case document.String:
			return v, nil
		case document.Number:
			// A number that stands for a text keeps the digits that were written: an account id may
			// begin with 0.
			if v.Source != "" {
				return document.NewString(v.Pos, v.Source), nil
			}
			return document.NewString(v.Pos, v.Text), nil
		case document.Bool:
			return document.NewString(v.Pos, strconv.FormatBool(v.Bool)), nil
		}
		return nil, c.wrong(path, "String", v)
	case boolean:
		switch {
		case v.Kind == document.Bool:
			return v, nil
		case v.Kind == document.String && (v.Text == "true" || v.Text == "false"):
			return document.NewBool(v.Pos, v.Text == "true"), nil
		}
		return nil, c.wrong(path, "Boolean", v)
	case integer:
		if v.Kind == document.Number || v.Kind == document.String {
			if n, err := strconv.ParseInt(v.Text, 10, 32); err == nil {
				return document.NewInt(v.Pos, n), nil
			}
		}
		return nil, c.wrong(path, "Integer", v)
	}
	if v.Kind == document.Number || v.Kind == document.String {
		if f, err := strconv.ParseFloat(v.Text, 64); err == nil {
			return document.NewNumber(v.Pos, strconv.FormatFloat(f, 'f', -1, 64)), nil
		}
	}
	return nil, c.wrong(path, "Number", v)
}

func (c checker) wrong(path []string, expected string, v *document.Value) error {
	found := map[document.Kind]string{
		document.Null: "Null", document.Bool: "Boolean", document.Number: "Number",
		document.String: "String", document.List: "JSONArray", document.Map: "JSONObject",
	}[v.Kind]
	return c.fail(v.Pos, path, "expected type: %s, found: %s", expected, found)
}

// different lists the top-level properties in which two normalised values differ.
func different(props []property, old, new *document.Value) []string {
	var out []string
	seen := map[string]bool{}
	for _, v := range []*document.Value{old, new} {
		if v == nil {
			continue
		}
		for _, f := range v.Fields {
			if !seen[f.Name] && !document.Equal(old.Get(f.Name), new.Get(f.Name)) {
				out = append(out, f.Name)
			}
			seen[f.Name] = true
		}
	}
	return out
}

// createOnly reports whether one of the changed properties cannot be changed in place.
func createOnly(props []property, changed []string) bool {
	return slices.ContainsFunc(props, func(p property) bool {
		return p.createOnly && slices.Contains(changed, p.name)
	})
}
