package identity_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
)

var issued = time.Date(2026, 11, 21, 2, 3, 4, 0, time.UTC)

func session() *identity.Session {
	return &identity.Session{
		Key: "ASIAEXAMPLEEXAMPLE22", Secret: seal.Hide("canary-secret"), Issued: issued, Expires: issued.Add(time.Hour),
		Role: "AROAEXAMPLEEXAMPLE222", Name: "deploy", SourceIdentity: "ada", Chained: true,
		Tags: map[string]string{"team": "blue"}, Transitive: []string{"team"},
		Policy: `{"Version":"2012-10-17","Statement":[]}`, PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
		Provider: "accounts.example.com", Web: map[string][]string{"accounts.example.com:sub": {"s"}},
		Cognito: &identity.Cognito{IdentityID: "us-east-1:i", PoolID: "us-east-1:p", Authenticated: true, AuthenticationProvider: "x"},
	}
}

func TestOpenRefuses(t *testing.T) {
	key := seal.NewKey()
	tokens := identity.NewTokens(key.Box("sessions"))
	s := session()
	text, err := tokens.Seal(s)
	if err != nil {
		t.Fatal(err)
	}
	seal2 := func(change func(*identity.Session)) string {
		s := session()
		change(s)
		text, err := tokens.Seal(s)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	others := identity.NewTokens(seal.NewKey().Box("sessions"))
	theirs, err := others.Seal(s)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(text string, at int) string {
		b := []byte(text)
		if b[at] == 'A' {
			b[at] = 'B'
		} else {
			b[at] = 'A'
		}
		return string(b)
	}
	for name, tt := range map[string]struct {
		key  identity.AccessKeyID
		text string
		at   time.Time
		want error
	}{
		"another access key":     {"ASIAEXAMPLEEXAMPLE23", text, issued, identity.ErrToken},
		"a long-term key":        {"AKIAEXAMPLEEXAMPLE22", text, issued, identity.ErrToken},
		"no token":               {s.Key, "", issued, identity.ErrToken},
		"the word undefined":     {s.Key, "undefined", issued, identity.ErrToken},
		"a clear text":           {s.Key, base64.StdEncoding.EncodeToString([]byte(`s1{"k":"x","a":true}`)), issued, identity.ErrToken},
		"the first byte changed": {s.Key, flip(text, 8), issued, identity.ErrToken},
		"the last byte changed":  {s.Key, flip(text, len(text)-4), issued, identity.ErrToken},
		"cut short":              {s.Key, text[:len(text)-4], issued, identity.ErrToken},
		"longer":                 {s.Key, text + "AAAA", issued, identity.ErrToken},
		"a line break":           {s.Key, text[:20] + "\n" + text[20:], issued, identity.ErrToken},
		"far too long":           {s.Key, text + strings.Repeat("A", identity.MaxToken), issued, identity.ErrToken},
		"made with another key":  {s.Key, theirs, issued, identity.ErrToken},
		"nobody's":               {s.Key, seal2(func(s *identity.Session) { s.Role = "" }), issued, identity.ErrToken},
		"two owners":             {s.Key, seal2(func(s *identity.Session) { s.Root = true }), issued, identity.ErrToken},
		"without a secret":       {s.Key, seal2(func(s *identity.Session) { s.Secret = seal.Secret{} }), issued, identity.ErrToken},
		"at its end":             {s.Key, text, issued.Add(time.Hour), identity.ErrExpired},
		"after its end":          {s.Key, text, issued.Add(2 * time.Hour), identity.ErrExpired},
	} {
		if got, err := tokens.Open(tt.key, tt.text, tt.at); !errors.Is(err, tt.want) || got != nil {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, tt.want)
		}
	}
}

func TestOpen(t *testing.T) {
	tokens := identity.NewTokens(seal.NewKey().Box("sessions"))
	for name, s := range map[string]*identity.Session{
		"everything": session(),
		"root":       {Key: "ASIA1", Secret: seal.Hide("x"), Issued: issued, Expires: issued.Add(time.Hour), Root: true},
		"user":       {Key: "ASIA2", Secret: seal.Hide("x"), Issued: issued, Expires: issued.Add(time.Hour), User: "AIDA1"},
	} {
		text, err := tokens.Seal(s)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "canary") || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != "" {
			t.Errorf("%s: the token is not opaque base64: %s", name, text)
		}
		got, err := tokens.Open(s.Key, text, issued.Add(time.Hour-time.Second))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPackedPercent(t *testing.T) {
	random := func(n int) string {
		b := make([]byte, n)
		rand.Read(b)
		return base64.StdEncoding.EncodeToString(b)[:n]
	}
	for name, tt := range map[string]struct {
		s        identity.Session
		low, top int
	}{
		"nothing":      {identity.Session{Policy: ""}, 0, 0},
		"a policy":     {identity.Session{Policy: `{"Version":"2012-10-17","Statement":[]}`}, 1, 3},
		"random tags":  {identity.Session{Tags: map[string]string{"a": random(256), "b": random(256)}}, 8, 16},
		"far too many": {identity.Session{Policy: random(8000)}, 101, 300},
	} {
		if got, err := tt.s.PackedPercent(); err != nil || got < tt.low || got > tt.top {
			t.Errorf("%s: got %d, %v, want %d to %d", name, got, err, tt.low, tt.top)
		}
	}
}

func FuzzOpen(f *testing.F) {
	tokens := identity.NewTokens(seal.NewKey().Box("sessions"))
	text, err := tokens.Seal(session())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("ASIAEXAMPLEEXAMPLE22", text)
	f.Add("", "gh1.")
	f.Fuzz(func(t *testing.T, key, text2 string) {
		if s, err := tokens.Open(identity.AccessKeyID(key), text2, issued); err == nil && (text2 != text || s.Name != "deploy") {
			t.Errorf("Open(%q, %q) made up %v", key, text2, s)
		}
	})
}
