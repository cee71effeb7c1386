package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"gatehouse/internal/function"
	"gatehouse/internal/store"
)

// Deployed is a function as integrations name it, ready to be run.
type Deployed struct {
	// ARN is unqualified for the latest version, else it ends with a version or an alias.
	ARN function.ARN
	// Config is never changed; two of the same Digest are the same.
	Config *function.Config
	// Permissions are the statements of the resource policy of this qualifier.
	Permissions []function.Permission
	// Policy is the same as a document, "" when there is none.
	Policy string
}

// All loads every function, version and alias. An alias with weights leads to its main version.
func (s *Service) All(tx store.Tx) ([]Deployed, error) {
	functions, err := collect(s.Tables.Functions.List(tx, s.scope, "", ""))
	if err != nil {
		return nil, err
	}
	var out []Deployed
	for i := range functions {
		list, err := s.deployed(tx, &functions[i])
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// deployed loads what integrations can name of one function.
func (s *Service) deployed(tx store.Tx, f *function.Function) ([]Deployed, error) {
	defs, err1 := of(tx, s.Tables.FunctionVersions, s.scope, f.Name)
	aliases, err2 := of(tx, s.Tables.FunctionAliases, s.scope, f.Name)
	policies, err3 := of(tx, s.Tables.FunctionPolicies, s.scope, f.Name)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	var out []Deployed
	add := func(qualifier string, cfg *function.Config) {
		d := Deployed{ARN: s.arn(f.Name, qualifier), Config: cfg}
		for i := range policies {
			if policies[i].Qualifier == qualifier {
				for _, st := range policies[i].Statements {
					d.Permissions = append(d.Permissions, st.Permission)
				}
				d.Policy = policies[i].Document(d.ARN)
			}
		}
		out = append(out, d)
	}
	configs := map[function.Version]*function.Config{}
	for i := range defs {
		cfg := s.config(f, &defs[i])
		configs[cfg.Version] = cfg
		add(versionQualifier(&defs[i]), cfg)
	}
	for _, a := range aliases {
		if cfg := configs[a.Version]; cfg != nil {
			add(string(a.Name), cfg)
		}
	}
	return out, nil
}

// ConfigOf finds what a name, an ARN or a partial one leads to.
func (s *Service) ConfigOf(ctx context.Context, name string) (*function.Config, error) {
	t, err := s.parse(name, nil)
	if err != nil {
		return nil, err
	}
	return s.configOf(ctx, t)
}

func (s *Service) configOf(ctx context.Context, t target) (*function.Config, error) {
	var cfg *function.Config
	err := s.view(ctx, func(tx store.Tx) error {
		f, err := s.function(tx, t)
		if err != nil {
			return err
		}
		d, err := s.definition(tx, t)
		if err != nil {
			return err
		}
		cfg = s.config(&f, &d)
		return nil
	})
	return cfg, err
}

// config is what running a version needs.
func (s *Service) config(f *function.Function, d *function.Definition) *function.Config {
	cfg := &function.Config{
		ARN: f.ARN, Name: f.Name, Version: d.Version, Runtime: d.Runtime, Handler: d.Handler, Role: d.Role,
		CodeDir: d.Code.Dir, Linked: d.Code.Linked, Env: d.Env, Timeout: time.Duration(d.Timeout) * time.Second,
		MemoryMB: d.MemoryMB, LogGroup: d.Logging.Group,
	}
	if f.Reserved != nil {
		cfg.Concurrency = *f.Reserved
		if *f.Reserved == 0 {
			cfg.Concurrency = function.Halted
		}
	}
	// The revision changes with everything that a process sees; the environment's values stay out of a
	// digest that may be printed.
	sum := sha256.Sum256([]byte(strings.Join([]string{string(f.ARN), string(d.Version), d.Revision, d.Code.Digest, d.Code.Dir}, "\x00")))
	cfg.Digest = hex.EncodeToString(sum[:])
	return cfg
}

// aliasOf reads an alias with its weights.
func (s *Service) aliasOf(ctx context.Context, t target) (function.Alias, error) {
	var a function.Alias
	err := s.view(ctx, func(tx store.Tx) (err error) {
		a, err = s.alias(tx, t)
		return err
	})
	return a, err
}
