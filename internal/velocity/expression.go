package velocity

import (
	"math/big"
	"strconv"
	"strings"

	"gatehouse/internal/javaregexp"
	"gatehouse/internal/jsonpath"
)

// maxOperators is how many operators one expression may have: each is a level of the tree.
const maxOperators = 500

func (p *parser) space() {
	for p.i < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.i]) >= 0 {
		p.i++
	}
}

// levels lists the binary operators, the loosest first. Longer ones stand before their prefixes.
var levels = [][]struct {
	token string
	op    operator
}{
	{{"||", opOr}, {"or", opOr}},
	{{"&&", opAnd}, {"and", opAnd}},
	{{"==", opEqual}, {"eq", opEqual}, {"!=", opUnequal}, {"ne", opUnequal}},
	{{"<=", opAtMost}, {"le", opAtMost}, {"<", opLess}, {"lt", opLess}, {">=", opAtLeast}, {"ge", opAtLeast}, {">", opGreater}, {"gt", opGreater}},
	{{"+", opAdd}, {"-", opSubtract}},
	{{"*", opMultiply}, {"/", opDivide}, {"%", opModulo}},
}

// expression reads an expression with operators.
func (p *parser) expression() (expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer p.shallower()
	count := 0
	return p.binary(0, &count)
}

func (p *parser) binary(level int, count *int) (expr, error) {
	if level == len(levels) {
		return p.unary(count)
	}
	left, err := p.binary(level+1, count)
	if err != nil {
		return nil, err
	}
	for {
		p.space()
		at := p.i
		op := p.operator(level)
		if op == 0 {
			return left, nil
		}
		if *count++; *count > maxOperators {
			return nil, p.fail(at, "an expression has more than %d operators", maxOperators)
		}
		right, err := p.binary(level+1, count)
		if err != nil {
			return nil, err
		}
		left = &binary{at: p.base + at, op: op, left: left, right: right}
	}
}

// token steps over an operator; a word must not go on.
func (p *parser) token(token string) bool {
	rest, ok := strings.CutPrefix(p.src[p.i:], token)
	if !ok || isLetter(token[0]) && rest != "" && isWordByte(rest[0]) {
		return false
	}
	p.i += len(token)
	return true
}

func (p *parser) operator(level int) operator {
	for _, o := range levels[level] {
		if p.token(o.token) {
			return o.op
		}
	}
	return 0
}

func (p *parser) unary(count *int) (expr, error) {
	p.space()
	if p.i < len(p.src) && !strings.HasPrefix(p.src[p.i:], "!=") && (p.token("!") || p.token("not")) {
		if *count++; *count > maxOperators {
			return nil, p.fail(p.i, "an expression has more than %d operators", maxOperators)
		}
		inner, err := p.unary(count)
		return not{inner}, err
	}
	if p.i < len(p.src) && p.src[p.i] == '(' {
		p.i++
		inner, err := p.expression()
		if err != nil {
			return nil, err
		}
		if p.space(); p.i == len(p.src) || p.src[p.i] != ')' {
			return nil, p.fail(p.i, "expected )")
		}
		p.i++
		return inner, nil
	}
	return p.operand()
}

// operand reads a reference or a literal: what may stand as an argument, an element and a key.
func (p *parser) operand() (expr, error) {
	if p.space(); p.i == len(p.src) {
		return nil, p.fail(p.i, "the template ends inside an expression")
	}
	switch c := p.src[p.i]; {
	case c == '$':
		at := p.i
		ref, err := p.reference()
		if err == nil && ref == nil {
			err = p.fail(at, "expected a variable behind $")
		}
		return ref, err
	case c == '"' || c == '\'':
		return p.stringLiteral()
	case c == '[':
		return p.list()
	case c == '{':
		return p.mapLiteral()
	case isDigit(c) || c == '-' || c == '.':
		return p.number()
	}
	for _, w := range []struct {
		word  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if p.token(w.word) {
			return literal{w.value}, nil
		}
	}
	return nil, p.fail(p.i, "expected a reference, a text, a number, a list, a map, true or false")
}

// number reads 12, -1.5, .5 or 1e3; two dots behind digits belong to a range.
func (p *parser) number() (expr, error) {
	start := p.i
	if p.src[p.i] == '-' {
		p.i++
	}
	digits := p.digits()
	float := false
	if p.i < len(p.src) && p.src[p.i] == '.' && !strings.HasPrefix(p.src[p.i:], "..") {
		p.i++
		float = true
		digits += p.digits()
	}
	if digits > 0 && p.i < len(p.src) && (p.src[p.i] == 'e' || p.src[p.i] == 'E') {
		mark := p.i
		if p.i++; p.i < len(p.src) && (p.src[p.i] == '+' || p.src[p.i] == '-') {
			p.i++
		}
		if p.digits() == 0 {
			p.i = mark
		} else {
			float = true
		}
	}
	text := p.src[start:p.i]
	if digits == 0 {
		p.i = start
		return nil, p.fail(start, "expected a number")
	}
	if float {
		f, _ := strconv.ParseFloat(text, 64) // out of range is an infinity, as in Java
		return literal{f}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return literal{n}, nil
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok || n.BitLen() > maxBits {
		return nil, p.fail(start, "the number is too long")
	}
	return literal{n}, nil
}

func (p *parser) digits() int {
	start := p.i
	for p.i < len(p.src) && isDigit(p.src[p.i]) {
		p.i++
	}
	return p.i - start
}

// sequence reads items with commas between them, up to the closing byte.
func (p *parser) sequence(end byte, what string, item func() error) error {
	if err := p.deeper(); err != nil {
		return err
	}
	defer p.shallower()
	p.i++
	if p.space(); p.i < len(p.src) && p.src[p.i] == end {
		p.i++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if p.space(); p.i == len(p.src) || p.src[p.i] != ',' {
			return p.closing(end, what)
		}
		p.i++
	}
}

func (p *parser) closing(c byte, what string) error {
	if p.space(); p.i == len(p.src) || p.src[p.i] != c {
		return p.fail(p.i, "%s: expected %c", what, c)
	}
	p.i++
	return nil
}

// list reads [a, b] or [1..3].
func (p *parser) list() (expr, error) {
	at := p.base + p.i
	var items []expr
	var to expr
	err := p.sequence(']', "list", func() error {
		item, err := p.operand()
		if err != nil {
			return err
		}
		items = append(items, item)
		if p.space(); len(items) == 1 && strings.HasPrefix(p.src[p.i:], "..") {
			p.i += 2
			to, err = p.operand()
		}
		return err
	})
	if to == nil {
		return &listLiteral{at: at, items: items}, err
	}
	if err == nil && len(items) > 1 {
		err = p.fail(p.i-1, "a range has two ends only")
	}
	return &rangeLiteral{at: at, from: items[0], to: to}, err
}

func (p *parser) mapLiteral() (expr, error) {
	m := &mapLiteral{at: p.base + p.i}
	return m, p.sequence('}', "map", func() error {
		key, err := p.operand()
		if err != nil {
			return err
		}
		if err := p.closing(':', "map"); err != nil {
			return err
		}
		value, err := p.operand()
		m.keys, m.values = append(m.keys, key), append(m.values, value)
		return err
	})
}

// stringLiteral reads a text in quotes. A quote inside is written twice; backslashes mean themselves. Double
// quotes know \u0041, references and directives.
func (p *parser) stringLiteral() (expr, error) {
	start, quote := p.i, p.src[p.i]
	end := 0 // behind the last quote that could close the text
	for i := start + 1; i < len(p.src); i++ {
		if p.src[i] != quote {
			continue
		}
		end = i + 1
		if i++; i == len(p.src) || p.src[i] != quote {
			break
		}
	}
	if end == 0 {
		return nil, p.fail(start, "the text is not closed by %c", quote)
	}
	p.i = end
	text := p.src[start+1 : end-1]
	if quote == '"' {
		var err error
		if text, err = p.unescape(text, start); err != nil {
			return nil, err
		}
	}
	text = strings.ReplaceAll(text, string([]byte{quote, quote}), string(quote))
	if quote == '\'' || !strings.ContainsAny(text, "$#") {
		return literal{text}, nil
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer p.shallower()
	inner := &parser{c: p.c, src: text, base: p.base + start + 1, inString: true}
	body, err := inner.template()
	if err != nil {
		return nil, err
	}
	return &interpolation{at: p.base + start, body: body}, nil
}

// unescape replaces \u0041.
func (p *parser) unescape(s string, at int) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `\u`)
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if len(after) < 4 {
			return "", p.fail(at, `\u in a text needs four digits`)
		}
		n, err := strconv.ParseUint(after[:4], 16, 16)
		if err != nil {
			return "", p.fail(at, `\u in a text needs four digits`)
		}
		b.WriteRune(rune(n))
		s = after[4:]
	}
}

// reference reads $x, $!x, ${x} or $!{x} with what follows it; nil if there is none, and then nothing is read.
func (p *parser) reference() (*reference, error) {
	start := p.i
	if p.i == len(p.src) || p.src[p.i] != '$' {
		return nil, nil
	}
	i := start + 1
	ref := &reference{at: p.base + start}
	if i < len(p.src) && p.src[i] == '!' {
		ref.quiet = true
		i++
	}
	formal := i < len(p.src) && p.src[i] == '{'
	if formal {
		i++
	}
	end := p.identifier(i)
	if end == i {
		return nil, nil
	}
	name := p.src[i:end]
	ref.slot = p.c.slot(name)
	p.i = end
	if err := p.links(ref, name); err != nil {
		return nil, err
	}
	if formal {
		if p.i == len(p.src) || p.src[p.i] != '}' {
			return nil, p.fail(start, "%s is not closed by }", p.src[start:p.i])
		}
		p.i++
	}
	return ref, nil
}

// identifier returns where the identifier at i ends: letters, digits, - and _.
func (p *parser) identifier(i int) int {
	if i == len(p.src) || !isLetter(p.src[i]) && p.src[i] != '_' {
		return i
	}
	for i < len(p.src) && (isLetter(p.src[i]) || isDigit(p.src[i]) || p.src[i] == '-' || p.src[i] == '_') {
		i++
	}
	return i
}

// links reads properties, indexes and methods.
func (p *parser) links(ref *reference, root string) error {
	for p.i < len(p.src) {
		at := p.i
		switch {
		case p.src[p.i] == '[':
			p.i++
			key, err := p.operand()
			if err != nil {
				return err
			}
			if err := p.closing(']', "index"); err != nil {
				return err
			}
			ref.links = append(ref.links, &index{at: p.base + at, key: key})
		case p.src[p.i] == '.' && p.i+1 < len(p.src) && isLetter(p.src[p.i+1]):
			end := p.identifier(p.i + 1)
			name := p.src[p.i+1 : end]
			p.i = end
			if p.i == len(p.src) || p.src[p.i] != '(' {
				ref.links = append(ref.links, property(name))
				continue
			}
			m, err := p.method(name, at, root == "input" && len(ref.links) == 0)
			if err != nil {
				return err
			}
			ref.links = append(ref.links, m)
		default:
			return nil
		}
	}
	return nil
}

// method reads the arguments of a method, and compiles the pattern or path among them when it is constant.
func (p *parser) method(name string, at int, ofInput bool) (*method, error) {
	m := &method{at: p.base + at, name: name}
	err := p.sequence(')', "arguments of "+name, func() error {
		arg, err := p.operand()
		m.args = append(m.args, arg)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(m.args) == 0 {
		return m, nil
	}
	constant, ok := m.args[0].(literal)
	text, isText := constant.value.(string)
	if !ok || !isText {
		return m, nil
	}
	switch {
	case ofInput && (name == "json" || name == "path"):
		m.path, err = jsonpath.Compile(text)
	case name == "matches" || name == "replaceAll" || name == "replaceFirst" || name == "split":
		m.pattern, err = javaregexp.Compile(text, "")
	}
	if err != nil {
		return nil, p.fail(at, "%s: %v", name, err)
	}
	return m, nil
}
