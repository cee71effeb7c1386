package lambda

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"gatehouse/internal/function"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// target is what a FunctionName and a Qualifier of a request name together.
type target struct {
	name function.Name
	// qualifier is "" when none was given.
	qualifier string
}

// maxName is AWS's limit of a bare function name.
const maxName = 64

// parse reads the identifier of a function in all its forms: the name, NAME:QUALIFIER, the partial ARN
// ACCOUNT:function:NAME and the full one. given is the Qualifier of the request.
func (s *Service) parse(text string, given *string) (target, error) {
	t := target{qualifier: value(given)}
	rest := text
	if after, ok := strings.CutPrefix(text, "arn:"); ok {
		f := strings.SplitN(after, ":", 5)
		if len(f) != 5 || f[1] != "lambda" {
			return t, invalidName(text)
		}
		if f[0] != string(s.Home.Partition) || f[2] != string(s.Home.Region) {
			return t, s.elsewhere(f[2])
		}
		rest = f[3] + ":" + f[4]
	}
	if head, after, ok := strings.Cut(rest, ":"); ok && isRegion(head) {
		if head != string(s.Home.Region) {
			return t, s.elsewhere(head)
		}
		rest = after
	}
	foreign := false
	if head, after, ok := strings.Cut(rest, ":"); ok && function.IsAccount(head) {
		foreign = head != string(s.Home.Account)
		rest = after
	}
	rest = strings.TrimPrefix(rest, "function:")
	name, qualifier, qualified := strings.Cut(rest, ":")
	if !validName(name) || qualified && !validQualifier(qualifier) || t.qualifier != "" && !validQualifier(t.qualifier) {
		return t, invalidName(text)
	}
	if len(name) > maxName {
		return t, validation("functionName", name, "Member must have length less than or equal to 64")
	}
	t.name = function.Name(name)
	if qualified {
		if t.qualifier != "" && t.qualifier != qualifier {
			return t, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		t.qualifier = qualifier
	}
	if foreign {
		return t, notFound("Function not found: %s", text)
	}
	return t, nil
}

func (s *Service) elsewhere(region string) error {
	return notFound("Functions from '%s' are not reachable in this region ('%s')", region, s.Home.Region)
}

func invalidName(text string) error {
	return validation("functionName", text, `Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?`+
		`([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`)
}

// isRegion tells a region from a function's name: "us-east-1".
func isRegion(s string) bool { return regionPattern.MatchString(s) }

var regionPattern = regexp.MustCompile(`^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-[0-9]$`)

func validName(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

func validQualifier(s string) bool {
	return s == string(function.Latest) || validName(s) && len(s) <= 128
}

// isVersion tells versions from aliases.
func isVersion(qualifier string) bool {
	if qualifier == string(function.Latest) {
		return true
	}
	for i := range len(qualifier) {
		if qualifier[i] < '0' || qualifier[i] > '9' {
			return false
		}
	}
	return qualifier != ""
}

// arn is the ARN of a function, with a qualifier unless that is "".
func (s *Service) arn(name function.Name, qualifier string) function.ARN {
	text := fmt.Sprintf("arn:%s:lambda:%s:%s:function:%s", s.Home.Partition, s.Home.Region, s.Home.Account, name)
	if qualifier != "" {
		text += ":" + qualifier
	}
	return function.ARN(text)
}

func (s *Service) missing(t target) error {
	return notFound("Function not found: %s", s.arn(t.name, t.qualifier))
}

// function reads what all versions share.
func (s *Service) function(tx store.Tx, t target) (function.Function, error) {
	f, err := s.Tables.Functions.Get(tx, s.scope, string(t.name))
	if errors.Is(err, store.ErrNotFound) {
		return f, s.missing(t)
	}
	return f, err
}

// definition reads the version that a target names, an alias's main one included.
func (s *Service) definition(tx store.Tx, t target) (function.Definition, error) {
	version := function.Version(t.qualifier)
	if t.qualifier == "" {
		version = function.Latest
	} else if !isVersion(t.qualifier) {
		a, err := s.alias(tx, t)
		if err != nil {
			return function.Definition{}, err
		}
		version = a.Version
	}
	d, err := s.Tables.FunctionVersions.Get(tx, s.scope, tables.InFunction(t.name, version))
	if errors.Is(err, store.ErrNotFound) {
		return d, s.missing(t)
	}
	return d, err
}

// alias reads an alias. A function that does not exist is reported as such.
func (s *Service) alias(tx store.Tx, t target) (function.Alias, error) {
	a, err := s.Tables.FunctionAliases.Get(tx, s.scope, tables.InFunction(t.name, t.qualifier))
	if errors.Is(err, store.ErrNotFound) {
		if _, err := s.function(tx, target{name: t.name}); err != nil {
			return a, s.missing(t)
		}
		return a, notFound("Cannot find alias arn: %s", s.arn(t.name, t.qualifier))
	}
	return a, err
}
