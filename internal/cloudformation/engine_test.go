package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
	"gatehouse/internal/seal"
	"gatehouse/internal/stack"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// world is what the fake providers make: physical id → properties as JSON.
type world struct {
	things map[string]string
	log    []string
	// fail makes a step fail, by "verb physical-or-logical-id".
	fail map[string]bool
	next int
}

func (w *world) step(verb, id string) error {
	w.log = append(w.log, verb+" "+id)
	if w.fail[verb+" "+id] {
		return fmt.Errorf("%s of %s was refused", verb, id)
	}
	return nil
}

// fake is a provider whose things live in a world.
type fake struct{ w *world }

func (f fake) create(ctx context.Context, r *request) (result, error) {
	if err := f.w.step("create", string(r.id)); err != nil {
		return result{}, err
	}
	f.w.next++
	id := fmt.Sprintf("%s-%d", strings.ToLower(string(r.id)), f.w.next)
	if n := r.props.must("Name"); n != "" {
		id = n
	}
	if _, taken := f.w.things[id]; taken {
		return result{}, fmt.Errorf("%s already exists", id)
	}
	f.w.things[id] = string(document.JSON(r.props.v))
	if f.w.fail["halfway "+string(r.id)] {
		return result{physical: id}, errors.New("it never became ready")
	}
	return result{id, map[string]string{"Arn": "arn:" + id, "_hint": stack.Hint(ctx)}}, nil
}

func (f fake) update(_ context.Context, r *request) (result, error) {
	if err := f.w.step("update", r.physical); err != nil {
		// Half done: what is there is neither the old nor the new form.
		f.w.things[r.physical] = "broken"
		return result{}, err
	}
	f.w.things[r.physical] = string(document.JSON(r.props.v))
	return result{r.physical, r.attributes}, nil
}

func (f fake) delete(_ context.Context, r *request) error {
	if err := f.w.step("delete", r.physical); err != nil {
		return err
	}
	delete(f.w.things, r.physical)
	return nil
}

// bench is an engine with fake types over a memory store.
type bench struct {
	*testing.T
	e *Engine
	w *world
}

func newBench(t *testing.T) *bench {
	w := &world{things: map[string]string{}, fail: map[string]bool{}}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	types := map[string]*resourceType{
		"Test::Thing": {
			name: "Test::Thing", attributes: []string{"Arn"},
			props: []property{
				prop("Size", integer), prop("Label", text), prop("Of", text), prop("Name", text).fixed(), prop("Kind", text).fixed(),
			},
			named:    func(p properties) (string, string) { return p.must("Name"), "" },
			provider: func(*Services) provider { return fake{w} },
		},
		deployment: {
			name: deployment, attributes: []string{"Arn"}, props: []property{prop("Label", text)},
			provider: func(*Services) provider { return fake{w} },
		},
		"AWS::ApiGateway::Method": {
			name: "AWS::ApiGateway::Method", props: []property{prop("Label", text)},
			provider: func(*Services) provider { return fake{w} },
		},
	}
	return &bench{t, newEngine(Config{
		DB: store.NewMemory(), Tables: tables.New(seal.NewKey()),
		Home:      identity.Home{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		URLSuffix: "amazonaws.com",
		Now:       func() time.Time { now = now.Add(time.Second); return now },
	}, types), w}
}

func (b *bench) template(text string) *document.Value {
	b.Helper()
	v, err := document.Load("t.yml", []byte(text), document.PyYAML)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// deploy returns the steps that the providers took.
func (b *bench) deploy(text string, change ...func(*DeployInput)) (*Outcome, []string, error) {
	b.Helper()
	in := DeployInput{Stack: "shop", Template: b.template(text)}
	for _, c := range change {
		c(&in)
	}
	b.w.log = nil
	out, err := b.e.Deploy(context.Background(), in)
	return out, b.w.log, err
}

func (b *bench) must(text string, change ...func(*DeployInput)) *Outcome {
	b.Helper()
	out, _, err := b.deploy(text, change...)
	if err != nil {
		b.Fatalf("deploy: %v", err)
	}
	return out
}

// history returns "logical status (reason)" of every event since the last call of the same kind, oldest
// first.
func (b *bench) history() []string {
	b.Helper()
	events, err := b.e.Events(context.Background(), "shop")
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for _, ev := range slices.Backward(events) {
		line := string(ev.LogicalID) + " " + string(ev.Status)
		if ev.Reason != "" {
			line += " (" + ev.Reason + ")"
		}
		out = append(out, line)
	}
	return out
}

func (b *bench) statuses() map[stack.LogicalID]stack.Status {
	b.Helper()
	d, err := b.e.Describe(context.Background(), "shop")
	if err != nil {
		b.Fatal(err)
	}
	out := map[stack.LogicalID]stack.Status{stack.LogicalID(d.Stack.Name): d.Stack.Status}
	for _, r := range d.Resources {
		out[r.LogicalID] = r.Status
	}
	return out
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s (-got +want):\n%s", what, diff)
	}
}

const two = `
Resources:
  B: {Type: "Test::Thing", Properties: {Of: !Ref A, Label: !GetAtt A.Arn}}
  A: {Type: "Test::Thing", Properties: {Size: 1}}
Outputs:
  AName: {Value: !Ref A, Export: {Name: a-name}}
`

func TestCreate(t *testing.T) {
	b := newBench(t)
	out := b.must(two)
	same(t, "things", b.w.things, map[string]string{"a-1": `{"Size":1}`, "b-2": `{"Of":"a-1","Label":"arn:a-1"}`})
	if out.Status != stack.CreateComplete || !out.Changed {
		t.Errorf("outcome %s, changed %v", out.Status, out.Changed)
	}
	same(t, "outputs", out.Outputs, []stack.Output{{Key: "AName", Value: "a-1", ExportName: "a-name"}})
	// The stream of events as recorded.
	same(t, "history", b.history(), []string{
		"shop CREATE_IN_PROGRESS (User Initiated)",
		"A CREATE_IN_PROGRESS", "A CREATE_IN_PROGRESS (Resource creation Initiated)", "A CREATE_COMPLETE",
		"B CREATE_IN_PROGRESS", "B CREATE_IN_PROGRESS (Resource creation Initiated)", "B CREATE_COMPLETE",
		"shop CREATE_COMPLETE",
	})
	if hint := out.Resources[0].Attributes["_hint"]; hint != "shop/A/0" {
		t.Errorf("hint %q, want shop/A/0", hint)
	}
}

func TestNothingToDo(t *testing.T) {
	b := newBench(t)
	b.must(two)
	before := b.history()
	out, steps, err := b.deploy(two)
	if err != nil || out.Changed || len(steps) > 0 || out.Status != stack.CreateComplete {
		t.Errorf("the same template again: %+v, %v, %v", out, steps, err)
	}
	same(t, "history", b.history(), before)
	_, _, err = b.deploy(two, func(in *DeployInput) { in.Mode = Update })
	if err == nil || err.Error() != "ValidationError: No updates are to be performed." { // [recorded]
		t.Errorf("UpdateStack without changes: %v", err)
	}
}

func TestUpdateInPlace(t *testing.T) {
	b := newBench(t)
	b.must(two)
	out, steps, err := b.deploy(strings.ReplaceAll(two, "Size: 1", "Size: 2"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps", steps, []string{"update a-1"})
	same(t, "things", b.w.things["a-1"], `{"Size":2}`)
	if out.Status != stack.UpdateComplete {
		t.Errorf("status %s", out.Status)
	}
	same(t, "history", b.history()[8:], []string{
		"shop UPDATE_IN_PROGRESS (User Initiated)",
		"A UPDATE_IN_PROGRESS", "A UPDATE_COMPLETE",
		"shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "shop UPDATE_COMPLETE",
	})
}

func TestReplacement(t *testing.T) {
	b := newBench(t)
	b.must(two)
	_, steps, err := b.deploy(strings.ReplaceAll(two, "Size: 1", "Size: 1, Kind: x"))
	if err != nil {
		t.Fatal(err)
	}
	// The new one is made before the old one goes, and what refers to it follows.
	same(t, "steps", steps, []string{"create A", "update b-2", "delete a-1"})
	same(t, "things", b.w.things, map[string]string{"a-3": `{"Size":1,"Kind":"x"}`, "b-2": `{"Of":"a-3","Label":"arn:a-3"}`})
	same(t, "history", b.history()[8:], []string{
		"shop UPDATE_IN_PROGRESS (User Initiated)",
		"A UPDATE_IN_PROGRESS (Requested update requires the creation of a new physical resource; hence creating one.)", // [recorded]
		"A UPDATE_IN_PROGRESS (Resource creation Initiated)", "A UPDATE_COMPLETE",
		"B UPDATE_IN_PROGRESS", "B UPDATE_COMPLETE",
		"shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
		"A DELETE_IN_PROGRESS", "A DELETE_COMPLETE",
		"shop UPDATE_COMPLETE",
	})
	out := b.must(strings.ReplaceAll(two, "Size: 1", "Size: 1, Kind: y"))
	if hint := out.Resources[0].Attributes["_hint"]; hint != "shop/A/2" {
		t.Errorf("hint of the third A is %q, want shop/A/2", hint)
	}
}

func TestNamedReplacementIsRefused(t *testing.T) {
	b := newBench(t)
	const named = `Resources: {A: {Type: "Test::Thing", Properties: {Name: fixed, Kind: a}}}`
	b.must(named)
	_, _, err := b.deploy(strings.ReplaceAll(named, "Kind: a", "Kind: b"))
	if err == nil || !strings.Contains(err.Error(), "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename fixed") {
		t.Errorf("replacing a named resource: %v", err)
	}
	same(t, "things", b.w.things, map[string]string{"fixed": `{"Name":"fixed","Kind":"a"}`})
	same(t, "status", b.statuses(), map[stack.LogicalID]stack.Status{"shop": stack.UpdateRollbackComplete, "A": stack.CreateComplete})
}

func TestRemovalAndPolicies(t *testing.T) {
	b := newBench(t)
	b.must(`
Resources:
  A: {Type: "Test::Thing"}
  B: {Type: "Test::Thing", Properties: {Of: !Ref A}}
  C: {Type: "Test::Thing", DeletionPolicy: Retain}
  D: {Type: "Test::Thing", UpdateReplacePolicy: Retain, Properties: {Kind: a}}
  E: {Type: "Test::Thing"}`)
	_, steps, err := b.deploy(`
Resources:
  D: {Type: "Test::Thing", UpdateReplacePolicy: Retain, Properties: {Kind: b}}
  E: {Type: "Test::Thing"}`)
	if err != nil {
		t.Fatal(err)
	}
	// Orphans go in the reverse order of their needs; what a policy retains stays in the world.
	same(t, "steps", steps, []string{"create D", "delete b-2", "delete a-1"})
	same(t, "things", b.w.things, map[string]string{"c-3": `{}`, "d-4": `{"Kind":"a"}`, "d-6": `{"Kind":"b"}`, "e-5": `{}`})
	same(t, "status", b.statuses(), map[stack.LogicalID]stack.Status{"shop": stack.UpdateComplete, "D": stack.UpdateComplete, "E": stack.CreateComplete})
}

func TestFailedCreateRollsBack(t *testing.T) {
	b := newBench(t)
	b.w.fail["create B"] = true
	out, steps, err := b.deploy(two)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.LogicalID != "B" || failed.Pos.Line != 3 {
		t.Fatalf("error %v, want a failure of B on line 3", err)
	}
	if want := "t.yml:3: resource B (Test::Thing): create of B was refused; the stack is now ROLLBACK_COMPLETE"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	same(t, "steps", steps, []string{"create A", "create B", "delete a-1"})
	same(t, "things", b.w.things, map[string]string{})
	if out.Status != stack.RollbackComplete {
		t.Errorf("status %s", out.Status)
	}
	same(t, "history", b.history()[4:], []string{
		"B CREATE_IN_PROGRESS", "B CREATE_FAILED (create of B was refused)",
		"shop ROLLBACK_IN_PROGRESS (The following resource(s) failed to create: [B]. Rollback requested by user.)",
		"A DELETE_IN_PROGRESS", "A DELETE_COMPLETE",
		"shop ROLLBACK_COMPLETE",
	})
	_, _, err = b.deploy(two, func(in *DeployInput) { in.Mode = Update })
	if wire.CodeOf(err) != "ValidationError" || !strings.HasSuffix(err.Error(), "is in ROLLBACK_COMPLETE state and can not be updated.") {
		t.Errorf("update after a failed creation: %v", err)
	}
	// A stack that was rolled back makes room for another of its name.
	clear(b.w.fail)
	again := b.must(two)
	if again.Stack == out.Stack || again.Status != stack.CreateComplete {
		t.Errorf("second attempt: %s %s, want another stack", again.Stack, again.Status)
	}
}

func TestHalfMadeIsDeleted(t *testing.T) {
	b := newBench(t)
	b.w.fail["halfway A"] = true
	if _, _, err := b.deploy(two); err == nil {
		t.Fatal("no error")
	}
	same(t, "things", b.w.things, map[string]string{})
}

func TestFailedUpdateRestores(t *testing.T) {
	const before = `
Resources:
  A: {Type: "Test::Thing", Properties: {Size: 1}}
  R: {Type: "Test::Thing", Properties: {Kind: a, Of: !Ref A}}
  U: {Type: "Test::Thing", Properties: {Of: !Ref R}}
  Gone: {Type: "Test::Thing"}
  Last: {Type: "Test::Thing", DependsOn: New, Properties: {Size: 1}}
  New: {Type: "Test::Thing"}`
	after := strings.NewReplacer("Size: 1}}\n  R", "Size: 2}}\n  R", "Kind: a", "Kind: b", "  Gone: {Type: \"Test::Thing\"}\n", "",
		"DependsOn: New, Properties: {Size: 1}", "DependsOn: More, Properties: {Size: 9}").Replace(before) + `
  More: {Type: "Test::Thing"}`
	b := newBench(t)
	b.must(before)
	world := fmt.Sprint(b.w.things)
	b.w.fail["update last-6"] = true
	out, steps, err := b.deploy(after)
	if err == nil {
		t.Fatal("no error")
	}
	same(t, "steps", steps, []string{
		"update a-1", "create R", "update u-3", "create More", "update last-6", // forward, until it fails
		"update last-6", // its own rollback fails as well
		"update u-3", "update a-1",
	})
	if out.Status != stack.UpdateRollbackFailed {
		t.Errorf("status %s, want UPDATE_ROLLBACK_FAILED", out.Status)
	}

	// Once more, with a rollback that works: the world is as it was.
	b = newBench(t)
	b.must(before)
	b.w.fail["create More"] = true
	out, steps, err = b.deploy(after)
	if err == nil || out.Status != stack.UpdateRollbackComplete {
		t.Fatalf("%v, %s", err, out.Status)
	}
	same(t, "steps", steps, []string{
		"update a-1", "create R", "update u-3", "create More",
		"update u-3", "update a-1", "delete r-7",
	})
	same(t, "things", fmt.Sprint(b.w.things), world)
	h := b.history()
	same(t, "end of the history", h[slices.Index(h, "More CREATE_FAILED (create of More was refused)")+1:], []string{
		"shop UPDATE_ROLLBACK_IN_PROGRESS (The following resource(s) failed to create: [More]. Rollback requested by user.)",
		"U UPDATE_IN_PROGRESS", "U UPDATE_COMPLETE", "R UPDATE_COMPLETE", "A UPDATE_IN_PROGRESS", "A UPDATE_COMPLETE",
		"shop UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		"R DELETE_IN_PROGRESS", "R DELETE_COMPLETE",
		"shop UPDATE_ROLLBACK_COMPLETE",
	})
	// Nothing is left to do for the old template, everything for the new one.
	if out := b.must(before); out.Changed {
		t.Error("the old template changes something after the rollback")
	}
	clear(b.w.fail)
	if out := b.must(after); out.Status != stack.UpdateComplete {
		t.Errorf("the new template afterwards: %s", out.Status)
	}
}

// TestRollbackLeftover: what a rollback cannot delete is deleted by the next operation.
func TestRollbackLeftover(t *testing.T) {
	b := newBench(t)
	b.must(two)
	world := fmt.Sprint(b.w.things)
	b.w.fail["create C"], b.w.fail["delete a-3"] = true, true
	out, steps, err := b.deploy(strings.NewReplacer("Size: 1", "Size: 1, Kind: x", "Outputs:", "  C: {Type: \"Test::Thing\", DependsOn: B}\nOutputs:").Replace(two))
	if err == nil || out.Status != stack.UpdateRollbackComplete {
		t.Fatalf("%v, want a rollback", err)
	}
	same(t, "steps", steps, []string{"create A", "update b-2", "create C", "update b-2", "delete a-3"})
	clear(b.w.fail)
	_, steps, err = b.deploy(two)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps of the next operation", steps, []string{"delete a-3"})
	same(t, "things", fmt.Sprint(b.w.things), world)
}

func TestDelete(t *testing.T) {
	b := newBench(t)
	first := b.must(two)
	b.w.log = nil
	b.w.fail["delete b-2"] = true
	if err := b.e.Delete(context.Background(), "shop"); err == nil || !strings.Contains(err.Error(), "failed to delete: [B]") {
		t.Errorf("delete with a failure: %v", err)
	}
	// A is needed by B, which is still there.
	same(t, "steps", b.w.log, []string{"delete b-2"})
	same(t, "status", b.statuses(), map[stack.LogicalID]stack.Status{"shop": stack.DeleteFailed, "A": stack.CreateComplete, "B": stack.DeleteFailed})

	clear(b.w.fail)
	if err := b.e.Delete(context.Background(), "shop"); err != nil {
		t.Fatal(err)
	}
	same(t, "things", b.w.things, map[string]string{})
	// By name it is gone, by id it is still known [recorded].
	if _, err := b.e.Describe(context.Background(), "shop"); err == nil || err.Error() != "ValidationError: Stack with id shop does not exist" {
		t.Errorf("describe by name: %v", err)
	}
	if _, err := b.e.Events(context.Background(), "shop"); err == nil || err.Error() != "ValidationError: Stack [shop] does not exist" {
		t.Errorf("events by name: %v", err)
	}
	d, err := b.e.Describe(context.Background(), string(first.Stack))
	if err != nil || d.Stack.Status != stack.DeleteComplete || len(d.Resources) > 0 {
		t.Errorf("describe by id: %+v, %v", d, err)
	}
	if err := b.e.Delete(context.Background(), "shop"); err != nil {
		t.Errorf("delete again: %v", err)
	}
	if out := b.must(two); out.Stack == first.Stack {
		t.Error("a new stack has the id of the deleted one")
	}
}

func TestModes(t *testing.T) {
	b := newBench(t)
	_, _, err := b.deploy(two, func(in *DeployInput) { in.Mode = Update })
	if err == nil || err.Error() != "ValidationError: Stack with id shop does not exist" {
		t.Errorf("update of nothing: %v", err)
	}
	b.must(two)
	_, _, err = b.deploy(two, func(in *DeployInput) { in.Mode = Create })
	if err == nil || err.Error() != "AlreadyExistsException: Stack [shop] already exists" { // [recorded]
		t.Errorf("create of an existing stack: %v", err)
	}
	_, _, err = b.deploy(two, func(in *DeployInput) { in.Stack = "1shop" })
	if wire.CodeOf(err) != "ValidationError" {
		t.Errorf("a bad name: %v", err)
	}
	_, _, err = b.deploy(`Resources: {A: {Type: "AWS::SQS::Queue"}, B: {Type: "AWS::SQS::Queue"}}`)
	if err == nil || !strings.Contains(err.Error(), "modifies resource type of the following resources: [A, B]") {
		t.Errorf("another type: %v", err)
	}
}

func TestExports(t *testing.T) {
	b := newBench(t)
	b.must(two)
	other := func(in *DeployInput) { in.Stack = "other" }
	out := b.must(`Resources: {X: {Type: "Test::Thing", Properties: {Label: !ImportValue a-name}}}`, other)
	if got := b.w.things[string(out.Resources[0].PhysicalID)]; got != `{"Label":"a-1"}` {
		t.Errorf("imported %s", got)
	}
	_, _, err := b.deploy(two, func(in *DeployInput) { in.Stack = "third" })
	if err == nil || !strings.Contains(err.Error(), "Export with name a-name is already exported by stack shop") {
		t.Errorf("a second export of a name: %v", err)
	}
	if _, _, err := b.deploy(`Resources: {X: {Type: "Test::Thing", Properties: {Label: !ImportValue none}}}`, other); err == nil || !strings.Contains(err.Error(), "No export named none found") {
		t.Errorf("import of nothing: %v", err)
	}
	if err := b.e.Delete(context.Background(), "shop"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.deploy(`Resources: {Y: {Type: "Test::Thing", Properties: {Label: !ImportValue a-name}}}`, func(in *DeployInput) { in.Stack = "fourth" }); err == nil {
		t.Error("an export outlives its stack")
	}
}

func TestStandIns(t *testing.T) {
	b := newBench(t)
	out := b.must(`
Resources:
  Table: {Type: "AWS::DynamoDB::Table", Properties: {TableName: dev-stores}}
  Queue: {Type: "AWS::SQS::Queue"}
  Vpc: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: "AWS::EC2::Subnet", Properties: {CidrBlock: !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 2, 8]]}}
Outputs:
  Table: {Value: !Ref Table}
  TableArn: {Value: !GetAtt Table.Arn}
  Queue: {Value: !Ref Queue}
  QueueArn: {Value: !GetAtt Queue.Arn}
  Subnet: {Value: !GetAtt Subnet.CidrBlock}
  Other: {Value: !GetAtt Table.StreamArn}
`)
	got := map[string]string{}
	for _, o := range out.Outputs {
		got[o.Key] = o.Value
	}
	name := generatedName(b.e.cfg.Home, "shop", "Queue", 0)
	same(t, "outputs", got, map[string]string{
		"Table": "dev-stores", "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/dev-stores",
		"Queue":    "https://sqs.us-east-1.amazonaws.com/123456789012/" + name,
		"QueueArn": "arn:aws:sqs:us-east-1:123456789012:" + name,
		"Subnet":   "10.0.1.0/24", "Other": "dev-stores-StreamArn",
	})
	var types []string
	for _, n := range out.NotEmulated {
		types = append(types, n.Type)
	}
	same(t, "not emulated", types, []string{"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::EC2::VPC", "AWS::EC2::Subnet"})
	if !strings.HasPrefix(name, "shop-Queue-") || len(name) != len("shop-Queue-")+12 {
		t.Errorf("generated name %q", name)
	}
}

func TestGeneratedNamesFit(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, c := range []struct{ stack, id string }{{"s", long}, {long, "i"}, {long, long}, {"s", "i"}} {
		name := generatedName(identity.Home{}, stack.Name(c.stack), stack.LogicalID(c.id), 0)
		if len(name) > maxName || strings.Count(name, "-") != 2 {
			t.Errorf("name of %s in %s: %q, %d characters", c.id, c.stack, name, len(name))
		}
	}
}

func TestUnmodelledAccessIsRefused(t *testing.T) {
	b := newBench(t)
	const text = `
Resources:
  Pool: {Type: "AWS::Cognito::UserPool"}
  A: {Type: "Test::Thing", Properties: {Label: !GetAtt Pool.Arn}}`
	out, steps, err := b.deploy(text)
	var open *UnenforcedError
	if !errors.As(err, &open) || out != nil || len(steps) > 0 {
		t.Fatalf("%+v, %v, %v, want a refusal before anything is touched", out, steps, err)
	}
	f := open.Findings[0]
	if f.Control != "AWS::Cognito::UserPool" || f.LogicalID != "Pool" || f.Pos.Line != 3 {
		t.Errorf("finding %+v", f)
	}
	if want := "t.yml:3: Pool (AWS::Cognito::UserPool): AWS::Cognito::UserPool is not enforced yet"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	out, _, err = b.deploy(text, func(in *DeployInput) { in.Accepted = map[string]bool{"AWS::Cognito::UserPool": true} })
	if err != nil || len(out.Findings) != 1 || len(out.NotEmulated) != 1 {
		t.Errorf("accepted: %+v, %v", out, err)
	}
}

func TestFaultsTouchNothing(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct{ text, want string }{
		{`Resources: {A: {Type: "Test::Thing", Properties: {Siez: 1}}}`, "t.yml:1: Properties validation failed for resource A with message: #: extraneous key [Siez] is not permitted (known: Size, Label, Of, Name, Kind)"},
		{`Resources: {A: {Type: "Test::Thing", Properties: {Size: big}}}`, "t.yml:1: Properties validation failed for resource A with message: #/Size: expected type: Integer, found: String"},
		{`Resources: {A: {Type: "Test::Thing", Properties: {Label: !GetAtt B.Nope}}, B: {Type: "Test::Thing"}}`, "t.yml:1: Template error: resource B does not support attribute type Nope in Fn::GetAtt"},
		{`Resources: {A: {Type: "AWS::Serverless::Function"}}`, "t.yml:1: Template format error: Unrecognized resource types: [AWS::Serverless::Function] (this type belongs to SAM; the template has to be transformed first)"},
	} {
		_, steps, err := b.deploy(c.text)
		if err == nil || err.Error() != c.want || len(steps) > 0 {
			t.Errorf("%s: %v, %v, want %s", c.text, err, steps, c.want)
		}
	}
	if _, err := b.e.Describe(context.Background(), "shop"); err == nil {
		t.Error("a faulty template left a stack")
	}
}

// TestRestart: an operation that was cut off leaves records that say what is uncertain, and the next
// deployment sorts it out.
func TestRestart(t *testing.T) {
	b := newBench(t)
	// The process dies while A is being updated and B replaced.
	b.must(strings.ReplaceAll(two, "Size: 1", "Size: 1, Kind: x"))
	b.tamper("A", func(r *stack.ResourceRecord) { r.Status = stack.UpdateInProgress })
	_, steps, err := b.deploy(strings.ReplaceAll(two, "Size: 1", "Size: 1, Kind: x"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps after an update was cut off", steps, []string{"update a-1"})

	// While B was made: nobody knows whether it exists.
	b.tamper("B", func(r *stack.ResourceRecord) {
		r.Status, r.PhysicalID, r.Attributes = stack.CreateInProgress, "", nil
	})
	out := b.must(strings.ReplaceAll(two, "Size: 1", "Size: 1, Kind: x"))
	if hint := out.Resources[1].Attributes["_hint"]; hint != "shop/B/1" {
		t.Errorf("hint of the second attempt is %q, want shop/B/1", hint)
	}
	// During cleanup.
	b.tamper("A", func(r *stack.ResourceRecord) { r.Replaced = []stack.Replaced{{PhysicalID: "a-old"}} })
	_, steps, err = b.deploy(strings.ReplaceAll(two, "Size: 1", "Size: 1, Kind: x"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps after a cleanup was cut off", steps, []string{"delete a-old"})
}

func (b *bench) tamper(id stack.LogicalID, fn func(*stack.ResourceRecord)) {
	b.Helper()
	d, err := b.e.Describe(context.Background(), "shop")
	if err != nil {
		b.Fatal(err)
	}
	_, err = b.e.cfg.DB.Update(context.Background(), func(tx store.Tx) error {
		return b.e.cfg.Tables.StackResources.Update(tx, b.e.scope(), tables.InStack(d.Stack.ID, id), func(r *stack.ResourceRecord) error {
			fn(r)
			return nil
		})
	})
	if err != nil {
		b.Fatal(err)
	}
}

func TestIntent(t *testing.T) {
	intent := func(in *DeployInput) { in.Intent = true }
	const api = `
Resources:
  D: {Type: "AWS::ApiGateway::Deployment"}
  M: {Type: "AWS::ApiGateway::Method", Properties: {Label: a}}
  N: {Type: "AWS::ApiGateway::Method"}
  Stage: {Type: "Test::Thing", Properties: {Of: !Ref D}}`
	changed := strings.ReplaceAll(api, "Label: a", "Label: b")

	b := newBench(t)
	b.must(api)
	_, steps, err := b.deploy(changed)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps as on AWS", steps, []string{"update m-1"})

	b = newBench(t)
	b.must(api, intent)
	_, steps, err = b.deploy(changed, intent)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps of a changed method", steps, []string{"update m-1", "create D", "update stage-4", "delete d-3"})

	_, steps, err = b.deploy(strings.ReplaceAll(changed, "  N: {Type: \"AWS::ApiGateway::Method\"}\n", ""), intent)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps of a removed method", steps, []string{"delete n-2", "create D", "update stage-4", "delete d-5"})
	if out := b.must(strings.ReplaceAll(changed, "  N: {Type: \"AWS::ApiGateway::Method\"}\n", ""), intent); out.Changed {
		t.Error("the same definition again changes something")
	}
}

// TestIntentSurvives: a removed route must not be served for ever because the deployment after its removal
// failed, or the process died before it.
func TestIntentSurvives(t *testing.T) {
	intent := func(in *DeployInput) { in.Intent = true }
	const api = `
Resources:
  D: {Type: "AWS::ApiGateway::Deployment"}
  M: {Type: "AWS::ApiGateway::Method"}
  N: {Type: "AWS::ApiGateway::Method"}`
	less := strings.ReplaceAll(api, "  N: {Type: \"AWS::ApiGateway::Method\"}", "")
	b := newBench(t)
	b.must(api, intent)
	b.w.fail["create D"] = true
	if _, steps, err := b.deploy(less, intent); err == nil {
		t.Errorf("a deployment that fails after a removal is no error: %v", steps)
	}
	clear(b.w.fail)
	_, steps, err := b.deploy(less, intent)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps of the next operation", steps, []string{"create D", "delete d-3"})
	if out := b.must(less, intent); out.Changed {
		t.Error("once more changes something")
	}
}

// TestIntentRenamed: a definition that gets another name keeps its stack, so that what it made under the old
// name is not served beside it.
func TestIntentRenamed(t *testing.T) {
	named := func(name stack.Name) func(*DeployInput) {
		return func(in *DeployInput) { in.Stack, in.Intent = name, true }
	}
	const one = `
Resources:
  A: {Type: "Test::Thing", Properties: {Label: !Ref AWS::StackName}}
  B: {Type: "Test::Thing"}`
	b := newBench(t)
	first := b.must(one, named("shop"))
	b.w.fail["create C"] = true
	if _, _, err := b.deploy(one+"\n  C: {Type: \"Test::Thing\"}", named("store")); err == nil {
		t.Fatal("the update was not refused")
	}
	if d, err := b.e.Describe(t.Context(), "shop"); err != nil || d.Stack.Status != stack.UpdateRollbackComplete {
		t.Errorf("after the rollback: %v", err)
	}
	clear(b.w.fail)
	out, steps, err := b.deploy(one, named("store"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "steps", steps, []string{"update a-1"})
	same(t, "stack", out.Stack, first.Stack)
	if _, err := b.e.Describe(t.Context(), "shop"); wire.CodeOf(err) != "ValidationError" {
		t.Errorf("the old name is still there: %v", err)
	}
	// Nothing but the name changes.
	const two = `{Resources: {B: {Type: "Test::Thing"}}}`
	b.must(two, named("store"))
	b.must(two, named("third"))
	if _, err := b.e.Describe(t.Context(), "third"); err != nil {
		t.Error(err)
	}
	// A stack that was not deployed by intent is nobody's to rename.
	b = newBench(t)
	b.must(one)
	b.must(two, named("store"))
	same(t, "things", b.w.things, map[string]string{"a-1": `{"Label":"shop"}`, "b-2": `{}`, "b-3": `{}`})
}

func TestCanceled(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	b.e.types["Test::Thing"].provider = func(*Services) provider { cancel(); return fake{b.w} }
	_, err := b.e.Deploy(ctx, DeployInput{Stack: "shop", Template: b.template(two)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("deploy: %v", err)
	}
	same(t, "things", b.w.things, map[string]string{})
	same(t, "status", b.statuses(), map[stack.LogicalID]stack.Status{"shop": stack.RollbackComplete})
}

func TestBusy(t *testing.T) {
	b := newBench(t)
	release, err := b.e.acquire(context.Background(), "shop", stack.DeleteInProgress)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = b.deploy(two)
	if err == nil || !strings.HasSuffix(err.Error(), "is in DELETE_IN_PROGRESS state and can not be updated.") { // [recorded]
		t.Errorf("deploy while deleting: %v", err)
	}
	release()
	b.must(two)
}
