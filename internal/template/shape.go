package template

import (
	"strings"

	"gatehouse/internal/document"
)

// call is a function call found in a template: a map whose only field is Ref or Fn::Something.
type call struct {
	fn  string
	arg *document.Value
	pos document.Pos
}

// supported is the list that AWS prints for an unknown function.
const supported = "[Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, " +
	"Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, " +
	"Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]"

// asCall recognises a call. A map with a function among other fields is neither data nor a call.
func asCall(v *document.Value) (call, bool, error) {
	if v.Kind != document.Map {
		return call{}, false, nil
	}
	for _, f := range v.Fields {
		if f.Name != "Ref" && !strings.HasPrefix(f.Name, "Fn::") {
			continue
		}
		if len(v.Fields) == 1 {
			return call{f.Name, f.Value, f.Pos}, true, nil
		}
		// {"Ref": …} beside other fields is data: JSON schemas and policies may use the word.
		if f.Name != "Ref" {
			return call{}, false, hint(fail(f.Pos, "Template format error: %s must be the only key of its object", f.Name), "move the other keys out")
		}
	}
	return call{}, false, nil
}

// shapeRef is {"Ref": name}.
func shapeRef(c call) (string, error) {
	if c.arg.Kind != document.String || c.arg.Text == "" {
		return "", fail(c.pos, "Template format error: Every Ref object must have a single String value.")
	}
	return c.arg.Text, nil
}

// shapeGetAtt is [resource, attribute] or "resource.attribute"; the attribute may be a call of Ref.
func shapeGetAtt(c call) (string, *document.Value, error) {
	const msg = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
	switch c.arg.Kind {
	case document.String:
		id, attr, ok := strings.Cut(c.arg.Text, ".")
		if ok && id != "" && attr != "" {
			return id, str(attr, c.arg.Pos), nil
		}
	case document.List:
		if len(c.arg.Items) == 2 {
			id, attr := c.arg.Items[0], c.arg.Items[1]
			if id.Kind == document.String && id.Text != "" && (attr.Kind == document.Map || attr.Kind == document.String && attr.Text != "") {
				return id.Text, attr, nil
			}
		}
	}
	return "", nil, fail(c.pos, msg)
}

// pair reads a two-element list.
func pair(c call, msg string) (a, b *document.Value, err error) {
	if c.arg.Kind != document.List || len(c.arg.Items) != 2 {
		return nil, nil, fail(c.pos, "%s", msg)
	}
	return c.arg.Items[0], c.arg.Items[1], nil
}

const (
	msgJoin = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."

	msgSplit  = "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split."
	msgSelect = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
	msgEquals = "Template error: every Fn::Equals object requires a list of 2 string parameters."
	msgIf     = "Template error: Fn::If requires a list argument with three elements"
	msgSub    = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"
	msgName   = "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons"
	msgFind   = "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"
	msgBase64 = "Template error: every Fn::Base64 object must have a String-typed value."
	msgCidr   = "Template error: every Fn::Cidr object requires two to three parameters: an ipBlock, a count and optional cidrBits"
	msgAZs    = "Template error: every Fn::GetAZs object requires a region name, a Ref to one or an empty string"
	msgImport = "Template error: the attribute in Fn::ImportValue must be a string or a function that returns a string"
	msgNot    = "Template error: every Fn::Not object requires a list of 1 boolean parameter."
)

func shapeJoin(c call) (delim string, list *document.Value, err error) {
	d, list, err := pair(c, msgJoin)
	if err != nil {
		return "", nil, err
	}
	if d.Kind != document.String || list.Kind != document.List && list.Kind != document.Map {
		return "", nil, fail(c.pos, msgJoin)
	}
	return d.Text, list, nil
}

func shapeSplit(c call) (delim string, text *document.Value, err error) {
	d, text, err := pair(c, msgSplit)
	if err != nil {
		return "", nil, err
	}
	if d.Kind != document.String || d.Text == "" || text.Kind == document.List {
		return "", nil, fail(c.pos, msgSplit)
	}
	return d.Text, text, nil
}

func shapeSelect(c call) (index, list *document.Value, err error) {
	index, list, err = pair(c, msgSelect)
	if err != nil {
		return nil, nil, err
	}
	if index.Kind == document.List || list.Kind != document.List && list.Kind != document.Map {
		return nil, nil, fail(c.pos, msgSelect)
	}
	return index, list, nil
}

func shapeIf(c call) (cond name, yes, no *document.Value, err error) {
	if c.arg.Kind != document.List || len(c.arg.Items) != 3 || c.arg.Items[0].Kind != document.String {
		return name{}, nil, nil, fail(c.pos, msgIf)
	}
	i := c.arg.Items
	return name{i[0].Text, i[0].Pos}, i[1], i[2], nil
}

// shapeFind is [map, top key, second key] and, under LanguageExtensions, {"DefaultValue": …}.
func (t *Template) shapeFind(c call) (keys []*document.Value, def *document.Value, err error) {
	if c.arg.Kind != document.List || len(c.arg.Items) < 3 || len(c.arg.Items) > 4 {
		return nil, nil, fail(c.pos, msgFind)
	}
	if len(c.arg.Items) == 4 {
		def = c.arg.Items[3].Get("DefaultValue")
		if !t.extensions || def == nil || len(c.arg.Items[3].Fields) != 1 {
			return nil, nil, hint(fail(c.pos, msgFind), "DefaultValue needs Transform: AWS::LanguageExtensions")
		}
	}
	return c.arg.Items[:3], def, nil
}

// piece is literal text or, when name is set, a variable of Fn::Sub.
type piece struct {
	literal, name string
}

// shapeSub is text or [text, {variable: value}].
func shapeSub(c call) ([]piece, *document.Value, error) {
	text, vars := c.arg, (*document.Value)(nil)
	if c.arg.Kind == document.List {
		if len(c.arg.Items) != 2 || c.arg.Items[1].Kind != document.Map {
			return nil, nil, fail(c.pos, msgSub)
		}
		text, vars = c.arg.Items[0], c.arg.Items[1]
	}
	if text.Kind != document.String {
		return nil, nil, fail(c.pos, msgSub)
	}
	pieces, ok := splitSub(text.Text)
	if !ok {
		return nil, nil, fail(text.Pos, msgName)
	}
	return pieces, vars, nil
}

// splitSub cuts the text of Fn::Sub: ${Name}, ${Name.Attribute}, ${AWS::Pseudo}; ${!Name} stays as
// ${Name}. An opening without an end is literal.
func splitSub(s string) ([]piece, bool) {
	var out []piece
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			break
		}
		length := strings.IndexByte(s[start:], '}')
		if length < 0 {
			break
		}
		inner := s[start+2 : start+length]
		if literal, ok := strings.CutPrefix(inner, "!"); ok {
			out = append(out, piece{literal: s[:start] + "${" + literal + "}"})
		} else {
			if !subName(inner) {
				return nil, false
			}
			out = append(out, piece{literal: s[:start]}, piece{name: inner})
		}
		s = s[start+length+1:]
	}
	return append(out, piece{literal: s}), true
}

func subName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '.' && c != ':' {
			return false
		}
	}
	return s != ""
}
