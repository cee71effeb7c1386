package tables

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/apigw"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

const home store.Scope = "123456789012/us-east-1"

func update(t *testing.T, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if _, err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	db := store.NewMemory()
	path := filepath.Join(t.TempDir(), "master.key")
	first, err := Open(t.Context(), db, path)
	if err != nil {
		t.Fatal(err)
	}
	key := identity.AccessKey{ID: "AKIA1", Secret: seal.Hide("canary"), Active: true}
	update(t, db, func(tx store.Tx) error { return first.AccessKeys.Insert(tx, home, key) })

	again, err := Open(t.Context(), db, path)
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx store.Tx) error {
		got, err := again.AccessKeys.Get(tx, home, "AKIA1")
		if diff := cmp.Diff(key, got); diff != "" {
			t.Errorf("Get after a restart (-want +got):\n%s", diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	other := filepath.Join(t.TempDir(), "other.key")
	if _, err := Open(t.Context(), store.NewMemory(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), db, other); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), other) {
		t.Errorf("Open with another key: got %v, want ErrKey and the file", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), db, path); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("Open without the key file: got %v, want ErrKey and that it is missing", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused Open made a new key file: %v", err)
	}
}

// A ciphertext that is moved to another row, column, scope or table does not open (Z1).
func TestSwappedCiphertextsFail(t *testing.T) {
	db, tables := store.NewMemory(), New(seal.NewKey())
	update(t, db, func(tx store.Tx) error {
		return errors.Join(
			tables.AccessKeys.Insert(tx, home, identity.AccessKey{ID: "AKIA1", Secret: seal.Hide("one")}),
			tables.AccessKeys.Insert(tx, home, identity.AccessKey{ID: "AKIA2", Secret: seal.Hide("two")}),
			tables.AccessKeys.Insert(tx, "away", identity.AccessKey{ID: "AKIA1", Secret: seal.Hide("three")}),
		)
	})
	kind := tables.AccessKeys.Kind()
	sealed := func(tx store.Tx, scope store.Scope, id string) (body, text string) {
		doc, err := tx.Get(kind, scope, id)
		if err != nil {
			t.Fatal(err)
		}
		body = string(doc.Body)
		_, text, _ = strings.Cut(body, `"Secret":"`)
		text, _, ok := strings.Cut(text, `"`)
		if !ok {
			t.Fatalf("row without a sealed secret: %s", body)
		}
		return body, text
	}
	for _, from := range []struct {
		scope store.Scope
		id    string
	}{{home, "AKIA2"}, {"away", "AKIA1"}} {
		update(t, db, func(tx store.Tx) error {
			body, mine := sealed(tx, home, "AKIA1")
			_, theirs := sealed(tx, from.scope, from.id)
			if err := tx.Put(kind, home, "AKIA1", []byte(strings.Replace(body, mine, theirs, 1)), nil, false, true); err != nil {
				return err
			}
			if got, err := tables.AccessKeys.Get(tx, home, "AKIA1"); !errors.Is(err, seal.ErrOpen) {
				t.Errorf("Get of a row with the secret of %s %s: got %q, %v, want ErrOpen", from.scope, from.id, got.Secret.Reveal(), err)
			}
			return tx.Put(kind, home, "AKIA1", []byte(body), nil, false, true)
		})
	}
}

func TestIndexes(t *testing.T) {
	db, tables := store.NewMemory(), New(seal.NewKey())
	value := "abcdefghijklmnopqrst"
	update(t, db, func(tx store.Tx) error {
		return errors.Join(
			tables.APIKeys.Insert(tx, home, apigw.APIKey{ID: "k1", Name: "free", Value: seal.Hide(value)}),
			tables.APIKeys.Insert(tx, home, apigw.APIKey{ID: "k2", Name: "free", Value: seal.Hide(value + "2")}),
			tables.PlanKeys.Insert(tx, home, apigw.PlanKey{Plan: "p1", Key: "k1"}),
			tables.PlanKeys.Insert(tx, home, apigw.PlanKey{Plan: "p2", Key: "k1"}),
			tables.PlanKeys.Insert(tx, home, apigw.PlanKey{Plan: "p2", Key: "k2"}),
			tables.Stages.Insert(tx, home, apigw.Stage{API: "a", Name: "dev", Deployment: "d1", Canary: &apigw.Canary{Deployment: "d2"}}),
			tables.UsagePlans.Insert(tx, home, apigw.UsagePlan{ID: "p1", Stages: []apigw.PlanStage{{API: "a", Stage: "dev"}}}),
		)
	})
	if _, err := db.Update(t.Context(), func(tx store.Tx) error {
		return tables.APIKeys.Insert(tx, home, apigw.APIKey{ID: "k3", Value: seal.Hide(value)})
	}); !errors.Is(err, store.ErrExists) || strings.Contains(err.Error(), value) {
		t.Errorf("Insert of a second key with one value: got %v, want ErrExists without the value", err)
	}
	err := db.View(t.Context(), func(tx store.Tx) error {
		key, err := tables.APIKeys.One(tx, home, ByLookup, tables.Lookup(value))
		if key.ID != "k1" {
			t.Errorf("APIKeys by value: got %q, %v", key.ID, err)
		}
		var plans []string
		for p, err := range tables.PlanKeys.By(tx, home, ByKey, "k1") {
			if err != nil {
				return err
			}
			plans = append(plans, string(p.Plan))
		}
		if want := []string{"p1", "p2"}; !slices.Equal(plans, want) {
			t.Errorf("PlanKeys by key: got %v, want %v", plans, want)
		}
		for _, deployment := range []apigw.DeploymentID{"d1", "d2"} {
			for s, err := range tables.Stages.By(tx, home, ByDeployment, InAPI("a", deployment)) {
				if err != nil || s.Name != "dev" {
					t.Errorf("Stages by deployment %s: got %q, %v", deployment, s.Name, err)
				}
			}
		}
		for p, err := range tables.UsagePlans.By(tx, home, ByStage, InAPI[apigw.StageName]("a", "dev")) {
			if err != nil || p.ID != "p1" {
				t.Errorf("UsagePlans by stage: got %q, %v", p.ID, err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every member of the big nouns comes back as it was written: a member lost on the way could be the one
// that protects something.
func TestDeploymentRoundTrip(t *testing.T) {
	ttl, burst, rate := int32(0), int32(5), 0.5
	want := apigw.Deployment{
		API: "a", ID: "d", Created: time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC), Digest: "00",
		Frozen: apigw.Definition{
			API: apigw.RestAPI{ID: "a", Policy: "{}", KeySource: apigw.KeyFromHeader, BinaryMediaTypes: []string{}, Tags: map[string]string{}},
			Resources: []apigw.Resource{{API: "a", ID: "r", Path: "/", Methods: map[string]*apigw.Method{"GET": {
				Verb: "GET", Auth: apigw.AuthIAM, KeyRequired: true, Params: map[string]bool{"method.request.header.x": false},
				Integration: &apigw.Integration{Type: "MOCK", Timeout: 29 * time.Second, Templates: map[string]string{"application/json": "{\"a\":\"é<>&\u2028\"}"}},
			}}}},
			Authorizers:      []apigw.Authorizer{{API: "a", ID: "x", TTLSeconds: &ttl}},
			GatewayResponses: []apigw.GatewayResponse{{API: "a", Type: "DEFAULT_4XX"}},
		},
	}
	stage := apigw.Stage{API: "a", Name: "s", Methods: map[string]apigw.MethodSetting{"*/*": {Burst: &burst, Rate: &rate}}, Canary: &apigw.Canary{Percent: 12.5}}
	db, tables := store.NewMemory(), New(seal.NewKey())
	update(t, db, func(tx store.Tx) error {
		return errors.Join(tables.Deployments.Put(tx, home, want), tables.Stages.Put(tx, home, stage))
	})
	err := db.View(t.Context(), func(tx store.Tx) error {
		got, err := tables.Deployments.Get(tx, home, "a/d")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Deployment (-want +got):\n%s", diff)
		}
		gotStage, err2 := tables.Stages.Get(tx, home, "a/s")
		if diff := cmp.Diff(stage, gotStage); diff != "" {
			t.Errorf("Stage (-want +got):\n%s", diff)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
}
