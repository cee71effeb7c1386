package main

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (p *printer) enums(b *bytes.Buffer) error {
	fmt.Fprintf(b, "package %s\n\n", p.Package)
	names := map[string]string{}
	for _, shape := range p.sorted(func(s *shape) bool { return len(s.Enum) > 0 }) {
		fmt.Fprintf(b, "// Values of %s.\nconst (\n", shape)
		for _, v := range p.Shapes[shape].Enum {
			name := exported(shape) + words(v)
			if other, ok := names[name]; ok {
				return fmt.Errorf("enumeration %s: %q and %q both become %s", shape, other, v, name)
			}
			names[name] = v
			fmt.Fprintf(b, "\t%s = %q\n", name, v)
		}
		b.WriteString(")\n\n")
	}
	return nil
}

func (p *printer) operations(b *bytes.Buffer) error {
	fmt.Fprintf(b, `// Package %[1]s holds the messages of the AWS API of the same name, version %[2]s, as tagged structs,
// with its operations, faults and constraints as tables. It is made from the service model of botocore
// (Apache-2.0, see NOTICE) and has no behaviour. An operation's input is named after the operation, all
// other shapes have the names of the model.
package %[1]s

import (
	"reflect"

	"gatehouse/internal/shape"
)

`, p.Package, p.Metadata.APIVersion)
	signing := p.Metadata.SigningName
	if signing == "" {
		signing = p.Metadata.EndpointPrefix
	}
	protocol := map[string]string{"rest-json": "shape.RESTJSON", "json": "shape.JSON", "query": "shape.Query", "ec2": "shape.EC2"}[p.Metadata.Protocol]
	if protocol == "" {
		return fmt.Errorf("protocol %q is not known", p.Metadata.Protocol)
	}
	fmt.Fprintf(b, "// Service is the whole API.\nvar Service = shape.Service{\n")
	fmt.Fprintf(b, "\tName: %q, Version: %q, Protocol: %s, SigningName: %q, TargetPrefix: %q,\n",
		p.Package, p.Metadata.APIVersion, protocol, signing, p.Metadata.TargetPrefix)
	if p.Metadata.GlobalEndpoint != "" {
		b.WriteString("\tGlobal: true,\n")
	}
	if p.Metadata.XMLNamespace != "" {
		fmt.Fprintf(b, "\tNamespace: %q,\n", p.Metadata.XMLNamespace)
	}
	if p.MaxBody > 0 {
		fmt.Fprintf(b, "\tMaxBody: %d,\n", p.MaxBody)
	}
	if p.OnlyListed {
		b.WriteString("\tPartial: true,\n")
	}
	if p.ARN != "" {
		fmt.Fprintf(b, "\tARN: %q,\n", p.ARN)
	}
	if len(p.Keys) > 0 {
		b.WriteString("\tKeys: []shape.Key{\n")
		for _, k := range p.Keys {
			fmt.Fprintf(b, "\t\t{Name: %q, Member: %q},\n", k.Name, k.Member)
		}
		b.WriteString("\t},\n")
	}
	if p.NestedBody {
		b.WriteString("\tNestedBody: true,\n")
	}
	b.WriteString("\tOperations: operations,\n\tFaults: faults,\n\tRules: rules,\n}\n\n")

	b.WriteString("var operations = []shape.Operation{\n")
	for _, name := range slices.Sorted(maps.Keys(p.model.Operations)) {
		if !p.OnlyListed || slices.Contains(p.listed, name) {
			if err := p.operation(b, name); err != nil {
				return fmt.Errorf("operation %s: %w", name, err)
			}
		}
	}
	b.WriteString("}\n\n")
	return p.faults(b)
}

func (p *printer) operation(b *bytes.Buffer, name string) error {
	op := p.model.Operations[name]
	status := op.HTTP.Status
	if status == 0 {
		status = 200
	}
	fmt.Fprintf(b, "\t{\n\t\tName: %q, Method: %q, URI: %q, Status: %d, Action: %q,\n",
		name, op.HTTP.Method, op.HTTP.URI, status, p.action(name, op))
	if op.AuthType == "none" {
		b.WriteString("\t\tUnsigned: true,\n")
	}
	if slices.Contains(p.Unasked, name) {
		b.WriteString("\t\tUnasked: true,\n")
	}
	if slices.Contains(p.listed, name) {
		if err := p.permissions(b, name, op); err != nil {
			return err
		}
		fmt.Fprintf(b, "\t\tInput: reflect.TypeFor[%sInput](),", name)
		if op.Output != nil {
			fmt.Fprintf(b, " Output: reflect.TypeFor[%s](),", p.goName(op.Output.Shape))
		}
		b.WriteString("\n")
		var faults []string
		for _, e := range op.Errors {
			faults = append(faults, strconv.Quote(e.Shape))
		}
		slices.Sort(faults)
		if len(faults) > 0 {
			fmt.Fprintf(b, "\t\tFaults: []string{%s},\n", strings.Join(faults, ", "))
		}
	}
	b.WriteString("\t},\n")
	return nil
}

// permissions prints what IAM is asked about beside the action.
func (p *printer) permissions(b *bytes.Buffer, name string, op operation) error {
	fields := map[string]ref{}
	if op.Input != nil {
		for _, m := range p.Shapes[op.Input.Shape].Members {
			fields[exported(m.Name)] = m.ref
		}
	}
	resource, ok := p.ResourceOf[name]
	if !ok {
		resource = p.resource(op, fields)
	}
	if resource != "" {
		fmt.Fprintf(b, "\t\tResource: %q,\n", resource)
	}
	if len(p.Passes[name]) == 0 {
		return nil
	}
	b.WriteString("\t\tPasses: []shape.Pass{")
	for _, pass := range p.Passes[name] {
		if _, ok := fields[pass.Member]; !ok {
			return fmt.Errorf("list.go: Passes: the input has no member %s", pass.Member)
		}
		fmt.Fprintf(b, "{Member: %q, Path: %q, Service: %q},", pass.Member, pass.Path, pass.Service)
	}
	b.WriteString("},\n")
	return nil
}

// resource is the path of an operation with its labels replaced by the fields that they fill, or the first of
// the service's templates that the input fits.
func (p *printer) resource(op operation, fields map[string]ref) string {
	if p.MethodActions {
		path, _, _ := strings.Cut(op.HTTP.URI, "?")
		for field, m := range fields {
			if m.Location == "uri" {
				path = strings.ReplaceAll(path, "{"+m.LocationName+"}", "{"+field+"}")
			}
		}
		return path
	}
	for _, t := range p.Resources {
		fits := true
		for _, m := range needed.FindAllStringSubmatch(t, -1) {
			_, ok := fields[m[1]]
			fits = fits && ok
		}
		if fits {
			return t
		}
	}
	return ""
}

// needed are the places of a template that have no default and may not be missing.
var needed = regexp.MustCompile(`\{(\w+)\}`)

// action is the IAM action of an operation: the service and the operation, unless list.go knows better.
func (p *printer) action(name string, op operation) string {
	if a, ok := p.Actions[name]; ok {
		return a
	}
	if p.MethodActions {
		return p.Package + ":" + op.HTTP.Method
	}
	return p.Package + ":" + name
}

func (p *printer) faults(b *bytes.Buffer) error {
	b.WriteString("var faults = []shape.Fault{\n")
	for _, name := range slices.Sorted(maps.Keys(p.Shapes)) {
		s := p.Shapes[name]
		if !s.Exception {
			continue
		}
		var message string
		var typed bool
		for _, m := range s.Members {
			switch m.Name {
			case "message", "Message":
				message = m.Name
			case "Type":
				typed = true
			}
		}
		fmt.Fprintf(b, "\t{Name: %q,", name)
		if s.Error.Code != "" && s.Error.Code != name {
			fmt.Fprintf(b, " Code: %q,", s.Error.Code)
		}
		status := s.Error.Status
		if status == 0 && p.Metadata.Protocol == "query" {
			status = 400
		}
		fmt.Fprintf(b, " Status: %d, Message: %q", status, message)
		if typed {
			b.WriteString(", Typed: true")
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
	return nil
}

func (p *printer) rules(b *bytes.Buffer) error {
	fmt.Fprintf(b, "package %s\n\nimport \"gatehouse/internal/shape\"\n\n", p.Package)
	b.WriteString("var rules = map[string]shape.Rule{\n")
	for _, name := range slices.Sorted(maps.Keys(p.reached())) {
		if !p.constrained(name, nil) {
			continue
		}
		s := p.Shapes[name]
		var fields []string
		add := func(format string, arg any) { fields = append(fields, fmt.Sprintf(format, arg)) }
		if s.Min != nil {
			add("Min: new(float64(%v))", number(*s.Min))
		}
		if s.Max != nil {
			add("Max: new(float64(%v))", number(*s.Max))
		}
		if s.Pattern != "" {
			add("Pattern: %s", literal(s.Pattern))
			if l, ok := p.LookAheads[name]; ok {
				add("Match: %s", literal(l.match))
				add("Except: %s", literal(l.except))
			} else if match := spelt(s.Pattern); match != s.Pattern {
				add("Match: %s", literal(match))
			}
			if _, ok := p.LookAheads[name]; !ok {
				if _, err := regexp.Compile(spelt(s.Pattern)); err != nil {
					return fmt.Errorf("shape %s: %w: say it without in list.go, LookAheads", name, err)
				}
			}
		}
		if e := p.enum(name); len(e) > 0 {
			add("Enum: %#v", e)
		}
		if slices.Contains(p.Percent, name) {
			add("Percent: %v", true)
		}
		if s.Sensitive {
			add("Sensitive: %v", true)
		}
		for _, r := range []struct {
			field string
			*ref
		}{{"Member", s.Member}, {"Key", s.Key}, {"Value", s.Value}} {
			if r.ref != nil && p.constrained(r.Shape, nil) {
				add(r.field+": %q", r.Shape)
			}
		}
		fmt.Fprintf(b, "\t%q: {%s},\n", name, strings.Join(fields, ", "))
	}
	b.WriteString("}\n")
	return nil
}

// spelt writes Java's \uXXXX as Go does.
func spelt(pattern string) string {
	return unicodeEscape.ReplaceAllString(pattern, `\x{$1}`)
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// number prints a limit as an integer literal where it is one.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// literal prints a pattern so that it can be read.
func literal(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}
