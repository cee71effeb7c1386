package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"gatehouse/internal/seal"
)

// codec writes rows as {"v":schema,"d":value}. Names are case-sensitive, duplicate and unknown members are
// refused, nil and empty collections stay apart, durations are written as Go prints them.
type codec struct {
	kind string
	box  *seal.Box
}

// place is where a row lives; sealed members are bound to it.
type place struct {
	scope Scope
	id    string
}

func newCodec(kind string, key *seal.Key) codec {
	if key == nil {
		return codec{kind: kind}
	}
	return codec{kind: kind, box: key.Box(kind)}
}

func (c codec) encode(schema int, at place, v any) ([]byte, error) {
	marshalers := json.MarshalToFunc(func(enc *jsontext.Encoder, d time.Duration) error {
		return enc.WriteToken(jsontext.String(d.String()))
	})
	if c.box != nil {
		marshalers = json.JoinMarshalers(marshalers, json.MarshalToFunc(func(enc *jsontext.Encoder, s seal.Secret) error {
			return enc.WriteToken(jsontext.String(c.box.Seal(s.Reveal(), c.bound(at, enc.StackPointer()))))
		}))
	}
	value, err := json.Marshal(v, json.WithMarshalers(marshalers), json.Deterministic(true),
		json.OmitZeroStructFields(true), json.FormatNilSliceAsNull(true), json.FormatNilMapAsNull(true))
	if err != nil {
		return nil, err
	}
	body := append([]byte(`{"v":`), strconv.Itoa(schema)...)
	body = append(body, `,"d":`...)
	body = append(body, value...)
	return append(body, '}'), nil
}

// open returns the schema number and the value, still as JSON.
func (codec) open(body []byte) (int, []byte, error) {
	var row struct {
		V int            `json:"v"`
		D jsontext.Value `json:"d"`
	}
	if err := json.Unmarshal(body, &row, json.RejectUnknownMembers(true)); err != nil {
		return 0, nil, fmt.Errorf("the row is not readable: %w", err)
	}
	if row.V < 1 || row.D == nil {
		return 0, nil, errors.New("the row is not readable: it has no schema number or no value")
	}
	return row.V, row.D, nil
}

func (c codec) decode(at place, value []byte, v any) error {
	unmarshalers := json.UnmarshalFromFunc(func(dec *jsontext.Decoder, d *time.Duration) error {
		text, err := readString(dec)
		if err != nil {
			return err
		}
		*d, err = time.ParseDuration(text)
		return err
	})
	if c.box != nil {
		unmarshalers = json.JoinUnmarshalers(unmarshalers, json.UnmarshalFromFunc(func(dec *jsontext.Decoder, s *seal.Secret) error {
			column := dec.StackPointer()
			text, err := readString(dec)
			if err != nil {
				return err
			}
			plain, err := c.box.Open(text, c.bound(at, column))
			if err != nil {
				return err
			}
			*s = seal.Hide(plain)
			return nil
		}))
	}
	if err := json.Unmarshal(value, v, json.WithUnmarshalers(unmarshalers), json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("the row is not readable: %w", err)
	}
	return nil
}

// bound is the associated data of one sealed member: a ciphertext opens in its own place only. The parts
// are quoted, so that no two places share a text.
func (c codec) bound(at place, column jsontext.Pointer) string {
	return strings.Join([]string{strconv.Quote(c.kind), strconv.Quote(string(at.scope)), strconv.Quote(at.id), strconv.Quote(string(column))}, "|")
}

func readString(dec *jsontext.Decoder) (string, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return "", err
	}
	if token.Kind() != '"' {
		return "", fmt.Errorf("%s where a string belongs", token.Kind())
	}
	return token.String(), nil
}
