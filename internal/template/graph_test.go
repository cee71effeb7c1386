package template

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/document"
)

func order(b *Bound) string {
	var ids []string
	for _, r := range b.Resources() {
		ids = append(ids, r.LogicalID)
	}
	return strings.Join(ids, " ")
}

func TestOrder(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"source order without needs", `Resources: {C: {Type: T}, A: {Type: T}, B: {Type: T}}`, "C A B"},
		{"references", `
Resources:
  A: {Type: T, Properties: {P: !Sub "${B.Arn}"}}
  B: {Type: T, DependsOn: C, Properties: {P: !GetAtt D.X}}
  C: {Type: T}
  D: {Type: T, Properties: {P: !Join ["", [!Ref C]]}}`, "C D B A"},
		{"deployment is late", `
Resources:
  D: {Type: "AWS::ApiGateway::Deployment", Properties: {RestApiId: !Ref Api}}
  Api: {Type: "AWS::ApiGateway::RestApi"}
  Key: {Type: T, DependsOn: D}
  M: {Type: T, Properties: {A: !Ref R}}
  R: {Type: T, Properties: {A: !Ref Api}}`, "Api R M D Key"},
		{"variables of Sub are no resources", `
Resources:
  A: {Type: T, Properties: {P: !Sub ["${B}", {B: x}]}}
  B: {Type: T, Properties: {P: !Ref A}}`, "A B"},
		{"only taken branches", `
Conditions: {Taken: !Equals [a, a], Never: !Not [!Condition Taken]}
Resources:
  A: {Type: T, Properties: {P: !If [Taken, x, !Ref B]}}
  B: {Type: T, Properties: {P: !If [Never, x, !Ref A]}}
  Absent: {Type: T, Condition: Never, Properties: {P: !Ref A}}
  C: {Type: T, DependsOn: [Absent, B]}`, "A B C"},
	} {
		b, err := bind(t, c.text, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := order(b); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestNeeds(t *testing.T) {
	b, err := bind(t, `
Resources:
  A: {Type: T, DependsOn: [B, B], Properties: {P: [!Ref C, !Sub "${B}-${AWS::Region}"]}}
  B: {Type: T}
  C: {Type: T}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.Needs("A"), []string{"B", "C"}); diff != "" {
		t.Errorf("Needs (-got +want):\n%s", diff)
	}
	if b.Exists("Z") || !b.Exists("C") {
		t.Error("Exists does not know what exists")
	}
}

func TestCycle(t *testing.T) {
	for _, c := range []struct{ text, want, hint string }{
		{`Resources: {A: {Type: T, Properties: {P: !Ref A}}}`, "Circular dependency between resources: [A]", "A needs A at t.yml:1"},
		{`
Resources:
  Outside: {Type: T, DependsOn: A}
  A: {Type: T, DependsOn: [Free, B]}
  B: {Type: T, Properties: {P: !GetAtt C.Arn}}
  C: {Type: T, Properties: {P: !Sub "${A}"}}
  Free: {Type: T}`, "Circular dependency between resources: [A, B, C]", "A needs B at t.yml:4; B needs C at t.yml:5; C needs A at t.yml:6"},
	} {
		_, err := bind(t, c.text, nil)
		var fault *document.Error
		if !errors.As(err, &fault) || fault.Msg != c.want || fault.Hint != c.hint {
			t.Errorf("%s: %v, want %s (%s)", c.text, err, c.want, c.hint)
		}
	}
}
