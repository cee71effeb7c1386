// Package velocity compiles and renders the mapping templates of API Gateway: the Velocity Template
// Language with the variables $input, $util, $context and $stageVariables.
//
// It owns the language, the methods that texts, lists, maps and numbers have in it, and the answer that a
// MOCK integration's template gives. It does not know requests: the caller hands in an Env. It has no clock
// and does no I/O. Values are never parsed as templates again, there is no way to a class or a file, and
// every rendering is bounded (MaxSteps, MaxMemory, MaxOutput, MaxIterations).
//
// The language is that of Apache Velocity 1.7 with the answers that were recorded from API Gateway:
//
//   - A reference that leads nowhere, or to null, is the empty text everywhere: it prints nothing, and as a
//     condition it is true, as every text is.
//   - Macros and #evaluate are not offered: the definition is read and forgotten, the call prints itself.
//     Options.Macros turns macros on. #include and #parse are refused.
//   - Maps print as {a=1, b=x}; lists that come from JSON print as JSON, lists of a template as [1, x];
//     $context and the maps in it print nothing.
//   - A template cannot end in a lone $ or #.
//
// Pages: "Mapping template transformations for REST APIs" and "Variables for data transformations for API
// Gateway" of the API Gateway developer guide; the Velocity 1.7 user guide and its VTL reference.
package velocity

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/jsonpath"
)

// Limits of one template and one rendering.
const (
	// MaxTemplate is the quota of API Gateway for a template, in bytes.
	MaxTemplate = 300 << 10
	// MaxIterations is API Gateway's quota for one #foreach. Velocity ends the loop there without an error.
	MaxIterations = 1000
	// MaxSteps bounds the work: a step is some tens of nanoseconds, all of them about a quarter of a second.
	MaxSteps = 5_000_000
	// MaxMemory bounds what the values and texts of one rendering may take together, in bytes.
	MaxMemory = 64 << 20
	// MaxOutput is the payload limit of API Gateway, in bytes.
	MaxOutput = 10 << 20
	// MaxDepth bounds how deep blocks, expressions and strings nest, and how deep they call each other.
	MaxDepth = 100
)

// Options change the language.
type Options struct {
	// Macros makes #macro work as in Velocity. API Gateway does not offer it.
	Macros bool
}

// Template is a compiled template. It is immutable and safe for concurrent use.
type Template struct {
	text   string
	body   block
	names  []string // of the variables, by slot
	macros map[string]*macro
	// roots are the slots of variables that the engine provides, -1 for those that the template does not use.
	roots [len(rootNames)]int
}

// Parse compiles a template. The error is a *SyntaxError.
func Parse(text string, o Options) (*Template, error) {
	if len(text) > MaxTemplate {
		return nil, &SyntaxError{1, 1, fmt.Sprintf("the template is longer than %d bytes", MaxTemplate)}
	}
	t := &Template{text: text, macros: map[string]*macro{}}
	c := &compilation{options: o, t: t, slots: map[string]int{}}
	p := &parser{c: c, src: text}
	var err error
	if t.body, err = p.template(); err != nil {
		var at *fault
		if errors.As(err, &at) {
			line, column := t.position(at.offset)
			return nil, &SyntaxError{line, column, at.msg}
		}
		return nil, err
	}
	for i, name := range rootNames {
		t.roots[i] = -1
		if slot, ok := c.slots[name]; ok {
			t.roots[i] = slot
		}
	}
	return t, nil
}

// SyntaxError says where a template is wrong. Line and Column count from 1, columns in characters.
type SyntaxError struct {
	Line, Column int
	Msg          string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("template line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// RenderError says where a rendering failed. It wraps jsonpath.ErrSteps, ErrBytes and ErrDepth when a limit
// was the reason, and *jsonpath.SyntaxError when a payload is no JSON.
type RenderError struct {
	Line, Column int
	Err          error
}

func (e *RenderError) Error() string {
	return fmt.Sprintf("template line %d, column %d: %v", e.Line, e.Column, e.Err)
}

// Unwrap returns the reason.
func (e *RenderError) Unwrap() error { return e.Err }

// fault is an error of the parser, before its offset becomes a line.
type fault struct {
	offset int
	msg    string
}

func (f *fault) Error() string { return f.msg }

// position turns an offset into line and column.
func (t *Template) position(offset int) (line, column int) {
	before := t.text[:min(offset, len(t.text))]
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// Render renders the template for one call. What the template assigns to $context.requestOverride and
// $context.responseOverride goes to o, which lives as long as the call: the response template sees what the
// request template assigned. The error is a *RenderError.
func (t *Template) Render(env Env, o *Overrides) ([]byte, error) {
	return t.render(env, o, jsonpath.Meter{Steps: MaxSteps, Bytes: MaxMemory})
}

func (t *Template) render(env Env, o *Overrides, m jsonpath.Meter) ([]byte, error) {
	r := &run{
		t: t, env: env, overrides: o, m: m,
		vals: make([]any, len(t.names)),
		out:  make([]byte, 0, len(t.text)+len(t.text)/4),
	}
	for i, slot := range t.roots {
		if slot >= 0 {
			r.vals[slot] = root(i)
		}
	}
	if err := t.body.render(r); err != nil && err != errStop && err != errBreak {
		return nil, err
	}
	return r.out, nil
}
