package document

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Schema says how unquoted YAML scalars are understood. JSON text is the same in both.
type Schema uint8

const (
	// JSYAML is js-yaml 4, which reads serverless.yml: YAML 1.2 core, where yes and on are strings,
	// 0755 is 755 and 1e3 is 1000.
	JSYAML Schema = iota
	// PyYAML is YAML 1.1 as PyYAML reads CloudFormation and SAM templates: yes and on are booleans,
	// 0755 is octal, 12:30:45 is base 60 and 1e3 is a string.
	PyYAML
)

// The limits of one document. A real definition is far below them; a bomb is above.
const (
	// MaxBytes is the longest text that Load reads: CloudFormation's own limit for a template.
	MaxBytes = 1 << 20
	// MaxDepth is how deeply lists and maps may nest.
	MaxDepth = 200
	// MaxNodes is how many values a document may have after its aliases are expanded.
	MaxNodes = 200_000
	// MaxText is how many bytes of strings and names it may have after its aliases are expanded.
	MaxText = 8 << 20
)

// Load reads one YAML or JSON document. Text is JSON when file ends in .json or when it is a valid JSON
// object or list; everything else is YAML. An empty document is Null. file appears in positions only.
//
// Short tags (!Ref) become long forms, merge keys (<<) are merged, an alias is the value it stands for.
// Dates stay strings, as written. Duplicate names, unknown tags, names which are no scalars, a second
// document in the text, and everything beyond the limits are refused with a *Error.
func Load(file string, text []byte, schema Schema) (*Value, error) {
	if len(text) > MaxBytes {
		return nil, tooLong(file)
	}
	bare := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	named := strings.HasSuffix(file, ".json")
	if named || len(bare) > 0 && (bare[0] == '{' || bare[0] == '[') && json.Valid(bare) {
		return LoadJSON(file, text)
	}
	return loadYAML(file, text, schema)
}

// weight is the size of a value with every alias written out.
type weight struct{ nodes, text int }

// plus adds, and reports whether the sum is still within the limits. Both addends are within them, so
// nothing overflows.
func (w *weight) plus(o weight) bool {
	w.nodes += o.nodes
	w.text += o.text
	return w.nodes <= MaxNodes && w.text <= MaxText
}

func tooLong(file string) *Error {
	return &Error{Pos{file, 1, 1}, "the file is larger than 1 MiB", "split it"}
}

func tooLarge(p Pos) *Error {
	return &Error{p, "the document is too large once its aliases are expanded", "remove nested aliases or split the file"}
}

func tooDeep(p Pos) *Error {
	return &Error{p, "lists and maps are nested deeper than 200 levels", "flatten the document"}
}

func duplicate(p Pos, name string, first Pos) *Error {
	return &Error{p, "duplicate name " + quoted(name), "it stands first on " + first.String() + "; remove one"}
}

func quoted(s string) string { return string(appendQuoted(nil, s)) }
