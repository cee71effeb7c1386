package condition

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// request is what the tables below ask about.
func request() *Context {
	return &Context{
		Time:            at("2026-11-21T02:03:04Z"),
		SecureTransport: True,

		PrincipalIsAWSService: False,
		SourceIP:              netip.MustParseAddr("203.0.113.9"),
		PrincipalARN:          "arn:aws:iam::111122223333:role/team/Reader",
		PrincipalAccount:      "111122223333",
		Username:              "ann",
		UserID:                "AIDAEXAMPLE",
		MFATime:               at("2026-11-21T02:00:04Z"),
		PrincipalTags:         []Tag{{"Team", "blue"}, {"Empty", ""}, {"Star", "a*b"}},
		TagKeys:               []string{"cost", "owner"},
		CalledVia:             []string{"cloudformation.amazonaws.com", "dynamodb.amazonaws.com"},
		More: []Attribute{
			{"svc:One", []string{"x"}},
			{"svc:Many", []string{"x", "y"}},
			{"svc:None", nil},
			{"svc:Number", []string{"10"}},
			{"svc:Numbers", []string{"5", "10"}},
			{"svc:Word", []string{"ten"}},
			{"svc:Date", []string{"2026-01-01"}},
			{"svc:IP", []string{"10.1.2.3"}},
			{"svc:BadIP", []string{"010.1.2.3"}},
			{"svc:Bool", []string{"TRUE"}},
			{"svc:Binary", []string{"QmluYXJ5"}},
			{"svc:Blank", []string{""}},
			{"aws:SourceVpce", []string{"vpce-forged"}},
		},
	}
}

// TestHolds is the table of condition operators [docs: IAM user guide, "Condition operators" and "Multivalued
// context keys"], row by row; rows marked otherwise follow another source.
func TestHolds(t *testing.T) {
	tests := []struct {
		operator, key, values string // values are separated by |
		want                  bool
	}{
		{"StringEquals", "aws:username", "ann", true},
		{"StringEquals", "aws:username", "Ann", false},
		{"StringEquals", "AWS:UserName", "bob|ann", true},
		{"StringEquals", "aws:username", "a*", false},
		{"StringEquals", "aws:username", "ann ", false},
		{"StringNotEquals", "aws:username", "bob|ann", false},
		{"StringNotEquals", "aws:username", "bob|carl", true},
		{"StringEqualsIgnoreCase", "aws:username", "ANN", true},
		{"StringEqualsIgnoreCase", "aws:PrincipalTag/team", "BLUE", true},
		{"StringNotEqualsIgnoreCase", "aws:username", "ANN", false},
		{"StringLike", "aws:PrincipalArn", "arn:*/Reader", true},
		{"StringLike", "aws:PrincipalArn", "arn:*/R?ader", true},
		{"StringLike", "aws:PrincipalArn", "arn:*/r*", false},
		{"StringNotLike", "aws:PrincipalArn", "*Writer|*Reader", false},
		{"StringLike", "aws:PrincipalTag/Star", "a${*}b", true},
		{"StringLike", "aws:PrincipalTag/Team", "bl${?}e", false},
		{"StringLike", "aws:PrincipalTag/Empty", "", true},
		{"StringLike", "aws:CurrentTime", "2026-11-21T*Z", true},
		{"StringEquals", "aws:SourceIp", "203.0.113.9", true},
		{"StringEquals", "aws:SecureTransport", "true", true},
		{"StringEquals", "aws:EpochTime", "1795226584", true},

		{"NumericEquals", "svc:Number", "10.0", true},
		{"NumericEquals", "svc:Number", "1e1", true},
		{"NumericNotEquals", "svc:Number", "11|12", true},
		{"NumericNotEquals", "svc:Number", "11|10", false},
		{"NumericLessThan", "svc:Number", "10", false},
		{"NumericLessThanEquals", "svc:Number", "10", true},
		{"NumericGreaterThan", "svc:Number", "9.99", true},
		{"NumericGreaterThanEquals", "svc:Number", "10.01", false},
		{"NumericEquals", "svc:Word", "10", false},
		{"NumericNotEquals", "svc:Word", "10", false}, // iam-simulate
		{"NumericLessThan", "aws:MultiFactorAuthAge", "181", true},
		{"NumericLessThan", "aws:MultiFactorAuthAge", "180", false},
		{"NumericGreaterThan", "aws:EpochTime", "1700000000", true},
		{"NumericGreaterThan", "aws:CurrentTime", "0", false},

		{"DateEquals", "aws:CurrentTime", "2026-11-21T02:03:04Z", true},
		{"DateEquals", "aws:CurrentTime", "2026-11-21T03:03:04+01:00", true},
		{"DateEquals", "aws:CurrentTime", "1795226584", true},
		{"DateNotEquals", "aws:CurrentTime", "2026-11-21T02:03:04.5Z", true},
		{"DateLessThan", "aws:CurrentTime", "2026-11-21T02:03:04.5Z", true},
		{"DateLessThan", "aws:CurrentTime", "2026-11-21", false},
		{"DateLessThanEquals", "aws:EpochTime", "2026-11-21T02:03:04Z", true},
		{"DateGreaterThan", "aws:CurrentTime", "2026-11-21", true},
		{"DateGreaterThanEquals", "svc:Date", "2026-01-01T00:00:00Z", true},
		{"DateGreaterThan", "svc:Word", "2026-01-01", false},
		{"DateNotEquals", "svc:Word", "2026-01-01", false},
		{"DateLessThan", "aws:TokenIssueTime", "2026-01-01", false},
		{"DateLessThan", "aws:SourceIp", "2026-01-01", false},

		{"Bool", "aws:SecureTransport", "true", true},
		{"Bool", "aws:SecureTransport", "False", false},
		{"Bool", "svc:Bool", "true", true},
		{"Bool", "svc:Word", "false", false},
		{"Bool", "aws:MultiFactorAuthPresent", "false", false},
		{"BoolIfExists", "aws:MultiFactorAuthPresent", "false", true},

		{"BinaryEquals", "svc:Binary", "QmluYXJ5", true},
		{"BinaryEquals", "svc:Binary", "QmluYXJ6", false},

		{"IpAddress", "aws:SourceIp", "203.0.113.0/24", true},
		{"IpAddress", "aws:SourceIp", "203.0.113.77/24", true}, // host bits are masked
		{"IpAddress", "aws:SourceIp", "203.0.113.9", true},
		{"IpAddress", "aws:SourceIp", "203.0.113.8|198.51.100.0/24", false},
		{"IpAddress", "aws:SourceIp", "::ffff:203.0.113.0/120", true},
		{"IpAddress", "aws:SourceIp", "2001:db8::/32", false},
		{"NotIpAddress", "aws:SourceIp", "2001:db8::/32", true},
		{"NotIpAddress", "aws:SourceIp", "203.0.113.0/24", false},
		{"IpAddress", "svc:IP", "10.0.0.0/8", true},
		{"IpAddress", "svc:BadIP", "0.0.0.0/0", false},
		{"NotIpAddress", "svc:BadIP", "10.0.0.0/8", false}, // iam-simulate
		{"IpAddress", "aws:VpcSourceIp", "0.0.0.0/0", false},
		{"NotIpAddress", "aws:VpcSourceIp", "0.0.0.0/0", true},

		{"ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*", true},
		{"ArnEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*/Reader", true},
		{"ArnLike", "aws:PrincipalArn", "arn:*:role/*:*:*:*", false}, // no star crosses a colon
		{"StringLike", "aws:PrincipalArn", "arn:*:role/*", true},
		{"ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*", true},
		{"ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/*", false},
		{"ArnLike", "aws:username", "*:*:*:*:*:*", false}, // not an ARN
		{"ArnNotLike", "aws:username", "arn:aws:iam::*:user/*", true},
		{"ArnEquals", "aws:PrincipalArn", "${aws:PrincipalArn}", true},
		{"ArnEquals", "aws:PrincipalArn", "arn:aws:iam::${aws:PrincipalAccount}:role/team/Reader", true},
		{"ArnEquals", "aws:PrincipalArn", "arn:aws:iam::${svc:No, 'a:b'}:role/team/Reader", false},

		{"Null", "aws:username", "false", true},
		{"Null", "aws:username", "true", false},
		{"Null", "aws:SourceVpc", "true", true},
		{"Null", "aws:SourceVpc", "false", false},
		{"Null", "aws:SourceVpc", "true|false", true},
		{"ForAllValues:Null", "aws:SourceVpc", "true", true},
		{"ForAnyValue:Null", "aws:TagKeys", "false", true},
		{"Null", "svc:None", "true", true},
		{"Null", "svc:Blank", "true", true},              // strict
		{"Null", "aws:PrincipalTag/Empty", "true", true}, // strict
		{"Null", "aws:SourceIp", "false", true},

		// An absent key.
		{"StringEquals", "aws:SourceVpc", "vpc-1", false},
		{"StringNotEquals", "aws:SourceVpc", "vpc-1", true},
		{"StringNotLike", "aws:SourceVpc", "*", true},
		{"ArnNotLike", "aws:SourceArn", "arn:aws:iam::*:role/*", true},
		{"NumericNotEquals", "svc:No", "1", true},
		{"NumericLessThan", "svc:No", "1", false},
		{"StringEqualsIfExists", "aws:SourceVpc", "vpc-1", true},
		{"StringNotEqualsIfExists", "aws:SourceVpc", "vpc-1", true},
		{"StringEqualsIfExists", "aws:username", "bob", false},
		{"IpAddressIfExists", "aws:VpcSourceIp", "10.0.0.0/8", true},
		{"ForAllValues:StringEquals", "svc:No", "x", true},
		{"ForAllValues:StringNotEquals", "svc:No", "x", true},
		{"ForAnyValue:StringEquals", "svc:No", "x", false},
		{"ForAnyValue:StringNotEquals", "svc:No", "x", false},
		{"ForAnyValue:StringNotEqualsIfExists", "svc:No", "x", true},
		{"ForAllValues:StringEqualsIfExists", "svc:No", "x", true},
		// A present key without values is an absent one.
		{"ForAllValues:StringEquals", "svc:None", "x", true},
		{"ForAnyValue:StringNotEquals", "svc:None", "x", false},
		{"StringNotEquals", "svc:None", "x", true},

		// Several values.
		{"ForAllValues:StringEquals", "aws:TagKeys", "cost|owner|other", true},
		{"ForAllValues:StringEquals", "aws:TagKeys", "cost", false},
		{"ForAllValues:StringNotEquals", "aws:TagKeys", "cost", false},
		{"ForAllValues:StringNotEquals", "aws:TagKeys", "other", true},
		{"ForAnyValue:StringEquals", "aws:TagKeys", "cost", true},
		{"ForAnyValue:StringEquals", "aws:TagKeys", "other", false},
		{"ForAnyValue:StringNotEquals", "aws:TagKeys", "cost", true},
		{"ForAnyValue:StringNotEquals", "aws:TagKeys", "cost|owner", false},
		{"ForAnyValue:StringLike", "aws:CalledVia", "dynamodb.*", true},
		{"StringEquals", "aws:CalledViaFirst", "cloudformation.amazonaws.com", true},
		{"StringEquals", "aws:CalledViaLast", "dynamodb.amazonaws.com", true},
		{"ForAllValues:NumericLessThan", "svc:Numbers", "11", true},
		{"ForAnyValue:NumericGreaterThan", "svc:Numbers", "9", true},
		// Without set prefix: positive any, negated none [strict].
		{"StringEquals", "svc:Many", "y", true},
		{"StringNotEquals", "svc:Many", "y", false},
		{"StringNotEquals", "svc:Many", "z", true},

		// No values at all: nothing matches.
		{"StringEquals", "aws:username", "", false},

		// Names are folded in ASCII only [security.md E3].
		{"StringEquals", "aw\u017f:username", "ann", false},
		{"Null", "aws:\u212aey", "true", true},

		// A global key cannot be forged by name.
		{"Null", "aws:SourceVpce", "true", true},

		// Variables [docs: "Policy elements: variables and tags"].
		{"StringEquals", "aws:PrincipalTag/Team", "${aws:PrincipalTag/team}", true},
		{"StringEquals", "svc:One", "${ SVC:one }", true},
		{"StringEquals", "aws:username", "${svc:No, 'ann'}", true},
		{"StringEquals", "aws:username", "${aws:PrincipalTag/Team, 'ann'}", false},
		{"StringEquals", "aws:username", "${svc:No}", false},
		{"StringNotEquals", "aws:username", "${svc:No}", true},
		{"StringEquals", "aws:username", "${svc:Many, 'ann'}", true}, // several values are none
		{"StringEquals", "aws:TagKeys", "${aws:TagKeys}", false},
		{"StringLike", "aws:PrincipalTag/Star", "${aws:PrincipalTag/Star}", true},
		{"StringLike", "svc:One", "${aws:PrincipalTag/Star}", false}, // its star is text
		{"StringLike", "aws:PrincipalArn", "*${svc:No, '/Read'}*", true},
		{"StringEqualsIgnoreCase", "aws:username", "A${svc:No, 'nN'}", true},
		{"StringEqualsIgnoreCase", "aws:username", "A${svc:No, 'nX'}", false},
		{"StringEquals", "aws:SourceIp", "${aws:SourceIp}", true},
		{"StringLike", "aws:CurrentTime", "${aws:CurrentTime}", true},
		{"StringEquals", "aws:EpochTime", "${aws:EpochTime}", true},
	}
	c := request()
	for _, tt := range tests {
		test, err := New(tt.operator, tt.key, strings.Split(tt.values, "|"), true)
		if err != nil {
			t.Errorf("New(%s, %s, %q): %v", tt.operator, tt.key, tt.values, err)
			continue
		}
		if got := test.Holds(c); got != tt.want {
			t.Errorf("%s %s %q: got %v, want %v; the request has %q", tt.operator, tt.key, tt.values, got, tt.want, test.Saw(c))
		}
	}
}

// TestNothingIsKnown asks a nil context: every key is absent.
func TestNothingIsKnown(t *testing.T) {
	for name := range keyIDs {
		test, err := New("Null", name+"x", []string{"true"}, true)
		if err != nil {
			t.Fatal(err)
		}
		test.key = parseKey(name)
		if !test.Holds(nil) || !test.Holds(&Context{}) {
			t.Errorf("%s is present in an empty context", name)
		}
	}
}

// TestRelations asks every relation about a smaller, an equal and a greater value.
func TestRelations(t *testing.T) {
	for relation, want := range map[string][3]bool{
		"Equals": {false, true, false}, "NotEquals": {true, false, true},
		"LessThan": {true, false, false}, "LessThanEquals": {true, true, false},
		"GreaterThan": {false, false, true}, "GreaterThanEquals": {false, true, true},
	} {
		for family, values := range map[string][3]string{
			"Numeric": {"9.5", "10", "10.5"}, "Date": {"2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z"},
		} {
			for i, has := range values {
				test, err := New(family+relation, "svc:X", []string{values[1]}, true)
				if err != nil {
					t.Fatal(err)
				}
				if got := test.Holds(&Context{More: []Attribute{{"svc:X", []string{has}}}}); got != want[i] {
					t.Errorf("%s%s: %s against %s: got %v", family, relation, has, values[1], got)
				}
			}
		}
	}
}

// TestFlags: present and false is not absent.
func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		flag        Flag
		text, value string
		want        bool
	}{
		{FlagOf(true), "Bool", "true", true}, {FlagOf(false), "Bool", "false", true}, {FlagOf(false), "Bool", "true", false},
		{FlagOf(false), "Null", "false", true}, {Absent, "Null", "true", true}, {Absent, "Bool", "false", false}, {FlagOf(false), "StringLike", "f*", true},
	} {
		test, err := New(tt.text, "aws:SecureTransport", []string{tt.value}, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.Holds(&Context{SecureTransport: tt.flag}); got != tt.want {
			t.Errorf("flag %d, %s %s: got %v, want %v", tt.flag, tt.text, tt.value, got, tt.want)
		}
	}
}

// TestNoValues is a condition whose list of values is empty, which AWS takes [emu].
func TestNoValues(t *testing.T) {
	for operator, want := range map[string]bool{"StringEquals": false, "StringNotEquals": true, "ForAllValues:StringEquals": false, "Null": false} {
		test, err := New(operator, "aws:username", nil, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.Holds(request()); got != want {
			t.Errorf("%s without values: got %v, want %v", operator, got, want)
		}
	}
}

// TestBlankList: a list whose only value is empty is null too [strict], but compares as the value that it is.
func TestBlankList(t *testing.T) {
	c := &Context{TagKeys: []string{""}}
	for operator, want := range map[string]bool{"Null": true, "ForAllValues:Null": true, "ForAllValues:StringEquals": false, "ForAnyValue:StringLike": false} {
		test, err := New(operator, "aws:TagKeys", []string{"true"}, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.Holds(c); got != want {
			t.Errorf("%s: got %v, want %v", operator, got, want)
		}
	}
}

// TestOldVersion: before version 2012-10-17 a variable is literal text.
func TestOldVersion(t *testing.T) {
	for _, operator := range []string{"StringEquals", "StringLike"} {
		test, err := New(operator, "aws:username", []string{"${aws:username}"}, false)
		if err != nil {
			t.Fatal(err)
		}
		if test.Holds(request()) {
			t.Errorf("%s: a variable was expanded", operator)
		}
		if !test.Holds(&Context{Username: "${aws:username}"}) {
			t.Errorf("%s: the text itself does not match", operator)
		}
	}
	// A colon in what would be a variable separates two parts.
	test, err := New("ArnLike", "aws:PrincipalArn", []string{"arn:aws:iam::${a:x"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if !test.Holds(&Context{PrincipalARN: "arn:aws:iam::${a:x"}) {
		t.Error("ArnLike: the text itself does not match")
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		operator, value string
		want            error
	}{
		{"StringEqual", "x", ErrOperator},
		{"stringequals", "x", ErrOperator},
		{"", "x", ErrOperator},
		{"NullIfExists", "true", ErrOperator},
		{"ForAnyValue::StringEqualsIfExists", "x", ErrOperator},
		{"ForAllValues:ForAnyValue:StringEquals", "x", ErrOperator},
		{"StringEqualsIfExistsIfExists", "x", ErrOperator},
		{"NumericNotLessThan", "1", ErrOperator},
		{"Null", "maybe", ErrValue},
		{"Bool", "1", ErrValue},
		{"Bool", "", ErrValue},
		{"NumericEquals", "ten", ErrValue},
		{"NumericEquals", "${aws:EpochTime}", ErrValue}, // no variables here
		{"DateEquals", "tomorrow", ErrValue},
		{"BinaryEquals", "QmluYXJ5=", ErrValue},
		{"BinaryEquals", "Qml\nuYXJ5", ErrValue},
		{"BinaryEquals", "QQ", ErrValue},
		{"BinaryEquals", "QR==", ErrValue},
		{"IpAddress", "10.0.0.0/33", ErrValue},
		{"IpAddress", "010.0.0.1", ErrValue},
		{"IpAddress", "0x0a.0.0.1", ErrValue},
		{"IpAddress", "10.1", ErrValue},
		{"IpAddress", "fe80::1%eth0", ErrValue},
		{"IpAddress", "fe80::1%eth0/64", ErrValue},
		{"IpAddress", "10.0.0.0/08", ErrValue},
		{"IpAddress", "*", ErrValue},
		{"ArnLike", "*", ErrValue},
		{"ArnEquals", "arn:aws:iam::123456789012", ErrValue},
		{"ArnEquals", "arn:${aws:x", ErrValue},
		{"ArnEquals", "${aws:PrincipalArn}*", ErrValue},
		{"ArnEquals", "a:b:c:d:e:${x", ErrValue},
		{"ArnEquals", "a:${b:c:d:e:f}", ErrValue},
		{"StringEquals", "${", ErrValue},
		{"StringEquals", "${}", ErrValue},
		{"StringEquals", "${aws:username", ErrValue},
		{"StringEquals", "${aws:username, x}", ErrValue},
		{"StringEquals", "${aws:username,", ErrValue},
		{"StringEquals", "${aws:username, }", ErrValue},
		{"StringEquals", "${aws:username, x'}", ErrValue},
		{"StringEquals", "${aws:username, 'x}", ErrValue},
		{"StringEquals", "${aws:username, 'x'", ErrValue},
		{"StringEquals", "${aws:username, 'x' y}", ErrValue},
		{"StringEquals", "${**}", ErrValue},
		{"StringEquals", "${*, 'x'}", ErrValue},
		{"StringLike", strings.Repeat("x", 100) + "${${x}}", ErrValue},
	}
	for _, tt := range tests {
		_, err := New(tt.operator, "aws:x", []string{tt.value}, true)
		if !errors.Is(err, tt.want) {
			t.Errorf("New(%s, %q): got error %v, want %v", tt.operator, tt.value, err, tt.want)
		}
	}
}

func TestSaw(t *testing.T) {
	for key, want := range map[string]string{
		"aws:SourceIp": "203.0.113.9", "aws:TagKeys": "cost owner", "aws:currenttime": "2026-11-21T02:03:04Z",
		"aws:EpochTime": "1795226584", "aws:SourceVpc": "", "aws:SecureTransport": "true", "aws:PrincipalIsAWSService": "false", "svc:one": "x", "aws:MultiFactorAuthAge": "180",
	} {
		test, err := New("StringEquals", key, []string{"?"}, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(test.Saw(request()), " "); got != want {
			t.Errorf("Saw of %s: got %q, want %q", key, got, want)
		}
	}
}

// TestTypedAddresses: what the socket says is unmapped and loses its zone, so that no rule is missed.
func TestTypedAddresses(t *testing.T) {
	for _, tt := range []struct {
		addr, block string
		want        bool
	}{
		{"::ffff:203.0.113.9", "203.0.113.0/24", true},
		{"::ffff:203.0.113.9", "::/0", false},
		{"fe80::1%eth0", "fe80::/10", true},
		{"2001:db8::1", "2001:db8::/32", true},
		{"2001:db8::1", "::ffff:0:0/90", false},
		{"::ffff:203.0.113.9", "::ffff:0:0/96", true},
		{"2001:db8::2", "2001:db8::1", false},
		{"2001:db8::2", "2001:db8::/112", true},
		{"2001:db8:1::2", "2001:db8::/112", false},
	} {
		test, err := New("IpAddress", "aws:SourceIp", []string{tt.block}, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.Holds(&Context{SourceIP: netip.MustParseAddr(tt.addr)}); got != tt.want {
			t.Errorf("%s in %s: got %v, want %v", tt.addr, tt.block, got, tt.want)
		}
	}
}

// TestAllocations holds every family to its promise.
func TestAllocations(t *testing.T) {
	c := request()
	for _, tt := range []struct{ operator, key, value string }{
		{"StringEquals", "aws:username", "ann"},
		{"StringEqualsIgnoreCase", "aws:username", "ANN"},
		{"StringLike", "aws:PrincipalArn", "arn:*/R*r"},
		{"StringLike", "aws:PrincipalArn", "*${aws:PrincipalTag/Team, 'x'}*"},
		{"StringLike", "aws:CurrentTime", "2026*Z"},
		{"StringLike", "aws:SourceIp", "203.*"},
		{"NumericLessThan", "aws:MultiFactorAuthAge", "3600"},
		{"NumericLessThan", "svc:Number", "3600"},
		{"DateGreaterThan", "aws:CurrentTime", "2026-01-01"},
		{"DateGreaterThan", "svc:Date", "2026-01-01T00:00:00+01:00"},
		{"Bool", "aws:SecureTransport", "true"},
		{"BinaryEquals", "svc:Binary", "QmluYXJ5"},
		{"IpAddress", "aws:SourceIp", "203.0.113.0/24"},
		{"IpAddress", "svc:IP", "203.0.113.0/24"},
		{"ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"},
		{"Null", "aws:TokenIssueTime", "true"},
		{"ForAnyValue:StringLike", "aws:TagKeys", "o*"},
		{"StringEquals", "aws:CalledViaLast", "x"},
	} {
		test, err := New(tt.operator, tt.key, []string{tt.value}, true)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10, func() { test.Holds(c) }); n != 0 {
			t.Errorf("%s %s %s: %v allocations", tt.operator, tt.key, tt.value, n)
		}
	}
}
