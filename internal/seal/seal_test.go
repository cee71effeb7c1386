package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	v2 "github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"

	"gatehouse/internal/seal"
)

const canary = "canary-4f1d"

// Computed once in Python (hmac, hashlib, cryptography) from the description of the construction.
const (
	lookupVector = "c219f6c73245ac18c70d23f0c168f61188245570a5e6efa2b22ab2b60e23eb33"
	sealedVector = "gh1.AAECAwQFBgcICQoLDSpoRhq3SNsbFRVt7aydM24voHrw"
)

// No usual way of printing or encoding shows a secret or a key, wherever it is inside a value.
func TestNothingPrintsASecret(t *testing.T) {
	type noun struct {
		Name   string
		Secret seal.Secret
		inner  seal.Secret // fmt does not call methods of unexported fields
		Many   map[string]seal.Secret
		List   []seal.Secret
		Ptr    *seal.Secret
	}
	s := seal.Hide(canary)
	n := noun{"n", s, s, map[string]seal.Secret{"a": s}, []seal.Secret{s}, &s}
	raw := bytes.Repeat([]byte("K4"), 16)
	key, err := seal.KeyOf(raw)
	if err != nil {
		t.Fatal(err)
	}
	held := struct {
		Key *seal.Key
		box *seal.Box
	}{key, key.Box("t")}

	var out bytes.Buffer
	for _, v := range []any{s, &s, n, &n, []noun{n}, map[string]any{"n": n}, fmt.Errorf("%w with %v", errors.New("e"), s), key, held, &held, []any{key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%t", "%e", "%p", "%10.3s", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("x", "v", v, slog.Any("w", v), slog.Group("g", "v", v))
		}
		b, _ := json.Marshal(v)
		out.Write(b)
		b, _ = v2.Marshal(v)
		out.Write(b)
		b, _ = json.Marshal(map[string]any{"deep": v})
		out.Write(b)
	}
	b, _ := yaml.Marshal(struct{ S seal.Secret }{s})
	out.Write(b)
	for _, shown := range []string{canary, canary[:6], hex.EncodeToString([]byte(canary)), "K4K4", hex.EncodeToString(raw[:4]), "[75 52 75 52", "KzSzR", fmt.Sprint([]byte(canary))} {
		if i := bytes.Index(bytes.ToLower(out.Bytes()), []byte(strings.ToLower(shown))); i >= 0 {
			t.Errorf("%q is shown: …%s…", shown, out.Bytes()[max(0, i-80):min(out.Len(), i+80)])
		}
	}
}

func TestSecretRefusesJSON(t *testing.T) {
	v := struct{ S seal.Secret }{seal.Hide(canary)}
	if b, err := json.Marshal(v); err == nil {
		t.Errorf("encoding/json: got %s, want an error", b)
	}
	if b, err := v2.Marshal(v); err == nil {
		t.Errorf("json/v2: got %s, want an error", b)
	}
	// An empty object would otherwise be read as an empty secret.
	for _, text := range []string{`{"S":{}}`, `{"S":"x"}`} {
		if err := json.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("Unmarshal(%s): got no error", text)
		}
		if err := v2.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("v2.Unmarshal(%s): got no error", text)
		}
	}
}

func TestSecretEqual(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{{"", "", true}, {"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"a", "aa", false}} {
		if got := seal.Hide(test.a).Equal(seal.Hide(test.b)); got != test.want {
			t.Errorf("Hide(%q).Equal(Hide(%q)): got %v", test.a, test.b, got)
		}
	}
	if !seal.Hide("").IsZero() || seal.Hide("a").IsZero() || seal.Hide("a").Reveal() != "a" || (seal.Secret{}).Reveal() != "" {
		t.Error("Hide, Reveal and IsZero disagree")
	}
}

func TestOpenRefuses(t *testing.T) {
	key := seal.NewKey()
	box := key.Box("pets")
	sealed := box.Seal(canary, "row 1")
	if got, err := box.Open(sealed, "row 1"); got != canary || err != nil {
		t.Fatalf("Open: got %q, %v", got, err)
	}
	if got, err := key.Box("pets").Open(sealed, "row 1"); got != canary || err != nil {
		t.Errorf("Open with the box made again: got %q, %v", got, err)
	}
	if box.Seal(canary, "row 1") == sealed {
		t.Error("two seals of one text are equal: the nonce is not random")
	}
	for _, test := range []struct {
		name          string
		box           *seal.Box
		sealed, bound string
	}{
		{"another row", box, sealed, "row 2"},
		{"no row", box, sealed, ""},
		{"another table", key.Box("cats"), sealed, "row 1"},
		{"another key", seal.NewKey().Box("pets"), sealed, "row 1"},
		{"nothing", box, "", "row 1"},
		{"clear text", box, canary, "row 1"},
		{"only the envelope", box, "gh1.", "row 1"},
		{"another version", box, "gh2." + sealed[4:], "row 1"},
		{"no version", box, sealed[4:], "row 1"},
		{"one character less", box, sealed[:len(sealed)-1], "row 1"},
		{"one character more", box, sealed + "A", "row 1"},
		{"a line break", box, sealed + "\n", "row 1"},
		{"a line break inside", box, sealed[:10] + "\n" + sealed[10:], "row 1"},
	} {
		if got, err := test.box.Open(test.sealed, test.bound); !errors.Is(err, seal.ErrOpen) || got != "" {
			t.Errorf("%s: got %q, %v, want ErrOpen", test.name, got, err)
		}
	}
	for i := range len(sealed) { // every other text differs in some bit
		changed := []byte(sealed)
		if changed[i]++; changed[i] == '.'+1 && i == 3 {
			changed[i] = '-'
		}
		if got, err := box.Open(string(changed), "row 1"); err == nil {
			t.Errorf("with character %d changed: got %q, want ErrOpen", i, got)
		}
	}
}

func TestKeyOf(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := seal.KeyOf(make([]byte, n)); err == nil {
			t.Errorf("KeyOf of %d bytes: got no error", n)
		}
	}
	key := seal.NewKey()
	again, err := seal.KeyOf(key.Bytes())
	if err != nil || again.Lookup("x") != key.Lookup("x") {
		t.Errorf("KeyOf(Bytes): another key, or %v", err)
	}
	key.Bytes()[0]++
	if again.Lookup("x") != key.Lookup("x") {
		t.Error("Bytes returned the key itself, not a copy")
	}
}

// The construction may not change: what was sealed and indexed by an older version must be found.
func TestConstructionIsStable(t *testing.T) {
	key, err := seal.KeyOf([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	// HMAC-SHA256 of
	// the value under HKDF-SHA256(key, salt "", info "gatehouse gh1. lookup", 32).
	if got, want := key.Lookup("abcdefghijklmnopqrst").Hex(), lookupVector; got != want {
		t.Errorf("Lookup: got %s, want %s", got, want)
	}
	if got, err := key.Box("pets").Open(sealedVector, "row 1"); got != "hello" || err != nil {
		t.Errorf("Open of a text that was sealed long ago: got %q, %v", got, err)
	}
}

func TestLookup(t *testing.T) {
	key := seal.NewKey()
	seen := map[seal.Digest]string{}
	for _, v := range []string{"", "a", "b", "aa", "\x00", strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 5000)} {
		d := key.Lookup(v)
		if d != key.Lookup(v) {
			t.Errorf("Lookup(%.10q) differs from itself", v)
		}
		if other, taken := seen[d]; taken {
			t.Errorf("Lookup(%.10q) equals Lookup(%.10q)", v, other)
		}
		seen[d] = v
	}
	if key.Lookup("a") == seal.NewKey().Lookup("a") {
		t.Error("two keys give one digest")
	}
}

func FuzzOpen(f *testing.F) {
	key, err := seal.KeyOf(make([]byte, seal.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	box := key.Box("fuzz")
	f.Add(box.Seal("x", "y"), "y")
	f.Add("gh1.AAAA", "")
	f.Fuzz(func(t *testing.T, sealed, bound string) {
		if plain, err := box.Open(sealed, bound); err == nil && plain != "x" {
			t.Errorf("Open(%q, %q) made up %q", sealed, bound, plain)
		}
		if got, err := box.Open(box.Seal(sealed, bound), bound); err != nil || got != sealed {
			t.Errorf("Open(Seal(%q)): got %q, %v", sealed, got, err)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	key := seal.NewKey()
	b.ReportAllocs()
	for b.Loop() {
		key.Lookup("abcdefghijklmnopqrstabcdefghijklmnopqrst")
	}
}
