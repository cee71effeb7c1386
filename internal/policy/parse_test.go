package policy

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// identity, resource and trust wrap a statement in a document, so that the statement begins at column 38.
func wrap(statement string) string { return `{"Version":"2012-10-17","Statement":[` + statement + `]}` }

const (
	okIdentity = `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b"}`
	okResource = `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}`
)

// position finds a place of the table below.
func position(text, at string) Position {
	offset := strings.LastIndex(text, at)
	switch at {
	case "":
		offset = strings.Index(text, "[{") + 1
	case "^":
		offset = 0
	case "$":
		offset = len(text)
	case "$-1":
		offset = len(text) - 1
	}
	if offset < 0 {
		panic("no " + at + " in " + text)
	}
	before := text[:offset]
	return Position{1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])}
}

// TestParseRefuses: AWS's sentence and the place for each way to be wrong. The documents of the first part follow the
// faults of an emulator's table that was written against AWS [emu]; the rest is marked.
func TestParseRefuses(t *testing.T) {
	const (
		syntax  = "Syntax errors in policy."
		legacy  = "The policy failed legacy parsing"
		version = "Policy document must be version 2012-10-17 or greater."
		vendor  = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
		actions = "Policy statement must contain actions."
		unique  = "Statement IDs (SID) in a single policy must be unique."
	)
	with := func(member string) string {
		return wrap(`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b",` + member + `}`)
	}
	resource := func(list string) string {
		return wrap(`{"Effect":"Allow","Action":"s3:ListBucket","Resource":` + list + `}`)
	}
	action := func(list string) string { return wrap(`{"Effect":"Allow","Action":` + list + `,"Resource":"*"}`) }
	principal := func(p string) string {
		return wrap(`{"Effect":"Allow","Principal":` + p + `,"Action":"execute-api:Invoke","Resource":"*"}`)
	}
	trust := func(members string) string { return wrap(`{"Effect":"Allow",` + members + `}`) }
	tests := []struct {
		kind Kind
		text string
		want string
		// at is what stands at the position, the last place of this text; empty is the first statement of a
		// list, ^ the beginning, $ the end and $-1 the last character.
		at string
	}{
		{Managed, `This is no JSON`, syntax, "^"},
		{Managed, ``, syntax, "^"},
		{Managed, `"text"`, syntax, "^"},
		{Managed, `[]`, syntax, "^"},
		{Managed, `{`, syntax, "$"},
		{Managed, `{"Version":"2012-10-17"`, syntax, "$"},
		{Managed, wrap(okIdentity) + ` {}`, syntax, `{}`},
		{Managed, wrap(okIdentity) + `]`, syntax, "$-1"},
		{Managed, "{\n  \"Version\": \"2012-10-17\",\n  \"Version\": \"2012-10-17\"}", syntax, `"Version"`},
		{Managed, `{"Statement":` + okIdentity + `}`, version, "^"},
		{Managed, `{"Version":"2008-10-17","Statement":` + okIdentity + `}`, version, "^"},
		{Boundary, `{"Version":"2008-10-17","Statement":` + okIdentity + `}`, version, "^"},
		{SCP, `{"Statement":` + okIdentity + `}`, version, "^"},
		{Managed, `{"Version":"2013-10-17","Statement":` + okIdentity + `}`, syntax, `"2013`},
		{Identity, `{"Version":"","Statement":` + okIdentity + `}`, syntax, `""`},
		{Managed, `{"Version":2012,"Statement":` + okIdentity + `}`, syntax, `2012,`},
		{Managed, `{"Version":"2012-10-17"}`, syntax, "^"},
		{Managed, `{"Version":"2012\q"}`, syntax, `\q`},
		{Managed, action(`["s3:\q"]`), syntax, `\q`},
		{Resource, principal(`"\q"`), "This policy contains invalid Json", `\q`},
		{Managed, `{"Version" "2012-10-17"}`, syntax, `"2012`},
		{Managed, `{"Version":"2012-10-17" "Statement":[]}`, syntax, `"Statement`},
		{Managed, `{"Version":}`, syntax, `}`},
		{Managed, action(`["s3:x" "s3:y"]`), syntax, `"s3:y`},
		{Managed, action(`["s3:x",]`), syntax, `],"Res`},
		{Managed, `{"Version":"2012-10-17","Statement":[` + okIdentity, syntax, "$"},
		{Managed, `{"Version":"2012-10-17","Statement":["x"]}`, syntax, `"x"`},
		{Managed, `{"Version":"2012-10-17","Statement":"x"}`, syntax, `"x"`},
		{Managed, wrap(``), syntax, "^"},
		{Managed, `{"Version":"2012-10-17","Statement":` + okIdentity + `,"Extra":1}`, syntax, `"Extra"`},
		{Managed, `{"version":"2012-10-17","Statement":` + okIdentity + `}`, syntax, `"version"`},
		{Managed, with(`"Extra":1`), syntax, `"Extra"`},
		{Managed, with(`"effect":"Deny"`), syntax, `"effect"`},
		{Managed, with(`"Effect":"Deny"`), syntax, `"Effect"`},
		{Managed, `{"Version":"2012-10-17","Id":["x"],"Statement":` + okIdentity + `}`, syntax, `["x"]`},
		{Managed, with(`"Sid":{}`), syntax, `{}`},
		{Managed, with(`"Sid":"a b"`), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", ""}, // [rec]
		{Managed, wrap(`{"Effect":"invalid","Action":"s3:x","Resource":"*"}`), syntax, ""},
		{Managed, wrap(`{"Effect":true,"Action":"s3:x","Resource":"*"}`), syntax, `true`},
		{Managed, wrap(`{"Action":"s3:x","Resource":"*"}`), syntax, ""},
		{Managed, wrap(`{"Effect":"denY","Action":"s3:x","Resource":"*"}`), legacy, ""},
		{Managed, wrap(`{"Effect":"allow","Resource":"arn:aws:s3:us-east-1::b"}`), legacy, ""},
		{Managed, action(`"invalid"`), vendor, ""},
		{Managed, action(`""`), vendor, ""},
		{Managed, action(`["s3:x",""]`), vendor, ""},
		{Managed, wrap(`{"Effect":"Allow","NotAction":"","Resource":"*"}`), vendor, ""},
		{Managed, wrap(`{"Effect":"Allow","Action":"invalid"}`), vendor, ""},
		{Managed, action(`"a a:x"`), "Vendor a a is not valid", ""},
		{Managed, action(`"s3*:x"`), "Vendor s3* is not valid", ""},
		{Managed, action(`"*:Invoke"`), "Vendor * is not valid", ""}, // [strict]
		{Managed, action(`":x"`), "Vendor  is not valid", ""},
		{Managed, action(`"s3:List:Bucket"`), "Actions/Condition can contain only one colon.", ""},
		{Managed, action(`[]`), actions, ""},
		{Managed, action(`[[]]`), syntax, `[]]`},
		{Managed, action(`{}`), syntax, `{},`},
		{Managed, action(`null`), syntax, `null`},
		{Managed, action(`1`), syntax, `1,`},
		{Managed, wrap(`{"Effect":"Allow","NotAction":true,"Resource":"*"}`), syntax, `true`},
		{Managed, resource(`false`), syntax, `false`},
		{Managed, wrap(`{"Effect":"Allow","Action":"s3:x","NotResource":7}`), syntax, `7}`},
		{Managed, wrap(`{"Effect":"Allow","Resource":"*"}`), actions, ""},
		{Managed, wrap(`{"Effect":"Deny"}`), actions, ""},
		{Managed, wrap(`{"Effect":"Deny"},` + okIdentity), actions, ""},
		{Managed, wrap(`{"Effect":"Allow","NotAction":"s3:x","Action":[],"Resource":"*"}`), syntax, ""},
		{Managed, wrap(`{"Effect":"Allow","Action":"s3:x","Resource":"*","NotResource":[]}`), syntax, ""},
		{Managed, wrap(`{"Effect":"Allow","Action":"s3:x"}`), "Policy statement must contain resources.", ""},
		{Managed, resource(`[]`), "Policy statement must contain resources.", ""},
		{Managed, resource(`{"a":"*"}`), syntax, `{"a"`},
		{Managed, resource(`["x",{}]`), syntax, `{}]`},
		{Managed, resource(`"invalid resource"`), `Resource invalid resource must be in ARN format or "*".`, ""}, // [rec]
		{Managed, resource(`""`), `Resource  must be in ARN format or "*".`, ""},
		{Managed, resource(`"a:bsdf"`), `Partition "bsdf" is not valid for resource "arn:bsdf:*:*:*:*".`, ""},
		{Managed, resource(`"a:b:cad"`), `Partition "b" is not valid for resource "arn:b:cad:*:*:*".`, ""},
		{Managed, resource(`"a:b:c:d:e:f:g:h"`), `Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".`, ""},
		{Managed, resource(`"aws:s3:::b"`), `Partition "s3" is not valid for resource "arn:s3:::b:*".`, ""},
		{Managed, resource(`["arn:error:s3:::b","arn:error:s3::b"]`), `Partition "error" is not valid for resource "arn:error:s3:::b".`, ""},
		{Managed, resource(`["arn:aws:s3::b","arn:error:s3:::b"]`), `Partition "error" is not valid for resource "arn:error:s3:::b".`, ""},
		{Managed, resource(`"aws:aws:s3:::b"`), `Resource aws:aws:s3:::b must be in ARN format or "*".`, ""},
		{Managed, resource(`"ARN:aws:s3:::b"`), `Resource ARN:aws:s3:::b must be in ARN format or "*".`, ""},
		{Managed, resource(`"arn:aws"`), "Resource vendor must be fully qualified and cannot contain regexes.", ""},
		{Managed, resource(`"arn:aws:s*:::b"`), "Resource vendor must be fully qualified and cannot contain regexes.", ""},
		{Managed, resource(`"arn:aws:s3::b"`), legacy, ""},
		{Managed, resource(`["arn:aws:s3::b","arn:aws:s3::c"]`), legacy, ""},
		{Managed, resource(`"arn:aws::::b"`), legacy, ""},
		{Managed, resource(`"arn:aws::b"`), legacy, ""},
		{Managed, wrap(`{"Effect":"Allow","Resource":"arn:aws:s3::b"}`), legacy, ""},
		{Managed, resource(`"arn:aws:s3:${aws:RequestedRegion}::b"`), legacy, ""}, // variables: [docs] place, [inf] text
		{Managed, resource(`"arn:aws:s3:::${aws:username"`), legacy, ""},
		{Managed, resource(`"execute-api:/*"`), `Partition "/*" is not valid for resource "arn:/*:*:*:*:*".`, ""},
		{SCP, resource(`"arn:aws:s3"`), `Resource arn:aws:s3 must be in ARN format or "*".`, ""},
		{Managed, with(`"Condition":[]`), syntax, `[]}`},
		{Managed, with(`"Condition":"a"`), syntax, `"a"}`},
		{Managed, with(`"Condition":{"a":"b"}`), syntax, `"a":"b"`},
		{Managed, with(`"Condition":{"a":{}}`), syntax, `"a":{}`}, // AWS takes it [emu]; [strict]
		{Managed, with(`"Condition":{"DateGreaterThan":"b"}`), syntax, `"b"}`},
		{Managed, with(`"Condition":{"DateGreaterThan":{"a":{}}}`), syntax, `{}}`},
		{Managed, with(`"Condition":{"StringEquals":{"a":null}}`), syntax, `null`},
		{Managed, with(`"Condition":{"ForAnyValue::StringEqualsIfExists":{"a":"x"}}`), syntax, `"ForAny`},
		{Managed, with(`"Condition":{"stringequals":{"a":"x"}}`), syntax, `"stringequals"`},
		{Managed, with(`"Condition":{"DateGreaterThan":{"a":"sdfdsf"}}`), legacy, `"a":"sdf`},
		{Managed, with(`"Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","10.0.0.0/33"]}}`), legacy, `"aws:SourceIp"`}, // [security.md E5]
		{Managed, with(`"Condition":{"StringEquals":{"aws:x":"1","AWS:X":"2"}}`), syntax, `"AWS:X"`},                         // [strict]
		{Managed, with(`"Condition":{"StringEquals":{"aws:x":"1","aws:x":"2"}}`), syntax, `"aws:x"`},
		{Managed, `{"Statement":{"Effect":"denY","Action":"s3:x","Resource":"*"}}`, version, "^"},
		{Managed, wrap(`{"Sid":"a",` + okIdentity[1:] + `,{"Sid":"a","Effect":"Allow"}`), unique, `{"Sid"`},
		{Managed, wrap(`{"Sid":"a","Effect":"aLLow","Action":"s3:x","Resource":"*"},{"Sid":"a","Effect":"Allow"}`), legacy, ""},
		{Identity, principal(`"*"`), "Policy document should not specify a principal.", ""}, // [pasted]
		{Identity, principal(`{}`), "Policy document should not specify a principal.", ""},
		{Identity, principal(`"x"`), "Policy document should not specify a principal.", `"x"`},
		{Session, wrap(`{"Effect":"Allow","NotPrincipal":"*","Action":"s3:x","Resource":"*"}`), "Policy document should not specify a principal.", ""},
		{Authorizer, `{"Version":"2012-10-17"}`, syntax, "^"},

		// The other parser, for policies of resources and trust.
		{Resource, `{`, "This policy contains invalid Json", "$"}, // [rec]
		{Resource, `x`, "This policy contains invalid Json", "^"},
		{Resource, `{"Version":x}`, "This policy contains invalid Json", `x}`},
		{Resource, `{"Version":}`, "This policy contains invalid Json", `}`},
		{Resource, `{"Version":]`, "This policy contains invalid Json", `]`},
		{Resource, `{"Version":1}`, "Syntax errors in policy.", `1}`},
		{Resource, `[]`, "Syntax errors in policy.", "^"},
		{Resource, principal(`{"AWS":111122223333}`), "Syntax errors in policy.", `111122223333}`},
		{Resource, `{"Version":"2012-10-17"}`, "Missing required field Statement", "^"},
		{Resource, wrap(``), "Could not parse the policy: Statement is empty!", "^"},
		{Resource, `{"Version":"x","Statement":[]}`, "The policy must contain a valid version string", `"x"`},
		{Resource, `{"Statements":[]}`, "Unknown field Statements", `"Statements"`},
		{Resource, wrap(`{"Resources":"*"}`), "Unknown field Resources", `"Resources"`},
		{Resource, wrap(`{"Principal":"*","Action":"execute-api:Invoke","Resource":"*"}`), "Missing required field Effect", ""},
		{Resource, wrap(`{"Effect":"allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}`), "Invalid effect: allow", ""},
		{Resource, wrap(`{"Effect":"x","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}`), "Invalid effect: x", ""},
		{Resource, wrap(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}`), "Missing required field Principal", ""},
		{Resource, principal(`{}`), "Missing required field Principal cannot be empty!", ""},
		{Resource, principal(`{"AWS":[]}`), "Missing required field Principal cannot be empty!", ""},
		{Resource, principal(`[]`), "Syntax errors in policy.", `[],`},
		{Resource, principal(`{"AWS":"arn:aws:iam::111122223333:user/*"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"`, ""},
		{Resource, principal(`{"AWS":"arn:aws:iam::111122223333:group/g"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g"`, ""},
		{Resource, principal(`{"AWS":"arn:aws:iam::111122223333:user/"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/"`, ""},
		{Resource, principal(`{"AWS":"arn:aws:sts::111122223333:assumed-role/R"}`), `Invalid principal in policy: "AWS":"arn:aws:sts::111122223333:assumed-role/R"`, ""},
		{Resource, principal(`{"AWS":"arn:aws:iam:us-east-1:111122223333:user/u"}`), `Invalid principal in policy: "AWS":"arn:aws:iam:us-east-1:111122223333:user/u"`, ""},
		{Resource, principal(`{"AWS":"arn:x:iam::111122223333:user/u"}`), `Invalid principal in policy: "AWS":"arn:x:iam::111122223333:user/u"`, ""},
		{Resource, principal(`{"AWS":"arn:aws:iam::1111:user/u"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::1111:user/u"`, ""},
		{Resource, principal(`{"AWS":"AIDAEXAMPLEEXAM"}`), `Invalid principal in policy: "AWS":"AIDAEXAMPLEEXAM"`, ""},
		{Resource, principal(`{"AWS":"AIDAEXAMPLE-EXAMPLE"}`), `Invalid principal in policy: "AWS":"AIDAEXAMPLE-EXAMPLE"`, ""},
		{Resource, principal(`{"AWS":"12345"}`), `Invalid principal in policy: "AWS":"12345"`, ""},
		{Resource, principal(`{"AWS":""}`), `Invalid principal in policy: "AWS":""`, ""},
		{Resource, principal(`{"Service":"*"}`), `Invalid principal in policy: "Service":"*"`, ""},
		{Resource, principal(`{"Federated":"*"}`), `Invalid principal in policy: "Federated":"*"`, ""},
		{Resource, principal(`{"Sevice":"x"}`), `Invalid principal in policy: "Sevice":""`, `"Sevice"`},
		{Resource, principal(`{"aws":"*"}`), `Invalid principal in policy: "aws":""`, `"aws"`},
		{Resource, principal(`{"AWS":{}}`), "Syntax errors in policy.", `{}},`},
		{Resource, principal(`"everyone"`), `Invalid principal in policy: "AWS":"everyone"`, `"everyone"`},
		{Resource, wrap(`{"Effect":"Allow","Principal":"*","NotPrincipal":"*","Action":"execute-api:Invoke","Resource":"*"}`), syntax, ""},
		{Resource, wrap(`{"Effect":"Allow","Principal":"*","Resource":"*"}`), "Missing required field Action", ""},
		{Resource, wrap(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke"}`), "Missing required field Resource", ""},
		{Resource, wrap(`{"Effect":"Allow","Principal":"*","Action":"x","Resource":"*"}`), vendor, ""},
		{Resource, wrap(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"/prod/*"}`), `Resource /prod/* must be in ARN format or "*".`, ""},
		{Resource, wrap(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*"}`), `Resource arn:aws:execute-api:* must be in ARN format or "*".`, ""},
		{Resource, wrap(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/${x"}`), legacy, ""},
		{Endpoint, wrap(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}`), `Partition "/*" is not valid for resource "arn:/*:*:*:*:*".`, ""},
		{Resource, wrap(okResource[:len(okResource)-1] + `,"Condition":{"StringEqual":{"a":"b"}}}`), "Invalid Condition type : StringEqual", `"StringEqual"`},
		{Resource, wrap(`{"Sid":"a b",` + okResource[1:] + `,{"Sid":"a b",` + okResource[1:]), "The Statement Ids in the policy are not unique", `{"Sid"`},

		{Resource, wrap(`{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"execute-api:Invoke","Resource":"*"}`), "Allow with NotPrincipal is not allowed.", ""}, // [docs]

		{Trust, trust(`"Action":"sts:AssumeRole"`), "Missing required field Principal", ""},
		{Trust, trust(`"Principal":{},"Action":"sts:AssumeRole"`), "Missing required field Principal cannot be empty!", ""},
		{Trust, trust(`"Principal":"*","Action":"sts:AssumeRole"`), `AssumeRolepolicy contained an invalid principal: "STAR":"*".`, ""}, // [pasted]
		{Trust, trust(`"NotPrincipal":{"AWS":"*"},"Action":"sts:AssumeRole"`), "Allow with NotPrincipal is not allowed.", ""},
		{Trust, wrap(`{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"Action":"sts:AssumeRole"}`), "AssumeRole policy must not contain NotPrincipal field.", ""},
		{Trust, trust(`"Principal":{"AWS":"*"}`), "Missing required field Action", ""},
		{Trust, trust(`"Principal":{"AWS":"*"},"Action":"*"`), "AssumeRole policy may only specify STS AssumeRole actions.", ""}, // [pasted]
		{Trust, trust(`"Principal":{"AWS":"*"},"Action":"s3:x"`), "AssumeRole policy may only specify STS AssumeRole actions.", ""},
		{Trust, trust(`"Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Resource":"*"`), "Has prohibited field Resource", ""},
		{Trust, trust(`"Principal":{"AWS":"*"},"Action":"sts:AssumeRole","NotResource":"*"`), "AssumeRole policy must not contain resources.", ""},
		{Trust, trust(`"Principal":{"CanonicalUser":"x"},"Action":"sts:AssumeRole"`), `Invalid principal in policy: "CanonicalUser":"x"`, ""},
	}
	for _, tt := range tests {
		_, err := Parse(tt.text, tt.kind)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%v %s: got error %v, want %q", tt.kind, tt.text, err, tt.want)
			continue
		}
		if e.Message != tt.want {
			t.Errorf("%v %s:\n got %q (%s)\nwant %q", tt.kind, tt.text, e.Message, e.Detail, tt.want)
		}
		if want := position(tt.text, tt.at); e.At != want {
			t.Errorf("%v %s: %s: got position %v, want %v", tt.kind, tt.text, e.Detail, e.At, want)
		}
		if e.Detail == "" || !strings.Contains(e.Error(), e.Message) || !strings.Contains(e.Error(), e.Detail) {
			t.Errorf("%v %s: the error says too little: %q", tt.kind, tt.text, e.Error())
		}
	}
}

// TestParseBounds: documents made to be expensive [security.md E8].
func TestParseBounds(t *testing.T) {
	big := wrap(`{"Effect":"Allow","Action":"s3:x","Resource":"*","Sid":"` + strings.Repeat("x", MaxBytes) + `"}`)
	_, err := Parse(big, Identity)
	if e, ok := errors.AsType[*Error](err); !ok || e.At != (Position{}) || !strings.HasPrefix(e.Error(), "the document has 131") {
		t.Errorf("a document over the limit: got %v", err)
	}
	largest := wrap(okIdentity)
	if _, err := Parse(largest+strings.Repeat(" ", MaxBytes-len(largest)), Identity); err != nil {
		t.Errorf("a document at the limit: %v", err)
	}
	for name, text := range map[string]string{
		"lists":   wrap(`{"Effect":"Allow","Action":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`),
		"objects": strings.Repeat(`{"Statement":`, 9000) + `1` + strings.Repeat("}", 9000),
		"unknown": `{"x":` + strings.Repeat("[", 60000),
	} {
		if _, err := Parse(text, Identity); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, kind := range []Kind{0, kindsEnd, 99} {
		if _, err := Parse(wrap(okIdentity), kind); err == nil {
			t.Errorf("kind %d: no error", kind)
		}
	}
	if _, err := Parse("{\"Statement\": \"\xff\"}", Identity); err == nil {
		t.Error("invalid UTF-8: no error")
	}
}

// TestBigDocuments are as large as the wire lets through and made to be slow [security.md E7]: what is not about
// linear would not come back.
func TestBigDocuments(t *testing.T) {
	fill := func(n int, item func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(item(i))
		}
		return b.String()
	}
	const room = MaxBytes - 1000
	stars := strings.Repeat("*a", 20) + "b"
	for name, text := range map[string]string{
		"statements": wrap(fill(room, func(i int) string {
			return `{"Sid":"s` + strconv.Itoa(i) + `","Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:` + stars + `"}`
		})),
		"conditions": wrap(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{` + fill(room, func(i int) string {
			return `"k` + strconv.Itoa(i) + `":"` + stars + `"`
		}) + `}}}`),
		"values": wrap(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":[` + fill(room, func(i int) string {
			return `"` + stars + `"`
		}) + `]}}}`),
		"actions":  wrap(`{"Effect":"Deny","Action":[` + fill(room, func(i int) string { return `"x:y` + strconv.Itoa(i) + `"` }) + `],"Resource":"*"}`),
		"resource": wrap(`{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:*:` + strings.Repeat("*a?", room/3) + `b"}`),
	} {
		p, err := Load(text, Identity, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := call(t, nil)
		r.Resource.Resource = strings.Repeat("a", 4096)
		r.Context.UserAgent = r.Resource.Resource
		p.Evaluate(r)
		if _, err := Parse(p.Document().String(), Identity); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	text := `{
  "Version": "2012-10-17",
  "Id": "é policy",
  "Statement": [
    {
      "Sid": "one", "Effect": "Deny", "NotPrincipal": {"AWS": ["111122223333", "*"], "Service": "lambda.amazonaws.com"},
      "NotAction": ["execute-api:Invoke", "*"], "NotResource": "*",
      "Condition": {"Bool": {"aws:SecureTransport": false}, "StringNotLike": {"é": [1e3, "010", 2], "b": true}}
    },
    {"Principal": "*", "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ["execute-api:/*"]` + "\t" + `, "Condition": {}}
  ]
}`
	got, err := Parse(text, Resource)
	if err != nil {
		t.Fatal(err)
	}
	want := &Document{
		Kind: Resource, Version: "2012-10-17", ID: "é policy",
		Statements: []Statement{
			{
				Sid: "one", Effect: Deny,
				Principals: Principals{Not: true, Entries: []Principal{
					{PrincipalAWS, "111122223333"}, {PrincipalAWS, "*"}, {PrincipalService, "lambda.amazonaws.com"}}},
				Actions:   List{Not: true, Values: []string{"execute-api:Invoke", "*"}},
				Resources: List{Not: true, Values: []string{"*"}},
				Conditions: []Condition{
					{"Bool", "aws:SecureTransport", []string{"false"}, Position{8, 30}},
					{"StringNotLike", "é", []string{"1e3", "010", "2"}, Position{8, 79}},
					{"StringNotLike", "b", []string{"true"}, Position{8, 101}},
				},
				Start: Position{5, 5}, End: Position{9, 5},
			},
			{
				Effect: Allow, Principals: Principals{Everyone: true},
				Actions:   List{Values: []string{"execute-api:Invoke"}},
				Resources: List{Values: []string{"execute-api:/*"}},
				Start:     Position{10, 5}, End: Position{10, 123},
			},
		},
	}
	reprint(t, got)
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}
