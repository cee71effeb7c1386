package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/template/serverless"
)

// maxFile bounds what is read of one file, in bytes. Definitions are texts that people write.
const maxFile = 8 << 20

// Options say how a definition is to be read.
type Options struct {
	Stage, Region string
	Account       string
	Params        map[string]string
	Getenv        func(string) (string, bool)
	// RunJS lets Node evaluate the JavaScript files that the definition names.
	RunJS bool
}

// Definition is a definition, ready to be deployed.
type Definition struct {
	// File is the definition, Dir its directory: the root of its functions' code.
	File, Dir string
	// Stack is the name of the stack.
	Stack          string
	Service, Stage string
	Region         string
	Template       *document.Value
	Functions      []serverless.Function
	Keys           []serverless.DeclaredKey
	Warnings       []serverless.Warning
	// Files is everything that was read, for a watcher.
	Files []string
}

// Load reads a definition. Errors carry file and line.
func Load(file string, o Options) (*Definition, error) {
	d := &Definition{File: file, Dir: filepath.Dir(file)}
	if strings.HasPrefix(filepath.Base(file), "serverless.") {
		return d, d.serverless(o)
	}
	return d, d.template(o)
}

func (d *Definition) serverless(o Options) error {
	options := serverless.Options{
		File:     d.File,
		ReadFile: d.read,
		Getenv:   o.Getenv,
		Stage:    o.Stage,
		Region:   o.Region,
		Account:  o.Account,
		Params:   o.Params,
	}
	if o.RunJS {
		options.RunJS = runJS
	}
	result, err := serverless.Compile(options)
	if err != nil {
		return err
	}
	d.Stack, d.Service, d.Stage, d.Region = result.StackName, result.Service, result.Stage, result.Region
	d.Template, d.Functions, d.Keys, d.Warnings = result.Template, result.Functions, result.Keys, result.Warnings
	return d.handlers()
}

// template reads a plain CloudFormation template.
func (d *Definition) template(o Options) error {
	text, err := d.read(d.File)
	if err != nil {
		return err
	}
	d.Template, err = document.Load(d.File, text, document.PyYAML)
	if err != nil {
		return err
	}
	if v := d.Template; v.Get("Resources") == nil && v.Get("service") != nil && v.Get("provider") != nil {
		// What sls --config names: a service in a file of another name.
		return d.serverless(o)
	}
	if t := d.Template.Get("Transform"); t != nil {
		return &document.Error{Pos: t.Pos, Msg: "templates with a Transform (SAM) are not read yet", Hint: "give the transformed template"}
	}
	d.Stack = stackName(filepath.Base(d.Dir))
	d.Service, d.Stage, d.Region = d.Stack, o.Stage, o.Region
	return nil
}

// read reads a file and remembers it.
func (d *Definition) read(path string) ([]byte, error) {
	if !slices.Contains(d.Files, path) {
		d.Files = append(d.Files, path)
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, st.Size(), maxFile)
	}
	return os.ReadFile(path)
}

// stackName makes a stack name of a directory's name.
func stackName(base string) string {
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, base)
	if name = strings.Trim(name, "-"); name == "" || name[0] < 'A' {
		name = "stack-" + name
	}
	return name
}

// sources are the files that may hold a handler, by runtime; none for a runtime that is not run here.
func sources(runtime, handler string) []string {
	switch {
	case strings.HasPrefix(runtime, "nodejs"):
		dir, base := "", handler
		if i := strings.LastIndexByte(handler, '/'); i >= 0 {
			dir, base = handler[:i+1], handler[i+1:]
		}
		file, _, _ := strings.Cut(base, ".")
		return []string{dir + file + ".js", dir + file + ".mjs", dir + file + ".cjs", dir + file, dir + file + "/index.js", dir + file + ".ts"}
	case strings.HasPrefix(runtime, "python"):
		module := handler
		if i := strings.LastIndexByte(handler, '.'); i >= 0 {
			module = handler[:i]
		}
		module = strings.ReplaceAll(module, ".", "/")
		return []string{module + ".py", module + "/__init__.py"}
	case strings.HasPrefix(runtime, "provided"):
		return []string{"bootstrap"}
	case runtime == "go1.x":
		return []string{handler}
	}
	return nil
}

// handlers checks that the code of each function is there, and warns of what is there but cannot be run.
func (d *Definition) handlers() error {
	var faults []error
	for i := range d.Functions {
		f := &d.Functions[i]
		candidates := sources(f.Runtime, f.Handler)
		switch {
		case f.Handler == "":
			faults = append(faults, &document.Error{
				Pos:  f.Pos,
				Msg:  fmt.Sprintf("function %q is a container image, which is not run here", f.Key),
				Hint: "give it a handler and a runtime, or leave it out",
			})
		case candidates == nil:
			d.warn(f, "the runtime "+f.Runtime+" is not run here (nodejs, python, provided and go1.x are)")
		case f.ArtifactZip != "":
		default:
			switch found := d.first(candidates); {
			case found == "":
				faults = append(faults, &document.Error{
					Pos:  f.Pos,
					Msg:  fmt.Sprintf("function %q: the handler %q has no file", f.Key, f.Handler),
					Hint: "looked for " + strings.Join(candidates[:min(3, len(candidates))], ", "),
				})
			case strings.HasSuffix(found, ".ts"):
				d.warn(f, found+" is not compiled here; compile it to JavaScript beside the source")
			}
		}
	}
	return errors.Join(faults...)
}

// first returns the first of some files that exists, or "".
func (d *Definition) first(candidates []string) string {
	for _, c := range candidates {
		if st, err := os.Stat(filepath.Join(d.Dir, filepath.FromSlash(c))); err == nil && !st.IsDir() {
			return c
		}
	}
	return ""
}

// warn tells that every call of a function will fail.
func (d *Definition) warn(f *serverless.Function, why string) {
	d.Warnings = append(d.Warnings, serverless.Warning{Pos: f.Pos, Msg: fmt.Sprintf("function %q answers every call with an error: %s", f.Key, why)})
}
