// Package seal keeps secrets: a Secret is a text that cannot print itself, a Key seals secrets for
// storage with AES-256-GCM.
//
// It owns the envelope and the type. It does not know where keys come from (config) nor where sealed
// text is put (tables).
package seal

import "log/slog"

// Secret is a text that must not reach a log, an error or a page by accident. Reveal is the only way to
// its content, so that a reviewer can list every use.
type Secret struct{ text string }

// Hide makes a Secret of a text.
func Hide(text string) Secret { return Secret{text} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether there is no text.
func (s Secret) IsZero() bool { return s.text == "" }

// String hides the text from fmt.
func (Secret) String() string { return "[secret]" }

// GoString hides the text from %#v.
func (Secret) GoString() string { return "[secret]" }

// LogValue hides the text from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }
