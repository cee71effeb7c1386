package template

import (
	"slices"

	"gatehouse/internal/document"
)

// rule is one entry of the Rules section: assertions about parameters.
type rule struct {
	name       string
	pos        document.Pos
	when       *document.Value
	assertions []assertion
}

type assertion struct {
	expr *document.Value
	text string
}

func (t *Template) parseRules(v *document.Value) error {
	for _, f := range v.Fields {
		r := rule{name: f.Name, pos: f.Pos, when: f.Value.Get("RuleCondition")}
		list := f.Value.Get("Assertions")
		if list == nil || list.Kind != document.List || len(list.Items) == 0 {
			return fail(f.Pos, "Template format error: Rule %s must contain a list of Assertions", f.Name)
		}
		for _, item := range list.Items {
			a := assertion{expr: item.Get("Assert")}
			if a.expr == nil {
				return fail(item.Pos, "Template format error: Every assertion of rule %s must contain an Assert member", f.Name)
			}
			if d := item.Get("AssertDescription"); d != nil {
				a.text, _ = scalar(d)
			}
			r.assertions = append(r.assertions, a)
		}
		t.rules = append(t.rules, r)
	}
	return nil
}

// logic is one node of a condition expression: {"Fn::And": […]}, {"Condition": name} and so on.
func logic(v *document.Value) (call, error) {
	if v.Kind != document.Map || len(v.Fields) != 1 {
		return call{}, fail(v.Pos, "Template format error: a condition must be an object with one condition function")
	}
	f := v.Fields[0]
	return call{f.Name, f.Value, f.Pos}, nil
}

// shapeLogic checks the operands of a condition function and returns those that are conditions
// themselves and those that are values.
func shapeLogic(c call) (conditions, values []*document.Value, err error) {
	list := c.arg.Kind == document.List
	n := len(c.arg.Items)
	switch c.fn {
	case "Fn::And", "Fn::Or":
		if !list || n < 2 || n > 10 {
			return nil, nil, fail(c.pos, "Template error: every %s object requires a list of at least 2 and at most 10 boolean parameters.", c.fn)
		}
		return c.arg.Items, nil, nil
	case "Fn::Not":
		if !list || n != 1 {
			return nil, nil, fail(c.pos, msgNot)
		}
		return c.arg.Items, nil, nil
	case "Fn::Equals":
		if !list || n != 2 {
			return nil, nil, fail(c.pos, msgEquals)
		}
		return nil, c.arg.Items, nil
	case "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn":
		if !list || n != 2 {
			return nil, nil, fail(c.pos, "Template error: every %s object requires a list of 2 parameters.", c.fn)
		}
		return nil, c.arg.Items, nil
	case "Condition":
		if c.arg.Kind != document.String {
			return nil, nil, fail(c.pos, "Template format error: Every Condition member must be a string.")
		}
		return nil, nil, nil
	case "Fn::ValueOf", "Fn::ValueOfAll", "Fn::RefAll":
		return nil, nil, hint(fail(c.pos, "%s is not supported: it asks an AWS account for its resources", c.fn), "remove the rule")
	}
	return nil, nil, fail(c.pos, "Template error: Encountered unsupported function: %s Supported functions are: [Fn::And, Fn::Equals, Fn::Not, Fn::Or, Condition]", c.fn)
}

// checkConditions checks the Conditions and Rules sections: functions, operands, names.
func (t *Template) checkConditions() error {
	c := t.checker("Conditions")
	c.visitor.ref = func(id name) error {
		if _, ok := t.parameter[id.text]; !ok && !pseudo(id.text) {
			c.miss(id)
		}
		return nil
	}
	c.visitor.att = func(id name, _ string) error { c.miss(id); return nil }
	var walk func(*document.Value) error
	walk = func(v *document.Value) error {
		node, err := logic(v)
		if err != nil {
			return err
		}
		conditions, values, err := shapeLogic(node)
		if err != nil {
			return err
		}
		if node.fn == "Condition" && t.conditions[node.arg.Text] == nil {
			return fail(node.pos, "Template format error: Unresolved condition dependency %s in the Conditions block of the template", node.arg.Text)
		}
		for _, v := range conditions {
			if err := walk(v); err != nil {
				return err
			}
		}
		for _, v := range values {
			if err := c.walk(v); err != nil {
				return err
			}
		}
		return nil
	}
	for _, n := range t.conditionOrder {
		if err := walk(t.conditions[n]); err != nil {
			return err
		}
	}
	for _, r := range t.rules {
		if r.when != nil {
			if err := walk(r.when); err != nil {
				return err
			}
		}
		for _, a := range r.assertions {
			if err := walk(a.expr); err != nil {
				return err
			}
		}
	}
	if c.missing != nil {
		return fail(c.missing[0].pos, "Template format error: Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template", c.missing[0].text)
	}
	return nil
}

// condition decides a named condition. Each is decided once; deciding is what finds a cycle.
func (b *Bound) condition(n name) (bool, error) {
	switch b.conditions[n.text] {
	case isTrue:
		return true, nil
	case isFalse:
		return false, nil
	case deciding:
		return false, fail(n.pos, "Template format error: Circular dependencies for condition %s", n.text)
	}
	b.conditions[n.text] = deciding
	ok, err := b.decide(b.t.conditions[n.text])
	if err != nil {
		return false, err
	}
	b.conditions[n.text] = isFalse
	if ok {
		b.conditions[n.text] = isTrue
	}
	return ok, nil
}

// The states of a condition while a template is bound; the zero value is "not asked yet".
type truth uint8

const (
	deciding truth = iota + 1
	isTrue
	isFalse
)

// decide evaluates a condition expression. All operands are evaluated, so that a fault in one is found
// whatever the others are.
func (b *Bound) decide(v *document.Value) (bool, error) {
	node, err := logic(v)
	if err != nil {
		return false, err
	}
	conditions, values, err := shapeLogic(node)
	if err != nil {
		return false, err
	}
	if node.fn == "Condition" {
		return b.condition(name{node.arg.Text, node.arg.Pos})
	}
	if values != nil {
		return b.compare(node, values[0], values[1])
	}
	some, all := false, true
	for _, c := range conditions {
		ok, err := b.decide(c)
		if err != nil {
			return false, err
		}
		some, all = some || ok, all && ok
	}
	switch node.fn {
	case "Fn::And":
		return all, nil
	case "Fn::Or":
		return some, nil
	}
	return !all, nil // Fn::Not
}

// compare evaluates the functions whose operands are values. Comparison is by text and case-sensitive.
func (b *Bound) compare(node call, left, right *document.Value) (bool, error) {
	e := b.evaluator("Conditions", nil)
	x, err := e.texts(node, left)
	if err != nil {
		return false, err
	}
	y, err := e.texts(node, right)
	if err != nil {
		return false, err
	}
	switch node.fn {
	case "Fn::Equals":
		if x.list || y.list {
			return false, fail(node.pos, msgEquals)
		}
		return x.items[0] == y.items[0], nil
	case "Fn::Contains": // is the value one of the list?
		return !y.list && slices.Contains(x.items, y.items[0]), nil
	case "Fn::EachMemberEquals":
		return !slices.ContainsFunc(x.items, func(s string) bool { return y.list || s != y.items[0] }), nil
	}
	// Fn::EachMemberIn
	return !slices.ContainsFunc(x.items, func(s string) bool { return !slices.Contains(y.items, s) }), nil
}

// operand is a scalar, or a list of scalars, as texts.
type operand struct {
	items []string
	list  bool
}

func (e *evaluator) texts(node call, v *document.Value) (operand, error) {
	got, err := e.value(v)
	if err != nil {
		return operand{}, err
	}
	var o operand
	items := []*document.Value{got}
	if got != nil && got.Kind == document.List {
		o.list, items = true, got.Items
	}
	for _, item := range items {
		if item == nil {
			return o, fail(v.Pos, "Template error: AWS::NoValue cannot be an operand of %s", node.fn)
		}
		text, ok := scalar(item)
		if !ok {
			return o, fail(v.Pos, "Template error: the operands of %s must be strings or lists of strings", node.fn)
		}
		o.items = append(o.items, text)
	}
	return o, nil
}

// checkRules evaluates the Rules section.
func (b *Bound) checkRules() error {
	for _, r := range b.t.rules {
		if r.when != nil {
			ok, err := b.decide(r.when)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
		}
		for _, a := range r.assertions {
			ok, err := b.decide(a.expr)
			if err != nil {
				return err
			}
			if !ok {
				return fail(r.pos, "Template error: rule %s is not satisfied: %s", r.name, a.text)
			}
		}
	}
	return nil
}
