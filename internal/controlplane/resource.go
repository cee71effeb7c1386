package controlplane

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/policy/condition"
)

// Locator knows the ARNs of a service's resources better than the operation table.
type Locator interface {
	// Locate returns the ARN of a resource that an operation names, or "" when the template says it all.
	// template is shape.Operation.Resource: "user/{UserName}", "function:{FunctionName}{:Qualifier}". values
	// stand in its places, in their order; "" is a field that was not sent, like the user name of those who
	// mean themselves (identity.CallerFrom).
	Locate(ctx context.Context, template string, values []string) (string, error)
}

// Describer is a Locator that also knows what policies may ask about a resource as it is now: its tags, the
// permissions boundary of a user.
type Describer interface {
	// Describe adds the condition keys of the resource with an ARN; none for one that does not exist. Keys
	// that the request has count before those that it adds.
	Describe(ctx context.Context, arn string, x *condition.Context) error
}

// maxResources bounds how many resources of one operation are asked about.
const maxResources = 1000

// resources are the ARNs that the operation acts on, at least one; "*" stands for none.
func (c *call) resources(in reflect.Value) ([]string, error) {
	m, template := c.service.Model(), c.op.Operation.Resource
	if template == "" || !in.IsValid() {
		return []string{"*"}, nil
	}
	places := placesOf(template)
	// At most one field is a list; then there is a resource for each of its elements.
	rows := [][]string{nil}
	for _, p := range places {
		values := texts(field(in, p.field))
		if len(values) == 0 {
			values = []string{""}
		}
		var next [][]string
		for _, row := range rows {
			for _, v := range values {
				next = append(next, append(row[:len(row):len(row)], v))
			}
		}
		if len(next) > maxResources {
			return []string{"*"}, nil // only a policy for everything covers so many
		}
		rows = next
	}
	prefix := strings.NewReplacer("{region}", string(c.Home.Region), "{account}", string(c.Home.Account)).Replace(m.ARN)
	var out []string
	for _, values := range rows {
		text := ""
		if l := c.Locators[m.Name]; l != nil {
			var err error
			if text, err = l.Locate(c.context(), template, values); err != nil {
				return nil, err
			}
		}
		if text == "" {
			text = expand(template, places, values)
			if !strings.HasPrefix(text, "arn:") {
				text = "arn:" + string(c.Home.Partition) + ":" + prefix + text
			}
		}
		out = append(out, text)
	}
	return out, nil
}

// place is a {field} of a template. The field is at template[from:to], braces included.
type place struct {
	from, to     int
	field, usual string
	optional     bool
}

func placesOf(template string) []place {
	var out []place
	for from := 0; ; {
		i := strings.IndexByte(template[from:], '{')
		if i < 0 {
			return out
		}
		i += from
		to := i + strings.IndexByte(template[i:], '}') + 1
		p := place{from: i, to: to}
		text := template[i+1 : to-1]
		if text, p.optional = strings.CutPrefix(text, ":"); p.optional {
			p.field = text
		} else {
			p.field, p.usual, _ = strings.Cut(text, ":")
		}
		out = append(out, p)
		from = to
	}
}

// expand puts values into their places. A name that is an ARN is the resource itself: stacks, for instance,
// are named either way. A path in front of a name is no name.
func expand(template string, places []place, values []string) string {
	if len(values) > 0 && strings.HasPrefix(values[0], "arn:") {
		if kind := template[:places[0].from]; kind == "" || kind[0] != '/' && strings.ContainsAny(kind[len(kind)-1:], "/:") {
			return values[0]
		}
	}
	var b strings.Builder
	from := 0
	for i, p := range places {
		b.WriteString(template[from:p.from])
		from = p.to
		v := values[i]
		switch {
		case p.optional && v != "":
			b.WriteString(":" + v)
		case v == "":
			b.WriteString(p.usual)
		case template[0] == '/':
			b.WriteString(escaper.Replace(v))
		default:
			b.WriteString(v)
		}
	}
	b.WriteString(template[from:])
	return b.String()
}

// escaper keeps a value within its segment of a path. API Gateway's ARNs of tags have the ARN of what is
// tagged percent-encoded in them [docs].
var escaper = strings.NewReplacer("%", "%25", "/", "%2F", ":", "%3A")

// field returns a field of an input by name, the zero Value when there is none.
func field(in reflect.Value, name string) reflect.Value {
	if !in.IsValid() {
		return reflect.Value{}
	}
	return in.FieldByName(name)
}

// texts are the values of a field as policies compare them: none for one that was not sent.
func texts(v reflect.Value) []string {
	switch {
	case !v.IsValid():
		return nil
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return texts(v.Elem())
	case v.Type() == reflect.TypeFor[time.Time]():
		return []string{v.Interface().(time.Time).UTC().Format(time.RFC3339)}
	case v.Kind() == reflect.String:
		return []string{v.String()}
	case v.Kind() == reflect.Bool:
		return []string{strconv.FormatBool(v.Bool())}
	case v.CanInt():
		return []string{strconv.FormatInt(v.Int(), 10)}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		var out []string
		for i := range v.Len() {
			out = append(out, v.Index(i).String())
		}
		return out
	}
	return nil
}
