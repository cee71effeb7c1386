// Package template is the CloudFormation template language: it parses a template, binds parameters and
// conditions, sorts the resources by what they need, and evaluates intrinsic functions.
//
// It owns the grammar and its limits. It works on *document.Value, so every error has the place of the
// fault, and it is pure: what a resource is really called and what its attributes are comes from a
// Values, asked only when a property is evaluated. It does not know what any resource type means
// (cloudformation does) and it runs no macros: a template with a transform other than
// AWS::LanguageExtensions is refused by name.
//
// It follows the CloudFormation user guide, "Template anatomy" and "Intrinsic function reference". Texts
// of errors that AWS returns are AWS's own; they are the Msg of a *document.Error, whose Hint is ours.
package template

import (
	"fmt"

	"gatehouse/internal/document"
)

// The limits of a template, as AWS documents them ("CloudFormation quotas"), and those of a
// document, which a template that no loader has seen must keep as well.
const (
	MaxResources  = 500
	MaxParameters = 200
	MaxOutputs    = 200
	MaxMappings   = 200

	maxDepth = document.MaxDepth
	maxNodes = document.MaxNodes // with the YAML aliases written out
)

// Template is a parsed template. It is not changed after Parse.
type Template struct {
	Description string
	Parameters  []Parameter
	Resources   []Resource
	Outputs     []Output

	mappings   map[string]*document.Value
	conditions map[string]*document.Value
	// order keeps conditions and rules in the order of the source, for stable errors.
	conditionOrder []string
	rules          []rule
	// extensions is true under the transform AWS::LanguageExtensions.
	extensions bool

	resource  map[string]int
	parameter map[string]int
}

// Resource is one entry of the Resources section.
type Resource struct {
	// LogicalID is alphanumeric.
	LogicalID string
	// Pos is the place of the logical id.
	Pos  document.Pos
	Type string
	// Properties may hold intrinsics; nil when there are none.
	Properties *document.Value
	// Condition names the condition under which the resource exists, "" for always.
	Condition string
	// DeletionPolicy and UpdateReplacePolicy are "" when they are not given.
	DeletionPolicy, UpdateReplacePolicy string
	Metadata                            *document.Value

	dependsOn []name
	condPos   document.Pos
}

// Output is one entry of the Outputs section.
type Output struct {
	Name        string
	Pos         document.Pos
	Description string
	Condition   string

	value, export *document.Value
}

// name is an identifier with the place where it was written.
type name struct {
	text string
	pos  document.Pos
}

// Lookup returns the resource with a logical id.
func (t *Template) Lookup(id string) (*Resource, bool) {
	i, ok := t.resource[id]
	if !ok {
		return nil, false
	}
	return &t.Resources[i], true
}

// fail is a fault at a place.
func fail(pos document.Pos, format string, args ...any) *document.Error {
	return &document.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)}
}

// hint adds advice to a fault.
func hint(err *document.Error, format string, args ...any) *document.Error {
	err.Hint = fmt.Sprintf(format, args...)
	return err
}
