package store_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

// pair is a noun in its second form; the first had one member, Both.
type pair struct{ ID, Left, Right string }

func pairTable(schema int, upgrade func(int, []byte) ([]byte, error)) *store.Table[pair] {
	return store.NewTable(store.Spec[pair]{Kind: "pair", ID: func(p *pair) string { return p.ID }, Schema: schema, Upgrade: upgrade})
}

// A row that cannot be read whole is an error: a member that is lost could be the one that protects.
func TestRowsRefused(t *testing.T) {
	split := func(from int, value []byte) ([]byte, error) {
		if from != 1 {
			return nil, fmt.Errorf("no such schema")
		}
		return []byte(strings.Replace(string(value), `"Both":"a b"`, `"Left":"a","Right":"b"`, 1)), nil
	}
	for _, test := range []struct {
		name, body string
		table      *store.Table[pair]
		want       string // part of the error; "" when the row is read
	}{
		{"as written", `{"v":2,"d":{"ID":"x","Left":"a","Right":"b"}}`, pairTable(2, split), ""},
		{"of the older schema", `{"v":1,"d":{"ID":"x","Both":"a b"}}`, pairTable(2, split), ""},
		{"of the older schema, no upgrade", `{"v":1,"d":{"ID":"x","Both":"a b"}}`, pairTable(2, nil), "no upgrade from schema 1"},
		{"of a newer schema", `{"v":3,"d":{"ID":"x"}}`, pairTable(2, split), "use a newer version"},
		{"upgrade fails", `{"v":2,"d":{"ID":"x"}}`, pairTable(3, split), "upgrade from schema 2: no such schema"},
		{"no schema", `{"d":{"ID":"x"}}`, pairTable(2, split), "no schema number"},
		{"schema 0", `{"v":0,"d":{"ID":"x"}}`, pairTable(2, split), "no schema number"},
		{"no value", `{"v":2}`, pairTable(2, split), "no value"},
		{"null", `{"v":2,"d":null}`, pairTable(2, split), `holds the value of ""`},
		{"empty", ``, pairTable(2, split), "not readable"},
		{"cut", `{"v":2,"d":{"ID":"x","Left":"a`, pairTable(2, split), "not readable"},
		{"something after it", `{"v":2,"d":{"ID":"x"}}{}`, pairTable(2, split), "not readable"},
		{"unknown member", `{"v":2,"d":{"ID":"x","Up":"a"}}`, pairTable(2, split), `"Up"`},
		{"unknown member outside", `{"v":2,"d":{"ID":"x"},"e":1}`, pairTable(2, split), "not readable"},
		{"member in another case", `{"v":2,"d":{"ID":"x","left":"a"}}`, pairTable(2, split), `"left"`},
		{"member twice", `{"v":2,"d":{"ID":"x","Left":"a","Left":"b"}}`, pairTable(2, split), "duplicate"},
		{"schema twice", `{"v":2,"v":2,"d":{"ID":"x"}}`, pairTable(2, split), "duplicate"},
		{"wrong type", `{"v":2,"d":{"ID":"x","Left":1}}`, pairTable(2, split), "not readable"},
		{"not UTF-8", "{\"v\":2,\"d\":{\"ID\":\"x\",\"Left\":\"\xff\"}}", pairTable(2, split), "not readable"},
		{"of another row", `{"v":2,"d":{"ID":"y"}}`, pairTable(2, split), `holds the value of "y"`},
	} {
		db := store.NewMemory()
		update(t, db, func(tx store.Tx) error { return tx.Put("pair", home, "x", []byte(test.body), nil, true, false) })
		err := db.View(t.Context(), func(tx store.Tx) error {
			got, err := test.table.Get(tx, home, "x")
			if test.want == "" {
				if diff := cmp.Diff(pair{"x", "a", "b"}, got); diff != "" {
					t.Errorf("%s: Get (-want +got):\n%s", test.name, diff)
				}
				return err
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), `pair "x": `) || got != (pair{}) {
				t.Errorf("%s: Get: got %+v, %v, want nothing and an error with %q", test.name, got, err, test.want)
			}
			for got, err := range test.table.List(tx, home, "", "") {
				if err == nil {
					t.Errorf("%s: List: got %+v, want an error", test.name, got)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// A sealed member opens in its own place only (Z1), and a clear text is never taken for one.
func TestSealedMembersMoved(t *testing.T) {
	pets, db := petTable(seal.NewKey()), store.NewMemory()
	rex := pet{Shop: "a", Name: "rex", Token: seal.Hide("t"), Env: map[string]seal.Secret{"A": seal.Hide("1"), "B": seal.Hide("2")}, Old: []seal.Secret{seal.Hide("x"), seal.Hide("y")}}
	update(t, db, func(tx store.Tx) error { return pets.Put(tx, home, rex) })
	sealed := regexp.MustCompile(`"gh1\.[^"]*"`)
	for _, test := range []struct {
		name string
		edit func(texts []string)
	}{
		{"two members swapped", func(s []string) { s[0], s[1] = s[1], s[0] }},
		{"two entries of a map swapped", func(s []string) { s[1], s[2] = s[2], s[1] }},
		{"two elements of a list swapped", func(s []string) { s[3], s[4] = s[4], s[3] }},
		{"clear text", func(s []string) { s[0] = `"t"` }},
		{"empty text", func(s []string) { s[0] = `""` }},
		{"null", func(s []string) { s[0] = `null` }},
		{"an object", func(s []string) { s[0] = `{}` }},
	} {
		_, err := db.Update(t.Context(), func(tx store.Tx) error {
			doc, err := tx.Get("pet", home, "a/rex")
			if err != nil {
				return err
			}
			texts := sealed.FindAllString(string(doc.Body), -1)
			if len(texts) != 5 {
				t.Fatalf("%d sealed members in %s, want 5", len(texts), doc.Body)
			}
			test.edit(texts)
			next := 0
			body := sealed.ReplaceAllStringFunc(string(doc.Body), func(string) string { next++; return texts[next-1] })
			if err := tx.Put("pet", home, "a/rex", []byte(body), nil, false, false); err != nil {
				return err
			}
			if got, err := pets.Get(tx, home, "a/rex"); err == nil {
				t.Errorf("%s: Get: got token %q, want an error", test.name, got.Token.Reveal())
			}
			return errors.ErrUnsupported // undo
		})
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestTexts(t *testing.T) {
	table := store.NewTable(store.Spec[pair]{Kind: "pair", ID: func(p *pair) string { return p.ID },
		Index: map[string]func(*pair) []string{"left": func(p *pair) []string { return []string{p.Left} }}})
	db := store.NewMemory()
	for _, bad := range []string{"\x00", "a\x00b", "\xff", "a\xc3", strings.Repeat("x", 4097)} {
		for name, v := range map[string]pair{"id": {ID: bad}, "index value": {ID: "x", Left: bad}} {
			if _, err := db.Update(t.Context(), func(tx store.Tx) error { return table.Put(tx, home, v) }); err == nil {
				t.Errorf("Put with the %s %.10q: got no error", name, bad)
			}
		}
		err := db.View(t.Context(), func(tx store.Tx) error {
			if _, err := table.Get(tx, home, bad); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Get(%.10q): got %v, want ErrNotFound", bad, err)
			}
			for v, err := range table.By(tx, home, "left", bad) {
				t.Errorf("By(left, %.10q): got %v, %v, want nothing", bad, v, err)
			}
			for _, err := range table.List(tx, home, bad, "") {
				if err == nil {
					t.Errorf("List(%.10q): got a value", bad)
				}
			}
			for _, err := range table.By(tx, home, "right", "x") {
				if err == nil || !strings.Contains(err.Error(), `no index "right"`) {
					t.Errorf("By of an index that is not there: got %v", err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := db.Update(t.Context(), func(tx store.Tx) error { return table.Put(tx, home, pair{}) }); err == nil || !strings.Contains(err.Error(), "id is empty") {
		t.Errorf("Put without an id: got %v", err)
	}
	update(t, db, func(tx store.Tx) error { return table.Put(tx, home, pair{ID: strings.Repeat("é", 2048), Left: ""}) })
}

func FuzzRow(f *testing.F) {
	pets := petTable(seal.NewKey())
	f.Add([]byte(`{"v":1,"d":{"Shop":"a","Name":"rex","Wait":"1s","Born":"2026-01-02T03:04:05Z","Limit":1,"Env":{"A":"gh1.AAAA"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		db := store.NewMemory()
		update(t, db, func(tx store.Tx) error { return tx.Put("pet", home, "a/rex", body, nil, true, false) })
		update(t, db, func(tx store.Tx) error {
			first, err := pets.Get(tx, home, "a/rex")
			if err != nil {
				return nil
			}
			if err := pets.Put(tx, home, first); err != nil {
				t.Fatalf("Put of what was read: %v", err)
			}
			again, err := pets.Get(tx, home, "a/rex")
			if diff := cmp.Diff(first, again); diff != "" || err != nil {
				t.Errorf("read, written, read: %v (-first +again):\n%s", err, diff)
			}
			return nil
		})
	})
}
