package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"gatehouse/internal/apigw"
	"gatehouse/internal/cloudformation"
	"gatehouse/internal/document"
	"gatehouse/internal/seal"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
)

// Definition is a template to be served, with what only a definition on disk has.
type Definition struct {
	Stack    string
	Template *document.Value
	// CodeDir is the directory that every code reference of the template stands for; "" links none.
	CodeDir string
	// Keys are the API keys that the definition declares by name only. Their values are drawn once and
	// kept, so that they stay the same for as long as the state directory does.
	Keys []NamedKey
}

// NamedKey is an API key whose value the definition leaves open.
type NamedKey struct {
	LogicalID, Name string
	// Value fixes the value; zero draws one.
	Value seal.Secret
}

// Deploy brings what is served to a definition. On an error what was served goes on being served.
func (s *Server) Deploy(ctx context.Context, d Definition) (*cloudformation.Outcome, error) {
	template, fixed, err := s.withKeys(ctx, d)
	if err != nil {
		return nil, err
	}
	s.code.link(d.CodeDir)
	s.deploying.Add(1)
	out, moved, err := s.bring(ctx, d.Stack, template)
	if last := s.last.Load(); err != nil && moved && last != nil {
		// The first of two steps is in force: go back to where it began.
		if t, _, back := s.withKeys(ctx, *last); back != nil {
			err = errors.Join(err, back)
		} else if _, _, back := s.bring(ctx, last.Stack, t); back != nil {
			err = errors.Join(err, back)
		}
	}
	s.deploying.Add(-1)
	if err == nil {
		err = s.keep(ctx, fixed)
	}
	if published := s.publisher.Publish(ctx); published != nil {
		err = errors.Join(err, published)
	}
	if err != nil {
		s.metrics.Reloaded("refused")
		return out, err
	}
	s.metrics.Reloaded("ok")
	s.last.Store(&d)
	return out, nil
}

// Plan says what deploying a definition would find, without touching anything.
func (s *Server) Plan(d Definition) (*cloudformation.Plan, error) {
	return cloudformation.PlanOf(cloudformation.PlanInput{
		Home: s.cfg.Home, URLSuffix: s.cfg.URLSuffix, Stack: stack.Name(d.Stack), Template: d.Template,
	})
}

// withKeys gives the keys that are declared by name their values. fixed are those that keep has yet to store.
func (s *Server) withKeys(ctx context.Context, d Definition) (t *document.Value, fixed []apigw.KeyValue, err error) {
	t = d.Template
	seen := map[string]bool{}
	for _, k := range d.Keys {
		kept := apigw.KeyValue{Stack: d.Stack, Name: k.Name}
		if seen[k.Name] {
			// Names need not be unique: from the second one on, the logical id tells them apart.
			kept.Name += "/" + k.LogicalID
		}
		seen[k.Name] = true
		if k.Value.IsZero() {
			kept, err = s.keyValue(ctx, kept)
			if err != nil {
				return nil, nil, fmt.Errorf("API key %s: %w", k.Name, err)
			}
		} else {
			kept.Value = k.Value
			fixed = append(fixed, kept)
		}
		t = setValue(t, kept.Value.Reveal(), "Resources", k.LogicalID, "Properties", "Value")
	}
	return t, fixed, nil
}

// keyValue returns the kept value of a named key, or draws one.
func (s *Server) keyValue(ctx context.Context, k apigw.KeyValue) (apigw.KeyValue, error) {
	scope := store.Scope(s.cfg.Home.Scope())
	_, err := s.db.Update(ctx, func(tx store.Tx) error {
		kept, err := s.tables.KeyValues.Get(tx, scope, k.Stack+"/"+k.Name)
		if err == nil {
			k.Value = kept.Value
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		k.Value = seal.Hide(drawKey())
		return s.tables.KeyValues.Put(tx, scope, k)
	})
	return k, err
}

// keep stores the values that the caller fixed. They are stored once they are in force: a value that was
// refused must not come back with the next start.
func (s *Server) keep(ctx context.Context, fixed []apigw.KeyValue) error {
	if len(fixed) == 0 {
		return nil
	}
	_, err := s.db.Update(ctx, func(tx store.Tx) error {
		for _, k := range fixed {
			if err := s.tables.KeyValues.Put(tx, store.Scope(s.cfg.Home.Scope()), k); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// drawKey makes a value as AWS does: 40 letters and digits.
func drawKey() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 0, 40)
	var b [64]byte
	for len(out) < 40 {
		_, _ = rand.Read(b[:]) // never fails
		for _, c := range b {
			// 248 is the largest multiple of 62 that a byte holds: beyond, some characters would be likelier.
			if c < 248 && len(out) < 40 {
				out = append(out, alphabet[c%62])
			}
		}
	}
	return string(out)
}

// setValue returns a copy of a tree with a text at a path. What is not on the path is shared.
func setValue(v *document.Value, text string, path ...string) *document.Value {
	if len(path) == 0 {
		out := &document.Value{Kind: document.String, Text: text}
		if v != nil {
			out.Pos = v.Pos
		}
		return out
	}
	out := &document.Value{Kind: document.Map}
	if v != nil {
		out.Pos = v.Pos
		out.Fields = slices.Clone(v.Fields)
	}
	for i := range out.Fields {
		if out.Fields[i].Name == path[0] {
			out.Fields[i].Value = setValue(out.Fields[i].Value, text, path[1:]...)
			return out
		}
	}
	out.Fields = append(out.Fields, document.Field{Name: path[0], Pos: out.Pos, Value: setValue(nil, text, path[1:]...)})
	return out
}

// Reset goes back to the start: everything is removed, the clock is the machine's, the definition in force
// is deployed again. Key values and ids stay the same. Only dev has it.
func (s *Server) Reset(ctx context.Context) error {
	s.deploying.Add(1)
	defer s.deploying.Add(-1)
	s.clock.Real()
	_, err := s.db.Update(ctx, func(tx store.Tx) error {
		// What belongs to the account in all regions has a scope of its own.
		if err := s.tables.Clear(tx, store.Scope(s.cfg.Home.Global())); err != nil {
			return err
		}
		return s.tables.Clear(tx, store.Scope(s.cfg.Home.Scope()))
	})
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	s.counters.local.Reset()
	s.ring.Clear()
	if d := s.last.Load(); d != nil {
		if _, err := s.Deploy(ctx, *d); err != nil {
			return fmt.Errorf("reset: %w", err)
		}
		return nil
	}
	return s.publisher.Publish(ctx)
}

// codeLinks resolves the code references of templates in dev: every bucket and key stands for the directory
// of the definition, which is served in place.
type codeLinks struct {
	mu  sync.RWMutex
	dir string
}

func (c *codeLinks) link(dir string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dir = dir
}

// Open implements lambda.CodeSource.
func (c *codeLinks) Open(_ context.Context, bucket, key string) (dir string, linked bool, digest string, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.dir == "" {
		return "", false, "", fmt.Errorf("s3://%s/%s: %w: there is no object store; upload the code as a zip", bucket, key, os.ErrNotExist)
	}
	// The key of a package changes with every packaging; the directory stays. Changes of files are seen by
	// the watcher, not by the digest.
	sum := sha256.Sum256([]byte("linked\x00" + c.dir))
	return c.dir, true, hex.EncodeToString(sum[:]), nil
}

// KeyLine is one declared API key with its value, as it is printed.
type KeyLine struct{ Name, Value, Description string }

// KeyLines returns the API keys of a stack in the order of its template.
func (s *Server) KeyLines(ctx context.Context, out *cloudformation.Outcome) ([]KeyLine, error) {
	var lines []KeyLine
	scope := store.Scope(s.cfg.Home.Scope())
	err := s.db.View(ctx, func(tx store.Tx) error {
		lines = lines[:0]
		for i := range out.Resources {
			r := &out.Resources[i]
			if r.Type != "AWS::ApiGateway::ApiKey" {
				continue
			}
			k, err := s.tables.APIKeys.Get(tx, scope, string(r.PhysicalID))
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			lines = append(lines, KeyLine{k.Name, k.Value.Reveal(), k.Description})
		}
		return nil
	})
	return lines, err
}

// RecycleFunctions starts new environments for functions whose code changed. Calls in flight end on the old
// ones.
func (s *Server) RecycleFunctions() {
	digests := map[string]bool{}
	for _, api := range s.live.Load().APIs() {
		for _, st := range api.Stages {
			for _, r := range st.Routes {
				if fn := r.Integration.Function; fn != nil && fn.Linked {
					digests[fn.Digest] = true
				}
			}
		}
	}
	for digest := range digests {
		s.host.Recycle(digest)
	}
}

// Unenforced is the text of findings, one line each.
func Unenforced(findings []cloudformation.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		at := f.Pos.String()
		if at == "" {
			at = f.LogicalID
		}
		fmt.Fprintf(&b, "%s: %s: %s", at, f.Control, f.Detail)
		if f.Hint != "" {
			fmt.Fprintf(&b, " (%s)", f.Hint)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
