package policy

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Parse reads a document of a kind. Every error is an *Error.
//
// Parsing has two passes, as IAM's has: the first reads the syntax from front to back, the second checks what the
// document says, in IAM's order (check.go).
func Parse(text string, kind Kind) (*Document, error) {
	if !kind.valid() {
		return nil, &Error{Detail: "no such kind of policy", Message: "Syntax errors in policy."}
	}
	p := parser{kind: kind, text: text, at: Position{1, 1}}
	if len(text) > MaxBytes {
		return nil, p.kind.fail(badJSON, Position{}, fmt.Sprintf("the document has %d bytes; the limit is %d", len(text), MaxBytes))
	}
	p.dec = jsontext.NewDecoder(strings.NewReader(text))
	doc, err := p.document()
	if err == nil {
		err = p.end()
	}
	if err == nil {
		err = check(doc)
	}
	if err != nil {
		return nil, err
	}
	return doc.document(), nil
}

// draft is a document between the passes.
type draft struct {
	Document
	statements []draftStatement
	hasStmt    bool
	versionAt  Position
	startAt    Position
	sids       map[string]bool // those of the statements that were checked
}

type draftStatement struct {
	Statement
	effect string
	has    fields
}

func (d *draft) document() *Document {
	for i := range d.statements {
		d.Statements = append(d.Statements, d.statements[i].Statement)
	}
	return &d.Document
}

// fields are the elements that a statement has.
type fields uint16

const (
	hasEffect fields = 1 << iota
	hasPrincipal
	hasNotPrincipal
	hasAction
	hasNotAction
	hasResource
	hasNotResource
)

type parser struct {
	kind Kind
	text string
	dec  *jsontext.Decoder
	// at is the position of the byte at offset; both only move forward.
	at     Position
	offset int
}

// move advances the position to an offset.
func (p *parser) move(to int) Position {
	for p.offset < to && p.offset < len(p.text) {
		if p.text[p.offset] == '\n' {
			p.at.Line++
			p.at.Column = 1
			p.offset++
			continue
		}
		_, n := utf8.DecodeRuneInString(p.text[p.offset:])
		p.at.Column++
		p.offset += n
	}
	return p.at
}

// here is the position of the next token.
func (p *parser) here() Position {
	i := int(p.dec.InputOffset())
	for i < len(p.text) && strings.IndexByte(" \t\r\n,:", p.text[i]) >= 0 {
		i++
	}
	return p.move(i)
}

// broken reports a document that is no JSON.
func (p *parser) broken(err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		why := "the text is no valid JSON"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			why = fmt.Sprintf("the member %q appears twice", syntax.JSONPointer.LastToken())
		}
		return p.kind.fail(badJSON, p.move(int(syntax.ByteOffset)), why)
	}
	return p.kind.fail(badJSON, p.move(len(p.text)), "the text ends too early")
}

func (p *parser) shape(at Position, want string) error {
	return p.kind.fail(badShape, at, "here must be "+want)
}

// object reads an object and calls member with each name; member reads the value.
func (p *parser) object(what string, member func(name string, at Position) error) (start, end Position, err error) {
	start = p.here()
	if p.dec.PeekKind() != '{' {
		return start, end, p.mismatch(start, what)
	}
	p.dec.ReadToken()
	for {
		at := p.here()
		t, err := p.dec.ReadToken()
		if err != nil {
			return start, end, p.broken(err)
		}
		if t.Kind() == '}' {
			return start, at, nil
		}
		if err := member(t.String(), at); err != nil {
			return start, end, err
		}
	}
}

// mismatch is for a value that is not what it must be: not JSON at all, or of another shape.
func (p *parser) mismatch(at Position, want string) error {
	if p.dec.PeekKind() == 0 || strings.IndexByte("}]", byte(p.dec.PeekKind())) >= 0 {
		if _, err := p.dec.ReadToken(); err != nil {
			return p.broken(err)
		}
	}
	return p.shape(at, want)
}

func (p *parser) string(what string) (string, error) {
	at := p.here()
	if p.dec.PeekKind() != '"' {
		return "", p.mismatch(at, what)
	}
	t, err := p.dec.ReadToken()
	if err != nil {
		return "", p.broken(err)
	}
	return t.String(), nil
}

// strings reads a string or a list of strings. With scalars, numbers and booleans count as their text.
func (p *parser) strings(what string, scalars bool) ([]string, error) {
	one := func() (string, error) {
		switch k := p.dec.PeekKind(); {
		case k == '"', scalars && (k == '0' || k == 't' || k == 'f'):
			t, err := p.dec.ReadToken()
			if err != nil {
				return "", p.broken(err)
			}
			return t.String(), nil
		}
		return "", p.mismatch(p.here(), what)
	}
	if p.dec.PeekKind() != '[' {
		s, err := one()
		return []string{s}, err
	}
	p.dec.ReadToken()
	list := []string{}
	for p.dec.PeekKind() != ']' {
		s, err := one()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	p.dec.ReadToken()
	return list, nil
}

func (p *parser) document() (*draft, error) {
	d := &draft{Document: Document{Kind: p.kind}, sids: map[string]bool{}}
	start, _, err := p.object("an object with Version and Statement", func(name string, at Position) (err error) {
		switch name {
		case "Version":
			d.versionAt = p.here()
			d.Version, err = p.string("a version as text")
		case "Id":
			d.ID, err = p.string("an id as text")
		case "Statement":
			d.hasStmt = true
			err = p.statements(d)
		default:
			return p.kind.fail(unknownField, at, fmt.Sprintf("a policy has no member %q (names are case-sensitive)", name), name)
		}
		return err
	})
	d.startAt = start
	return d, err
}

func (p *parser) statements(d *draft) error {
	if p.dec.PeekKind() != '[' {
		return p.statement(d)
	}
	p.dec.ReadToken()
	for p.dec.PeekKind() != ']' {
		if err := p.statement(d); err != nil {
			return err
		}
	}
	p.dec.ReadToken()
	return nil
}

func (p *parser) statement(d *draft) error {
	var s draftStatement
	start, end, err := p.object("a statement as an object, or a list of statements", func(name string, at Position) (err error) {
		switch name {
		case "Sid":
			s.Sid, err = p.string("a statement id as text")
		case "Effect":
			s.has |= hasEffect
			s.effect, err = p.string("\"Allow\" or \"Deny\"")
		case "Principal":
			s.has |= hasPrincipal
			err = p.principals(&s.Principals)
		case "NotPrincipal":
			s.has |= hasNotPrincipal
			err = p.principals(&s.Principals)
		case "Action":
			s.has |= hasAction
			s.Actions.Values, err = p.strings("an action or a list of actions", false)
		case "NotAction":
			s.has |= hasNotAction
			s.Actions.Not = true
			s.Actions.Values, err = p.strings("an action or a list of actions", false)
		case "Resource":
			s.has |= hasResource
			s.Resources.Values, err = p.strings("a resource or a list of resources", false)
		case "NotResource":
			s.has |= hasNotResource
			s.Resources.Not = true
			s.Resources.Values, err = p.strings("a resource or a list of resources", false)
		case "Condition":
			err = p.conditions(&s)
		default:
			return p.kind.fail(unknownField, at, fmt.Sprintf("a statement has no member %q (names are case-sensitive)", name), name)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.Start, s.End = start, end
	for _, pair := range [...]struct {
		both fields
		name string
	}{
		{hasPrincipal | hasNotPrincipal, "Principal"}, {hasAction | hasNotAction, "Action"}, {hasResource | hasNotResource, "Resource"},
	} {
		if s.has&pair.both == pair.both {
			return p.kind.fail(badShape, start, fmt.Sprintf("the statement has both %s and Not%[1]s; keep one", pair.name))
		}
	}
	s.Principals.Not = s.has&hasNotPrincipal != 0
	d.statements = append(d.statements, s)
	return nil
}

func (p *parser) principals(list *Principals) error {
	if p.dec.PeekKind() == '"' {
		at := p.here()
		s, err := p.string("a principal")
		switch {
		case err != nil:
			return err
		case s != "*":
			return p.kind.fail(principalFault(p.kind), at, fmt.Sprintf("%q must stand in an object, as in {\"AWS\": …}", s), "AWS", s)
		}
		list.Everyone = true
		return nil
	}
	_, _, err := p.object("\"*\" or an object with AWS, Service or Federated", func(name string, at Position) error {
		switch PrincipalType(name) {
		case PrincipalAWS, PrincipalService, PrincipalFederated, PrincipalCanonicalUser:
		default:
			return p.kind.fail(principalFault(p.kind), at, fmt.Sprintf("there are no principals of type %q (names are case-sensitive)", name), name, "")
		}
		values, err := p.strings("a principal or a list of principals", false)
		for _, v := range values {
			list.Entries = append(list.Entries, Principal{PrincipalType(name), v})
		}
		return err
	})
	return err
}

// principalFault is the fault of a principal that cannot be read, where a principal may be at all.
func principalFault(k Kind) fault {
	if kinds[k].principal {
		return badPrincipal
	}
	return prohibitedPrincipal
}

func (p *parser) conditions(s *draftStatement) error {
	_, _, err := p.object("an object of condition operators", func(operator string, at Position) error {
		if err := checkOperator(p.kind, operator, at); err != nil {
			return err
		}
		_, _, err := p.object("an object of condition keys", func(key string, at Position) error {
			values, err := p.strings("a value or a list of values", true)
			s.Conditions = append(s.Conditions, Condition{operator, key, values, at})
			return err
		})
		return err
	})
	return err
}

// end makes sure that nothing follows the document.
func (p *parser) end() error {
	at := p.here()
	if _, err := p.dec.ReadToken(); err != io.EOF {
		return p.kind.fail(badJSON, at, "something follows the document")
	}
	return nil
}
