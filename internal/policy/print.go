package policy

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// String prints the document as JSON without white space, with the members in the order of the grammar, a list of
// statements, and lists of one value as that value: the form in which API Gateway gives a policy back [recorded].
// Parsing it again gives the same document, apart from positions.
func (d *Document) String() string {
	w := writer{}
	w.open('{')
	if d.Version != "" {
		w.text("Version", d.Version)
	}
	if d.ID != "" {
		w.text("Id", d.ID)
	}
	w.name("Statement")
	w.open('[')
	for i := range d.Statements {
		w.statement(&d.Statements[i])
	}
	w.close(']')
	w.close('}')
	return string(w.b)
}

// writer appends JSON. first says that no comma is due.
type writer struct {
	b     []byte
	first bool
}

func (w *writer) comma() {
	if !w.first && len(w.b) > 0 {
		w.b = append(w.b, ',')
	}
	w.first = false
}

func (w *writer) open(c byte) {
	w.comma()
	w.b = append(w.b, c)
	w.first = true
}

func (w *writer) close(c byte) {
	w.b = append(w.b, c)
	w.first = false
}

func (w *writer) quote(s string) {
	w.comma()
	// Parsed text is valid UTF-8; in a document made by hand the invalid bytes are replaced.
	w.b, _ = jsontext.AppendQuote(w.b, s)
}

func (w *writer) name(s string) {
	w.quote(s)
	w.b = append(w.b, ':')
	w.first = true
}

func (w *writer) text(name, value string) {
	w.name(name)
	w.quote(value)
}

func (w *writer) list(name string, values []string) {
	w.name(name)
	if len(values) == 1 {
		w.quote(values[0])
		return
	}
	w.open('[')
	for _, v := range values {
		w.quote(v)
	}
	w.close(']')
}

func (w *writer) statement(s *Statement) {
	w.open('{')
	if s.Sid != "" {
		w.text("Sid", s.Sid)
	}
	w.text("Effect", s.Effect.String())
	w.principals(&s.Principals)
	w.element("Action", s.Actions)
	w.element("Resource", s.Resources)
	w.conditions(s.Conditions)
	w.close('}')
}

func (w *writer) element(name string, l List) {
	if len(l.Values) > 0 {
		w.list(negate(name, l.Not), l.Values)
	}
}

func negate(name string, not bool) string {
	if not {
		return "Not" + name
	}
	return name
}

func (w *writer) principals(p *Principals) {
	name := negate("Principal", p.Not)
	if p.Everyone {
		w.text(name, "*")
		return
	}
	if len(p.Entries) == 0 {
		return
	}
	w.name(name)
	w.open('{')
	var done []PrincipalType
	for _, e := range p.Entries {
		if slices.Contains(done, e.Type) {
			continue
		}
		done = append(done, e.Type)
		var values []string
		for _, f := range p.Entries {
			if f.Type == e.Type {
				values = append(values, f.Value)
			}
		}
		w.list(string(e.Type), values)
	}
	w.close('}')
}

// conditions writes the tests of one operator together. An operator without keys says nothing and is left out.
func (w *writer) conditions(list []Condition) {
	if len(list) == 0 {
		return
	}
	w.name("Condition")
	w.open('{')
	var done []string
	for i := range list {
		operator := list[i].Operator
		if slices.Contains(done, operator) {
			continue
		}
		done = append(done, operator)
		w.name(operator)
		w.open('{')
		for _, c := range list[i:] {
			if c.Operator == operator {
				w.list(c.Key, c.Values)
			}
		}
		w.close('}')
	}
	w.close('}')
}
