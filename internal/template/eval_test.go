package template

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
)

// base surrounds one property value with something of everything that it can refer to. The value stands
// on line 19.
const base = `Parameters:
  Env: {Type: String, Default: dev}
  Subnets: {Type: CommaDelimitedList, Default: "a, b"}
  Port: {Type: Number, Default: 8080}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}
Mappings:
  Sizes: {dev: {cpu: 1, zones: [x, y]}, prod: {cpu: 8}}
Conditions:
  IsDev: !Equals [!Ref Env, dev]
  IsProd: !Not [!Condition IsDev]
Resources:
  Api: {Type: "AWS::ApiGateway::RestApi"}
  Gone: {Type: "AWS::S3::Bucket", Condition: IsProd}
  Later: {Type: "AWS::S3::Bucket"}
  X:
    Type: AWS::S3::Bucket
    Properties:
      V:
        %s
`

func env() Environment {
	return Environment{
		Home:      identity.Home{Partition: "aws", Account: "123456789012", Region: "eu-west-1"},
		URLSuffix: "localhost:4566",
		StackName: "shop", StackID: "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
		Exports: func(name string) (string, bool) { return "vpc-1", name == "net-vpc" },
	}
}

// made knows the physical ids of everything but Later.
type made struct{}

func (made) Ref(id string) (string, error) {
	if id == "Later" {
		return Unknown(id, ""), nil
	}
	return strings.ToLower(id) + "-1", nil
}

func (made) Attribute(id, attribute string) (string, error) {
	if attribute == "Nope" {
		return "", errors.New("Requested attribute Nope does not exist in schema for " + id)
	}
	if id == "Later" {
		return Unknown(id, attribute), nil
	}
	return "att:" + id + ":" + attribute, nil
}

func load(t testing.TB, text string) *document.Value {
	t.Helper()
	v, err := document.Load("t.yml", []byte(text), document.PyYAML)
	if err != nil {
		t.Fatalf("load: %v\n%s", err, text)
	}
	return v
}

// evaluate returns the value of property V of resource X, "null" for none.
func evaluate(t testing.TB, text string) (string, error) {
	t.Helper()
	tmpl, err := Parse(load(t, text))
	if err != nil {
		return "", err
	}
	b, err := tmpl.Bind(env(), nil)
	if err != nil {
		return "", err
	}
	props, err := b.Properties("X", made{})
	if err != nil {
		return "", err
	}
	return string(document.JSON(props.Get("V"))), nil
}

func TestIntrinsics(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		// Ref
		{`!Ref Env`, `"dev"`},
		{`!Ref Port`, `"8080"`}, // numbers stay textual [recorded]
		{`!Ref Subnets`, `["a","b"]`},
		{`!Ref Api`, `"api-1"`},
		{`!Ref AWS::AccountId`, `"123456789012"`},
		{`!Ref AWS::Region`, `"eu-west-1"`},
		{`!Ref AWS::Partition`, `"aws"`},
		{`!Ref AWS::URLSuffix`, `"localhost:4566"`},
		{`!Ref AWS::StackName`, `"shop"`},
		{`!Ref AWS::StackId`, `"arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"`},
		{`!Ref AWS::NotificationARNs`, `[]`},
		{`!Ref AWS::NoValue`, `null`},
		{`[a, !Ref AWS::NoValue, b]`, `["a","b"]`},
		{`{a: !Ref AWS::NoValue, b: 1}`, `{"b":1}`},
		{`{Ref: Env, x: 1}`, `{"Ref":"Env","x":1}`}, // data: Ref has company

		// Fn::GetAtt
		{`!GetAtt Api.RootResourceId`, `"att:Api:RootResourceId"`},
		{`!GetAtt Api.Outputs.Name`, `"att:Api:Outputs.Name"`},
		{`{"Fn::GetAtt": [Api, Arn]}`, `"att:Api:Arn"`},
		{`{"Fn::GetAtt": "Api.Arn"}`, `"att:Api:Arn"`},
		{`{"Fn::GetAtt": [Api, !Ref Env]}`, `"att:Api:dev"`},

		// Fn::Sub
		{`!Sub "${Env}-${AWS::Region}-${Api}-${Api.Arn}"`, `"dev-eu-west-1-api-1-att:Api:Arn"`},
		{`!Sub "${!Env} $Env ${ $"`, `"${Env} $Env ${ $"`},
		{`!Sub ["${a}/${Env}", {a: !Ref Port}]`, `"8080/dev"`},
		{`!Sub ["${A.B}", {A.B: x}]`, `"x"`},
		{`!Sub ["${Env}", {Env: mine}]`, `"mine"`},
		{`!Sub ["${a}", {a: !If [IsDev, 1, 2]}]`, `"1"`},
		{`!Sub ""`, `""`},

		// Fn::Join, Fn::Split, Fn::Select
		{`!Join ["-", [a, !Ref Port, true, 3]]`, `"a-8080-true-3"`},
		{`!Join ["", [a, !Ref AWS::NoValue]]`, `"a"`},
		{`!Join [",", !Ref Subnets]`, `"a,b"`},
		{`!Join [",", []]`, `""`},
		{`!Split [",", "a,b,"]`, `["a","b",""]`},
		{`!Split ["|", !Sub "x|${Env}"]`, `["x","dev"]`},
		{`!Select [1, [a, b]]`, `"b"`},
		{`!Select ["0", !Ref Subnets]`, `"a"`},
		{`!Select [2, !Split ["/", "a/b/c"]]`, `"c"`},

		// Fn::FindInMap
		{`!FindInMap [Sizes, !Ref Env, cpu]`, `1`},
		{`!FindInMap [Sizes, dev, zones]`, `["x","y"]`},

		// Fn::If: only the branch that is taken is evaluated
		{`!If [IsDev, !Ref Api, !Ref Gone]`, `"api-1"`},
		{`!If [IsProd, a, !Ref AWS::NoValue]`, `null`},
		{`[!If [IsProd, a, !Ref "AWS::NoValue"], b]`, `["b"]`},

		// Fn::Base64, Fn::Cidr, Fn::GetAZs, Fn::ImportValue
		{`!Base64 hello`, `"aGVsbG8="`},
		{`{"Fn::Base64": !Sub "${Env}"}`, `"ZGV2"`},
		{`!Cidr [10.0.0.0/16, 3, 8]`, `["10.0.0.0/24","10.0.1.0/24","10.0.2.0/24"]`},
		{`!Select [1, !Cidr ["2001:db8::/56", 2, 64]]`, `"2001:db8:0:1::/64"`},
		{`!GetAZs ""`, `["eu-west-1a","eu-west-1b","eu-west-1c"]`},
		{`!Select [0, !GetAZs us-east-1]`, `"us-east-1a"`},
		{`!ImportValue net-vpc`, `"vpc-1"`},
		{`{"Fn::ImportValue": !Sub "net-${sfx}"}`, ``},

		// what is not known yet passes through
		{`!Ref Later`, `"` + Unknown("Later", "") + `"`},
		{`!Select [1, !Split [":", !GetAtt Later.Arn]]`, `"` + Unknown("Later", "Arn") + `"`},
		{`!Join ["-", !Split [":", !GetAtt Later.Arn]]`, `"` + Unknown("Later", "Arn") + `"`},
		{`!Base64 {Ref: Later}`, `"` + Unknown("Later", "") + `"`},
		{`!Cidr [!GetAtt Later.CidrBlock, 2, 8]`, `"` + Unknown("Later", "CidrBlock") + `"`},
		{`!Sub "a-${Later.Arn}"`, `"a-` + Unknown("Later", "Arn") + `"`},
	} {
		got, err := evaluate(t, fmt.Sprintf(base, c.expr))
		if c.want == "" {
			if err == nil {
				t.Errorf("%s = %s, want an error", c.expr, got)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%s = %s, %v, want %s", c.expr, got, err, c.want)
		}
	}
}

func TestLanguageExtensions(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`!Length [a, b]`, `2`},
		{`!Length {Ref: Subnets}`, `2`},
		{`!ToJsonString {a: [1, !Ref Env]}`, `"{\"a\":[1,\"dev\"]}"`},
		{`!FindInMap [Sizes, qa, cpu, {DefaultValue: 7}]`, `7`},
		{`!FindInMap [None, qa, cpu, {DefaultValue: !Ref Env}]`, `"dev"`},
	} {
		got, err := evaluate(t, "Transform: AWS::LanguageExtensions\n"+fmt.Sprintf(base, c.expr))
		if err != nil || got != c.want {
			t.Errorf("%s = %s, %v, want %s", c.expr, got, err, c.want)
		}
		if got, err := evaluate(t, fmt.Sprintf(base, c.expr)); err == nil {
			t.Errorf("%s without the transform = %s, want an error", c.expr, got)
		}
	}
}

// Texts marked [recorded] are in the facts; the others were observed in public bug reports, and those
// without a capital are ours.
func TestIntrinsicErrors(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`!Ref Missing`, `Template format error: Unresolved resource dependencies [Missing] in the Resources block of the template`}, // [recorded]
		{`[!Ref M1, !Sub "${M2} ${M1} ${AWS::Resion}"]`, `Template format error: Unresolved resource dependencies [M1, M2, AWS::Resion] in the Resources block of the template`},
		{`!Ref Gone`, `Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template`},
		{`!GetAtt Gone.Arn`, `Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template`},
		{`!If [IsDev, !Ref Missing2, x]`, `Template format error: Unresolved resource dependencies [Missing2] in the Resources block of the template`},
		{`!If [IsDev, x, !Ref Missing3]`, `Template format error: Unresolved resource dependencies [Missing3] in the Resources block of the template`},
		{`{Ref: [a]}`, `Template format error: Every Ref object must have a single String value.`},
		{`!Ref ""`, `Template format error: Every Ref object must have a single String value.`},
		{`!Ref Stored`, `parameter Stored is to be read from the SSM parameter store, which does not exist here`},
		{`!GetAtt Missing.Arn`, `Template error: instance of Fn::GetAtt references undefined resource Missing`},
		{`!GetAtt Api`, `Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute`}, // [recorded]
		{`{"Fn::GetAtt": [Api, ""]}`, `Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute`},
		{`{"Fn::GetAtt": [Api, a, b]}`, `Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute`},
		{`!GetAtt Api.Nope`, `Requested attribute Nope does not exist in schema for Api`},
		{`!Sub {a: b}`, msgSub},
		{`!Sub [a]`, msgSub},
		{`!Sub "${a b}"`, msgName},
		{`!Sub "${}"`, msgName},
		{`!Sub "${Subnets}"`, `Template error: variable Subnets in Fn::Sub does not resolve to a string`},
		{`!Sub "${AWS::NoValue}"`, `Template error: variable AWS::NoValue in Fn::Sub does not resolve to a string`},
		{`!Sub "${No.Arn}"`, `Template format error: Unresolved resource dependencies [No] in the Resources block of the template`},
		{`!Join [a]`, msgJoin},
		{`!Join ["", abc]`, msgJoin},
		{`!Join ["", [[a]]]`, msgJoin},
		{`!Join [[a], [b]]`, msgJoin},
		{`!Split ["", a]`, msgSplit},
		{`!Split [a, [b]]`, msgSplit},
		{`!Select [a]`, msgSelect}, // [recorded]
		{`!Select [x, [a]]`, msgSelect},
		{`!Select [0, abc]`, msgSelect},
		{`!Select [3, [a]]`, `Template error: Fn::Select cannot select nonexistent value at index 3`},
		{`!Select [-1, [a]]`, `Template error: Fn::Select cannot select nonexistent value at index -1`},
		{`!FindInMap [Sizes, dev]`, msgFind},
		{`!FindInMap [Sizes, qa, cpu]`, `Template error: Unable to get mapping for Sizes::qa::cpu`}, // [recorded]
		{`!FindInMap [Shoes, dev, cpu]`, `Template error: Mapping named 'Shoes' is not present in the 'Mappings' section of template.`},
		{`!If [IsDev, a]`, msgIf},
		{`!If [Never, a, b]`, `Template error: unresolved condition dependency Never in Fn::If`}, // [recorded]
		{`!Base64 [a]`, msgBase64},
		{`!Cidr [nonsense, 2, 8]`, `Template error: Fn::Cidr: nonsense is not an address block`},
		{`!Cidr [10.0.0.0/24, 3, 7]`, `Template error: Fn::Cidr: 10.0.0.0/24 has only 2 parts with 7 host bits`},
		{`!Cidr [10.0.0.0/24, 1, 12]`, `Template error: Fn::Cidr: 10.0.0.0/24 has no parts with 12 host bits`},
		{`!Cidr [10.0.0.0/8, 257, 8]`, `Template error: Fn::Cidr: the count has to be 1 to 256`},
		{`!Cidr [10.0.0.0/8]`, msgCidr},
		{`!ImportValue nothing`, `No export named nothing found`}, // [docs]
		{`!Equals [a, b]`, `Template error: Fn::Equals can only be used in Conditions and Rules`},
		{`{"Fn::Nonsense": a}`, `Template error: Encountered unsupported function: Fn::Nonsense Supported functions are: ` + supported},
		{`{"Fn::Join": ["", []], other: 1}`, `Template format error: Fn::Join must be the only key of its object`},
		{`!Transform {Name: AWS::Include}`, `Fn::Transform is not supported: macros do not run here`},
		{`"{{resolve:ssm:/a}}"`, `dynamic references ({{resolve:…}}) are not supported`},
		{`!Sub "{{resolve:secretsmanager:${Env}}}"`, `dynamic references ({{resolve:…}}) are not supported`},
		{`!Join ["", ["{{res", "olve:ssm:/a}}"]]`, `dynamic references ({{resolve:…}}) are not supported`},
		{`~`, `[/Resources/X/Properties/V] 'null' values are not allowed in templates`}, // [recorded]
	} {
		got, err := evaluate(t, fmt.Sprintf(base, c.expr))
		var fault *document.Error
		if !errors.As(err, &fault) {
			t.Errorf("%s = %s, %v, want error %s", c.expr, got, err, c.want)
			continue
		}
		if fault.Msg != c.want {
			t.Errorf("%s: error %q, want %q", c.expr, fault.Msg, c.want)
		}
		if fault.Pos.Line != 19 && !strings.Contains(c.expr, "Stored") {
			t.Errorf("%s: error at %v, want line 19", c.expr, fault.Pos)
		}
	}
}

func TestExpansionIsBounded(t *testing.T) {
	expr := `x`
	for range 12 {
		expr = `!Sub ["${a}${a}${a}${a}${a}${a}${a}${a}", {a: ` + expr + `}]`
	}
	_, err := evaluate(t, fmt.Sprintf(base, expr))
	if err == nil || !strings.Contains(err.Error(), "expands to more than") {
		t.Errorf("twelve nested Fn::Sub of eight: %v, want a refusal", err)
	}
}

func TestOutputs(t *testing.T) {
	text := fmt.Sprintf(base, "x") + `Outputs:
  Url:
    Description: where
    Value: !Sub "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev"
    Export: {Name: !Sub "${AWS::StackName}-Url"}
  Port: {Value: !Ref Port}
  OnlyProd: {Condition: IsProd, Value: !Ref Gone}
`
	tmpl, err := Parse(load(t, text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := tmpl.Bind(env(), map[string]string{"Port": "1"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Outputs(made{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].Pos = document.Pos{}
	}
	want := []OutputValue{
		{Name: "Url", Description: "where", Value: "https://api-1.execute-api.eu-west-1.localhost:4566/dev", Export: "shop-Url"},
		{Name: "Port", Value: "1"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Outputs (-got +want):\n%s", diff)
	}
}
