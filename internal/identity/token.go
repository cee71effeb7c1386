package identity

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"gatehouse/internal/seal"
)

// Tokens seals sessions into session tokens and opens them again.
//
// The token is the session: nothing is stored. Every node that has the master key can verify credentials
// which another one gave, at once and without asking a database, a session costs no row, and losing the
// database's last second loses none. As on AWS a token cannot be taken back by itself; what can be taken
// away is what it refers to: the role or user is read anew (directory), so that deleting it ends every
// session, and a policy with aws:TokenIssueTime refuses older ones.
type Tokens struct{ box *seal.Box }

// NewTokens makes the sealer of a box that is used for nothing else.
func NewTokens(box *seal.Box) Tokens { return Tokens{box} }

// The errors of Open.
var (
	// ErrToken tells that a token was not made here, was changed, or belongs to another access key.
	ErrToken = errors.New("the session token does not belong to the access key")
	// ErrExpired tells that a session is over.
	ErrExpired = errors.New("the session token has expired")
)

const (
	// MaxToken is the longest token that is made or opened. The headers of a call may have 10,240 bytes
	// together.
	MaxToken = 8192
	// MaxPacked is how many bytes the policy, policy ARNs and tags of a session may take when they are
	// packed. AWS does not tell its own limit [inferred].
	MaxPacked = 4096
)

// version begins every sealed session; a token of another form is refused.
const version = "s1"

// token is the sealed form. The names are short because every signed request carries them.
type token struct {
	Secret   string            `json:"k"`
	Issued   int64             `json:"i"`
	Expires  int64             `json:"e"`
	Root     bool              `json:"a,omitzero"`
	User     UserID            `json:"u,omitzero"`
	Role     RoleID            `json:"r,omitzero"`
	Name     string            `json:"n,omitzero"`
	Source   string            `json:"s,omitzero"`
	Chained  bool              `json:"c,omitzero"`
	Provider string            `json:"p,omitzero"`
	Web      map[string]values `json:"w,omitzero"`
	Cognito  *Cognito          `json:"g,omitzero"`
	packed
}

type values = []string

// packed is the part whose size AWS limits.
type packed struct {
	Policy     string            `json:"d,omitzero"`
	ARNs       []string          `json:"m,omitzero"`
	Tags       map[string]string `json:"t,omitzero"`
	Transitive []string          `json:"v,omitzero"`
}

// Seal returns the session token of a session. Times are kept in whole seconds.
func (t Tokens) Seal(s *Session) (string, error) {
	text, err := json.Marshal(token{
		Secret: s.Secret.Reveal(), Issued: s.Issued.Unix(), Expires: s.Expires.Unix(),
		Root: s.Root, User: s.User, Role: s.Role, Name: s.Name, Source: s.SourceIdentity, Chained: s.Chained,
		Provider: s.Provider, Web: s.Web, Cognito: s.Cognito, packed: s.packed(),
	}, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("session token: %w", err)
	}
	small, err := deflate(text)
	if err != nil {
		return "", err
	}
	sealed := t.box.Seal(version+string(small), bound(s.Key))
	// Some clients expect the alphabet of base64 and nothing else.
	out := base64.StdEncoding.EncodeToString([]byte(sealed))
	if len(out) > MaxToken {
		return "", fmt.Errorf("session token: %d bytes, at most %d fit into a request", len(out), MaxToken)
	}
	return out, nil
}

func bound(key AccessKeyID) string { return "session " + string(key) }

// Open returns the session that a token was made of, or ErrToken, or ErrExpired. The token must belong to the
// access key it came with.
func (t Tokens) Open(key AccessKeyID, text string, now time.Time) (*Session, error) {
	s, err := t.Read(key, text)
	if err == nil && s.Expired(now) {
		return nil, ErrExpired
	}
	return s, err
}

// Read is Open for those who look at the clock themselves.
func (t Tokens) Read(key AccessKeyID, text string) (*Session, error) {
	if text == "" || len(text) > MaxToken || strings.ContainsAny(text, "\r\n") {
		return nil, ErrToken
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrToken
	}
	plain, err := t.box.Open(string(sealed), bound(key))
	if err != nil {
		return nil, ErrToken
	}
	small, ok := strings.CutPrefix(plain, version)
	if !ok {
		return nil, ErrToken
	}
	// What is inside was written by Seal: only its version can be unknown, not its size.
	raw, err := io.ReadAll(flate.NewReader(strings.NewReader(small)))
	if err != nil {
		return nil, ErrToken
	}
	var in token
	if err := json.Unmarshal(raw, &in, json.RejectUnknownMembers(true)); err != nil {
		return nil, ErrToken
	}
	s := &Session{
		Key: key, Secret: seal.Hide(in.Secret), Issued: time.Unix(in.Issued, 0).UTC(), Expires: time.Unix(in.Expires, 0).UTC(),
		Root: in.Root, User: in.User, Role: in.Role, Name: in.Name, SourceIdentity: in.Source, Chained: in.Chained,
		Provider: in.Provider, Web: in.Web, Cognito: in.Cognito,
		Policy: in.Policy, PolicyARNs: in.ARNs, Tags: in.Tags, Transitive: in.Transitive,
	}
	if !s.owned() || s.Secret.IsZero() {
		return nil, ErrToken
	}
	return s, nil
}

// owned reports whether the session has the rights of exactly one entity.
func (s *Session) owned() bool {
	n := 0
	for _, is := range []bool{s.Root, s.User != "", s.Role != ""} {
		if is {
			n++
		}
	}
	return n == 1
}

func (s *Session) packed() packed {
	return packed{Policy: s.Policy, ARNs: s.PolicyARNs, Tags: s.Tags, Transitive: s.Transitive}
}

// PackedPercent is how much of the room for policies and tags a session takes, in percent and rounded up; 0
// when it has none. More than 100 is too much.
func (s *Session) PackedPercent() (int, error) {
	if !s.Limited() && len(s.Tags) == 0 {
		return 0, nil
	}
	text, err := json.Marshal(s.packed(), json.Deterministic(true))
	if err != nil {
		return 0, fmt.Errorf("pack policies and tags: %w", err)
	}
	small, err := deflate(text)
	return (100*len(small) + MaxPacked - 1) / MaxPacked, err
}

func deflate(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
