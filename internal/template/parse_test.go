package template

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/document"
)

// bind parses and binds a template.
func bind(t testing.TB, text string, given map[string]string) (*Bound, error) {
	t.Helper()
	tmpl, err := Parse(load(t, text))
	if err != nil {
		return nil, err
	}
	return tmpl.Bind(env(), given)
}

const bucket = "Resources: {B: {Type: 'AWS::S3::Bucket'}}\n"

func TestTemplateErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not a map", `[a]`, `Template format error: unsupported structure.`},
		{"no resources", `Description: x`, `Template format error: At least one Resources member must be defined.`}, // [recorded]
		{"empty resources", `Resources: {}`, `Template format error: At least one Resources member must be defined.`},
		{"resource is no object", `Resources: {A: x}`, `Template format error: Any Resources member must be an object.`},                  // [recorded]
		{"no type", `Resources: {A: {}}`, `Template format error: [/Resources/A] Every Resources object must contain a Type member.`},     // [recorded]
		{"null", "Outputs: {MyOutput: {Value: null}}\n" + bucket, `[/Outputs/MyOutput/Value] 'null' values are not allowed in templates`}, // [recorded]
		{"null in a list", `Resources: {A: {Type: T, Properties: {L: [a, ~]}}}`, `[/Resources/A/Properties/L/1] 'null' values are not allowed in templates`},
		{"unknown section", "Resource: {}\n" + bucket, `Invalid template property or properties [Resource]`},
		{"version", "AWSTemplateFormatVersion: 2011-01-01\n" + bucket, `Template format error: unsupported value for AWSTemplateFormatVersion.`},
		{"unknown attribute", `Resources: {A: {Type: T, Tags: []}}`, `Invalid template resource property 'Tags'`},
		{"bad name", `Resources: {A-B: {Type: T}}`, `Template format error: Resource name A-B is non alphanumeric.`},
		{"policy", `Resources: {A: {Type: T, DeletionPolicy: Keep}}`, `Template format error: Unrecognized DeletionPolicy Keep for resource A`},
		{"depends on nothing", `Resources: {A: {Type: T, DependsOn: [Z]}}`, `Template format error: Unresolved resource dependencies [Z] in the Resources block of the template`},
		{"condition of a resource", `Resources: {A: {Type: T, Condition: C}}`, `Template format error: Unresolved condition dependency C in the Resources block of the template`},
		{"macro", "Transform: Mine\n" + bucket, `transform Mine is not supported`},
		{"sam", "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n" + bucket, `transform AWS::Serverless-2016-10-31 is not supported`},
		{"foreach", `Resources: {"Fn::ForEach::X": [a]}`, `Fn::ForEach is not supported`},
		{"output without value", "Outputs: {O: {Description: x}}\n" + bucket, `Template format error: [/Outputs/O] Every Outputs member must contain a Value object`},
		{"output refers to nothing", "Outputs: {O: {Value: !Ref Z}}\n" + bucket, `Template format error: Unresolved resource dependencies [Z] in the Outputs block of the template`}, // [recorded]
		{"output is a list", "Outputs: {O: {Value: [a]}}\n" + bucket, `Template format error: The Value field of every Outputs member must evaluate to a String.`},
		{"mapping", "Mappings: {M: {a: x}}\n" + bucket, `Template format error: Every Mappings member a must be a map`},
		{"mapping value", "Mappings: {M: {a: {b: {c: d}}}}\n" + bucket, `Template format error: Every Mappings attribute must be a String or a List.`},

		{"equals", "Conditions: {C: !Equals [a]}\n" + bucket, msgEquals}, // [recorded]
		{"equals of lists", "Conditions: {C: !Equals [[a], [a]]}\n" + bucket, msgEquals},
		{"and", "Conditions: {C: !And [!Equals [a, a]]}\n" + bucket, `Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.`},
		{"not", "Conditions: {C: !Not []}\n" + bucket, msgNot},
		{"condition refers to a resource", "Conditions: {C: !Equals [!Ref B, a]}\n" + bucket, `Template format error: Unresolved dependencies [B]. Cannot reference resources in the Conditions block of the template`},
		{"unknown condition", "Conditions: {C: !Not [!Condition D]}\n" + bucket, `Template format error: Unresolved condition dependency D in the Conditions block of the template`},
		{"condition cycle", "Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}\n" + bucket, `Template format error: Circular dependencies for condition C`},
		{"condition through if", "Conditions: {C: !Equals [!If [C, a, b], a]}\n" + bucket, `Template format error: Circular dependencies for condition C`},
		{"join as condition", "Conditions: {C: !Join ['', [a]]}\n" + bucket, `Template error: Encountered unsupported function: Fn::Join Supported functions are: [Fn::And, Fn::Equals, Fn::Not, Fn::Or, Condition]`},

		{"parameter without type", "Parameters: {P: {}}\n" + bucket, `Template format error: Every Parameters object must contain a Type member.`},
		{"parameter type", "Parameters: {P: {Type: Text}}\n" + bucket, `Template format error: Unrecognized parameter type: Text`},
		{"parameter property", "Parameters: {P: {Type: String, Defualt: x}}\n" + bucket, `Invalid template parameter property 'Defualt'`},
		{"allowed values", "Parameters: {P: {Type: String, AllowedValues: x}}\n" + bucket, `Template format error: Every AllowedValues member must be a list.`},
		{"pattern", "Parameters: {P: {Type: String, AllowedPattern: '(?!a)'}}\n" + bucket, "AllowedPattern of parameter P cannot be used: error parsing regexp: invalid or unsupported Perl syntax: `(?!`"},
		{"same name twice", "Parameters: {B: {Type: String, Default: x}}\n" + bucket, `Template format error: Found duplicate name B in Parameters and Resources`},

		{"rule", "Rules: {R: {Assertions: [{Assert: !Equals [a, b], AssertDescription: never}]}}\n" + bucket, `Template error: rule R is not satisfied: never`},
		{"rule of an account", "Rules: {R: {Assertions: [{Assert: {'Fn::RefAll': 'AWS::EC2::VPC::Id'}}]}}\n" + bucket, `Fn::RefAll is not supported: it asks an AWS account for its resources`},
	} {
		b, err := bind(t, c.text, nil)
		if err == nil {
			_, err = b.Outputs(made{})
		}
		var fault *document.Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v, want error %s", c.name, err, c.want)
			continue
		}
		if fault.Msg != c.want {
			t.Errorf("%s: error %q, want %q", c.name, fault.Msg, c.want)
		}
		if fault.Pos.Line == 0 {
			t.Errorf("%s: error without a place", c.name)
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(section, entry string, n int) string {
		var s strings.Builder
		s.WriteString(section + ":\n")
		for i := range n {
			fmt.Fprintf(&s, "  N%d: %s\n", i, entry)
		}
		return s.String()
	}
	for _, c := range []struct {
		name, section, entry, rest string
		max                        int
	}{
		{"resources", "Resources", "{Type: T}", "", MaxResources},
		{"parameters", "Parameters", "{Type: String, Default: x}", bucket, MaxParameters},
		{"outputs", "Outputs", "{Value: x}", bucket, MaxOutputs},
		{"mappings", "Mappings", "{a: {b: c}}", bucket, MaxMappings},
	} {
		if _, err := Parse(load(t, many(c.section, c.entry, c.max)+c.rest)); err != nil {
			t.Errorf("%d %s: %v", c.max, c.name, err)
		}
		if _, err := Parse(load(t, many(c.section, c.entry, c.max+1)+c.rest)); err == nil {
			t.Errorf("%d %s are accepted", c.max+1, c.name)
		}
	}

	deep := document.NewString(document.Pos{}, "x")
	for range maxDepth + 2 {
		deep = document.NewList(document.Pos{}, deep)
	}
	root := document.NewMap(document.Pos{}, document.NewField("Resources", document.NewMap(document.Pos{}, document.NewField("A", deep))))
	if _, err := Parse(root); err == nil || !strings.Contains(err.Error(), "nested deeper") {
		t.Errorf("a value %d levels deep: %v, want a refusal", maxDepth, err)
	}
}

func TestParameters(t *testing.T) {
	for _, c := range []struct{ decl, value, want string }{
		{`{Type: Number}`, "ten", `Parameter 'P' must be a number.`}, // [recorded]
		{`{Type: Number, MinValue: 1}`, "0", `Parameter 'P' must be a number not less than 1`},
		{`{Type: Number, MaxValue: 5.5}`, "6", `Parameter 'P' must be a number not greater than 5.5`},
		{`{Type: Number, MinValue: 1, MaxValue: 5}`, "5", ``},
		{`{Type: List<Number>}`, "1, 2,x", `Parameter 'P' must be a number.`},
		{`{Type: List<Number>}`, "1, 2", ``},
		{`{Type: String, AllowedValues: [dev, 1]}`, "prod", `Parameter 'P' must be one of AllowedValues`},
		{`{Type: String, AllowedValues: [dev, 1]}`, "1", ``},
		{`{Type: String, AllowedPattern: "[a-z]*"}`, "abc1", `Parameter 'P' must match pattern [a-z]*`},
		{`{Type: String, AllowedPattern: "[a-z]*"}`, "abc", ``},
		{`{Type: String, AllowedPattern: "a|b"}`, "ab", `Parameter 'P' must match pattern a|b`},
		{`{Type: CommaDelimitedList, AllowedPattern: "[a-z]+"}`, "ab,c", ``},
		{`{Type: String, AllowedPattern: "[a-z]*", ConstraintDescription: small letters}`, "A", `Parameter P failed to satisfy constraint: small letters`},
		{`{Type: String, MinLength: 2}`, "é", `Parameter 'P' must contain at least 2 characters`},
		{`{Type: String, MaxLength: 2}`, "abc", `Parameter 'P' must contain at most 2 characters`},
		{`{Type: "AWS::EC2::VPC::Id"}`, "vpc-1", ``},
		{`{Type: "List<AWS::EC2::Subnet::Id>"}`, "a,b", ``},
	} {
		b, err := bind(t, "Parameters: {P: "+c.decl+"}\n"+bucket, map[string]string{"P": c.value})
		if c.want == "" {
			if err != nil {
				t.Errorf("%s = %q: %v", c.decl, c.value, err)
			} else if got := b.Parameters(); len(got) != 1 || got[0].Value != c.value {
				t.Errorf("%s = %q: bound %v", c.decl, c.value, got)
			}
			continue
		}
		var fault *document.Error
		if !errors.As(err, &fault) || fault.Msg != c.want {
			t.Errorf("%s = %q: %v, want %s", c.decl, c.value, err, c.want)
		}
	}

	_, err := bind(t, "Parameters: {A: {Type: String}, B1: {Type: String, Default: x}, C: {Type: String, NoEcho: true}}\n"+bucket, nil)
	if err == nil || !strings.Contains(err.Error(), "Parameters: [A, C] must have values") {
		t.Errorf("missing parameters: %v", err)
	}
	_, err = bind(t, bucket, map[string]string{"Z": "1", "Y": "2"})
	if err == nil || err.Error() != "Parameters: [Y, Z] do not exist in the template" {
		t.Errorf("unknown parameters: %v", err)
	}
}

func TestConditions(t *testing.T) {
	text := `
Parameters: {Env: {Type: String, Default: dev}, Zones: {Type: CommaDelimitedList, Default: "a,b"}}
Conditions:
  Late: !Or [!Condition Dev, !Condition Both]
  Dev: !Equals [!Ref Env, dev]
  Number: !Equals [1, "1"]
  Case: !Equals [Dev, dev]
  Both: !And [!Condition Dev, !Not [!Condition Case]]
  Neither: !Or [!Condition Case, !Equals [a, b]]
Rules:
  Known: {RuleCondition: !Equals [!Ref Env, dev], Assertions: [{Assert: {"Fn::Contains": [[dev, qa], !Ref Env]}}, {Assert: {"Fn::EachMemberIn": [!Ref Zones, [a, b, c]]}}]}
  Prod: {RuleCondition: !Equals [!Ref Env, prod], Assertions: [{Assert: {"Fn::EachMemberEquals": [!Ref Zones, a]}, AssertDescription: one zone}]}
` + bucket
	b, err := bind(t, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]truth{"Late": isTrue, "Dev": isTrue, "Number": isTrue, "Case": isFalse, "Both": isTrue, "Neither": isFalse}
	if diff := cmp.Diff(b.conditions, want); diff != "" {
		t.Errorf("conditions (-got +want):\n%s", diff)
	}
	if _, err := bind(t, text, map[string]string{"Env": "prod"}); err == nil || !strings.Contains(err.Error(), "rule Prod is not satisfied: one zone") {
		t.Errorf("prod in two zones: %v, want a refusal by the rule", err)
	}
	if _, err := bind(t, text, map[string]string{"Zones": "z"}); err == nil || !strings.Contains(err.Error(), "rule Known") {
		t.Errorf("zone z: %v, want a refusal by the rule", err)
	}
}
