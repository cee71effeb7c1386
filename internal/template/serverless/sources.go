package serverless

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"gatehouse/internal/document"
)

// absence says why a source has no value, for the case that no fallback has one either.
type absence struct{ msg, hint string }

// none is the absence of ${text}.
func none(text, what string) *absence {
	return &absence{"${" + text + "} has no value", what + ", or add a fallback: ${" + text + ", 'value'}"}
}

// source returns a value, or why there is none, or not ok after recording an error.
func (r *resolver) source(s source, at document.Pos) (*document.Value, *absence, bool) {
	address, ok := r.join(s.address, at)
	if !ok {
		return nil, nil, false
	}
	params := make([]string, len(s.params))
	for i, p := range s.params {
		if params[i], ok = r.join(p, at); !ok {
			return nil, nil, false
		}
	}
	name, region, dotted := strings.Cut(s.name, ".")
	if dotted && name != "cf" && name != "ssm" && name != "s3" {
		name = s.name
	}
	switch name {
	case "self":
		return r.self(address, s, at)
	case "opt":
		return r.opt(address, s)
	case "env":
		return r.environment(address, s, at)
	case "file":
		return r.file(params, address, s, at)
	case "sls", "aws":
		return r.builtin(name+":"+address, s, at)
	case "param":
		return r.param(address, s, at)
	case "strToBool":
		return r.strToBool(params, s, at)
	case "cf", "ssm", "s3":
		return nil, none(s.text, "nothing answers for "+strings.TrimSuffix(name+" in "+region, " in ")+" here: deploy to AWS"), true
	}
	r.fail(at, "unknown variable source "+name+" in ${"+s.text+"}", "known are self, opt, env, file, sls, aws, param, strToBool, cf, ssm and s3; write \\${ for a literal ${")
	return nil, nil, false
}

func (r *resolver) self(address string, s source, at document.Pos) (*document.Value, *absence, bool) {
	got := r.lookup(r.root, address)
	if !got.ok {
		return nil, nil, false
	}
	if got.value == nil && r.lenient {
		switch address {
		case "provider.stage":
			return r.builtin("sls:stage", s, at)
		case "provider.region":
			return r.builtin("aws:region", s, at)
		}
	}
	if got.value == nil {
		return nil, none(s.text, "define "+address+" in "+r.o.File), true
	}
	return got.value, nil, true
}

func (r *resolver) opt(name string, s source) (*document.Value, *absence, bool) {
	text, ok := r.o.Opts[name]
	switch name {
	case "stage":
		text, ok = first(r.o.Stage, text)
	case "region":
		text, ok = first(r.o.Region, text)
	}
	if !ok {
		hint := "options other than --stage and --region are not taken: pass --param " + name + "=VALUE and write ${param:" + name + "}"
		switch name {
		case "stage":
			hint = "write ${sls:stage}, which has a default"
		case "region":
			hint = "pass --region"
		}
		return nil, none(s.text, hint), true
	}
	return r.cached("--"+name, text), nil, true
}

func first(a, b string) (string, bool) {
	if a != "" {
		return a, true
	}
	return b, b != ""
}

// cached makes each text from outside one value, so that a text which holds itself is found to be a cycle.
// label stands for its file in messages.
func (r *resolver) cached(label, text string) *document.Value {
	v, ok := r.outside[label]
	if !ok {
		v = document.NewString(document.Pos{File: label, Line: 1, Col: 1}, text)
		r.outside[label] = v
	}
	return v
}

func (r *resolver) environment(name string, s source, at document.Pos) (*document.Value, *absence, bool) {
	if name == "" {
		r.fail(at, "${env:} names no variable", "write ${env:NAME}")
		return nil, nil, false
	}
	text, ok := r.getenv(name)
	if !ok && r.dotenv == nil {
		r.missed[name] = at
	}
	if !ok {
		text, ok = r.dotenv[name]
	}
	if !ok {
		return nil, none(s.text, "set the environment variable "+name), true
	}
	return r.cached("$"+name, text), nil, true
}

func (r *resolver) getenv(name string) (string, bool) {
	if r.o.Getenv == nil {
		return "", false
	}
	return r.o.Getenv(name)
}

// builtin answers sls: and aws:. The stage and region of the command line win over the file's.
func (r *resolver) builtin(name string, s source, at document.Pos) (*document.Value, *absence, bool) {
	if v, ok := r.fixed[name]; ok {
		return v, nil, true
	}
	var v *document.Value
	switch name {
	case "sls:stage":
		v = r.setting("stage", r.o.Stage, "dev")
	case "aws:region":
		v = r.setting("region", r.o.Region, "us-east-1")
	case "sls:instanceId":
		v = document.NewString(at, r.o.InstanceID)
	case "aws:accountId":
		v = document.NewString(at, r.o.Account)
	default:
		r.fail(at, "${"+s.text+"} does not exist", "known are sls:stage, sls:instanceId, aws:region and aws:accountId")
		return nil, nil, false
	}
	if v == nil {
		return nil, nil, false
	}
	r.fixed[name] = v
	return v, nil, true
}

// setting is a scalar that the command line, the provider section or a default gives. Nil after an error.
func (r *resolver) setting(name, flag, fallback string) *document.Value {
	if flag != "" {
		return r.made(document.NewString(document.Pos{}, flag))
	}
	got := r.lookup(r.root, "provider."+name)
	if !got.ok {
		return nil
	}
	if got.value == nil || got.value.Kind == document.Null {
		return r.made(document.NewString(document.Pos{}, fallback))
	}
	text, ok := got.value.Scalar()
	if !ok || text == "" {
		r.fail(got.value.Pos, "provider."+name+" must be a string, not "+got.value.Kind.String(), "write provider."+name+": "+fallback)
		return nil
	}
	return r.made(document.NewString(got.value.Pos, text))
}

// param looks at --param, then params.{stage}, then params.default.
func (r *resolver) param(name string, s source, at document.Pos) (*document.Value, *absence, bool) {
	if name == "" {
		r.fail(at, "${param:} names no parameter", "write ${param:name}")
		return nil, nil, false
	}
	if text, ok := r.o.Params[name]; ok {
		return r.cached("--param "+name, text), nil, true
	}
	stage, _, ok := r.builtin("sls:stage", s, at)
	if !ok {
		return nil, nil, false
	}
	for _, group := range []string{stage.Text, "default"} {
		params := r.root.Get("params")
		if params == nil {
			break
		}
		got := r.flatten(params)
		if got.ok && got.value.Get(group) != nil {
			got = r.flatten(got.value.Get(group))
		} else if got.ok {
			continue
		}
		if !got.ok {
			return nil, nil, false
		}
		// A parameter's name may hold dots: it is no path.
		if v := got.value.Get(name); v != nil {
			return v, nil, true
		}
	}
	return nil, none(s.text, "pass --param "+name+"=VALUE or define params.default."+name), true
}

// strToBool knows the four spellings that the framework knows. [observed]
func (r *resolver) strToBool(params []string, s source, at document.Pos) (*document.Value, *absence, bool) {
	if len(params) == 1 {
		switch asciiLower(params[0]) {
		case "true", "1":
			return document.NewBool(at, true), nil, true
		case "false", "0":
			return document.NewBool(at, false), nil, true
		}
	}
	r.fail(at, "${"+s.text+"} needs one of true, false, 1 and 0", "give it such a value")
	return nil, nil, false
}

func asciiLower(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

// loadedFile is a file that some variable named, read once.
type loadedFile struct {
	value  *document.Value
	absent bool
	ok     bool
}

func (r *resolver) file(params []string, address string, s source, at document.Pos) (*document.Value, *absence, bool) {
	if len(params) == 0 || params[0] == "" {
		r.fail(at, "${"+s.text+"} names no file", "write ${file(./config.yml):address}")
		return nil, nil, false
	}
	path := params[0]
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, ok := r.getenv("HOME"); ok {
			path = filepath.Join(home, rest)
		}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	f, known := r.files[path]
	if !known {
		f = r.load(path, at)
		r.files[path] = f
	}
	switch {
	case !f.ok:
		return nil, nil, false
	case f.absent:
		return nil, &absence{"file " + path + " does not exist", "create it, or add a fallback: ${" + s.text + ", 'value'}"}, true
	case address == "":
		return f.value, nil, true
	case f.value.Kind == document.String:
		return nil, &absence{path + " is plain text and has no " + address, "remove the address after the colon"}, true
	}
	got := r.lookup(f.value, address)
	if !got.ok {
		return nil, nil, false
	}
	if got.value == nil {
		return nil, &absence{path + " has no " + address, "define it there, or add a fallback: ${" + s.text + ", 'value'}"}, true
	}
	return got.value, nil, true
}

func (r *resolver) load(path string, at document.Pos) loadedFile {
	refuse := func(err error) loadedFile {
		if e, ok := errors.AsType[*document.Error](err); ok {
			r.errs = append(r.errs, e)
		} else {
			r.fail(at, "cannot read "+path+": "+err.Error(), "check the file")
		}
		return loadedFile{}
	}
	if !slices.Contains(r.read, path) {
		r.read = append(r.read, path)
	}
	ext := filepath.Ext(path)
	switch ext {
	case ".js", ".cjs", ".mjs":
		return r.runJS(path, at)
	case ".ts":
		r.fail(at, "cannot evaluate "+path, "TypeScript is not run here: compile it to JavaScript first")
		return loadedFile{}
	}
	text, err := r.o.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return loadedFile{absent: true, ok: true}
	}
	if err != nil {
		return refuse(err)
	}
	switch ext {
	case ".yml", ".yaml", ".json", ".tfstate":
		v, err := document.Load(path, text, document.JSYAML)
		if err != nil {
			return refuse(err)
		}
		return loadedFile{value: v, ok: true}
	}
	if len(text) > document.MaxBytes {
		r.fail(at, path+" is larger than 1 MiB", "name a smaller file")
		return loadedFile{}
	}
	return loadedFile{value: document.NewString(document.Pos{File: path, Line: 1, Col: 1}, string(text)), ok: true}
}

func (r *resolver) runJS(path string, at document.Pos) loadedFile {
	if r.o.RunJS == nil {
		r.fail(at, "cannot evaluate "+path, "allow it with --run-js: it executes code with your rights")
		return loadedFile{}
	}
	text, err := r.o.RunJS(path)
	if errors.Is(err, fs.ErrNotExist) {
		return loadedFile{absent: true, ok: true}
	}
	if err != nil {
		r.fail(at, "cannot evaluate "+path+": "+err.Error(), "run it with node to see why")
		return loadedFile{}
	}
	v, err := document.LoadJSON(path, text)
	if err != nil {
		r.fail(at, "what "+path+" exports is no JSON", "export an object, or a function that returns one")
		return loadedFile{}
	}
	return loadedFile{value: v, ok: true}
}
