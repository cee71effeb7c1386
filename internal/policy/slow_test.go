package policy

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file is a second evaluator: slow and obvious, written from the documentation and not from the package. It reads
// the JSON with another decoder, keeps the request as a map of texts, and shares nothing with the package but the
// questions. random_test.go compares the two.

// question is a request as texts.
type question struct {
	action   string
	resource string // "" for none
	owner    string
	caller   *Caller
	keys     map[string][]string // by folded name
}

// answer is a decision without the names.
type answer struct {
	effect, layer string
	statement     int
}

// source is a policy as text, with its kind, and as the JSON that it is.
type source struct {
	kind Kind
	text string
	doc  slowDoc
}

type slowDoc struct {
	Version   string
	Statement []map[string]any
}

func newSource(kind Kind, text string) source {
	s := source{kind: kind, text: text}
	if err := json.Unmarshal([]byte(text), &s.doc); err != nil {
		panic(err)
	}
	return s
}

// slowPolicy is what one policy says: the effect, the statement, and for an Allow the strength of the grant as a
// word.
func slowPolicy(s source, q question) (effect string, statement int, grant string) {
	doc := s.doc
	for i, st := range doc.Statement {
		if st["Effect"] == "Deny" && slowStatement(s.kind, doc, st, q) != "" {
			return "Deny", i, ""
		}
	}
	strength := []string{"", "account", "role", "direct"}
	best, at := 0, -1
	for i, st := range doc.Statement {
		if st["Effect"] != "Allow" {
			continue
		}
		if n := slices.Index(strength, slowStatement(s.kind, doc, st, q)); n > best {
			best, at = n, i
		}
	}
	if best == 0 {
		return "", -1, ""
	}
	return "Allow", at, strength[best]
}

// slowStatement is how strong the statement applies: "" not at all.
func slowStatement(kind Kind, doc slowDoc, st map[string]any, q question) string {
	vars := doc.Version == "2012-10-17"
	if a := st["Action"]; a != nil && !slowAction(texts(a), q.action) {
		return ""
	}
	if a := st["NotAction"]; a != nil && slowAction(texts(a), q.action) {
		return ""
	}
	if r := st["Resource"]; r != nil {
		hit := false
		for _, p := range texts(r) {
			m, _ := slowResource(p, q, vars)
			hit = hit || m
		}
		if !hit {
			return ""
		}
	}
	if r := st["NotResource"]; r != nil {
		hit, unknown := false, false
		for _, p := range texts(r) {
			m, resolved := slowResource(p, q, vars)
			hit, unknown = hit || m, unknown || !resolved
		}
		if hit || unknown && st["Effect"] == "Allow" {
			return ""
		}
	}
	if c, ok := st["Condition"].(map[string]any); ok {
		for operator, keys := range c {
			for key, values := range keys.(map[string]any) {
				if !slowCondition(operator, key, texts(values), q, vars) {
					return ""
				}
			}
		}
	}
	if p := st["Principal"]; p != nil {
		return slowPrincipal(kind, p, q.caller)
	}
	if p := st["NotPrincipal"]; p != nil {
		return slowNotPrincipal(p, q.caller)
	}
	return "direct"
}

// texts makes a list of one value or many.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	case []any:
		var all []string
		for _, x := range v {
			all = append(all, texts(x)...)
		}
		return all
	}
	panic("not a value")
}

// letter is one character of a pattern after variables are replaced.
type letter struct {
	r    rune
	wild bool
}

func letters(s string, wild bool) (l []letter) {
	for _, r := range s {
		l = append(l, letter{r, wild && (r == '*' || r == '?')})
	}
	return l
}

var variableForm = regexp.MustCompile(`\$\{ *([^},' ]+) *(?:, *'((?:[^']|'')*)' *)?\}`)

// slowExpand replaces the variables; ok is false if one has no value.
func slowExpand(pattern string, q question, vars, wild bool) (l []letter, ok bool) {
	if !vars {
		return letters(pattern, wild), true
	}
	for {
		m := variableForm.FindStringSubmatchIndex(pattern)
		if m == nil {
			return append(l, letters(pattern, wild)...), true
		}
		l = append(l, letters(pattern[:m[0]], wild)...)
		name := pattern[m[2]:m[3]]
		switch values := q.keys[slowFold(name)]; {
		case name == "*" || name == "?" || name == "$":
			l = append(l, letters(name, false)...)
		case len(values) == 1 && !severalValued[slowFold(name)]:
			l = append(l, letters(values[0], false)...)
		case m[4] >= 0:
			l = append(l, letters(strings.ReplaceAll(pattern[m[4]:m[5]], "''", "'"), false)...)
		default:
			return nil, false
		}
		pattern = pattern[m[1]:]
	}
}

var severalValued = map[string]bool{"aws:tagkeys": true, "aws:calledvia": true}

// slowGlob fills the table of which prefix of the pattern matches which prefix of the text.
func slowGlob(pattern []letter, text string) bool {
	t := []rune(text)
	row := make([]bool, len(t)+1)
	row[0] = true
	for _, p := range pattern {
		next := make([]bool, len(t)+1)
		for j := range next {
			switch {
			case p.wild && p.r == '*':
				next[j] = row[j] || j > 0 && next[j-1]
			case j > 0 && (p.wild && p.r == '?' || p.r == t[j-1]):
				next[j] = row[j-1]
			}
		}
		row = next
	}
	return row[len(t)]
}

func slowFold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 32
		}
		return r
	}, s)
}

func slowAction(patterns []string, action string) bool {
	for _, p := range patterns {
		if p == "*" || slowGlob(letters(slowFold(p), true), slowFold(action)) {
			return true
		}
	}
	return false
}

func slowResource(pattern string, q question, vars bool) (match, resolved bool) {
	if pattern == "*" {
		return true, true
	}
	p := strings.SplitN(pattern, ":", 6)
	for len(p) < 6 {
		p = append(p, "*")
	}
	rest, resolved := slowExpand(p[5], q, vars, true)
	r := strings.SplitN(q.resource, ":", 6)
	if len(r) < 6 || !resolved {
		return false, resolved
	}
	for _, i := range []int{0, 1, 3, 4} {
		if !slowGlob(letters(p[i], true), r[i]) {
			return false, true
		}
	}
	return p[2] == r[2] && slowGlob(rest, r[5]), true
}

func slowCondition(operator, key string, wrote []string, q question, vars bool) bool {
	has := q.keys[slowFold(key)]
	set := ""
	for _, s := range []string{"ForAllValues:", "ForAnyValue:"} {
		if strings.HasPrefix(operator, s) {
			set, operator = s, strings.TrimPrefix(operator, s)
		}
	}
	ifExists := strings.HasSuffix(operator, "IfExists")
	operator = strings.TrimSuffix(operator, "IfExists")
	if operator == "Null" {
		absent := len(has) == 0 || len(has) == 1 && has[0] == ""
		for _, w := range wrote {
			if slowFold(w) == strconv.FormatBool(absent) {
				return true
			}
		}
		return false
	}
	negated := strings.Contains(operator, "Not")
	if len(has) == 0 {
		switch {
		case ifExists, set == "ForAllValues:":
			return true
		case set == "ForAnyValue:":
			return false
		}
		return negated
	}
	positive := strings.ReplaceAll(operator, "Not", "")
	good := 0
	for _, h := range has {
		match := false
		for _, w := range wrote {
			m, _ := slowCompare(positive, h, w, q, vars)
			match = match || m
		}
		// The type of the request's value does not depend on what it is compared with.
		any := "0"
		if positive == "IpAddress" {
			any = "0.0.0.0"
		}
		_, comparable := slowCompare(positive, h, any, q, vars)
		if comparable && match != negated {
			good++
		}
	}
	if set == "ForAllValues:" || set == "" && negated {
		return good == len(has)
	}
	return good > 0
}

// slowCompare compares one value of the request with one of the policy, with the positive operator. ok is false if
// the request's value is of the wrong type.
func slowCompare(operator, has, wrote string, q question, vars bool) (match, ok bool) {
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike":
		p, known := slowExpand(wrote, q, vars, operator == "StringLike")
		if operator == "StringEqualsIgnoreCase" {
			has = slowFold(has)
			for i := range p {
				p[i].r = []rune(slowFold(string(p[i].r)))[0]
			}
		}
		return known && slowGlob(p, has), true
	case "ArnEquals", "ArnLike":
		h := strings.SplitN(has, ":", 6)
		if len(h) < 6 {
			return false, true
		}
		if m := variableForm.FindString(wrote); vars && m == wrote && m != "" {
			p, known := slowExpand(wrote, q, vars, true)
			return known && slowGlob(p, has), true
		}
		hide := wrote
		if vars { // colons inside variables separate nothing
			hide = variableForm.ReplaceAllStringFunc(wrote, func(s string) string { return strings.ReplaceAll(s, ":", "\x00") })
		}
		parts := strings.SplitN(hide, ":", 6)
		if len(parts) < 6 {
			return false, true
		}
		for i, part := range parts {
			p, known := slowExpand(strings.ReplaceAll(part, "\x00", ":"), q, vars, true)
			if !known || !slowGlob(p, h[i]) {
				return false, true
			}
		}
		return true, true
	case "Bool":
		return (slowFold(has) == "true" || slowFold(has) == "false") && slowFold(has) == slowFold(wrote), true
	case "BinaryEquals":
		a, err := base64.StdEncoding.DecodeString(has)
		b, _ := base64.StdEncoding.DecodeString(wrote)
		return err == nil && string(a) == string(b), true
	case "IpAddress":
		ip := net.ParseIP(has)
		if ip == nil {
			return false, false
		}
		if !strings.Contains(wrote, "/") {
			return ip.Equal(net.ParseIP(wrote)), true
		}
		_, block, err := net.ParseCIDR(wrote)
		if err != nil {
			panic(err)
		}
		return block.Contains(ip), true
	}
	var cmp int
	if strings.HasPrefix(operator, "Numeric") {
		if !numberForm.MatchString(has) {
			return false, false
		}
		a, _ := new(big.Rat).SetString(has)
		b, _ := new(big.Rat).SetString(wrote)
		cmp = a.Cmp(b)
	} else {
		a, ok := slowTime(has)
		if !ok {
			return false, false
		}
		b, _ := slowTime(wrote)
		cmp = a.Compare(b)
	}
	switch operator[strings.IndexAny(operator, "ELG"):] {
	case "Equals":
		return cmp == 0, true
	case "LessThan":
		return cmp < 0, true
	case "LessThanEquals":
		return cmp <= 0, true
	case "GreaterThan":
		return cmp > 0, true
	case "GreaterThanEquals":
		return cmp >= 0, true
	}
	panic("no such operator: " + operator)
}

var numberForm = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$`)

func slowTime(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// names of a caller, from the narrowest to the account.
func slowNames(c *Caller) []string {
	if c == nil {
		return nil
	}
	account := "arn:aws:iam::" + c.Account + ":root"
	switch c.Type {
	case Root:
		return []string{account}
	case User, FederatedUser:
		return []string{c.ARN, account}
	case AssumedRole:
		return []string{c.ARN, c.RoleARN, account}
	case Service:
		return []string{"Service " + c.Service}
	case WebIdentity:
		return []string{"Federated " + c.Provider}
	}
	return nil
}

// slowList are the entries of a Principal element in the form of slowNames.
func slowList(p any, c *Caller) []string {
	if p == "*" {
		return []string{"*"}
	}
	var all []string
	for kind, values := range p.(map[string]any) {
		for _, v := range texts(values) {
			switch {
			case kind != "AWS":
				v = kind + " " + v
			case len(v) == 12:
				v = "arn:aws:iam::" + v + ":root"
			case strings.HasPrefix(v, "AIDA") && c != nil && c.ID == v && c.Type == User:
				v = c.ARN
			case strings.HasPrefix(v, "AROA") && c != nil && strings.HasPrefix(c.ID, v+":") && c.Type == AssumedRole:
				v = c.RoleARN
			}
			all = append(all, v)
		}
	}
	return all
}

func slowPrincipal(kind Kind, p any, c *Caller) string {
	names, list := slowNames(c), slowList(p, c)
	has := func(n string) bool { return n != "" && slices.Contains(list, n) }
	role := c != nil && c.Type == AssumedRole
	everyone := has("*")
	if kind == Trust && (len(names) == 0 || !strings.HasSuffix(names[len(names)-1], ":root")) {
		everyone = false
	}
	switch {
	case len(names) > 0 && has(names[0]) && !strings.HasSuffix(names[0], ":root"), everyone && !role:
		return "direct"
	case role && (everyone || has(c.RoleARN)):
		return "role"
	case len(names) > 0 && has(names[len(names)-1]):
		return "account"
	}
	return ""
}

// slowNotPrincipal is for Deny, the only effect that it stands with.
func slowNotPrincipal(p any, c *Caller) string {
	names, list := slowNames(c), slowList(p, c)
	if c != nil && c.Bounded {
		return "direct"
	}
	for _, n := range names {
		if !slices.Contains(list, n) {
			names = nil
		}
	}
	if len(names) > 0 || slices.Contains(list, "*") {
		return ""
	}
	return "direct"
}

// slowLayers are the policies of a question as texts. A nil session is none; an empty one allows nothing.
type slowLayers struct {
	endpoint, resource, boundary *source
	identity, session            []source
	scp                          [][]source
}

type said struct {
	effect, grant string
	statement     int
}

func slowUnion(q question, list ...source) said {
	all := said{statement: -1}
	for _, s := range list {
		e, i, g := slowPolicy(s, q)
		if e == "Deny" {
			return said{"Deny", "", i}
		}
		if e == "Allow" && all.effect == "" {
			all = said{"Allow", g, i}
		}
	}
	return all
}

func slowOptional(q question, s *source) said {
	if s == nil {
		return said{statement: -1}
	}
	return slowUnion(q, *s)
}

// slowDecide follows the documents' list of rules, with every rule as a sentence of its own.
func slowDecide(q question, l slowLayers) answer {
	endpoint, resource, boundary := slowOptional(q, l.endpoint), slowOptional(q, l.resource), slowOptional(q, l.boundary)
	identity, session := slowUnion(q, l.identity...), slowUnion(q, l.session...)
	resourceName := "resource-based policy"
	if l.resource != nil && l.resource.kind == Trust {
		resourceName = "role trust policy"
	}
	deny := func(s said, name string) *answer {
		if s.effect == "Deny" {
			return &answer{"Deny", name, s.statement}
		}
		return nil
	}
	if a := deny(endpoint, "VPC endpoint policy"); a != nil {
		return *a
	}
	scpAllows := true
	for _, level := range l.scp {
		s := slowUnion(q, level...)
		if a := deny(s, "service control policy"); a != nil {
			return *a
		}
		scpAllows = scpAllows && s.effect == "Allow"
	}
	for _, x := range []struct {
		s    said
		name string
	}{{resource, resourceName}, {identity, "identity-based policy"}, {boundary, "permissions boundary"}, {session, "session policy"}} {
		if a := deny(x.s, x.name); a != nil {
			return *a
		}
	}
	implicit := func(name string) answer { return answer{"implicit deny", name, -1} }
	if l.endpoint != nil && endpoint.effect != "Allow" {
		return implicit("VPC endpoint policy")
	}
	if !scpAllows {
		return implicit("service control policy")
	}
	byResource := answer{"Allow", resourceName, resource.statement}
	names := slowNames(q.caller)
	if len(names) == 0 || !strings.HasSuffix(names[len(names)-1], ":root") {
		if resource.effect == "Allow" {
			return byResource
		}
		return implicit(resourceName)
	}
	owner := q.owner
	if parts := strings.Split(q.resource, ":"); owner == "" && len(parts) > 4 {
		owner = parts[4]
	}
	sameAccount := owner == q.caller.Account
	boundaryAllows := l.boundary == nil || boundary.effect == "Allow"
	sessionAllows := session.effect == "Allow" || l.session == nil && q.caller.Type != FederatedUser
	isRoot := q.caller.Type == Root
	identityAllows := isRoot || identity.effect == "Allow"
	if resource.effect != "Allow" && (!sameAccount || resourceName == "role trust policy") {
		return implicit(resourceName)
	}
	byRole := false
	if sameAccount && resource.effect == "Allow" {
		if resource.grant == "direct" {
			return byResource
		}
		byRole = resource.grant == "role"
	}
	allowed := answer{"Allow", "identity-based policy", identity.statement}
	switch {
	case byRole:
		allowed = byResource
	case !identityAllows:
		return implicit("identity-based policy")
	case isRoot:
		return answer{"Allow", "identity-based policy", -1}
	}
	if !boundaryAllows {
		return implicit("permissions boundary")
	}
	if !sessionAllows {
		return implicit("session policy")
	}
	return allowed
}

// slowAuthorize is the four authorization types, with table A as a table. The identity policies stand for what the
// authorizer returned.
func slowAuthorize(t AuthType, q question, l slowLayers, private bool) answer {
	if private && l.resource == nil {
		return answer{"implicit deny", "resource-based policy", -1}
	}
	if t == IAM {
		return slowDecide(q, l)
	}
	q.caller = nil
	endpoint, resource, authorizer := slowOptional(q, l.endpoint), slowOptional(q, l.resource), said{statement: -1}
	if t == Custom {
		authorizer = slowUnion(q, l.identity...)
	}
	switch {
	case endpoint.effect == "Deny":
		return answer{"Deny", "VPC endpoint policy", endpoint.statement}
	case resource.effect == "Deny":
		return answer{"Deny", "resource-based policy", resource.statement}
	case authorizer.effect == "Deny":
		return answer{"Deny", "identity-based policy", authorizer.statement}
	case l.endpoint != nil && endpoint.effect == "":
		return answer{"implicit deny", "VPC endpoint policy", -1}
	}
	if t == Custom {
		tableA := map[[2]string]answer{
			{"Allow", "Allow"}: {"Allow", "identity-based policy", authorizer.statement},
			{"Allow", ""}:      {"Allow", "identity-based policy", authorizer.statement},
			{"", "Allow"}:      {"Allow", "resource-based policy", resource.statement},
			{"", ""}:           {"implicit deny", "identity-based policy", -1},
		}
		return tableA[[2]string{authorizer.effect, resource.effect}]
	}
	switch {
	case l.resource == nil:
		return answer{"Allow", "", -1}
	case resource.effect == "Allow":
		return answer{"Allow", "resource-based policy", resource.statement}
	}
	return answer{"implicit deny", "resource-based policy", -1}
}
