package template

import (
	"slices"
	"strings"

	"gatehouse/internal/document"
)

// visitor walks a value and is told of everything in it that refers to something else.
type visitor struct {
	t *Template
	// branch decides an Fn::If; nil visits both branches.
	branch func(cond name) (bool, error)
	// ref is told of Ref and ${Name}, att of Fn::GetAtt and ${Name.Attribute}.
	ref func(id name) error
	att func(id name, fn string) error
}

// walk visits v, and checks the shape of every call on the way.
func (w *visitor) walk(v *document.Value) error {
	c, ok, err := asCall(v)
	if err != nil {
		return err
	}
	if ok {
		return w.call(c)
	}
	for _, item := range v.Items {
		if err := w.walk(item); err != nil {
			return err
		}
	}
	for _, f := range v.Fields {
		if err := w.walk(f.Value); err != nil {
			return err
		}
	}
	return nil
}

func (w *visitor) call(c call) error {
	switch c.fn {
	case "Ref":
		id, err := shapeRef(c)
		if err != nil {
			return err
		}
		return w.ref(name{id, c.arg.Pos})
	case "Fn::GetAtt":
		id, attr, err := shapeGetAtt(c)
		if err != nil {
			return err
		}
		if err := w.walk(attr); err != nil {
			return err
		}
		return w.att(name{id, c.arg.Pos}, c.fn)
	case "Fn::Sub":
		return w.sub(c)
	case "Fn::If":
		return w.choose(c)
	}
	if err := w.t.shape(c); err != nil {
		return err
	}
	return w.walk(c.arg)
}

func (w *visitor) sub(c call) error {
	pieces, vars, err := shapeSub(c)
	if err != nil {
		return err
	}
	if vars != nil {
		for _, f := range vars.Fields {
			if err := w.walk(f.Value); err != nil {
				return err
			}
		}
	}
	for _, p := range pieces {
		if p.name == "" || vars.Get(p.name) != nil {
			continue
		}
		if id, _, dotted := strings.Cut(p.name, "."); dotted {
			err = w.att(name{id, c.arg.Pos}, c.fn)
		} else {
			err = w.ref(name{p.name, c.arg.Pos})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *visitor) choose(c call) error {
	cond, yes, no, err := shapeIf(c)
	if err != nil {
		return err
	}
	if w.t.conditions[cond.text] == nil {
		return fail(cond.pos, "Template error: unresolved condition dependency %s in Fn::If", cond.text)
	}
	if w.branch == nil {
		if err := w.walk(yes); err != nil {
			return err
		}
		return w.walk(no)
	}
	ok, err := w.branch(cond)
	if err != nil {
		return err
	}
	if ok {
		return w.walk(yes)
	}
	return w.walk(no)
}

// shape checks the arguments of the functions that refer to nothing themselves.
func (t *Template) shape(c call) error {
	var err error
	switch c.fn {
	case "Fn::Join":
		_, _, err = shapeJoin(c)
	case "Fn::Split":
		_, _, err = shapeSplit(c)
	case "Fn::Select":
		_, _, err = shapeSelect(c)
	case "Fn::FindInMap":
		_, _, err = t.shapeFind(c)
	case "Fn::Base64":
		if c.arg.Kind == document.List {
			err = fail(c.pos, msgBase64)
		}
	case "Fn::Cidr":
		if c.arg.Kind != document.List || len(c.arg.Items) < 2 || len(c.arg.Items) > 3 {
			err = fail(c.pos, msgCidr)
		}
	case "Fn::GetAZs":
		if c.arg.Kind == document.List {
			err = fail(c.pos, msgAZs)
		}
	case "Fn::ImportValue":
		if c.arg.Kind == document.List {
			err = fail(c.pos, msgImport)
		}
	case "Fn::Length", "Fn::ToJsonString":
		if !t.extensions {
			err = hint(fail(c.pos, "Template error: %s needs the transform AWS::LanguageExtensions", c.fn), "add Transform: AWS::LanguageExtensions")
		}
	case "Fn::Transform":
		err = hint(fail(c.pos, "Fn::Transform is not supported: macros do not run here"), "expand the template first")
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Contains", "Fn::EachMemberEquals",
		"Fn::EachMemberIn", "Fn::ValueOf", "Fn::ValueOfAll", "Fn::RefAll":
		err = hint(fail(c.pos, "Template error: %s can only be used in Conditions and Rules", c.fn), "give the condition a name and use Fn::If")
	default:
		err = fail(c.pos, "Template error: Encountered unsupported function: %s Supported functions are: %s", c.fn, supported)
	}
	return err
}

// checkCalls checks every call in the template, and that what it refers to exists at all.
func (t *Template) checkCalls() error {
	resources := t.checker("Resources")
	for i := range t.Resources {
		r := &t.Resources[i]
		for _, d := range r.dependsOn {
			if _, ok := t.resource[d.text]; !ok {
				resources.miss(d)
			}
		}
		if r.Properties != nil {
			if err := resources.walk(r.Properties); err != nil {
				return err
			}
		}
	}
	if err := resources.result(); err != nil {
		return err
	}
	outputs := t.checker("Outputs")
	for _, o := range t.Outputs {
		if err := outputs.walk(o.value); err != nil {
			return err
		}
		if o.export != nil {
			if err := outputs.walk(o.export); err != nil {
				return err
			}
		}
	}
	if err := outputs.result(); err != nil {
		return err
	}
	return t.checkConditions()
}

// checker is a visitor that collects the names which stand for nothing.
type checker struct {
	visitor
	block   string
	missing []name
}

func (t *Template) checker(block string) *checker {
	c := &checker{block: block}
	c.visitor = visitor{
		t: t,
		ref: func(id name) error {
			_, isParameter := t.parameter[id.text]
			_, isResource := t.resource[id.text]
			if !isParameter && !isResource && !pseudo(id.text) {
				c.miss(id)
			}
			return nil
		},
		att: func(id name, fn string) error {
			if _, ok := t.resource[id.text]; ok {
				return nil
			}
			if fn == "Fn::GetAtt" {
				return fail(id.pos, "Template error: instance of Fn::GetAtt references undefined resource %s", id.text)
			}
			c.miss(id)
			return nil
		},
	}
	return c
}

func (c *checker) miss(id name) {
	if !slices.ContainsFunc(c.missing, func(m name) bool { return m.text == id.text }) {
		c.missing = append(c.missing, id)
	}
}

func (c *checker) result() error {
	if c.missing == nil {
		return nil
	}
	return unresolved(c.block, c.missing...)
}

// unresolved is AWS's error for names that stand for nothing [recorded].
func unresolved(block string, names ...name) *document.Error {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n.text
	}
	return fail(names[0].pos, "Template format error: Unresolved resource dependencies [%s] in the %s block of the template", strings.Join(texts, ", "), block)
}

// pseudo reports whether Ref knows the name without a declaration.
func pseudo(s string) bool {
	switch s {
	case "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region",
		"AWS::StackId", "AWS::StackName", "AWS::URLSuffix":
		return true
	}
	return false
}
