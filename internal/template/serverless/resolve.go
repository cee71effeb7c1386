package serverless

import (
	"strconv"
	"strings"

	"gatehouse/internal/document"
)

// resolver replaces the variables of a service file. It works on demand: a value is resolved when it, or
// something that refers to it, is asked for. Every value is resolved once and shared, so the work is
// bounded by the text of the files and by the two budgets below.
type resolver struct {
	o    *Options
	dir  string
	root *document.Value
	// lenient accepts what versions 1 and 2 of the framework accepted: ${self:provider.stage} and
	// ${self:provider.region} have their defaults although the file does not set them.
	lenient bool

	flat  map[*document.Value]outcome // strings: with what they stand for
	whole map[*document.Value]outcome // anything: resolved through and through
	final map[*document.Value]bool    // strings that were made here: ${ in them is text
	open  []*document.Value           // values being resolved now, outermost first

	files   map[string]loadedFile
	outside map[string]*document.Value // texts of the environment and the command line
	fixed   map[string]*document.Value // stage, region, account, instance
	dotenv  map[string]string          // nil until loaded
	missed  map[string]document.Pos    // asked of the environment before dotenv was loaded, in vain
	read    []string                   // files asked for

	errs document.Errors
	text int // bytes of text made so far
	size map[*document.Value]size
}

// size is what a value is when written out, shared parts counted every time.
type size struct{ nodes, text int }

// outcome is a value, or nothing when an error was recorded on the way to it.
type outcome struct {
	value *document.Value
	ok    bool
}

func newResolver(o *Options, dir string) *resolver {
	return &resolver{
		o: o, dir: dir,
		flat: map[*document.Value]outcome{}, whole: map[*document.Value]outcome{}, final: map[*document.Value]bool{},
		files: map[string]loadedFile{}, outside: map[string]*document.Value{}, fixed: map[string]*document.Value{},
		missed: map[string]document.Pos{}, size: map[*document.Value]size{},
	}
}

func (r *resolver) fail(at document.Pos, msg, hint string) outcome {
	r.errs = append(r.errs, &document.Error{Pos: at, Msg: msg, Hint: hint})
	return outcome{}
}

// enter notes that v is being resolved; false, with an error, when it already is.
func (r *resolver) enter(v *document.Value) bool {
	for i, o := range r.open {
		if o == v {
			way := make([]string, 0, len(r.open)-i+1)
			for _, step := range append(r.open[i:len(r.open):len(r.open)], v) {
				way = append(way, step.Pos.String())
			}
			r.fail(v.Pos, "variable refers to itself: "+strings.Join(way, " → "), "break the cycle")
			return false
		}
	}
	if len(r.open) >= 2*document.MaxDepth {
		r.fail(v.Pos, "variables refer to each other too deeply", "shorten the chain")
		return false
	}
	r.open = append(r.open, v)
	return true
}

func (r *resolver) leave() { r.open = r.open[:len(r.open)-1] }

// resolve returns v with every variable in it replaced.
func (r *resolver) resolve(v *document.Value) outcome {
	if known, ok := r.whole[v]; ok {
		return known
	}
	out := r.through(v)
	if out.ok {
		out = r.weigh(out.value)
	}
	r.whole[v] = out
	return out
}

func (r *resolver) through(v *document.Value) outcome {
	switch v.Kind {
	case document.String:
		got := r.flatten(v)
		if !got.ok || got.value == v || got.value.Kind != document.List && got.value.Kind != document.Map {
			return got
		}
		if !r.enter(v) {
			return outcome{}
		}
		defer r.leave()
		return r.resolve(got.value)
	case document.List:
		if !r.enter(v) {
			return outcome{}
		}
		defer r.leave()
		out, ok := &document.Value{Kind: document.List, Pos: v.Pos, Items: make([]*document.Value, len(v.Items))}, true
		for i, item := range v.Items {
			got := r.resolve(item)
			out.Items[i], ok = got.value, ok && got.ok
		}
		return outcome{out, ok}
	case document.Map:
		if !r.enter(v) {
			return outcome{}
		}
		defer r.leave()
		out, ok := &document.Value{Kind: document.Map, Pos: v.Pos, Fields: make([]document.Field, len(v.Fields))}, true
		for i, f := range v.Fields {
			got := r.resolve(f.Value)
			out.Fields[i], ok = document.Field{Name: f.Name, Pos: f.Pos, Value: got.value}, ok && got.ok
		}
		return outcome{out, ok}
	}
	return outcome{v, true}
}

// weigh refuses a value that references have multiplied beyond what one document may hold: ten lines of
// ${self:} can stand for gigabytes, as YAML aliases can.
func (r *resolver) weigh(v *document.Value) outcome {
	total := size{1, len(v.Text)}
	for _, item := range v.Items {
		total.nodes += r.size[item].nodes
		total.text += r.size[item].text
	}
	for _, f := range v.Fields {
		total.nodes += r.size[f.Value].nodes
		total.text += r.size[f.Value].text + len(f.Name)
	}
	if total.nodes > document.MaxNodes || total.text > document.MaxText {
		return r.fail(v.Pos, "variables multiply this value beyond 200000 parts or 8 MiB", "remove nested references to lists and maps")
	}
	r.size[v] = total
	return outcome{v, true}
}

// flatten returns what a string stands for, which may be a list or map that still holds variables.
// Anything else stands for itself.
func (r *resolver) flatten(v *document.Value) outcome {
	if v.Kind != document.String || !hasVariables(v.Text) || r.final[v] {
		return outcome{v, true}
	}
	if known, ok := r.flat[v]; ok {
		return known
	}
	if !r.enter(v) {
		return outcome{}
	}
	defer r.leave()
	pieces, err := parseText(v.Text)
	if err != nil {
		out := r.fail(v.Pos, err.msg, err.hint)
		r.flat[v] = out
		return out
	}
	out := r.pieces(pieces, v.Pos)
	r.flat[v] = out
	return out
}

// pieces keeps the type of a lone variable and joins anything else to a string.
func (r *resolver) pieces(pieces []piece, at document.Pos) outcome {
	if len(pieces) == 1 && pieces[0].sources != nil {
		got := r.variable(pieces[0].sources, at)
		if !got.ok || got.value.Kind == document.List || got.value.Kind == document.Map {
			return got
		}
		// A scalar stands where it is used: that is where a message about it should point.
		scalar := *got.value
		scalar.Pos = at
		r.final[&scalar] = true
		return outcome{&scalar, true}
	}
	text, ok := r.join(pieces, at)
	if !ok {
		return outcome{}
	}
	return outcome{r.made(document.NewString(at, text)), true}
}

// made marks a string as resolved.
func (r *resolver) made(v *document.Value) *document.Value {
	r.final[v] = true
	return v
}

func (r *resolver) join(pieces []piece, at document.Pos) (string, bool) {
	var b strings.Builder
	for _, p := range pieces {
		if p.sources == nil {
			b.WriteString(p.text)
			continue
		}
		got := r.variable(p.sources, at)
		if !got.ok {
			return "", false
		}
		text, ok := inText(got.value)
		if !ok {
			r.fail(at, "${"+p.sources[0].text+"} is "+got.value.Kind.String()+" and stands inside a text", "only strings, numbers and booleans can; let it be the whole value, or name a part of it")
			return "", false
		}
		b.WriteString(text)
		if r.text += len(text); r.text > document.MaxText {
			r.fail(at, "variables multiply this text beyond 8 MiB", "remove nested references")
			return "", false
		}
	}
	return b.String(), true
}

// inText is how a value is written inside a text. The framework joins lists of scalars with commas.
// [observed]
func inText(v *document.Value) (string, bool) {
	switch v.Kind {
	case document.String, document.Number:
		return v.Text, true
	case document.Bool:
		return strconv.FormatBool(v.Bool), true
	case document.List:
		parts := make([]string, len(v.Items))
		for i, item := range v.Items {
			if item.Kind == document.List || item.Kind == document.Map || item.Kind == document.Null || hasVariables(item.Text) {
				return "", false
			}
			parts[i], _ = inText(item)
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}

// variable tries the sources in turn. The result is flat: no variable any more, unless inside a list or map.
func (r *resolver) variable(sources []source, at document.Pos) outcome {
	var missing *absence
	for _, s := range sources {
		if s.literal != notLiteral {
			got := r.literalValue(s, at)
			if !got.ok || got.value.Kind != document.Null || s.literal == literalNull {
				return got
			}
			continue
		}
		v, absent, ok := r.source(s, at)
		if !ok {
			return outcome{}
		}
		if absent != nil {
			missing = absent
			continue
		}
		got := r.flatten(v)
		if !got.ok || got.value.Kind != document.Null {
			return got
		}
		missing = &absence{"${" + s.text + "} is null", "give it a value or a fallback: ${" + s.text + ", 'value'}"}
	}
	if missing == nil {
		missing = &absence{"${" + sources[0].text + "} has no value", "add a fallback"}
	}
	return r.fail(at, missing.msg, missing.hint)
}

func (r *resolver) literalValue(s source, at document.Pos) outcome {
	switch s.literal {
	case literalText:
		text, ok := r.join(s.nested, at)
		return outcome{r.made(document.NewString(at, text)), ok}
	case literalNumber:
		f, err := strconv.ParseFloat(s.text, 64)
		if err != nil {
			return r.fail(at, "fallback "+s.text+" is no number", "quote it")
		}
		return outcome{document.NewNumber(at, strconv.FormatFloat(f, 'f', -1, 64)), true}
	case literalTrue, literalFalse:
		return outcome{document.NewBool(at, s.literal == literalTrue), true}
	case literalVariable:
		return r.variable(s.nested[0].sources, at)
	}
	return outcome{document.NewNull(at), true}
}

// lookup follows an address of names and indexes into v. Nil when there is nothing.
func (r *resolver) lookup(v *document.Value, address string) outcome {
	got := r.flatten(v)
	if address == "" {
		return got
	}
	for name := range strings.SplitSeq(address, ".") {
		if !got.ok {
			return got
		}
		var next *document.Value
		switch got.value.Kind {
		case document.Map:
			next = got.value.Get(name)
		case document.List:
			if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(got.value.Items) {
				next = got.value.Items[i]
			}
		}
		if next == nil {
			return outcome{nil, true}
		}
		got = r.flatten(next)
	}
	return got
}
