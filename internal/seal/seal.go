// Package seal keeps secrets: a Secret is a text that cannot print itself, a Key seals secrets for
// storage with AES-256-GCM and finds them by a keyed digest.
//
// It owns the envelope and the type. It does not know where keys come from (store/keyfile) nor where sealed
// text is put (store's tables, which seal the Secrets inside a value by themselves).
package seal

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
)

const hidden = "[secret]"

// Secret is a text that must not reach a log, an error or a page by accident. Reveal is the only way to
// its content, so that a reviewer can list every use. The zero Secret is the empty text.
//
// It refuses to become JSON, in either direction, unless the encoder knows how to seal it: a table whose
// specification has a Key does, nothing else.
type Secret struct {
	// A pointer, because fmt prints unexported fields of foreign structs without asking them: it finds an
	// address here, not the text.
	text *string
	// Not comparable with ==, which would compare addresses.
	_ [0]func()
}

// Hide makes a Secret of a text.
func Hide(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no text.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal compares two secrets in a time that depends on their lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String hides the text from those who ask for it directly.
func (Secret) String() string { return hidden }

// Format hides the text from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { f.Write([]byte(hidden)) }

// LogValue hides the text from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

var errClear = errors.New("a secret does not go into JSON in clear: only a table with a key can seal it")

// MarshalJSON refuses.
func (Secret) MarshalJSON() ([]byte, error) { return nil, errClear }

// UnmarshalJSON refuses.
func (*Secret) UnmarshalJSON([]byte) error { return errClear }

// MarshalText refuses, for encoders of other formats.
func (Secret) MarshalText() ([]byte, error) { return nil, errClear }

// UnmarshalText refuses.
func (*Secret) UnmarshalText([]byte) error { return errClear }
