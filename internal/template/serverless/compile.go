// Package serverless compiles a serverless.yml to the CloudFormation template that Serverless Framework
// 3.40 makes of it: the same logical ids, the same properties.
//
// It owns the language of that file: variables, the provider section, functions with their http, httpApi
// and url events, API keys and usage plans, resources and extensions. It is pure: files, environment and
// JavaScript come through functions of Options, and one input always gives one output. It does not know
// what a resource means (cloudformation does) nor whether a handler exists.
//
// A generated value has the position of the event or key that caused it, so that whoever refuses it later
// can name a line of the service file.
//
// The behaviour was learnt from the framework's documentation and by observing what its version 3.40.0
// prints; testdata/golden holds pairs that it made. See https://www.serverless.com/framework/docs.
package serverless

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"gatehouse/internal/document"
)

// Compat says how much of versions 1 and 2 of the framework is honoured.
type Compat uint8

const (
	// HonourLegacy compiles provider.apiKeys and the other places that version 3 silently ignores as if
	// they stood where they belong now, with a warning, unless frameworkVersion demands version 3.
	// Ignoring them is dangerous: a resource policy that is dropped leaves the API open.
	HonourLegacy Compat = iota
	// StrictV3 does exactly what version 3 does.
	StrictV3
)

// Options are the service file and its surroundings.
type Options struct {
	// File is the path of serverless.yml (or .yaml, .json; .js with RunJS). Other paths are relative to
	// its directory.
	File string
	// ReadFile returns a file's content, or an error that is fs.ErrNotExist.
	ReadFile func(path string) ([]byte, error)
	// Getenv looks up the environment; nil is an empty one.
	Getenv func(string) (string, bool)
	// Stage and Region come from the command line; "" when not given.
	Stage, Region string
	// Account is the 12-digit id that ${aws:accountId} is; "" is 123456789012.
	Account string
	// Params and Opts are --param name=value and the other options of the command line.
	Params, Opts map[string]string
	// RunJS evaluates a JavaScript module and returns what it exports as JSON; nil refuses such files.
	RunJS func(path string) ([]byte, error)
	// DeploymentSuffix ends the id of the deployment resource. When empty it is a digest of the API's
	// part of the template: an unchanged API keeps its deployment.
	DeploymentSuffix string
	// InstanceID is what ${sls:instanceId} is; "" is "local". The framework makes a new one at every run.
	InstanceID string
	Compat     Compat
}

// Result is the compiled service.
type Result struct {
	Service, Stage, Region, StackName string
	Template                          *document.Value
	Functions                         []Function
	// Keys are the API keys in the order of the file.
	Keys     []DeclaredKey
	Warnings []Warning
	// Files lists everything that was read or looked for, the service file first.
	Files []string
}

// Function is what a local host needs to run a function. The template has the rest.
type Function struct {
	Key, LogicalID string
	// Name is the physical name.
	Name             string
	Handler, Runtime string
	// ArtifactZip is a zip file to run instead of the sources, relative to the service file; "" usually.
	ArtifactZip string
	// Pos is the place of its key.
	Pos document.Pos
}

// DeclaredKey is an API key of the file.
type DeclaredKey struct {
	// Name may be empty: then the key has only a value.
	Name, LogicalID string
	// HasValue is false when the gateway has to generate the value.
	HasValue bool
	// Category names the usage plan, "" for the only one.
	Category string
	Pos      document.Pos
}

// Warning is something that does not stop the service but may not be what its author meant.
type Warning struct {
	Pos document.Pos
	Msg string
}

// Compile reads the service file and everything it refers to. An error is a *document.Error or a
// document.Errors; the result then has Files only, so that a watcher knows what to wait for.
func Compile(o Options) (*Result, error) {
	o.Account = cmp.Or(o.Account, "123456789012")
	o.InstanceID = cmp.Or(o.InstanceID, "local")
	r := newResolver(&o, filepath.Dir(o.File))
	r.read = append(r.read, o.File)
	result, err := compile(&o, r)
	if err != nil {
		result = &Result{}
	}
	result.Files = r.read
	return result, err
}

func compile(o *Options, r *resolver) (*Result, error) {
	raw, err := r.loadService()
	if err != nil {
		return nil, err
	}
	c := &compiler{o: o, warned: map[string]bool{}}
	c.legacy = o.Compat == HonourLegacy && !demandsV3(raw.Get("frameworkVersion"))
	r.root, r.lenient = raw, c.legacy

	stage, _, ok := r.builtin("sls:stage", source{}, raw.Pos)
	if ok {
		c.useDotenv(r, raw, stage.Text)
	}
	region, _, ok := r.builtin("aws:region", source{}, raw.Pos)
	cfg := r.resolve(raw)
	if len(r.errs) > 0 || !ok || !cfg.ok {
		return nil, sorted(r.errs)
	}
	c.cfg, c.provider = cfg.value, cfg.value.Get("provider")
	c.stage, c.region = stage.Text, region.Text
	result := c.build()
	if len(c.errs) > 0 {
		return nil, sorted(c.errs)
	}
	return result, nil
}

// sorted puts the faults in the order of the file, each once.
func sorted(errs document.Errors) error {
	slices.SortStableFunc(errs, func(a, b *document.Error) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), a.Pos.Line-b.Pos.Line, a.Pos.Col-b.Pos.Col)
	})
	errs = slices.CompactFunc(errs, func(a, b *document.Error) bool { return *a == *b })
	return errs.Err()
}

// loadService reads the service file itself.
func (r *resolver) loadService() (*document.Value, error) {
	at := document.Pos{File: r.o.File, Line: 1, Col: 1}
	switch filepath.Ext(r.o.File) {
	case ".js", ".cjs", ".mjs", ".ts":
		f := r.load(r.o.File, at)
		switch {
		case !f.ok:
			return nil, r.errs.Err()
		case f.absent:
			return nil, &document.Error{Pos: at, Msg: "the service file does not exist", Hint: "check the path"}
		}
		return asService(f.value)
	}
	text, err := r.o.ReadFile(r.o.File)
	if err != nil {
		return nil, &document.Error{Pos: at, Msg: "cannot read the service file: " + err.Error(), Hint: "check the path"}
	}
	v, err := document.Load(r.o.File, text, document.JSYAML)
	if err != nil {
		return nil, err
	}
	return asService(v)
}

func asService(v *document.Value) (*document.Value, error) {
	if v.Kind != document.Map {
		return nil, &document.Error{Pos: v.Pos, Msg: "a service must be a map, not " + v.Kind.String(), Hint: "start with service: NAME and provider:"}
	}
	return v, nil
}

// compiler holds what the parts of a compilation share.
type compiler struct {
	o        *Options
	cfg      *document.Value // resolved
	provider *document.Value
	legacy   bool

	service, stage, region string
	functions              []*function
	resources, outputs     section
	role                   *role // nil when no function uses the common role
	rest                   *restAPI
	keys                   []DeclaredKey

	errs     document.Errors
	warnings []Warning
	warned   map[string]bool
}

func (c *compiler) build() *Result {
	c.readService()
	c.readFunctions()
	result := &Result{Service: c.service, Stage: c.stage, Region: c.region, StackName: c.stackName()}
	if len(c.errs) > 0 {
		return result
	}
	c.putBucket()
	c.putLogGroups()
	c.putLayers()
	c.putRole()
	c.putFunctions()
	c.putRestAPI()
	c.putHTTPAPI()
	c.finishRole()
	template := c.merged(c.template())
	result.Template = c.nameDeployment(c.pseudoParameters(template))
	result.Keys, result.Warnings = c.keys, c.warnings
	for _, f := range c.functions {
		result.Functions = append(result.Functions, f.result())
	}
	return result
}

// template is what the framework generates, before the user's resources are merged over it.
func (c *compiler) template() *document.Value {
	p := pen{}
	fields := []document.Field{
		set("AWSTemplateFormatVersion", p.str("2010-09-09")),
		set("Description", p.str("The AWS CloudFormation template for this Serverless application")),
		set("Resources", c.resources.value()),
		set("Outputs", c.outputs.value()),
	}
	return document.NewMap(document.Pos{}, fields...)
}
