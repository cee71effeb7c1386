package apigateway_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/apigw"
	model "gatehouse/internal/awsapi/apigateway"
	"gatehouse/internal/service/apigateway"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// wantRefusal checks the code and the beginning of the message of a refusal.
func wantRefusal(t *testing.T, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.Code != code || !strings.HasPrefix(e.Message, message) {
		t.Errorf("got %s %q, want %s %q", e.Code, e.Message, code, message)
	}
}

// must is for calls whose failure is not what the test is about.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// deployed makes an API with one MOCK method, deployed to stage dev.
func deployed(t *testing.T, h *house) (api, root string) {
	t.Helper()
	ctx := t.Context()
	a := must[*model.RestApi](t)(h.CreateRestApi(ctx, &model.CreateRestApiInput{Name: "a"}))
	addMethod(t, h, *a.Id, *a.RootResourceId, "GET")
	must[*model.Deployment](t)(h.CreateDeployment(ctx, &model.CreateDeploymentInput{RestApiId: *a.Id, StageName: new("dev")}))
	return *a.Id, *a.RootResourceId
}

func addMethod(t *testing.T, h *house, api, resource, verb string) {
	t.Helper()
	must[*model.Method](t)(h.PutMethod(t.Context(), &model.PutMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: verb, AuthorizationType: "NONE", ApiKeyRequired: new(true)}))
	must[*model.Integration](t)(h.PutIntegration(t.Context(), &model.PutIntegrationInput{RestApiId: api, ResourceId: resource, HttpMethod: verb, Type: "MOCK"}))
}

func TestPositionsAreBound(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	for i := range 3 {
		must[*model.ApiKey](t)(h.CreateApiKey(ctx, &model.CreateApiKeyInput{Name: new(fmt.Sprintf("k%d", i)), CustomerId: new("c")}))
	}
	first := must[*model.ApiKeys](t)(h.GetApiKeys(ctx, &model.GetApiKeysInput{Limit: new(int32(1))}))
	position := *first.Position
	const refused = "Invalid position parameter specified"

	_, err := h.GetApiKeys(ctx, &model.GetApiKeysInput{Position: &position, NameQuery: new("k")})
	wantRefusal(t, err, "BadRequestException", refused)
	_, err = h.GetApiKeys(ctx, &model.GetApiKeysInput{Position: &position, CustomerId: new("c")})
	wantRefusal(t, err, "BadRequestException", refused)
	_, err = h.GetUsagePlans(ctx, &model.GetUsagePlansInput{Position: &position})
	wantRefusal(t, err, "BadRequestException", refused)
	for i := range position {
		forged := position[:i] + string(position[i]^1) + position[i+1:]
		if out, err := h.GetApiKeys(ctx, &model.GetApiKeysInput{Position: &forged}); err == nil {
			// The last character of base64 has bits that do not count.
			if i < len(position)-1 {
				t.Errorf("a position with its byte %d changed was taken: %v", i, out)
			}
		}
	}
	other, err := apigateway.New(h.config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.GetApiKeys(ctx, &model.GetApiKeysInput{Position: &position})
	wantRefusal(t, err, "BadRequestException", refused)
}

func TestPagesCoverEverythingOnce(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	const n = 60
	for i := range n {
		must[*model.ApiKey](t)(h.CreateApiKey(ctx, &model.CreateApiKeyInput{Name: new(fmt.Sprintf("k%02d", i))}))
	}
	for _, limit := range []*int32{nil, new(int32(1)), new(int32(7)), new(int32(n)), new(int32(1000))} {
		var names []string
		var position *string
		for {
			out := must[*model.ApiKeys](t)(h.GetApiKeys(ctx, &model.GetApiKeysInput{Limit: limit, Position: position}))
			if limit == nil && len(out.Items) > 25 {
				t.Fatalf("a page without a limit has %d items", len(out.Items))
			}
			for _, k := range out.Items {
				names = append(names, *k.Name)
			}
			if position = out.Position; position == nil {
				break
			}
		}
		var want []string
		for i := n - 1; i >= 0; i-- {
			want = append(want, fmt.Sprintf("k%02d", i))
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("limit %v (-want +got):\n%s", limit, diff)
		}
	}
}

// A page goes on behind its position although the item it was cut at is gone.
func TestPageAfterDeletion(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	for i := range 3 {
		must[*model.ApiKey](t)(h.CreateApiKey(ctx, &model.CreateApiKeyInput{Name: new(fmt.Sprintf("k%d", i))}))
	}
	first := must[*model.ApiKeys](t)(h.GetApiKeys(ctx, &model.GetApiKeysInput{Limit: new(int32(1))}))
	if err := h.DeleteApiKey(ctx, &model.DeleteApiKeyInput{ApiKey: *first.Items[0].Id}); err != nil {
		t.Fatal(err)
	}
	rest := must[*model.ApiKeys](t)(h.GetApiKeys(ctx, &model.GetApiKeysInput{Position: first.Position}))
	if len(rest.Items) != 2 || *rest.Items[0].Name != "k1" {
		t.Errorf("got %d items beginning with %v, want k1 and k0", len(rest.Items), rest.Items)
	}
}

func TestGeneratedValues(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	seen := map[string]bool{}
	for range 20 {
		k := must[*model.ApiKey](t)(h.CreateApiKey(ctx, &model.CreateApiKeyInput{}))
		if len(*k.Value) != 40 || strings.Trim(*k.Value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" || seen[*k.Value] {
			t.Errorf("generated value %q: want 40 fresh alphanumerics", *k.Value)
		}
		if len(*k.Id) != 10 {
			t.Errorf("key id %q: want 10 characters", *k.Id)
		}
		seen[*k.Value] = true
	}
}

func TestHintsGiveStableIDs(t *testing.T) {
	make := func(h *house, hint string) string {
		a := must[*model.RestApi](t)(h.CreateRestApi(stack.WithHint(t.Context(), hint), &model.CreateRestApiInput{Name: "a"}))
		return *a.Id + " " + *a.RootResourceId
	}
	one, two := newHouse(t), newHouse(t)
	first := make(one, "s/Api/0")
	if again := make(two, "s/Api/0"); again != first {
		t.Errorf("the same hint gave %s and %s", first, again)
	}
	if other := make(two, "s/Api/1"); other == first {
		t.Errorf("another hint gave %s again", first)
	}
	// What exists is not overwritten, whatever the hint.
	if twice := make(one, "s/Api/0"); twice == first {
		t.Errorf("a second API got the id of the first, %s", first)
	}
	if random := make(one, ""); random == make(two, "") {
		t.Error("no hint gave the same id twice")
	}
}

func TestDeploymentIsFrozen(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	api, root := deployed(t, h)
	load := func() apigw.Deployment {
		var d apigw.Deployment
		err := h.config.DB.View(ctx, func(tx store.Tx) error {
			scope := store.Scope(h.config.Home.Scope())
			st, err := h.config.Tables.Stages.Get(tx, scope, tables.InAPI(apigw.APIID(api), "dev"))
			if err != nil {
				return err
			}
			d, err = h.config.Tables.Deployments.Get(tx, scope, tables.InAPI(st.API, st.Deployment))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before := load()
	addMethod(t, h, api, root, "POST")
	if diff := cmp.Diff(before, load()); diff != "" {
		t.Errorf("a change of the API changed its deployment:\n%s", diff)
	}
	deploy := func() apigw.Deployment {
		must[*model.Deployment](t)(h.CreateDeployment(ctx, &model.CreateDeploymentInput{RestApiId: api, StageName: new("dev")}))
		return load()
	}
	after := deploy()
	if after.Digest == before.Digest {
		t.Error("another definition has the same digest")
	}
	if again := deploy(); again.Digest != after.Digest || again.ID == after.ID {
		t.Errorf("the same definition deployed again: digest %s id %s, want the digest %s and a new id", again.Digest, again.ID, after.Digest)
	}
	if err := h.TagResource(ctx, &model.TagResourceInput{ResourceArn: "arn:aws:apigateway:us-east-1::/restapis/" + api, Tags: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	if tagged := deploy(); tagged.Digest != after.Digest {
		t.Error("a tag changed the digest")
	}
}

func TestDeleteRestApiLeavesNothing(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	api, _ := deployed(t, h)
	must[*model.RequestValidator](t)(h.CreateRequestValidator(ctx, &model.CreateRequestValidatorInput{RestApiId: api}))
	must[*model.GatewayResponse](t)(h.PutGatewayResponse(ctx, &model.PutGatewayResponseInput{RestApiId: api, ResponseType: "THROTTLED"}))
	if err := h.DeleteRestApi(ctx, &model.DeleteRestApiInput{RestApiId: api}); err != nil {
		t.Fatal(err)
	}
	err := h.config.DB.View(ctx, func(tx store.Tx) error {
		for _, kind := range []string{"restapi", "resource", "authorizer", "model", "validator", "gatewayresponse", "deployment", "stage"} {
			for doc, err := range tx.List("apigw."+kind, store.Scope(h.config.Home.Scope()), "", "") {
				if err != nil {
					return err
				}
				t.Errorf("a %s is left: %s", kind, doc.ID)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnePlanPerKeyAndStage(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	api, _ := deployed(t, h)
	stage := []model.ApiStage{{ApiId: &api, Stage: new("dev")}}

	_, err := h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: "p", ApiStages: []model.ApiStage{{ApiId: &api, Stage: new("nope")}}})
	wantRefusal(t, err, "BadRequestException", "Invalid API Stage {api: "+api+", stage: nope} specified for usageplan ")

	key := *must[*model.ApiKey](t)(h.CreateApiKey(ctx, &model.CreateApiKeyInput{})).Id
	covering := *must[*model.UsagePlan](t)(h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: "covering", ApiStages: stage})).Id
	empty := *must[*model.UsagePlan](t)(h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: "empty"})).Id
	for _, plan := range []string{covering, empty} {
		must[*model.UsagePlanKey](t)(h.CreateUsagePlanKey(ctx, &model.CreateUsagePlanKeyInput{UsagePlanId: plan, KeyId: key, KeyType: "API_KEY"}))
	}
	// The stage cannot come in by the other door either.
	_, err = h.UpdateUsagePlan(ctx, &model.UpdateUsagePlanInput{UsagePlanId: empty, PatchOperations: []model.PatchOperation{
		{Op: new("add"), Path: new("/apiStages"), Value: new(api + ":dev")},
	}})
	wantRefusal(t, err, "ConflictException", "API Key "+key+" already has Usage Plan "+covering)

	for i := range apigw.MaxPlansPerKey - 2 {
		plan := *must[*model.UsagePlan](t)(h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: fmt.Sprint(i)})).Id
		must[*model.UsagePlanKey](t)(h.CreateUsagePlanKey(ctx, &model.CreateUsagePlanKeyInput{UsagePlanId: plan, KeyId: key, KeyType: "API_KEY"}))
	}
	last := *must[*model.UsagePlan](t)(h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: "last"})).Id
	_, err = h.CreateUsagePlanKey(ctx, &model.CreateUsagePlanKeyInput{UsagePlanId: last, KeyId: key, KeyType: "API_KEY"})
	wantRefusal(t, err, "LimitExceededException", "API Key "+key+" is already in 10 Usage Plans")
}

// A plan keeps a stage that was deleted, and can still be changed and emptied.
func TestPlanOfDeletedStage(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	api, _ := deployed(t, h)
	plan := *must[*model.UsagePlan](t)(h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: "p", ApiStages: []model.ApiStage{{ApiId: &api, Stage: new("dev")}}})).Id
	if err := h.DeleteRestApi(ctx, &model.DeleteRestApiInput{RestApiId: api}); err != nil {
		t.Fatal(err)
	}
	for _, op := range []model.PatchOperation{
		{Op: new("replace"), Path: new("/name"), Value: new("q")},
		{Op: new("remove"), Path: new("/apiStages"), Value: new(api + ":dev")},
	} {
		must[*model.UsagePlan](t)(h.UpdateUsagePlan(ctx, &model.UpdateUsagePlanInput{UsagePlanId: plan, PatchOperations: []model.PatchOperation{op}}))
	}
	if err := h.DeleteUsagePlan(ctx, &model.DeleteUsagePlanInput{UsagePlanId: plan}); err != nil {
		t.Error(err)
	}
}

func TestConcurrentChangesLoseNothing(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	api, _ := deployed(t, h)
	plan := *must[*model.UsagePlan](t)(h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: "p"})).Id
	const n = 24
	for i := range n {
		must[*model.Deployment](t)(h.CreateDeployment(ctx, &model.CreateDeploymentInput{RestApiId: api, StageName: new(fmt.Sprintf("s%d", i))}))
	}
	value := "the-one-value-of-all-keys"
	var wins sync.Map
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			_, err := h.UpdateUsagePlan(ctx, &model.UpdateUsagePlanInput{UsagePlanId: plan, PatchOperations: []model.PatchOperation{
				{Op: new("add"), Path: new("/apiStages"), Value: new(fmt.Sprintf("%s:s%d", api, i))},
			}})
			if err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			k, err := h.CreateApiKey(ctx, &model.CreateApiKeyInput{Value: &value})
			if err == nil {
				wins.Store(*k.Id, true)
				return
			}
			wantRefusal(t, err, "ConflictException", "API Key already exists")
		})
		all.Go(func() {
			k, err := h.CreateApiKey(ctx, &model.CreateApiKeyInput{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := h.CreateUsagePlanKey(ctx, &model.CreateUsagePlanKeyInput{UsagePlanId: plan, KeyId: *k.Id, KeyType: "API_KEY"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(must[*model.UsagePlan](t)(h.GetUsagePlan(ctx, &model.GetUsagePlanInput{UsagePlanId: plan})).ApiStages); got != n {
		t.Errorf("the plan has %d stages, want %d", got, n)
	}
	if got := len(must[*model.UsagePlanKeys](t)(h.GetUsagePlanKeys(ctx, &model.GetUsagePlanKeysInput{UsagePlanId: plan, Limit: new(int32(500))})).Items); got != n {
		t.Errorf("the plan has %d keys, want %d", got, n)
	}
	won := 0
	wins.Range(func(any, any) bool { won++; return true })
	if won != 1 {
		t.Errorf("%d keys have one value, want 1", won)
	}
}

func TestPublishedIsAwaited(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	var revs []store.Rev
	h.config.Published = func(_ context.Context, rev store.Rev) error {
		revs = append(revs, rev)
		return errors.New("a stage does not compile")
	}
	var err error
	if h.Service, err = apigateway.New(h.config); err != nil {
		t.Fatal(err)
	}
	// The error of a publisher is not the caller's.
	deployed(t, h)
	if want := []store.Rev{h.config.DB.Rev()}; !slices.Equal(revs, want) {
		t.Errorf("awaited %v, want the revision of the deployment alone: %v", revs, want)
	}
	_, err = h.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{})
	wantRefusal(t, err, "BadRequestException", "Usage Plan name cannot be empty")
	if len(revs) != 1 {
		t.Error("a refusal was published")
	}
}

func TestAllGatewayResponsesAreListed(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	api, _ := deployed(t, h)
	out := must[*model.GatewayResponses](t)(h.GetGatewayResponses(ctx, &model.GetGatewayResponsesInput{RestApiId: api, Limit: new(int32(1))}))
	var kinds []string
	for _, r := range out.Items {
		kinds = append(kinds, *r.ResponseType)
		if (r.StatusCode == nil) != strings.HasPrefix(*r.ResponseType, "DEFAULT_") {
			t.Errorf("%s: status %v", *r.ResponseType, r.StatusCode)
		}
	}
	want := slices.Clone(model.Service.Rules["GatewayResponseType"].Enum)
	slices.Sort(want)
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

// What cannot be an id is as unknown as any other; it must not reach the store.
func TestStrangeIDs(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	for _, id := range []string{"", "\x00", "é", strings.Repeat("a", 2000), "a/b"} {
		_, err := h.GetRestApi(ctx, &model.GetRestApiInput{RestApiId: id})
		wantRefusal(t, err, "NotFoundException", "Invalid API identifier specified 123456789012:"+id)
		_, err = h.GetMethod(ctx, &model.GetMethodInput{RestApiId: id, ResourceId: id, HttpMethod: id})
		wantRefusal(t, err, "NotFoundException", "Invalid Resource identifier specified")
		_, err = h.GetStage(ctx, &model.GetStageInput{RestApiId: id, StageName: id})
		wantRefusal(t, err, "NotFoundException", "Invalid stage identifier specified")
		_, err = h.CreateResource(ctx, &model.CreateResourceInput{RestApiId: id, ParentId: id, PathPart: "x"})
		wantRefusal(t, err, "NotFoundException", "Invalid Resource identifier specified")
		_, err = h.GetUsagePlanKeys(ctx, &model.GetUsagePlanKeysInput{UsagePlanId: id})
		if err != nil {
			t.Errorf("GetUsagePlanKeys of plan %q: %v", id, err)
		}
		_, err = h.GetUsagePlans(ctx, &model.GetUsagePlansInput{KeyId: new(id)})
		if err != nil {
			t.Errorf("GetUsagePlans of key %q: %v", id, err)
		}
	}
}

// Ids of another account's scope are unknown.
func TestOtherAccount(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	api, _ := deployed(t, h)
	other := h.config
	other.Home.Account = "999999999999"
	s, err := apigateway.New(other)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.GetRestApi(ctx, &model.GetRestApiInput{RestApiId: api})
	wantRefusal(t, err, "NotFoundException", "Invalid API identifier specified 999999999999:"+api)
	_, err = s.CreateUsagePlan(ctx, &model.CreateUsagePlanInput{Name: "p", ApiStages: []model.ApiStage{{ApiId: &api, Stage: new("dev")}}})
	wantRefusal(t, err, "BadRequestException", "Invalid API Stage")
}

func TestOutputsNeverShowUnaskedValues(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	k := must[*model.ApiKey](t)(h.CreateApiKey(ctx, &model.CreateApiKeyInput{}))
	get := must[*model.ApiKey](t)(h.GetApiKey(ctx, &model.GetApiKeyInput{ApiKey: *k.Id}))
	list := must[*model.ApiKeys](t)(h.GetApiKeys(ctx, &model.GetApiKeysInput{IncludeValues: new(false)}))
	update := must[*model.ApiKey](t)(h.UpdateApiKey(ctx, &model.UpdateApiKeyInput{ApiKey: *k.Id, PatchOperations: []model.PatchOperation{{Op: new("replace"), Path: new("/name"), Value: new("n")}}}))
	for _, out := range []any{get, list, update} {
		if text, err := json.Marshal(out); err != nil || strings.Contains(string(text), *k.Value) {
			t.Errorf("%T shows the value (%v)", out, err)
		}
	}
}

func TestIDs(t *testing.T) {
	g := apigateway.NewIDs(rand.Reader)
	for kind, length := range map[apigateway.IDKind]int{
		apigateway.IDRestAPI: 10, apigateway.IDResource: 10, apigateway.IDKey: 10,
		apigateway.IDDeployment: 6, apigateway.IDPlan: 6, apigateway.IDAuthorizer: 6, apigateway.IDValidator: 6, apigateway.IDModel: 6,
	} {
		for _, hint := range []string{"", "hint"} {
			id, err := g.New(kind, hint)
			if err != nil || len(id) != length || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Errorf("New(%s, %q) = %q, %v: want %d characters of [a-z0-9]", kind, hint, id, err, length)
			}
		}
	}
}
