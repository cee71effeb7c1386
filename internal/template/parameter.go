package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/document"
)

// Parameter is one entry of the Parameters section.
type Parameter struct {
	Name string
	Pos  document.Pos
	// Type is String, Number, List<Number>, CommaDelimitedList, AWS::SSM::Parameter::Name,
	// AWS::SSM::Parameter::Value<…>, an AWS::EC2::… or AWS::Route53::… id type, or List<> of one.
	Type        string
	Description string
	// Default is nil when a value has to be given.
	Default *string
	// NoEcho parameters are shown as ****.
	NoEcho bool

	allowed        []string
	pattern        *regexp.Regexp
	patternText    string
	minLen, maxLen *int64
	minVal, maxVal *float64
	constraint     string
}

// list reports whether the value is split at commas.
func (p *Parameter) list() bool {
	return p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")
}

// number reports whether the value, or each of its items, is a number.
func (p *Parameter) number() bool { return p.Type == "Number" || p.Type == "List<Number>" }

// stored reports whether the value is the name of an SSM parameter that holds the real one.
func (p *Parameter) stored() bool { return strings.HasPrefix(p.Type, "AWS::SSM::Parameter::Value<") }

// parameterType accepts the types of the user guide's list; the AWS-specific ones by shape, because AWS
// adds to them.
func parameterType(s string) bool {
	switch s {
	case "String", "Number", "List<Number>", "CommaDelimitedList", "AWS::SSM::Parameter::Name", "List<String>":
		return true
	}
	if inner, ok := strings.CutPrefix(s, "AWS::SSM::Parameter::Value<"); ok {
		s, ok = strings.CutSuffix(inner, ">")
		if !ok {
			return false
		}
		if s == "String" || s == "List<String>" || s == "CommaDelimitedList" {
			return true
		}
	}
	if inner, ok := strings.CutPrefix(s, "List<"); ok {
		if s, ok = strings.CutSuffix(inner, ">"); !ok {
			return false
		}
	}
	return strings.HasPrefix(s, "AWS::EC2::") || s == "AWS::Route53::HostedZone::Id"
}

func (t *Template) parseParameters(v *document.Value) error {
	if len(v.Fields) > MaxParameters {
		return fail(v.Pos, "Template format error: Number of parameters, %d, is greater than maximum allowed, %d", len(v.Fields), MaxParameters)
	}
	for _, f := range v.Fields {
		if !alphanumeric(f.Name) {
			return fail(f.Pos, "Template format error: Parameter name %s is non alphanumeric.", f.Name)
		}
		if f.Value.Kind != document.Map {
			return fail(f.Pos, "Template format error: Any Parameters member must be an object.")
		}
		p := Parameter{Name: f.Name, Pos: f.Pos}
		for _, a := range f.Value.Fields {
			if err := p.parseAttribute(a); err != nil {
				return err
			}
		}
		if p.Type == "" {
			return fail(f.Pos, "Template format error: Every Parameters object must contain a Type member.")
		}
		t.parameter[p.Name] = len(t.Parameters)
		t.Parameters = append(t.Parameters, p)
	}
	return nil
}

func (p *Parameter) parseAttribute(a document.Field) error {
	if a.Name == "AllowedValues" {
		if a.Value.Kind != document.List {
			return fail(a.Value.Pos, "Template format error: Every AllowedValues member must be a list.")
		}
		for _, item := range a.Value.Items {
			text, ok := scalar(item)
			if !ok {
				return fail(item.Pos, "Template format error: Every AllowedValues value must be a string.")
			}
			p.allowed = append(p.allowed, text)
		}
		return nil
	}
	text, ok := scalar(a.Value)
	if !ok {
		return fail(a.Value.Pos, "Template format error: Every %s member must be a string.", a.Name)
	}
	switch a.Name {
	case "Type":
		if p.Type = text; !parameterType(text) {
			return fail(a.Value.Pos, "Template format error: Unrecognized parameter type: %s", text)
		}
	case "Description":
		p.Description = text
	case "ConstraintDescription":
		p.constraint = text
	case "Default":
		p.Default = &text
	case "NoEcho":
		on, err := strconv.ParseBool(text)
		if err != nil {
			return fail(a.Value.Pos, "Template format error: Every NoEcho member must be a boolean.")
		}
		p.NoEcho = on
	case "AllowedPattern":
		// The whole value must match. AWS uses Java's syntax; what RE2 does not know is refused here
		// rather than ignored.
		re, err := regexp.Compile(`\A(?:` + text + `)\z`)
		if err != nil {
			return hint(fail(a.Value.Pos, "AllowedPattern of parameter %s cannot be used: %v", p.Name, err), "write it without look-around and back-references")
		}
		p.pattern, p.patternText = re, text
	case "MinLength", "MaxLength":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return fail(a.Value.Pos, "Template format error: Every %s member must be a non-negative integer.", a.Name)
		}
		if a.Name == "MinLength" {
			p.minLen = &n
		} else {
			p.maxLen = &n
		}
	case "MinValue", "MaxValue":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fail(a.Value.Pos, "Template format error: Every %s member must be a number.", a.Name)
		}
		if a.Name == "MinValue" {
			p.minVal = &n
		} else {
			p.maxVal = &n
		}
	default:
		return fail(a.Pos, "Invalid template parameter property '%s'", a.Name)
	}
	return nil
}

// check applies the constraints to a value [recorded for numbers; observed texts in public bug reports
// for the others].
func (p *Parameter) check(value string) error {
	items := []string{value}
	if p.list() {
		items = splitList(value)
	}
	for _, item := range items {
		if msg := p.fault(item); msg != "" {
			if p.constraint != "" {
				msg = "Parameter " + p.Name + " failed to satisfy constraint: " + p.constraint
			}
			return fail(p.Pos, "%s", msg)
		}
	}
	return nil
}

// fault returns what is wrong with one value, "" when nothing is.
func (p *Parameter) fault(value string) string {
	quoted := "Parameter '" + p.Name + "'"
	if p.number() {
		n, err := strconv.ParseFloat(value, 64)
		switch {
		case err != nil:
			return quoted + " must be a number."
		case p.minVal != nil && n < *p.minVal:
			return quoted + " must be a number not less than " + strconv.FormatFloat(*p.minVal, 'f', -1, 64)
		case p.maxVal != nil && n > *p.maxVal:
			return quoted + " must be a number not greater than " + strconv.FormatFloat(*p.maxVal, 'f', -1, 64)
		}
	}
	length := int64(utf8.RuneCountInString(value))
	switch {
	case p.allowed != nil && !slices.Contains(p.allowed, value):
		return quoted + " must be one of AllowedValues"
	case p.pattern != nil && !p.pattern.MatchString(value):
		return quoted + " must match pattern " + p.patternText
	case p.minLen != nil && length < *p.minLen:
		return quoted + " must contain at least " + strconv.FormatInt(*p.minLen, 10) + " characters"
	case p.maxLen != nil && length > *p.maxLen:
		return quoted + " must contain at most " + strconv.FormatInt(*p.maxLen, 10) + " characters"
	}
	return ""
}

// value is what Ref returns for an accepted text, at the place of the Ref.
func (p *Parameter) value(text string, pos document.Pos) *document.Value {
	if !p.list() {
		return str(text, pos)
	}
	v := document.NewList(pos)
	for _, item := range splitList(text) {
		v.Items = append(v.Items, str(item, pos))
	}
	return v
}

// splitList cuts a comma-delimited value; blanks around the items do not count.
func splitList(s string) []string {
	items := strings.Split(s, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

func str(text string, pos document.Pos) *document.Value {
	return document.NewString(pos, text)
}
