package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/config"
	"gatehouse/internal/identity"
	"gatehouse/internal/project"
	"gatehouse/internal/seal"
	"gatehouse/internal/server"
)

// definitionFlags are shared by all commands that read a definition.
type definitionFlags struct {
	Path   string            `arg:"" optional:"" help:"A definition, or its directory. Without it the first one from the working directory upward is used."`
	Stage  string            `help:"Stage to serve, as sls --stage." placeholder:"NAME"`
	Region string            `help:"AWS region to stand for; the definition's, or us-east-1." placeholder:"REGION"`
	Param  map[string]string `help:"Value of a $${param:…} variable." placeholder:"NAME=VALUE"`

	Account          string   `help:"AWS account id to stand for, 123456789012." placeholder:"ID"`
	RunJS            bool     `help:"Let Node evaluate the JavaScript files that the definition names."`
	AcceptUnenforced []string `help:"Start although this declared control is not enforced yet; its routes refuse every request." placeholder:"CONTROL"`
}

// load finds and reads the definition. Beside an error it returns what could be read, or nil.
func (f *definitionFlags) load(s *Streams) (*project.Definition, error) {
	file, err := project.Find(s.Dir, f.Path)
	if err != nil {
		return nil, err
	}
	d, err := project.Load(file, project.Options{
		Stage: f.Stage, Region: f.Region, Account: f.Account, Params: f.Param, RunJS: f.RunJS,
		Getenv: func(name string) (string, bool) {
			v := s.Getenv(name)
			return v, v != ""
		},
	})
	if err != nil {
		return d, shorten(err, s.Dir)
	}
	return d, nil
}

// config is the configuration that the flags and the environment ask for.
func (f *definitionFlags) config(s *Streams, region string) (config.Config, error) {
	c := config.Default()
	if region != "" {
		c.Home.Region = identity.Region(region)
	}
	f.apply(s, &c)
	return c, c.Validate()
}

// apply puts the environment and the flags over a configuration.
func (f *definitionFlags) apply(s *Streams, c *config.Config) {
	if f.Account != "" {
		c.Home.Account = identity.AccountID(f.Account)
	}
	if f.Region != "" {
		c.Home.Region = identity.Region(f.Region)
	}
	c.Home.Partition = partition(string(c.Home.Region))
	c.Accepted = append(c.Accepted, f.AcceptUnenforced...)
	c.RootKey.ID = identity.AccessKeyID(s.Getenv("GATEHOUSE_ROOT_ACCESS_KEY_ID"))
	c.RootKey.Secret = seal.Hide(s.Getenv("GATEHOUSE_ROOT_SECRET_ACCESS_KEY"))
}

func partition(region string) identity.Partition {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// stateDir is where the state of a definition lies: beside it.
func stateDir(definition string) string { return filepath.Join(filepath.Dir(definition), ".gatehouse") }

// deployable makes a server's definition of a project's. fixed are the values of --api-key.
func deployable(d *project.Definition, fixed []string) (server.Definition, error) {
	out := server.Definition{Stack: d.Stack, Template: d.Template, CodeDir: d.Dir}
	for _, k := range d.Keys {
		if !k.HasValue && k.Name != "" {
			out.Keys = append(out.Keys, server.NamedKey{LogicalID: k.LogicalID, Name: k.Name})
		}
	}
	for i, arg := range fixed {
		name, value, named := strings.Cut(arg, "=")
		if !named {
			name, value = "", arg
		}
		if len(value) < 20 || len(value) > 128 {
			return out, fmt.Errorf("--api-key: a value has 20 to 128 characters, this one has %d", len(value))
		}
		target := -1
		for j := range out.Keys {
			if named && out.Keys[j].Name == name || !named && j == i {
				target = j
			}
		}
		if target < 0 {
			if named {
				return out, fmt.Errorf("--api-key: the definition declares no key %q without a value", name)
			}
			return out, errors.New("--api-key: the definition declares no key without a value for it")
		}
		out.Keys[target].Value = seal.Hide(value)
	}
	return out, nil
}

// shorten writes paths below the working directory relative to it, so that messages are readable.
func shorten(err error, dir string) error {
	text := err.Error()
	short := strings.ReplaceAll(text, dir+string(os.PathSeparator), "")
	if short == text {
		return err
	}
	return &shortError{short, err}
}

type shortError struct {
	text string
	err  error
}

func (e *shortError) Error() string { return e.text }
func (e *shortError) Unwrap() error { return e.err }

// relative is a path as a user in dir would write it.
func relative(dir, path string) string {
	if r, err := filepath.Rel(dir, path); err == nil && !strings.HasPrefix(r, "..") {
		return r
	}
	return path
}
