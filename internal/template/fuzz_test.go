package template

import (
	"fmt"
	"testing"

	"gatehouse/internal/document"
)

// FuzzTemplate: whatever the text, no panic, bounded work, and every error of a template has our type.
func FuzzTemplate(f *testing.F) {
	for _, expr := range []string{
		`!Sub ["${a}${Env}", {a: !Ref Port}]`, `!Select [1, !Split [",", !Ref Env]]`, `!Cidr [10.0.0.0/16, 3, 8]`,
		`!If [IsDev, !Ref Api, !GetAtt Gone.Arn]`, `!FindInMap [Sizes, dev, zones]`, `[!Ref X, !Ref AWS::NoValue]`,
	} {
		f.Add(fmt.Sprintf(base, expr))
	}
	f.Add(`{"Resources":{"A":{"Type":"T","DependsOn":["B"]},"B":{"Type":"T","DependsOn":"A"}}}`)
	f.Add("Conditions: {C: !Not [!Condition C]}\nRules: {R: {Assertions: [{Assert: !Equals [a, b]}]}}\n" + bucket)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := document.Load("f.yml", []byte(text), document.PyYAML)
		if err != nil {
			return
		}
		tmpl, err := Parse(v)
		if err != nil {
			return
		}
		b, err := tmpl.Bind(env(), nil)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, r := range b.Resources() {
			for _, n := range b.Needs(r.LogicalID) {
				if !seen[n] {
					t.Errorf("%s comes before %s, which it needs", r.LogicalID, n)
				}
			}
			seen[r.LogicalID] = true
			if p, err := b.Properties(r.LogicalID, Unmade{}); err == nil && p.Kind != document.Map {
				t.Errorf("properties of %s are a %v", r.LogicalID, p.Kind)
			}
		}
		b.Outputs(Unmade{})
	})
}
