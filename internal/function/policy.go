package function

import (
	"encoding/json"
	"strings"
)

// Statement is one statement of a resource policy: a permission with the conditions that are kept and
// shown but not evaluated.
type Statement struct {
	Permission
	Conditions []Condition
}

// Condition is a condition with one value.
type Condition struct{ Operator, Key, Value string }

// policyDocument and its parts have the order of members in which AWS prints them [recorded].
type policyDocument struct {
	Version   string
	ID        string `json:"Id"`
	Statement []json.RawMessage
}

type statementDocument struct {
	Sid       string
	Effect    string
	Principal any
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// Document is the policy as GetPolicy shows it; arn is the ARN with its qualifier.
func (p *Policy) Document(arn ARN) string {
	d := policyDocument{Version: "2012-10-17", ID: "default", Statement: make([]json.RawMessage, len(p.Statements))}
	for i := range p.Statements {
		d.Statement[i] = json.RawMessage(p.Statements[i].Document(arn))
	}
	return plainJSON(d)
}

// Document is the statement as AddPermission answers it. The principal takes the form that AWS gives it:
// a service, an account as its root user, an ARN, or "*".
func (s *Statement) Document(resource ARN) string {
	d := statementDocument{Sid: s.Sid, Effect: "Allow", Action: s.Action, Resource: string(resource)}
	partition := "aws"
	if f := strings.SplitN(string(resource), ":", 3); len(f) == 3 {
		partition = f[1]
	}
	switch {
	case s.Principal == "*":
		d.Principal = "*"
	case IsAccount(s.Principal):
		d.Principal = map[string]string{"AWS": "arn:" + partition + ":iam::" + s.Principal + ":root"}
	case strings.HasPrefix(s.Principal, "arn:"):
		d.Principal = map[string]string{"AWS": s.Principal}
	default:
		d.Principal = map[string]string{"Service": s.Principal}
	}
	add := func(operator, key, value string) {
		if d.Condition == nil {
			d.Condition = map[string]map[string]string{}
		}
		if d.Condition[operator] == nil {
			d.Condition[operator] = map[string]string{}
		}
		d.Condition[operator][key] = value
	}
	if s.SourceAccount != "" {
		add("StringEquals", "AWS:SourceAccount", s.SourceAccount)
	}
	if s.SourceARN != "" {
		add("ArnLike", "AWS:SourceArn", s.SourceARN)
	}
	for _, c := range s.Conditions {
		add(c.Operator, c.Key, c.Value)
	}
	return plainJSON(d)
}

// IsAccount reports whether a text is an account number.
func IsAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// plainJSON encodes without escaping HTML.
func plainJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "" // strings and maps of strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
