package verdict

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reasons.md")

// declared reads the reasons out of reason.go, so that a new one cannot be forgotten.
func declared(t *testing.T) []Reason {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []Reason
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && s != "" {
				out = append(out, Reason(s))
			}
		}
		return true
	})
	return out
}

func TestEveryReasonIsExplained(t *testing.T) {
	seen := map[Reason]bool{}
	for _, r := range declared(t) {
		if r.Explain() == "" {
			t.Errorf("reason %q has no explanation", r)
		}
		if seen[r] {
			t.Errorf("reason %q is declared twice", r)
		}
		seen[r] = true
	}
	if len(seen) != len(Reasons()) {
		t.Errorf("%d reasons, %d explanations", len(seen), len(Reasons()))
	}
}

// TestReasonsPage keeps docs/reasons.md in step with the table; -update writes it.
func TestReasonsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Reasons\n\nEvery decision of a check has a reason: the field `reason` of the access record, the label of `gatehouse_refusals_total`, and an anchor on this page.\nThis page is made from `internal/verdict/explain.go` (`go test ./internal/verdict -update`).\n")
	reasons := Reasons()
	slices.Sort(reasons)
	for _, r := range reasons {
		b.WriteString("\n## " + string(r) + "\n\n" + r.Explain() + "\n")
	}
	const page = "../../docs/reasons.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/reasons.md is not what the table says: run go test ./internal/verdict -update (%v)", err)
	}
}

func TestDecisions(t *testing.T) {
	if Yes.Refused() || Allowed(KeyAccepted, "k").Refused() || !Refuse(Throttled, PlanThrottled, "p").Refused() {
		t.Error("Refused does not tell refusals from the rest")
	}
	var off *Trace
	off.Note("gate", Yes)
	if off.On() {
		t.Error("a nil trace records")
	}
}
