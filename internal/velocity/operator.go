package velocity

import (
	"errors"
	"math"
	"math/big"

	"gatehouse/internal/jsonpath"
)

// expr is an expression.
type expr interface {
	eval(r *run) (any, error)
	// truth is what #if makes of it.
	truth(r *run) (bool, error)
}

type operator uint8

const (
	opOr operator = iota + 1
	opAnd
	opEqual
	opUnequal
	opLess
	opAtMost
	opGreater
	opAtLeast
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulo
)

type (
	literal struct{ value any }
	not     struct{ inner expr }
	binary  struct {
		at          int
		op          operator
		left, right expr
	}
	// interpolation is a text in double quotes that holds references.
	interpolation struct {
		at   int
		body block
	}
	listLiteral struct {
		at    int
		items []expr
	}
	rangeLiteral struct {
		at       int
		from, to expr
	}
	mapLiteral struct {
		at           int
		keys, values []expr
	}
)

// Of what is no reference, comparison or boolean, Velocity 1.7 makes false.
func (l literal) truth(*run) (bool, error)        { return l.value == true, nil }
func (s *interpolation) truth(*run) (bool, error) { return false, nil }
func (l *listLiteral) truth(*run) (bool, error)   { return false, nil }
func (l *rangeLiteral) truth(*run) (bool, error)  { return false, nil }
func (l *mapLiteral) truth(*run) (bool, error)    { return false, nil }

func (l literal) eval(*run) (any, error) { return l.value, nil }

func (s *interpolation) eval(r *run) (any, error) {
	text, err := r.capture(func() error { return s.body.render(r) })
	return text, r.at(s.at, err)
}

func (l *listLiteral) eval(r *run) (any, error) {
	if err := r.m.Alloc(48 + 32*len(l.items)); err != nil {
		return nil, r.at(l.at, err)
	}
	a := &jsonpath.Array{Java: true, Items: make([]any, 0, len(l.items))}
	for _, item := range l.items {
		v, err := item.eval(r)
		if err != nil {
			return nil, err
		}
		a.Items = append(a.Items, v)
	}
	return a, nil
}

func (l *rangeLiteral) eval(r *run) (any, error) {
	left, err := l.from.eval(r)
	if err != nil {
		return nil, err
	}
	right, err := l.to.eval(r)
	if err != nil {
		return nil, err
	}
	from, fok := whole(left)
	to, tok := whole(right)
	if !fok || !tok {
		return nil, nil
	}
	step, n := int64(1), uint64(to)-uint64(from)
	if from > to {
		step, n = -1, uint64(from)-uint64(to)
	}
	if n >= MaxMemory/32 {
		return nil, r.at(l.at, jsonpath.ErrBytes)
	}
	if err := r.m.Alloc(48 + 32*int(n)); err != nil {
		return nil, r.at(l.at, err)
	}
	a := &jsonpath.Array{Java: true, Items: make([]any, n+1)}
	for i := range a.Items {
		a.Items[i] = from
		from += step
	}
	return a, nil
}

func (l *mapLiteral) eval(r *run) (any, error) {
	o := new(jsonpath.Object)
	for i := range l.keys {
		key, err := l.keys[i].eval(r)
		if err != nil {
			return nil, err
		}
		name, err := r.text(key)
		if err != nil {
			return nil, r.at(l.at, err)
		}
		v, err := l.values[i].eval(r)
		if err != nil {
			return nil, err
		}
		if err := r.put(o, name, v); err != nil {
			return nil, r.at(l.at, err)
		}
	}
	return o, nil
}

func (n not) truth(r *run) (bool, error) {
	ok, err := n.inner.truth(r)
	return !ok && err == nil, err
}

func (n not) eval(r *run) (any, error) {
	ok, err := n.truth(r)
	return ok, err
}

func (b *binary) truth(r *run) (bool, error) {
	if err := r.m.Spend(1); err != nil {
		return false, r.at(b.at, err)
	}
	switch b.op {
	case opOr, opAnd:
		ok, err := b.left.truth(r)
		if err != nil || ok == (b.op == opOr) {
			return ok, err
		}
		return b.right.truth(r)
	case opAdd, opSubtract, opMultiply, opDivide, opModulo:
		return false, nil
	}
	left, err := b.left.eval(r)
	if err != nil {
		return false, err
	}
	right, err := b.right.eval(r)
	if err != nil {
		return false, err
	}
	if b.op == opEqual || b.op == opUnequal {
		same, err := r.same(left, right)
		return same == (b.op == opEqual) && err == nil, r.at(b.at, err)
	}
	c, ok := jsonpath.CompareNumbers(left, right)
	if !ok {
		return false, nil
	}
	switch b.op {
	case opLess:
		return c < 0, nil
	case opAtMost:
		return c <= 0, nil
	case opGreater:
		return c > 0, nil
	}
	return c >= 0, nil
}

func (b *binary) eval(r *run) (any, error) {
	if b.op < opAdd {
		ok, err := b.truth(r)
		return ok, err
	}
	if err := r.m.Spend(1); err != nil {
		return nil, r.at(b.at, err)
	}
	left, err := b.left.eval(r)
	if err != nil {
		return nil, err
	}
	right, err := b.right.eval(r)
	if err != nil {
		return nil, err
	}
	_, ltext := left.(string)
	_, rtext := right.(string)
	if b.op == opAdd && (ltext || rtext) {
		return b.concat(r, left, right)
	}
	v, err := arithmetic(b.op, left, right)
	return v, r.at(b.at, err)
}

func (b *binary) concat(r *run, left, right any) (any, error) {
	x, err := r.text(left)
	if err != nil {
		return nil, r.at(b.at, err)
	}
	y, err := r.text(right)
	if err != nil {
		return nil, r.at(b.at, err)
	}
	if len(x)+len(y) > MaxOutput {
		return nil, r.at(b.at, errOutput)
	}
	return x + y, r.at(b.at, r.m.Alloc(len(x)+len(y)))
}

// same is Velocity's ==: numbers by amount, values of one kind by value, all others by what they print.
func (r *run) same(a, b any) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	if kind(a) == kind(b) && kind(a) != kindOther {
		return jsonpath.Equal(a, b, &r.m)
	}
	x, err := r.text(a)
	if err != nil {
		return false, err
	}
	y, err := r.text(b)
	return x == y, err
}

type valueKind uint8

const (
	kindOther valueKind = iota
	kindText
	kindNumber
	kindBool
	kindList
	kindMap
)

func kind(v any) valueKind {
	switch v.(type) {
	case string:
		return kindText
	case jsonpath.Number, int64, float64, *big.Int:
		return kindNumber
	case bool:
		return kindBool
	case *jsonpath.Array:
		return kindList
	case *jsonpath.Object:
		return kindMap
	}
	return kindOther
}

// maxBits is how long a whole number may become. Java's BigInteger has no such limit.
const maxBits = 4096

var errBits = errors.New("a whole number has more than 4096 bits")

// arithmetic computes as Java does: whole numbers stay whole and grow as needed, anything with a double is a
// double. What is no number, and a division by zero, gives nil.
func arithmetic(op operator, a, b any) (any, error) {
	x, y := numeric(a), numeric(b)
	if x == nil || y == nil {
		return nil, nil
	}
	if i, ok := x.(int64); ok {
		if j, ok := y.(int64); ok {
			if v, done := wholeNumbers(op, i, j); done {
				return v, nil
			}
		}
	}
	p, pok := bigInt(x)
	q, qok := bigInt(y)
	if pok && qok {
		return bigNumbers(op, p, q)
	}
	f, g := double(x), double(y)
	switch op {
	case opAdd:
		return f + g, nil
	case opSubtract:
		return f - g, nil
	case opMultiply:
		return f * g, nil
	}
	if g == 0 {
		return nil, nil
	}
	if op == opDivide {
		return f / g, nil
	}
	return math.Mod(f, g), nil
}

// wholeNumbers computes with 64 bits; done is false when they are not enough.
func wholeNumbers(op operator, i, j int64) (v any, done bool) {
	switch op {
	case opAdd:
		sum := i + j
		return sum, (sum > i) == (j > 0)
	case opSubtract:
		difference := i - j
		return difference, (difference < i) == (j > 0)
	case opMultiply:
		product := i * j
		return product, i == 0 || product/i == j && (i != -1 || j != math.MinInt64)
	}
	if j == 0 {
		return nil, true
	}
	if op == opDivide {
		return i / j, true
	}
	return i % j, true
}

func bigNumbers(op operator, p, q *big.Int) (any, error) {
	v := new(big.Int)
	switch op {
	case opAdd:
		v.Add(p, q)
	case opSubtract:
		v.Sub(p, q)
	case opMultiply:
		v.Mul(p, q)
	default:
		if q.Sign() == 0 {
			return nil, nil
		}
		if op == opDivide {
			v.Quo(p, q)
		} else {
			v.Rem(p, q)
		}
	}
	if v.BitLen() > maxBits {
		return nil, errBits
	}
	if v.IsInt64() {
		return v.Int64(), nil
	}
	return v, nil
}

// numeric reads a number for computing: int64, *big.Int, float64, or nil.
func numeric(v any) any {
	n, ok := v.(jsonpath.Number)
	if !ok {
		if kind(v) == kindNumber {
			return v
		}
		return nil
	}
	if i, ok := n.Int(); ok {
		return i
	}
	if b := n.Big(); b != nil {
		return b
	}
	return n.Float()
}

func bigInt(v any) (*big.Int, bool) {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v), true
	case *big.Int:
		return v, true
	}
	return nil, false
}

func double(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	case float64:
		return v
	}
	return math.NaN()
}

// whole is the value of a whole number that fits into 64 bits.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case jsonpath.Number:
		return v.Int()
	}
	return 0, false
}
