package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var kindsByName = map[string]Kind{"identity": Identity, "managed": Managed, "boundary": Boundary, "session": Session, "scp": SCP,
	"resource": Resource, "endpoint": Endpoint, "trust": Trust, "authorizer": Authorizer}

type corpusFile struct {
	name, text string
	kind       Kind
}

// corpus is what must parse for ever, and the expected prints.
func corpus(t testing.TB) (files []corpusFile, printed map[string]string) {
	a, err := txtar.ParseFile("testdata/accepted.txtar")
	if err != nil {
		t.Fatal(err)
	}
	printed = map[string]string{}
	for _, f := range a.Files {
		if name, ok := strings.CutSuffix(f.Name, ".printed"); ok {
			printed[name] = strings.TrimSpace(string(f.Data))
			continue
		}
		dir, _, _ := strings.Cut(f.Name, "/")
		kind, ok := kindsByName[dir]
		if !ok {
			t.Fatalf("%s: no kind of policy", f.Name)
		}
		files = append(files, corpusFile{f.Name, string(f.Data), kind})
	}
	return files, printed
}

// reprint checks that a document survives printing: the same document, the same print, the same compiled form.
func reprint(t *testing.T, doc *Document) {
	t.Helper()
	text := doc.String()
	again, err := Parse(text, doc.Kind)
	if err != nil {
		t.Fatalf("the print %s does not parse: %v", text, err)
	}
	if got := again.String(); got != text {
		t.Fatalf("printed twice:\n got %s\nwant %s", got, text)
	}
	// Positions change, and entries of one type come together.
	sameLayout := func(d *Document) Document {
		c := *d
		c.Statements = nil
		for _, s := range d.Statements {
			s.Start, s.End = Position{}, Position{}
			conditions, byOperator := []Condition(nil), map[string][]Condition{}
			var operators []string
			for _, x := range s.Conditions {
				x.At = Position{}
				if byOperator[x.Operator] == nil {
					operators = append(operators, x.Operator)
				}
				byOperator[x.Operator] = append(byOperator[x.Operator], x)
			}
			for _, o := range operators {
				conditions = append(conditions, byOperator[o]...)
			}
			s.Conditions = conditions
			c.Statements = append(c.Statements, s)
		}
		return c
	}
	if d := cmp.Diff(sameLayout(again), sameLayout(doc)); d != "" {
		t.Fatalf("parsed print of %s (-got +want):\n%s", text, d)
	}
}

func TestAccepted(t *testing.T) {
	files, printed := corpus(t)
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			doc, err := Parse(f.text, f.kind)
			if err != nil {
				t.Fatal(err)
			}
			reprint(t, doc)
			if want, ok := printed[f.name]; ok {
				if d := cmp.Diff(doc.String(), want); d != "" {
					t.Errorf("(-got +want):\n%s", d)
				}
			}
			p, err := Compile(doc.Expand("arn:aws:execute-api:us-east-1:111122223333:abc"), f.name)
			if err != nil {
				t.Fatal(err)
			}
			p.Evaluate(call(t, user(home)))
			p.Evaluate(&Request{})
		})
	}
	if len(files) < 34 {
		t.Errorf("the corpus has %d documents; it may only grow", len(files))
	}
}

// FuzzParse: no document makes the package panic; what is accepted prints, compiles and evaluates, and evaluates like
// its print.
func FuzzParse(f *testing.F) {
	files, _ := corpus(f)
	for _, c := range files {
		f.Add(c.text, uint8(c.kind))
	}
	f.Add(`{"Statement":[{"Effect":"Allow","Effect":"Deny"}]}`, uint8(Identity))
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		doc, err := Parse(text, Kind(kind))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		reprint(t, doc)
		const api = "arn:aws:execute-api:us-east-1:111122223333:abc"
		p, err := Compile(doc.Expand(api), "p")
		if err != nil {
			t.Fatalf("accepted, but does not compile: %v", err)
		}
		again, err := Load(doc.Expand(api).String(), doc.Kind, "p")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []*Caller{nil, user(home), session(foreign), root(home)} {
			r := call(t, c)
			e, i := p.Evaluate(r)
			if e2, i2 := again.Evaluate(r); e2 != e || i2 != i {
				t.Errorf("got %v by %d, its print %v by %d", e, i, e2, i2)
			}
			Explain(r, &Layers{Resource: p, Caller: &Set{Identity: []*Policy{p}}})
		}
	})
}
