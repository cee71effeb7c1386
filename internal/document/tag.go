package document

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// longForm returns the CloudFormation function that a node's short tag stands for ("Fn::Sub" for !Sub),
// empty without one. Core tags (!!str) are left to the schema; any other tag is refused, because whatever
// it meant would be lost.
func longForm(n *yaml.Node, at Pos) (string, *Error) {
	if n.Style&yaml.TaggedStyle == 0 || n.Tag == "" || n.Tag == "!" || strings.HasPrefix(n.Tag, "!!") || strings.HasPrefix(n.Tag, "tag:yaml.org,2002:") {
		return "", nil
	}
	name := strings.TrimPrefix(n.Tag, "!")
	switch {
	case name == "Ref" || name == "Condition":
		return name, nil
	case slices.Contains(shortTags(), name):
		return "Fn::" + name, nil
	}
	return "", &Error{at, "unknown tag " + n.Tag, "only CloudFormation's short forms are known, such as !Ref and !Sub"}
}

// shortTags lists the functions that have a short form, except Ref and Condition, which have no prefix.
func shortTags() []string {
	return []string{
		"And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join",
		"Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform",
	}
}

// wrap makes {fn: arg}. The dotted form of GetAtt is split at its first dot: a logical id has none, an
// attribute may (Outputs.Name).
func wrap(fn string, arg *Value) *Value {
	if fn == "Fn::GetAtt" && arg.Kind == String {
		if id, attribute, ok := strings.Cut(arg.Text, "."); ok {
			arg = NewList(arg.Pos, NewString(arg.Pos, id), NewString(arg.Pos, attribute))
		}
	}
	return NewMap(arg.Pos, Field{Name: fn, Pos: arg.Pos, Value: arg})
}
