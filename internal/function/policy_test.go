package function

import "testing"

// [recorded] the statements that AWS builds from AddPermission (facts 5.5.8).
func TestStatementDocument(t *testing.T) {
	const resource ARN = "arn:aws-cn:lambda:cn-north-1:123456789012:function:f"
	head := func(principal string) string {
		return `{"Sid":"s","Effect":"Allow","Principal":` + principal + `,"Action":"lambda:InvokeFunction","Resource":"` + string(resource) + `"`
	}
	for name, tt := range map[string]struct {
		s    Statement
		want string
	}{
		"service": {Statement{Permission: Permission{Principal: "apigateway.amazonaws.com", SourceARN: "arn:aws:execute-api:*:*:a/*&x"}},
			head(`{"Service":"apigateway.amazonaws.com"}`) + `,"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:*:*:a/*&x"}}}`},
		"account":  {Statement{Permission: Permission{Principal: "210987654321"}}, head(`{"AWS":"arn:aws-cn:iam::210987654321:root"}`) + `}`},
		"arn":      {Statement{Permission: Permission{Principal: "arn:aws:iam::1:user/u"}}, head(`{"AWS":"arn:aws:iam::1:user/u"}`) + `}`},
		"everyone": {Statement{Permission: Permission{Principal: "*"}}, head(`"*"`) + `}`},
		"conditions": {Statement{Permission: Permission{Principal: "*", SourceAccount: "123456789012"},
			Conditions: []Condition{{"StringEquals", "aws:PrincipalOrgID", "o-1234567890"}}},
			head(`"*"`) + `,"Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012","aws:PrincipalOrgID":"o-1234567890"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			tt.s.Sid, tt.s.Action = "s", "lambda:InvokeFunction"
			if got := tt.s.Document(resource); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	p := Policy{Statements: []Statement{{Permission: Permission{Sid: "s", Principal: "*", Action: "lambda:*"}}}}
	want := `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s","Effect":"Allow","Principal":"*","Action":"lambda:*","Resource":"r"}]}`
	if got := p.Document("r"); got != want {
		t.Errorf("policy: got %s, want %s", got, want)
	}
}
